//! Decisions that announce procedures, and how the catalogue follows them.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_number_is_given_once_a_year,
    what_a_decision_repeals_or_replaces_ends_on_its_day,
    another_decision_is_not_undone,
    what_is_announced_anew_on_the_day_of_its_repeal_is_not_told_as_ended,
    every_difference_is_told_once_page_by_page,
    a_decision_that_the_catalogue_names_should_be_held,
    decisions_and_their_procedures_are_counted,
    the_decisions_about_a_procedure_are_found,
    what_looks_wrong_is_remarked_and_not_refused,
    every_fault_of_a_decision_is_named,
    a_decision_corrected_has_the_new_items_alone,
    an_answer_knows_when_a_procedure_comes_into_the_catalogue,
    everyone_reads_publications_and_only_the_country_writes_them,
];

const PUBLICATIONS: &str = "/api/v1/tthc/procedure-publications";
const PROCEDURES: &str = "/api/v1/tthc/procedures";

fn decision(number: &str, items: &Value) -> Value {
    json!({
        "org_unit_code": "92", "number": number, "issued_on": "2026-03-02", "effective_on": "2026-03-09",
        "title": "Công bố danh mục thủ tục hành chính lĩnh vực hộ tịch", "items": items,
    })
}

fn procedure(code: &str) -> Value {
    json!({"code": code, "name": format!("Thủ tục {code}"), "level": "commune"})
}

async fn known(admin: &Client, code: &str) -> String {
    admin.post(PROCEDURES, &procedure(code)).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// The procedure codes and remark codes of differences.
fn told(differences: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let differences = differences.as_array().unwrap();
    differences.iter().map(|one| (text(&one["procedure_code"]), text(&one["remark"]["code"]))).collect()
}

fn differing(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(code, remark)| ((*code).to_owned(), (*remark).to_owned())).collect()
}

async fn a_number_is_given_once_a_year(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PUBLICATIONS, &decision("67/QĐ-UBND", &json!([]))).await.expect(201);
    let mut again = decision("067/QĐ- UBND", &json!([]));
    again["issued_on"] = json!("2026-04-01");
    admin.post(PUBLICATIONS, &again).await.problem(409, "duplicate");
    let upsert = format!("{PUBLICATIONS}/batch?on_conflict=update");
    let report = admin.post(&upsert, &json!([again])).await.expect(200);
    assert_eq!(report["updated"], 1, "another day of the same year corrects the date");
    again["issued_on"] = json!("2025-12-30");
    admin.post(PUBLICATIONS, &again).await.expect(201);
    let mut other = decision("67/QĐ-UBND", &json!([]));
    other["org_unit_code"] = json!("31396");
    admin.post(PUBLICATIONS, &other).await.expect(201);
    let found = async |query: &str| {
        let list = admin.get(&format!("{PUBLICATIONS}?{query}&include_total=true")).await.expect(200);
        list["total"].as_i64().unwrap()
    };
    assert_eq!(found("number=67/Q%C4%90-UBND").await, 3, "however it is written");
    assert_eq!(found("number=67/Q%C4%90-UBND&org_unit_code=92").await, 2);
    assert_eq!(found("org_unit_code=92&scope=subtree").await, 3);
    assert_eq!(found("issued_from=2026-01-01&issued_to=2026-03-31").await, 1);
    assert_eq!(found("effective_from=2026-03-09&q=ho%20tich").await, 3);
}

async fn what_a_decision_repeals_or_replaces_ends_on_its_day(app: TestApp) {
    let admin = app.admin().await;
    let repealed = known(&admin, "1.000001").await;
    let replaced = known(&admin, "1.000002").await;
    let changed = known(&admin, "1.000003").await;
    let items = json!([
        {"action": "repeal", "procedure_id": repealed},
        {"action": "replace", "procedure_code": "1.000009", "replaced_procedure_code": "1.000002.000.00.00.H10"},
        {"action": "change", "procedure_code": "1.000003", "note": "Rút ngắn thời hạn giải quyết"},
        {"action": "add", "procedure_code": "1.000010", "name": "Thủ tục mới", "level": "commune"},
    ]);
    let made = admin.post(PUBLICATIONS, &decision("12/QĐ-UBND", &items)).await.expect(201);
    assert_eq!(
        ["added_count", "changed_count", "replaced_count", "repealed_count"].map(|count| made[count].clone()),
        [1, 1, 1, 1]
    );
    assert_eq!(made["items"][0]["procedure_code"], "1.000001");
    assert_eq!(made["items"][1]["replaced_procedure_id"], json!(replaced), "the national code is known");
    let application = format!("{PUBLICATIONS}/{}/application", made["id"].as_str().unwrap());
    admin.with("if-match", "\"v7\"").step(&application).await.problem(412, "precondition-failed");
    let done = admin.step(&application).await.expect(200);
    let ended: Vec<_> = done["ended"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(ended, ["1.000001", "1.000002"]);
    let open = [
        ("1.000009", "not_in_catalogue"),
        ("1.000003", "no_version_begins"),
        ("1.000010", "not_in_catalogue"),
    ];
    assert_eq!(told(&done["differences"]), differing(&open));
    for id in [&repealed, &replaced] {
        let read = async |day: &str| admin.get(&format!("{PROCEDURES}/{id}?as_of={day}")).await.expect(200);
        assert_eq!(read("2026-03-08").await["status"], "in_force");
        let after = read("2026-03-09").await;
        let end = (&after["status"], &after["valid_to"], &after["valid_to_certainty"], &after["version"]);
        assert_eq!(end, (&json!("ended"), &json!("2026-03-09"), &json!("exact"), &json!(2)));
    }
    app.seal().await;
    let feed = admin.get("/api/v1/exchange/changes?types=procedure&limit=1000").await.expect(200);
    let updates =
        feed["items"].as_array().unwrap().iter().filter(|change| change["kind"] == "update").count();
    assert_eq!(updates, 2, "whoever keeps a copy learns of the end");

    let again = admin.step(&application).await.expect(200);
    assert_eq!((&again["ended"], told(&again["differences"])), (&json!([]), differing(&open)));
    let stands = admin.get(&format!("{PROCEDURES}/{repealed}")).await.expect(200);
    assert_eq!(stands["version"], 2, "applied again it changes nothing");

    let from_the_day = |code: &str, decision: &str| {
        let mut body = procedure(code);
        (body["valid_from"], body["announcing_decision"]) = (json!("2026-03-09"), json!(decision));
        body
    };
    let version = from_the_day("1.000003", "Quyết định số 13/QĐ-UBND");
    admin.post(&format!("{PROCEDURES}/{changed}/versions"), &version).await.expect(201);
    for code in ["1.000009", "1.000010"] {
        admin.post(PROCEDURES, &from_the_day(code, "12/QĐ-UBND ngày 02/3/2026")).await.expect(201);
    }
    let left = admin.step(&application).await.expect(200);
    assert_eq!(told(&left["differences"]), differing(&[("1.000003", "other_decision")]));
}

async fn another_decision_is_not_undone(app: TestApp) {
    let admin = app.admin().await;
    let mut body = procedure("1.000001");
    body["valid_to"] = json!("2026-06-01");
    admin.post(PROCEDURES, &body).await.expect(201);
    (body["code"], body["valid_to"]) = (json!("1.000002"), json!("2026-02-01"));
    admin.post(PROCEDURES, &body).await.expect(201);
    (body["code"], body["valid_to_certainty"]) = (json!("1.000003"), json!("inferred"));
    let concluded = admin.post(PROCEDURES, &body).await.expect(201);
    let repeal = |code: &str| json!({"action": "repeal", "procedure_code": code});
    let items = json!([repeal("1.000001"), repeal("1.000002"), repeal("1.000003")]);
    let made = admin.post(PUBLICATIONS, &decision("12/QĐ-UBND", &items)).await.expect(201);
    let application = format!("{PUBLICATIONS}/{}/application", made["id"].as_str().unwrap());
    let done = admin.step(&application).await.expect(200);
    let left = [("1.000001", "still_in_force"), ("1.000002", "ended_earlier")];
    assert_eq!(told(&done["differences"]), differing(&left));
    assert_eq!(done["ended"][0]["code"], "1.000003", "an end that was concluded gives way");
    let read = format!("{PROCEDURES}/{}", concluded["id"].as_str().unwrap());
    assert_eq!(admin.get(&read).await.expect(200)["valid_to"], "2026-03-09");
}

/// One decision repeals a procedure on the day from which another announces it anew.
async fn what_is_announced_anew_on_the_day_of_its_repeal_is_not_told_as_ended(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001").await;
    let mut anew = procedure("1.000001");
    (anew["valid_from"], anew["announcing_decision"]) = (json!("2026-03-09"), json!("13/QĐ-UBND"));
    admin.post(&format!("{PROCEDURES}/{id}/versions"), &anew).await.expect(201);
    let applied = async |number: &str, item: Value| {
        let made = admin.post(PUBLICATIONS, &decision(number, &json!([item]))).await.expect(201);
        let path = format!("{PUBLICATIONS}/{}/application", made["id"].as_str().unwrap());
        admin.step(&path).await.expect(200)
    };
    let repealed = applied("12/QĐ-UBND", json!({"action": "repeal", "procedure_code": "1.000001"})).await;
    assert_eq!(
        (&repealed["ended"], told(&repealed["differences"])),
        (&json!([]), differing(&[("1.000001", "still_in_force")]))
    );
    let by_itself =
        json!({"action": "replace", "procedure_code": "1.000001", "replaced_procedure_code": "1.000001"});
    let replaced = applied("13/QĐ-UBND", by_itself).await;
    assert_eq!((&replaced["ended"], &replaced["differences"]), (&json!([]), &json!([])));
    let read = admin.get(&format!("{PROCEDURES}/{id}")).await.expect(200);
    assert_eq!((&read["status"], &read["valid_to"]), (&json!("in_force"), &Value::Null));
}

async fn every_difference_is_told_once_page_by_page(app: TestApp) {
    let admin = app.admin().await;
    for code in ["1.000001", "1.000002"] {
        known(&admin, code).await;
    }
    let mut lines = Vec::new();
    // More than one read holds, of which every third has differences, two of them in one item.
    for number in 1..=120 {
        let items = if number % 3 == 0 {
            json!([
                {"action": "replace", "procedure_code": format!("2.{number:06}"), "replaced_procedure_code": "1.000001"},
                {"action": "repeal", "procedure_code": "1.000002"},
            ])
        } else {
            json!([])
        };
        lines.push(decision(&format!("{number}/QĐ-UBND"), &items));
    }
    admin.post(&format!("{PUBLICATIONS}/batch"), &json!(lines)).await.expect(200);
    let mut named = procedure("1.000003");
    named["announcing_decision"] = json!("999/QĐ-BTP");
    admin.post(PROCEDURES, &named).await.expect(201);

    let list = format!("{PUBLICATIONS}/differences");
    let whole = admin.get(&format!("{list}?limit=200&include_total=true")).await.expect(200);
    assert_eq!(whole["total"], 121);
    let all = whole["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 121);
    for limit in [1, 7, 60] {
        let mut walked = Vec::new();
        let mut path = format!("{list}?limit={limit}");
        while !path.is_empty() {
            let page = admin.get(&path).await;
            let link = page.header("link");
            walked.extend(page.expect(200)["items"].as_array().unwrap().clone());
            path =
                link.strip_prefix('<').map(|l| l.split('>').next().unwrap().to_owned()).unwrap_or_default();
        }
        assert!(walked == all, "{limit} a page");
    }
    let lines = admin.with("accept", "application/x-ndjson").get(&list).await;
    assert_eq!(lines.text().lines().count(), 121);
    let only = admin.get(&format!("{list}?code=still_in_force&include_total=true&limit=1")).await.expect(200);
    assert_eq!(only["total"], 80);
    for (unit, of_unit) in [("92", 120), ("92&scope=subtree", 120), ("31396", 0), ("31396&scope=subtree", 0)]
    {
        let path = format!("{list}?limit=200&include_total=true&org_unit_code={unit}");
        let issued = admin.get(&path).await.expect(200);
        let items = issued["items"].as_array().map(Vec::len);
        assert_eq!((&issued["total"], items), (&json!(of_unit), Some(of_unit)), "{unit}: by who issued them");
    }
    let before = admin.get(&format!("{list}?as_of=2026-03-08")).await.expect(200);
    assert_eq!(told(&before["items"]), differing(&[("1.000003", "unknown_decision")]), "not in effect yet");
    let one = all[0]["publication_id"].as_str().unwrap();
    let of_one = admin.get(&format!("{list}?publication_id={one}")).await.expect(200);
    assert_eq!(of_one["items"].as_array().unwrap().len(), 3);
}

async fn a_decision_that_the_catalogue_names_should_be_held(app: TestApp) {
    let admin = app.admin().await;
    let named = |code: &str, decision: &str| {
        let mut body = procedure(code);
        (body["announcing_decision"], body["valid_from"]) = (json!(decision), json!("2026-03-09"));
        body
    };
    admin.post(PROCEDURES, &named("1.000001", "Quyết định số 12/QĐ-UBND ngày 02/3/2026")).await.expect(201);
    admin.post(PROCEDURES, &named("1.000002", "12/QĐ-UBND")).await.expect(201);
    admin.post(PROCEDURES, &named("1.000003", "theo văn bản của Bộ")).await.expect(201);
    let items = json!([{"action": "add", "procedure_code": "1.000001.000.00.00.H10"}]);
    admin.post(PUBLICATIONS, &decision("12/QĐ-UBND", &items)).await.expect(201);
    let found = admin.get(&format!("{PUBLICATIONS}/differences")).await.expect(200);
    let expected = [("1.000002", "not_an_item"), ("1.000003", "unknown_decision")];
    assert_eq!(told(&found["items"]), differing(&expected));
}

/// The report of Phụng Hiệp: "42 Quyết định của Chủ tịch UBND tỉnh về công bố danh mục thủ tục hành chính
/// có liên quan đến cấp huyện và cấp xã".
async fn decisions_and_their_procedures_are_counted(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = Vec::new();
    for number in 1..=43 {
        let level = match number {
            43 => "province",
            odd if odd % 2 == 1 => "district",
            _ => "commune",
        };
        let item = |action: &str, of: usize| json!({"action": action, "procedure_code": format!("{of}.{number:06}"), "level": level});
        let items = json!([item("add", 1), item("change", 2), item("repeal", 3)]);
        let mut line = decision(&format!("{number}/QĐ-UBND"), &items);
        line["org_unit_code"] = json!("93");
        (line["issued_on"], line["effective_on"]) = (json!("2024-05-06"), json!("2024-05-06"));
        lines.push(line);
    }
    lines[0]["items"][0]["procedure_code"] = json!("1.000003");
    admin.post(&format!("{PUBLICATIONS}/batch"), &json!(lines)).await.expect(200);
    let counts = async |query: &str| {
        let counts = admin.get(&format!("{PUBLICATIONS}/counts{query}")).await.expect(200);
        ["publications", "added", "changed", "replaced", "repealed", "procedures"]
            .map(|count| counts[count].as_i64().unwrap())
    };
    let half = "?org_unit_code=93&as_of=2024-06-30&issued_from=2024-01-01&issued_to=2024-06-30";
    assert_eq!(counts(half).await, [43, 43, 43, 0, 43, 128]);
    assert_eq!(counts(&format!("{half}&level=district")).await, [21, 21, 21, 0, 21, 62]);
    assert_eq!(counts(&format!("{half}&level=commune")).await, [21, 21, 21, 0, 21, 63]);
    assert_eq!(counts(&format!("{half}&action=repeal&level=commune")).await, [21, 0, 0, 0, 21, 21]);
    assert_eq!(counts("?issued_from=2024-07-01").await, [0; 6]);
}

async fn the_decisions_about_a_procedure_are_found(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001").await;
    let add = json!([{"action": "add", "procedure_code": "1.000001", "level": "commune"}]);
    let replace =
        json!([{"action": "replace", "procedure_code": "1.000002", "replaced_procedure_code": "1.000001"}]);
    let other = json!([{"action": "add", "procedure_code": "1.000003"}]);
    for (number, items) in [("1/QĐ-UBND", add), ("2/QĐ-UBND", replace), ("3/QĐ-UBND", other)] {
        admin.post(PUBLICATIONS, &decision(number, &items)).await.expect(201);
    }
    let numbers = async |query: &str| {
        let list = admin.get(&format!("{PUBLICATIONS}?sort=issued_on&{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("procedure_code=1.000001").await, ["1/QĐ-UBND", "2/QĐ-UBND"]);
    assert_eq!(numbers("procedure_code=1.000001.000.00.00.H10").await.len(), 2);
    assert_eq!(numbers(&format!("procedure_id={id}")).await.len(), 2);
    assert_eq!(numbers("procedure_code=1.000001&action=add").await, ["1/QĐ-UBND"]);
    assert_eq!(numbers("procedure_code=1.000001&level=province").await, [""; 0]);
    assert_eq!(numbers("action=replace").await, ["2/QĐ-UBND"]);
    assert_eq!(numbers("level=commune").await, ["1/QĐ-UBND"]);
    let none = uuid::Uuid::now_v7();
    let unknown = admin.get(&format!("{PUBLICATIONS}?procedure_id={none}")).await;
    assert_eq!(unknown.faults(422, "invalid"), ["/procedure_id"]);
}

async fn what_looks_wrong_is_remarked_and_not_refused(app: TestApp) {
    let admin = app.admin().await;
    let mut body = decision("08/2025/QĐ-UBND", &json!([]));
    (body["effective_on"], body["published_on"]) = (json!("2026-03-01"), json!("2026-02-27"));
    let made = admin.post(PUBLICATIONS, &body).await.expect(201);
    let remarks = made["remarks"].as_array().unwrap();
    let codes: Vec<_> = remarks.iter().map(|one| (one["pointer"].clone(), one["code"].clone())).collect();
    let expected = [
        ("/number", "number_year"),
        ("/effective_on", "before_issue"),
        ("/published_on", "before_issue"),
        ("/items", "no_items"),
    ];
    assert_eq!(codes, expected.map(|(pointer, code)| (json!(pointer), json!(code))));
    assert_eq!(remarks[0]["numbers"], json!({"number_year": 2025, "issued_year": 2026}));
    assert_eq!(remarks[0]["severity"], "finding");
    assert!(remarks[0]["message"]["vi"].as_str().unwrap().contains("mang năm 2025"), "{remarks:?}");
    assert_eq!(remarks[2]["numbers"], json!({"days": 3}));
}

async fn every_fault_of_a_decision_is_named(app: TestApp) {
    let admin = app.admin().await;
    let known = known(&admin, "1.000001").await;
    let items = json!([
        {"action": "replace", "procedure_code": "1.000005"},
        {"action": "add", "procedure_code": "1000005.x"},
        {"action": "add"},
        {"action": "repeal", "procedure_code": "1.000006", "replaced_procedure_code": "1.000007"},
        {"action": "add", "procedure_code": "1.000008"},
        {"action": "repeal", "procedure_code": "1.000008"},
        {"action": "change", "procedure_id": known, "procedure_code": "1.000002"},
        {"action": "change", "procedure_id": uuid::Uuid::now_v7().to_string()},
    ]);
    let mut body = decision("12/QĐ-UBND", &items);
    body["org_unit_code"] = json!("không có");
    // Days that no database keeps.
    for day in ["effective_on", "legal_basis_effective_on", "published_on"] {
        body[day] = json!("+12026-03-09");
    }
    let mut faults = admin.post(PUBLICATIONS, &body).await.faults(422, "invalid");
    faults.sort();
    faults.dedup();
    assert_eq!(
        faults,
        [
            "/effective_on",
            "/items/0/replaced_procedure_code",
            "/items/1/procedure_code",
            "/items/2/procedure_code",
            "/items/3/replaced_procedure_code",
            "/items/5/procedure_code",
            "/items/6/procedure_id",
            "/items/7/procedure_id",
            "/legal_basis_effective_on",
            "/org_unit_code",
            "/published_on",
        ]
    );
}

async fn a_decision_corrected_has_the_new_items_alone(app: TestApp) {
    let admin = app.admin().await;
    let add = |code: &str| json!({"action": "add", "procedure_code": code});
    let body = decision("12/QĐ-UBND", &json!([add("1.000001"), add("1.000002"), add("1.000003")]));
    let made = admin.post(PUBLICATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    let sent_back = json!({"items": made["items"]});
    let same = admin.patch(&place, &etag, &sent_back).await;
    let etag = same.etag();
    assert_eq!(same.expect(200)["items"], made["items"], "an answer can be sent back");
    let fewer = decision("12/QĐ-UBND", &json!([add("1.000002")]));
    let replaced = admin.put(&place, &etag, &fewer).await;
    let etag = replaced.etag();
    assert_eq!(replaced.expect(200)["added_count"], 1);
    let read = admin.get(&place).await.expect(200);
    assert_eq!(read["items"].as_array().unwrap().len(), 1);
    let mut moved = fewer.clone();
    moved["org_unit_code"] = json!("31396");
    assert_eq!(admin.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    admin.post(PUBLICATIONS, &decision("13/QĐ-UBND", &json!([]))).await.expect(201);
    admin.patch(&place, &etag, &json!({"number": "13/QĐ-UBND"})).await.problem(409, "duplicate");
}

async fn an_answer_knows_when_a_procedure_comes_into_the_catalogue(app: TestApp) {
    let admin = app.admin().await;
    let items = json!([{"action": "add", "procedure_code": "1.000001"}]);
    let place = admin.post(PUBLICATIONS, &decision("12/QĐ-UBND", &items)).await.header("location");
    let before = admin.get(&place).await;
    let etag = before.etag();
    assert_eq!(before.expect(200)["items"][0]["procedure_id"], Value::Null);
    let id = known(&admin, "1.000001").await;
    let after = admin.with("if-none-match", &etag).get(&place).await.expect(200);
    assert_eq!(after["items"][0]["procedure_id"], json!(id));
    admin.patch(&place, &etag, &json!({"note": "Đã cập nhật"})).await.expect(200);
}

async fn everyone_reads_publications_and_only_the_country_writes_them(app: TestApp) {
    let admin = app.admin().await;
    let body = decision("12/QĐ-UBND", &json!([]));
    let made = admin.post(PUBLICATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.get(&place).await.expect(200);
    editor.get(&format!("{PUBLICATIONS}/differences")).await.expect(200);
    let province = app.person("tp.cantho", "admin", "92").await;
    for client in [editor, province] {
        client.post(PUBLICATIONS, &decision("13/QĐ-UBND", &json!([]))).await.problem(403, "forbidden");
        client.put(&place, &etag, &body).await.problem(403, "forbidden");
        client.delete(&place, &etag).await.problem(403, "forbidden");
        client.step(&format!("{place}/application")).await.problem(403, "forbidden");
    }
}
