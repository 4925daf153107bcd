//! Holidays and make-up working days.

use serde_json::json;

use crate::support::TestApp;
use crate::support::app::noon;
use crate::tell;

tell![
    a_year_of_holidays_comes_in_one_batch,
    a_deleted_holiday_does_not_come_back,
    everyone_reads_holidays_and_only_the_country_writes_them,
];

const HOLIDAYS: &str = "/api/v1/reporting/holidays";

async fn a_year_of_holidays_comes_in_one_batch(app: TestApp) {
    let admin = app.admin().await;
    let days = json!([
        {"day": "2028-01-01", "kind": "holiday", "name": "Tết Dương lịch"},
        {"day": "2028-04-30", "kind": "holiday", "name": "Ngày Chiến thắng"},
        {"day": "2028-05-06", "kind": "make_up_workday", "name": "Làm bù cho ngày 02/5/2028"},
    ]);
    let upsert = format!("{HOLIDAYS}/batch?on_conflict=update");
    assert_eq!(admin.post(&upsert, &days).await.expect(200)["created"], 3);
    assert_eq!(admin.post(&upsert, &days).await.expect(200)["unchanged"], 3);
    let listed = admin.get(&format!("{HOLIDAYS}?from=2028-01-02&to=2028-12-31")).await.expect(200);
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|day| day["day"].clone()).collect();
    assert_eq!(names, ["2028-04-30", "2028-05-06"]);
    let listed = admin.get(&format!("{HOLIDAYS}?kind=make_up_workday")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

async fn a_deleted_holiday_does_not_come_back(app: TestApp) {
    let load = async || kernel::reporting::holidays::import(&app.state.db, noon()).await.unwrap();
    assert_eq!(load().await, 78);
    let admin = app.admin().await;
    let listed = admin.get(&format!("{HOLIDAYS}?from=2026-01-02&limit=1")).await.expect(200);
    let path = format!("{HOLIDAYS}/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path, "\"v1\"").await.status, 204);
    assert_eq!(load().await, 0, "somebody knew better");
}

async fn everyone_reads_holidays_and_only_the_country_writes_them(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.get(HOLIDAYS).await.expect(200);
    let day = json!({"day": "2028-01-01", "kind": "holiday", "name": "Tết Dương lịch"});
    editor.post(HOLIDAYS, &day).await.problem(403, "forbidden");
    editor.post(&format!("{HOLIDAYS}/batch"), &json!([day])).await.problem(403, "forbidden");
    let province = app.person("tp.cantho", "admin", "92").await;
    province.post(HOLIDAYS, &day).await.problem(403, "forbidden");
}
