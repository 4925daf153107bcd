//! Backup and restore, as an operator uses them beside a running service.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::start::{on, refused};
use crate::support::TestApp;
use crate::support::database::{Backend, TestDatabase};
use crate::tell;

tell![
    a_backup_holds_every_write_that_was_acknowledged,
    a_backup_is_restored_into_either_database,
    a_backup_that_was_cut_off_or_changed_is_refused,
    nothing_that_is_there_is_overwritten,
];

const PERIODS: &str = "/api/v1/reporting/periods";

fn year(number: usize) -> serde_json::Value {
    json!({"regime": format!("r{number}"), "code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"})
}

/// A backup of the story's database, taken by the binary.
fn taken(database: &TestDatabase) -> PathBuf {
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
    cchc::reporting::holidays::import(&app.state.db, crate::support::app::noon()).await.unwrap();
    cchc::domain::tthc::procedures::import::import(&app.state.db, crate::support::app::noon()).await.unwrap();
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
    let changed = text.replacen("\"action\":\"create\"", "\"action\":\"update\"", 1);
    assert_ne!(changed, text);
    for (bytes, reason) in [
        (whole[..whole.len() / 2].to_vec(), "is no whole backup"),
        (packed(&text[..last]), "it was cut off"),
        (packed("{}"), "is no whole backup"),
        (b"no gzip at all".to_vec(), "is no whole backup"),
        (packed(&changed), "does not verify at position"),
        (packed(&text.replacen("\"migration\":\"2", "\"migration\":\"9", 1)), "is newer than this program"),
    ] {
        let database = TestDatabase::empty(app.backend);
        let torn = database.folder.path().join("hong.gz");
        std::fs::write(&torn, bytes).unwrap();
        refused(&on(&database, &["restore", &torn.to_string_lossy()]), reason);
        // Nothing is left behind: the whole backup still goes in.
        let output = on(&database, &["restore", &file.to_string_lossy()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
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
