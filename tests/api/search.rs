//! Records of all rooms, found by words, numbers and codes.

use std::cell::Cell;
use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use kernel::record_types::RecordType;
use serde_json::{Value, json};

use crate::start::on;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    every_kind_of_record_is_found_or_says_why_not,
    words_are_found_without_tone_marks_in_any_order,
    a_number_is_found_in_every_spelling_and_comes_first,
    the_later_come_first_and_pages_hold_every_record_once,
    a_page_is_whole_beside_a_writer,
    nobody_finds_what_they_may_not_read,
    both_units_that_have_a_dossier_find_it,
    what_is_changed_is_found_as_it_is_now,
    nothing_that_is_typed_is_an_error,
    nobody_is_found_by_name,
    everything_is_found_again_when_it_is_made_anew,
];

const SEARCH: &str = "/api/v1/search";
const ACTIVITIES: &str = "/api/v1/tthc/support-activities";

/// Kinds of records that are not searched.
const NOT_SEARCHED: &[(RecordType, &str)] = &[
    (RecordType::OrgUnitSuccession, "its units are found, and it is read beneath them"),
    (RecordType::DossierRules, "it has neither number nor name"),
    (RecordType::FeedbackTimeLimit, "it has neither number nor name"),
    (RecordType::PortalLedgerEntry, "its dossier is found by the same code"),
    (RecordType::Deployment, "its system is found, and it has no name of its own"),
    (RecordType::Attachment, "names of files may be those of people"),
    (RecordType::User, "a person's account"),
    (RecordType::Client, "an account"),
    (RecordType::Grant, "an account's rights"),
];

fn activity(title: &str, starts_on: &str, number: Option<&str>) -> Value {
    json!({
        "org_unit_code": "31396", "kind": "communication", "title": title, "starts_on": starts_on,
        "document_number": number, "document_on": number.map(|_| starts_on),
    })
}

fn asked(query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{SEARCH}?{query}")
}

async fn found(client: &Client, query: &[(&str, &str)]) -> Vec<Value> {
    client.get(&asked(query)).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn titles(client: &Client, q: &str) -> Vec<String> {
    let found = found(client, &[("q", q)]).await;
    found.iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
}

/// What the record says of itself by these members.
fn told<'r>(record: &'r Value, members: &[&'static str]) -> Vec<&'r str> {
    let last = |member: &&'static str| member.rsplit('.').next().unwrap_or_default();
    members.iter().filter_map(|member| record[last(member)].as_str()).collect()
}

async fn every_kind_of_record_is_found_or_says_why_not(app: TestApp) {
    let admin = app.admin().await;
    let mut seen: BTreeSet<RecordType> = NOT_SEARCHED.iter().map(|(kind, _)| *kind).collect();
    for kind in &seen {
        assert_eq!(kind.found(), None, "{kind}");
    }
    let is_searched = |kind: &str| kind.parse::<RecordType>().unwrap().found().is_some();
    for fixture in
        crate::crud_suite::fixtures(&app).await.into_iter().filter(|one| is_searched(one.record_type))
    {
        let kind: RecordType = fixture.record_type.parse().unwrap();
        let made = admin.post(fixture.collection, &fixture.create).await;
        let (place, etag) = (made.header("location"), made.etag());
        let mut record = made.expect(201);
        let members = kind.found().unwrap();
        let by = |record: &Value| {
            let texts = told(record, members.codes).into_iter().chain(told(record, members.titles));
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        if by(&record).is_empty() {
            let numbered = json!({"document_number": "15/QĐ-UBND", "document_on": "2026-03-02"});
            let patch =
                if fixture.patch.get("document_number").is_some() { &fixture.patch } else { &numbered };
            record = admin.patch(&place, &etag, patch).await.expect(200);
        }
        let texts = by(&record);
        assert!(!texts.is_empty(), "{kind} has nothing to be found by: {record}");
        for text in texts {
            let found = found(&admin, &[("q", &text), ("type", fixture.record_type)]).await;
            let hit = found.iter().find(|hit| hit["id"] == record["id"]);
            let hit = hit.unwrap_or_else(|| panic!("{kind} is not found by {text}: {found:?}"));
            assert_eq!((&hit["type"], &hit["href"]), (&json!(kind.as_str()), &json!(place)));
        }
        seen.insert(kind);
    }
    app.period("half", "2024-H1").await;
    let closing = json!({"period_code": "2024-H1", "org_unit_code": "934", "scope": "self"});
    let closed = admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    let closures = found(&admin, &[("q", "2024-H1"), ("type", "period_closure")]).await;
    assert_eq!((closures.len(), &closures[0]["id"]), (1, &closed["id"]));
    seen.insert(RecordType::PeriodClosure);
    assert_eq!(
        seen,
        RecordType::ALL.iter().copied().collect(),
        "each kind is found, or named with the reason"
    );
}

async fn words_are_found_without_tone_marks_in_any_order(app: TestApp) {
    let admin = app.admin().await;
    let title = "Tuyên truyền dịch vụ công trực tuyến tại ấp";
    admin.post(ACTIVITIES, &activity(title, "2026-03-02", None)).await.expect(201);
    admin.post(ACTIVITIES, &activity("Tập huấn chữ ký số", "2026-03-02", None)).await.expect(201);
    for q in [
        "tuyen truyen dich vu cong",
        "TRỰC TUYẾN, dịch vụ (công)",
        "ap tuyên truyê\u{300}n",
        "truc tuy",
        "tuyen truyen truyen truyen",
    ] {
        assert_eq!(titles(&admin, q).await, [title], "{q}");
    }
    for q in ["tuyen truyen chu ky so", "uyen truyen", "truyenn"] {
        assert_eq!(titles(&admin, q).await, Vec::<String>::new(), "{q}");
    }
    // A letter alone is a word, not the beginning of every one.
    assert_eq!(titles(&admin, "tuyen truyen t").await, Vec::<String>::new());
    let hit = &found(&admin, &[("q", "chu ky so"), ("domain", "tthc")]).await[0];
    assert_eq!((&hit["org_unit_code"], &hit["day"]), (&json!("31396"), &json!("2026-03-02")));
    assert_eq!(found(&admin, &[("q", "chu ky so"), ("domain", "civil_service")]).await, [Value::Null; 0]);
    let units = found(&admin, &[("q", "hiep hung"), ("type", "org_unit")]).await;
    assert!(units.iter().any(|unit| unit["org_unit_code"] == "31396"), "{units:?}");
}

async fn a_number_is_found_in_every_spelling_and_comes_first(app: TestApp) {
    let admin = app.admin().await;
    let numbered = "Phân công hỗ trợ theo quyết định";
    admin.post(ACTIVITIES, &activity(numbered, "2026-01-05", Some("67/QĐ-UBND"))).await.expect(201);
    let later = activity("Thực hiện Quyết định 67/QĐ-UBND", "2026-06-01", Some("670/QĐ-UBND"));
    admin.post(ACTIVITIES, &later).await.expect(201);
    for q in ["67/QĐ-UBND", "067/qđ- ubnd", "67/QÐ-UBND", "67/qd-ubnd"] {
        let found = titles(&admin, q).await;
        assert_eq!(found, [numbered, "Thực hiện Quyết định 67/QĐ-UBND"], "{q}");
    }
    assert_eq!(
        titles(&admin, "Quyết định số 67/QĐ-UBND").await,
        [numbered],
        "a number is found in the words around it"
    );
    assert_eq!(titles(&admin, "670/QĐ").await.len(), 1, "a number is found by its beginning");
    let dossier = json!({
        "code": "H13.44-260302-0041", "procedure_code": "1.001193", "receiving_unit_code": "31396",
        "channel": "online", "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử"},
        "received_at": "2026-03-02T02:10:00Z",
    });
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    admin.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let dossier = admin.post("/api/v1/tthc/dossiers", &dossier).await.expect(201);
    for q in ["H13.44-260302-0041", "h13.44 - 260302 - 0041", "H13.44-260302", "260302 0041", "0041"] {
        let found = found(&admin, &[("q", q), ("type", "dossier")]).await;
        assert_eq!(found.iter().map(|hit| &hit["id"]).collect::<Vec<_>>(), [&dossier["id"]], "{q}");
    }
}

async fn the_later_come_first_and_pages_hold_every_record_once(app: TestApp) {
    let admin = app.admin().await;
    let lines: Vec<Value> = (1..=25)
        .map(|day| {
            activity(
                &format!("Ra quân đợt {day}"),
                &format!("2026-03-{day:02}"),
                (day == 3).then_some("9/KH-UBND"),
            )
        })
        .collect();
    admin.post(&format!("{ACTIVITIES}/batch"), &json!(lines)).await.expect(200);
    let (mut path, mut seen, mut pages) = (format!("{}&limit=7", asked(&[("q", "ra quan")])), Vec::new(), 0);
    while !path.is_empty() {
        let page = admin.get(&path).await;
        let link = page.header("link");
        let page = page.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|hit| hit["day"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        path = link.strip_prefix('<').map(|l| l.split('>').next().unwrap().to_owned()).unwrap_or_default();
    }
    let expected: Vec<String> = (1..=25).rev().map(|day| format!("2026-03-{day:02}")).collect();
    assert_eq!((seen, pages), (expected, 4));
    // The one with the number first, the others behind it, across the pages.
    let first = admin.get(&format!("{}&limit=1", asked(&[("q", "9/KH-UBND")]))).await.expect(200);
    assert_eq!((&first["items"][0]["day"], &first["next_cursor"]), (&json!("2026-03-03"), &Value::Null));
    let other = admin.get(&format!("{}&limit=1", asked(&[("q", "ra quan")]))).await.expect(200);
    let cursor = other["next_cursor"].as_str().unwrap();
    let elsewhere = admin.get(&format!("{}&cursor={cursor}", asked(&[("q", "ra quan dot")]))).await;
    elsewhere.problem(422, "invalid-cursor");
}

/// A record that is changed is found at another place: what a page tells stood so at one moment.
async fn a_page_is_whole_beside_a_writer(app: TestApp) {
    let admin = app.admin().await;
    let mut places = Vec::new();
    for day in 1..=12 {
        let made = admin
            .post(ACTIVITIES, &activity(&format!("Tập huấn {day}"), &format!("2026-03-{day:02}"), None))
            .await;
        places.push(made.header("location"));
    }
    let over = Cell::new(false);
    let writing = async {
        for round in 1..=8 {
            for place in &places {
                let etag = admin.get(place).await.etag();
                admin.patch(place, &etag, &json!({"note": format!("Lần {round}")})).await.expect(200);
            }
        }
        over.set(true);
    };
    let reading = async {
        while !over.get() {
            assert_eq!(found(&admin, &[("q", "tap huan")]).await.len(), places.len());
        }
    };
    tokio::join!(writing, reading);
}

async fn nobody_finds_what_they_may_not_read(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let province = app.person("so.noivu", "reviewer", "92").await;
    let other_domain = json!({"role": "editor", "org_unit_code": "31396", "domains": ["civil_service"]});
    let other_domain = app.person_with("noi.vu", other_domain).await;
    let unit = app.unit("92", "2026-06-01");
    let (reads, reads_not) = (
        app.system("doc-tthc", (&unit, "2026-01-01"), &["tthc:read"]).await,
        app.system("doc-cong-vu", (&unit, "2026-01-01"), &["civil_service:read"]).await,
    );
    editor.post(ACTIVITIES, &activity("Tuyên truyền lưu động", "2026-03-02", None)).await.expect(201);
    let q = "tuyen truyen luu dong";
    for (client, count) in
        [(&editor, 1), (&province, 1), (&reads, 1), (&neighbour, 0), (&other_domain, 0), (&reads_not, 0)]
    {
        assert_eq!(titles(client, q).await.len(), count);
    }
    other_domain.get(&asked(&[("q", q), ("type", "support_activity")])).await.problem(403, "forbidden");
    reads_not.get(&asked(&[("q", q), ("type", "support_activity")])).await.problem(403, "forbidden");
    app.anonymous().get(&asked(&[("q", q)])).await.problem(401, "unauthorized");
    // What belongs to no unit is for whoever may read reference data.
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    app.admin().await.post("/api/v1/tthc/procedures", &known).await.expect(201);
    for client in [&neighbour, &reads_not] {
        assert_eq!(titles(client, "khai sinh 1.001193").await, ["Đăng ký khai sinh"]);
    }
    let of = |code: &'static str, scope: &'static str| [("q", q), ("org_unit_code", code), ("scope", scope)];
    assert_eq!(found(&province, &of("31396", "self")).await.len(), 1);
    assert_eq!(found(&province, &of("31399", "self")).await.len(), 0);
    assert_eq!(found(&province, &of("92", "self")).await.len(), 0);
    assert_eq!(found(&province, &of("92", "subtree")).await.len(), 1);
    let other = [of("93", "subtree").as_slice(), &[("as_of", "2024-06-30")]].concat();
    assert_eq!(found(&province, &other).await.len(), 0, "it is of another province");
    assert_eq!(found(&neighbour, &of("31396", "self")).await.len(), 0, "a filter widens nothing");
    province.get(&asked(&of("nowhere", "self"))).await.problem(422, "invalid");
}

async fn both_units_that_have_a_dossier_find_it(app: TestApp) {
    let receives = app.person("xa.hiephung", "editor", "31396").await;
    let resolves = app.person("tp.cantho", "reviewer", "92").await;
    let stranger = app.person("xa.tanbinh", "editor", "31399").await;
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    app.admin().await.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let agency = json!({"name": "Sở Tư pháp", "kind": "specialised_agency", "code": "STP", "parent_code": "92", "valid_from": "2026-01-01"});
    app.admin().await.post("/api/v1/organization/org-units", &agency).await.expect(201);
    let grant = json!({"role": "editor", "org_unit_code": "STP", "valid_from": "2026-01-01"});
    let agency = app.person_with("so.tuphap", grant).await;
    let dossier = json!({
        "code": "H13.44-260302-0043", "procedure_code": "1.001193", "receiving_unit_code": "31396",
        "resolving_unit_code": "STP", "channel": "online", "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử"},
        "received_at": "2026-03-02T02:10:00Z",
    });
    app.admin().await.post("/api/v1/tthc/dossiers", &dossier).await.expect(201);
    for (client, count) in [(&receives, 1), (&resolves, 1), (&agency, 1), (&stranger, 0)] {
        assert_eq!(found(client, &[("q", "h13.44-260302-0043")]).await.len(), count);
    }
}

async fn what_is_changed_is_found_as_it_is_now(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let made = editor.post(ACTIVITIES, &activity("Ra quân tháng ba", "2026-03-02", Some("3/KH-UBND"))).await;
    let (place, etag) = (made.header("location"), made.etag());
    let changed = editor.patch(&place, &etag, &json!({"title": "Tập huấn thanh niên"})).await;
    let etag = changed.etag();
    changed.expect(200);
    assert_eq!(titles(&editor, "ra quan").await, Vec::<String>::new());
    assert_eq!(titles(&editor, "thanh nien").await, ["Tập huấn thanh niên"]);
    let changed = editor.patch(&place, &etag, &json!({"leaflets": 3, "document_number": "4/KH-UBND"})).await;
    let etag = changed.etag();
    changed.expect(200);
    assert_eq!(titles(&editor, "3/KH-UBND").await, Vec::<String>::new());
    assert_eq!(titles(&editor, "4/KH-UBND").await, ["Tập huấn thanh niên"]);
    let moved = editor.patch(&place, &etag, &json!({"starts_on": "2026-02-02"})).await;
    let etag = moved.etag();
    moved.expect(200);
    assert_eq!(found(&editor, &[("q", "thanh nien")]).await[0]["day"], "2026-02-02");
    assert_eq!(editor.delete(&place, &etag).await.status, 204);
    for q in ["thanh nien", "4/KH-UBND"] {
        assert_eq!(titles(&editor, q).await, Vec::<String>::new(), "{q}");
    }
}

async fn nothing_that_is_typed_is_an_error(app: TestApp) {
    let admin = app.admin().await;
    let title = "Mở lớp \"một cửa\" AND NOT (điện tử)*: 100% & ' \\";
    admin.post(ACTIVITIES, &activity(title, "2026-03-02", None)).await.expect(201);
    let long = "a ".repeat(100);
    let (many, marks) = ("đ".repeat(200), "\u{301}".repeat(200));
    for q in [
        "\"",
        "'",
        "*",
        "OR",
        "NEAR(",
        "NEAR(a b, 2)",
        "a AND",
        "AND OR NOT",
        "terms:a",
        "search_words:a",
        "-a",
        "^a",
        "(",
        ")",
        ":*",
        "!a",
        "a & | b",
        "<->",
        "a\\",
        "%",
        "_",
        "k__67",
        "u__",
        "🙂",
        "字",
        "\u{200b}",
        " ",
        "ß ﬁ Ⅳ",
        "00",
        "0",
        "''",
        "' OR 1=1 --",
        &long,
        &many,
        &marks,
    ] {
        let answer = admin.get(&asked(&[("q", q)])).await;
        assert_eq!(answer.status, 200, "{q}: {}", answer.text());
    }
    for q in [
        "mot cua and not dien tu 100",
        "\"một cửa\" AND NOT",
        "(dien-tu) lop*",
        "mo\u{309}% lo\u{301}\u{31b}p",
    ] {
        assert_eq!(titles(&admin, q).await, [title], "{q}");
    }
    assert_eq!(titles(&admin, "MỞ LỚP").await, [title]);
    admin.get(&asked(&[("q", "")])).await.problem(400, "invalid-parameter");
    admin.get(&asked(&[("q", &"a".repeat(201))])).await.problem(400, "invalid-parameter");
    admin.get(SEARCH).await.problem(400, "invalid-parameter");
    admin.get(&asked(&[("q", "a\0")])).await.problem(422, "invalid");
}

async fn nobody_is_found_by_name(app: TestApp) {
    let admin = app.admin().await;
    let known = json!({"code": "1.001193", "name": "Đăng ký khai sinh", "level": "commune"});
    admin.post("/api/v1/tthc/procedures", &known).await.expect(201);
    let dossier = json!({
        "code": "H13.44-260302-0042", "procedure_code": "1.001193", "receiving_unit_code": "31396",
        "channel": "online", "owner": {"kind": "citizen", "name": "Nguyễn Thị Đoan Trang"},
        "received_at": "2026-03-02T02:10:00Z",
    });
    admin.post("/api/v1/tthc/dossiers", &dossier).await.expect(201);
    let feedback = json!({
        "org_unit_code": "31396", "code": "PAKN.20260302.0126", "channel": "portal", "class": "conduct",
        "content": "Bà Đoan Trang chờ quá lâu.", "received_at": "2026-03-02T02:00:00Z",
    });
    admin.post("/api/v1/tthc/citizen-feedback", &feedback).await.expect(201);
    for q in ["doan trang", "nguyen thi", "cho qua lau"] {
        assert_eq!(titles(&admin, q).await, Vec::<String>::new(), "{q}");
    }
    assert_eq!(titles(&admin, "PAKN.20260302.0126").await, ["phản ánh, kiến nghị"]);
}

async fn everything_is_found_again_when_it_is_made_anew(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(ACTIVITIES, &activity("Ra quân tháng ba", "2026-03-02", Some("3/KH-UBND"))).await;
    let (place, etag) = (made.header("location"), made.etag());
    admin.patch(&place, &etag, &json!({"title": "Tập huấn thanh niên"})).await.expect(200);
    let gone = admin.post(ACTIVITIES, &activity("Ra quân tháng tư", "2026-04-02", None)).await;
    let (place, etag) = (gone.header("location"), gone.etag());
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let before = found(&admin, &[("q", "thanh nien")]).await;
    let all = found(&admin, &[("q", "xa"), ("limit", "200")]).await;
    assert!(before.len() == 1 && all.len() > 10, "{}", all.len());
    app.database.connect().batch_execute("DELETE FROM search_entries").unwrap();
    assert_eq!(found(&admin, &[("q", "thanh nien")]).await, [Value::Null; 0]);
    let done = on(&app.database, &["search", "rebuild"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(found(&admin, &[("q", "thanh nien")]).await, before);
    assert_eq!(found(&admin, &[("q", "xa"), ("limit", "200")]).await, all);
    assert_eq!(titles(&admin, "ra quan").await, Vec::<String>::new());
    let copy = crate::backup::restored_with_keys(&app, &crate::backup::taken(&app.database)).await;
    assert_eq!(found(&copy.sign_in("admin").await, &[("q", "thanh nien")]).await, before);
}
