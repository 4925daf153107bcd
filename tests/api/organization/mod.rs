//! Units as they stand on any day, and what became of them.

mod delegations;
mod fixtures;
mod reorganizations;
mod staffing_returns;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::story::Story;
use crate::tell;

/// All stories of this room.
pub fn all() -> Vec<Story> {
    [stories(), staffing_returns::stories(), reorganizations::stories(), delegations::stories()].concat()
}

tell![
    a_code_means_a_unit_only_on_a_day,
    the_lineage_of_the_district_leads_to_seven_communes,
    successions_are_found_by_either_of_their_units,
    the_tree_can_be_walked_on_any_day,
    names_are_found_without_tone_marks,
    an_agency_is_hung_under_a_province,
    renaming_keeps_the_unit_and_its_past,
    rules_of_the_tree_are_kept,
    days_of_a_unit_agree_with_what_became_of_it,
    a_province_s_administrator_touches_only_his_units,
    no_day_is_beyond_what_the_databases_keep,
];

const UNITS: &str = "/api/v1/organization/org-units";

fn names(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| unit["full_name"].as_str().unwrap().to_owned())
        .collect()
}

async fn successions_are_found_by_either_of_their_units(app: TestApp) {
    let admin = app.admin().await;
    let pairs = async |query: &str| -> Vec<[String; 2]> {
        let path = format!("/api/v1/organization/successions?limit=200&include_total=true&{query}");
        let page = admin.get(&path).await.expect(200);
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let rows: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| [text(row, "predecessor_id"), text(row, "successor_id")])
            .collect();
        assert_eq!(page["total"], rows.len());
        rows
    };
    // The code was that of Hòa Mỹ until June 2025, and is that of Phụng Hiệp since.
    let former = app.unit("31420", "2024-06-30");
    let of_former = pairs("org_unit_code=31420&as_of=2024-06-30").await;
    assert!(!of_former.is_empty() && of_former.iter().all(|[ended, _]| *ended == former), "{of_former:?}");
    let commune = app.unit("31420", "2026-11-23");
    let of_commune = pairs("org_unit_code=31420").await;
    assert!(!of_commune.is_empty() && of_commune.iter().all(|[_, carries]| *carries == commune));
    let below = pairs("org_unit_code=934&as_of=2024-06-30&scope=subtree").await;
    assert!(of_former.iter().all(|pair| below.contains(pair)), "those of its communes");
    assert!(below.len() > of_former.len(), "of all of them: {below:?}");
    let gone = admin.get("/api/v1/organization/successions?org_unit_code=934").await;
    gone.problem(422, "unit-not-in-force");
}

async fn a_code_means_a_unit_only_on_a_day(app: TestApp) {
    let admin = app.admin().await;
    let on = |day: &'static str| {
        let admin = admin.clone();
        async move { admin.get(&format!("{UNITS}?code=31420&as_of={day}")).await.expect(200) }
    };
    assert_eq!(names(&on("2024-06-30").await), ["Xã Hòa Mỹ"]);
    assert_eq!(names(&on("2025-07-01").await), ["Xã Phụng Hiệp"]);
    let old = on("2024-06-30").await["items"][0]["id"].as_str().unwrap().to_owned();
    let gone = admin.get(&format!("{UNITS}/{old}?as_of=2026-01-01")).await.problem(422, "unit-not-in-force");
    assert_eq!(gone["successors"][0]["code"], "31420");
    let then = admin.get(&format!("{UNITS}/{old}?as_of=2024-06-30")).await.expect(200);
    assert_eq!((&then["valid_from"], &then["valid_to"]), (&json!(null), &json!("2025-07-01")));
}

async fn the_lineage_of_the_district_leads_to_seven_communes(app: TestApp) {
    let admin = app.admin().await;
    let district = app.unit("934", "2024-06-30");
    let lineage = admin.get(&format!("{UNITS}/{district}/lineage?as_of=2026-11-23")).await.expect(200);
    let codes: Vec<_> =
        lineage["heirs"].as_array().unwrap().iter().map(|unit| unit["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["31393", "31396", "31399", "31408", "31420", "31426", "31432"]);
}

async fn the_tree_can_be_walked_on_any_day(app: TestApp) {
    let admin = app.admin().await;
    let total = |path: String| {
        let admin = admin.clone();
        async move { admin.get(&path).await.expect(200)["total"].as_i64().unwrap() }
    };
    let (old, new) = (app.unit("92", "2024-06-30"), app.unit("92", "2026-11-23"));
    assert_eq!(
        total(format!("{UNITS}/{old}/subtree?as_of=2024-06-30&kind=commune&include_total=true")).await,
        83
    );
    assert_eq!(total(format!("{UNITS}/{new}/children?include_total=true")).await, 103);
    let commune = app.unit("31429", "2024-06-30");
    let above = admin.get(&format!("{UNITS}/{commune}/ancestors?as_of=2024-06-30")).await.expect(200);
    assert_eq!(names(&above)[..2], ["Huyện Phụng Hiệp", "Tỉnh Hậu Giang"]);
    let seen =
        total(format!("{UNITS}?org_unit_code=934&as_of=2024-06-30&scope=subtree&include_total=true")).await;
    assert_eq!(seen, 16);
}

async fn names_are_found_without_tone_marks(app: TestApp) {
    let admin = app.admin().await;
    for words in ["PHUNG%20hiep", "hi%E1%BB%87p%20ph%E1%BB%A5ng", "hie%CC%A3%CC%82p"] {
        let found = admin.get(&format!("{UNITS}?q={words}&as_of=2024-06-30&limit=200")).await.expect(200);
        assert!(names(&found).contains(&"Huyện Phụng Hiệp".to_owned()), "{words}: {:?}", names(&found));
    }
    assert!(names(&admin.get(&format!("{UNITS}?q=%25")).await.expect(200)).is_empty());
}

async fn an_agency_is_hung_under_a_province(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({
        "name": "Sở Tư pháp", "kind": "specialised_agency", "identifier": "H13.14", "parent_code": "92",
        "valid_from": "2025-07-01", "legal_basis": "Nghị quyết thử nghiệm",
    });
    let made = admin.post(UNITS, &body).await.expect(201);
    assert_eq!((&made["parent_code"], &made["tier"]), (&json!("92"), &json!(null)));
    let found = admin.get(&format!("{UNITS}?identifier=H13.14")).await.expect(200);
    assert_eq!(names(&found), ["Sở Tư pháp"]);
    let returns = json!({"org_unit_identifier": "H13.14", "period_code": "2026-Q3", "handling_level": "province", "nil": true});
    app.period("quarter", "2026-Q3").await;
    let filed = admin.post("/api/v1/tthc/processing-returns", &returns).await.expect(201);
    assert_eq!(filed["org_unit_name"], "Sở Tư pháp");
}

async fn renaming_keeps_the_unit_and_its_past(app: TestApp) {
    let admin = app.admin().await;
    let commune = app.unit("31396", "2026-11-23");
    let path = format!("{UNITS}/{commune}");
    let etag = admin.get(&path).await.etag();
    let renamed = json!({
        "valid_from": "2026-01-01", "change_kind": "rename", "name": "Hiệp Hưng Mới", "full_name": "Xã Hiệp Hưng Mới",
        "kind": "commune", "code": "31396", "parent_code": "92", "legal_basis": "Nghị quyết thử nghiệm",
    });
    let answer = admin.with("if-match", &etag).post(&format!("{path}/versions"), &renamed).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
    assert_eq!(admin.get(&path).await.expect(200)["full_name"], "Xã Hiệp Hưng Mới");
    assert_eq!(admin.get(&format!("{path}?as_of=2025-12-31")).await.expect(200)["full_name"], "Xã Hiệp Hưng");
    let versions = admin.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
}

async fn rules_of_the_tree_are_kept(app: TestApp) {
    let admin = app.admin().await;
    let unit = |code: &str, kind: &str, parent: &str| json!({"name": "Thử", "code": code, "kind": kind, "parent_code": parent, "valid_from": "2026-01-01"});
    admin.post(UNITS, &unit("31396", "commune", "92")).await.problem(409, "duplicate");
    assert_eq!(admin.post(UNITS, &unit("77", "province", "92")).await.faults(422, "invalid"), ["/parent_id"]);
    assert_eq!(admin.post(UNITS, &unit("7777", "commune", "92")).await.faults(422, "invalid"), ["/code"]);
    let commune = app.unit("31396", "2026-11-23");
    let etag = admin.get(&format!("{UNITS}/{commune}")).await.etag();
    admin.delete(&format!("{UNITS}/{commune}"), &etag).await.problem(409, "in-use");
}

async fn days_of_a_unit_agree_with_what_became_of_it(app: TestApp) {
    let admin = app.admin().await;
    let school = async |name: &str| {
        let body = json!({"name": name, "kind": "education_unit", "parent_code": "31396", "valid_from": "2025-07-01"});
        let made = admin.post(UNITS, &body).await.expect(201);
        format!("{UNITS}/{}", made["id"].as_str().unwrap())
    };
    let (old, heir) = (school("Trường Tiểu học 1").await, school("Trường Tiểu học 2").await);
    let id = |place: &str| place.rsplit('/').next().unwrap().to_owned();
    let merged = json!({
        "predecessor_id": id(&old), "successor_id": id(&heir), "relation": "merge", "effective_on": "2026-03-01",
    });
    let merged = admin.post("/api/v1/organization/successions", &merged).await;
    let (succession, tag) = (merged.header("location"), merged.etag());
    merged.expect(201);
    let correct = async |place: &str, days: Value| {
        let etag = admin.get(&format!("{place}?as_of=2026-02-28")).await.etag();
        admin.patch(place, &etag, &days).await
    };
    for (place, days, member) in [
        (&old, json!({"valid_to": "2026-02-01"}), "/valid_to"),
        (&old, json!({"valid_to": null}), "/valid_to"),
        (&heir, json!({"valid_to": "2026-03-01"}), "/valid_to"),
        (&heir, json!({"valid_from": "2026-03-02"}), "/valid_from"),
    ] {
        assert_eq!(correct(place, days.clone()).await.faults(422, "invalid"), [member], "{days}");
    }
    let told = json!({"valid_from": "2025-08-01", "note": "ngày thành lập đã đối chiếu"});
    correct(&old, told.clone()).await.expect(200);
    correct(&heir, told).await.expect(200);
    assert_eq!(admin.delete(&succession, &tag).await.status, 204);
    correct(&old, json!({"valid_to": null})).await.expect(200);
}

async fn a_province_s_administrator_touches_only_his_units(app: TestApp) {
    let province = app.person("qtri.cantho", "admin", "92").await;
    let made = json!({"name": "Ấp 1", "kind": "hamlet", "parent_code": "31396", "valid_from": "2026-01-01"});
    province.post(UNITS, &made).await.expect(201);
    let elsewhere = json!({"name": "Tỉnh thử", "kind": "province", "code": "77", "parent_id": root(&app), "valid_from": "2026-01-01"});
    province.post(UNITS, &elsewhere).await.problem(403, "forbidden");
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(UNITS, &made).await.problem(403, "forbidden");
}

async fn no_day_is_beyond_what_the_databases_keep(app: TestApp) {
    let admin = app.admin().await;
    let successions = "/api/v1/organization/successions";
    for (from, to) in [("-200000-01-01", "%2B200000-01-01"), ("0000-12-31", "%2B10000-01-01")] {
        let every = format!("{successions}?effective_from={from}&effective_to={to}&limit=1");
        assert_eq!(admin.get(&every).await.expect(200)["items"].as_array().unwrap().len(), 1);
        let none = format!("{successions}?effective_from={to}&limit=1");
        assert!(admin.get(&none).await.expect(200)["items"].as_array().unwrap().is_empty());
        admin.get(&format!("{UNITS}?as_of={from}&limit=1")).await.expect(200);
    }
    let (old, new) = (app.unit("31429", "2024-06-30"), app.unit("31396", "2026-11-23"));
    for day in ["-200000-01-01", "0000-12-31", "+10000-01-01", "+200000-01-01"] {
        let merge =
            json!({"predecessor_id": old, "successor_id": new, "relation": "merge", "effective_on": day});
        let refused = admin.post(successions, &merge).await.faults(422, "invalid");
        assert!(refused.contains(&"/effective_on".to_owned()), "{day}: {refused:?}");
        let unit = json!({"name": "Ấp 1", "kind": "hamlet", "parent_id": new, "valid_from": day});
        assert_eq!(admin.post(UNITS, &unit).await.faults(422, "invalid")[0], "/valid_from", "{day}");
    }
}

pub fn root(app: &TestApp) -> String {
    let units = app.state.units();
    let tree = units.tree();
    tree.ids().find(|id| tree.latest(*id).is_some_and(|v| v.kind.as_str() == "country")).unwrap().to_string()
}
