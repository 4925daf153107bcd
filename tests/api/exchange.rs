//! The change feed, as a system follows it that keeps a copy.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::database::Backend;
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

tell![
    a_copy_follows_every_change_in_order,
    a_reader_that_waits_is_told_at_once,
    nobody_waits_for_a_service_that_stops,
    a_feed_tells_of_nothing_out_of_reach,
    kinds_and_units_are_chosen,
    a_feed_of_units_is_one_of_exactly_these,
    a_token_is_nobodys_invention,
    a_feed_forgets_after_its_time,
    a_transaction_that_commits_late_is_not_skipped,
    a_sequencer_killed_between_two_positions_loses_none,
    versions_rise_also_where_large_batches_overtake_each_other,
    a_token_from_before_a_restore_has_expired,
    whoever_no_longer_sees_a_record_is_told_that_it_is_gone,
    both_units_of_a_dossier_are_told_of_it,
];

pub const CHANGES: &str = "/api/v1/exchange/changes";
const PERIODS: &str = "/api/v1/reporting/periods";
const RETURNS: &str = "/api/v1/tthc/processing-returns";

async fn changes(client: &Client, query: &str) -> Value {
    client.get(&format!("{CHANGES}?{query}")).await.expect(200)
}

async fn now(client: &Client) -> String {
    changes(client, "since=now").await["next_since"].as_str().unwrap().to_owned()
}

/// `kind type version` of each change.
fn told(changes: &Value) -> Vec<String> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = changes["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| format!("{} {} {}", text(item, "kind"), text(item, "type"), item["version"]))
        .collect()
}

fn year(code: &str) -> Value {
    json!({"code": code, "kind": "year", "starts_on": format!("{code}-01-01"), "ends_on": format!("{code}-12-31")})
}

async fn a_copy_follows_every_change_in_order(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let mut since = now(&admin).await;
    let made = admin.post(PERIODS, &year("2031")).await;
    let (path, etag) = (made.header("location"), made.etag());
    let etag = admin.patch(&path, &etag, &json!({"submit_by": "2032-01-10"})).await.etag();
    assert_eq!(admin.delete(&path, &etag).await.status, 204);
    if app.backend == Backend::Postgres {
        assert_eq!(changes(&admin, &format!("since={since}")).await["items"], json!([]), "not sealed yet");
    }
    app.seal().await;

    let mut seen = Vec::new();
    loop {
        let page = changes(&admin, &format!("limit=1&since={since}")).await;
        seen.extend(told(&page));
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["href"], path);
        }
        since = page["next_since"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, ["create period 1", "update period 2", "delete period 3"]);
    let nothing = changes(&admin, &format!("since={since}")).await;
    assert_eq!((&nothing["items"], &nothing["next_since"]), (&json!([]), &json!(since)));
    let all = changes(&admin, "types=period").await;
    assert_eq!(told(&all), seen, "from the beginning when no token is given");
}

async fn a_reader_that_waits_is_told_at_once(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let since = now(&admin).await;
    let began = std::time::Instant::now();
    let path = format!("wait=20&since={since}");
    let waiting = changes(&admin, &path);
    let writing = async {
        admin.post(PERIODS, &year("2031")).await.expect(201);
        app.seal().await;
    };
    let (change, ()) = tokio::join!(waiting, writing);
    assert_eq!(told(&change), ["create period 1"]);
    assert!(began.elapsed().as_secs() < 15, "it did not wait to the end");
}

async fn nobody_waits_for_a_service_that_stops(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let since = now(&admin).await;
    let began = std::time::Instant::now();
    let path = format!("{CHANGES}?wait=20&since={since}");
    let waiting = admin.get(&path);
    let stopping = async {
        // The next request is served after the one that waits was taken.
        admin.get(PERIODS).await.expect(200);
        app.state.set_stopping();
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    assert!([200, 503].contains(&answer.status), "{}", answer.status);
    assert!(began.elapsed().as_secs() < 15);
}

async fn a_feed_tells_of_nothing_out_of_reach(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let one = app.person("xa.hiephung", "editor", "31396").await;
    let province = app.person("tp.cantho", "admin", "92").await;
    app.seal().await;
    let since = now(&admin).await;
    for code in ["31396", "31399"] {
        let line = json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune"});
        admin.post(RETURNS, &line).await.expect(201);
    }
    admin.post(PERIODS, &year("2031")).await.expect(201);
    let user = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD,
        "org_unit_code": "31396"});
    admin.post("/api/v1/admin/users", &user).await.expect(201);
    app.seal().await;

    let query = format!("since={since}");
    let seen = changes(&one, &query).await;
    assert_eq!(told(&seen), ["create processing_return 1", "create period 1"], "its own, and reference data");
    assert_eq!(seen["items"][0]["org_unit_id"], app.unit("31396", "2026-11-23"));
    let seen = told(&changes(&province, &query).await);
    assert_eq!(
        seen,
        ["create processing_return 1", "create processing_return 1", "create period 1", "create user 1"]
    );
    assert_eq!(told(&changes(&admin, &query).await), seen);
    one.get(&format!("{CHANGES}?types=user")).await.problem(403, "forbidden");
    app.anonymous().get(CHANGES).await.problem(401, "unauthorized");
}

async fn kinds_and_units_are_chosen(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    for code in ["31396", "31399"] {
        let line = json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune"});
        admin.post(RETURNS, &line).await.expect(201);
    }
    app.seal().await;
    let both = changes(&admin, "types=period,processing_return").await;
    assert_eq!(told(&both), ["create period 1", "create processing_return 1", "create processing_return 1"]);
    let unit = app.unit("31399", "2026-11-23");
    let of_unit = changes(&admin, &format!("types=processing_return,period&org_unit_id={unit}")).await;
    assert_eq!(told(&of_unit), ["create processing_return 1"]);
    let faults = admin.get(&format!("{CHANGES}?types=period,colour&limit=0&wait=61")).await;
    let mut faults = faults.faults(400, "invalid-parameter");
    faults.sort();
    assert_eq!(faults, ["/types"], "what cannot be read is told first");
}

async fn a_feed_of_units_is_one_of_exactly_these(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    app.seal().await;
    let all = now(&admin).await;
    for code in ["31396", "31399", "92"] {
        let level = if code == "92" { "province" } else { "commune" };
        let line = json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": level});
        admin.post(RETURNS, &line).await.expect(201);
    }
    app.seal().await;
    let codes = async |query: &str| -> Vec<String> {
        let page = changes(&admin, &format!("types=processing_return&since={all}&{query}")).await;
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["org_unit_code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("org_unit_code=31399").await, ["31399"]);
    assert_eq!(codes(&format!("org_unit_id={}", app.unit("31396", "2026-11-23"))).await, ["31396"]);
    assert_eq!(codes("org_unit_code=92").await, ["92"], "the unit alone when no scope is given");
    for scope in ["children", "subtree"] {
        let told = codes(&format!("org_unit_code=92&scope={scope}")).await;
        assert_eq!(told, ["31396", "31399", "92"], "{scope}");
    }
    let page = changes(&admin, &format!("types=processing_return&since={all}&org_unit_code=31399")).await;
    assert_eq!(page["items"][0]["org_unit_id"], app.unit("31399", "2026-11-23"));
    assert!(page["items"][0]["org_unit_name"].as_str().unwrap().starts_with("Xã"), "{page}");

    // Codes are read on the day asked for, and a unit that has ended names its successors.
    let district = changes(&admin, "types=processing_return&org_unit_code=934&as_of=2024-06-30").await;
    assert_eq!(district["items"], json!([]));
    let gone = admin.get(&format!("{CHANGES}?org_unit_code=934")).await.problem(422, "unit-not-in-force");
    assert_eq!(gone["successors"].as_array().map(Vec::len), Some(7));
    let twice = admin.get(&format!("{CHANGES}?org_unit_code=92&org_unit_identifier=H13")).await;
    assert_eq!(twice.faults(422, "invalid"), ["/org_unit_code"]);

    // The token of some units holds for these alone.
    let below = "org_unit_code=92&scope=subtree";
    let followed = changes(&admin, &format!("{below}&since={all}")).await;
    let token = followed["next_since"].as_str().unwrap();
    assert_eq!(changes(&admin, &format!("{below}&since={token}")).await["items"], json!([]));
    let by_id = format!("org_unit_id={}&scope=subtree&since={token}", app.unit("92", "2026-11-23"));
    assert_eq!(changes(&admin, &by_id).await["items"], json!([]), "whatever they are named by");
    for other in ["", "org_unit_code=92&", "org_unit_code=31396&"] {
        admin.get(&format!("{CHANGES}?{other}since={token}")).await.problem(410, "changes-expired");
    }
    // A unit that comes to them may have written before.
    let agency = json!({"name": "Sở Nội vụ", "kind": "specialised_agency", "code": "SNV", "parent_code": "92",
        "valid_from": "2026-01-01"});
    admin.post("/api/v1/organization/org-units", &agency).await.expect(201);
    app.seal().await;
    admin.get(&format!("{CHANGES}?{below}&since={token}")).await.problem(410, "changes-expired");
    changes(&admin, &format!("{below}&since=now")).await;
    changes(&admin, &format!("org_unit_code=92&as_of=2026-11-23&since={all}")).await;
}

async fn a_token_is_nobodys_invention(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let token = now(&admin).await;
    let mut forged: Vec<char> = token.chars().collect();
    forged[12] = if forged[12] == 'A' { 'B' } else { 'A' };
    for forged in [forged.into_iter().collect::<String>(), "AAAA".into(), "0".into()] {
        admin.get(&format!("{CHANGES}?since={forged}")).await.problem(422, "invalid-cursor");
    }
}

async fn a_feed_forgets_after_its_time(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let old = now(&admin).await;
    admin.post(PERIODS, &year("2031")).await.expect(201);
    app.seal().await;
    let quiet = now(&admin).await;
    app.pass(366 * 86_400);
    let admin = app.sign_in(crate::support::app::ADMIN).await;
    admin.get(&format!("{CHANGES}?since={old}")).await.problem(410, "changes-expired");
    let nothing = changes(&admin, &format!("types=period&since={quiet}")).await;
    assert_eq!(nothing["items"], json!([]), "nothing was missed in a quiet year");
    admin.post(PERIODS, &year("2032")).await.expect(201);
    app.seal().await;
    assert_eq!(told(&changes(&admin, "types=period").await), ["create period 1"], "what is kept");
    assert_eq!(told(&changes(&admin, &format!("types=period&since={quiet}")).await), ["create period 1"]);
}

/// A journal entry in a transaction that stays open.
const HELD: [&str; 2] = [
    "INSERT INTO journal (id, recorded_at, actor_kind, actor_id, request_id, action, record_type, \
     record_id, record_version, content) VALUES ('0190a8c0-0000-7000-8000-000000000001', 1795410000000000, 'operator', 'test', \
     '', 'create', 'period', 'giao-dich-cham', 1, '{}')",
    "INSERT INTO unsealed_entries VALUES (1795410000000000, '0190a8c0-0000-7000-8000-000000000001')",
];

async fn a_transaction_that_commits_late_is_not_skipped(app: TestApp) {
    if app.backend != Backend::Postgres {
        // SQLite has one writer: no transaction commits while another is open.
        return;
    }
    let admin = app.admin().await;
    app.seal().await;
    let mut since = now(&admin).await;
    let mut late = app.connect();
    diesel::sql_query("BEGIN").execute(&mut late).unwrap();
    for statement in HELD {
        diesel::sql_query(statement).execute(&mut late).unwrap();
    }
    for code in ["2031", "2032", "2033"] {
        admin.post(PERIODS, &year(code)).await.expect(201);
        app.seal().await;
        let page = changes(&admin, &format!("since={since}")).await;
        assert_eq!(told(&page), ["create period 1"]);
        since = page["next_since"].as_str().unwrap().to_owned();
    }
    diesel::sql_query("COMMIT").execute(&mut late).unwrap();
    app.seal().await;
    let page = changes(&admin, &format!("since={since}")).await;
    assert_eq!(page["items"][0]["id"], "giao-dich-cham", "begun first, told when it was committed: {page}");
}

#[derive(QueryableByName)]
struct Killed {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    killed: i64,
}

async fn a_sequencer_killed_between_two_positions_loses_none(app: TestApp) {
    if app.backend != Backend::Postgres {
        // SQLite's sequencer lives in the one process; the durability script kills that.
        return;
    }
    let admin = app.admin().await;
    app.seal().await;
    let since = now(&admin).await;
    for code in 2031..2041 {
        admin.post(PERIODS, &year(&code.to_string())).await.expect(201);
    }
    // The sequencer has numbered all ten entries when it meets the mark of the tenth, which someone holds.
    let mut holder = app.connect();
    diesel::sql_query("BEGIN").execute(&mut holder).unwrap();
    let last =
        "SELECT entry_id FROM unsealed_entries ORDER BY recorded_at DESC, entry_id DESC LIMIT 1 FOR UPDATE";
    diesel::sql_query(last).execute(&mut holder).unwrap();
    let state = app.state.clone();
    let sealing = actix_web::rt::spawn(async move { state.seal().await });
    let mut killer = app.connect();
    let kill = "SELECT count(pg_terminate_backend(pid)) AS killed FROM pg_stat_activity \
         WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    while diesel::sql_query(kill).get_result::<Killed>(&mut killer).unwrap().killed == 0 {
        tokio::task::yield_now().await;
    }
    assert!(sealing.await.unwrap().is_err(), "the sequencer was killed");
    diesel::sql_query("ROLLBACK").execute(&mut holder).unwrap();
    assert_eq!(changes(&admin, &format!("since={since}")).await["items"], json!([]), "nothing half numbered");

    app.seal().await;
    let page = changes(&admin, &format!("since={since}")).await;
    assert_eq!(told(&page).len(), 10);
    let positions: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| item["position"].as_i64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{positions:?}");
}

async fn versions_rise_also_where_large_batches_overtake_each_other(app: TestApp) {
    let admin = app.admin().await;
    app.seal().await;
    let mut since = now(&admin).await;
    let path = format!("{PERIODS}/batch?on_conflict=update");
    let write = async |submit_by: &str| {
        let mut lines = crate::batch::months(2_500);
        lines.iter_mut().for_each(|line| line["submit_by"] = json!(submit_by));
        admin.post(&path, &json!(lines)).await.expect(200);
    };
    write("2030-02-01").await;
    app.pass(20);
    write("2030-02-02").await;
    // This one began ten seconds before the one above, and commits behind it.
    app.pass(-10);
    write("2030-02-03").await;
    app.pass(10);
    app.seal().await;
    let mut versions: std::collections::HashMap<String, Vec<i64>> = std::collections::HashMap::new();
    loop {
        let page = changes(&admin, &format!("types=period&limit=1000&since={since}")).await;
        for item in page["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            versions.entry(id).or_default().push(item["version"].as_i64().unwrap());
        }
        since = page["next_since"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(versions.len(), 2_500);
    let inverted = versions.values().filter(|versions| **versions != [1, 2, 3]).count();
    assert_eq!(inverted, 0, "of so many records a later version was told before an earlier one");
    let verdict = kernel::audit::chain::verify(&mut app.connect()).unwrap();
    assert!(matches!(verdict, kernel::audit::chain::Verdict::Sound { .. }), "{verdict:?}");
}

async fn a_token_from_before_a_restore_has_expired(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PERIODS, &year("2031")).await.expect(201);
    app.seal().await;
    let kept = now(&admin).await;
    let file = crate::backup::taken(&app.database);
    for code in ["2032", "2033"] {
        admin.post(PERIODS, &year(code)).await.expect(201);
    }
    app.seal().await;
    let lost = now(&admin).await;

    let copy = crate::backup::restored_with_keys(&app, &file).await;
    let admin = copy.admin().await;
    admin.get(&format!("{CHANGES}?since={lost}")).await.problem(410, "changes-expired");
    for code in ["2034", "2035", "2036"] {
        admin.post(PERIODS, &year(code)).await.expect(201);
    }
    copy.seal().await;
    admin.get(&format!("{CHANGES}?since={lost}")).await.problem(410, "changes-expired");
    let page = changes(&admin, &format!("types=period&since={kept}")).await;
    assert_eq!(told(&page), ["create period 1"; 3], "what was told before the backup still holds");
}

async fn whoever_no_longer_sees_a_record_is_told_that_it_is_gone(app: TestApp) {
    let admin = app.admin().await;
    let one = app.person("xa.hiephung", "admin", "31396").await;
    let other = app.person("xa.tanbinh", "admin", "31399").await;
    app.seal().await;
    let since = now(&admin).await;
    let user = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD,
        "org_unit_code": "31396"});
    let made = admin.post("/api/v1/admin/users", &user).await;
    let (path, etag) = (made.header("location"), made.etag());
    let units = ["31396", "31399"].map(|code| app.unit(code, "2026-11-23"));
    let moved = admin.patch(&path, &etag, &json!({"org_unit_id": units[1]})).await;
    let etag = moved.etag();
    moved.expect(200);
    admin.patch(&path, &etag, &json!({"active": false})).await.expect(200);
    app.seal().await;

    let query = format!("types=user&since={since}");
    let seen = changes(&one, &query).await;
    assert_eq!(
        told(&seen),
        ["create user 1", "delete user 2"],
        "what it does there is nobody's business here"
    );
    assert_eq!(seen["items"][1]["org_unit_id"], units[0], "nor where it went");
    one.get(&path).await.problem(404, "not-found");
    assert_eq!(told(&changes(&other, &query).await), ["update user 2", "update user 3"]);
    assert_eq!(told(&changes(&admin, &query).await), ["create user 1", "update user 2", "update user 3"]);
    let of_unit = changes(&admin, &format!("{query}&org_unit_id={}", units[0])).await;
    assert_eq!(told(&of_unit), ["create user 1", "delete user 2"]);

    let (mut pages, mut at) = (Vec::new(), since);
    loop {
        let page = changes(&one, &format!("types=user&limit=1&since={at}")).await;
        pages.extend(told(&page));
        at = page["next_since"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(pages, ["create user 1", "delete user 2"], "nothing is skipped, and nothing told twice");
}

async fn both_units_of_a_dossier_are_told_of_it(app: TestApp) {
    let admin = catalogue(&app).await;
    let receiver = app.person("xa.hiephung", "editor", "31396").await;
    let resolver = app.person("xa.tanbinh", "editor", "31399").await;
    let other = app.person("xa.hoaan", "editor", "31393").await;
    let made =
        admin.post(DOSSIERS, &with(dossier(1), json!({"resolving_unit_code": "31399"}))).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    app.seal().await;
    for unit in [&receiver, &resolver] {
        assert_eq!(told(&changes(unit, "types=dossier").await), ["create dossier 1"]);
    }
    assert!(told(&changes(&other, "types=dossier").await).is_empty());
    let of = |code: &str| format!("types=dossier&org_unit_code={code}");
    assert_eq!(
        told(&changes(&admin, &of("31396")).await),
        ["create dossier 1"],
        "also where a unit is asked for"
    );
    assert!(told(&changes(&admin, &of("31393")).await).is_empty());
    let mut since = Vec::new();
    for unit in [&receiver, &resolver, &other] {
        since.push(now(unit).await);
    }
    let to = json!({"org_unit_code": "31393", "at": "2026-11-16T01:00:00Z"});
    admin.post(&format!("{path}/transfers"), &to).await.expect(200);
    app.seal().await;
    let wanted = ["update dossier 2", "delete dossier 2", "update dossier 2"];
    for ((unit, since), wanted) in [&receiver, &resolver, &other].into_iter().zip(since).zip(wanted) {
        let told = told(&changes(unit, &format!("types=dossier&since={since}")).await);
        assert_eq!(told, [wanted], "who received it keeps it, who had it to resolve does not");
    }
    let verdict = app.state.db.read(kernel::audit::chain::verify).await.unwrap();
    assert!(matches!(verdict, kernel::audit::chain::Verdict::Sound { .. }), "{verdict:?}");
}
