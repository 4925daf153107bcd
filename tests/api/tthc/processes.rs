//! Internal and linked processes, and how their time stands to the procedure's deadline.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_time_of_all_steps_is_held_against_the_deadline,
    the_deadline_of_the_case_counts,
    a_linked_process_names_what_it_joins,
    a_process_holds_from_a_day_to_a_day,
    every_fault_of_a_process_is_named,
    everyone_reads_processes_and_only_the_country_writes_them,
];

const PROCESSES: &str = "/api/v1/tthc/procedure-processes";
const PROCEDURES: &str = "/api/v1/tthc/procedures";

async fn known(admin: &Client, code: &str, deadlines: Value) -> String {
    let body =
        json!({"code": code, "name": format!("Thủ tục {code}"), "level": "commune", "deadlines": deadlines});
    admin.post(PROCEDURES, &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn step(value: u32, unit: &str) -> Value {
    json!({"name": "Thẩm định hồ sơ", "responsible": "Công chức tư pháp - hộ tịch", "value": value, "unit": unit})
}

fn process(code: &str, steps: &Value) -> Value {
    json!({
        "org_unit_code": "92", "procedure_code": code, "kind": "internal", "name": format!("Quy trình {code}"),
        "decision_number": "2100/QĐ-UBND", "decided_on": "2026-01-05", "valid_from": "2026-01-12", "steps": steps,
    })
}

fn codes(process: &Value) -> Vec<Value> {
    process["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].clone()).collect()
}

async fn the_time_of_all_steps_is_held_against_the_deadline(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001", json!([{"value": 5, "unit": "working_day"}])).await;
    let steps = json!([step(4, "working_hour"), step(4, "working_day"), step(4, "working_hour")]);
    let made = admin.post(PROCESSES, &process("1.000001", &steps)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&made["total_working_hours"], &made["total_calendar_days"]), (&json!(40), &Value::Null));
    assert_eq!(codes(&made), ["steps_equal_deadline"]);
    let mut faster = json!({"code": "1.000001", "name": "Thủ tục nhanh hơn", "level": "commune"});
    faster["deadlines"] = json!([{"value": 3, "unit": "working_day"}]);
    faster["valid_from"] = json!("2026-06-01");
    admin.post(&format!("{PROCEDURES}/{id}/versions"), &faster).await.expect(201);
    let read = admin.with("if-none-match", &etag).get(&place).await.expect(200);
    assert_eq!(codes(&read), ["steps_exceed_deadline"], "the procedure changed, so the answer did");
    assert_eq!(read["remarks"][0]["numbers"], json!({"steps": 40, "deadline": 24}));
    assert_eq!(read["procedure_name"], "Thủ tục nhanh hơn");
    let ended = admin.patch(&place, &etag, &json!({"valid_to": "2026-06-01"})).await.expect(200);
    assert_eq!(
        codes(&ended),
        ["steps_equal_deadline"],
        "of its last day, when the old deadline was in force"
    );
}

async fn the_deadline_of_the_case_counts(app: TestApp) {
    let admin = app.admin().await;
    let cases = json!([
        {"value": 3, "unit": "working_day", "variant": "không phải xác minh"},
        {"value": 8, "unit": "working_day", "variant": "phải xác minh"},
    ]);
    known(&admin, "1.000001", cases).await;
    let of = |variant: Option<&str>| {
        let mut body = process("1.000001", &json!([step(5, "working_day")]));
        body["variant"] = json!(variant);
        body
    };
    for (variant, expected) in [
        (Some("không phải xác minh"), "steps_exceed_deadline"),
        (Some("phải xác minh"), "steps_within_deadline"),
        (None, "several_deadlines"),
    ] {
        let made = admin.post(PROCESSES, &of(variant)).await.expect(201);
        assert_eq!(codes(&made), [expected]);
        admin.post(PROCESSES, &of(variant)).await.problem(409, "duplicate");
    }
    known(&admin, "1.000002", json!([{"value": 30, "unit": "calendar_day"}])).await;
    let made =
        admin.post(PROCESSES, &process("1.000002", &json!([step(5, "working_day")]))).await.expect(201);
    assert_eq!(codes(&made), ["steps_not_comparable"]);
}

async fn a_linked_process_names_what_it_joins(app: TestApp) {
    let admin = app.admin().await;
    for code in ["1.000001", "1.000002", "1.000003"] {
        known(&admin, code, json!([])).await;
    }
    let steps = json!([step(1, "working_day")]);
    let mut linked = process("1.000001", &steps);
    linked["kind"] = json!("linked");
    assert_eq!(admin.post(PROCESSES, &linked).await.faults(422, "invalid"), ["/links", "/agencies"]);
    linked["links"] = json!([{"procedure_code": "1.000002"}, {"procedure_code": "1.000003.000.00.00.H10"}]);
    linked["agencies"] = json!(["Công an cấp xã", "Bảo hiểm xã hội"]);
    let made = admin.post(PROCESSES, &linked).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(made["links"][1]["procedure_code"], "1.000003");
    admin.post(PROCESSES, &process("1.000002", &steps)).await.expect(201);
    let kinds = async |query: &str| {
        let list = admin.get(&format!("{PROCESSES}?{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        kinds("procedure_code=1.000002").await,
        ["internal", "linked"],
        "its own and one that joins it"
    );
    assert_eq!(kinds("procedure_code=1.000003").await, ["linked"]);
    assert_eq!(kinds("kind=linked&decision_number=2100/Q%C4%90-%20UBND").await, ["linked"]);
    let fewer = admin.patch(&place, &etag, &json!({"links": [made["links"][0]]})).await;
    let etag = fewer.etag();
    fewer.expect(200);
    assert_eq!(kinds("procedure_code=1.000003").await, [""; 0]);
    let joined = made["links"][0]["procedure_id"].as_str().unwrap();
    let internal = admin.get(&format!("{PROCESSES}?procedure_code=1.000002&kind=internal")).await.expect(200);
    let internal = format!("{PROCESSES}/{}", internal["items"][0]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&internal, "\"v1\"").await.status, 204);
    admin.delete(&format!("{PROCEDURES}/{joined}"), "\"v1\"").await.problem(409, "in-use");
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    assert_eq!(admin.delete(&format!("{PROCEDURES}/{joined}"), "\"v1\"").await.status, 204);
}

async fn a_process_holds_from_a_day_to_a_day(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", json!([])).await;
    let steps = json!([step(1, "working_day")]);
    let mut old = process("1.000001", &steps);
    old["valid_to"] = json!("2026-06-01");
    admin.post(PROCESSES, &old).await.expect(201);
    let mut new = process("1.000001", &steps);
    (new["valid_from"], new["decision_number"]) = (json!("2026-06-01"), json!("2101/QĐ-UBND"));
    new["electronic"] = json!(true);
    admin.post(PROCESSES, &new).await.expect(201);
    let numbers = async |query: &str| {
        let list = admin.get(&format!("{PROCESSES}?{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|one| one["decision_number"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("on=2026-05-31").await, ["2100/QĐ-UBND"]);
    assert_eq!(numbers("on=2026-06-01").await, ["2101/QĐ-UBND"]);
    assert_eq!(numbers("electronic=true").await, ["2101/QĐ-UBND"]);
    assert_eq!(numbers("decided_to=2026-01-04").await, [""; 0]);
    let mut early = process("1.000001", &json!([step(1, "working_day")]));
    (early["valid_from"], early["decision_number"]) = (json!("2025-12-31"), json!("12/2025/QĐ-UBND"));
    let early = admin.post(PROCESSES, &early).await.expect(201);
    assert_eq!(codes(&early), ["number_year", "before_approval"]);
}

async fn every_fault_of_a_process_is_named(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", json!([])).await;
    let steps = json!([
        {"name": "Không ai làm", "value": 1, "unit": "working_day"},
        {"name": "Thiếu số", "responsible": "Một cửa", "unit": "working_day"},
        {"name": "Không có đơn vị", "org_unit_id": uuid::Uuid::now_v7().to_string(), "value": 1, "unit": "working_day"},
        {"name": "Thừa số", "unit_kind": "commune", "value": 1, "unit": "immediate"},
    ]);
    let mut body = process("1.000001", &steps);
    body["kind"] = json!("linked");
    body["links"] = json!([{"procedure_code": "1.000001"}, {"procedure_code": "1.000009"}]);
    body["agencies"] = json!(["Công an cấp xã"]);
    body["valid_to"] = json!("2026-01-12");
    // Days that no database keeps.
    (body["decided_on"], body["valid_from"]) = (json!("+12026-01-05"), json!("+12026-01-12"));
    let mut faults = admin.post(PROCESSES, &body).await.faults(422, "invalid");
    faults.sort();
    assert_eq!(
        faults,
        [
            "/decided_on",
            "/links/0/procedure_id",
            "/links/1/procedure_code",
            "/steps/0/responsible",
            "/steps/1/value",
            "/steps/2/org_unit_id",
            "/steps/3/value",
            "/valid_from",
            "/valid_to",
        ]
    );
    (body["decided_on"], body["valid_from"]) = (json!("2026-01-05"), json!("2026-01-12"));
    body["agencies"] = json!([" "]);
    assert_eq!(admin.post(PROCESSES, &body).await.faults(422, "invalid"), ["/agencies"]);
}

async fn everyone_reads_processes_and_only_the_country_writes_them(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", json!([])).await;
    let body = process("1.000001", &json!([step(1, "working_day")]));
    let made = admin.post(PROCESSES, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.get(&place).await.expect(200);
    let province = app.person("tp.cantho", "admin", "92").await;
    for client in [editor, province] {
        client.post(PROCESSES, &body).await.problem(403, "forbidden");
        client.put(&place, &etag, &body).await.problem(403, "forbidden");
        client.delete(&place, &etag).await.problem(403, "forbidden");
    }
}
