//! How units follow the enforcement of the law.

use serde_json::json;

use super::{noticed, of_the_report};
use crate::support::TestApp;
use crate::tell;

tell![the_plan_of_the_report_is_told, a_topic_is_of_a_year_and_comes_to_a_result];

const MONITORING: &str = "/api/v1/institutions/law-enforcement-monitoring";

/// The report: "kế hoạch số 34/KH-UBND ngày 07 tháng 02 năm 2024, về việc theo dõi tình hình thi hành pháp luật".
async fn the_plan_of_the_report_is_told(app: TestApp) {
    let admin = app.admin().await;
    let lines = include_str!("../../../src/demo/report/law-enforcement-monitoring.ndjson");
    let made = of_the_report(&admin, "law-enforcement-monitoring", lines).await;
    assert_eq!((&made[0]["document_number"], noticed(&made[0])), (&json!("34/KH-UBND"), vec![]));
    let of_year = async |year: &str| {
        let page = admin.get(&format!("{MONITORING}?org_unit_code=934&as_of=2024-07-02&year={year}")).await;
        page.expect(200)["items"].as_array().unwrap().len()
    };
    assert_eq!((of_year("2024").await, of_year("2023").await), (1, 0));
}

async fn a_topic_is_of_a_year_and_comes_to_a_result(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({
        "org_unit_code": "31396", "year": 2026, "topic": "Xử lý vi phạm hành chính về đất đai",
        "starts_on": "2026-02-09",
    });
    let made = admin.post(MONITORING, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let mut again = body.clone();
    again["topic"] = json!("xử lý VI PHẠM hành chính về đất đai");
    admin.post(MONITORING, &again).await.problem(409, "duplicate");
    let early = json!({"result_number": "9/BC-UBND", "result_on": "2026-02-08"});
    assert_eq!(admin.patch(&place, &etag, &early).await.faults(422, "invalid"), ["/result_on"]);
    let reported =
        json!({"result": "Đã chấn chỉnh.", "result_number": "09/2025/BC-UBND", "result_on": "2026-10-12"});
    let reported = admin.patch(&place, &etag, &reported).await.expect(200);
    assert_eq!(
        (noticed(&reported), &reported["remarks"][0]["pointer"]),
        (vec!["number_year"], &json!("/result_number"))
    );
}
