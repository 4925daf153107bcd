//! A dossier from receipt to result: its life, its due day, who sees it, and whose names are shown.

mod linked;
mod lookups;
mod people;
mod waits;

use serde_json::{Value, json};

use crate::support::app::noon;
use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [stories(), linked::stories(), lookups::stories(), people::stories(), waits::stories()].concat()
}

tell![
    a_dossier_goes_from_receipt_to_result_step_by_step,
    an_illegal_step_names_the_legal_ones,
    a_wait_moves_the_due_day_by_the_working_days_waited,
    a_due_day_follows_from_the_deadline_in_force_at_receipt,
    a_dossier_is_created_whole_in_any_status,
    an_apology_never_turns_overdue_into_on_time,
    a_dossier_is_handed_over_with_its_history,
    no_step_is_taken_before_the_last_handing_over,
    a_status_follows_steps_unless_it_is_restated,
    what_is_older_than_what_is_held_is_not_written,
    a_wait_ends_at_the_latest_with_what_it_waited_for,
    a_status_that_is_patched_waits_from_now_on,
    a_later_change_of_the_catalogue_changes_no_dossier,
    every_fault_of_a_dossier_is_told,
];

pub const DOSSIERS: &str = "/api/v1/tthc/dossiers";

/// A dossier of Hiệp Hưng, received on a Monday.
pub fn dossier(number: u32) -> Value {
    json!({
        "code": format!("H13.44-261102-{number:04}"), "procedure_code": "1.001193", "receiving_unit_code": "31396",
        "channel": "online", "received_at": "2026-11-02T02:10:00Z",
        "owner": {"kind": "citizen", "name": "Người nộp thử", "id_number": "012345678901", "phone": "0900000012"},
    })
}

/// The same with other members.
pub fn with(mut dossier: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    dossier.as_object_mut().unwrap().extend(members);
    dossier
}

/// A procedure of five working days, and the working-day calendar.
pub async fn catalogue(app: &TestApp) -> Client {
    let admin = app.admin().await;
    kernel::reporting::holidays::import(&app.state.db, noon()).await.unwrap();
    let field = admin.post("/api/v1/tthc/procedure-fields", &json!({"name": "Hộ tịch"})).await.expect(201);
    let procedure = json!({
        "code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune", "field_id": field["id"],
        "deadlines": [{"value": 5, "unit": "working_day"}],
    });
    admin.post("/api/v1/tthc/procedures", &procedure).await.expect(201);
    admin
}

fn at(made: &Value) -> String {
    format!("{DOSSIERS}/{}", made["id"].as_str().unwrap())
}

async fn a_dossier_goes_from_receipt_to_result_step_by_step(app: TestApp) {
    let admin = catalogue(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let made = clerk.post(DOSSIERS, &dossier(1)).await.expect(201);
    assert_eq!(made["status"], "received");
    assert_eq!(made["due_on"], "2026-11-09", "five working days from Monday");
    assert_eq!((&made["portal_status"], &made["timeliness"]), (&json!(2), &json!("overdue")));
    assert_eq!(made["resolving_unit_code"], "31396", "who receives it resolves it, unless told otherwise");
    let path = at(&made);
    let step = async |name: &str, body: Value| clerk.post(&format!("{path}/{name}"), &body).await.expect(200);
    assert_eq!(step("processing", json!({"at": "2026-11-03T01:00:00Z"})).await["status"], "processing");
    let resolved = step("resolution", json!({"at": "2026-11-06T03:00:00Z", "result_digitised": true})).await;
    assert_eq!((&resolved["timeliness"], &resolved["result_digitised"]), (&json!("early"), &json!(true)));
    let returned = step("return", json!({"at": "2026-11-09T03:00:00Z"})).await;
    assert_eq!((&returned["status"], &returned["portal_status"]), (&json!("returned"), &json!(10)));
    let history = clerk.get(&format!("{path}/history")).await.expect(200);
    let told: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|it| [&it["kind"], &it["status"]]).collect();
    let expected = [
        [json!(null), json!("received")],
        [json!("processing"), json!("processing")],
        [json!("resolution"), json!("resolved")],
        [json!("return"), json!("returned")],
    ];
    assert_eq!(told, expected.each_ref().map(<[Value; 2]>::each_ref));
    assert_eq!(history["items"][2]["at"], "2026-11-06T03:00:00Z");
    let clerks_id = clerk.get("/api/v1/auth/me").await.expect(200)["id"].clone();
    assert_eq!(history["items"][3]["actor_id"], clerks_id);
    admin.get(&path).await.expect(200);
}

async fn an_illegal_step_names_the_legal_ones(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = at(&made);
    let refused = admin.post(&format!("{path}/return"), &json!({})).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["code"], "illegal_step");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("xử lý xong"), "{refused}");
    admin.post(&format!("{path}/refusal"), &json!({"reason": "Không đủ điều kiện."})).await.expect(200);
    let over = admin.post(&format!("{path}/processing"), &json!({})).await.problem(422, "invalid");
    assert!(over["errors"][0]["message"].as_str().unwrap().contains("không còn bước nào"), "{over}");
    let early = admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    let early =
        admin.post(&format!("{}/resolution", at(&early)), &json!({"at": "2026-11-01T03:00:00Z"})).await;
    assert_eq!(early.problem(422, "invalid")["errors"][0]["code"], "before_last_step");
}

async fn a_wait_moves_the_due_day_by_the_working_days_waited(app: TestApp) {
    let admin = catalogue(&app).await;
    let waits = [
        ("supplement-requests", "awaiting_supplement", 5, "supplements"),
        ("payment-requests", "awaiting_payment", 6, "payments"),
        ("stops", "stopped", 8, "resumptions"),
    ];
    for (number, (begins, status, of_portal, ends)) in (1..).zip(waits) {
        let path = at(&admin.post(DOSSIERS, &dossier(number)).await.expect(201));
        let asked = json!({"at": "2026-11-05T02:00:00Z", "reason": "Bổ sung bản sao giấy chứng sinh."});
        let waiting = admin.post(&format!("{path}/{begins}"), &asked).await.expect(200);
        assert_eq!((&waiting["status"], &waiting["portal_status"]), (&json!(status), &json!(of_portal)));
        assert_eq!(waiting["timeliness"], "on_time", "the clock stands, though the due day is over");
        assert_eq!(waiting["waiting_since"], asked["at"]);
        for (_, _, _, other) in waits.iter().filter(|(.., other)| *other != ends) {
            admin.post(&format!("{path}/{other}"), &json!({})).await.problem(422, "invalid");
        }
        let went_on = json!({"at": "2026-11-10T02:00:00Z"});
        let went_on = admin.post(&format!("{path}/{ends}"), &went_on).await.expect(200);
        // Friday, Monday and Tuesday were waited.
        assert_eq!((&went_on["status"], &went_on["due_on"]), (&json!("processing"), &json!("2026-11-12")));
        assert_eq!(went_on["waiting_since"], json!(null));
    }
}

async fn a_due_day_follows_from_the_deadline_in_force_at_receipt(app: TestApp) {
    let admin = catalogue(&app).await;
    let changed = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune",
        "deadlines": [{"value": 1, "unit": "working_day"}], "valid_from": "2026-11-10"});
    let procedures = admin.get("/api/v1/tthc/procedures?code=1.001193").await.expect(200);
    let id = procedures["items"][0]["id"].as_str().unwrap().to_owned();
    let versions = format!("/api/v1/tthc/procedures/{id}/versions");
    admin.post(&versions, &changed).await.expect(201);
    let before = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    assert_eq!(before["due_on"], "2026-11-09", "the deadline of the day of receipt");
    let after = with(dossier(2), json!({"received_at": "2026-11-16T02:00:00Z"}));
    assert_eq!(admin.post(DOSSIERS, &after).await.expect(201)["due_on"], "2026-11-17");
    let stated = with(dossier(3), json!({"due_at": "2026-11-20T09:00:00Z"}));
    let stated = admin.post(DOSSIERS, &stated).await.expect(201);
    assert_eq!(
        (&stated["due_on"], &stated["due_at"]),
        (&json!("2026-11-20"), &json!("2026-11-20T09:00:00Z"))
    );
    let registered = with(dossier(5), json!({"status": "registered"}));
    let registered = admin.post(DOSSIERS, &registered).await.expect(201);
    let accept = format!("{}/acceptance", at(&registered));
    let accepted = admin.post(&accept, &json!({"at": "2026-11-16T02:00:00Z"})).await.expect(200);
    assert_eq!((&accepted["status"], &accepted["due_on"]), (&json!("received"), &json!("2026-11-17")));
    assert_eq!(accepted["received_at"], "2026-11-16T02:00:00Z", "it is received when it is accepted");
    let unknown = json!({"code": "1.000999", "name": "Thủ tục chưa rõ thời hạn", "level": "ministry"});
    admin.post("/api/v1/tthc/procedures", &unknown).await.expect(201);
    let without = with(dossier(4), json!({"procedure_code": "1.000999"}));
    let without = admin.post(DOSSIERS, &without).await.expect(201);
    assert_eq!((&without["due_on"], &without["timeliness"]), (&json!(null), &json!("on_time")));
}

async fn a_dossier_is_created_whole_in_any_status(app: TestApp) {
    let admin = catalogue(&app).await;
    let resolved = json!({"resolved_at": "2026-11-10T02:00:00Z"});
    let whole = admin.post(DOSSIERS, &with(dossier(1), resolved)).await.expect(201);
    assert_eq!((&whole["status"], &whole["timeliness"]), (&json!("resolved"), &json!("overdue")));
    for (number, (status, dates)) in (2..).zip([
        ("registered", json!({})),
        ("not_accepted", json!({})),
        ("processing", json!({})),
        ("awaiting_supplement", json!({})),
        ("awaiting_payment", json!({})),
        ("stopped", json!({})),
        ("withdrawn", json!({"closed_at": "2026-11-04T02:00:00Z"})),
        ("refused", json!({"closed_at": "2026-11-04T02:00:00Z"})),
        ("returned", json!({"resolved_at": "2026-11-04T02:00:00Z", "returned_at": "2026-11-04T02:00:00Z"})),
    ]) {
        let body = with(with(dossier(number), json!({"status": status})), dates);
        let made = admin.post(DOSSIERS, &body).await.expect(201);
        assert_eq!(made["status"], status);
        let waits = ["awaiting_supplement", "awaiting_payment", "stopped"].contains(&status);
        let since = if waits { json!("2026-11-02T02:10:00Z") } else { json!(null) };
        assert_eq!(made["waiting_since"], since, "{status}: it waits since receipt");
    }
}

async fn an_apology_never_turns_overdue_into_on_time(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = at(&made);
    let apology = json!({"rescheduled_to": "2026-11-27", "apology": "Xin lỗi vì trả kết quả chậm."});
    let sorry = admin.post(&format!("{path}/extensions"), &apology).await.expect(200);
    assert_eq!((&sorry["rescheduled_to"], &sorry["due_on"]), (&json!("2026-11-27"), &json!("2026-11-09")));
    let done = admin.post(&format!("{path}/resolution"), &json!({})).await.expect(200);
    assert_eq!(done["timeliness"], "overdue");
}

async fn a_dossier_is_handed_over_with_its_history(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = at(&made);
    let to =
        json!({"org_unit_code": "31399", "at": "2026-11-16T01:00:00Z", "reason": "Chuyển đúng thẩm quyền."});
    let moved = admin.post(&format!("{path}/transfers"), &to).await.expect(200);
    assert_eq!(
        (&moved["resolving_unit_code"], &moved["receiving_unit_code"]),
        (&json!("31399"), &json!("31396"))
    );
    let again = admin.post(&format!("{path}/transfers"), &to).await.problem(422, "invalid");
    assert_eq!(again["errors"][0]["code"], "same_unit");
    let history = admin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history["items"][1]["kind"], "transfer");
    assert_eq!(history["items"][1]["reason"], "Chuyển đúng thẩm quyền.");
    let back = json!({"org_unit_code": "31393", "at": "2026-11-15T01:00:00Z"});
    let back = admin.post(&format!("{path}/transfers"), &back).await.problem(422, "invalid");
    assert_eq!(back["errors"][0]["code"], "before_last_step", "not before it came");
    let ended = admin.post(&format!("{path}/transfers"), &json!({"org_unit_code": "934"})).await;
    ended.problem(422, "unit-not-in-force");
}

async fn no_step_is_taken_before_the_last_handing_over(app: TestApp) {
    let admin = catalogue(&app).await;
    let path = at(&admin.post(DOSSIERS, &dossier(1)).await.expect(201));
    let to = json!({"org_unit_code": "31399", "at": "2026-11-16T01:00:00Z"});
    admin.post(&format!("{path}/transfers"), &to).await.expect(200);
    for step in ["processing", "resolution"] {
        let early = admin.post(&format!("{path}/{step}"), &json!({"at": "2026-11-13T01:00:00Z"})).await;
        assert_eq!(early.problem(422, "invalid")["errors"][0]["code"], "before_last_step", "{step}");
    }
    let done = admin.post(&format!("{path}/resolution"), &json!({"at": "2026-11-16T02:00:00Z"})).await;
    assert_eq!(done.expect(200)["resolving_unit_code"], "31399");
}

async fn a_status_follows_steps_unless_it_is_restated(app: TestApp) {
    let admin = catalogue(&app).await;
    let resolved = json!({"resolved_at": "2026-11-06T02:00:00Z"});
    let made = admin.post(DOSSIERS, &with(dossier(1), resolved)).await.expect(201);
    let batch = format!("{DOSSIERS}/batch?mode=partial&on_conflict=update");
    let back = with(dossier(1), json!({"status": "processing"}));
    let report = admin.post(&batch, &json!([back])).await.expect(200);
    assert_eq!(report["lines"][0]["problem"]["errors"][0]["code"], "illegal_step", "{report}");
    let restated = json!({"reason": "Ghi nhầm đã xử lý xong.", "status": "processing"});
    let path = at(&made);
    let open = admin.post(&format!("{path}/restatement"), &restated).await.expect(200);
    assert_eq!((&open["status"], &open["resolved_at"]), (&json!("processing"), &json!(null)));
    let history = admin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history["items"][1]["reason"], "Ghi nhầm đã xử lý xong.");
    let wrong = json!({"reason": "Thiếu ngày.", "status": "resolved"});
    let wrong = admin.post(&format!("{path}/restatement"), &wrong).await.problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["pointer"], "/resolved_at");
    let forwards = with(
        dossier(1),
        json!({"status": "returned", "resolved_at": "2026-11-06T02:00:00Z",
        "returned_at": "2026-11-09T02:00:00Z"}),
    );
    let report = admin.post(&batch, &json!([forwards])).await.expect(200);
    assert_eq!(report["lines"][0]["outcome"], "updated", "{report}");
}

async fn what_is_older_than_what_is_held_is_not_written(app: TestApp) {
    let admin = catalogue(&app).await;
    let first = with(dossier(1), json!({"source_updated_at": "2026-11-03T02:00:00Z", "fee_vnd": 1}));
    let made = admin.post(DOSSIERS, &first).await.expect(201);
    assert_eq!(made["source_updated_at"], "2026-11-03T02:00:00Z");
    let batch = format!("{DOSSIERS}/batch?mode=partial&on_conflict=update");
    let older = with(dossier(1), json!({"source_updated_at": "2026-11-03T01:00:00Z", "fee_vnd": 2}));
    let newer = with(dossier(1), json!({"source_updated_at": "2026-11-03T03:00:00Z", "fee_vnd": 3}));
    for (line, outcome) in
        [(&older, "stale"), (&first, "unchanged"), (&newer, "updated"), (&newer, "unchanged")]
    {
        let report = admin.post(&batch, &json!([line])).await.expect(200);
        assert_eq!(report["lines"][0]["outcome"], *outcome, "{report}");
    }
    assert_eq!(admin.get(&at(&made)).await.expect(200)["fee_vnd"], 3);
}

async fn a_wait_ends_at_the_latest_with_what_it_waited_for(app: TestApp) {
    let admin = catalogue(&app).await;
    let waiting = json!({"status": "awaiting_supplement"});
    let over = [
        json!({"status": "resolved", "resolved_at": "2026-11-05T02:00:00Z"}),
        json!({
            "status": "resolved", "resolved_at": "2026-11-05T02:00:00Z",
            "source_updated_at": "2026-11-12T02:00:00Z",
        }),
    ];
    for (number, over) in (1..).zip(over) {
        let made = admin.post(DOSSIERS, &with(dossier(number), waiting.clone())).await.expect(201);
        let batch = format!("{DOSSIERS}/batch?on_conflict=update");
        let report = admin.post(&batch, &json!([with(dossier(number), over)])).await.expect(200);
        assert_eq!(report["updated"], 1, "{report}");
        let told = admin.get(&at(&made)).await.expect(200);
        // It waited from Monday to Thursday, not until the report of it came.
        assert_eq!((&told["due_on"], &told["timeliness"]), (&json!("2026-11-12"), &json!("early")));
    }
    let made = admin.post(DOSSIERS, &with(dossier(3), waiting)).await;
    let (path, etag) = (made.header("location"), made.etag());
    let closed = json!({"status": "withdrawn", "closed_at": "2026-11-04T02:00:00Z"});
    let told = admin.put(&path, &etag, &with(dossier(3), closed)).await.expect(200);
    assert_eq!(told["due_on"], "2026-11-11");
}

async fn a_status_that_is_patched_waits_from_now_on(app: TestApp) {
    let admin = catalogue(&app).await;
    let told = json!({"source_updated_at": "2026-11-02T02:30:00Z"});
    let made = admin.post(DOSSIERS, &with(dossier(1), told)).await;
    let (path, etag) = (made.header("location"), made.etag());
    let waiting = admin.patch(&path, &etag, &json!({"status": "awaiting_supplement"})).await.expect(200);
    assert_eq!(waiting["waiting_since"], "2026-11-23T05:00:00Z", "not since its system last changed it");
    assert_eq!(waiting["source_updated_at"], "2026-11-02T02:30:00Z");
    // A due day that was stated is moved as well, unless another is stated.
    for (number, due, expected) in
        [(2, json!({}), "2026-12-01"), (3, json!({"due_at": "2026-11-30T09:00:00Z"}), "2026-11-30")]
    {
        let stated = json!({"due_at": "2026-11-27T09:00:00Z"});
        let made = admin.post(DOSSIERS, &with(dossier(number), stated)).await;
        let (path, etag) = (made.header("location"), made.etag());
        let asked = json!({"status": "awaiting_supplement", "source_updated_at": "2026-11-10T02:00:00Z"});
        let etag = admin.patch(&path, &etag, &asked).await.etag();
        let came = with(json!({"status": "processing", "source_updated_at": "2026-11-12T02:00:00Z"}), due);
        let told = admin.patch(&path, &etag, &came).await.expect(200);
        assert_eq!(told["due_on"], expected, "two working days were waited: {told}");
    }
}

async fn a_later_change_of_the_catalogue_changes_no_dossier(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await;
    let (path, etag) = (made.header("location"), made.etag());
    let procedures = admin.get("/api/v1/tthc/procedures?code=1.001193").await.expect(200);
    let procedure = format!("/api/v1/tthc/procedures/{}", procedures["items"][0]["id"].as_str().unwrap());
    let shorter = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune",
        "deadlines": [{"value": 1, "unit": "working_day"}], "valid_from": "2026-11-01"});
    admin.post(&format!("{procedure}/versions"), &shorter).await.expect(201);
    let paid = admin.patch(&path, &etag, &json!({"fee_vnd": 8000})).await;
    let etag = paid.etag();
    let paid = paid.expect(200);
    assert_eq!((&paid["due_on"], &paid["fee_vnd"]), (&json!("2026-11-09"), &json!(8000)));
    assert_eq!(admin.post(DOSSIERS, &dossier(2)).await.expect(201)["due_on"], "2026-11-03");
    // Nor does it go with the procedure.
    let read = admin.get(&procedure).await;
    assert_eq!(admin.delete(&procedure, &read.etag()).await.status, 204);
    admin.patch(&path, &etag, &json!({"fee_vnd": 9000})).await.expect(200);
    let new = admin.post(DOSSIERS, &dossier(3)).await.problem(422, "invalid");
    assert_eq!(new["errors"][0]["code"], "unknown_procedure");
}

async fn every_fault_of_a_dossier_is_told(app: TestApp) {
    let admin = catalogue(&app).await;
    let wrong = json!({
        "code": "H13.44-261302-0007", "procedure_code": "1.009999", "receiving_unit_code": "99999",
        "due_at": "2026-11-01T02:10:00Z", "status": "resolved",
    });
    let refused = admin.post(DOSSIERS, &with(dossier(1), wrong)).await.problem(422, "invalid");
    let mut told: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|it| it["pointer"].as_str().unwrap()).collect();
    told.sort_unstable();
    let expected = ["/code", "/due_at", "/procedure_code", "/receiving_unit_code", "/resolved_at"];
    assert_eq!(told, expected, "{refused}");
    let number = json!({"owner": {"kind": "citizen", "name": "Thử", "id_number": "12345"}});
    let refused = admin.post(DOSSIERS, &with(dossier(1), number)).await;
    assert!(refused.status == 400 || refused.status == 422);
    let text = refused.text();
    assert!(text.contains("/owner/id_number") && !text.contains("12345\""), "{text}");
}
