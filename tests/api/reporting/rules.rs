//! The catalogue of rules behind remarks.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::tell;

tell![the_catalogue_tells_what_a_remark_rests_on, a_rule_is_told_on_the_days_on_which_it_holds];

const RULES: &str = "/api/v1/reporting/rules";

fn of_code<'a>(catalogue: &'a Value, code: &str) -> Option<&'a Value> {
    catalogue["items"].as_array().unwrap().iter().find(|rule| rule["code"] == code)
}

async fn the_catalogue_tells_what_a_remark_rests_on(app: TestApp) {
    let clerk = app.person("can-bo", "editor", "31396").await;
    let course = json!({
        "org_unit_code": "31396", "kind": "rank", "title": "Bồi dưỡng ngạch chuyên viên",
        "starts_on": "2026-03-16", "places": 5, "persons_sent": 6
    });
    let course = clerk.post("/api/v1/civil-service/training-courses", &course).await.expect(201);
    let remark = &course["remarks"][0];
    let catalogue = clerk.get(RULES).await.expect(200);
    let rule = of_code(&catalogue, remark["code"].as_str().unwrap()).unwrap();
    assert_eq!(rule["severity"], remark["severity"]);
    assert_eq!(rule["notices"]["en"], "More persons were sent to a course than it has places.");
    assert_eq!(rule["legal_basis"], Value::Null, "it follows from the record's own figures");
}

async fn a_rule_is_told_on_the_days_on_which_it_holds(app: TestApp) {
    let admin = app.admin().await;
    for (asked, is_told) in [("", true), ("?as_of=2024-06-30", true), ("?as_of=2025-07-01", false)] {
        let catalogue = admin.get(&format!("{RULES}{asked}")).await.expect(200);
        assert_eq!(of_code(&catalogue, "given_apart_from_norm").is_some(), is_told, "{asked}");
        assert!(of_code(&catalogue, "part_above_whole").is_some(), "{asked}");
    }
    let findings = admin.get(&format!("{RULES}?severity=finding")).await.expect(200);
    assert!(of_code(&findings, "part_above_whole").is_some());
    assert!(of_code(&findings, "given_apart_from_norm").is_none());
}
