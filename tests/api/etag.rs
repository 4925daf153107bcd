//! Tags of answers: what a record tells of others counts as much as what it tells of itself.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    an_answer_with_another_name_in_it_has_another_tag,
    a_secret_that_is_told_once_does_not_change_the_tag,
    a_tag_is_the_same_for_whoever_reads_the_same,
];

const UNITS: &str = "/api/v1/organization/org-units";

/// Changes a record, and holds that an answer read before is no longer taken for a present one, and may
/// still be the base of a change.
async fn renamed(admin: &Client, other: (&str, Value), record: &str, (member, now): (&str, &str)) {
    let read = admin.get(record).await;
    let old = read.etag();
    assert_ne!(read.expect(200)[member], now);
    assert_eq!(admin.with("if-none-match", &old).get(record).await.status, 304, "{record}");

    let (path, change) = other;
    let version = admin.get(path).await.etag();
    admin.patch(path, &version, &change).await.expect(200);

    let read = admin.with("if-none-match", &old).get(record).await;
    let new = read.etag();
    assert_eq!(read.expect(200)[member], now, "{record}: not as it was before");
    assert_ne!(new, old, "{record}");
    assert_eq!(old.split('-').next(), new.split('-').next(), "{record}: the version is the same");
    assert_eq!(admin.with("if-none-match", &new).get(record).await.status, 304, "{record}");
}

async fn an_answer_with_another_name_in_it_has_another_tag(app: TestApp) {
    let admin = app.admin().await;
    app.period("quarter", "2026-Q3").await;
    let line = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune"});
    let made = admin.post("/api/v1/tthc/processing-returns", &line).await;
    let (filed, tag) = (made.header("location"), made.etag());
    made.expect(201);
    let commune = format!("{UNITS}/{}", app.unit("31396", "2026-11-23"));
    let name = json!({"full_name": "Xã Hiệp Hưng Mới"});
    renamed(&admin, (&commune, name), &filed, ("org_unit_name", "Xã Hiệp Hưng Mới")).await;
    // The tag of before names the version, which is still the same.
    admin.patch(&filed, &tag, &json!({"received_online": 4})).await.expect(200);
    admin.patch(&filed, &tag, &json!({"received_online": 5})).await.problem(412, "precondition-failed");

    let field = admin.post("/api/v1/tthc/procedure-fields", &json!({"name": "Hộ tịch"})).await;
    let field = field.header("location");
    let procedure =
        json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune", "field_name": "Hộ tịch"});
    let procedure = admin.post("/api/v1/tthc/procedures", &procedure).await.header("location");
    let name = json!({"name": "Hộ tịch, quốc tịch"});
    renamed(&admin, (&field, name), &procedure, ("field_name", "Hộ tịch, quốc tịch")).await;

    let user = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD,
        "org_unit_code": "31396"});
    let user = admin.post("/api/v1/admin/users", &user).await.header("location");
    let name = json!({"full_name": "Xã Hiệp Hưng"});
    renamed(&admin, (&commune, name), &user, ("org_unit_name", "Xã Hiệp Hưng")).await;

    let hamlet =
        json!({"name": "Ấp 1", "kind": "hamlet", "parent_code": "31396", "valid_from": "2026-01-01"});
    let hamlet = admin.post(UNITS, &hamlet).await.header("location");
    let name = json!({"name": "Hiệp Hưng Cũ"});
    renamed(&admin, (&commune, name), &hamlet, ("parent_name", "Hiệp Hưng Cũ")).await;
}

async fn a_secret_that_is_told_once_does_not_change_the_tag(app: TestApp) {
    let admin = app.admin().await;
    let client = json!({"client_id": "he-thong-thu", "display_name": "Hệ thống thử"});
    let made = admin.post("/api/v1/admin/clients", &client).await;
    let (place, tag) = (made.header("location"), made.etag());
    assert!(made.expect(201)["client_secret"].is_string());
    assert_eq!(admin.with("if-none-match", &tag).get(&place).await.status, 304);
}

async fn a_tag_is_the_same_for_whoever_reads_the_same(app: TestApp) {
    let admin = app.admin().await;
    let period = app.period("quarter", "2026-Q3").await;
    let path = format!("/api/v1/reporting/periods/{}", period["id"].as_str().unwrap());
    let other = app.person("xa.hiephung", "editor", "31396").await;
    let tag = admin.get(&path).await.etag();
    assert_eq!(other.get(&path).await.etag(), tag);
}
