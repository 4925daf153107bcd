//! Schemes of job positions against the tree of units.

use serde_json::{Value, json};

use super::{ROOM, noticed, of_the_report, under_the_district};
use crate::support::TestApp;
use crate::tell;

tell![the_scheme_of_the_report_covers_fewer_units_than_there_are, what_is_approved_names_its_decision];

const LINES: &str = include_str!("../../../src/demo/report/job-position-schemes.ndjson");

/// The report of Phụng Hiệp approves a scheme of 65 service units, and counts 63 schools and 4 other units.
async fn the_scheme_of_the_report_covers_fewer_units_than_there_are(app: TestApp) {
    let coded = |letters: &str, count: u32| -> Vec<String> {
        (1..=count).map(|number| format!("934-{letters}{number:02}")).collect()
    };
    under_the_district(&app, "education_unit", &coded("GD", 63)).await;
    under_the_district(&app, "public_service_unit", &coded("DV", 4)).await;
    let admin = app.admin().await;
    let made = of_the_report(&admin, "job-position-schemes", LINES).await;
    let [agencies, services] = &made[..] else { panic!("the report tells of two schemes") };
    assert_eq!(
        (noticed(agencies), &agencies["units_there"]),
        (vec![], &json!(15)),
        "communes; none was told"
    );
    assert_eq!((noticed(services), &services["units_there"]), (vec!["units_differ"], &json!(67)));
    let remark = &services["remarks"][0];
    assert_eq!(remark["numbers"], json!({"units_covered": 65, "units_there": 67}));
    let place = format!("{ROOM}/job-position-schemes/{}", services["id"].as_str().unwrap());
    let read = admin.get(&place).await;
    let changed = admin.patch(&place, &read.etag(), &json!({"units_covered": 67})).await.expect(200);
    assert_eq!(noticed(&changed), [""; 0]);
}

async fn what_is_approved_names_its_decision(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let schemes = format!("{ROOM}/job-position-schemes");
    let mut body = json!({
        "org_unit_code": "31396", "coverage": "service_units", "title": "Đề án", "dated_on": "2026-03-02",
        "stage": "approved",
    });
    assert_eq!(editor.post(&schemes, &body).await.faults(422, "invalid"), ["/document_number"]);
    body["stage"] = json!("submitted");
    let made = editor.post(&schemes, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let approval =
        json!({"stage": "approved", "document_number": "348/QĐ-UBND", "document_on": "2026-03-27"});
    let approved = editor.patch(&place, &etag, &approval).await.expect(200);
    assert_eq!((&approved["stage"], &approved["remarks"]), (&json!("approved"), &Value::Array(vec![])));
    let found = editor.get(&format!("{schemes}?stage=approved&q=de+an")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}
