//! What a clerk fills in and sends, and the copy that says what to mend.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use serde_json::json;

use super::{
    DATA, RETURNS, SHEET, XLSX, letters, notes, part, records, returns, rows, rules, send, with_part,
};
use crate::support::TestApp;
use crate::tell;

tell![
    a_clerk_imports_a_return_and_mends_what_is_wrong,
    a_marked_copy_is_a_template_that_a_clerk_mends_and_sends,
    a_marked_copy_of_csv_can_be_sent_again,
    a_commune_cannot_import_for_another,
    a_partial_import_writes_what_is_right,
];

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
