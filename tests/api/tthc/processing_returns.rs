//! A return from draft to acceptance, and everything that can be wrong with it.

use serde_json::{Value, json};

use super::{RETURNS, submit};
use crate::support::TestApp;
use crate::tell;

tell![
    a_return_goes_from_draft_to_acceptance,
    a_return_that_does_not_balance_is_refused_with_the_difference,
    an_implied_carry_over_balances_and_stays_marked,
    a_line_is_filed_once_and_either_whole_or_by_field,
    an_editor_files_for_the_own_unit_and_its_predecessors_only,
    nobody_accepts_what_they_edited_nor_what_their_own_unit_filed,
    filing_for_a_child_needs_its_scope_and_is_recorded,
    an_editor_of_the_country_does_not_file_for_everyone,
    accounts_of_an_ended_district_do_not_rule_the_communes_that_live_on,
    nothing_arose_is_a_statement,
    an_ended_unit_still_files_for_a_period_that_began_before,
    a_unit_begun_and_ended_within_a_period_files_for_it,
    every_fault_of_a_body_is_named,
    a_system_files_by_its_scope,
    a_return_for_a_unit_that_has_ended_names_who_carries_its_territory,
];

fn line(code: &str) -> Value {
    json!({
        "org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune",
        "received_online": 100, "resolved_early": 90, "pending_in_time": 10,
    })
}

async fn a_return_goes_from_draft_to_acceptance(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let draft = editor.post(RETURNS, &line("31396")).await.expect(201);
    assert_eq!(
        (&draft["state"], &draft["difference"], &draft["org_unit_name"]),
        (&json!("draft"), &json!(0), &json!("Xã Hiệp Hưng"))
    );
    let path = format!("{RETURNS}/{}", draft["id"].as_str().unwrap());
    reviewer.step(&format!("{path}/acceptance")).await.problem(409, "wrong-state");
    submit(&editor, &draft).await.expect(200);
    let locked = editor.patch(&path, "\"v2\"", &json!({"pending_in_time": 11})).await;
    assert!(locked.problem(409, "wrong-state")["detail"].as_str().unwrap().contains("tiếp nhận"));
    let back = reviewer
        .post(&format!("{path}/send-back"), &json!({"reason": "Thiếu hồ sơ kỳ trước."}))
        .await
        .expect(200);
    assert_eq!(
        (&back["state"], &back["review_reason"]),
        (&json!("sent_back"), &json!("Thiếu hồ sơ kỳ trước."))
    );
    let fixed =
        editor.patch(&path, "\"v3\"", &json!({"carried_over": 5, "pending_in_time": 15})).await.expect(200);
    assert_eq!((&fixed["carried_over_basis"], &fixed["received_total"]), (&json!("stated"), &json!(105)));
    submit(&editor, &fixed).await.expect(200);
    let accepted = reviewer.step(&format!("{path}/acceptance")).await.expect(200);
    assert_eq!(accepted["state"], "accepted");
    editor.delete(&path, "\"v6\"").await.problem(409, "wrong-state");
}

async fn a_return_that_does_not_balance_is_refused_with_the_difference(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let mut body = line("934");
    body["period_code"] = json!("2024-H1");
    body["handling_level"] = json!("district");
    body["received_online"] = json!(7_277);
    body["resolved_early"] = json!(7_087);
    body["pending_in_time"] = json!(644);
    body["withdrawn"] = json!(6);
    body["refused"] = json!(13);
    let draft = admin.post(RETURNS, &body).await.expect(201);
    assert_eq!(draft["difference"], -473);
    let problem = submit(&admin, &draft).await.problem(422, "unbalanced");
    assert_eq!(problem["difference"], -473);
    let words = problem["detail"].as_str().unwrap();
    assert!(words.contains("lệch 473 hồ sơ") && words.contains("kỳ trước chuyển sang"), "{words}");
}

async fn an_implied_carry_over_balances_and_stays_marked(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let mut body = line("31396");
    body["pending_in_time"] = json!(30);
    body["carried_over_basis"] = json!("implied");
    let draft = admin.post(RETURNS, &body).await.expect(201);
    assert_eq!((&draft["carried_over"], &draft["difference"]), (&json!(20), &json!(0)));
    let path = format!("{RETURNS}/{}", draft["id"].as_str().unwrap());
    // The implied number follows the other columns.
    let patched = admin.patch(&path, "\"v1\"", &json!({"pending_in_time": 31})).await.expect(200);
    assert_eq!((&patched["carried_over"], &patched["carried_over_basis"]), (&json!(21), &json!("implied")));
    let contradiction =
        admin.patch(&path, "\"v2\"", &json!({"carried_over": 5, "carried_over_basis": "implied"})).await;
    assert_eq!(contradiction.faults(422, "invalid"), ["/carried_over"]);
    let unmarked = admin.patch(&path, "\"v2\"", &json!({"carried_over_basis": null})).await.expect(200);
    assert_eq!((&unmarked["carried_over"], &unmarked["carried_over_basis"]), (&json!(null), &json!(null)));
    let patched = admin.patch(&path, "\"v3\"", &json!({"carried_over_basis": "implied"})).await.expect(200);
    assert_eq!(patched["carried_over"], 21);
    assert_eq!(submit(&admin, &patched).await.expect(200)["carried_over_basis"], "implied");
}

async fn a_line_is_filed_once_and_either_whole_or_by_field(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let mut by_field = line("31396");
    by_field["field"] = json!("Hộ tịch");
    admin.post(RETURNS, &by_field).await.expect(201);
    admin.post(RETURNS, &by_field).await.problem(409, "duplicate");
    assert_eq!(admin.post(RETURNS, &line("31396")).await.faults(422, "invalid"), ["/field"]);
    by_field["field"] = json!("Đất đai");
    admin.post(RETURNS, &by_field).await.expect(201);
}

async fn an_editor_files_for_the_own_unit_and_its_predecessors_only(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    app.period("half", "2024-H1").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let mut old = line("31429");
    old["period_code"] = json!("2024-H1");
    let filed = editor.post(RETURNS, &old).await.expect(201);
    editor.post(RETURNS, &line("31399")).await.problem(403, "forbidden");
    // Another commune neither sees, changes nor lists it.
    let path = format!("{RETURNS}/{}", filed["id"].as_str().unwrap());
    other.get(&path).await.problem(404, "not-found");
    other.patch(&path, "\"v1\"", &json!({"nil": false})).await.problem(404, "not-found");
    other.delete(&path, "\"v1\"").await.problem(404, "not-found");
    submit(&other, &filed).await.problem(404, "not-found");
    assert_eq!(other.get(&format!("{RETURNS}?include_total=true")).await.expect(200)["total"], 0);
    assert_eq!(editor.get(&format!("{RETURNS}?include_total=true")).await.expect(200)["total"], 1);
}

async fn nobody_accepts_what_they_edited_nor_what_their_own_unit_filed(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let filed = admin.post(RETURNS, &line("31396")).await.expect(201);
    submit(&admin, &filed).await.expect(200);
    let acceptance = format!("{RETURNS}/{}/acceptance", filed["id"].as_str().unwrap());
    let says = |refused: Value, words: &str| {
        assert!(refused["detail"].as_str().unwrap().contains(words), "{refused}");
    };
    says(admin.step(&acceptance).await.problem(403, "forbidden"), "do chính mình sửa lần cuối");
    // A reviewer of the commune itself reads the return, but takes only what units below file.
    let own = app.person("ld.hiephung", "reviewer", "31396").await;
    says(own.step(&acceptance).await.problem(403, "forbidden"), "do đơn vị cấp trên tiếp nhận");
    says(own.in_english().step(&acceptance).await.problem(403, "forbidden"), "by a unit above");
    // Whoever also edits there is told that first.
    app.period("quarter", "2026-Q2").await;
    let both = app.person("cv.hiephung", "reviewer", "31396").await;
    let user = both.get("/api/v1/auth/me").await.expect(200)["id"].clone();
    let grant =
        json!({"user_id": user, "role": "editor", "org_unit_code": "31396", "valid_from": "2026-01-01"});
    admin.post("/api/v1/admin/grants", &grant).await.expect(201);
    let both = app.sign_in("cv.hiephung").await;
    let mut body = line("31396");
    body["period_code"] = json!("2026-Q2");
    let edited = both.post(RETURNS, &body).await.expect(201);
    submit(&both, &edited).await.expect(200);
    let edited = format!("{RETURNS}/{}/acceptance", edited["id"].as_str().unwrap());
    says(both.step(&edited).await.problem(403, "forbidden"), "do chính mình sửa lần cuối");
    says(
        both.in_english().step(&edited).await.problem(403, "forbidden"),
        "Nobody accepts a return that they",
    );
    let above = app.person("tp.cantho", "reviewer", "92").await;
    above.step(&acceptance).await.expect(200);
}

async fn filing_for_a_child_needs_its_scope_and_is_recorded(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let without = app.person("vp.cantho", "editor", "92").await;
    without.post(RETURNS, &line("31396")).await.problem(403, "forbidden");
    let with = app.person_with("vp2.cantho", json!({"role": "editor", "org_unit_code": "92", "valid_from": "2026-01-01", "scopes": ["file-for-children"]})).await;
    let filed = with.post(RETURNS, &line("31396")).await.expect(201);
    assert_eq!(filed["edited_by"], with.get("/api/v1/auth/me").await.expect(200)["id"]);
    assert_eq!(filed["filed_by"], app.unit("92", "2026-11-23"));
}

async fn an_editor_of_the_country_does_not_file_for_everyone(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let units = app.state.units();
    let is_root = |id: &_| units.tree().latest(*id).is_some_and(|version| version.kind.as_str() == "country");
    let country = units.tree().ids().find(is_root).unwrap().to_string();
    let grant = json!({"role": "editor", "org_unit_id": country, "valid_from": "2026-01-01"});
    let editor = app.person_with("vp.chinhphu", grant).await;
    editor.post(RETURNS, &line("31396")).await.problem(403, "forbidden");
}

async fn accounts_of_an_ended_district_do_not_rule_the_communes_that_live_on(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    // Thới Hưng stood under Cờ Đỏ and kept its identity when the district ended.
    let commune = app.unit("31264", "2026-11-23");
    assert_eq!(commune, app.unit("31264", "2024-06-30"));
    let made = admin.post(RETURNS, &line("31264")).await.expect(201);
    submit(&admin, &made).await.expect(200);
    let grant = |role: &str| json!({"role": role, "org_unit_code": "925", "valid_from": "2024-01-01"});
    for role in ["reviewer", "inspector", "admin"] {
        let account = app.person_with(&format!("{role}.codo"), grant(role)).await;
        let path = format!("{RETURNS}/{}", made["id"].as_str().unwrap());
        account.get(&path).await.problem(404, "not-found");
        let listed = account.get(&format!("{RETURNS}?include_total=true")).await.expect(200);
        assert_eq!(listed["total"], 0, "{role}");
    }
}

async fn nothing_arose_is_a_statement(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let mut body = line("31396");
    body["nil"] = json!(true);
    assert_eq!(admin.post(RETURNS, &body).await.faults(422, "invalid"), ["/nil"]);
    let nil =
        json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "nil": true});
    let filed = admin.post(RETURNS, &nil).await.expect(201);
    submit(&admin, &filed).await.expect(200);
    let form = admin.get("/api/v1/reporting/forms/06a?org_unit_code=31396&period=2026-Q3").await.expect(200);
    assert_eq!(form["rows"][0]["received_total"], 0);
    assert_eq!(form["coverage"]["levels"][0]["units_filed"], 1);
}

async fn an_ended_unit_still_files_for_a_period_that_began_before(app: TestApp) {
    app.period("year", "2025").await;
    app.period("quarter", "2026-Q3").await;
    let district = app
        .person_with(
            "huyen.phunghiep",
            json!({"role": "editor", "org_unit_code": "934", "valid_from": "2024-01-01"}),
        )
        .await;
    let id = app.unit("934", "2024-06-30");
    let body = |period: &str| json!({"org_unit_id": id, "period_code": period, "handling_level": "district", "nil": true});
    district.post(RETURNS, &body("2025")).await.expect(201);
    assert_eq!(
        district.post(RETURNS, &body("2026-Q3")).await.faults(422, "unit-not-in-force"),
        ["/org_unit_id"]
    );
}

/// An agency of a district that was opened in March 2025 and closed before the district was.
async fn a_unit_begun_and_ended_within_a_period_files_for_it(app: TestApp) {
    app.period("year", "2025").await;
    app.period("quarter", "2025-Q3").await;
    let admin = app.admin().await;
    let agency = json!({"name": "Phòng Thử", "kind": "specialised_agency", "code": "934-PT", "parent_code": "934",
        "valid_from": "2025-03-01", "valid_to": "2025-06-01"});
    admin.post("/api/v1/organization/org-units", &agency).await.expect(201);
    let body = |period: &str| json!({"org_unit_code": "934-PT", "period_code": period, "handling_level": "district", "nil": true});
    admin.post(RETURNS, &body("2025")).await.expect(201);
    let refused = admin.post(RETURNS, &body("2025-Q3")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
}

async fn every_fault_of_a_body_is_named(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let shape = json!({"org_unit_code": 31396, "handling_level": "hamlet", "received_online": "many", "colour": "red"});
    let mut faults = admin.post(RETURNS, &shape).await.faults(400, "wrong-shape");
    faults.sort();
    assert_eq!(faults, ["/colour", "/handling_level", "/org_unit_code", "/received_online"]);
    let mut limits = line("31396");
    limits["received_online"] = json!(-1);
    limits["refused"] = json!(2_000_000_000);
    assert_eq!(admin.post(RETURNS, &limits).await.faults(422, "invalid"), ["/received_online", "/refused"]);
    let draft = admin.post(RETURNS, &line("31396")).await.expect(201);
    let path = format!("{RETURNS}/{}", draft["id"].as_str().unwrap());
    let balanced = json!({"received_online": -500, "resolved_early": 9_000_000_000_000_000_000_i64});
    let mut faults = admin.patch(&path, "\"v1\"", &balanced).await.faults(422, "invalid");
    faults.sort();
    assert_eq!(faults, ["/received_online", "/resolved_early"], "a change is held against the limits too");
    assert_eq!(admin.delete(&path, "\"v1\"").await.status, 204);
    let mut level = line("31396");
    level["handling_level"] = json!("province");
    assert_eq!(admin.post(RETURNS, &level).await.faults(422, "invalid"), ["/handling_level"]);
    let mut names = line("31396");
    names["org_unit_identifier"] = json!("H13");
    assert_eq!(admin.post(RETURNS, &names).await.faults(422, "invalid"), ["/org_unit_code"]);
    // A field that looks like another would be a second line beside it.
    for field in ["Chứng thực ", "Chứng  thực", "Chứng\u{a0}thực", "Chứng\u{200b} thực", "\n"]
    {
        let mut twin = line("31396");
        twin["field"] = json!(field);
        assert_eq!(admin.post(RETURNS, &twin).await.faults(422, "invalid"), ["/field"], "{field:?}");
    }
    let mut basis = line("31396");
    basis["carried_over_basis"] = json!("guessed");
    let told = admin.post(RETURNS, &basis).await.problem(400, "wrong-shape");
    assert_eq!(
        told["errors"][0],
        json!({"pointer": "/carried_over_basis", "code": "enum", "message": "Giá trị phải là một trong: stated, implied."})
    );
}

async fn a_system_files_by_its_scope(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let made = admin
        .post(
            "/api/v1/admin/clients",
            &json!({"client_id": "cong-tinh", "display_name": "Cổng dịch vụ công"}),
        )
        .await
        .expect(201);
    let secret = made["client_secret"].as_str().unwrap();
    admin
        .post("/api/v1/admin/grants", &json!({"client_id": made["id"], "role": "client", "org_unit_code": "92", "valid_from": "2026-01-01", "scopes": ["tthc:write"]}))
        .await
        .expect(201);
    let answer = app
        .token(&[("grant_type", "client_credentials"), ("client_id", "cong-tinh"), ("client_secret", secret)])
        .await
        .expect(200);
    assert!(answer["refresh_token"].is_null());
    let system = app.with_token(answer["access_token"].as_str().unwrap());
    let filed = system.post(RETURNS, &line("31399")).await.expect(201);
    submit(&system, &filed).await.expect(200);
    system
        .step(&format!("{RETURNS}/{}/acceptance", filed["id"].as_str().unwrap()))
        .await
        .problem(403, "forbidden");
    system.get("/api/v1/admin/users").await.problem(403, "forbidden");
}

async fn a_return_for_a_unit_that_has_ended_names_who_carries_its_territory(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let district = app.unit("934", "2024-06-30");
    let form = "/api/v1/reporting/forms/06a?org_unit_code=934&period=2026-Q3";
    let by_form = admin.get(form).await.problem(422, "unit-not-in-force");
    let names = [("org_unit_code", json!("934")), ("org_unit_id", json!(district))];
    for (name, value) in names {
        let mut body = json!({"period_code": "2026-Q3", "handling_level": "district"});
        body[name] = value;
        let refused = admin.post(RETURNS, &body).await.problem(422, "unit-not-in-force");
        assert_eq!(
            (&refused["successors"], &refused["detail"]),
            (&by_form["successors"], &by_form["detail"])
        );
        assert_eq!(refused["successors"].as_array().map(Vec::len), Some(7));
        assert_eq!(refused["errors"][0]["pointer"], format!("/{name}"));
    }
    let nobody = json!({"org_unit_code": "99999", "period_code": "2026-Q3", "handling_level": "commune"});
    assert_eq!(admin.post(RETURNS, &nobody).await.faults(422, "invalid"), ["/org_unit_code"]);
}
