//! Stories of public finance.

mod audit_recommendations;
mod budgets;
mod fiscal_data_package;
mod fixtures;
mod investment_plans;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::Client;
use crate::support::story::Story;

pub fn stories() -> Vec<Story> {
    [
        investment_plans::stories(),
        audit_recommendations::stories(),
        budgets::stories(),
        fiscal_data_package::stories(),
    ]
    .concat()
}

const PLANS: &str = "/api/v1/public-finance/investment-plans";
const RECOMMENDATIONS: &str = "/api/v1/public-finance/audit-recommendations";

/// A plan and a recommendation of a commune, which other records name.
async fn named_by_others(admin: &Client) {
    let plan = json!({
        "org_unit_code": "31396", "fiscal_year": 2026, "code": "DA-01", "title": "Nạo vét kênh",
        "capital_source": "commune_budget", "amount_vnd": 1_000_000_000, "valid_from": "2026-01-01",
    });
    admin.post(PLANS, &plan).await.expect(201);
    let recommendation = json!({
        "org_unit_code": "31396", "code": "KL-1", "conclusion_number": "07/KL-TTr", "concluded_on": "2026-03-06",
        "concluded_by": "Thanh tra Sở Xây dựng", "title": "Nhà văn hóa ấp", "measure": "deduct",
        "amount_vnd": 1_000_000,
    });
    admin.post(RECOMMENDATIONS, &recommendation).await.expect(201);
}

/// The agencies under Phụng Hiệp that the report's records name.
async fn agencies(admin: &Client) {
    for (code, name, kind) in [
        ("934-NNPTNT", "Phòng Nông nghiệp và Phát triển nông thôn", "specialised_agency"),
        ("934-BQLDA", "Ban Quản lý dự án Đầu tư xây dựng huyện", "public_service_unit"),
    ] {
        let unit = json!({
            "name": name, "kind": kind, "code": code, "parent_code": "934", "valid_from": "2024-01-01",
            "valid_to": "2025-07-01",
        });
        admin.post("/api/v1/organization/org-units", &unit).await.expect(201);
    }
}

/// The lines of a file of the report.
fn lines(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Where the records of a list stand on a day.
async fn progress(client: &Client, collection: &str, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{collection}/progress?{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}
