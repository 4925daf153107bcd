//! Who sees a dossier, and whose names are shown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{DOSSIERS, at, catalogue, dossier, with};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::erasure::{order, who_sees_all};

tell![
    both_units_see_a_dossier_and_nobody_else,
    people_are_masked_unless_the_token_says_otherwise,
    a_masked_name_does_not_take_the_place_of_the_true_one,
    a_number_is_found_by_who_may_see_it,
    every_dossier_of_a_number_is_found_part_by_part,
];

async fn both_units_see_a_dossier_and_nobody_else(app: TestApp) {
    let admin = catalogue(&app).await;
    let taken = with(dossier(1), json!({"resolving_unit_code": "31399"}));
    let made = admin.post(DOSSIERS, &taken).await.expect(201);
    let receiver = app.person("xa.hiephung", "editor", "31396").await;
    let resolver = app.person("xa.tanbinh", "editor", "31399").await;
    let other = app.person("xa.hoaan", "editor", "31393").await;
    for unit in [&receiver, &resolver] {
        unit.get(&at(&made)).await.expect(200);
    }
    other.get(&at(&made)).await.problem(404, "not-found");
    let count = async |client: &Client, query: &str| {
        let list = client.get(&format!("{DOSSIERS}?include_total=true{query}")).await.expect(200);
        (list["items"].as_array().unwrap().len(), list["total"].as_i64().unwrap())
    };
    assert_eq!(count(&receiver, "").await, (0, 0));
    assert_eq!(count(&receiver, "&role=receiving").await, (1, 1));
    assert_eq!(count(&resolver, "").await, (1, 1));
    assert_eq!(count(&resolver, "&org_unit_code=31399&status=received").await, (1, 1));
    assert_eq!(count(&resolver, "&role=receiving").await, (0, 0));
    assert_eq!(count(&other, "&role=receiving").await, (0, 0));
    let mine = with(dossier(3), json!({"receiving_unit_code": "31393", "resolving_unit_code": "31399"}));
    let mine = resolver.post(DOSSIERS, &mine).await.expect(201);
    let tag = resolver.get(&at(&mine)).await.etag();
    let on = with(dossier(3), json!({"receiving_unit_code": "31393", "resolving_unit_code": "31396"}));
    let on = resolver.put(&at(&mine), &tag, &on).await.expect(200);
    assert_eq!(on["resolving_unit_code"], "31396", "who has it hands it over, also by telling it whole");
    resolver.get(&at(&mine)).await.problem(404, "not-found");
    let tag = admin.get(&at(&mine)).await.etag();
    assert_eq!(admin.delete(&at(&mine), &tag).await.status, 204);
    let province = app.person("tp.cantho", "reviewer", "92").await;
    assert_eq!(count(&province, "").await, (1, 1));
    assert_eq!(count(&province, "&org_unit_code=31399&scope=subtree").await, (1, 1));
    other.post(&format!("{}/processing", at(&made)), &json!({})).await.problem(404, "not-found");
    province.post(&format!("{}/processing", at(&made)), &json!({})).await.problem(403, "forbidden");
    let foreign = with(dossier(2), json!({"receiving_unit_code": "31393", "resolving_unit_code": "31399"}));
    let refused = receiver.post(DOSSIERS, &foreign).await.problem(403, "forbidden");
    assert_eq!(refused["errors"][0]["code"], "out_of_reach");
}

async fn people_are_masked_unless_the_token_says_otherwise(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    assert_eq!(made["owner"]["name"], "N**** n** t**", "a write answers masked");
    let path = at(&made);
    app.person("xa.hiephung", "editor", "31396").await;
    let asked = |scope: &'static str| {
        [
            ("grant_type", "password"),
            ("username", "xa.hiephung"),
            ("password", crate::support::app::PASSWORD),
            ("scope", scope),
        ]
    };
    let token =
        async |scope| app.token(&asked(scope)).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let masked = app.with_token(&token("tthc:read").await);
    assert_eq!(masked.get(&path).await.expect(200)["owner"]["id_number"], "************");
    let clear = app.with_token(&token("tthc:read tthc:personal").await);
    let owner = clear.get(&path).await.expect(200)["owner"].clone();
    assert_eq!((&owner["name"], &owner["id_number"]), (&json!("Người nộp thử"), &json!("012345678901")));
    let page = clear.get(DOSSIERS).await.expect(200);
    assert_eq!(page["items"][0]["owner"]["phone"], "0900000012");
    let stream = clear.with("accept", "application/x-ndjson").get(DOSSIERS).await;
    assert!(!stream.text().contains("012345678901"), "a stream of all rows is masked");
    app.state.seal().await.unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={}", made["id"].as_str().unwrap())).await;
    let journal = journal.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 2, "each time they were shown: {journal}");
    assert!(!journal.to_string().contains("012345678901") && !journal.to_string().contains("Người nộp"));
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let form = [
        ("grant_type", "password"),
        ("username", "thanhtra"),
        ("password", crate::support::app::PASSWORD),
        ("scope", "tthc:personal"),
    ];
    assert_eq!(app.token(&form).await.expect(400)["error"], "invalid_scope");
    assert_eq!(inspector.get(&path).await.expect(200)["owner"]["name"], "N**** n** t**");
    let feed = admin.get("/api/v1/exchange/changes?types=dossier").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 1, "who looked did not change it: {feed}");
}

async fn a_masked_name_does_not_take_the_place_of_the_true_one(app: TestApp) {
    let admin = catalogue(&app).await;
    let nameless = json!({"owner": {"kind": "citizen", "name": "Người nộp thử"}});
    let made = admin.post(DOSSIERS, &with(dossier(1), nameless)).await.expect(201);
    let path = at(&made);
    let read = admin.get(&path).await;
    let etag = read.etag();
    // Whoever sees people masked and sends the whole dossier back, or a list as CSV, sends stars.
    let back = with(dossier(1), json!({"owner": {"kind": "citizen", "name": read.json()["owner"]["name"]}}));
    let refused = admin.put(&path, &etag, &back).await.problem(422, "invalid");
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/owner/name"), &json!("masked")));
    let batch = admin.post(&format!("{DOSSIERS}/batch?on_conflict=update"), &json!([back])).await;
    assert_eq!(batch.problem(422, "invalid")["errors"][0]["code"], "masked");
    assert_eq!(admin.get(&path).await.etag(), etag, "nothing was written");
}

async fn a_number_is_found_by_who_may_see_it(app: TestApp) {
    let admin = catalogue(&app).await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let by_other = json!({"owner": {"kind": "citizen", "name": "Người khác"},
        "submitter": {"kind": "citizen", "name": "Người nộp thử", "id_number": "012345678901"}});
    admin.post(DOSSIERS, &with(dossier(2), by_other)).await.expect(201);
    let elsewhere = with(dossier(3), json!({"receiving_unit_code": "31393"}));
    admin.post(DOSSIERS, &elsewhere).await.expect(201);
    app.person("xa.hiephung", "editor", "31396").await;
    let form = [
        ("grant_type", "password"),
        ("username", "xa.hiephung"),
        ("password", crate::support::app::PASSWORD),
        ("scope", "tthc:personal tthc:read"),
    ];
    let token = app.token(&form).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let clerk = app.with_token(&token);
    let search = format!("{DOSSIERS}/searches");
    let found = clerk.post(&search, &json!({"id_number": "012345678901"})).await.expect(200);
    let codes: Vec<_> = found["items"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
    assert_eq!(codes, ["H13.44-261102-0002", "H13.44-261102-0001"], "in reach, as owner and as submitter");
    let none = clerk.post(&search, &json!({"id_number": "012345678902"})).await.expect(200);
    assert_eq!(none["items"], json!([]));
    admin.post(&search, &json!({"id_number": "012345678901"})).await.problem(403, "forbidden");
}

async fn every_dossier_of_a_number_is_found_part_by_part(app: TestApp) {
    let admin = catalogue(&app).await;
    let lines: Vec<Value> = (1..=203).map(dossier).collect();
    admin.post(&format!("{DOSSIERS}/batch"), &json!(lines)).await.expect(200);
    let clear = who_sees_all(&app).await;
    let found = async |after: Option<&Value>| {
        let search = json!({"id_number": "012345678901", "after": after});
        clear.post(&format!("{DOSSIERS}/searches"), &search).await
    };
    let first = found(None).await.expect(200);
    let items = first["items"].as_array().unwrap();
    assert_eq!((items.len(), &first["has_more"]), (200, &json!(true)));
    // One that was erased meanwhile is found no more, and the others still are behind it.
    let last = items.last().unwrap();
    admin.post(&format!("{}/erasure", at(last)), &order()).await.expect(200);
    let rest = found(Some(&last["id"])).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["has_more"]), (3, &json!(false)));
    let all = items.iter().chain(rest["items"].as_array().unwrap());
    let codes: BTreeSet<_> = all.map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 203);
    let unknown = json!("0190a8c0-0000-7000-8000-000000000021");
    assert_eq!(found(Some(&unknown)).await.faults(422, "invalid"), ["/after"]);
}
