//! What is around every answer: headers, origins, rates.

use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::tell;

tell![
    a_service_that_stops_closes_its_connections,
    every_answer_carries_the_headers_of_safety,
    browsers_of_other_origins_are_kept_out_unless_named,
    too_many_requests_are_slowed_down_and_others_are_not,
    a_repeated_request_id_is_kept_and_a_strange_one_replaced,
];

async fn every_answer_carries_the_headers_of_safety(app: TestApp) {
    let admin = app.admin().await;
    let answers = [
        admin.get("/api/v1/auth/me").await,
        admin.get("/api/v1/nowhere").await,
        app.anonymous().get("/api/v1/auth/me").await,
        app.anonymous().get("/health/live").await,
        app.anonymous().get("/swagger-ui/").await,
        admin.send("POST", "/api/v1/reporting/periods", Some(("application/json", b"{".to_vec()))).await,
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!answer.header("x-request-id").is_empty());
        assert!(!answer.headers.contains_key("server"), "which software serves is nobody's business");
    }
    assert_eq!(admin.get("/api/v1/auth/me").await.header("cache-control"), "no-store");
}

async fn browsers_of_other_origins_are_kept_out_unless_named(app: TestApp) {
    const PORTAL: &str = "https://dichvucong.example.vn";
    let path = "/api/v1/auth/me";
    let preflight = |app: &TestApp, origin: &str| {
        app.anonymous()
            .with("origin", origin)
            .with("access-control-request-method", "GET")
            .with("access-control-request-headers", "authorization")
    };
    let closed = preflight(&app, PORTAL).send("OPTIONS", path, None).await;
    assert!(!closed.headers.contains_key("access-control-allow-origin"), "off by default");

    let database = TestDatabase::copy(app.backend).await;
    let open = TestApp::start_on(app.backend, database, |config| {
        config.cors_origins = cchc::config::Origins(vec![PORTAL.into()]);
    })
    .await;
    let allowed = preflight(&open, PORTAL).send("OPTIONS", path, None).await;
    assert_eq!(allowed.header("access-control-allow-origin"), PORTAL);
    let foreign = preflight(&open, "https://evil.example").send("OPTIONS", path, None).await;
    assert!(!foreign.headers.contains_key("access-control-allow-origin"));
    let read = open.admin().await.with("origin", PORTAL).get(path).await;
    assert_eq!(read.header("access-control-allow-origin"), PORTAL);
    assert!(read.header("access-control-expose-headers").to_lowercase().contains("etag"));
    read.expect(200);
}

async fn too_many_requests_are_slowed_down_and_others_are_not(app: TestApp) {
    let database = TestDatabase::copy(app.backend).await;
    let narrow = TestApp::start_on(app.backend, database, |config| {
        config.rate_per_minute = cchc::config::Count::try_from(20).expect("a rate");
    })
    .await;
    let admin = narrow.admin().await;
    let first = admin.get("/api/v1/auth/me").await;
    assert_eq!(first.header("ratelimit-policy"), "\"requests\";q=20;w=60");
    assert_eq!(first.header("ratelimit"), "\"requests\";r=19;t=60");
    let mut answers = Vec::new();
    for _ in 0..25 {
        answers.push(admin.get("/api/v1/auth/me").await);
    }
    let refused = answers.into_iter().find(|answer| answer.status == 429).expect("a limit");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.problem(429, "too-many-requests");
    narrow.anonymous().get("/api/v1/auth/me").await.problem(401, "unauthorized");
    narrow.anonymous().get("/health/live").await.expect(200);
}

async fn a_repeated_request_id_is_kept_and_a_strange_one_replaced(app: TestApp) {
    let named = app.anonymous().with("x-request-id", "cong-92.0001").get("/health/live").await;
    assert_eq!(named.header("x-request-id"), "cong-92.0001");
    let strange = app.anonymous().with("x-request-id", "a b<c>").get("/health/live").await;
    assert_eq!(strange.header("x-request-id").len(), 36);
}

async fn a_service_that_stops_closes_its_connections(app: TestApp) {
    app.state.set_stopping();
    let refused = app.anonymous().get("/api/v1/auth/me").await;
    assert_eq!(refused.header("connection"), "close", "the client comes back to another instance");
    refused.problem(503, "unavailable");
}
