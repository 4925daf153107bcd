//! Who is charged with the control of procedures, by position.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_focal_points_of_the_report_are_told_without_names,
    a_position_is_held_once_at_a_time,
    a_position_is_held_once_within_a_batch,
    of_many_who_write_a_position_at_once_one_does,
    focal_points_are_found_as_they_stand_on_a_day,
    a_unit_tells_of_itself_alone,
    what_does_not_hold_together_is_refused_or_noticed,
    many_come_at_once_and_come_again,
    a_unit_with_a_focal_point_is_not_deleted,
];

const POINTS: &str = "/api/v1/tthc/focal-points";

fn point(position: &str, valid_from: &str) -> Value {
    json!({"org_unit_code": "31396", "duty": "procedure_control", "position_title": position, "valid_from": valid_from})
}

async fn positions(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{POINTS}?{query}")).await.expect(200);
    let position = |one: &Value| one["position_title"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(position).collect()
}

/// The report of Phụng Hiệp: "Kiện toàn cán bộ, công chức đầu mối thực hiện nhiệm vụ kiểm soát TTHC (tại Quyết
/// định số 4261/QĐ-UBND ngày 09/5/2024 của Chủ tịch UBND huyện Phụng Hiệp)", and "bố trí 01 công chức (Phó
/// Chánh Văn phòng HĐND và UBND huyện, Trưởng Ban tiếp công dân huyện) tiếp nhận phản ánh, kiến nghị".
async fn the_focal_points_of_the_report_are_told_without_names(app: TestApp) {
    let admin = app.admin().await;
    let control = json!({
        "org_unit_code": "934", "duty": "procedure_control", "position_title": "Cán bộ, công chức đầu mối kiểm soát TTHC",
        "headcount": 11, "decision_number": "4261/QĐ-UBND", "decided_on": "2024-05-09", "valid_from": "2024-05-09",
    });
    let feedback = json!({
        "org_unit_code": "934", "duty": "feedback_reception", "valid_from": "2024-01-01",
        "position_title": "Phó Chánh Văn phòng HĐND và UBND huyện, Trưởng Ban tiếp công dân huyện",
    });
    let control = admin.post(POINTS, &control).await.expect(201);
    let feedback = admin.post(POINTS, &feedback).await.expect(201);
    assert_eq!((&control["headcount"], &feedback["headcount"]), (&json!(11), &json!(1)));
    assert_eq!(
        (&control["level"], &control["org_unit_name"]),
        (&json!("district"), &json!("Huyện Phụng Hiệp"))
    );
    assert_eq!(control["remarks"], json!([]));
    let mut named = point("Công chức Tư pháp - Hộ tịch", "2026-01-05");
    named["full_name"] = json!("Nguyễn Văn A");
    assert_eq!(
        admin.post(POINTS, &named).await.faults(400, "wrong-shape"),
        ["/full_name"],
        "no member holds a name"
    );
}

async fn a_position_is_held_once_at_a_time(app: TestApp) {
    let admin = app.admin().await;
    let first = admin.post(POINTS, &point("Công chức Văn phòng", "2026-01-05")).await;
    let (place, etag) = (first.header("location"), first.etag());
    admin.post(POINTS, &point("CÔNG CHỨC  văn phòng", "2026-03-02")).await.problem(409, "duplicate");
    let mut other = point("Công chức Văn phòng", "2026-03-02");
    other["duty"] = json!("feedback_reception");
    admin.post(POINTS, &other).await.expect(201);
    admin.patch(&place, &etag, &json!({"valid_to": "2026-03-02"})).await.expect(200);
    let second = admin.post(POINTS, &point("Công chức Văn phòng", "2026-03-02")).await;
    let (place, etag) = (second.header("location"), second.etag());
    second.expect(201);
    admin.patch(&place, &etag, &json!({"valid_from": "2026-03-01"})).await.problem(409, "duplicate");
    let mut before = point("Công chức Văn phòng", "2025-12-01");
    before["valid_to"] = json!("2026-01-06");
    admin.post(POINTS, &before).await.problem(409, "duplicate");
    before["valid_to"] = json!("2026-01-05");
    admin.post(POINTS, &before).await.expect(201);
}

/// A position that was held for some days.
fn once_held(from: &str, to: &str) -> Value {
    let mut held = point("Công chức Văn phòng", from);
    held["valid_to"] = json!(to);
    held
}

async fn a_position_is_held_once_within_a_batch(app: TestApp) {
    let admin = app.admin().await;
    let lines = [("2026-01-05", "2026-06-01"), ("2026-03-02", "2026-09-01"), ("2026-06-01", "2026-07-01")];
    let lines: Vec<_> = lines.iter().map(|(from, to)| once_held(from, to)).collect();
    let report = admin.post(&format!("{POINTS}/batch?mode=partial"), &json!(lines)).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(2), &json!(1)), "{report}");
    let firsts = admin.get(&format!("{POINTS}?sort=valid_from")).await.expect(200);
    let firsts: Vec<_> = firsts["items"].as_array().unwrap().iter().map(|one| &one["valid_from"]).collect();
    assert_eq!(firsts, ["2026-01-05", "2026-06-01"]);
}

async fn of_many_who_write_a_position_at_once_one_does(app: TestApp) {
    let admin = app.admin().await;
    let writers = (1..=8).map(|number| {
        let (admin, held) = (admin.clone(), once_held(&format!("2026-01-{number:02}"), "2026-06-01"));
        actix_web::rt::spawn(async move { admin.post(POINTS, &held).await.status })
    });
    let statuses: Vec<u16> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    let made = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!((made, statuses.len()), (1, 8), "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
}

async fn focal_points_are_found_as_they_stand_on_a_day(app: TestApp) {
    let admin = app.admin().await;
    let mut old = point("Công chức Tư pháp", "2026-01-05");
    old["valid_to"] = json!("2026-06-01");
    let mut new = point("Phó Chủ tịch", "2026-06-01");
    new["duty"] = json!("feedback_reception");
    for body in [&old, &new] {
        admin.post(POINTS, body).await.expect(201);
    }
    let (old, new) = ("Công chức Tư pháp", "Phó Chủ tịch");
    for (query, expected) in [
        ("standing=true&as_of=2026-05-31", vec![old]),
        ("standing=true&as_of=2026-06-01", vec![new]),
        ("standing=false&as_of=2026-06-01", vec![old]),
        ("standing=false&as_of=2026-05-31", vec![new]),
        ("standing=true", vec![new]),
        ("duty=procedure_control", vec![old]),
        ("q=phap+tu", vec![old]),
        ("sort=valid_from", vec![old, new]),
        ("", vec![new, old]),
        ("org_unit_code=92&scope=subtree", vec![new, old]),
        ("org_unit_code=92", vec![]),
    ] {
        assert_eq!(positions(&admin, query).await, expected, "{query}");
    }
    let page = admin.get(&format!("{POINTS}?limit=1&include_total=true")).await.expect(200);
    assert_eq!(page["total"], 2);
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(positions(&admin, &format!("limit=1&include_total=true&cursor={cursor}")).await, [old]);
}

async fn a_unit_tells_of_itself_alone(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("vp.ubnd", "reviewer", "92").await;
    let body = point("Công chức Văn phòng", "2026-01-05");
    assert_eq!(other.post(POINTS, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    reviewer.post(POINTS, &body).await.problem(403, "forbidden");
    let made = editor.post(POINTS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["level"], "commune");
    other.get(&place).await.problem(404, "not-found");
    other.delete(&place, &etag).await.problem(404, "not-found");
    reviewer.delete(&place, &etag).await.problem(403, "forbidden");
    assert_eq!((positions(&other, "").await.len(), positions(&reviewer, "").await.len()), (0, 1));
    let mut moved = body.clone();
    moved["org_unit_code"] = json!("31399");
    assert_eq!(editor.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    app.seal().await;
    let told = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=focal_point").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&editor).await, told(&other).await), (1, 0), "the feed is confined likewise");
}

async fn what_does_not_hold_together_is_refused_or_noticed(app: TestApp) {
    let admin = app.admin().await;
    let mut body = point("Công chức Văn phòng", "2026-01-05");
    body["valid_to"] = json!("2026-01-05");
    body["office_phone"] = json!("bà A 0912 345 678");
    body["decision_number"] = json!("61/QĐ-UBND");
    let mut faults = admin.post(POINTS, &body).await.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(faults, ["/decided_on", "/office_phone", "/valid_to"]);
    let mut none = point("Công chức Văn phòng", "2026-01-05");
    none["headcount"] = json!(0);
    assert_eq!(admin.post(POINTS, &none).await.faults(422, "invalid"), ["/headcount"]);
    let mut odd = point("Công chức Văn phòng", "2026-01-05");
    odd["decision_number"] = json!("61/2025/QĐ-UBND");
    odd["decided_on"] = json!("2026-01-20");
    let made = admin.post(POINTS, &odd).await.expect(201);
    let codes: Vec<_> = made["remarks"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["number_year", "before_decision"]);
    assert_eq!(made["remarks"][1]["numbers"]["days"], 15);
}

async fn many_come_at_once_and_come_again(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let lines =
        json!([point("Công chức Văn phòng", "2026-01-05"), point("Công chức Địa chính", "2026-01-05")]);
    let batch = format!("{POINTS}/batch?on_conflict=update");
    let report = editor.post(&batch, &lines).await.expect(200);
    assert_eq!((&report["created"], &report["unchanged"]), (&json!(2), &json!(0)));
    let mut again = lines.clone();
    again[1]["headcount"] = json!(3);
    let report = editor.post(&batch, &again).await.expect(200);
    assert_eq!(
        (&report["created"], &report["unchanged"], &report["updated"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let later = json!([point("Công chức Văn phòng", "2026-02-02")]);
    editor.post(&batch, &later).await.problem(409, "duplicate");
}

async fn a_unit_with_a_focal_point_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let unit = json!({"name": "Phòng thử nghiệm", "kind": "specialised_agency", "code": "PTN", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post("/api/v1/organization/org-units", &unit).await;
    let (place, etag) = (unit.header("location"), unit.etag());
    let mut body = point("Trưởng phòng", "2026-01-05");
    body["org_unit_code"] = json!("PTN");
    let made = admin.post(POINTS, &body).await;
    let (of_point, version) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["level"], "commune", "that of the unit above it");
    admin.delete(&place, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&of_point, &version).await.status, 204);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}
