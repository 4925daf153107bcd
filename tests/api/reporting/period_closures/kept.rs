//! What a closing keeps: the forms as they were, and what differs from them today.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{
    CLOSURES, FORM, OF_DISTRICT, alone, close, closure_path, differences, filed, form, line, over_ended,
    path, snapshot, told,
};
use crate::sheets::{XLSX, rows};
use crate::support::TestApp;
use crate::tell;
use crate::tthc::{RETURNS, another_province, phung_hiep, submit};

tell![
    who_had_filed_when_it_was_closed_is_told_beside_who_has_today,
    a_kept_form_is_a_spreadsheet_that_says_so,
    what_was_kept_is_the_form_and_with_the_differences_todays,
    a_unit_that_ended_within_the_period_is_closed_on_its_last_day,
    a_snapshot_is_read_by_who_reads_the_form,
    who_came_to_another_province_shows_its_figures_of_today_to_nobody_here,
];

const DEFINITIONS: [&str; 2] = ["circular-01-2020", "withdrawn-refused-apart"];
const SCOPES: [&str; 3] = ["self", "children", "subtree"];

async fn who_had_filed_when_it_was_closed_is_told_beside_who_has_today(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    filed(&admin, &line(&app, "31429", 40)).await;
    let closure = close(&admin, "934", "subtree").await;
    let query = "scope=subtree";
    let of_commune = |list: &Value| {
        let levels = list.as_array().unwrap().iter();
        levels.into_iter().find(|level| level["handling_level"] == "commune").unwrap().clone()
    };
    let told = of_commune(&differences(&admin, &closure, query).await["coverage"]);
    assert_eq!(told["kept"], told["today"]);
    assert_eq!(told["kept"]["units_filed"], 1);
    let reason = json!({"reason": "Bổ sung báo cáo của xã Hòa Mỹ."});
    admin.post(&format!("{}/reopening", closure_path(&closure)), &reason).await.expect(200);
    filed(&admin, &line(&app, "31420", 0)).await;

    let changed = differences(&admin, &closure, query).await;
    let told = of_commune(&changed["coverage"]);
    let then = of_commune(&snapshot(&admin, &closure, query).await["coverage"]["levels"]);
    let today = of_commune(&form(&admin, query).await["coverage"]["levels"]);
    for count in ["units_expected", "units_filed", "ended_expected", "ended_filed"] {
        assert_eq!((&told["kept"][count], &told["today"][count]), (&then[count], &today[count]), "{count}");
    }
    let filed = ["kept", "today", "difference"].map(|when| told[when]["units_filed"].as_i64().unwrap());
    assert_eq!((filed, &told["difference"]["units_expected"]), ([1, 2, 1], &json!(0)));
    assert_eq!(changed["differs"], false, "a return of zeros changes no figure");
}

async fn a_kept_form_is_a_spreadsheet_that_says_so(app: TestApp) {
    phung_hiep(&app).await;
    let admin = app.admin().await;
    let closure = close(&admin, "934", "self").await;
    filed(&admin, &line(&app, "31429", 40)).await;
    let sheet = |query: String| {
        let admin = admin.with("accept", XLSX);
        async move {
            let answer = admin.get(&format!("{FORM}?{OF_DISTRICT}&scope=subtree{query}")).await;
            assert_eq!(answer.status, 200);
            rows(&answer.bytes, "II.06a").into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
    };
    let kept = sheet(format!("&snapshot={}", closure["id"].as_str().unwrap())).await;
    assert!(kept.contains("Số liệu tại thời điểm khóa sổ lần 1 ngày 23/11/2026"), "{kept}");
    assert!(kept.contains("9865") && !kept.contains("số liệu hiện nay"), "{kept}");
    let today = sheet(String::new()).await;
    assert!(!today.contains("Số liệu tại thời điểm khóa sổ"), "{today}");
    // One commune of fifteen has filed: the district's line still counts.
    assert!(today.contains("số liệu hiện nay không khác bản lưu khi khóa sổ"), "{today}");
}

/// Lines that units of the district file: unit, level, field, columns, and whether they are handed in.
fn random_lines(runner: &mut TestRunner) -> Vec<(usize, usize, [i64; 6], bool)> {
    let one = (0_usize..16, 0_usize..4, proptest::array::uniform6(0_i64..500), proptest::bool::weighted(0.8));
    proptest::collection::vec(one, 20..40).new_tree(runner).unwrap().current()
}

/// Forms by definition and scope.
type Forms = BTreeMap<(&'static str, &'static str), Value>;

async fn what_was_kept_is_the_form_and_with_the_differences_todays(app: TestApp) {
    const FIELDS: [&str; 4] = ["Hộ tịch", "Đất đai", "Xây dựng", "Chứng thực"];
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let units: Vec<String> = {
        let held = app.state.units();
        let day = "2024-06-30".parse().unwrap();
        let district = held.tree().by_code("934", day).unwrap();
        held.tree().subtree(district, day).iter().map(ToString::to_string).collect()
    };
    assert_eq!(units.len(), 16);
    let mut runner = TestRunner::deterministic();
    let mut closures: Vec<(Value, Forms)> = Vec::new();
    for round in 0..3 {
        let mut lines: BTreeMap<(usize, usize), ([i64; 6], bool)> = BTreeMap::new();
        for (unit, field, counts, is_submitted) in random_lines(&mut runner) {
            lines.insert((unit, field), (counts, is_submitted));
        }
        for ((unit, field), (counts, is_submitted)) in lines {
            let [online, direct, early, on_time, withdrawn, refused] = counts;
            let done = early + on_time + withdrawn + refused;
            let body = json!({
                "org_unit_id": units[unit], "period_code": "2024-H1", "handling_level": "commune", "field": FIELDS[field],
                "received_online": online, "received_in_person": direct, "resolved_early": early,
                "resolved_on_time": on_time, "withdrawn": withdrawn, "refused": refused,
                "carried_over": (done - online - direct).max(0), "pending_in_time": (online + direct - done).max(0),
            });
            // A line that was handed in already is sent back first.
            let report =
                admin.post(&format!("{RETURNS}/batch?on_conflict=update&mode=partial"), &json!([body])).await;
            let report = report.expect(200);
            let mut record = report["lines"][0].clone();
            if record["outcome"] == "refused" {
                let found = format!("{RETURNS}?org_unit_id={}&as_of=2024-06-30&limit=200", units[unit]);
                let found = admin.get(&found).await.expect(200);
                let held =
                    found["items"].as_array().unwrap().iter().find(|item| item["field"] == FIELDS[field]);
                record = held.unwrap().clone();
                admin
                    .post(&format!("{}/send-back", path(&record)), &json!({"reason": "Sửa."}))
                    .await
                    .expect(200);
                let etag = admin.get(&path(&record)).await.etag();
                admin.put(&path(&record), &etag, &body).await.expect(200);
            }
            if is_submitted {
                submit(&admin, &record).await.expect(200);
            }
        }
        let mut live = Forms::new();
        for (definition, scope) in DEFINITIONS.iter().flat_map(|d| SCOPES.map(|s| (*d, s))) {
            let today = form(&admin, &format!("definition={definition}&scope={scope}")).await;
            live.insert((definition, scope), alone(today));
        }
        let closure = close(&admin, "934", "subtree").await;
        for ((definition, scope), before) in &live {
            let kept = snapshot(&admin, &closure, &format!("definition={definition}&scope={scope}")).await;
            assert_eq!(&alone(kept), before, "round {round}: {definition} {scope}");
        }
        closures.push((closure, live));
        let (last, _) = closures.last().unwrap();
        let reason = json!({"reason": "Sửa số liệu."});
        admin.post(&format!("{}/reopening", closure_path(last)), &reason).await.expect(200);
    }
    let (_, today) = closures.last().unwrap();
    let mut differing = 0;
    for (closure, kept) in &closures {
        for ((definition, scope), before) in kept {
            let query = format!("definition={definition}&scope={scope}");
            assert_eq!(&alone(snapshot(&admin, closure, &query).await), before, "it is never changed");
            let changed = differences(&admin, closure, &query).await;
            let sum = applied(before, &changed);
            assert_eq!(sum, counts(&today[&(*definition, *scope)]), "{definition} {scope}");
            differing += told(&changed).len();
        }
    }
    assert!(differing > 100, "random figures differ: {differing}");
}

type Counts = BTreeMap<(String, String, String), i64>;

/// Every figure of a form that is not zero, by level, field and column; totals under no level.
fn counts(form: &Value) -> Counts {
    let mut counts = Counts::new();
    let lines = form["rows"].as_array().unwrap().iter().chain([&form["totals"]]);
    for line in lines {
        let (level, field) = (line["handling_level"].to_string(), line["field"].to_string());
        for (column, count) in line.as_object().unwrap() {
            if let Some(count) = count.as_i64().filter(|count| *count != 0) {
                counts.insert((level.clone(), field.clone(), column.clone()), count);
            }
        }
    }
    counts
}

/// What was kept with the differences added.
fn applied(kept: &Value, differences: &Value) -> Counts {
    let mut sum = counts(kept);
    let mut add = |level: &Value, field: &Value, columns: &Value| {
        for column in columns.as_array().unwrap() {
            let name = column["column"].as_str().unwrap().to_owned();
            let count = sum.entry((level.to_string(), field.to_string(), name)).or_default();
            assert_eq!(column["kept"], *count, "{column}");
            *count += column["difference"].as_i64().unwrap();
        }
    };
    for line in differences["lines"].as_array().unwrap() {
        add(&line["line"]["handling_level"], &line["line"]["field"], &line["columns"]);
    }
    add(&Value::Null, &Value::Null, &differences["totals"]);
    sum.retain(|_, count| *count != 0);
    sum
}

async fn a_unit_that_ended_within_the_period_is_closed_on_its_last_day(app: TestApp) {
    app.period("year", "2025").await;
    let province = app.person("tp.cantho", "reviewer", "92").await;
    let admin = app.admin().await;
    let (district, commune) = (app.unit("934", "2024-06-30"), app.unit("31429", "2024-06-30"));
    let body = json!({"org_unit_id": commune, "period_code": "2025", "handling_level": "commune",
        "received_online": 4, "resolved_early": 4});
    filed(&admin, &body).await;
    let closure = json!({"org_unit_id": district, "period_code": "2025", "scope": "subtree"});
    let closure = province.post(CLOSURES, &closure).await.expect(201);
    assert_eq!((&closure["as_of"], &closure["org_unit_code"]), (&json!("2025-06-30"), &json!("934")));
    let query = format!(
        "{FORM}?org_unit_code=934&period=2025&scope=subtree&snapshot={}",
        closure["id"].as_str().unwrap()
    );
    let kept = admin.get(&query).await.expect(200);
    assert_eq!((&kept["as_of"], &kept["totals"]["received_total"]), (&json!("2025-06-30"), &json!(4)));
    let mut other = body.clone();
    other["org_unit_id"] = json!(app.unit("31420", "2024-06-30"));
    admin.post(RETURNS, &other).await.problem(409, "period-closed");
    // The communes after the reform stand under the province, and not under the district that ended.
    let now =
        json!({"org_unit_code": "31396", "period_code": "2025", "handling_level": "commune", "nil": true});
    admin.post(RETURNS, &now).await.expect(201);
}

async fn a_snapshot_is_read_by_who_reads_the_form(app: TestApp) {
    app.period("half", "2024-H1").await;
    app.period("quarter", "2024-Q3").await;
    let admin = app.admin().await;
    let closure = close(&admin, "934", "subtree").await;
    let id = closure["id"].as_str().unwrap();
    let commune = app.person("xa.hiephung", "editor", "31396").await;
    commune.get(&format!("{FORM}?{OF_DISTRICT}&snapshot={id}")).await.problem(403, "forbidden");
    commune.get(&format!("{}/differences", closure_path(&closure))).await.problem(404, "not-found");
    let of = |grant: Value, domains: Value| {
        let mut grant = grant;
        grant["domains"] = domains;
        grant
    };
    let reporting = of(over_ended(&app, "inspector", "934"), json!(["reporting"]));
    let reporting = app.person_with("chi.baocao", reporting).await;
    reporting.get(&closure_path(&closure)).await.expect(200);
    reporting.get(&format!("{}/differences", closure_path(&closure))).await.problem(403, "forbidden");
    reporting.get(&format!("{FORM}?{OF_DISTRICT}&snapshot={id}")).await.problem(403, "forbidden");

    let faults = |query: String| {
        let admin = admin.clone();
        async move { admin.get(&query).await.faults(422, "invalid") }
    };
    for wrong in [
        format!("{FORM}?org_unit_code=934&as_of=2024-06-30&period=2024-Q3&snapshot={id}"),
        format!("{FORM}?org_unit_code=931&as_of=2024-06-30&period=2024-H1&snapshot={id}"),
        format!("{FORM}?org_unit_code=934&as_of=2024-06-29&period=2024-H1&snapshot={id}"),
        format!("{FORM}?{OF_DISTRICT}&snapshot={}", closure["period_id"].as_str().unwrap()),
    ] {
        assert_eq!(faults(wrong.clone()).await, ["/snapshot"], "{wrong}");
    }
    let differences = format!("{}/differences", closure_path(&closure));
    assert_eq!(faults(format!("{differences}?form=07")).await, ["/form"]);
    assert_eq!(faults(format!("{differences}?definition=none")).await, ["/definition"]);
    // Today's form of another day is not compared with what was kept.
    let before =
        admin.get(&format!("{FORM}?org_unit_code=934&as_of=2024-06-29&period=2024-H1")).await.expect(200);
    assert_eq!(before["closure"], Value::Null);
}

async fn who_came_to_another_province_shows_its_figures_of_today_to_nobody_here(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let before = app.person("tp.cantho", "reviewer", "92").await;
    let line = |code: &str, received: i64| {
        json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune",
            "received_online": received, "resolved_early": received})
    };
    let moving = filed(&admin, &line("31396", 40)).await;
    filed(&admin, &line("31399", 7)).await;
    let closing = json!({"org_unit_code": "92", "period_code": "2026-Q3", "scope": "subtree"});
    let closure = admin.post(CLOSURES, &closing).await.expect(201);
    let query = "scope=subtree";
    let whole = differences(&before, &closure, query).await;
    assert_eq!((&whole["differs"], &whole["units_out_of_reach"]), (&json!(false), &json!(0)));

    another_province(&app, "31396", "2026-11-01").await;
    let reason = json!({"reason": "Sửa số liệu."});
    admin.post(&format!("{}/reopening", closure_path(&closure)), &reason).await.expect(200);
    let back = admin.post(&format!("{}/send-back", path(&moving)), &reason).await.expect(200);
    let more = json!({"received_online": 52, "resolved_early": 52});
    let etag = format!("\"v{}\"", back["version"]);
    let corrected = admin.patch(&path(&moving), &etag, &more).await.expect(200);
    submit(&admin, &corrected).await.expect(200);

    let all = differences(&admin, &closure, query).await;
    assert_eq!((&all["differs"], &all["units_out_of_reach"]), (&json!(true), &json!(0)));
    assert!(told(&all).contains(&"total received_total: 47 -> 59".to_owned()), "{all}");
    let part = differences(&before, &closure, query).await;
    assert_eq!((&part["differs"], &part["units_out_of_reach"]), (&Value::Null, &json!(1)));
    assert!(told(&part).contains(&"total received_total: 47 -> 7".to_owned()), "{part}");
}
