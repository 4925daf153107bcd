//! Plans of public investment, what adjusts them and what is paid out of them.

use serde_json::{Value, json};

use super::{PLANS, lines, progress};
use crate::support::TestApp;
use crate::tell;

tell![
    the_plan_of_the_report_is_paid_to_46_52_percent,
    a_plan_stands_on_any_day_as_its_decisions_and_payments_say,
    spans_that_overlap_are_noticed,
    what_names_no_plan_is_refused,
    a_plan_that_is_named_keeps_its_name,
    units_see_their_own_plans_alone,
];

const ADJUSTMENTS: &str = "/api/v1/public-finance/plan-adjustments";
const DISBURSEMENTS: &str = "/api/v1/public-finance/disbursements";

fn plan(code: &str, amount_vnd: i64) -> Value {
    json!({
        "org_unit_code": "31396", "fiscal_year": 2026, "code": code, "title": "Nạo vét kênh",
        "capital_source": "commune_budget", "amount_vnd": amount_vnd, "valid_from": "2026-01-01",
    })
}

fn payment(from: &str, to: &str, amount_vnd: i64) -> Value {
    json!({
        "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "paid_from": from, "paid_to": to,
        "amount_vnd": amount_vnd,
    })
}

fn adjustment(day: &str, direction: &str, amount_vnd: i64) -> Value {
    json!({
        "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "da-01", "decided_on": day,
        "document_number": "45/QĐ-UBND", "direction": direction, "amount_vnd": amount_vnd,
    })
}

/// "Tổng kế hoạch vốn đầu tư công được giao là 65.808 triệu đồng; Thực hiện giải ngân đến ngày 15/5/2024 là
/// 30.612/65.808 triệu đồng, đạt tỷ lệ giải ngân 46,52%."
async fn the_plan_of_the_report_is_paid_to_46_52_percent(app: TestApp) {
    let admin = app.admin().await;
    for plan in lines(include_str!("../../../src/demo/report/investment-plans.ndjson")) {
        admin.post(PLANS, &plan).await.expect(201);
    }
    for payment in lines(include_str!("../../../src/demo/report/disbursements.ndjson")) {
        admin.post(DISBURSEMENTS, &payment).await.expect(201);
    }
    let stands = progress(&admin, PLANS, "org_unit_code=934&as_of=2024-05-15").await;
    assert_eq!(
        stands[0]["disbursement_rate"],
        json!({"numerator": 30_612_000_000_i64, "denominator": 65_808_000_000_i64, "rate_percent": 46.52})
    );
    assert_eq!((&stands[0]["undivided_vnd"], &stands[0]["remarks"]), (&json!(0), &json!([])));
    let before = progress(&admin, PLANS, "org_unit_code=934&as_of=2024-05-14").await;
    assert_eq!(
        (&before[0]["disbursed_vnd"], &before[0]["undivided_vnd"]),
        (&json!(0), &json!(30_612_000_000_i64)),
        "no part of the span is guessed"
    );
    assert_eq!(before[0]["remarks"][0]["code"], "undivided_span");
}

async fn a_plan_stands_on_any_day_as_its_decisions_and_payments_say(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PLANS, &plan("DA-01", 1_000)).await.expect(201);
    admin.post(PLANS, &plan("DA-02", 50)).await.expect(201);
    admin.post(ADJUSTMENTS, &adjustment("2026-06-01", "increase", 500)).await.expect(201);
    let mut spelled = adjustment("2026-06-01", "increase", 500);
    spelled["document_number"] = json!("045/QĐ- UBND");
    admin.post(ADJUSTMENTS, &spelled).await.problem(409, "duplicate");
    admin.post(ADJUSTMENTS, &adjustment("2026-09-01", "reduce", 700)).await.expect(201);
    admin.post(ADJUSTMENTS, &adjustment("2026-10-01", "reduce", 900)).await.expect(201);
    admin.post(DISBURSEMENTS, &payment("2026-03-02", "2026-03-02", 300)).await.expect(201);
    admin.post(DISBURSEMENTS, &payment("2026-07-01", "2026-07-31", 600)).await.expect(201);
    for (day, in_force, paid, undivided, codes) in [
        ("2025-12-31", 0, 0, 0, vec![]),
        ("2026-03-01", 1_000, 0, 0, vec![]),
        ("2026-03-02", 1_000, 300, 0, vec![]),
        ("2026-06-01", 1_500, 300, 0, vec![]),
        ("2026-07-15", 1_500, 300, 600, vec!["undivided_span"]),
        ("2026-07-31", 1_500, 900, 0, vec![]),
        ("2026-09-01", 800, 900, 0, vec!["paid_beyond_plan"]),
        ("2026-10-01", -100, 900, 0, vec!["plan_below_zero", "paid_beyond_plan"]),
    ] {
        let stands = progress(&admin, PLANS, &format!("code=da-01&as_of={day}")).await;
        let figures = ["in_force_vnd", "disbursed_vnd", "undivided_vnd"].map(|name| stands[0][name].clone());
        assert_eq!(figures, [json!(in_force), json!(paid), json!(undivided)], "{day}");
        let noticed: Vec<_> =
            stands[0]["remarks"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(noticed, codes, "{day}");
    }
    let other = progress(&admin, PLANS, "code=DA-02&as_of=2026-12-31").await;
    assert_eq!((&other[0]["in_force_vnd"], &other[0]["disbursed_vnd"]), (&json!(50), &json!(0)));
    let early = admin.post(DISBURSEMENTS, &payment("2025-12-30", "2025-12-30", 1)).await.expect(201);
    assert_eq!(early["remarks"][0]["code"], "paid_before_year");
}

/// A sum since the year's beginning was entered behind that of the report before: it holds it once more.
async fn spans_that_overlap_are_noticed(app: TestApp) {
    let admin = app.admin().await;
    admin.post(PLANS, &plan("DA-01", 1_000)).await.expect(201);
    admin.post(DISBURSEMENTS, &payment("2026-01-01", "2026-05-15", 300)).await.expect(201);
    admin.post(DISBURSEMENTS, &payment("2026-05-16", "2026-06-30", 100)).await.expect(201);
    let noticed = async |day: &str| -> Vec<Value> {
        let stands = progress(&admin, PLANS, &format!("code=DA-01&as_of={day}")).await;
        stands[0]["remarks"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect()
    };
    assert_eq!(noticed("2026-06-30").await, [""; 0]);
    admin.post(DISBURSEMENTS, &payment("2026-01-01", "2026-06-30", 400)).await.expect(201);
    assert_eq!(noticed("2026-06-30").await, ["overlapping_spans"]);
    assert_eq!(noticed("2025-12-31").await, [""; 0], "nothing had begun");
}

async fn what_names_no_plan_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let day = "2026-03-02";
    assert_eq!(admin.post(DISBURSEMENTS, &payment(day, day, 1)).await.faults(422, "invalid"), ["/plan_code"]);
    assert_eq!(
        admin.post(ADJUSTMENTS, &adjustment(day, "reduce", 1)).await.faults(422, "invalid"),
        ["/plan_code"]
    );
    admin.post(PLANS, &plan("DA-01", 1_000)).await.expect(201);
    admin.post(DISBURSEMENTS, &payment(day, day, 1)).await.expect(201);
    let mut other_year = payment(day, day, 1);
    other_year["fiscal_year"] = json!(2025);
    assert_eq!(admin.post(DISBURSEMENTS, &other_year).await.faults(422, "invalid"), ["/plan_code"]);
    let mut other_unit = payment(day, day, 1);
    other_unit["org_unit_code"] = json!("31399");
    assert_eq!(admin.post(DISBURSEMENTS, &other_unit).await.faults(422, "invalid"), ["/plan_code"]);
    admin.post(DISBURSEMENTS, &payment(day, day, 2)).await.problem(409, "duplicate");
    let mut second = payment(day, day, 2);
    second["turn"] = json!(2);
    admin.post(DISBURSEMENTS, &second).await.expect(201);
}

async fn a_plan_that_is_named_keeps_its_name(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PLANS, &plan("DA-01", 1_000)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let renamed = admin.patch(&place, &etag, &json!({"code": "DA 1"})).await;
    let etag = renamed.etag();
    renamed.expect(200);
    let back = admin.patch(&place, &etag, &json!({"code": "DA-01"})).await;
    let etag = back.etag();
    let paid = admin.post(DISBURSEMENTS, &payment("2026-03-02", "2026-03-02", 300)).await;
    admin.patch(&place, &etag, &json!({"code": "DA 1"})).await.problem(409, "in-use");
    admin.patch(&place, &etag, &json!({"fiscal_year": 2027})).await.problem(409, "in-use");
    admin.delete(&place, &etag).await.problem(409, "in-use");
    let changed = admin.patch(&place, &etag, &json!({"amount_vnd": 2_000})).await;
    let etag = changed.etag();
    changed.expect(200);
    admin.delete(&paid.header("location"), &paid.etag()).await.expect(204);
    admin.delete(&place, &etag).await.expect(204);
}

async fn units_see_their_own_plans_alone(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let made = editor.post(PLANS, &plan("DA-01", 1_000)).await;
    let place = made.header("location");
    made.expect(201);
    other.get(&place).await.problem(404, "not-found");
    assert_eq!(progress(&other, PLANS, "").await, Vec::<Value>::new());
    assert_eq!(progress(&editor, PLANS, "").await.len(), 1);
    let day = "2026-03-02";
    assert_eq!(
        other.post(DISBURSEMENTS, &payment(day, day, 1)).await.faults(403, "forbidden"),
        ["/org_unit_code"]
    );
}
