//! When a dossier is due: working days over holidays, hours within office hours.

use serde_json::{Value, json};

use super::{PROCEDURES, due, holidays, mobile_wedding, with_deadlines};
use crate::support::TestApp;
use crate::tell;

tell![
    deadlines_are_read_from_their_words,
    a_due_day_is_counted_over_holidays,
    hours_run_inside_office_hours,
    a_due_day_is_known_on_every_day_of_a_listed_year,
    a_year_without_holidays_is_refused,
    one_of_several_deadlines_must_be_chosen,
];

async fn deadlines_are_read_from_their_words(app: TestApp) {
    let admin = app.admin().await;
    let mut body = mobile_wedding();
    body.as_object_mut().unwrap().remove("deadlines");
    body["deadline_text"] = json!("5 Ngày làm việc / 15 Ngày");
    let made = admin.post(PROCEDURES, &body).await.expect(201);
    assert_eq!(
        made["deadlines"],
        json!([
            {"value": 5, "unit": "working_day", "variant": null},
            {"value": 15, "unit": "calendar_day", "variant": null},
        ])
    );
    body["code"] = json!("1.000594");
    body["deadline_text"] = json!("Theo quy định của pháp luật chuyên ngành");
    let made = admin.post(PROCEDURES, &body).await.expect(201);
    assert_eq!(made["deadlines"], json!([]), "words that say no number give none");
}

async fn a_due_day_is_counted_over_holidays(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let one_day = with_deadlines(&admin, "1.000001", json!([{"value": 1, "unit": "working_day"}])).await;
    for (received, expected) in [
        ("2024-04-26T02:00:00Z", "2024-05-02"),
        ("2024-05-03T02:00:00Z", "2024-05-04"),
        ("2024-02-07T02:00:00Z", "2024-02-15"),
        // Seven in the morning of the 3rd in Vietnam is still the 2nd in UTC at 23:59.
        ("2024-05-02T16:59:59Z", "2024-05-03"),
        ("2024-05-02T17:00:00Z", "2024-05-04"),
    ] {
        assert_eq!(due(&admin, &one_day, received).await["due_on"], expected, "{received}");
    }
    let counted = due(&admin, &one_day, "2024-04-26T02:00:00Z").await;
    let told: Vec<_> = counted["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            format!("{} {} {}", step["day"].as_str().unwrap(), step["kind"].as_str().unwrap(), step["count"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "2024-04-26 working_day 0",
            "2024-04-27 weekend 0",
            "2024-04-28 weekend 0",
            "2024-04-29 holiday 0",
            "2024-04-30 holiday 0",
            "2024-05-01 holiday 0",
            "2024-05-02 working_day 1",
        ]
    );
    let none = with_deadlines(&admin, "1.000002", json!([{"unit": "none"}])).await;
    let counted = due(&admin, &none, "2024-04-26T02:00:00Z").await;
    assert_eq!((&counted["due_on"], &counted["steps"]), (&Value::Null, &json!([])));
    let unknown = with_deadlines(&admin, "1.000003", json!([])).await;
    let counted = due(&admin, &unknown, "2024-04-26T02:00:00Z").await;
    assert_eq!((&counted["deadline"], &counted["due_on"]), (&Value::Null, &Value::Null));
}

async fn hours_run_inside_office_hours(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let hours = with_deadlines(&admin, "1.000001", json!([{"value": 8, "unit": "working_hour"}])).await;
    // Three in the afternoon of Friday 26 April 2024: two hours are left of that office day; the
    // next one is Thursday 2 May, with four hours before noon and two after.
    let counted = due(&admin, &hours, "2024-04-26T08:00:00Z").await;
    assert_eq!(counted["due_on"], "2024-05-02");
    assert_eq!(counted["due_at"], "2024-05-02T08:30:00Z");
    let at_once = with_deadlines(&admin, "1.000002", json!([{"unit": "immediate"}])).await;
    assert_eq!(due(&admin, &at_once, "2024-04-26T02:00:00Z").await["due_on"], "2024-04-26");
    // At eight in the evening nobody handles it any more.
    assert_eq!(due(&admin, &at_once, "2024-04-26T13:00:00Z").await["due_on"], "2024-05-02");
}

async fn a_due_day_is_known_on_every_day_of_a_listed_year(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let id = with_deadlines(&admin, "1.000001", json!([{"value": 1, "unit": "working_day"}])).await;
    let first: chrono::NaiveDate = "2026-01-01".parse().unwrap();
    let mut last = String::new();
    for day in first.iter_days().take(365) {
        let counted = due(&admin, &id, &format!("{day}T02:00:00Z")).await;
        let due_on = counted["due_on"].as_str().unwrap().to_owned();
        assert!(due_on > day.to_string() && due_on >= last, "{day}: {due_on} after {last}");
        last = due_on;
    }
}

async fn a_year_without_holidays_is_refused(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let id = with_deadlines(&admin, "1.000001", json!([{"value": 5, "unit": "working_day"}])).await;
    let path = format!("{PROCEDURES}/{id}/due-date?received_at=2031-03-03T02:00:00Z");
    let refused = admin.in_english().get(&path).await.problem(422, "invalid");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("2031"), "{refused}");
    // A count that ends before the year does needs nothing of the next.
    let listed = admin.get("/api/v1/reporting/holidays?sort=-day&limit=1").await.expect(200);
    let last: i32 = listed["items"][0]["day"].as_str().unwrap()[..4].parse().unwrap();
    due(&admin, &id, &format!("{last}-12-01T02:00:00Z")).await;
    let path = format!("{PROCEDURES}/{id}/due-date?received_at={last}-12-30T02:00:00Z");
    assert_eq!(admin.get(&path).await.faults(422, "invalid"), ["/received_at"]);
    // A list of the next year that was only begun makes no working days of its Tết.
    let day = json!({"day": format!("{}-01-01", last + 1), "kind": "holiday", "name": "Tết Dương lịch"});
    admin.post("/api/v1/reporting/holidays", &day).await.expect(201);
    assert_eq!(admin.get(&path).await.faults(422, "invalid"), ["/received_at"]);
}

async fn one_of_several_deadlines_must_be_chosen(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    let deadlines = json!([
        {"value": 3, "unit": "working_day", "variant": "không phải xác minh"},
        {"value": 8, "unit": "working_day", "variant": "phải xác minh"},
    ]);
    let id = with_deadlines(&admin, "1.000001", deadlines).await;
    let path = format!("{PROCEDURES}/{id}/due-date?received_at=2024-05-06T02:00:00Z");
    let refused = admin.get(&path).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/deadline");
    assert!(
        refused["errors"][0]["message"].as_str().unwrap().contains("2 = 8 ngày làm việc (phải xác minh)")
    );
    let counted = admin.get(&format!("{path}&deadline=2")).await.expect(200);
    assert_eq!(counted["due_on"], "2024-05-16");
    assert_eq!(admin.get(&format!("{path}&deadline=3")).await.faults(422, "invalid"), ["/deadline"]);
}
