//! Form 06a: the figures of the real report, before and after 1 July 2025.

use serde_json::{Value, json};

use crate::sheets::{XLSX, rows};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::{RETURNS, phung_hiep, submit};

tell![
    the_report_of_phung_hiep_comes_out_as_form_06,
    both_definitions_keep_their_identity,
    the_districts_line_counts_until_every_commune_has_filed,
    after_the_reform_there_are_provinces_and_communes_only,
    a_unit_that_does_not_exist_on_the_day_names_its_successors,
    the_form_of_another_unit_is_refused,
    wrong_questions_are_answered_with_every_fault,
    a_unit_has_filed_when_none_of_its_lines_is_open,
    what_agencies_file_is_their_communes,
    what_ended_within_the_year_is_in_the_form_of_the_province_once,
    the_line_of_an_ended_district_is_held_against_its_own_communes,
    a_printed_form_names_the_period_and_what_ended_in_it,
    what_an_ended_commune_filed_is_in_the_form_of_the_provinces_children,
    one_field_of_the_district_takes_no_place_of_a_total,
    a_return_is_in_the_form_though_an_end_before_its_period_is_entered_late,
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

/// A line that is handed in: unit, level, field, count.
async fn file(
    client: &Client,
    period: &str,
    unit: &str,
    level: &str,
    field: Option<&str>,
    received: i64,
) -> Value {
    let made = draft(client, period, unit, level, field, received).await;
    submit(client, &made).await.expect(200)
}

async fn draft(
    client: &Client,
    period: &str,
    unit: &str,
    level: &str,
    field: Option<&str>,
    received: i64,
) -> Value {
    let line = json!({
        "org_unit_id": unit, "period_code": period, "handling_level": level, "field": field,
        "received_online": received, "resolved_on_time": received,
    });
    client.post(RETURNS, &line).await.expect(201)
}

/// What a form counts at a level, all fields together.
fn received(form: &Value, level: &str) -> i64 {
    let rows = form["rows"].as_array().unwrap().iter().filter(|row| row["handling_level"] == level);
    rows.map(|row| row["received_total"].as_i64().unwrap()).sum()
}

fn coverage<'a>(form: &'a Value, level: &str) -> &'a Value {
    let levels = form["coverage"]["levels"].as_array().unwrap();
    levels.iter().find(|coverage| coverage["handling_level"] == level).unwrap()
}

fn filed(form: &Value, level: &str) -> (i64, i64) {
    let coverage = coverage(form, level);
    (coverage["units_filed"].as_i64().unwrap(), coverage["units_expected"].as_i64().unwrap())
}

async fn a_unit_has_filed_when_none_of_its_lines_is_open(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let commune = app.unit("31396", "2026-09-30");
    let form = async || {
        let form = admin.get(&format!("{FORM}?org_unit_code=92&period=2026-Q3&scope=subtree")).await;
        let form = form.expect(200);
        (filed(&form, "commune").0, received(&form, "commune"))
    };
    let registry = file(&admin, "2026-Q3", &commune, "commune", Some("Hộ tịch"), 40).await;
    assert_eq!(form().await, (1, 40));
    let land = draft(&admin, "2026-Q3", &commune, "commune", Some("Đất đai"), 5).await;
    assert_eq!(form().await, (0, 40), "a field is still to come");
    submit(&admin, &land).await.expect(200);
    assert_eq!(form().await, (1, 45));
    let send_back = format!("{RETURNS}/{}/send-back", registry["id"].as_str().unwrap());
    reviewer.post(&send_back, &json!({"reason": "Thiếu."})).await.expect(200);
    assert_eq!(form().await, (0, 5), "a field was sent back");
    // A total that the province states stands for all until each commune has wholly filed.
    file(&admin, "2026-Q3", &app.unit("92", "2026-09-30"), "commune", None, 9_000).await;
    assert_eq!(form().await, (0, 9_000));
}

async fn what_agencies_file_is_their_communes(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let unit = async |name: &str, kind: &str, parent: &str| {
        let unit = json!({"name": name, "kind": kind, "parent_code": parent, "valid_from": "2025-07-01"});
        let made = admin.post("/api/v1/organization/org-units", &unit).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let centre = unit("Trung tâm Phục vụ hành chính công", "service_centre", "31396").await;
    let office = unit("Văn phòng HĐND và UBND", "specialised_agency", "31396").await;
    unit("Ấp Mỹ Thuận 1", "hamlet", "31396").await;
    let justice = unit("Sở Tư pháp", "specialised_agency", "92").await;
    let form = async |code: &str, scope: &str| {
        let query = format!("{FORM}?org_unit_code={code}&period=2026-Q3&scope={scope}");
        admin.get(&query).await.expect(200)
    };
    file(&admin, "2026-Q3", &centre, "commune", None, 30).await;
    for (code, scope, expected) in
        [("31396", "self", 1), ("31396", "subtree", 1), ("92", "children", 103), ("92", "subtree", 103)]
    {
        let form = form(code, scope).await;
        assert_eq!(
            (filed(&form, "commune"), received(&form, "commune")),
            ((1, expected), 30),
            "{code} {scope}"
        );
    }
    assert_eq!(received(&form("92", "self").await, "commune"), 0);

    // The commune states the figures of both; until both have filed, its line counts.
    file(&admin, "2026-Q3", &app.unit("31396", "2026-09-30"), "commune", None, 50).await;
    let stated = form("31396", "self").await;
    assert_eq!((filed(&stated, "commune"), received(&stated, "commune")), ((1, 1), 50));
    let line = &coverage(&stated, "commune")["stated"][0];
    assert_eq!((&line["counts"], &line["difference"]["received_total"]), (&json!(true), &json!(20)));
    file(&admin, "2026-Q3", &office, "commune", None, 15).await;
    let both = form("92", "subtree").await;
    assert_eq!((filed(&both, "commune"), received(&both, "commune")), ((1, 103), 45));
    let line = &coverage(&both, "commune")["stated"][0];
    assert_eq!(
        (&line["unit"]["org_unit_code"], &line["counts"], &line["difference"]["received_total"]),
        (&json!("31396"), &json!(false), &json!(5))
    );

    // A department of the province: at its own level, and field by field for the communes.
    file(&admin, "2026-Q3", &justice, "province", None, 7).await;
    let own = form("92", "self").await;
    assert_eq!((filed(&own, "province"), received(&own, "province")), ((1, 1), 7));
    file(&admin, "2026-Q3", &justice, "commune", Some("Hộ tịch"), 600).await;
    assert_eq!(received(&form("92", "self").await, "commune"), 600);
    let whole = form("92", "subtree").await;
    assert_eq!(received(&whole, "commune"), 45, "a line without field cannot be divided by field");
    let of_province = coverage(&whole, "commune")["stated"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&of_province["unit"]["org_unit_code"], &of_province["counts"]),
        (&json!("92"), &json!(false))
    );
}

async fn what_ended_within_the_year_is_in_the_form_of_the_province_once(app: TestApp) {
    app.period("year", "2025").await;
    let admin = app.admin().await;
    let old = |code: &str| app.unit(code, "2025-06-30");
    let new = |code: &str| app.unit(code, "2025-12-31");
    // Hiệp Hưng went whole into the new Hiệp Hưng, Bùi Hữu Nghĩa in part to Cái Khế and Bình Thủy, and
    // Thới Hưng lives on under the province.
    file(&admin, "2025", &old("31429"), "commune", None, 1).await;
    file(&admin, "2025", &old("31178"), "commune", None, 20).await;
    file(&admin, "2025", &old("31264"), "commune", None, 300).await;
    file(&admin, "2025", &new("31396"), "commune", None, 4_000).await;
    file(&admin, "2025", &old("934"), "district", None, 50).await;
    file(&admin, "2025", &old("93"), "province", None, 6).await;
    let form = async |code: &str, on: &str| {
        let query = format!("{FORM}?org_unit_code={code}&as_of={on}&period=2025&scope=subtree");
        admin.get(&query).await.expect(200)
    };
    let all = |form: &Value| ["province", "district", "commune"].map(|level| received(form, level));
    for (code, counts) in [
        ("92", [6, 50, 4_321]),
        ("31396", [0, 0, 4_001]),
        ("31120", [0, 0, 0]),
        ("31168", [0, 0, 0]),
        ("31264", [0, 0, 300]),
    ] {
        assert_eq!(all(&form(code, "2025-12-31").await), counts, "{code} after the reform");
    }
    for (code, counts) in [
        ("92", [0, 0, 320]),
        ("93", [6, 50, 1]),
        ("934", [0, 50, 1]),
        ("918", [0, 0, 20]),
        ("31178", [0, 0, 20]),
    ] {
        assert_eq!(all(&form(code, "2025-06-30").await), counts, "{code} before the reform");
    }
    let province = form("92", "2025-12-31").await;
    assert_eq!(province["totals"]["received_total"], 4_377);
    let communes = coverage(&province, "commune");
    assert_eq!(filed(&province, "commune"), (2, 103), "n of m is of the communes in force");
    let held: Vec<_> = communes["ended"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!((&line["filed"], &line["counts"]), (&json!(true), &json!(true)));
            let received = line["figures"]["received_total"].as_i64().unwrap();
            let code = |unit: &str| line[unit]["org_unit_code"].as_str().unwrap().to_owned();
            (code("unit"), code("held_by"), received)
        })
        .collect();
    let mut held = held;
    held.sort();
    assert_eq!(held, [("31178".into(), "92".into(), 20), ("31429".into(), "31396".into(), 1)]);
    assert_eq!(communes["ended_filed"], 2);
    assert!(communes["ended_expected"].as_u64().unwrap() > 200, "{}", communes["ended_expected"]);
    let districts = coverage(&province, "district");
    assert_eq!((filed(&province, "district"), &districts["ended_filed"]), ((0, 0), &json!(1)));
    assert_eq!(districts["ended"][0]["held_by"]["org_unit_code"], "92");
    // Another period, in which nobody ended, knows nothing of it.
    app.period("quarter", "2026-Q3").await;
    let later = admin.get(&format!("{FORM}?org_unit_code=92&period=2026-Q3&scope=subtree")).await.expect(200);
    assert_eq!(coverage(&later, "commune")["ended_expected"], 0);
}

async fn the_line_of_an_ended_district_is_held_against_its_own_communes(app: TestApp) {
    app.period("year", "2025").await;
    let admin = app.admin().await;
    let district = app.unit("934", "2025-06-30");
    file(&admin, "2025", &district, "commune", None, 9_000).await;
    file(&admin, "2025", &app.unit("31396", "2025-12-31"), "commune", None, 4).await;
    let children = format!("/api/v1/organization/org-units/{district}/children?as_of=2025-06-30&limit=200");
    let communes = admin.get(&children).await.expect(200);
    let communes = communes["items"].as_array().unwrap();
    for (number, commune) in (1_i64..).zip(communes) {
        file(&admin, "2025", commune["id"].as_str().unwrap(), "commune", None, 100).await;
        let form = admin.get(&format!("{FORM}?org_unit_code=92&period=2025&scope=subtree")).await.expect(200);
        let last = number == 15;
        assert_eq!(received(&form, "commune"), if last { 1_504 } else { 9_004 }, "after {number}");
        let communes = coverage(&form, "commune");
        let (stated, ended) = (&communes["stated"][0], communes["ended"].as_array().unwrap());
        assert_eq!((&stated["unit"]["org_unit_code"], &stated["counts"]), (&json!("934"), &json!(!last)));
        assert_eq!(stated["difference"]["received_total"], 9_000 - 100 * number);
        assert!(ended.iter().all(|line| line["counts"] == last), "the district's line stands for them");
        assert_eq!(i64::try_from(ended.len()).unwrap(), number);
    }
    assert_eq!(communes.len(), 15);
}

async fn a_printed_form_names_the_period_and_what_ended_in_it(app: TestApp) {
    app.period("year", "2025").await;
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    file(&admin, "2025", &app.unit("31429", "2025-06-30"), "commune", None, 4).await;
    let printed = async |period: &str| {
        let query = format!("{FORM}?org_unit_code=92&period={period}&scope=subtree");
        let answer = admin.with("accept", XLSX).get(&query).await;
        assert_eq!(answer.status, 200);
        rows(&answer.bytes, "II.06a").into_iter().flatten().collect::<Vec<_>>().join("\n")
    };
    let year = printed("2025").await;
    assert!(year.contains("Kỳ báo cáo: Năm 2025 (từ ngày 01/01/2025 đến ngày 31/12/2025)"), "{year}");
    assert!(year.contains("Đơn vị cấp xã đã kết thúc hoạt động trong kỳ: 1 trên "), "{year}");
    let quarter = printed("2026-Q3").await;
    assert!(quarter.contains("Kỳ báo cáo: Quý III năm 2026 (từ ngày 01/07/2026"), "{quarter}");
    assert!(!quarter.contains("đã kết thúc hoạt động"), "{quarter}");
}

async fn what_an_ended_commune_filed_is_in_the_form_of_the_provinces_children(app: TestApp) {
    app.period("year", "2025").await;
    let admin = app.admin().await;
    file(&admin, "2025", &app.unit("31429", "2025-06-30"), "commune", None, 777).await;
    let form = async |code: &str, scope: &str| {
        let query = format!("{FORM}?org_unit_code={code}&period=2025&scope={scope}");
        admin.get(&query).await.expect(200)
    };
    for (code, scope) in [("31396", "self"), ("92", "subtree"), ("92", "children")] {
        let form = form(code, scope).await;
        assert_eq!(received(&form, "commune"), 777, "{code} {scope}");
        let ended = &coverage(&form, "commune")["ended"];
        assert_eq!(ended[0]["held_by"]["org_unit_code"], "31396", "{code} {scope}");
    }
    assert_eq!(received(&form("92", "self").await, "commune"), 0);
    // What was divided between two communes is the province's own, until somebody splits it.
    file(&admin, "2025", &app.unit("31178", "2025-06-30"), "commune", None, 20).await;
    for (scope, expected) in [("self", 20), ("children", 797), ("subtree", 797)] {
        assert_eq!(received(&form("92", scope).await, "commune"), expected, "{scope}");
    }
}

async fn one_field_of_the_district_takes_no_place_of_a_total(app: TestApp) {
    app.period("quarter", "2024-Q1").await;
    let admin = app.admin().await;
    let (commune, district) = (app.unit("31429", "2024-03-31"), app.unit("934", "2024-03-31"));
    let form = async || {
        let form = admin.get(&format!("{FORM}?org_unit_code=934&period=2024-Q1&scope=subtree")).await;
        form.expect(200)
    };
    file(&admin, "2024-Q1", &commune, "commune", None, 1_000).await;
    file(&admin, "2024-Q1", &district, "commune", Some("Đất đai"), 10).await;
    let told = form().await;
    assert_eq!(received(&told, "commune"), 1_000);
    let line = &coverage(&told, "commune")["stated"][0];
    assert_eq!((&line["counts"], &line["difference"]["received_total"]), (&json!(false), &json!(-990)));
    draft(&admin, "2024-Q1", &district, "commune", Some("Hộ tịch"), 5).await;
    assert_eq!(received(&form().await, "commune"), 1_000);
}

async fn a_return_is_in_the_form_though_an_end_before_its_period_is_entered_late(app: TestApp) {
    app.period("month", "2026-05").await;
    let admin = app.admin().await;
    let unit = async |code: &str| {
        let unit = json!({
            "code": code, "name": format!("Xã {code}"), "kind": "commune", "parent_code": "92",
            "valid_from": "2025-07-01",
        });
        let made = admin.post("/api/v1/organization/org-units", &unit).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let (old, heir) = (unit("99911").await, unit("99912").await);
    file(&admin, "2026-05", &old, "commune", None, 40).await;
    let form = async |code: &str, scope: &str| {
        let query = format!("{FORM}?org_unit_code={code}&period=2026-05&scope={scope}");
        admin.get(&query).await.expect(200)
    };
    assert_eq!(filed(&form("92", "subtree").await, "commune"), (1, 105));
    let merged = json!({
        "predecessor_id": old, "successor_id": heir, "relation": "merge", "effective_on": "2026-03-01",
    });
    let merged = admin.post("/api/v1/organization/successions", &merged).await.expect(201);
    for (code, scope) in [("99912", "self"), ("92", "children"), ("92", "subtree")] {
        let form = form(code, scope).await;
        assert_eq!(received(&form, "commune"), 40, "{code} {scope}");
        let communes = coverage(&form, "commune");
        assert_eq!((&communes["ended_expected"], &communes["ended_filed"]), (&json!(0), &json!(0)));
        let line = &communes["ended"][0];
        assert_eq!((&line["filed"], &line["counts"]), (&json!(true), &json!(true)));
        assert_eq!(line["unit"]["org_unit_code"], "99911");
        assert_eq!(line["held_by"]["org_unit_code"], "99912");
    }
    // Without an heir it is held by what stood above it.
    let merged = format!("/api/v1/organization/successions/{}", merged["id"].as_str().unwrap());
    let kept = admin.get(&merged).await;
    assert_eq!(admin.delete(&merged, &kept.header("etag")).await.status, 204);
    assert_eq!(received(&form("99912", "self").await, "commune"), 0);
    let province = form("92", "self").await;
    assert_eq!(received(&province, "commune"), 40);
    assert_eq!(coverage(&province, "commune")["ended"][0]["held_by"]["org_unit_code"], "92");
}
