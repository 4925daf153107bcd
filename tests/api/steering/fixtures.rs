//! The records of steering as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;

pub fn fixtures() -> Vec<Fixture> {
    vec![Fixture {
        record_type: "directive",
        collection: "/api/v1/steering/directives",
        create: json!({
            "org_unit_code": "31396", "direction": "received", "kind": "resolution", "number": "76/NQ-CP",
            "issuer": "Chính phủ", "issued_on": "2021-07-15", "held_on": "2026-01-05",
            "subject": "Chương trình tổng thể cải cách hành chính nhà nước",
        }),
        patch: json!({"note": "Đã quán triệt."}),
        invalid: (
            json!({
                "org_unit_code": "31396", "direction": "received", "kind": "resolution", "number": "76/NQ-CP",
                "issuer": "Chính phủ", "issued_on": "2026-01-06", "held_on": "2026-01-05",
                "subject": "Chương trình tổng thể",
            }),
            "/held_on",
        ),
        no_bulk: None,
    }]
}
