//! The records of the civil service as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// An inspection stands before, of which a visit is made.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let inspection = json!({
        "org_unit_code": "31396", "code": "77/2026", "topic": "Kiểm tra công vụ", "notice": "announced",
        "starts_on": "2026-05-04",
    });
    app.admin().await.post("/api/v1/civil-service/discipline-inspections", &inspection).await.expect(201);
    vec![
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
            patch: json!({"cases": 3}),
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
            record_type: "qualification_return",
            collection: "/api/v1/civil-service/qualification-returns",
            create: json!({
                "org_unit_code": "31396", "period_code": "2026-Q3", "group": "agency_staff", "master": 3,
            }),
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
    ]
}
