//! A dossier followed by its code, without a token: who holds it learns where it stands, who guesses nothing.

use serde_json::{Value, json};

use super::{DOSSIERS, catalogue, dossier, with};
use crate::support::TestApp;
use crate::tell;

tell![
    who_holds_a_code_follows_it_without_a_token,
    wrong_tries_lock_a_code_and_tell_nothing,
    who_handed_a_dossier_in_does_not_guess_its_owner,
    one_address_looks_up_so_often_a_minute,
];

const LOOKUPS: &str = "/api/v1/public/dossier-lookups";

fn lookup(number: u32, id_last4: &str) -> Value {
    json!({"code": format!("H13.44-261102-{number:04}"), "id_last4": id_last4})
}

async fn who_holds_a_code_follows_it_without_a_token(app: TestApp) {
    let admin = catalogue(&app).await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let anyone = app.anonymous();
    let found = anyone.post(LOOKUPS, &lookup(1, "8901")).await.expect(200);
    assert_eq!((&found["status"], &found["due_on"]), (&json!("received"), &json!("2026-11-09")));
    assert_eq!(found["resolving_unit_name"], "Xã Hiệp Hưng");
    let text = found.to_string();
    for personal in ["Người nộp", "012345678901", "8901", "0900000012"] {
        assert!(!text.contains(personal), "{text}");
    }
    let wrong_check = anyone.post(LOOKUPS, &lookup(1, "0000")).await.problem(404, "not-found");
    let wrong_code = anyone.post(LOOKUPS, &lookup(2, "8901")).await.problem(404, "not-found");
    assert_eq!(wrong_check["detail"], wrong_code["detail"], "nobody learns which of the two was wrong");
    let unnumbered = with(dossier(3), json!({"owner": {"kind": "citizen", "name": "Không có số"}}));
    admin.post(DOSSIERS, &unnumbered).await.expect(201);
    anyone.post(LOOKUPS, &lookup(3, "0000")).await.problem(404, "not-found");
    assert!(anyone.post(LOOKUPS, &lookup(1, "12a4")).await.status < 500);
}

async fn wrong_tries_lock_a_code_and_tell_nothing(app: TestApp) {
    let admin = catalogue(&app).await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let anyone = app.anonymous();
    // The right answer is no try.
    for _ in 0..6 {
        anyone.post(LOOKUPS, &lookup(1, "8901")).await.expect(200);
    }
    for number in [1, 2] {
        for _ in 0..5 {
            anyone.post(LOOKUPS, &lookup(number, "0000")).await.problem(404, "not-found");
        }
        let locked = anyone.post(LOOKUPS, &lookup(number, "8901")).await;
        assert_eq!(locked.header("retry-after"), "900", "a code that nobody has is locked alike");
        locked.problem(429, "too-many-requests");
    }
    app.pass(14 * 60);
    anyone.post(LOOKUPS, &lookup(1, "8901")).await.problem(429, "too-many-requests");
    app.pass(60);
    anyone.post(LOOKUPS, &lookup(1, "8901")).await.expect(200);
}

async fn who_handed_a_dossier_in_does_not_guess_its_owner(app: TestApp) {
    let admin = catalogue(&app).await;
    let submitter = json!({"kind": "citizen", "name": "Người nộp thay", "id_number": "098765432109"});
    admin.post(DOSSIERS, &with(dossier(1), json!({"submitter": submitter}))).await.expect(201);
    admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    let anyone = app.anonymous();
    for guess in ["0001", "0002", "0003", "0004"] {
        anyone.post(LOOKUPS, &lookup(1, guess)).await.problem(404, "not-found");
        anyone.post(LOOKUPS, &lookup(1, "2109")).await.expect(200);
        anyone.post(LOOKUPS, &lookup(2, "8901")).await.expect(200);
    }
    anyone.post(LOOKUPS, &lookup(1, "0005")).await.problem(404, "not-found");
    anyone.post(LOOKUPS, &lookup(1, "8901")).await.problem(429, "too-many-requests");
    anyone.post(LOOKUPS, &lookup(2, "8901")).await.expect(200);
}

async fn one_address_looks_up_so_often_a_minute(app: TestApp) {
    let few = TestApp::start_with(app.backend, |config| {
        config.lookups_per_minute = 2.try_into().unwrap();
    })
    .await;
    for number in [1, 2] {
        few.anonymous().post(LOOKUPS, &lookup(number, "0000")).await.problem(404, "not-found");
    }
    few.anonymous().post(LOOKUPS, &lookup(3, "0000")).await.problem(429, "too-many-requests");
}
