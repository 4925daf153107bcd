//! What units do so that people can use online services.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_two_helpers_of_the_report_are_told,
    what_was_not_counted_is_not_zero,
    activities_are_found_by_kind_day_and_words,
    a_unit_tells_of_itself_alone,
    what_does_not_hold_together_is_refused_or_noticed,
    a_list_goes_on_where_it_ended,
    a_unit_with_an_activity_is_not_deleted,
];

const ACTIVITIES: &str = "/api/v1/tthc/support-activities";

fn activity(kind: &str, title: &str, starts_on: &str) -> Value {
    json!({"org_unit_code": "31396", "kind": kind, "title": title, "starts_on": starts_on, "assigned_persons": 1})
}

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{ACTIVITIES}?{query}")).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

/// The report of Phụng Hiệp: "phân công 02 công chức (thuộc Văn phòng HĐND và UBND huyện) hỗ trợ tổ chức, cá
/// nhân nộp hồ sơ trực tuyến tại Bộ phận Tiếp nhận và trả kết quả huyện."
async fn the_two_helpers_of_the_report_are_told(app: TestApp) {
    let admin = app.admin().await;
    let body = json!({
        "org_unit_code": "934", "kind": "helper_assignment", "starts_on": "2024-01-01",
        "title": "Phân công công chức Văn phòng HĐND và UBND huyện hỗ trợ nộp hồ sơ trực tuyến",
        "place": "Bộ phận Tiếp nhận và trả kết quả huyện", "assigned_persons": 2,
    });
    let made = admin.post(ACTIVITIES, &body).await.expect(201);
    assert_eq!((&made["assigned_persons"], &made["org_unit_name"]), (&json!(2), &json!("Huyện Phụng Hiệp")));
    assert_eq!(made["ends_on"], Value::Null, "they help on");
    let on = |day: &str| format!("org_unit_code=934&as_of=2024-06-30&on={day}");
    assert_eq!(titles(&admin, &on("2024-07-02")).await.len(), 1);
    assert_eq!(titles(&admin, &on("2023-12-31")).await.len(), 0);
}

async fn what_was_not_counted_is_not_zero(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let mut body = activity("campaign", "Ra quân hỗ trợ định danh điện tử", "2026-03-02");
    body["ends_on"] = json!("2026-03-20");
    body["people_supported"] = json!(0);
    let made = editor.post(ACTIVITIES, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!((&made["people_supported"], &made["leaflets"]), (&json!(0), &Value::Null));
    let changed = editor.patch(&place, &etag, &json!({"people_supported": null, "leaflets": 500})).await;
    let changed = changed.expect(200);
    assert_eq!((&changed["people_supported"], &changed["leaflets"]), (&Value::Null, &json!(500)));
    let csv = editor.with("accept", "text/csv").get(ACTIVITIES).await;
    let rows = crate::listing::records(&csv.text());
    let column = |name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    assert_eq!((&rows[1][column("leaflets")], &rows[1][column("people_supported")]), ("500", ""));
    for count in [-1_i64, 1_000_000_001] {
        let mut body = activity("training", "Tập huấn", "2026-03-02");
        body["participants"] = json!(count);
        assert_eq!(editor.post(ACTIVITIES, &body).await.faults(422, "invalid"), ["/participants"]);
    }
}

async fn activities_are_found_by_kind_day_and_words(app: TestApp) {
    let admin = app.admin().await;
    let mut training = activity("training", "Tập huấn dịch vụ công", "2026-03-02");
    training["ends_on"] = json!("2026-03-02");
    let news = activity("communication", "Tuyên truyền trên Đài truyền thanh", "2026-01-05");
    for body in [&training, &news] {
        admin.post(ACTIVITIES, body).await.expect(201);
    }
    let (training, news) = ("Tập huấn dịch vụ công", "Tuyên truyền trên Đài truyền thanh");
    for (query, expected) in [
        ("kind=training", vec![training]),
        ("starts_from=2026-01-06", vec![training]),
        ("starts_to=2026-03-01", vec![news]),
        ("on=2026-03-02", vec![training, news]),
        ("on=2026-03-03", vec![news]),
        ("on=2026-01-04", vec![]),
        ("q=dai+TRUYEN", vec![news]),
        ("sort=starts_on", vec![news, training]),
        ("org_unit_code=92&scope=subtree", vec![training, news]),
        ("org_unit_code=92&scope=children", vec![training, news]),
        ("org_unit_code=92", vec![]),
    ] {
        assert_eq!(titles(&admin, query).await, expected, "{query}");
    }
    let far = admin.get(&format!("{ACTIVITIES}?on=%2B10000-01-01")).await;
    assert_eq!(far.faults(422, "invalid"), ["/on"]);
}

async fn a_unit_tells_of_itself_alone(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("so.noivu", "reviewer", "92").await;
    let body = activity("training", "Tập huấn", "2026-03-02");
    assert_eq!(other.post(ACTIVITIES, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    reviewer.post(ACTIVITIES, &body).await.problem(403, "forbidden");
    let made = editor.post(ACTIVITIES, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    other.get(&place).await.problem(404, "not-found");
    other.patch(&place, &etag, &json!({"note": "x"})).await.problem(404, "not-found");
    reviewer.patch(&place, &etag, &json!({"note": "x"})).await.problem(403, "forbidden");
    assert_eq!((titles(&other, "").await.len(), titles(&reviewer, "").await.len()), (0, 1));
    let mut moved = body.clone();
    moved["org_unit_code"] = json!("31399");
    assert_eq!(editor.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    app.seal().await;
    let told = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=support_activity").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&editor).await, told(&other).await), (1, 0), "the feed is confined likewise");
}

async fn what_does_not_hold_together_is_refused_or_noticed(app: TestApp) {
    let admin = app.admin().await;
    let mut body = activity("helper_assignment", "Phân công", "2026-03-02");
    body["ends_on"] = json!("2026-03-01");
    body["assigned_persons"] = json!(0);
    body["document_on"] = json!("2026-03-01");
    let mut faults = admin.post(ACTIVITIES, &body).await.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(faults, ["/assigned_persons", "/document_number", "/ends_on"]);
    let mut odd = activity("online_submission_support", "Hỗ trợ tại chỗ", "2026-03-02");
    odd["document_number"] = json!("35/2024/KH-UBND");
    odd["document_on"] = json!("2026-02-27");
    odd["people_supported"] = json!(0);
    odd["dossiers_supported"] = json!(12);
    let made = admin.post(ACTIVITIES, &odd).await.expect(201);
    let codes: Vec<_> = made["remarks"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["number_year", "dossiers_of_nobody"]);
    let again = activity("online_submission_support", "HỖ TRỢ  tại chỗ", "2026-03-02");
    admin.post(ACTIVITIES, &again).await.problem(409, "duplicate");
    admin.post(ACTIVITIES, &activity("campaign", "Hỗ trợ tại chỗ", "2026-03-02")).await.expect(201);
}

async fn a_list_goes_on_where_it_ended(app: TestApp) {
    let admin = app.admin().await;
    for title in ["A", "B", "C", "D", "E"] {
        admin.post(ACTIVITIES, &activity("campaign", title, "2026-03-02")).await.expect(201);
    }
    for unit in ["org_unit_code=31396", "org_unit_code=92&scope=subtree"] {
        let query = format!("{unit}&limit=2&include_total=true");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("{ACTIVITIES}?{query}{cursor}")).await.expect(200);
            assert_eq!(page["total"], 5);
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|one| one["title"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, ["E", "D", "C", "B", "A"], "{query}: each once, though all begin on one day");
    }
}

async fn a_unit_with_an_activity_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let unit = json!({"name": "Phòng thử nghiệm", "kind": "specialised_agency", "code": "PTN", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post("/api/v1/organization/org-units", &unit).await;
    let (place, etag) = (unit.header("location"), unit.etag());
    let mut body = activity("training", "Tập huấn", "2026-03-02");
    body["org_unit_code"] = json!("PTN");
    let made = admin.post(ACTIVITIES, &body).await;
    admin.delete(&place, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&made.header("location"), &made.etag()).await.status, 204);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}
