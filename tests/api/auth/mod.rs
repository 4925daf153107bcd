//! Signing in and out, passwords, accounts, and who may give which grant.

mod fixtures;

pub use fixtures::fixtures;

use diesel::RunQueryDsl;
use serde_json::json;

use crate::support::TestApp;
use crate::support::app::PASSWORD;
use crate::support::database::Backend;
use crate::tell;

tell![
    a_wrong_password_and_an_unknown_user_get_the_same_answer,
    too_many_attempts_are_slowed_down,
    a_refresh_token_is_used_once_and_its_reuse_ends_the_family,
    whoever_ends_a_session_ends_what_is_being_renewed_too,
    a_new_account_must_change_its_password_first,
    deactivation_ends_every_session_at_once,
    a_revoked_token_no_longer_holds,
    an_administrator_of_a_province_cannot_reach_beyond_it,
    a_grant_begins_and_ends_on_days_that_the_databases_keep,
    personal_data_never_reach_the_journal,
    the_public_keys_are_published,
];

async fn a_wrong_password_and_an_unknown_user_get_the_same_answer(app: TestApp) {
    let attempt = |username: &'static str| {
        let form = [("grant_type", "password"), ("username", username), ("password", "khong-dung-1234")];
        async move { form }
    };
    let wrong = app.token(&attempt("admin").await).await.problem(400, "invalid-grant");
    let unknown = app.token(&attempt("khong.co").await).await.problem(400, "invalid-grant");
    assert_eq!(wrong["error"], "invalid_grant");
    for member in ["title", "detail", "error", "status"] {
        assert_eq!(wrong[member], unknown[member]);
    }
    app.token(&[("grant_type", "implicit")]).await.problem(400, "invalid-grant");
    let client =
        app.token(&[("grant_type", "client_credentials"), ("client_id", "la"), ("client_secret", "x")]).await;
    assert_eq!(client.problem(401, "unauthorized")["error"], "invalid_client");
}

async fn too_many_attempts_are_slowed_down(app: TestApp) {
    let mut last = None;
    for _ in 0..11 {
        let form = [("grant_type", "password"), ("username", "nan.nhan"), ("password", "khong-dung-1234")];
        last = Some(app.token(&form).await);
    }
    let last = last.unwrap();
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    last.problem(429, "too-many-requests");
    // Others are not kept out.
    app.sign_in("admin").await;
}

async fn a_refresh_token_is_used_once_and_its_reuse_ends_the_family(app: TestApp) {
    let first = app
        .token(&[("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)])
        .await
        .expect(200);
    let refresh = |token: String| {
        let app = &app;
        async move { app.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await }
    };
    let token = |answer: &serde_json::Value| answer["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(token(&first)).await.expect(200);
    app.with_token(second["access_token"].as_str().unwrap()).get("/api/v1/auth/me").await.expect(200);
    refresh(token(&first)).await.problem(400, "invalid-grant");
    // The thief and the owner are told apart by nobody: the whole family is over.
    refresh(token(&second)).await.problem(400, "invalid-grant");
}

#[derive(diesel::QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    waiting: i64,
}

async fn whoever_ends_a_session_ends_what_is_being_renewed_too(app: TestApp) {
    if app.backend != Backend::Postgres {
        // SQLite has one writer: nothing comes between a renewal and an end.
        return;
    }
    let form = [("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)];
    let session = app.token(&form).await.expect(200);
    let token = session["refresh_token"].as_str().unwrap().to_owned();
    // A renewal that has written its next token and is not committed.
    let mut renewing = app.connect();
    for statement in [
        "BEGIN",
        "UPDATE users SET epoch = epoch WHERE username = 'admin'",
        "INSERT INTO refresh_tokens (digest, family_id, user_id, scope, expires_at) \
         SELECT 'ke-tiep', family_id, user_id, scope, expires_at FROM refresh_tokens",
    ] {
        diesel::sql_query(statement).execute(&mut renewing).unwrap();
    }
    let anonymous = app.anonymous();
    let ending = actix_web::rt::spawn(async move {
        anonymous.post_form("/api/v1/auth/revoke", &[("token", &token)]).await.status
    });
    let mut watcher = app.connect();
    let waiting = "SELECT count(*) AS waiting FROM pg_stat_activity \
         WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    while diesel::sql_query(waiting).get_result::<Waiting>(&mut watcher).unwrap().waiting == 0 {
        tokio::task::yield_now().await;
    }
    diesel::sql_query("COMMIT").execute(&mut renewing).unwrap();
    assert_eq!(ending.await.unwrap(), 200);
    let left = "SELECT count(*) AS waiting FROM refresh_tokens";
    assert_eq!(diesel::sql_query(left).get_result::<Waiting>(&mut watcher).unwrap().waiting, 0);
}

async fn a_new_account_must_change_its_password_first(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": PASSWORD});
    let user = admin.post("/api/v1/admin/users", &body).await.expect(201);
    assert_eq!(user["must_change_password"], true);
    assert!(user.get("password").is_none() && user.get("password_hash").is_none());
    let newcomer = app.sign_in("can.bo").await;
    newcomer.get("/api/v1/reporting/periods").await.problem(403, "password-change-required");
    let change = |new: &'static str| json!({"current_password": PASSWORD, "new_password": new});
    assert_eq!(
        newcomer.post("/api/v1/auth/password", &change("ngan")).await.faults(422, "invalid"),
        ["/new_password"]
    );
    assert_eq!(newcomer.post("/api/v1/auth/password", &change("mat-khau-moi-cua-toi")).await.status, 204);
    newcomer.get("/api/v1/auth/me").await.problem(401, "unauthorized");
    app.token(&[("grant_type", "password"), ("username", "can.bo"), ("password", PASSWORD)])
        .await
        .problem(400, "invalid-grant");
    let form = [("grant_type", "password"), ("username", "can.bo"), ("password", "mat-khau-moi-cua-toi")];
    let token = app.token(&form).await.expect(200);
    app.with_token(token["access_token"].as_str().unwrap())
        .get("/api/v1/reporting/periods")
        .await
        .expect(200);
}

async fn deactivation_ends_every_session_at_once(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let me = editor.get("/api/v1/auth/me").await.expect(200);
    let admin = app.admin().await;
    let path = format!("/api/v1/admin/users/{}", me["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"active": false})).await.expect(200);
    editor.get("/api/v1/auth/me").await.problem(401, "unauthorized");
    app.token(&[("grant_type", "password"), ("username", "xa.hiephung"), ("password", PASSWORD)])
        .await
        .problem(400, "invalid-grant");
}

async fn a_revoked_token_no_longer_holds(app: TestApp) {
    let answer = app
        .token(&[("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)])
        .await
        .expect(200);
    let access = answer["access_token"].as_str().unwrap();
    let revoke = |token: String| {
        let app = &app;
        async move { app.anonymous().post_form("/api/v1/auth/revoke", &[("token", &token)]).await }
    };
    assert_eq!(revoke("nothing".into()).await.status, 200);
    assert_eq!(revoke(access.to_owned()).await.status, 200);
    app.with_token(access).get("/api/v1/auth/me").await.problem(401, "unauthorized");
    let refresh = answer["refresh_token"].as_str().unwrap();
    assert_eq!(revoke(refresh.to_owned()).await.status, 200);
    app.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
        .await
        .problem(400, "invalid-grant");
}

async fn an_administrator_of_a_province_cannot_reach_beyond_it(app: TestApp) {
    let province = app.person("qtri.cantho", "admin", "92").await;
    let root = app
        .state
        .units()
        .tree()
        .ids()
        .find(|id| app.state.units().tree().latest(*id).is_some_and(|v| v.kind.as_str() == "country"));
    let commune = app.unit("31396", "2026-11-23");
    let user = json!({"username": "xa.moi", "display_name": "Tài khoản thử", "password": PASSWORD, "org_unit_id": commune});
    let user = province.post("/api/v1/admin/users", &user).await.expect(201);
    let grant = |unit: String| json!({"user_id": user["id"], "role": "editor", "org_unit_id": unit, "valid_from": "2026-01-01"});
    province.post("/api/v1/admin/grants", &grant(commune)).await.expect(201);
    let beyond = grant(root.unwrap().to_string());
    province.post("/api/v1/admin/grants", &beyond).await.problem(403, "forbidden");
    // One that had ended before it was given is no more his to give, nor his to know of.
    let mut ended = beyond.clone();
    ended["valid_to"] = json!("2026-02-01");
    province.post("/api/v1/admin/grants", &ended).await.problem(403, "forbidden");
    app.admin().await.post("/api/v1/admin/grants", &ended).await.expect(201);
    province.post("/api/v1/admin/grants", &ended).await.problem(403, "forbidden");
    // The administrator of the country is nobody that he can see or change.
    let listed = province.get("/api/v1/admin/users?limit=200").await.expect(200);
    assert!(listed["items"].as_array().unwrap().iter().all(|user| user["username"] != "admin"));
    let admin = app.admin().await.get("/api/v1/auth/me").await.expect(200);
    let path = format!("/api/v1/admin/users/{}", admin["id"].as_str().unwrap());
    province.patch(&path, "\"v1\"", &json!({"active": false})).await.problem(404, "not-found");
    // A name that is taken out of his sight is taken all the same, without a word on whose it is.
    let taken = json!({"username": "admin", "display_name": "Tài khoản thử", "password": PASSWORD, "org_unit_code": "31396"});
    province.post("/api/v1/admin/users", &taken).await.problem(409, "duplicate");
}

async fn a_grant_begins_and_ends_on_days_that_the_databases_keep(app: TestApp) {
    let admin = app.admin().await;
    let person = app.person("xa.hiephung", "editor", "31396").await;
    let user = person.get("/api/v1/auth/me").await.expect(200)["id"].clone();
    let commune = app.unit("31396", "2026-11-23");
    for (member, day) in [
        ("valid_from", "-200000-01-01"),
        ("valid_from", "0000-12-31"),
        ("valid_to", "+10000-01-01"),
        ("valid_to", "+200000-01-01"),
    ] {
        let mut grant = json!({"user_id": user, "role": "editor", "org_unit_id": commune});
        grant[member] = json!(day);
        let refused = admin.post("/api/v1/admin/grants", &grant).await.faults(422, "invalid");
        assert!(refused.contains(&format!("/{member}")), "{day}: {refused:?}");
    }
}

async fn personal_data_never_reach_the_journal(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({"username": "can.bo", "display_name": "Họ Tên Thử Nghiệm", "password": PASSWORD});
    admin.post("/api/v1/admin/users", &body).await.expect(201);
    let entries = admin.get("/api/v1/admin/audit?limit=200").await;
    let text = entries.text();
    assert!(text.contains("\"can.bo\""));
    for secret in ["Họ Tên Thử Nghiệm", PASSWORD, "argon2"] {
        assert!(!text.contains(secret), "the journal holds {secret}");
    }
}

async fn the_public_keys_are_published(app: TestApp) {
    let answer = app.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=3600");
    let keys = answer.expect(200);
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert!(keys["keys"][0].get("d").is_none());
}
