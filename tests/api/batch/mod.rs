//! Many records in one request, and requests that come twice.

mod keys;

use std::io::Write;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [stories(), keys::stories()].concat()
}

tell![
    a_batch_of_ten_thousand_is_one_write,
    more_than_ten_thousand_lines_are_refused,
    a_compressed_batch_is_read_and_a_bomb_is_not,
    every_fault_of_every_line_is_told,
    a_line_that_is_not_utf_8_is_named,
    an_older_line_never_replaces_a_newer_record,
    single_writes_come_between_batches,
    a_partial_batch_writes_what_is_right,
    a_key_that_is_taken_refuses_its_own_line_alone,
    returns_of_a_whole_district_come_in_one_batch,
    a_batch_obeys_the_life_of_a_return,
    a_record_named_twice_has_one_outcome_at_any_distance,
    returns_out_of_reach_are_told_alike_whether_they_exist_or_not,
    a_time_that_is_still_to_come_keeps_no_true_one_out,
];

const NDJSON: &str = "application/x-ndjson";
const BATCH: &str = "/api/v1/reporting/periods/batch";

/// Months of regimes that nobody has.
pub fn months(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            let (regime, month) = (format!("r{}", number / 12), number % 12 + 1);
            json!({"regime": regime, "code": format!("2030-{month:02}"), "kind": "month",
                "starts_on": "2030-01-01", "ends_on": "2030-01-31"})
        })
        .collect()
}

pub fn ndjson(lines: &[Value]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn send(client: &Client, path: &str, lines: &[Value]) -> Value {
    client.send("POST", path, Some((NDJSON, ndjson(lines)))).await.expect(200)
}

async fn count(client: &Client, query: &str) -> i64 {
    let path = format!("/api/v1/reporting/periods?limit=1&include_total=true&{query}");
    client.get(&path).await.expect(200)["total"].as_i64().unwrap()
}

async fn a_batch_of_ten_thousand_is_one_write(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = months(10_000);
    lines[9_999]["ends_on"] = json!("2029-12-31");
    let refused = admin.send("POST", BATCH, Some((NDJSON, ndjson(&lines)))).await;
    assert_eq!(refused.faults(422, "invalid"), ["/9999/ends_on"]);
    assert_eq!(count(&admin, "on=2030-01-15").await, 0, "nothing was written");

    let report = send(&admin, BATCH, &months(10_000)).await;
    assert_eq!(
        (&report["created"], report["lines"].as_array().map(Vec::len)),
        (&json!(10_000), Some(10_000))
    );
    assert_eq!(count(&admin, "on=2030-01-15").await, 10_000);
    let report = send(&admin, &format!("{BATCH}?on_conflict=update"), &months(10_000)).await;
    assert_eq!(report["unchanged"], 10_000);
    app.seal().await;
    let entries =
        admin.get("/api/v1/admin/audit?record_type=period&limit=1&include_total=true").await.expect(200);
    assert_eq!(entries["total"], 10_000, "one entry a record, and none for what stayed");
}

async fn more_than_ten_thousand_lines_are_refused(app: TestApp) {
    let body = Some((NDJSON, ndjson(&months(10_001))));
    let refused = app.admin().await.send("POST", BATCH, body).await.problem(422, "invalid");
    assert_eq!(
        refused["errors"],
        json!([{"pointer": "", "code": "too_many", "message": refused["errors"][0]["message"]}])
    );
}

async fn a_compressed_batch_is_read_and_a_bomb_is_not(app: TestApp) {
    let admin = app.admin().await.with("content-encoding", "gzip");
    let body = gzip(&ndjson(&months(300)));
    let report = admin.send("POST", BATCH, Some((NDJSON, body))).await.expect(200);
    assert_eq!(report["created"], 300);
    let bomb = gzip(&vec![b' '; 256 * 1024 * 1024]);
    assert!(bomb.len() < 4 * 1024 * 1024);
    let refused = admin.send("POST", BATCH, Some(("application/json", bomb))).await;
    refused.problem(413, "payload-too-large");
}

async fn every_fault_of_every_line_is_told(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = months(6);
    admin.post("/api/v1/reporting/periods", &lines[4]).await.expect(201);
    lines[1]["colour"] = json!("red");
    lines[2]["code"] = json!("2030");
    lines[2]["ends_on"] = json!("2029-12-31");
    lines[3].as_object_mut().unwrap().remove("kind");
    lines[5] = lines[0].clone();
    let body = json!(lines);
    let mut faults = admin.post(BATCH, &body).await.faults(422, "invalid");
    faults.sort();
    let all = ["/1/colour", "/2/code", "/2/ends_on", "/3/kind", "/4", "/5"];
    assert_eq!(faults, all, "in shape, in meaning, and against what is held or stands in the batch");
    assert_eq!(count(&admin, "on=2030-01-15").await, 1, "nothing was written");
    let report = admin.in_english().post(&format!("{BATCH}?mode=partial"), &body).await.expect(200);
    let statuses: Vec<_> = report["lines"].as_array().unwrap().iter().map(|l| l["status"].clone()).collect();
    assert_eq!(statuses, [json!(201), json!(400), json!(422), json!(400), json!(409), json!(409)]);
    assert_eq!(report["lines"][2]["problem"]["errors"][0]["pointer"], "/code");
    assert_eq!(report["lines"][2]["problem"]["instance"], "#/lines/2");
    assert_eq!(report["lines"][2]["problem"]["title"], "The data are not valid");
    let wrong = json!([lines[1], lines[3]]);
    let faults = admin.post(&format!("{BATCH}?mode=partial"), &wrong).await.faults(422, "invalid");
    assert_eq!(faults, ["/0/colour", "/1/kind"], "not one line is well formed");
    let torn = b"{\"code\": \"2030-01\"\n[]\n".to_vec();
    let faults = admin.send("POST", BATCH, Some((NDJSON, torn))).await;
    assert_eq!(faults.faults(422, "invalid"), ["/0", "/1"], "lines that are no records");
    let guard = json!([{"if_version": "one", "regime": "a", "code": "2030-01", "kind": "month",
        "starts_on": "2030-01-01", "ends_on": "2030-01-31"}]);
    assert_eq!(admin.post(BATCH, &guard).await.faults(422, "invalid"), ["/0/if_version"]);
    for version in [json!(1.0), json!(-1)] {
        let mut line = guard.clone();
        line[0]["if_version"] = version;
        assert_eq!(admin.post(BATCH, &line).await.faults(422, "invalid"), ["/0/if_version"]);
    }
    let refused =
        admin.with("if-match", "\"v1\"").send("PUT", BATCH, Some(("application/json", b"{}".to_vec()))).await;
    assert_eq!(refused.header("allow"), "POST");
    refused.problem(405, "method-not-allowed");
}

async fn a_line_that_is_not_utf_8_is_named(app: TestApp) {
    let admin = app.admin().await;
    let mut body = ndjson(&months(2));
    body.extend_from_slice(b"{\"regime\": \"Hi\xe1p\"}\r\n\n");
    let sent = async |mode: &str| {
        admin.send("POST", &format!("{BATCH}?mode={mode}"), Some((NDJSON, body.clone()))).await
    };
    assert_eq!(sent("all").await.faults(422, "invalid"), ["/2"]);
    let report = sent("partial").await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(2), &json!(1)), "{report}");
    let told = report["lines"][2]["problem"]["detail"].as_str().unwrap();
    assert!(told.contains("UTF-8 tại byte 14"), "{told}");
}

async fn an_older_line_never_replaces_a_newer_record(app: TestApp) {
    let admin = app.admin().await;
    let upsert = format!("{BATCH}?on_conflict=update");
    let line = |submit_by: &str, changed: &str| {
        let mut line = months(1).remove(0);
        line["submit_by"] = json!(submit_by);
        line["source_updated_at"] = json!(changed);
        vec![line]
    };
    let outcome = |report: Value| report["lines"][0]["outcome"].as_str().unwrap().to_owned();
    let sent = send(&admin, &upsert, &line("2030-02-01", "2026-11-20T10:00:00Z")).await;
    assert_eq!(outcome(sent), "created");
    let sent = send(&admin, &upsert, &line("2030-02-02", "2026-11-20T09:59:59Z")).await;
    assert_eq!(outcome(sent), "stale");
    let sent = send(&admin, &upsert, &line("2030-02-01", "2026-11-20T12:00:00Z")).await;
    assert_eq!(outcome(sent), "unchanged");
    let sent = send(&admin, &upsert, &line("2030-02-03", "2026-11-20T11:00:00Z")).await;
    assert_eq!(outcome(sent), "stale", "what was confirmed at noon is not undone by eleven o'clock's");
    let sent = send(&admin, &upsert, &line("2030-02-03", "2026-11-20T12:00:01Z")).await;
    assert_eq!(outcome(sent), "updated");
    let mut only_new = months(1);
    only_new[0]["if_version"] = json!(0);
    let report = send(&admin, &upsert, &only_new).await;
    assert_eq!(report["lines"][0]["problem"]["detail"], "Phiên bản đang lưu là 2.");
    assert_eq!(outcome(report), "stale");
    let mut nothing_there = months(2).remove(1);
    nothing_there["if_version"] = json!(3);
    let report = send(&admin, &upsert, &[nothing_there]).await;
    assert!(report["lines"][0]["problem"]["detail"].as_str().unwrap().starts_with("Chưa có bản ghi"));
    assert_eq!(outcome(report), "stale");
}

async fn single_writes_come_between_batches(app: TestApp) {
    let admin = app.admin().await;
    let all = months(4_000);
    let order = std::sync::Mutex::new(Vec::new());
    let one_is_written = tokio::sync::Notify::new();
    let batch = |part: usize| {
        let (admin, order, lines) = (admin.clone(), &order, &all[part * 1_000..(part + 1) * 1_000]);
        let one_is_written = &one_is_written;
        async move {
            send(&admin, BATCH, lines).await;
            order.lock().unwrap().push("batch");
            one_is_written.notify_one();
        }
    };
    let single = async {
        one_is_written.notified().await;
        let year =
            json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
        admin.post("/api/v1/reporting/periods", &year).await.expect(201);
        order.lock().unwrap().push("single");
    };
    tokio::join!(batch(0), batch(1), batch(2), batch(3), single);
    let order = order.into_inner().unwrap();
    let batches_before = order.iter().position(|done| *done == "single").unwrap();
    assert!(batches_before <= 2, "sent after the first, it waits for the next and no other: {order:?}");
}

async fn a_partial_batch_writes_what_is_right(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = months(2_500);
    for line in lines.iter_mut().step_by(10) {
        line["ends_on"] = json!("2029-12-31");
    }
    lines[1] = lines[2].clone();
    let report = send(&admin, &format!("{BATCH}?mode=partial"), &lines).await;
    assert_eq!((&report["created"], &report["refused"]), (&json!(2_249), &json!(251)));
    assert_eq!(report["lines"][2]["problem"]["type"], "/problems/duplicate", "the same line again");
    assert_eq!(count(&admin, "on=2030-01-15").await, 2_249);
}

async fn a_key_that_is_taken_refuses_its_own_line_alone(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = months(500);
    admin.post("/api/v1/reporting/periods", &lines[0]).await.expect(201);
    lines[499] = lines[7].clone();
    admin.post(BATCH, &json!(lines)).await.problem(409, "duplicate");
    assert_eq!(count(&admin, "on=2030-01-15").await, 1, "nothing was written");
    let report = send(&admin, &format!("{BATCH}?mode=partial"), &lines).await;
    assert_eq!((&report["created"], &report["refused"]), (&json!(498), &json!(2)));
    let statuses = |index: usize| report["lines"][index]["status"].clone();
    assert_eq!([statuses(0), statuses(7), statuses(499)], [json!(409), json!(201), json!(409)]);
    assert_eq!(count(&admin, "on=2030-01-15").await, 499);
    app.seal().await;
    let entries =
        admin.get("/api/v1/admin/audit?record_type=period&limit=1&include_total=true").await.expect(200);
    assert_eq!(entries["total"], 499, "one entry a record, and none for what was refused");
}

async fn returns_of_a_whole_district_come_in_one_batch(app: TestApp) {
    app.period("half", "2024-H1").await;
    let system =
        app.system("he-thong-huyen", (&app.unit("934", "2024-06-30"), "2024-01-01"), &["tthc:write"]).await;
    let units = app
        .admin()
        .await
        .get("/api/v1/organization/org-units?as_of=2024-06-30&org_unit_code=934&scope=children&limit=200")
        .await;
    let units = units.expect(200)["items"].as_array().unwrap().clone();
    let units: Vec<_> = units.into_iter().filter(|unit| unit["code"] != "934").collect();
    assert_eq!(units.len(), 15);
    let lines: Vec<Value> = units
        .iter()
        .map(|unit| {
            json!({"org_unit_code": unit["code"], "period_code": "2024-H1", "handling_level": "commune",
            "received_online": 10, "resolved_on_time": 10})
        })
        .collect();
    let path = "/api/v1/tthc/processing-returns/batch";
    let report = send(&system, path, &lines).await;
    assert_eq!(report["created"], 15);
    let mut other = lines.clone();
    other.push(json!({"org_unit_code": "31117", "period_code": "2024-H1", "handling_level": "commune"}));
    other[0]["field"] = json!("Hộ tịch");
    let report = send(&system, &format!("{path}?mode=partial&on_conflict=update"), &other).await;
    let line = |index: usize| report["lines"][index].clone();
    assert_eq!(line(0)["problem"]["errors"][0]["code"], "line_and_fields");
    assert_eq!(line(1)["outcome"], "unchanged");
    assert_eq!(line(15)["status"], 403, "another district's commune: {}", line(15));
}

async fn a_batch_obeys_the_life_of_a_return(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let body = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
        "received_online": 4, "pending_in_time": 4});
    let path = "/api/v1/tthc/processing-returns/batch?on_conflict=update";
    let id =
        send(&editor, path, std::slice::from_ref(&body)).await["lines"][0]["id"].as_str().unwrap().to_owned();
    editor.step(&format!("/api/v1/tthc/processing-returns/{id}/submission")).await.expect(200);
    let report = send(&editor, path, std::slice::from_ref(&body)).await;
    assert_eq!(report["unchanged"], 1, "the same figures again change nothing");
    let mut other = body.clone();
    other["received_online"] = json!(5);
    let sent = editor.send("POST", path, Some((NDJSON, ndjson(&[other])))).await;
    sent.problem(409, "wrong-state");
}

async fn a_record_named_twice_has_one_outcome_at_any_distance(app: TestApp) {
    let admin = app.admin().await;
    for (name, distance) in [("a", 1), ("b", 1_500)] {
        let mut lines = months(2_000);
        for line in &mut lines {
            line["regime"] = json!(format!("{name}_{}", line["regime"].as_str().unwrap()));
        }
        // In the order of their keys the last of the first thousand and its double are in two parts.
        let key = |line: &Value| (line["regime"].to_string(), line["code"].to_string());
        let mut keys: Vec<_> = lines.iter().map(key).collect();
        keys.sort();
        let last = lines.iter().position(|line| key(line) == keys[999]).unwrap();
        for first in [5, last] {
            let mut double = lines[first].clone();
            double["submit_by"] = json!("2030-02-01");
            lines.insert((first + distance).min(lines.len()), double);
        }
        let path = format!("{BATCH}?on_conflict=update&mode=partial");
        let report = send(&admin, &path, &lines).await;
        assert_eq!(
            (&report["created"], &report["refused"]),
            (&json!(2_000), &json!(2)),
            "at distance {distance}"
        );
        let refused: Vec<_> = report["lines"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["outcome"] == "refused")
            .map(|line| (line["index"].as_u64().unwrap(), line["problem"]["type"].as_str().unwrap()))
            .collect();
        assert_eq!(refused.len(), 2);
        for (index, problem) in refused {
            assert_eq!(problem, "/problems/duplicate");
            let double = &lines[usize::try_from(index).unwrap()];
            assert_eq!(double["submit_by"], "2030-02-01", "the line that came first is written");
        }
    }
}

async fn a_time_that_is_still_to_come_keeps_no_true_one_out(app: TestApp) {
    let admin = app.admin().await;
    let batch = format!("{BATCH}?on_conflict=update&mode=partial");
    let changed = |at: &str| {
        let mut line = months(1).remove(0);
        line["source_updated_at"] = json!(at);
        line
    };
    // The sender's clock may be ahead of ours by hours, not by years.
    for (at, outcome) in [("9999-12-31T23:59:59Z", "refused"), ("2026-11-23T15:00:00Z", "created")] {
        assert_eq!(send(&admin, &batch, &[changed(at)]).await["lines"][0]["outcome"], outcome, "{at}");
    }
}

async fn returns_out_of_reach_are_told_alike_whether_they_exist_or_not(app: TestApp) {
    app.period("quarter", "2026-Q2").await;
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let path = "/api/v1/tthc/processing-returns";
    let line = |period: &str| {
        json!({"org_unit_code": "31399", "period_code": period, "handling_level": "commune", "received_online": 4,
            "pending_in_time": 4})
    };
    // The neighbour has filed for the third quarter, and for no other.
    let batch = format!("{path}/batch?on_conflict=update&mode=partial");
    let mut filed = line("2026-Q3");
    filed["source_updated_at"] = json!("2026-10-05T00:00:00Z");
    send(&admin, &batch, &[filed]).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let guards = [
        json!({}),
        json!({"if_version": 0}),
        json!({"if_version": 1}),
        json!({"if_version": 7}),
        json!({"source_updated_at": "2026-10-01T00:00:00Z"}),
        json!({"source_updated_at": "2026-11-01T00:00:00Z"}),
        json!({"received_online": 5, "pending_in_time": 5}),
    ];
    for guard in guards {
        let mut told = Vec::new();
        for period in ["2026-Q3", "2026-Q2"] {
            let mut line = line(period);
            line.as_object_mut().unwrap().extend(guard.as_object().unwrap().clone());
            let mut outcome = send(&editor, &batch, &[line]).await["lines"][0].clone();
            outcome["problem"]["request_id"] = json!("");
            told.push(outcome);
        }
        assert_eq!(told[0], told[1], "with {guard}");
        assert!([403, 409].contains(&told[0]["status"].as_u64().unwrap()), "{}", told[0]);
    }
}
