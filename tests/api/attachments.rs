//! Files that belong to a record: whose they are, what is taken, and that nothing is left behind by
//! what breaks off.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use cchc::attachments::{AttachmentId, removals};
use cchc::config::{AttachmentPlace, Count, S3Endpoint, Secret};
use cchc::db::schema::{attachments, content_removals};
use cchc::state::UPLOADS;
use diesel::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zip::write::SimpleFileOptions;

use crate::backup::{sealed, unpacked};
use crate::start::{refused, vars_of};
use crate::support::database::{Backend, TestDatabase};
use crate::support::{Answer, Client, TestApp};
use crate::tell;
use crate::tthc::{RETURNS, submit};

tell![
    a_closed_period_takes_no_evidence_and_gives_none_up,
    a_file_is_attached_read_and_deleted,
    a_list_of_attachments_is_a_list_like_any_other,
    an_attachment_lives_as_its_return_does,
    nobody_attaches_to_a_return_while_it_is_handed_in,
    whoever_does_not_see_the_record_sees_no_attachment,
    a_feed_tells_of_attachments_to_whoever_reads_their_record,
    a_file_that_lies_about_itself_is_refused,
    what_would_run_is_refused,
    every_kind_that_is_promised_is_taken,
    a_name_is_never_a_path,
    a_form_of_another_shape_is_refused,
    a_file_over_the_limit_is_refused_before_it_has_come,
    an_upload_that_is_cut_leaves_nothing,
    a_file_is_attached_once_for_its_key,
    content_is_removed_when_its_time_has_come,
    a_slow_reader_holds_no_connection_to_the_database,
    a_storage_that_is_away_is_told_as_such,
    s3_compatible_storage_keeps_attachments,
    a_backup_holds_the_content_too,
    a_backup_of_an_earlier_version_is_restored,
];

pub const PDF: &[u8] =
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A form with one file, as a browser sends it.
pub struct Form<'a> {
    pub name: &'a str,
    pub media_type: &'a str,
    pub content: &'a [u8],
    pub description: Option<&'a str>,
}

const BOUNDARY: &str = "ranh-gioi-7";

pub fn pdf(name: &str) -> Form<'_> {
    Form { name, media_type: "application/pdf", content: PDF, description: None }
}

impl Form<'_> {
    fn head(&self) -> String {
        let description = self.description.map(|text| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{text}\r\n")
        });
        let name = self.name.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "{}--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {}\r\n\r\n",
            description.unwrap_or_default(),
            self.media_type
        )
    }

    fn bytes(&self) -> Vec<u8> {
        [self.head().as_bytes(), self.content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}

fn form_data() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

pub async fn send(client: &Client, record: &str, form: &Form<'_>) -> Answer {
    client.send("POST", &format!("{record}/attachments"), Some((&form_data(), form.bytes()))).await
}

/// Attaches a file to a record.
pub async fn attached(client: &Client, record: &str) {
    send(client, record, &pdf("Báo cáo.pdf")).await.expect(201);
}

/// The codes of a problem's faults.
#[track_caller]
pub fn codes(answer: Answer) -> Vec<String> {
    let body = answer.problem(422, "invalid");
    let faults = body["errors"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["pointer"] == "/file"), "{body}");
    faults.iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect()
}

/// A draft of the commune 31396, and where it is read.
async fn draft(app: &TestApp) -> String {
    app.period("quarter", "2026-Q3").await;
    let line = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
        "received_online": 100, "resolved_early": 90, "pending_in_time": 10});
    app.admin().await.post(RETURNS, &line).await.header("location")
}

/// Every file in a folder, at any depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

fn kept(app: &TestApp) -> Vec<PathBuf> {
    files(&app.state.config.data_dir.join("attachments"))
}

/// Rows of attachments and of removals.
fn rows(app: &TestApp) -> (i64, i64) {
    let mut conn = app.connect();
    let attached = attachments::table.count().get_result(&mut conn).unwrap();
    (attached, content_removals::table.count().get_result(&mut conn).unwrap())
}

async fn a_file_is_attached_read_and_deleted(app: TestApp) {
    let record = draft(&app).await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let form = Form { description: Some("Bản ký số"), ..pdf("Báo cáo \"quý 3\".pdf") };
    assert_eq!(codes(send(&editor, &record, &form).await), ["unfit_character"]);
    let form = Form { description: Some("Bản ký số"), ..pdf("Báo cáo quý 3 (đã ký).pdf") };
    let made = send(&editor, &record, &form).await;
    let (place, etag) = (made.header("location"), made.etag());
    let attachment = made.expect(201);
    let id = attachment["id"].as_str().unwrap();
    assert_eq!(place, format!("{record}/attachments/{id}"));
    assert_eq!(attachment["name"], "Báo cáo quý 3 (đã ký).pdf");
    assert_eq!(attachment["description"], "Bản ký số");
    assert_eq!(attachment["media_type"], "application/pdf");
    assert_eq!(attachment["size_bytes"], PDF.len());
    assert_eq!(attachment["record_type"], "processing_return");
    assert_eq!(attachment["org_unit_id"], app.unit("31396", "2026-11-23"));
    assert!(attachment.get("province_id").is_none());
    assert_eq!(kept(&app).len(), 1);
    assert!(kept(&app)[0].ends_with(id), "stored by its id");

    let read = editor.get(&place).await;
    assert_eq!(read.etag(), etag);
    assert_eq!(read.expect(200), attachment);
    assert_eq!(editor.with("if-none-match", &etag).get(&place).await.status, 304);

    let content = editor.with("accept-encoding", "gzip").get(&format!("{place}/content")).await;
    assert_eq!((content.status, content.bytes.as_slice()), (200, PDF));
    let sha256 = format!("\"{}\"", attachment["sha256"].as_str().unwrap());
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", &PDF.len().to_string()),
        (
            "content-disposition",
            "attachment; filename*=UTF-8''B%C3%A1o%20c%C3%A1o%20qu%C3%BD%203%20%28%C4%91%C3%A3%20k%C3%BD%29.pdf",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
        ("accept-ranges", "bytes"),
        ("etag", &sha256),
    ] {
        assert_eq!(content.header(name), value, "{name}");
    }
    assert_eq!(editor.with("if-none-match", &sha256).get(&format!("{place}/content")).await.status, 304);

    let part = editor.with("range", "bytes=5-7").get(&format!("{place}/content")).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, b"1.7".as_slice()));
    assert_eq!(part.header("content-range"), format!("bytes 5-7/{}", PDF.len()));
    let end = editor.with("range", "bytes=-6").get(&format!("{place}/content")).await;
    assert_eq!((end.status, end.bytes.as_slice()), (206, b"%%EOF\n".as_slice()));
    let beyond = editor.with("range", "bytes=900000-").get(&format!("{place}/content")).await;
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", PDF.len()));
    beyond.problem(416, "range-not-satisfiable");
    for other in [("range", "bytes=0-1,3-4"), ("range", "lines=1-2")] {
        assert_eq!(
            editor.with(other.0, other.1).get(&format!("{place}/content")).await.status,
            200,
            "{other:?}"
        );
    }
    let changed = editor.with("range", "bytes=0-1").with("if-range", "\"another\"");
    assert_eq!(changed.get(&format!("{place}/content")).await.status, 200);

    editor.send("DELETE", &place, None).await.problem(428, "precondition-required");
    editor.delete(&place, "\"v7\"").await.problem(412, "precondition-failed");
    assert_eq!(editor.delete(&place, &etag).await.status, 204);
    for path in [place.clone(), format!("{place}/content")] {
        editor.get(&path).await.problem(404, "not-found");
    }
    editor.delete(&place, &etag).await.problem(404, "not-found");

    app.seal().await;
    let entries = app.admin().await.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let entries = entries["items"].as_array().unwrap().clone();
    let actions: Vec<_> = entries.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["create", "delete"]);
    for entry in &entries {
        let text = entry.to_string();
        assert!(text.contains(attachment["sha256"].as_str().unwrap()), "{text}");
        assert!(
            !text.contains("đã ký") && !text.contains("Bản ký số"),
            "what may be a person's stays out: {text}"
        );
    }
}

async fn a_list_of_attachments_is_a_list_like_any_other(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    for name in ["a.pdf", "b.pdf", "c.pdf"] {
        send(&admin, &record, &pdf(name)).await.expect(201);
        app.pass(60);
    }
    let list = format!("{record}/attachments");
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = admin.get(&format!("{list}?limit=2&include_total=true")).await.expect(200);
    assert_eq!((names(&first), &first["total"]), (vec!["a.pdf".into(), "b.pdf".into()], &json!(3)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{list}?limit=2&include_total=true&cursor={cursor}")).await.expect(200);
    assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["c.pdf".into()], &Value::Null));
    let newest = admin.get(&format!("{list}?sort=-created_at")).await.expect(200);
    assert_eq!(names(&newest), ["c.pdf", "b.pdf", "a.pdf"]);
    assert_eq!(admin.get(&format!("{list}?colour=red")).await.faults(400, "invalid-parameter"), ["/colour"]);
    let lines = admin.with("accept", "application/x-ndjson").get(&list).await.text();
    assert_eq!(lines.lines().count(), 3);
    let other = admin.get(&format!("{RETURNS}/{}/attachments", uuid::Uuid::now_v7())).await;
    other.problem(404, "not-found");
}

async fn an_attachment_lives_as_its_return_does(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let made = send(&admin, &record, &pdf("can-cu.pdf")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let line = admin.get(&record).await.expect(200);
    submit(&admin, &line).await.expect(200);
    let locked = send(&admin, &record, &pdf("them.pdf")).await.problem(409, "wrong-state");
    assert!(locked["detail"].as_str().unwrap().contains("tiếp nhận"), "{locked}");
    admin.delete(&place, &etag).await.problem(409, "wrong-state");
    assert_eq!(reviewer.get(&format!("{place}/content")).await.status, 200);
    send(&reviewer, &record, &pdf("them.pdf")).await.problem(403, "forbidden");

    reviewer.post(&format!("{record}/send-back"), &json!({"reason": "Thiếu căn cứ."})).await.expect(200);
    send(&admin, &record, &pdf("them.pdf")).await.expect(201);
    let current = admin.get(&record).await.etag();
    assert_eq!(admin.delete(&record, &current).await.status, 204);
    for path in [format!("{record}/attachments"), place.clone(), format!("{place}/content")] {
        admin.get(&path).await.problem(404, "not-found");
    }
    send(&admin, &record, &pdf("them.pdf")).await.problem(404, "not-found");
    admin.delete(&place, &etag).await.problem(404, "not-found");
}

/// PostgreSQL has many writers: one that hands a return in waits for one that attaches to it.
async fn nobody_attaches_to_a_return_while_it_is_handed_in(app: TestApp) {
    if app.backend != Backend::Postgres {
        return;
    }
    let record = draft(&app).await;
    let admin = app.admin().await;
    let line = admin.get(&record).await.expect(200);
    let id = line["id"].as_str().unwrap();
    let mut holder = app.connect();
    diesel::sql_query("BEGIN").execute(&mut holder).unwrap();
    let lock = format!("UPDATE processing_returns SET state = 'submitted' WHERE id = '{id}'");
    diesel::sql_query(lock).execute(&mut holder).unwrap();
    let form = pdf("muon.pdf");
    let attaching = send(&admin, &record, &form);
    let handing_in = async {
        let mut watcher = app.connect();
        let waiting = "SELECT count(*) AS count FROM pg_stat_activity \
             WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
        while diesel::sql_query(waiting).get_result::<Counted>(&mut watcher).unwrap().count == 0 {
            tokio::task::yield_now().await;
        }
        diesel::sql_query("COMMIT").execute(&mut holder).unwrap();
    };
    let (answer, ()) = tokio::join!(attaching, handing_in);
    answer.problem(409, "wrong-state");
    assert_eq!((rows(&app), kept(&app).len()), ((0, 0), 0), "and its content is gone again");
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn whoever_does_not_see_the_record_sees_no_attachment(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let made = send(&admin, &record, &pdf("can-cu.pdf")).await;
    let (place, etag) = (made.header("location"), made.etag());
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let list = format!("{record}/attachments");
    for path in [&list, &place, &format!("{place}/content")] {
        neighbour.get(path).await.problem(404, "not-found");
        assert_eq!(inspector.get(path).await.status, 200, "{path}");
        app.anonymous().get(path).await.problem(401, "unauthorized");
    }
    send(&neighbour, &record, &pdf("la.pdf")).await.problem(404, "not-found");
    neighbour.delete(&place, &etag).await.problem(404, "not-found");
    send(&inspector, &record, &pdf("la.pdf")).await.problem(403, "forbidden");
    inspector.delete(&place, &etag).await.problem(403, "forbidden");
    // An attachment is read beneath its own record only.
    let body = json!({"org_unit_code": "31399", "period_code": "2026-Q3", "handling_level": "commune"});
    let own = neighbour.post(RETURNS, &body).await.header("location");
    let id = place.rsplit('/').next().unwrap();
    for path in [format!("{own}/attachments/{id}"), format!("{own}/attachments/{id}/content")] {
        neighbour.get(&path).await.problem(404, "not-found");
    }
    neighbour.delete(&format!("{own}/attachments/{id}"), &etag).await.problem(404, "not-found");
    assert_eq!((rows(&app), kept(&app).len()), ((1, 0), 1), "nothing was attached or deleted");
}

async fn a_feed_tells_of_attachments_to_whoever_reads_their_record(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let procedure = json!({"code": "1.000593", "name": "Đăng ký kết hôn lưu động", "level": "commune"});
    let procedure = admin.post("/api/v1/tthc/procedures", &procedure).await.header("location");
    let own = app.person("xa.hiephung", "editor", "31396").await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    app.seal().await;
    let since = admin.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();
    let since = since.as_str().unwrap().to_owned();
    let of_return = send(&admin, &record, &pdf("can-cu.pdf")).await;
    let (return_place, etag) = (of_return.header("location"), of_return.etag());
    let procedure_place = send(&admin, &procedure, &pdf("cong-bo.pdf")).await.header("location");
    assert_eq!(admin.delete(&return_place, &etag).await.status, 204);
    app.seal().await;

    let told = async |client: &Client, query: &str| -> Vec<(String, String)> {
        let changes = client.get(&format!("/api/v1/exchange/changes?since={since}{query}")).await.expect(200);
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let items = changes["items"].as_array().unwrap();
        assert!(items.iter().all(|item| item["type"] == "attachment"), "{changes}");
        items.iter().map(|item| (text(item, "kind"), text(item, "href"))).collect()
    };
    let all = [("create", &return_place), ("create", &procedure_place), ("delete", &return_place)]
        .map(|(kind, place)| (kind.to_owned(), place.clone()));
    for reader in [&admin, &own] {
        assert_eq!(told(reader, "").await, all);
        assert_eq!(told(reader, "&types=attachment").await, all);
    }
    assert_eq!(told(&neighbour, "").await, all[1..2], "not those of another commune's return");
    assert_eq!(told(&neighbour, "&types=attachment,period").await, all[1..2]);
    assert!(
        told(&admin, "&types=processing_return,procedure").await.is_empty(),
        "only where they are asked for"
    );
    let unit = app.unit("31396", "2026-11-23");
    assert_eq!(told(&admin, &format!("&org_unit_id={unit}")).await.len(), 2);
}

/// An archive of these parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn types(main: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Override PartName=\"/word/document.xml\" ContentType=\"{main}\"/></Types>"
    )
}

fn docx(others: &[(&str, &[u8])]) -> Vec<u8> {
    let types = types(&format!("{DOCX}.main+xml"));
    let own: [(&str, &[u8]); 2] =
        [("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"<w:document/>")];
    archive(&[own.as_slice(), others].concat())
}

async fn a_file_that_lies_about_itself_is_refused(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let text = "Số liệu của xã".as_bytes();
    let cut = &docx(&[])[..200];
    let cases: &[(&str, &str, &[u8], &[&str])] = &[
        ("a.pdf", "application/pdf", PNG, &["extension_differs", "type_differs"]),
        ("a.png", "application/pdf", PNG, &["type_differs"]),
        ("a.pdf", "image/png", PNG, &["extension_differs"]),
        ("a.pdf", "application/pdf", text, &["extension_differs", "type_differs"]),
        ("a.docx", DOCX, PDF, &["extension_differs", "type_differs"]),
        ("a.xlsx", "application/octet-stream", &docx(&[]), &["extension_differs"]),
        ("a", "application/pdf", PDF, &["extension_differs"]),
        ("a.pdf.exe", "application/pdf", PDF, &["extension_differs"]),
        ("a.docx", DOCX, cut, &["broken"]),
        ("a.docx", DOCX, &archive(&[("word/document.xml", b"x")]), &["archive"]),
        ("a.xml", "application/xml", b"<so-lieu><xa></so-lieu>", &["broken"]),
        ("a.xml", "application/xml", b"<so-lieu>", &["broken"]),
        ("a.txt", "text/plain", b"S\xe8 li\xd6u", &["kind_not_taken"]),
        ("a.txt", "text/plain", b"a\x00b", &["kind_not_taken"]),
        ("a.pdf", "application/pdf", b"", &["empty"]),
        ("a.gif", "image/gif", b"GIF89a\x01\x00\x01\x00", &["kind_not_taken"]),
        ("a.doc", "application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &["kind_not_taken"]),
    ];
    for (name, media_type, content, expected) in cases {
        let form = Form { name, media_type, content, description: None };
        assert_eq!(codes(send(&admin, &record, &form).await), *expected, "{name} as {media_type}");
    }
}

async fn what_would_run_is_refused(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 57]].concat();
    let macros = "application/vnd.ms-word.document.macroEnabled.main+xml";
    let with_macros = archive(&[("[Content_Types].xml", types(macros).as_bytes())]);
    let odt: [(&str, &[u8]); 2] =
        [("mimetype", b"application/vnd.oasis.opendocument.text"), ("Basic/Standard/script-lb.xml", b"<x/>")];
    let disguised = b"<a xmlns=\"http://www.w3.org/1999/&#120;html\"><script>alert(1)</script></a>";
    let cases: &[(&str, &str, &[u8], &str)] = &[
        ("a.exe", "application/octet-stream", b"MZ\x90\x00\x03\x00\x00\x00", "program"),
        ("a.pdf", "application/pdf", &elf, "program"),
        ("a.html", "text/html", b"<!DOCTYPE html><html><script>alert(1)</script></html>", "active_content"),
        ("a.txt", "text/plain", b"  <HTML><body onload=alert(1)>", "active_content"),
        ("a.xml", "application/xml", b"<html xmlns=\"http://www.w3.org/1999/xhtml\"/>", "active_content"),
        (
            "a.svg",
            "image/svg+xml",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            "active_content",
        ),
        (
            "a.xml",
            "text/xml",
            b"<?xml version=\"1.0\"?><a><b xmlns=\"http://www.w3.org/2000/svg\"/></a>",
            "active_content",
        ),
        ("a.xml", "text/xml", b"<?xml-stylesheet href=\"x.xsl\"?><a/>", "active_content"),
        ("a.xml", "text/xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "active_content"),
        ("a.xml", "text/xml", disguised, "active_content"),
        ("a.docx", DOCX, &docx(&[("word/vbaProject.bin", b"x")]), "macros"),
        ("a.docx", DOCX, &with_macros, "macros"),
        ("a.odt", "application/vnd.oasis.opendocument.text", &archive(&odt), "macros"),
        ("a.zip", "application/zip", &archive(&[("a.exe", b"MZ")]), "archive"),
        ("a.rar", "application/vnd.rar", b"Rar!\x1a\x07\x01\x00", "archive"),
    ];
    for (name, media_type, content, expected) in cases {
        let form = Form { name, media_type, content, description: None };
        assert_eq!(codes(send(&admin, &record, &form).await), [*expected], "{name} as {media_type}");
    }
    assert_eq!((rows(&app), kept(&app).len()), ((0, 0), 0));
}

async fn every_kind_that_is_promised_is_taken(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let office = |main: &str| archive(&[("[Content_Types].xml", types(main).as_bytes())]);
    let ooxml = "application/vnd.openxmlformats-officedocument";
    let xlsx = rust_xlsxwriter::Workbook::new().save_to_buffer().unwrap();
    let open = |kind: &str| {
        archive(&[("mimetype", format!("application/vnd.oasis.opendocument.{kind}").as_bytes())])
    };
    let signed = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <SignatureValue>Ký số</SignatureValue></Signature>";
    let slide = office(&format!("{ooxml}.presentationml.presentation.main+xml"));
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("a.pdf", "application/pdf", PDF.to_vec()),
        ("a.PNG", "image/png", PNG.to_vec()),
        ("a.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00".to_vec()),
        ("a.tiff", "image/tiff", b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00".to_vec()),
        ("a.webp", "image/webp", b"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00".to_vec()),
        ("a.docx", DOCX, docx(&[])),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", slide),
        ("a.odt", "application/vnd.oasis.opendocument.text", open("text")),
        ("a.ods", "application/vnd.oasis.opendocument.spreadsheet", open("spreadsheet")),
        ("a.odp", "application/vnd.oasis.opendocument.presentation", open("presentation")),
        ("a.xml", "application/xml", signed.as_bytes().to_vec()),
        ("a.txt", "text/plain", "Số liệu của xã\r\n".repeat(20_000).into_bytes()),
        ("a.csv", "text/csv", "\u{feff}xã;số\r\nHiệp Hưng;3\r\n".as_bytes().to_vec()),
    ];
    for (name, media_type, content) in &cases {
        let form = Form { name, media_type, content, description: None };
        let made = send(&admin, &record, &form).await.expect(201);
        assert_eq!(made["media_type"], *media_type, "{name}");
        let unsure = Form { media_type: "application/octet-stream", ..form };
        send(&admin, &record, &unsure).await.expect(201);
    }
    let declared: Vec<_> = cases.iter().map(|(_, media_type, _)| (*media_type).to_owned()).collect();
    let document = app.state.contract.document();
    let content = &document["paths"]["/api/v1/tthc/processing-returns/{id}/attachments/{attachment_id}/content"]
        ["get"]["responses"]["200"];
    let mut promised: Vec<_> = content["content"].as_object().unwrap().keys().cloned().collect();
    let mut declared = declared;
    promised.sort();
    declared.sort();
    assert_eq!(promised, declared, "the contract names every kind");
}

async fn a_name_is_never_a_path(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let long = format!("{}.pdf", "a".repeat(252));
    for (name, code) in [
        ("../../../etc/cron.d/x.pdf", "path_in_name"),
        ("C:\\Windows\\x.pdf", "path_in_name"),
        ("..", "path_in_name"),
        ("", "name_missing"),
        ("nguyen-van-an\u{202e}fdp.exe", "unseen_character"),
        ("CON.pdf", "reserved_name"),
        (long.as_str(), "name_too_long"),
    ] {
        let answer = send(&admin, &record, &pdf(name)).await;
        assert!(name.len() < 5 || !answer.text().contains(name), "the name is not repeated");
        assert_eq!(codes(answer), [code], "{name}");
    }
    let extended = |value: &str| {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename*={value}\r\n\r\n{}\r\n--{BOUNDARY}--\r\n",
            std::str::from_utf8(PDF).unwrap()
        );
        let (admin, path) = (admin.clone(), format!("{record}/attachments"));
        async move { admin.send("POST", &path, Some((&form_data(), body.into_bytes()))).await }
    };
    assert_eq!(codes(extended("UTF-8''a%0d%0aSet-Cookie%3a%20b.pdf").await), ["unseen_character"]);
    assert_eq!(codes(extended("UTF-8''..%2fa.pdf").await), ["path_in_name"]);
    assert_eq!(kept(&app).len(), 0);
    // A keyboard that composes letters gives the same name.
    let composed = extended("UTF-8''bie%CC%82n%20che%CC%82%CC%81.pdf").await.expect(201);
    assert_eq!(composed["name"], "biên chế.pdf");
}

async fn a_form_of_another_shape_is_refused(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let path = format!("{record}/attachments");
    let post = |media_type: String, body: Vec<u8>| {
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.send("POST", &path, Some((&media_type, body))).await }
    };
    post("application/pdf".into(), PDF.to_vec()).await.problem(415, "unsupported-media-type");
    post("multipart/form-data".into(), pdf("a.pdf").bytes()).await.problem(400, "malformed-form");
    post(form_data(), b"no form at all".to_vec()).await.problem(400, "malformed-form");
    let half = pdf("a.pdf").bytes();
    post(form_data(), half[..half.len() - 20].to_vec()).await.problem(400, "malformed-form");
    let packed = admin.with("content-encoding", "gzip");
    packed
        .send("POST", &path, Some((&form_data(), pdf("a.pdf").bytes())))
        .await
        .problem(415, "unsupported-media-type");

    let empty = format!("--{BOUNDARY}--\r\n").into_bytes();
    assert_eq!(post(form_data(), empty).await.faults(400, "wrong-shape"), ["/file"]);
    let twice = [pdf("a.pdf").head().as_bytes(), PDF, b"\r\n", &pdf("b.pdf").bytes()].concat();
    assert_eq!(post(form_data(), twice).await.faults(400, "wrong-shape"), ["/file"]);
    let unknown = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a/b\"\r\n\r\nx\r\n");
    let unknown = [unknown.as_bytes(), &pdf("a.pdf").bytes()].concat();
    assert_eq!(post(form_data(), unknown).await.faults(400, "wrong-shape"), ["/a~1b"]);
    let long = "ồ".repeat(501);
    let long = Form { description: Some(&long), ..pdf("a.pdf") };
    assert_eq!(send(&admin, &record, &long).await.faults(422, "invalid"), ["/description"]);
    let longest = "ồ".repeat(500);
    let longest = Form { description: Some(&longest), ..pdf("a.pdf") };
    send(&admin, &record, &longest).await.expect(201);
    let blank = Form { description: Some(""), ..pdf("b.pdf") };
    assert_eq!(send(&admin, &record, &blank).await.expect(201)["description"], Value::Null);
}

/// The head of an upload that is written by hand.
fn raw_head(app: &TestApp, record: &str, token: &str, length: &str) -> String {
    format!(
        "POST {record}/attachments HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nContent-Type: {}\r\n{length}\r\n\r\n",
        app.address(),
        form_data()
    )
}

async fn a_file_over_the_limit_is_refused_before_it_has_come(app: TestApp) {
    let narrow = TestApp::start_with(app.backend, |config| {
        config.attachment_limit_bytes = Count::try_from(256 * 1024).expect("a limit");
    })
    .await;
    let record = draft(&narrow).await;
    let admin = narrow.admin().await;
    let fitting = [PDF, &vec![b' '; 256 * 1024 - PDF.len()]].concat();
    let form = |content| Form { content, ..pdf("a.pdf") };
    send(&admin, &record, &form(&fitting)).await.expect(201);
    let over = [fitting.as_slice(), b" "].concat();
    send(&admin, &record, &form(&over)).await.problem(413, "payload-too-large");

    // One that names no length and never ends.
    let mut stream = TcpStream::connect(narrow.address()).await.unwrap();
    let head = raw_head(&narrow, &record, &admin.header("authorization"), "Transfer-Encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.split();
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let endless = async {
        let mut next = chunk(&[form(PDF).head().as_bytes(), PDF].concat());
        while to.write_all(&next).await.is_ok() {
            next = chunk(&[b' '; 16 * 1024]);
        }
    };
    let answered = async {
        let mut answer = vec![0; 12];
        from.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    tokio::select! {
        answer = answered => assert_eq!(answer, "HTTP/1.1 413"),
        () = endless => panic!("closed without an answer"),
    }
    assert_eq!((rows(&narrow), kept(&narrow).len()), ((1, 0), 1), "only what fits was taken");
}

async fn an_upload_that_is_cut_leaves_nothing(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let head = raw_head(&app, &record, &admin.header("authorization"), "Content-Length: 1000000");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(pdf("a.pdf").head().as_bytes()).await.unwrap();
    stream.write_all(PDF).await.unwrap();
    stream.write_all(&[b' '; 200_000]).await.unwrap();
    let free = || app.state.uploads.available_permits();
    while free() == UPLOADS {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while free() < UPLOADS {
        tokio::task::yield_now().await;
    }
    assert_eq!((rows(&app), kept(&app).len()), ((0, 0), 0));
    send(&admin, &record, &pdf("a.pdf")).await.expect(201);
}

async fn a_file_is_attached_once_for_its_key(app: TestApp) {
    let record = draft(&app).await;
    let keyed = app.admin().await.with("idempotency-key", "tep-1");
    let first = send(&keyed, &record, &pdf("a.pdf")).await;
    let place = first.header("location");
    let first = first.expect(201);
    let again = send(&keyed, &record, &pdf("a.pdf")).await;
    assert_eq!((again.header("idempotency-replayed"), again.header("location")), ("true".into(), place));
    assert_eq!(again.expect(201), first);
    let content = [PDF, b" "].concat();
    let other = Form { content: &content, ..pdf("a.pdf") };
    send(&keyed, &record, &other).await.problem(422, "idempotency-key-reused");
    send(&keyed, &record, &pdf("b.pdf")).await.problem(422, "idempotency-key-reused");
    assert_eq!((rows(&app), kept(&app).len()), ((1, 0), 1), "one row, one content");

    let twins = app.admin().await.with("idempotency-key", "tep-2");
    let form = pdf("c.pdf");
    let (one, two) = tokio::join!(send(&twins, &record, &form), send(&twins, &record, &form));
    let made: Vec<_> = [one, two].into_iter().filter(|answer| answer.status != 409).collect();
    let mut ids: Vec<_> = made.into_iter().map(|answer| answer.expect(201)["id"].to_string()).collect();
    ids.dedup();
    assert_eq!((ids.len(), rows(&app), kept(&app).len()), (1, (2, 0), 2));
}

async fn content_is_removed_when_its_time_has_come(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let sweep = async || removals::sweep(&app.state, app.state.now()).await.unwrap();
    let made = send(&admin, &record, &pdf("a.pdf")).await;
    let (place, etag) = (made.header("location"), made.etag());
    send(&admin, &record, &pdf("b.pdf")).await.expect(201);

    // The service died between the storage and the database.
    let lost = AttachmentId::new();
    let mut file = app.state.storage.scratch().unwrap();
    file.write_all(PDF).unwrap();
    let due = app.state.now().plus_seconds(removals::UPLOAD_SECONDS);
    removals::note(&mut app.connect(), lost, due).unwrap();
    app.state.storage.put(lost, file).await.unwrap();
    assert_eq!((sweep().await, kept(&app).len()), (0, 3), "an upload may be under way");
    app.pass(removals::UPLOAD_SECONDS);
    assert_eq!((sweep().await, kept(&app).len()), (1, 2));
    assert_eq!(app.state.storage.size(lost).await.unwrap(), None);

    let admin = app.sign_in(crate::support::app::ADMIN).await;
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    app.pass(29 * 86_400);
    assert_eq!((sweep().await, kept(&app).len()), (0, 2), "what was deleted is kept for a while");
    app.pass(86_400);
    assert_eq!((sweep().await, kept(&app).len()), (1, 1));
    assert_eq!(rows(&app), (2, 0), "the row stays, for the feed");
}

async fn a_slow_reader_holds_no_connection_to_the_database(app: TestApp) {
    let narrow = TestApp::start_with(app.backend, |config| {
        config.db_connections = Count::try_from(1).expect("a number");
    })
    .await;
    let record = draft(&narrow).await;
    let admin = narrow.admin().await;
    let content = [PDF, &vec![b' '; 16 << 20]].concat();
    let form = Form { content: &content, ..pdf("a.pdf") };
    let place = send(&admin, &record, &form).await.header("location");
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(narrow.address()).await.unwrap();
        let head = format!(
            "GET {place}/content HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\r\n",
            narrow.address(),
            admin.header("authorization")
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut begin = vec![0; 1024];
        stream.read_exact(&mut begin).await.unwrap();
        assert!(begin.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&begin));
        readers.push(stream);
    }
    // None of them reads on, and everyone else is served.
    admin.get(&format!("{record}/attachments")).await.expect(200);
    let again = admin.get(&format!("{place}/content")).await;
    assert_eq!(again.bytes.len(), content.len());
    send(&admin, &record, &pdf("b.pdf")).await.expect(201);
}

async fn a_storage_that_is_away_is_told_as_such(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let place = send(&admin, &record, &pdf("a.pdf")).await.header("location");
    let folder = app.state.config.data_dir.join("attachments");
    std::fs::remove_dir_all(&folder).unwrap();
    let lost = admin.get(&format!("{place}/content")).await;
    let path = app.state.config.data_dir.to_string_lossy().into_owned();
    assert!(!lost.text().contains(&path), "no path is told: {}", lost.text());
    lost.problem(500, "internal");
    std::fs::write(&folder, b"no folder").unwrap();
    send(&admin, &record, &pdf("b.pdf")).await.problem(503, "unavailable");
    admin.get(&format!("{record}/attachments")).await.expect(200);
    let examined = crate::start::on(&app.database, &["doctor"]);
    let said = String::from_utf8_lossy(&examined.stdout).into_owned();
    assert!(!examined.status.success() && said.contains("FAILURE  attachments"), "{said}");
    std::fs::remove_file(&folder).unwrap();
    let said = crate::start::on(&app.database, &["doctor"]).stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains("does not have the content of attachment"), "{said}");
    assert_eq!(files(&folder), Vec::<PathBuf>::new(), "the doctor leaves nothing");
}

/// S3-compatible storage in a folder, which checks every signature.
async fn s3(folder: &Path) -> String {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::server::conn::auto::Builder;
    let storage = s3s_fs::FileSystem::new(folder).unwrap();
    let mut service = s3s::service::S3ServiceBuilder::new(storage);
    service.set_auth(s3s::auth::SimpleAuth::from_single("khoa", "bi-mat"));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            actix_web::rt::spawn(async move {
                // A client that goes away is no fault of the storage.
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

fn in_bucket(config: &mut cchc::config::Config, endpoint: &str, secret: &str) {
    config.attachments = AttachmentPlace::Bucket { name: "can-tho".into(), prefix: "cchc/thu".into() };
    config.s3_endpoint = S3Endpoint(Some(endpoint.to_owned()));
    config.s3_key_id = Some(Secret::from("khoa".to_owned()));
    config.s3_secret = Some(Secret::from(secret.to_owned()));
}

async fn s3_compatible_storage_keeps_attachments(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let bucket = folder.path().join("can-tho");
    std::fs::create_dir(&bucket).unwrap();
    let endpoint = s3(folder.path()).await;
    let cloudy = TestApp::start_with(app.backend, |config| in_bucket(config, &endpoint, "bi-mat")).await;
    let record = draft(&cloudy).await;
    let admin = cloudy.admin().await;
    let keys = || {
        let is_object = |file: &PathBuf| !file.file_name().unwrap().to_string_lossy().starts_with('.');
        files(&bucket).into_iter().filter(is_object).collect::<Vec<_>>()
    };
    // Larger than one part of an upload, with an end that tells whether the parts are in order.
    let large: Vec<u8> =
        PDF.iter().copied().chain((0..20_u32 << 20).map(|n| (n >> 12).to_le_bytes()[0] | 1)).collect();
    for (name, content) in [("nho.pdf", PDF), ("lon.pdf", large.as_slice())] {
        let form = Form { content, ..pdf(name) };
        let made = send(&admin, &record, &form).await;
        let place = made.header("location");
        let id = made.expect(201)["id"].as_str().unwrap().to_owned();
        assert!(keys().iter().any(|key| key.ends_with(&id)), "{:?}", keys());
        assert!(keys().iter().all(|key| key.strip_prefix(&bucket).unwrap().starts_with("cchc/thu")));
        let read = admin.get(&format!("{place}/content")).await;
        assert!(read.status == 200 && read.bytes == content, "{name}");
        let part = admin.with("range", "bytes=-100").get(&format!("{place}/content")).await;
        assert_eq!(
            (part.status, part.bytes.as_slice()),
            (206, &content[content.len().saturating_sub(100)..])
        );
    }
    assert_eq!(codes(send(&admin, &record, &Form { content: PNG, ..pdf("a.pdf") }).await).len(), 2);
    assert_eq!((rows(&cloudy), keys().len()), ((2, 0), 2), "what is refused never comes there");

    let vars = |secret: &str| {
        let mut vars = vars_of(&cloudy.database);
        vars.extend([
            ("CCHC_ATTACHMENTS", "s3://can-tho/cchc/thu".to_owned()),
            ("CCHC_S3_ENDPOINT", endpoint.clone()),
            ("CCHC_S3_KEY_ID", "khoa".to_owned()),
            ("CCHC_S3_SECRET", secret.to_owned()),
        ]);
        vars
    };
    let examined = command(&["doctor"], vars("bi-mat")).await;
    let said = String::from_utf8_lossy(&examined.stdout).into_owned();
    assert!(said.contains("ok       attachments    the bucket can-tho can be written and read"), "{said}");
    let examined = command(&["doctor"], vars("doan-mo")).await;
    let said = String::from_utf8_lossy(&examined.stdout).into_owned();
    assert!(said.contains("FAILURE  attachments") && !said.contains("doan-mo"), "{said}");
    let without_key = vars("bi-mat").into_iter().filter(|(name, _)| *name != "CCHC_S3_KEY_ID").collect();
    let said = String::from_utf8_lossy(&command(&["doctor"], without_key).await.stdout).into_owned();
    assert!(said.contains("CCHC_S3_KEY_ID and CCHC_S3_SECRET must be set"), "{said}");

    let file = cloudy.database.folder.path().join("sao-luu.gz");
    let taken = command(&["backup", &file.to_string_lossy()], vars("bi-mat")).await;
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let copy = restored(app.backend, &file);
    let copy = TestApp::start_on(app.backend, copy, |_| {}).await;
    let list = copy.admin().await.get(&format!("{record}/attachments")).await.expect(200);
    for (row, content) in list["items"].as_array().unwrap().iter().zip([PDF, large.as_slice()]) {
        let path = format!("{record}/attachments/{}/content", row["id"].as_str().unwrap());
        assert!(copy.admin().await.get(&path).await.bytes == content, "from a bucket into a folder");
    }

    let place = format!("{record}/attachments/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&place, "\"v1\"").await.status, 204);
    cloudy.pass(31 * 86_400);
    assert_eq!(removals::sweep(&cloudy.state, cloudy.state.now()).await.unwrap(), 1);
    assert_eq!(keys().len(), 1);

    let stranger = TestApp::start_with(app.backend, |config| in_bucket(config, &endpoint, "doan-mo")).await;
    let record = draft(&stranger).await;
    let refused = send(&stranger.admin().await, &record, &pdf("a.pdf")).await;
    assert!(!refused.text().contains("khoa"), "{}", refused.text());
    refused.problem(503, "unavailable");
    assert_eq!((rows(&stranger).0, keys().len()), (0, 1), "a wrong signature stores nothing");
}

/// The binary, while this process goes on serving.
async fn command(arguments: &[&str], vars: Vec<(&'static str, String)>) -> std::process::Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cchc"));
    command.args(arguments).env_clear().env("CCHC_LOG", "error").envs(vars);
    command.output().await.expect("the binary runs")
}

fn restored(backend: Backend, file: &Path) -> TestDatabase {
    let database = TestDatabase::empty(backend);
    let output = crate::start::on(&database, &["restore", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    database
}

async fn a_backup_holds_the_content_too(app: TestApp) {
    let record = draft(&app).await;
    let admin = app.admin().await;
    let large: Vec<u8> =
        PDF.iter().copied().chain((0..700_001_u32).map(|n| (n % 251).to_le_bytes()[0])).collect();
    for (name, content) in [("a.pdf", PDF), ("b.pdf", large.as_slice()), ("c.pdf", PDF)] {
        send(&admin, &record, &Form { content, ..pdf(name) }).await.expect(201);
    }
    let list = format!("{record}/attachments");
    let rows = admin.get(&list).await.expect(200)["items"].as_array().unwrap().clone();
    let gone = format!("{list}/{}", rows[2]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&gone, "\"v1\"").await.status, 204);
    app.seal().await;
    let file = app.database.folder.path().join("sao-luu.gz");
    let taken = crate::start::on(&app.database, &["backup", &file.to_string_lossy()]);
    let said = String::from_utf8_lossy(&taken.stdout).into_owned();
    assert!(said.contains("the content of 2 attachments"), "{said} {taken:?}");
    for backend in Backend::available() {
        let copy = TestApp::start_on(backend, restored(backend, &file), |_| {}).await;
        let reader = copy.admin().await;
        for (row, content) in rows.iter().zip([PDF, large.as_slice()]) {
            let path = format!("{list}/{}/content", row["id"].as_str().unwrap());
            assert!(reader.get(&path).await.bytes == content, "on {}", backend.name());
        }
        reader.get(&gone).await.problem(404, "not-found");
        assert_eq!(kept(&copy).len(), 2);
    }

    let text = unpacked(&file);
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap();
    let piece = line("{\"piece\"");
    for (changed, reason) in [
        (text.replacen(piece, "{\"piece\":\"JVBERi0xLjc=\"}", 1), "is another than its row tells"),
        (text.replacen(&format!("{piece}\n"), "", 1), "is another than its row tells"),
        (
            text.replacen(&format!("{}\n{piece}\n", line("{\"content\"")), "", 1),
            "contents of attachments are missing",
        ),
    ] {
        assert_ne!(changed, text);
        let database = TestDatabase::empty(app.backend);
        let torn = database.folder.path().join("hong.gz");
        std::fs::write(&torn, packed(&sealed(&changed))).unwrap();
        refused(&crate::start::on(&database, &["restore", &torn.to_string_lossy()]), reason);
        assert_eq!(
            files(&database.folder.path().join("attachments")),
            Vec::<PathBuf>::new(),
            "nothing is left"
        );
    }

    let victim = kept(&app).into_iter().find(|path| path.ends_with(rows[0]["id"].as_str().unwrap())).unwrap();
    std::fs::write(&victim, b"%PDF-1.7 another").unwrap();
    let second = app.database.folder.path().join("sao-luu-2.gz");
    refused(
        &crate::start::on(&app.database, &["backup", &second.to_string_lossy()]),
        "is lost or was changed",
    );
    std::fs::remove_file(&victim).unwrap();
    refused(
        &crate::start::on(&app.database, &["backup", &second.to_string_lossy()]),
        "is lost or was changed",
    );
    assert!(!second.exists());
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn a_backup_of_an_earlier_version_is_restored(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let file = app.database.folder.path().join("sao-luu.gz");
    let taken = crate::start::on(&app.database, &["backup", &file.to_string_lossy()]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    // Tables that came later, with the rows that their migrations put in.
    let later = ["attachments", "content_removals", "dossier_rules", "feedback_time_limits"];
    let later = later.map(|table| format!("{{\"table\":\"{table}\"}}"));
    let mut is_later = false;
    let is_kept = |line: &&str| {
        is_later = if line.starts_with("{\"row\":") { is_later } else { later.iter().any(|it| it == line) };
        !is_later
    };
    let rows = |lines: &str| lines.lines().filter(|line| line.starts_with("{\"row\":")).count();
    let whole = unpacked(&file);
    let mut lines: Vec<String> = whole.lines().filter(is_kept).map(str::to_owned).collect();
    let mut end: Value = serde_json::from_str(&lines.pop().unwrap()).unwrap();
    end["end"]["rows"] = json!(rows(&lines.join("\n")));
    assert!(
        lines.len() + 1 < whole.lines().count() - later.len(),
        "what their migrations put in is left out"
    );
    lines.push(end.to_string());
    let mut manifest: Value = serde_json::from_str(&lines[0]).unwrap();
    manifest["manifest"]["migration"] = json!("20261124000003");
    lines[0] = manifest.to_string();
    let earlier = app.database.folder.path().join("cu.gz");
    std::fs::write(&earlier, packed(&sealed(&lines.join("\n")))).unwrap();
    let copy = TestApp::start_on(app.backend, restored(app.backend, &earlier), |_| {}).await;
    let admin = copy.admin().await;
    assert_eq!(
        admin.get("/api/v1/reporting/periods?code=2024").await.expect(200)["items"][0]["code"],
        "2024"
    );
    let record = draft(&copy).await;
    send(&admin, &record, &pdf("a.pdf")).await.expect(201);
}

async fn a_closed_period_takes_no_evidence_and_gives_none_up(app: TestApp) {
    let admin = app.admin().await;
    let record = draft(&app).await;
    let evidence = send(&admin, &record, &pdf("Biên bản.pdf")).await;
    let (place, etag) = (evidence.header("location"), evidence.etag());
    let closing = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "scope": "self"});
    let closures = "/api/v1/reporting/period-closures";
    let closure = admin.post(closures, &closing).await.expect(201);
    send(&admin, &record, &pdf("Phụ lục.pdf")).await.problem(409, "period-closed");
    admin.delete(&place, &etag).await.problem(409, "period-closed");
    assert_eq!(admin.get(&format!("{place}/content")).await.bytes, PDF);
    let again = json!({"reason": "Thiếu phụ lục."});
    let reopening = format!("{closures}/{}/reopening", closure["id"].as_str().unwrap());
    admin.post(&reopening, &again).await.expect(200);
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
}
