//! Files that belong to a record: whose they are, what is taken, and that nothing is left behind by
//! what breaks off.

mod backups;
mod kinds;
mod life;
mod storage;
mod uploads;

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use kernel::db::schema::{attachments, content_removals};
use serde_json::json;

use crate::support::database::{Backend, TestDatabase};
use crate::support::story::Story;
use crate::support::{Answer, Client, TestApp};
use crate::tthc::RETURNS;

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [life::stories(), kinds::stories(), uploads::stories(), storage::stories(), backups::stories()].concat()
}

pub const PDF: &[u8] =
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde";

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

fn restored(backend: Backend, file: &Path) -> TestDatabase {
    let database = TestDatabase::empty(backend);
    let output = crate::start::on(&database, &["restore", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    database
}
