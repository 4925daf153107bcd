//! Content in backups, whole or torn, and backups of a version that had none.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Form, PDF, draft, files, kept, pdf, restored, send};
use crate::backup::{sealed, unpacked};
use crate::start::refused;
use crate::support::TestApp;
use crate::support::database::{Backend, TestDatabase};
use crate::tell;

tell![a_backup_holds_the_content_too, a_backup_of_an_earlier_version_is_restored];

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

/// A line as it was while journal entries held their places and hashes themselves.
fn with_its_link(whole: &str, line: &str) -> String {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let mut entry = read(line);
    let links = whole.lines().skip_while(|line| *line != "{\"table\":\"journal_chain\"}").skip(1);
    let mut links = links.take_while(|line| line.starts_with("{\"row\":")).map(read);
    match links
        .find(|link| entry["row"]["content"].is_string() && link["row"]["entry_id"] == entry["row"]["id"])
    {
        Some(link) => {
            (entry["row"]["position"], entry["row"]["hash"]) =
                (link["row"]["position"].clone(), link["row"]["hash"].clone());
            entry.to_string()
        }
        None => line.to_owned(),
    }
}

async fn a_backup_of_an_earlier_version_is_restored(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let file = app.database.folder.path().join("sao-luu.gz");
    let taken = crate::start::on(&app.database, &["backup", &file.to_string_lossy()]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    // Tables that came later, with the rows that their migrations put in.
    let later = [
        "attachments",
        "content_removals",
        "dossier_rules",
        "feedback_time_limits",
        "journal_chain",
        "unsealed_entries",
    ];
    let later = later.map(|table| format!("{{\"table\":\"{table}\"}}"));
    let mut is_later = false;
    let is_kept = |line: &&str| {
        is_later = if line.starts_with("{\"row\":") { is_later } else { later.iter().any(|it| it == line) };
        !is_later
    };
    let rows = |lines: &str| lines.lines().filter(|line| line.starts_with("{\"row\":")).count();
    let whole = unpacked(&file);
    let mut lines: Vec<String> =
        whole.lines().filter(is_kept).map(|line| with_its_link(&whole, line)).collect();
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
