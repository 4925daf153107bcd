//! Employee codes: one in capitals and in small letters.

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::ROOM;
use super::officials::{codes, collection, made, official, with};
use crate::support::TestApp;
use crate::tell;

tell![
    a_list_in_other_letters_doubles_nobody,
    a_decision_names_an_official_in_any_letters,
    who_was_doubled_before_is_told_apart_and_one_goes_on,
];

const UP: &str = include_str!("../../../migrations/2026-11-30-000932_employee_keys/up.sql");
const DOWN: &str = include_str!("../../../migrations/2026-11-30-000932_employee_keys/down.sql");

fn batch() -> String {
    format!("{}/batch?on_conflict=update", collection())
}

fn risen(code: &str) -> Value {
    with(official(code), json!({"listed_on": "2026-11-03", "rank_title": "Chuyên viên chính"}))
}

async fn a_list_in_other_letters_doubles_nobody(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("SGDĐT-1a")).await;
    admin.post(&collection(), &official("sgdđt-1A")).await.problem(409, "duplicate");
    let same = with(official("sgdđt-1A"), json!({"listed_on": "2026-11-03"}));
    let report = admin.post(&batch(), &json!([same])).await.expect(200);
    assert_eq!(report["unchanged"], 1, "other letters alone are no news: {report}");
    let told = admin.get(&place).await.expect(200);
    assert_eq!((&told["employee_code"], &told["version"]), (&json!("SGDĐT-1a"), &json!(1)));
    let report = admin.post(&batch(), &json!([risen("sgdđt-1A")])).await.expect(200);
    assert_eq!((&report["updated"], &report["created"]), (&json!(1), &json!(0)), "{report}");
    let told = admin.get(&place).await.expect(200);
    assert_eq!(
        (&told["employee_code"], &told["rank_title"], &told["version"]),
        (&json!("sgdđt-1A"), &json!("Chuyên viên chính"), &json!(2))
    );
    let found = admin.get(&format!("{}?employee_code=SGD%C4%90T-1A", collection())).await.expect(200);
    assert_eq!(codes(&found), ["sgdđt-1A"]);

    let twice = json!([official("CB-2"), official("cb-2")]);
    let report = admin.post(&format!("{}&mode=partial", batch()), &twice).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
    let all = admin.get(&format!("{}?include_total=true", collection())).await.expect(200);
    assert_eq!(all["total"], 2);
    let etag = admin.get(&place).await.etag();
    admin.patch(&place, &etag, &json!({"employee_code": "cB-2"})).await.problem(409, "duplicate");
    let capitals = admin.patch(&place, &etag, &json!({"employee_code": "SGDĐT-1A"})).await.expect(200);
    assert_eq!(capitals["employee_code"], "SGDĐT-1A", "by itself a code is written as asked");
}

async fn a_decision_names_an_official_in_any_letters(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let decisions = format!("{ROOM}/personnel-decisions");
    let decision = |code: &str| {
        json!({
            "org_unit_code": "31396", "kind": "retire", "category": "civil_servant", "cases": 1,
            "covers_from": "2026-06-01", "covers_to": "2026-06-01", "employee_code": code,
        })
    };
    let told = admin.post(&decisions, &decision("cb-1")).await.expect(201);
    assert_eq!(told["employee_code"], "cb-1");
    admin.post(&decisions, &decision("CB-1")).await.problem(409, "duplicate");
    let found = admin.get(&format!("{decisions}?employee_code=Cb-1")).await.expect(200);
    assert_eq!(codes(&found), ["cb-1"]);
    let etag = admin.get(&place).await.etag();
    admin.delete(&place, &etag).await.problem(409, "in-use");
    admin.patch(&place, &etag, &json!({"employee_code": "CB-9"})).await.problem(409, "in-use");
    admin.patch(&place, &etag, &json!({"employee_code": "Cb-1"})).await.expect(200);
}

/// The migration is run again over officials as they may have been held before it.
async fn who_was_doubled_before_is_told_apart_and_one_goes_on(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let lone = made(&admin, &official("cb-2")).await;
    let decision = json!({
        "org_unit_code": "31396", "kind": "retire", "category": "civil_servant", "cases": 1,
        "covers_from": "2026-06-01", "covers_to": "2026-06-01", "employee_code": "cb-2",
    });
    admin.post(&format!("{ROOM}/personnel-decisions"), &decision).await.expect(201);
    let twin = "0190a8c0-0000-7000-8000-000000000f01";
    let mut conn = app.connect();
    conn.batch_execute(DOWN).unwrap();
    let doubled = format!(
        "INSERT INTO officials (id, province_id, org_unit_id, employee_code, listed_on, category, status, version,
             created_at, updated_at, last_listed_on)
         SELECT '{twin}', province_id, org_unit_id, 'cb-1', listed_on, category, status, 1, created_at, updated_at,
             '2026-11-01' FROM officials WHERE employee_code = 'CB-1'"
    );
    conn.batch_execute(&doubled).unwrap();
    conn.batch_execute(UP).unwrap();

    let lines = json!([risen("cb-1"), risen("CB-2")]);
    let report = admin.post(&batch(), &lines).await.expect(200);
    assert_eq!((&report["updated"], &report["created"]), (&json!(2), &json!(0)), "{report}");
    for goes_on in [&place, &lone] {
        assert_eq!(admin.get(goes_on).await.expect(200)["rank_title"], "Chuyên viên chính");
    }
    let found = admin.get(&format!("{ROOM}/personnel-decisions?employee_code=CB-2")).await.expect(200);
    assert_eq!(codes(&found), ["cb-2"]);
    let missed = admin.get(&format!("{}?not_listed_since=2026-11-03", collection())).await.expect(200);
    assert_eq!(codes(&missed), ["cb-1"], "the other is in no list any more");
    let twin = format!("{}/{twin}", collection());
    let etag = admin.get(&twin).await.etag();
    let left = admin.patch(&twin, &etag, &json!({"note": "Ghi trùng mã CB-1."})).await;
    let etag = left.etag();
    assert_eq!(left.expect(200)["employee_code"], "cb-1");
    assert_eq!(admin.delete(&twin, &etag).await.status, 204);
}
