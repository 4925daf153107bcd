//! Identity numbers of officials: one under several codes is remarked, and all of one are found.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::noticed;
use super::officials::{collection, made, official, order, person, tells_nobody, who_sees_all, with};
use crate::support::TestApp;
use crate::tell;

tell![a_number_under_two_codes_is_remarked_within_reach, every_official_of_a_number_is_found_part_by_part,];

async fn a_number_under_two_codes_is_remarked_within_reach(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let first = clerk.post(&collection(), &official("CB-1")).await;
    let place = first.header("location");
    assert_eq!(noticed(&first.expect(201)), [""; 0]);
    let other = clerk.post(&collection(), &official("CB-2")).await;
    let other_place = other.header("location");
    let remark = other.expect(201)["remarks"][0].clone();
    assert_eq!((&remark["code"], &remark["severity"]), (&json!("shared_id_number"), &json!("warning")));
    assert_eq!(
        (&remark["pointer"], &remark["numbers"]),
        (&json!("/person/id_number"), &json!({"others": 1}))
    );
    let moved = with(official("CB-3"), json!({"org_unit_code": "31399"}));
    let moved = admin.post(&collection(), &moved).await;
    let moved_place = moved.header("location");
    assert_eq!(moved.expect(201)["remarks"][0]["numbers"], json!({"others": 2}));

    // Nobody learns of officials whom they do not reach, neither from the record nor from what others wrote.
    assert_eq!(clerk.get(&place).await.expect(200)["remarks"][0]["numbers"], json!({"others": 1}));
    let page = clerk.get(&collection()).await.expect(200);
    let others: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|it| &it["remarks"][0]["numbers"]).collect();
    assert_eq!(others, [&json!({"others": 1}), &json!({"others": 1})]);
    tells_nobody(&page.to_string());
    assert_eq!(noticed(&neighbour.get(&moved_place).await.expect(200)), [""; 0]);
    assert_eq!(noticed(&neighbour.get(&collection()).await.expect(200)["items"][0]), [""; 0]);
    let whole = clerk.with("accept", "text/csv").get(&collection()).await.text();
    assert!(whole.contains("shared_id_number"), "{whole}");
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200).to_string();
    let feed = neighbour.get("/api/v1/exchange/changes?types=official").await.expect(200).to_string();
    assert!(!journal.contains("shared_id_number") && !feed.contains("shared_id_number"), "{journal} {feed}");

    let rules = clerk.get("/api/v1/reporting/rules").await.expect(200);
    let rule = rules["items"].as_array().unwrap().iter().find(|rule| rule["code"] == remark["code"]).unwrap();
    assert_eq!(rule["legal_basis"], "Luật Căn cước số 26/2023/QH15, Điều 12 khoản 2");

    let etag = clerk.get(&other_place).await.etag();
    let mended = json!({"person": with(person(), json!({"id_number": "012345678902"}))});
    assert_eq!(noticed(&clerk.patch(&other_place, &etag, &mended).await.expect(200)), [""; 0]);
    assert_eq!(noticed(&clerk.get(&place).await.expect(200)), [""; 0], "gone with its cause");
    assert_eq!(admin.get(&place).await.expect(200)["remarks"][0]["numbers"], json!({"others": 1}));
    admin.post(&format!("{moved_place}/erasure"), &order()).await.expect(200);
    assert_eq!(noticed(&admin.get(&place).await.expect(200)), [""; 0]);
}

async fn every_official_of_a_number_is_found_part_by_part(app: TestApp) {
    let admin = app.admin().await;
    let lines: Vec<Value> = (1..=203).map(|number| official(&format!("CB-{number}"))).collect();
    admin.post(&format!("{}/batch", collection()), &json!(lines)).await.expect(200);
    let elsewhere = made(&admin, &with(official("CB-0"), json!({"org_unit_code": "31399"}))).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let clear = app.sign_in_for("xa.hiephung", "civil_service:read civil_service:personal").await;
    let found = async |after: Option<&str>| {
        let search = json!({"id_number": "012345678901", "after": after});
        clear.post(&format!("{}/searches", collection()), &search).await
    };
    let first = found(None).await.expect(200);
    let items = first["items"].as_array().unwrap();
    assert_eq!((items.len(), &first["has_more"]), (200, &json!(true)));
    // One who was erased meanwhile is found no more, and the others still are behind them.
    let last = items.last().unwrap()["id"].as_str().unwrap();
    admin.post(&format!("{}/{last}/erasure", collection()), &order()).await.expect(200);
    let rest = found(Some(last)).await.expect(200);
    let rest_items = rest["items"].as_array().unwrap();
    assert_eq!((rest_items.len(), &rest["has_more"]), (3, &json!(false)));
    let all = items.iter().chain(rest_items);
    let codes: BTreeSet<_> = all.map(|one| one["employee_code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 203);
    let out_of_reach = elsewhere.rsplit('/').next().unwrap();
    for unknown in ["0190a8c0-0000-7000-8000-000000000021", out_of_reach] {
        assert_eq!(found(Some(unknown)).await.faults(422, "invalid"), ["/after"]);
    }
    let search = json!({"id_number": "012345678901", "after": out_of_reach});
    let whole = who_sees_all(&app).await.post(&format!("{}/searches", collection()), &search).await;
    assert_eq!(whole.expect(200)["items"].as_array().unwrap().len(), 200);
}
