//! Files that are not what they seem: no plain spreadsheets, too large, or of cells with two meanings.

use rust_xlsxwriter::{Format, Formula, Worksheet};
use serde_json::json;

use super::{SHEET, XLSX, codes, one, part, returns, send, with_cell, with_part, workbook};
use crate::support::TestApp;
use crate::tell;

tell![
    cells_that_may_mean_something_else_are_refused,
    files_that_are_no_plain_spreadsheets_are_refused,
    csv_files_that_cannot_be_read_are_refused,
    csv_in_other_letters_than_utf8_is_refused,
    a_file_that_unpacks_to_too_much_is_refused,
    a_million_empty_rows_are_refused_by_the_first,
];

async fn cells_that_may_mean_something_else_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let import = "/api/v1/reporting/holidays/import";
    let refusal = |file: Vec<u8>| {
        let admin = admin.clone();
        async move { codes(&send(&admin, import, file).await) }
    };
    let file = |put: fn(&mut Worksheet)| with_cell("Tết", put);
    assert_eq!(
        refusal(file(|page| {
            page.write_formula(1, 2, Formula::new("=1+1").set_result("2")).unwrap();
        }))
        .await,
        one("formula", "/2/name")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_string(1, 0, "01/01/2031").unwrap();
        }))
        .await,
        one("date_as_text", "/2/day")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_number(1, 0, 47_849.0).unwrap();
        }))
        .await,
        one("not_a_date", "/2/day")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_number(1, 2, 2031).unwrap();
        }))
        .await,
        one("number_as_text", "/2/name")
    );
    assert_eq!(
        refusal(file(|page| {
            page.merge_range(1, 1, 2, 1, "holiday", &Format::new()).unwrap();
        }))
        .await,
        one("merged_cells", "/2")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_string(1, 5, "ngoài").unwrap();
        }))
        .await,
        one("beyond_columns", "/2")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_string(0, 3, "màu").unwrap();
        }))
        .await,
        one("unknown_column", "/1")
    );
    assert_eq!(
        refusal(file(|page| {
            page.write_string(0, 3, "name").unwrap();
        }))
        .await,
        one("repeated_column", "/1")
    );
    let both = refusal(file(|page| {
        page.write_string(1, 0, "01/01/2031").unwrap();
        page.write_string(1, 1, "ngày vui").unwrap();
    }));
    let pointers: Vec<_> = both.await.into_iter().map(|(_, pointer)| pointer).collect();
    assert_eq!(pointers, ["/2/day", "/2/kind"], "every fault of a row is told");
    let total = admin.get("/api/v1/reporting/holidays?include_total=true").await.expect(200);
    assert_eq!(total["total"], 0, "nothing was written");
    assert_eq!(send(&admin, import, file(|_| {})).await.expect(200)["created"], 1);
}

async fn files_that_are_no_plain_spreadsheets_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let import = "/api/v1/reporting/holidays/import";
    let whole = with_cell("Tết", |_| {});
    let send = |media: &'static str, file: Vec<u8>| {
        let admin = admin.clone();
        async move { admin.send("POST", import, Some((media, file))).await }
    };
    assert_eq!(codes(&send(XLSX, with_part(&whole, "xl/vbaProject.bin", b"x")).await), one("macros", ""));
    for (listed, code) in
        [("macroEnabled.main", "macros"), ("ms-office.vbaProject", "macros"), ("&#109;acro", "broken")]
    {
        let list =
            format!("<Types><Default Extension=\"bin\" ContentType=\"application/vnd.{listed}\"/></Types>");
        let file = with_part(&whole, "[Content_Types].xml", list.as_bytes());
        assert_eq!(codes(&send(XLSX, file).await), one(code, ""), "{listed}");
    }
    let behind =
        format!("<Types><!--{}--><Default ContentType=\"macroEnabled\"/></Types>", " ".repeat(1 << 20));
    let file = with_part(&whole, "[Content_Types].xml", behind.as_bytes());
    assert_eq!(codes(&send(XLSX, file).await), one("broken", ""), "nothing stands behind what is read");
    assert_eq!(codes(&send(XLSX, whole[..whole.len() / 2].to_vec()).await), one("broken", ""));
    assert_eq!(codes(&send(XLSX, b"PK\x03\x04 no archive".to_vec()).await), one("broken", ""));
    assert_eq!(codes(&send(XLSX, b"day,kind,name\n".to_vec()).await), one("other_kind", ""));
    assert_eq!(codes(&send("text/csv", whole.clone()).await), one("other_kind", ""));
    send("application/vnd.ms-excel", whole).await.problem(415, "unsupported-media-type");
    assert_eq!(codes(&send(XLSX, returns(&[])).await), one("wrong_sheet", ""));
    assert_eq!(codes(&send(XLSX, workbook("holidays", &["ngày".to_owned()], &[])).await), one("no_head", ""));

    let lines: Vec<_> = (0..10_001).map(|_| vec![json!("Tết")]).collect();
    let refused = send(XLSX, workbook("holidays", &["name".to_owned()], &lines)).await;
    assert_eq!(codes(&refused), one("too_many", "/10003"));
    let no_rows = send(XLSX, workbook("holidays", &["name".to_owned()], &[])).await.expect(200);
    assert_eq!(no_rows["rows"], json!([]));
}

async fn csv_files_that_cannot_be_read_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let send = |bytes: &[u8]| {
        let (admin, bytes) = (admin.clone(), bytes.to_vec());
        async move { admin.send("POST", "/api/v1/reporting/holidays/import", Some(("text/csv", bytes))).await }
    };
    assert_eq!(codes(&send(b"day,kind,name\n2031-01-01,holiday,T\xea't\n").await), one("not_utf8", "/2"));
    assert_eq!(codes(&send(b"day,kind,name\n2031-01-01,holiday,Tet,4\n").await), one("beyond_columns", "/2"));
    assert_eq!(
        codes(&send(b"day,,kind,name\n2031-01-01,x,holiday,Tet\n").await),
        one("beyond_columns", "/2")
    );
    assert_eq!(codes(&send(b"day,_faults,_faults\n").await), one("repeated_column", "/1"));
    assert_eq!(codes(&send(b"").await), one("no_head", ""));
    assert_eq!(codes(&send(b"31/12/2030,holiday,Tet\n").await), one("no_head", ""));
    let wrong_day = send("day,kind,name\n\n01/01/2031,holiday,Tết\n".as_bytes()).await;
    assert_eq!(codes(&wrong_day), one("format", "/3/day"), "a day is written 2031-01-01");
}

async fn a_file_that_unpacks_to_too_much_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let import = "/api/v1/reporting/holidays/import";
    let whole = with_cell("Tết", |_| {});
    let zeros = vec![b' '; 65 << 20];
    let bomb = with_part(&whole, "xl/worksheets/sheet1.xml", &zeros);
    assert!(bomb.len() < 200_000, "it is small until it is unpacked");
    send(&admin, import, bomb).await.problem(413, "payload-too-large");
}

async fn a_million_empty_rows_are_refused_by_the_first(app: TestApp) {
    let admin = app.admin().await;
    let import = "/api/v1/reporting/holidays/import";
    let whole = with_cell("Tết", |_| {});
    let with_empty = |last: u32| {
        let empty: String =
            (3..=last).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\"/></row>")).collect();
        let page = part(&whole, SHEET).replace("</sheetData>", &format!("{empty}</sheetData>"));
        with_part(&whole, SHEET, page.as_bytes())
    };
    let refused = send(&admin, import, with_empty(1_000_002)).await;
    assert_eq!(codes(&refused), one("empty_rows", "/3"));
    let told = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(told.contains("Từ dòng 3") && told.contains("xóa hẳn các dòng trống"), "{told}");
    let lines = format!("day,kind,name\n2031-05-01,holiday,Tết\n{}", ",,\n".repeat(1_000_000));
    let refused = admin.send("POST", import, Some(("text/csv", lines.into_bytes()))).await;
    assert_eq!(codes(&refused), one("empty_rows", "/3"));
    assert_eq!(admin.get("/api/v1/reporting/holidays?include_total=true").await.expect(200)["total"], 0);
    let report = send(&admin, import, with_empty(10_002)).await.expect(200);
    assert_eq!(report["created"], 1, "ten thousand rows that were cleared and not deleted do no harm");
}

async fn csv_in_other_letters_than_utf8_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let send = |media: &'static str, name: &str| {
        let (admin, file) = (admin.clone(), format!("day,kind,name\n2031-05-01,holiday,{name}\n"));
        let import = "/api/v1/reporting/holidays/import?dry_run=true";
        async move { admin.send("POST", import, Some((media, file.into_bytes()))).await }
    };
    for media in ["text/csv; charset=windows-1258", "text/csv;charset=TCVN", "text/csv; charset=\"us-ascii\""]
    {
        let refused = send(media, "Tet").await.problem(415, "unsupported-media-type");
        assert!(refused["detail"].as_str().unwrap().contains("UTF-8"), "{media}: {refused}");
    }
    for media in ["text/csv", "text/csv; charset=utf-8", "Text/CSV; Charset=\"UTF-8\"; header=present"] {
        assert_eq!(send(media, "Tết").await.expect(200)["created"], 1, "{media}");
    }
}
