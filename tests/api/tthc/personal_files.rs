//! Files of dossiers and of feedback may be anybody's papers: who sees their names and contents, and that each
//! reading is noted.

use serde_json::{Value, json};

use super::dossiers::{DOSSIERS, catalogue, dossier};
use super::feedback::{FEEDBACK, feedback};
use crate::attachments::{Form, PDF, pdf, send};
use crate::sheets::{XLSX, records};
use crate::support::TestApp;
use crate::tell;

tell![
    names_and_contents_are_seen_by_who_sees_people,
    no_list_as_a_whole_names_a_file,
    each_reading_in_clear_is_noted,
    who_sees_people_elsewhere_sees_no_file_here,
];

const NAME: &str = "Đơn của Nguyễn Thử.pdf";

/// The paper of someone.
fn paper() -> Form<'static> {
    Form { description: Some("Căn cước của Nguyễn Thử"), ..pdf(NAME) }
}

/// A dossier and feedback of the commune 31396, each with a file: where these are read.
async fn files(app: &TestApp) -> Vec<String> {
    let admin = catalogue(app).await;
    let mut files = Vec::new();
    for (collection, body) in [(DOSSIERS, dossier(1)), (FEEDBACK, feedback("0001", "2026-11-16"))] {
        let record = admin.post(collection, &body).await.header("location");
        let sent = send(&admin, &record, &paper()).await;
        files.push(sent.header("location"));
        let told = sent.expect(201);
        assert_eq!((&told["name"], &told["description"]), (&json!("***.pdf"), &json!("***")));
    }
    files
}

fn list(file: &str) -> &str {
    file.rsplit_once('/').expect("a file of a record").0
}

fn said(told: &Value) -> (&Value, &Value) {
    (&told["name"], &told["description"])
}

async fn names_and_contents_are_seen_by_who_sees_people(app: TestApp) {
    let files = files(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    let clear = app.sign_in_for("xa.hiephung", "tthc:read tthc:personal").await;
    let (masked, whole) = ((json!("***.pdf"), json!("***")), (json!(NAME), json!("Căn cước của Nguyễn Thử")));
    for file in &files {
        for reader in [&clerk, &inspector] {
            let told = reader.get(file).await.expect(200);
            assert_eq!(said(&told), (&masked.0, &masked.1), "{file}");
            assert_eq!(
                (&told["size_bytes"], &told["media_type"]),
                (&json!(PDF.len()), &json!("application/pdf"))
            );
            let page = reader.get(list(file)).await.expect(200);
            assert_eq!(said(&page["items"][0]), (&masked.0, &masked.1), "{file}");
            reader.get(&format!("{file}/content")).await.problem(403, "forbidden");
            let part = reader.with("range", "bytes=0-3").get(&format!("{file}/content")).await;
            let refused = part.problem(403, "forbidden");
            assert!(refused["detail"].as_str().unwrap().contains("`tthc:personal`"), "{refused}");
            let tag = format!("\"{}\"", told["sha256"].as_str().unwrap());
            let known = reader.with("if-none-match", &tag).get(&format!("{file}/content")).await;
            known.problem(403, "forbidden");
        }
        assert_eq!(said(&clear.get(file).await.expect(200)), (&whole.0, &whole.1));
        assert_eq!(said(&clear.get(list(file)).await.expect(200)["items"][0]), (&whole.0, &whole.1));
        let content = clear.get(&format!("{file}/content")).await;
        assert_eq!((content.status, content.bytes.as_slice()), (200, PDF));
        assert!(content.header("content-disposition").contains("Nguy%E1%BB%85n"), "with its name");
    }
}

async fn no_list_as_a_whole_names_a_file(app: TestApp) {
    let files = files(&app).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let clear = app.sign_in_for("xa.hiephung", "tthc:read tthc:personal").await;
    for file in &files {
        for form in ["text/csv", "application/x-ndjson"] {
            let whole = clear.with("accept", form).get(list(file)).await;
            assert!(whole.text().contains("***.pdf"), "{form}: {}", whole.text());
            assert!(!whole.text().contains("Nguyễn"), "{form}: {}", whole.text());
        }
        let sheet = records(&clear.with("accept", XLSX).get(list(file)).await.bytes);
        assert_eq!((sheet[0]["name"].as_str(), sheet[0]["description"].as_str()), ("***.pdf", "***"));
    }
}

async fn each_reading_in_clear_is_noted(app: TestApp) {
    let files = files(&app).await;
    let admin = app.admin().await;
    app.person("xa.hiephung", "editor", "31396").await;
    let clear = app.sign_in_for("xa.hiephung", "tthc:read tthc:personal").await;
    app.seal().await;
    let since = admin.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();
    for file in &files {
        clear.get(list(file)).await.expect(200);
        clear.get(file).await.expect(200);
        clear.get(&format!("{file}/content")).await;
        clear.with("accept", "text/csv").get(list(file)).await;
        admin.get(file).await.expect(200);
        app.seal().await;
        let id = file.rsplit('/').next().unwrap();
        let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        let entries = journal["items"].as_array().unwrap();
        let reads: Vec<_> = entries.iter().filter(|it| it["action"] == "read_personal").collect();
        assert_eq!(reads.len(), 3, "{journal}");
        assert!(reads.iter().all(|it| it["record_type"] == "attachment"), "{journal}");
        assert!(!journal.to_string().contains("Nguyễn"), "{journal}");
    }
    let feed = admin.get(&format!("/api/v1/exchange/changes?since={}", since.as_str().unwrap())).await;
    assert_eq!(feed.expect(200)["items"], json!([]), "who looked did not change anything");
}

async fn who_sees_people_elsewhere_sees_no_file_here(app: TestApp) {
    let files = files(&app).await;
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "tthc:read tthc:personal").await;
    let both = json!({"role": "inspector", "org_unit_code": "92"});
    let reader = app.person_with("thanhtra", both).await;
    for file in &files {
        for path in [list(file), file, &format!("{file}/content")] {
            neighbour.get(path).await.problem(404, "not-found");
        }
        reader.get(&format!("{file}/content")).await.problem(403, "forbidden");
    }
}
