//! What of the budget is made public, accounted for and ruled.

use serde_json::{Value, json};

use super::lines;
use crate::support::TestApp;
use crate::tell;

tell![
    the_disclosures_of_the_report_are_held_by_kind,
    the_figures_of_a_quarter_are_late_after_fifteen_days,
    accounts_are_in_time_by_their_days_or_as_it_is_stated,
    units_are_counted_by_when_they_handed_in,
    rules_hold_on_their_days,
    units_are_counted_by_the_rules_that_they_have,
];

const DISCLOSURES: &str = "/api/v1/public-finance/budget-disclosures";
const ACCOUNTS: &str = "/api/v1/public-finance/final-accounts";
const RULES: &str = "/api/v1/public-finance/spending-rules";

fn codes(record: &Value) -> Vec<String> {
    let remarks = record["remarks"].as_array().unwrap();
    remarks.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

async fn the_disclosures_of_the_report_are_held_by_kind(app: TestApp) {
    let admin = app.admin().await;
    for line in lines(include_str!("../../../src/demo/report/budget-disclosures.ndjson")) {
        let made = admin.post(DISCLOSURES, &line).await.expect(201);
        assert_eq!(made["remarks"], json!([]));
    }
    for (query, numbers) in [
        ("kind=proposal", vec!["431/BC-UBND"]),
        ("kind=estimate&fiscal_year=2024", vec!["12499/QĐ-UBND"]),
        ("q=quy+I+nam+2024", vec!["3649/QĐ-UBND"]),
        ("fiscal_year=2023", vec![]),
    ] {
        let list = admin.get(&format!("{DISCLOSURES}?{query}")).await.expect(200);
        let found: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["document_number"].as_str().unwrap())
            .collect();
        assert_eq!(found, numbers, "{query}");
    }
}

async fn the_figures_of_a_quarter_are_late_after_fifteen_days(app: TestApp) {
    let admin = app.admin().await;
    let body = |quarter: i64, published_on: &str| {
        json!({
            "org_unit_code": "31396", "kind": "execution", "fiscal_year": 2025, "quarter": quarter,
            "title": "Tình hình thực hiện dự toán", "document_number": format!("{quarter}/QĐ-UBND"),
            "document_on": "2025-07-04", "published_on": published_on,
        })
    };
    let on_time = admin.post(DISCLOSURES, &body(2, "2025-07-15")).await.expect(201);
    assert_eq!(codes(&on_time), [""; 0]);
    let mut spelled = body(2, "2025-07-15");
    spelled["document_number"] = json!("02/QĐ - UBND");
    admin.post(DISCLOSURES, &spelled).await.problem(409, "duplicate");
    let late = admin.post(DISCLOSURES, &body(1, "2025-07-15")).await.expect(201);
    assert_eq!(
        (codes(&late), &late["remarks"][0]["numbers"]["days"]),
        (vec!["late_disclosure".into()], &json!(91))
    );
}

/// "100% đơn vị sử dụng ngân sách trên địa bàn huyện gửi báo cáo qyết toán ngân sách năm 2023 [...] đúng thời gian
/// quy định": the report names no days, so that stands as it is stated.
async fn accounts_are_in_time_by_their_days_or_as_it_is_stated(app: TestApp) {
    let admin = app.admin().await;
    let file = lines(include_str!("../../../src/demo/report/final-accounts.ndjson"));
    assert_eq!(
        file.len(),
        94,
        "the district's budget, 15 agencies and service units, 63 schools, 15 communes"
    );
    let communes = file.iter().filter(|line| line["org_unit_code"].as_str().unwrap().starts_with("31"));
    let mut stated = 0;
    for line in file.iter().filter(|line| line["org_unit_code"] == "934").chain(communes) {
        let made = admin.post(ACCOUNTS, line).await.expect(201);
        stated += i32::from(made["on_time"] == true);
    }
    assert_eq!(stated, 15);
    let body = |submitted_on: Option<&str>| {
        json!({
            "org_unit_code": "31396", "kind": "unit", "fiscal_year": 2025, "state_on": "2026-06-30",
            "due_on": "2026-03-31", "submitted_on": submitted_on,
        })
    };
    let made = admin.post(ACCOUNTS, &body(None)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&made["on_time"], codes(&made)), (&json!(false), vec!["not_submitted".to_owned()]));
    for (day, codes_then, on_time) in
        [("2026-03-31", vec![], json!(null)), ("2026-04-01", vec!["not_submitted".to_owned()], json!(false))]
    {
        let list = admin.get(&format!("{ACCOUNTS}?fiscal_year=2025&as_of={day}")).await.expect(200);
        let one = &list["items"][0];
        assert_eq!((codes(one), &one["on_time"]), (codes_then, &on_time), "{day}");
    }
    let late = admin.put(&place, &etag, &body(Some("2026-04-02"))).await;
    let etag = late.etag();
    let late = late.expect(200);
    assert_eq!((&late["on_time"], codes(&late)), (&json!(false), vec!["accounts_late".to_owned()]));
    let both = json!({"stated_on_time": true});
    assert_eq!(admin.patch(&place, &etag, &both).await.faults(422, "invalid"), ["/stated_on_time"]);
    let in_time = admin.put(&place, &etag, &body(Some("2026-03-31"))).await.expect(200);
    assert_eq!((&in_time["on_time"], codes(&in_time)), (&json!(true), vec![]));
}

/// The lines of a file of the report that are of communes.
fn of_communes(file: &str) -> Vec<Value> {
    let is_commune = |line: &Value| line["org_unit_code"].as_str().unwrap().starts_with("31");
    lines(file).into_iter().filter(is_commune).collect()
}

/// "báo cáo quyết toán đúng hạn theo đơn vị": every unit counts once, and the parts add up.
async fn units_are_counted_by_when_they_handed_in(app: TestApp) {
    let admin = app.admin().await;
    let communes = of_communes(include_str!("../../../src/demo/report/final-accounts.ndjson"));
    admin.post(&format!("{ACCOUNTS}/batch"), &json!(communes)).await.expect(200);
    let coverage = format!("{ACCOUNTS}/coverage?org_unit_code=934");
    let of_2023 = admin.get(&format!("{coverage}&fiscal_year=2023&as_of=2024-06-30")).await.expect(200);
    let all = json!({"units": 15, "on_time": 15, "late": 0, "undetermined": 0, "missing": 0, "overdue": 0});
    let rate = json!({"numerator": 15, "denominator": 15, "rate_percent": 100.0});
    assert_eq!((&of_2023["counts"], &of_2023["on_time_rate"]), (&all, &rate));
    assert_eq!(
        of_2023["by_kind"],
        json!([{"kind": "commune", "counts": all, "on_time_rate": rate}]),
        "the district has no agencies here"
    );
    let before = admin.get(&format!("{coverage}&fiscal_year=2023&as_of=2024-06-29")).await.expect(200);
    assert_eq!((&before["counts"]["missing"], &before["counts"]["on_time"]), (&json!(15), &json!(0)));
    assert_eq!(before["missing_units"].as_array().unwrap().len(), 15);

    let account = |code: &str, due_on: Value, submitted_on: Value| {
        json!({"org_unit_code": code, "kind": "unit", "fiscal_year": 2022, "state_on": "2024-06-30",
            "due_on": due_on, "submitted_on": submitted_on})
    };
    for made in [
        account("31396", json!("2023-03-31"), json!("2023-04-02")),
        account("31420", json!("2023-03-31"), Value::Null),
        account("31429", Value::Null, json!("2023-03-01")),
    ] {
        admin.post(ACCOUNTS, &made).await.expect(201);
    }
    let of_2022 = admin.get(&format!("{coverage}&fiscal_year=2022&as_of=2024-06-30")).await.expect(200);
    assert_eq!(
        of_2022["counts"],
        json!({"units": 15, "on_time": 0, "late": 1, "undetermined": 1, "missing": 13, "overdue": 1})
    );
    assert_eq!(of_2022["late_units"][0]["org_unit_code"], "31396");
    let of_schools =
        admin.get(&format!("{coverage}&fiscal_year=2022&as_of=2024-06-30&kinds=education_unit")).await;
    assert_eq!(of_schools.expect(200)["by_kind"], json!([]));
    let budgets = admin.get(&format!("{coverage}&fiscal_year=2023&as_of=2024-06-30&kind=budget")).await;
    assert_eq!(budgets.expect(200)["counts"]["missing"], 15, "a commune's own budget is another account");
    let commune = app.person("xa.tanbinh", "editor", "31399").await;
    let of_province = format!("{ACCOUNTS}/coverage?org_unit_code=92&fiscal_year=2025");
    commune.get(&of_province).await.problem(403, "forbidden");
}

async fn units_are_counted_by_the_rules_that_they_have(app: TestApp) {
    let admin = app.admin().await;
    let communes = of_communes(include_str!("../../../src/demo/report/spending-rules.ndjson"));
    admin.post(&format!("{RULES}/batch"), &json!(communes)).await.expect(200);
    let coverage = format!("{RULES}/coverage?org_unit_code=934");
    for kind in ["", "&kind=public_assets"] {
        let told = admin.get(&format!("{coverage}&as_of=2024-06-30{kind}")).await.expect(200);
        assert_eq!(told["counts"], json!({"units": 15, "in_force": 15, "lapsed": 0, "missing": 0}), "{kind}");
    }
    let before = admin.get(&format!("{coverage}&as_of=2023-12-31")).await.expect(200);
    assert_eq!(before["counts"], json!({"units": 15, "in_force": 0, "lapsed": 0, "missing": 15}));
    let of_one = format!("{RULES}?org_unit_code=31396&as_of=2024-06-30&kind=internal_spending");
    let rule = admin.get(&of_one).await.expect(200)["items"][0].clone();
    let place = format!("{RULES}/{}", rule["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    admin.patch(&place, &etag, &json!({"valid_to": "2024-06-01"})).await.expect(200);
    let told = admin.get(&format!("{coverage}&as_of=2024-06-30")).await.expect(200);
    assert_eq!(told["counts"], json!({"units": 15, "in_force": 14, "lapsed": 1, "missing": 0}));
    assert_eq!(
        (&told["in_force_rate"], &told["without"][0]["org_unit_code"]),
        (&json!({"numerator": 14, "denominator": 15, "rate_percent": 93.33}), &json!("31396"))
    );
    let commune = app.person("xa.tanbinh", "editor", "31399").await;
    commune.get(&format!("{RULES}/coverage?org_unit_code=92")).await.problem(403, "forbidden");
}

async fn rules_hold_on_their_days(app: TestApp) {
    let admin = app.admin().await;
    let communes = of_communes(include_str!("../../../src/demo/report/spending-rules.ndjson"));
    let report = admin.post(&format!("{RULES}/batch"), &json!(communes)).await.expect(200);
    assert_eq!(report["created"], 30, "both kinds in 15 communes");
    let rules = json!({
        "org_unit_code": "31399", "kind": "internal_spending", "document_number": "12/QĐ-UBND",
        "document_on": "2026-01-12", "valid_from": "2026-01-05", "valid_to": "2026-06-01",
    });
    let made = admin.post(RULES, &rules).await.expect(201);
    assert_eq!(
        (codes(&made), &made["valid_from_certainty"]),
        (vec!["before_decision".to_owned()], &json!("exact"))
    );
    for (query, expected) in [("standing=true&as_of=2026-05-31", 1), ("standing=true&as_of=2026-06-01", 0)] {
        let of_today = format!("{RULES}?{query}&org_unit_code=31399&kind=internal_spending");
        let list = admin.get(&of_today).await.expect(200);
        let dated = list["items"].as_array().unwrap().iter().filter(|one| !one["document_on"].is_null());
        assert_eq!(dated.count(), expected, "{query}");
    }
}
