//! What a unit shows to the public of what it must.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    what_a_commune_must_show_and_does_not_is_told,
    the_postings_of_the_report_come_out_as_counts,
    what_the_communes_below_must_show_is_told_unit_by_unit,
    what_has_ended_should_be_taken_down,
    a_procedure_is_posted_once_in_a_form_at_a_time,
    a_procedure_is_posted_once_within_a_batch_and_by_many_at_once,
    a_posting_and_the_deletion_of_its_procedure_never_both_succeed,
    an_editor_posts_for_the_own_unit_alone,
    an_answer_knows_when_its_procedure_ends,
    a_procedure_that_is_posted_is_not_deleted,
    unit_and_procedure_name_a_posting,
    a_posting_is_of_days_that_the_databases_keep,
];

const POSTINGS: &str = "/api/v1/tthc/procedure-postings";
const PROCEDURES: &str = "/api/v1/tthc/procedures";

fn posting(code: &str, form: &str) -> Value {
    json!({"org_unit_code": "31396", "procedure_code": code, "form": form, "posted_on": "2026-01-12"})
}

async fn known(admin: &Client, code: &str, level: &str, service: &str) -> String {
    let body =
        json!({"code": code, "name": format!("Thủ tục {code}"), "level": level, "service_level": service});
    admin.post(PROCEDURES, &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn coverage(client: &Client, query: &str) -> [i64; 4] {
    let path = format!("{POSTINGS}/coverage?org_unit_code=31396{query}");
    let coverage = client.get(&path).await.expect(200);
    ["required", "posted", "missing", "ended"].map(|count| coverage[count].as_i64().unwrap())
}

async fn missing(client: &Client, query: &str) -> Vec<Value> {
    let list = client.get(&format!("{POSTINGS}/missing?org_unit_code=31396{query}")).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|one| one["procedure_code"].clone()).collect()
}

async fn what_a_commune_must_show_and_does_not_is_told(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "full_online").await;
    known(&admin, "1.000002", "commune_reception", "unknown").await;
    known(&admin, "1.000003", "commune", "partial_online").await;
    known(&admin, "1.000004", "province", "unknown").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(POSTINGS, &posting("1.000001", "board")).await.expect(201);
    editor.post(POSTINGS, &posting("1.000001", "website")).await.expect(201);
    editor.post(POSTINGS, &posting("1.000003", "website")).await.expect(201);
    editor.post(POSTINGS, &posting("1.000004", "board")).await.expect(201);
    assert_eq!(coverage(&editor, "").await, [3, 2, 1, 0], "a procedure in two forms counts once");
    assert_eq!(missing(&editor, "").await, ["1.000002"]);
    assert_eq!(coverage(&editor, "&form=board").await, [3, 1, 2, 0]);
    assert_eq!(missing(&editor, "&form=board").await, ["1.000002", "1.000003"]);
    assert_eq!(coverage(&editor, "&level=province").await, [1, 1, 0, 0]);
    assert_eq!(coverage(&editor, "&as_of=2026-01-11").await, [3, 0, 3, 0], "nothing was posted yet");
    let first = editor
        .get(&format!("{POSTINGS}/missing?org_unit_code=31396&form=kiosk&limit=2&include_total=true"))
        .await
        .expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = missing(&editor, &format!("&form=kiosk&limit=2&cursor={cursor}")).await;
    assert_eq!(rest, ["1.000003"]);
    let ended = editor.get(&format!("{POSTINGS}/coverage?org_unit_code=934")).await;
    ended.problem(422, "unit-not-in-force");
}

async fn what_the_communes_below_must_show_is_told_unit_by_unit(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "full_online").await;
    known(&admin, "1.000002", "commune", "unknown").await;
    known(&admin, "1.000003", "province", "unknown").await;
    let asked = async |client: &Client, what: &str, query: &str| {
        client.get(&format!("{POSTINGS}/{what}?org_unit_code=92{query}")).await.expect(200)
    };
    let of =
        |told: &Value| ["units", "required", "posted", "missing"].map(|count| told[count].as_i64().unwrap());
    admin.post(POSTINGS, &posting("1.000001", "board")).await.expect(201);
    admin.post(POSTINGS, &posting("1.000001", "website")).await.expect(201);
    assert_eq!(of(&asked(&admin, "coverage", "").await), [1, 1, 0, 1], "the province's own");
    let whole = of(&asked(&admin, "coverage", "&scope=subtree").await);
    let communes = whole[0] - 1;
    assert!(communes > 90, "{whole:?}");
    assert_eq!(whole, [communes + 1, communes * 2 + 1, 1, communes * 2], "each commune owes its two");
    let of_communes = asked(&admin, "coverage", "&scope=subtree&level=commune").await;
    assert_eq!(of(&of_communes), [communes + 1, (communes + 1) * 2, 1, communes * 2 + 1], "and who is named");
    assert_eq!((&of_communes["scope"], &of_communes["levels"]), (&json!("subtree"), &json!(["commune"])));

    let query = "&scope=children&limit=200&include_total=true";
    let mut page = asked(&admin, "missing", query).await;
    assert_eq!(page["total"], communes * 2);
    let mut rows = Vec::new();
    loop {
        rows.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        page = asked(&admin, "missing", &format!("{query}&cursor={cursor}")).await;
    }
    let pair =
        |row: &Value| ["org_unit_id", "procedure_code"].map(|name| row[name].as_str().unwrap().to_owned());
    let pairs: std::collections::HashSet<_> = rows.iter().map(pair).collect();
    assert_eq!(pairs.len(), rows.len(), "each once");
    assert_eq!(i64::try_from(rows.len()).unwrap(), communes * 2);
    let hiep_hung = app.unit("31396", "2026-11-23");
    assert!(!pairs.contains(&[hiep_hung.clone(), "1.000001".to_owned()]), "it posts that");
    assert!(pairs.contains(&[hiep_hung, "1.000002".to_owned()]));

    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let foreign = editor.get(&format!("{POSTINGS}/coverage?org_unit_code=92&scope=subtree")).await;
    foreign.problem(403, "forbidden");
}

/// The report of Phụng Hiệp: "Cấp xã: có 162 TTHC (gồm: Dịch vụ công trực tuyến toàn trình 10 TTHC; DVC trực
/// tuyến một phần 93 TTHC)", posted on the board and on the website of each commune.
async fn the_postings_of_the_report_come_out_as_counts(app: TestApp) {
    let admin = app.admin().await;
    let service = |number: usize| match number {
        1..=10 => "full_online",
        11..=103 => "partial_online",
        _ => "information_only",
    };
    let code = |number: usize| format!("1.{number:06}");
    let procedures: Vec<_> = (1..=162)
        .map(|number| {
            json!({"code": code(number), "name": format!("Thủ tục {number}"), "level": "commune", "service_level": service(number)})
        })
        .collect();
    admin.post(&format!("{PROCEDURES}/batch"), &json!(procedures)).await.expect(200);
    let mut lines = Vec::new();
    for (number, form) in (1..=162).flat_map(|number| [(number, "board"), (number, "website")]) {
        let mut line = posting(&code(number), form);
        (line["org_unit_code"], line["posted_on"]) = (json!("31429"), json!("2024-03-01"));
        lines.push(line);
    }
    let report = admin.post(&format!("{POSTINGS}/batch"), &json!(lines)).await.expect(200);
    assert_eq!(report["created"], 324);
    let path = format!("{POSTINGS}/coverage?org_unit_code=31429&as_of=2024-06-30");
    let coverage = admin.get(&path).await.expect(200);
    assert_eq!((&coverage["required"], &coverage["posted"]), (&json!(162), &json!(162)));
    let of = |level: &str| {
        let levels = coverage["service_levels"].as_array().unwrap();
        levels.iter().find(|one| one["service_level"] == level).unwrap()["posted"].clone()
    };
    assert_eq!((of("full_online"), of("partial_online")), (json!(10), json!(93)));
    let again = admin.post(&format!("{POSTINGS}/batch?on_conflict=update"), &json!(lines)).await.expect(200);
    assert_eq!(again["unchanged"], 324);
}

async fn what_has_ended_should_be_taken_down(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001", "commune", "unknown").await;
    known(&admin, "1.000002", "commune", "unknown").await;
    for code in ["1.000001", "1.000002"] {
        admin.post(POSTINGS, &posting(code, "board")).await.expect(201);
    }
    let path = format!("{PROCEDURES}/{id}");
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"valid_to": "2026-09-03"})).await.expect(200);
    assert_eq!(coverage(&admin, "").await, [1, 1, 0, 1]);
    assert_eq!(coverage(&admin, "&as_of=2026-09-02").await, [2, 2, 0, 0]);
    let ended = async |query: &str| {
        let path = format!("{POSTINGS}?org_unit_code=31396&procedure_status=ended&standing=true{query}");
        admin.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    };
    let found = ended("").await;
    assert_eq!((found.len(), &found[0]["procedure_code"]), (1, &json!("1.000001")));
    assert!(ended("&as_of=2026-09-02").await.is_empty());
    let place = format!("{POSTINGS}/{}", found[0]["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    admin.patch(&place, &etag, &json!({"removed_on": "2026-09-10"})).await.expect(200);
    assert!(ended("").await.is_empty());
    assert_eq!(ended("&as_of=2026-09-09").await.len(), 1, "it stood until then");
    let gone = admin.get(&format!("{POSTINGS}?standing=false")).await.expect(200);
    assert_eq!(gone["items"].as_array().unwrap().len(), 1);
}

async fn a_procedure_is_posted_once_in_a_form_at_a_time(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "unknown").await;
    let body = posting("1.000001", "board");
    let made = admin.post(POSTINGS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    admin.post(POSTINGS, &body).await.problem(409, "duplicate");
    let later = |day: &str| {
        let mut body = body.clone();
        body["posted_on"] = json!(day);
        body
    };
    admin.post(POSTINGS, &later("2026-05-01")).await.problem(409, "duplicate");
    let taken_down = admin.patch(&place, &etag, &json!({"removed_on": "2026-04-01"})).await;
    let etag = taken_down.etag();
    taken_down.expect(200);
    admin.post(POSTINGS, &later("2026-03-31")).await.problem(409, "duplicate");
    admin.post(POSTINGS, &later("2026-04-01")).await.expect(201);
    admin.patch(&place, &etag, &json!({"removed_on": null})).await.problem(409, "duplicate");
    let twins = json!([posting("1.000001", "kiosk"), {
        "org_unit_code": "31396", "procedure_code": "1.000001", "form": "kiosk", "posted_on": "2026-02-01",
    }]);
    let report = admin.post(&format!("{POSTINGS}/batch?mode=partial"), &twins).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
}

async fn a_procedure_is_posted_once_within_a_batch_and_by_many_at_once(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "unknown").await;
    let posted = |form: &str, from: &str, to: &str| {
        let mut body = posting("1.000001", form);
        (body["posted_on"], body["removed_on"]) = (json!(from), json!(to));
        body
    };
    let lines = json!([
        posted("kiosk", "2026-01-12", "2026-06-01"),
        posted("kiosk", "2026-02-01", "2026-09-01"),
        posted("kiosk", "2026-06-01", "2026-07-01"),
    ]);
    let report = admin.post(&format!("{POSTINGS}/batch?mode=partial"), &lines).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(2), &json!(1)), "{report}");
    let writers = (1..=8).map(|number| {
        let (admin, body) = (admin.clone(), posted("board", &format!("2026-01-{number:02}"), "2026-06-01"));
        actix_web::rt::spawn(async move { admin.post(POSTINGS, &body).await.status })
    });
    let statuses: Vec<u16> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
}

async fn a_posting_and_the_deletion_of_its_procedure_never_both_succeed(app: TestApp) {
    let admin = app.admin().await;
    for number in 1..=8 {
        let code = format!("1.{number:06}");
        let path = format!("{PROCEDURES}/{}", known(&admin, &code, "commune", "unknown").await);
        let body = posting(&code, "board");
        let (posted, deleted) = tokio::join!(admin.post(POSTINGS, &body), admin.delete(&path, "\"v1\""));
        let told = (posted.status, deleted.status);
        assert!([(201, 409), (422, 204)].contains(&told), "{told:?}");
    }
}

async fn an_editor_posts_for_the_own_unit_alone(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "unknown").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let body = posting("1.000001", "board");
    let refused = other.post(POSTINGS, &body).await;
    assert_eq!(refused.faults(403, "forbidden"), ["/org_unit_code"]);
    reviewer.post(POSTINGS, &body).await.problem(403, "forbidden");
    let made = editor.post(POSTINGS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["org_unit_name"], "Xã Hiệp Hưng");
    other.get(&place).await.problem(404, "not-found");
    other.patch(&place, &etag, &json!({"note": "x"})).await.problem(404, "not-found");
    other.get(&format!("{POSTINGS}/coverage?org_unit_code=31396")).await.problem(403, "forbidden");
    other.get(&format!("{POSTINGS}/missing?org_unit_code=31396")).await.problem(403, "forbidden");
    assert_eq!(other.get(POSTINGS).await.expect(200)["items"], json!([]));
    reviewer.get(&place).await.expect(200);
    reviewer.delete(&place, &etag).await.problem(403, "forbidden");
    assert_eq!(coverage(&reviewer, "").await, [1, 1, 0, 0]);
    let below = reviewer.get(&format!("{POSTINGS}?org_unit_code=92&scope=subtree")).await.expect(200);
    assert_eq!(below["items"].as_array().unwrap().len(), 1);
    assert_eq!(editor.delete(&place, &etag).await.status, 204);
    app.seal().await;
    let feed = |client: Client| async move {
        let feed = client.get("/api/v1/exchange/changes?types=procedure_posting").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((feed(editor).await, feed(other).await), (2, 0), "the feed is confined likewise");
}

async fn an_answer_knows_when_its_procedure_ends(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001", "commune", "unknown").await;
    let place = admin.post(POSTINGS, &posting("1.000001", "board")).await.header("location");
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.with("if-none-match", &etag).get(&place).await.status, 304);
    let path = format!("{PROCEDURES}/{id}");
    let procedure = admin.get(&path).await.etag();
    admin.patch(&path, &procedure, &json!({"valid_to": "2026-09-03"})).await.expect(200);
    let read = admin.with("if-none-match", &etag).get(&place).await.expect(200);
    assert_eq!(read["procedure_status"], "ended");
}

async fn a_procedure_that_is_posted_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let id = known(&admin, "1.000001", "commune", "unknown").await;
    let made = admin.post(POSTINGS, &posting("1.000001", "board")).await;
    let path = format!("{PROCEDURES}/{id}");
    admin.delete(&path, "\"v1\"").await.problem(409, "in-use");
    assert_eq!(admin.delete(&made.header("location"), &made.etag()).await.status, 204);
    assert_eq!(admin.delete(&path, "\"v1\"").await.status, 204);
}

async fn unit_and_procedure_name_a_posting(app: TestApp) {
    let admin = app.admin().await;
    for code in ["1.000001", "1.000002"] {
        known(&admin, code, "commune", "unknown").await;
    }
    let made = admin.post(POSTINGS, &posting("1.000001", "board")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let mut other = posting("1.000002", "board");
    other["org_unit_code"] = json!("31399");
    let faults = admin.put(&place, &etag, &other).await.faults(422, "invalid");
    assert_eq!(faults, ["/org_unit_code", "/procedure_id"]);
    let unknown = admin.post(POSTINGS, &posting("1.000009", "board")).await;
    assert_eq!(unknown.faults(422, "invalid"), ["/procedure_code"]);
    let mut none = posting("1.000001", "kiosk");
    none.as_object_mut().unwrap().remove("procedure_code");
    assert_eq!(admin.post(POSTINGS, &none).await.faults(422, "invalid"), ["/procedure_code"]);
}

async fn a_posting_is_of_days_that_the_databases_keep(app: TestApp) {
    let admin = app.admin().await;
    known(&admin, "1.000001", "commune", "unknown").await;
    let mut beyond = posting("1.000001", "website");
    (beyond["posted_on"], beyond["removed_on"]) = (json!("+12026-01-12"), json!("+12026-06-01"));
    assert_eq!(admin.post(POSTINGS, &beyond).await.faults(422, "invalid"), ["/posted_on", "/removed_on"]);
    beyond["posted_on"] = json!("2026-01-12");
    assert_eq!(admin.post(POSTINGS, &beyond).await.faults(422, "invalid"), ["/removed_on"]);
}
