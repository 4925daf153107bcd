//! What one legal document does to another.

use serde_json::{Value, json};

use super::{DOCUMENTS, RELATIONS, document, noticed, numbers, of_the_report, only, relation};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_province_repealed_the_rule_on_postgraduate_training,
    validity_follows_from_what_others_do,
    a_suspension_ends_with_the_document_that_orders_it,
    who_was_repealed_before_replaces_nobody,
    a_relation_is_of_documents_that_are_there,
    who_issued_what_is_acted_upon_is_named_as_any_unit,
    a_relation_holds_together,
    what_relations_name_keeps_its_name_and_stays,
    two_ends_that_differ_are_noticed,
    acting_before_it_holds_is_noticed,
    acting_when_it_holds_no_longer_is_noticed,
    nobody_acts_on_what_is_out_of_reach,
    relations_come_again_as_the_same,
];

const OLD: (&str, &str) = ("01/2026/QĐ-UBND", "2026-01-05");
const NEW: (&str, &str) = ("02/2026/QĐ-UBND", "2026-03-02");

/// An old and a new decision of a commune.
async fn old_and_new(client: &Client) -> (Value, Value) {
    let old = client.post(DOCUMENTS, &document("31396", OLD.0, OLD.1)).await.expect(201);
    let new = client.post(DOCUMENTS, &document("31396", NEW.0, NEW.1)).await.expect(201);
    (old, new)
}

async fn validity(client: &Client, day: &str) -> Value {
    only(client, &format!("{DOCUMENTS}?number=01%2F2026%2FQ%C4%90-UBND&as_of={day}")).await["validity"]
        .clone()
}

/// The report: "Quyết định số 04/2024/QĐ-UBND ngày 01 tháng 4 năm 2024 của Ủy ban nhân dân tỉnh Hậu Giang bãi bỏ Quyết
/// định số 29/2022/QĐ-UBND ngày 24 tháng 8 năm 2022".
async fn the_province_repealed_the_rule_on_postgraduate_training(app: TestApp) {
    let admin = app.admin().await;
    let documents = include_str!("../../../src/demo/report/legal-documents.ndjson");
    of_the_report(&admin, "legal-documents", documents).await;
    let relations = include_str!("../../../src/demo/report/document-relations.ndjson");
    let made = of_the_report(&admin, "document-relations", relations).await;
    let of_2022 = format!("{DOCUMENTS}?number=29%2F2022%2FQ%C4%90-UBND");
    let then = only(&admin, &format!("{of_2022}&as_of=2024-03-31")).await;
    let now = only(&admin, &format!("{of_2022}&as_of=2024-04-01")).await;
    assert_eq!((&then["validity"], &now["validity"]), (&json!("in_force"), &json!("expired")));
    let by = &now["acted_on_by"][0];
    assert_eq!(
        (&by["document_number"], &by["kind"], &by["document_id"]),
        (&json!("04/2024/QĐ-UBND"), &json!("repeals"), &made[0]["document_id"])
    );
    let expired = format!("{DOCUMENTS}?org_unit_code=93&as_of=2024-07-02&validity=expired");
    assert_eq!(numbers(&admin, &expired).await, ["29/2022/QĐ-UBND"]);
}

async fn validity_follows_from_what_others_do(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    let mut suspended = relation(NEW, OLD, "suspends", "2026-05-01");
    suspended["to_on"] = json!("2026-05-11");
    for body in
        [relation(NEW, OLD, "amends", "2026-04-01"), suspended, relation(NEW, OLD, "replaces", "2026-06-01")]
    {
        admin.post(RELATIONS, &body).await.expect(201);
    }
    for (day, expected) in [
        ("2026-01-04", "not_yet_effective"),
        ("2026-03-31", "in_force"),
        ("2026-04-01", "partly_expired"),
        ("2026-05-01", "suspended"),
        ("2026-05-11", "partly_expired"),
        ("2026-06-01", "expired"),
    ] {
        assert_eq!(validity(&admin, day).await, expected, "{day}");
        for asked in ["not_yet_effective", "in_force", "partly_expired", "suspended", "expired"] {
            let path = format!("{DOCUMENTS}?number=1%2F2026%2Fqd-ubnd&as_of={day}&validity={asked}");
            assert_eq!(numbers(&admin, &path).await.len(), usize::from(asked == expected), "{day} {asked}");
        }
    }
    for (day, changed) in [("2026-04-01", true), ("2026-05-11", true), ("2026-05-20", false)] {
        let path = format!("{DOCUMENTS}?number=1%2F2026%2Fqd-ubnd&changed_from={day}&changed_to={day}");
        assert_eq!(!numbers(&admin, &path).await.is_empty(), changed, "{day}");
    }
    let replacing = only(&admin, &format!("{RELATIONS}?kind=replaces")).await;
    let place = format!("{RELATIONS}/{}", replacing["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    admin.delete(&place, &etag).await.expect(204);
    assert_eq!(validity(&admin, "2026-06-01").await, "partly_expired", "what is deleted acts no more");
}

/// A third decision of the commune, which acts on the second.
const THIRD: (&str, &str) = ("03/2026/QĐ-UBND", "2026-04-01");

/// Holds the validity of the first decision on days against what lists by validity say.
async fn goes_through(client: &Client, life: &[(&str, &str)]) {
    for (day, expected) in life {
        assert_eq!(validity(client, day).await, *expected, "{day}");
        for asked in ["not_yet_effective", "in_force", "partly_expired", "suspended", "expired"] {
            let path = format!("{DOCUMENTS}?number=1%2F2026%2Fqd-ubnd&as_of={day}&validity={asked}");
            let found = numbers(client, &path).await.len();
            assert_eq!(found, usize::from(asked == *expected), "{day} {asked}");
        }
    }
}

/// Whether the validity of the first decision changed on a day.
async fn changed_on(client: &Client, day: &str) -> bool {
    let path = format!("{DOCUMENTS}?number=1%2F2026%2Fqd-ubnd&changed_from={day}&changed_to={day}");
    !numbers(client, &path).await.is_empty()
}

/// What suspends without end does so as long as it holds itself.
async fn a_suspension_ends_with_the_document_that_orders_it(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    admin.post(DOCUMENTS, &document("31396", THIRD.0, THIRD.1)).await.expect(201);
    admin.post(RELATIONS, &relation(NEW, OLD, "suspends", "2026-05-01")).await.expect(201);
    goes_through(&admin, &[("2026-04-30", "in_force"), ("2026-07-01", "suspended")]).await;
    admin.post(RELATIONS, &relation(THIRD, NEW, "repeals", "2026-06-01")).await.expect(201);
    let life = [("2026-04-30", "in_force"), ("2026-05-01", "suspended"), ("2026-05-31", "suspended")];
    goes_through(&admin, &life).await;
    goes_through(&admin, &[("2026-06-01", "in_force"), ("2026-07-01", "in_force")]).await;
    for (day, changed) in
        [("2026-05-01", true), ("2026-05-31", false), ("2026-06-01", true), ("2026-06-02", false)]
    {
        assert_eq!(changed_on(&admin, day).await, changed, "{day}");
    }
}

/// What was repealed before its act takes effect does nothing; what was replaced does not come back.
async fn who_was_repealed_before_replaces_nobody(app: TestApp) {
    let admin = app.admin().await;
    let (old, _) = old_and_new(&admin).await;
    admin.post(DOCUMENTS, &document("31396", THIRD.0, THIRD.1)).await.expect(201);
    admin.post(RELATIONS, &relation(NEW, OLD, "replaces", "2026-06-01")).await.expect(201);
    let repealed = admin.post(RELATIONS, &relation(THIRD, NEW, "repeals", "2026-07-01")).await;
    let (place, etag) = (repealed.header("location"), repealed.etag());
    repealed.expect(201);
    goes_through(&admin, &[("2026-05-31", "in_force"), ("2026-06-01", "expired"), ("2026-07-01", "expired")])
        .await;
    assert!(changed_on(&admin, "2026-06-01").await);
    admin.patch(&place, &etag, &json!({"from_on": "2026-05-01"})).await.expect(200);
    goes_through(
        &admin,
        &[("2026-05-31", "in_force"), ("2026-06-01", "in_force"), ("2026-07-01", "in_force")],
    )
    .await;
    assert!(!changed_on(&admin, "2026-06-01").await);
    let place = format!("{DOCUMENTS}/{}", old["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    let ended = json!({"expired_on": "2026-09-01", "expiry_cause": "time"});
    let own = admin.patch(&place, &etag, &ended).await.expect(200);
    assert_eq!(noticed(&own), [""; 0], "there is no other end that differs");
    // Who is to repeal the second ends before it does so: the second replaces the first after all.
    let third = only(&admin, &format!("{DOCUMENTS}?number=03%2F2026%2FQ%C4%90-UBND")).await;
    let place = format!("{DOCUMENTS}/{}", third["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    let ended = json!({"expired_on": "2026-04-15", "expiry_cause": "time"});
    admin.patch(&place, &etag, &ended).await.expect(200);
    goes_through(&admin, &[("2026-05-31", "in_force"), ("2026-06-01", "expired")]).await;
}

async fn a_relation_is_of_documents_that_are_there(app: TestApp) {
    let admin = app.admin().await;
    let refused = admin.post(RELATIONS, &relation(NEW, OLD, "repeals", "2026-03-02")).await;
    let mut faults = refused.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(faults, ["/affected_number", "/document_number"]);
    let (old, new) = old_and_new(&admin).await;
    let mut body = relation(NEW, OLD, "repeals", "2026-03-02");
    body["document_number"] = json!("2/2026/qđ-ubnd");
    let made = admin.post(RELATIONS, &body).await.expect(201);
    assert_eq!((&made["document_id"], &made["affected_id"]), (&new["id"], &old["id"]));
    let of =
        |member: &str, document: &Value| format!("{RELATIONS}?{member}={}", document["id"].as_str().unwrap());
    only(&admin, &of("document_id", &new)).await;
    only(&admin, &of("affected_id", &old)).await;
    let none = admin.get(&of("affected_id", &new)).await.expect(200);
    assert_eq!(none["items"], json!([]));
    let mut day = relation(NEW, OLD, "replaces", "2026-03-02");
    day["affected_on"] = json!("2026-01-06");
    assert_eq!(admin.post(RELATIONS, &day).await.faults(422, "invalid"), ["/affected_number"]);
}

async fn who_issued_what_is_acted_upon_is_named_as_any_unit(app: TestApp) {
    let admin = app.admin().await;
    let (old, _) = old_and_new(&admin).await;
    let issuer = json!(app.unit("31396", "2026-01-05"));
    let mut body = relation(NEW, OLD, "repeals", "2026-03-02");
    body.as_object_mut().unwrap().remove("affected_unit_code");
    assert_eq!(admin.post(RELATIONS, &body).await.faults(422, "invalid"), ["/affected_unit_code"]);
    body["affected_unit_id"] = issuer.clone();
    let made = admin.post(RELATIONS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(
        (&made["affected_unit_id"], &made["affected_unit_code"], &made["affected_id"]),
        (&issuer, &json!("31396"), &old["id"])
    );
    assert_eq!(made["affected_unit_name"], made["org_unit_name"]);
    let by_code = relation(NEW, OLD, "repeals", "2026-03-02");
    admin.post(RELATIONS, &by_code).await.problem(409, "duplicate");
    let noted = admin.patch(&place, &etag, &json!({"provision": "Điều 2"})).await.expect(200);
    assert_eq!((&noted["affected_unit_id"], &noted["affected_id"]), (&issuer, &old["id"]));
    let mut unknown = relation(NEW, OLD, "amends", "2026-03-02");
    unknown.as_object_mut().unwrap().remove("affected_unit_code");
    unknown["affected_unit_identifier"] = json!("H99");
    let refused = admin.post(RELATIONS, &unknown).await;
    assert_eq!(refused.faults(422, "invalid"), ["/affected_unit_identifier"]);
}

async fn a_relation_holds_together(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    let itself = relation(NEW, NEW, "repeals", "2026-03-02");
    assert_eq!(admin.post(RELATIONS, &itself).await.faults(422, "invalid"), ["/affected_number"]);
    let backwards = relation(OLD, NEW, "repeals", "2026-03-02");
    assert_eq!(admin.post(RELATIONS, &backwards).await.faults(422, "invalid"), ["/affected_on"]);
    let mut whole = relation(NEW, OLD, "amends", "2026-03-02");
    whole["extent"] = json!("whole");
    assert_eq!(admin.post(RELATIONS, &whole).await.faults(422, "invalid"), ["/extent"]);
    let mut ended = relation(NEW, OLD, "repeals", "2026-03-02");
    ended["to_on"] = json!("2026-04-02");
    assert_eq!(admin.post(RELATIONS, &ended).await.faults(422, "invalid"), ["/to_on"]);
}

async fn what_relations_name_keeps_its_name_and_stays(app: TestApp) {
    let admin = app.admin().await;
    let (old, new) = old_and_new(&admin).await;
    let made = admin.post(RELATIONS, &relation(NEW, OLD, "repeals", "2026-03-02")).await;
    let (relation, its_etag) = (made.header("location"), made.etag());
    for document in [&old, &new] {
        let place = format!("{DOCUMENTS}/{}", document["id"].as_str().unwrap());
        let etag = admin.get(&place).await.etag();
        admin.delete(&place, &etag).await.problem(409, "in-use");
        let renamed = json!({"number": "09/2026/QĐ-UBND"});
        admin.patch(&place, &etag, &renamed).await.problem(409, "in-use");
        let etag = admin.get(&place).await.etag();
        admin.patch(&place, &etag, &json!({"title": "Quy định khác"})).await.expect(200);
    }
    admin.delete(&relation, &its_etag).await.expect(204);
    let place = format!("{DOCUMENTS}/{}", old["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    admin.delete(&place, &etag).await.expect(204);
}

async fn two_ends_that_differ_are_noticed(app: TestApp) {
    let admin = app.admin().await;
    let (old, _) = old_and_new(&admin).await;
    admin.post(RELATIONS, &relation(NEW, OLD, "repeals", "2026-03-09")).await.expect(201);
    let place = format!("{DOCUMENTS}/{}", old["id"].as_str().unwrap());
    for (day, codes) in [("2026-03-09", vec![]), ("2026-03-10", vec!["end_differs"])] {
        let etag = admin.get(&place).await.etag();
        let change = json!({"expired_on": day, "expiry_cause": "repealed"});
        admin.patch(&place, &etag, &change).await.expect(200);
        assert_eq!(noticed(&admin.get(&place).await.expect(200)), codes, "{day}");
    }
}

async fn acting_before_it_holds_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    let early = admin.post(RELATIONS, &relation(NEW, OLD, "repeals", "2026-03-01")).await.expect(201);
    assert_eq!(
        (noticed(&early), &early["remarks"][0]["numbers"]["days"]),
        (vec!["acts_before_effect"], &json!(1))
    );
    let right = admin.post(RELATIONS, &relation(NEW, OLD, "amends", "2026-03-02")).await.expect(201);
    assert_eq!(noticed(&right), [""; 0]);
}

/// It may have ended by itself or by another: what its lists say of validity and what is noticed agree.
async fn acting_when_it_holds_no_longer_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    admin.post(DOCUMENTS, &document("31396", THIRD.0, THIRD.1)).await.expect(201);
    let made = admin.post(RELATIONS, &relation(NEW, OLD, "replaces", "2026-06-01")).await;
    let place = made.header("location");
    assert_eq!(noticed(&made.expect(201)), [""; 0]);
    let repealed = admin.post(RELATIONS, &relation(THIRD, NEW, "repeals", "2026-07-01")).await;
    let (repeal, etag) = (repealed.header("location"), repealed.etag());
    assert_eq!(noticed(&repealed.expect(201)), [""; 0]);
    assert_eq!(noticed(&admin.get(&place).await.expect(200)), [""; 0], "it was ended later");
    admin.patch(&repeal, &etag, &json!({"from_on": "2026-05-30"})).await.expect(200);
    let late = admin.get(&place).await.expect(200);
    assert_eq!((noticed(&late), &late["remarks"][0]["numbers"]["days"]), (vec!["acts_after_end"], &json!(2)));
    let listed = only(&admin, &format!("{RELATIONS}?kind=replaces")).await;
    assert_eq!(noticed(&listed), ["acts_after_end"], "a list tells it too");
    assert_eq!(validity(&admin, "2026-07-01").await, "in_force");
    // Who was to repeal it ended before: it acts after all.
    let third = only(&admin, &format!("{DOCUMENTS}?number=03%2F2026%2FQ%C4%90-UBND")).await;
    let third = format!("{DOCUMENTS}/{}", third["id"].as_str().unwrap());
    let etag = admin.get(&third).await.etag();
    let ended = json!({"expired_on": "2026-04-15", "expiry_cause": "time"});
    admin.patch(&third, &etag, &ended).await.expect(200);
    assert_eq!(noticed(&admin.get(&place).await.expect(200)), [""; 0]);
    assert_eq!(noticed(&admin.get(&repeal).await.expect(200)), ["acts_after_end"]);
    assert_eq!(validity(&admin, "2026-07-01").await, "expired");
}

async fn nobody_acts_on_what_is_out_of_reach(app: TestApp) {
    let admin = app.admin().await;
    admin.post(DOCUMENTS, &document("92", OLD.0, OLD.1)).await.expect(201);
    admin.post(DOCUMENTS, &document("31396", NEW.0, NEW.1)).await.expect(201);
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    let mut body = relation(NEW, OLD, "repeals", "2026-03-02");
    body["affected_unit_code"] = json!("92");
    let refused = commune.post(RELATIONS, &body).await;
    assert_eq!(
        refused.faults(422, "invalid"),
        ["/affected_number"],
        "a commune does not repeal the province's"
    );
    assert_eq!(validity(&admin, "2026-03-02").await, "in_force");
}

async fn relations_come_again_as_the_same(app: TestApp) {
    let admin = app.admin().await;
    old_and_new(&admin).await;
    let mut body = relation(NEW, OLD, "repeals", "2026-03-02");
    admin.post(RELATIONS, &body).await.expect(201);
    admin.post(RELATIONS, &body).await.problem(409, "duplicate");
    body["provision"] = json!("Điều 2");
    let again =
        admin.post(&format!("{RELATIONS}/batch?on_conflict=update"), &json!([body])).await.expect(200);
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(1)));
    let one = only(&admin, RELATIONS).await;
    assert_eq!((&one["provision"], &one["version"]), (&json!("Điều 2"), &json!(2)));
}
