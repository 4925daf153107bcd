//! The catalogue of administrative procedures, and when a dossier is due.

mod due_days;
mod public;

use serde_json::{Value, json};

use crate::support::app::noon;
use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [stories(), due_days::stories(), public::stories()].concat()
}

tell![
    the_bundled_catalogue_loads_once,
    a_dossier_keeps_the_version_it_was_received_under,
    a_version_is_corrected_and_a_procedure_is_changed,
    deadlines_follow_the_text_that_is_corrected,
    a_repealed_procedure_is_still_told,
    a_batch_states_what_holds_from_a_day,
    a_repealed_procedure_is_not_revived_by_a_line_without_days,
    a_new_version_keeps_the_code,
    a_code_with_an_agency_behind_finds_the_national_procedure,
    names_that_say_nearly_the_same_are_found,
    a_field_is_named_by_its_name,
    everyone_reads_procedures_and_only_the_country_writes_them,
];

const PROCEDURES: &str = "/api/v1/tthc/procedures";
const FIELDS: &str = "/api/v1/tthc/procedure-fields";

fn mobile_wedding() -> Value {
    json!({
        "code": "1.000593", "name": "Thủ tục đăng ký kết hôn lưu động", "level": "commune",
        "deadlines": [{"value": 5, "unit": "working_day"}],
    })
}

/// A procedure with these deadlines.
async fn with_deadlines(admin: &Client, code: &str, deadlines: Value) -> String {
    let mut body = mobile_wedding();
    (body["code"], body["deadlines"]) = (json!(code), deadlines);
    admin.post(PROCEDURES, &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn due(client: &Client, procedure: &str, received_at: &str) -> Value {
    client.get(&format!("{PROCEDURES}/{procedure}/due-date?received_at={received_at}")).await.expect(200)
}

async fn bundled(app: &TestApp) -> tthc::procedures::import::ImportSummary {
    tthc::procedures::import::import(&app.state.db, noon()).await.unwrap()
}

async fn holidays(app: &TestApp) {
    kernel::reporting::holidays::import(&app.state.db, noon()).await.unwrap();
}

async fn total(client: &Client, query: &str) -> Value {
    let path = format!("{PROCEDURES}?limit=1&include_total=true{query}");
    client.get(&path).await.expect(200)["total"].clone()
}

async fn the_bundled_catalogue_loads_once(app: TestApp) {
    let made = bundled(&app).await;
    assert_eq!((made.fields, made.procedures), (61, 186));
    let made = bundled(&app).await;
    assert_eq!((made.fields, made.procedures), (0, 0), "the same again changes nothing");
    let admin = app.admin().await;
    let fields = admin.get(&format!("{FIELDS}?limit=1&include_total=true")).await.expect(200);
    assert_eq!(fields["total"], 61);
    assert_eq!(total(&admin, "").await, 186);
    assert_eq!(total(&admin, "&status=ended").await, 11);
    assert_eq!(total(&admin, "&as_of=2024-01-01&status=in_force").await, 186, "valid since before 2023");
    let listed = admin.get(&format!("{PROCEDURES}?code=1.013134")).await.expect(200);
    let one = &listed["items"][0];
    assert_eq!((&one["valid_from"], &one["valid_from_certainty"]), (&Value::Null, &json!("inferred")));
    assert_eq!(one["deadlines"], json!([{"value": 1, "unit": "working_day", "variant": null}]));
    assert_eq!(one["field_name"], "Nghĩa vụ quân sự");
}

async fn a_dossier_keeps_the_version_it_was_received_under(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let mut faster = mobile_wedding();
    faster["deadlines"][0]["value"] = json!(3);
    faster["valid_from"] = json!("2026-06-01");
    let changed = admin.post(&format!("{PROCEDURES}/{id}/versions"), &faster).await;
    assert_eq!(changed.header("location"), format!("{PROCEDURES}/{id}?as_of=2026-06-01"));
    let changed = changed.expect(201);
    assert_eq!(changed["version"], 2);

    let before = due(&admin, id, "2026-05-29T02:00:00Z").await;
    let after = due(&admin, id, "2026-06-01T02:00:00Z").await;
    assert_eq!((&before["due_on"], &after["due_on"]), (&json!("2026-06-05"), &json!("2026-06-04")));
    assert_eq!(before["procedure_version_id"], made["version_id"]);
    assert_eq!(after["procedure_version_id"], changed["version_id"]);

    let read = async |query: &str| admin.get(&format!("{PROCEDURES}/{id}{query}")).await;
    let (old, new) = (read("?as_of=2026-05-31").await, read("").await);
    assert_ne!(old.etag(), new.etag());
    let (old, new) = (old.expect(200), new.expect(200));
    assert_eq!((&old["deadlines"][0]["value"], &old["valid_to"]), (&json!(5), &json!("2026-06-01")));
    assert_eq!((&new["deadlines"][0]["value"], &new["valid_to"]), (&json!(3), &Value::Null));
    let versions = read("/versions").await.expect(200);
    let days: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|one| one["valid_from"].clone()).collect();
    assert_eq!(days, [Value::Null, json!("2026-06-01")]);
}

async fn a_version_is_corrected_and_a_procedure_is_changed(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    let path = format!("{PROCEDURES}/{}", made["id"].as_str().unwrap());
    let versions = format!("{path}/versions");
    let from = |day: &str, name: &str| {
        let mut body = mobile_wedding();
        (body["valid_from"], body["name"]) = (json!(day), json!(name));
        body
    };
    admin.post(&versions, &from("2026-06-01", "Tên giữa năm")).await.expect(201);
    let again = admin.post(&versions, &from("2026-06-01", "Tên khác")).await;
    assert_eq!(again.faults(422, "invalid"), ["/valid_from"]);
    admin.post(&versions, &from("2027-01-01", "Tên năm sau")).await.expect(201);

    let old = admin.get(&format!("{path}?as_of=2026-01-01")).await;
    let corrected = admin
        .patch(&format!("{path}?as_of=2026-01-01"), &old.etag(), &json!({"name": "Tên đầu năm"}))
        .await
        .expect(200);
    assert_eq!(corrected["version"], 4);
    let name = async |day: &str| {
        admin.get(&format!("{path}?as_of={day}")).await.expect(200)["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(name("2026-05-31").await, "Tên đầu năm");
    assert_eq!(name("2026-12-31").await, "Tên giữa năm");
    assert_eq!(name("2027-01-01").await, "Tên năm sau");
    let future = admin.get(&format!("{PROCEDURES}?as_of=2027-01-01&q=nam%20sau")).await.expect(200);
    assert_eq!(future["items"].as_array().unwrap().len(), 1);
    let now = admin.get(&format!("{PROCEDURES}?q=nam%20sau")).await.expect(200);
    assert_eq!(now["items"], json!([]), "today it has another name");

    let etag = admin.get(&path).await.etag();
    let meets = admin.patch(&path, &etag, &json!({"valid_to": "2027-02-01"})).await;
    assert_eq!(meets.faults(422, "invalid"), ["/valid_from"], "it would meet the next version");
}

async fn deadlines_follow_the_text_that_is_corrected(app: TestApp) {
    let admin = app.admin().await;
    let mut body = mobile_wedding();
    (body["deadlines"], body["deadline_text"]) = (json!([]), json!("5 Ngày làm việc"));
    let made = admin.post(PROCEDURES, &body).await.expect(201);
    let path = format!("{PROCEDURES}/{}", made["id"].as_str().unwrap());
    let corrected = async |members: Value| {
        let etag = admin.get(&path).await.etag();
        admin.patch(&path, &etag, &members).await.expect(200)["deadlines"].clone()
    };
    let days =
        |value: u32, variant: Value| json!([{"value": value, "unit": "working_day", "variant": variant}]);
    assert_eq!(made["deadlines"], days(5, Value::Null));
    assert_eq!(corrected(json!({"deadline_text": "7 Ngày làm việc"})).await, days(7, Value::Null));
    assert_eq!(corrected(json!({"note": "Đã rà soát"})).await, days(7, Value::Null));
    let unclear = "không quá bảy ngày làm việc";
    let etag = admin.get(&path).await.etag();
    let refused = admin.patch(&path, &etag, &json!({"deadline_text": unclear})).await;
    assert_eq!(refused.faults(422, "invalid"), ["/deadline_text"], "nothing is guessed");
    let stated = json!({"deadline_text": unclear, "deadlines": days(7, json!("hồ sơ đầy đủ"))});
    assert_eq!(corrected(stated).await, days(7, json!("hồ sơ đầy đủ")));
    let reworded = json!({"deadline_text": "không quá 07 (bảy) ngày làm việc"});
    assert_eq!(corrected(reworded).await, days(7, json!("hồ sơ đầy đủ")), "what was stated beside it stays");
    assert_eq!(corrected(json!({"deadline_text": "3 Ngày"})).await[0]["unit"], "calendar_day");
}

async fn a_repealed_procedure_is_still_told(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await;
    let path = format!("{PROCEDURES}/{}", made.json()["id"].as_str().unwrap());
    let repealed = admin.patch(&path, &made.etag(), &json!({"valid_to": "2026-09-03"})).await;
    let etag = repealed.etag();
    assert_eq!(repealed.expect(200)["status"], "ended");
    assert_eq!(admin.get(&format!("{path}?as_of=2026-09-02")).await.expect(200)["status"], "in_force");
    let refused = admin.in_english().get(&format!("{path}/due-date?received_at=2026-09-03T02:00:00Z")).await;
    let refused = refused.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["message"], "The procedure 1.000593 is ended on 2026-09-03.");
    let goes_on = admin.patch(&path, &etag, &json!({"valid_to": null})).await.expect(200);
    assert_eq!((&goes_on["status"], &goes_on["valid_to"]), (&json!("in_force"), &Value::Null));
}

async fn a_batch_states_what_holds_from_a_day(app: TestApp) {
    let admin = app.admin().await;
    let upsert = format!("{PROCEDURES}/batch?on_conflict=update");
    let send = async |line: &Value| {
        let report = admin.post(&upsert, &json!([line])).await.expect(200);
        report["lines"][0]["outcome"].as_str().unwrap().to_owned()
    };
    let days = async || {
        let list = admin.get(&format!("{PROCEDURES}?code=1.000593")).await.expect(200);
        let path = format!("{PROCEDURES}/{}/versions", list["items"][0]["id"].as_str().unwrap());
        let versions = admin.get(&path).await.expect(200);
        let items = versions["items"].as_array().unwrap().clone();
        items.iter().map(|one| (one["valid_from"].clone(), one["name"].clone())).collect::<Vec<_>>()
    };
    let mut line = mobile_wedding();
    line["valid_from"] = json!("2024-01-01");
    assert_eq!(send(&line).await, "created");
    assert_eq!(send(&line).await, "unchanged");
    let first = line["name"].clone();
    line["name"] = json!("Tên được đính chính");
    assert_eq!(send(&line).await, "updated");
    assert_eq!(days().await, [(json!("2024-01-01"), line["name"].clone())], "the same day corrects");
    (line["valid_from"], line["name"]) = (json!("2025-07-01"), json!("Tên mới"));
    assert_eq!(send(&line).await, "updated");
    assert_eq!(days().await.len(), 2, "a new day changes");
    line.as_object_mut().unwrap().remove("valid_from");
    line["name"] = json!("Tên hiện nay");
    assert_eq!(send(&line).await, "updated");
    let expected =
        [(json!("2024-01-01"), json!("Tên được đính chính")), (json!("2025-07-01"), json!("Tên hiện nay"))];
    assert_eq!(days().await, expected, "without a day, what holds today is corrected");
    assert_ne!(first, expected[0].1);
    // Yesterday's lines sent once more change nothing, whatever has been announced since.
    let mut old = line.clone();
    (old["valid_from"], old["name"]) = (json!("2024-01-01"), expected[0].1.clone());
    assert_eq!(send(&old).await, "unchanged");
    let mut announced = line.clone();
    (announced["valid_from"], announced["name"]) = (json!("2027-01-01"), json!("Tên của năm sau"));
    assert_eq!(send(&announced).await, "updated");
    assert_eq!(send(&line).await, "unchanged", "what holds today, though something else will");
}

async fn a_repealed_procedure_is_not_revived_by_a_line_without_days(app: TestApp) {
    let admin = app.admin().await;
    let upsert = format!("{PROCEDURES}/batch?on_conflict=update");
    let mut line = mobile_wedding();
    line["valid_to"] = json!("2026-07-01");
    admin.post(&upsert, &json!([line])).await.expect(200);
    line.as_object_mut().unwrap().remove("valid_to");
    let refused = admin.post(&upsert, &json!([line])).await;
    let told = refused.json();
    assert_eq!(refused.faults(422, "invalid"), ["/0/valid_from"]);
    assert!(told["errors"][0]["message"].as_str().unwrap().contains("từ ngày 01/07/2026"), "{told}");
    let list = admin.get(&format!("{PROCEDURES}?code=1.000593")).await.expect(200);
    assert_eq!(list["items"][0]["status"], "ended");
    line["valid_from"] = json!("2026-09-01");
    assert_eq!(admin.post(&upsert, &json!([line])).await.expect(200)["updated"], 1);
    let list = admin.get(&format!("{PROCEDURES}?code=1.000593")).await.expect(200);
    assert_eq!(list["items"][0]["status"], "in_force");
}

async fn a_new_version_keeps_the_code(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    let mut version = mobile_wedding();
    (version["code"], version["valid_from"]) = (json!("1.000953"), json!("2026-09-01"));
    let path = format!("{PROCEDURES}/{}/versions", made["id"].as_str().unwrap());
    assert_eq!(admin.post(&path, &version).await.faults(422, "invalid"), ["/code"]);
}

async fn a_code_with_an_agency_behind_finds_the_national_procedure(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    let mut own = mobile_wedding();
    own["code"] = json!("1.000593.000.00.00.H12");
    let found = async |code: &str| {
        let list = admin.get(&format!("{PROCEDURES}?code={code}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("1.000593.000.00.00.H12").await, ["1.000593"]);
    admin.post(PROCEDURES, &own).await.expect(201);
    assert_eq!(found("1.000593.000.00.00.H12").await, ["1.000593", "1.000593.000.00.00.H12"]);
    assert_eq!(found("1.000593").await, ["1.000593"]);
}

async fn names_that_say_nearly_the_same_are_found(app: TestApp) {
    let admin = app.admin().await;
    let named = |code: &str, name: &str| {
        let mut body = mobile_wedding();
        (body["code"], body["name"]) = (json!(code), json!(name));
        body
    };
    let lines = json!([
        named("1.000001", "Đăng ký khai sinh lưu động"),
        named("1.000002", "Thủ tục đăng ký khai sinh lưu động"),
        named("1.000003", "Đăng ký khai sinh, khai tử lưu động"),
        named("1.000004", "Cấp giấy phép xây dựng"),
    ]);
    admin.post(&format!("{PROCEDURES}/batch"), &lines).await.expect(200);
    let pairs = async |query: &str| {
        let found = admin.get(&format!("{PROCEDURES}/near-duplicates{query}")).await.expect(200);
        let code = |pair: &Value, side: &str| pair[side]["code"].as_str().unwrap()[7..].to_owned();
        let items = found["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|pair| {
                format!("{}{} {}", code(pair, "first"), code(pair, "second"), pair["similarity_percent"])
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs("").await, ["12 100", "13 85", "23 85"]);
    assert_eq!(pairs("?min_similarity_percent=90").await, ["12 100"]);
}

async fn a_field_is_named_by_its_name(app: TestApp) {
    let admin = app.admin().await;
    let field = admin.post(FIELDS, &json!({"name": "Hộ tịch"})).await;
    let etag = field.etag();
    let field = field.expect(201);
    let mut body = mobile_wedding();
    body["field_name"] = json!("Hộ tịch");
    let made = admin.post(PROCEDURES, &body).await.expect(201);
    assert_eq!((&made["field_id"], &made["field_name"]), (&field["id"], &json!("Hộ tịch")));
    body["code"] = json!("1.000594");
    body["field_name"] = json!("Lĩnh vực không có");
    assert_eq!(admin.post(PROCEDURES, &body).await.faults(422, "invalid"), ["/field_name"]);
    let address = format!("{FIELDS}/{}", field["id"].as_str().unwrap());
    admin.delete(&address, &etag).await.problem(409, "in-use");
    let found = admin.get(&format!("{PROCEDURES}?field_name=H%E1%BB%99%20t%E1%BB%8Bch")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

async fn everyone_reads_procedures_and_only_the_country_writes_them(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await;
    let (path, etag) = (made.header("location"), made.etag());
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(editor.get(PROCEDURES).await.expect(200)["items"].as_array().unwrap().len(), 1);
    editor.get(&path).await.expect(200);
    let province = app.person("tp.cantho", "admin", "92").await;
    for client in [editor, province] {
        client.post(PROCEDURES, &mobile_wedding()).await.problem(403, "forbidden");
        client
            .post(&format!("{PROCEDURES}/batch"), &json!([mobile_wedding()]))
            .await
            .problem(403, "forbidden");
        client.post(&format!("{path}/versions"), &mobile_wedding()).await.problem(403, "forbidden");
        client.put(&path, &etag, &mobile_wedding()).await.problem(403, "forbidden");
        client.patch(&path, &etag, &json!({"note": "x"})).await.problem(403, "forbidden");
        client.delete(&path, &etag).await.problem(403, "forbidden");
        client.post(FIELDS, &json!({"name": "Hộ tịch"})).await.problem(403, "forbidden");
    }
}
