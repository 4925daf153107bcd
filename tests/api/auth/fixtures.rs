//! Accounts and grants as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;
use crate::support::TestApp;
use crate::support::app::PASSWORD;

/// An account is made with a secret of its own, which costs a hash of argon2 to store and is handed over
/// to one person or system: there is no list of secrets to send.
const SECRETS: Option<&str> = Some("accounts carry secrets");

/// An account stands before, to which a grant is given.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let account = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": PASSWORD});
    app.admin().await.post("/api/v1/admin/users", &account).await.expect(201);
    vec![
        Fixture {
            record_type: "user",
            collection: "/api/v1/admin/users",
            create: json!({
                "username": "thu.nghiem", "display_name": "Tài khoản thử",
                "password": crate::support::app::PASSWORD,
            }),
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
            create: json!({
                "username": "can.bo", "role": "inspector", "org_unit_code": "92", "valid_from": "2026-01-01",
            }),
            patch: json!({"valid_to": "2027-01-01"}),
            invalid: (
                json!({"username": "can.bo", "role": "client", "org_unit_code": "92", "valid_from": "2026-01-01"}),
                "/role",
            ),
            no_bulk: None,
        },
    ]
}
