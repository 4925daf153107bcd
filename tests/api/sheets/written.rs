//! What the service writes: lists, forms as they are printed, and templates that explain themselves.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use super::{DATA, RETURNS, XLSX, letters, notes, records, rows, rules, send, workbook};
use crate::support::TestApp;
use crate::tell;

tell![
    a_list_is_a_spreadsheet_with_days_and_numbers,
    form_06_is_laid_out_as_printed,
    a_template_explains_itself_in_vietnamese,
    a_list_shows_words_and_comes_back_by_them,
    a_clerk_reads_no_code_where_the_sheet_has_words,
];

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
