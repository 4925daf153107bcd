//! What a closing binds: every write of a return, on every road, of the units that it reaches.

use serde_json::{Value, json};

use super::{
    CLOSURES, FORM, alone, close, closure_path, differences, filed, form, line, over_ended, path, told,
};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::{RETURNS, submit};

tell![
    every_write_of_a_return_is_refused_in_a_closed_period,
    a_batch_tells_the_closed_period_by_line,
    an_import_tells_the_closed_period_by_row,
    a_closing_of_the_unit_alone_leaves_the_units_below_free,
    who_closes_binds_what_ended_and_went_into_the_units_below,
    who_closes_for_itself_binds_its_agencies,
];

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
