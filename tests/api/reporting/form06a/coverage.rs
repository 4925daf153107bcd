//! Who has filed, and whose figures stand in the form: agencies, districts and what ended.

use serde_json::{Value, json};

use super::FORM;
use crate::sheets::{XLSX, rows};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::{RETURNS, submit};

tell![
    a_unit_has_filed_when_none_of_its_lines_is_open,
    what_agencies_file_is_their_communes,
    what_ended_within_the_year_is_in_the_form_of_the_province_once,
    the_line_of_an_ended_district_is_held_against_its_own_communes,
    a_printed_form_names_the_period_and_what_ended_in_it,
    what_an_ended_commune_filed_is_in_the_form_of_the_provinces_children,
    one_field_of_the_district_takes_no_place_of_a_total,
    a_return_is_in_the_form_though_an_end_before_its_period_is_entered_late,
];

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
