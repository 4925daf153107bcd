//! Statistics of dossiers, which of them are late, and who apologised.

use serde_json::{Value, json};
use tthc::dossiers::summaries::fold::fold;

use super::another_province;
use super::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    statistics_tell_rates_and_times_with_their_parts,
    each_month_carries_over_what_the_one_before_left,
    a_unit_has_what_went_whole_into_it_and_a_divided_one_stands_by_itself,
    a_year_is_held_against_the_one_before,
    statistics_say_what_is_missing_and_are_of_units_in_reach,
    overdue_dossiers_are_listed_the_longest_first,
    what_is_due_by_the_hour_is_overdue_on_that_very_day,
    late_dossiers_without_an_apology_are_listed,
    what_is_overdue_at_units_that_ended_is_listed_where_it_is_counted,
    what_is_overdue_goes_with_a_unit_that_comes_to_another_province,
];

const STATISTICS: &str = "/api/v1/tthc/statistics";
const OVERDUE: &str = "/api/v1/tthc/statistics/overdue";
const APOLOGIES: &str = "/api/v1/tthc/apologies";

async fn made(client: &Client, members: impl IntoIterator<Item = Value>) {
    let lines: Vec<Value> = (1..).zip(members).map(|(number, one)| with(dossier(number), one)).collect();
    client.post(&format!("{DOSSIERS}/batch"), &json!(lines)).await.expect(200);
}

async fn statistics(client: &Client, query: &str) -> Value {
    client.get(&format!("{STATISTICS}?{query}")).await.expect(200)
}

/// The codes of a list, in its order.
async fn codes(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

async fn statistics_tell_rates_and_times_with_their_parts(app: TestApp) {
    let admin = catalogue(&app).await;
    // Resolved after two, five, and six working days, the last one too late; one is pending.
    let days = ["2026-11-04T02:00:00Z", "2026-11-09T02:00:00Z", "2026-11-10T02:00:00Z"];
    let resolved = days.map(|at| json!({"resolved_at": at, "channel": "postal"}));
    made(&admin, resolved.into_iter().chain([json!({})])).await;
    let query = "org_unit_code=31396&from=2026-11-01&to=2026-11-23&by=channel";
    let fresh = statistics(&admin, query).await;
    fold(&app.state.db, 1).await.unwrap();
    let told = statistics(&admin, query).await;
    assert_eq!(fresh, told, "folding changes nothing");
    let rows = told["rows"].as_array().unwrap();
    let channels: Vec<_> = rows.iter().map(|row| &row["subject"]["channel"]).collect();
    assert_eq!(channels, ["online", "postal"], "what nobody used has no row");
    let postal = &rows[1]["figures"];
    assert_eq!(postal["on_time"], json!({"numerator": 2, "denominator": 3, "rate_percent": 66.67}));
    let times = json!({
        "known": 3, "sum_working_days": 13, "mean_working_days": 4.33, "p90_working_days": 6
    });
    assert_eq!(postal["times"], times);
    let online = &rows[0]["figures"];
    assert_eq!((&online["pending_overdue"], &online["resolved_total"]), (&json!(1), &json!(0)));
    assert_eq!(online["on_time"]["rate_percent"], json!(null), "nothing was resolved");
    assert_eq!((&told["totals"]["received"], &told["generated"]), (&json!(4), &json!(false)));
    let by_procedure = statistics(&admin, &query.replace("channel", "procedure")).await;
    assert_eq!(by_procedure["rows"][0]["subject"]["procedure_code"], "1.001193");
    assert_eq!(by_procedure["rows"][0]["subject"]["procedure_name"], "Đăng ký khai sinh");
    assert_eq!(by_procedure["rows"][0]["figures"], told["totals"]);
}

async fn each_month_carries_over_what_the_one_before_left(app: TestApp) {
    let admin = catalogue(&app).await;
    let september = json!({"received_at": "2026-09-14T02:00:00Z", "resolved_at": "2026-11-03T02:00:00Z"});
    let october = json!({"received_at": "2026-10-05T02:00:00Z", "resolved_at": "2026-10-06T02:00:00Z"});
    made(&admin, [september, october]).await;
    fold(&app.state.db, 1).await.unwrap();
    let told = statistics(&admin, "org_unit_code=31396&from=2026-09-10&to=2026-11-23&by=month").await;
    let rows = told["rows"].as_array().unwrap();
    let row = |row: &Value| {
        let figures = &row["figures"];
        let count = |name: &str| figures[name].as_i64().unwrap();
        let month = row["subject"]["month"].as_str().unwrap().to_owned();
        (month, ["received", "carried_over", "resolved_total", "pending_overdue"].map(count))
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let expected = [
        ("2026-09-10".to_owned(), [1, 0, 0, 1]),
        ("2026-10-01".to_owned(), [1, 1, 1, 1]),
        ("2026-11-01".to_owned(), [0, 1, 1, 0]),
    ];
    assert_eq!(rows, expected);
    assert_eq!((&told["totals"]["received"], &told["totals"]["carried_over"]), (&json!(2), &json!(0)));
}

/// Dossiers of communes before and after 1 July 2025.
async fn around_the_reform(app: &TestApp) -> Client {
    let admin = catalogue(app).await;
    let of = |unit: &str, received: &str, resolved: &str| json!({"receiving_unit_code": unit, "received_at": received, "resolved_at": resolved});
    let dossiers = [
        of("31429", "2025-06-09T02:00:00Z", "2025-06-11T02:00:00Z"),
        of("31178", "2025-06-09T02:00:00Z", "2025-06-12T02:00:00Z"),
        of("31396", "2025-08-04T02:00:00Z", "2025-08-08T02:00:00Z"),
        of("31396", "2026-08-03T02:00:00Z", "2026-08-04T02:00:00Z"),
    ];
    made(&admin, dossiers).await;
    fold(&app.state.db, 1).await.unwrap();
    admin
}

async fn a_unit_has_what_went_whole_into_it_and_a_divided_one_stands_by_itself(app: TestApp) {
    let admin = around_the_reform(&app).await;
    let year = "from=2025-01-01&to=2025-12-31&by=unit";
    let province = statistics(&admin, &format!("org_unit_code=92&scope=subtree&{year}")).await;
    let rows: Vec<_> = province["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let subject = &row["subject"];
            (&subject["unit"]["org_unit_code"], &subject["divided"], &row["figures"]["received"])
        })
        .collect();
    let (one, two) = (json!(1), json!(2));
    let (whole, divided) = (json!(false), json!(true));
    let (merged, parted) = (json!("31396"), json!("31178"));
    assert_eq!(rows, [(&parted, &divided, &one), (&merged, &whole, &two)]);
    let successors = province["rows"][0]["subject"]["successors"].as_array().unwrap();
    let successors: Vec<_> = successors.iter().map(|unit| &unit["org_unit_code"]).collect();
    assert_eq!(successors, ["31120", "31168"]);
    let is_told = |divided: &Value, counted: bool| {
        let units = divided["divided"].as_array().unwrap();
        units.iter().any(|one| one["unit"]["org_unit_code"] == "31178" && one["counted"] == counted)
    };
    assert!(is_told(&province, true), "the province has all of it");
    let own = statistics(&admin, &format!("org_unit_code=31396&{year}")).await;
    assert_eq!(own["totals"]["received"], 2);
    let part = statistics(&admin, &format!("org_unit_code=31120&{year}")).await;
    assert_eq!(part["totals"]["received"], 0, "nobody knows which part of it");
    assert!(is_told(&part, false));
    let before = statistics(&admin, &format!("org_unit_code=31178&as_of=2025-06-30&{year}")).await;
    assert_eq!(before["totals"]["received"], 1, "on the structure of its own days");
}

async fn a_year_is_held_against_the_one_before(app: TestApp) {
    let admin = around_the_reform(&app).await;
    let query = "org_unit_code=31396&from=2026-01-01&to=2026-11-23&comparison=previous_year";
    for by in ["unit", "month", "procedure"] {
        let told = statistics(&admin, &format!("{query}&by={by}")).await;
        assert_eq!(told["totals"]["received"], 1, "{by}");
        assert_eq!(told["previous_totals"]["received"], 2, "{by}");
        let rows = told["rows"].as_array().unwrap();
        let previous: i64 = rows.iter().map(|row| row["previous"]["received"].as_i64().unwrap()).sum();
        assert_eq!(previous, 2, "{by}");
    }
    let months = statistics(&admin, &format!("{query}&by=month")).await;
    let august = &months["rows"][7];
    assert_eq!(august["subject"]["month"], "2026-08-01");
    assert_eq!(august["figures"]["times"]["sum_working_days"], 1);
    assert_eq!(august["previous"]["times"]["sum_working_days"], 4);
    let plain = statistics(&admin, "org_unit_code=31396&from=2026-01-01&to=2026-11-23").await;
    assert_eq!((&plain["previous_totals"], &plain["rows"][0]["previous"]), (&json!(null), &json!(null)));
}

async fn statistics_say_what_is_missing_and_are_of_units_in_reach(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q4").await;
    made(&admin, [json!({})]).await;
    let quarter = statistics(&admin, "org_unit_code=31396&period_code=2026-Q4").await;
    assert_eq!((&quarter["from"], &quarter["to"]), (&json!("2026-10-01"), &json!("2026-12-31")));
    assert_eq!(quarter["totals"]["received"], 1);
    let fault = async |query: &str| {
        let refused = admin.get(&format!("{STATISTICS}?org_unit_code=31396&{query}")).await;
        let refused = refused.problem(422, "invalid");
        refused["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(fault("from=2026-11-01").await, "required");
    assert_eq!(fault("from=2026-11-02&to=2026-11-01").await, "before_start");
    assert_eq!(fault("from=2010-11-02&to=2026-11-01&by=month").await, "too_many_months");
    assert_eq!(fault("period_code=2031-Q1").await, "unknown_period");
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(statistics(&clerk, "org_unit_code=31396&period_code=2026-Q4").await["totals"]["received"], 1);
    let other = format!("{STATISTICS}?org_unit_code=31399&period_code=2026-Q4");
    clerk.get(&other).await.problem(403, "forbidden");
    let province = format!("{STATISTICS}?org_unit_code=92&scope=subtree&period_code=2026-Q4");
    clerk.get(&province).await.problem(403, "forbidden");
}

async fn overdue_dossiers_are_listed_the_longest_first(app: TestApp) {
    let admin = catalogue(&app).await;
    let due = |day: &str| json!({"due_at": format!("2026-11-{day}T02:00:00Z")});
    let waiting = with(due("05"), json!({"status": "awaiting_supplement"}));
    let late = with(due("05"), json!({"resolved_at": "2026-11-10T02:00:00Z"}));
    let elsewhere = with(due("06"), json!({"resolving_unit_code": "31399"}));
    made(&admin, [due("20"), due("06"), due("23"), waiting, late, elsewhere]).await;
    let own = format!("{OVERDUE}?org_unit_code=31396");
    assert_eq!(codes(&admin, &own).await, ["H13.44-261102-0002", "H13.44-261102-0001"]);
    let page = admin.get(&format!("{own}&limit=1&include_total=true")).await.expect(200);
    assert_eq!((&page["total"], &page["items"][0]["due_on"]), (&json!(2), &json!("2026-11-06")));
    assert_eq!(page["items"][0]["working_days_late"], 11, "from Friday the sixth to Monday the 23rd");
    let next = format!("{own}&limit=1&include_total=true&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(codes(&admin, &next).await, ["H13.44-261102-0001"]);
    assert_eq!(codes(&admin, &format!("{own}&as_of=2026-11-20")).await, ["H13.44-261102-0002"]);
    assert_eq!(codes(&admin, &format!("{OVERDUE}?org_unit_code=92&scope=subtree")).await.len(), 3);
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(codes(&clerk, OVERDUE).await.len(), 2, "what another resolves is for that one to look after");
    let everywhere = admin.get(&format!("{OVERDUE}?include_total=true")).await.expect(200);
    assert_eq!(everywhere["total"], 3);
    assert!(!everywhere.to_string().contains("Người"), "nobody's name is told: {everywhere}");
    // Once the papers have come the clock goes on; once it is resolved it is overdue no longer.
    let found = admin.get(&format!("{DOSSIERS}?code=H13.44-261102-0002")).await.expect(200);
    let path = format!("{DOSSIERS}/{}", found["items"][0]["id"].as_str().unwrap());
    admin.post(&format!("{path}/resolution"), &json!({})).await.expect(200);
    assert_eq!(codes(&admin, &own).await, ["H13.44-261102-0001"]);
}

/// At noon on Monday 23 November: eight office hours from ten past nine on Friday end at twenty to ten, those from two
/// o'clock in the afternoon.
async fn what_is_due_by_the_hour_is_overdue_on_that_very_day(app: TestApp) {
    let admin = catalogue(&app).await;
    let procedure = json!({
        "code": "1.000656", "name": "Chứng thực bản sao", "level": "commune",
        "deadlines": [{"value": 8, "unit": "working_hour"}],
    });
    admin.post("/api/v1/tthc/procedures", &procedure).await.expect(201);
    let received = |at: &str| json!({"procedure_code": "1.000656", "received_at": at});
    let by_day = json!({"due_at": "2026-11-23T02:00:00Z"});
    made(&admin, [received("2026-11-20T02:10:00Z"), received("2026-11-20T07:00:00Z"), by_day]).await;
    let own = format!("{OVERDUE}?org_unit_code=31396");
    let page = admin.get(&format!("{own}&include_total=true")).await.expect(200);
    let late = &page["items"][0];
    assert_eq!((&page["total"], &late["code"]), (&json!(1), &json!("H13.44-261102-0001")));
    assert_eq!((&late["due_on"], &late["working_days_late"]), (&json!("2026-11-23"), &json!(0)));
    assert_eq!(codes(&admin, &format!("{own}&as_of=2026-11-22")).await, [""; 0]);
    assert_eq!(codes(&admin, &format!("{own}&as_of=2026-11-24")).await.len(), 3);
    assert_eq!(codes(&admin, &format!("{APOLOGIES}?org_unit_code=31396")).await, ["H13.44-261102-0001"]);
    let dossier =
        admin.get(&format!("{DOSSIERS}?code=H13.44-261102-0001")).await.expect(200)["items"][0].clone();
    assert_eq!(dossier["timeliness"], "overdue", "as the dossier itself says");
    let path = format!("{DOSSIERS}/{}/resolution", dossier["id"].as_str().unwrap());
    admin.post(&path, &json!({})).await.expect(200);
    assert_eq!(codes(&admin, &own).await, [""; 0]);
    let resolved = format!("{APOLOGIES}?org_unit_code=31396&outcome=resolved");
    assert_eq!(codes(&admin, &resolved).await, ["H13.44-261102-0001"]);
}

async fn late_dossiers_without_an_apology_are_listed(app: TestApp) {
    let admin = catalogue(&app).await;
    let pending = json!({"due_at": "2026-11-05T02:00:00Z"});
    let late = json!({"due_at": "2026-11-04T02:00:00Z", "resolved_at": "2026-11-10T02:00:00Z"});
    let in_time = json!({"due_at": "2026-11-12T02:00:00Z", "resolved_at": "2026-11-10T02:00:00Z"});
    let apologised = json!({"due_at": "2026-11-03T02:00:00Z", "resolved_at": "2026-11-10T02:00:00Z", "rescheduled_to": "2026-11-11"});
    made(&admin, [pending, late, in_time, apologised]).await;
    let own = format!("{APOLOGIES}?org_unit_code=31396");
    assert_eq!(codes(&admin, &own).await, ["H13.44-261102-0002", "H13.44-261102-0001"]);
    assert_eq!(codes(&admin, &format!("{own}&outcome=pending")).await, ["H13.44-261102-0001"]);
    assert_eq!(codes(&admin, &format!("{own}&outcome=resolved")).await, ["H13.44-261102-0002"]);
    assert_eq!(codes(&admin, &format!("{own}&due_from=2026-11-05")).await, ["H13.44-261102-0001"]);
    assert_eq!(codes(&admin, &format!("{own}&state=given")).await, ["H13.44-261102-0004"]);
    let found = admin.get(&format!("{DOSSIERS}?code=H13.44-261102-0001")).await.expect(200);
    let path = format!("{DOSSIERS}/{}", found["items"][0]["id"].as_str().unwrap());
    let letter = json!({
        "rescheduled_to": "2026-11-30", "apology": "Xin lỗi vì trả kết quả chậm.",
        "letter_number": "15/TXL-UBND", "signed_on": "2026-11-20", "signer_title": "Phó Chủ tịch UBND xã",
    });
    for (day, code) in [("2026-11-01", "before_received"), ("2026-11-24", "after_sending")] {
        let wrong = with(letter.clone(), json!({"signed_on": day}));
        let refused = admin.post(&format!("{path}/extensions"), &wrong).await.problem(422, "invalid");
        assert_eq!(
            (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
            (&json!("/signed_on"), &json!(code))
        );
    }
    admin.post(&format!("{path}/extensions"), &letter).await.expect(200);
    let history = admin.get(&format!("{path}/history")).await.expect(200);
    for name in ["letter_number", "signed_on", "signer_title"] {
        assert_eq!((&history["items"][0][name], &history["items"][1][name]), (&json!(null), &letter[name]));
    }
    let given = admin.get(&format!("{own}&state=given&include_total=true")).await.expect(200);
    assert_eq!((&given["total"], &given["items"][1]["rescheduled_to"]), (&json!(2), &json!("2026-11-30")));
    assert_eq!(given["items"][0]["working_days_late"], 5);
    let told = ["letter_number", "signed_on", "signer_title"];
    assert_eq!(told.map(|name| &given["items"][1][name]), told.map(|name| &letter[name]));
    assert_eq!(told.map(|name| &given["items"][0][name]), [&json!(null); 3], "nobody told of its letter");
    let csv = admin.with("accept", "text/csv").get(&own).await.text();
    assert_eq!(csv.lines().count(), 2, "a heading, and the one that lacks an apology: {csv}");
    assert!(csv.contains("H13.44-261102-0002"));
}

/// Both communes ended on 1 July 2025 and never handed over what was pending: one went whole into Hiệp Hưng, the other
/// was divided.
async fn what_is_overdue_at_units_that_ended_is_listed_where_it_is_counted(app: TestApp) {
    let admin = catalogue(&app).await;
    let of = |unit: &str, day: &str| json!({"receiving_unit_code": unit, "received_at": format!("2025-06-{day}T02:00:00Z")});
    made(&admin, [of("31429", "09"), of("31178", "10")]).await;
    let (merged, divided) = ("H13.44-261102-0001", "H13.44-261102-0002");
    let cases = [
        ("31396", vec![merged]),
        ("92", vec![divided]),
        ("92&scope=subtree", vec![merged, divided]),
        ("31120", vec![]),
    ];
    for (unit, expected) in cases {
        let days = "from=2025-01-01&to=2026-11-23";
        let counted = statistics(&admin, &format!("org_unit_code={unit}&{days}")).await;
        assert_eq!(counted["totals"]["pending_overdue"], expected.len(), "{unit}");
        for list in [OVERDUE, APOLOGIES] {
            let list = format!("{list}?org_unit_code={unit}");
            assert_eq!(codes(&admin, &list).await, expected, "{list}");
            let page = admin.get(&format!("{list}&limit=1&include_total=true")).await.expect(200);
            assert_eq!(page["total"], expected.len(), "{list}");
        }
    }
    let own = format!("{OVERDUE}?org_unit_code=31396");
    let page = admin.get(&own).await.expect(200);
    assert_eq!(page["items"][0]["org_unit_code"], "31429", "by the name of the one that has it");
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(codes(&clerk, &own).await, [merged]);
    let neighbour = app.person("xa.phunghiep", "editor", "31399").await;
    assert_eq!(codes(&neighbour, &own).await, [""; 0]);
}

async fn what_is_overdue_goes_with_a_unit_that_comes_to_another_province(app: TestApp) {
    let admin = catalogue(&app).await;
    made(&admin, [json!({"received_at": "2026-10-05T02:00:00Z"})]).await;
    let before = app.person("tp.cantho", "reviewer", "92").await;
    let after = another_province(&app, "31396", "2026-11-01").await;
    for list in [OVERDUE, APOLOGIES] {
        let former = format!("{list}?org_unit_code=92&scope=subtree&as_of=2026-10-31");
        assert_eq!(codes(&admin, &former).await.len(), 1, "on the structure of that day");
        assert_eq!(codes(&before, &former).await, [""; 0]);
        let present = format!("{list}?org_unit_code=77&scope=subtree");
        assert_eq!(codes(&after, &present).await, ["H13.44-261102-0001"]);
    }
}
