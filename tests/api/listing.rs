//! Lists as one stream: CSV for spreadsheets, NDJSON for machines.

use std::io::{Read, Write};

use kernel::text::fold;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::app::PASSWORD;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    all_units_of_a_day_come_in_one_file,
    a_spreadsheet_program_runs_no_formula_and_knows_utf8,
    a_stream_holds_what_the_reader_reaches_and_no_more,
    what_says_nothing_in_a_form_is_refused,
    a_page_is_what_most_clients_get,
    a_stream_breaks_when_its_reader_is_shut_out,
    pages_over_several_units_come_in_one_order,
];

const UNITS: &str = "/api/v1/organization/org-units";
const PERIODS: &str = "/api/v1/reporting/periods";

pub fn records(csv: &str) -> Vec<csv::StringRecord> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes())
        .records()
        .collect::<Result<_, _>>()
        .unwrap()
}

async fn csv_of(client: &Client, path: &str) -> String {
    let answer = client.with("accept", "text/csv").get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    answer.text()
}

async fn all_units_of_a_day_come_in_one_file(app: TestApp) {
    let admin = app.admin().await;
    let path = format!("{UNITS}?as_of=2024-06-30&sort=-name");
    let total = admin.get(&format!("{path}&include_total=true&limit=1")).await.expect(200)["total"].clone();
    let answer = admin.with("accept", "application/x-ndjson").get(&path).await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"org-units.ndjson\"");
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines.len()), total);
    let names: Vec<_> = lines.iter().map(|unit| fold(unit["name"].as_str().unwrap())).collect();
    assert!(names.windows(2).all(|pair| pair[0] >= pair[1]), "in the order that was asked for");
    let mut ids: Vec<_> = lines.iter().map(|unit| unit["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), lines.len(), "each once");

    let text = csv_of(&admin, &path).await;
    let rows = records(&text);
    assert_eq!(rows.len(), lines.len() + 1, "and a line of names");
    assert!(text.ends_with("\r\n"));
    let name = rows[0].iter().position(|column| column == "full_name").unwrap();
    let code = rows[0].iter().position(|column| column == "code").unwrap();
    let district = rows.iter().find(|row| &row[code] == "934").unwrap();
    assert_eq!(&district[name], "Huyện Phụng Hiệp");
}

async fn a_spreadsheet_program_runs_no_formula_and_knows_utf8(app: TestApp) {
    let admin = app.admin().await;
    let name = "=HYPERLINK(\"http://a.example\"; \"Hộ, tịch\")";
    admin.post("/api/v1/tthc/procedure-fields", &json!({"name": name})).await.expect(201);
    let path = "/api/v1/tthc/procedure-fields?bom=true";
    let text = csv_of(&admin, path).await;
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let rows = records(text);
    let column = rows[0].iter().position(|column| column == "name").unwrap();
    assert_eq!(&rows[1][column], format!("'{name}"));
}

async fn a_stream_holds_what_the_reader_reaches_and_no_more(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let returns = "/api/v1/tthc/processing-returns";
    for code in ["31396", "31399"] {
        let line = json!({"org_unit_code": code, "period_code": "2026-Q3", "handling_level": "commune"});
        admin.post(returns, &line).await.expect(201);
    }
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let rows = records(&csv_of(&editor, returns).await);
    assert_eq!(rows.len(), 2, "the names, and the unit's own return");
    let code = rows[0].iter().position(|column| column == "org_unit_code").unwrap();
    assert_eq!(&rows[1][code], "31396");
    app.anonymous().with("accept", "text/csv").get(returns).await.problem(401, "unauthorized");
}

async fn what_says_nothing_in_a_form_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let csv = admin.with("accept", "text/csv");
    for (query, pointer) in
        [("limit=10", "/limit"), ("include_total=true", "/include_total"), ("cursor=aa", "/cursor")]
    {
        assert_eq!(csv.get(&format!("{PERIODS}?{query}")).await.faults(422, "invalid"), [pointer]);
    }
    assert_eq!(admin.get(&format!("{PERIODS}?bom=true")).await.faults(422, "invalid"), ["/bom"]);
    let problem = csv.get(&format!("{PERIODS}?colour=red")).await;
    problem.problem(400, "invalid-parameter");
}

async fn a_page_is_what_most_clients_get(app: TestApp) {
    let admin = app.admin().await;
    for accept in
        ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json, text/csv;q=0.5", "image/png"]
    {
        let answer = admin.with("accept", accept).get(PERIODS).await;
        assert_eq!(answer.header("content-type"), "application/json", "{accept}");
        assert!(answer.header("vary").contains("accept"), "{}", answer.header("vary"));
        answer.expect(200);
    }
    csv_of(&admin.with("accept-encoding", "identity"), PERIODS).await;
}

/// What can be read of a stream whose reader is shut out while the server waits for them to read on.
async fn a_stream_breaks_when_its_reader_is_shut_out(app: TestApp) {
    let admin = app.admin().await;
    app.person("thanh.tra", "inspector", "92").await;
    let form = [("grant_type", "password"), ("username", "thanh.tra"), ("password", PASSWORD)];
    let token = app.token(&form).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let batch = format!("{PERIODS}/batch");
    for part in crate::batch::months(30_000).chunks(10_000) {
        admin.post(&batch, &json!(part)).await.expect(200);
    }
    // So little room that the server cannot have sent more than a part: the list is several times what a
    // kernel keeps for a sender at most (4 MiB).
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(app.address().parse().unwrap()).await.unwrap();
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let request = format!(
        "GET {PERIODS} HTTP/1.1\r\nHost: cchc\r\nAuthorization: Bearer {token}\r\n\
         Accept: application/x-ndjson\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");

    let users = admin.get("/api/v1/admin/users?username=thanh.tra").await.expect(200);
    let path = format!("/api/v1/admin/users/{}", users["items"][0]["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"active": false})).await.expect(200);

    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        (ended.is_ok() && rest.ends_with(b"0\r\n\r\n"), rest.len())
    });
    let (whole, length) = rest.await.unwrap();
    assert!(!whole, "{length} bytes came, to the end");
}

/// All pages of a list, so many records each.
async fn paged(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = format!("{path}&limit={limit}");
    while !next.is_empty() {
        let page = client.get(&next).await;
        let link = page.header("link");
        let page = page.expect(200);
        let page = page["items"].as_array().unwrap();
        assert!(page.len() == limit || link.is_empty(), "only the last page is shorter");
        items.extend(page.iter().cloned());
        next = link.strip_prefix('<').map(|l| l.split('>').next().unwrap().to_owned()).unwrap_or_default();
    }
    items
}

async fn pages_over_several_units_come_in_one_order(app: TestApp) {
    const RETURNS: &str = "/api/v1/tthc/processing-returns";
    let admin = app.admin().await;
    let units = admin
        .get(&format!("{UNITS}?as_of=2024-06-30&org_unit_code=934&scope=children&limit=200"))
        .await
        .expect(200);
    let codes: Vec<_> = units["items"].as_array().unwrap().iter().map(|unit| unit["code"].clone()).collect();
    for month in ["2024-04", "2024-05"] {
        app.period("month", month).await;
        for code in codes.iter().filter(|code| **code != "934") {
            let line = json!({"org_unit_code": code, "period_code": month, "handling_level": "commune"});
            admin.post(RETURNS, &line).await.expect(201);
            app.pass(1);
        }
    }
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].to_string()).collect::<Vec<_>>();
    let all = ids(&paged(&admin, &format!("{RETURNS}?sort=created_at"), 200).await);
    assert_eq!(all.len(), 30);
    // One reaches the province whole; the other two communes, of which one took in others.
    let province = app.person("tp.cantho", "reviewer", "92").await;
    let path = format!("{RETURNS}?org_unit_code=934&as_of=2024-06-30&scope=subtree");
    assert_eq!(ids(&paged(&province, &format!("{path}&sort=created_at"), 7).await), all);
    let mut backwards = all.clone();
    backwards.reverse();
    assert_eq!(ids(&paged(&province, &format!("{path}&sort=-created_at"), 7).await), backwards);
    let counted = province.get(&format!("{path}&limit=1&include_total=true")).await.expect(200);
    assert_eq!(counted["total"], 30);
    let drafts = paged(&province, &format!("{RETURNS}?state=draft&sort=created_at"), 7).await;
    assert_eq!(ids(&drafts), all);
    assert_eq!(
        paged(&province, &format!("{RETURNS}?state=accepted&sort=created_at"), 7).await,
        Vec::<Value>::new()
    );

    let commune = app.person("xa.hiephung", "inspector", "31396").await;
    let seen = paged(&commune, &format!("{RETURNS}?sort=created_at"), 3).await;
    let reached: std::collections::BTreeSet<_> =
        seen.iter().map(|line| line["org_unit_id"].to_string()).collect();
    assert!(reached.len() > 1, "the commune and those that became part of it: {reached:?}");
    let expected: Vec<_> = all.iter().filter(|id| ids(&seen).contains(id)).cloned().collect();
    assert_eq!(ids(&seen), expected);
    let entries = paged(&commune, "/api/v1/admin/audit?record_type=processing_return", 3).await;
    let of_records: Vec<_> = entries.iter().map(|entry| entry["record_id"].to_string()).collect();
    let mut newest_first = expected.clone();
    newest_first.reverse();
    assert_eq!(of_records, newest_first);
}
