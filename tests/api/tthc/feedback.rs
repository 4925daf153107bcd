//! Feedback and petitions, from receipt to publication, and whether each step was in time.

use serde_json::{Value, json};

use crate::exchange::CHANGES;
use crate::support::app::ADMIN;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_feedback_of_the_report_was_answered_on_its_last_day,
    feedback_goes_through_its_steps,
    a_refusal_ends_it,
    nothing_runs_while_the_sender_is_asked_for_more,
    a_step_that_may_not_be_taken_names_those_that_may,
    nobody_states_due_days_and_states,
    overdue_is_found_as_it_is_told,
    feedback_is_found_by_what_it_is,
    a_code_is_of_a_real_day_and_once_in_a_province,
    what_does_not_hold_together_is_refused_at_once,
    feedback_is_the_unit_s_that_answers,
    the_unit_that_received_it_is_told_too,
    a_period_is_summed_up_by_limit,
    feedback_keeps_the_limits_under_which_it_was_received,
    a_limit_is_succeeded_and_never_changed,
    without_holidays_nothing_is_guessed,
    many_come_with_their_whole_life,
];

pub const FEEDBACK: &str = "/api/v1/tthc/citizen-feedback";
const LIMITS: &str = "/api/v1/tthc/feedback-time-limits";

async fn holidays(app: &TestApp) {
    let at = cchc::db::types::Instant::from_micros(0);
    cchc::reporting::holidays::import(&app.state.db, at).await.unwrap();
}

/// A moment of a day in Vietnam, at nine in the morning.
fn at(day: &str) -> String {
    format!("{day}T02:00:00Z")
}

/// Feedback received on a day.
pub fn feedback(number: &str, received: &str) -> Value {
    json!({
        "org_unit_code": "31396", "code": format!("PAKN.{}.{number}", received.replace('-', "")),
        "channel": "portal", "class": "conduct", "content": "Hồ sơ đã quá ngày hẹn trả.", "received_at": at(received),
    })
}

/// What is told of one time limit: due day and outcome.
fn limit(told: &Value, step: &str) -> (Value, Value) {
    let limits = told["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["step"] == step).unwrap_or_else(|| panic!("{step}: {told}"));
    (limit["due_on"].clone(), limit["outcome"].clone())
}

fn pair(due: &str, outcome: &str) -> (Value, Value) {
    (json!(due), json!(outcome))
}

/// The numbers at the end of the codes of a list.
async fn numbers(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{FEEDBACK}?{query}")).await.expect(200);
    let number = |one: &Value| one["code"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(number).collect()
}

async fn made(client: &Client, body: &Value) -> (String, Value) {
    let answer = client.post(FEEDBACK, body).await;
    (answer.header("location"), answer.expect(201))
}

/// The report of Phụng Hiệp: "phản ánh kiến nghị ngày 25/12/2023 qua Cổng Dịch vụ công quốc gia (Mã số phản ánh
/// kiến nghị: PAKN.20231225.0126), trả lời tại Công văn số 06/BPTN&TKQ-HC ngày 16/01/2024".
async fn the_feedback_of_the_report_was_answered_on_its_last_day(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let body = json!({
        "org_unit_code": "934", "code": "PAKN.20231225.0126", "channel": "portal", "class": "conduct",
        "content": "Phản ánh việc giải quyết hồ sơ tại Bộ phận Một cửa.", "received_at": at("2023-12-25"),
        "answered_at": at("2024-01-16"), "answer_number": "06/BPTN&TKQ-HC",
    });
    let (_, told) = made(&admin, &body).await;
    assert_eq!(told["org_unit_name"], "Huyện Phụng Hiệp");
    assert_eq!(limit(&told, "answer"), pair("2024-01-16", "in_time"), "fifteen working days over New Year");
    assert_eq!(
        limit(&told, "publication"),
        pair("2024-01-18", "pending_late"),
        "the report says nothing of it"
    );
    assert_eq!(limit(&told, "refusal"), (json!("2023-12-27"), Value::Null), "nobody must refuse");
    assert_eq!((&told["status"], &told["overdue"]), (&json!("answered"), &json!(true)));
    assert_eq!(told["remarks"], json!([]));
}

async fn feedback_goes_through_its_steps(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let (place, told) = made(&editor, &feedback("0001", "2026-11-16")).await;
    assert_eq!(told["next_steps"], json!(["refusal", "supplement_request", "answer"]));
    assert_eq!(limit(&told, "answer"), pair("2026-12-08", "pending"), "24 November is a holiday");
    assert_eq!(limit(&told, "supplement_request"), pair("2026-11-23", "pending"), "today is its last day");
    assert_eq!(limit(&told, "refusal"), (json!("2026-11-18"), Value::Null), "too late for that");
    let etag = editor.get(&place).await.etag();
    let answer = json!({"answer_number": "06/BPTN&TKQ-HC"});
    let stale = editor.with("if-match", "\"v9\"").post(&format!("{place}/answer"), &answer).await;
    stale.problem(412, "precondition-failed");
    let keyed = editor.with("idempotency-key", "tra-loi-1");
    let told = keyed.with("if-match", &etag).post(&format!("{place}/answer"), &answer).await.expect(200);
    assert_eq!((&told["status"], &told["version"]), (&json!("answered"), &json!(2)));
    assert_eq!(told["answered_at"], "2026-11-23T05:00:00Z", "now, as nothing else was said");
    let again = keyed.with("if-match", &etag).post(&format!("{place}/answer"), &answer).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(limit(&told, "answer"), pair("2026-12-08", "in_time"));
    assert_eq!(limit(&told, "publication"), pair("2026-11-26", "pending"));
    let early = json!({"published_at": at("2026-11-20")});
    let refused = editor.post(&format!("{place}/publication"), &early).await;
    assert_eq!(refused.faults(422, "invalid"), ["/published_at"], "before it was answered");
    let told = editor.post(&format!("{place}/publication"), &json!({})).await.expect(200);
    assert_eq!((&told["status"], &told["next_steps"]), (&json!("published"), &json!([])));
    assert_eq!(limit(&told, "publication"), pair("2026-11-26", "in_time"));
    app.seal().await;
    let id = told["id"].as_str().unwrap();
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let entries = inspector.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let actions: Vec<_> = entries["items"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
    assert_eq!(actions, ["update", "update", "create"]);
}

async fn a_refusal_ends_it(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let (place, _) = made(&editor, &feedback("0001", "2026-11-18")).await;
    let empty = editor.post(&format!("{place}/refusal"), &json!({})).await;
    assert_eq!(empty.faults(400, "wrong-shape"), ["/refusal_reason"]);
    let reason = json!({"refusal_reason": "Trùng với phản ánh đã trả lời.", "refused_at": at("2026-11-20")});
    let told = editor.post(&format!("{place}/refusal"), &reason).await.expect(200);
    assert_eq!(
        (&told["status"], &told["next_steps"], &told["overdue"]),
        (&json!("refused"), &json!([]), &json!(false))
    );
    assert_eq!(limit(&told, "refusal"), pair("2026-11-20", "in_time"));
    assert_eq!(limit(&told, "answer"), (Value::Null, Value::Null), "none is owed any more");
    let (late, _) = made(&editor, &feedback("0002", "2026-11-17")).await;
    let told = editor.post(&format!("{late}/refusal"), &reason).await.expect(200);
    assert_eq!(limit(&told, "refusal"), pair("2026-11-19", "late"));
}

async fn nothing_runs_while_the_sender_is_asked_for_more(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let (place, _) = made(&editor, &feedback("0001", "2026-09-07")).await;
    let asked = json!({"supplement_request": "Đề nghị cho biết mã hồ sơ.", "supplement_requested_at": at("2026-09-14")});
    let told = editor.post(&format!("{place}/supplement-request"), &asked).await.expect(200);
    assert_eq!(limit(&told, "supplement_request"), pair("2026-09-14", "in_time"));
    assert_eq!(limit(&told, "answer"), (Value::Null, json!("pending")));
    assert_eq!((&told["status"], &told["overdue"]), (&json!("awaiting_supplement"), &json!(false)));
    assert_eq!(told["next_steps"], json!(["supplement", "refusal", "answer"]));
    let came = json!({"supplement_received_at": at("2026-10-01")});
    let told = editor.post(&format!("{place}/supplement"), &came).await.expect(200);
    assert_eq!(limit(&told, "answer"), pair("2026-10-22", "pending_late"), "counted anew");
    assert_eq!(told["next_steps"], json!(["refusal", "answer"]), "the sender is asked once");
    let answer = json!({"answer_number": "61/UBND-VP", "answered_at": at("2026-10-22")});
    let told = editor.post(&format!("{place}/answer"), &answer).await.expect(200);
    assert_eq!(limit(&told, "answer"), pair("2026-10-22", "in_time"));
}

async fn a_step_that_may_not_be_taken_names_those_that_may(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let (place, _) = made(&editor, &feedback("0001", "2026-11-16")).await;
    let refused = editor.post(&format!("{place}/publication"), &json!({})).await.problem(422, "invalid");
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/status"), &json!("illegal_step")));
    let message = fault["message"].as_str().unwrap();
    assert!(
        message.ends_with("các bước hợp lệ: từ chối tiếp nhận, yêu cầu bổ sung thông tin, trả lời."),
        "{message}"
    );
    let english = editor.in_english().post(&format!("{place}/supplement"), &json!({})).await.json();
    let message = english["errors"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("legal are: refusal, supplement_request, answer."), "{message}");
    let nowhere = format!("{FEEDBACK}/{}/answer", uuid::Uuid::now_v7());
    editor.post(&nowhere, &json!({"answer_number": "06/UBND"})).await.problem(404, "not-found");
}

async fn nobody_states_due_days_and_states(app: TestApp) {
    let admin = app.admin().await;
    for (member, value) in [
        ("status", json!("published")),
        ("overdue", json!(false)),
        ("limits", json!([])),
        ("next_steps", json!([])),
        ("due_on", json!("2026-12-07")),
        ("petitioner_name", json!("Nguyễn Văn A")),
    ] {
        let mut body = feedback("0001", "2026-11-16");
        body[member] = value;
        assert_eq!(admin.post(FEEDBACK, &body).await.faults(400, "wrong-shape"), [format!("/{member}")]);
    }
}

/// Feedback in every state, received over some weeks; today is 23 November 2026.
async fn in_every_state(client: &Client) {
    let bodies = [
        // Due on 20 November, a Friday, and not answered.
        feedback("0001", "2026-10-30"),
        // Due today.
        feedback("0002", "2026-11-02"),
        json!({"received_at": at("2026-10-05"), "answered_at": at("2026-11-18"), "answer_number": "1/UBND"}),
        json!({"received_at": at("2026-10-05"), "answered_at": at("2026-11-19"), "answer_number": "2/UBND"}),
        json!({
            "received_at": at("2026-10-05"), "answered_at": at("2026-10-06"), "answer_number": "3/UBND",
            "published_at": at("2026-10-30"),
        }),
        json!({"received_at": at("2026-10-05"), "refused_at": at("2026-10-06"), "refusal_reason": "Trùng lặp"}),
        json!({"received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?"}),
        json!({
            "received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?",
            "supplement_received_at": at("2026-10-30"),
        }),
        json!({
            "received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?",
            "supplement_received_at": at("2026-11-02"),
        }),
    ];
    for (number, body) in bodies.iter().enumerate() {
        let mut whole = feedback(&format!("{:04}", number + 1), "2026-10-05");
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        client.post(FEEDBACK, &whole).await.expect(201);
    }
}

async fn overdue_is_found_as_it_is_told(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    in_every_state(&editor).await;
    let list = editor.get(&format!("{FEEDBACK}?sort=received_at&limit=200")).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 9);
    let told = |is_overdue: bool| {
        let of = items.iter().filter(move |one| one["overdue"] == is_overdue);
        of.map(|one| one["code"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(true), ["0003", "0008", "0001"]);
    for is_overdue in [true, false] {
        let query = format!("overdue={is_overdue}&sort=received_at&limit=200");
        assert_eq!(numbers(&editor, &query).await, told(is_overdue), "{query}");
    }
    let counted =
        editor.get(&format!("{FEEDBACK}?overdue=true&include_total=true&limit=1")).await.expect(200);
    assert_eq!(counted["total"], 3);
    // A day later what was due today is overdue too.
    app.pass(24 * 3600);
    let editor = app.sign_in("xa.hiephung").await;
    let found = numbers(&editor, "overdue=true&sort=received_at&limit=200").await;
    assert_eq!(found, ["0003", "0004", "0008", "0009", "0001", "0002"]);
}

async fn feedback_is_found_by_what_it_is(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    in_every_state(&admin).await;
    let mut rule = feedback("0100", "2026-06-01");
    rule["class"] = json!("rule");
    rule["channel"] = json!("hotline");
    rule["content"] = json!("Quy định về thành phần hồ sơ đất đai chưa rõ.");
    admin.post(FEEDBACK, &rule).await.expect(201);
    for (query, expected) in [
        ("status=refused", vec!["0006"]),
        ("status=awaiting_supplement", vec!["0007"]),
        ("status=published", vec!["0005"]),
        ("status=answered&sort=received_at", vec!["0003", "0004"]),
        ("status=received&sort=received_at", vec!["0100", "0008", "0009", "0001", "0002"]),
        ("class=rule", vec!["0100"]),
        ("channel=hotline", vec!["0100"]),
        ("q=DAT+dai+quy", vec!["0100"]),
        ("code=PAKN.20260601.0100", vec!["0100"]),
        ("received_from=2026-10-31", vec!["0002"]),
        ("received_to=2026-06-01", vec!["0100"]),
        ("received_from=2026-10-30&received_to=2026-10-30", vec!["0001"]),
        ("org_unit_code=92&scope=subtree&class=rule", vec!["0100"]),
        ("org_unit_code=31399", vec![]),
    ] {
        assert_eq!(numbers(&admin, query).await, expected, "{query}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{FEEDBACK}?limit=3&sort=received_at{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|one| one["code"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (10, 10), "each once, though many came at one moment");
}

async fn a_code_is_of_a_real_day_and_once_in_a_province(app: TestApp) {
    let admin = app.admin().await;
    for code in
        ["PAKN.20260230.0001", "PAKN.20261116.001", "PAKN.20261116", "20261116.0001", "pakn.20261116.0001"]
    {
        let mut body = feedback("0001", "2026-11-16");
        body["code"] = json!(code);
        assert_eq!(admin.post(FEEDBACK, &body).await.faults(422, "invalid"), ["/code"], "{code}");
    }
    admin.post(FEEDBACK, &feedback("0001", "2026-11-16")).await.expect(201);
    let mut elsewhere = feedback("0001", "2026-11-16");
    elsewhere["org_unit_code"] = json!("31399");
    admin.post(FEEDBACK, &elsewhere).await.problem(409, "duplicate");
    // The district of another province, which ended.
    elsewhere["org_unit_code"] = json!("934");
    elsewhere["received_at"] = json!(at("2024-06-03"));
    admin.post(FEEDBACK, &elsewhere).await.expect(201);
    let mut other_day = feedback("0002", "2026-11-16");
    other_day["code"] = json!("PAKN.20261114.0002");
    let (_, told) = made(&admin, &other_day).await;
    let remark = &told["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|remark| remark["code"] == "code_day")
        .unwrap()
        .clone();
    assert_eq!((&remark["severity"], &remark["numbers"]["days"]), (&json!("warning"), &json!(2)));
}

async fn what_does_not_hold_together_is_refused_at_once(app: TestApp) {
    let admin = app.admin().await;
    let mut body = feedback("0001", "2026-11-16");
    body["supplement_received_at"] = json!(at("2026-11-10"));
    body["answered_at"] = json!(at("2026-12-24"));
    body["refusal_reason"] = json!("Trùng lặp");
    body["org_unit_code"] = json!("99999");
    body["receiving_unit_code"] = json!("99998");
    let mut faults = admin.post(FEEDBACK, &body).await.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "/answer_number",
            "/answered_at",
            "/org_unit_code",
            "/receiving_unit_code",
            "/refused_at",
            "/supplement_received_at",
            "/supplement_requested_at",
        ]
    );
    let (place, told) = made(&admin, &feedback("0001", "2026-11-16")).await;
    let etag = format!("\"v{}\"", told["version"]);
    let half = admin.patch(&place, &etag, &json!({"answered_at": at("2026-11-17")})).await;
    assert_eq!(half.faults(422, "invalid"), ["/answer_number"]);
    let whole = json!({"answered_at": at("2026-11-17"), "answer_number": "01/2025/UBND-VP"});
    let told = admin.patch(&place, &etag, &whole).await.expect(200);
    assert_eq!(told["status"], "answered");
    assert!(told["remarks"].as_array().unwrap().iter().any(|remark| remark["code"] == "number_year"));
}

async fn feedback_is_the_unit_s_that_answers(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("vp.ubnd", "reviewer", "92").await;
    let body = feedback("0001", "2026-11-16");
    assert_eq!(other.post(FEEDBACK, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    let (place, told) = made(&editor, &body).await;
    let etag = format!("\"v{}\"", told["version"]);
    let answer = json!({"answer_number": "06/UBND"});
    other.get(&place).await.problem(404, "not-found");
    other.post(&format!("{place}/answer"), &answer).await.problem(404, "not-found");
    reviewer.get(&place).await.expect(200);
    reviewer.post(&format!("{place}/answer"), &answer).await.problem(403, "forbidden");
    let mut moved = body.clone();
    moved["org_unit_code"] = json!("31399");
    assert_eq!(editor.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    assert_eq!((numbers(&other, "").await.len(), numbers(&reviewer, "").await.len()), (0, 1));
    let period = "received_from=2026-01-01&received_to=2026-12-31";
    other.get(&format!("{FEEDBACK}/summary?org_unit_code=31396&{period}")).await.problem(403, "forbidden");
    app.seal().await;
    let told = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=citizen_feedback").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&editor).await, told(&other).await), (1, 0), "the feed is confined likewise");
}

async fn the_unit_that_received_it_is_told_too(app: TestApp) {
    let admin = app.admin().await;
    let mut body = feedback("0001", "2026-11-16");
    body["receiving_unit_code"] = json!("92");
    let (place, told) = made(&admin, &body).await;
    assert_eq!(
        (&told["receiving_unit_code"], &told["receiving_unit_name"]),
        (&json!("92"), &json!("Thành phố Cần Thơ"))
    );
    let etag = format!("\"v{}\"", told["version"]);
    let told =
        admin.patch(&place, &etag, &json!({"receiving_unit_id": told["org_unit_id"]})).await.expect(200);
    assert_eq!(told["receiving_unit_id"], Value::Null, "that is the one that answers");
    let unit = json!({"name": "Phòng thử nghiệm", "kind": "specialised_agency", "code": "PTN", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post("/api/v1/organization/org-units", &unit).await;
    let (unit, version) = (unit.header("location"), unit.etag());
    let mut body = feedback("0002", "2026-11-16");
    body["receiving_unit_code"] = json!("PTN");
    let (place, told) = made(&admin, &body).await;
    admin.delete(&unit, &version).await.problem(409, "in-use");
    assert_eq!(admin.delete(&place, &format!("\"v{}\"", told["version"])).await.status, 204);
    assert_eq!(admin.delete(&unit, &version).await.status, 204);
}

async fn a_period_is_summed_up_by_limit(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    in_every_state(&admin).await;
    let mut other = feedback("0200", "2026-11-02");
    other["org_unit_code"] = json!("31399");
    other["class"] = json!("rule");
    admin.post(FEEDBACK, &other).await.expect(201);
    admin.post(FEEDBACK, &feedback("0300", "2026-09-30")).await.expect(201);
    let summed = async |query: &str| {
        let period = "received_from=2026-10-01&received_to=2026-11-23";
        admin.get(&format!("{FEEDBACK}/summary?{period}&{query}")).await.expect(200)
    };
    let own = summed("org_unit_code=31396").await;
    for (member, count) in [
        ("received", 9),
        ("by_conduct", 9),
        ("by_rule", 0),
        ("in_progress", 4),
        ("awaiting_supplement", 1),
        ("refused", 1),
        ("answered", 3),
        ("published", 1),
        ("overdue", 3),
        ("units", 1),
    ] {
        assert_eq!(own[member], count, "{member}: {own}");
    }
    let limits = |told: &Value| -> Vec<Vec<i64>> {
        let counts = ["in_time", "late", "pending", "pending_late"];
        let of = |limit: &Value| counts.iter().map(|name| limit[*name].as_i64().unwrap()).collect();
        told["limits"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(
        limits(&own),
        [
            vec![1, 0, 0, 0], // refusal
            vec![3, 0, 0, 0], // supplement request
            vec![1, 2, 3, 2], // answer
            vec![0, 1, 1, 1], // publication
        ],
        "{own}"
    );
    let whole = summed("org_unit_code=92&scope=subtree").await;
    assert_eq!(
        (&whole["received"], &whole["by_rule"], &whole["overdue"]),
        (&json!(10), &json!(1), &json!(3))
    );
    let of_rules = summed("org_unit_code=92&scope=subtree&class=rule").await;
    assert_eq!((&of_rules["received"], &of_rules["class"]), (&json!(1), &json!("rule")));
    assert_eq!(summed("org_unit_code=92").await["received"], 0, "the province itself received none");
    // What the list tells of each is what the summary counts.
    let query = "received_from=2026-10-01&org_unit_code=31396&limit=200";
    let list = admin.get(&format!("{FEEDBACK}?{query}")).await.expect(200);
    let items = list["items"].as_array().unwrap();
    let late = items.iter().filter(|one| limit(one, "answer").1 == "late").count();
    assert_eq!((items.len(), late), (9, 2));
    let backwards = "received_from=2026-10-02&received_to=2026-10-01&org_unit_code=31396";
    let refused = admin.get(&format!("{FEEDBACK}/summary?{backwards}")).await;
    assert_eq!(refused.faults(422, "invalid"), ["/received_to"]);
    let endless = admin.get(&format!("{FEEDBACK}/summary?org_unit_code=31396")).await;
    assert_eq!(endless.status, 400, "a summary is of a period");
}

async fn feedback_keeps_the_limits_under_which_it_was_received(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let next = json!({
        "class": "conduct", "step": "answer", "valid_from": "2026-11-24", "working_days": 10,
        "legal_basis": "Quyết định thử",
    });
    let made_limit = admin.post(LIMITS, &next).await;
    let (place, told) = (made_limit.header("location"), made_limit.expect(201));
    app.pass(30 * 24 * 60 * 60);
    let admin = app.sign_in(ADMIN).await;
    let (before, _) = made(&admin, &feedback("0001", "2026-11-23")).await;
    let (after, _) = made(&admin, &feedback("0002", "2026-11-24")).await;
    let held = admin.get(&before).await.expect(200);
    assert_eq!(limit(&held, "answer"), pair("2026-12-15", "pending_late"));
    let held = admin.get(&after).await.expect(200);
    assert_eq!(limit(&held, "answer"), pair("2026-12-08", "pending_late"));
    let basis = held["limits"].as_array().unwrap().iter().find(|limit| limit["step"] == "answer").unwrap();
    assert_eq!((&basis["working_days"], &basis["legal_basis"]), (&json!(10), &json!("Quyết định thử")));
    let mut old = feedback("0003", "2022-06-22");
    old["org_unit_code"] = json!("934");
    let (_, of_old) = made(&admin, &old).await;
    assert_eq!(of_old["limits"], json!([]), "before the decision there were none");
    assert_eq!(numbers(&admin, "overdue=true").await, ["0002", "0001"]);
    if let Some(other) = app.second_instance().await {
        other.pass(30 * 24 * 60 * 60);
        let held = other.sign_in(ADMIN).await.get(&after).await.expect(200);
        assert_eq!(limit(&held, "answer"), pair("2026-12-08", "pending_late"));
    }
    let list = admin.get(&format!("{LIMITS}?class=conduct&step=answer")).await.expect(200);
    let days: Vec<_> = list["items"].as_array().unwrap().iter().map(|limit| &limit["working_days"]).collect();
    assert_eq!(days, [15, 10]);
    assert_eq!(admin.get(&place).await.expect(200), told);
    assert_eq!(admin.get(LIMITS).await.expect(200)["items"].as_array().unwrap().len(), 9);
}

async fn a_limit_is_succeeded_and_never_changed(app: TestApp) {
    let admin = app.admin().await;
    let limit = |step: &str, from: &str| json!({"class": "rule", "step": step, "valid_from": from, "working_days": 3, "legal_basis": "Quyết định thử"});
    let refused = async |body: Value| {
        let problem = admin.post(LIMITS, &body).await.problem(422, "invalid");
        problem["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(limit("publication", "2026-11-23")).await, "not_after_today");
    assert_eq!(refused(limit("supplement", "2026-12-01")).await, "no_limit");
    let made = admin.post(LIMITS, &limit("publication", "2027-01-01")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(refused(limit("publication", "2026-12-31")).await, "not_after_last");
    admin.post(LIMITS, &limit("answer", "2026-12-31")).await.expect(201);
    admin.put(&place, &etag, &limit("publication", "2027-01-01")).await.problem(405, "method-not-allowed");
    admin.delete(&place, &etag).await.problem(405, "method-not-allowed");
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    clerk.post(LIMITS, &limit("refusal", "2027-01-01")).await.problem(403, "forbidden");
    let province = app.person("tinh.cantho", "admin", "92").await;
    province.post(LIMITS, &limit("refusal", "2027-01-01")).await.problem(403, "forbidden");
    assert_eq!(clerk.get(&place).await.expect(200), made);
    app.seal().await;
    let feed = clerk.get(&format!("{CHANGES}?types=feedback_time_limit")).await.expect(200);
    assert_eq!((feed["items"].as_array().unwrap().len(), &feed["items"][0]["href"]), (2, &json!(place)));
}

async fn without_holidays_nothing_is_guessed(app: TestApp) {
    let admin = app.admin().await;
    let (_, told) = made(&admin, &feedback("0001", "2026-03-02")).await;
    assert_eq!(limit(&told, "answer"), (Value::Null, Value::Null));
    assert_eq!((&told["overdue"], &told["remarks"][0]["code"]), (&json!(false), &json!("unknown_year")));
    assert_eq!(numbers(&admin, "overdue=true").await.len(), 0);
    assert_eq!(numbers(&admin, "overdue=false").await.len(), 1);
    holidays(&app).await;
    assert_eq!(numbers(&admin, "overdue=true").await, ["0001"]);
}

async fn many_come_with_their_whole_life(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let mut answered = feedback("0001", "2026-10-05");
    answered["answered_at"] = json!(at("2026-10-26"));
    answered["answer_number"] = json!("61/UBND-VP");
    let lines = json!([answered, feedback("0002", "2026-10-05")]);
    let batch = format!("{FEEDBACK}/batch?on_conflict=update");
    let report = editor.post(&batch, &lines).await.expect(200);
    assert_eq!(report["created"], 2);
    let mut again = lines.clone();
    again[0]["published_at"] = json!(at("2026-10-27"));
    let report = editor.post(&batch, &again).await.expect(200);
    assert_eq!((&report["updated"], &report["unchanged"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(numbers(&editor, "status=published").await, ["0001"]);
    let csv = "org_unit_code,code,channel,class,content,received_at\n\
        31396,PAKN.20261005.0003,đường dây nóng\\, tổng đài,về quy định hành chính,Quy định chưa rõ,2026-10-05T09:00:00+07:00\n"
        .replace("đường dây nóng\\, tổng đài", "\"đường dây nóng, tổng đài\"");
    let file = Some(("text/csv", csv.into_bytes()));
    let report = editor.send("POST", &format!("{FEEDBACK}/import"), file).await.expect(200);
    let id = report["rows"][0]["id"].as_str().unwrap();
    let told = editor.get(&format!("{FEEDBACK}/{id}")).await.expect(200);
    assert_eq!((&told["channel"], &told["class"]), (&json!("hotline"), &json!("rule")));
    assert_eq!(limit(&told, "answer").0, "2026-10-26");
}
