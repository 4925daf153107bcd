//! Powers that a unit hands to another.

use serde_json::{Value, json};

use super::UNITS;
use crate::support::TestApp;
use crate::tell;

tell![
    powers_go_downwards_or_to_another_organisation,
    what_has_no_term_or_no_unit_any_more_is_noticed,
    a_commune_sees_what_it_hands_over_alone,
];

const DELEGATIONS: &str = "/api/v1/organization/delegations";

fn authorisation(change: &Value) -> Value {
    let mut body = json!({
        "org_unit_code": "92", "kind": "authorisation", "subject": "Phê duyệt đề án vị trí việc làm",
        "document_number": "214/QĐ-UBND", "document_on": "2026-02-07", "valid_from": "2026-02-07",
        "valid_to": "2027-01-01",
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

async fn powers_go_downwards_or_to_another_organisation(app: TestApp) {
    let admin = app.admin().await;
    let commune = app.unit("31396", "2026-11-23");
    let made =
        admin.post(DELEGATIONS, &authorisation(&json!({"receiving_unit_id": commune}))).await.expect(201);
    assert_eq!((&made["receiving_unit_name"], codes(&made)), (&json!("Xã Hiệp Hưng"), Vec::new()));
    let again = authorisation(&json!({"receiving_unit_id": commune, "valid_to": null}));
    admin.post(DELEGATIONS, &again).await.problem(409, "duplicate");
    let elsewhere = json!({"receiving_organisation": "Công an thành phố"});
    admin.post(DELEGATIONS, &authorisation(&elsewhere)).await.expect(201);

    let agency = json!({"name": "Sở Nội vụ", "kind": "specialised_agency", "code": "92-SNV", "parent_code": "92",
        "valid_from": "2025-07-01"});
    admin.post(UNITS, &agency).await.expect(201);
    let of_agency = json!({"org_unit_code": "92-SNV", "receiving_unit_id": commune});
    admin.post(DELEGATIONS, &authorisation(&of_agency)).await.expect(201);

    // One that stands under an agency does so for the same unit.
    let branch = json!({"name": "Chi cục", "kind": "specialised_agency", "code": "92-CC", "parent_code": "92-SNV",
        "valid_from": "2025-07-01"});
    admin.post(UNITS, &branch).await.expect(201);
    let of_branch = json!({"org_unit_code": "92-CC", "receiving_unit_id": commune});
    admin.post(DELEGATIONS, &authorisation(&of_branch)).await.expect(201);

    let refused = async |unit: &str, receiver: String| {
        let body = authorisation(&json!({"org_unit_code": unit, "receiving_unit_id": receiver}));
        admin.post(DELEGATIONS, &body).await.problem(422, "invalid")["errors"][0]["code"].clone()
    };
    assert_eq!(refused("31396", app.unit("92", "2026-11-23")).await, "not_below");
    assert_eq!(refused("31396", commune.clone()).await, "not_below");
    assert_eq!(refused("31396", app.unit("31399", "2026-11-23")).await, "not_below");
    assert_eq!(refused("92", app.unit("31429", "2025-06-30")).await, "not_in_force");
    let both = json!({"receiving_unit_id": commune, "receiving_organisation": "Công an thành phố"});
    for body in [authorisation(&both), authorisation(&json!({}))] {
        assert_eq!(admin.post(DELEGATIONS, &body).await.faults(422, "invalid"), ["/receiving_unit_id"]);
    }
}

async fn what_has_no_term_or_no_unit_any_more_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    let receiver = app.unit("934", "2024-02-07");
    let body = json!({
        "org_unit_code": "93", "kind": "authorisation", "subject": "Phê duyệt đề án vị trí việc làm",
        "receiving_unit_id": receiver, "document_number": "214/QĐ-UBND", "document_on": "2024-02-07",
        "valid_from": "2024-02-07",
    });
    let made = admin.post(DELEGATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    let ended = "delegation_of_ended_unit";
    assert_eq!(codes(&made), ["authorisation_without_term", ended, ended]);
    let closed = admin.patch(&place, &etag, &json!({"valid_to": "2025-07-01"})).await.expect(200);
    assert_eq!(codes(&closed), Vec::<&str>::new());
    let on = async |day: &str| {
        let list =
            admin.get(&format!("{DELEGATIONS}?receiving_unit_id={receiver}&on={day}")).await.expect(200);
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((on("2025-06-30").await, on("2025-07-01").await), (1, 0));
    let for_good =
        json!({"kind": "decentralisation", "valid_to": null, "receiving_organisation": "Công an thành phố"});
    let made = admin.post(DELEGATIONS, &authorisation(&for_good)).await.expect(201);
    assert_eq!(codes(&made), Vec::<&str>::new(), "decentralisation is for good");
}

async fn a_commune_sees_what_it_hands_over_alone(app: TestApp) {
    let own = app.person("xa.hiephung", "editor", "31396").await;
    let body = authorisation(
        &json!({"org_unit_code": "31396", "receiving_organisation": "Trung tâm Phục vụ hành chính công"}),
    );
    let made = own.post(DELEGATIONS, &body).await;
    let place = made.header("location");
    made.expect(201);
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    neighbour.get(&place).await.problem(404, "not-found");
    neighbour.post(DELEGATIONS, &body).await.problem(403, "forbidden");
}
