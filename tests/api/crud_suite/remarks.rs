//! What is noticed wherever it is told: a number of another year than its day, a part above its whole.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fixtures;
use crate::support::TestApp;
use crate::tell;

tell![
    the_year_in_a_number_is_held_against_its_day_wherever_a_document_is_named,
    a_part_is_held_against_its_whole_in_every_return,
];

/// Numbers that no day stands beside, or none of the document's own.
const WITHOUT_DAY: [(&str, &str); 7] = [
    ("/api/v1/tthc/citizen-feedback", "answer_number"),
    ("/api/v1/tthc/record-declarations", "document_number"),
    ("/api/v1/e-government/digital-certificates", "serial_number"),
    ("/api/v1/institutions/document-relations", "document_number"),
    ("/api/v1/institutions/document-relations", "affected_number"),
    ("/api/v1/public-finance/disbursements", "document_number"),
    ("/api/v1/public-finance/remittances", "receipt_number"),
];

/// What has a number only once it is approved.
const APPROVED: [(&str, &str, &str); 2] = [
    ("/api/v1/tthc/procedure-reviews", "outcome", "approved"),
    ("/api/v1/civil-service/job-position-schemes", "stage", "approved"),
];

/// The member that tells the day of a number.
fn day_of(number: &str, members: &Value) -> String {
    let days = ["issued_on", "document_on", "decided_on"].map(str::to_owned);
    let own = number.strip_suffix("_number").map(|of| format!("{of}_on"));
    let shortened = match number {
        "conclusion_number" => Some("concluded_on".to_owned()),
        "approval_number" => Some("approved_on".to_owned()),
        _ => None,
    };
    let found = own.into_iter().chain(shortened).chain(days).find(|day| members.get(day).is_some());
    found.unwrap_or_else(|| panic!("{number} has no day"))
}

fn codes_at<'a>(made: &'a Value, code: &str) -> BTreeSet<&'a str> {
    let remarks = made["remarks"].as_array().unwrap();
    remarks.iter().filter(|it| it["code"] == code).map(|it| it["pointer"].as_str().unwrap()).collect()
}

async fn the_year_in_a_number_is_held_against_its_day_wherever_a_document_is_named(app: TestApp) {
    let admin = app.admin().await;
    let mut told = 0;
    for fixture in fixtures(&app).await {
        let document = app.state.contract.document();
        let asked = &document["paths"][fixture.collection]["post"]["requestBody"]["content"];
        let schema = asked["application/json"]["schema"]["$ref"].as_str().unwrap();
        let members = document.pointer(&format!("{}/properties", schema.trim_start_matches('#'))).unwrap();
        let is_number = |name: &&String| *name == "number" || name.ends_with("_number");
        let has_day = |name: &&String| !WITHOUT_DAY.contains(&(fixture.collection, name.as_str()));
        let numbers: Vec<&String> =
            members.as_object().unwrap().keys().filter(is_number).filter(has_day).collect();
        if numbers.is_empty() {
            continue;
        }
        let mut body = fixture.create.clone();
        for number in &numbers {
            let day = day_of(number, members);
            let on = body.get(&day).and_then(Value::as_str).unwrap_or("2026-03-02").to_owned();
            let year: i32 = on[..4].parse().unwrap();
            body[*number] = json!(format!("08/{}/QĐ-UBND", year - 1));
            body[day] = json!(on);
        }
        if let Some((_, member, value)) =
            APPROVED.iter().find(|(collection, ..)| *collection == fixture.collection)
        {
            body[*member] = json!(value);
        }
        let made = admin.post(fixture.collection, &body).await.expect(201);
        let pointers: BTreeSet<String> = numbers.iter().map(|number| format!("/{number}")).collect();
        let noticed = codes_at(&made, "number_year").into_iter().map(str::to_owned).collect();
        assert_eq!(pointers, noticed, "{}: {made}", fixture.collection);
        told += pointers.len();
    }
    assert!(told >= 24, "{told}");
}

async fn a_part_is_held_against_its_whole_in_every_return(app: TestApp) {
    let admin = app.admin().await;
    let fixtures = fixtures(&app).await;
    let parts = [
        ("/api/v1/civil-service/asset-declaration-returns", "declared", "obliged"),
        ("/api/v1/civil-service/asset-declaration-returns", "published", "declared"),
        ("/api/v1/civil-service/asset-declaration-returns", "verified", "declared"),
        ("/api/v1/civil-service/asset-declaration-returns", "found_untrue", "verified"),
        ("/api/v1/civil-service/work-diary-returns", "keeping", "persons"),
        ("/api/v1/public-finance/autonomy-returns", "units", "of_units"),
        ("/api/v1/e-government/measure-returns", "numerator", "denominator"),
    ];
    for (collection, part, whole) in parts {
        let fixture = fixtures.iter().find(|fixture| fixture.collection == collection).unwrap();
        let mut body = fixture.create.clone();
        for taken in ["obliged", "persons", "units"] {
            body.as_object_mut().unwrap().remove(taken);
        }
        body[part] = json!(3);
        body[whole] = json!(2);
        let made = admin.post(collection, &body).await;
        let (path, etag) = (made.header("location"), made.etag());
        let made = made.expect(201);
        assert_eq!(codes_at(&made, "part_above_whole"), BTreeSet::from([format!("/{part}").as_str()]));
        body[whole] = json!(3);
        let even = admin.put(&path, &etag, &body).await;
        let etag = even.etag();
        assert_eq!(codes_at(&even.expect(200), "part_above_whole"), BTreeSet::new(), "{part} of {whole}");
        admin.delete(&path, &etag).await.expect(204);
    }
}
