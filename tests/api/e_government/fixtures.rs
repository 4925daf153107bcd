//! The records of e-government as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// A system stands before, of which a deployment is made.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let used = json!({
        "org_unit_code": "92", "kind": "mailbox_sso", "name": "Thư điện tử công vụ", "in_use_from": "2026-01-05",
    });
    let made = app.admin().await.post("/api/v1/e-government/systems", &used).await.expect(201);
    let system = &made["id"];
    vec![
        Fixture {
            record_type: "measure_return",
            collection: "/api/v1/e-government/measure-returns",
            create: json!({
                "org_unit_code": "31396", "period_code": "2026-Q3", "measure": "outgoing_signed", "numerator": 412,
                "denominator": 415,
            }),
            patch: json!({"numerator": 414}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "period_code": "2026-Q3", "measure": "outgoing_signed",
                    "numerator": 412,
                }),
                "/denominator",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "system",
            collection: "/api/v1/e-government/systems",
            create: json!({
                "org_unit_code": "31396", "kind": "one_stop", "name": "Hệ thống một cửa",
                "in_use_from": "2026-01-05",
            }),
            patch: json!({"address": "motcua.example.vn"}),
            invalid: (
                json!({"org_unit_code": "31396", "kind": "one_stop", "name": " ", "in_use_from": "2026-01-05"}),
                "/name",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "deployment",
            collection: "/api/v1/e-government/deployments",
            create: json!({"org_unit_code": "31396", "system_id": system, "in_use_from": "2026-01-05"}),
            patch: json!({"users": 38}),
            invalid: (
                json!({"org_unit_code": "31396", "system_id": system, "in_use_from": "2026-01-05", "users": -1}),
                "/users",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "digital_certificate",
            collection: "/api/v1/e-government/digital-certificates",
            create: json!({
                "org_unit_code": "31396", "holder": "unit", "serial_number": "54:01", "valid_from": "2026-01-05",
                "expires_on": "2031-01-04",
            }),
            patch: json!({"revoked_on": "2026-09-01"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "holder": "unit", "serial_number": "54:01",
                    "valid_from": "2026-01-05", "expires_on": "2026-01-04",
                }),
                "/expires_on",
            ),
            no_bulk: None,
        },
    ]
}
