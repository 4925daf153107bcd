//! Ratings of quality of a year.

use serde_json::{Value, json};

use super::{ROOM, noticed};
use crate::support::TestApp;
use crate::tell;

tell![a_year_is_rated_once_for_each_category, whoever_was_not_rated_is_no_part_of_the_rate];

fn ratings() -> String {
    format!("{ROOM}/quality-ratings")
}

fn rating(category: &str, excellent: u32) -> Value {
    json!({
        "org_unit_code": "31396", "year": 2025, "category": category, "rated_on": "2025-12-19", "excellent": excellent,
        "good": 30, "completed": 2, "not_completed": 0,
    })
}

async fn a_year_is_rated_once_for_each_category(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    editor.post(&ratings(), &rating("civil_servant", 4)).await.expect(201);
    editor.post(&ratings(), &rating("civil_servant", 5)).await.problem(409, "duplicate");
    editor.post(&ratings(), &rating("cadre", 2)).await.expect(201);
    let early = json!({
        "org_unit_code": "31396", "year": 2026, "category": "cadre", "rated_on": "2025-12-19", "excellent": 0,
        "good": 0, "completed": 0, "not_completed": 0,
    });
    assert_eq!(editor.post(&ratings(), &early).await.faults(422, "invalid"), ["/rated_on"]);
    let of_cadres = editor.get(&format!("{}?year=2025&category=cadre", ratings())).await.expect(200);
    assert_eq!(of_cadres["items"].as_array().unwrap().len(), 1);
    let of_2024 = editor.get(&format!("{}?year=2024", ratings())).await.expect(200);
    assert_eq!(of_2024["items"], json!([]));
}

async fn whoever_was_not_rated_is_no_part_of_the_rate(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let made = editor.post(&ratings(), &rating("public_employee", 8)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let told = editor.patch(&place, &etag, &json!({"not_rated": 3})).await;
    let etag = told.etag();
    let told = told.expect(200);
    assert_eq!(told["rated"], 40);
    assert_eq!(told["excellent_rate"], json!({"numerator": 8, "denominator": 40, "rate_percent": 20.0}));
    assert_eq!(noticed(&told), [""; 0]);
    let nobody = json!({"excellent": 0, "good": 0, "completed": 0});
    let told = editor.patch(&place, &etag, &nobody).await.expect(200);
    assert_eq!(noticed(&told), ["nobody_rated"]);
    assert_eq!(told["excellent_rate"], json!({"numerator": 0, "denominator": 0, "rate_percent": null}));
}
