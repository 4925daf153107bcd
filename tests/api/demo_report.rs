//! What the report of Phụng Hiệp says of the reform rooms comes out of the records that the demonstration
//! loads, without anybody adding up.

use kernel::reporting::{holidays, periods};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_report_s_figures_come_out_of_its_records,
    every_document_that_the_report_cites_is_found,
    a_commune_of_today_files_in_each_room,
    no_list_of_the_five_rooms_is_empty,
];

async fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.expect(200)["items"].as_array().unwrap().clone()
}

/// Loads what the demonstration has of the report.
async fn with_the_report(app: &TestApp) -> Client {
    let at = app.state.now();
    holidays::import(&app.state.db, at).await.unwrap();
    periods::import(&app.state.db, at).await.unwrap();
    cchc::demo::report::load(&app.state).await.unwrap();
    app.admin().await
}

async fn the_report_s_figures_come_out_of_its_records(app: TestApp) {
    let admin = with_the_report(&app).await;
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
    let markers =
        items(&admin, &format!("/api/v1/organization/boundary-returns?{of_district}&scope=subtree")).await;
    let column = |of: fn(&Value) -> bool, name: &str| -> i64 {
        markers.iter().filter(|row| of(row)).filter_map(|row| row[name].as_i64()).sum()
    };
    let (district, communes) =
        (|row: &Value| row["org_unit_code"] == "934", |row: &Value| row["org_unit_code"] != "934");
    assert_eq!(column(district, "markers"), 47);
    for name in ["record_books", "map_sets"] {
        assert_eq!((column(district, name), column(communes, name)), (16, 15), "its own and one each");
    }
    let decided =
        ["administration", "education", "other_services"].map(|name| block(name)["deciding_number"].clone());
    assert_eq!(
        decided,
        [json!("3263/QĐ-UBND"), json!("3263/QĐ-UBND"), json!("23/QĐ-UBND")],
        "as it was adjusted"
    );

    let dissolved = items(&admin, "/api/v1/organization/reorganizations?kind=dissolve&limit=200").await;
    assert!(dissolved.len() == 2 && dissolved.iter().all(|act| act["source_note"].is_string()));
    let agencies = async |day: &str| {
        let path = format!(
            "/api/v1/organization/org-units?org_unit_code=934&scope=children&kind=specialised_agency&as_of={day}&limit=200"
        );
        items(&admin, &path).await.len()
    };
    assert_eq!((agencies("2015-12-31").await, agencies("2024-07-02").await), (13, 11));
    let powers = items(&admin, "/api/v1/organization/delegations?org_unit_code=93&as_of=2024-07-02").await;
    let codes = |row: &Value| {
        row["remarks"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect::<Vec<_>>()
    };
    assert!(codes(&powers[0]).contains(&json!("authorisation_without_term")));
    assert!(codes(&powers[1]).contains(&json!("number_year")), "08/2023 of 13 January 2024");

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

/// Legal documents of the province and the district are kept with the institutions; all others that the
/// report cites are here, with the words that cite them.
async fn every_document_that_the_report_cites_is_found(app: TestApp) {
    let admin = with_the_report(&app).await;
    let directives = "/api/v1/steering/directives?org_unit_code=934&as_of=2024-07-02&limit=200";
    let cited = items(&admin, directives).await;
    assert_eq!(cited.len(), 122);
    let issued = cited.iter().filter(|one| one["direction"] == "issued").count();
    let unnumbered = cited.iter().filter(|one| one["number"].is_null()).count();
    assert_eq!((issued, unnumbered), (45, 7));
    // Each stands in the words that cite it.
    let words = |one: &Value| one["source_note"].as_str().unwrap().replace(' ', "");
    for one in cited.iter().filter(|one| one["number"].is_string()) {
        assert!(words(one).contains(one["number"].as_str().unwrap()), "{one}");
    }
    let numbers = async |query: &str| -> Vec<String> {
        let found = items(&admin, &format!("{directives}&{query}")).await;
        found.iter().map(|one| one["number"].as_str().unwrap_or("không số").to_owned()).collect()
    };
    assert_eq!(numbers("number=67%2Fq%C4%91-ubnd").await, ["67/QĐ-UBND"]);
    assert_eq!(
        numbers("number=01%2FNQLT-UBND-BCH%C4%90TN").await.len(),
        2,
        "of the province and of the district"
    );
    assert_eq!(numbers("q=tuyen+truyen+cai+cach").await, ["85/KH-UBND", "35/KH-UBND"]);
    assert_eq!(numbers("q=thi+dua&kind=law").await, ["không số"]);
    let mut letters = numbers("issuer=so+noi+vu").await;
    letters.sort_unstable();
    assert_eq!(letters, ["61/SNV-TT", "920/SNV-XDCQ&CCHC", "922/SNV-TCCB"]);
    // A day that cannot be is not taken over.
    let impossible = items(&admin, &format!("{directives}&number=18-CT%2FTW")).await;
    assert_eq!(impossible[0]["issued_on"], Value::Null);
    assert!(impossible[0]["note"].as_str().unwrap().contains("20/8/20218"));
}

/// The forms are those of the structure of two tiers, too: figures of a test, and told to be.
async fn a_commune_of_today_files_in_each_room(app: TestApp) {
    let admin = with_the_report(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    for (form, column, value) in [
        ("organization/staffing-returns", "posts_unfilled", json!(2)),
        ("civil-service/qualification-returns", "stated", json!(36)),
        ("civil-service/asset-declaration-returns", "declared", json!(36)),
        ("public-finance/autonomy-returns", "units", json!(4)),
        ("e-government/measure-returns", "rate_percent", json!(99.5)),
    ] {
        let path = format!("/api/v1/{form}?org_unit_code=31396&as_of=2026-06-30&limit=200");
        for reader in [&admin, &editor] {
            let filed = items(reader, &path).await;
            let [filed] = &filed[..] else { panic!("{form}: {filed:?}") };
            assert_eq!((&filed["period_code"], &filed["state"]), (&json!("2026-H1"), &json!("submitted")));
            assert!(filed["source_note"].as_str().unwrap().starts_with("Số liệu thử nghiệm"), "{form}");
            assert_eq!(filed[column], value, "{form}");
        }
        let of_district = path.replace("31396", "934").replace("2026-06-30", "2024-06-30");
        let of_district = items(&admin, &of_district).await;
        assert!(of_district.iter().all(|one| one["period_code"] == "2024-H1"));
        // Of declarations alone the report has no figures.
        assert_eq!(of_district.is_empty(), form.ends_with("asset-declaration-returns"), "{form}");
    }
    // Of the institutions nothing is filed by period: a topic of monitoring stands for the room.
    let topics = "/api/v1/institutions/law-enforcement-monitoring?org_unit_code=31396&as_of=2026-06-30";
    let [topic] = &items(&editor, topics).await[..] else { panic!("one topic of monitoring") };
    assert_eq!((&topic["units_inspected"], &topic["remarks"]), (&json!(1), &json!([])));
    assert!(topic["source_note"].as_str().unwrap().starts_with("Số liệu thử nghiệm"));
}

/// What the report has no figures of, a commune of today has with those of a test, and told to be.
async fn no_list_of_the_five_rooms_is_empty(app: TestApp) {
    const ROOMS: [&str; 5] =
        ["institutions", "organization", "civil-service", "public-finance", "e-government"];
    let admin = with_the_report(&app).await;
    let paths = app.state.contract.document()["paths"].as_object().unwrap().clone();
    let is_of_rooms = |path: &str| path.split('/').nth(3).is_some_and(|room| ROOMS.contains(&room));
    let is_list = |operations: &Value| {
        let operation = operations["get"]["operationId"].as_str();
        operation.is_some_and(|operation| operation.starts_with("list_"))
    };
    let lists = paths
        .iter()
        .filter(|(path, operations)| is_of_rooms(path) && !path.contains('{') && is_list(operations));
    let mut told = 0;
    for (path, _) in lists {
        let answer = admin.get(path).await.expect(200);
        assert!(answer["items"].as_array().is_some_and(|items| !items.is_empty()), "{path}: {answer}");
        told += 1;
    }
    assert!(told > 30, "{told}");
    let test = "Số liệu thử nghiệm";
    for list in [
        "civil-service/quality-ratings",
        "public-finance/plan-adjustments",
        "e-government/digital-certificates",
    ] {
        let path = format!("/api/v1/{list}?org_unit_code=31396&as_of=2026-06-30");
        let [one] = &items(&admin, &path).await[..] else { panic!("{list}") };
        assert!(one["source_note"].as_str().unwrap().starts_with(test), "{list}");
        assert!(one["remarks"].as_array().is_none_or(Vec::is_empty), "{list}: {one}");
    }
    let officials =
        items(&admin, "/api/v1/civil-service/officials?org_unit_code=31396&as_of=2026-06-30").await;
    let is_nobody = |one: &Value| one["person"].is_null() && one["note"].as_str().unwrap().starts_with(test);
    assert!(officials.len() == 2 && officials.iter().all(is_nobody), "{officials:?}");
}
