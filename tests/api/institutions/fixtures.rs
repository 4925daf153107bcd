//! The records of the institutional reform as the suite of all resources needs them.

use serde_json::json;

use super::{DOCUMENTS, document};
use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// Two documents of a commune stand before, of which a relation tells.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let admin = app.admin().await;
    for (number, day) in [("11/2026/QĐ-UBND", "2026-03-02"), ("12/2026/QĐ-UBND", "2026-05-04")] {
        admin.post(DOCUMENTS, &document("31396", number, day)).await.expect(201);
    }
    vec![
        Fixture {
            record_type: "legal_document",
            collection: "/api/v1/institutions/legal-documents",
            create: json!({
                "org_unit_code": "31396", "stage": "issued", "kind": "decision",
                "title": "Quy chế làm việc của Ủy ban nhân dân xã", "issued_on": "2026-01-26",
                "number": "01/2026/QĐ-UBND",
            }),
            patch: json!({"effective_on": "2026-02-05"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "stage": "issued", "kind": "decision",
                    "title": "Quy chế làm việc của Ủy ban nhân dân xã", "issued_on": "2026-01-26",
                }),
                "/number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "document_relation",
            collection: "/api/v1/institutions/document-relations",
            create: json!({
                "org_unit_code": "31396", "document_number": "12/2026/QĐ-UBND", "document_on": "2026-05-04",
                "affected_unit_code": "31396", "affected_number": "11/2026/QĐ-UBND", "affected_on": "2026-03-02",
                "extent": "whole", "from_on": "2026-05-11", "kind": "repeals",
            }),
            patch: json!({"provision": "Điều 2"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "document_number": "12/2026/QĐ-UBND", "document_on": "2026-05-04",
                    "affected_unit_code": "31396", "affected_number": "11/2026/QĐ-UBND",
                    "affected_on": "2026-03-02", "extent": "whole", "from_on": "2026-05-11", "kind": "amends",
                }),
                "/extent",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "document_review",
            collection: "/api/v1/institutions/document-reviews",
            create: json!({
                "org_unit_code": "31396", "kind": "self_check", "title": "Tự kiểm tra văn bản năm 2026",
                "starts_on": "2026-01-01", "ends_on": "2026-06-30", "unlawful_found": 1,
            }),
            patch: json!({"unlawful_handled": 1}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "self_check", "title": "Tự kiểm tra văn bản năm 2026",
                    "starts_on": "2026-01-01", "ends_on": "2026-06-30", "unlawful_found": 1, "unlawful_handled": 2,
                }),
                "/unlawful_handled",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "law_enforcement_monitoring",
            collection: "/api/v1/institutions/law-enforcement-monitoring",
            create: json!({
                "org_unit_code": "31396", "year": 2026, "topic": "Xử lý vi phạm hành chính về đất đai",
                "starts_on": "2026-02-07",
            }),
            patch: json!({"units_inspected": 4}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "year": 2026, "topic": "Xử lý vi phạm hành chính về đất đai",
                    "starts_on": "2026-02-07", "ends_on": "2026-02-06",
                }),
                "/ends_on",
            ),
            no_bulk: None,
        },
    ]
}
