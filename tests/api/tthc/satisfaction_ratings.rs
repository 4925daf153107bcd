//! How satisfied applicants are with the handling of their dossiers.

use serde_json::{Value, json};

use super::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_dossier_is_rated_once,
    a_rating_agrees_with_the_dossier_that_is_kept,
    a_dossier_of_a_former_province_is_rated_once,
    a_unit_rates_nobody_elses_dossiers,
    a_rating_does_not_tell_that_there_is_a_dossier,
    ratings_come_many_at_once_and_come_again,
    ratings_are_found_by_day_and_level,
    a_unit_with_a_rating_is_not_deleted,
    ratings_of_a_period_are_summed_up,
    a_unit_has_the_ratings_of_those_that_went_whole_into_it,
];

const RATINGS: &str = "/api/v1/tthc/satisfaction-ratings";

fn rating(dossier_code: &str, members: Value) -> Value {
    let rating = json!({
        "org_unit_code": "31396", "dossier_code": dossier_code, "rated_on": "2026-11-09",
        "level": "very_satisfied", "channel": "kiosk",
    });
    with(rating, members)
}

async fn levels(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{RATINGS}?{query}")).await.expect(200);
    let level = |one: &Value| one["level"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(level).collect()
}

async fn a_dossier_is_rated_once(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let code = made["code"].as_str().unwrap();
    let rated = admin.post(RATINGS, &rating(code, json!({}))).await;
    let (place, etag) = (rated.header("location"), rated.etag());
    let rated = rated.expect(201);
    assert_eq!((&rated["dossier_id"], &rated["org_unit_name"]), (&made["id"], &json!("Xã Hiệp Hưng")));
    admin.post(RATINGS, &rating(code, json!({"level": "normal"}))).await.problem(409, "duplicate");
    let other = rating("H13.44-261102-0009", json!({}));
    let renamed = admin.put(&place, &etag, &other).await.problem(422, "invalid");
    assert_eq!(renamed["errors"][0]["code"], "names_the_record");
    let better = admin.patch(&place, &etag, &json!({"level": "satisfied"})).await;
    let etag = better.etag();
    assert_eq!(better.expect(200)["level"], "satisfied");
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let anew = admin.post(RATINGS, &rating(code, json!({"level": "dissatisfied"}))).await.expect(201);
    assert_eq!(anew["level"], "dissatisfied", "one that was deleted makes room");
}

async fn a_rating_agrees_with_the_dossier_that_is_kept(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &with(dossier(1), json!({"resolving_unit_code": "31399"}))).await;
    let code = made.expect(201)["code"].as_str().unwrap().to_owned();
    let fault = async |members: Value| {
        let refused = admin.post(RATINGS, &rating(&code, members)).await.problem(422, "invalid");
        refused["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(fault(json!({"org_unit_code": "31393"})).await, "of_another_unit");
    assert_eq!(fault(json!({"rated_on": "2026-11-01"})).await, "before_receipt");
    assert_eq!(fault(json!({"rated_on": "2026-11-24"})).await, "in_future");
    admin.post(RATINGS, &rating(&code, json!({"org_unit_code": "31399"}))).await.expect(201);
    // A dossier of another system is rated as well.
    let elsewhere = admin.post(RATINGS, &rating("H13.44-261102-0099", json!({}))).await.expect(201);
    assert_eq!(elsewhere["dossier_id"], json!(null));
}

/// Received in Hậu Giang before 1 July 2025, whose province gave the code, and handed over to a commune of Cần Thơ.
async fn a_dossier_of_a_former_province_is_rated_once(app: TestApp) {
    let admin = catalogue(&app).await;
    let old = app.unit("31429", "2025-06-30");
    let handed_over = async |number: u32| {
        let received = json!({"receiving_unit_code": "31429", "received_at": "2025-06-26T02:00:00Z"});
        let made = admin.post(DOSSIERS, &with(dossier(number), received)).await.expect(201);
        let path = format!("{DOSSIERS}/{}/transfers", made["id"].as_str().unwrap());
        let to = json!({"org_unit_code": "31396", "at": "2025-07-01T02:00:00Z"});
        admin.post(&path, &to).await.expect(200);
        made
    };
    let first = handed_over(1).await;
    let code = first["code"].as_str().unwrap();
    let rated_on = json!({"rated_on": "2025-07-10"});
    let of_old = json!({"org_unit_code": null, "org_unit_id": old, "rated_on": "2025-07-11"});
    let rated = admin.post(RATINGS, &rating(code, rated_on.clone())).await.expect(201);
    assert_eq!((&rated["dossier_id"], &rated["org_unit_code"]), (&first["id"], &json!("31396")));
    admin.post(RATINGS, &rating(code, of_old.clone())).await.problem(409, "duplicate");
    let early = rating(code, json!({"rated_on": "2025-06-25", "org_unit_code": null, "org_unit_id": old}));
    let refused = admin.post(RATINGS, &early).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["code"], "before_receipt");
    let second = handed_over(2).await;
    let code = second["code"].as_str().unwrap();
    let both = json!([rating(code, rated_on), rating(code, of_old)]);
    let report = admin.post(&format!("{RATINGS}/batch?mode=partial"), &both).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
}

async fn a_unit_rates_nobody_elses_dossiers(app: TestApp) {
    let admin = app.admin().await;
    let rated = admin.post(RATINGS, &rating("H13.44-261102-0001", json!({}))).await;
    let place = rated.header("location");
    rated.expect(201);
    let neighbour = app.person("xa.phunghiep", "editor", "31399").await;
    neighbour.get(&place).await.problem(404, "not-found");
    assert!(levels(&neighbour, "").await.is_empty());
    let refused = neighbour.post(RATINGS, &rating("H13.44-261102-0002", json!({}))).await;
    assert_eq!(refused.problem(403, "forbidden")["errors"][0]["code"], "out_of_reach");
    let own = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(levels(&own, "").await, ["very_satisfied"]);
}

async fn a_rating_does_not_tell_that_there_is_a_dossier(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let neighbour = app.person("xa.phunghiep", "editor", "31399").await;
    let own = json!({"org_unit_code": "31399", "rated_on": "2026-11-01"});
    let there = neighbour.post(RATINGS, &rating(made["code"].as_str().unwrap(), own.clone())).await;
    let nowhere = neighbour.post(RATINGS, &rating("H13.44-261102-0099", own)).await;
    let told = |answer: Value| (answer["dossier_id"].clone(), answer["level"].clone());
    assert_eq!(told(there.expect(201)), (json!(null), json!("very_satisfied")));
    assert_eq!(told(nowhere.expect(201)), (json!(null), json!("very_satisfied")));
}

async fn ratings_come_many_at_once_and_come_again(app: TestApp) {
    let admin = app.admin().await;
    let lines = |level: &str| {
        let line = |number: u32| rating(&format!("H13.44-261102-{number:04}"), json!({"level": level}));
        json!((1..=20).map(line).collect::<Vec<_>>())
    };
    let batch = format!("{RATINGS}/batch?on_conflict=update");
    assert_eq!(admin.post(&batch, &lines("satisfied")).await.expect(200)["created"], 20);
    let again = admin.post(&batch, &lines("normal")).await.expect(200);
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(20)));
    let page = admin.get(&format!("{RATINGS}?level=normal&include_total=true")).await.expect(200);
    assert_eq!(page["total"], 20);
}

async fn ratings_are_found_by_day_and_level(app: TestApp) {
    let admin = app.admin().await;
    let ratings = [
        rating("H13.44-261102-0001", json!({"rated_on": "2026-11-03"})),
        rating("H13.44-261102-0002", json!({"rated_on": "2026-11-04", "level": "normal"})),
        rating(
            "H13.44-261102-0003",
            json!({"rated_on": "2026-11-05", "level": "dissatisfied", "org_unit_code": "31399"}),
        ),
    ];
    admin.post(&format!("{RATINGS}/batch"), &json!(ratings)).await.expect(200);
    assert_eq!(levels(&admin, "").await, ["dissatisfied", "normal", "very_satisfied"]);
    assert_eq!(levels(&admin, "sort=rated_on&org_unit_code=31396").await, ["very_satisfied", "normal"]);
    assert_eq!(levels(&admin, "rated_from=2026-11-04&rated_to=2026-11-04").await, ["normal"]);
    assert_eq!(levels(&admin, "level=dissatisfied").await, ["dissatisfied"]);
    assert_eq!(levels(&admin, "dossier_code=H13.44-261102-0001").await, ["very_satisfied"]);
    assert_eq!(levels(&admin, "org_unit_code=92&scope=subtree").await.len(), 3);
}

async fn a_unit_with_a_rating_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let units = "/api/v1/organization/org-units";
    let agency = json!({"name": "Sở Nội vụ", "kind": "specialised_agency", "code": "SNV", "parent_code": "92", "valid_from": "2026-01-01"});
    let made = admin.post(units, &agency).await;
    let (place, etag) = (made.header("location"), made.etag());
    made.expect(201);
    let rated = rating("H13.01-261102-0001", json!({"org_unit_code": "SNV"}));
    admin.post(RATINGS, &rated).await.expect(201);
    admin.delete(&place, &etag).await.problem(409, "in-use");
}

async fn ratings_of_a_period_are_summed_up(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let other = json!({"org_unit_code": "31399"});
    let lines = [
        rating(made["code"].as_str().unwrap(), json!({})),
        rating("H13.44-261102-0002", json!({"level": "satisfied"})),
        rating("H13.44-261102-0003", with(other.clone(), json!({"level": "dissatisfied"}))),
        rating("H13.44-261102-0004", with(other.clone(), json!({"level": "normal"}))),
        rating("H13.44-261102-0005", with(other, json!({"rated_on": "2026-11-10"}))),
    ];
    admin.post(&format!("{RATINGS}/batch"), &json!(lines)).await.expect(200);
    let summary = format!("{RATINGS}/summary?rated_from=2026-11-01&rated_to=2026-11-09");
    let whole = admin.get(&format!("{summary}&org_unit_code=92&scope=subtree")).await.expect(200);
    let totals = json!({
        "very_satisfied": 1, "satisfied": 1, "normal": 1, "dissatisfied": 1, "answered": 4,
        "satisfied_rate": {"numerator": 2, "denominator": 4, "rate_percent": 50.0},
    });
    assert_eq!(whole["totals"], totals, "the one of the tenth is not in it");
    assert_eq!(whole["generated"], false);
    let rows: Vec<_> = whole["rows"].as_array().unwrap().iter().collect();
    let told: Vec<_> =
        rows.iter().map(|row| (&row["unit"]["org_unit_code"], &row["counts"]["answered"])).collect();
    assert_eq!(told, [(&json!("31396"), &json!(2)), (&json!("31399"), &json!(2))]);
    let by_procedure = format!("{summary}&org_unit_code=92&scope=subtree&by=procedure");
    let by_procedure = admin.get(&by_procedure).await.expect(200);
    assert_eq!(by_procedure["totals"], totals);
    let rows = by_procedure["rows"].as_array().unwrap().iter();
    let told: Vec<_> = rows.map(|row| (&row["procedure_code"], &row["counts"]["answered"])).collect();
    let expected = [(&json!(null), &json!(3)), (&json!("1.001193"), &json!(1))];
    assert_eq!(told, expected, "of dossiers that are kept elsewhere the procedure is not known");
    assert_eq!(by_procedure["rows"][1]["procedure_name"], "Đăng ký khai sinh");
    // Who reaches one unit sums that one up.
    let own = app.person("xa.hiephung", "inspector", "31396").await;
    let of_own = own.get(&format!("{summary}&org_unit_code=31396")).await.expect(200);
    assert_eq!(
        of_own["totals"]["satisfied_rate"],
        json!({"numerator": 2, "denominator": 2, "rate_percent": 100.0})
    );
    own.get(&format!("{summary}&org_unit_code=31399")).await.problem(403, "forbidden");
    own.get(&format!("{summary}&org_unit_code=92&scope=subtree")).await.problem(403, "forbidden");
    let backwards =
        format!("{RATINGS}/summary?rated_from=2026-11-09&rated_to=2026-11-01&org_unit_code=31396");
    assert_eq!(own.get(&backwards).await.faults(422, "invalid"), ["/rated_to"]);
    let none = format!("{RATINGS}/summary?rated_from=2025-01-01&rated_to=2025-01-31&org_unit_code=31396");
    let none = own.get(&none).await.expect(200);
    assert_eq!(
        (&none["rows"], &none["totals"]["satisfied_rate"]["rate_percent"]),
        (&json!([]), &json!(null))
    );
}

/// Communes that were merged and one that was divided on 1 July 2025.
async fn a_unit_has_the_ratings_of_those_that_went_whole_into_it(app: TestApp) {
    let admin = app.admin().await;
    let of = |unit: &str, day: &str| json!({"org_unit_code": unit, "rated_on": day});
    let lines = [
        rating("H13.44-250609-0001", of("31429", "2025-06-10")),
        rating("H13.44-250609-0002", of("31178", "2025-06-10")),
        rating("H13.44-250804-0003", of("31396", "2025-08-05")),
        rating("H13.44-260803-0004", of("31396", "2026-08-05")),
    ];
    admin.post(&format!("{RATINGS}/batch"), &json!(lines)).await.expect(200);
    let summary = async |query: &str| {
        let path = format!("{RATINGS}/summary?rated_from=2025-01-01&rated_to=2025-12-31&{query}");
        admin.get(&path).await.expect(200)
    };
    let rows = |told: &Value| -> Vec<(Value, Value)> {
        let row = |row: &Value| (row["unit"]["org_unit_code"].clone(), row["counts"]["answered"].clone());
        told["rows"].as_array().unwrap().iter().map(row).collect()
    };
    let own = summary("org_unit_code=31396").await;
    assert_eq!(rows(&own), [(json!("31396"), json!(2))], "in the row of the one that carries it on");
    assert_eq!((&own["totals"]["answered"], &own["units"]), (&json!(2), &json!(3)));
    assert_eq!(summary("org_unit_code=31396&by=procedure").await["totals"], own["totals"]);
    let province = summary("org_unit_code=92&scope=subtree").await;
    assert_eq!(rows(&province), [(json!("31178"), json!(1)), (json!("31396"), json!(2))]);
    let part = summary("org_unit_code=31120").await;
    assert_eq!(part["totals"]["answered"], 0, "nobody knows which part of the divided one");
    let before = summary("org_unit_code=31429&as_of=2025-06-30").await;
    assert_eq!(before["totals"]["answered"], 1, "on the structure of its own days");
}
