//! Guiding documents, however carelessly they are cited.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::tell;

tell![
    a_document_is_found_however_its_number_is_written,
    a_document_may_lack_number_or_day_and_is_held_once,
    one_document_under_two_numbers_is_noticed,
    a_commune_of_today_holds_what_is_older_than_itself,
];

const DIRECTIVES: &str = "/api/v1/steering/directives";

fn of_district(change: &Value) -> Value {
    let mut body = json!({
        "org_unit_code": "934", "direction": "issued", "kind": "decision",
        "issuer": "Ủy ban nhân dân huyện Phụng Hiệp", "held_on": "2024-07-02",
        "subject": "Công bố văn bản quy phạm pháp luật hết hiệu lực năm 2023",
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn noticed(record: &Value) -> Vec<&str> {
    record["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

/// The report writes `67/QĐ- UBND`.
async fn a_document_is_found_however_its_number_is_written(app: TestApp) {
    let admin = app.admin().await;
    let body = of_district(&json!({"number": "67/QĐ-UBND", "issued_on": "2024-01-12"}));
    admin.post(DIRECTIVES, &body).await.expect(201);
    let other = of_district(&json!({"number": "67/QĐ- UBND", "issued_on": "2024-01-12"}));
    admin.post(DIRECTIVES, &other).await.problem(409, "duplicate");
    admin
        .post(DIRECTIVES, &of_district(&json!({"number": "68/QĐ-UBND", "issued_on": "2024-01-12"})))
        .await
        .expect(201);
    for (query, found) in [
        ("number=067%2FQ%C4%90-%20UBND", 1),
        ("number=67%2FKH-UBND", 0),
        ("q=het+hieu+luc", 2),
        ("issuer=huyen+phung+hiep&kind=decision&direction=issued", 2),
        ("direction=received", 0),
        ("issued_from=2024-01-12&issued_to=2024-01-12", 2),
        ("issued_from=2024-01-13", 0),
    ] {
        let page = admin.get(&format!("{DIRECTIVES}?{query}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
    }
}

async fn a_document_may_lack_number_or_day_and_is_held_once(app: TestApp) {
    let admin = app.admin().await;
    let unnumbered = of_district(&json!({"subject": "Công nhận Ban Vận động thành lập Hội"}));
    let made = admin.post(DIRECTIVES, &unnumbered).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["issued_on"], Value::Null);
    admin.post(DIRECTIVES, &unnumbered).await.problem(409, "duplicate");
    let told = json!({"number": "3521/QĐ-UBND", "issued_on": "2024-04-02"});
    admin.patch(&place, &etag, &told).await.expect(200);
    admin.post(DIRECTIVES, &unnumbered).await.expect(201);
    let undated = of_district(&json!({"number": "2613/KH-UBND"}));
    admin.post(DIRECTIVES, &undated).await.expect(201);
    admin.post(DIRECTIVES, &undated).await.problem(409, "duplicate");
    let early = of_district(&json!({"number": "9/KH-UBND", "issued_on": "2024-07-03"}));
    assert_eq!(admin.post(DIRECTIVES, &early).await.faults(422, "invalid"), ["/held_on"]);
    let odd = of_district(&json!({"number": "Kế hoạch 9"}));
    assert_eq!(admin.post(DIRECTIVES, &odd).await.faults(422, "invalid"), ["/number"]);
}

/// The report cites one decision as `40/QĐ-TTg` and as `40/2011/QĐ-TTg`, of the same day.
async fn one_document_under_two_numbers_is_noticed(app: TestApp) {
    let admin = app.admin().await;
    let cited = |number: &str, issued_on: &str| {
        of_district(&json!({
            "direction": "received", "issuer": "Thủ tướng Chính phủ", "number": number, "issued_on": issued_on,
            "subject": "Trợ cấp một lần đối với thanh niên xung phong",
        }))
    };
    let first = admin.post(DIRECTIVES, &cited("40/2011/QĐ-TTg", "2011-07-27")).await;
    let place = first.header("location");
    assert_eq!(noticed(&first.expect(201)), [""; 0]);
    let second = admin.post(DIRECTIVES, &cited("40/QĐ-TTg", "2011-07-27")).await.expect(201);
    assert_eq!(
        (noticed(&second), &second["remarks"][0]["numbers"]),
        (vec!["same_document"], &json!({"others": 1}))
    );
    assert_eq!(noticed(&admin.get(&place).await.expect(200)), ["same_document"]);
    let of_other_year = admin.post(DIRECTIVES, &cited("40/QĐ-TTg", "2012-07-27")).await.expect(201);
    assert_eq!(noticed(&of_other_year), [""; 0]);
    let mistyped = admin.post(DIRECTIVES, &cited("35/2011/QĐ-TTg", "2012-07-27")).await.expect(201);
    assert_eq!(noticed(&mistyped), ["number_year"]);
    let of_other_issuer = of_district(&json!({"number": "40/QĐ-TTg", "issued_on": "2011-07-27"}));
    assert_eq!(noticed(&admin.post(DIRECTIVES, &of_other_issuer).await.expect(201)), [""; 0]);
}

async fn a_commune_of_today_holds_what_is_older_than_itself(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let held = |day: &str| {
        json!({
            "org_unit_code": "31396", "direction": "received", "kind": "resolution", "number": "76/NQ-CP",
            "issuer": "Chính phủ", "issued_on": "2021-07-15", "held_on": day,
            "subject": "Chương trình tổng thể cải cách hành chính nhà nước giai đoạn 2021 - 2030",
        })
    };
    let made = editor.post(DIRECTIVES, &held("2026-01-05")).await.expect(201);
    assert_eq!(made["org_unit_code"], "31396");
    let mut elsewhere = held("2026-01-05");
    elsewhere["org_unit_code"] = json!("31399");
    editor.post(DIRECTIVES, &elsewhere).await.problem(403, "forbidden");
}
