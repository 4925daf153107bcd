//! Reporting periods: the kernel's conventions on the resource that is written out by hand.

use serde_json::json;

use crate::support::TestApp;
use crate::tell;

tell![
    a_compressed_answer_has_a_tag_of_its_own,
    the_calendar_is_checked_against_the_code,
    a_period_lives_through_all_operations,
    every_period_appears_once_on_the_pages_while_others_are_made,
    only_an_administrator_of_the_whole_country_writes_periods,
    a_period_with_returns_cannot_be_deleted,
    what_is_done_for_a_period_and_its_move_never_both_succeed,
    a_day_that_no_database_keeps_is_refused,
];

const PERIODS: &str = "/api/v1/reporting/periods";

async fn a_compressed_answer_has_a_tag_of_its_own(app: TestApp) {
    let period = app.period("year", "2030").await;
    let path = format!("{PERIODS}/{}", period["id"].as_str().unwrap());
    let admin = app.admin().await;
    let compressed = admin.with("accept-encoding", "gzip").get(&path).await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert_eq!(compressed.bytes[..2], [0x1f, 0x8b]);
    let tag = compressed.etag();
    let plain = admin.with("if-none-match", &tag).get(&path).await;
    assert_eq!((plain.status, tag), (200, plain.etag().trim_end_matches('"').to_owned() + "-gzip\""));
    // A change is based on the version, however it was sent.
    admin.patch(&path, &compressed.etag(), &json!({"submit_by": "2031-01-05"})).await.expect(200);
}

async fn the_calendar_is_checked_against_the_code(app: TestApp) {
    let admin = app.admin().await;
    let wrong =
        json!({"code": "2024-H1", "kind": "half", "starts_on": "2023-12-15", "ends_on": "2024-06-14"});
    assert_eq!(admin.post(PERIODS, &wrong).await.faults(422, "invalid"), ["/starts_on"]);
    let mut regime = wrong.clone();
    regime["regime"] = json!("hau_giang");
    admin.post(PERIODS, &regime).await.expect(201);
    let nonsense = json!({"code": "2024-Q7", "kind": "quarter", "starts_on": "2024-07-01", "ends_on": "2024-06-01", "submit_by": "2024-01-01"});
    assert_eq!(
        admin.post(PERIODS, &nonsense).await.faults(422, "invalid"),
        ["/code", "/ends_on", "/submit_by"]
    );
}

async fn a_period_lives_through_all_operations(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({"code": "2030-H1", "kind": "half", "starts_on": "2030-01-01", "ends_on": "2030-06-30"});
    let created = admin.post(PERIODS, &body).await;
    let (location, etag) = (created.header("location"), created.etag());
    assert!(etag.starts_with("\"v1-"), "{etag}");
    let period = created.expect(201);
    assert_eq!(period["submit_by"], json!(null));
    admin.post(PERIODS, &body).await.problem(409, "duplicate");

    let unchanged = admin.with("if-none-match", &etag).get(&location).await;
    assert_eq!((unchanged.status, unchanged.bytes.len()), (304, 0));
    let patched = admin.patch(&location, &etag, &json!({"submit_by": "2030-07-05"})).await;
    assert!(patched.etag().starts_with("\"v2-"), "{}", patched.etag());
    assert_eq!(patched.expect(200)["submit_by"], "2030-07-05");
    let stale = admin.patch(&location, &etag, &json!({"submit_by": null})).await;
    assert_eq!(stale.etag(), "\"v2\"");
    stale.problem(412, "precondition-failed");
    assert_eq!(
        admin.patch(&location, "\"v2\"", &json!({"submit_by": null})).await.expect(200)["submit_by"],
        json!(null)
    );
    admin.patch(&location, "\"v3\"", &json!({"code": null})).await.problem(400, "wrong-shape");
    admin
        .send("PATCH", &location, Some(("application/json", b"{}".to_vec())))
        .await
        .problem(428, "precondition-required");

    admin
        .put(
            &location,
            "\"v3\"",
            &json!({"code": "2030-H2", "kind": "half", "starts_on": "2030-07-01", "ends_on": "2030-12-31"}),
        )
        .await
        .expect(200);
    assert_eq!(admin.delete(&location, "\"v4\"").await.status, 204);
    admin.get(&location).await.problem(404, "not-found");
    admin.post(PERIODS, &body).await.expect(201);
}

async fn every_period_appears_once_on_the_pages_while_others_are_made(app: TestApp) {
    let admin = app.admin().await;
    for month in 1..=7 {
        app.period("month", &format!("2024-{month:02}")).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{PERIODS}?kind=month&limit=3&sort=-starts_on&include_total=true");
    loop {
        let answer = admin.get(&path).await;
        let link = answer.header("link");
        let page = answer.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()));
        // Another month arrives between the pages, before where the reader stands.
        app.period("month", &format!("2025-{:02}", seen.len())).await;
        if page["next_cursor"].is_null() {
            assert_eq!(link, "");
            break;
        }
        path = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    }
    let expected: Vec<_> = (1..=7).rev().map(|month| format!("2024-{month:02}")).collect();
    assert_eq!(seen, expected);
}

async fn only_an_administrator_of_the_whole_country_writes_periods(app: TestApp) {
    let body = json!({"code": "2030", "kind": "year", "starts_on": "2030-01-01", "ends_on": "2030-12-31"});
    let province = app.person("qtri.cantho", "admin", "92").await;
    province.post(PERIODS, &body).await.problem(403, "forbidden");
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(PERIODS, &body).await.problem(403, "forbidden");
    app.period("year", "2030").await;
    assert_eq!(editor.get(PERIODS).await.expect(200)["items"].as_array().unwrap().len(), 1);
    app.anonymous().get(PERIODS).await.problem(401, "unauthorized");
}

async fn a_period_with_returns_cannot_be_deleted(app: TestApp) {
    let period = app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let line =
        json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "nil": true});
    admin.post("/api/v1/tthc/processing-returns", &line).await.expect(201);
    let path = format!("{PERIODS}/{}", period["id"].as_str().unwrap());
    admin.delete(&path, "\"v1\"").await.problem(409, "in-use");
    // Nor does it become another one, with all that was returned for it.
    let next = json!({"code": "2026-Q4", "starts_on": "2026-10-01", "ends_on": "2026-12-31"});
    admin.patch(&path, "\"v1\"", &next).await.problem(409, "in-use");
    admin.patch(&path, "\"v1\"", &json!({"submit_by": "2026-10-15"})).await.expect(200);
}

/// A unit that begins in 2025 is returned, or closed, for a month of 2026 while that month becomes one of 2020.
async fn what_is_done_for_a_period_and_its_move_never_both_succeed(app: TestApp) {
    let admin = app.admin().await;
    let unit = app.unit("31396", "2026-11-23");
    for month in 1..=8 {
        let period = app.period("month", &format!("2026-{month:02}")).await;
        let path = format!("{PERIODS}/{}", period["id"].as_str().unwrap());
        let before = json!({
            "regime": "hau_giang", "code": format!("2020-{month:02}"),
            "starts_on": format!("2020-{month:02}-01"), "ends_on": format!("2020-{month:02}-28"),
        });
        let line = json!({
            "org_unit_id": unit, "period_id": period["id"], "handling_level": "commune", "nil": true,
        });
        let closing = json!({"org_unit_id": unit, "period_id": period["id"], "scope": "subtree"});
        let (collection, body) = match month % 2 {
            0 => ("/api/v1/tthc/processing-returns", line),
            _ => ("/api/v1/reporting/period-closures", closing),
        };
        let (done, moved) =
            tokio::join!(admin.post(collection, &body), admin.patch(&path, "\"v1\"", &before));
        let told = (done.status, moved.status);
        assert!([(201, 409), (422, 200)].contains(&told), "{told:?}");
    }
}

async fn a_day_that_no_database_keeps_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let late = "%2B12026-09-30";
    for (query, pointer) in [
        ("periods?on=", "/on"),
        ("holidays?from=", "/from"),
        ("holidays?to=", "/to"),
        ("period-closures?as_of=", "/as_of"),
    ] {
        let path = format!("/api/v1/reporting/{query}");
        assert_eq!(admin.get(&format!("{path}{late}")).await.faults(422, "invalid"), [pointer]);
        assert_eq!(admin.get(&format!("{path}-0001-01-01")).await.faults(422, "invalid"), [pointer]);
        admin.get(&format!("{path}9999-12-31")).await.expect(200);
    }
    let returns = format!("/api/v1/tthc/processing-returns?as_of={late}");
    assert_eq!(admin.get(&returns).await.faults(422, "invalid"), ["/as_of"]);

    let year = json!({"regime": "xa_hoi", "code": "2030", "kind": "year", "starts_on": "+12030-01-01",
        "ends_on": "+12030-12-31", "submit_by": "+12031-01-05"});
    let faults = admin.post(PERIODS, &year).await.faults(422, "invalid");
    assert_eq!(faults, ["/starts_on", "/ends_on", "/submit_by"]);
    let day = json!({"day": "+12028-01-01", "kind": "holiday", "name": "Tết"});
    assert_eq!(admin.post("/api/v1/reporting/holidays", &day).await.faults(422, "invalid"), ["/day"]);
}
