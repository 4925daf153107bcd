//! Stories of e-government: how far systems reach, and what is measured.

mod fixtures;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;

pub fn all() -> Vec<Story> {
    stories()
}

tell![
    a_system_s_reach_is_counted_over_the_tree,
    a_deployment_is_of_a_system_that_is_held,
    a_certificate_is_valid_until_it_expires_or_is_revoked,
    a_lower_bound_stays_one_and_parts_win,
    a_rate_is_held_against_its_parts,
];

const SYSTEMS: &str = "/api/v1/e-government/systems";
const DEPLOYMENTS: &str = "/api/v1/e-government/deployments";
const CERTIFICATES: &str = "/api/v1/e-government/digital-certificates";
const MEASURES: &str = "/api/v1/e-government/measure-returns";

async fn system(client: &Client) -> String {
    let body = json!({
        "org_unit_code": "93", "kind": "document_management", "name": "Hệ thống Quản lý văn bản và điều hành",
        "in_use_from": "2024-01-01",
    });
    client.post(SYSTEMS, &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// "đã được triển khai đến 100% các cơ quan đơn vị gồm: 11 cơ quan chuyên môn, 4 đơn vị sự nghiệp khác ..., 63
/// đơn vị sự nghiệp Giáo dục và Đào tạo và 15 xã, thị trấn": a percentage is never stated, it follows.
async fn a_system_s_reach_is_counted_over_the_tree(app: TestApp) {
    let admin = app.admin().await;
    let system = system(&admin).await;
    let mut units = Vec::new();
    for (kind, count) in
        [("specialised_agency", 11), ("public_service_unit", 4), ("education_unit", 63), ("association", 7)]
    {
        units.extend((1..=count).map(|number| json!({
            "name": format!("Đơn vị {kind} {number:02}"), "kind": kind, "code": format!("934-{}{number:02}", &kind[..3]),
            "parent_code": "934", "valid_from": null, "valid_to": "2025-07-01",
        })));
    }
    admin.post("/api/v1/organization/org-units/batch", &Value::from(units)).await.expect(200);
    let coverage = format!("{SYSTEMS}/{system}/coverage?org_unit_code=934&as_of=2024-07-02");
    let before = admin.get(&coverage).await.expect(200);
    assert_eq!(
        (&before["units"], &before["deployed"], &before["rate_percent"]),
        (&json!(93), &json!(0), &json!(0.0))
    );
    assert_eq!(before["without"].as_array().unwrap().len(), 93);
    let district = app.unit("934", "2024-07-02");
    let children = format!("/api/v1/organization/org-units/{district}/children?as_of=2024-07-02&limit=200");
    // "được triển khai đến 11 cơ quan chuyên môn cấp huyện và 15/15 xã, thị trấn, đạt tỷ lệ 100%": a system that is
    // meant for these alone.
    let meant = format!("{coverage}&kinds=specialised_agency,commune");
    let of_these = admin.get(&meant).await.expect(200);
    assert_eq!((&of_these["units"], &of_these["deployed"]), (&json!(26), &json!(0)));
    let below = admin.get(&children).await.expect(200);
    let below = below["items"].as_array().unwrap();
    let used: Vec<Value> = below
        .iter()
        .filter(|unit| unit["kind"] != "association")
        .map(|unit| json!({"org_unit_id": unit["id"], "system_id": system, "in_use_from": "2024-01-01"}))
        .collect();
    assert_eq!(used.len(), 93);
    let (first, rest): (Vec<Value>, Vec<Value>) = used.into_iter().partition(|deployment| {
        let of = |unit: &&Value| unit["id"] == deployment["org_unit_id"];
        let unit = below.iter().find(of).unwrap();
        unit["kind"] == "specialised_agency" || unit["kind"] == "commune"
    });
    admin.post(&format!("{DEPLOYMENTS}/batch"), &Value::from(first)).await.expect(200);
    let of_all = admin.get(&coverage).await.expect(200);
    assert_eq!(
        (&of_all["units"], &of_all["deployed"], &of_all["rate_percent"]),
        (&json!(93), &json!(26), &json!(27.96))
    );
    let of_these = admin.get(&meant).await.expect(200);
    assert_eq!(
        (&of_these["units"], &of_these["deployed"], &of_these["rate_percent"], &of_these["without"]),
        (&json!(26), &json!(26), &json!(100.0), &json!([]))
    );
    assert_eq!(of_these["by_kind"].as_array().unwrap().len(), 2);
    let associations = admin.get(&format!("{coverage}&kinds=association")).await.expect(200);
    assert_eq!((&associations["units"], &associations["deployed"]), (&json!(7), &json!(0)));
    admin.get(&format!("{coverage}&kinds=agency")).await.problem(400, "invalid-parameter");
    admin.post(&format!("{DEPLOYMENTS}/batch"), &Value::from(rest)).await.expect(200);
    let whole = admin.get(&coverage).await.expect(200);
    assert_eq!(
        (&whole["units"], &whole["deployed"], &whole["rate_percent"]),
        (&json!(93), &json!(93), &json!(100.0))
    );
    let row = |kind: &str, units: i64| json!({"kind": kind, "units": units, "deployed": units, "rate_percent": 100.0});
    let rows = json!([
        row("commune", 15),
        row("education_unit", 63),
        row("public_service_unit", 4),
        row("specialised_agency", 11)
    ]);
    assert_eq!((&whole["by_kind"], &whole["without"]), (&rows, &json!([])));
    // One commune stops, and on that day it is counted no more.
    let one = admin.get(&format!("{DEPLOYMENTS}?org_unit_code=31429&as_of=2024-07-02")).await.expect(200);
    let one = format!("{DEPLOYMENTS}/{}", one["items"][0]["id"].as_str().unwrap());
    let etag = admin.get(&one).await.etag();
    admin.patch(&one, &etag, &json!({"in_use_to": "2024-07-02"})).await.expect(200);
    let less = admin.get(&coverage).await.expect(200);
    assert_eq!((&less["deployed"], &less["rate_percent"]), (&json!(92), &json!(98.92)));
    assert_eq!(less["without"][0]["org_unit_code"], "31429");
    let day_before = admin.get(&coverage.replace("2024-07-02", "2024-07-01")).await.expect(200);
    assert_eq!(day_before["deployed"], 93);
    // A system that is out of use is used by nobody, whatever its deployments say.
    let place = format!("{SYSTEMS}/{system}");
    let etag = admin.get(&place).await.etag();
    admin.patch(&place, &etag, &json!({"in_use_to": "2024-07-02"})).await.expect(200);
    assert_eq!(admin.get(&coverage).await.expect(200)["deployed"], 0);
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let mine = format!("{SYSTEMS}/{system}/coverage?org_unit_code=92");
    other.get(&mine).await.problem(403, "forbidden");
}

async fn a_deployment_is_of_a_system_that_is_held(app: TestApp) {
    let admin = app.admin().await;
    let unknown = json!({"org_unit_code": "31396", "system_id": "0190a8c0-0000-7000-8000-00000000ffff", "in_use_from": "2026-01-01"});
    assert_eq!(admin.post(DEPLOYMENTS, &unknown).await.faults(422, "invalid"), ["/system_id"]);
    let system = system(&admin).await;
    let body = json!({"org_unit_code": "31396", "system_id": system, "in_use_from": "2026-01-01"});
    let made = admin.post(DEPLOYMENTS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    admin.post(DEPLOYMENTS, &body).await.problem(409, "duplicate");
    let ends = json!({"in_use_to": "2026-01-01"});
    assert_eq!(admin.patch(&place, &etag, &ends).await.faults(422, "invalid"), ["/in_use_to"]);
    let of_system = format!("{SYSTEMS}/{system}");
    let etag_of_system = admin.get(&of_system).await.etag();
    admin.delete(&of_system, &etag_of_system).await.problem(409, "in-use");
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    assert_eq!(admin.delete(&of_system, &etag_of_system).await.status, 204);
    admin.post(DEPLOYMENTS, &body).await.problem(422, "invalid");
}

async fn a_certificate_is_valid_until_it_expires_or_is_revoked(app: TestApp) {
    let admin = app.admin().await;
    for (serial, from, to, revoked) in [
        ("01", "2024-01-01", "2029-01-01", Value::Null),
        ("02", "2024-01-01", "2026-11-22", Value::Null),
        ("03", "2024-01-01", "2029-01-01", json!("2026-11-23")),
    ] {
        let body = |from: &str, to: &str| json!({"org_unit_code": "92", "holder": "unit", "serial_number": serial, "valid_from": from, "expires_on": to, "revoked_on": revoked});
        assert!(
            admin
                .post(CERTIFICATES, &body(to, from))
                .await
                .faults(422, "invalid")
                .contains(&"/expires_on".to_owned())
        );
        admin.post(CERTIFICATES, &body(from, to)).await.expect(201);
    }
    let serials = async |query: &str| -> Vec<String> {
        let page = admin.get(&format!("{CERTIFICATES}?{query}")).await.expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["serial_number"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(serials("valid=true&as_of=2026-11-23").await, ["01"]);
    assert_eq!(serials("valid=false&as_of=2026-11-23").await, ["02", "03"]);
    assert_eq!(serials("valid=true&as_of=2026-11-22").await, ["02", "01", "03"]);
    assert_eq!(serials("expires_to=2026-12-31").await, ["02"]);
}

fn measure(measure: &str, columns: &Value) -> Value {
    let mut body = json!({"org_unit_code": "934", "period_code": "2024-H1", "measure": measure});
    body.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
    body
}

/// "được đồng bộ đạt trên 81,86% hồ sơ": a lower bound without parts.
async fn a_lower_bound_stays_one_and_parts_win(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let synced =
        measure("official_files_synced", &json!({"stated_basis_points": 8186, "stated_bound": "at_least"}));
    let made = admin.post(MEASURES, &synced).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(
        (&made["rate_percent"], &made["stated_bound"], &made["numerator"]),
        (&json!(81.86), &json!("at_least"), &Value::Null)
    );
    let parts = json!({"numerator": 1_600, "denominator": 1_834});
    let counted = admin.patch(&place, &etag, &parts).await.expect(200);
    assert_eq!((&counted["rate_percent"], &counted["remarks"]), (&json!(87.24), &json!([])));
    let parts =
        measure("computers_online", &json!({"numerator": 412, "denominator": 415, "as_of": "2024-06-30"}));
    let counted = admin.post(MEASURES, &parts).await.expect(201);
    assert_eq!(counted["not_reported"], json!([]), "a rate follows from its parts");
    let nothing = measure("documents_exchanged", &json!({"nil": true}));
    let nothing = admin.post(MEASURES, &nothing).await.expect(201);
    assert_eq!((&nothing["numerator"], &nothing["denominator"]), (&json!(0), &Value::Null));
    let alone = measure("outgoing_signed", &json!({"stated_basis_points": 9930}));
    assert_eq!(admin.post(MEASURES, &alone).await.faults(422, "invalid"), ["/stated_bound"]);
    let zero = measure("outgoing_signed", &json!({"numerator": 0, "denominator": 0}));
    assert_eq!(admin.post(MEASURES, &zero).await.faults(422, "invalid"), ["/denominator"]);
}

async fn a_rate_is_held_against_its_parts(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let codes = async |name: &str, columns: Value| -> Vec<String> {
        let made = admin.post(MEASURES, &measure(name, &columns)).await.expect(201);
        made["remarks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    // The rates of the report that hold.
    let holds = json!({"numerator": 1_882, "denominator": 7_277, "stated_basis_points": 2586, "stated_bound": "exact"});
    assert_eq!(codes("services_online", holds).await, Vec::<String>::new());
    let apart = json!({"numerator": 1_882, "denominator": 7_277, "stated_basis_points": 2587, "stated_bound": "exact"});
    assert_eq!(codes("outgoing_signed", apart).await, ["rate_and_parts"]);
    let below =
        json!({"numerator": 80, "denominator": 100, "stated_basis_points": 8186, "stated_bound": "at_least"});
    assert_eq!(codes("official_files_synced", below).await, ["rate_and_parts"]);
    assert_eq!(
        codes("agencies_online", json!({"numerator": 12, "denominator": 11})).await,
        ["part_above_whole"]
    );
}
