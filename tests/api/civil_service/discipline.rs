//! Inspections of discipline and their visits.

use serde_json::{Value, json};

use super::{ROOM, noticed, of_the_report, under_the_district};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_thirteen_visits_of_the_report_were_on_a_working_day,
    a_visit_on_a_day_off_is_noticed,
    a_visit_is_of_an_inspection_and_to_a_unit_that_are_there,
    who_was_visited_is_named_as_any_unit,
    what_was_found_is_followed_up,
    who_was_visited_does_not_take_it_back,
    an_inspection_that_visits_name_keeps_its_code_and_stays,
];

const INSPECTION: &str = include_str!("../../../src/demo/report/discipline-inspections.ndjson");
const VISITS: &str = include_str!("../../../src/demo/report/discipline-visits.ndjson");

fn visits() -> String {
    format!("{ROOM}/discipline-visits")
}

/// An inspection by the province of today, in November 2026.
async fn inspection(client: &Client) -> Value {
    let body = json!({
        "org_unit_code": "92", "code": "77/2026", "topic": "Chấp hành giờ giấc làm việc", "notice": "unannounced",
        "starts_on": "2026-11-02", "ends_on": "2026-11-20", "document_number": "77/QĐ-UBND", "document_on": "2026-10-26",
    });
    client.post(&format!("{ROOM}/discipline-inspections"), &body).await.expect(201)
}

/// The days on which nobody works, as the service brings them.
async fn holidays(app: &TestApp) {
    kernel::reporting::holidays::import(&app.state.db, app.state.now()).await.unwrap();
}

fn visit(unit: &str, day: &str) -> Value {
    json!({
        "org_unit_code": "92", "inspection_code": "77/2026", "visited_unit_code": unit, "visited_on": day,
        "outcome": "compliant",
    })
}

/// The report of Phụng Hiệp: on Saturday, 4 May 2024, which was worked for Monday, 29 April, three offices and ten
/// communes were visited.
async fn the_thirteen_visits_of_the_report_were_on_a_working_day(app: TestApp) {
    holidays(&app).await;
    let offices = ["934-TP", "934-TNMT", "934-LDTBXH"].map(str::to_owned);
    under_the_district(&app, "specialised_agency", &offices).await;
    let admin = app.admin().await;
    let inspections = of_the_report(&admin, "discipline-inspections", INSPECTION).await;
    let made = of_the_report(&admin, "discipline-visits", VISITS).await;
    assert_eq!(made.len(), 13);
    for visit in &made {
        assert_eq!((&visit["day_kind"], noticed(visit)), (&json!("make_up_workday"), vec![]), "{visit}");
        assert_ne!(visit["visited_unit_name"], Value::Null);
    }
    let place = format!("{ROOM}/discipline-inspections/{}", inspections[0]["id"].as_str().unwrap());
    let read = admin.get(&place).await.expect(200);
    assert_eq!((&read["visits"], &read["visits_with_violations"]), (&json!(13), &json!(0)));
    let of_code = admin.get(&format!("{}?inspection_code=1536%2F2024&include_total=true", visits())).await;
    assert_eq!(of_code.expect(200)["total"], 13);
}

async fn a_visit_on_a_day_off_is_noticed(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    inspection(&admin).await;
    for (day, kind, codes) in [
        ("2026-11-06", "working_day", vec![]),
        ("2026-11-07", "weekend", vec!["no_working_day"]),
        ("2026-11-23", "working_day", vec!["outside_inspection"]),
    ] {
        let made = admin.post(&visits(), &visit("31396", day)).await.expect(201);
        assert_eq!((made["day_kind"].as_str(), noticed(&made)), (Some(kind), codes), "{day}");
    }
    let list = admin.get(&format!("{}?visited_to=2026-11-07", visits())).await.expect(200);
    assert_eq!(noticed(&list["items"][0]), ["no_working_day"], "a list tells it too");
}

async fn a_visit_is_of_an_inspection_and_to_a_unit_that_are_there(app: TestApp) {
    let admin = app.admin().await;
    inspection(&admin).await;
    let mut unknown = visit("00000", "2026-11-06");
    unknown["inspection_code"] = json!("78/2026");
    let mut faults = admin.post(&visits(), &unknown).await.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(faults, ["/inspection_code", "/visited_unit_code"]);
    let made = admin.post(&visits(), &visit("31396", "2026-11-06")).await.expect(201);
    assert_eq!(made["visited_unit_name"], "Xã Hiệp Hưng");
    admin.post(&visits(), &visit("31396", "2026-11-06")).await.problem(409, "duplicate");
}

/// A visit to a unit that is named by these members and no others.
fn visit_to(members: &Value, day: &str) -> Value {
    let mut body = visit("31396", day);
    let body_members = body.as_object_mut().unwrap();
    body_members.remove("visited_unit_code");
    body_members.extend(members.as_object().unwrap().clone());
    body
}

async fn who_was_visited_is_named_as_any_unit(app: TestApp) {
    let admin = app.admin().await;
    inspection(&admin).await;
    let department = json!({
        "name": "Sở Tư pháp", "kind": "specialised_agency", "identifier": "H13.14", "parent_code": "92",
        "valid_from": "2025-07-01",
    });
    let department = admin.post("/api/v1/organization/org-units", &department).await.expect(201);
    let told = |visit: &Value| {
        ["id", "identifier", "code", "name"].map(|member| visit[format!("visited_unit_{member}")].clone())
    };
    let commune = json!(app.unit("31396", "2026-11-06"));
    let by_id = visit_to(&json!({"visited_unit_id": commune}), "2026-11-06");
    let made = admin.post(&visits(), &by_id).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&told(&made)[0], &told(&made)[2]), (&commune, &json!("31396")));
    // However it is named it is the same visit.
    admin.post(&visits(), &visit("31396", "2026-11-06")).await.problem(409, "duplicate");
    let again = json!([visit("31396", "2026-11-06")]);
    let again = admin.post(&format!("{}/batch?on_conflict=update", visits()), &again).await.expect(200);
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(1)));

    // An agency may have no statistics code.
    let to_department = visit_to(&json!({"visited_unit_identifier": "H13.14"}), "2026-11-09");
    let agency = admin.post(&visits(), &to_department).await.expect(201);
    assert_eq!(told(&agency), [department["id"].clone(), json!("H13.14"), Value::Null, json!("Sở Tư pháp")]);
    let unit = format!("/api/v1/organization/org-units/{}", department["id"].as_str().unwrap());
    let unit_etag = admin.get(&unit).await.etag();
    admin.delete(&unit, &unit_etag).await.problem(409, "in-use");

    // A patch names another, or leaves it.
    let noted = admin.patch(&place, &etag, &json!({"persons_checked": 3})).await;
    let etag = noted.etag();
    assert_eq!(told(&noted.expect(200)), told(&made));
    let moved = admin.patch(&place, &etag, &json!({"visited_unit_identifier": "H13.14"})).await;
    let etag = moved.etag();
    assert_eq!(told(&moved.expect(200)), told(&agency));
    let back = admin.patch(&place, &etag, &json!({"visited_unit_code": "31396"})).await.expect(200);
    assert_eq!(told(&back), told(&made));

    let both = visit_to(&json!({"visited_unit_id": commune, "visited_unit_code": "31396"}), "2026-11-10");
    let none = visit_to(&json!({}), "2026-11-10");
    for body in [both, none] {
        assert_eq!(admin.post(&visits(), &body).await.faults(422, "invalid"), ["/visited_unit_code"]);
    }
    let unknown = visit_to(&json!({"visited_unit_identifier": "H99"}), "2026-11-10");
    let refused = admin.post(&visits(), &unknown).await;
    assert_eq!(refused.faults(422, "invalid"), ["/visited_unit_identifier"]);
}

async fn what_was_found_is_followed_up(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    inspection(&admin).await;
    let mut body = visit("31396", "2026-11-06");
    body["outcome"] = json!("violations");
    assert_eq!(admin.post(&visits(), &body).await.faults(422, "invalid"), ["/findings"]);
    body["findings"] = json!("Có 01 trường hợp không đeo thẻ.");
    body["follow_up"] = json!("Chấn chỉnh, báo cáo kết quả.");
    body["follow_up_by"] = json!("2026-11-06");
    let made = admin.post(&visits(), &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let later = admin.get(&format!("{}?as_of=2026-11-16", visits())).await.expect(200);
    let [late] = &later["items"].as_array().unwrap()[..] else { panic!("{later}") };
    assert_eq!((noticed(late), &late["remarks"][0]["numbers"]["days"]), (vec!["follow_up_late"], &json!(10)));
    let done = admin.patch(&place, &etag, &json!({"followed_up_on": "2026-11-06"})).await.expect(200);
    assert_eq!(noticed(&done), [""; 0]);
    let inspections = admin.get(&format!("{ROOM}/discipline-inspections")).await.expect(200);
    assert_eq!(inspections["items"][0]["visits_with_violations"], 1);
}

async fn who_was_visited_does_not_take_it_back(app: TestApp) {
    let admin = app.admin().await;
    inspection(&admin).await;
    let made = admin.post(&visits(), &visit("31396", "2026-11-06")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    commune.delete(&place, &etag).await.problem(404, "not-found");
    let own = json!({
        "org_unit_code": "31396", "inspection_code": "77/2026", "visited_unit_code": "31396",
        "visited_on": "2026-11-06", "outcome": "compliant",
    });
    let refused = commune.post(&visits(), &own).await;
    assert_eq!(refused.faults(422, "invalid"), ["/inspection_code"], "the inspection is not its own");
}

async fn an_inspection_that_visits_name_keeps_its_code_and_stays(app: TestApp) {
    let admin = app.admin().await;
    let inspection = inspection(&admin).await;
    let place = format!("{ROOM}/discipline-inspections/{}", inspection["id"].as_str().unwrap());
    let made = admin.post(&visits(), &visit("31396", "2026-11-06")).await;
    let (visit, visit_etag) = (made.header("location"), made.etag());
    let etag = admin.get(&place).await.etag();
    admin.delete(&place, &etag).await.problem(409, "in-use");
    admin.patch(&place, &etag, &json!({"code": "78/2026"})).await.problem(409, "in-use");
    let etag = admin.patch(&place, &etag, &json!({"topic": "Giờ giấc làm việc"})).await.etag();
    assert_eq!(admin.delete(&visit, &visit_etag).await.status, 204);
    let etag = {
        let recoded = admin.patch(&place, &etag, &json!({"code": "78/2026"})).await;
        let etag = recoded.etag();
        assert_eq!(recoded.expect(200)["code"], "78/2026", "nothing names it any more");
        etag
    };
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}
