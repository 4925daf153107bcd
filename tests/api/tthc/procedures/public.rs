//! What anybody reads of procedures, without a token.

use serde_json::{Value, json};

use super::{PROCEDURES, bundled, mobile_wedding, total};
use crate::support::TestApp;
use crate::tell;

tell![
    anybody_reads_the_procedures_in_force_without_a_token,
    anybody_reads_where_a_procedure_is_posted,
    nobody_is_sent_to_a_unit_or_for_a_procedure_that_has_ended,
];

const PUBLIC: &str = "/api/v1/public/procedures";

async fn anybody_reads_the_procedures_in_force_without_a_token(app: TestApp) {
    bundled(&app).await;
    let admin = app.admin().await;
    let papers = json!([{"name": "Tờ khai theo mẫu", "originals": 1}]);
    let body = json!({
        "code": "9.000001", "name": "Thủ tục thử nghiệm", "level": "commune", "service_level": "full_online",
        "papers": papers, "fees": [{"name": "Lệ phí", "amount_vnd": 8000}], "note": "Ghi chú nội bộ.",
        "deadlines": [{"value": 5, "unit": "working_day"}], "valid_from": "2026-01-01", "valid_to": "2027-01-01",
    });
    admin.post(PROCEDURES, &body).await.expect(201);
    let anybody = app.anonymous();
    let all = anybody.get(&format!("{PUBLIC}?include_total=true&limit=10")).await.expect(200);
    assert_eq!(all["total"], total(&admin, "&status=in_force").await);
    let next = all["next_cursor"].as_str().unwrap();
    let more = anybody.get(&format!("{PUBLIC}?limit=10&cursor={next}")).await.expect(200);
    assert_ne!(more["items"][0]["code"], all["items"][9]["code"]);

    let path = format!("{PUBLIC}?q=thu+nghiem&level=commune&service_level=full_online");
    let found = anybody.get(&path).await;
    let (tag, kept) = (found.header("etag"), found.header("cache-control"));
    assert_eq!(kept, "public, max-age=300");
    assert_eq!(found.expect(200)["items"][0]["code"], "9.000001");
    assert_eq!(anybody.with("if-none-match", &tag).get(&path).await.status, 304);
    assert_eq!(anybody.get(&format!("{path}&as_of=2027-01-01")).await.expect(200)["items"], json!([]));

    let one = anybody.get(&format!("{PUBLIC}/9.000001")).await;
    let tag = one.header("etag");
    let one = one.expect(200);
    assert_eq!(
        (&one["papers"][0]["name"], &one["fees"][0]["amount_vnd"]),
        (&json!("Tờ khai theo mẫu"), &json!(8000))
    );
    for kept_back in ["id", "note", "source", "created_at"] {
        assert!(one.get(kept_back).is_none(), "{kept_back} is no concern of the public");
    }
    assert_eq!(anybody.with("if-none-match", &tag).get(&format!("{PUBLIC}/9.000001")).await.status, 304);
    anybody.get(&format!("{PUBLIC}/9.000001?as_of=2025-12-31")).await.problem(404, "not-found");
    anybody.get(&format!("{PUBLIC}/9.999999")).await.problem(404, "not-found");
}

async fn anybody_reads_where_a_procedure_is_posted(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    let posting = |unit: &str, from: &str, to: Value| {
        json!({
            "org_unit_code": unit, "procedure_code": "1.000593", "form": "board", "posted_on": from,
            "place": "Trung tâm Phục vụ hành chính công", "removed_on": to,
        })
    };
    let postings = "/api/v1/tthc/procedure-postings";
    admin.post(postings, &posting("31396", "2026-01-12", Value::Null)).await.expect(201);
    admin.post(postings, &posting("31420", "2026-01-13", json!("2026-06-01"))).await.expect(201);
    let path = format!("{PUBLIC}/1.000593/places");
    let places = async |query: &str| {
        let told = app.anonymous().get(&format!("{path}{query}")).await.expect(200);
        let codes = told["items"].as_array().unwrap().iter().map(|it| it["org_unit_code"].clone());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(places("").await, ["31396"]);
    assert_eq!(places("?as_of=2026-05-31").await, ["31396", "31420"]);
    assert_eq!(places("?as_of=2026-01-11").await, Vec::<Value>::new());
}

/// The old commune of Hiệp Hưng was merged on 1 July 2025, and nobody entered that its board was taken down.
async fn nobody_is_sent_to_a_unit_or_for_a_procedure_that_has_ended(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PROCEDURES, &mobile_wedding()).await.expect(201);
    for (unit, day) in [("31429", "2024-03-01"), ("31396", "2025-07-01")] {
        let board = json!({
            "org_unit_code": unit, "procedure_code": "1.000593", "form": "board", "posted_on": day,
        });
        admin.post("/api/v1/tthc/procedure-postings", &board).await.expect(201);
    }
    let places = async |query: &str| {
        let told = app.anonymous().get(&format!("{PUBLIC}/1.000593/places?include_total=true{query}")).await;
        let told = told.expect(200);
        let codes = told["items"].as_array().unwrap().iter().map(|it| it["org_unit_code"].clone());
        let codes: Vec<_> = codes.collect();
        assert_eq!(told["total"], codes.len());
        codes
    };
    assert_eq!(places("&as_of=2025-06-30").await, ["31429"]);
    assert_eq!(places("&as_of=2025-07-01").await, ["31396"]);
    let path = format!("{PROCEDURES}/{}", made["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"valid_to": "2026-09-03"})).await.expect(200);
    assert_eq!(places("&as_of=2026-09-02").await, ["31396"]);
    assert_eq!(places("&as_of=2026-09-03").await, Vec::<Value>::new());
}
