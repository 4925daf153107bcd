//! Erasing the personal data of a dossier on order: what goes, what stays, and that nothing comes back.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kernel::audit::chain::{Verdict, verify};
use kernel::db::Location;
use kernel::db::schema::{attachments, content_removals, dossiers};
use serde_json::{Value, json};

use super::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::attachments::{PDF, pdf, send};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_people_of_a_dossier_are_erased_and_its_figures_stay,
    what_is_kept_beside_a_dossier_is_erased_too,
    nothing_of_erased_people_is_left_in_the_file,
    erased_people_do_not_come_back,
    an_order_is_named_and_only_an_administrator_erases,
    who_was_deleted_leaves_nobody_behind,
];

const FORM: &str =
    "/api/v1/reporting/forms/06a?source=records&from=2026-11-01&to=2026-11-23&org_unit_code=31396";

pub fn order() -> Value {
    json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."})
}

fn at(made: &Value) -> String {
    format!("{DOSSIERS}/{}", made["id"].as_str().unwrap())
}

fn nobody() -> Value {
    json!({"kind": "citizen", "name": null, "id_number": null, "phone": null})
}

/// A dossier that someone else handed in.
fn handed_in(number: u32) -> Value {
    with(
        dossier(number),
        json!({"submitter": {"kind": "citizen", "name": "Người nộp thay", "id_number": "098765432109"}}),
    )
}

pub async fn who_sees_all(app: &TestApp) -> Client {
    app.sign_in_for("admin", "tthc:write tthc:personal").await
}

async fn the_people_of_a_dossier_are_erased_and_its_figures_stay(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &handed_in(1)).await.expect(201);
    admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    let path = at(&made);
    let before = admin.get(FORM).await.expect(200)["totals"].clone();
    app.seal().await;
    let since = admin.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();

    let erased = admin.post(&format!("{path}/erasure"), &order()).await.expect(200);
    assert_eq!((&erased["owner"], &erased["submitter"]), (&nobody(), &nobody()));
    assert_eq!(erased["erased_at"], "2026-11-23T05:00:00Z");
    assert_eq!((&erased["version"], &erased["due_on"]), (&json!(2), &made["due_on"]));
    assert_eq!(admin.get(FORM).await.expect(200)["totals"], before, "not a figure has moved");
    let clear = who_sees_all(&app).await;
    assert_eq!(clear.get(&path).await.expect(200)["owner"], nobody());
    for number in ["012345678901", "098765432109"] {
        let search = json!({"id_number": number});
        let found = clear.post(&format!("{DOSSIERS}/searches"), &search).await.expect(200);
        let found = found["items"].as_array().unwrap();
        assert!(found.iter().all(|it| it["id"] != made["id"]), "{number} finds it no more");
    }
    let lookup = json!({"code": made["code"], "id_last4": "8901"});
    app.anonymous().post("/api/v1/public/dossier-lookups", &lookup).await.problem(404, "not-found");

    app.seal().await;
    let since = since.as_str().unwrap();
    let feed = admin.get(&format!("/api/v1/exchange/changes?types=dossier&since={since}")).await.expect(200);
    let told = &feed["items"][0];
    assert_eq!((&told["kind"], &told["id"]), (&json!("erase_personal"), &made["id"]), "{feed}");
    let history = admin.get(&format!("{path}/history")).await.expect(200);
    let last = &history["items"][1];
    assert_eq!((&last["kind"], &last["action"]), (&json!("erasure"), &json!("erase_personal")));
    assert_eq!(last["order_number"], "12/QĐ-UBND");
    let id = made["id"].as_str().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200).to_string();
    assert!(
        !journal.contains("N****") && !journal.contains("*12\""),
        "nobody's name, masked or not: {journal}"
    );
    assert!(matches!(verify(&mut app.connect()).unwrap(), Verdict::Sound { .. }));
}

async fn what_is_kept_beside_a_dossier_is_erased_too(app: TestApp) {
    let admin = catalogue(&app).await;
    let once = |key: &str| admin.with("idempotency-key", key);
    let made = once("lap-ho-so").post(DOSSIERS, &dossier(1)).await.expect(201);
    let other = once("ho-so-khac").post(DOSSIERS, &dossier(2)).await.expect(201);
    let path = at(&made);
    let step = format!("{path}/extensions");
    let apology = json!({"rescheduled_to": "2026-11-30", "apology": "Xin lỗi vì trả kết quả chậm."});
    once("hen-lai").post(&step, &apology).await.expect(200);
    let file = pdf("Đơn của Người nộp thử.pdf");
    let gone = send(&once("tep-cu"), &path, &file).await;
    assert_eq!(admin.delete(&gone.header("location"), &gone.etag()).await.status, 204);
    let kept = send(&once("tep-moi"), &path, &file).await.header("location");
    assert_eq!(who_sees_all(&app).await.get(&format!("{kept}/content")).await.bytes, PDF);

    let erased = once("xoa").post(&format!("{path}/erasure"), &order()).await.expect(200);
    admin.get(&kept).await.problem(404, "not-found");
    let again = once("xoa").post(&format!("{path}/erasure"), &order()).await;
    assert_eq!(again.expect(200), erased, "the erasure itself may be asked for again");
    once("lap-ho-so").post(DOSSIERS, &dossier(1)).await.problem(409, "personal-data-erased");
    once("hen-lai").post(&step, &apology).await.problem(409, "personal-data-erased");
    send(&once("tep-cu"), &path, &file).await.problem(409, "personal-data-erased");
    assert_eq!(
        once("ho-so-khac").post(DOSSIERS, &dossier(2)).await.expect(201),
        other,
        "no other is touched"
    );

    let mut conn = app.connect();
    let names: Vec<(String, Option<String>)> =
        attachments::table.select((attachments::name, attachments::description)).load(&mut conn).unwrap();
    assert_eq!(names, [(String::new(), None), (String::new(), None)]);
    let removed = kernel::attachments::removals::sweep(&app.state, app.state.now()).await.unwrap();
    assert_eq!(removed, 2, "the content of both goes now, and not in some days");
    let left: i64 = content_removals::table.count().get_result(&mut conn).unwrap();
    assert_eq!(left, 0);
    app.seal().await;
    assert!(matches!(verify(&mut conn).unwrap(), Verdict::Sound { .. }));
}

async fn nothing_of_erased_people_is_left_in_the_file(app: TestApp) {
    let Location::Sqlite(file) = app.database.location.clone() else { return };
    let admin = catalogue(&app).await;
    let made = admin.with("idempotency-key", "mot").post(DOSSIERS, &handed_in(1)).await.expect(201);
    admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    send(&admin, &at(&made), &pdf("Don cua nguoi nop thu.pdf")).await.expect(201);
    let mut conn = app.connect();
    let people: (Option<String>, Option<String>, Option<String>) = dossiers::table
        .find(made["id"].as_str().unwrap())
        .select((dossiers::owner, dossiers::submitter, dossiers::submitter_digest))
        .first(&mut conn)
        .unwrap();
    let answer: String = kernel::db::schema::idempotency_keys::table
        .select(kernel::db::schema::idempotency_keys::answer)
        .first(&mut conn)
        .unwrap();
    let traces =
        [people.0.unwrap(), people.1.unwrap(), people.2.unwrap(), answer, "Don cua nguoi nop thu".into()];
    let mut found = || {
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let is_there = |trace: &String| bytes.windows(trace.len()).any(|part| part == trace.as_bytes());
        traces.iter().map(is_there).collect::<Vec<_>>()
    };
    assert_eq!(found(), [true; 5]);
    admin.post(&format!("{}/erasure", at(&made)), &order()).await.expect(200);
    assert_eq!(found(), [false; 5]);
}

async fn erased_people_do_not_come_back(app: TestApp) {
    let admin = catalogue(&app).await;
    let body = with(handed_in(1), json!({"status": "registered"}));
    let made = admin.post(DOSSIERS, &body).await.expect(201);
    let path = at(&made);
    admin.post(&format!("{path}/erasure"), &order()).await.expect(200);
    admin.post(&format!("{path}/erasure"), &order()).await.problem(409, "personal-data-erased");
    admin.post(&format!("{path}/acceptance"), &json!({"at": "2026-11-03T02:00:00Z"})).await.expect(200);
    let clear = who_sees_all(&app).await;
    let etag = || async { admin.get(&path).await.etag() };

    let someone = json!({"owner": {"kind": "enterprise", "name": "Người nộp thử"}});
    admin.patch(&path, &etag().await, &someone).await.problem(409, "personal-data-erased");
    admin.patch(&path, &etag().await, &json!({"submitter": null})).await.problem(409, "personal-data-erased");
    let paid = admin.patch(&path, &etag().await, &json!({"fee_vnd": 8000})).await.expect(200);
    assert_eq!((&paid["fee_vnd"], &paid["owner"], &paid["submitter"]), (&json!(8000), &nobody(), &nobody()));

    // A system that knows nothing of the erasure sends the dossier on.
    let whole = with(handed_in(1), json!({"received_at": "2026-11-03T02:00:00Z", "status": "processing"}));
    let put = admin.put(&path, &etag().await, &whole).await.expect(200);
    assert_eq!((&put["status"], &put["owner"]), (&json!("processing"), &nobody()));
    let resolved = with(whole, json!({"status": "resolved", "resolved_at": "2026-11-05T02:00:00Z"}));
    let batch = format!("{DOSSIERS}/batch?on_conflict=update");
    admin.post(&batch, &json!([resolved])).await.expect(200);
    let now = clear.get(&path).await.expect(200);
    assert_eq!(
        (&now["status"], &now["owner"], &now["submitter"]),
        (&json!("resolved"), &nobody(), &nobody())
    );
    send(&admin, &path, &pdf("Đơn.pdf")).await.problem(409, "personal-data-erased");
    let mut conn = app.connect();
    let digests: Vec<Option<String>> =
        dossiers::table.select(dossiers::owner_digest).load(&mut conn).unwrap();
    assert_eq!(digests, [None]);
}

async fn an_order_is_named_and_only_an_administrator_erases(app: TestApp) {
    let admin = catalogue(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let made = clerk.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = format!("{}/erasure", at(&made));
    clerk.post(&path, &order()).await.problem(403, "forbidden");
    let elsewhere = app.person("quantri.canthoi", "admin", "31399").await;
    elsewhere.post(&path, &order()).await.problem(404, "not-found");
    let unnamed = with(order(), json!({"order_number": "theo yêu cầu"}));
    let refused = admin.post(&path, &unnamed).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/order_number");
    admin.with("if-match", "\"cu\"").post(&path, &order()).await.problem(412, "precondition-failed");
    let own = app.person("quantri.hiephung", "admin", "31396").await;
    own.post(&path, &order()).await.expect(200);
}

async fn who_was_deleted_leaves_nobody_behind(app: TestApp) {
    let admin = catalogue(&app).await;
    let once = admin.with("idempotency-key", "nham");
    let made = once.post(DOSSIERS, &handed_in(1)).await.expect(201);
    let path = at(&made);
    send(&admin, &path, &pdf("Đơn của Người nộp thử.pdf")).await.expect(201);
    let etag = admin.get(&path).await.etag();
    assert_eq!(admin.delete(&path, &etag).await.status, 204);
    let mut conn = app.connect();
    let people: Vec<(Option<String>, Option<String>)> =
        dossiers::table.select((dossiers::owner, dossiers::submitter_digest)).load(&mut conn).unwrap();
    assert_eq!(people, [(None, None)]);
    let names: Vec<String> = attachments::table.select(attachments::name).load(&mut conn).unwrap();
    assert_eq!(names, [""]);
    let answers: Vec<String> = kernel::db::schema::idempotency_keys::table
        .select(kernel::db::schema::idempotency_keys::answer)
        .load(&mut conn)
        .unwrap();
    assert_eq!(answers, [""], "nor in the answers that were kept");
    once.post(DOSSIERS, &handed_in(1)).await.problem(409, "personal-data-erased");
}
