//! Officials: sealed, masked, counted, and erased on order.

use civil_service::officials::reseal::reseal;
use diesel::prelude::*;
use kernel::audit::chain::{Verdict, verify};
use kernel::auth::keys::KeyRing;
use kernel::db::schema::{attachments, idempotency_keys, officials};
use serde_json::{Value, json};

use super::ROOM;
use super::official_lists::{MONDAY, import};
use crate::attachments::{pdf, send};
use crate::sheets::{XLSX, records};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    who_comes_to_another_province_with_the_unit_stays_one,
    an_official_whom_a_decision_names_keeps_the_code_and_stays,
    who_moves_is_the_same_official,
    an_official_is_masked_unless_the_token_says_otherwise,
    no_list_as_a_whole_and_no_entry_names_an_official,
    a_masked_official_does_not_take_the_place_of_the_true_one,
    an_official_is_found_by_their_number,
    what_is_wrong_with_an_official_is_told,
    officials_are_counted_by_category_and_level,
    an_official_is_sealed_and_sealed_anew,
    an_official_is_erased_on_order,
    who_was_deleted_leaves_nobody_behind,
];

/// Whatever must not be seen of the official.
const TRACES: [&str; 3] = ["Nguyễn", "012345678901", "1990-02-03"];

pub(super) fn collection() -> String {
    format!("{ROOM}/officials")
}

pub(super) fn person() -> Value {
    json!({"name": "Nguyễn Thị Thử", "date_of_birth": "1990-02-03", "sex": "female", "id_number": "012345678901"})
}

fn masked() -> Value {
    json!({"name": "N***** T** T**", "date_of_birth": null, "sex": null, "id_number": "************"})
}

pub(super) fn official(code: &str) -> Value {
    json!({
        "org_unit_code": "31396", "employee_code": code, "listed_on": "2026-11-02", "category": "civil_servant",
        "rank_title": "Chuyên viên", "qualification": "bachelor", "person": person(),
    })
}

pub(super) fn with(mut official: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    official.as_object_mut().unwrap().extend(members);
    official
}

pub(super) fn order() -> Value {
    json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."})
}

pub(super) async fn made(client: &Client, body: &Value) -> String {
    let answer = client.post(&collection(), body).await;
    let place = answer.header("location");
    answer.expect(201);
    place
}

pub(super) async fn who_sees_all(app: &TestApp) -> Client {
    app.sign_in_for("admin", "civil_service:write civil_service:personal").await
}

#[track_caller]
pub(super) fn tells_nobody(text: &str) {
    assert!(!TRACES.iter().any(|trace| text.contains(trace)), "{text}");
}

pub(super) fn codes(page: &Value) -> Vec<&str> {
    let mut codes: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|official| official["employee_code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    codes
}

async fn who_moves_is_the_same_official(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let place = made(&clerk, &official("CB-1")).await;
    app.seal().await;
    let since = clerk.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();
    let moved = with(official("CB-1"), json!({"org_unit_code": "31399", "listed_on": "2026-11-03"}));
    neighbour.post(&collection(), &moved).await.problem(409, "duplicate");
    let batch = format!("{}/batch?on_conflict=update", collection());
    assert_eq!(admin.post(&batch, &json!([moved])).await.expect(200)["updated"], 1);
    clerk.get(&place).await.problem(404, "not-found");
    assert_eq!(neighbour.get(&place).await.expect(200)["org_unit_code"], "31399");
    app.seal().await;
    let feed = format!("/api/v1/exchange/changes?types=official&since={}", since.as_str().unwrap());
    let feed = clerk.get(&feed).await.expect(200);
    assert_eq!(feed["items"][0]["kind"], "delete", "for the unit that they left: {feed}");
}

async fn an_official_is_masked_unless_the_token_says_otherwise(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let answer = clerk.post(&collection(), &official("CB-1")).await;
    let place = answer.header("location");
    assert_eq!(answer.expect(201)["person"], masked(), "a write answers masked");
    let inspector = app.person("thanhtra", "inspector", "92").await;
    for reader in [&clerk, &admin, &inspector] {
        assert_eq!(reader.get(&place).await.expect(200)["person"], masked());
        assert_eq!(reader.get(&collection()).await.expect(200)["items"][0]["person"], masked());
    }
    let other_domain = app.sign_in_for("xa.hiephung", "civil_service:read tthc:personal").await;
    assert_eq!(other_domain.get(&place).await.expect(200)["person"], masked());
    let clear = app.sign_in_for("xa.hiephung", "civil_service:write civil_service:personal").await;
    assert_eq!(clear.get(&place).await.expect(200)["person"], person());
    assert_eq!(clear.get(&collection()).await.expect(200)["items"][0]["person"], person());
    app.seal().await;
    let id = place.rsplit('/').next().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 2, "each time it was shown: {journal}");
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "civil_service:read civil_service:personal").await;
    neighbour.get(&place).await.problem(404, "not-found");
}

async fn no_list_as_a_whole_and_no_entry_names_an_official(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let clear = who_sees_all(&app).await;
    for form in ["text/csv", "application/x-ndjson"] {
        let whole = clear.with("accept", form).get(&collection()).await;
        assert!(whole.text().contains("N***** T** T**"), "{form}: {}", whole.text());
        tells_nobody(&whole.text());
    }
    let sheet = records(&clear.with("accept", XLSX).get(&collection()).await.bytes);
    assert_eq!(sheet[0]["person.id_number"], "************");
    tells_nobody(&format!("{sheet:?}"));
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit").await.expect(200).to_string();
    tells_nobody(&journal);
    assert!(!journal.contains("N*****"), "not even masked: {journal}");
    let feed = admin.get("/api/v1/exchange/changes?types=official").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
    tells_nobody(&feed.to_string());
}

async fn a_masked_official_does_not_take_the_place_of_the_true_one(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let etag = admin.get(&place).await.etag();
    let back = with(official("CB-1"), json!({"person": {"name": "N***** T** T**"}}));
    assert_eq!(admin.put(&place, &etag, &back).await.faults(422, "invalid"), ["/person/name"]);
    let batch = admin.post(&format!("{}/batch?on_conflict=update", collection()), &json!([back])).await;
    assert_eq!(batch.problem(422, "invalid")["errors"][0]["code"], "masked");
    assert_eq!(admin.get(&place).await.etag(), etag, "nothing was written");
    // Whoever sees nobody changes the rest, and the person stays.
    admin.patch(&place, &etag, &json!({"qualification": "master"})).await.expect(200);
    assert_eq!(who_sees_all(&app).await.get(&place).await.expect(200)["person"], person());
}

async fn an_official_is_found_by_their_number(app: TestApp) {
    let admin = app.admin().await;
    made(&admin, &official("CB-1")).await;
    let other = json!({"name": "Trần Văn Thử", "id_number": "012345678902"});
    made(&admin, &with(official("CB-2"), json!({"org_unit_code": "31399", "person": other}))).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let clear = app.sign_in_for("xa.hiephung", "civil_service:read civil_service:personal").await;
    let path = format!("{}/searches", collection());
    let found = clear.post(&path, &json!({"id_number": "012345678901"})).await.expect(200);
    assert_eq!((codes(&found), &found["items"][0]["person"]), (vec!["CB-1"], &person()));
    let elsewhere = clear.post(&path, &json!({"id_number": "012345678902"})).await.expect(200);
    assert_eq!(codes(&elsewhere), [""; 0], "out of reach");
    admin.post(&path, &json!({"id_number": "012345678901"})).await.problem(403, "forbidden");
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 1, "{journal}");
    tells_nobody(&journal.to_string());
}

async fn what_is_wrong_with_an_official_is_told(app: TestApp) {
    let admin = app.admin().await;
    let wrong = [
        (json!({"person": with(person(), json!({"id_number": "01234567890"}))}), "/person/id_number"),
        (json!({"person": with(person(), json!({"id_number": "0123456789"}))}), "/person/id_number"),
        (json!({"person": with(person(), json!({"name": " "}))}), "/person/name"),
        (json!({"person": person(), "since": "1990-02-03"}), "/person/date_of_birth"),
        (json!({"category": "not_apart"}), "/category"),
        (json!({"until": "2026-10-31"}), "/until"),
        (json!({"employee_code": "CB  1"}), "/employee_code"),
    ];
    for (members, pointer) in wrong {
        let refused =
            admin.post(&collection(), &with(official("CB-1"), members)).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        tells_nobody(&refused.to_string());
    }
    admin.get(&format!("{}?name=x", collection())).await.problem(400, "invalid-parameter");
}

async fn officials_are_counted_by_category_and_level(app: TestApp) {
    let admin = app.admin().await;
    import(&admin, MONDAY).await;
    let cadre =
        json!({"category": "cadre", "qualification": null, "status": "retired", "until": "2026-10-31"});
    made(&admin, &with(official("CB-4"), cadre)).await;
    let summary = |rest: &str| format!("{}/summary?org_unit_code={rest}", collection());
    let of_province = admin.get(&summary("92&scope=subtree")).await.expect(200);
    assert_eq!(
        of_province["rows"],
        json!([
            {"category": "cadre", "qualification": "master", "persons": 1},
            {"category": "civil_servant", "qualification": "bachelor", "persons": 2},
        ])
    );
    assert_eq!(of_province["persons"], 3);
    let retired = admin.get(&summary("31396&status=retired")).await.expect(200);
    assert_eq!(retired["qualifications"], json!([{"qualification": null, "persons": 1}]));
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(clerk.get(&summary("31396")).await.expect(200)["persons"], 2);
    clerk.get(&summary("31399")).await.problem(403, "forbidden");
}

async fn an_official_is_sealed_and_sealed_anew(app: TestApp) {
    let admin = app.admin().await;
    made(&admin, &official("CB-1")).await;
    made(&admin, &with(official("CB-2"), json!({"person": null}))).await;
    let held = || -> Vec<(String, Option<String>)> {
        let of_all = officials::table.select((officials::person, officials::number_digest));
        let rows: Vec<(Option<String>, Option<String>)> = of_all.load(&mut app.connect()).unwrap();
        rows.into_iter().filter_map(|(person, digest)| Some((person?, digest))).collect()
    };
    let before = held();
    assert_eq!(before.len(), 1);
    tells_nobody(&format!("{before:?}"));
    let now = app.state.now();
    let mut ring = KeyRing::from_document(app.state.keys().to_document().unwrap().expose()).unwrap();
    ring.rotate_personal(now, 60).unwrap();
    let ring = KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
    let ring = std::sync::Arc::new(ring);
    assert_eq!(reseal(&app.state.db, ring.clone(), now).await.unwrap(), 0, "not before it is served");
    let later = now.plus_seconds(60);
    assert_eq!(reseal(&app.state.db, ring.clone(), later).await.unwrap(), 1);
    let after = held();
    assert!(before[0].0.starts_with("1.") && after[0].0.starts_with("2."), "{before:?} {after:?}");
    assert_eq!(before[0].1, after[0].1, "the number is found as before");
    assert_eq!(reseal(&app.state.db, ring, later).await.unwrap(), 0, "once");
}

async fn an_official_is_erased_on_order(app: TestApp) {
    let admin = app.admin().await;
    let once = admin.with("idempotency-key", "gui");
    let place = made(&once, &official("CB-1")).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let path = format!("{place}/erasure");
    clerk.post(&path, &order()).await.problem(403, "forbidden");
    let unnamed = with(order(), json!({"order_number": "theo yêu cầu"}));
    assert_eq!(admin.post(&path, &unnamed).await.faults(422, "invalid"), ["/order_number"]);

    let erased = admin.post(&path, &order()).await.expect(200);
    assert_eq!((&erased["person"], &erased["version"]), (&json!(null), &json!(2)));
    assert_eq!(erased["erased_at"], "2026-11-23T05:00:00Z");
    admin.post(&path, &order()).await.problem(409, "personal-data-erased");
    once.post(&collection(), &official("CB-1")).await.problem(409, "personal-data-erased");
    let etag = admin.get(&place).await.etag();
    let patch = json!({"person": person()});
    admin.patch(&place, &etag, &patch).await.problem(409, "personal-data-erased");
    // The list of the next day knows nothing of the erasure.
    let next = with(official("CB-1"), json!({"listed_on": "2026-11-03", "rank_title": "Chuyên viên chính"}));
    let batch = format!("{}/batch?on_conflict=update", collection());
    assert_eq!(admin.post(&batch, &json!([next])).await.expect(200)["updated"], 1);
    let clear = who_sees_all(&app).await;
    let told = clear.get(&place).await.expect(200);
    assert_eq!((&told["person"], &told["rank_title"]), (&json!(null), &json!("Chuyên viên chính")));
    let found =
        clear.post(&format!("{}/searches", collection()), &json!({"id_number": "012345678901"})).await;
    assert_eq!(codes(&found.expect(200)), [""; 0]);

    let mut conn = app.connect();
    let held: Vec<(Option<String>, Option<String>)> =
        officials::table.select((officials::person, officials::number_digest)).load(&mut conn).unwrap();
    assert_eq!(held, [(None, None)]);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200);
    let entries = journal["items"].as_array().unwrap();
    let erasure = entries.iter().find(|it| it["action"] == "erase_personal").unwrap();
    assert_eq!(erasure["content"]["erasure"], order());
    tells_nobody(&journal.to_string());
    assert!(matches!(verify(&mut conn).unwrap(), Verdict::Sound { .. }));
    let own = app.person("quantri.hiephung", "admin", "31396").await;
    let other = made(&own, &official("CB-2")).await;
    own.post(&format!("{other}/erasure"), &order()).await.expect(200);
}

async fn who_was_deleted_leaves_nobody_behind(app: TestApp) {
    let admin = app.admin().await;
    let once = admin.with("idempotency-key", "nham");
    let answer = once.post(&collection(), &official("CB-1")).await;
    let (place, etag) = (answer.header("location"), answer.etag());
    send(&admin, &place, &pdf("Bằng của Nguyễn Thị Thử.pdf")).await.expect(201);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let mut conn = app.connect();
    let held: Vec<(Option<String>, Option<String>)> =
        officials::table.select((officials::person, officials::number_digest)).load(&mut conn).unwrap();
    assert_eq!(held, [(None, None)]);
    let names: Vec<String> = attachments::table.select(attachments::name).load(&mut conn).unwrap();
    assert_eq!(names, [""]);
    let answers: Vec<String> =
        idempotency_keys::table.select(idempotency_keys::answer).load(&mut conn).unwrap();
    assert_eq!(answers, [""], "nor in the answers that were kept");
    let again = once.post(&collection(), &official("CB-1")).await.problem(409, "personal-data-erased");
    assert!(again["detail"].as_str().unwrap().contains("hoặc bản ghi đã bị xóa"), "{again}");
    let again = once.in_english().post(&collection(), &official("CB-1")).await;
    let again = again.problem(409, "personal-data-erased");
    assert!(again["detail"].as_str().unwrap().contains("or the record was deleted"), "{again}");
    assert!(!again["title"].as_str().unwrap().contains("order"), "nobody ordered it: {again}");
    made(&admin, &official("CB-1")).await;
}

/// A unit that is placed under another province takes its officials along.
async fn who_comes_to_another_province_with_the_unit_stays_one(app: TestApp) {
    let admin = who_sees_all(&app).await;
    let units = "/api/v1/organization/org-units";
    let all = app.admin().await;
    let country = all.get(&format!("{units}?kind=country")).await.expect(200)["items"][0]["id"].clone();
    let province = json!({"name": "Hà Nội", "full_name": "Thành phố Hà Nội", "kind": "province", "code": "01",
        "parent_id": country, "valid_from": "2008-08-01"});
    all.post(units, &province).await.expect(201);
    let station = json!({"name": "Trạm Thử", "kind": "public_service_unit", "code": "TRAM", "parent_code": "92",
        "valid_from": "2025-07-01"});
    all.post(units, &station).await.expect(201);
    let of_station = with(official("CB-01"), json!({"org_unit_code": "TRAM"}));
    let place = made(&admin, &of_station).await;
    let unit = format!("{units}/{}", app.unit("TRAM", "2026-11-02"));
    let moved = json!({"valid_from": "2026-11-10", "change_kind": "unchanged", "name": "Trạm Thử",
        "full_name": "Trạm Thử", "kind": "public_service_unit", "code": "TRAM", "parent_code": "01"});
    let etag = all.get(&unit).await.etag();
    let placed = all.with("if-match", &etag).post(&format!("{unit}/versions"), &moved).await;
    assert!([200, 201].contains(&placed.status), "{}", placed.text());
    let listed = with(of_station, json!({"listed_on": "2026-11-16", "rank_title": "Chuyên viên chính"}));
    let report = admin.post(&format!("{}/batch?on_conflict=update", collection()), &json!([listed])).await;
    assert_eq!(report.expect(200)["updated"], 1);
    let same = admin.get(&place).await.expect(200);
    assert_eq!((&same["rank_title"], &same["version"]), (&json!("Chuyên viên chính"), &json!(2)));
}

async fn an_official_whom_a_decision_names_keeps_the_code_and_stays(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let decision = json!({
        "org_unit_code": "31396", "kind": "retire", "category": "civil_servant", "cases": 1,
        "covers_from": "2026-06-01", "covers_to": "2026-06-01", "employee_code": "CB-1",
    });
    let decided = admin.post(&format!("{ROOM}/personnel-decisions"), &decision).await;
    let (of_decision, etag_of_decision) = (decided.header("location"), decided.etag());
    decided.expect(201);
    let etag = admin.get(&place).await.etag();
    admin.delete(&place, &etag).await.problem(409, "in-use");
    admin.patch(&place, &etag, &json!({"employee_code": "CB-9"})).await.problem(409, "in-use");
    assert_eq!(admin.delete(&of_decision, &etag_of_decision).await.status, 204);
    let recoded = admin.patch(&place, &etag, &json!({"employee_code": "CB-9"})).await;
    let etag = recoded.etag();
    assert_eq!(recoded.expect(200)["employee_code"], "CB-9");
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}
