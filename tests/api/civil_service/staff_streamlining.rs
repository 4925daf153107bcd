//! Rounds of streamlining.

use serde_json::json;

use super::{ROOM, noticed, of_the_report};
use crate::support::TestApp;
use crate::tell;

tell![
    the_rounds_of_the_report_are_told,
    a_round_goes_on_to_what_is_paid,
    the_stages_of_a_round_stand_beside_each_other,
];

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

async fn the_stages_of_a_round_stand_beside_each_other(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let rounds = format!("{ROOM}/staff-streamlining");
    let stage = |stage: &str, day: &str, cases: i64| {
        json!({
            "org_unit_code": "31396", "year": 2026, "round": 1, "stage": stage, "stage_on": day, "cases": cases,
        })
    };
    let mut decided = stage("decided", "2026-05-20", 5);
    decided["document_number"] = json!("118/QĐ-UBND");
    decided["document_on"] = json!("2026-05-20");
    let mut paid = stage("paid", "2026-10-15", 5);
    paid["amount_vnd"] = json!(612_000_000);
    for told in
        [stage("proposed", "2026-02-10", 6), stage("appraised", "2026-04-02", 5), decided.clone(), paid]
    {
        let made = editor.post(&rounds, &told).await.expect(201);
        assert_eq!(noticed(&made), [""; 0], "{made}");
    }
    editor.post(&rounds, &stage("proposed", "2026-02-11", 7)).await.problem(409, "duplicate");
    let of_round = format!("{rounds}?org_unit_code=31396&year=2026&round=1&sort=stage_on");
    let told = async |of_stage: &str| {
        let found = editor.get(&format!("{of_round}{of_stage}")).await.expect(200);
        let items = found["items"].as_array().unwrap().iter();
        items.map(|one| (one["stage"].as_str().unwrap().to_owned(), one["cases"].clone())).collect::<Vec<_>>()
    };
    let held = |stage: &str, cases: i64| (stage.to_owned(), json!(cases));
    let all = [held("proposed", 6), held("appraised", 5), held("decided", 5), held("paid", 5)];
    assert_eq!(told("").await, all);
    let of_half = "&stage=decided&stage_from=2026-01-01&stage_to=2026-06-30";
    assert_eq!(told(of_half).await, [held("decided", 5)], "also when it was paid");
    // A later telling of a stage mends that one alone, and is held against the one before.
    decided["cases"] = json!(8);
    let batch = format!("{rounds}/batch?on_conflict=update");
    assert_eq!(editor.post(&batch, &json!([decided])).await.expect(200)["updated"], 1);
    let found = editor.get(&of_round).await.expect(200);
    let of_stage = |place: usize| &found["items"][place];
    assert_eq!(noticed(of_stage(2)), ["more_than_before"]);
    assert_eq!(of_stage(2)["remarks"][0]["numbers"], json!({"cases": 8, "before": 5}));
    assert_eq!((noticed(of_stage(1)), noticed(of_stage(3))), (vec![], vec![]));
    let place = format!("{rounds}/{}", of_stage(0)["id"].as_str().unwrap());
    let etag = editor.get(&place).await.etag();
    editor.patch(&place, &etag, &json!({"stage": "appraised"})).await.problem(409, "duplicate");
}
