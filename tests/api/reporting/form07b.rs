//! Form 07b: how many procedures there are, and what decisions did to them.

use serde_json::{Value, json};

use crate::sheets::{XLSX, rows};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    form_07b_counts_procedures_in_force_on_the_last_day,
    form_07b_counts_what_decisions_announced_within_the_days,
    form_07b_has_the_decisions_of_provinces_that_went_into_the_unit,
    form_07b_of_a_unit_has_no_procedures_of_other_provinces,
    form_07b_says_what_is_missing,
    form_07b_is_printed_as_it_is_told,
];

const FORM: &str = "/api/v1/reporting/forms/07b";

async fn procedure(admin: &Client, code: &str, members: Value) {
    let mut body = json!({"code": code, "name": format!("Thủ tục {code}"), "level": "commune"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    admin.post("/api/v1/tthc/procedures", &body).await.expect(201);
}

/// What of the columns is not zero.
fn told(columns: &Value) -> Vec<(&str, i64)> {
    let counts = columns.as_object().unwrap().iter();
    let mut told: Vec<_> = counts.map(|(name, count)| (name.as_str(), count.as_i64().unwrap())).collect();
    told.retain(|(_, count)| *count != 0);
    told.sort_unstable();
    told
}

async fn catalogue(app: &TestApp) -> Client {
    let admin = app.admin().await;
    let field = admin.post("/api/v1/tthc/procedure-fields", &json!({"name": "Hộ tịch"})).await.expect(201);
    let id = &field["id"];
    procedure(&admin, "1.001193", json!({"field_id": id, "service_level": "full_online"})).await;
    procedure(&admin, "1.000656", json!({"field_id": id, "service_level": "partial_online"})).await;
    procedure(&admin, "1.000288", json!({"level": "province"})).await;
    procedure(&admin, "2.000635", json!({"field_id": id, "valid_from": "2026-11-01"})).await;
    admin
}

async fn form_07b_counts_procedures_in_force_on_the_last_day(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q3").await;
    let form = admin.get(&format!("{FORM}?period=2026-Q3")).await.expect(200);
    assert_eq!((&form["from"], &form["to"]), (&json!("2026-07-01"), &json!("2026-09-30")));
    assert_eq!(
        (&form["definition"]["name"], &form["definition"]["version"]),
        (&json!("in-force-and-announced"), &json!(2))
    );
    let rows: Vec<_> = form["rows"].as_array().unwrap().iter().collect();
    let rows: Vec<_> = rows.iter().map(|row| (&row["level"], &row["field"], told(&row["columns"]))).collect();
    let expected = [
        (&json!("province"), &json!(null), vec![("in_force", 1), ("unknown", 1)]),
        (
            &json!("commune"),
            &json!("Hộ tịch"),
            vec![("full_online", 1), ("in_force", 2), ("partial_online", 1)],
        ),
    ];
    assert_eq!(rows, expected, "one that begins in November is not in force yet");
    assert_eq!(told(&form["totals"])[1], ("in_force", 3));
    let later = admin.get(&format!("{FORM}?from=2026-10-01&to=2026-11-23")).await.expect(200);
    assert_eq!(later["totals"]["in_force"], 4);
    let reader = app.person("xa.hiephung", "inspector", "31396").await;
    assert_eq!(reader.get(&format!("{FORM}?period=2026-Q3")).await.expect(200)["totals"], form["totals"]);
}

async fn form_07b_counts_what_decisions_announced_within_the_days(app: TestApp) {
    let admin = catalogue(&app).await;
    let decision = |number: &str, unit: &str, effective_on: &str, items: Value| {
        json!({
            "org_unit_code": unit, "number": number, "issued_on": effective_on, "effective_on": effective_on,
            "title": "Công bố danh mục thủ tục hành chính", "items": items,
        })
    };
    let items = json!([
        {"action": "change", "procedure_code": "1.001193"},
        {"action": "add", "procedure_code": "1.009999", "level": "commune", "name": "Thủ tục mới"},
        {"action": "repeal", "procedure_code": "1.000288"},
    ]);
    let before = json!([{"action": "change", "procedure_code": "1.000656"}]);
    for body in [
        decision("2271/QĐ-UBND", "92", "2026-09-01", items),
        decision("1100/QĐ-UBND", "92", "2026-06-30", before.clone()),
        decision(
            "7/QĐ-UBND",
            "31399",
            "2026-09-02",
            json!([{"action": "change", "procedure_code": "1.001193"}]),
        ),
    ] {
        admin.post("/api/v1/tthc/procedure-publications", &body).await.expect(201);
    }
    let form = async |query: &str| {
        admin.get(&format!("{FORM}?from=2026-07-01&to=2026-09-30{query}")).await.expect(200)
    };
    let all = form("").await;
    let totals = &all["totals"];
    assert_eq!(
        ["added", "changed", "replaced", "repealed"].map(|name| totals[name].as_i64().unwrap()),
        [1, 1, 0, 1],
        "what two decisions say of a procedure is one procedure"
    );
    let of = |level: &str, field: Value| {
        let rows = all["rows"].as_array().unwrap();
        rows.iter().find(|row| row["level"] == level && row["field"] == field).unwrap()["columns"].clone()
    };
    assert_eq!(of("commune", json!("Hộ tịch"))["changed"], 1);
    assert_eq!(of("commune", json!(null))["added"], 1, "by the decision's level");
    assert_eq!(of("province", json!(null))["repealed"], 1);
    let own = form("&org_unit_code=92").await;
    assert_eq!((&own["totals"]["changed"], &own["unit"]["org_unit_code"]), (&json!(1), &json!("92")));
    let other = form("&org_unit_code=31396").await;
    assert_eq!((&other["totals"]["changed"], &other["totals"]["in_force"]), (&json!(0), &json!(3)));
}

/// Hậu Giang went into Cần Thơ on 1 July 2025.
async fn form_07b_has_the_decisions_of_provinces_that_went_into_the_unit(app: TestApp) {
    let admin = catalogue(&app).await;
    let province = json!({"name": "Tỉnh khác", "kind": "province", "code": "77", "valid_from": "2020-01-01",
        "parent_id": crate::organization::root(&app)});
    admin.post("/api/v1/organization/org-units", &province).await.expect(201);
    let announced = [
        ("93", "1100/QĐ-UBND", "2025-05-20", "1.001193"),
        ("92", "1200/QĐ-UBND", "2025-05-21", "1.000656"),
        ("92", "2271/QĐ-UBND", "2025-09-01", "1.000288"),
        ("77", "3000/QĐ-UBND", "2025-09-01", "2.000635"),
    ];
    for (unit, number, day, code) in announced {
        let body = json!({
            "org_unit_code": unit, "number": number, "issued_on": day, "effective_on": day,
            "title": "Công bố danh mục thủ tục hành chính",
            "items": [{"action": "change", "procedure_code": code}],
        });
        admin.post("/api/v1/tthc/procedure-publications", &body).await.expect(201);
    }
    let changed = async |query: &str| {
        let path = format!("{FORM}?from=2025-01-01&to=2025-12-31&{query}");
        admin.get(&path).await.expect(200)["totals"]["changed"].as_i64().unwrap()
    };
    assert_eq!(changed("org_unit_code=92").await, 3);
    assert_eq!(changed("org_unit_code=92&as_of=2025-06-30").await, 1, "on the structure before");
    assert_eq!(changed("org_unit_code=93&as_of=2025-06-30").await, 1);
    assert_eq!(changed("").await, 4);
}

async fn form_07b_of_a_unit_has_no_procedures_of_other_provinces(app: TestApp) {
    let admin = catalogue(&app).await;
    for code in ["1.001193.000.00.00.H13", "1.001193.H13.44", "1.001193.000.00.00.H12", "1.000656.G22"] {
        procedure(&admin, code, json!({})).await;
    }
    let in_force = async |query: &str| {
        let form = admin.get(&format!("{FORM}?from=2026-07-01&to=2026-09-30{query}")).await.expect(200);
        form["totals"]["in_force"].as_i64().unwrap()
    };
    let own = ["&org_unit_code=31396", "&org_unit_code=92", "&org_unit_code=92&scope=subtree"];
    for query in own {
        assert_eq!(in_force(query).await, 7, "{query}: nobody knows yet which code is its own");
    }
    let agency = json!({"name": "Sở Tư pháp", "kind": "specialised_agency", "identifier": "H13.14",
        "parent_code": "92", "valid_from": "2025-07-01"});
    admin.post("/api/v1/organization/org-units", &agency).await.expect(201);
    for query in own {
        assert_eq!(in_force(query).await, 6, "{query}");
    }
    assert_eq!(in_force("").await, 7, "the catalogue of all");
    assert_eq!(in_force(&format!("&org_unit_id={}", crate::organization::root(&app))).await, 7);
}

async fn form_07b_says_what_is_missing(app: TestApp) {
    let admin = app.admin().await;
    let fault = async |query: &str| {
        let refused = admin.get(&format!("{FORM}?{query}")).await.problem(422, "invalid");
        refused["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(fault("").await, "required");
    assert_eq!(fault("from=2026-07-02&to=2026-07-01").await, "before_start");
    assert_eq!(fault("period=2031-Q1").await, "unknown_period");
}

/// The columns, in the order in which they are printed.
const COLUMNS: [&str; 9] = [
    "in_force",
    "full_online",
    "partial_online",
    "information_only",
    "unknown",
    "added",
    "changed",
    "replaced",
    "repealed",
];

fn printed_columns(columns: &Value) -> Vec<String> {
    COLUMNS.map(|name| columns[name].to_string()).to_vec()
}

async fn form_07b_is_printed_as_it_is_told(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q3").await;
    let decision = json!({
        "org_unit_code": "92", "number": "2271/QĐ-UBND", "issued_on": "2026-09-01", "effective_on": "2026-09-01",
        "title": "Công bố danh mục thủ tục hành chính", "items": [
            {"action": "change", "procedure_code": "1.001193"},
            {"action": "add", "procedure_code": "1.009999", "name": "Thủ tục mới"},
        ],
    });
    admin.post("/api/v1/tthc/procedure-publications", &decision).await.expect(201);
    let path = format!("{FORM}?period=2026-Q3&org_unit_code=92");
    let form = admin.get(&path).await.expect(200);
    let answer = admin.with("accept", XLSX).get(&path).await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"II.07b-92-2026-Q3.xlsx\"");
    let printed = rows(&answer.bytes, "II.07b");
    let found = |words: &str| printed.iter().position(|row| row.iter().any(|cell| cell.contains(words)));
    for words in [
        "II.07b/VPCP/KSTT",
        "Đơn vị báo cáo: Thành phố Cần Thơ (mã 92)",
        "Kỳ báo cáo: Quý III năm 2026 (từ ngày 01/07/2026 đến ngày 30/09/2026)",
        "Ban hành mới",
        "chưa đối chiếu với mẫu in",
        "THỦ TRƯỞNG ĐƠN VỊ",
    ] {
        assert!(found(words).is_some(), "{words}: {printed:#?}");
    }
    let numbered: Vec<_> = (1..=11).map(|number| format!("({number})")).collect();
    let first = found("(11)").unwrap();
    assert_eq!(printed[first], numbered);
    let total = found("Tổng cộng").unwrap();
    assert_eq!(printed[total][2..], printed_columns(&form["totals"]));
    let lines: Vec<_> = printed[first + 1..total].iter().filter(|row| !row[0].is_empty()).collect();
    let told: Vec<_> = form["rows"].as_array().unwrap().iter().collect();
    assert_eq!(lines.len(), told.len());
    for (line, row) in lines.iter().zip(&told) {
        assert_eq!(line[1], row["field"].as_str().unwrap_or("Chưa xác định lĩnh vực"));
        assert_eq!(line[2..], printed_columns(&row["columns"]));
    }
    let csv = admin.with("accept", "text/csv").get(&path).await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"II.07b-92-2026-Q3.csv\"");
    let csv = csv.text();
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    for (line, row) in lines.zip(&told) {
        let cell = |name: &str| {
            let place = head.iter().position(|known| *known == format!("columns.{name}"));
            line[place.unwrap_or_else(|| panic!("{name}: {head:?}"))].to_owned()
        };
        assert_eq!(COLUMNS.map(cell).to_vec(), printed_columns(&row["columns"]));
    }
    assert_eq!(csv.lines().count(), told.len() + 1);
}
