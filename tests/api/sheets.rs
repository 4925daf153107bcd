//! Spreadsheets: lists and forms that office programs open, files that clerks fill in, and files that
//! are not what they seem.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::support::{Answer, Client, TestApp};
use crate::tell;

tell![
    a_list_is_a_spreadsheet_with_days_and_numbers,
    form_06_is_laid_out_as_printed,
    a_clerk_imports_a_return_and_mends_what_is_wrong,
    a_marked_copy_is_a_template_that_a_clerk_mends_and_sends,
    a_marked_copy_of_csv_can_be_sent_again,
    a_template_explains_itself_in_vietnamese,
    a_list_shows_words_and_comes_back_by_them,
    a_clerk_reads_no_code_where_the_sheet_has_words,
    a_commune_cannot_import_for_another,
    cells_that_may_mean_something_else_are_refused,
    files_that_are_no_plain_spreadsheets_are_refused,
    csv_files_that_cannot_be_read_are_refused,
    csv_in_other_letters_than_utf8_is_refused,
    a_file_that_unpacks_to_too_much_is_refused,
    a_million_empty_rows_are_refused_by_the_first,
    a_partial_import_writes_what_is_right,
];

pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const RETURNS: &str = "/api/v1/tthc/processing-returns/import";

/// The worksheet of a template or a list that has the records.
pub const DATA: &str = "Dữ liệu";

/// The records of a spreadsheet, by the names in its second row.
pub fn records(file: &[u8]) -> Vec<BTreeMap<String, String>> {
    let rows = rows(file, DATA);
    let named = |row: &Vec<String>| rows[1].iter().cloned().zip(row.iter().cloned()).collect();
    rows[2..].iter().map(named).collect()
}

/// The letters of the column of a field.
fn letters(file: &[u8], name: &str) -> String {
    let place = rows(file, DATA)[1].iter().position(|known| known == name).unwrap();
    rust_xlsxwriter::utility::column_number_to_name(place.try_into().unwrap())
}

/// A part of an archive as text.
pub fn part(file: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The notes on the cells of the first worksheet: each cell with its words.
fn notes(file: &[u8]) -> BTreeMap<String, String> {
    let tag =
        |text: &str| text.split('<').filter_map(|tag| Some(tag.split_once('>')?.1.to_owned())).collect();
    let comments = part(file, "xl/comments1.xml");
    let note = |comment: &str| {
        let cell = comment.split('"').nth(1).unwrap().to_owned();
        let words: String = tag(comment);
        (cell, words.replace("&quot;", "\"").replace("&amp;", "&"))
    };
    comments.split("<comment ref=").skip(1).map(note).collect()
}

/// What a spreadsheet program lets into which cells of the first worksheet, and what it says otherwise.
fn rules(file: &[u8]) -> Vec<String> {
    part(file, SHEET).split("<dataValidation ").skip(1).map(str::to_owned).collect()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

/// The rows of a worksheet, as the texts of their cells.
pub fn rows(file: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// A workbook as a clerk fills it in: the names of the fields in its second row, records below; what
/// reads as a day is one.
pub fn workbook(sheet: &str, names: &[String], records: &[Vec<Value>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name(sheet).unwrap();
    for (place, name) in (0..).zip(names) {
        page.write_string(1, place, name).unwrap();
    }
    for (row, record) in (2..).zip(records) {
        for (place, value) in (0..).zip(record) {
            put(page, row, place, value);
        }
    }
    book.save_to_buffer().unwrap()
}

fn put(page: &mut Worksheet, row: u32, place: u16, value: &Value) {
    let day = Format::new().set_num_format("dd/mm/yyyy");
    match value {
        Value::Null => {}
        Value::Number(number) => {
            page.write_number(row, place, number.as_f64().unwrap()).unwrap();
        }
        Value::Bool(is_it) => {
            page.write_boolean(row, place, *is_it).unwrap();
        }
        Value::String(text) => match text.parse::<NaiveDate>() {
            Ok(at) => {
                page.write_datetime_with_format(row, place, at, &day).unwrap();
            }
            Err(_) => {
                page.write_string(row, place, text).unwrap();
            }
        },
        nested => {
            page.write_string(row, place, nested.to_string()).unwrap();
        }
    }
}

fn returns(records: &[(&str, &str, &str, i64)]) -> Vec<u8> {
    let names = ["org_unit_code", "period_code", "handling_level", "received_online"].map(String::from);
    let record = |(code, period, level, count): &(&str, &str, &str, i64)| {
        vec![json!(code), json!(period), json!(level), json!(count)]
    };
    workbook("processing-returns", &names, &records.iter().map(record).collect::<Vec<_>>())
}

pub async fn send(client: &Client, path: &str, file: Vec<u8>) -> Answer {
    client.send("POST", path, Some((XLSX, file))).await
}

/// The codes of the faults, with where they are.
pub fn codes(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.json();
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap().to_owned();
    let faults = body["errors"].as_array().unwrap_or_else(|| panic!("{body}"));
    faults.iter().map(|fault| (text(fault, "code"), text(fault, "pointer"))).collect()
}

pub fn one(code: &str, pointer: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), pointer.to_owned())]
}

async fn a_list_is_a_spreadsheet_with_days_and_numbers(app: TestApp) {
    let admin = app.admin().await;
    let path = "/api/v1/organization/org-units?as_of=2024-06-30";
    let total = admin.get(&format!("{path}&limit=1&include_total=true")).await.expect(200)["total"].clone();
    let file = admin.with("accept", XLSX).get(path).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-length"), file.bytes.len().to_string());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).unwrap();
    let range = book.worksheet_range(DATA).unwrap();
    assert_eq!(json!(range.height() - 2), total);
    let place = |name: &str| {
        range.rows().nth(1).unwrap().iter().position(|cell| cell == &Data::String(name.into())).unwrap()
    };
    let row = range.rows().find(|row| row[place("code")] == Data::String("31420".into())).unwrap();
    assert_eq!(row[place("full_name")], Data::String("Xã Hòa Mỹ".into()), "a code is text, with its zeros");
    assert!(matches!(row[place("version")], Data::Float(version) if version >= 1.0));
    let ended = &row[place("valid_to")];
    assert!(
        matches!(ended, Data::DateTime(day) if day.as_datetime().unwrap().to_string() == "2025-07-01 00:00:00"),
        "{ended:?}"
    );
    let refused = admin.with("accept", XLSX).get(&format!("{path}&limit=10")).await;
    assert_eq!(refused.faults(422, "invalid"), ["/limit"]);
}

async fn form_06_is_laid_out_as_printed(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    for (field, level, online) in [(Some("Hộ tịch"), "district", 5), (Some("Đất đai"), "district", 7)]
    {
        let made = admin
            .post(
                "/api/v1/tthc/processing-returns",
                &json!({
                    "org_unit_code": "934", "period_code": "2024-H1", "handling_level": level, "field": field,
                    "received_online": online, "resolved_on_time": online - 2, "withdrawn": 1, "refused": 1,
                    "covers_to": "2024-07-02",
                }),
            )
            .await
            .expect(201);
        let id = made["id"].as_str().unwrap();
        admin.step(&format!("/api/v1/tthc/processing-returns/{id}/submission")).await.expect(200);
    }
    let form = |definition: &str| {
        let path =
            format!("/api/v1/reporting/forms/06a?org_unit_code=934&period=2024-H1&definition={definition}");
        let admin = admin.with("accept", XLSX);
        async move { admin.get(&path).await }
    };
    let answer = form("circular-01-2020").await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"II.06a-934-2024-H1.xlsx\"");
    let printed = rows(&answer.bytes, "II.06a");
    let found = |words: &str| printed.iter().position(|row| row.iter().any(|cell| cell.contains(words)));
    let numbers = found("(13)").unwrap();
    let numbered: Vec<_> = (1..=13).map(|number| format!("({number})")).collect();
    assert_eq!(printed[numbers], numbered, "thirteen numbered columns, and no other");
    for words in [
        "II.06a/VPCP/KSTT",
        "Đơn vị báo cáo: Huyện Phụng Hiệp (mã 934)",
        "Kỳ báo cáo: 6 tháng đầu năm 2024 (từ ngày 01/01/2024 đến ngày 30/06/2024)",
        "theo Thông tư 01/2020",
        "cấp huyện: 1 trên 1 đơn vị",
        "đến ngày 02/07/2024",
        "THỦ TRƯỞNG ĐƠN VỊ",
    ] {
        assert!(found(words).is_some(), "{words}: {printed:#?}");
    }
    let total = &printed[found("Tổng cộng").unwrap()];
    assert_eq!(total[2..13], ["12", "12", "0", "0", "12", "0", "12", "0", "0", "0", "0"]);

    let apart = rows(&form("withdrawn-refused-apart").await.bytes, "II.06a");
    assert_eq!(apart[numbers].iter().filter(|cell| !cell.is_empty()).count(), 13);
    assert_eq!(apart[7][13..], ["Rút hồ sơ", "Từ chối"], "two more, without numbers");
    let total = apart.iter().find(|row| row[1] == "Tổng cộng").unwrap();
    assert_eq!(total[2..], ["12", "12", "0", "0", "8", "0", "8", "0", "0", "0", "0", "2", "2"]);
}

async fn a_clerk_imports_a_return_and_mends_what_is_wrong(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let spoilt = returns(&[("31396", "2026-Q3", "Cấp xã", -4), ("31396", "2026-Q9", "thôn", 1)]);
    let refused = send(&clerk, RETURNS, spoilt.clone()).await;
    let problem = refused.json();
    assert_eq!(refused.faults(422, "invalid"), ["/3/received_online", "/4/handling_level"], "{problem}");
    assert!(problem["errors"][0]["message"].as_str().unwrap().starts_with("Ô D3: "));
    let copy = send(&clerk.with("accept", XLSX), RETURNS, spoilt).await;
    assert_eq!(copy.status, 422);
    let marked = records(&copy.bytes);
    let given =
        ["org_unit_code", "period_code", "handling_level", "received_online"].map(|name| &marked[0][name]);
    assert_eq!(given, ["31396", "2026-Q3", "Cấp xã", "-4"], "as the clerk wrote it");
    for (row, name) in [(3, "received_online"), (4, "handling_level")] {
        let told = &marked[row - 3]["_faults"];
        assert!(told.starts_with(&format!("Ô {}{row}: ", letters(&copy.bytes, name))), "{told}");
    }

    let mended = returns(&[("31396", "2026-Q3", "Cấp xã", 4)]);
    let report = send(&clerk, RETURNS, mended).await.expect(200);
    assert_eq!(report["created"], 1);
    let id = report["rows"][0]["id"].as_str().unwrap();
    let made = clerk.get(&format!("/api/v1/tthc/processing-returns/{id}")).await.expect(200);
    assert_eq!((&made["received_online"], &made["handling_level"]), (&json!(4), &json!("commune")));
}

async fn a_marked_copy_is_a_template_that_a_clerk_mends_and_sends(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let template = clerk.get("/api/v1/tthc/processing-returns/template").await.bytes;
    let spoilt = returns(&[("31396", "2026-Q3", "thôn", -4)]);
    let copy = send(&clerk.with("accept", XLSX), RETURNS, spoilt).await;
    assert_eq!(copy.status, 422);
    let copy = copy.bytes;
    let sheets = |file: &[u8]| Xlsx::<_>::new(Cursor::new(file.to_vec())).unwrap().sheet_names();
    assert_eq!(sheets(&copy), [DATA, "Hướng dẫn", "Danh mục"]);
    assert_eq!(rules(&copy), rules(&template), "the same drop-downs and limits");
    for sheet in ["Hướng dẫn", "Danh mục"] {
        assert_eq!(rows(&copy, sheet), rows(&template, sheet));
    }
    let mut told = notes(&copy);
    for (cell, words) in notes(&template) {
        assert_eq!(told.remove(&cell).as_ref(), Some(&words), "{cell}");
    }
    let of_cells: Vec<_> = told.values().collect();
    assert_eq!(of_cells.len(), 2, "a note on each cell with a fault: {of_cells:?}");
    let marked = &records(&copy)[0];
    assert_eq!(marked["_faults"].lines().count(), 2, "{marked:?}");

    let mended = part(&copy, "xl/sharedStrings.xml").replace(">thôn<", ">cấp xã<");
    let mended = with_part(&copy, "xl/sharedStrings.xml", mended.as_bytes());
    let figure = part(&mended, SHEET).replace("<v>-4</v>", "<v>4</v>");
    let mended = with_part(&mended, SHEET, figure.as_bytes());
    let report = send(&clerk, RETURNS, mended).await.expect(200);
    assert_eq!(report["created"], 1, "what is mended in the copy is taken: {report}");
}

async fn a_marked_copy_of_csv_can_be_sent_again(app: TestApp) {
    let admin = app.admin().await;
    let import = "/api/v1/reporting/periods/import";
    let file = "code,kind,starts_on,ends_on\n2031-Q1,quarter,2031-01-01,2031-03-31\n2031-Q2,tuần,2031-04-01,2031-06-30\n";
    let copy = admin.with("accept", XLSX).send("POST", import, Some(("text/csv", file.into()))).await;
    assert_eq!(copy.status, 422);
    let mended = part(&copy.bytes, "xl/sharedStrings.xml").replace(">tuần<", ">quarter<");
    let mended = with_part(&copy.bytes, "xl/sharedStrings.xml", mended.as_bytes());
    assert_eq!(send(&admin, import, mended).await.expect(200)["created"], 2, "days are days in it");
}

async fn a_template_explains_itself_in_vietnamese(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let field = json!({"name": "Nuôi con nuôi"});
    admin.post("/api/v1/tthc/procedure-fields", &field).await.expect(201);
    let template = admin.get("/api/v1/tthc/processing-returns/template").await.bytes;
    let heads = rows(&template, DATA);
    let note = |file: &[u8], name: &str| notes(file)[&format!("{}1", letters(file, name))].clone();
    assert_eq!(
        heads[0][heads[1].iter().position(|name| name == "handling_level").unwrap()],
        "Cấp giải quyết (*)"
    );
    for (name, lines) in [
        ("handling_level", ["Bắt buộc.", "Chọn một trong: "]),
        ("received_online", ["Không bắt buộc.", "Số nguyên từ 0 đến 1.000.000.000."]),
        ("covers_to", ["Không bắt buộc.", "Ngày dạng ngày/tháng/năm (31/01/2026)"]),
        ("nil", ["Không bắt buộc.", "Ghi “có” hoặc “không”."]),
        ("source_note", ["Không bắt buộc.", "Văn bản, tối đa 4.000 ký tự."]),
        ("period_code", ["Để chỉ kỳ báo cáo.", "Chọn trong danh sách ở trang “Danh mục”."]),
        ("org_unit_code", ["chỉ điền một trong các cột", "Văn bản, tối đa 20 ký tự."]),
    ] {
        let note = note(&template, name);
        for line in lines {
            assert!(note.contains(line), "{name}: {note}");
        }
    }
    for (cell, words) in notes(&template) {
        let english = ["Column", "the ", "when", "which", "…"].iter().find(|word| words.contains(**word));
        assert_eq!(english, None, "{cell}: {words}");
    }
    let lists = rows(&template, "Danh mục");
    let place = |heading: &str| lists[0].iter().position(|cell| cell == heading).unwrap();
    let periods = place("Mã kỳ");
    assert_eq!(lists[1][periods..periods + 2], ["2026-Q3", "Quý III năm 2026"]);
    let fields = place("Lĩnh vực");
    assert!(lists.iter().any(|row| row[fields] == "Nuôi con nuôi"));
    let is_chosen = |name: &str, from: &str| {
        let cells = format!("sqref=\"{}3:", letters(&template, name));
        rules(&template)
            .iter()
            .any(|rule| rule.contains(&cells) && rule.contains("type=\"list\"") && rule.contains(from))
    };
    for (name, from) in [
        ("handling_level", "'Danh mục'!"),
        ("period_code", "'Danh mục'!"),
        ("field", "'Danh mục'!"),
        ("nil", "có,không"),
    ] {
        assert!(is_chosen(name, from), "{name}: {:?}", rules(&template));
    }

    let processes = admin.get("/api/v1/tthc/procedure-processes/template").await.bytes;
    let note = note(&processes, "steps");
    let sample = note.split_once("Ví dụ: ").unwrap().1;
    let steps: Value = serde_json::from_str(sample).unwrap_or_else(|error| panic!("{error}: {sample}"));
    assert!(steps[0]["name"].is_string(), "{steps}");
    let guide = rows(&processes, "Hướng dẫn");
    assert!(guide.iter().any(|row| row[0].starts_with("“Các bước thực hiện” (steps)")), "{guide:#?}");
}

async fn a_list_shows_words_and_comes_back_by_them(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let list = "/api/v1/tthc/processing-returns";
    let body =
        json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune", "nil": true});
    admin.post(list, &body).await.expect(201);
    let exported = admin.with("accept", XLSX).get(list).await.bytes;
    let heads = rows(&exported, DATA);
    let is_bare = |heading: &String| heading.contains("(*)") || heading.contains('_');
    assert_eq!(heads[0].iter().find(|heading| is_bare(heading)), None, "{:?}", heads[0]);
    let record = &records(&exported)[0];
    for (name, words) in [("handling_level", "cấp xã"), ("nil", "có"), ("org_unit_code", "31396")] {
        assert_eq!(record[name], words, "{name}");
    }

    let refused = send(&admin, &format!("{RETURNS}?on_conflict=update"), exported.clone()).await;
    let told = refused.json();
    let faults = told["errors"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["code"] == "read_only" && fault["pointer"] == "/2"), "{told}");
    let words = |name: &str| {
        faults
            .iter()
            .filter_map(|fault| fault["message"].as_str())
            .find(|words| words.contains(&format!("({name})")))
    };
    assert_eq!(words("id"), Some("Cột A “Mã bản ghi” (id) chỉ đọc; hãy xóa cột này."));
    assert!(words("received_total").is_some(), "{told}");

    // What is left names the unit and the period once.
    let again = ["org_unit_code", "period_code", "handling_level", "nil"].map(String::from);
    let cells = again.iter().map(|name| json!(record[name])).collect();
    let file = workbook(DATA, &again, &[cells]);
    let report = send(&admin, &format!("{RETURNS}?on_conflict=update"), file).await.expect(200);
    assert_eq!(report["unchanged"], 1, "{report}");
}

async fn a_clerk_reads_no_code_where_the_sheet_has_words(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let names = [
        "org_unit_code",
        "org_unit_identifier",
        "period_code",
        "handling_level",
        "nil",
        "resolved_early",
        "carried_over",
        "carried_over_basis",
    ]
    .map(String::from);
    let line = |level: &str, nil: Value, resolved: Value, carried: Value, basis: Value| {
        vec![json!("31396"), Value::Null, json!("2026-Q3"), json!(level), nil, resolved, carried, basis]
    };
    let none = || Value::Null;
    let lines = [
        line("thôn", json!("chắc thế"), json!(1.5), none(), none()),
        line("commune", none(), none(), json!(7), json!("implied")),
        line("commune", none(), none(), none(), json!("stated")),
    ];
    let mut both = lines.to_vec();
    both[2][1] = json!("000.00.00.H30");
    let file = workbook(DATA, &names, &both);
    for client in [admin.clone(), admin.in_english()] {
        let answer = send(&client, &format!("{RETURNS}?mode=partial"), file.clone()).await;
        let told = answer.json();
        let text = told.to_string();
        let mut messages = Vec::new();
        for rows in [told["errors"].as_array(), told["rows"].as_array()].into_iter().flatten() {
            for row in rows {
                let errors =
                    row["problem"]["errors"].as_array().cloned().unwrap_or_else(|| vec![row.clone()]);
                messages
                    .extend(errors.iter().filter_map(|error| error["message"].as_str().map(str::to_owned)));
            }
        }
        assert!(messages.len() >= 5, "{text}");
        for message in &messages {
            let bare = ["_", "`", "implied", "stated", "commune", "true", "invalid type", "i64"];
            let code = bare.iter().find(|code| message.contains(**code));
            assert_eq!(code, None, "{message}");
        }
        assert!(
            messages.iter().any(|message| message.contains("cấp xã; ") || message.contains("; cấp xã")),
            "{text}"
        );
        assert!(messages.iter().any(|message| message.contains("“có”")), "{text}");
    }
}

async fn a_commune_cannot_import_for_another(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let file = returns(&[("31396", "2026-Q3", "commune", 4), ("31420", "2026-Q3", "commune", 4)]);
    let refused = send(&clerk, RETURNS, file.clone()).await;
    let told = refused.json();
    assert_eq!(refused.faults(403, "forbidden"), ["/4/org_unit_code"]);
    assert!(told["errors"][0]["message"].as_str().unwrap().starts_with("Ô A4: "), "{told}");
    let list = clerk.get("/api/v1/tthc/processing-returns?include_total=true").await.expect(200);
    assert_eq!(list["total"], 0, "nothing half-written");
}

/// A workbook whose one record has this cell.
pub fn with_cell(name: &str, put: impl Fn(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("holidays").unwrap();
    for (place, field) in (0..).zip(["day", "kind", "name"]) {
        page.write_string(0, place, field).unwrap();
    }
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let on = NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();
    page.write_datetime_with_format(1, 0, on, &day).unwrap();
    page.write_string(1, 1, "holiday").unwrap();
    page.write_string(1, 2, name).unwrap();
    put(page);
    book.save_to_buffer().unwrap()
}

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

/// The same archive with this part, as another one or in place of the one of this name.
pub fn with_part(file: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let part = from.by_index_raw(index).unwrap();
        if part.name().unwrap() != name {
            to.raw_copy_file(part).unwrap();
        }
    }
    to.start_file(name, SimpleFileOptions::default()).unwrap();
    to.write_all(content).unwrap();
    to.finish().unwrap().into_inner()
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

async fn a_partial_import_writes_what_is_right(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let file = returns(&[("31396", "2026-Q3", "commune", 4), ("31396", "2026-Q3", "village", 4)]);
    let path = format!("{RETURNS}?mode=partial");
    let copy = send(&clerk.with("accept", XLSX), &format!("{path}&dry_run=true"), file.clone()).await;
    assert_eq!(copy.status, 200);
    assert!(records(&copy.bytes)[1]["_faults"].contains("4: Phải chọn một trong các giá trị: "));
    let report = send(&clerk, &path, file).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)));
    let refused = &report["rows"][1];
    assert_eq!((&refused["row"], &refused["outcome"]), (&json!(4), &json!("refused")));
    assert_eq!(refused["problem"]["errors"][0]["pointer"], "/4/handling_level");
}
