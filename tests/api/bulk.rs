//! Work that takes much memory or time: files and batches that would take more than they look like, and
//! what waits while others are at work.

use std::io::Cursor;

use rust_xlsxwriter::Formula;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::batch::{gzip, months, ndjson};
use crate::sheets::{DATA, XLSX, codes, one, part, records, rows, send, with_cell, with_part, workbook};
use crate::support::{Answer, Client, TestApp};
use crate::tell;

tell![
    what_a_spreadsheet_says_of_its_own_size_is_not_believed,
    a_text_that_no_cell_has_room_for_is_refused,
    one_text_in_ten_thousand_rows_is_not_copied_ten_thousand_times,
    an_archive_whose_parts_share_bytes_is_refused,
    all_parts_of_a_spreadsheet_have_one_limit,
    a_million_merged_regions_cost_nothing,
    a_file_that_was_cut_off_is_not_imported,
    a_body_that_breaks_off_is_no_broken_json,
    a_record_is_no_longer_in_a_batch_than_by_itself,
    a_million_faults_are_counted_and_a_thousand_told,
    ten_thousand_rows_wrong_in_every_column_come_back_marked,
    a_copy_names_the_cells_it_has,
    a_trial_names_no_record_that_is_not_there,
    bulk_work_waits_outside_and_single_writes_do_not,
    a_list_too_long_for_a_spreadsheet_is_refused_early,
];

const HOLIDAYS: &str = "/api/v1/reporting/holidays/import";
const PERIODS: &str = "/api/v1/reporting/periods/import";
const BATCH: &str = "/api/v1/reporting/periods/batch";
const SHEET: &str = "xl/worksheets/sheet1.xml";

async fn send_csv(client: &Client, path: &str, text: &str) -> Answer {
    client.send("POST", path, Some(("text/csv", text.as_bytes().to_vec()))).await
}

async fn what_a_spreadsheet_says_of_its_own_size_is_not_believed(app: TestApp) {
    let admin = app.admin().await;
    let whole = with_cell("Tết", |_| {});
    let texts = part(&whole, "xl/sharedStrings.xml");
    let lie = texts.replace("uniqueCount=\"", "uniqueCount=\"50000000000");
    assert_ne!(lie, texts);
    let answer = send(&admin, HOLIDAYS, with_part(&whole, "xl/sharedStrings.xml", lie.as_bytes())).await;
    assert_eq!(answer.expect(200)["created"], 1, "its texts are all there, whatever it says of them");

    let formula = with_cell("Tết", |page| {
        page.write_formula(1, 2, Formula::new("=B2")).unwrap();
    });
    let sheet = part(&formula, SHEET);
    let lie = sheet.replace("<f>", "<f t=\"shared\" si=\"500000000000\" ref=\"C2:C9\">");
    assert_ne!(lie, sheet);
    let refused = send(&admin, HOLIDAYS, with_part(&formula, SHEET, lie.as_bytes())).await;
    assert_eq!(codes(&refused), one("formula", "/2/name"));
    assert_eq!(admin.get("/health/live").await.status, 200, "the same process still lives");
}

async fn a_text_that_no_cell_has_room_for_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let refused = |name: String| {
        let (admin, whole) = (admin.clone(), with_cell("CHO", |_| {}));
        let texts = part(&whole, "xl/sharedStrings.xml").replace("CHO", &name);
        async move { send(&admin, HOLIDAYS, with_part(&whole, "xl/sharedStrings.xml", texts.as_bytes())).await }
    };
    let long = refused("ồ".repeat(32_768)).await;
    assert!(long.text().contains("C2"), "{}", long.text());
    assert_eq!(codes(&long), one("too_long", "/2"));
    assert_eq!(
        codes(&refused("ồ".repeat(32_767)).await),
        one("length", "/2/name"),
        "what a cell may hold is left to the field"
    );
    let csv = format!("day,kind,name\n2031-01-01,holiday,{}\n", "ồ".repeat(32_768));
    assert_eq!(codes(&send_csv(&admin, HOLIDAYS, &csv).await), one("too_long", "/2"));
}

async fn one_text_in_ten_thousand_rows_is_not_copied_ten_thousand_times(app: TestApp) {
    let admin = app.admin().await;
    let whole = workbook("holidays", &["name".to_owned()], &[vec![json!("ồ".repeat(32_767))]]);
    let page = part(&whole, SHEET);
    let (before, row) = page.split_at(page.find("<row r=\"3\"").unwrap());
    let (row, after) = row.split_once("</row>").unwrap();
    let numbered = |number: u32| {
        let row = row.replace("r=\"3\"", &format!("r=\"{number}\""));
        row.replace("r=\"A3\"", &format!("r=\"A{number}\"")) + "</row>"
    };
    let rows: String = (3..=10_002).map(numbered).collect();
    let file = with_part(&whole, SHEET, format!("{before}{rows}{after}").as_bytes());
    assert!(file.len() < 200_000, "a gigabyte, once it is copied: {}", file.len());
    send(&admin, HOLIDAYS, file).await.problem(413, "payload-too-large");
}

async fn an_archive_whose_parts_share_bytes_is_refused(app: TestApp) {
    let mut archive = zip::ZipWriter::new_append(Cursor::new(with_part(
        &with_cell("Tết", |_| {}),
        "xl/media/a",
        &[b' '; 99_999],
    )))
    .unwrap();
    for copy in 0..100 {
        archive.shallow_copy_file("xl/media/a", &format!("xl/media/{copy}")).unwrap();
    }
    let bomb = archive.finish().unwrap().into_inner();
    assert_eq!(codes(&send(&app.admin().await, HOLIDAYS, bomb).await), one("broken", ""));
}

async fn all_parts_of_a_spreadsheet_have_one_limit(app: TestApp) {
    let admin = app.admin().await;
    let whole = with_cell("Tết", |_| {});
    let longer = |name: &str, closing: &str| {
        let blanks = format!("{}{closing}", " ".repeat(33 << 20));
        part(&whole, name).replace(closing, &blanks)
    };
    let texts =
        with_part(&whole, "xl/sharedStrings.xml", longer("xl/sharedStrings.xml", "</sst>").as_bytes());
    assert_eq!(
        send(&admin, HOLIDAYS, texts.clone()).await.expect(200)["created"],
        1,
        "33 MB are not too much"
    );
    let both = with_part(&texts, SHEET, longer(SHEET, "</sheetData>").as_bytes());
    send(&admin, HOLIDAYS, both).await.problem(413, "payload-too-large");
}

async fn a_million_merged_regions_cost_nothing(app: TestApp) {
    let admin = app.admin().await;
    let day = json!("2031-01-01");
    let lines: Vec<_> = (0..2_000).map(|_| vec![day.clone(), json!("holiday"), json!("Tết")]).collect();
    let whole = workbook("holidays", &["day", "kind", "name"].map(String::from), &lines);
    let merged = |region: &str, count: usize| {
        let cell = format!("<mergeCell ref=\"{region}\"/>");
        let cells = format!("</sheetData><mergeCells>{}</mergeCells>", cell.repeat(count));
        with_part(&whole, SHEET, part(&whole, SHEET).replace("</sheetData>", &cells).as_bytes())
    };
    // Behind the columns they are of no interest, however many they are.
    let refused = send(&admin, HOLIDAYS, merged("F1:G2002", 1_000_000)).await;
    assert!(codes(&refused).iter().all(|(code, _)| code == "duplicate"), "{}", refused.text());
    assert_eq!(codes(&send(&admin, HOLIDAYS, merged("B2002:B2003", 1)).await), one("merged_cells", "/2002"));
    let below = send(&admin, HOLIDAYS, merged("A2003:C2009", 1)).await;
    assert!(codes(&below).iter().all(|(code, _)| code == "duplicate"), "{}", below.text());
}

async fn a_file_that_was_cut_off_is_not_imported(app: TestApp) {
    let admin = app.admin().await;
    let file = "day,kind,name\n2031-01-01,holiday,Tết\n2031-01-02,holiday,\"Tết, mùng hai\"\n";
    for end in (1..file.len()).rev().filter(|end| file.is_char_boundary(*end)) {
        let cut = &file[..end];
        let answer = send_csv(&admin, &format!("{HOLIDAYS}?dry_run=true"), cut).await;
        let whole_rows = cut.lines().skip(1).filter(|line| line.matches(',').count() >= 2).count();
        if answer.status == 200 {
            let report = answer.expect(200);
            assert_eq!(report["created"], whole_rows, "{cut:?}: {report}");
            let is_told = cut.ends_with(',') || cut.matches('"').count() % 2 == 1;
            assert!(!is_told || !cut.contains('\n'), "{cut:?}");
        } else {
            assert_eq!(answer.status, 422, "{cut:?}: {}", answer.text());
        }
    }
    let cut = send_csv(&admin, HOLIDAYS, &file[..file.len() - 2]).await;
    assert_eq!(codes(&cut), one("open_quote", "/3"));
    let cut = send_csv(&admin, HOLIDAYS, &file[..file.find(",holiday,\"").unwrap()]).await;
    assert_eq!(codes(&cut), one("cut_row", "/3"));
}

async fn a_body_that_breaks_off_is_no_broken_json(app: TestApp) {
    let admin = app.admin().await.with("content-encoding", "gzip");
    let whole = gzip(b"day,kind,name\n2031-01-01,holiday,Tet\n");
    let cut = whole[..whole.len() / 2].to_vec();
    for (path, media) in [(HOLIDAYS, "text/csv"), (HOLIDAYS, XLSX), (BATCH, "application/x-ndjson")] {
        admin.send("POST", path, Some((media, cut.clone()))).await.problem(400, "incomplete-body");
    }
}

async fn a_record_is_no_longer_in_a_batch_than_by_itself(app: TestApp) {
    let admin = app.admin().await;
    let mut lines = months(2);
    lines[1]["note"] = json!("x".repeat(2 << 20));
    let refused = admin.post(&format!("{BATCH}?mode=partial"), &json!(lines)).await.expect(200);
    assert_eq!(refused["lines"][1]["problem"]["type"], "/problems/payload-too-large");
    assert_eq!(refused["created"], 1);
}

async fn a_million_faults_are_counted_and_a_thousand_told(app: TestApp) {
    let admin = app.admin().await;
    let unknown: String = (0..100).map(|number| format!("\"m{number}\":1,")).collect();
    let line = format!("{{{}\"code\":\"2031\"}}\n", unknown);
    let lines = line.repeat(10_000).into_bytes();
    let refused = admin.send("POST", BATCH, Some(("application/x-ndjson", lines.clone()))).await;
    let problem = refused.problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1_000);
    assert!(problem["errors_total"].as_u64().unwrap() >= 1_000_000, "{}", problem["errors_total"]);

    let year = json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
    let mixed = [ndjson(&[year]), lines[..lines.len() / 10_000 * 9_999].to_vec()].concat();
    let answer =
        admin.send("POST", &format!("{BATCH}?mode=partial"), Some(("application/x-ndjson", mixed))).await;
    let report = answer.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(9_999)));
    let told: usize = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["problem"]["errors"].as_array())
        .map(Vec::len)
        .sum();
    assert!((10_000..12_000).contains(&told), "{told}");
    let last = &report["lines"][9_999]["problem"];
    assert_eq!(last["errors"].as_array().unwrap().len(), 1, "each line tells one");
    assert!(last["errors_total"].as_u64().unwrap() >= 100, "and how many it has");
}

async fn ten_thousand_rows_wrong_in_every_column_come_back_marked(app: TestApp) {
    let admin = app.admin().await;
    let names = ["regime", "code", "kind", "starts_on", "ends_on", "submit_by"].map(String::from);
    let wrong = ["no regime!", "never", "century", "x", "y", "z"];
    let lines: Vec<_> = (0..10_000).map(|_| wrong.map(|cell| json!(cell)).to_vec()).collect();
    let file = workbook("periods", &names, &lines);
    let copy = send(&admin.with("accept", XLSX), PERIODS, file).await;
    assert_eq!((copy.status, copy.header("content-type").as_str()), (422, XLSX), "{}", copy.text());
    let marked = records(&copy.bytes);
    assert_eq!(marked.len(), 10_000);
    assert!(marked[0]["_faults"].lines().count() >= 4, "{:?}", marked[0]);
    assert!(marked[9_999]["_faults"].contains("10002: "), "{:?}", marked[9_999]);
}

async fn a_copy_names_the_cells_it_has(app: TestApp) {
    let admin = app.admin().await.with("accept", XLSX);
    // Blank rows, and a column between the others that is not kept.
    let file = "\n\n_faults,day,kind,name\n\nx,2031-01-01,holiday,Tết\nx,01/01/2031,ngày,\n";
    let copy = send_csv(&admin, HOLIDAYS, file).await;
    assert_eq!(copy.status, 422);
    let marked = rows(&copy.bytes, DATA);
    assert_eq!(marked[1], ["day", "kind", "name", "source", "_faults"], "a whole template");
    assert_eq!(marked[3][..4], ["01/01/2031", "ngày", "", ""]);
    let told: Vec<_> = marked[3][4].lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(told, ["Ô A4", "Ô B4", "Ô C4"], "{:?}", marked[3]);
    let english = send_csv(&admin.in_english(), HOLIDAYS, file).await;
    assert!(rows(&english.bytes, DATA)[3][4].starts_with("Cell A4: "));
    let told =
        app.admin().await.send("POST", HOLIDAYS, Some(("text/csv", file.as_bytes().to_vec()))).await.json();
    assert!(
        told["errors"][0]["message"].as_str().unwrap().starts_with("Ô B6: "),
        "in the file itself: {told}"
    );
}

async fn a_trial_names_no_record_that_is_not_there(app: TestApp) {
    let admin = app.admin().await;
    let path = format!("{HOLIDAYS}?on_conflict=update");
    let file = |name: &str| format!("day,kind,name\n2031-01-01,holiday,{name}\n");
    let trial = |name: &str| {
        let (admin, path, file) = (admin.clone(), format!("{path}&dry_run=true"), file(name));
        async move { send_csv(&admin, &path, &file).await.expect(200)["rows"][0].clone() }
    };
    assert_eq!(trial("Tết").await, json!({"row": 2, "outcome": "created", "status": 201}));
    let made = send_csv(&admin, &path, &file("Tết")).await.expect(200)["rows"][0].clone();
    assert_eq!((made["id"].is_string(), &made["version"]), (true, &json!(1)));
    assert_eq!(
        trial("Tết dương lịch").await,
        json!({"row": 2, "outcome": "updated", "status": 200, "id": made["id"]})
    );
    assert_eq!(trial("Tết").await["version"], 1);
}

async fn bulk_work_waits_outside_and_single_writes_do_not(app: TestApp) {
    let app = TestApp::start_with(app.backend, |config| {
        config.bulk = 1.try_into().unwrap();
        config.request_seconds = 2.try_into().unwrap();
    })
    .await;
    let admin = app.admin().await;
    let turn = app.state.bulk.turn().await.unwrap();
    let metrics = app.anonymous().get("/metrics").await.text();
    assert!(metrics.contains("cchc_db_free{queue=\"bulk\"} 0"), "{metrics}");

    // Not one byte of the body is waited for.
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let token = admin.header("authorization");
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: cchc\r\nAuthorization: {token}\r\nContent-Type: application/json\r\nContent-Length: 33000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let count = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: 1"), "{answer}");

    send_csv(&admin, HOLIDAYS, "day,kind,name\n").await.problem(503, "unavailable");
    let list = "/api/v1/reporting/periods";
    admin.with("accept", XLSX).get(list).await.problem(503, "unavailable");
    assert_eq!(admin.with("accept", "text/csv").get(list).await.status, 200);
    let year = json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"});
    admin.post(list, &year).await.expect(201);

    let waiting = send_csv(&admin, HOLIDAYS, "day,kind,name\n");
    let freed = async { drop(turn) };
    let (report, ()) = tokio::join!(waiting, freed);
    assert_eq!(report.expect(200)["rows"], json!([]), "who waits comes in when there is room");
    let metrics = app.anonymous().get("/metrics").await.text();
    assert!(metrics.contains("cchc_db_free{queue=\"bulk\"} 1"), "and gives its place back: {metrics}");
}

async fn a_list_too_long_for_a_spreadsheet_is_refused_early(app: TestApp) {
    let app = TestApp::start_with(app.backend, |config| config.sheet_rows = 100.try_into().unwrap()).await;
    let admin = app.admin().await.with("accept", XLSX);
    let units = "/api/v1/organization/org-units?as_of=2024-06-30";
    let refused = admin.get(units).await;
    assert_eq!(codes(&refused), one("too_many", ""));
    assert!(refused.text().contains("CSV"), "{}", refused.text());
    assert_eq!(admin.get("/api/v1/reporting/periods").await.status, 200);
    assert_eq!(admin.with("accept", "text/csv").get(units).await.status, 200);
    let lines: Vec<Value> = months(101);
    app.admin().await.send("POST", BATCH, Some(("application/x-ndjson", ndjson(&lines)))).await.expect(200);
    assert_eq!(codes(&admin.get("/api/v1/reporting/periods").await), one("too_many", ""));
}
