//! Units, successions and grants that come many at once.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_commune_and_what_stands_under_it_come_in_one_batch,
    a_batch_of_several_parts_sees_its_own_units,
    rules_of_the_tree_are_kept_within_a_batch,
    a_list_of_units_sent_again_corrects_them,
    a_province_s_administrator_makes_units_under_those_just_made,
    a_merger_of_several_units_comes_in_one_batch,
    rules_of_successions_are_kept_within_a_batch,
    grants_that_come_in_one_batch_hold_at_once,
    nobody_gives_more_by_a_batch_than_one_by_one,
    a_grant_is_given_once,
];

const UNITS: &str = "/api/v1/organization/org-units";
const SUCCESSIONS: &str = "/api/v1/organization/successions";
const GRANTS: &str = "/api/v1/admin/grants";
const PASSWORD: &str = crate::support::app::PASSWORD;

fn unit(kind: &str, code: &str, parent: &str) -> Value {
    json!({"name": format!("Đơn vị {code}"), "kind": kind, "code": code, "parent_code": parent, "valid_from": "2026-01-01"})
}

/// What became of each line.
fn outcomes(report: &Value) -> Vec<&str> {
    report["lines"].as_array().unwrap().iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

/// The problem of each line that was refused.
fn problems(report: &Value) -> Vec<String> {
    let slug = |line: &Value| {
        let faults = line["problem"]["errors"].as_array().into_iter().flatten();
        let faults: Vec<_> = faults.map(|fault| fault["code"].as_str().unwrap()).collect();
        let slug = line["problem"]["type"].as_str()?.trim_start_matches("/problems/");
        Some(format!("{slug} {}", faults.join(" ")).trim_end().to_owned())
    };
    report["lines"].as_array().unwrap().iter().filter_map(slug).collect()
}

async fn partial(client: &Client, collection: &str, lines: &Value) -> Value {
    client.post(&format!("{collection}/batch?mode=partial"), lines).await.expect(200)
}

async fn only(client: &Client, code: &str) -> Value {
    let found = client.get(&format!("{UNITS}?code={code}")).await.expect(200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{code}: {found}");
    found["items"][0].clone()
}

async fn a_commune_and_what_stands_under_it_come_in_one_batch(app: TestApp) {
    let admin = app.admin().await;
    let lines = json!([
        unit("commune", "99901", "92"),
        unit("hamlet", "AP-1", "99901"),
        unit("service_centre", "TTPVHCC", "99901"),
        {"name": "Tổ tiếp nhận", "kind": "other_agency", "parent_code": "TTPVHCC", "valid_from": "2026-01-01"},
    ]);
    let mut backwards = lines.as_array().unwrap().clone();
    backwards.reverse();
    let refused = admin.post(&format!("{UNITS}/batch"), &json!(backwards)).await;
    let refused = refused.faults(422, "invalid");
    assert_eq!(
        refused,
        ["/0/parent_code", "/1/parent_code", "/2/parent_code"],
        "who stands above comes first"
    );
    let report = admin.post(&format!("{UNITS}/batch"), &lines).await.expect(200);
    assert_eq!(report["created"], 4, "{report}");
    // The tree that answers is the new one at once.
    let commune = app.unit("99901", "2026-11-23");
    let hamlet = only(&admin, "AP-1").await;
    assert_eq!((&hamlet["parent_id"], &hamlet["parent_name"]), (&json!(commune), &json!("Đơn vị 99901")));
    assert_eq!(hamlet["province_id"], app.unit("92", "2026-11-23"));
    let below = admin.get(&format!("{UNITS}/{commune}/subtree?include_total=true")).await.expect(200);
    assert_eq!(below["total"], 4);
    app.seal().await;
    let last = report["lines"][3]["id"].as_str().unwrap();
    let entry = admin.get(&format!("/api/v1/admin/audit?record_id={last}")).await.expect(200);
    assert_eq!(
        entry["items"][0]["province_id"],
        app.unit("92", "2026-11-23"),
        "its province was made before it"
    );
    assert_eq!(entry["items"][0]["content"]["versions"][0]["name"], "Tổ tiếp nhận");
}

async fn a_batch_of_several_parts_sees_its_own_units(app: TestApp) {
    let admin = app.admin().await;
    let hamlets = (1..=2_100).map(|number| unit("hamlet", &format!("AP-{number}"), "99901"));
    let mut lines: Vec<Value> = std::iter::once(unit("commune", "99901", "92")).chain(hamlets).collect();
    let report = admin.post(&format!("{UNITS}/batch"), &json!(lines)).await.expect(200);
    assert_eq!(report["created"], 2_101);
    let again = admin.post(&format!("{UNITS}/batch?on_conflict=update"), &json!(lines)).await.expect(200);
    assert_eq!(again["unchanged"], 2_101, "a list that is sent again changes nothing");
    lines[2_000]["full_name"] = json!("Ấp 2000");
    let again = admin.post(&format!("{UNITS}/batch?on_conflict=update"), &json!(lines)).await.expect(200);
    assert_eq!((&again["unchanged"], &again["updated"]), (&json!(2_100), &json!(1)));
    lines.truncate(1_500);
    lines.push(unit("hamlet", "AP-1", "99901"));
    let twice = admin.post(&format!("{UNITS}/batch?on_conflict=update"), &json!(lines)).await;
    twice.problem(409, "duplicate");
}

async fn rules_of_the_tree_are_kept_within_a_batch(app: TestApp) {
    let admin = app.admin().await;
    let lines = json!([
        unit("commune", "99901", "92"),
        unit("commune", "99901", "92"),
        unit("hamlet", "AP-1", "92"),
        unit("commune", "9990", "92"),
        unit("hamlet", "AP-2", "99902"),
        unit("country", "QG", "99901"),
        {"name": "Ấp 3", "kind": "hamlet", "parent_code": "99901", "valid_from": "2025-12-31"},
        unit("hamlet", "AP-4", "99901"),
    ]);
    let report = partial(&admin, UNITS, &lines).await;
    let expected = ["created", "refused", "refused", "refused", "refused", "refused", "refused", "created"];
    assert_eq!(outcomes(&report), expected, "{report}");
    let expected = [
        "duplicate",
        "invalid parent_kind",
        "invalid code_shape",
        "invalid unknown_unit",
        "invalid one_country",
        "invalid unknown_unit",
    ];
    assert_eq!(problems(&report), expected);
    // What an update makes of a unit counts for the lines behind it.
    let agency = |code: &str, parent: &str| unit("specialised_agency", code, parent);
    let made = json!([agency("SO-A", "92"), agency("SO-B", "SO-A")]);
    admin.post(&format!("{UNITS}/batch"), &made).await.expect(200);
    let turned = json!([agency("SO-A", "SO-B"), agency("SO-B", "92"), agency("SO-A", "SO-B")]);
    let report =
        admin.post(&format!("{UNITS}/batch?mode=partial&on_conflict=update"), &turned).await.expect(200);
    assert_eq!(problems(&report), ["invalid cycle", "duplicate"], "{report}");
    assert_eq!(outcomes(&report)[1], "updated");
}

async fn a_list_of_units_sent_again_corrects_them(app: TestApp) {
    let admin = app.admin().await;
    let upsert = format!("{UNITS}/batch?mode=partial&on_conflict=update");
    let mut line = json!({"name": "Hiệp Hưng", "full_name": "Xã Hiệp Hưng", "kind": "commune", "code": "31396",
        "parent_code": "92", "valid_from": "2025-07-01", "identifier": "H13.99"});
    let report = admin.post(&upsert, &json!([line])).await.expect(200);
    assert_eq!(outcomes(&report), ["updated"], "{report}");
    assert_eq!(only(&admin, "31396").await["identifier"], "H13.99");
    let versions = format!("{UNITS}/{}/versions", app.unit("31396", "2026-11-23"));
    let versions = admin.get(&versions).await.expect(200);
    assert_eq!(versions["items"].as_array().map(Vec::len), Some(1), "corrected, not changed");

    // What changed on a later day is a new version, which no list makes.
    line["valid_from"] = json!("2026-06-01");
    let report = admin.post(&upsert, &json!([line])).await.expect(200);
    assert_eq!(problems(&report), ["duplicate"]);

    // A list that leaves the end open does not revive what ended.
    let ended = json!({"name": "Phụng Hiệp", "full_name": "Huyện Phụng Hiệp", "kind": "district", "code": "934",
        "parent_code": "93", "valid_from": null, "note": "Đã đối chiếu."});
    let report = admin.post(&upsert, &json!([ended])).await.expect(200);
    assert_eq!(outcomes(&report), ["updated"], "{report}");
    let district = format!("{UNITS}/{}?as_of=2024-06-30", app.unit("934", "2024-06-30"));
    let district = admin.get(&district).await.expect(200);
    assert_eq!((&district["note"], &district["valid_to"]), (&json!("Đã đối chiếu."), &json!("2025-07-01")));
}

/// A second province.
async fn other_province(app: &TestApp) {
    let province = json!({"name": "Tỉnh khác", "kind": "province", "code": "77", "valid_from": "2026-01-01",
        "parent_id": crate::organization::root(app)});
    app.admin().await.post(UNITS, &province).await.expect(201);
}

async fn a_province_s_administrator_makes_units_under_those_just_made(app: TestApp) {
    other_province(&app).await;
    let province = app.person("qtri.cantho", "admin", "92").await;
    let lines = json!([
        unit("commune", "99901", "92"),
        unit("hamlet", "AP-1", "99901"),
        unit("commune", "99902", "77"),
        unit("hamlet", "AP-2", "99901"),
    ]);
    let report = partial(&province, UNITS, &lines).await;
    assert_eq!(outcomes(&report), ["created", "created", "refused", "created"], "{report}");
    assert_eq!(problems(&report), ["forbidden"]);
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(&format!("{UNITS}/batch"), &lines).await.problem(403, "forbidden");
}

fn merge(from: &str, to: &str) -> Value {
    json!({"predecessor_code": from, "successor_code": to, "relation": "merge", "effective_on": "2026-08-01"})
}

/// Schools of the commune 31420, by their codes.
async fn schools(admin: &Client, codes: &[&str]) {
    let lines: Vec<_> = codes.iter().map(|code| unit("public_service_unit", code, "31420")).collect();
    admin.post(&format!("{UNITS}/batch"), &json!(lines)).await.expect(200);
}

async fn a_merger_of_several_units_comes_in_one_batch(app: TestApp) {
    let admin = app.admin().await;
    schools(&admin, &["TR-A", "TR-B", "TR-C"]).await;
    let lines = json!([merge("TR-A", "TR-C"), merge("TR-B", "TR-C")]);
    let report = admin.post(&format!("{SUCCESSIONS}/batch"), &lines).await.expect(200);
    assert_eq!(report["created"], 2, "{report}");
    for code in ["TR-A", "TR-B"] {
        let unit = app.unit(code, "2026-07-31");
        let ended = admin.get(&format!("{UNITS}/{unit}?as_of=2026-07-31")).await.expect(200);
        assert_eq!((&ended["valid_to"], &ended["version"]), (&json!("2026-08-01"), &json!(2)), "{code}");
        app.seal().await;
        let told = admin.get(&format!("/api/v1/admin/audit?record_id={unit}")).await.expect(200);
        assert_eq!(told["items"][0]["action"], "update", "its end stands in the journal");
        assert_eq!(told["items"][0]["content"]["versions"][0]["valid_to"], "2026-08-01");
        let gone = admin.get(&format!("{UNITS}/{unit}?as_of=2026-08-01")).await;
        assert_eq!(gone.problem(422, "unit-not-in-force")["successors"][0]["code"], "TR-C", "at once");
    }
    let again = admin.post(&format!("{SUCCESSIONS}/batch?on_conflict=update"), &lines).await.expect(200);
    assert_eq!(again["unchanged"], 2);
    let mut other = lines.clone();
    other[0]["relation"] = json!("division");
    let faults = admin.post(&format!("{SUCCESSIONS}/batch?on_conflict=update"), &other).await;
    assert_eq!(faults.faults(422, "invalid"), ["/0/relation"], "units, relation and day stay");
}

async fn rules_of_successions_are_kept_within_a_batch(app: TestApp) {
    let admin = app.admin().await;
    schools(&admin, &["TR-A", "TR-B", "TR-C", "TR-D"]).await;
    let part = |from: &str, to: &str, keeps: bool| {
        let mut line = merge(from, to);
        (line["relation"], line["keeps_records"]) = (json!("division"), json!(keeps));
        line
    };
    let lines = json!([
        part("TR-A", "TR-B", true),
        part("TR-A", "TR-C", true),
        part("TR-A", "TR-C", false),
        part("TR-A", "TR-C", false),
        merge("TR-B", "TR-A"),
        merge("TR-D", "TR-A"),
    ]);
    let report = partial(&admin, SUCCESSIONS, &lines).await;
    assert_eq!(
        outcomes(&report),
        ["created", "refused", "created", "refused", "refused", "refused"],
        "{report}"
    );
    let expected = ["invalid second_keeper", "duplicate", "invalid unknown_unit", "invalid unknown_unit"];
    assert_eq!(problems(&report), expected);
    let mut ids: Vec<Value> = Vec::new();
    for code in ["TR-A", "TR-B", "TR-D"] {
        ids.push(json!(app.unit(code, "2026-07-31")));
    }
    let by_id = |from: &Value, to: &Value, on: &str| json!({"predecessor_id": from, "successor_id": to, "relation": "merge", "effective_on": on});
    let lines = json!([by_id(&ids[1], &ids[0], "2026-09-01"), by_id(&ids[2], &ids[0], "2026-09-01")]);
    let report = partial(&admin, SUCCESSIONS, &lines).await;
    assert_eq!(problems(&report), ["invalid cycle not_in_force", "invalid not_in_force"], "{report}");
}

async fn person(admin: &Client, username: &str, unit: &str) {
    let user = json!({"username": username, "display_name": "Tài khoản thử", "password": PASSWORD,
        "must_change_password": false, "org_unit_code": unit});
    admin.post("/api/v1/admin/users", &user).await.expect(201);
}

fn grant(username: &str, role: &str, unit: &str) -> Value {
    json!({"username": username, "role": role, "org_unit_code": unit, "valid_from": "2026-01-01"})
}

async fn grants_that_come_in_one_batch_hold_at_once(app: TestApp) {
    let admin = app.admin().await;
    for username in ["can.bo.1", "can.bo.2"] {
        person(&admin, username, "31396").await;
    }
    let one = app.sign_in("can.bo.1").await;
    one.get("/api/v1/tthc/processing-returns").await.problem(403, "forbidden");
    let client = json!({"client_id": "he-thong-thu", "display_name": "Hệ thống thử"});
    admin.post("/api/v1/admin/clients", &client).await.expect(201);
    let mut system = json!({"client_code": "he-thong-thu", "role": "client", "org_unit_code": "31396",
        "scopes": ["tthc:write"], "valid_from": "2026-01-01"});
    let lines = json!([grant("can.bo.1", "editor", "31396"), grant("can.bo.2", "reviewer", "92"), system]);
    let report = admin.post(&format!("{GRANTS}/batch"), &lines).await.expect(200);
    assert_eq!(report["created"], 3, "{report}");
    // A new token tells of the grant; the one of before keeps its scopes.
    let one = app.sign_in("can.bo.1").await;
    one.get("/api/v1/tthc/processing-returns").await.expect(200);
    let given =
        admin.get(&format!("{GRANTS}/{}", report["lines"][2]["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&given["client_code"], &given["username"]), (&json!("he-thong-thu"), &json!(null)));

    // What a list says anew of scopes and of the end is taken over, and holds at once.
    let mut ended = lines[0].clone();
    ended["valid_to"] = json!("2026-11-01");
    system["scopes"] = json!(["tthc:read"]);
    let report =
        admin.post(&format!("{GRANTS}/batch?on_conflict=update"), &json!([ended, lines[1], system])).await;
    let report = report.expect(200);
    assert_eq!(outcomes(&report), ["updated", "unchanged", "updated"], "{report}");
    one.get("/api/v1/tthc/processing-returns").await.problem(403, "forbidden");
}

async fn nobody_gives_more_by_a_batch_than_one_by_one(app: TestApp) {
    other_province(&app).await;
    let admin = app.admin().await;
    for (username, unit) in [("can.bo.1", "31396"), ("can.bo.2", "31396"), ("o.tinh.khac", "77")] {
        person(&admin, username, unit).await;
    }
    let province = app.person("qtri.cantho", "admin", "92").await;
    let mut country = grant("can.bo.1", "admin", "92");
    country["org_unit_code"] = json!(null);
    country["org_unit_id"] = json!(crate::organization::root(&app));
    let lines = json!([
        grant("can.bo.1", "editor", "31396"),
        grant("can.bo.2", "editor", "77"),
        grant("o.tinh.khac", "editor", "31396"),
        grant("khong.co", "editor", "31396"),
        country,
        grant("can.bo.2", "client", "31396"),
        {"username": "can.bo.1", "client_code": "he-thong", "role": "editor", "org_unit_code": "31396"},
    ]);
    let report = partial(&province, GRANTS, &lines).await;
    let expected = ["created", "refused", "refused", "refused", "refused", "refused", "refused"];
    assert_eq!(outcomes(&report), expected, "{report}");
    let expected = [
        "forbidden",
        "invalid unknown_account",
        "invalid unknown_account",
        "forbidden",
        "invalid role_of_account",
        "invalid exactly_one",
    ];
    assert_eq!(problems(&report), expected, "who is out of reach is told like who is not there");
    // A grant out of reach is not replaced either, and nothing is told of it.
    admin.post(GRANTS, &grant("can.bo.2", "inspector", "77")).await.expect(201);
    let mut ended = grant("can.bo.2", "inspector", "77");
    ended["valid_to"] = json!("2027-01-01");
    let report =
        province.post(&format!("{GRANTS}/batch?mode=partial&on_conflict=update"), &json!([ended])).await;
    assert_eq!(problems(&report.expect(200)), ["forbidden"]);
}

async fn a_grant_is_given_once(app: TestApp) {
    let admin = app.admin().await;
    person(&admin, "can.bo.1", "31396").await;
    let mut line = grant("can.bo.1", "editor", "31396");
    line["domains"] = json!(["reporting", "tthc"]);
    let first = admin.post(GRANTS, &line).await;
    let (place, etag) = (first.header("location"), first.etag());
    assert_eq!(first.expect(201)["domains"], json!(["tthc", "reporting"]));
    line["domains"] = json!(["tthc", "reporting"]);
    admin.post(GRANTS, &line).await.problem(409, "duplicate");
    line["domains"] = json!(["tthc"]);
    let second = admin.post(GRANTS, &line).await.header("location");
    let widened = json!({"domains": ["reporting", "tthc"]});
    let second_etag = admin.get(&second).await.etag();
    admin.patch(&second, &second_etag, &widened).await.problem(409, "duplicate");
    // Taken back, it may be given again.
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    admin.patch(&second, &second_etag, &widened).await.expect(200);
    line["valid_from"] = json!("2026-02-01");
    let twins = json!([line, line]);
    let report = partial(&admin, GRANTS, &twins).await;
    assert_eq!(outcomes(&report), ["created", "refused"], "{report}");
}
