//! Form 06a: the figures of the real report, before and after 1 July 2025.

mod coverage;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::tthc::{another_province, phung_hiep, submit};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [stories(), coverage::stories()].concat()
}

tell![
    the_report_of_phung_hiep_comes_out_as_form_06,
    both_definitions_keep_their_identity,
    the_districts_line_counts_until_every_commune_has_filed,
    after_the_reform_there_are_provinces_and_communes_only,
    a_unit_that_does_not_exist_on_the_day_names_its_successors,
    the_form_of_another_unit_is_refused,
    who_came_to_another_province_is_in_its_form_alone,
    wrong_questions_are_answered_with_every_fault,
];

const FORM: &str = "/api/v1/reporting/forms/06a";

fn row<'a>(form: &'a Value, level: &str) -> &'a Value {
    form["rows"].as_array().unwrap().iter().find(|row| row["handling_level"] == level).unwrap()
}

fn figures(row: &Value) -> Vec<i64> {
    let columns = [
        "received_total",
        "received_online",
        "received_direct",
        "carried_over",
        "resolved_total",
        "resolved_early",
        "resolved_on_time",
        "resolved_overdue",
        "pending_total",
        "pending_in_time",
        "pending_overdue",
        "received_in_period",
    ];
    columns.iter().map(|column| row[column].as_i64().unwrap_or_else(|| panic!("{column} in {row}"))).collect()
}

async fn the_report_of_phung_hiep_comes_out_as_form_06(app: TestApp) {
    phung_hiep(&app).await;
    let admin = app.admin().await;
    let query =
        "?org_unit_code=934&as_of=2024-06-30&period=2024-H1&scope=subtree&definition=withdrawn-refused-apart";
    let form = admin.get(&format!("{FORM}{query}")).await.expect(200);
    assert_eq!(form["unit"]["org_unit_name"], "Huyện Phụng Hiệp");
    let district = row(&form, "district");
    assert_eq!(figures(district), [7_750, 1_882, 5_395, 473, 7_087, 6_986, 88, 13, 644, 642, 2, 7_277]);
    assert_eq!((&district["withdrawn"], &district["refused"]), (&json!(6), &json!(13)));
    assert_eq!(district["carried_over_basis"], "implied");
    let commune = row(&form, "commune");
    assert_eq!(figures(commune), [9_865, 9_210, 462, 193, 8_345, 8_154, 177, 14, 1_420, 1_412, 8, 9_672]);
    assert_eq!((&commune["withdrawn"], &commune["refused"]), (&json!(83), &json!(17)));
    assert_eq!(form["totals"]["received_in_period"], 7_277 + 9_672);
    assert_eq!(form["totals"]["received_total"], 7_750 + 9_865);
    assert_eq!(form["coverage"]["covers_to"], "2024-07-02");
}

async fn both_definitions_keep_their_identity(app: TestApp) {
    phung_hiep(&app).await;
    let admin = app.admin().await;
    let query =
        "?org_unit_code=934&as_of=2024-06-30&period=2024-H1&scope=subtree&definition=circular-01-2020";
    let form = admin.get(&format!("{FORM}{query}")).await.expect(200);
    let (district, commune) = (row(&form, "district"), row(&form, "commune"));
    assert_eq!((&district["resolved_on_time"], &district["carried_over"]), (&json!(107), &json!(473)));
    assert_eq!((&commune["resolved_on_time"], &commune["carried_over"]), (&json!(277), &json!(193)));
    for line in [district, commune, &form["totals"]] {
        assert_eq!((&line["withdrawn"], &line["refused"]), (&json!(null), &json!(null)));
        let column = |name: &str| line[name].as_i64().unwrap();
        assert_eq!(column("received_total"), column("resolved_total") + column("pending_total"));
    }
}

async fn the_districts_line_counts_until_every_commune_has_filed(app: TestApp) {
    phung_hiep(&app).await;
    let admin = app.admin().await;
    let query =
        "?org_unit_code=934&as_of=2024-06-30&period=2024-H1&scope=subtree&definition=withdrawn-refused-apart";
    let form = admin.get(&format!("{FORM}{query}")).await.expect(200);
    let coverage = form["coverage"]["levels"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["handling_level"] == "commune")
        .unwrap();
    assert_eq!((&coverage["units_filed"], &coverage["units_expected"]), (&json!(0), &json!(15)));
    assert_eq!(coverage["stated"][0]["counts"], true);
    assert_eq!(coverage["stated"][0]["difference"]["received_total"], 9_865);

    let district = app.unit("934", "2024-06-30");
    let communes = admin
        .get(&format!("/api/v1/organization/org-units/{district}/children?as_of=2024-06-30&limit=200"))
        .await
        .expect(200);
    let communes = communes["items"].as_array().unwrap();
    assert_eq!(communes.len(), 15);
    for (number, commune) in communes.iter().enumerate() {
        let line = json!({
            "org_unit_id": commune["id"], "period_code": "2024-H1", "handling_level": "commune",
            "received_online": 600, "resolved_early": 600,
        });
        let filed = admin.post("/api/v1/tthc/processing-returns", &line).await.expect(201);
        submit(&admin, &filed).await.expect(200);
        let form = admin.get(&format!("{FORM}{query}")).await.expect(200);
        let coverage = form["coverage"]["levels"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["handling_level"] == "commune")
            .unwrap();
        assert_eq!(coverage["units_filed"], number + 1);
        let last = number == 14;
        assert_eq!(coverage["stated"][0]["counts"], !last);
        let expected = if last { 15 * 600 } else { 9_865 };
        assert_eq!(row(&form, "commune")["received_total"], expected, "after {} communes", number + 1);
    }
}

async fn after_the_reform_there_are_provinces_and_communes_only(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let lines = [("92", "province", 500), ("31396", "commune", 70), ("31399", "commune", 30)];
    for (code, level, received) in lines {
        let line = json!({
            "org_unit_code": code, "period_code": "2026-Q3", "handling_level": level,
            "received_online": received, "resolved_on_time": received,
        });
        let filed = admin.post("/api/v1/tthc/processing-returns", &line).await.expect(201);
        submit(&admin, &filed).await.expect(200);
    }
    let form = |query: &'static str| {
        let admin = admin.clone();
        async move {
            admin
                .get(&format!("{FORM}?org_unit_code=92&period=2026-Q3&scope=subtree{query}"))
                .await
                .expect(200)
        }
    };
    let today = form("&as_of=2026-09-30").await;
    let levels: Vec<_> =
        today["rows"].as_array().unwrap().iter().map(|row| row["handling_level"].clone()).collect();
    assert_eq!(levels, ["province", "commune"]);
    assert_eq!(row(&today, "commune")["received_total"], 100);
    assert_eq!(today["totals"]["received_total"], 600);
    let communes = &today["coverage"]["levels"][1];
    assert_eq!((&communes["units_filed"], &communes["units_expected"]), (&json!(2), &json!(103)));

    let old = form("&as_of=2024-06-30").await;
    assert_ne!(old["unit"]["org_unit_id"], today["unit"]["org_unit_id"]);
    let communes = old["coverage"]["levels"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["handling_level"] == "commune")
        .unwrap();
    assert_eq!(communes["units_expected"], 83);
}

async fn a_unit_that_does_not_exist_on_the_day_names_its_successors(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let answer = admin
        .in_english()
        .get(&format!("{FORM}?org_unit_code=934&as_of=2026-09-30&period=2024-H1&scope=subtree"))
        .await;
    let problem = answer.problem(422, "unit-not-in-force");
    let codes: Vec<_> =
        problem["successors"].as_array().unwrap().iter().map(|unit| unit["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["31393", "31396", "31399", "31408", "31420", "31426", "31432"]);
    assert!(problem["detail"].as_str().unwrap().contains("Phụng Hiệp"));
    admin.get(&format!("{FORM}?org_unit_code=99999&period=2024-H1")).await.problem(422, "invalid");
}

async fn the_form_of_another_unit_is_refused(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    let own = "?period=2026-Q3&org_unit_code=31396";
    commune.get(&format!("{FORM}{own}")).await.expect(200);
    // What was merged into the commune is its own; the district above it was not.
    commune.get(&format!("{FORM}?period=2026-Q3&org_unit_code=31429&as_of=2024-06-30")).await.expect(200);
    for other in [
        "?period=2026-Q3&org_unit_code=92",
        "?period=2026-Q3&org_unit_code=31399",
        "?period=2026-Q3&org_unit_code=934&as_of=2024-06-30",
    ] {
        commune.get(&format!("{FORM}{other}")).await.problem(403, "forbidden");
    }
    app.anonymous().get(&format!("{FORM}{own}")).await.problem(401, "unauthorized");
}

async fn who_came_to_another_province_is_in_its_form_alone(app: TestApp) {
    let admin = catalogue(&app).await;
    let before = app.person("tp.cantho", "reviewer", "92").await;
    let after = another_province(&app, "31396", "2026-11-01").await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let other = with(dossier(2), json!({"receiving_unit_code": "31399"}));
    admin.post(DOSSIERS, &other).await.expect(201);
    let received = async |client: &Client, query: &str| {
        let days = "scope=subtree&source=records&from=2026-11-01&to=2026-11-23";
        let form = client.get(&format!("{FORM}?{query}&{days}")).await.expect(200);
        form["totals"]["received_in_period"].as_i64().unwrap()
    };
    let former = "org_unit_code=92&as_of=2026-10-31";
    assert_eq!(received(&admin, former).await, 2, "on the structure of that day");
    assert_eq!(received(&before, former).await, 1, "what has come to another is not for the one before");
    assert_eq!(received(&before, "org_unit_code=92").await, 1);
    assert_eq!(received(&after, "org_unit_code=77").await, 1);

    // What a closing kept has all of them, and is not held against a part.
    app.period("quarter", "2026-Q3").await;
    let closing = json!({"org_unit_code": "92", "period_code": "2026-Q3", "scope": "subtree"});
    admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    let differs = async |client: &Client| {
        let path = format!("{FORM}?org_unit_code=92&period=2026-Q3&scope=subtree");
        client.get(&path).await.expect(200)["closure"]["differs"].clone()
    };
    assert_eq!((differs(&admin).await, differs(&before).await), (json!(false), Value::Null));
}

async fn wrong_questions_are_answered_with_every_fault(app: TestApp) {
    let admin = app.admin().await;
    let faults =
        admin.get(&format!("{FORM}?period=2026-Q3&scope=everything&as_of=30/9/2026&colour=red")).await;
    let mut faults = faults.faults(400, "invalid-parameter");
    faults.sort();
    assert_eq!(faults, ["/as_of", "/colour", "/scope"]);
    assert_eq!(admin.get(&format!("{FORM}?org_unit_code=92")).await.faults(422, "invalid"), ["/period"]);
    assert_eq!(
        admin.get(&format!("{FORM}?org_unit_code=92&period=2099-H1")).await.faults(422, "invalid"),
        ["/period"]
    );
    app.period("quarter", "2026-Q3").await;
    assert_eq!(admin.get(&format!("{FORM}?period=2026-Q3")).await.faults(422, "invalid"), ["/org_unit_code"]);
    let late = admin.get(&format!("{FORM}?period=2026-Q3&org_unit_code=92&as_of=%2B12026-09-30")).await;
    assert_eq!(late.faults(422, "invalid"), ["/as_of"], "no database keeps such a day as the other does");
    assert_eq!(
        admin
            .get(&format!("{FORM}?period=2026-Q3&period=2026-Q3&org_unit_code=92"))
            .await
            .faults(400, "invalid-parameter"),
        ["/period"]
    );
}
