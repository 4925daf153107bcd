//! Writes that meet: what becomes of two requests at the same moment. On PostgreSQL a held transaction
//! brings them to the very place; SQLite has one writer and lets no two meet.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kernel::db::DbConn;
use serde_json::{Value, json};

use crate::batch::{months, ndjson};
use crate::support::database::Backend;
use crate::support::{Answer, Client, TestApp};
use crate::tell;
use crate::tthc::RETURNS;

tell![
    batches_in_opposite_order_are_both_answered,
    a_large_batch_of_returns_holds_few_locks,
    a_line_and_its_fields_never_stand_together,
    no_return_is_made_for_a_period_that_goes,
    no_procedure_is_made_in_a_field_that_goes,
    what_a_source_confirmed_is_not_taken_back,
];

const PERIODS: &str = "/api/v1/reporting/periods";
const FIELDS: &str = "/api/v1/tthc/procedure-fields";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count(conn: &mut DbConn, what: &str) -> i64 {
    diesel::sql_query(what).get_result::<Count>(conn).unwrap().count
}

/// How many connections wait for what another holds.
fn waiting(conn: &mut DbConn) -> i64 {
    let waiting = "SELECT count(*) AS count FROM pg_stat_activity \
         WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    count(conn, waiting)
}

async fn until_waiting(conn: &mut DbConn, expected: i64) {
    while waiting(conn) < expected {
        tokio::task::yield_now().await;
    }
}

/// A transaction that holds what this statement locks, until it is released.
struct Held(DbConn);

impl Held {
    fn by(app: &TestApp, statement: &str) -> Self {
        let mut conn = app.connect();
        conn.batch_execute("BEGIN").unwrap();
        conn.batch_execute(statement).unwrap();
        Self(conn)
    }

    fn release(mut self) {
        self.0.batch_execute("COMMIT").unwrap();
    }
}

/// Sends two requests while a table takes no rows: the second once the first stands before it. Both go
/// on when the second waits too, or was answered.
async fn meet(
    app: &TestApp,
    table: &str,
    first: impl Future<Output = Answer> + 'static,
    second: impl Future<Output = Answer> + 'static,
) -> (Answer, Answer) {
    let held = Held::by(app, &format!("LOCK TABLE {table} IN SHARE MODE"));
    let mut conn = app.connect();
    let first = actix_web::rt::spawn(first);
    until_waiting(&mut conn, 1).await;
    let second = actix_web::rt::spawn(second);
    while !second.is_finished() && waiting(&mut conn) < 2 {
        tokio::task::yield_now().await;
    }
    held.release();
    (first.await.unwrap(), second.await.unwrap())
}

async fn sent(client: &Client, path: &str, lines: &[Value]) -> Answer {
    client.send("POST", path, Some(("application/x-ndjson", ndjson(lines)))).await
}

async fn batches_in_opposite_order_are_both_answered(app: TestApp) {
    let Some(second) = app.second_instance().await else { return };
    let (here, there) = (app.admin().await, second.admin().await);
    let path = format!("{PERIODS}/batch?on_conflict=update");
    for round in 1..=4 {
        let mut lines = months(2_000);
        let mut reversed: Vec<Value> = lines.iter().rev().cloned().collect();
        for line in &mut lines {
            line["submit_by"] = json!(format!("2030-02-{round:02}"));
        }
        for line in &mut reversed {
            line["submit_by"] = json!(format!("2030-03-{round:02}"));
        }
        let (one, other) = tokio::join!(sent(&here, &path, &lines), sent(&there, &path, &reversed));
        let statuses = [one.status, other.status];
        assert!(statuses.contains(&200), "{statuses:?}: {} {}", one.text(), other.text());
        // Who comes second finds other versions than it has read, and is told so.
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
        for (answer, lines) in [(one, &lines), (other, &reversed)] {
            if answer.status == 200 {
                let report = answer.json();
                let places: Vec<_> =
                    report["lines"].as_array().unwrap().iter().map(|l| &l["index"]).collect();
                assert_eq!(places.len(), lines.len());
                assert!(places.iter().enumerate().all(|(place, index)| **index == json!(place)));
                let last = report["lines"][1_999]["id"].as_str().unwrap();
                let record = here.get(&format!("{PERIODS}/{last}")).await.expect(200);
                assert_eq!(record["regime"], lines[1_999]["regime"], "each outcome is of its own line");
                assert_eq!(record["code"], lines[1_999]["code"]);
            }
        }
    }
}

/// Codes of communes of 2024.
async fn communes(admin: &Client) -> Vec<String> {
    let path = "/api/v1/organization/org-units?as_of=2024-06-30&org_unit_code=93&scope=subtree";
    let units = admin.with("accept", "application/x-ndjson").get(path).await.text();
    let units = units.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let communes =
        units.filter(|unit| ["commune", "ward", "township"].iter().any(|kind| unit["kind"] == *kind));
    communes.map(|unit| unit["code"].as_str().unwrap().to_owned()).collect()
}

async fn a_large_batch_of_returns_holds_few_locks(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = Vec::new();
    let codes = communes(&admin).await;
    for month in 1..=12 {
        let period = format!("2024-{month:02}");
        app.period("month", &period).await;
        lines.extend(codes.iter().map(|code| {
            json!({"org_unit_code": code, "period_code": period, "handling_level": "commune", "received_online": 1,
                "pending_in_time": 1})
        }));
    }
    assert!(lines.len() > 800, "{}", lines.len());
    let path = format!("{RETURNS}/batch");
    if app.backend != Backend::Postgres {
        assert_eq!(sent(&admin, &path, &lines).await.expect(200)["created"], lines.len());
        return;
    }
    // At its end the batch keeps its answer; there it is held, with every lock that it took.
    let held = Held::by(&app, "LOCK TABLE idempotency_keys IN SHARE MODE");
    let mut conn = app.connect();
    let (client, count_of) = (admin.with("idempotency-key", "mot-lo-lon"), lines.len());
    let batch = actix_web::rt::spawn(async move { sent(&client, &path, &lines).await });
    until_waiting(&mut conn, 1).await;
    let locks = "SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let locks = count(&mut conn, locks);
    held.release();
    assert_eq!(batch.await.unwrap().expect(200)["created"], count_of);
    assert!(locks < 300, "the server has room for some thousands of all sessions, not for {locks}");
}

async fn a_line_and_its_fields_never_stand_together(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let line = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune"});
    let mut of_field = line.clone();
    of_field["field"] = json!("Hộ tịch");
    if app.backend != Backend::Postgres {
        admin.post(RETURNS, &line).await.expect(201);
        assert_eq!(admin.post(RETURNS, &of_field).await.faults(422, "invalid"), ["/field"]);
        return;
    }
    let (one, other) = (admin.clone(), admin.clone());
    let (first, second) =
        meet(&app, "processing_returns", async move { one.post(RETURNS, &line).await }, async move {
            other.post(RETURNS, &of_field).await
        })
        .await;
    first.expect(201);
    assert_eq!(second.faults(422, "invalid"), ["/field"]);
}

async fn no_return_is_made_for_a_period_that_goes(app: TestApp) {
    let admin = app.admin().await;
    let made = |code: &'static str, admin: Client| async move {
        let line = json!({"org_unit_code": "31396", "period_code": code, "handling_level": "commune"});
        admin.post(RETURNS, &line).await
    };
    let gone = |period: Value, admin: Client| async move {
        admin.delete(&format!("{PERIODS}/{}", period["id"].as_str().unwrap()), "\"v1\"").await
    };
    let (one, other) = (app.period("quarter", "2026-Q2").await, app.period("quarter", "2026-Q3").await);
    if app.backend != Backend::Postgres {
        made("2026-Q2", admin.clone()).await.expect(201);
        gone(one, admin.clone()).await.problem(409, "in-use");
        assert_eq!(gone(other, admin.clone()).await.status, 204);
        assert_eq!(made("2026-Q3", admin).await.faults(422, "invalid"), ["/period_code"]);
        return;
    }
    let (first, second) =
        meet(&app, "processing_returns", made("2026-Q2", admin.clone()), gone(one, admin.clone())).await;
    first.expect(201);
    second.problem(409, "in-use");
    let (first, second) = meet(&app, "journal", gone(other, admin.clone()), made("2026-Q3", admin)).await;
    assert_eq!(first.status, 204);
    assert_eq!(second.faults(422, "invalid"), ["/period_code"]);
}

async fn no_procedure_is_made_in_a_field_that_goes(app: TestApp) {
    let admin = app.admin().await;
    let made = |code: &'static str, field: &Value, admin: Client| {
        let procedure =
            json!({"code": code, "name": "Đăng ký kết hôn", "level": "commune", "field_id": field["id"]});
        async move { admin.post("/api/v1/tthc/procedures", &procedure).await }
    };
    let gone = |field: &Value, admin: Client| {
        let path = format!("{FIELDS}/{}", field["id"].as_str().unwrap());
        async move { admin.delete(&path, "\"v1\"").await }
    };
    let one = admin.post(FIELDS, &json!({"name": "Hộ tịch"})).await.expect(201);
    let other = admin.post(FIELDS, &json!({"name": "Đất đai"})).await.expect(201);
    if app.backend != Backend::Postgres {
        made("1.000593", &one, admin.clone()).await.expect(201);
        gone(&one, admin.clone()).await.problem(409, "in-use");
        assert_eq!(gone(&other, admin.clone()).await.status, 204);
        assert_eq!(made("1.000594", &other, admin).await.faults(422, "invalid"), ["/field_id"]);
        return;
    }
    let making = made("1.000593", &one, admin.clone());
    let (first, second) = meet(&app, "procedures", making, gone(&one, admin.clone())).await;
    first.expect(201);
    second.problem(409, "in-use");
    let making = made("1.000594", &other, admin.clone());
    let (first, second) = meet(&app, "journal", gone(&other, admin), making).await;
    assert_eq!(first.status, 204);
    assert_eq!(second.faults(422, "invalid"), ["/field_id"]);
}

async fn what_a_source_confirmed_is_not_taken_back(app: TestApp) {
    let admin = app.admin().await;
    let path = format!("{PERIODS}/batch?on_conflict=update");
    let line = |submit_by: &str, changed: &str| {
        let mut line = months(1).remove(0);
        line["submit_by"] = json!(submit_by);
        line["source_updated_at"] = json!(format!("2026-11-20T{changed}:00Z"));
        vec![line]
    };
    sent(&admin, &path, &line("2030-02-01", "09:00")).await.expect(200);
    if app.backend == Backend::Postgres {
        // Another instance confirms at noon, while this one confirms what was so at ten.
        let noon: kernel::db::types::Instant = serde_json::from_value(json!("2026-11-20T12:00:00Z")).unwrap();
        let held = Held::by(&app, &format!("UPDATE source_times SET source_updated_at = {}", noon.micros()));
        let (client, path, lines) = (admin.clone(), path.clone(), line("2030-02-01", "10:00"));
        let confirming = actix_web::rt::spawn(async move { sent(&client, &path, &lines).await });
        until_waiting(&mut app.connect(), 1).await;
        held.release();
        assert_eq!(confirming.await.unwrap().expect(200)["unchanged"], 1);
    } else {
        sent(&admin, &path, &line("2030-02-01", "12:00")).await.expect(200);
    }
    let late = sent(&admin, &path, &line("2030-02-03", "11:00")).await.expect(200);
    assert_eq!(late["stale"], 1, "what was so at noon is not undone by eleven o'clock's: {late}");
}
