//! Linked dossiers: a part is counted once, through its main.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{DOSSIERS, at, catalogue, dossier, with};
use crate::support::TestApp;
use crate::tell;

tell![
    a_part_names_a_main_that_is_held_and_no_part,
    a_main_is_kept_while_it_has_parts,
    a_main_may_come_with_its_parts,
    a_main_stands_in_the_province_of_its_part,
    two_who_link_each_other_at_once_make_no_circle,
];

const BATCH: &str = "/api/v1/tthc/dossiers/batch";

/// A link to a dossier by its number.
fn to(number: u32) -> Value {
    json!({"linked_code": dossier(number)["code"]})
}

fn code(refused: &Value) -> &str {
    assert_eq!(refused["errors"][0]["pointer"], "/linked_code", "{refused}");
    refused["errors"][0]["code"].as_str().unwrap()
}

async fn a_part_names_a_main_that_is_held_and_no_part(app: TestApp) {
    let admin = catalogue(&app).await;
    let part = with(dossier(2), to(1));
    let refused = admin.post(DOSSIERS, &part).await.problem(422, "invalid");
    assert_eq!(code(&refused), "unknown_dossier");
    let main = at(&admin.post(DOSSIERS, &dossier(1)).await.expect(201));
    let part = admin.post(DOSSIERS, &part).await;
    let (path, etag) = (part.header("location"), part.etag());
    assert_eq!(part.expect(201)["linked_code"], dossier(1)["code"]);
    let refused = admin.post(DOSSIERS, &with(dossier(3), to(2))).await.problem(422, "invalid");
    assert_eq!(code(&refused), "linked_itself");
    // Nor does a main become a part, of its own or of another.
    admin.post(DOSSIERS, &dossier(4)).await.expect(201);
    let of_main = admin.get(&main).await.etag();
    for number in [2, 4] {
        let refused = admin.patch(&main, &of_main, &to(number)).await.problem(422, "invalid");
        let codes: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
        assert!(codes.contains(&&json!("has_parts")), "{refused}");
    }
    // What is linked already goes on, whatever else is said of it.
    let paid = admin.patch(&path, &etag, &json!({"fee_vnd": 8_000})).await;
    let etag = paid.etag();
    assert_eq!(paid.expect(200)["linked_code"], dossier(1)["code"]);
    let moved = admin.patch(&path, &etag, &to(4)).await.expect(200);
    assert_eq!(moved["linked_code"], dossier(4)["code"]);
    admin.patch(&main, &of_main, &to(4)).await.expect(200);
}

async fn a_main_is_kept_while_it_has_parts(app: TestApp) {
    let admin = catalogue(&app).await;
    let main = admin.post(DOSSIERS, &dossier(1)).await;
    let (path, of_main) = (main.header("location"), main.etag());
    let mut parts = Vec::new();
    for number in [2, 3] {
        let made = admin.post(DOSSIERS, &with(dossier(number), to(1))).await;
        parts.push((made.header("location"), made.etag()));
    }
    let refused = admin.delete(&path, &of_main).await.problem(409, "in-use");
    assert!(refused["detail"].as_str().unwrap().contains("2 hồ sơ thành phần"), "{refused}");
    let (first, etag) = &parts[0];
    assert_eq!(admin.delete(first, etag).await.status, 204);
    admin.delete(&path, &of_main).await.problem(409, "in-use");
    let (second, etag) = &parts[1];
    admin.patch(second, etag, &json!({"linked_code": null})).await.expect(200);
    assert_eq!(admin.delete(&path, &of_main).await.status, 204);
    let refused = admin.post(DOSSIERS, &with(dossier(4), to(1))).await.problem(422, "invalid");
    assert_eq!(code(&refused), "unknown_dossier", "it is gone");
}

async fn a_main_may_come_with_its_parts(app: TestApp) {
    let admin = catalogue(&app).await;
    let together = json!([with(dossier(1), to(3)), with(dossier(2), to(3)), dossier(3)]);
    let report = admin.post(BATCH, &together).await.expect(200);
    assert_eq!(report["created"], 3, "{report}");
    // Nobody counts in a circle, and nobody through one that is refused.
    let lines = json!([
        with(dossier(4), to(5)),
        with(dossier(5), to(4)),
        with(dossier(6), to(7)),
        with(dossier(7), json!({"procedure_code": "9.999999"})),
        with(dossier(8), to(3)),
    ]);
    let report = admin.post(&format!("{BATCH}?mode=partial"), &lines).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(4)), "{report}");
    let of_line = |line: usize| code(&report["lines"][line]["problem"]);
    assert_eq!([of_line(0), of_line(1), of_line(2)], ["linked_itself", "linked_itself", "unknown_dossier"]);
    let form = "/api/v1/reporting/forms/06a?source=records&from=2026-11-01&to=2026-11-23&org_unit_code=31396";
    assert_eq!(admin.get(form).await.expect(200)["totals"]["received_total"], 1, "the main alone");
}

async fn a_main_stands_in_the_province_of_its_part(app: TestApp) {
    let admin = catalogue(&app).await;
    let of_soc_trang = json!({
        "code": "H30.14-250620-0001", "receiving_unit_code": "31429", "received_at": "2025-06-20T02:10:00Z",
        "due_at": "2025-07-20T09:00:00Z",
    });
    let main = admin.post(DOSSIERS, &with(dossier(1), of_soc_trang.clone())).await.expect(201);
    let part = with(dossier(2), json!({"linked_code": of_soc_trang["code"]}));
    let refused = admin.post(DOSSIERS, &part).await.problem(422, "invalid");
    assert_eq!(code(&refused), "unknown_dossier", "a code is unique in a province only");
    let handed_over = json!({"org_unit_code": "31396", "at": "2025-07-01T01:00:00Z"});
    admin.post(&format!("{}/transfers", at(&main)), &handed_over).await.expect(200);
    admin.post(DOSSIERS, &part).await.expect(201);
}

async fn two_who_link_each_other_at_once_make_no_circle(app: TestApp) {
    let admin = catalogue(&app).await;
    for (one, other) in [(1, 2), (3, 4), (5, 6)] {
        let first = admin.post(DOSSIERS, &dossier(one)).await;
        let second = admin.post(DOSSIERS, &dossier(other)).await;
        let (first, of_first) = (first.header("location"), first.etag());
        let (second, of_second) = (second.header("location"), second.etag());
        let (to_second, to_first) = (to(other), to(one));
        let (left, right) =
            join(admin.patch(&first, &of_first, &to_second), admin.patch(&second, &of_second, &to_first))
                .await;
        for answer in [left, right] {
            assert!([200, 422, 503].contains(&answer.status), "{}", answer.text());
        }
        let mut linked = 0;
        for path in [first, second] {
            linked += usize::from(!admin.get(&path).await.expect(200)["linked_code"].is_null());
        }
        assert!(linked < 2, "neither would be counted");
    }
}
