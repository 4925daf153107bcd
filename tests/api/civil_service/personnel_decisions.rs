//! Personnel decisions, one by one and counted in groups.

use serde_json::{Value, json};

use super::{ROOM, noticed, of_the_report};
use crate::support::TestApp;
use crate::tell;

tell![
    the_decisions_of_the_report_come_out_by_kind,
    one_decision_is_told_apart_by_its_number,
    a_unit_counts_what_it_reaches,
    what_cannot_be_divided_or_may_count_twice_is_noticed,
    what_does_not_hold_together_is_refused_or_noticed,
    a_decision_about_one_official_names_their_code,
];

const LINES: &str = include_str!("../../../src/demo/report/personnel-decisions.ndjson");

fn decisions() -> String {
    format!("{ROOM}/personnel-decisions")
}

fn counted(summary: &Value, members: [&str; 2], name: (&str, &str)) -> i64 {
    let rows = summary["rows"].as_array().unwrap().iter();
    rows.filter(|row| (row[members[0]].as_str(), row[members[1]].as_str()) == (Some(name.0), Some(name.1)))
        .map(|row| row["cases"].as_i64().unwrap())
        .sum()
}

/// The report of Phụng Hiệp: "ban hành 38 Quyết định", footnote 9, and "ban hành 693 Quyết định", footnote 10.
async fn the_decisions_of_the_report_come_out_by_kind(app: TestApp) {
    let admin = app.admin().await;
    of_the_report(&admin, "personnel-decisions", LINES).await;
    let summary =
        format!("{}/summary?org_unit_code=934&as_of=2024-06-30&decided_from=2024-01-01", decisions());
    let half = admin.get(&format!("{summary}&decided_to=2024-06-30")).await.expect(200);
    assert_eq!(
        half["groups"],
        json!([
            {"group": "staffing", "cases": 38}, {"group": "professional_titles", "cases": 1_367},
            {"group": "pay", "cases": 693},
        ])
    );
    assert_eq!(half["cases"], 38 + 1_367 + 693);
    let categories = half["categories"].as_array().unwrap().iter();
    assert_eq!(categories.map(|one| one["cases"].as_i64().unwrap()).sum::<i64>(), 38 + 1_367 + 693);
    let of = |kind: &str, category: &str| counted(&half, ["kind", "category"], (kind, category));
    for (kind, category, cases) in [
        ("reappoint", "civil_servant", 1),
        ("reappoint", "public_employee", 2),
        ("resign", "public_employee", 10),
        ("resign", "contract_111", 1),
        ("release", "public_employee", 7),
        ("rank_appointment", "civil_servant", 1),
        ("pay_step", "civil_servant", 10),
        ("pay_step", "public_employee", 67),
        ("over_step_seniority_increase", "public_employee", 25),
        ("teacher_seniority_increase", "public_employee", 496),
        ("early_pay_step", "not_apart", 78),
        ("title_appointment", "public_employee", 1_359),
    ] {
        assert_eq!(of(kind, category), cases, "{kind} {category}");
    }
    // Those of communes were counted over seven months, those that were asked for are not decided.
    let longer = admin.get(&format!("{summary}&decided_to=2024-07-31&sector=commune")).await.expect(200);
    assert_eq!(longer["cases"], 27 + 36 + 2 + 10 + 1 + 2 + 3 + 2 + 3 + 161);
    let proposed = admin.get(&format!("{summary}&decided_to=2024-06-30&stage=proposed")).await.expect(200);
    assert_eq!(proposed["cases"], 1 + 66 + 73);
    let school = admin.get(&format!("{summary}&decided_to=2024-06-30&sector=education")).await.expect(200);
    assert_eq!(counted(&school, ["group", "kind"], ("pay", "pay_step")), 67);
}

async fn one_decision_is_told_apart_by_its_number(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let mut body = json!({
        "org_unit_code": "31396", "kind": "retire", "category": "civil_servant", "sector": "commune", "cases": 1,
        "covers_from": "2026-03-02", "covers_to": "2026-03-02", "document_number": "12/QĐ-UBND",
        "document_on": "2026-03-02",
    });
    let made = editor.post(&decisions(), &body).await.expect(201);
    assert_eq!((&made["group"], &made["stage"]), (&json!("staffing"), &json!("issued")));
    body["document_number"] = json!("012/QĐ- UBND");
    editor.post(&decisions(), &body).await.problem(409, "duplicate");
    body["document_number"] = json!("13/QĐ-UBND");
    editor.post(&decisions(), &body).await.expect(201);
    let list = editor.get(&format!("{}?kind=retire&category=civil_servant", decisions())).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

async fn a_unit_counts_what_it_reaches(app: TestApp) {
    let admin = app.admin().await;
    for code in ["31396", "31399"] {
        let body = json!({
            "org_unit_code": code, "kind": "pay_step", "category": "civil_servant", "cases": 4,
            "covers_from": "2026-01-01", "covers_to": "2026-06-30",
        });
        admin.post(&decisions(), &body).await.expect(201);
    }
    let summary = format!("{}/summary?decided_from=2026-01-01&decided_to=2026-12-31", decisions());
    let own = app.person("xa.hiephung", "editor", "31396").await;
    let of_own = own.get(&format!("{summary}&org_unit_code=31396")).await.expect(200);
    assert_eq!((&of_own["cases"], &of_own["units"]), (&json!(4), &json!(1)));
    own.get(&format!("{summary}&org_unit_code=31399")).await.problem(403, "forbidden");
    let whole = admin.get(&format!("{summary}&org_unit_code=92&scope=subtree")).await.expect(200);
    assert_eq!((&whole["cases"], &whole["rows"][0]["records"]), (&json!(8), &json!(2)));
    let turned = format!("{}/summary?decided_from=2026-12-31&decided_to=2026-01-01", decisions());
    let turned = admin.get(&format!("{turned}&org_unit_code=92")).await;
    assert_eq!(turned.faults(422, "invalid"), ["/decided_to"]);
}

async fn what_cannot_be_divided_or_may_count_twice_is_noticed(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let counted = |kind: &str, to: &str| {
        json!({
            "org_unit_code": "31396", "kind": kind, "category": "civil_servant", "sector": "commune", "cases": 10,
            "covers_from": "2026-01-01", "covers_to": to,
        })
    };
    editor.post(&decisions(), &counted("pay_step", "2026-07-31")).await.expect(201);
    let summary = format!("{}/summary?org_unit_code=31396&decided_from=2026-01-01", decisions());
    let half = async || editor.get(&format!("{summary}&decided_to=2026-06-30")).await.expect(200);
    let told = half().await;
    assert_eq!(
        (&told["cases"], &told["undivided_cases"], &told["undivided_records"]),
        (&json!(0), &json!(10), &json!(1))
    );
    assert_eq!(noticed(&told), ["span_beyond_days"]);
    let longer = editor.get(&format!("{summary}&decided_to=2026-07-31")).await.expect(200);
    assert_eq!((&longer["cases"], &longer["undivided_cases"]), (&json!(10), &json!(0)));
    assert_eq!(noticed(&longer), [""; 0]);
    editor.post(&decisions(), &counted("retire", "2026-06-30")).await.expect(201);
    let one = |number: i64| {
        let mut one = counted("retire", "2026-03-02");
        for (member, value) in [
            ("cases", json!(1)),
            ("covers_from", json!("2026-03-02")),
            ("document_number", json!(format!("{number}/QĐ-UBND"))),
            ("document_on", json!("2026-03-02")),
        ] {
            one[member] = value;
        }
        one
    };
    assert_eq!(noticed(&half().await), ["span_beyond_days"], "a group by itself counts once");
    let singles: Vec<Value> = (11..=20).map(one).collect();
    editor.post(&format!("{}/batch", decisions()), &Value::from(singles)).await.expect(200);
    let told = half().await;
    assert_eq!((&told["cases"], noticed(&told)), (&json!(20), vec!["span_beyond_days", "group_overlaps"]));
    assert_eq!(told["remarks"][1]["numbers"], json!({"records": 1}));
    let schools = editor.get(&format!("{summary}&decided_to=2026-06-30&sector=education")).await.expect(200);
    assert_eq!(noticed(&schools), [""; 0], "what is of another sector is left out by the question");
}

async fn what_does_not_hold_together_is_refused_or_noticed(app: TestApp) {
    let admin = app.admin().await;
    let body = |change: Value| {
        let mut body = json!({
            "org_unit_code": "31396", "kind": "teacher_seniority_first", "category": "civil_servant", "cases": 1,
            "covers_from": "2026-03-02", "covers_to": "2026-03-31",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let odd = body(json!({"document_number": "12/2025/QĐ-UBND", "document_on": "2026-03-02"}));
    let made = admin.post(&decisions(), &odd).await.expect(201);
    assert_eq!(noticed(&made), ["number_year", "teacher_seniority"]);
    let taught = body(json!({"category": "public_employee"}));
    assert_eq!(noticed(&admin.post(&decisions(), &taught).await.expect(201)), [""; 0]);
    let outside = body(json!({"document_number": "12/QĐ-UBND", "document_on": "2026-04-01"}));
    assert_eq!(admin.post(&decisions(), &outside).await.faults(422, "invalid"), ["/document_on"]);
    let none = body(json!({"cases": 0}));
    assert_eq!(admin.post(&decisions(), &none).await.faults(422, "invalid"), ["/cases"]);
}

async fn a_decision_about_one_official_names_their_code(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let official = |code: &str| json!({"org_unit_code": "31396", "employee_code": code, "listed_on": "2026-11-02", "category": "civil_servant"});
    for code in ["CB-1", "CB-2"] {
        editor.post(&format!("{ROOM}/officials"), &official(code)).await.expect(201);
    }
    let decision = |code: &str, cases: u32| {
        json!({
            "org_unit_code": "31396", "kind": "pay_step", "category": "civil_servant", "cases": cases,
            "covers_from": "2026-06-01", "covers_to": "2026-06-01", "employee_code": code,
        })
    };
    let told = editor.post(&decisions(), &decision("CB-1", 1)).await.expect(201);
    assert_eq!(told["employee_code"], "CB-1");
    editor.post(&decisions(), &decision("CB-1", 1)).await.problem(409, "duplicate");
    editor.post(&decisions(), &decision("CB-2", 1)).await.expect(201);
    assert_eq!(editor.post(&decisions(), &decision("CB-2", 2)).await.faults(422, "invalid"), ["/cases"]);
    assert_eq!(
        editor.post(&decisions(), &decision("CB-9", 1)).await.faults(422, "invalid"),
        ["/employee_code"]
    );
    let of_one = editor.get(&format!("{}?employee_code=CB-2", decisions())).await.expect(200);
    let codes: Vec<_> = of_one["items"].as_array().unwrap().iter().map(|it| &it["employee_code"]).collect();
    assert_eq!(codes, [&json!("CB-2")]);
}
