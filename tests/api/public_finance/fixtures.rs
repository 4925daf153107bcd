//! The records of public finance as the suite of all resources needs them.

use serde_json::json;

use super::named_by_others;
use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// A plan and a recommendation stand before, which other records name.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    named_by_others(&app.admin().await).await;
    vec![
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
    ]
}
