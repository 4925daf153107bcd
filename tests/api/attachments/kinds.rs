//! What is taken: a file is what its bytes say, whatever its name and its sender say of it.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

use super::{Form, PDF, PNG, codes, draft, kept, rows, send};
use crate::support::TestApp;
use crate::tell;

tell![
    a_file_that_lies_about_itself_is_refused,
    what_would_run_is_refused,
    every_kind_that_is_promised_is_taken,
];

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

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
