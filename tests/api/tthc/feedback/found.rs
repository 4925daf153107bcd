//! Whose feedback it is, how it is found, and how a period is summed up.

use serde_json::{Value, json};

use super::{FEEDBACK, at, feedback, holidays, limit, made, numbers};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    overdue_is_found_as_it_is_told,
    feedback_is_found_by_what_it_is,
    feedback_is_the_unit_s_that_answers,
    the_unit_that_received_it_is_told_too,
    a_period_is_summed_up_by_limit,
    a_unit_has_the_feedback_of_those_that_went_whole_into_it,
];

/// Feedback in every state, received over some weeks; today is 23 November 2026.
async fn in_every_state(client: &Client) {
    let bodies = [
        // Due on 20 November, a Friday, and not answered.
        feedback("0001", "2026-10-30"),
        // Due today.
        feedback("0002", "2026-11-02"),
        json!({"received_at": at("2026-10-05"), "answered_at": at("2026-11-18"), "answer_number": "1/UBND"}),
        json!({"received_at": at("2026-10-05"), "answered_at": at("2026-11-19"), "answer_number": "2/UBND"}),
        json!({
            "received_at": at("2026-10-05"), "answered_at": at("2026-10-06"), "answer_number": "3/UBND",
            "published_at": at("2026-10-30"),
        }),
        json!({"received_at": at("2026-10-05"), "refused_at": at("2026-10-06"), "refusal_reason": "Trùng lặp"}),
        json!({"received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?"}),
        json!({
            "received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?",
            "supplement_received_at": at("2026-10-30"),
        }),
        json!({
            "received_at": at("2026-10-05"), "supplement_requested_at": at("2026-10-06"), "supplement_request": "Mã hồ sơ?",
            "supplement_received_at": at("2026-11-02"),
        }),
    ];
    for (number, body) in bodies.iter().enumerate() {
        let mut whole = feedback(&format!("{:04}", number + 1), "2026-10-05");
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        client.post(FEEDBACK, &whole).await.expect(201);
    }
}

async fn overdue_is_found_as_it_is_told(app: TestApp) {
    holidays(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    in_every_state(&editor).await;
    let list = editor.get(&format!("{FEEDBACK}?sort=received_at&limit=200")).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 9);
    let told = |is_overdue: bool| {
        let of = items.iter().filter(move |one| one["overdue"] == is_overdue);
        of.map(|one| one["code"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(true), ["0003", "0008", "0001"]);
    for is_overdue in [true, false] {
        let query = format!("overdue={is_overdue}&sort=received_at&limit=200");
        assert_eq!(numbers(&editor, &query).await, told(is_overdue), "{query}");
    }
    let counted =
        editor.get(&format!("{FEEDBACK}?overdue=true&include_total=true&limit=1")).await.expect(200);
    assert_eq!(counted["total"], 3);
    // A day later what was due today is overdue too.
    app.pass(24 * 3600);
    let editor = app.sign_in("xa.hiephung").await;
    let found = numbers(&editor, "overdue=true&sort=received_at&limit=200").await;
    assert_eq!(found, ["0003", "0004", "0008", "0009", "0001", "0002"]);
}

async fn feedback_is_found_by_what_it_is(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    in_every_state(&admin).await;
    let mut rule = feedback("0100", "2026-06-01");
    rule["class"] = json!("rule");
    rule["channel"] = json!("hotline");
    rule["content"] = json!("Quy định về thành phần hồ sơ đất đai chưa rõ.");
    admin.post(FEEDBACK, &rule).await.expect(201);
    for (query, expected) in [
        ("status=refused", vec!["0006"]),
        ("status=awaiting_supplement", vec!["0007"]),
        ("status=published", vec!["0005"]),
        ("status=answered&sort=received_at", vec!["0003", "0004"]),
        ("status=received&sort=received_at", vec!["0100", "0008", "0009", "0001", "0002"]),
        ("class=rule", vec!["0100"]),
        ("channel=hotline", vec!["0100"]),
        ("q=DAT+dai+quy", vec!["0100"]),
        ("code=PAKN.20260601.0100", vec!["0100"]),
        ("received_from=2026-10-31", vec!["0002"]),
        ("received_to=2026-06-01", vec!["0100"]),
        ("received_from=2026-10-30&received_to=2026-10-30", vec!["0001"]),
        ("org_unit_code=92&scope=subtree&class=rule", vec!["0100"]),
        ("org_unit_code=31399", vec![]),
    ] {
        assert_eq!(numbers(&admin, query).await, expected, "{query}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{FEEDBACK}?limit=3&sort=received_at{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|one| one["code"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (10, 10), "each once, though many came at one moment");
}

async fn feedback_is_the_unit_s_that_answers(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("vp.ubnd", "reviewer", "92").await;
    let body = feedback("0001", "2026-11-16");
    assert_eq!(other.post(FEEDBACK, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    let (place, told) = made(&editor, &body).await;
    let etag = format!("\"v{}\"", told["version"]);
    let answer = json!({"answer_number": "06/UBND"});
    other.get(&place).await.problem(404, "not-found");
    other.post(&format!("{place}/answer"), &answer).await.problem(404, "not-found");
    reviewer.get(&place).await.expect(200);
    reviewer.post(&format!("{place}/answer"), &answer).await.problem(403, "forbidden");
    let mut moved = body.clone();
    moved["org_unit_code"] = json!("31399");
    assert_eq!(editor.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    assert_eq!((numbers(&other, "").await.len(), numbers(&reviewer, "").await.len()), (0, 1));
    let period = "received_from=2026-01-01&received_to=2026-12-31";
    other.get(&format!("{FEEDBACK}/summary?org_unit_code=31396&{period}")).await.problem(403, "forbidden");
    app.seal().await;
    let told = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=citizen_feedback").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&editor).await, told(&other).await), (1, 0), "the feed is confined likewise");
}

async fn the_unit_that_received_it_is_told_too(app: TestApp) {
    let admin = app.admin().await;
    let mut body = feedback("0001", "2026-11-16");
    body["receiving_unit_code"] = json!("92");
    let (place, told) = made(&admin, &body).await;
    assert_eq!(
        (&told["receiving_unit_code"], &told["receiving_unit_name"]),
        (&json!("92"), &json!("Thành phố Cần Thơ"))
    );
    let etag = format!("\"v{}\"", told["version"]);
    let told =
        admin.patch(&place, &etag, &json!({"receiving_unit_id": told["org_unit_id"]})).await.expect(200);
    assert_eq!(told["receiving_unit_id"], Value::Null, "that is the one that answers");
    let unit = json!({"name": "Phòng thử nghiệm", "kind": "specialised_agency", "code": "PTN", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post("/api/v1/organization/org-units", &unit).await;
    let (unit, version) = (unit.header("location"), unit.etag());
    let mut body = feedback("0002", "2026-11-16");
    body["receiving_unit_code"] = json!("PTN");
    let (place, told) = made(&admin, &body).await;
    admin.delete(&unit, &version).await.problem(409, "in-use");
    assert_eq!(admin.delete(&place, &format!("\"v{}\"", told["version"])).await.status, 204);
    assert_eq!(admin.delete(&unit, &version).await.status, 204);
}

async fn a_period_is_summed_up_by_limit(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    in_every_state(&admin).await;
    let mut other = feedback("0200", "2026-11-02");
    other["org_unit_code"] = json!("31399");
    other["class"] = json!("rule");
    admin.post(FEEDBACK, &other).await.expect(201);
    admin.post(FEEDBACK, &feedback("0300", "2026-09-30")).await.expect(201);
    let summed = async |query: &str| {
        let period = "received_from=2026-10-01&received_to=2026-11-23";
        admin.get(&format!("{FEEDBACK}/summary?{period}&{query}")).await.expect(200)
    };
    let own = summed("org_unit_code=31396").await;
    for (member, count) in [
        ("received", 9),
        ("by_conduct", 9),
        ("by_rule", 0),
        ("in_progress", 4),
        ("awaiting_supplement", 1),
        ("refused", 1),
        ("answered", 3),
        ("published", 1),
        ("overdue", 3),
        ("units", 1),
    ] {
        assert_eq!(own[member], count, "{member}: {own}");
    }
    let limits = |told: &Value| -> Vec<Vec<i64>> {
        let counts = ["in_time", "late", "pending", "pending_late"];
        let of = |limit: &Value| counts.iter().map(|name| limit[*name].as_i64().unwrap()).collect();
        told["limits"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(
        limits(&own),
        [
            vec![1, 0, 0, 0], // refusal
            vec![3, 0, 0, 0], // supplement request
            vec![1, 2, 3, 2], // answer
            vec![0, 1, 1, 1], // publication
        ],
        "{own}"
    );
    let whole = summed("org_unit_code=92&scope=subtree").await;
    assert_eq!(
        (&whole["received"], &whole["by_rule"], &whole["overdue"]),
        (&json!(10), &json!(1), &json!(3))
    );
    let of_rules = summed("org_unit_code=92&scope=subtree&class=rule").await;
    assert_eq!((&of_rules["received"], &of_rules["class"]), (&json!(1), &json!("rule")));
    assert_eq!(summed("org_unit_code=92").await["received"], 0, "the province itself received none");
    // What the list tells of each is what the summary counts.
    let query = "received_from=2026-10-01&org_unit_code=31396&limit=200";
    let list = admin.get(&format!("{FEEDBACK}?{query}")).await.expect(200);
    let items = list["items"].as_array().unwrap();
    let late = items.iter().filter(|one| limit(one, "answer").1 == "late").count();
    assert_eq!((items.len(), late), (9, 2));
    let backwards = "received_from=2026-10-02&received_to=2026-10-01&org_unit_code=31396";
    let refused = admin.get(&format!("{FEEDBACK}/summary?{backwards}")).await;
    assert_eq!(refused.faults(422, "invalid"), ["/received_to"]);
    let endless = admin.get(&format!("{FEEDBACK}/summary?org_unit_code=31396")).await;
    assert_eq!(endless.status, 400, "a summary is of a period");
}

/// Communes that were merged and one that was divided on 1 July 2025.
async fn a_unit_has_the_feedback_of_those_that_went_whole_into_it(app: TestApp) {
    holidays(&app).await;
    let admin = app.admin().await;
    for (number, unit, day) in [
        ("0001", "31429", "2025-06-10"),
        ("0002", "31178", "2025-06-10"),
        ("0003", "31396", "2025-08-05"),
        ("0004", "31396", "2026-08-05"),
    ] {
        let mut body = feedback(number, day);
        body["org_unit_code"] = json!(unit);
        admin.post(FEEDBACK, &body).await.expect(201);
    }
    let received = async |query: &str| {
        let period = "received_from=2025-01-01&received_to=2025-12-31";
        let told = admin.get(&format!("{FEEDBACK}/summary?{period}&{query}")).await.expect(200);
        ["received", "units"].map(|count| told[count].as_i64().unwrap())
    };
    assert_eq!(received("org_unit_code=31396").await, [2, 3], "with the two that were merged into it");
    assert_eq!(
        received("org_unit_code=92&scope=subtree").await[0],
        3,
        "the province has the divided one too"
    );
    assert_eq!(received("org_unit_code=31120").await[0], 0, "nobody knows which part of it");
    assert_eq!(received("org_unit_code=31429&as_of=2025-06-30").await, [1, 1]);
    let own = app.person("xa.hiephung", "inspector", "31396").await;
    let period = "received_from=2025-01-01&received_to=2025-12-31";
    let told = own.get(&format!("{FEEDBACK}/summary?{period}&org_unit_code=31396")).await.expect(200);
    assert_eq!(told["received"], 2);
}
