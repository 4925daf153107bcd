//! The journal as an inspector reads it, and as nobody can change it unseen.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use kernel::audit::chain::{Verdict, seal, verify};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_changed_entry_is_named,
    a_missing_entry_is_named_also_at_the_end,
    an_entry_that_was_taken_away_before_it_was_sealed_is_named,
    an_entry_outside_of_the_chain_is_named,
    a_link_that_tells_the_feed_something_else_is_named,
    versions_of_a_record_are_never_sealed_out_of_order,
    two_sequencers_give_no_position_twice,
    an_inspector_reads_the_entries_of_his_province_only,
    an_inspector_reads_the_entries_of_his_domains_only,
    whoever_administers_accounts_reads_what_was_done_to_them,
];

async fn five_periods(app: &TestApp) {
    for month in 1..=5 {
        app.period("month", &format!("2024-{month:02}")).await;
    }
    app.seal().await;
}

fn verdict(app: &TestApp) -> Verdict {
    verify(&mut app.connect()).expect("the journal can be read")
}

fn end(app: &TestApp) -> i64 {
    match verdict(app) {
        Verdict::Sound { sealed, .. } => sealed,
        broken => panic!("{broken:?}"),
    }
}

async fn a_changed_entry_is_named(app: TestApp) {
    five_periods(&app).await;
    let third = end(&app) - 2;
    app.connect()
        .batch_execute(&format!(
            "UPDATE journal SET content = replace(content, '2024', '2025') \
             WHERE id = (SELECT entry_id FROM journal_chain WHERE position = {third})"
        ))
        .unwrap();
    match verdict(&app) {
        Verdict::Broken { position, id, reason } => {
            assert_eq!((position, reason), (third, "the entry was changed"));
            assert!(id.is_some());
        }
        sound => panic!("{sound:?}"),
    }
}

async fn a_missing_entry_is_named_also_at_the_end(app: TestApp) {
    five_periods(&app).await;
    let last = end(&app);
    let take_out = |table: &str, entry: &str, position: i64| {
        let of_position = format!("(SELECT entry_id FROM journal_chain WHERE position = {position})");
        let taken = format!("DELETE FROM {table} WHERE {entry} = {of_position}");
        app.connect().batch_execute(&taken).unwrap();
        let missing = Verdict::Broken { position, id: None, reason: "the entry is missing" };
        assert_eq!(verdict(&app), missing, "{taken}");
    };
    take_out("journal", "id", last);
    take_out("journal", "id", last - 3);
    take_out("journal_chain", "entry_id", last - 4);
}

async fn an_entry_that_was_taken_away_before_it_was_sealed_is_named(app: TestApp) {
    five_periods(&app).await;
    let last = end(&app);
    let id = "0190a8c0-0000-7000-8000-000000000001";
    app.connect().batch_execute(&format!("INSERT INTO unsealed_entries VALUES (1, '{id}')")).unwrap();
    let reason = "an entry that waits to be sealed is missing, or sealed already";
    assert_eq!(verdict(&app), Verdict::Broken { position: last + 1, id: Some(id.to_owned()), reason });
}

async fn an_entry_outside_of_the_chain_is_named(app: TestApp) {
    five_periods(&app).await;
    let last = end(&app);
    let id = "0190a8c0-0000-7000-8000-000000000001";
    let put_in = format!(
        "INSERT INTO journal (id, recorded_at, actor_kind, actor_id, request_id, action, record_type, record_id, \
         record_version, content) VALUES ('{id}', 1, 'operator', 'test', '', 'create', 'period', 'khong-ai-ghi', 1, '{{}}')"
    );
    app.connect().batch_execute(&put_in).unwrap();
    app.seal().await;
    let reason = "an entry stands outside of the chain";
    assert_eq!(verdict(&app), Verdict::Broken { position: last + 1, id: Some(id.to_owned()), reason });
}

async fn a_link_that_tells_the_feed_something_else_is_named(app: TestApp) {
    five_periods(&app).await;
    let third = end(&app) - 2;
    let hidden = format!("UPDATE journal_chain SET record_type = 'session' WHERE position = {third}");
    app.connect().batch_execute(&hidden).unwrap();
    match verdict(&app) {
        Verdict::Broken { position, id: Some(_), reason } => {
            assert_eq!((position, reason), (third, "what the change feed tells of the entry was changed"));
        }
        other => panic!("{other:?}"),
    }
}

async fn versions_of_a_record_are_never_sealed_out_of_order(app: TestApp) {
    app.pass(-100);
    let admin = app.admin().await;
    app.pass(100);
    let period = app.period("year", "2030").await;
    let path = format!("/api/v1/reporting/periods/{}", period["id"].as_str().unwrap());
    for version in 1..=5 {
        // A clock that runs backwards, as that of another instance may.
        app.pass(-7);
        let day = format!("2031-01-{version:02}");
        admin.patch(&path, &format!("\"v{version}\""), &json!({"submit_by": day})).await.expect(200);
    }
    app.seal().await;
    let entries = admin
        .get(&format!("/api/v1/admin/audit?record_id={}", period["id"].as_str().unwrap()))
        .await
        .expect(200);
    let mut sealed: Vec<_> = entries["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["position"].as_i64().unwrap(), entry["record_version"].as_i64().unwrap()))
        .collect();
    sealed.sort_unstable();
    let versions: Vec<_> = sealed.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    end(&app);
}

async fn two_sequencers_give_no_position_twice(app: TestApp) {
    app.admin().await;
    app.seal().await;
    let before = end(&app);
    let writes = async {
        for month in 1..=12 {
            app.period("month", &format!("2025-{month:02}")).await;
        }
    };
    let sequencer = || async {
        for _ in 0..40 {
            seal(&app.state.db).await.expect("the journal can be sealed");
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writes, sequencer(), sequencer());
    app.seal().await;
    assert_eq!(end(&app), before + 12);
}

async fn an_inspector_reads_the_entries_of_his_province_only(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let line =
        json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "nil": true});
    let filed = admin.post("/api/v1/tthc/processing-returns", &line).await.expect(201);
    let entries = inspector.get("/api/v1/admin/audit?record_type=processing_return").await.expect(200);
    assert_eq!(entries["items"][0]["record_id"], filed["id"]);
    assert_eq!(entries["items"][0]["content"]["org_unit_code"], "31396");
    let periods = inspector.get("/api/v1/admin/audit?record_type=period").await.expect(200);
    assert_eq!(periods["items"], json!([]));
    let by_unit = admin
        .get(&format!(
            "/api/v1/admin/audit?record_type=processing_return&org_unit_id={}",
            filed["org_unit_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(by_unit["items"].as_array().unwrap().len(), 1);
    let of_returns = "/api/v1/admin/audit?record_type=processing_return&include_total=true";
    for (query, found) in [
        ("org_unit_code=31396", 1),
        ("org_unit_code=31399", 0),
        ("org_unit_code=92", 0),
        ("org_unit_code=92&scope=children", 1),
        ("org_unit_code=92&scope=subtree", 1),
        ("org_unit_code=934&as_of=2024-06-30&scope=subtree", 0),
    ] {
        for reader in [&admin, &inspector] {
            let entries = reader.get(&format!("{of_returns}&{query}")).await.expect(200);
            assert_eq!(
                (&entries["total"], entries["items"].as_array().map(Vec::len)),
                (&json!(found), Some(found))
            );
        }
    }
    let neighbour = app.person("thanhtra.tanbinh", "inspector", "31399").await;
    let entries = neighbour.get(&format!("{of_returns}&org_unit_code=92&scope=subtree")).await.expect(200);
    assert_eq!((&entries["total"], &entries["items"]), (&json!(0), &json!([])), "none out of reach");
    let later = admin.get("/api/v1/admin/audit?recorded_from=2026-11-24T00:00:00Z").await.expect(200);
    assert_eq!(later["items"], json!([]));
    app.person("xa.hiephung", "editor", "31396")
        .await
        .get("/api/v1/admin/audit")
        .await
        .problem(403, "forbidden");
}

/// The kinds of records of which an account reads entries, in their order.
async fn kinds(client: &Client, query: &str) -> Vec<String> {
    let (mut kinds, mut path) = (BTreeSet::new(), format!("/api/v1/admin/audit?{query}"));
    while !path.is_empty() {
        let page = client.get(&path).await;
        let link = page.header("link");
        let next = link.strip_prefix('<').and_then(|link| link.split('>').next());
        path = next.unwrap_or_default().to_owned();
        let page = page.expect(200);
        let kind = |entry: &Value| entry["record_type"].as_str().unwrap().to_owned();
        kinds.extend(page["items"].as_array().unwrap().iter().map(kind));
    }
    kinds.into_iter().collect()
}

/// A return, its attachment, an account and a closing of one commune.
async fn entries_of_every_room(app: &TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let line =
        json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "nil": true});
    let filed = admin.post("/api/v1/tthc/processing-returns", &line).await.expect(201);
    let record = format!("/api/v1/tthc/processing-returns/{}", filed["id"].as_str().unwrap());
    crate::attachments::attached(&admin, &record).await;
    let user = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD,
        "org_unit_code": "31396"});
    let user = admin.post("/api/v1/admin/users", &user).await.expect(201);
    let grant = json!({"user_id": user["id"], "role": "editor", "org_unit_code": "31396"});
    admin.post("/api/v1/admin/grants", &grant).await.expect(201);
    let hamlet =
        json!({"name": "Ấp 1", "kind": "hamlet", "parent_code": "31396", "valid_from": "2026-01-01"});
    admin.post("/api/v1/organization/org-units", &hamlet).await.expect(201);
    let closing = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "scope": "self"});
    admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
}

async fn an_inspector_reads_the_entries_of_his_domains_only(app: TestApp) {
    entries_of_every_room(&app).await;
    for (name, unit) in [("xa", "31396"), ("tinh", "92")] {
        let inspector = async |domains: &[&str]| {
            let grant = json!({"role": "inspector", "org_unit_code": unit, "domains": domains});
            app.person_with(&format!("thanhtra.{name}.{}", domains.join(".")), grant).await
        };
        let tthc = inspector(&["tthc"]).await;
        let seen = ["attachment", "processing_return"];
        assert_eq!(kinds(&tthc, "limit=1").await, seen, "{name}");
        let one = kinds(&tthc, "record_type=grant").await;
        assert_eq!(one, [""; 0], "{name}: what is asked for by its kind is no more to be seen");
        let total = tthc.get("/api/v1/admin/audit?include_total=true").await.expect(200);
        assert_eq!(total["total"], total["items"].as_array().unwrap().len(), "{name}");
        let reporting = inspector(&["reporting"]).await;
        assert_eq!(kinds(&reporting, "limit=1").await, ["period_closure"], "{name}");
        let both = inspector(&["tthc", "reporting"]).await;
        let seen = ["attachment", "period_closure", "processing_return"];
        assert_eq!(kinds(&both, "limit=1").await, seen, "{name}");
        let nothing = inspector(&["public_finance"]).await;
        assert_eq!(kinds(&nothing, "limit=1").await, [""; 0], "{name}: nothing of that room yet");
        let every = inspector(&[]).await;
        let seen = kinds(&every, "limit=1").await;
        for kind in ["attachment", "grant", "org_unit", "period_closure", "processing_return", "user"] {
            assert!(seen.contains(&kind.to_owned()), "{name}: no {kind} in {seen:?}");
        }
    }
    let country = crate::organization::root(&app);
    let grant = json!({"role": "inspector", "org_unit_id": country, "domains": ["tthc"]});
    let whole = app.person_with("thanhtra.tw", grant).await;
    assert_eq!(kinds(&whole, "limit=1").await, ["attachment", "processing_return"], "also of the country");
}

async fn whoever_administers_accounts_reads_what_was_done_to_them(app: TestApp) {
    entries_of_every_room(&app).await;
    let grant = |role: &str, domains: Value| json!({"role": role, "org_unit_code": "92", "domains": domains});
    let admin = app.person_with("qtri.tthc", grant("admin", json!(["tthc"]))).await;
    let seen = kinds(&admin, "limit=2").await;
    assert_eq!(seen[..2], ["attachment", "grant"], "{seen:?}");
    assert!(seen.contains(&"user".to_owned()) && !seen.contains(&"period_closure".to_owned()), "{seen:?}");
    let inspector = app.person_with("thanhtra.tochuc", grant("inspector", json!(["organization"]))).await;
    let seen = kinds(&inspector, "limit=2").await;
    assert!(seen.contains(&"grant".to_owned()) && seen.contains(&"org_unit".to_owned()), "{seen:?}");
    assert!(!seen.contains(&"processing_return".to_owned()), "{seen:?}");
}
