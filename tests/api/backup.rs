//! Backup and restore, as an operator uses them beside a running service.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::start::{on, refused};
use crate::support::TestApp;
use crate::support::database::{Backend, TestDatabase};
use crate::tell;

tell![
    a_backup_holds_every_write_that_was_acknowledged,
    a_backup_is_restored_into_either_database,
    what_waited_to_be_sealed_is_sealed_when_it_is_restored,
    a_backup_that_was_cut_off_or_changed_is_refused,
    nothing_that_is_there_is_overwritten,
    an_older_backup_is_not_restored_into_tables_that_have_gone_on,
    no_figure_is_restored_from_a_damaged_file,
    sessions_of_before_do_not_live_again,
    a_record_that_its_journal_does_not_know_is_named,
    a_backup_of_a_broken_journal_says_so,
];

const PERIODS: &str = "/api/v1/reporting/periods";

fn year(number: usize) -> serde_json::Value {
    json!({"regime": format!("r{number}"), "code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"})
}

/// A backup of the story's database, taken by the binary.
pub fn taken(database: &TestDatabase) -> PathBuf {
    let file = database.folder.path().join("sao-luu.gz");
    let output = on(database, &["backup", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

fn restored(backend: Backend, file: &Path) -> TestDatabase {
    let database = TestDatabase::empty(backend);
    let output = on(&database, &["restore", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdict = on(&database, &["audit", "verify"]);
    assert!(String::from_utf8_lossy(&verdict.stdout).starts_with("sound"), "{verdict:?}");
    database
}

/// The backup restored into another installation that has the same signing keys.
pub async fn restored_with_keys(app: &TestApp, file: &Path) -> TestApp {
    let database = restored(app.backend, file);
    if app.backend == Backend::Sqlite {
        let keys = |folder: &Path| folder.join("keys.json");
        std::fs::copy(keys(app.database.folder.path()), keys(database.folder.path())).unwrap();
    }
    TestApp::start_on(app.backend, database, |_| {}).await
}

/// A whole file of this text, packed so that its bytes stand there as they are.
fn stored(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The text with the digest of its lines at its end, as whoever changes a backup would make it.
pub fn sealed(text: &str) -> String {
    let (lines, end) = text.trim_end().rsplit_once('\n').unwrap();
    let lines = format!("{lines}\n");
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, lines.as_bytes());
    let mut end: serde_json::Value = serde_json::from_str(end).unwrap();
    end["end"]["sha256"] = json!(kernel::text::hexadecimal(sum.as_ref()));
    format!("{lines}{end}\n")
}

pub fn unpacked(file: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    text
}

async fn a_backup_holds_every_write_that_was_acknowledged(app: TestApp) {
    let admin = app.admin().await;
    let acknowledged = std::sync::Mutex::new(Vec::new());
    let done = std::sync::atomic::AtomicBool::new(false);
    let write = |writer: usize| {
        let (admin, acknowledged, done) = (admin.clone(), &acknowledged, &done);
        async move {
            let mut number = writer;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let made = admin.post(PERIODS, &year(number)).await;
                acknowledged.lock().unwrap().push(made.header("location"));
                number += 4;
            }
        }
    };
    let back_up = async {
        while acknowledged.lock().unwrap().len() < 40 {
            tokio::task::yield_now().await;
        }
        let before = acknowledged.lock().unwrap().clone();
        let file = app.database.folder.path().join("sao-luu.gz");
        let vars = crate::start::vars_of(&app.database);
        let taking = tokio::process::Command::new(env!("CARGO_BIN_EXE_cchc"))
            .arg("backup")
            .arg(&file)
            .env_clear()
            .envs(vars)
            .output();
        let output = taking.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        done.store(true, std::sync::atomic::Ordering::Release);
        (before, file)
    };
    let ((before, file), ..) = tokio::join!(back_up, write(0), write(1), write(2), write(3));
    let all = acknowledged.lock().unwrap().len();
    assert!(all > before.len(), "writes went on while the backup was taken");

    let copy = TestApp::start_on(app.backend, restored(app.backend, &file), |_| {}).await;
    let admin = copy.admin().await;
    for record in &before {
        admin.get(record).await.expect(200);
    }
    let made = admin.post(PERIODS, &year(1_000_000)).await.expect(201);
    assert_eq!(made["version"], 1, "and the copy goes on");
}

async fn a_backup_is_restored_into_either_database(app: TestApp) {
    crate::tthc::phung_hiep(&app).await;
    kernel::reporting::holidays::import(&app.state.db, crate::support::app::noon()).await.unwrap();
    tthc::procedures::import::import(&app.state.db, crate::support::app::noon()).await.unwrap();
    let closing = json!({"org_unit_code": "934", "period_code": "2024-H1", "scope": "subtree"});
    let closing = app.admin().await.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    app.seal().await;
    let form = "/api/v1/reporting/forms/06a?org_unit_code=934&as_of=2024-06-30&period=2024-H1&scope=subtree&definition=withdrawn-refused-apart";
    let lists = [
        "/api/v1/tthc/procedures",
        "/api/v1/reporting/holidays",
        "/api/v1/reporting/period-closures",
        "/api/v1/admin/users",
        "/api/v1/admin/audit",
    ];
    let admin = app.admin().await.with("accept", "application/x-ndjson");
    let kept = format!("{form}&snapshot={}", closing["id"].as_str().unwrap());
    let (expected, then) = (admin.get(form).await.expect(200), admin.get(&kept).await.expect(200));
    let file = taken(&app.database);
    for backend in Backend::available() {
        let copy = TestApp::start_on(backend, restored(backend, &file), |_| {}).await;
        let reader = copy.admin().await.with("accept", "application/x-ndjson");
        assert_eq!(reader.get(form).await.expect(200), expected, "on {}", backend.name());
        assert_eq!(reader.get(&kept).await.expect(200), then, "on {}", backend.name());
        for list in lists {
            let (here, there) = (admin.get(list).await.text(), reader.get(list).await.text());
            let sorted = |text: &str| {
                let mut lines: Vec<String> =
                    text.lines().map(str::to_owned).filter(|l| !l.contains("sign_in")).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&here), sorted(&there), "{list} on {}", backend.name());
        }
    }
}

async fn what_waited_to_be_sealed_is_sealed_when_it_is_restored(app: TestApp) {
    let admin = app.admin().await;
    let made = admin.post(PERIODS, &year(1)).await;
    let record = made.header("location");
    let file = taken(&app.database);
    for backend in Backend::available() {
        let database = restored(backend, &file);
        let told = String::from_utf8(on(&database, &["audit", "verify"]).stdout).unwrap();
        assert!(told.contains(" 0 waiting"), "on {}: {told}", backend.name());
        let copy = TestApp::start_on(backend, database, |_| {}).await;
        let admin = copy.admin().await;
        let read = admin.get(&record).await;
        admin.delete(&record, &read.header("etag")).await.expect(204);
        copy.seal().await;
        let id = record.rsplit('/').next().unwrap();
        let entries =
            copy.admin().await.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        let mut placed: Vec<(i64, i64)> = entries["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["position"].as_i64().unwrap(), entry["record_version"].as_i64().unwrap()))
            .collect();
        placed.sort_unstable();
        let versions: Vec<i64> = placed.into_iter().map(|(_, version)| version).collect();
        assert_eq!(versions, [1, 2], "on {}", backend.name());
    }
}

async fn a_backup_that_was_cut_off_or_changed_is_refused(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let file = taken(&app.database);
    let whole = std::fs::read(&file).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(whole.as_slice()).read_to_string(&mut text).unwrap();
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let last = text.trim_end().rfind('\n').unwrap();
    let changed = sealed(&text.replacen("\"action\":\"create\"", "\"action\":\"update\"", 1));
    assert_ne!(changed, text);
    let database = TestDatabase::empty(app.backend);
    let torn = database.folder.path().join("hong.gz");
    for (bytes, reason) in [
        (whole[..whole.len() / 2].to_vec(), "is no whole backup"),
        (packed(&text[..last]), "it was cut off"),
        (packed("{}"), "is no whole backup"),
        (b"no gzip at all".to_vec(), "is no whole backup"),
        (packed(&changed), "does not verify at position"),
        (
            packed(&text.replacen("\"action\":\"create\"", "\"action\":\"update\"", 1)),
            "its lines are not those",
        ),
        (packed(&text.replacen("\"migration\":\"2", "\"migration\":\"9", 1)), "is newer than this program"),
    ] {
        std::fs::write(&torn, bytes).unwrap();
        refused(&on(&database, &["restore", &torn.to_string_lossy()]), reason);
    }
    // None of them left anything behind: the whole backup still goes in.
    let output = on(&database, &["restore", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn nothing_that_is_there_is_overwritten(app: TestApp) {
    let file = taken(&app.database);
    refused(&on(&app.database, &["backup", &file.to_string_lossy()]), "exists");
    let other = TestApp::start(app.backend).await;
    refused(&on(&other.database, &["restore", &file.to_string_lossy()]), "is not empty");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for the operator's eyes only");
}

async fn an_older_backup_is_not_restored_into_tables_that_have_gone_on(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let text = unpacked(&taken(&app.database));
    let (manifest, lines) = text.split_once('\n').unwrap();
    let mut older: serde_json::Value = serde_json::from_str(manifest).unwrap();
    // The migration of which it would be if it had been taken before the last ones.
    older["manifest"]["migration"] = json!("20261129000802");
    let database = TestDatabase::empty(app.backend);
    let file = database.folder.path().join("truoc.gz");
    std::fs::write(&file, stored(&sealed(&format!("{older}\n{lines}")))).unwrap();
    assert!(on(&database, &["migrate"]).status.success());
    let restore = || on(&database, &["restore", &file.to_string_lossy()]);
    refused(&restore(), "further than the backup (20261129000802)");
    // One of its own version still goes in.
    std::fs::write(&file, stored(&text)).unwrap();
    let output = restore();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn no_figure_is_restored_from_a_damaged_file(app: TestApp) {
    crate::tthc::phung_hiep(&app).await;
    app.seal().await;
    let file = app.database.folder.path().join("sao-luu.gz");
    let output = on(&app.database, &["backup", &file.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let digest = said.split_once("digest is ").and_then(|(_, rest)| rest.get(..64));
    let digest = digest.unwrap_or_else(|| panic!("no digest in {said}")).to_owned();
    let text = unpacked(&file);
    let figure = "\"received_in_person\":5395";
    assert!(text.contains(figure), "in the record");
    let changed = {
        let of_record = text.find("{\"table\":\"processing_returns\"}").unwrap();
        let (before, after) = text.split_at(of_record);
        format!("{before}{}", after.replacen(figure, "\"received_in_person\":5397", 1))
    };
    // One bit of the file as it lies on the disk.
    let whole = stored(&text);
    let mut flipped = whole.clone();
    let place = stored(&changed).iter().zip(&whole).position(|(a, b)| a != b).unwrap();
    flipped[place] ^= 0b10;
    assert_eq!(flipped.iter().zip(&whole).filter(|(a, b)| a != b).count(), 1);
    let more = format!("{text}{{\"row\":{{}}}}\n");
    let mut trailing = whole.clone();
    trailing.extend_from_slice(b"more");
    let database = TestDatabase::empty(app.backend);
    let damaged = database.folder.path().join("hong.gz");
    let restore = |bytes: Vec<u8>, arguments: &[&str]| {
        std::fs::write(&damaged, bytes).unwrap();
        on(&database, &[&["restore"], arguments, &[&damaged.to_string_lossy()]].concat())
    };
    let two = [whole.clone(), stored("{}\n")].concat();
    let files = [flipped, stored(&changed), stored(&more), trailing, two];
    for (number, bytes) in files.into_iter().enumerate() {
        let output = restore(bytes, &[]);
        assert!(!output.status.success(), "file {number} was restored");
        refused(&output, "is no whole backup");
    }
    let made_anew = stored(&sealed(&changed));
    refused(&restore(made_anew, &["--expect", &digest]), "is not the backup that is expected");
    let output = restore(whole, &["--expect", &digest]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&digest));
}

async fn sessions_of_before_do_not_live_again(app: TestApp) {
    let form = [
        ("grant_type", "password"),
        ("username", crate::support::app::ADMIN),
        ("password", crate::support::app::PASSWORD),
    ];
    let session = app.token(&form).await.expect(200);
    let refresh = session["refresh_token"].as_str().unwrap().to_owned();
    let file = taken(&app.database);
    let copy = restored_with_keys(&app, &file).await;
    let again = copy.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    again.problem(400, "invalid-grant");
    copy.sign_in(crate::support::app::ADMIN).await.get("/api/v1/auth/me").await.expect(200);
}

async fn a_record_that_its_journal_does_not_know_is_named(app: TestApp) {
    crate::tthc::phung_hiep(&app).await;
    app.seal().await;
    let file = taken(&app.database);
    let database = TestDatabase::empty(app.backend);
    let output = on(&database, &["restore", &file.to_string_lossy()]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("version"), "{output:?}");
    app.connect()
        .batch_execute(
            "UPDATE processing_returns SET version = version + 1 WHERE handling_level = 'district'",
        )
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let file = taken(&app.database);
    let database = TestDatabase::empty(app.backend);
    let output = on(&database, &["restore", &file.to_string_lossy()]);
    assert!(output.status.success(), "the only copy of a province's data is not refused for it");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 of processing_returns"), "{said}");
}

async fn a_backup_of_a_broken_journal_says_so(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let broken = "UPDATE journal SET content = replace(content, '2024', '2025') WHERE id = (SELECT entry_id FROM journal_chain ORDER BY position DESC LIMIT 1)";
    app.connect().batch_execute(broken).unwrap();
    let file = app.database.folder.path().join("sao-luu.gz");
    let output = on(&app.database, &["backup", &file.to_string_lossy()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("BROKEN at position"), "{said}");
    assert!(file.exists(), "the records may be all that there is");
    let other = TestDatabase::empty(app.backend);
    refused(&on(&other, &["restore", &file.to_string_lossy()]), "does not verify at position");
}
