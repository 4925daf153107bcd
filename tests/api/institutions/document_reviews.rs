//! Reviews of legal documents.

use serde_json::{Value, json};

use super::{DOCUMENTS, RELATIONS, document, noticed, numbers, of_the_report, relation};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_reviews_of_the_report_are_told,
    what_is_stated_is_held_against_the_documents,
    a_review_tells_what_changed_within_its_span,
    what_ended_before_or_after_is_not_of_the_span,
    what_a_unit_is_named_to_review_is_of_its_reviews,
    a_unit_that_has_ended_has_its_changes_still,
    a_check_is_of_what_units_below_issued,
    what_is_handled_was_found_at_the_unit_or_below_it,
    unlawful_documents_are_handled,
];

const REVIEWS: &str = "/api/v1/institutions/document-reviews";

fn review(change: &Value) -> Value {
    let mut body = json!({
        "org_unit_code": "31396", "kind": "expiry_announcement", "title": "Công bố văn bản hết hiệu lực",
        "starts_on": "2026-01-01", "ends_on": "2026-06-30",
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// Four decisions of a commune: the second repeals the first on 1 April and amends the third on 1 May; the
/// fourth is to take effect in August.
async fn four_decisions(client: &Client) {
    for (number, day) in [
        ("01/2026/QĐ-UBND", "2026-01-05"),
        ("02/2026/QĐ-UBND", "2026-03-02"),
        ("03/2026/QĐ-UBND", "2026-02-02"),
    ] {
        client.post(DOCUMENTS, &document("31396", number, day)).await.expect(201);
    }
    let mut later = document("31396", "04/2026/QĐ-UBND", "2026-06-01");
    later["effective_on"] = json!("2026-08-01");
    client.post(DOCUMENTS, &later).await.expect(201);
    let acting = ("02/2026/QĐ-UBND", "2026-03-02");
    for (affected, kind, from) in [
        (("01/2026/QĐ-UBND", "2026-01-05"), "repeals", "2026-04-01"),
        (("03/2026/QĐ-UBND", "2026-02-02"), "amends", "2026-05-01"),
    ] {
        client.post(RELATIONS, &relation(acting, affected, kind, from)).await.expect(201);
    }
}

/// The report: 02 decisions ended in 2023 (Quyết định 67/QĐ-UBND); of 2019 to 2023, 08 decisions in force, 04
/// resolutions and 05 decisions ended (Quyết định 1817/QĐ-UBND); no document was unlawful.
async fn the_reviews_of_the_report_are_told(app: TestApp) {
    let admin = app.admin().await;
    let lines = include_str!("../../../src/demo/report/document-reviews.ndjson");
    let made = of_the_report(&admin, "document-reviews", lines).await;
    let [plan, of_2023, of_five_years, unlawful] = &made[..] else { panic!("{made:?}") };
    assert_eq!((&plan["document_number"], noticed(plan)), (&json!("02/KH-UBND"), vec![]));
    assert_eq!(
        (&of_2023["decisions_expired"], noticed(of_2023)),
        (&json!(2), vec!["stated_differs_from_held"])
    );
    let counts = ["decisions_in_force", "resolutions_expired", "decisions_expired"]
        .map(|count| of_five_years[count].as_i64().unwrap());
    assert_eq!(counts, [8, 4, 5]);
    assert_eq!((&unlawful["unlawful_found"], noticed(unlawful)), (&json!(0), vec![]));
}

async fn what_is_stated_is_held_against_the_documents(app: TestApp) {
    let admin = app.admin().await;
    four_decisions(&admin).await;
    let stated = review(
        &json!({"decisions_in_force": 2, "decisions_expired": 2, "decisions_partly_expired": 1, "resolutions_expired": 0}),
    );
    let made = admin.post(REVIEWS, &stated).await.expect(201);
    assert_eq!(
        made["held"],
        json!({
            "resolutions_in_force": 0, "decisions_in_force": 2, "resolutions_partly_expired": 0,
            "decisions_partly_expired": 1, "resolutions_expired": 0, "decisions_expired": 1,
        })
    );
    let [remark] = &made["remarks"].as_array().unwrap()[..] else { panic!("{made}") };
    assert_eq!(
        (&remark["pointer"], &remark["code"], &remark["numbers"]),
        (&json!("/decisions_expired"), &json!("stated_differs_from_held"), &json!({"stated": 2, "held": 1}))
    );
    let elsewhere = admin.post(REVIEWS, &review(&json!({"org_unit_code": "31420"}))).await.expect(201);
    assert_eq!(elsewhere["held"]["decisions_in_force"], 0, "another unit's documents do not count");
    let read = admin.get(&format!("{REVIEWS}/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((noticed(&read), &read["held"]), (vec!["stated_differs_from_held"], &made["held"]));
    let page = admin.get(&format!("{REVIEWS}?org_unit_code=31396")).await.expect(200);
    assert_eq!((noticed(&page["items"][0]), &page["items"][0]["held"]), (vec![], &Value::Null));
}

async fn a_review_tells_what_changed_within_its_span(app: TestApp) {
    let admin = app.admin().await;
    four_decisions(&admin).await;
    let span = json!({"starts_on": "2026-04-01", "ends_on": "2026-06-30"});
    let made = admin.post(REVIEWS, &review(&span)).await.expect(201);
    let changes = format!("{REVIEWS}/{}/changes", made["id"].as_str().unwrap());
    assert_eq!(numbers(&admin, &changes).await, ["03/2026/QĐ-UBND", "01/2026/QĐ-UBND"]);
    assert_eq!(numbers(&admin, &format!("{changes}?validity=expired")).await, ["01/2026/QĐ-UBND"]);
    let commune = app.person("xa.phunghiep", "editor", "31420").await;
    commune.get(&changes).await.problem(404, "not-found");
}

async fn what_ended_before_or_after_is_not_of_the_span(app: TestApp) {
    let admin = app.admin().await;
    four_decisions(&admin).await;
    for (starts_on, ends_on, expired, partly, in_force) in [
        ("2026-03-01", "2026-03-31", 0, 0, 3),
        ("2026-04-01", "2026-04-30", 1, 0, 2),
        ("2026-04-02", "2026-05-01", 0, 1, 2),
        ("2026-05-02", "2026-08-01", 0, 0, 3),
    ] {
        let span = json!({"starts_on": starts_on, "ends_on": ends_on});
        let held = admin.post(REVIEWS, &review(&span)).await.expect(201)["held"].clone();
        let counts = ["decisions_expired", "decisions_partly_expired", "decisions_in_force"];
        assert_eq!(
            counts.map(|count| held[count].as_i64().unwrap()),
            [expired, partly, in_force],
            "{starts_on}"
        );
    }
}

/// A decision of a district that is no more, which ends on a day.
fn of_the_district(expired_on: &str) -> Value {
    let mut body = document("934", "01/2024/QĐ-UBND", "2024-01-26");
    body["expired_on"] = json!(expired_on);
    body["expiry_cause"] = json!("time");
    body
}

async fn what_a_unit_is_named_to_review_is_of_its_reviews(app: TestApp) {
    let admin = app.admin().await;
    let reviewing = app.unit("31420", "2026-01-01");
    let mut body = of_the_district("2026-05-01");
    body["reviewing_unit_id"] = json!(reviewing);
    admin.post(DOCUMENTS, &body).await.expect(201);
    let commune = app.person("xa.phunghiep", "editor", "31420").await;
    let made = commune.post(REVIEWS, &review(&json!({"org_unit_code": "31420"}))).await.expect(201);
    assert_eq!(made["held"]["decisions_expired"], 1);
    let changes = format!("{REVIEWS}/{}/changes", made["id"].as_str().unwrap());
    assert_eq!(numbers(&commune, &changes).await, ["01/2024/QĐ-UBND"]);
    assert_eq!(numbers(&commune, &format!("{changes}?validity=in_force")).await, [""; 0]);
    let total = commune.get(&format!("{changes}?include_total=true")).await.expect(200)["total"].clone();
    assert_eq!(total, 1);
    let elsewhere = admin.post(REVIEWS, &review(&json!({}))).await.expect(201);
    assert_eq!(elsewhere["held"]["decisions_expired"], 0, "nobody else is named");
    for (unit, found) in [(reviewing, 1), (app.unit("31396", "2026-01-01"), 0)] {
        let named = numbers(&admin, &format!("{DOCUMENTS}?reviewing_unit_id={unit}")).await;
        assert_eq!(named.len(), found, "{unit}");
    }
}

async fn a_unit_that_has_ended_has_its_changes_still(app: TestApp) {
    let admin = app.admin().await;
    admin.post(DOCUMENTS, &of_the_district("2025-09-01")).await.expect(201);
    let mut of_2025 = review(&json!({"starts_on": "2025-01-01", "ends_on": "2025-12-31"}));
    of_2025.as_object_mut().unwrap().remove("org_unit_code");
    of_2025["org_unit_id"] = json!(app.unit("934", "2025-06-30"));
    let made = admin.post(REVIEWS, &of_2025).await.expect(201);
    assert_eq!(made["held"]["decisions_expired"], 1);
    let changes = format!("{REVIEWS}/{}/changes", made["id"].as_str().unwrap());
    assert_eq!(numbers(&admin, &changes).await, ["01/2024/QĐ-UBND"]);
}

async fn a_check_is_of_what_units_below_issued(app: TestApp) {
    let admin = app.admin().await;
    four_decisions(&admin).await;
    admin.post(DOCUMENTS, &document("92", "09/2026/QĐ-UBND", "2026-04-01")).await.expect(201);
    let of_province =
        json!({"org_unit_code": "92", "kind": "check", "decisions_in_force": 2, "decisions_expired": 1});
    let made = admin.post(REVIEWS, &review(&of_province)).await.expect(201);
    assert_eq!((&made["held"], noticed(&made)), (&Value::Null, vec![]), "its own documents are no measure");
    let changes = format!("{REVIEWS}/{}/changes", made["id"].as_str().unwrap());
    let mut changed = numbers(&admin, &changes).await;
    changed.sort_unstable();
    assert_eq!(changed, ["01/2026/QĐ-UBND", "02/2026/QĐ-UBND", "03/2026/QĐ-UBND"]);
    let own = json!({"org_unit_code": "92", "kind": "self_check"});
    let own = admin.post(REVIEWS, &review(&own)).await.expect(201);
    assert_eq!(own["held"]["decisions_in_force"], 1);
    let changes = format!("{REVIEWS}/{}/changes", own["id"].as_str().unwrap());
    assert_eq!(numbers(&admin, &changes).await, ["09/2026/QĐ-UBND"]);
}

async fn what_is_handled_was_found_at_the_unit_or_below_it(app: TestApp) {
    let admin = app.admin().await;
    four_decisions(&admin).await;
    admin.post(DOCUMENTS, &document("92", "09/2026/QĐ-UBND", "2026-04-01")).await.expect(201);
    for kind in ["unlawful_handling", "several"] {
        let of_province = json!({
            "org_unit_code": "92", "kind": kind, "decisions_in_force": 3, "decisions_expired": 1,
            "unlawful_found": 1, "unlawful_handled": 1,
        });
        let made = admin.post(REVIEWS, &review(&of_province)).await.expect(201);
        assert_eq!((&made["held"], noticed(&made)), (&Value::Null, vec![]), "{kind}");
        let changes = format!("{REVIEWS}/{}/changes", made["id"].as_str().unwrap());
        let mut changed = numbers(&admin, &changes).await;
        changed.sort_unstable();
        assert_eq!(
            changed,
            ["01/2026/QĐ-UBND", "02/2026/QĐ-UBND", "03/2026/QĐ-UBND", "09/2026/QĐ-UBND"],
            "{kind}"
        );
    }
}

async fn unlawful_documents_are_handled(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(REVIEWS, &review(&json!({"kind": "check", "unlawful_found": 2}))).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(noticed(&made.expect(201)), ["unlawful_unhandled"]);
    let more = admin.patch(&place, &etag, &json!({"unlawful_handled": 3})).await;
    assert_eq!(more.faults(422, "invalid"), ["/unlawful_handled"]);
    let done = admin.patch(&place, &etag, &json!({"unlawful_handled": 2})).await.expect(200);
    assert_eq!(noticed(&done), [""; 0]);
}
