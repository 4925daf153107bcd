//! Stories of administrative procedures.

mod demo_dossiers;
mod dossier_counts;
mod dossier_rules;
mod dossier_writers;
pub mod dossiers;
mod erasure;
mod feedback;
mod fixtures;
mod focal_points;
mod personal_files;
mod petitioners;
mod postings;
mod procedures;
mod processes;
mod processing_returns;
mod publications;
mod record_declarations;
mod reviews;
mod satisfaction_ratings;
mod statistics;
mod support_activities;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Answer, Client, TestApp};

pub fn stories() -> Vec<Story> {
    [
        procedures::all(),
        publications::stories(),
        postings::stories(),
        processes::stories(),
        processing_returns::stories(),
        dossiers::all(),
        dossier_counts::all(),
        dossier_rules::stories(),
        dossier_writers::stories(),
        demo_dossiers::stories(),
        erasure::stories(),
        record_declarations::stories(),
        reviews::stories(),
        support_activities::stories(),
        focal_points::stories(),
        feedback::all(),
        petitioners::stories(),
        personal_files::stories(),
        satisfaction_ratings::stories(),
        statistics::stories(),
    ]
    .concat()
}

pub const RETURNS: &str = "/api/v1/tthc/processing-returns";

/// Hands a return in.
pub async fn submit(client: &Client, line: &Value) -> Answer {
    client.step(&format!("{RETURNS}/{}/submission", line["id"].as_str().unwrap())).await
}

/// A province 77 to which a commune comes on a day, as its inspector sees it.
pub async fn another_province(app: &TestApp, commune: &str, day: &str) -> Client {
    const UNITS: &str = "/api/v1/organization/org-units";
    let admin = app.admin().await;
    let province = json!({"name": "Tỉnh khác", "kind": "province", "code": "77", "valid_from": "2026-01-01",
        "parent_id": crate::organization::root(app)});
    admin.post(UNITS, &province).await.expect(201);
    let unit = format!("{UNITS}/{}", app.unit(commune, "2026-01-01"));
    let before = admin.get(&unit).await;
    let etag = before.etag();
    let before = before.expect(200);
    let moved = json!({"name": before["name"], "full_name": before["full_name"], "kind": "commune", "code": commune,
        "parent_code": "77", "valid_from": day, "change_kind": "unchanged"});
    admin.with("if-match", &etag).post(&format!("{unit}/versions"), &moved).await.expect(201);
    let grant = json!({"role": "inspector", "org_unit_code": "77", "valid_from": "2026-01-01"});
    app.person_with("thanhtra.tinhkhac", grant).await
}

/// The two lines of the report of Phụng Hiệp for the first half of 2024, handed in.
pub async fn phung_hiep(app: &TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let lines = [
        json!({
            "handling_level": "district", "received_online": 1_882, "received_in_person": 5_395, "resolved_early": 6_986,
            "resolved_on_time": 88, "resolved_overdue": 13, "pending_in_time": 642, "pending_overdue": 2,
            "withdrawn": 6, "refused": 13,
        }),
        json!({
            "handling_level": "commune", "received_online": 9_210, "received_in_person": 462, "resolved_early": 8_154,
            "resolved_on_time": 177, "resolved_overdue": 14, "pending_in_time": 1_412, "pending_overdue": 8,
            "withdrawn": 83, "refused": 17,
        }),
    ];
    for mut line in lines {
        line["org_unit_code"] = json!("934");
        line["period_code"] = json!("2024-H1");
        line["carried_over_basis"] = json!("implied");
        line["covers_to"] = json!("2024-07-02");
        let filed = admin.post(RETURNS, &line).await.expect(201);
        submit(&admin, &filed).await.expect(200);
    }
}
