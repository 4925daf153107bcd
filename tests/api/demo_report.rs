//! What the report of Phụng Hiệp says of the reform rooms comes out of the records that the demonstration
//! loads, without anybody adding up.

use cchc::reporting::{holidays, periods};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![the_report_s_figures_come_out_of_its_records];

async fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn the_report_s_figures_come_out_of_its_records(app: TestApp) {
    let at = app.state.now();
    holidays::import(&app.state.db, at).await.unwrap();
    periods::import(&app.state.db, at).await.unwrap();
    cchc::demo::report::load(&app.state).await.unwrap();
    let admin = app.admin().await;
    let of_district = "org_unit_code=934&as_of=2024-07-02&limit=200";

    // I.2: three decisions in force, what the province repealed, what was announced.
    let documents = "/api/v1/institutions/legal-documents?as_of=2024-07-02";
    let count = async |filter: &str| items(&admin, &format!("{documents}&{filter}")).await.len();
    assert_eq!(count("org_unit_code=934&validity=in_force").await, 3);
    assert_eq!(count("org_unit_code=93&validity=expired").await, 1);
    let reviews = items(&admin, &format!("/api/v1/institutions/document-reviews?{of_district}")).await;
    let stated = |column: &str| -> i64 { reviews.iter().filter_map(|row| row[column].as_i64()).sum() };
    assert_eq!((stated("decisions_expired"), stated("resolutions_expired")), (2 + 5, 4));
    assert_eq!((stated("decisions_in_force"), stated("unlawful_found")), (8, 0));
    let monitored = format!("/api/v1/institutions/law-enforcement-monitoring?{of_district}");
    assert_eq!(items(&admin, &monitored).await[0]["document_number"], "34/KH-UBND");

    // I.4 and I.8: staffing, deputies, boundaries.
    let staffing = items(&admin, &format!("/api/v1/organization/staffing-returns?{of_district}")).await;
    let sum = |column: &str| -> i64 { staffing.iter().filter_map(|row| row[column].as_i64()).sum() };
    assert!(staffing.iter().all(|row| row["state"] == "submitted" && row["source_note"].is_string()));
    assert_eq!(
        (sum("contracts_unfilled"), sum("contracts_filled")),
        (7, 105),
        "the report says that 8 are left"
    );
    let block = |name: &str| staffing.iter().find(|row| row["block"] == name).unwrap();
    let unfilled = ["administration", "other_services", "education"]
        .map(|name| block(name)["posts_unfilled"].as_i64().unwrap());
    assert_eq!(unfilled.iter().sum::<i64>(), 141);
    let norm = |name: &str| (block(name)["norm"]["posts"].clone(), block(name)["norm"]["increment"].clone());
    assert_eq!(norm("commune_staff"), (json!(322), json!(12)));
    assert_eq!(norm("commune_part_time"), (json!(202), json!(12)));
    let deputies = items(&admin, &format!("/api/v1/organization/leadership-returns?{of_district}")).await;
    assert_eq!(deputies.iter().filter_map(|row| row["deputies"].as_i64()).sum::<i64>(), 23 + 8 + 79);
    let markers = items(&admin, &format!("/api/v1/organization/boundary-returns?{of_district}")).await;
    assert_eq!(markers[0]["markers"], 47);

    // I.5 and I.8: decisions by kind, degrees, the inspection on a make-up day.
    let summary = |from: &str, to: &str| {
        format!(
            "/api/v1/civil-service/personnel-decisions/summary?org_unit_code=934&as_of=2024-07-02&decided_from={from}&decided_to={to}"
        )
    };
    let decided = admin.get(&summary("2024-01-01", "2024-06-30")).await.expect(200);
    let groups: Vec<(&str, i64)> = decided["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["group"].as_str().unwrap(), group["cases"].as_i64().unwrap()))
        .collect();
    assert!(groups.contains(&("staffing", 38)) && groups.contains(&("pay", 693)), "{groups:?}");
    let degrees = items(&admin, &format!("/api/v1/civil-service/qualification-returns?{of_district}")).await;
    let stated = |group: &str| degrees.iter().find(|row| row["group"] == group).unwrap()["stated"].clone();
    assert_eq!((stated("agency_staff"), stated("part_time_workers")), (json!(1_834), json!(415)));
    let visits = items(&admin, &format!("/api/v1/civil-service/discipline-visits?{of_district}")).await;
    assert_eq!(visits.len(), 13);
    assert!(visits.iter().all(|visit| visit["remarks"] == json!([])), "4 May 2024 was a make-up day");

    // I.6: the plan, and what an inspection asked back.
    let progress = "/api/v1/public-finance/investment-plans/progress?org_unit_code=934&as_of=2024-05-15";
    let plan = &items(&admin, progress).await[0];
    let rate =
        json!({"numerator": 30_612_000_000_i64, "denominator": 65_808_000_000_i64, "rate_percent": 46.52});
    assert_eq!(plan["disbursement_rate"], rate);
    let asked = "/api/v1/public-finance/audit-recommendations/progress?org_unit_code=934&scope=subtree&as_of=2024-07-02";
    let asked = items(&admin, asked).await;
    let sum = |column: &str| -> i64 { asked.iter().map(|row| row[column].as_i64().unwrap()).sum() };
    assert_eq!(
        (asked.len(), sum("amount_vnd"), sum("remitted_vnd"), sum("outstanding_vnd")),
        (4, 30_432_829, 30_432_829, 0)
    );

    // I.7: reach over the tree, and a lower bound that stays one.
    let systems = items(&admin, "/api/v1/e-government/systems?limit=200").await;
    let reach = async |kind: &str| {
        let system = systems.iter().find(|system| system["kind"] == kind).unwrap()["id"].as_str().unwrap();
        let path =
            format!("/api/v1/e-government/systems/{system}/coverage?org_unit_code=934&as_of=2024-07-02");
        let reach = admin.get(&path).await.expect(200);
        (reach["deployed"].clone(), reach["units"].clone())
    };
    assert_eq!(reach("document_management").await, (json!(93), json!(93)));
    assert_eq!(reach("government_reporting").await, (json!(26), json!(93)), "11 agencies and 15 communes");
    let measures = items(&admin, &format!("/api/v1/e-government/measure-returns?{of_district}")).await;
    let synced = measures.iter().find(|row| row["measure"] == "official_files_synced").unwrap();
    assert_eq!((&synced["stated_bound"], &synced["rate_percent"]), (&json!("at_least"), &json!(81.86)));
}
