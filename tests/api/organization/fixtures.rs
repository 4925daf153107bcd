//! The records of the organisation as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;

pub fn fixtures() -> Vec<Fixture> {
    vec![
        Fixture {
            record_type: "staffing_return",
            collection: "/api/v1/organization/staffing-returns",
            create: json!({
                "org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration",
                "as_of": "2026-09-30", "posts_given": 40,
            }),
            patch: json!({"posts_filled": 38}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration",
                    "as_of": "2026-09-30", "posts_given": -1,
                }),
                "/posts_given",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "leadership_return",
            collection: "/api/v1/organization/leadership-returns",
            create: json!({
                "org_unit_code": "31396", "period_code": "2026-Q3", "unit_kind": "agencies", "units": 4,
            }),
            patch: json!({"deputies": 6}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "period_code": "2026-Q3", "unit_kind": "agencies", "deputies": -1,
                }),
                "/deputies",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "boundary_return",
            collection: "/api/v1/organization/boundary-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "commune_markers": 5}),
            patch: json!({"map_sets": 1}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "commune_markers": -1}),
                "/commune_markers",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "org_unit",
            collection: "/api/v1/organization/org-units",
            create: json!({
                "name": "Sở Nội vụ", "kind": "specialised_agency", "code": "SNV", "parent_code": "92",
                "valid_from": "2026-01-01",
            }),
            patch: json!({"note": "Đơn vị thử nghiệm."}),
            invalid: (
                json!({
                    "name": "Sở Nội vụ", "kind": "specialised_agency", "code": "S NV", "parent_code": "92",
                    "valid_from": "2026-01-01",
                }),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "org_unit_succession",
            collection: "/api/v1/organization/successions",
            create: json!({
                "predecessor_code": "934", "successor_code": "31396", "relation": "division",
                "effective_on": "2025-07-01",
            }),
            patch: json!({"keeps_records": true}),
            invalid: (
                json!({
                    "predecessor_code": "934", "successor_code": "934", "relation": "division",
                    "effective_on": "2025-07-01",
                }),
                "/successor_code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "reorganization",
            collection: "/api/v1/organization/reorganizations",
            create: json!({
                "org_unit_code": "31396", "kind": "establish", "effective_on": "2025-07-01",
                "document_number": "1668/NQ-UBTVQH15", "document_on": "2025-06-16",
            }),
            patch: json!({"note": "Theo Nghị quyết về sắp xếp đơn vị hành chính cấp xã"}),
            invalid: (
                json!({"org_unit_code": "31396", "kind": "merge", "effective_on": "2025-07-01"}),
                "/others",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "delegation",
            collection: "/api/v1/organization/delegations",
            create: json!({
                "org_unit_code": "31396", "kind": "authorisation", "subject": "Chứng thực chữ ký",
                "field": "Tư pháp", "receiving_organisation": "Trung tâm Phục vụ hành chính công xã",
                "document_number": "12/QĐ-UBND", "document_on": "2026-01-05", "valid_from": "2026-01-05",
                "valid_to": "2027-01-01",
            }),
            patch: json!({"valid_to": "2026-07-01"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "authorisation", "subject": "Chứng thực chữ ký",
                    "receiving_organisation": "Trung tâm Phục vụ hành chính công xã",
                    "valid_from": "2026-01-05", "valid_to": "2026-01-05",
                }),
                "/valid_to",
            ),
            no_bulk: None,
        },
    ]
}
