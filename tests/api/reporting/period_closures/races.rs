//! Writers and closings that meet: PostgreSQL has many writers at once.

use diesel::prelude::*;
use serde_json::json;

use super::{CLOSURES, close, closing, differences, filed, line, snapshot, told};
use crate::support::TestApp;
use crate::support::database::Backend;
use crate::tell;
use crate::tthc::RETURNS;

tell![
    a_write_that_races_the_closing_is_kept_or_refused,
    a_write_of_what_ended_waits_for_the_closing_of_whose_it_is_now,
    writers_do_not_wait_for_each_other_nor_for_another_branch,
];

/// Runs SQL in a transaction that stays open.
fn begun(app: &TestApp) -> kernel::db::DbConn {
    let mut conn = app.connect();
    diesel::sql_query("BEGIN").execute(&mut conn).unwrap();
    conn
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    waiting: i64,
}

/// Goes on when so many transactions wait for a lock.
async fn until_waiting(app: &TestApp, count: i64) {
    let mut watcher = app.connect();
    let waiting = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted AND locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while diesel::sql_query(waiting).get_result::<Waiting>(&mut watcher).unwrap().waiting < count {
        tokio::task::yield_now().await;
    }
}

/// Holds the lock of a return of this unit, as a write that has not committed yet.
fn write_under_way(conn: &mut kernel::db::DbConn, period: &str, unit: &str) {
    let lock = format!(
        "SELECT pg_advisory_xact_lock_shared(hashtext('period_closures'), hashtext('{period}{unit}') & 255)"
    );
    diesel::sql_query(lock).execute(conn).unwrap();
}

/// The place of a unit and period among the locks of closings.
fn place(app: &TestApp, period: &str, code: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        place: i64,
    }
    let unit = app.unit(code, "2024-06-30");
    let place = format!("SELECT (hashtext('{period}{unit}') & 255)::bigint AS place");
    diesel::sql_query(place).get_result::<Place>(&mut app.connect()).unwrap().place
}

async fn a_write_that_races_the_closing_is_kept_or_refused(app: TestApp) {
    if app.backend != Backend::Postgres {
        // SQLite has one writer: a write is before a closing or after it.
        return;
    }
    let period = app.period("half", "2024-H1").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    let draft = admin.post(RETURNS, &line(&app, "31429", 40)).await.expect(201);
    let district = app.unit("934", "2024-06-30");

    // A submission is under way: it holds its lock, and has changed its row but not committed.
    let mut writer = begun(&app);
    write_under_way(&mut writer, period, &district);
    let submission = format!(
        "UPDATE processing_returns SET state = 'submitted', version = 2 WHERE id = '{}'",
        draft["id"].as_str().unwrap()
    );
    diesel::sql_query(submission).execute(&mut writer).unwrap();
    let (closer, body) = (admin.clone(), closing("934", "subtree"));
    let closed = actix_web::rt::spawn(async move { closer.post(CLOSURES, &body).await.expect(201) });
    until_waiting(&app, 1).await;
    // A write that comes after the closing has been asked for waits for it, and is refused.
    let (late, body) = (admin.clone(), line(&app, "31420", 55));
    let refused =
        actix_web::rt::spawn(async move { late.post(RETURNS, &body).await.problem(409, "period-closed") });
    until_waiting(&app, 2).await;
    diesel::sql_query("COMMIT").execute(&mut writer).unwrap();
    let closure = closed.await.unwrap();
    refused.await.unwrap();
    let kept = snapshot(&admin, &closure, "scope=subtree").await;
    assert_eq!(kept["totals"]["received_total"], 40, "what was under way is in the snapshot");
    assert_eq!(told(&differences(&admin, &closure, "scope=subtree").await), Vec::<String>::new());
}

async fn a_write_of_what_ended_waits_for_the_closing_of_whose_it_is_now(app: TestApp) {
    if app.backend != Backend::Postgres {
        return;
    }
    let period = app.period("year", "2025").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    for code in ["31396", "92"] {
        let unit = app.unit(code, "2025-12-31");
        // A closing of the unit is under way: it holds its lock alone.
        let mut closer = begun(&app);
        let lock = format!(
            "SELECT pg_advisory_xact_lock(hashtext('period_closures'), hashtext('{period}{unit}') & 255)"
        );
        diesel::sql_query(lock).execute(&mut closer).unwrap();
        let line = json!({"org_unit_code": "31429", "period_code": "2025", "handling_level": "commune",
            "field": code, "received_online": 4, "resolved_early": 4});
        let writer = admin.clone();
        let written = actix_web::rt::spawn(async move { writer.post(RETURNS, &line).await.expect(201) });
        until_waiting(&app, 1).await;
        diesel::sql_query("ROLLBACK").execute(&mut closer).unwrap();
        written.await.unwrap();
    }
}

async fn writers_do_not_wait_for_each_other_nor_for_another_branch(app: TestApp) {
    if app.backend != Backend::Postgres {
        return;
    }
    let period = app.period("half", "2024-H1").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    // A write of a commune is under way in each of two districts.
    let mut writer = begun(&app);
    for code in ["31429", "934", "93"] {
        write_under_way(&mut writer, period, &app.unit(code, "2024-06-30"));
    }
    filed(&admin, &line(&app, "31429", 3)).await;
    filed(&admin, &line(&app, "31420", 4)).await;
    // Another district closes meanwhile: one that does not share its lock with these by chance.
    let held = ["31429", "934", "93"].map(|code| place(&app, period, code));
    let others = ["930", "931", "932", "933", "935"];
    let other = others.into_iter().find(|code| !held.contains(&place(&app, period, code))).unwrap();
    assert_eq!(close(&admin, other, "subtree").await["number"], 1);
    // Its province waits for the write in its branch.
    let (closer, body) = (admin.clone(), closing("93", "subtree"));
    let closed = actix_web::rt::spawn(async move { closer.post(CLOSURES, &body).await.expect(201) });
    until_waiting(&app, 1).await;
    diesel::sql_query("ROLLBACK").execute(&mut writer).unwrap();
    closed.await.unwrap();
    admin.post(RETURNS, &line(&app, "31429", 3)).await.problem(409, "period-closed");
}
