//! The limits under which feedback is answered: succeeded, never changed.

use serde_json::{Value, json};

use super::{LIMITS, feedback, holidays, limit, made, numbers, pair};
use crate::exchange::CHANGES;
use crate::support::TestApp;
use crate::support::app::ADMIN;
use crate::tell;

tell![
    feedback_keeps_the_limits_under_which_it_was_received,
    a_limit_is_succeeded_and_never_changed,
    without_holidays_nothing_is_guessed,
];

async fn feedback_keeps_the_limits_under_which_it_was_received(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let next = json!({
        "class": "conduct", "step": "answer", "valid_from": "2026-11-24", "working_days": 10,
        "legal_basis": "Quyết định thử",
    });
    let made_limit = admin.post(LIMITS, &next).await;
    let (place, told) = (made_limit.header("location"), made_limit.expect(201));
    app.pass(30 * 24 * 60 * 60);
    let admin = app.sign_in(ADMIN).await;
    let (before, _) = made(&admin, &feedback("0001", "2026-11-23")).await;
    let (after, _) = made(&admin, &feedback("0002", "2026-11-24")).await;
    let held = admin.get(&before).await.expect(200);
    assert_eq!(limit(&held, "answer"), pair("2026-12-15", "pending_late"));
    let held = admin.get(&after).await.expect(200);
    assert_eq!(limit(&held, "answer"), pair("2026-12-08", "pending_late"));
    let basis = held["limits"].as_array().unwrap().iter().find(|limit| limit["step"] == "answer").unwrap();
    assert_eq!((&basis["working_days"], &basis["legal_basis"]), (&json!(10), &json!("Quyết định thử")));
    let mut old = feedback("0003", "2022-06-22");
    old["org_unit_code"] = json!("934");
    let (_, of_old) = made(&admin, &old).await;
    assert_eq!(of_old["limits"], json!([]), "before the decision there were none");
    assert_eq!(numbers(&admin, "overdue=true").await, ["0002", "0001"]);
    if let Some(other) = app.second_instance().await {
        other.pass(30 * 24 * 60 * 60);
        let held = other.sign_in(ADMIN).await.get(&after).await.expect(200);
        assert_eq!(limit(&held, "answer"), pair("2026-12-08", "pending_late"));
    }
    let list = admin.get(&format!("{LIMITS}?class=conduct&step=answer")).await.expect(200);
    let days: Vec<_> = list["items"].as_array().unwrap().iter().map(|limit| &limit["working_days"]).collect();
    assert_eq!(days, [15, 10]);
    assert_eq!(admin.get(&place).await.expect(200), told);
    assert_eq!(admin.get(LIMITS).await.expect(200)["items"].as_array().unwrap().len(), 9);
}

async fn a_limit_is_succeeded_and_never_changed(app: TestApp) {
    let admin = app.admin().await;
    let limit = |step: &str, from: &str| json!({"class": "rule", "step": step, "valid_from": from, "working_days": 3, "legal_basis": "Quyết định thử"});
    let refused = async |body: Value| {
        let problem = admin.post(LIMITS, &body).await.problem(422, "invalid");
        problem["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(limit("publication", "2026-11-23")).await, "not_after_today");
    assert_eq!(refused(limit("supplement", "2026-12-01")).await, "no_limit");
    let made = admin.post(LIMITS, &limit("publication", "2027-01-01")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(refused(limit("publication", "2026-12-31")).await, "not_after_last");
    admin.post(LIMITS, &limit("answer", "2026-12-31")).await.expect(201);
    admin.put(&place, &etag, &limit("publication", "2027-01-01")).await.problem(405, "method-not-allowed");
    admin.delete(&place, &etag).await.problem(405, "method-not-allowed");
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    clerk.post(LIMITS, &limit("refusal", "2027-01-01")).await.problem(403, "forbidden");
    let province = app.person("tinh.cantho", "admin", "92").await;
    province.post(LIMITS, &limit("refusal", "2027-01-01")).await.problem(403, "forbidden");
    assert_eq!(clerk.get(&place).await.expect(200), made);
    app.seal().await;
    let feed = clerk.get(&format!("{CHANGES}?types=feedback_time_limit")).await.expect(200);
    assert_eq!((feed["items"].as_array().unwrap().len(), &feed["items"][0]["href"]), (2, &json!(place)));
}

async fn without_holidays_nothing_is_guessed(app: TestApp) {
    let admin = app.admin().await;
    let (_, told) = made(&admin, &feedback("0001", "2026-03-02")).await;
    assert_eq!(limit(&told, "answer"), (Value::Null, Value::Null));
    assert_eq!((&told["overdue"], &told["remarks"][0]["code"]), (&json!(false), &json!("unknown_year")));
    assert_eq!(numbers(&admin, "overdue=true").await.len(), 0);
    assert_eq!(numbers(&admin, "overdue=false").await.len(), 1);
    holidays(&app).await;
    assert_eq!(numbers(&admin, "overdue=true").await, ["0001"]);
}
