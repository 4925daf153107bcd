//! Over which units an account acts, and from which day on.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::tell;

tell![a_merger_to_come_opens_nothing_before_its_day, a_move_to_another_province_opens_nothing_before_its_day,];

const ACTIVITIES: &str = "/api/v1/tthc/support-activities";
const UNITS: &str = "/api/v1/organization/org-units";

/// A campaign of a unit in the autumn of 2026.
fn campaign(unit: &str, title: &str) -> Value {
    json!({"org_unit_code": unit, "kind": "campaign", "title": title, "starts_on": "2026-09-01"})
}

async fn a_merger_to_come_opens_nothing_before_its_day(app: TestApp) {
    let admin = app.admin().await;
    let merger = json!({"org_unit_code": "31420", "kind": "merge", "effective_on": "2027-01-01",
        "others": [{"org_unit_code": "31396"}], "document_number": "20/NQ-UBTVQH16", "document_on": "2026-11-20"});
    admin.post("/api/v1/organization/reorganizations", &merger).await.expect(201);
    let body = campaign("31396", "Ra quân hỗ trợ nộp hồ sơ trực tuyến");

    let editor = app.person("xa.ketiep", "editor", "31420").await;
    let refused = editor.post(ACTIVITIES, &body).await;
    refused.problem(403, "forbidden");
    let own = app.person("xa.hiephung", "editor", "31396").await;
    own.post(ACTIVITIES, &body).await.expect(201);

    app.pass(60 * 24 * 3_600);
    let late =
        app.sign_in("xa.ketiep").await.post(ACTIVITIES, &campaign("31396", "Bổ sung sau sáp nhập")).await;
    late.expect(201);
}

async fn a_move_to_another_province_opens_nothing_before_its_day(app: TestApp) {
    let admin = app.admin().await;
    let province = json!({"name": "Tỉnh khác", "kind": "province", "code": "77", "valid_from": "2026-01-01",
        "parent_id": crate::organization::root(&app)});
    admin.post(UNITS, &province).await.expect(201);
    let unit = format!("{UNITS}/{}", app.unit("31396", "2026-11-23"));
    let before = admin.get(&unit).await;
    let etag = before.etag();
    let before = before.expect(200);
    let moved = json!({"name": before["name"], "full_name": before["full_name"], "kind": "commune", "code": "31396",
        "parent_code": "77", "valid_from": "2027-01-01", "change_kind": "unchanged"});
    admin.with("if-match", &etag).post(&format!("{unit}/versions"), &moved).await.expect(201);

    let body = campaign("31396", "Ra quân hỗ trợ nộp hồ sơ trực tuyến");
    let made = app.person("qtri.cantho", "admin", "92").await.post(ACTIVITIES, &body).await;
    let place = made.header("location");
    made.expect(201);
    let grant = json!({"role": "admin", "org_unit_code": "77", "valid_from": "2026-01-01"});
    let other = app.person_with("qtri.khac", grant).await;
    other.get(&place).await.problem(404, "not-found");
    let list = other.get(ACTIVITIES).await.expect(200);
    assert_eq!(list["items"], json!([]));
}
