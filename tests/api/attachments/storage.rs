//! Where content is kept: in a folder or in a bucket, for as long as it must be, and away at times.

use std::io::Write;
use std::path::{Path, PathBuf};

use kernel::attachments::{AttachmentId, removals};
use kernel::config::{AttachmentPlace, Count, S3Endpoint, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Form, PDF, PNG, codes, draft, files, kept, pdf, restored, rows, send};
use crate::start::vars_of;
use crate::support::TestApp;
use crate::tell;

tell![
    content_is_removed_when_its_time_has_come,
    a_slow_reader_holds_no_connection_to_the_database,
    a_storage_that_is_away_is_told_as_such,
    s3_compatible_storage_keeps_attachments,
];

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

fn in_bucket(config: &mut kernel::config::Config, endpoint: &str, secret: &str) {
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
        PDF.iter().copied().chain((0..9_u32 << 20).map(|n| (n >> 12).to_le_bytes()[0] | 1)).collect();
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
