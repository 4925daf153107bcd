//! The records of administrative procedures as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// Where a record names a procedure, it is the registration of births.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    app.admin().await.post("/api/v1/tthc/procedures", &known).await.expect(201);
    vec![
        Fixture {
            record_type: "procedure_field",
            collection: "/api/v1/tthc/procedure-fields",
            create: json!({"name": "Hộ tịch"}),
            patch: json!({"source": "Danh mục thử"}),
            invalid: (json!({"name": " ", "source": "Danh mục thử"}), "/name"),
            no_bulk: None,
        },
        Fixture {
            record_type: "procedure",
            collection: "/api/v1/tthc/procedures",
            create: json!({"code": "1.000593", "name": "Đăng ký kết hôn lưu động", "level": "commune"}),
            patch: json!({"service_level": "full_online"}),
            invalid: (
                json!({"code": "1000.593", "name": "Đăng ký kết hôn lưu động", "level": "commune"}),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "procedure_publication",
            collection: "/api/v1/tthc/procedure-publications",
            create: json!({
                "org_unit_code": "92", "number": "1234/QĐ-UBND", "issued_on": "2026-01-05",
                "effective_on": "2026-01-12", "title": "Công bố danh mục thủ tục hành chính",
                "items": [{
                    "action": "replace", "procedure_id": null, "procedure_code": "1.013999",
                    "replaced_procedure_id": null, "replaced_procedure_code": "1.013998", "level": "commune",
                    "name": "Đăng ký khai sinh; khai tử", "note": null,
                }],
            }),
            patch: json!({"published_on": "2026-01-09"}),
            invalid: (
                json!({
                    "org_unit_code": "92", "number": "số 1234", "issued_on": "2026-01-05",
                    "effective_on": "2026-01-12", "title": "Công bố danh mục thủ tục hành chính",
                }),
                "/number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "procedure_posting",
            collection: "/api/v1/tthc/procedure-postings",
            create: json!({
                "org_unit_code": "31396", "procedure_code": "1.001193", "form": "board", "posted_on": "2026-01-12",
            }),
            patch: json!({"place": "Trung tâm Phục vụ hành chính công"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "procedure_code": "1.001193", "form": "board",
                    "posted_on": "2026-01-12", "removed_on": "2026-01-12",
                }),
                "/removed_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "procedure_process",
            collection: "/api/v1/tthc/procedure-processes",
            create: json!({
                "org_unit_code": "92", "procedure_code": "1.001193", "kind": "internal",
                "name": "Quy trình nội bộ đăng ký khai sinh", "decision_number": "2100/QĐ-UBND",
                "decided_on": "2026-01-05", "valid_from": "2026-01-12",
                "steps": [{
                    "name": "Tiếp nhận hồ sơ", "responsible": "Trung tâm Phục vụ hành chính công",
                    "unit_kind": null, "org_unit_id": null, "value": 4, "unit": "working_hour", "result": null,
                }],
            }),
            patch: json!({"electronic": true}),
            invalid: (
                json!({
                    "org_unit_code": "92", "procedure_code": "1.001193", "kind": "internal",
                    "name": "Quy trình nội bộ đăng ký khai sinh", "decision_number": "2100/QĐ-UBND",
                    "decided_on": "2026-01-05", "valid_from": "2026-01-12",
                    "steps": [{"name": "Tiếp nhận", "responsible": "Một cửa", "unit": "working_hour"}],
                }),
                "/steps/0/value",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "dossier",
            collection: "/api/v1/tthc/dossiers",
            create: json!({
                "code": "H13.44-261102-0007", "procedure_code": "1.001193", "receiving_unit_code": "31396",
                "channel": "online", "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử", "id_number": null, "phone": null},
                "received_at": "2026-11-02T02:10:00Z",
            }),
            patch: json!({"fee_vnd": 8000}),
            invalid: (
                json!({
                    "code": "H13.44-261102-0007", "procedure_code": "1.001193", "receiving_unit_code": "31396",
                    "channel": "online", "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử"},
                    "received_at": "2026-11-02T02:10:00Z", "due_at": "2026-11-01T02:10:00Z",
                }),
                "/due_at",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "procedure_review",
            collection: "/api/v1/tthc/procedure-reviews",
            create: json!({
                "org_unit_code": "31396", "title": "Rà soát lĩnh vực hộ tịch", "document_number": "125/KH-UBND",
                "document_on": "2026-01-05", "starts_on": "2026-01-05", "fields": ["Hộ tịch"], "outcome": "proposed",
                "proposals": [{
                    "kind": "shorten", "procedure_id": null, "procedure_code": "1.013999", "procedure_name": null,
                    "cut_working_days": 1, "saved_amount_vnd": null, "content": null,
                }],
            }),
            patch: json!({"reviewed_count": 41}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "title": "Rà soát lĩnh vực hộ tịch", "starts_on": "2026-01-05",
                    "ends_on": "2026-01-04", "outcome": "proposed",
                }),
                "/ends_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "support_activity",
            collection: "/api/v1/tthc/support-activities",
            create: json!({
                "org_unit_code": "31396", "kind": "helper_assignment", "title": "Phân công công chức hỗ trợ",
                "starts_on": "2026-01-05", "assigned_persons": 2,
            }),
            patch: json!({"people_supported": 412}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "helper_assignment",
                    "title": "Phân công công chức hỗ trợ", "starts_on": "2026-01-05",
                }),
                "/assigned_persons",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "focal_point",
            collection: "/api/v1/tthc/focal-points",
            create: json!({
                "org_unit_code": "31396", "duty": "procedure_control", "headcount": 1,
                "position_title": "Công chức Tư pháp - Hộ tịch", "valid_from": "2026-01-05",
            }),
            patch: json!({"headcount": 2}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "duty": "procedure_control", "valid_from": "2026-01-05",
                    "position_title": "Công chức Tư pháp - Hộ tịch", "office_phone": "bà A",
                }),
                "/office_phone",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "citizen_feedback",
            collection: "/api/v1/tthc/citizen-feedback",
            create: json!({
                "org_unit_code": "31396", "code": "PAKN.20260302.0126", "channel": "portal", "class": "conduct",
                "content": "Hồ sơ đã quá ngày hẹn trả.", "received_at": "2026-03-02T02:00:00Z",
            }),
            patch: json!({"channel": "hotline"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "code": "PAKN.20260230.0126", "channel": "portal", "class": "conduct",
                    "content": "Hồ sơ đã quá ngày hẹn trả.", "received_at": "2026-03-02T02:00:00Z",
                }),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "satisfaction_rating",
            collection: "/api/v1/tthc/satisfaction-ratings",
            create: json!({
                "org_unit_code": "31396", "dossier_code": "H13.44-261102-0099", "rated_on": "2026-11-09",
                "level": "very_satisfied", "channel": "kiosk",
            }),
            patch: json!({"level": "satisfied"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "dossier_code": "H13.44-261102-0099", "rated_on": "2026-12-09",
                    "level": "very_satisfied", "channel": "kiosk",
                }),
                "/rated_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "processing_return",
            collection: "/api/v1/tthc/processing-returns",
            create: json!({
                "org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
                "received_online": 3,
            }),
            patch: json!({"pending_in_time": 3}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "refused": -1,
                }),
                "/refused",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "record_declaration",
            collection: "/api/v1/tthc/record-declarations",
            create: json!({"org_unit_code": "31396", "records_complete_since": "2026-01-01"}),
            patch: json!({"document_number": "15/UBND-VP"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "records_complete_since": "2026-01-01", "document_number": "công văn",
                }),
                "/document_number",
            ),
            no_bulk: None,
        },
    ]
}
