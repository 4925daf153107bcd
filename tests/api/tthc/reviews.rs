//! Reviews of procedures, from the district's report to what they save.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_review_of_the_report_is_told_and_counted,
    what_a_review_saves_follows_from_its_proposals,
    nobody_states_the_totals,
    a_review_is_found_by_what_it_is_about,
    a_unit_reviews_for_itself_alone,
    what_does_not_hold_together_is_refused_or_noticed,
    a_list_goes_on_where_it_ended,
    a_unit_with_a_review_is_not_deleted,
    reviews_come_in_a_spreadsheet_with_their_proposals,
];

const REVIEWS: &str = "/api/v1/tthc/procedure-reviews";

/// The report of Phụng Hiệp for the first half of 2024: "Huyện tổ chức rà soát lại TTHC của 04 ngành, lĩnh
/// vực", of which that of justice is being shortened. It names neither plan nor procedures.
fn of_the_report() -> Value {
    json!({
        "org_unit_code": "934", "title": "Rà soát lại TTHC của các ngành, lĩnh vực",
        "starts_on": "2024-01-01", "ends_on": "2024-06-30", "outcome": "under_way",
        "fields": [
            "Lao động-Thương binh và Xã hội", "Tài nguyên và Môi trường", "Tư pháp", "Văn hóa và Thông tin",
        ],
    })
}

fn review(title: &str, starts_on: &str) -> Value {
    json!({"org_unit_code": "31396", "title": title, "starts_on": starts_on, "outcome": "proposed"})
}

/// The titles of a list.
async fn titles(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{REVIEWS}?{query}")).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

fn codes(remarks: &Value) -> Vec<&str> {
    remarks.as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

async fn the_review_of_the_report_is_told_and_counted(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(REVIEWS, &of_the_report()).await.expect(201);
    assert_eq!((&made["field_count"], &made["proposal_count"]), (&json!(4), &json!(0)));
    assert_eq!(made["org_unit_name"], "Huyện Phụng Hiệp", "as it was called then");
    assert_eq!(made["remarks"], json!([]));
    let unit = "org_unit_code=934&as_of=2024-06-30";
    assert_eq!(titles(&admin, unit).await.len(), 1);
    assert_eq!(titles(&admin, &format!("{unit}&q=tu+phap")).await.len(), 1, "by a field, without tone marks");
    assert_eq!(titles(&admin, &format!("{unit}&q=ho+tich")).await.len(), 0);
    admin.get(&format!("{REVIEWS}?org_unit_code=934")).await.problem(422, "unit-not-in-force");
}

async fn what_a_review_saves_follows_from_its_proposals(app: TestApp) {
    let admin = app.admin().await;
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    let known = admin.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let mut body = review("Rà soát lĩnh vực hộ tịch", "2026-01-05");
    body["reviewed_count"] = json!(41);
    body["proposals"] = json!([
        {"kind": "shorten", "procedure_id": known["id"], "cut_working_days": 2, "saved_amount_vnd": 12_000_000},
        {"kind": "amend", "procedure_code": "1.000593", "cut_working_days": 1, "saved_amount_vnd": 9_000_000_000_000_i64},
        {"kind": "keep", "procedure_name": "Chứng thực chữ ký"},
    ]);
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let made = editor.post(REVIEWS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    assert_eq!(
        ["proposal_count", "total_cut_working_days", "total_saved_amount_vnd"].map(|name| made[name].clone()),
        [json!(2), json!(3), json!(9_000_012_000_000_i64)],
        "what stays as it is is no proposal"
    );
    let proposals = &made["proposals"];
    assert_eq!(proposals[0]["procedure_code"], "1.001193", "named by its id, known by its code");
    assert_eq!(
        (&proposals[1]["procedure_id"], &proposals[1]["procedure_code"]),
        (&Value::Null, &json!("1.000593"))
    );
    assert_eq!(editor.get(&place).await.expect(200), made, "read as it was answered");

    let change = json!({"proposals": [proposals[2], proposals[0]]});
    let changed = editor.patch(&place, &etag, &change).await.expect(200);
    assert_eq!(changed["total_cut_working_days"], 2);
    let kinds: Vec<_> = changed["proposals"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["keep", "shorten"], "in their new order");
    let read = editor.get(&place).await.expect(200);
    assert_eq!(read["proposals"], changed["proposals"], "none of the old ones is left");
}

async fn nobody_states_the_totals(app: TestApp) {
    let admin = app.admin().await;
    for member in
        ["proposal_count", "total_cut_working_days", "total_saved_amount_vnd", "field_count", "remarks"]
    {
        let mut body = review("Rà soát", "2026-01-05");
        body[member] = json!(7);
        let faults = admin.post(REVIEWS, &body).await.faults(400, "wrong-shape");
        assert_eq!(faults, [format!("/{member}")]);
    }
}

async fn a_review_is_found_by_what_it_is_about(app: TestApp) {
    let admin = app.admin().await;
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    let known = admin.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let mut of_births = review("Hộ tịch", "2026-01-05");
    of_births["proposals"] = json!([{"kind": "keep", "procedure_code": "1.001193"}]);
    let mut of_land = review("Đất đai", "2026-03-02");
    of_land["outcome"] = json!("approved");
    of_land["approval_number"] = json!("2215/QĐ-UBND");
    of_land["approved_on"] = json!("2026-07-15");
    of_land["proposals"] = json!([{"kind": "abolish", "procedure_code": "1.000593.000.00.00.H13"}]);
    for body in [&of_births, &of_land] {
        admin.post(REVIEWS, body).await.expect(201);
    }
    let id = known["id"].as_str().unwrap();
    for (query, expected) in [
        (format!("procedure_id={id}"), vec!["Hộ tịch"]),
        ("procedure_code=1.000593.000.00.00.H13".to_owned(), vec!["Đất đai"]),
        ("procedure_code=1.000593".to_owned(), vec![]),
        ("procedure_code=1.001193.000.00.00.H13".to_owned(), vec!["Hộ tịch"]),
        ("outcome=approved".to_owned(), vec!["Đất đai"]),
        ("starts_from=2026-01-06".to_owned(), vec!["Đất đai"]),
        ("starts_to=2026-01-05".to_owned(), vec!["Hộ tịch"]),
        ("q=%C4%91at+dai".to_owned(), vec!["Đất đai"]),
        ("sort=starts_on".to_owned(), vec!["Hộ tịch", "Đất đai"]),
        (String::new(), vec!["Đất đai", "Hộ tịch"]),
        ("org_unit_code=92&scope=subtree".to_owned(), vec!["Đất đai", "Hộ tịch"]),
        ("org_unit_code=92".to_owned(), vec![]),
        ("org_unit_code=31399".to_owned(), vec![]),
    ] {
        assert_eq!(titles(&admin, &query).await, expected, "{query}");
    }
    let unknown = uuid::Uuid::now_v7();
    let refused = admin.get(&format!("{REVIEWS}?procedure_id={unknown}")).await;
    assert_eq!(refused.faults(422, "invalid"), ["/procedure_id"]);
}

async fn a_unit_reviews_for_itself_alone(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let other = app.person("xa.tanbinh", "editor", "31399").await;
    let reviewer = app.person("so.tuphap", "reviewer", "92").await;
    let body = review("Hộ tịch", "2026-01-05");
    assert_eq!(other.post(REVIEWS, &body).await.faults(403, "forbidden"), ["/org_unit_code"]);
    reviewer.post(REVIEWS, &body).await.problem(403, "forbidden");
    let made = editor.post(REVIEWS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    other.get(&place).await.problem(404, "not-found");
    other.delete(&place, &etag).await.problem(404, "not-found");
    assert_eq!(titles(&other, "").await.len(), 0);
    assert_eq!(titles(&reviewer, "").await, ["Hộ tịch"]);
    reviewer.delete(&place, &etag).await.problem(403, "forbidden");
    let mut moved = body.clone();
    moved["org_unit_code"] = json!("31399");
    assert_eq!(editor.put(&place, &etag, &moved).await.faults(422, "invalid"), ["/org_unit_code"]);
    app.seal().await;
    let told = async |client: &Client| {
        let feed = client.get("/api/v1/exchange/changes?types=procedure_review").await.expect(200);
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&editor).await, told(&other).await), (1, 0), "the feed is confined likewise");
    let lines = json!([body, review("Đất đai", "2026-01-05")]);
    let report =
        other.post(&format!("{REVIEWS}/batch?mode=partial&on_conflict=update"), &lines).await.expect(200);
    assert_eq!((&report["created"], &report["refused"]), (&json!(0), &json!(2)), "{report}");
}

async fn what_does_not_hold_together_is_refused_or_noticed(app: TestApp) {
    let admin = app.admin().await;
    let mut body = review("Hộ tịch", "2026-01-05");
    body["ends_on"] = json!("2026-01-04");
    body["document_number"] = json!("125/KH-UBND");
    body["approved_on"] = json!("2026-01-04");
    body["fields"] = json!(["Hộ tịch", "hộ tịch"]);
    body["proposals"] = json!([
        {"kind": "shorten", "procedure_code": "1.001193"},
        {"kind": "amend"},
        {"kind": "amend", "procedure_code": "1001.193"},
    ]);
    let mut faults = admin.post(REVIEWS, &body).await.faults(422, "invalid");
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "/approved_on",
            "/document_on",
            "/ends_on",
            "/fields/1",
            "/proposals/0/cut_working_days",
            "/proposals/1/procedure_code",
            "/proposals/2/procedure_code",
        ],
        "every fault at once"
    );
    // The report of Phụng Hiệp dates 08/2023/QĐ-UBND in January 2024.
    let mut odd = review("Hộ tịch", "2024-01-01");
    odd["org_unit_code"] = json!("934");
    odd["outcome"] = json!("approved");
    odd["approval_number"] = json!("08/2023/QĐ-UBND");
    odd["approved_on"] = json!("2024-01-13");
    odd["reviewed_count"] = json!(0);
    odd["proposals"] = json!([{"kind": "keep", "procedure_name": "Khai sinh"}]);
    let made = admin.post(REVIEWS, &odd).await.expect(201);
    assert_eq!(codes(&made["remarks"]), ["number_year", "fewer_than_named", "no_proposals"]);
    assert_eq!(made["remarks"][1]["numbers"], json!({"stated": 0, "named": 1}));
    let again = json!({"org_unit_code": "934", "title": "HỘ  TỊCH", "starts_on": "2024-01-01", "outcome": "proposed"});
    admin.post(REVIEWS, &again).await.problem(409, "duplicate");
}

async fn a_list_goes_on_where_it_ended(app: TestApp) {
    let admin = app.admin().await;
    for title in ["A", "B", "C", "D", "E"] {
        admin.post(REVIEWS, &review(title, "2026-01-05")).await.expect(201);
    }
    // Read over one unit, and over many.
    for unit in ["org_unit_code=31396", "org_unit_code=92&scope=subtree"] {
        for sort in ["starts_on", "-starts_on"] {
            let query = format!("{unit}&sort={sort}&limit=2&include_total=true");
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = admin.get(&format!("{REVIEWS}?{query}{cursor}")).await.expect(200);
                assert_eq!(page["total"], 5);
                let items = page["items"].as_array().unwrap();
                seen.extend(items.iter().map(|one| one["title"].as_str().unwrap().to_owned()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let mut expected = vec!["A", "B", "C", "D", "E"];
            if sort.starts_with('-') {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{query}: each once, though all begin on one day");
        }
    }
}

async fn a_unit_with_a_review_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let unit = json!({"name": "Phòng thử nghiệm", "kind": "specialised_agency", "code": "PTN", "parent_code": "31396", "valid_from": "2026-01-01"});
    let unit = admin.post("/api/v1/organization/org-units", &unit).await;
    let (place, etag) = (unit.header("location"), unit.etag());
    let mut body = review("Hộ tịch", "2026-01-05");
    body["org_unit_code"] = json!("PTN");
    let made = admin.post(REVIEWS, &body).await;
    admin.delete(&place, &etag).await.problem(409, "in-use");
    assert_eq!(admin.delete(&made.header("location"), &made.etag()).await.status, 204);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}

async fn reviews_come_in_a_spreadsheet_with_their_proposals(app: TestApp) {
    let admin = app.admin().await;
    let csv = "org_unit_code,title,starts_on,outcome,fields,proposals\n\
        31396,Rà soát hộ tịch,2026-01-05,đã kiến nghị,\"[\"\"Hộ tịch\"\"]\",\"[{\"\"kind\"\": \"\"shorten\"\", \"\"procedure_name\"\": \"\"Khai sinh\"\", \"\"cut_working_days\"\": 3}]\"\n";
    let file = Some(("text/csv", csv.as_bytes().to_vec()));
    let report = admin.send("POST", &format!("{REVIEWS}/import"), file).await.expect(200);
    let id = report["rows"][0]["id"].as_str().unwrap();
    let made = admin.get(&format!("{REVIEWS}/{id}")).await.expect(200);
    assert_eq!(
        (&made["outcome"], &made["fields"], &made["total_cut_working_days"]),
        (&json!("proposed"), &json!(["Hộ tịch"]), &json!(3))
    );
}
