//! What of the budget is made public, accounted for and ruled.

use serde_json::{Value, json};

use super::lines;
use crate::support::TestApp;
use crate::tell;

tell![
    the_disclosures_of_the_report_are_held_by_kind,
    the_figures_of_a_quarter_are_late_after_fifteen_days,
    accounts_are_in_time_by_their_days_or_as_it_is_stated,
    rules_hold_on_their_days,
];

const DISCLOSURES: &str = "/api/v1/public-finance/budget-disclosures";
const ACCOUNTS: &str = "/api/v1/public-finance/final-accounts";
const RULES: &str = "/api/v1/public-finance/spending-rules";

fn codes(record: &Value) -> Vec<String> {
    let remarks = record["remarks"].as_array().unwrap();
    remarks.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

async fn the_disclosures_of_the_report_are_held_by_kind(app: TestApp) {
    let admin = app.admin().await;
    for line in lines(include_str!("../../../src/demo/report/budget-disclosures.ndjson")) {
        let made = admin.post(DISCLOSURES, &line).await.expect(201);
        assert_eq!(made["remarks"], json!([]));
    }
    for (query, numbers) in [
        ("kind=proposal", vec!["431/BC-UBND"]),
        ("kind=estimate&fiscal_year=2024", vec!["12499/QĐ-UBND"]),
        ("q=quy+I+nam+2024", vec!["3649/QĐ-UBND"]),
        ("fiscal_year=2023", vec![]),
    ] {
        let list = admin.get(&format!("{DISCLOSURES}?{query}")).await.expect(200);
        let found: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["document_number"].as_str().unwrap())
            .collect();
        assert_eq!(found, numbers, "{query}");
    }
}

async fn the_figures_of_a_quarter_are_late_after_fifteen_days(app: TestApp) {
    let admin = app.admin().await;
    let body = |quarter: i64, published_on: &str| {
        json!({
            "org_unit_code": "31396", "kind": "execution", "fiscal_year": 2025, "quarter": quarter,
            "title": "Tình hình thực hiện dự toán", "document_number": format!("{quarter}/QĐ-UBND"),
            "document_on": "2025-07-04", "published_on": published_on,
        })
    };
    let on_time = admin.post(DISCLOSURES, &body(2, "2025-07-15")).await.expect(201);
    assert_eq!(codes(&on_time), [""; 0]);
    let mut spelled = body(2, "2025-07-15");
    spelled["document_number"] = json!("02/QĐ - UBND");
    admin.post(DISCLOSURES, &spelled).await.problem(409, "duplicate");
    let late = admin.post(DISCLOSURES, &body(1, "2025-07-15")).await.expect(201);
    assert_eq!(
        (codes(&late), &late["remarks"][0]["numbers"]["days"]),
        (vec!["late_disclosure".into()], &json!(91))
    );
}

/// "100% đơn vị sử dụng ngân sách trên địa bàn huyện gửi báo cáo qyết toán ngân sách năm 2023 [...] đúng thời gian
/// quy định": the report names no days, so that stands as it is stated.
async fn accounts_are_in_time_by_their_days_or_as_it_is_stated(app: TestApp) {
    let admin = app.admin().await;
    let file = lines(include_str!("../../../src/demo/report/final-accounts.ndjson"));
    assert_eq!(
        file.len(),
        94,
        "the district's budget, 15 agencies and service units, 63 schools, 15 communes"
    );
    let communes = file.iter().filter(|line| line["org_unit_code"].as_str().unwrap().starts_with("31"));
    let mut stated = 0;
    for line in file.iter().filter(|line| line["org_unit_code"] == "934").chain(communes) {
        let made = admin.post(ACCOUNTS, line).await.expect(201);
        stated += i32::from(made["on_time"] == true);
    }
    assert_eq!(stated, 15);
    let body = |submitted_on: Option<&str>| {
        json!({
            "org_unit_code": "31396", "kind": "unit", "fiscal_year": 2025, "state_on": "2026-06-30",
            "due_on": "2026-03-31", "submitted_on": submitted_on,
        })
    };
    let made = admin.post(ACCOUNTS, &body(None)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&made["on_time"], codes(&made)), (&json!(false), vec!["not_submitted".to_owned()]));
    for (day, codes_then, on_time) in
        [("2026-03-31", vec![], json!(null)), ("2026-04-01", vec!["not_submitted".to_owned()], json!(false))]
    {
        let list = admin.get(&format!("{ACCOUNTS}?fiscal_year=2025&as_of={day}")).await.expect(200);
        let one = &list["items"][0];
        assert_eq!((codes(one), &one["on_time"]), (codes_then, &on_time), "{day}");
    }
    let late = admin.put(&place, &etag, &body(Some("2026-04-02"))).await;
    let etag = late.etag();
    let late = late.expect(200);
    assert_eq!((&late["on_time"], codes(&late)), (&json!(false), vec!["accounts_late".to_owned()]));
    let both = json!({"stated_on_time": true});
    assert_eq!(admin.patch(&place, &etag, &both).await.faults(422, "invalid"), ["/stated_on_time"]);
    let in_time = admin.put(&place, &etag, &body(Some("2026-03-31"))).await.expect(200);
    assert_eq!((&in_time["on_time"], codes(&in_time)), (&json!(true), vec![]));
}

async fn rules_hold_on_their_days(app: TestApp) {
    let admin = app.admin().await;
    let communes = lines(include_str!("../../../src/demo/report/spending-rules.ndjson"));
    let communes: Vec<_> = communes
        .into_iter()
        .filter(|line| line["org_unit_code"].as_str().unwrap().starts_with("31"))
        .collect();
    let report = admin.post(&format!("{RULES}/batch"), &json!(communes)).await.expect(200);
    assert_eq!(report["created"], 30, "both kinds in 15 communes");
    let rules = json!({
        "org_unit_code": "31399", "kind": "internal_spending", "document_number": "12/QĐ-UBND",
        "document_on": "2026-01-12", "valid_from": "2026-01-05", "valid_to": "2026-06-01",
    });
    let made = admin.post(RULES, &rules).await.expect(201);
    assert_eq!(
        (codes(&made), &made["valid_from_certainty"]),
        (vec!["before_decision".to_owned()], &json!("exact"))
    );
    for (query, expected) in [("standing=true&as_of=2026-05-31", 1), ("standing=true&as_of=2026-06-01", 0)] {
        let of_today = format!("{RULES}?{query}&org_unit_code=31399&kind=internal_spending");
        let list = admin.get(&of_today).await.expect(200);
        let dated = list["items"].as_array().unwrap().iter().filter(|one| !one["document_on"].is_null());
        assert_eq!(dated.count(), expected, "{query}");
    }
}
