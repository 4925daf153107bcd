//! The steps from receipt to publication, what cannot be, and whether each was in time.

use serde_json::{Value, json};

use super::{FEEDBACK, at, feedback, holidays, limit, made, numbers, pair};
use crate::support::TestApp;
use crate::tell;

tell![
    the_feedback_of_the_report_was_answered_on_its_last_day,
    feedback_goes_through_its_steps,
    a_refusal_ends_it,
    nothing_runs_while_the_sender_is_asked_for_more,
    a_step_that_may_not_be_taken_names_those_that_may,
    nobody_states_due_days_and_states,
    a_code_is_of_a_real_day_and_once_in_a_province,
    what_does_not_hold_together_is_refused_at_once,
    many_come_with_their_whole_life,
];

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
