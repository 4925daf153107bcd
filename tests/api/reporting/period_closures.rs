//! Closings of periods: what they bind, what they keep, and what differs afterwards.

use std::collections::BTreeMap;

use diesel::prelude::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::sheets::{DATA, XLSX, rows};
use crate::support::database::Backend;
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::{RETURNS, phung_hiep, submit};

tell![
    a_district_closes_reopens_for_a_commune_and_closes_again,
    who_had_filed_when_it_was_closed_is_told_beside_who_has_today,
    every_write_of_a_return_is_refused_in_a_closed_period,
    a_batch_tells_the_closed_period_by_line,
    an_import_tells_the_closed_period_by_row,
    only_who_reviews_or_administers_and_reaches_the_unit_closes,
    closing_and_reopening_refuse_what_cannot_be,
    a_closing_of_the_unit_alone_leaves_the_units_below_free,
    a_closing_is_listed_filtered_streamed_and_followed,
    a_kept_form_is_a_spreadsheet_that_says_so,
    what_was_kept_is_the_form_and_with_the_differences_todays,
    a_unit_that_ended_within_the_period_is_closed_on_its_last_day,
    who_closes_binds_what_ended_and_went_into_the_units_below,
    who_closes_for_itself_binds_its_agencies,
    a_snapshot_is_read_by_who_reads_the_form,
    what_a_closing_rests_on_is_not_deleted,
    a_write_that_races_the_closing_is_kept_or_refused,
    a_write_of_what_ended_waits_for_the_closing_of_whose_it_is_now,
    writers_do_not_wait_for_each_other_nor_for_another_branch,
];

const CLOSURES: &str = "/api/v1/reporting/period-closures";
const FORM: &str = "/api/v1/reporting/forms/06a";
const OF_DISTRICT: &str = "org_unit_code=934&as_of=2024-06-30&period=2024-H1";
const DEFINITIONS: [&str; 2] = ["circular-01-2020", "withdrawn-refused-apart"];
const SCOPES: [&str; 3] = ["self", "children", "subtree"];

fn closing(code: &str, scope: &str) -> Value {
    json!({"org_unit_code": code, "period_code": "2024-H1", "scope": scope})
}

/// A grant over a unit that has ended since.
fn over_ended(app: &TestApp, role: &str, code: &str) -> Value {
    json!({"role": role, "org_unit_id": app.unit(code, "2024-06-30"), "valid_from": "2024-01-01"})
}

async fn close(client: &Client, code: &str, scope: &str) -> Value {
    client.post(CLOSURES, &closing(code, scope)).await.expect(201)
}

fn line(app: &TestApp, code: &str, received: i64) -> Value {
    json!({
        "org_unit_id": app.unit(code, "2024-06-30"), "period_code": "2024-H1", "handling_level": "commune",
        "received_online": received, "resolved_early": received,
    })
}

async fn filed(client: &Client, body: &Value) -> Value {
    let made = client.post(RETURNS, body).await.expect(201);
    submit(client, &made).await.expect(200)
}

fn path(record: &Value) -> String {
    format!("{RETURNS}/{}", record["id"].as_str().unwrap())
}

fn closure_path(closure: &Value) -> String {
    format!("{CLOSURES}/{}", closure["id"].as_str().unwrap())
}

async fn form(client: &Client, query: &str) -> Value {
    client.get(&format!("{FORM}?{OF_DISTRICT}&{query}")).await.expect(200)
}

async fn snapshot(client: &Client, closure: &Value, query: &str) -> Value {
    form(client, &format!("{query}&snapshot={}", closure["id"].as_str().unwrap())).await
}

/// The form without what is said of closings.
fn alone(mut form: Value) -> Value {
    form["closure"] = Value::Null;
    form
}

async fn differences(client: &Client, closure: &Value, query: &str) -> Value {
    client.get(&format!("{}/differences?{query}", closure_path(closure))).await.expect(200)
}

/// Each difference as `line column: kept -> today`.
fn told(differences: &Value) -> Vec<String> {
    let column = |name: &str, column: &Value| {
        let (kept, today) = (column["kept"].as_i64().unwrap(), column["today"].as_i64().unwrap());
        assert_eq!(column["difference"], today - kept);
        format!("{name} {}: {kept} -> {today}", column["column"].as_str().unwrap())
    };
    let columns = |name: String, columns: &Value| {
        let columns = columns.as_array().unwrap().iter();
        columns.map(|one| column(&name, one)).collect::<Vec<_>>()
    };
    let lines = differences["lines"].as_array().unwrap().iter().flat_map(|line| {
        let name = format!("{} {}", line["line"]["handling_level"], line["line"]["field"]);
        columns(name.replace('"', ""), &line["columns"])
    });
    lines.chain(columns("total".into(), &differences["totals"])).collect()
}

async fn who_had_filed_when_it_was_closed_is_told_beside_who_has_today(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    filed(&admin, &line(&app, "31429", 40)).await;
    let closure = close(&admin, "934", "subtree").await;
    let query = "scope=subtree";
    let of_commune = |list: &Value| {
        let levels = list.as_array().unwrap().iter();
        levels.into_iter().find(|level| level["handling_level"] == "commune").unwrap().clone()
    };
    let told = of_commune(&differences(&admin, &closure, query).await["coverage"]);
    assert_eq!(told["kept"], told["today"]);
    assert_eq!(told["kept"]["units_filed"], 1);
    let reason = json!({"reason": "Bổ sung báo cáo của xã Hòa Mỹ."});
    admin.post(&format!("{}/reopening", closure_path(&closure)), &reason).await.expect(200);
    filed(&admin, &line(&app, "31420", 0)).await;

    let changed = differences(&admin, &closure, query).await;
    let told = of_commune(&changed["coverage"]);
    let then = of_commune(&snapshot(&admin, &closure, query).await["coverage"]["levels"]);
    let today = of_commune(&form(&admin, query).await["coverage"]["levels"]);
    for count in ["units_expected", "units_filed", "ended_expected", "ended_filed"] {
        assert_eq!((&told["kept"][count], &told["today"][count]), (&then[count], &today[count]), "{count}");
    }
    let filed = ["kept", "today", "difference"].map(|when| told[when]["units_filed"].as_i64().unwrap());
    assert_eq!((filed, &told["difference"]["units_expected"]), ([1, 2, 1], &json!(0)));
    assert_eq!(changed["differs"], false, "a return of zeros changes no figure");
}

async fn a_district_closes_reopens_for_a_commune_and_closes_again(app: TestApp) {
    app.period("half", "2024-H1").await;
    let district = app.person_with("huyen.phunghiep", over_ended(&app, "reviewer", "934")).await;
    let commune = app.person_with("xa.hiephung", over_ended(&app, "editor", "31429")).await;
    let other = app.person_with("xa.hoamy", over_ended(&app, "editor", "31420")).await;
    let elsewhere = app.person_with("xa.khac", over_ended(&app, "editor", "31153")).await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let own = filed(&commune, &line(&app, "31429", 40)).await;
    let others = filed(&other, &line(&app, "31420", 55)).await;

    let first = close(&district, "934", "subtree").await;
    assert_eq!(
        (&first["number"], &first["state"], &first["as_of"], &first["org_unit_name"]),
        (&json!(1), &json!("closed"), &json!("2024-06-30"), &json!("Huyện Phụng Hiệp"))
    );

    let refused = district.post(&format!("{}/send-back", path(&own)), &json!({"reason": "Thiếu."})).await;
    let problem = refused.problem(409, "period-closed");
    let words = problem["detail"].as_str().unwrap();
    assert!(words.contains("Huyện Phụng Hiệp đã khóa sổ kỳ 2024-H1 (lần 1, ngày 23/11/2026)"), "{words}");
    assert_eq!((&problem["closure"]["id"], &problem["closure"]["number"]), (&first["id"], &json!(1)));
    let mut by_field = line(&app, "31429", 12);
    by_field["handling_level"] = json!("commune");
    let english = commune.in_english().post(RETURNS, &by_field).await.problem(409, "period-closed");
    let words = english["detail"].as_str().unwrap();
    assert!(words.contains("closed the period 2024-H1 (closing 1, 2026-11-23)"), "{words}");

    // Another district's period is open.
    filed(&elsewhere, &line(&app, "31153", 7)).await;

    let reopening = format!("{}/reopening", closure_path(&first));
    let reason = "Xã Hiệp Hưng báo cáo thiếu 12 hồ sơ hộ tịch.";
    let reopened = district
        .post(&reopening, &json!({"reason": reason, "units": [{"org_unit_code": "31429"}]}))
        .await
        .expect(200);
    assert_eq!(
        (
            &reopened["state"],
            &reopened["reopenings"][0]["reason"],
            &reopened["reopenings"][0]["org_unit_name"]
        ),
        (&json!("partly_reopened"), &json!(reason), &json!("Xã Hiệp Hưng"))
    );
    let send_back = json!({"reason": "Bổ sung 12 hồ sơ hộ tịch."});
    district.post(&format!("{}/send-back", path(&others)), &send_back).await.problem(409, "period-closed");
    let back = district.post(&format!("{}/send-back", path(&own)), &send_back).await.expect(200);
    let more = json!({"received_online": 52, "resolved_early": 50, "pending_in_time": 2});
    let corrected = commune.patch(&path(&own), &format!("\"v{}\"", back["version"]), &more).await.expect(200);
    assert_eq!(corrected["version"], own["version"].as_i64().unwrap() + 2);
    submit(&commune, &corrected).await.expect(200);

    let second = close(&district, "934", "subtree").await;
    assert_eq!((&second["number"], &second["state"]), (&json!(2), &json!("closed")));
    let superseded = district.get(&closure_path(&first)).await.expect(200);
    assert_eq!(superseded["superseded_by"], second["id"]);
    commune.post(RETURNS, &by_field).await.problem(409, "period-closed");

    // Both are read, and what differs is told to the dossier.
    let total = |form: &Value| form["totals"]["received_total"].as_i64().unwrap();
    let (then, again) = (
        snapshot(&district, &first, "scope=subtree").await,
        snapshot(&district, &second, "scope=subtree").await,
    );
    assert_eq!((total(&then), total(&again)), (95, 107));
    assert_eq!(
        then["closure"],
        json!({"id": first["id"], "number": 1, "closed_at": first["closed_at"], "state": "partly_reopened",
            "is_snapshot": true, "differs": null})
    );
    let today = form(&district, "scope=subtree").await;
    assert_eq!((&today["closure"]["id"], &today["closure"]["differs"]), (&second["id"], &json!(false)));
    assert_eq!(alone(today), alone(again));
    let changed = differences(&district, &first, "scope=subtree").await;
    assert_eq!(
        told(&changed),
        [
            "commune null received_total: 95 -> 107",
            "commune null received_online: 95 -> 107",
            "commune null resolved_total: 95 -> 105",
            "commune null resolved_early: 95 -> 105",
            "commune null pending_total: 0 -> 2",
            "commune null pending_in_time: 0 -> 2",
            "commune null received_in_period: 95 -> 107",
            "total received_total: 95 -> 107",
            "total received_online: 95 -> 107",
            "total resolved_total: 95 -> 105",
            "total resolved_early: 95 -> 105",
            "total pending_total: 0 -> 2",
            "total pending_in_time: 0 -> 2",
            "total received_in_period: 95 -> 107",
        ]
    );
    assert_eq!((&changed["differs"], &changed["closure"]["number"]), (&json!(true), &json!(1)));
    let nothing = differences(&district, &second, "scope=subtree").await;
    assert_eq!((&nothing["differs"], told(&nothing).len()), (&json!(false), 0));

    // Who closed, who reopened and why stands in the journal, for the inspector too.
    let entries = format!("/api/v1/admin/audit?record_id={}", first["id"].as_str().unwrap());
    let entries = inspector.get(&entries).await.expect(200);
    let entries = entries["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["close", "reopen", "update"]);
    let me = district.get("/api/v1/auth/me").await.expect(200);
    assert!(entries.iter().all(|entry| entry["actor_id"] == me["id"]));
    assert_eq!(entries[1]["content"]["reopenings"][0]["reason"], reason);
    assert_eq!(entries[1]["content"]["reopenings"][0]["reopened_by"], me["id"]);
}

async fn every_write_of_a_return_is_refused_in_a_closed_period(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let draft = admin.post(RETURNS, &line(&app, "31429", 3)).await.expect(201);
    let submitted = filed(&admin, &line(&app, "31420", 4)).await;
    let accepted = filed(&admin, &line(&app, "31432", 5)).await;
    reviewer.step(&format!("{}/acceptance", path(&accepted))).await.expect(200);
    let before = form(&admin, "scope=subtree").await;
    close(&admin, "934", "subtree").await;

    let refused = "period-closed";
    admin.post(RETURNS, &line(&app, "31426", 1)).await.problem(409, refused);
    admin.put(&path(&draft), "\"v1\"", &line(&app, "31429", 9)).await.problem(409, refused);
    admin.patch(&path(&draft), "\"v1\"", &json!({"pending_in_time": 1})).await.problem(409, refused);
    admin.delete(&path(&draft), "\"v1\"").await.problem(409, refused);
    submit(&admin, &draft).await.problem(409, refused);
    reviewer.step(&format!("{}/acceptance", path(&submitted))).await.problem(409, refused);
    for one in [&submitted, &accepted] {
        let reason = json!({"reason": "Thiếu."});
        reviewer.post(&format!("{}/send-back", path(one)), &reason).await.problem(409, refused);
    }
    // The same figures once more are a version too, when they are sent as one.
    admin.put(&path(&draft), "\"v1\"", &line(&app, "31429", 3)).await.problem(409, refused);
    assert_eq!(admin.get(&path(&draft)).await.expect(200)["version"], 1);
    assert_eq!(alone(form(&admin, "scope=subtree").await), alone(before));
    // Another period of the same units is open.
    app.period("quarter", "2024-Q3").await;
    let mut next = line(&app, "31429", 3);
    next["period_code"] = json!("2024-Q3");
    filed(&admin, &next).await;
}

async fn a_batch_tells_the_closed_period_by_line(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    for code in ["31429", "31432"] {
        filed(&admin, &line(&app, code, 3)).await;
    }
    close(&admin, "934", "subtree").await;
    let lines = json!([
        line(&app, "31429", 3),
        line(&app, "31420", 8),
        line(&app, "31153", 9),
        line(&app, "31432", 4)
    ]);
    let batch = |query: &'static str| {
        let (admin, lines) = (admin.clone(), lines.clone());
        async move { admin.post(&format!("{RETURNS}/batch?{query}"), &lines).await }
    };
    let refused = batch("on_conflict=update").await;
    let body = refused.problem(409, "period-closed");
    let faults: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
    assert_eq!(faults, ["/1", "/3"], "{body}");
    let report = batch("on_conflict=update&mode=partial").await.expect(200);
    let outcomes: Vec<_> =
        report["lines"].as_array().unwrap().iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["unchanged", "refused", "created", "refused"], "{report}");
    for line in [&report["lines"][1], &report["lines"][3]] {
        assert_eq!(
            (&line["problem"]["type"], &line["status"]),
            (&json!("/problems/period-closed"), &json!(409))
        );
        assert!(line["problem"]["detail"].as_str().unwrap().contains("Huyện Phụng Hiệp"), "{line}");
    }
}

async fn an_import_tells_the_closed_period_by_row(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    close(&admin, "934", "subtree").await;
    let csv = "org_unit_code,period_code,handling_level,received_online\n\
        31429,2024-H1,commune,3\n31153,2024-H1,commune,4\n";
    let import = format!("{RETURNS}/import");
    let send = |path: String| {
        let admin = admin.clone();
        async move { admin.send("POST", &path, Some(("text/csv", csv.as_bytes().to_vec()))).await }
    };
    assert_eq!(send(import.clone()).await.faults(409, "period-closed"), ["/2"]);
    let report = send(format!("{import}?mode=partial")).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
}

async fn only_who_reviews_or_administers_and_reaches_the_unit_closes(app: TestApp) {
    app.period("half", "2024-H1").await;
    let editor = app.person_with("nhap.934", over_ended(&app, "editor", "934")).await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let commune = app.person_with("xa.hiephung", over_ended(&app, "reviewer", "31429")).await;
    let mut tthc_only = over_ended(&app, "reviewer", "934");
    tthc_only["domains"] = json!(["tthc"]);
    let tthc_only = app.person_with("tthc.934", tthc_only).await;
    for client in [&editor, &inspector, &tthc_only] {
        client.post(CLOSURES, &closing("934", "subtree")).await.problem(403, "forbidden");
    }
    assert_eq!(
        commune.post(CLOSURES, &closing("934", "subtree")).await.faults(403, "forbidden"),
        ["/org_unit_code"]
    );
    app.anonymous().post(CLOSURES, &closing("934", "subtree")).await.problem(401, "unauthorized");

    // The successor's reviewer reaches the ended district, the commune's its own books.
    let province = app.person("tp.cantho", "reviewer", "92").await;
    let of_district = close(&province, "934", "subtree").await;
    close(&commune, "31429", "self").await;
    let reopening = format!("{}/reopening", closure_path(&of_district));
    let reason = json!({"reason": "Bổ sung."});
    commune.post(&reopening, &reason).await.problem(404, "not-found");
    commune.get(&closure_path(&of_district)).await.problem(404, "not-found");
    editor.post(&reopening, &reason).await.problem(403, "forbidden");
    editor.get(&closure_path(&of_district)).await.expect(200);
    province.post(&reopening, &reason).await.expect(200);
    // The commune closed its own books, and so they stay.
    let admin = app.admin().await;
    let problem = admin.post(RETURNS, &line(&app, "31429", 3)).await.problem(409, "period-closed");
    assert!(problem["detail"].as_str().unwrap().contains("Xã Hiệp Hưng"));
    admin.post(RETURNS, &line(&app, "31420", 3)).await.expect(201);
}

async fn closing_and_reopening_refuse_what_cannot_be(app: TestApp) {
    app.period("half", "2024-H1").await;
    app.period("year", "2026").await;
    let admin = app.admin().await;
    let post = |body: Value| {
        let admin = admin.clone();
        async move { admin.post(CLOSURES, &body).await }
    };
    let shape = post(json!({"org_unit_code": 934, "scope": "children", "colour": "red"})).await;
    let mut faults = shape.faults(400, "wrong-shape");
    faults.sort();
    assert_eq!(faults, ["/colour", "/org_unit_code", "/scope"]);
    let running = json!({"org_unit_code": "92", "period_code": "2026", "scope": "self"});
    assert_eq!(post(running).await.faults(422, "invalid"), ["/period_code"], "the year is not over");
    let unknown = json!({"org_unit_code": "934", "period_code": "1999", "scope": "self"});
    assert_eq!(post(unknown).await.faults(422, "invalid"), ["/period_code"]);
    let twice = json!({"org_unit_code": "934", "org_unit_identifier": "H30", "period_code": "2024-H1", "scope": "self"});
    assert_eq!(post(twice).await.faults(422, "invalid"), ["/org_unit_code"]);
    let later =
        json!({"org_unit_id": app.unit("31396", "2026-11-23"), "period_code": "2024-H1", "scope": "self"});
    assert_eq!(post(later).await.faults(422, "invalid"), ["/org_unit_id"], "founded a year later");

    let keyed = admin.with("idempotency-key", "khoa-so-1");
    let made = keyed.post(CLOSURES, &closing("934", "subtree")).await.expect(201);
    let replayed = keyed.post(CLOSURES, &closing("934", "subtree")).await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!(replayed.expect(201), made);
    let again = post(closing("934", "self")).await.problem(409, "wrong-state");
    assert!(again["detail"].as_str().unwrap().contains("lần 1"));

    let reopening = format!("{}/reopening", closure_path(&made));
    assert_eq!(admin.post(&reopening, &json!({})).await.faults(400, "wrong-shape"), ["/reason"]);
    assert_eq!(admin.post(&reopening, &json!({"reason": ""})).await.faults(422, "invalid"), ["/reason"]);
    let unit = |code: &str| json!({"reason": "Bổ sung.", "units": [{"org_unit_code": code}]});
    for code in ["934", "31153", "93"] {
        assert_eq!(admin.post(&reopening, &unit(code)).await.faults(422, "invalid"), ["/units/0"], "{code}");
    }
    let named = admin.post(&reopening, &unit("99999")).await.faults(422, "invalid");
    assert_eq!(named, ["/units/0/org_unit_code"]);
    admin
        .with("if-match", "\"v9\"")
        .post(&reopening, &unit("31429"))
        .await
        .problem(412, "precondition-failed");
    admin.post(&reopening, &unit("31429")).await.expect(200);
    assert_eq!(admin.post(&reopening, &unit("31429")).await.faults(422, "invalid"), ["/units/0"]);
    admin.post(&reopening, &json!({"reason": "Bổ sung toàn huyện."})).await.expect(200);
    admin.post(&reopening, &json!({"reason": "Lần nữa."})).await.problem(409, "wrong-state");
    close(&admin, "934", "self").await;
    let superseded = admin.post(&reopening, &json!({"reason": "Lần nữa."})).await.problem(409, "wrong-state");
    assert!(superseded["detail"].as_str().unwrap().contains("mới nhất"));
    let none = format!("{CLOSURES}/{}/reopening", made["period_id"].as_str().unwrap());
    admin.post(&none, &json!({"reason": "Không có."})).await.problem(404, "not-found");
}

async fn a_closing_of_the_unit_alone_leaves_the_units_below_free(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let closure = close(&admin, "934", "self").await;
    let mut own = line(&app, "934", 3);
    own["handling_level"] = json!("district");
    admin.post(RETURNS, &own).await.problem(409, "period-closed");
    let below = filed(&admin, &line(&app, "31429", 3)).await;
    assert_eq!(below["state"], "submitted");
    // The forms of the units below were kept all the same, and the late line is told.
    let late = differences(&admin, &closure, "scope=subtree").await;
    assert!(told(&late).contains(&"commune null received_total: 0 -> 3".to_owned()), "{late}");
    assert_eq!(told(&differences(&admin, &closure, "").await), Vec::<String>::new());
    assert_eq!(form(&admin, "scope=subtree").await["closure"]["differs"], true);
    assert_eq!(form(&admin, "scope=self").await["closure"]["differs"], false);
}

async fn a_closing_is_listed_filtered_streamed_and_followed(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let made = admin.post(CLOSURES, &closing("934", "subtree")).await;
    let (location, etag) = (made.header("location"), made.etag());
    let first = made.expect(201);
    assert_eq!((location.as_str(), etag.get(..4)), (closure_path(&first).as_str(), Some("\"v1-")));
    assert_eq!(admin.with("if-none-match", &etag).get(&location).await.status, 304);
    app.pass(60);
    let other = close(&admin, "931", "subtree").await;
    let reason = json!({"reason": "Bổ sung."});
    admin.post(&format!("{}/reopening", closure_path(&first)), &reason).await.expect(200);
    let ids = |page: Value| {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let list = |query: &'static str| {
        let admin = admin.clone();
        async move { admin.get(&format!("{CLOSURES}?{query}")).await.expect(200) }
    };
    let (one, two) = (first["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    assert_eq!(ids(list("period_code=2024-H1").await), [two, one], "latest first");
    assert_eq!(ids(list("sort=closed_at").await), [one, two]);
    let none = list("period_code=2024-H2&include_total=true").await;
    assert_eq!((&none["total"], ids(none.clone())), (&json!(0), Vec::new()), "there is no such period");
    assert_eq!(ids(list("state=reopened").await), [one]);
    assert_eq!(ids(list("org_unit_code=934&as_of=2024-06-30").await), [one]);
    assert_eq!(ids(list("org_unit_code=93&as_of=2024-06-30&scope=children").await), [two, one]);
    assert_eq!(ids(list("org_unit_code=93&as_of=2024-06-30").await), Vec::<String>::new());
    let page = list("limit=1&include_total=true").await;
    assert_eq!((&page["total"], ids(page.clone())), (&json!(2), vec![two.to_owned()]));
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = admin.get(&format!("{CLOSURES}?limit=1&include_total=true&cursor={cursor}")).await.expect(200);
    assert_eq!(ids(next), [one]);
    let lines = admin.with("accept", "application/x-ndjson").get(CLOSURES).await;
    assert_eq!(lines.text().lines().count(), 2);
    assert_eq!(rows(&admin.with("accept", XLSX).get(CLOSURES).await.bytes, DATA).len(), 4);

    app.seal().await;
    let feed = admin.get(&format!("{}?types=period_closure", crate::exchange::CHANGES)).await.expect(200);
    let told: Vec<_> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["id"].as_str().unwrap(), item["version"].as_i64().unwrap(), item["href"].clone()))
        .collect();
    let href = |closure: &Value| json!(closure_path(closure));
    assert_eq!(told, [(one, 1, href(&first)), (two, 1, href(&other)), (one, 2, href(&first))]);
    // Who reaches another unit alone learns nothing of it.
    let commune = app.person("xa.tanbinh", "editor", "31399").await;
    assert_eq!(commune.get(CLOSURES).await.expect(200)["items"], json!([]));
}

async fn a_kept_form_is_a_spreadsheet_that_says_so(app: TestApp) {
    phung_hiep(&app).await;
    let admin = app.admin().await;
    let closure = close(&admin, "934", "self").await;
    filed(&admin, &line(&app, "31429", 40)).await;
    let sheet = |query: String| {
        let admin = admin.with("accept", XLSX);
        async move {
            let answer = admin.get(&format!("{FORM}?{OF_DISTRICT}&scope=subtree{query}")).await;
            assert_eq!(answer.status, 200);
            rows(&answer.bytes, "II.06a").into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
    };
    let kept = sheet(format!("&snapshot={}", closure["id"].as_str().unwrap())).await;
    assert!(kept.contains("Số liệu tại thời điểm khóa sổ lần 1 ngày 23/11/2026"), "{kept}");
    assert!(kept.contains("9865") && !kept.contains("số liệu hiện nay"), "{kept}");
    let today = sheet(String::new()).await;
    assert!(!today.contains("Số liệu tại thời điểm khóa sổ"), "{today}");
    // One commune of fifteen has filed: the district's line still counts.
    assert!(today.contains("số liệu hiện nay không khác bản lưu khi khóa sổ"), "{today}");
}

/// Lines that units of the district file: unit, level, field, columns, and whether they are handed in.
fn random_lines(runner: &mut TestRunner) -> Vec<(usize, usize, [i64; 6], bool)> {
    let one = (0_usize..16, 0_usize..4, proptest::array::uniform6(0_i64..500), proptest::bool::weighted(0.8));
    proptest::collection::vec(one, 20..40).new_tree(runner).unwrap().current()
}

/// Forms by definition and scope.
type Forms = BTreeMap<(&'static str, &'static str), Value>;

async fn what_was_kept_is_the_form_and_with_the_differences_todays(app: TestApp) {
    const FIELDS: [&str; 4] = ["Hộ tịch", "Đất đai", "Xây dựng", "Chứng thực"];
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let units: Vec<String> = {
        let held = app.state.units();
        let day = "2024-06-30".parse().unwrap();
        let district = held.tree().by_code("934", day).unwrap();
        held.tree().subtree(district, day).iter().map(ToString::to_string).collect()
    };
    assert_eq!(units.len(), 16);
    let mut runner = TestRunner::deterministic();
    let mut closures: Vec<(Value, Forms)> = Vec::new();
    for round in 0..3 {
        let mut lines: BTreeMap<(usize, usize), ([i64; 6], bool)> = BTreeMap::new();
        for (unit, field, counts, is_submitted) in random_lines(&mut runner) {
            lines.insert((unit, field), (counts, is_submitted));
        }
        for ((unit, field), (counts, is_submitted)) in lines {
            let [online, direct, early, on_time, withdrawn, refused] = counts;
            let done = early + on_time + withdrawn + refused;
            let body = json!({
                "org_unit_id": units[unit], "period_code": "2024-H1", "handling_level": "commune", "field": FIELDS[field],
                "received_online": online, "received_in_person": direct, "resolved_early": early,
                "resolved_on_time": on_time, "withdrawn": withdrawn, "refused": refused,
                "carried_over": (done - online - direct).max(0), "pending_in_time": (online + direct - done).max(0),
            });
            // A line that was handed in already is sent back first.
            let report =
                admin.post(&format!("{RETURNS}/batch?on_conflict=update&mode=partial"), &json!([body])).await;
            let report = report.expect(200);
            let mut record = report["lines"][0].clone();
            if record["outcome"] == "refused" {
                let found = format!("{RETURNS}?org_unit_id={}&as_of=2024-06-30&limit=200", units[unit]);
                let found = admin.get(&found).await.expect(200);
                let held =
                    found["items"].as_array().unwrap().iter().find(|item| item["field"] == FIELDS[field]);
                record = held.unwrap().clone();
                admin
                    .post(&format!("{}/send-back", path(&record)), &json!({"reason": "Sửa."}))
                    .await
                    .expect(200);
                let etag = admin.get(&path(&record)).await.etag();
                admin.put(&path(&record), &etag, &body).await.expect(200);
            }
            if is_submitted {
                submit(&admin, &record).await.expect(200);
            }
        }
        let mut live = Forms::new();
        for (definition, scope) in DEFINITIONS.iter().flat_map(|d| SCOPES.map(|s| (*d, s))) {
            let today = form(&admin, &format!("definition={definition}&scope={scope}")).await;
            live.insert((definition, scope), alone(today));
        }
        let closure = close(&admin, "934", "subtree").await;
        for ((definition, scope), before) in &live {
            let kept = snapshot(&admin, &closure, &format!("definition={definition}&scope={scope}")).await;
            assert_eq!(&alone(kept), before, "round {round}: {definition} {scope}");
        }
        closures.push((closure, live));
        let (last, _) = closures.last().unwrap();
        let reason = json!({"reason": "Sửa số liệu."});
        admin.post(&format!("{}/reopening", closure_path(last)), &reason).await.expect(200);
    }
    let (_, today) = closures.last().unwrap();
    let mut differing = 0;
    for (closure, kept) in &closures {
        for ((definition, scope), before) in kept {
            let query = format!("definition={definition}&scope={scope}");
            assert_eq!(&alone(snapshot(&admin, closure, &query).await), before, "it is never changed");
            let changed = differences(&admin, closure, &query).await;
            let sum = applied(before, &changed);
            assert_eq!(sum, counts(&today[&(*definition, *scope)]), "{definition} {scope}");
            differing += told(&changed).len();
        }
    }
    assert!(differing > 100, "random figures differ: {differing}");
}

type Counts = BTreeMap<(String, String, String), i64>;

/// Every figure of a form that is not zero, by level, field and column; totals under no level.
fn counts(form: &Value) -> Counts {
    let mut counts = Counts::new();
    let lines = form["rows"].as_array().unwrap().iter().chain([&form["totals"]]);
    for line in lines {
        let (level, field) = (line["handling_level"].to_string(), line["field"].to_string());
        for (column, count) in line.as_object().unwrap() {
            if let Some(count) = count.as_i64().filter(|count| *count != 0) {
                counts.insert((level.clone(), field.clone(), column.clone()), count);
            }
        }
    }
    counts
}

/// What was kept with the differences added.
fn applied(kept: &Value, differences: &Value) -> Counts {
    let mut sum = counts(kept);
    let mut add = |level: &Value, field: &Value, columns: &Value| {
        for column in columns.as_array().unwrap() {
            let name = column["column"].as_str().unwrap().to_owned();
            let count = sum.entry((level.to_string(), field.to_string(), name)).or_default();
            assert_eq!(column["kept"], *count, "{column}");
            *count += column["difference"].as_i64().unwrap();
        }
    };
    for line in differences["lines"].as_array().unwrap() {
        add(&line["line"]["handling_level"], &line["line"]["field"], &line["columns"]);
    }
    add(&Value::Null, &Value::Null, &differences["totals"]);
    sum.retain(|_, count| *count != 0);
    sum
}

async fn a_unit_that_ended_within_the_period_is_closed_on_its_last_day(app: TestApp) {
    app.period("year", "2025").await;
    let province = app.person("tp.cantho", "reviewer", "92").await;
    let admin = app.admin().await;
    let (district, commune) = (app.unit("934", "2024-06-30"), app.unit("31429", "2024-06-30"));
    let body = json!({"org_unit_id": commune, "period_code": "2025", "handling_level": "commune",
        "received_online": 4, "resolved_early": 4});
    filed(&admin, &body).await;
    let closure = json!({"org_unit_id": district, "period_code": "2025", "scope": "subtree"});
    let closure = province.post(CLOSURES, &closure).await.expect(201);
    assert_eq!((&closure["as_of"], &closure["org_unit_code"]), (&json!("2025-06-30"), &json!("934")));
    let query = format!(
        "{FORM}?org_unit_code=934&period=2025&scope=subtree&snapshot={}",
        closure["id"].as_str().unwrap()
    );
    let kept = admin.get(&query).await.expect(200);
    assert_eq!((&kept["as_of"], &kept["totals"]["received_total"]), (&json!("2025-06-30"), &json!(4)));
    let mut other = body.clone();
    other["org_unit_id"] = json!(app.unit("31420", "2024-06-30"));
    admin.post(RETURNS, &other).await.problem(409, "period-closed");
    // The communes after the reform stand under the province, and not under the district that ended.
    let now =
        json!({"org_unit_code": "31396", "period_code": "2025", "handling_level": "commune", "nil": true});
    admin.post(RETURNS, &now).await.expect(201);
}

/// Every road by which a submitted return, or a draft, is changed.
async fn refused_on_every_road(editor: &Client, reviewer: &Client, submitted: &Value, draft: &Value) {
    let refused = "period-closed";
    let reason = json!({"reason": "Thiếu."});
    reviewer.step(&format!("{}/acceptance", path(submitted))).await.problem(409, refused);
    reviewer.post(&format!("{}/send-back", path(submitted)), &reason).await.problem(409, refused);
    let etag = format!("\"v{}\"", draft["version"]);
    let line = |received: i64| {
        json!({"org_unit_id": draft["org_unit_id"], "period_code": draft["period_code"],
            "handling_level": draft["handling_level"], "received_online": received, "resolved_early": received})
    };
    let mut by_field = line(1);
    by_field["field"] = json!("Hộ tịch");
    editor.post(RETURNS, &by_field).await.problem(409, refused);
    editor.put(&path(draft), &etag, &line(9)).await.problem(409, refused);
    editor.patch(&path(draft), &etag, &json!({"pending_in_time": 1})).await.problem(409, refused);
    editor.delete(&path(draft), &etag).await.problem(409, refused);
    submit(editor, draft).await.problem(409, refused);
    let batch = format!("{RETURNS}/batch?on_conflict=update");
    assert_eq!(editor.post(&batch, &json!([line(9)])).await.faults(409, refused), ["/0"]);
    let csv = format!(
        "org_unit_id,period_code,handling_level,received_online\n{},{},commune,9\n",
        draft["org_unit_id"].as_str().unwrap(),
        draft["period_code"].as_str().unwrap()
    );
    let import = format!("{RETURNS}/import?on_conflict=update");
    let import = editor.send("POST", &import, Some(("text/csv", csv.into_bytes()))).await;
    assert_eq!(import.faults(409, refused), ["/2"]);
}

async fn who_closes_binds_what_ended_and_went_into_the_units_below(app: TestApp) {
    app.period("year", "2025").await;
    let admin = app.admin().await;
    let old = app.person_with("xa.hiephung", over_ended(&app, "editor", "31429")).await;
    let new = app.person("xa.hiephung.2025", "editor", "31396").await;
    let district = app.person_with("huyen.phunghiep", over_ended(&app, "reviewer", "934")).await;
    let province = app.person("tp.cantho", "reviewer", "92").await;
    let line = |unit: String, received: i64| {
        json!({"org_unit_id": unit, "period_code": "2025", "handling_level": "commune",
            "received_online": received, "resolved_early": received})
    };
    let own = filed(&old, &line(app.unit("31429", "2024-06-30"), 100)).await;
    filed(&new, &line(app.unit("31396", "2025-12-31"), 7)).await;
    let draft = admin.post(RETURNS, &line(app.unit("31420", "2024-06-30"), 3)).await.expect(201);
    let form = async |code: &str, scope: &str| {
        let query = format!("{FORM}?org_unit_code={code}&period=2025&scope={scope}");
        let form = province.get(&query).await.expect(200);
        (form["totals"]["received_total"].as_i64().unwrap(), form["closure"]["state"].clone())
    };
    let close = async |code: &str, scope: &str| {
        let body = json!({"org_unit_code": code, "period_code": "2025", "scope": scope});
        province.post(CLOSURES, &body).await.expect(201)
    };
    let closure = close("92", "subtree").await;
    assert_eq!(form("92", "subtree").await, (107, json!("closed")));

    refused_on_every_road(&admin, &district, &own, &draft).await;
    old.patch(&path(&own), "\"v2\"", &json!({"received_online": 777})).await.problem(409, "period-closed");
    assert_eq!(form("92", "subtree").await, (107, json!("closed")));

    // It is reopened for the commune that ended, by the code that it had, and for no other.
    let reopening = format!("{}/reopening", closure_path(&closure));
    let units = |code: &str| json!({"reason": "Xã Hiệp Hưng bổ sung.", "units": [{"org_unit_code": code}]});
    let reopened = province.post(&reopening, &units("31429")).await.expect(200);
    assert_eq!(reopened["reopenings"][0]["org_unit_name"], "Xã Hiệp Hưng");
    assert_eq!(province.post(&reopening, &units("31429")).await.faults(422, "invalid"), ["/units/0"]);
    let unknown = province.post(&reopening, &units("99999")).await;
    assert_eq!(unknown.faults(422, "invalid"), ["/units/0/org_unit_code"]);
    submit(&admin, &draft).await.problem(409, "period-closed");
    let correct = async |record: &Value, received: i64| {
        let reason = json!({"reason": "Bổ sung."});
        let back = district.post(&format!("{}/send-back", path(record)), &reason).await.expect(200);
        let figures = json!({"received_online": received, "resolved_early": received});
        let etag = format!("\"v{}\"", back["version"]);
        let corrected = old.patch(&path(record), &etag, &figures).await.expect(200);
        submit(&old, &corrected).await.expect(200)
    };
    let own = correct(&own, 777).await;
    assert_eq!(form("92", "subtree").await, (784, json!("partly_reopened")));

    // The commune into which it went has its figures in its own form, and closes them too; and to
    // reopen the province's books for that commune is to reopen them for what went into it.
    close("92", "subtree").await;
    let last = province.get(&format!("{CLOSURES}?org_unit_code=92&as_of=2025-12-31")).await.expect(200);
    let of_commune = close("31396", "self").await;
    let reopening = format!("{}/reopening", closure_path(&last["items"][0]));
    province.post(&reopening, &units("31396")).await.expect(200);
    assert_eq!(form("31396", "self").await, (784, json!("closed")));
    let refused = district.post(&format!("{}/send-back", path(&own)), &json!({"reason": "Thiếu."})).await;
    assert_eq!(refused.problem(409, "period-closed")["closure"]["id"], of_commune["id"]);
    let reopening = format!("{}/reopening", closure_path(&of_commune));
    province.post(&reopening, &json!({"reason": "Bổ sung."})).await.expect(200);
    correct(&own, 100).await;
    assert_eq!(form("31396", "self").await, (107, json!("reopened")));
    submit(&admin, &draft).await.problem(409, "period-closed");
}

async fn who_closes_for_itself_binds_its_agencies(app: TestApp) {
    app.period("half", "2026-H1").await;
    let admin = app.admin().await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let agency = async |name: &str, parent: &str| {
        let unit = json!({"name": name, "kind": "service_centre", "parent_code": parent, "valid_from": "2025-07-01"});
        let made = admin.post("/api/v1/organization/org-units", &unit).await.expect(201);
        let line = json!({"org_unit_id": made["id"], "period_code": "2026-H1", "handling_level": "commune",
            "received_online": 50, "resolved_early": 50});
        admin.post(RETURNS, &line).await.expect(201)
    };
    let centre = agency("Trung tâm Phục vụ hành chính công", "31396").await;
    let centre = submit(&admin, &centre).await.expect(200);
    let desk = agency("Bộ phận Một cửa", "31396").await;
    let elsewhere = agency("Trung tâm Phục vụ hành chính công", "31399").await;
    let form = async || {
        let form = admin.get(&format!("{FORM}?org_unit_code=31396&period=2026-H1")).await.expect(200);
        (form["totals"]["received_total"].clone(), form["closure"]["state"].clone())
    };
    let body = json!({"org_unit_code": "31396", "period_code": "2026-H1", "scope": "self"});
    let closure = reviewer.post(CLOSURES, &body).await.expect(201);
    refused_on_every_road(&admin, &reviewer, &centre, &desk).await;
    assert_eq!(form().await, (json!(50), json!("closed")));
    submit(&admin, &elsewhere).await.expect(200);

    let units = json!({"reason": "Bổ sung.", "units": [{"org_unit_id": desk["org_unit_id"]}]});
    let reopening = format!("{}/reopening", closure_path(&closure));
    reviewer.post(&reopening, &units).await.expect(200);
    submit(&admin, &desk).await.expect(200);
    assert_eq!(form().await, (json!(100), json!("partly_reopened")));
    let reason = json!({"reason": "Thiếu."});
    reviewer.post(&format!("{}/send-back", path(&centre)), &reason).await.problem(409, "period-closed");
}

async fn a_snapshot_is_read_by_who_reads_the_form(app: TestApp) {
    app.period("half", "2024-H1").await;
    app.period("quarter", "2024-Q3").await;
    let admin = app.admin().await;
    let closure = close(&admin, "934", "subtree").await;
    let id = closure["id"].as_str().unwrap();
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    commune.get(&format!("{FORM}?{OF_DISTRICT}&snapshot={id}")).await.problem(403, "forbidden");
    commune.get(&format!("{}/differences", closure_path(&closure))).await.problem(404, "not-found");
    let of = |grant: Value, domains: Value| {
        let mut grant = grant;
        grant["domains"] = domains;
        grant
    };
    let reporting = of(over_ended(&app, "inspector", "934"), json!(["reporting"]));
    let reporting = app.person_with("chi.baocao", reporting).await;
    reporting.get(&closure_path(&closure)).await.expect(200);
    reporting.get(&format!("{}/differences", closure_path(&closure))).await.problem(403, "forbidden");
    reporting.get(&format!("{FORM}?{OF_DISTRICT}&snapshot={id}")).await.problem(403, "forbidden");

    let faults = |query: String| {
        let admin = admin.clone();
        async move { admin.get(&query).await.faults(422, "invalid") }
    };
    for wrong in [
        format!("{FORM}?org_unit_code=934&as_of=2024-06-30&period=2024-Q3&snapshot={id}"),
        format!("{FORM}?org_unit_code=931&as_of=2024-06-30&period=2024-H1&snapshot={id}"),
        format!("{FORM}?org_unit_code=934&as_of=2024-06-29&period=2024-H1&snapshot={id}"),
        format!("{FORM}?{OF_DISTRICT}&snapshot={}", closure["period_id"].as_str().unwrap()),
    ] {
        assert_eq!(faults(wrong.clone()).await, ["/snapshot"], "{wrong}");
    }
    let differences = format!("{}/differences", closure_path(&closure));
    assert_eq!(faults(format!("{differences}?form=07")).await, ["/form"]);
    assert_eq!(faults(format!("{differences}?definition=none")).await, ["/definition"]);
    // Today's form of another day is not compared with what was kept.
    let before =
        admin.get(&format!("{FORM}?org_unit_code=934&as_of=2024-06-29&period=2024-H1")).await.expect(200);
    assert_eq!(before["closure"], Value::Null);
}

async fn what_a_closing_rests_on_is_not_deleted(app: TestApp) {
    let period = app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    close(&admin, "934", "self").await;
    let path = format!("/api/v1/reporting/periods/{}", period["id"].as_str().unwrap());
    admin.delete(&path, "\"v1\"").await.problem(409, "in-use");
}

/// Runs SQL in a transaction that stays open.
fn begun(app: &TestApp) -> cchc::db::DbConn {
    let mut conn = app.connect();
    diesel::sql_query("BEGIN").execute(&mut conn).unwrap();
    conn
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    waiting: i64,
}

/// Goes on when so many transactions wait for a lock.
async fn until_waiting(app: &TestApp, count: i64) {
    let mut watcher = app.connect();
    let waiting = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted AND locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while diesel::sql_query(waiting).get_result::<Waiting>(&mut watcher).unwrap().waiting < count {
        tokio::task::yield_now().await;
    }
}

/// Holds the lock of a return of this unit, as a write that has not committed yet.
fn write_under_way(conn: &mut cchc::db::DbConn, period: &str, unit: &str) {
    let lock = format!(
        "SELECT pg_advisory_xact_lock_shared(hashtext('period_closures'), hashtext('{period}{unit}') & 255)"
    );
    diesel::sql_query(lock).execute(conn).unwrap();
}

/// The place of a unit and period among the locks of closings.
fn place(app: &TestApp, period: &str, code: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        place: i64,
    }
    let unit = app.unit(code, "2024-06-30");
    let place = format!("SELECT (hashtext('{period}{unit}') & 255)::bigint AS place");
    diesel::sql_query(place).get_result::<Place>(&mut app.connect()).unwrap().place
}

async fn a_write_that_races_the_closing_is_kept_or_refused(app: TestApp) {
    if app.backend != Backend::Postgres {
        // SQLite has one writer: a write is before a closing or after it.
        return;
    }
    let period = app.period("half", "2024-H1").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    let draft = admin.post(RETURNS, &line(&app, "31429", 40)).await.expect(201);
    let district = app.unit("934", "2024-06-30");

    // A submission is under way: it holds its lock, and has changed its row but not committed.
    let mut writer = begun(&app);
    write_under_way(&mut writer, period, &district);
    let submission = format!(
        "UPDATE processing_returns SET state = 'submitted', version = 2 WHERE id = '{}'",
        draft["id"].as_str().unwrap()
    );
    diesel::sql_query(submission).execute(&mut writer).unwrap();
    let (closer, body) = (admin.clone(), closing("934", "subtree"));
    let closed = actix_web::rt::spawn(async move { closer.post(CLOSURES, &body).await.expect(201) });
    until_waiting(&app, 1).await;
    // A write that comes after the closing has been asked for waits for it, and is refused.
    let (late, body) = (admin.clone(), line(&app, "31420", 55));
    let refused =
        actix_web::rt::spawn(async move { late.post(RETURNS, &body).await.problem(409, "period-closed") });
    until_waiting(&app, 2).await;
    diesel::sql_query("COMMIT").execute(&mut writer).unwrap();
    let closure = closed.await.unwrap();
    refused.await.unwrap();
    let kept = snapshot(&admin, &closure, "scope=subtree").await;
    assert_eq!(kept["totals"]["received_total"], 40, "what was under way is in the snapshot");
    assert_eq!(told(&differences(&admin, &closure, "scope=subtree").await), Vec::<String>::new());
}

async fn a_write_of_what_ended_waits_for_the_closing_of_whose_it_is_now(app: TestApp) {
    if app.backend != Backend::Postgres {
        return;
    }
    let period = app.period("year", "2025").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    for code in ["31396", "92"] {
        let unit = app.unit(code, "2025-12-31");
        // A closing of the unit is under way: it holds its lock alone.
        let mut closer = begun(&app);
        let lock = format!(
            "SELECT pg_advisory_xact_lock(hashtext('period_closures'), hashtext('{period}{unit}') & 255)"
        );
        diesel::sql_query(lock).execute(&mut closer).unwrap();
        let line = json!({"org_unit_code": "31429", "period_code": "2025", "handling_level": "commune",
            "field": code, "received_online": 4, "resolved_early": 4});
        let writer = admin.clone();
        let written = actix_web::rt::spawn(async move { writer.post(RETURNS, &line).await.expect(201) });
        until_waiting(&app, 1).await;
        diesel::sql_query("ROLLBACK").execute(&mut closer).unwrap();
        written.await.unwrap();
    }
}

async fn writers_do_not_wait_for_each_other_nor_for_another_branch(app: TestApp) {
    if app.backend != Backend::Postgres {
        return;
    }
    let period = app.period("half", "2024-H1").await;
    let period = period["id"].as_str().unwrap();
    let admin = app.admin().await;
    // A write of a commune is under way in each of two districts.
    let mut writer = begun(&app);
    for code in ["31429", "934", "93"] {
        write_under_way(&mut writer, period, &app.unit(code, "2024-06-30"));
    }
    filed(&admin, &line(&app, "31429", 3)).await;
    filed(&admin, &line(&app, "31420", 4)).await;
    // Another district closes meanwhile: one that does not share its lock with these by chance.
    let held = ["31429", "934", "93"].map(|code| place(&app, period, code));
    let others = ["930", "931", "932", "933", "935"];
    let other = others.into_iter().find(|code| !held.contains(&place(&app, period, code))).unwrap();
    assert_eq!(close(&admin, other, "subtree").await["number"], 1);
    // Its province waits for the write in its branch.
    let (closer, body) = (admin.clone(), closing("93", "subtree"));
    let closed = actix_web::rt::spawn(async move { closer.post(CLOSURES, &body).await.expect(201) });
    until_waiting(&app, 1).await;
    diesel::sql_query("ROLLBACK").execute(&mut writer).unwrap();
    closed.await.unwrap();
    admin.post(RETURNS, &line(&app, "31429", 3)).await.problem(409, "period-closed");
}
