//! Since when and until when a dossier waits, and what that makes of its due day, however it is told.

use serde_json::{Value, json};

use super::{DOSSIERS, at, catalogue, dossier, with};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_restatement_ends_a_wait_as_a_batch_does,
    a_restatement_that_tells_no_moment_ends_a_wait_now,
    a_due_moment_that_is_sent_back_is_not_stated,
    what_waits_since_receipt_goes_with_a_corrected_receipt,
    a_wait_begins_when_it_is_told_to,
    a_wait_that_is_told_begins_between_receipt_and_now,
];

const BATCH: &str = "/api/v1/tthc/dossiers/batch?on_conflict=update";

/// A dossier that has waited for papers since 10 November; answers its path.
async fn asked(client: &Client, number: u32) -> String {
    let path = at(&client.post(DOSSIERS, &dossier(number)).await.expect(201));
    let request = json!({"at": "2026-11-10T02:00:00Z", "reason": "Bổ sung bản sao giấy chứng sinh."});
    client.post(&format!("{path}/supplement-requests"), &request).await.expect(200);
    path
}

/// When it is due and whether it is in time.
fn outcome(told: &Value) -> [String; 2] {
    [&told["due_on"], &told["timeliness"]].map(|it| it.as_str().unwrap_or("none").to_owned())
}

async fn a_restatement_ends_a_wait_as_a_batch_does(app: TestApp) {
    let admin = catalogue(&app).await;
    let resolved = "2026-11-11T02:00:00Z";
    let whole = [
        (json!({"status": "resolved", "resolved_at": resolved}), "overdue"),
        (
            json!({"status": "returned", "resolved_at": resolved, "returned_at": "2026-11-20T02:00:00Z"}),
            "overdue",
        ),
        (json!({"status": "refused", "closed_at": resolved}), "none"),
    ];
    for (number, (members, timeliness)) in (1..).step_by(2).zip(whole) {
        let restated = asked(&admin, number).await;
        let reason = with(members.clone(), json!({"reason": "Ghi nhầm trạng thái."}));
        let restated = admin.post(&format!("{restated}/restatement"), &reason).await.expect(200);
        let sent = asked(&admin, number + 1).await;
        admin.post(BATCH, &json!([with(dossier(number + 1), members)])).await.expect(200);
        let sent = admin.get(&sent).await.expect(200);
        // It waited for a working day, and was due before it began to.
        assert_eq!(outcome(&restated), ["2026-11-10", timeliness], "{restated}");
        assert_eq!(outcome(&sent), outcome(&restated), "{sent}");
    }
}

async fn a_restatement_that_tells_no_moment_ends_a_wait_now(app: TestApp) {
    let admin = catalogue(&app).await;
    let path = asked(&admin, 1).await;
    let restated = async |status: &str| {
        let body = json!({"reason": "Ghi nhầm trạng thái.", "status": status});
        admin.post(&format!("{path}/restatement"), &body).await.expect(200)
    };
    let open = restated("processing").await;
    assert_eq!(outcome(&open), ["2026-11-20", "overdue"], "nine working days were waited");
    let waiting = restated("stopped").await;
    assert_eq!(waiting["waiting_since"], "2026-11-23T05:00:00Z");
}

async fn a_due_moment_that_is_sent_back_is_not_stated(app: TestApp) {
    let admin = catalogue(&app).await;
    let procedure = json!({
        "code": "1.000656", "name": "Chứng thực bản sao", "level": "commune",
        "deadlines": [{"value": 8, "unit": "working_hour"}],
    });
    admin.post("/api/v1/tthc/procedures", &procedure).await.expect(201);
    let of_hours = |number: u32, members: Value| {
        with(with(dossier(number), json!({"procedure_code": "1.000656"})), members)
    };
    // Eight office hours end at twenty to ten on Tuesday.
    let due = json!({"due_at": "2026-11-03T02:40:00Z"});
    let resolved = async |path: &str| {
        let at = json!({"at": "2026-11-03T02:41:00Z"});
        let told = admin.post(&format!("{path}/resolution"), &at).await.expect(200);
        told["timeliness"].as_str().unwrap().to_owned()
    };
    let made = admin.post(DOSSIERS, &of_hours(1, json!({}))).await;
    let (path, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["due_at"], due["due_at"]);
    admin.put(&path, &etag, &of_hours(1, due.clone())).await.expect(200);
    assert_eq!(resolved(&path).await, "overdue", "by a minute");
    let path = at(&admin.post(DOSSIERS, &of_hours(2, json!({}))).await.expect(201));
    let report = admin.post(BATCH, &json!([of_hours(2, due.clone())])).await.expect(200);
    assert_eq!(report["unchanged"], 1, "{report}");
    assert_eq!(resolved(&path).await, "overdue");
    let path = at(&admin.post(DOSSIERS, &of_hours(3, json!({}))).await.expect(201));
    let csv = "code,procedure_code,receiving_unit_code,channel,received_at,due_at,owner.kind,owner.name\n\
        H13.44-261102-0003,1.000656,31396,online,2026-11-02T02:10:00Z,2026-11-03T09:40:00+07:00,citizen,Người nộp thử\n";
    let file = Some(("text/csv", csv.as_bytes().to_vec()));
    let import = format!("{DOSSIERS}/import?on_conflict=update");
    let report = admin.send("POST", &import, file).await.expect(200);
    assert_eq!(report["updated"], 1, "the owner's number is gone: {report}");
    assert_eq!(resolved(&path).await, "overdue");
    // A wait moves it as it does one that is not sent back.
    let waiting = of_hours(4, json!({"status": "awaiting_supplement"}));
    let path = at(&admin.post(DOSSIERS, &waiting).await.expect(201));
    let came = json!({"status": "processing", "source_updated_at": "2026-11-03T02:00:00Z"});
    admin.post(BATCH, &json!([with(of_hours(4, due.clone()), came)])).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200)["due_at"], "2026-11-04T02:40:00Z");
    // Another moment is stated, and so is this one of what was received at another time.
    let others = [
        json!({"due_at": "2026-11-03T02:35:00Z"}),
        with(due, json!({"received_at": "2026-11-02T02:00:00Z"})),
    ];
    for (number, other) in (5..).zip(others) {
        let path = at(&admin.post(DOSSIERS, &of_hours(number, json!({}))).await.expect(201));
        admin.post(BATCH, &json!([of_hours(number, other)])).await.expect(200);
        assert_eq!(resolved(&path).await, "on_time", "by the day");
    }
}

async fn what_waits_since_receipt_goes_with_a_corrected_receipt(app: TestApp) {
    let admin = catalogue(&app).await;
    let waiting = json!({"status": "awaiting_supplement"});
    let received = json!({"received_at": "2026-11-09T02:10:00Z"});
    let came = json!({"at": "2026-11-12T02:00:00Z"});
    let first = async |number: u32| {
        let made = admin.post(DOSSIERS, &with(dossier(number), waiting.clone())).await;
        assert_eq!(made.json()["waiting_since"], "2026-11-02T02:10:00Z");
        (made.header("location"), made.etag())
    };
    let (patched, etag) = first(1).await;
    let told = admin.patch(&patched, &etag, &received).await.expect(200);
    assert_eq!(told["waiting_since"], "2026-11-09T02:10:00Z");
    // Whoever sends back what they read corrects it as well.
    let (replaced, etag) = first(2).await;
    let read =
        with(with(waiting.clone(), received.clone()), json!({"waiting_since": "2026-11-02T02:10:00Z"}));
    let told = admin.put(&replaced, &etag, &with(dossier(2), read)).await.expect(200);
    assert_eq!(told["waiting_since"], "2026-11-09T02:10:00Z");
    for path in [patched, replaced] {
        let told = admin.post(&format!("{path}/supplements"), &came).await.expect(200);
        assert_eq!(told["due_on"], "2026-11-19", "it waited from the 9th to the 12th: {told}");
    }
    // So does one that has waited already.
    let (path, _) = first(3).await;
    let etag = admin.post(&format!("{path}/supplements"), &came).await.etag();
    let told = admin.patch(&path, &etag, &received).await.expect(200);
    assert_eq!(told["due_on"], "2026-11-19", "{told}");
}

async fn a_wait_begins_when_it_is_told_to(app: TestApp) {
    let admin = catalogue(&app).await;
    let since = |since: &str| json!({"status": "awaiting_supplement", "waiting_since": since});
    let told = since("2026-11-05T02:00:00Z");
    let made = admin.post(DOSSIERS, &with(dossier(1), told.clone())).await;
    let (path, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["waiting_since"], told["waiting_since"]);
    // A corrected receipt does not move it, nor does what says nothing of it.
    let received = json!({"received_at": "2026-11-03T02:10:00Z", "fee_vnd": 8_000});
    let patched = admin.patch(&path, &etag, &received).await;
    let etag = patched.etag();
    assert_eq!(patched.expect(200)["waiting_since"], told["waiting_since"]);
    let late = admin.patch(&path, &etag, &json!({"received_at": "2026-11-06T02:10:00Z"})).await;
    assert_eq!(late.faults(422, "invalid"), ["/waiting_since"]);
    let line = |members: Value| with(with(dossier(1), received.clone()), members);
    for members in [told.clone(), json!({"status": "awaiting_supplement"})] {
        let report = admin.post(BATCH, &json!([line(members)])).await.expect(200);
        assert_eq!(report["unchanged"], 1, "{report}");
    }
    let corrected = since("2026-11-04T02:00:00Z");
    admin.post(BATCH, &json!([line(corrected.clone())])).await.expect(200);
    let read = admin.get(&path).await;
    let etag = read.etag();
    assert_eq!(read.expect(200)["waiting_since"], corrected["waiting_since"]);
    let came = json!({"status": "processing", "source_updated_at": "2026-11-10T02:00:00Z"});
    let went_on = admin.patch(&path, &etag, &came).await.expect(200);
    // Five working days from the 3rd are over on the 10th; four were waited.
    assert_eq!((&went_on["due_on"], &went_on["waiting_since"]), (&json!("2026-11-16"), &json!(null)));
    // The next wait begins behind this one.
    let next = |since: &str| line(json!({"status": "stopped", "waiting_since": since}));
    let early = admin.post(BATCH, &json!([next("2026-11-09T02:00:00Z")])).await.problem(422, "invalid");
    assert_eq!(early["errors"][0]["code"], "before_last_step", "{early}");
    admin.post(BATCH, &json!([next("2026-11-12T02:00:00Z")])).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200)["waiting_since"], "2026-11-12T02:00:00Z");
}

async fn a_wait_that_is_told_begins_between_receipt_and_now(app: TestApp) {
    let admin = catalogue(&app).await;
    for (status, since, code) in [
        ("awaiting_payment", "2026-11-02T02:00:00Z", "before_received"),
        ("stopped", "2026-11-23T06:00:00Z", "in_future"),
        ("processing", "2026-11-05T02:00:00Z", "not_in_status"),
    ] {
        let body = with(dossier(1), json!({"status": status, "waiting_since": since}));
        let refused = admin.post(DOSSIERS, &body).await.problem(422, "invalid");
        let fault = &refused["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/waiting_since"), &json!(code)),
            "{refused}"
        );
    }
}
