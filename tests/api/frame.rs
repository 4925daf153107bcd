//! What is around every answer: headers, origins, rates.

use std::io::{Read, Write};
use std::net::TcpStream;

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::support::TestApp;
use crate::support::database::{Backend, TestDatabase};
use crate::tell;

tell![
    more_parameters_than_any_operation_has_are_refused,
    what_holds_a_nul_names_nothing,
    a_service_that_stops_closes_its_connections,
    every_answer_carries_the_headers_of_safety,
    browsers_of_other_origins_are_kept_out_unless_named,
    too_many_requests_are_slowed_down_and_others_are_not,
    a_repeated_request_id_is_kept_and_a_strange_one_replaced,
    a_request_that_took_too_long_is_counted_under_its_route,
    what_waits_is_told_by_the_metrics,
    whoever_is_still_sending_hears_why_it_is_refused,
    a_body_without_end_is_not_waited_for,
    what_no_operation_knows_is_refused_everywhere,
    a_list_is_never_taken_for_a_record,
    a_full_queue_of_writes_is_told_and_what_was_taken_is_done,
    a_file_that_another_program_holds_is_told_and_written_once_it_is_free,
    a_step_takes_no_body,
    the_head_alone_tells_what_the_whole_answer_would,
    what_cannot_be_read_is_told_in_our_words,
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
        config.cors_origins = kernel::config::Origins(vec![PORTAL.into()]);
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
        config.rate_per_minute = kernel::config::Count::try_from(20).expect("a rate");
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

/// The value of one line of the metrics.
async fn metric(app: &TestApp, name: &str) -> Option<f64> {
    let text = app.anonymous().get("/metrics").await;
    assert_eq!(text.status, 200);
    let text = text.text();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

async fn a_request_that_took_too_long_is_counted_under_its_route(app: TestApp) {
    let database = TestDatabase::copy(app.backend).await;
    let hasty = TestApp::start_on(app.backend, database, |config| {
        config.request_seconds = kernel::config::Count::try_from(1).expect("seconds");
    })
    .await;
    let admin = hasty.admin().await;
    let mut holder = hasty.connect();
    let (hold, free) = match app.backend {
        Backend::Sqlite => ("BEGIN IMMEDIATE", "ROLLBACK"),
        Backend::Postgres => ("BEGIN; LOCK TABLE periods IN SHARE MODE", "ROLLBACK"),
    };
    holder.batch_execute(hold).unwrap();
    let year = |code: &str| json!({"code": code, "kind": "year", "starts_on": format!("{code}-01-01"), "ends_on": format!("{code}-12-31")});
    admin.post("/api/v1/reporting/periods", &year("2031")).await.problem(503, "unavailable");
    holder.batch_execute(free).unwrap();
    let route = "method=\"POST\",route=\"/api/v1/reporting/periods\"";
    let counted = format!("cchc_http_requests_total{{{route},status=\"503\"}}");
    assert_eq!(metric(&hasty, &counted).await, Some(1.0));
    assert_eq!(
        metric(&hasty, "cchc_http_requests_total{method=\"POST\",route=\"(failed)\",status=\"503\"}").await,
        None
    );
    assert_eq!(metric(&hasty, &format!("cchc_http_request_seconds_count{{{route}}}")).await, Some(1.0));
    if app.backend == Backend::Sqlite {
        admin.post("/api/v1/reporting/periods", &year("2032")).await.expect(201);
        let periods = admin.get("/api/v1/reporting/periods").await.expect(200);
        let codes: Vec<_> =
            periods["items"].as_array().unwrap().iter().map(|period| &period["code"]).collect();
        assert_eq!(codes, ["2032"], "what was answered 503 before it began is not done afterwards");
    }
}

async fn what_waits_is_told_by_the_metrics(app: TestApp) {
    app.seal().await;
    assert_eq!(metric(&app, "cchc_journal_unsealed").await, Some(0.0));
    app.period("year", "2031").await;
    app.period("year", "2032").await;
    let unsealed = metric(&app, "cchc_journal_unsealed").await;
    match app.backend {
        Backend::Sqlite => assert_eq!(unsealed, Some(0.0), "one writer seals what it stores"),
        Backend::Postgres => assert!(unsealed >= Some(2.0), "{unsealed:?}"),
    }
    app.seal().await;
    assert_eq!(metric(&app, "cchc_journal_unsealed").await, Some(0.0));
    assert_eq!(metric(&app, "cchc_db_waiting{queue=\"turns\"}").await, Some(0.0));
    assert!(metric(&app, "cchc_db_free{queue=\"turns\"}").await >= Some(1.0));
    let writes = metric(&app, "cchc_db_free{queue=\"writes\"}").await;
    match app.backend {
        Backend::Sqlite => assert_eq!(writes, None, "the one writer is no connection of which some are free"),
        Backend::Postgres => assert!(writes >= Some(1.0)),
    }
}

/// Sends all of a body over a connection of its own, and then hears the answer.
fn post_whole(address: &str, path: &str, headers: &str, body: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!("POST {path} HTTP/1.1\r\nHost: cchc\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

async fn whoever_is_still_sending_hears_why_it_is_refused(app: TestApp) {
    let token = app.admin().await.header("authorization");
    let body = vec![b' '; 20 * 1024 * 1024];
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let mut chunks = format!("{:x}\r\n", body.len()).into_bytes();
    chunks.extend_from_slice(&body);
    chunks.extend_from_slice(b"\r\n0\r\n\r\n");
    let asked = [
        (format!("{length}Authorization: {token}\r\n"), body.clone(), "413"),
        (format!("{chunked}Authorization: {token}\r\n"), chunks.clone(), "413"),
        (length, body, "401"),
        (chunked.to_owned(), chunks, "401"),
    ];
    for (headers, body, status) in asked {
        let address = app.address().to_owned();
        let sent = tokio::task::spawn_blocking(move || {
            post_whole(&address, "/api/v1/reporting/periods", &headers, &body)
        });
        let answer = sent.await.unwrap().expect("the whole is taken and answered");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

async fn a_body_without_end_is_not_waited_for(app: TestApp) {
    let token = app.admin().await.header("authorization");
    let address = app.address().to_owned();
    let heard = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST /api/v1/reporting/periods HTTP/1.1\r\nHost: cchc\r\nAuthorization: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        status
    });
    assert_eq!(&heard.await.unwrap(), b"HTTP/1.1 413");
}

async fn a_full_queue_of_writes_is_told_and_what_was_taken_is_done(app: TestApp) {
    let database = TestDatabase::copy(app.backend).await;
    let narrow = TestApp::start_on(app.backend, database, |config| {
        config.db_queue = kernel::config::Count::try_from(4).expect("a queue");
    })
    .await;
    let admin = narrow.admin().await;
    let mut holder = narrow.connect();
    let (hold, free) = match app.backend {
        Backend::Sqlite => ("BEGIN IMMEDIATE", "ROLLBACK"),
        Backend::Postgres => ("BEGIN; LOCK TABLE periods IN SHARE MODE", "ROLLBACK"),
    };
    holder.batch_execute(hold).unwrap();
    let write = |year: u16| {
        let admin = admin.clone();
        async move {
            let period = json!({"code": year.to_string(), "kind": "year",
                "starts_on": format!("{year}-01-01"), "ends_on": format!("{year}-12-31")});
            let answer = admin.post("/api/v1/reporting/periods", &period).await;
            (year, answer)
        }
    };
    let mut writes: tokio::task::JoinSet<_> = (2031..2071).map(write).collect();
    // The first that comes back was refused: all others wait for the holder.
    let (_, refused) = writes.join_next().await.unwrap().unwrap();
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.problem(503, "unavailable");
    holder.batch_execute(free).unwrap();
    let mut done = Vec::new();
    while let Some(answer) = writes.join_next().await {
        let (year, answer) = answer.unwrap();
        match answer.status {
            201 => done.push(year.to_string()),
            _ => drop(answer.problem(503, "unavailable")),
        }
    }
    assert!(!done.is_empty());
    done.sort();
    let periods = admin.get("/api/v1/reporting/periods?limit=200").await.expect(200);
    let mut kept: Vec<_> =
        periods["items"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()).collect();
    kept.sort();
    assert_eq!(kept, done, "what was acknowledged is there, and nothing else");
}

async fn what_no_operation_knows_is_refused_everywhere(app: TestApp) {
    let admin = app.admin().await;
    let period = app.period("year", "2031").await;
    let path = format!("/api/v1/reporting/periods/{}", period["id"].as_str().unwrap());
    for path in [path.as_str(), "/api/v1/auth/me", "/api/v1/reporting/periods"] {
        let refused =
            admin.get(&format!("{path}?colour=red&shape=round")).await.faults(400, "invalid-parameter");
        assert_eq!(refused, ["/colour", "/shape"], "{path}");
    }
    let nothing_done = admin.send("DELETE", &format!("{path}?force=true"), None).await;
    assert_eq!(nothing_done.faults(400, "invalid-parameter"), ["/force"]);
    admin.get(&path).await.expect(200);
    // Who may not know of an operation hears of that first.
    app.anonymous().get(&format!("{path}?colour=red")).await.problem(401, "unauthorized");
}

async fn a_step_takes_no_body(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let figures = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
        "received_online": 4, "pending_in_time": 4});
    let path = "/api/v1/tthc/processing-returns";
    let made = editor.post(path, &figures).await.expect(201);
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    let submission = format!("{path}/submission");
    for body in [json!({"state": "accepted"}).to_string(), "{".into(), " ".into()] {
        let sent = editor.send("POST", &submission, Some(("application/json", body.into_bytes()))).await;
        sent.problem(400, "wrong-shape");
    }
    assert_eq!(editor.get(&path).await.expect(200)["state"], "draft", "nothing was done");
    let empty = editor.send("POST", &submission, Some(("application/json", Vec::new()))).await;
    assert_eq!(empty.expect(200)["state"], "submitted");
}

async fn the_head_alone_tells_what_the_whole_answer_would(app: TestApp) {
    let admin = app.admin().await;
    let id = app.unit("31420", "2024-06-30");
    let unit = format!("/api/v1/organization/org-units/{id}?as_of=2024-06-30");
    let list = "/api/v1/organization/org-units?as_of=2024-06-30";
    let csv = admin.with("accept", "text/csv");
    let cases =
        [(&admin, unit.as_str()), (&csv, list), (&admin, "/health/live"), (&admin, "/api/v1/nowhere")];
    for (client, path) in cases {
        let whole = client.get(path).await;
        let head = client.send("HEAD", path, None).await;
        assert_eq!((head.status, head.bytes.len()), (whole.status, 0), "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {path}");
        }
    }
    let etag = admin.get(&unit).await.etag();
    assert_eq!(admin.with("if-none-match", &etag).send("HEAD", &unit, None).await.status, 304);
    assert_eq!(app.anonymous().send("HEAD", &unit, None).await.status, 401);
    let posted = admin.send("HEAD", "/api/v1/auth/token", None).await;
    assert_eq!((posted.status, posted.header("allow").as_str()), (405, "POST"));
    let refused = admin.send("PATCH", "/api/v1/reporting/periods", None).await;
    assert!(refused.header("allow").contains("HEAD"), "{refused:?}");
}

async fn a_file_that_another_program_holds_is_told_and_written_once_it_is_free(app: TestApp) {
    if app.backend == Backend::Postgres {
        // There is no file to hold; `postgres_stop.sh` takes the server away.
        return;
    }
    let admin = app.admin().await;
    let period = json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
    let mut holder = app.connect();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = admin.post("/api/v1/reporting/periods", &period).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.problem(503, "unavailable");
    admin.get("/api/v1/reporting/periods").await.expect(200);
    holder.batch_execute("ROLLBACK").unwrap();
    admin.post("/api/v1/reporting/periods", &period).await.expect(201);
}

async fn what_cannot_be_read_is_told_in_our_words(app: TestApp) {
    const PARSERS: [&str; 7] = [
        "invalid type",
        "invalid value",
        "invalid digit",
        "unknown variant",
        "missing field",
        "expected one",
        "i64",
    ];
    let admin = app.admin().await;
    let returns = "/api/v1/tthc/processing-returns";
    let record = json!({
        "org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "received_online": 1,
    });
    let with = |name: &str, value: serde_json::Value| {
        let mut record = record.clone();
        record[name] = value;
        record
    };
    for client in [admin.clone(), admin.in_english()] {
        let answers = [
            client.post(returns, &with("received_online", json!(6990.0))).await,
            client.post(returns, &with("received_online", json!({}))).await,
            client.post(returns, &with("handling_level", json!("hamlet"))).await,
            client.post(returns, &with("covers_to", json!("2026-13-01"))).await,
            client.post(returns, &with("nil", json!("yes"))).await,
            client.post(returns, &json!([])).await,
            client.post(&format!("{returns}/batch"), &json!([with("if_version", json!(1.5))])).await,
            client
                .post(&format!("{returns}/batch"), &json!([with("source_updated_at", json!("noon"))]))
                .await,
            client.get(&format!("{returns}?limit=ten&handling_level=hamlet&include_total=maybe")).await,
            client.get(&format!("{returns}?as_of=2026-13-01")).await,
            client.get("/api/v1/tthc/processing-returns/no-id").await,
        ];
        for answer in answers {
            assert!((400..=422).contains(&answer.status), "{answer:?}");
            let told = answer.json();
            let faults = told["errors"].as_array().into_iter().flatten().chain(
                told["lines"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|line| line["problem"]["errors"].as_array())
                    .flatten(),
            );
            let messages = faults.map(|fault| &fault["message"]).chain([&told["detail"], &told["title"]]);
            for message in messages.filter_map(|message| message.as_str()) {
                let found = PARSERS.iter().find(|words| message.contains(**words));
                assert_eq!(found, None, "{message}");
            }
        }
    }
}

/// Readers of other languages' serialisers send structs as lists: a list whose items happen to fit must
/// not be read by position.
async fn a_list_is_never_taken_for_a_record(app: TestApp) {
    let admin = app.admin().await;
    let whole = json!(["calendar", "2031", "year", "2031-01-01", "2031-12-31", null]);
    admin.post("/api/v1/reporting/periods", &whole).await.faults(400, "wrong-shape");
    let mut dossier = crate::tthc::dossiers::dossier(1);
    dossier["owner"] = json!(["citizen", "Người nộp thử", "012345678901", "0900000012"]);
    let faults = admin.post("/api/v1/tthc/dossiers", &dossier).await.faults(400, "wrong-shape");
    assert_eq!(faults, ["/owner"]);
}

async fn more_parameters_than_any_operation_has_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let many: Vec<String> = (0..=100).map(|number| format!("p{number}=1")).collect();
    let refused = admin.get(&format!("/api/v1/reporting/periods?{}", many.join("&"))).await;
    assert_eq!(refused.problem(400, "invalid-parameter")["errors"][0]["code"], "too_many");
    let form: Vec<(String, String)> =
        (0..=100).map(|number| (format!("p{number}"), "1".to_owned())).collect();
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(app.anonymous().post_form("/api/v1/auth/token", &form).await.status, 400);
}

async fn what_holds_a_nul_names_nothing(app: TestApp) {
    app.anonymous().get("/api/v1/public/procedures/%00").await.problem(404, "not-found");
    // `a%00:b`
    let named = app.anonymous().with("authorization", "Basic YSUwMDpi");
    let refused = named.post_form("/api/v1/auth/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(refused.status, 401, "{}", refused.text());
}
