//! Stories of the civil service.

mod discipline;
mod fixtures;
mod job_position_schemes;
mod official_codes;
mod official_files;
mod official_lists;
mod official_numbers;
mod officials;
mod personnel_decisions;
mod quality_ratings;
mod staff_streamlining;
mod training_courses;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};

pub fn stories() -> Vec<Story> {
    [
        personnel_decisions::stories(),
        job_position_schemes::stories(),
        training_courses::stories(),
        staff_streamlining::stories(),
        discipline::stories(),
        official_codes::stories(),
        official_files::stories(),
        official_lists::stories(),
        official_numbers::stories(),
        officials::stories(),
        quality_ratings::stories(),
    ]
    .concat()
}

const ROOM: &str = "/api/v1/civil-service";

/// Posts what the demo has of the report, line by line.
async fn of_the_report(client: &Client, collection: &str, lines: &str) -> Vec<Value> {
    let mut made = Vec::new();
    for line in lines.lines() {
        let body: Value = serde_json::from_str(line).unwrap();
        made.push(client.post(&format!("{ROOM}/{collection}"), &body).await.expect(201));
    }
    made
}

/// Units under the district of the report.
async fn under_the_district(app: &TestApp, kind: &str, codes: &[String]) {
    let admin = app.admin().await;
    for code in codes {
        let unit = json!({
            "name": format!("Đơn vị {code}"), "kind": kind, "code": code, "parent_code": "934",
            "valid_from": "2024-01-01", "valid_to": "2025-07-01",
        });
        admin.post("/api/v1/organization/org-units", &unit).await.expect(201);
    }
}

/// The codes of what is noticed about a record.
fn noticed(record: &Value) -> Vec<&str> {
    record["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}
