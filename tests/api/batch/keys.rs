//! A request that comes twice: one answer for a key, on every instance, for a day.

use kernel::db::DbConn;
use serde_json::json;

use super::{BATCH, NDJSON, count, months, ndjson, send};
use crate::support::TestApp;
use crate::support::app::ADMIN;
use crate::tell;

tell![
    a_key_belongs_to_its_account,
    an_answer_is_forgotten_after_a_day,
    twins_on_two_instances_make_one_record,
    an_answer_that_changed_nothing_is_given_again,
    a_trial_with_a_key_is_answered_again,
    expired_answers_are_forgotten_in_small_passes,
];

async fn a_key_belongs_to_its_account(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let one = app.person("xa.hiephung", "editor", "31396").await.with("idempotency-key", "cung-mot-khoa");
    let other = app.person("xa.tanbinh", "editor", "31399").await.with("idempotency-key", "cung-mot-khoa");
    let body =
        |code: &str| json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune"});
    let path = "/api/v1/tthc/processing-returns";
    one.post(path, &body("31396")).await.expect(201);
    other.post(path, &body("31399")).await.expect(201);
    one.post(path, &body("31399")).await.problem(422, "idempotency-key-reused");
    one.with("idempotency-key", "hai lần").post(path, &body("31396")).await.problem(400, "invalid-header");
    let refused = one.with("idempotency-key", "lan-dau-sai");
    refused.post(path, &body("31399")).await.problem(403, "forbidden");
    refused.post(path, &body("31396")).await.problem(409, "duplicate");
}

async fn an_answer_is_forgotten_after_a_day(app: TestApp) {
    let admin = app.admin().await;
    let year = json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
    let path = "/api/v1/reporting/periods";
    let first = admin.with("idempotency-key", "mot-ngay").post(path, &year).await.expect(201);
    let kept = {
        use diesel::prelude::*;
        let mut conn: DbConn = app.connect();
        let kept: Vec<String> = kernel::db::schema::idempotency_keys::table
            .select(kernel::db::schema::idempotency_keys::answer)
            .load(&mut conn)
            .unwrap();
        kept
    };
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains("2031"), "the answer is sealed");
    app.pass(23 * 3600);
    let admin = app.sign_in(ADMIN).await.with("idempotency-key", "mot-ngay");
    assert_eq!(admin.post(path, &year).await.expect(201), first);
    app.pass(2 * 3600);
    let admin = app.sign_in(ADMIN).await.with("idempotency-key", "mot-ngay");
    admin.post(path, &year).await.problem(409, "duplicate");
}

async fn twins_on_two_instances_make_one_record(app: TestApp) {
    let Some(second) = app.second_instance().await else { return };
    let keys: Vec<String> = (0..20).map(|number| format!("sinh-doi-{number}")).collect();
    let (here, there) = (app.admin().await, second.admin().await);
    for (number, key) in keys.iter().enumerate() {
        let regime = format!("r{number}");
        let body = json!({"regime": regime, "code": "2031", "kind": "year",
            "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
        let path = "/api/v1/reporting/periods";
        let (here, there) = (here.with("idempotency-key", key), there.with("idempotency-key", key));
        let (one, two) = tokio::join!(here.post(path, &body), there.post(path, &body));
        for answer in [one, two] {
            assert!([201, 409].contains(&answer.status));
            if answer.status == 409 {
                answer.problem(409, "request-under-way");
            }
        }
        assert_eq!(count(&app.admin().await, &format!("regime={regime}")).await, 1);
    }
}

async fn an_answer_that_changed_nothing_is_given_again(app: TestApp) {
    let admin = app.admin().await;
    let path = format!("{BATCH}?on_conflict=update");
    let lines = months(2);
    send(&admin, &path, &lines).await;
    let keyed = admin.with("idempotency-key", "gui-lai");
    let again = || keyed.send("POST", &path, Some((NDJSON, ndjson(&lines))));
    let first = again().await.expect(200);
    assert_eq!(first["unchanged"], 2);
    let record = format!("/api/v1/reporting/periods/{}", first["lines"][0]["id"].as_str().unwrap());
    admin.patch(&record, "\"v1\"", &json!({"submit_by": "2030-02-05"})).await.expect(200);
    let second = again().await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.expect(200), first);
    assert_eq!(
        admin.get(&record).await.expect(200)["submit_by"],
        "2030-02-05",
        "what was written in between is not undone by a request that comes twice"
    );

    let mut wrong = lines.clone();
    wrong.iter_mut().for_each(|line| line["submit_by"] = json!("2029-01-01"));
    wrong[0]["if_version"] = json!(9);
    let keyed = admin.with("idempotency-key", "khong-dong-nao");
    let path = format!("{path}&mode=partial");
    let again = || keyed.send("POST", &path, Some((NDJSON, ndjson(&wrong))));
    let first = again().await.expect(200);
    assert_eq!((&first["stale"], &first["refused"]), (&json!(1), &json!(1)));
    let second = again().await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.expect(200), first);
}

async fn a_trial_with_a_key_is_answered_again(app: TestApp) {
    let admin = app.admin().await;
    let keyed = admin.with("idempotency-key", "nhap-thu");
    let file = || Some(("text/csv", "day,kind,name\n2031-01-01,holiday,Tết\n".as_bytes().to_vec()));
    let path = "/api/v1/reporting/holidays/import";
    let first = keyed.send("POST", &format!("{path}?dry_run=true"), file()).await.expect(200);
    assert_eq!((&first["dry_run"], &first["created"]), (&json!(true), &json!(1)));
    let second = keyed.send("POST", &format!("{path}?dry_run=true"), file()).await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.expect(200), first);
    let holidays = admin.get("/api/v1/reporting/holidays?include_total=true").await.expect(200);
    assert_eq!(holidays["total"], 0, "a trial writes nothing but its answer");
    app.seal().await;
    let entries = admin.get("/api/v1/admin/audit?record_type=holiday").await.expect(200);
    assert_eq!(entries["items"], json!([]));
    keyed.send("POST", path, file()).await.problem(422, "idempotency-key-reused");
    let real = admin.with("idempotency-key", "nhap-that").send("POST", path, file()).await.expect(200);
    assert_eq!(real["created"], 1);
}

async fn expired_answers_are_forgotten_in_small_passes(app: TestApp) {
    use diesel::prelude::*;
    use kernel::api::idempotency::{FORGOTTEN_AT_ONCE, forget_expired};
    use kernel::db::schema::idempotency_keys as k;
    let now = crate::support::app::noon();
    let mut conn = app.connect();
    for number in 0..1_201 {
        let expires_at = now.plus_seconds(if number == 0 { 60 } else { -number });
        let row = (k::digest.eq(format!("khoa-{number}")), k::body_digest.eq(""), k::answer.eq(""));
        diesel::insert_into(k::table).values((row, k::expires_at.eq(expires_at))).execute(&mut conn).unwrap();
    }
    let mut passes = Vec::new();
    loop {
        let forgotten = forget_expired(&mut conn, now).unwrap();
        passes.push(forgotten);
        if forgotten < FORGOTTEN_AT_ONCE {
            break;
        }
    }
    assert_eq!(passes, [500, 500, 200], "the one writer is free between them");
    let left: Vec<String> = k::table.select(k::digest).load(&mut conn).unwrap();
    assert_eq!(left, ["khoa-0"]);
}
