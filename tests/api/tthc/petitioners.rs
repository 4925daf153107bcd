//! Who sent feedback: sealed, masked, and erased on order.

use diesel::prelude::*;
use kernel::audit::chain::{Verdict, verify};
use kernel::auth::keys::KeyRing;
use kernel::db::schema::{attachments, citizen_feedback, idempotency_keys};
use serde_json::{Value, json};
use tthc::feedback::reseal::reseal;

use super::dossiers::with;
use super::erasure::{order, who_sees_all};
use super::feedback::{FEEDBACK, feedback};
use crate::attachments::{pdf, send};
use crate::sheets::{XLSX, records};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_petitioner_is_masked_unless_the_token_says_otherwise,
    nobody_need_say_who_they_are,
    no_list_as_a_whole_and_no_entry_names_a_petitioner,
    a_masked_petitioner_does_not_take_the_place_of_the_true_one,
    what_is_wrong_with_a_petitioner_is_told,
    a_petitioner_comes_in_a_table,
    a_petitioner_is_sealed_and_sealed_anew,
    a_petitioner_is_erased_on_order,
    an_erased_petitioner_does_not_come_back,
    an_order_is_named_and_only_an_administrator_erases,
    feedback_that_was_deleted_leaves_nobody_behind,
];

/// Whatever must not be seen of the petitioner.
const TRACES: [&str; 4] = ["Nguyễn", "012345678901", "09000000", "Hùng Vương"];

fn petitioner() -> Value {
    json!({"kind": "citizen", "name": "Nguyễn Thị Thử", "id_number": "012345678901", "phone": "0900000012",
        "address": "12 đường Hùng Vương"})
}

fn masked() -> Value {
    json!({"kind": "citizen", "name": "N***** T** T**", "id_number": "************", "phone": "********12",
        "address": "***"})
}

fn nobody() -> Value {
    json!({"kind": "citizen", "name": null, "id_number": null, "phone": null, "address": null})
}

fn sent(number: &str) -> Value {
    with(feedback(number, "2026-11-16"), json!({"petitioner": petitioner()}))
}

async fn made(client: &Client, body: &Value) -> String {
    let answer = client.post(FEEDBACK, body).await;
    let place = answer.header("location");
    answer.expect(201);
    place
}

#[track_caller]
fn tells_nobody(text: &str) {
    assert!(!TRACES.iter().any(|trace| text.contains(trace)), "{text}");
}

async fn a_petitioner_is_masked_unless_the_token_says_otherwise(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let answer = clerk.post(FEEDBACK, &sent("0001")).await;
    let place = answer.header("location");
    assert_eq!(answer.expect(201)["petitioner"], masked(), "a write answers masked");
    let inspector = app.person("thanhtra", "inspector", "92").await;
    for reader in [&clerk, &admin, &inspector] {
        assert_eq!(reader.get(&place).await.expect(200)["petitioner"], masked());
        assert_eq!(reader.get(FEEDBACK).await.expect(200)["items"][0]["petitioner"], masked());
    }
    let clear = app.sign_in_for("xa.hiephung", "tthc:write tthc:personal").await;
    assert_eq!(clear.get(&place).await.expect(200)["petitioner"], petitioner());
    assert_eq!(clear.get(FEEDBACK).await.expect(200)["items"][0]["petitioner"], petitioner());
    let answer = json!({"answer_number": "06/BPTN&TKQ-HC"});
    let told = clear.post(&format!("{place}/answer"), &answer).await.expect(200);
    assert_eq!(told["petitioner"], masked(), "a step too, whatever the token says");
    app.seal().await;
    let id = place.rsplit('/').next().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 2, "each time it was shown: {journal}");
    let feed = admin.get("/api/v1/exchange/changes?types=citizen_feedback").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 2, "who looked did not change it: {feed}");
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "tthc:read tthc:personal").await;
    neighbour.get(&place).await.problem(404, "not-found");
}

async fn nobody_need_say_who_they_are(app: TestApp) {
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let place = made(&clerk, &feedback("0001", "2026-11-16")).await;
    let clear = app.sign_in_for("xa.hiephung", "tthc:read tthc:personal").await;
    assert_eq!(clear.get(&place).await.expect(200)["petitioner"], json!(null));
    app.seal().await;
    let id = place.rsplit('/').next().unwrap();
    let journal = app.admin().await.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let actions: Vec<_> = journal["items"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions, ["create"], "nobody was seen");
    let etag = clerk.get(&place).await.etag();
    let told = clerk.patch(&place, &etag, &json!({"petitioner": petitioner()})).await;
    let etag = told.etag();
    assert_eq!(told.expect(200)["petitioner"], masked());
    let withdrawn = clerk.patch(&place, &etag, &json!({"petitioner": null})).await.expect(200);
    assert_eq!(withdrawn["petitioner"], json!(null));
}

async fn no_list_as_a_whole_and_no_entry_names_a_petitioner(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &sent("0001")).await;
    let clear = who_sees_all(&app).await;
    for form in ["text/csv", "application/x-ndjson"] {
        let whole = clear.with("accept", form).get(FEEDBACK).await;
        assert!(whole.text().contains("N***** T** T**"), "{form}: {}", whole.text());
        tells_nobody(&whole.text());
    }
    let sheet = records(&clear.with("accept", XLSX).get(FEEDBACK).await.bytes);
    assert_eq!(sheet[0]["petitioner.address"], "***");
    tells_nobody(&format!("{sheet:?}"));
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit").await.expect(200).to_string();
    tells_nobody(&journal);
    assert!(!journal.contains("N*****"), "not even masked: {journal}");
    let feed = admin.get("/api/v1/exchange/changes?types=citizen_feedback").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
    tells_nobody(&feed.to_string());
}

async fn a_masked_petitioner_does_not_take_the_place_of_the_true_one(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &sent("0001")).await;
    let etag = admin.get(&place).await.etag();
    let stars = json!({"kind": "citizen", "name": "N***** T** T**"});
    let back = with(sent("0001"), json!({"petitioner": stars}));
    let refused = admin.put(&place, &etag, &back).await.problem(422, "invalid");
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/petitioner/name"), &json!("masked")));
    let address = with(petitioner(), json!({"address": "***"}));
    let refused = admin.patch(&place, &etag, &json!({"petitioner": address})).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/petitioner/address");
    let batch = admin.post(&format!("{FEEDBACK}/batch?on_conflict=update"), &json!([back])).await;
    assert_eq!(batch.problem(422, "invalid")["errors"][0]["code"], "masked");
    assert_eq!(admin.get(&place).await.etag(), etag, "nothing was written");
    // Whoever sees nobody changes the rest, and the petitioner stays.
    admin.patch(&place, &etag, &json!({"class": "rule"})).await.expect(200);
    admin.post(&format!("{place}/answer"), &json!({"answer_number": "06/UBND"})).await.expect(200);
    assert_eq!(who_sees_all(&app).await.get(&place).await.expect(200)["petitioner"], petitioner());
}

async fn what_is_wrong_with_a_petitioner_is_told(app: TestApp) {
    let admin = app.admin().await;
    let wrong = [
        (json!({"id_number": "12345678901"}), "/petitioner/id_number"),
        (json!({"id_number": "0123456789"}), "/petitioner/id_number"),
        (json!({"phone": "gọi bà A"}), "/petitioner/phone"),
        (json!({"name": " "}), "/petitioner/name"),
    ];
    for (members, pointer) in wrong {
        let body = with(sent("0001"), json!({"petitioner": with(petitioner(), members)}));
        let refused = admin.post(FEEDBACK, &body).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        tells_nobody(&refused.to_string());
    }
    let enterprise = json!({"kind": "enterprise", "name": "Công ty Thử", "id_number": "0123456789"});
    admin.post(FEEDBACK, &with(sent("0001"), json!({"petitioner": enterprise}))).await.expect(201);
}

async fn a_petitioner_comes_in_a_table(app: TestApp) {
    let admin = app.admin().await;
    let csv = "org_unit_code,code,channel,class,content,received_at,petitioner.kind,petitioner.name,petitioner.address\n\
        31396,PAKN.20261005.0003,hotline,rule,Quy định chưa rõ,2026-10-05T09:00:00+07:00,công dân,Nguyễn Thị Thử,12 đường Hùng Vương\n\
        31396,PAKN.20261005.0004,hotline,rule,Quy định chưa rõ,2026-10-05T09:00:00+07:00,,,\n";
    let file = || Some(("text/csv", csv.as_bytes().to_vec()));
    let report = admin.send("POST", &format!("{FEEDBACK}/import"), file()).await.expect(200);
    assert_eq!(report["created"], 2, "{report}");
    let clear = who_sees_all(&app).await;
    let told = clear.get(&format!("{FEEDBACK}?sort=received_at")).await.expect(200);
    let names: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|it| &it["petitioner"]["name"]).collect();
    assert_eq!(names, [&json!("Nguyễn Thị Thử"), &json!(null)]);
    let again = format!("{FEEDBACK}/import?on_conflict=update");
    let report = admin.send("POST", &again, file()).await.expect(200);
    assert_eq!(report["unchanged"], 2, "who is told alike stays as they are sealed: {report}");
}

async fn a_petitioner_is_sealed_and_sealed_anew(app: TestApp) {
    let admin = app.admin().await;
    made(&admin, &sent("0001")).await;
    made(&admin, &feedback("0002", "2026-11-16")).await;
    let sealed = || -> Vec<String> {
        let of_all = citizen_feedback::table.select(citizen_feedback::petitioner);
        let rows: Vec<Option<String>> = of_all.load(&mut app.connect()).unwrap();
        rows.into_iter().flatten().collect()
    };
    let before = sealed();
    assert_eq!(before.len(), 1);
    tells_nobody(&before[0]);
    let now = app.state.now();
    let mut ring = KeyRing::from_document(app.state.keys().to_document().unwrap().expose()).unwrap();
    ring.rotate_personal(now, 60).unwrap();
    let ring = KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
    let ring = std::sync::Arc::new(ring);
    assert_eq!(reseal(&app.state.db, ring.clone(), now).await.unwrap(), 0, "not before it is served");
    let later = now.plus_seconds(60);
    assert_eq!(reseal(&app.state.db, ring.clone(), later).await.unwrap(), 1);
    let after = sealed();
    assert!(before[0].starts_with("1.") && after[0].starts_with("2."), "{before:?} {after:?}");
    assert_eq!(reseal(&app.state.db, ring, later).await.unwrap(), 0, "once");
}

async fn a_petitioner_is_erased_on_order(app: TestApp) {
    let admin = app.admin().await;
    let once = |key: &str| admin.with("idempotency-key", key);
    let place = made(&once("gui"), &sent("0001")).await;
    let file = pdf("Đơn của Nguyễn Thị Thử.pdf");
    let attached = send(&once("tep"), &place, &file).await.header("location");
    app.seal().await;
    let since = admin.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();

    let erased = once("xoa").post(&format!("{place}/erasure"), &order()).await.expect(200);
    assert_eq!((&erased["petitioner"], &erased["version"]), (&nobody(), &json!(2)));
    assert_eq!(erased["erased_at"], "2026-11-23T05:00:00Z");
    assert_eq!(once("xoa").post(&format!("{place}/erasure"), &order()).await.expect(200), erased);
    once("gui").post(FEEDBACK, &sent("0001")).await.problem(409, "personal-data-erased");
    send(&once("tep"), &place, &file).await.problem(409, "personal-data-erased");
    send(&admin, &place, &file).await.problem(409, "personal-data-erased");
    admin.get(&attached).await.problem(404, "not-found");
    let clear = who_sees_all(&app).await;
    assert_eq!(clear.get(&place).await.expect(200)["petitioner"], nobody());

    let mut conn = app.connect();
    let held: Vec<Option<String>> =
        citizen_feedback::table.select(citizen_feedback::petitioner).load(&mut conn).unwrap();
    assert_eq!(held, [None]);
    let names: Vec<(String, Option<String>)> =
        attachments::table.select((attachments::name, attachments::description)).load(&mut conn).unwrap();
    assert_eq!(names, [(String::new(), None)]);
    app.seal().await;
    let feed = format!("/api/v1/exchange/changes?types=citizen_feedback&since={}", since.as_str().unwrap());
    let feed = admin.get(&feed).await.expect(200);
    assert_eq!(
        (&feed["items"][0]["kind"], &feed["items"][0]["id"]),
        (&json!("erase_personal"), &erased["id"])
    );
    let id = erased["id"].as_str().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let entry = &journal["items"][0];
    assert_eq!(entry["action"], "erase_personal");
    assert_eq!(entry["content"]["erasure"], order());
    tells_nobody(&journal.to_string());
    assert!(matches!(verify(&mut conn).unwrap(), Verdict::Sound { .. }));
}

async fn an_erased_petitioner_does_not_come_back(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &sent("0001")).await;
    admin.post(&format!("{place}/erasure"), &order()).await.expect(200);
    admin.post(&format!("{place}/erasure"), &order()).await.problem(409, "personal-data-erased");
    let etag = async || admin.get(&place).await.etag();
    for told in [petitioner(), json!(null)] {
        let patch = json!({"petitioner": told});
        admin.patch(&place, &etag().await, &patch).await.problem(409, "personal-data-erased");
    }
    let patched = admin.patch(&place, &etag().await, &json!({"class": "rule"})).await.expect(200);
    assert_eq!((&patched["class"], &patched["petitioner"]), (&json!("rule"), &nobody()));
    // A system that knows nothing of the erasure sends the feedback on.
    let put = admin.put(&place, &etag().await, &sent("0001")).await.expect(200);
    assert_eq!((&put["class"], &put["petitioner"]), (&json!("conduct"), &nobody()));
    let batch = format!("{FEEDBACK}/batch?on_conflict=update");
    let on = with(sent("0001"), json!({"channel": "hotline"}));
    assert_eq!(admin.post(&batch, &json!([on])).await.expect(200)["updated"], 1);
    let answered = admin.post(&format!("{place}/answer"), &json!({"answer_number": "06/UBND"})).await;
    let answered = answered.expect(200);
    assert_eq!((&answered["channel"], &answered["petitioner"]), (&json!("hotline"), &nobody()));
    let held: Vec<Option<String>> =
        citizen_feedback::table.select(citizen_feedback::petitioner).load(&mut app.connect()).unwrap();
    assert_eq!(held, [None]);
}

async fn an_order_is_named_and_only_an_administrator_erases(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let place = made(&clerk, &sent("0001")).await;
    let path = format!("{place}/erasure");
    clerk.post(&path, &order()).await.problem(403, "forbidden");
    let elsewhere = app.person("quantri.tanbinh", "admin", "31399").await;
    elsewhere.post(&path, &order()).await.problem(404, "not-found");
    let unnamed = with(order(), json!({"order_number": "theo yêu cầu"}));
    let refused = admin.post(&path, &unnamed).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/order_number");
    admin.with("if-match", "\"cu\"").post(&path, &order()).await.problem(412, "precondition-failed");
    let own = app.person("quantri.hiephung", "admin", "31396").await;
    own.post(&path, &order()).await.expect(200);
}

async fn feedback_that_was_deleted_leaves_nobody_behind(app: TestApp) {
    let admin = app.admin().await;
    let once = admin.with("idempotency-key", "nham");
    let place = made(&once, &sent("0001")).await;
    send(&admin, &place, &pdf("Đơn của Nguyễn Thị Thử.pdf")).await.expect(201);
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let mut conn = app.connect();
    let held: Vec<Option<String>> =
        citizen_feedback::table.select(citizen_feedback::petitioner).load(&mut conn).unwrap();
    assert_eq!(held, [None]);
    let names: Vec<String> = attachments::table.select(attachments::name).load(&mut conn).unwrap();
    assert_eq!(names, [""]);
    let answers: Vec<String> =
        idempotency_keys::table.select(idempotency_keys::answer).load(&mut conn).unwrap();
    assert_eq!(answers, [""], "nor in the answers that were kept");
    let again = once.post(FEEDBACK, &sent("0001")).await.problem(409, "personal-data-erased");
    assert!(again["detail"].as_str().unwrap().contains("hoặc bản ghi đã bị xóa"), "{again}");
}
