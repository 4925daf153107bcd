//! Which waits stop the clock of dossiers: each version holds for what is received from its day on.

use serde_json::{Value, json};

use super::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::exchange::CHANGES;
use crate::support::app::ADMIN;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_next_rules_hold_for_what_is_received_from_their_day_on,
    rules_are_succeeded_and_never_changed,
    wrong_rules_are_refused,
    the_whole_country_is_told_rules_by_its_administrator,
];

const RULES: &str = "/api/v1/tthc/dossier-rules";
const DAY: i64 = 24 * 60 * 60;

fn rules(members: Value) -> Value {
    let rules = json!({
        "valid_from": "2026-11-24", "stopping": ["awaiting_supplement", "stopped"],
        "legal_basis": "Nghị định số 118/2025/NĐ-CP",
    });
    with(rules, members)
}

/// A dossier that waits for a payment for some days; answers it afterwards.
async fn paid(client: &Client, number: u32, received_at: &str, asked: &str, paid: &str) -> Value {
    let made = client.post(DOSSIERS, &with(dossier(number), json!({"received_at": received_at}))).await;
    let path = format!("{DOSSIERS}/{}", made.expect(201)["id"].as_str().unwrap());
    let asked = json!({"at": asked, "reason": "Nộp lệ phí."});
    client.post(&format!("{path}/payment-requests"), &asked).await.expect(200);
    client.post(&format!("{path}/payments"), &json!({"at": paid})).await.expect(200)
}

async fn the_next_rules_hold_for_what_is_received_from_their_day_on(app: TestApp) {
    let admin = catalogue(&app).await;
    let told = admin.post(RULES, &rules(json!({}))).await;
    assert_eq!(told.header("location"), format!("{RULES}/2"));
    assert_eq!(told.expect(201)["version"], 2);
    app.pass(7 * DAY);
    let admin = app.sign_in(ADMIN).await;
    let old = paid(&admin, 1, "2026-11-23T02:00:00Z", "2026-11-24T02:00:00Z", "2026-11-26T02:00:00Z").await;
    assert_eq!(
        (&old["rules_version"], &old["due_on"]),
        (&json!(1), &json!("2026-12-03")),
        "two working days waited"
    );
    let new = paid(&admin, 2, "2026-11-24T02:00:00Z", "2026-11-24T03:00:00Z", "2026-11-26T02:00:00Z").await;
    assert_eq!(
        (&new["rules_version"], &new["due_on"]),
        (&json!(2), &json!("2026-12-01")),
        "the clock ran on"
    );
    // Of a wait that lasts, too, its rules decide.
    let stands = async |number: u32, received_at: &str| {
        let waiting = json!({
            "received_at": received_at, "due_at": "2026-11-25T02:00:00Z", "status": "awaiting_payment",
        });
        let made = admin.post(DOSSIERS, &with(dossier(number), waiting)).await.expect(201);
        made["timeliness"].as_str().unwrap().to_owned()
    };
    assert_eq!(stands(3, "2026-11-23T02:00:00Z").await, "on_time");
    assert_eq!(stands(4, "2026-11-24T02:00:00Z").await, "overdue");
    if let Some(other) = app.second_instance().await {
        other.pass(7 * DAY);
        let admin = other.sign_in(ADMIN).await;
        let late = with(dossier(5), json!({"received_at": "2026-11-24T02:00:00Z"}));
        assert_eq!(admin.post(DOSSIERS, &late).await.expect(201)["rules_version"], 2);
    }
}

async fn rules_are_succeeded_and_never_changed(app: TestApp) {
    let admin = app.admin().await;
    let first = admin.get(&format!("{RULES}/1")).await;
    let etag = first.etag();
    let first = first.expect(200);
    assert_eq!((&first["valid_from"], &first["legal_basis"]), (&Value::Null, &Value::Null));
    assert_eq!(first["stopping"], json!(["awaiting_supplement", "awaiting_payment", "stopped"]));
    let made = admin.post(RULES, &rules(json!({}))).await.expect(201);
    let list = admin.get(&format!("{RULES}?include_total=true")).await.expect(200);
    assert_eq!((&list["items"], &list["total"]), (&json!([first, made]), &json!(2)));
    admin.put(&format!("{RULES}/1"), &etag, &rules(json!({}))).await.problem(405, "method-not-allowed");
    admin.delete(&format!("{RULES}/2"), "\"v2\"").await.problem(405, "method-not-allowed");
    admin.get(&format!("{RULES}/3")).await.problem(404, "not-found");
    app.seal().await;
    let feed = admin.get(&format!("{CHANGES}?types=dossier_rules")).await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 1);
    let href = feed["items"][0]["href"].as_str().unwrap();
    assert_eq!(admin.get(href).await.expect(200), made);
    let journal = admin.get("/api/v1/admin/audit?record_type=dossier_rules").await.expect(200);
    assert_eq!(journal["items"][0]["action"], "create");
}

async fn wrong_rules_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let refused = async |members: Value| -> Vec<String> {
        let problem = admin.post(RULES, &rules(members)).await.problem(422, "invalid");
        let told = |fault: &Value| {
            format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())
        };
        problem["errors"].as_array().unwrap().iter().map(told).collect()
    };
    let today = json!({"valid_from": "2026-11-23"});
    assert_eq!(refused(today).await, ["/valid_from not_after_today"], "of this morning's nothing changes");
    let no_wait = json!({"stopping": ["stopped", "processing", "stopped"]});
    assert_eq!(refused(no_wait).await, ["/stopping/1 no_wait", "/stopping/2 repeated"]);
    admin.post(RULES, &rules(json!({"valid_from": "2027-01-01"}))).await.expect(201);
    let before = json!({"valid_from": "2026-12-31"});
    assert_eq!(refused(before).await, ["/valid_from not_after_last"]);
    admin.post(RULES, &rules(json!({"valid_from": "2027-01-02", "stopping": []}))).await.expect(201);
}

async fn the_whole_country_is_told_rules_by_its_administrator(app: TestApp) {
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    clerk.post(RULES, &rules(json!({}))).await.problem(403, "forbidden");
    let province = app.person("tinh.cantho", "admin", "92").await;
    province.post(RULES, &rules(json!({}))).await.problem(403, "forbidden");
    assert_eq!(clerk.get(RULES).await.expect(200)["items"].as_array().unwrap().len(), 1);
    app.anonymous().get(RULES).await.problem(401, "unauthorized");
}
