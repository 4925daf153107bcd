//! Files that an operator imports on the command line, beside a running service.

use std::process::Output;

use serde_json::json;

use crate::sheets::{DATA, rows, with_part, workbook};
use crate::start::on;
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::tell;

tell![
    a_long_file_is_written_part_by_part_and_its_refused_rows_come_back,
    a_file_is_written_whole_or_not_at_all,
    an_operator_imports_returns_for_their_units,
    an_operator_imports_units_their_mergers_and_grants,
    a_file_that_cannot_be_read_is_told_in_one_line,
    a_file_that_was_cut_off_is_refused_before_its_first_row,
];

const PERIODS: &str = "/api/v1/reporting/periods?regime=nhap&include_total=true&limit=1";

/// Imports a file with this content, and answers what was said.
fn import(database: &TestDatabase, collection: &str, file: &[u8], options: &[&str]) -> Output {
    let path = database.folder.path().join("tep-nhap");
    std::fs::write(&path, file).unwrap();
    let path = path.to_string_lossy();
    let arguments = [&["import", collection, &path], options].concat();
    on(database, &arguments)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Years as CSV, so many from this one on.
fn years(first: u32, count: u32) -> String {
    let year = |year: u32| format!("nhap,{year},year,{year}-01-01,{year}-12-31\n");
    let lines: String = (first..first + count).map(year).collect();
    format!("regime,code,kind,starts_on,ends_on\n{lines}")
}

async fn a_long_file_is_written_part_by_part_and_its_refused_rows_come_back(app: TestApp) {
    let admin = app.admin().await;
    // More rows than three parts hold, of which two are wrong.
    let file = years(2000, 1_700)
        .replace("nhap,2600,year,2600-01-01", "nhap,2600,year,2601-01-01")
        .replace("nhap,3333,year", "nhap,3333,month");
    let copy = app.database.folder.path().join("loi.xlsx");
    let copy_path = copy.to_string_lossy().into_owned();
    let output = import(&app.database, "periods", file.as_bytes(), &["--partial", "--faults", &copy_path]);
    assert!(!output.status.success(), "a file with refused rows is not all well");
    assert!(
        said(&output).contains("1698 were made, 0 replaced; 0 unchanged, 0 stale, 2 refused"),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains("Cell E602: "), "{}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 1_698);

    let marked = rows(&std::fs::read(&copy).unwrap(), DATA);
    let refused: Vec<_> = marked[2..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(refused, ["2600", "3333"], "the copy holds what is left to mend");
    let mended = [("2600", "2600-01-01", "2600-12-31"), ("3333", "3333-01-01", "3333-12-31")];
    let names = ["regime", "code", "kind", "starts_on", "ends_on"].map(String::from);
    let records: Vec<_> = mended
        .map(|(code, from, to)| vec![json!("nhap"), json!(code), json!("year"), json!(from), json!(to)])
        .to_vec();
    let output = import(&app.database, "periods", &workbook("periods", &names, &records), &["--partial"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 1_700);

    let again = import(&app.database, "periods", years(2000, 1_700).as_bytes(), &["--partial", "--update"]);
    assert!(again.status.success(), "{}", said(&again));
    assert!(said(&again).contains("0 were made, 0 replaced; 1700 unchanged"), "{}", said(&again));
}

async fn a_file_is_written_whole_or_not_at_all(app: TestApp) {
    let admin = app.admin().await;
    let spoilt = years(2030, 3).replace("nhap,2031,year", "nhap,2031,month");
    let output = import(&app.database, "periods", spoilt.as_bytes(), &[]);
    assert!(!output.status.success());
    assert!(said(&output).contains("nothing was written"), "{}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0);

    let tried = import(&app.database, "periods", years(2030, 3).as_bytes(), &["--dry-run"]);
    assert!(tried.status.success(), "{}", said(&tried));
    assert!(said(&tried).contains("3 would be made"), "{}", said(&tried));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0);

    let written = import(&app.database, "periods", years(2030, 3).as_bytes(), &[]);
    assert!(written.status.success(), "{}", said(&written));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 3);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?limit=3").await.expect(200);
    assert_eq!(journal["items"][0]["actor_id"], "import periods", "{journal}");
}

async fn an_operator_imports_returns_for_their_units(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let file = "org_unit_code;period_code;handling_level;received_online\n31396;2026-Q3;cấp xã;7\n";
    let output = import(&app.database, "processing-returns", file.as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let made = admin.get("/api/v1/tthc/processing-returns").await.expect(200);
    assert_eq!(
        (&made["items"][0]["received_online"], &made["items"][0]["state"]),
        (&json!(7), &json!("draft"))
    );
}

async fn an_operator_imports_units_their_mergers_and_grants(app: TestApp) {
    let admin = app.admin().await;
    let units = "code;name;kind;parent_code;valid_from\n99901;Thử nghiệm;xã, phường, thị trấn, đặc khu;92;2026-01-01\n\
         AP-1;Ấp 1;hamlet;99901;2026-01-01\nAP-2;Ấp 2;hamlet;99901;2026-01-01\n";
    let output = import(&app.database, "org-units", units.as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let mergers = "predecessor_code;successor_code;relation;effective_on\nAP-1;AP-2;merge;2026-06-01\n";
    let output = import(&app.database, "successions", mergers.as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let user = json!({"username": "can.bo", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD});
    admin.post("/api/v1/admin/users", &user).await.expect(201);
    let grants = "username;role;org_unit_code;valid_from\ncan.bo;editor;99901;2026-01-01\n";
    let output = import(&app.database, "grants", grants.as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));

    // A service beside it learns that its tree is stale.
    app.state.refresh().await.unwrap();
    let commune = app.unit("99901", "2026-11-23");
    let below = admin.get(&format!("/api/v1/organization/org-units/{commune}/children")).await.expect(200);
    assert_eq!(
        (&below["items"][0]["code"], below["items"].as_array().map(Vec::len)),
        (&json!("AP-2"), Some(1))
    );
    let given = admin.get(&format!("/api/v1/admin/grants?org_unit_id={commune}")).await.expect(200);
    assert_eq!(given["items"][0]["username"], "can.bo");
    let again = import(&app.database, "org-units", units.as_bytes(), &["--update"]);
    assert!(said(&again).contains("0 were made, 0 replaced; 3 unchanged"), "{}", said(&again));
}

async fn a_file_that_cannot_be_read_is_told_in_one_line(app: TestApp) {
    let broken = import(&app.database, "periods", b"PK\x03\x04 no archive", &[]);
    assert!(!broken.status.success());
    assert!(said(&broken).contains("no whole XLSX spreadsheet"), "{}", said(&broken));
    let missing = on(&app.database, &["import", "periods", "/khong/co/tep.xlsx"]);
    assert!(!missing.status.success());
    assert_eq!(said(&missing), "cchc: /khong/co/tep.xlsx: No such file or directory (os error 2)\n");
    let nothing = on(&app.database, &["import", "processing-returns"]);
    assert_eq!(said(&nothing), "cchc: no processing-returns come with the service: name a file\n");
}

async fn a_file_that_was_cut_off_is_refused_before_its_first_row(app: TestApp) {
    let admin = app.admin().await;
    let whole = years(2000, 1_700);
    let long = whole.replace("nhap,3600,", &format!("{},3600,", "ồ".repeat(40_000)));
    let merged = {
        let names = ["regime", "code", "kind", "starts_on", "ends_on"].map(String::from);
        let year = [json!("nhap"), json!("2030"), json!("year"), json!("2030-01-01"), json!("2030-12-31")];
        let file = workbook("periods", &names, &[year.to_vec()]);
        let sheet = "xl/worksheets/sheet1.xml";
        let mut text = String::new();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&file)).unwrap();
        std::io::Read::read_to_string(&mut archive.by_name(sheet).unwrap(), &mut text).unwrap();
        let regions = "</sheetData><mergeCells><mergeCell ref=\"A3:A4\"/></mergeCells>";
        with_part(&file, sheet, text.replace("</sheetData>", regions).as_bytes())
    };
    for (file, code) in [
        (&whole.as_bytes()[..whole.len() - 14], "cut_row"),
        (long.as_bytes(), "too_long"),
        (&merged, "merged_cells"),
    ] {
        let output = import(&app.database, "periods", file, &["--partial"]);
        assert!(!output.status.success());
        assert!(said(&output).contains(code), "{}", said(&output));
    }
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0, "nothing of them was written");
}
