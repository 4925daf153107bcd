//! The life of a closing: closed, reopened, closed again; by whom, and where it is read.

use serde_json::{Value, json};

use super::{
    CLOSURES, alone, close, closing, closure_path, differences, filed, form, line, over_ended, path,
    snapshot, told,
};
use crate::sheets::{DATA, XLSX, rows};
use crate::support::TestApp;
use crate::tell;
use crate::tthc::{RETURNS, submit};

tell![
    a_district_closes_reopens_for_a_commune_and_closes_again,
    only_who_reviews_or_administers_and_reaches_the_unit_closes,
    closing_and_reopening_refuse_what_cannot_be,
    a_closing_is_listed_filtered_streamed_and_followed,
    what_a_closing_rests_on_is_not_deleted,
];

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

async fn what_a_closing_rests_on_is_not_deleted(app: TestApp) {
    let period = app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    close(&admin, "934", "self").await;
    let path = format!("/api/v1/reporting/periods/{}", period["id"].as_str().unwrap());
    admin.delete(&path, "\"v1\"").await.problem(409, "in-use");
}
