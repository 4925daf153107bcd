//! Files that an operator imports on the command line, beside a running service.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output, Stdio};

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::sheets::{DATA, rows, with_part, workbook};
use crate::start::{on, vars_of};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

tell![
    a_long_file_is_written_part_by_part_and_its_refused_rows_come_back,
    a_file_is_written_whole_or_not_at_all,
    an_operator_imports_returns_for_their_units,
    an_operator_imports_units_their_mergers_and_grants,
    a_file_that_cannot_be_read_is_told_in_one_line,
    a_file_that_was_cut_off_is_refused_before_its_first_row,
    refused_rows_are_put_beside_the_file_to_be_mended,
    lines_of_json_are_imported_and_those_refused_come_back,
    an_import_that_was_killed_goes_on_behind_its_last_part,
    an_import_begins_again_when_it_is_told_to,
    owners_of_dossiers_have_columns_of_their_own,
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
    let output = import(&app.database, "periods", file.as_bytes(), &["--faults", &copy_path]);
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
    let output = import(&app.database, "periods", &workbook("periods", &names, &records), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 1_700);

    let again = import(&app.database, "periods", years(2000, 1_700).as_bytes(), &["--update"]);
    assert!(again.status.success(), "{}", said(&again));
    assert!(said(&again).contains("0 were made, 0 replaced; 1700 unchanged"), "{}", said(&again));
}

async fn a_file_is_written_whole_or_not_at_all(app: TestApp) {
    let admin = app.admin().await;
    let spoilt = years(2030, 3).replace("nhap,2031,year", "nhap,2031,month");
    let output = import(&app.database, "periods", spoilt.as_bytes(), &["--whole"]);
    assert!(!output.status.success());
    assert!(said(&output).contains("nothing was written"), "{}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0);

    let tried = import(&app.database, "periods", years(2030, 3).as_bytes(), &["--dry-run"]);
    assert!(tried.status.success(), "{}", said(&tried));
    assert!(said(&tried).contains("3 would be made"), "{}", said(&tried));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0);

    let written = import(&app.database, "periods", years(2030, 3).as_bytes(), &["--whole"]);
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
        let output = import(&app.database, "periods", file, &[]);
        assert!(!output.status.success());
        assert!(said(&output).contains(code), "{}", said(&output));
    }
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 0, "nothing of them was written");
}

/// What stands beside the file that [`import`] imports.
fn beside(database: &TestDatabase, ending: &str) -> std::path::PathBuf {
    database.folder.path().join(format!("tep-nhap{ending}"))
}

async fn refused_rows_are_put_beside_the_file_to_be_mended(app: TestApp) {
    let admin = app.admin().await;
    let file = years(2000, 1_200)
        .replace("nhap,2600,year,2600-01-01", "nhap,2600,year,2601-01-01")
        .replace("nhap,3100,year", "nhap,3100,month");
    let output = import(&app.database, "periods", file.as_bytes(), &[]);
    assert_eq!(output.status.code(), Some(1), "the exit code tells that rows were refused");
    let refused = beside(&app.database, ".refused.csv");
    assert!(said(&output).contains(&refused.display().to_string()), "{}", said(&output));
    assert!(said(&output).contains("writing: 1200 of 1200 rows (100%)"), "{}", said(&output));
    assert_eq!(refused.metadata().unwrap().mode() & 0o777, 0o600, "it is the operator's alone");
    let told = std::fs::read_to_string(&refused).unwrap();
    let lines: Vec<_> = told.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "regime,code,kind,starts_on,ends_on,_faults");
    assert!(lines[1].starts_with("nhap,2600,year,2601-01-01,2600-12-31,"), "{told}");
    assert!(lines[1].contains("Dòng 602"), "{told}");
    assert!(lines[2].starts_with("nhap,3100,month,3100-01-01,3100-12-31,"), "{told}");
    assert_eq!(lines.len(), 3, "{told}");

    let mended = told.replace("2601-01-01", "2600-01-01").replace("3100,month", "3100,year");
    let output = import(&app.database, "periods", mended.as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!refused.exists(), "nothing is left to mend");
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 1_200);
    let spoilt = years(2000, 1);
    let output = import(&app.database, "periods", spoilt.as_bytes(), &["--language", "en"]);
    assert!(!output.status.success());
    let told = std::fs::read_to_string(&refused).unwrap();
    assert!(told.contains("Row 2: "), "{told}");
}

async fn lines_of_json_are_imported_and_those_refused_come_back(app: TestApp) {
    let admin = catalogue(&app).await;
    let unnamed = with(dossier(2), json!({"owner": {"kind": "citizen"}}));
    let file = format!("{}\n\n{unnamed}\nno json\n{}", dossier(1), dossier(3));
    let output = import(&app.database, "dossiers", file.as_bytes(), &[]);
    assert!(!output.status.success());
    assert!(
        said(&output).contains("2 were made, 0 replaced; 0 unchanged, 0 stale, 2 refused"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("Người nộp thử") && !said(&output).contains("012345678901"));
    let refused = std::fs::read_to_string(beside(&app.database, ".refused.ndjson")).unwrap();
    let lines: Vec<Value> = refused.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["code"], dossier(2)["code"], "{refused}");
    assert_eq!(lines[0]["_faults"][0]["line"], 3, "{refused}");
    assert_eq!(lines[0]["_faults"][0]["member"], "/owner/name", "{refused}");
    assert_eq!(lines[1]["_line"], "no json", "{refused}");

    let named = with(lines[0].clone(), json!({"owner": {"kind": "citizen", "name": "Người nộp thử"}}));
    let output = import(&app.database, "dossiers", format!("{named}\n").as_bytes(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let cut = format!("{}\n{}", dossier(4), &dossier(5).to_string()[..40]);
    let output = import(&app.database, "dossiers", cut.as_bytes(), &[]);
    assert!(said(&output).contains("cut_row"), "{}", said(&output));
    let held = admin.get(&format!("{DOSSIERS}?include_total=true")).await.expect(200);
    assert_eq!(held["total"], 3);
}

/// So many dossiers, a line each; the second of them is refused.
fn many(count: u32) -> String {
    let line = |number: u32| match number {
        2 => format!("{}\n", with(dossier(2), json!({"procedure_code": "9.999999"}))),
        _ => format!("{}\n", dossier(number)),
    };
    (1..=count).map(line).collect()
}

async fn an_import_that_was_killed_goes_on_behind_its_last_part(app: TestApp) {
    let admin = catalogue(&app).await;
    let path = beside(&app.database, "");
    std::fs::write(&path, many(4_000)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cchc"))
        .args(["import", "dossiers", &path.to_string_lossy()])
        .env_clear()
        .envs(vars_of(&app.database))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = told.map_while(Result::ok).find(|line| line.starts_with("writing: "));
    assert!(
        first.as_ref().is_some_and(|line| line.starts_with("writing: 1000 of 4000 rows (25%)")),
        "{first:?}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let held = admin.get(&format!("{DOSSIERS}?include_total=true&limit=1")).await.expect(200);
    let held = held["total"].as_u64().unwrap();
    assert!((999..3_999).contains(&held) && held % 1_000 == 999, "{held} of whole parts");

    let output = import(&app.database, "dossiers", many(4_000).as_bytes(), &[]);
    assert!(said(&output).contains(&format!("went on behind row {}", held + 1)), "{}", said(&output));
    assert!(
        said(&output).contains("3999 were made, 0 replaced; 0 unchanged, 0 stale, 1 refused"),
        "{}",
        said(&output)
    );
    let refused = std::fs::read_to_string(beside(&app.database, ".refused.ndjson")).unwrap();
    assert_eq!(refused.lines().count(), 1, "once, though it was interrupted behind it");
    let again = import(&app.database, "dossiers", many(4_000).as_bytes(), &["--update"]);
    assert!(said(&again).contains("0 were made, 0 replaced; 3999 unchanged"), "{}", said(&again));
}

/// Notes that an import of this file came so far.
fn interrupted(database: &TestDatabase, file: &str, last_row: u32) {
    let digest: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, file.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let row = format!(
        "INSERT INTO file_imports VALUES ('periods', '{digest}', {last_row}, {}, 0, 0, 0, 0, 0)",
        last_row - 1
    );
    kernel::db::migrate::single_connection(&database.location).unwrap().batch_execute(&row).unwrap();
}

async fn an_import_begins_again_when_it_is_told_to(app: TestApp) {
    let admin = app.admin().await;
    let file = years(2000, 3);
    interrupted(&app.database, &file, 2);
    let output = import(&app.database, "periods", file.as_bytes(), &[]);
    assert!(said(&output).contains("went on behind row 2"), "{}", said(&output));
    assert!(said(&output).contains("3 were made"), "with what was made before: {}", said(&output));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 2, "the row before was not read again");
    interrupted(&app.database, &file, 4);
    let restarted = import(&app.database, "periods", file.as_bytes(), &["--restart", "--update"]);
    assert!(said(&restarted).contains("1 were made, 0 replaced; 2 unchanged"), "{}", said(&restarted));
    assert_eq!(admin.get(PERIODS).await.expect(200)["total"], 3);
}

async fn owners_of_dossiers_have_columns_of_their_own(app: TestApp) {
    let admin = catalogue(&app).await;
    let template = admin.get(&format!("{DOSSIERS}/template")).await;
    let head = rows(&template.bytes, DATA);
    let heading = |name: &str| &head[0][head[1].iter().position(|known| known == name).expect(name)];
    assert_eq!(heading("owner.name"), "Chủ hồ sơ: họ tên, tên tổ chức (*)");
    assert_eq!(heading("submitter.phone"), "Người nộp hồ sơ: số điện thoại");
    assert!(!head[1].contains(&"owner".to_owned()));
    let file = "code,procedure_code,receiving_unit_code,channel,received_at,owner.kind,owner.name,owner.id_number,submitter.kind,submitter.name\n\
        H13.44-261102-0001,1.001193,31396,online,2026-11-02T02:10:00Z,công dân,Người nộp thử,012345678901,,\n\
        H13.44-261102-0002,1.001193,31396,trực tiếp,2026-11-02T02:10:00Z,organization,Hội thử,,citizen,Người nộp thay\n\
        H13.44-261102-0003,1.001193,31396,online,2026-11-02T02:10:00Z,citizen,,,,\n";
    let output = import(&app.database, "dossiers", file.as_bytes(), &[]);
    assert!(said(&output).contains("2 were made"), "{}", said(&output));
    assert!(said(&output).contains("Cell G4: "), "the cell of the owner's name: {}", said(&output));
    let held = admin.get(&format!("{DOSSIERS}?sort=received_at")).await.expect(200);
    let held = held["items"].as_array().unwrap();
    let find = |code: &str| held.iter().find(|it| it["code"] == code).unwrap();
    assert_eq!(find("H13.44-261102-0001")["submitter"], Value::Null, "an empty group is none");
    assert_eq!(find("H13.44-261102-0002")["submitter"]["name"], "N**** n** t***");
    let list = admin.with("accept", "text/csv").get(DOSSIERS).await;
    let list = String::from_utf8(list.bytes).unwrap();
    let names = list.lines().next().unwrap();
    assert!(names.contains(",owner.kind,owner.id_number,owner.name,owner.phone,submitter.kind,"), "{names}");
    assert!(list.contains(",organization,,H** t**,,citizen,,N**** n** t***,,"), "{list}");
}
