//! Since when every dossier of a unit is kept as a record.

use kernel::tree::{OrgTree, OrgUnitId, UnitKind, UnitVersion};
use serde_json::{Value, json};
use tthc::record_declarations::declared_since;

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_unit_declares_once_and_moves_the_day,
    the_day_has_come_and_the_unit_exists_on_it,
    a_withdrawn_declaration_makes_room_for_another,
    the_unit_names_a_declaration,
    an_editor_declares_for_the_own_unit_alone,
    lists_follow_the_tree_and_come_in_both_orders,
    forms_learn_what_is_declared_of_many_units_at_once,
    a_unit_that_has_declared_is_not_deleted,
];

const DECLARATIONS: &str = "/api/v1/tthc/record-declarations";

fn declaration(code: &str, since: &str) -> Value {
    json!({"org_unit_code": code, "records_complete_since": since})
}

async fn listed(client: &Client, query: &str) -> Vec<(String, String)> {
    let list = client.get(&format!("{DECLARATIONS}{query}")).await.expect(200);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "org_unit_code"), text(item, "records_complete_since"))).collect()
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(code, since)| ((*code).to_owned(), (*since).to_owned())).collect()
}

async fn a_unit_declares_once_and_moves_the_day(app: TestApp) {
    let admin = app.admin().await;
    let mut body = declaration("31396", "2026-01-01");
    body["document_number"] = json!("15/UBND-VP");
    let made = admin.post(DECLARATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(made["org_unit_id"], app.unit("31396", "2026-11-23"));
    assert_eq!(
        (&made["org_unit_name"], &made["document_number"], &made["note"], &made["version"]),
        (&json!("Xã Hiệp Hưng"), &json!("15/UBND-VP"), &Value::Null, &json!(1))
    );
    admin.post(DECLARATIONS, &declaration("31396", "2026-04-01")).await.problem(409, "duplicate");
    let moved = admin.patch(&place, &etag, &json!({"records_complete_since": "2026-04-01"})).await;
    let etag = moved.etag();
    let moved = moved.expect(200);
    assert_eq!(
        (&moved["records_complete_since"], &moved["document_number"], &moved["version"]),
        (&json!("2026-04-01"), &json!("15/UBND-VP"), &json!(2))
    );
    let replaced = admin.put(&place, &etag, &declaration("31396", "2025-07-01")).await.expect(200);
    assert_eq!(
        (&replaced["records_complete_since"], &replaced["document_number"]),
        (&json!("2025-07-01"), &Value::Null)
    );

    // However a line names the unit, it is the unit's one declaration.
    let by_id = json!({"org_unit_id": made["org_unit_id"], "records_complete_since": "2026-02-01"});
    let upsert = format!("{DECLARATIONS}/batch?on_conflict=update");
    let report = admin.post(&upsert, &json!([by_id, declaration("31399", "2026-01-01")])).await.expect(200);
    assert_eq!((&report["updated"], &report["created"]), (&json!(1), &json!(1)), "{report}");
    let twice = json!([by_id, declaration("31396", "2026-03-01")]);
    admin.post(&upsert, &twice).await.problem(409, "duplicate");
    let twins = json!([declaration("31420", "2026-01-01"), declaration("31420", "2026-02-01")]);
    let report = admin.post(&format!("{DECLARATIONS}/batch?mode=partial"), &twins).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
}

async fn the_day_has_come_and_the_unit_exists_on_it(app: TestApp) {
    let admin = app.admin().await;
    let code = |answer: &Value| answer["errors"][0]["code"].clone();
    let tomorrow = admin.post(DECLARATIONS, &declaration("31396", "2026-11-24")).await;
    assert_eq!(code(&tomorrow.json()), "in_future");
    assert_eq!(tomorrow.faults(422, "invalid"), ["/records_complete_since"]);
    let today = admin.post(DECLARATIONS, &declaration("31396", "2026-11-23")).await;
    let (place, etag) = (today.header("location"), today.etag());
    let commune = today.expect(201)["org_unit_id"].clone();
    let moved = admin.patch(&place, &etag, &json!({"records_complete_since": "2026-11-24"})).await;
    assert_eq!(moved.faults(422, "invalid"), ["/records_complete_since"]);

    // Hiệp Hưng is a commune since 1 July 2025; the district of Phụng Hiệp ended on that day.
    let early = admin.patch(&place, &etag, &json!({"records_complete_since": "2025-06-30"})).await;
    assert_eq!(code(&early.json()), "not_in_force");
    assert_eq!(early.faults(422, "invalid"), ["/records_complete_since"]);
    admin.patch(&place, &etag, &json!({"records_complete_since": "2025-07-01"})).await.expect(200);
    let district = app.unit("934", "2024-06-30");
    let ended = |since: &str| json!({"org_unit_id": district, "records_complete_since": since});
    let late = admin.post(DECLARATIONS, &ended("2025-07-01")).await;
    assert_eq!(code(&late.json()), "not_in_force");
    assert_eq!(late.faults(422, "invalid"), ["/org_unit_id"]);
    let unknown = admin.post(DECLARATIONS, &declaration("934", "2025-07-01")).await;
    assert_eq!(unknown.faults(422, "invalid"), ["/org_unit_code"]);
    let made = admin.post(DECLARATIONS, &ended("2025-06-30")).await.expect(201);
    assert_eq!(made["org_unit_name"], "Huyện Phụng Hiệp");

    // A code means the unit that bears it on the day of the declaration.
    let then = admin.post(DECLARATIONS, &declaration("31420", "2024-01-01")).await.expect(201);
    let now = admin.post(DECLARATIONS, &declaration("31420", "2026-01-01")).await.expect(201);
    assert_eq!(
        (&then["org_unit_name"], &now["org_unit_name"]),
        (&json!("Xã Hòa Mỹ"), &json!("Xã Phụng Hiệp"))
    );
    let both =
        json!({"org_unit_id": commune, "org_unit_code": "31396", "records_complete_since": "2026-01-01"});
    assert_eq!(admin.post(DECLARATIONS, &both).await.faults(422, "invalid"), ["/org_unit_code"]);
}

async fn a_withdrawn_declaration_makes_room_for_another(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(DECLARATIONS, &declaration("31396", "2026-01-01")).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    admin.get(&place).await.problem(404, "not-found");
    assert_eq!(listed(&admin, "").await, of(&[]));
    let again = admin.post(DECLARATIONS, &declaration("31396", "2026-04-01")).await;
    assert_ne!(again.header("location"), place);
    again.expect(201);
    assert_eq!(listed(&admin, "?org_unit_code=31396").await, of(&[("31396", "2026-04-01")]));
}

async fn the_unit_names_a_declaration(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(DECLARATIONS, &declaration("31396", "2026-01-01")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let other = admin.put(&place, &etag, &declaration("31399", "2026-01-01")).await;
    assert_eq!(other.json()["errors"][0]["code"], "names_the_declaration");
    assert_eq!(other.faults(422, "invalid"), ["/org_unit_code"]);
    let patched = admin.patch(&place, &etag, &json!({"org_unit_code": "31399"})).await;
    assert_eq!(patched.faults(400, "wrong-shape"), ["/org_unit_code"]);
}

async fn an_editor_declares_for_the_own_unit_alone(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let body = declaration("31396", "2026-01-01");
    assert_eq!(other.post(DECLARATIONS, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    reviewer.post(DECLARATIONS, &body).await.problem(403, "forbidden");
    let made = editor.post(DECLARATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let theirs = declaration("31399", "2026-02-01");
    other.post(DECLARATIONS, &theirs).await.expect(201);

    other.get(&place).await.problem(404, "not-found");
    other.patch(&place, &etag, &json!({"note": "x"})).await.problem(404, "not-found");
    other.delete(&place, &etag).await.problem(404, "not-found");
    let upsert = format!("{DECLARATIONS}/batch?on_conflict=update");
    assert_eq!(other.post(&upsert, &json!([body])).await.faults(403, "forbidden"), ["/0/org_unit_code"]);
    reviewer.get(&place).await.expect(200);
    reviewer.delete(&place, &etag).await.problem(403, "forbidden");
    assert_eq!(listed(&editor, "").await, of(&[("31396", "2026-01-01")]));
    assert_eq!(listed(&editor, "?org_unit_code=31399").await, of(&[]));
    assert_eq!(listed(&other, "?org_unit_code=92&scope=subtree").await, of(&[("31399", "2026-02-01")]));
    let both = of(&[("31396", "2026-01-01"), ("31399", "2026-02-01")]);
    assert_eq!(listed(&reviewer, "").await, both);

    assert_eq!(editor.delete(&place, &etag).await.status, 204);
    app.seal().await;
    let feed = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=record_declaration").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((feed(&editor).await, feed(&other).await, feed(&reviewer).await), (2, 1, 3));
}

async fn lists_follow_the_tree_and_come_in_both_orders(app: TestApp) {
    let admin = app.admin().await;
    let declared = [
        ("31396", "2026-03-01"),
        ("31399", "2026-01-01"),
        ("31420", "2026-02-01"),
        ("934", "2024-01-01"),
        ("31429", "2024-03-01"),
    ];
    let lines: Vec<Value> = declared.iter().map(|(code, since)| declaration(code, since)).collect();
    let report = admin.post(&format!("{DECLARATIONS}/batch"), &json!(lines)).await.expect(200);
    assert_eq!(report["created"], 5, "{report}");
    let now = [("31399", "2026-01-01"), ("31420", "2026-02-01"), ("31396", "2026-03-01")];
    let then = [("934", "2024-01-01"), ("31429", "2024-03-01")];
    assert_eq!(listed(&admin, "").await, of(&[&then[..], &now].concat()));
    assert_eq!(listed(&admin, "?org_unit_code=92&scope=subtree").await, of(&now));
    assert_eq!(listed(&admin, "?org_unit_code=92&scope=children").await, of(&now));
    assert_eq!(listed(&admin, "?org_unit_code=92").await, of(&[]));
    assert_eq!(listed(&admin, "?org_unit_code=934&as_of=2024-06-30&scope=children").await, of(&then));
    admin.get(&format!("{DECLARATIONS}?org_unit_code=934")).await.problem(422, "unit-not-in-force");

    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    for client in [&admin, &reviewer] {
        let mut backwards = Vec::new();
        let mut query = "?sort=-records_complete_since&limit=2&include_total=true".to_owned();
        loop {
            let page = client.get(&format!("{DECLARATIONS}{query}")).await.expect(200);
            assert_eq!(page["total"], 5);
            backwards.extend(listed(client, &query).await);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?sort=-records_complete_since&limit=2&include_total=true&cursor={cursor}");
        }
        let mut expected = of(&[&then[..], &now].concat());
        expected.reverse();
        assert_eq!(backwards, expected);
    }
}

fn commune(org_unit_id: OrgUnitId) -> UnitVersion {
    UnitVersion {
        org_unit_id,
        code: None,
        identifier: None,
        name: String::new(),
        full_name: String::new(),
        kind: UnitKind::Commune,
        unit_class: None,
        parent_id: None,
        valid_from: None,
        valid_to: None,
    }
}

async fn forms_learn_what_is_declared_of_many_units_at_once(app: TestApp) {
    let admin = app.admin().await;
    admin.post(DECLARATIONS, &declaration("31396", "2026-01-01")).await.expect(201);
    admin.post(DECLARATIONS, &declaration("31399", "2026-02-01")).await.expect(201);
    let withdrawn = admin.post(DECLARATIONS, &declaration("31420", "2026-02-01")).await;
    assert_eq!(admin.delete(&withdrawn.header("location"), &withdrawn.etag()).await.status, 204);
    let unit = |code: &str| app.unit(code, "2026-11-23").parse::<OrgUnitId>().unwrap();
    let (first, last, gone) = (unit("31396"), unit("31399"), unit("31420"));
    // More than one statement names, the declared ones at both ends.
    let others = (0..9_000).map(|_| OrgUnitId::new());
    let all: Vec<OrgUnitId> = [first, gone].into_iter().chain(others).chain([last]).collect();
    let tree = OrgTree::new(all.iter().map(|unit| commune(*unit)).collect(), Vec::new());
    let since = async |units: &[OrgUnitId]| {
        let units = tree.set(units.iter().copied());
        app.state.db.read(move |conn| declared_since(conn, &units)).await.unwrap()
    };
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(since(&all).await, [(first, day("2026-01-01")), (last, day("2026-02-01"))].into());
    assert_eq!(since(&[first, gone]).await, [(first, day("2026-01-01"))].into());
    assert_eq!(since(&[]).await, [].into());
}

async fn a_unit_that_has_declared_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let units = "/api/v1/organization/org-units";
    let hamlet =
        json!({"name": "Ấp 1", "kind": "hamlet", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post(units, &hamlet).await;
    let (path, etag) = (unit.header("location"), unit.etag());
    let id = unit.expect(201)["id"].clone();
    let body = json!({"org_unit_id": id, "records_complete_since": "2026-01-01"});
    let made = admin.post(DECLARATIONS, &body).await;
    admin.delete(&path, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&made.header("location"), &made.etag()).await.status, 204);
    assert_eq!(admin.delete(&path, &etag).await.status, 204);
}
