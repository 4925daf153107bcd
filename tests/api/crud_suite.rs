//! One suite of behaviour, run against every resource.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::sheets::{self, XLSX};
use crate::support::database::Backend;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    every_resource_is_made_read_changed_and_deleted,
    every_resource_refuses_bad_bodies,
    every_list_refuses_what_it_does_not_know,
    every_write_stands_in_the_journal,
    every_list_comes_in_one_stream,
    no_cursor_works_elsewhere,
    every_record_is_made_once_for_its_key,
    every_batch_is_written_whole_or_line_by_line,
    every_template_is_filled_in_and_imported,
    every_return_of_a_closed_period_stays_as_it_is,
    no_resource_is_left_out,
];

/// Resources with a life of their own, told in stories of their own.
const APART: [&str; 2] = [
    // Succeeded, never changed: `tthc::feedback`.
    "/api/v1/tthc/feedback-time-limits",
    // Made and reopened, never changed: `reporting::period_closures`.
    "/api/v1/reporting/period-closures",
];

/// Members with personal data, which every answer of a write shows masked.
const MASKED: [&str; 2] = ["owner", "person"];

/// A resource as the suite needs it.
pub struct Fixture {
    /// What the journal calls it.
    pub record_type: &'static str,
    pub collection: &'static str,
    pub create: Value,
    pub patch: Value,
    /// A body with a value that is well formed and wrong, and where.
    pub invalid: (Value, &'static str),
    /// Why it has no batch and no import; every other resource has both.
    pub no_bulk: Option<&'static str>,
}

impl Fixture {
    /// Whether it has operations on many records at once, as it should.
    fn has_bulk(&self, document: &Value) -> bool {
        for operation in ["batch", "import", "template"] {
            let path = format!("{}/{operation}", self.collection);
            let is_there = document["paths"].get(&path).is_some();
            assert_eq!(is_there, self.no_bulk.is_none(), "{path}: {:?}", self.no_bulk);
        }
        self.no_bulk.is_none()
    }
}

/// An account is made with a secret of its own, which costs a hash of argon2 to store and is handed over
/// to one person or system: there is no list of secrets to send.
const SECRETS: Option<&str> = Some("accounts carry secrets");

/// The resources, and what they need to be made.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    admin
        .post("/api/v1/admin/users", &json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD}))
        .await
        .expect(201);
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    admin.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let used = json!({"org_unit_code": "92", "kind": "mailbox_sso", "name": "Thư điện tử công vụ", "in_use_from": "2026-01-05"});
    let system = admin.post("/api/v1/e-government/systems", &used).await.expect(201)["id"].clone();
    let inspection = json!({
        "org_unit_code": "31396", "code": "77/2026", "topic": "Kiểm tra công vụ", "notice": "announced",
        "starts_on": "2026-05-04",
    });
    admin.post("/api/v1/civil-service/discipline-inspections", &inspection).await.expect(201);
    crate::public_finance::named_by_others(&admin).await;
    crate::institutions::named_by_others(&admin).await;
    vec![
        Fixture {
            record_type: "period",
            collection: "/api/v1/reporting/periods",
            create: json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"}),
            patch: json!({"submit_by": "2032-01-10"}),
            invalid: (
                json!({"code": "20312031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"}),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "holiday",
            collection: "/api/v1/reporting/holidays",
            create: json!({"day": "2031-01-01", "kind": "holiday", "name": "Tết Dương lịch"}),
            patch: json!({"source": "Thông báo thử"}),
            invalid: (json!({"day": "2031-01-02", "kind": "make_up_workday", "name": "Làm bù"}), "/day"),
            no_bulk: None,
        },
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
            record_type: "investment_plan",
            collection: "/api/v1/public-finance/investment-plans",
            create: json!({
                "org_unit_code": "31396", "fiscal_year": 2026, "code": "VDTC", "title": "Kế hoạch vốn đầu tư công",
                "capital_source": "commune_budget", "amount_vnd": 5_000_000_000_i64, "valid_from": "2026-01-01",
            }),
            patch: json!({"amount_vnd": 6_000_000_000_i64}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "fiscal_year": 2026, "code": "VDTC", "title": "Kế hoạch vốn đầu tư công",
                    "capital_source": "commune_budget", "amount_vnd": 5_000_000_000_i64, "valid_from": "2026-01-01",
                    "document_number": "12/QĐ-UBND",
                }),
                "/document_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "plan_adjustment",
            collection: "/api/v1/public-finance/plan-adjustments",
            create: json!({
                "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "decided_on": "2026-06-01",
                "document_number": "45/QĐ-UBND", "direction": "increase", "amount_vnd": 200_000_000,
            }),
            patch: json!({"amount_vnd": 250_000_000}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "decided_on": "2026-06-01",
                    "document_number": "số 45", "direction": "increase", "amount_vnd": 200_000_000,
                }),
                "/document_number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "disbursement",
            collection: "/api/v1/public-finance/disbursements",
            create: json!({
                "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "paid_from": "2026-03-02",
                "paid_to": "2026-03-02", "amount_vnd": 300_000_000,
            }),
            patch: json!({"document_number": "0001"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "paid_from": "2026-03-02",
                    "paid_to": "2026-03-01", "amount_vnd": 300_000_000,
                }),
                "/paid_to",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "audit_recommendation",
            collection: "/api/v1/public-finance/audit-recommendations",
            create: json!({
                "org_unit_code": "31396", "code": "KL-2", "conclusion_number": "08/KL-TTr", "concluded_on": "2026-03-06",
                "concluded_by": "Thanh tra Sở Xây dựng", "title": "Nạo vét kênh", "measure": "disallow", "amount_vnd": 16_424_380,
            }),
            patch: json!({"due_on": "2026-06-30"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "code": "KL-2", "conclusion_number": "08/KL-TTr", "concluded_on": "2026-03-06",
                    "concluded_by": "Thanh tra Sở Xây dựng", "title": "Nạo vét kênh", "measure": "disallow", "amount_vnd": 16_424_380,
                    "due_on": "2026-03-05",
                }),
                "/due_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "remittance",
            collection: "/api/v1/public-finance/remittances",
            create: json!({
                "org_unit_code": "31396", "recommendation_code": "KL-1", "remitted_on": "2026-04-22", "amount_vnd": 400_000,
            }),
            patch: json!({"receipt_number": "0001234"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "recommendation_code": "KL-1", "remitted_on": "2026-04-22", "amount_vnd": 1_000_001,
                }),
                "/amount_vnd",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "budget_disclosure",
            collection: "/api/v1/public-finance/budget-disclosures",
            create: json!({
                "org_unit_code": "31396", "kind": "estimate", "fiscal_year": 2026, "title": "Công khai dự toán ngân sách",
                "document_number": "31/QĐ-UBND", "document_on": "2026-01-12",
            }),
            patch: json!({"published_on": "2026-01-13"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "estimate", "fiscal_year": 2026, "title": "Công khai dự toán ngân sách",
                    "document_number": "số 31", "document_on": "2026-01-12",
                }),
                "/document_number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "final_account",
            collection: "/api/v1/public-finance/final-accounts",
            create: json!({
                "org_unit_code": "31396", "kind": "unit", "fiscal_year": 2025, "state_on": "2026-03-31",
                "due_on": "2026-03-31", "submitted_on": "2026-03-30",
            }),
            patch: json!({"appraised_on": "2026-05-04"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "unit", "fiscal_year": 2025, "state_on": "2026-03-31",
                    "due_on": "2026-03-31", "submitted_on": "2026-03-30", "stated_on_time": true,
                }),
                "/stated_on_time",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "spending_rule",
            collection: "/api/v1/public-finance/spending-rules",
            create: json!({
                "org_unit_code": "31396", "kind": "internal_spending", "valid_from": "2026-01-05",
            }),
            patch: json!({"valid_to": "2027-01-01"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "internal_spending", "valid_from": "2026-01-05", "valid_to": "2026-01-05",
                }),
                "/valid_to",
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
            record_type: "personnel_decision",
            collection: "/api/v1/civil-service/personnel-decisions",
            create: json!({
                "org_unit_code": "31396", "kind": "retire", "category": "public_employee", "cases": 1,
                "covers_from": "2026-01-01", "covers_to": "2026-06-30",
            }),
            patch: json!({"cases": 2}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "retire", "category": "public_employee", "cases": 1,
                    "covers_from": "2026-01-01", "covers_to": "2025-12-31",
                }),
                "/covers_to",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "job_position_scheme",
            collection: "/api/v1/civil-service/job-position-schemes",
            create: json!({
                "org_unit_code": "31396", "coverage": "service_units", "title": "Đề án vị trí việc làm",
                "dated_on": "2026-03-02", "stage": "submitted", "units_covered": 12,
            }),
            patch: json!({"units_covered": 13}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "coverage": "service_units", "title": "Đề án vị trí việc làm",
                    "dated_on": "2026-03-02", "stage": "approved",
                }),
                "/document_number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "training_course",
            collection: "/api/v1/civil-service/training-courses",
            create: json!({
                "org_unit_code": "31396", "kind": "rank", "title": "Bồi dưỡng ngạch chuyên viên",
                "starts_on": "2026-03-16", "persons_sent": 4,
            }),
            patch: json!({"persons_finished": 4}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "kind": "degree", "title": "Bồi dưỡng ngạch chuyên viên",
                    "starts_on": "2026-03-16",
                }),
                "/level",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "staff_streamlining",
            collection: "/api/v1/civil-service/staff-streamlining",
            create: json!({
                "org_unit_code": "31396", "year": 2026, "round": 1, "stage": "proposed",
                "stage_on": "2026-02-10", "cases": 2,
            }),
            patch: json!({"stage": "appraised"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "year": 2026, "round": 1, "stage": "paid",
                    "stage_on": "2026-02-10", "cases": 2,
                }),
                "/amount_vnd",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "discipline_inspection",
            collection: "/api/v1/civil-service/discipline-inspections",
            create: json!({
                "org_unit_code": "31396", "code": "536/2026", "topic": "Kiểm tra giờ giấc làm việc",
                "notice": "unannounced", "starts_on": "2026-05-04",
            }),
            patch: json!({"ends_on": "2026-05-05"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "code": "536/2026", "topic": "Kiểm tra giờ giấc làm việc",
                    "notice": "unannounced", "starts_on": "2026-05-04", "ends_on": "2026-05-03",
                }),
                "/ends_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "discipline_visit",
            collection: "/api/v1/civil-service/discipline-visits",
            create: json!({
                "org_unit_code": "31396", "inspection_code": "77/2026", "visited_unit_code": "31396",
                "visited_on": "2026-05-04", "outcome": "compliant",
            }),
            patch: json!({"persons_checked": 41}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "inspection_code": "77/2026", "visited_unit_code": "31396",
                    "visited_on": "2026-05-04", "outcome": "violations",
                }),
                "/findings",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "official",
            collection: "/api/v1/civil-service/officials",
            create: json!({
                "org_unit_code": "31396", "employee_code": "CB-000123", "listed_on": "2026-11-02",
                "category": "civil_servant", "rank_title": "Chuyên viên", "qualification": "bachelor",
                "person": {"name": "Cán bộ thử", "date_of_birth": "1990-02-03", "sex": "female", "id_number": "012345678901"},
            }),
            patch: json!({"rank_title": "Chuyên viên chính"}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "employee_code": "CB-000123", "listed_on": "2026-11-02",
                    "category": "civil_servant", "status": "working", "until": "2026-10-31",
                }),
                "/until",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "quality_rating",
            collection: "/api/v1/civil-service/quality-ratings",
            create: json!({
                "org_unit_code": "31396", "year": 2025, "category": "civil_servant", "sector": "commune",
                "rated_on": "2025-12-19", "excellent": 4, "good": 30, "completed": 2, "not_completed": 0,
            }),
            patch: json!({"good": 31}),
            invalid: (
                json!({
                    "org_unit_code": "31396", "year": 2026, "category": "civil_servant", "sector": "commune",
                    "rated_on": "2025-12-19", "excellent": 4, "good": 30, "completed": 2, "not_completed": 0,
                }),
                "/rated_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "legal_document",
            collection: "/api/v1/institutions/legal-documents",
            create: json!({"org_unit_code": "31396", "stage": "issued", "kind": "decision", "title": "Quy chế làm việc của Ủy ban nhân dân xã", "issued_on": "2026-01-26", "number": "01/2026/QĐ-UBND"}),
            patch: json!({"effective_on": "2026-02-05"}),
            invalid: (
                json!({"org_unit_code": "31396", "stage": "issued", "kind": "decision", "title": "Quy chế làm việc của Ủy ban nhân dân xã", "issued_on": "2026-01-26"}),
                "/number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "document_relation",
            collection: "/api/v1/institutions/document-relations",
            create: json!({"org_unit_code": "31396", "document_number": "12/2026/QĐ-UBND", "document_on": "2026-05-04", "affected_unit_code": "31396", "affected_number": "11/2026/QĐ-UBND", "affected_on": "2026-03-02", "extent": "whole", "from_on": "2026-05-11", "kind": "repeals"}),
            patch: json!({"provision": "Điều 2"}),
            invalid: (
                json!({"org_unit_code": "31396", "document_number": "12/2026/QĐ-UBND", "document_on": "2026-05-04", "affected_unit_code": "31396", "affected_number": "11/2026/QĐ-UBND", "affected_on": "2026-03-02", "extent": "whole", "from_on": "2026-05-11", "kind": "amends"}),
                "/extent",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "document_review",
            collection: "/api/v1/institutions/document-reviews",
            create: json!({"org_unit_code": "31396", "kind": "self_check", "title": "Tự kiểm tra văn bản năm 2026", "starts_on": "2026-01-01", "ends_on": "2026-06-30", "unlawful_found": 1}),
            patch: json!({"unlawful_handled": 1}),
            invalid: (
                json!({"org_unit_code": "31396", "kind": "self_check", "title": "Tự kiểm tra văn bản năm 2026", "starts_on": "2026-01-01", "ends_on": "2026-06-30", "unlawful_found": 1, "unlawful_handled": 2}),
                "/unlawful_handled",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "law_enforcement_monitoring",
            collection: "/api/v1/institutions/law-enforcement-monitoring",
            create: json!({"org_unit_code": "31396", "year": 2026, "topic": "Xử lý vi phạm hành chính về đất đai", "starts_on": "2026-02-07"}),
            patch: json!({"units_inspected": 4}),
            invalid: (
                json!({"org_unit_code": "31396", "year": 2026, "topic": "Xử lý vi phạm hành chính về đất đai", "starts_on": "2026-02-07", "ends_on": "2026-02-06"}),
                "/ends_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "processing_return",
            collection: "/api/v1/tthc/processing-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "received_online": 3}),
            patch: json!({"pending_in_time": 3}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "refused": -1}),
                "/refused",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "staffing_return",
            collection: "/api/v1/organization/staffing-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration", "as_of": "2026-09-30", "posts_given": 40}),
            patch: json!({"posts_filled": 38}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration", "as_of": "2026-09-30", "posts_given": -1}),
                "/posts_given",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "leadership_return",
            collection: "/api/v1/organization/leadership-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "unit_kind": "agencies", "units": 4}),
            patch: json!({"deputies": 6}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "unit_kind": "agencies", "deputies": -1}),
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
            record_type: "qualification_return",
            collection: "/api/v1/civil-service/qualification-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "group": "agency_staff", "master": 3}),
            patch: json!({"bachelor": 31}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "group": "agency_staff", "master": -3}),
                "/master",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "asset_declaration_return",
            collection: "/api/v1/civil-service/asset-declaration-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "obliged": 38}),
            patch: json!({"declared": 38}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "obliged": -38}),
                "/obliged",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "work_diary_return",
            collection: "/api/v1/civil-service/work-diary-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "persons": 38}),
            patch: json!({"keeping": 36}),
            invalid: (json!({"org_unit_code": "31396", "period_code": "2026-Q3", "keeping": -1}), "/keeping"),
            no_bulk: None,
        },
        Fixture {
            record_type: "autonomy_return",
            collection: "/api/v1/public-finance/autonomy-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "degree": "recurrent", "units": 2}),
            patch: json!({"of_units": 4}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "degree": "recurrent", "units": -2}),
                "/units",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "measure_return",
            collection: "/api/v1/e-government/measure-returns",
            create: json!({"org_unit_code": "31396", "period_code": "2026-Q3", "measure": "outgoing_signed", "numerator": 412, "denominator": 415}),
            patch: json!({"numerator": 414}),
            invalid: (
                json!({"org_unit_code": "31396", "period_code": "2026-Q3", "measure": "outgoing_signed", "numerator": 412}),
                "/denominator",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "system",
            collection: "/api/v1/e-government/systems",
            create: json!({"org_unit_code": "31396", "kind": "one_stop", "name": "Hệ thống một cửa", "in_use_from": "2026-01-05"}),
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
            create: json!({"org_unit_code": "31396", "holder": "unit", "serial_number": "54:01", "valid_from": "2026-01-05", "expires_on": "2031-01-04"}),
            patch: json!({"revoked_on": "2026-09-01"}),
            invalid: (
                json!({"org_unit_code": "31396", "holder": "unit", "serial_number": "54:01", "valid_from": "2026-01-05", "expires_on": "2026-01-04"}),
                "/expires_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "directive",
            collection: "/api/v1/steering/directives",
            create: json!({"org_unit_code": "31396", "direction": "received", "kind": "resolution", "number": "76/NQ-CP", "issuer": "Chính phủ", "issued_on": "2021-07-15", "held_on": "2026-01-05", "subject": "Chương trình tổng thể cải cách hành chính nhà nước"}),
            patch: json!({"note": "Đã quán triệt."}),
            invalid: (
                json!({"org_unit_code": "31396", "direction": "received", "kind": "resolution", "number": "76/NQ-CP", "issuer": "Chính phủ", "issued_on": "2026-01-06", "held_on": "2026-01-05", "subject": "Chương trình tổng thể"}),
                "/held_on",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "record_declaration",
            collection: "/api/v1/tthc/record-declarations",
            create: json!({"org_unit_code": "31396", "records_complete_since": "2026-01-01"}),
            patch: json!({"document_number": "15/UBND-VP"}),
            invalid: (
                json!({"org_unit_code": "31396", "records_complete_since": "2026-01-01", "document_number": "công văn"}),
                "/document_number",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "org_unit",
            collection: "/api/v1/organization/org-units",
            create: json!({"name": "Sở Nội vụ", "kind": "specialised_agency", "code": "SNV", "parent_code": "92", "valid_from": "2026-01-01"}),
            patch: json!({"note": "Đơn vị thử nghiệm."}),
            invalid: (
                json!({"name": "Sở Nội vụ", "kind": "specialised_agency", "code": "S NV", "parent_code": "92", "valid_from": "2026-01-01"}),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "org_unit_succession",
            collection: "/api/v1/organization/successions",
            create: json!({"predecessor_code": "934", "successor_code": "31396", "relation": "division", "effective_on": "2025-07-01"}),
            patch: json!({"keeps_records": true}),
            invalid: (
                json!({"predecessor_code": "934", "successor_code": "934", "relation": "division", "effective_on": "2025-07-01"}),
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
        Fixture {
            record_type: "user",
            collection: "/api/v1/admin/users",
            create: json!({"username": "thu.nghiem", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD}),
            patch: json!({"active": false}),
            invalid: (
                json!({"username": "thu.nghiem", "display_name": "Tài khoản thử", "password": "ngan"}),
                "/password",
            ),
            no_bulk: SECRETS,
        },
        Fixture {
            record_type: "client",
            collection: "/api/v1/admin/clients",
            create: json!({"client_id": "he-thong-thu", "display_name": "Hệ thống thử"}),
            patch: json!({"active": false}),
            invalid: (json!({"client_id": "Hệ thống", "display_name": "Hệ thống thử"}), "/client_id"),
            no_bulk: SECRETS,
        },
        Fixture {
            record_type: "grant",
            collection: "/api/v1/admin/grants",
            create: json!({"username": "can.bo", "role": "inspector", "org_unit_code": "92", "valid_from": "2026-01-01"}),
            patch: json!({"valid_to": "2027-01-01"}),
            invalid: (
                json!({"username": "can.bo", "role": "client", "org_unit_code": "92", "valid_from": "2026-01-01"}),
                "/role",
            ),
            no_bulk: None,
        },
    ]
}

async fn every_resource_is_made_read_changed_and_deleted(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let created = admin.post(what, &fixture.create).await;
        let (location, etag) = (created.header("location"), created.etag());
        let record = created.expect(201);
        assert_eq!(location, format!("{what}/{}", record["id"].as_str().unwrap()));
        admin.post(what, &fixture.create).await.problem(409, "duplicate");
        let read = admin.get(&location).await;
        assert_eq!(read.etag(), etag, "{what}");
        let read = read.expect(200);
        assert_eq!(admin.with("if-none-match", &etag).get(&location).await.status, 304, "{what}");

        let mut found = false;
        let mut path = format!("{what}?limit=200");
        while !path.is_empty() {
            let page = admin.get(&path).await;
            let link = page.header("link");
            let page = page.expect(200);
            found |= page["items"].as_array().unwrap().iter().any(|item| item["id"] == record["id"]);
            path =
                link.strip_prefix('<').map(|l| l.split('>').next().unwrap().to_owned()).unwrap_or_default();
        }
        assert!(found, "{what}: the list holds the record");

        for (method, body) in
            [("PUT", Some(&fixture.create)), ("PATCH", Some(&fixture.patch)), ("DELETE", None)]
        {
            let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
            admin.send(method, &location, body.clone()).await.problem(428, "precondition-required");
            admin
                .with("if-match", "\"v99\"")
                .send(method, &location, body.clone())
                .await
                .problem(412, "precondition-failed");
            admin
                .with("if-match", "W/\"v1\"")
                .send(method, &location, body)
                .await
                .problem(412, "precondition-failed");
        }
        let patched = admin.patch(&location, &etag, &fixture.patch).await;
        let etag = patched.etag();
        let patched = patched.expect(200);
        assert_eq!(patched["version"].as_i64(), read["version"].as_i64().map(|v| v + 1), "{what}");
        for (name, value) in fixture.patch.as_object().unwrap() {
            assert_eq!(&patched[name], value, "{what}");
        }
        let replaced = admin.put(&location, &etag, &fixture.create).await;
        let etag = replaced.etag();
        replaced.expect(200);
        assert_eq!(admin.delete(&location, &etag).await.status, 204, "{what}");
        admin.get(&location).await.problem(404, "not-found");
        admin.delete(&location, &etag).await.problem(404, "not-found");
        admin.post(what, &fixture.create).await.expect(201);
        admin.get(&format!("{what}/not-an-id")).await.problem(404, "not-found");
    }
}

async fn every_resource_refuses_bad_bodies(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let post = |content_type: &'static str, body: Vec<u8>| {
            let admin = admin.clone();
            async move { admin.send("POST", what, Some((content_type, body))).await }
        };
        let json_type = "application/json";
        post(json_type, b"{\"a\": ".to_vec()).await.problem(400, "malformed-json");
        post(json_type, vec![b'"', 0xff, 0xfe, b'"']).await.problem(400, "malformed-json");
        post(json_type, format!("{}{}", "[".repeat(200), "]".repeat(200)).into_bytes())
            .await
            .problem(400, "malformed-json");
        post(json_type, b"[]".to_vec()).await.problem(400, "wrong-shape");
        post("text/plain", fixture.create.to_string().into_bytes())
            .await
            .problem(415, "unsupported-media-type");
        post(json_type, vec![b' '; 2 * 1024 * 1024]).await.problem(413, "payload-too-large");

        let mut unknown = fixture.create.clone();
        unknown["colour"] = json!("red");
        assert_eq!(admin.post(what, &unknown).await.faults(400, "wrong-shape"), ["/colour"], "{what}");
        let (name, _) =
            fixture.create.as_object().unwrap().iter().find(|(_, value)| value.is_string()).unwrap();
        let twice = fixture.create.to_string().replacen('{', &format!("{{\"{name}\": \"x\", "), 1);
        let faults = post(json_type, twice.into_bytes()).await.faults(400, "wrong-shape");
        assert_eq!(faults, [format!("/{name}")], "{what}");
        let mut nul = fixture.create.clone();
        nul[name] = json!("a\u{0}b");
        assert_eq!(admin.post(what, &nul).await.faults(422, "invalid"), [format!("/{name}")], "{what}");
        let (invalid, pointer) = &fixture.invalid;
        let mut faults = admin.post(what, invalid).await.faults(422, "invalid");
        faults.dedup();
        assert_eq!(faults, [*pointer], "{what}");
    }
}

async fn every_list_refuses_what_it_does_not_know(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        for (query, pointer) in [
            ("colour=red", "/colour"),
            ("limit=0", "/limit"),
            ("limit=201", "/limit"),
            ("limit=ten", "/limit"),
            ("include_total=perhaps", "/include_total"),
            ("sort=colour", "/sort"),
            ("limit=1&limit=2", "/limit"),
        ] {
            assert_eq!(
                admin.get(&format!("{what}?{query}")).await.faults(400, "invalid-parameter"),
                [pointer],
                "{what}?{query}"
            );
        }
        assert_eq!(
            admin.get(&format!("{what}?limit=%00")).await.faults(422, "invalid"),
            ["/limit"],
            "{what}"
        );
        admin.get(&format!("{what}?limit=%ff")).await.problem(400, "invalid-parameter");
        admin.get(&format!("{what}?cursor=Zm9yZ2Vk")).await.problem(422, "invalid-cursor");
    }
}

async fn every_write_stands_in_the_journal(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let created = admin.with("x-request-id", "nhat-ky-1").post(what, &fixture.create).await;
        let (location, etag) = (created.header("location"), created.etag());
        let record = created.expect(201);
        let etag = {
            let patched = admin.patch(&location, &etag, &fixture.patch).await;
            let etag = patched.etag();
            patched.expect(200);
            etag
        };
        assert_eq!(admin.delete(&location, &etag).await.status, 204);
        app.seal().await;
        let id = record["id"].as_str().unwrap();
        let feed = format!("{}?types={}&limit=1000", crate::exchange::CHANGES, fixture.record_type);
        let feed = admin.get(&feed).await.expect(200);
        let told: Vec<_> = feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["id"] == id)
            .map(|change| (change["kind"].as_str().unwrap(), change["href"].as_str().unwrap()))
            .collect();
        let expected = ["create", "update", "delete"].map(|kind| (kind, location.as_str()));
        assert_eq!(told, expected, "{what}: the feed tells of every change");
        let entries = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        let entries = entries["items"].as_array().unwrap().clone();
        let mut actions: Vec<_> = entries.iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect();
        actions.reverse();
        assert_eq!(actions, ["create", "update", "delete"], "{what}");
        let versions: Vec<_> = entries.iter().rev().map(|e| e["record_version"].as_i64().unwrap()).collect();
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{what}: {versions:?}");
        assert!(
            entries.iter().all(|e| e["record_type"] == fixture.record_type && e["position"].is_i64()),
            "{what}"
        );
        assert!(entries.iter().any(|e| e["request_id"] == "nhat-ky-1"));
    }
}

async fn every_list_comes_in_one_stream(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        admin.post(what, &fixture.create).await.expect(201);
        let total =
            admin.get(&format!("{what}?include_total=true&limit=1")).await.expect(200)["total"].clone();
        let lines = admin.with("accept", "application/x-ndjson").get(what).await;
        assert_eq!(lines.header("content-type"), "application/x-ndjson", "{what}");
        let lines: Vec<Value> =
            lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json!(lines.len()), total, "{what}");
        let csv = admin.with("accept", "text/csv").get(what).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present", "{what}");
        let rows = crate::listing::records(&csv.text());
        assert_eq!(rows.len(), lines.len() + 1, "{what}");
        assert_eq!(&rows[0][0], "id", "{what}: in the order of the contract");
        let member = |column: &str| column.split('.').next().unwrap().to_owned();
        let members: BTreeSet<String> = rows[0].iter().map(member).collect();
        let told: BTreeSet<String> = lines[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, told, "{what}: a column for each member, or for each of its own");

        let sheet = admin.with("accept", XLSX).get(what).await;
        assert_eq!((sheet.status, sheet.header("content-type").as_str()), (200, XLSX), "{what}");
        let name = what.rsplit('/').next().unwrap();
        assert_eq!(sheet.header("content-disposition"), format!("attachment; filename=\"{name}.xlsx\""));
        let sheet = sheets::rows(&sheet.bytes, sheets::DATA);
        assert_eq!(sheet.len(), lines.len() + 2, "{what}: terms, names, and the records");
        assert_eq!(sheet[1], rows[0].iter().collect::<Vec<_>>(), "{what}");
    }
}

/// The members of a record as the columns of a table: an object has one for each of its members.
fn flat(record: &Value) -> serde_json::Map<String, Value> {
    let columns = |(name, value): (&String, &Value)| match value {
        Value::Object(members) => {
            members.iter().map(|(inner, value)| (format!("{name}.{inner}"), value.clone())).collect()
        }
        value => vec![(name.clone(), value.clone())],
    };
    record.as_object().unwrap().iter().flat_map(columns).collect()
}

/// Fills in the template of a collection with a record, as a clerk would.
async fn filled(admin: &Client, collection: &str, record: &Value) -> Vec<u8> {
    let template = admin.get(&format!("{collection}/template")).await;
    assert_eq!((template.status, template.header("content-type").as_str()), (200, XLSX), "{collection}");
    let name = collection.rsplit('/').next().unwrap();
    let head = sheets::rows(&template.bytes, sheets::DATA);
    assert_eq!(head.len(), 2, "{collection}: terms, names, and no record yet");
    for (term, name) in head[0].iter().zip(&head[1]) {
        assert_ne!(
            term.trim_end_matches(" (*)").to_lowercase(),
            name.to_lowercase(),
            "{collection}: {name} has no Vietnamese term"
        );
    }
    let record = flat(record);
    let cells = head[1].iter().map(|field| record.get(field.as_str()).cloned().unwrap_or_default()).collect();
    sheets::workbook(name, &head[1], &[cells])
}

async fn every_template_is_filled_in_and_imported(app: TestApp) {
    let admin = app.admin().await;
    let document = app.state.contract.document();
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let import = format!("{what}/import");
        if !fixture.has_bulk(&document) {
            continue;
        }
        let send = |path: String, media: &'static str, file: Vec<u8>| {
            let admin = admin.clone();
            async move { admin.send("POST", &path, Some((media, file))).await }
        };
        let file = filled(&admin, what, &fixture.create).await;
        let tried = send(format!("{import}?dry_run=true"), XLSX, file.clone()).await.expect(200);
        assert_eq!((&tried["created"], &tried["dry_run"]), (&json!(1), &json!(true)), "{what}: {tried}");
        assert!(tried["rows"][0].get("id").is_none(), "{what}: a trial makes no record");

        let wrong = filled(&admin, what, &fixture.invalid.0).await;
        let refused = send(import.clone(), XLSX, wrong.clone()).await;
        let told = refused.json();
        for (fault, pointer) in told["errors"].as_array().unwrap().iter().zip(refused.faults(422, "invalid"))
        {
            assert_eq!(pointer, format!("/3{}", fixture.invalid.1), "{what}");
            let message = fault["message"].as_str().unwrap();
            assert!(message.starts_with("Ô ") && message.contains("3: "), "{what}: {message}");
        }
        let copy = admin.with("accept", XLSX).send("POST", &import, Some((XLSX, wrong))).await;
        assert_eq!(copy.status, 422, "{what}");
        let marked = sheets::rows(&copy.bytes, sheets::DATA);
        assert_eq!(marked[1].last().unwrap(), "_faults", "{what}");
        assert!(marked[2].last().unwrap().starts_with("Ô "), "{what}: {:?}", marked[2]);
        let again = send(import.clone(), XLSX, copy.bytes).await;
        assert_eq!(again.status, 422, "{what}: the copy is read like the file itself");

        let keyed = admin.with("idempotency-key", &format!("tep-{}", fixture.record_type));
        let made = keyed.send("POST", &import, Some((XLSX, file.clone()))).await.expect(200);
        assert_eq!((&made["created"], &made["rows"][0]["row"]), (&json!(1), &json!(3)), "{what}: {made}");
        let replayed = keyed.send("POST", &import, Some((XLSX, file.clone()))).await;
        assert_eq!(replayed.header("idempotency-replayed"), "true", "{what}");
        assert_eq!(replayed.expect(200), made, "{what}");
        let id = made["rows"][0]["id"].as_str().unwrap();
        let record = admin.get(&format!("{what}/{id}")).await.expect(200);
        for (name, value) in fixture.create.as_object().unwrap() {
            if !MASKED.contains(&name.as_str()) {
                assert_eq!(&record[name], value, "{what}");
            }
        }
        send(import.clone(), XLSX, file.clone()).await.problem(409, "duplicate");
        let upsert = format!("{import}?on_conflict=update");
        assert_eq!(send(upsert.clone(), XLSX, file).await.expect(200)["unchanged"], 1, "{what}");

        let cells = flat(&fixture.create);
        let names: Vec<_> = cells.keys().cloned().collect();
        let value = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer("\u{feff}".as_bytes().to_vec());
        csv.write_record(&names).unwrap();
        csv.write_record(cells.values().map(value)).unwrap();
        let report = send(upsert, "text/csv", csv.into_inner().unwrap()).await.expect(200);
        assert_eq!((&report["unchanged"], &report["rows"][0]["row"]), (&json!(1), &json!(2)), "{what}");
    }
}

async fn every_return_of_a_closed_period_stays_as_it_is(app: TestApp) {
    let admin = app.admin().await;
    let fixtures = fixtures(&app).await;
    let is_return = |fixture: &&Fixture| fixture.create.get("period_code").is_some();
    let returns: Vec<_> = fixtures.iter().filter(is_return).collect();
    assert!(!returns.is_empty());
    let mut made = Vec::new();
    for fixture in &returns {
        let created = admin.post(fixture.collection, &fixture.create).await;
        made.push((created.header("location"), created.etag()));
        created.expect(201);
    }
    let (unit, period) = (&returns[0].create["org_unit_code"], &returns[0].create["period_code"]);
    let closing = json!({"org_unit_code": unit, "period_code": period, "scope": "self"});
    let closing = admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    for (fixture, (path, etag)) in returns.iter().zip(&made) {
        let (what, refused) = (fixture.collection, "period-closed");
        assert_eq!(
            (&fixture.create["org_unit_code"], &fixture.create["period_code"]),
            (unit, period),
            "{what}"
        );
        let mut changed = fixture.create.clone();
        changed.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        admin.put(path, etag, &changed).await.problem(409, refused);
        admin.patch(path, etag, &fixture.patch).await.problem(409, refused);
        admin.delete(path, etag).await.problem(409, refused);
        let batch = format!("{what}/batch?on_conflict=update");
        admin.post(&batch, &json!([changed])).await.problem(409, refused);
        let file = filed_as_csv(&changed);
        let import = format!("{what}/import?on_conflict=update");
        admin.send("POST", &import, Some(("text/csv", file))).await.problem(409, refused);
        assert_eq!(admin.get(path).await.etag(), *etag, "{what}");
    }
    let reopening =
        format!("/api/v1/reporting/period-closures/{}/reopening", closing["id"].as_str().unwrap());
    admin.post(&reopening, &json!({"reason": "Bổ sung."})).await.expect(200);
    for (fixture, (path, etag)) in returns.iter().zip(&made) {
        let patched = admin.patch(path, etag, &fixture.patch).await;
        let etag = patched.etag();
        patched.expect(200);
        assert_eq!(admin.delete(path, &etag).await.status, 204);
    }
    admin
        .post(
            "/api/v1/reporting/period-closures",
            &json!({"org_unit_code": unit, "period_code": period, "scope": "self"}),
        )
        .await
        .expect(201);
    for fixture in &returns {
        admin.post(fixture.collection, &fixture.create).await.problem(409, "period-closed");
    }
}

/// A record as the two lines of a CSV file.
fn filed_as_csv(record: &Value) -> Vec<u8> {
    let cells = record.as_object().unwrap();
    let names: Vec<_> = cells.keys().cloned().collect();
    let values: Vec<_> = cells.values().map(|value| value.to_string().replace('"', "")).collect();
    format!("{}\r\n{}\r\n", names.join(","), values.join(",")).into_bytes()
}

async fn no_cursor_works_elsewhere(app: TestApp) {
    for month in 1..=3 {
        app.period("month", &format!("2024-{month:02}")).await;
    }
    let admin = app.admin().await;
    let other = app.person("xa.hiephung", "editor", "31396").await;
    let page = admin.get("/api/v1/reporting/periods?limit=1&kind=month").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let refused =
        |client: Client, path: String| async move { client.get(&path).await.problem(422, "invalid-cursor") };
    admin.get(&format!("/api/v1/reporting/periods?limit=2&kind=month&cursor={cursor}")).await.expect(200);
    refused(admin.clone(), format!("/api/v1/reporting/periods?cursor={cursor}")).await;
    refused(admin.clone(), format!("/api/v1/reporting/periods?kind=month&sort=-starts_on&cursor={cursor}"))
        .await;
    refused(admin.clone(), format!("/api/v1/admin/users?cursor={cursor}")).await;
    refused(other, format!("/api/v1/reporting/periods?kind=month&cursor={cursor}")).await;
    let mut forged: Vec<char> = cursor.chars().collect();
    let last = forged.len() - 2;
    forged[last] = if forged[last] == 'A' { 'B' } else { 'A' };
    refused(
        admin,
        format!("/api/v1/reporting/periods?kind=month&cursor={}", forged.into_iter().collect::<String>()),
    )
    .await;
}

async fn every_record_is_made_once_for_its_key(app: TestApp) {
    let admin = app.admin().await;
    let mut holder = app.connect();
    let hold = match app.backend {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN; LOCK TABLE idempotency_keys IN SHARE MODE",
    };
    for (number, fixture) in fixtures(&app).await.into_iter().enumerate() {
        let what = fixture.collection;
        let keyed = admin.with("idempotency-key", &format!("lan-{number}"));
        let first = keyed.post(what, &fixture.create).await;
        let (location, etag) = (first.header("location"), first.etag());
        assert!(!first.headers.contains_key("idempotency-replayed"), "{what}");
        let first = first.expect(201);
        let again = keyed.post(what, &fixture.create).await;
        assert_eq!((again.header("location"), again.etag()), (location.clone(), etag.clone()), "{what}");
        assert_eq!(again.header("idempotency-replayed"), "true", "{what}");
        assert_eq!(again.expect(201), first, "{what}");
        keyed.post(what, &fixture.invalid.0).await;
        let mut other = fixture.create.clone();
        other.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        if other.get("active").is_none() {
            keyed.post(what, &other).await.problem(422, "idempotency-key-reused");
        }
        assert_eq!(admin.delete(&location, &etag).await.status, 204, "{what}");

        let twin = || {
            let twin = admin.with("idempotency-key", &format!("sinh-doi-{number}"));
            let create = fixture.create.clone();
            async move { twin.post(what, &create).await }
        };
        holder.batch_execute(hold).unwrap();
        let mut twins = tokio::task::JoinSet::from_iter([twin(), twin()]);
        // None can be written: what comes back first was refused while the other is under way.
        let refused = twins.join_next().await.unwrap().unwrap();
        holder.batch_execute("ROLLBACK").unwrap();
        refused.problem(409, "request-under-way");
        let made = twins.join_next().await.unwrap().unwrap().expect(201);
        assert_eq!(twin().await.expect(201)["id"], made["id"], "{what}: twins make one record");
    }
}

async fn every_batch_is_written_whole_or_line_by_line(app: TestApp) {
    let admin = app.admin().await;
    let document = app.state.contract.document();
    for fixture in fixtures(&app).await {
        let batch = format!("{}/batch", fixture.collection);
        if !fixture.has_bulk(&document) {
            continue;
        }
        let lines = json!([fixture.create, fixture.invalid.0]);
        let faults = admin.post(&batch, &lines).await.faults(422, "invalid");
        assert!(
            faults.iter().all(|fault| *fault == format!("/1{}", fixture.invalid.1)),
            "{batch}: {faults:?}"
        );
        let outcomes = |report: &Value| -> Vec<String> {
            report["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|l| l["outcome"].as_str().unwrap().into())
                .collect()
        };
        let report = admin.post(&format!("{batch}?mode=partial"), &lines).await.expect(200);
        assert_eq!(outcomes(&report), ["created", "refused"], "{batch}: {report}");
        assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)));
        assert_eq!(report["lines"][1]["problem"]["type"], "/problems/invalid");
        let id = report["lines"][0]["id"].as_str().unwrap().to_owned();
        let record = format!("{}/{id}", fixture.collection);
        admin.get(&record).await.expect(200);

        let line = |body: Value| Some(("application/x-ndjson", format!("{body}\n\n").into_bytes()));
        admin.send("POST", &batch, line(fixture.create.clone())).await.problem(409, "duplicate");
        let upsert = format!("{batch}?on_conflict=update");
        let report = admin.send("POST", &upsert, line(fixture.create.clone())).await.expect(200);
        assert_eq!(outcomes(&report), ["unchanged"], "{batch}");
        let mut changed = fixture.create.clone();
        changed.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        let report = admin.send("POST", &upsert, line(changed.clone())).await.expect(200);
        assert_eq!(outcomes(&report), ["updated"], "{batch}: {report}");
        assert_eq!(report["lines"][0]["version"], 2);
        let mut stale = fixture.create.clone();
        stale["if_version"] = json!(1);
        let report = admin.send("POST", &upsert, line(stale)).await.expect(200);
        assert_eq!(outcomes(&report), ["stale"], "{batch}");

        let report =
            admin.post(&format!("{upsert}&mode=partial"), &json!([changed, changed])).await.expect(200);
        assert_eq!(outcomes(&report), ["unchanged", "refused"], "{batch}: one record is named twice");
        for broken in ["{\"a\": ", "[1", "{}"] {
            let body = Some(("application/json", broken.as_bytes().to_vec()));
            assert_eq!(admin.send("POST", &batch, body).await.status, 400, "{batch}: {broken}");
        }
        app.seal().await;
        let entries = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        assert_eq!(entries["items"].as_array().unwrap().len(), 2, "{batch}: one entry a change");
    }
}

async fn no_resource_is_left_out(app: TestApp) {
    let document = app.state.contract.document();
    let paths = document["paths"].as_object().unwrap();
    let is_resource =
        |path: &&String| paths[*path].get("post").is_some() && paths.contains_key(&format!("{path}/{{id}}"));
    let mut resources: Vec<_> = paths.keys().filter(is_resource).map(String::as_str).collect();
    resources.retain(|path| !APART.contains(path));
    let mut told: Vec<_> = fixtures(&app).await.iter().map(|fixture| fixture.collection).collect();
    resources.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, resources);
}
