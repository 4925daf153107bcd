//! The form in which a file comes: its name, its shape, its size, and what breaks off.

use kernel::config::Count;
use kernel::state::UPLOADS;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BOUNDARY, Form, PDF, codes, draft, form_data, kept, pdf, rows, send};
use crate::support::TestApp;
use crate::tell;

tell![
    a_name_is_never_a_path,
    a_form_of_another_shape_is_refused,
    a_file_over_the_limit_is_refused_before_it_has_come,
    an_upload_that_is_cut_leaves_nothing,
    a_file_is_attached_once_for_its_key,
];

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
