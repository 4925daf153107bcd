//! What inspections and audits ask back, and what was paid.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{RECOMMENDATIONS, agencies, lines, progress};
use crate::support::TestApp;
use crate::tell;

tell![
    the_four_works_of_the_report_are_paid_to_the_last_dong,
    more_than_was_asked_is_never_paid,
    of_many_who_pay_at_once_only_what_is_asked_is_taken,
    what_is_outstanding_is_overdue_after_its_day,
    what_is_paid_before_the_conclusion_counts_from_its_day,
    a_recommendation_that_was_paid_keeps_its_code_and_amount,
];

const REMITTANCES: &str = "/api/v1/public-finance/remittances";

fn recommendation(amount_vnd: i64) -> Value {
    json!({
        "org_unit_code": "31396", "code": "KL-1", "conclusion_number": "08/KL-TTr", "concluded_on": "2026-03-06",
        "concluded_by": "Thanh tra Sở Xây dựng", "title": "Nhà văn hóa ấp", "measure": "deduct",
        "amount_vnd": amount_vnd, "due_on": "2026-06-30",
    })
}

fn remittance(day: &str, amount_vnd: i64) -> Value {
    json!({
        "org_unit_code": "31396", "recommendation_code": "KL-1", "remitted_on": day, "amount_vnd": amount_vnd,
    })
}

/// "Kết luận Thanh tra số 08/KL-TTr ngày 06 tháng 3 năm 2024 của Thanh tra Sở Xây dựng tỉnh Hậu Giang": four works,
/// each paid in full.
async fn the_four_works_of_the_report_are_paid_to_the_last_dong(app: TestApp) {
    let admin = app.admin().await;
    agencies(&admin).await;
    for asked in lines(include_str!("../../../src/demo/report/audit-recommendations.ndjson")) {
        admin.post(RECOMMENDATIONS, &asked).await.expect(201);
    }
    for paid in lines(include_str!("../../../src/demo/report/remittances.ndjson")) {
        admin.post(REMITTANCES, &paid).await.expect(201);
    }
    let stand = progress(&admin, RECOMMENDATIONS, "org_unit_code=934&scope=subtree&as_of=2024-06-30").await;
    let sum = |name: &str| stand.iter().map(|one| one[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!(
        (stand.len(), sum("amount_vnd"), sum("remitted_vnd"), sum("outstanding_vnd")),
        (4, 30_432_829, 30_432_829, 0)
    );
    let april = progress(&admin, RECOMMENDATIONS, "org_unit_code=934&scope=subtree&as_of=2024-04-30").await;
    let left: i64 = april.iter().map(|one| one["outstanding_vnd"].as_i64().unwrap()).sum();
    assert_eq!(left, 16_424_380, "the canal was paid on 7 May");
}

async fn more_than_was_asked_is_never_paid(app: TestApp) {
    let admin = app.admin().await;
    assert_eq!(
        admin.post(REMITTANCES, &remittance("2026-04-01", 1)).await.faults(422, "invalid"),
        ["/recommendation_code"]
    );
    admin.post(RECOMMENDATIONS, &recommendation(1_000)).await.expect(201);
    assert_eq!(
        admin.post(REMITTANCES, &remittance("2026-04-01", 1_001)).await.faults(422, "invalid"),
        ["/amount_vnd"]
    );
    let first = admin.post(REMITTANCES, &remittance("2026-04-01", 600)).await;
    let (place, etag) = (first.header("location"), first.etag());
    first.expect(201);
    assert_eq!(
        admin.post(REMITTANCES, &remittance("2026-04-02", 401)).await.faults(422, "invalid"),
        ["/amount_vnd"]
    );
    assert_eq!(
        admin.patch(&place, &etag, &json!({"amount_vnd": 1_001})).await.faults(422, "invalid"),
        ["/amount_vnd"]
    );
    admin.patch(&place, &etag, &json!({"amount_vnd": 1_000})).await.expect(200);
    let changed = admin.get(&place).await.etag();
    admin.patch(&place, &changed, &json!({"amount_vnd": 600})).await.expect(200);
    let lines = json!([remittance("2026-04-02", 300), remittance("2026-04-03", 300)]);
    let whole = admin.post(&format!("{REMITTANCES}/batch"), &lines).await;
    assert_eq!(whole.faults(422, "invalid"), ["/1/amount_vnd"]);
    let report = admin.post(&format!("{REMITTANCES}/batch?mode=partial"), &lines).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
    // What one line gives back, another may take: the sums of a batch are those of its lines in order.
    let lines = json!([remittance("2026-04-01", 100), remittance("2026-04-03", 600)]);
    let report = admin.post(&format!("{REMITTANCES}/batch?on_conflict=update"), &lines).await.expect(200);
    assert_eq!((&report["updated"], &report["created"]), (&json!(1), &json!(1)), "{report}");
    let stands = progress(&admin, RECOMMENDATIONS, "as_of=2026-12-31").await;
    assert_eq!((&stands[0]["remitted_vnd"], &stands[0]["outstanding_vnd"]), (&json!(1_000), &json!(0)));
}

async fn of_many_who_pay_at_once_only_what_is_asked_is_taken(app: TestApp) {
    let admin = app.admin().await;
    admin.post(RECOMMENDATIONS, &recommendation(1_000)).await.expect(201);
    let bodies: Vec<Value> = (1..=8).map(|day| remittance(&format!("2026-04-{day:02}"), 300)).collect();
    let answers = join_all(bodies.iter().map(|body| admin.post(REMITTANCES, body))).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 3, "900 of 1,000 are paid, and a fourth would be too much");
    let stands = progress(&admin, RECOMMENDATIONS, "as_of=2026-12-31").await;
    assert_eq!((&stands[0]["remitted_vnd"], &stands[0]["outstanding_vnd"]), (&json!(900), &json!(100)));
}

async fn what_is_outstanding_is_overdue_after_its_day(app: TestApp) {
    let admin = app.admin().await;
    admin.post(RECOMMENDATIONS, &recommendation(1_000)).await.expect(201);
    admin.post(REMITTANCES, &remittance("2026-04-01", 400)).await.expect(201);
    let before = progress(&admin, RECOMMENDATIONS, "as_of=2026-01-01").await;
    assert_eq!((&before[0]["amount_vnd"], &before[0]["outstanding_vnd"]), (&json!(0), &json!(0)));
    let on_time = progress(&admin, RECOMMENDATIONS, "as_of=2026-06-30").await;
    assert_eq!(on_time[0]["remarks"], json!([]));
    let late = progress(&admin, RECOMMENDATIONS, "as_of=2026-07-02").await;
    let remark = &late[0]["remarks"][0];
    assert_eq!(
        (&remark["code"], &remark["numbers"]),
        (&json!("remittance_overdue"), &json!({"days": 2, "outstanding_vnd": 600}))
    );
    admin.post(REMITTANCES, &remittance("2026-07-02", 600)).await.expect(201);
    let paid = progress(&admin, RECOMMENDATIONS, "as_of=2026-07-02").await;
    assert_eq!((&paid[0]["remarks"], &paid[0]["last_remitted_on"]), (&json!([]), &json!("2026-07-02")));
}

async fn what_is_paid_before_the_conclusion_counts_from_its_day(app: TestApp) {
    let admin = app.admin().await;
    admin.post(RECOMMENDATIONS, &recommendation(1_000)).await.expect(201);
    let early = admin.post(REMITTANCES, &remittance("2026-03-04", 400)).await.expect(201);
    let remark = &early["remarks"][0];
    assert_eq!(
        (&remark["code"], &remark["pointer"], &remark["numbers"]["days"]),
        (&json!("before_conclusion"), &json!("/remitted_on"), &json!(2))
    );
    let on_the_day = admin.post(REMITTANCES, &remittance("2026-03-06", 100)).await.expect(201);
    assert_eq!(on_the_day["remarks"], json!([]));
    let list = admin.get(&format!("{REMITTANCES}?sort=remitted_on")).await.expect(200);
    assert_eq!(list["items"][0]["remarks"], early["remarks"], "in lists too");
    for (day, asked, paid, left) in [
        ("2026-03-03", 0, 0, 0),
        ("2026-03-04", 0, 0, 0),
        ("2026-03-05", 0, 0, 0),
        ("2026-03-06", 1_000, 500, 500),
    ] {
        let stands = progress(&admin, RECOMMENDATIONS, &format!("as_of={day}")).await;
        let told = ["amount_vnd", "remitted_vnd", "outstanding_vnd"].map(|name| stands[0][name].as_i64());
        assert_eq!(told, [Some(asked), Some(paid), Some(left)], "{day}");
    }
}

async fn a_recommendation_that_was_paid_keeps_its_code_and_amount(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(RECOMMENDATIONS, &recommendation(1_000)).await;
    let (place, etag) = (made.header("location"), made.etag());
    let paid = admin.post(REMITTANCES, &remittance("2026-04-01", 400)).await;
    admin.patch(&place, &etag, &json!({"code": "KL-2"})).await.problem(409, "in-use");
    assert_eq!(
        admin.patch(&place, &etag, &json!({"amount_vnd": 399})).await.faults(422, "invalid"),
        ["/amount_vnd"]
    );
    admin.delete(&place, &etag).await.problem(409, "in-use");
    let lowered = admin.patch(&place, &etag, &json!({"amount_vnd": 400})).await;
    let etag = lowered.etag();
    lowered.expect(200);
    admin.delete(&paid.header("location"), &paid.etag()).await.expect(204);
    admin.delete(&place, &etag).await.expect(204);
}
