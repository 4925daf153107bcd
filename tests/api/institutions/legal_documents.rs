//! Legal documents, from proposal to expiry.

use serde_json::{Value, json};

use super::{DOCUMENTS, document, noticed, numbers, of_the_report, only};
use crate::support::TestApp;
use crate::tell;

tell![
    the_decisions_of_the_report_are_in_force,
    a_number_of_another_year_is_noticed,
    a_draft_becomes_a_document,
    a_document_is_in_force_between_its_days,
    effect_may_not_come_too_soon,
    a_document_is_entered_once,
    what_looks_like_another_is_noticed,
    a_number_with_its_year_and_without_is_of_one_document,
    what_an_ended_unit_issued_is_reviewed_by_somebody,
    a_unit_that_a_document_names_is_not_deleted,
    a_commune_writes_its_own_alone,
];

const OF_THE_REPORT: &str = include_str!("../../../src/demo/report/legal-documents.ndjson");

/// The report of Phụng Hiệp: "UBND huyện Thẩm định 03 quyết định văn bản quy phạm pháp luật".
async fn the_decisions_of_the_report_are_in_force(app: TestApp) {
    let admin = app.admin().await;
    of_the_report(&admin, "legal-documents", OF_THE_REPORT).await;
    let of_district =
        format!("{DOCUMENTS}?org_unit_code=934&as_of=2024-07-02&validity=in_force&sort=issued_on");
    assert_eq!(
        numbers(&admin, &of_district).await,
        ["01/2024/QĐ-UBND", "02/2024/QĐ-UBND", "03/2024/QĐ-UBND"]
    );
    let before = format!("{DOCUMENTS}?org_unit_code=934&as_of=2024-02-06&validity=not_yet_effective");
    assert_eq!(numbers(&admin, &before).await, ["03/2024/QĐ-UBND"]);
    let one = only(&admin, &format!("{DOCUMENTS}?number=1%2F2024%2Fqd-ubnd")).await;
    assert_eq!(
        (one["org_unit_name"].as_str(), noticed(&one)),
        (Some("Huyện Phụng Hiệp"), vec!["effect_not_stated", "nobody_reviews"])
    );
}

/// The report dates Quyết định số 08/2023/QĐ-UBND "ngày 13 tháng 01 năm 2024".
async fn a_number_of_another_year_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    let made = of_the_report(&admin, "legal-documents", OF_THE_REPORT).await;
    let of_year: Vec<&Value> = made.iter().filter(|one| noticed(one).contains(&"number_year")).collect();
    let [one] = of_year[..] else { panic!("{of_year:?}") };
    assert_eq!(
        (&one["number"], &one["remarks"][0]["numbers"]),
        (&json!("08/2023/QĐ-UBND"), &json!({"number_year": 2023, "issued_year": 2024}))
    );
}

async fn a_draft_becomes_a_document(app: TestApp) {
    let admin = app.admin().await;
    let mut draft = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    draft["stage"] = json!("appraised");
    let refused = admin.post(DOCUMENTS, &draft).await;
    let mut faults = refused.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(faults, ["/appraised_on", "/effective_on", "/number"]);
    draft["appraised_on"] = json!("2026-02-20");
    for member in ["number", "effective_on"] {
        draft[member] = Value::Null;
    }
    let made = admin.post(DOCUMENTS, &draft).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&made["validity"], noticed(&made)), (&Value::Null, vec![]));
    for validity in ["not_yet_effective", "in_force", "expired"] {
        assert_eq!(numbers(&admin, &format!("{DOCUMENTS}?validity={validity}")).await, [""; 0], "{validity}");
    }
    let issue = json!({"stage": "issued", "number": "05/2026/QĐ-UBND", "effective_on": "2026-03-09"});
    let issued = admin.patch(&place, &etag, &issue).await.expect(200);
    assert_eq!((&issued["validity"], noticed(&issued)), (&json!("in_force"), vec![]));
    draft["issued_on"] = json!("2026-02-19");
    draft["stage"] = json!("issued");
    draft["number"] = json!("06/2026/QĐ-UBND");
    assert_eq!(admin.post(DOCUMENTS, &draft).await.faults(422, "invalid"), ["/appraised_on"]);
}

async fn a_document_is_in_force_between_its_days(app: TestApp) {
    let admin = app.admin().await;
    let mut body = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    body["effective_on"] = json!("2026-03-09");
    body["expired_on"] = json!("2026-06-01");
    assert_eq!(admin.post(DOCUMENTS, &body).await.faults(422, "invalid"), ["/expiry_cause"]);
    body["expiry_cause"] = json!("time");
    admin.post(DOCUMENTS, &body).await.expect(201);
    for (day, validity) in [
        ("2026-03-08", "not_yet_effective"),
        ("2026-03-09", "in_force"),
        ("2026-05-31", "in_force"),
        ("2026-06-01", "expired"),
    ] {
        let one = only(&admin, &format!("{DOCUMENTS}?as_of={day}&validity={validity}")).await;
        assert_eq!(one["validity"], validity, "{day}");
        for other in ["not_yet_effective", "in_force", "partly_expired", "suspended", "expired"] {
            let found = numbers(&admin, &format!("{DOCUMENTS}?as_of={day}&validity={other}")).await;
            assert_eq!(found.len(), usize::from(other == validity), "{day} {other}");
        }
    }
    for (from, to, changed) in
        [("2026-03-09", "2026-03-09", 1), ("2026-03-10", "2026-05-31", 0), ("2026-06-01", "2026-06-30", 1)]
    {
        let found = numbers(&admin, &format!("{DOCUMENTS}?changed_from={from}&changed_to={to}")).await;
        assert_eq!(found.len(), changed, "{from}");
    }
}

/// Luật 80/2015/QH13, khoản 1 Điều 151: of a province ten days after its issue, of a commune seven.
async fn effect_may_not_come_too_soon(app: TestApp) {
    let admin = app.admin().await;
    for (unit, effective, codes) in [
        ("93", "2024-04-10", vec!["effect_too_early"]),
        ("93", "2024-04-11", vec![]),
        ("934", "2024-04-07", vec!["effect_too_early"]),
        ("934", "2024-04-08", vec![]),
        ("934", "2024-03-31", vec!["before_issue"]),
    ] {
        let number = format!("{}/2024/QĐ-UBND", effective.replace('-', ""));
        let mut body = document(unit, &number, "2024-04-01");
        body["effective_on"] = json!(effective);
        body["reviewing_unit_id"] = json!(app.unit("92", "2026-01-01"));
        let made = admin.post(DOCUMENTS, &body).await.expect(201);
        assert_eq!(noticed(&made), codes, "{unit} {effective}");
    }
    let after = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    assert_eq!(noticed(&admin.post(DOCUMENTS, &after).await.expect(201)), [""; 0], "another law holds");
}

async fn a_document_is_entered_once(app: TestApp) {
    let admin = app.admin().await;
    let body = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    admin.post(DOCUMENTS, &body).await.expect(201);
    let mut again = body.clone();
    again["number"] = json!("5/2026/qđ- ubnd");
    admin.post(DOCUMENTS, &again).await.problem(409, "duplicate");
    again["title"] = json!("Quy chế làm việc");
    admin.post(&format!("{DOCUMENTS}/batch?on_conflict=update"), &json!([again])).await.expect(200);
    assert_eq!(only(&admin, DOCUMENTS).await["title"], "Quy chế làm việc");
}

async fn what_looks_like_another_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    let first = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    admin.post(DOCUMENTS, &first).await.expect(201);
    let mut same_number = document("31396", "005/2026/QĐ-UBND", "2026-04-02");
    same_number["title"] = json!("Quy chế tiếp công dân");
    let made = admin.post(DOCUMENTS, &same_number).await.expect(201);
    assert_eq!((noticed(&made), &made["remarks"][0]["numbers"]["others"]), (vec!["number_twice"], &json!(1)));
    let mut same_title = document("31396", "06/2026/QĐ-UBND", "2026-04-02");
    same_title["title"] = json!("QUY ĐỊNH ban hành theo quyết định số 05/2026/QĐ-UBND");
    let made = admin.post(DOCUMENTS, &same_title).await.expect(201);
    assert_eq!(noticed(&made), ["title_twice"]);
    let elsewhere = document("31420", "05/2026/QĐ-UBND", "2026-03-02");
    assert_eq!(noticed(&admin.post(DOCUMENTS, &elsewhere).await.expect(201)), [""; 0]);
    let page = admin.get(&format!("{DOCUMENTS}?org_unit_code=31396&sort=issued_on")).await.expect(200);
    assert_eq!(noticed(&page["items"][0]), ["number_twice", "title_twice"], "the first is noticed too");
}

async fn a_number_with_its_year_and_without_is_of_one_document(app: TestApp) {
    let admin = app.admin().await;
    for (number, day, codes) in [
        ("02/2026/QĐ-UBND", "2026-03-02", vec![]),
        ("2/QĐ-UBND", "2026-03-02", vec!["same_document"]),
        ("02/QĐ-UBND", "2026-03-09", vec!["number_twice"]),
    ] {
        let mut body = document("31396", number, day);
        body["title"] = json!(format!("Quy định {number} ngày {day}"));
        let made = admin.post(DOCUMENTS, &body).await.expect(201);
        assert_eq!(noticed(&made), codes, "{number} {day}");
    }
    let elsewhere = document("31420", "02/QĐ-UBND", "2026-03-02");
    assert_eq!(noticed(&admin.post(DOCUMENTS, &elsewhere).await.expect(201)), [""; 0]);
    let of_year = format!("{DOCUMENTS}?org_unit_code=31396&number=2%2F2026%2Fqd-ubnd");
    let first = only(&admin, &of_year).await;
    assert_eq!(
        (noticed(&first), &first["remarks"][0]["numbers"]["others"]),
        (vec!["same_document"], &json!(1)),
        "the first is noticed too"
    );
}

async fn what_an_ended_unit_issued_is_reviewed_by_somebody(app: TestApp) {
    let admin = app.admin().await;
    let mut body = document("934", "01/2024/QĐ-UBND", "2024-01-26");
    body["effective_on"] = json!("2024-02-05");
    let made = admin.post(DOCUMENTS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(noticed(&made.expect(201)), ["nobody_reviews"]);
    let then = only(&admin, &format!("{DOCUMENTS}?as_of=2025-06-30")).await;
    assert_eq!(noticed(&then), [""; 0], "the district was still there");
    let unknown = json!({"reviewing_unit_id": "0190a8c0-0000-7000-8000-00000000ffff"});
    assert_eq!(admin.patch(&place, &etag, &unknown).await.faults(422, "invalid"), ["/reviewing_unit_id"]);
    let province = app.unit("92", "2026-01-01");
    let reviewed =
        json!({"reviewing_unit_id": province, "territory_unit_id": app.unit("31420", "2026-01-01")});
    let reviewed = admin.patch(&place, &etag, &reviewed).await.expect(200);
    assert_eq!((noticed(&reviewed), &reviewed["validity"]), (vec![], &json!("in_force")));
}

async fn a_unit_that_a_document_names_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let unit = json!({
        "name": "Phòng Tư pháp", "kind": "specialised_agency", "code": "92-TP", "parent_code": "92",
        "valid_from": "2026-01-01",
    });
    let made = admin.post("/api/v1/organization/org-units", &unit).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    let mut body = document("31396", "05/2026/QĐ-UBND", "2026-03-02");
    body["reviewing_unit_id"] = made["id"].clone();
    admin.post(DOCUMENTS, &body).await.expect(201);
    admin.delete(&place, &etag).await.problem(409, "in-use");
}

async fn a_commune_writes_its_own_alone(app: TestApp) {
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    commune.post(DOCUMENTS, &document("31396", "05/2026/QĐ-UBND", "2026-03-02")).await.expect(201);
    let refused = commune.post(DOCUMENTS, &document("31420", "05/2026/QĐ-UBND", "2026-03-02")).await;
    refused.problem(403, "forbidden");
}
