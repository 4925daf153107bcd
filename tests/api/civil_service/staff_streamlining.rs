//! Rounds of streamlining.

use serde_json::json;

use super::{ROOM, noticed, of_the_report};
use crate::support::TestApp;
use crate::tell;

tell![the_rounds_of_the_report_are_told, a_round_goes_on_to_what_is_paid];

const LINES: &str = include_str!("../../../src/demo/report/staff-streamlining.ndjson");

/// The report of Phụng Hiệp: eight cases decided in the first round, six proposed in the second.
async fn the_rounds_of_the_report_are_told(app: TestApp) {
    let admin = app.admin().await;
    of_the_report(&admin, "staff-streamlining", LINES).await;
    let rounds = format!("{ROOM}/staff-streamlining?org_unit_code=934&as_of=2024-06-30&year=2024");
    for (stage, cases, remarks) in [("decided", 8, vec!["decision_unnamed"]), ("proposed", 6, vec![])] {
        let found = admin.get(&format!("{rounds}&stage={stage}")).await.expect(200);
        let [round] = &found["items"].as_array().unwrap()[..] else { panic!("{found}") };
        assert_eq!((&round["cases"], noticed(round)), (&json!(cases), remarks));
    }
}

async fn a_round_goes_on_to_what_is_paid(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let rounds = format!("{ROOM}/staff-streamlining");
    let body = json!({
        "org_unit_code": "31396", "year": 2027, "round": 1, "stage": "proposed", "stage_on": "2026-11-02", "cases": 2,
    });
    let made = editor.post(&rounds, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(noticed(&made.expect(201)), ["before_its_year"]);
    editor.post(&rounds, &body).await.problem(409, "duplicate");
    let unpaid = editor.patch(&place, &etag, &json!({"stage": "paid"})).await;
    assert_eq!(unpaid.faults(422, "invalid"), ["/amount_vnd"]);
    let paid = json!({
        "year": 2026, "stage": "paid", "amount_vnd": 612_000_000, "document_number": "118/QĐ-UBND",
        "document_on": "2026-10-20",
    });
    let paid = editor.patch(&place, &etag, &paid).await.expect(200);
    assert_eq!((&paid["amount_vnd"], noticed(&paid)), (&json!(612_000_000), vec![]));
}
