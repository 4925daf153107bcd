//! Acts by which units are merged, divided, dissolved and changed: entered once, told everywhere.

use serde_json::{Value, json};

use super::UNITS;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    three_communes_merge_by_one_act,
    an_act_and_its_successions_are_one,
    what_stands_is_taken_up_and_stays,
    what_cannot_have_been_is_refused,
    the_parts_of_a_merger_may_go_elsewhere_too,
    what_went_whole_into_one_unit_goes_into_no_other,
    acts_of_one_batch_see_each_other,
    an_agency_is_dissolved_and_opened_again_unless_something_rests_on_it,
    a_unit_that_another_act_merged_is_not_opened_again,
    a_new_name_and_a_new_place_are_told_by_the_unit,
    nobody_reorganizes_his_neighbour,
];

const ACTS: &str = "/api/v1/organization/reorganizations";
const SUCCESSIONS: &str = "/api/v1/organization/successions";

/// Three communes of the city that end on 1 March 2026, and the one that begins.
async fn communes(admin: &Client) {
    for (code, name, first) in [
        ("99001", "Đông Thử", "2025-07-01"),
        ("99002", "Tây Thử", "2025-07-01"),
        ("99003", "Nam Thử", "2025-07-01"),
        ("99010", "Tân Thử", "2026-03-01"),
    ] {
        let body = json!({"name": name, "full_name": format!("Xã {name}"), "kind": "commune", "code": code,
            "parent_code": "92", "valid_from": first});
        admin.post(UNITS, &body).await.expect(201);
    }
}

fn merger() -> Value {
    json!({
        "org_unit_code": "99010", "kind": "merge", "effective_on": "2026-03-01",
        "others": [{"org_unit_code": "99001"}, {"org_unit_code": "99002"}, {"org_unit_code": "99003"}],
        "document_number": "15/NQ-UBTVQH16", "document_on": "2026-02-10",
    })
}

/// The communes of the city whose codes begin with 99.
async fn standing(admin: &Client, day: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for code in ["99001", "99002", "99003", "99010"] {
        let found = admin.get(&format!("{UNITS}?code={code}&as_of={day}")).await.expect(200);
        codes.extend(found["items"].as_array().unwrap().iter().map(|_| code.to_owned()));
    }
    codes
}

async fn successions_of(admin: &Client, code: &str) -> Vec<Value> {
    let list = admin.get(&format!("{SUCCESSIONS}?org_unit_code={code}&limit=200")).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn three_communes_merge_by_one_act(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let made = admin.post(ACTS, &merger()).await.expect(201);
    let names: Vec<&str> = made["others"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| unit["org_unit_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Xã Đông Thử", "Xã Tây Thử", "Xã Nam Thử"]);
    assert_eq!((&made["org_unit_name"], &made["remarks"]), (&json!("Xã Tân Thử"), &json!([])));
    assert_eq!(standing(&admin, "2026-02-28").await, ["99001", "99002", "99003"]);
    assert_eq!(standing(&admin, "2026-03-01").await, ["99010"]);

    let tied = successions_of(&admin, "99010").await;
    let mut ids: Vec<Value> = tied.iter().map(|row| row["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(made["succession_ids"], json!(ids));
    for row in &tied {
        assert_eq!((&row["relation"], &row["effective_on"]), (&json!("merge"), &json!("2026-03-01")));
        assert_eq!(row["legal_basis"], "15/NQ-UBTVQH16");
    }
    let commune = app.unit("99001", "2026-02-28");
    let heirs = admin.get(&format!("{UNITS}/{commune}/lineage")).await.expect(200)["heirs"].clone();
    assert_eq!(heirs[0]["code"], "99010");
    let part = admin.get(&format!("{ACTS}?taking_part={commune}")).await.expect(200);
    assert_eq!(part["items"][0]["id"], made["id"]);

    admin.post(ACTS, &merger()).await.problem(409, "duplicate");
    let again = admin.post(&format!("{ACTS}/batch?on_conflict=update"), &json!([merger()])).await.expect(200);
    assert_eq!(again["lines"][0]["outcome"], "unchanged");
    assert_eq!(successions_of(&admin, "99010").await, tied);
    let ended = admin.get(&format!("{UNITS}/{commune}?as_of=2026-02-28")).await.expect(200);
    assert_eq!((&ended["valid_to"], &ended["version"]), (&json!("2026-03-01"), &json!(2)));
}

async fn an_act_and_its_successions_are_one(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let made = admin.post(ACTS, &merger()).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let tied = successions_of(&admin, "99010").await;
    let one = format!("{SUCCESSIONS}/{}", tied[0]["id"].as_str().unwrap());
    let tag = admin.get(&one).await.etag();
    admin.patch(&one, &tag, &json!({"note": "sửa riêng"})).await.problem(409, "in-use");
    admin.delete(&one, &tag).await.problem(409, "in-use");

    for (change, member) in [
        (json!({"kind": "dissolve"}), "/kind"),
        (json!({"effective_on": "2026-03-02"}), "/effective_on"),
        (json!({"others": [{"org_unit_code": "99001"}]}), "/others"),
    ] {
        let mut body = merger();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let faults = admin.put(&place, &etag, &body).await.faults(422, "invalid");
        assert!(faults.contains(&member.to_owned()), "{member}: {faults:?}");
    }
    let document = json!({"document_number": "16/NQ-UBTVQH16", "document_on": "2026-03-10"});
    let changed = admin.patch(&place, &etag, &document).await;
    let etag = changed.etag();
    let changed = changed.expect(200);
    assert_eq!(changed["remarks"][0]["code"], "before_issue");
    let bases: Vec<Value> =
        successions_of(&admin, "99010").await.iter().map(|row| row["legal_basis"].clone()).collect();
    assert_eq!(bases, ["16/NQ-UBTVQH16"; 3], "the document is entered once");

    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    assert!(successions_of(&admin, "99010").await.is_empty());
    assert_eq!(standing(&admin, "2026-03-01").await, ["99001", "99002", "99003", "99010"]);
    admin.post(ACTS, &merger()).await.expect(201);
}

async fn what_stands_is_taken_up_and_stays(app: TestApp) {
    let admin = app.admin().await;
    let before = successions_of(&admin, "31396").await;
    assert_eq!(before.len(), 2);
    let act = json!({
        "org_unit_code": "31396", "kind": "merge", "effective_on": "2025-07-01",
        "others": [{"org_unit_code": "31396"}, {"org_unit_code": "31429"}],
        "document_number": "1668/NQ-UBTVQH15", "document_on": "2025-06-16",
    });
    let made = admin.post(ACTS, &act).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["succession_ids"].as_array().unwrap().len(), 2);
    assert_eq!(successions_of(&admin, "31396").await, before, "nothing is doubled, nothing is changed");
    let other = json!({
        "org_unit_code": "31429", "kind": "dissolve", "effective_on": "2025-07-01",
        "others": [{"org_unit_code": "31396"}],
    });
    assert_eq!(admin.post(ACTS, &other).await.faults(422, "invalid"), ["/others/0"], "it is of an act");
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    assert_eq!(successions_of(&admin, "31396").await, before);
    let former = admin.get(&format!("{UNITS}?code=31429&as_of=2025-07-01")).await.expect(200);
    assert_eq!(former["items"], json!([]), "it had ended before");
}

async fn what_cannot_have_been_is_refused(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let refused = async |change: Value| {
        let mut body = merger();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        admin.post(ACTS, &body).await.faults(422, "invalid")
    };
    assert_eq!(refused(json!({"others": []})).await, ["/others"]);
    let twice = json!([{"org_unit_code": "99001"}, {"org_unit_code": "99001"}]);
    assert_eq!(refused(json!({"others": twice})).await, ["/others/1"]);
    let itself = json!([{"org_unit_id": app.unit("99010", "2026-03-01")}]);
    assert!(refused(json!({"others": itself})).await.iter().all(|pointer| pointer == "/others/0"));
    assert_eq!(refused(json!({"others": [{"org_unit_code": "99009"}]})).await, ["/others/0/org_unit_code"]);
    let ended = json!([{"org_unit_id": app.unit("31429", "2025-06-30")}]);
    let faults = refused(json!({"others": ended})).await;
    assert!(!faults.is_empty() && faults.iter().all(|pointer| pointer == "/others/0"), "{faults:?}");
    let early = json!({"org_unit_code": null, "org_unit_id": app.unit("99010", "2026-03-01"),
        "effective_on": "2026-02-01"});
    let faults = refused(early).await;
    assert_eq!(faults, ["/others/0", "/others/1", "/others/2"], "what results is not in force yet");
    assert_eq!(refused(json!({"document_on": null})).await, ["/document_on"]);
    let begun = json!({"org_unit_code": "99001", "kind": "establish", "effective_on": "2025-08-01"});
    assert_eq!(admin.post(ACTS, &begun).await.faults(422, "invalid"), ["/effective_on"]);
    assert_eq!(standing(&admin, "2026-03-01").await, ["99001", "99002", "99003", "99010"]);
    assert_eq!(admin.get(ACTS).await.expect(200)["items"], json!([]));
}

async fn the_parts_of_a_merger_may_go_elsewhere_too(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let one = |to: &str, others: Value| json!({"org_unit_code": to, "kind": "merge", "effective_on": "2026-03-01", "others": others});
    let part = json!([{"org_unit_code": "99001", "partly": true, "keeps_records": true}]);
    admin.post(ACTS, &one("99010", part)).await.expect(201);
    let whole = one("99002", json!([{"org_unit_code": "99001"}]));
    assert_eq!(admin.post(ACTS, &whole).await.faults(422, "invalid"), ["/others/0"]);
    let rest = one("99002", json!([{"org_unit_code": "99001", "partly": true}]));
    admin.post(ACTS, &rest).await.expect(201);
    let unit = app.unit("99001", "2026-02-28");
    let tied = admin.get(&format!("{SUCCESSIONS}?predecessor_id={unit}")).await.expect(200);
    let tied = tied["items"].as_array().unwrap();
    assert!(tied.len() == 2 && tied.iter().all(|row| row["relation"] == "division"), "{tied:?}");
    assert_eq!(tied.iter().filter(|row| row["keeps_records"] == true).count(), 1);
}

async fn what_went_whole_into_one_unit_goes_into_no_other(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let merge = |to: &str, other: Value| json!({"org_unit_code": to, "kind": "merge", "effective_on": "2026-03-01", "others": [other]});
    let codes = async |act: &Value| {
        let refused = admin.post(ACTS, act).await.problem(422, "invalid");
        let code = |fault: &Value| fault["code"].as_str().unwrap().to_owned();
        refused["errors"].as_array().unwrap().iter().map(code).collect::<Vec<_>>()
    };
    admin.post(ACTS, &merge("99010", json!({"org_unit_code": "99001"}))).await.expect(201);
    let part = merge("99003", json!({"org_unit_code": "99001", "partly": true}));
    assert_eq!(codes(&part).await, ["carried_on_elsewhere"]);

    let neighbour = json!({"name": "Bắc Thử", "full_name": "Xã Bắc Thử", "kind": "commune", "code": "99020",
        "parent_code": "92", "valid_from": "2026-03-01"});
    admin.post(UNITS, &neighbour).await.expect(201);
    let kept = json!({"org_unit_code": "99002", "partly": true, "keeps_records": true});
    admin.post(ACTS, &merge("99003", kept.clone())).await.expect(201);
    assert_eq!(codes(&merge("99020", kept)).await, ["second_keeper"]);
    let rest = merge("99020", json!({"org_unit_code": "99002", "partly": true}));
    admin.post(ACTS, &rest).await.expect(201);
}

async fn acts_of_one_batch_see_each_other(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    for (day, old, new) in [("2026-03-01", "99001", "99010"), ("2025-07-01", "31429", "31396")] {
        // The second pair is tied already, by the catalogue, and an act takes it up.
        let merged = json!({"org_unit_code": new, "kind": "merge", "effective_on": day, "others": [{"org_unit_code": old}]});
        let dissolved = json!({"org_unit_code": old, "kind": "dissolve", "effective_on": day, "others": [{"org_unit_code": new}]});
        let lines = json!([merged, dissolved]);
        let report = admin.post(&format!("{ACTS}/batch?mode=partial"), &lines).await.expect(200);
        assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
        let lines = report["lines"].as_array().unwrap();
        let refused = lines.iter().find(|line| line["outcome"] == "refused").unwrap();
        assert_eq!(refused["problem"]["errors"][0]["code"], "of_another_act", "{refused}");
        let unit = app.unit(old, if day == "2026-03-01" { "2026-02-28" } else { "2025-06-30" });
        let tied = admin.get(&format!("{SUCCESSIONS}?predecessor_id={unit}")).await.expect(200);
        assert_eq!(tied["items"].as_array().unwrap().len(), 1);
    }
}

async fn an_agency_is_dissolved_and_opened_again_unless_something_rests_on_it(app: TestApp) {
    let admin = app.admin().await;
    let agency = async |code: &str, first: &str| {
        let body = json!({"name": format!("Phòng {code}"), "kind": "specialised_agency", "code": code,
            "parent_code": "31396", "valid_from": first});
        admin.post(UNITS, &body).await.expect(201);
    };
    agency("P-YT", "2025-07-01").await;
    agency("P-VX", "2025-07-01").await;
    agency("P-VHXH", "2026-05-01").await;
    let act = json!({
        "org_unit_code": "P-YT", "kind": "dissolve", "effective_on": "2026-02-01",
        "effective_on_certainty": "inferred", "others": [{"org_unit_code": "P-VX"}],
    });
    let made = admin.post(ACTS, &act).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["others"][0]["org_unit_name"], "Phòng P-VX");
    let gone =
        admin.get(&format!("{UNITS}?code=P-YT&as_of=2026-01-31")).await.expect(200)["items"][0].clone();
    assert_eq!((&gone["valid_to"], &gone["valid_to_certainty"]), (&json!("2026-02-01"), &json!("inferred")));
    let later = json!({
        "org_unit_code": "P-VHXH", "kind": "merge", "effective_on": "2026-05-01",
        "others": [{"org_unit_code": "P-VX"}],
    });
    let second = admin.post(ACTS, &later).await;
    let (later, later_etag) = (second.header("location"), second.etag());
    second.expect(201);
    admin.delete(&place, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&later, &later_etag).await.status, 204);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let open = admin.get(&format!("{UNITS}?code=P-YT")).await.expect(200)["items"][0].clone();
    assert_eq!((&open["valid_to"], &open["valid_to_certainty"]), (&json!(null), &json!(null)));

    agency("P-A", "2026-06-01").await;
    agency("P-B", "2026-06-01").await;
    let divided = json!({
        "org_unit_code": "P-YT", "kind": "divide", "effective_on": "2026-06-01",
        "others": [{"org_unit_code": "P-A", "keeps_records": true}, {"org_unit_code": "P-B"}],
    });
    admin.post(ACTS, &divided).await.expect(201);
    let tied = successions_of(&admin, "P-A").await;
    assert_eq!((&tied[0]["relation"], &tied[0]["keeps_records"]), (&json!("division"), &json!(true)));
}

async fn a_unit_that_another_act_merged_is_not_opened_again(app: TestApp) {
    let admin = app.admin().await;
    communes(&admin).await;
    let act = |code: &str, kind: &str, others: Value| json!({"org_unit_code": code, "kind": kind, "effective_on": "2026-03-01", "others": others});
    let dissolved = admin.post(ACTS, &act("99001", "dissolve", json!([]))).await;
    let (place, etag) = (dissolved.header("location"), dissolved.etag());
    dissolved.expect(201);
    let merged = admin.post(ACTS, &act("99002", "merge", json!([{"org_unit_code": "99001"}]))).await;
    let (other, other_etag) = (merged.header("location"), merged.etag());
    merged.expect(201);
    admin.delete(&place, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&other, &other_etag).await.status, 204);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    assert!(standing(&admin, "2026-03-01").await.contains(&"99001".to_owned()));
}

async fn a_new_name_and_a_new_place_are_told_by_the_unit(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({"name": "Trạm Thử", "kind": "public_service_unit", "code": "TRAM", "parent_code": "31396",
        "valid_from": "2025-07-01"});
    admin.post(UNITS, &body).await.expect(201);
    let rename = json!({"org_unit_code": "TRAM", "kind": "rename", "effective_on": "2026-04-01"});
    assert_eq!(admin.post(ACTS, &rename).await.faults(422, "invalid"), ["/effective_on"]);
    let place = format!("{UNITS}/{}", app.unit("TRAM", "2026-01-01"));
    let etag = admin.get(&place).await.etag();
    let version = json!({"valid_from": "2026-04-01", "change_kind": "rename", "name": "Trạm Mới",
        "full_name": "Trạm Mới", "kind": "public_service_unit", "code": "TRAM", "parent_code": "31396"});
    let named = admin.with("if-match", &etag).post(&format!("{place}/versions"), &version).await;
    assert!([200, 201].contains(&named.status), "{}", named.text());
    assert_eq!(admin.post(ACTS, &rename).await.expect(201)["org_unit_name"], "Trạm Mới");
    let moved = json!({"org_unit_code": "TRAM", "kind": "transfer", "effective_on": "2026-04-01"});
    assert_eq!(admin.post(ACTS, &moved).await.faults(422, "invalid"), ["/effective_on"]);
    let etag = admin.get(&place).await.etag();
    let version = json!({"valid_from": "2026-05-01", "change_kind": "unchanged", "name": "Trạm Mới",
        "full_name": "Trạm Mới", "kind": "public_service_unit", "code": "TRAM", "parent_code": "92"});
    let placed = admin.with("if-match", &etag).post(&format!("{place}/versions"), &version).await;
    assert!([200, 201].contains(&placed.status), "{}", placed.text());
    let moved = json!({"org_unit_code": "TRAM", "kind": "transfer", "effective_on": "2026-05-01"});
    admin.post(ACTS, &moved).await.expect(201);
    let list = admin.get(&format!("{ACTS}?org_unit_code=TRAM&sort=effective_on")).await.expect(200);
    let kinds: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|act| &act["kind"]).collect();
    assert_eq!(kinds, ["rename", "transfer"]);
}

async fn nobody_reorganizes_his_neighbour(app: TestApp) {
    let admin = app.admin().await;
    for (code, parent) in [("X-1", "31396"), ("X-2", "31396"), ("Y-1", "31399")] {
        let body = json!({"name": code, "kind": "other_agency", "code": code, "parent_code": parent,
            "valid_from": "2025-07-01"});
        admin.post(UNITS, &body).await.expect(201);
    }
    let own = app.person("qtri.hiephung", "admin", "31396").await;
    let dissolve =
        |code: &str| json!({"org_unit_code": code, "kind": "dissolve", "effective_on": "2026-02-01"});
    own.post(ACTS, &dissolve("Y-1")).await.problem(403, "forbidden");
    let merge = json!({"org_unit_code": "X-1", "kind": "merge", "effective_on": "2026-02-01",
        "others": [{"org_unit_code": "Y-1"}]});
    own.post(ACTS, &merge).await.problem(403, "forbidden");
    let made = own.post(ACTS, &dissolve("X-2")).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let neighbour = app.person("qtri.tanbinh", "admin", "31399").await;
    neighbour.get(&place).await.expect(200);
    let refused = neighbour.delete(&place, &etag).await.status;
    assert!([403, 404].contains(&refused), "{refused}");
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(ACTS, &dissolve("X-1")).await.problem(403, "forbidden");
}
