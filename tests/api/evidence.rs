//! Every record that has attachments, whatever it is: the operations of the contract are asked, and each
//! kind of record goes through the same story.

use kernel::auth::permission::Action;
use kernel::config::Count;
use kernel::record_types::RecordType;
use serde_json::{Value, json};

use crate::attachments::{Form, PDF, PNG, codes, pdf, send};
use crate::crud_suite::fixtures;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    every_kind_of_record_keeps_its_files_alike,
    every_kind_of_record_refuses_what_is_no_evidence,
    whoever_may_change_the_record_alone_attaches_to_it,
    the_minutes_of_a_closing_stay_once_the_period_is_closed_again,
];

const CLOSURES: &str = "/api/v1/reporting/period-closures";

/// A record that has attachments, and where it is read.
struct Record {
    kind: RecordType,
    place: String,
}

impl Record {
    /// Whether its files may be anybody's papers, which a token shows that asks for personal data alone.
    fn is_of_people(&self) -> bool {
        matches!(self.kind, RecordType::Dossier | RecordType::CitizenFeedback | RecordType::Official)
    }

    /// Whether every token reads it.
    fn is_reference(&self) -> bool {
        matches!(self.kind.access(), Some((Action::ReadReference, _)))
    }
}

/// One record of every kind that the contract gives attachments, belonging to the commune 31396 or to
/// nobody.
async fn records(app: &TestApp) -> Vec<Record> {
    let admin = app.admin().await;
    let mut bodies: Vec<(&str, Value)> =
        fixtures(app).await.into_iter().map(|fixture| (fixture.collection, fixture.create)).collect();
    app.period("quarter", "2026-Q2").await;
    bodies.push((CLOSURES, json!({"org_unit_code": "31396", "period_code": "2026-Q2", "scope": "self"})));
    let document = app.state.contract.document();
    let mut records = Vec::new();
    for path in document["paths"].as_object().expect("paths").keys() {
        let Some(collection) = path.strip_suffix("/{id}/attachments") else { continue };
        let body = bodies.iter().find(|(of, _)| *of == collection);
        let (_, body) = body.unwrap_or_else(|| panic!("{collection}: no record to attach to"));
        let kinds = RecordType::ALL.iter().copied();
        let kind = kinds.into_iter().find(|kind| kind.collection() == collection).expect("a kind of record");
        let made = admin.post(collection, body).await;
        let place = made.header("location");
        made.expect(201);
        records.push(Record { kind, place });
    }
    assert!(records.len() > 6, "only {} kinds of records", records.len());
    records
}

/// What the feed tells behind a token of attachments: kind of change and address.
async fn told(client: &Client, since: &Value) -> Vec<(String, String)> {
    let since = since["next_since"].as_str().unwrap();
    let path = format!("/api/v1/exchange/changes?types=attachment&since={since}");
    let changes = client.get(&path).await.expect(200);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    changes["items"].as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "href"))).collect()
}

async fn every_kind_of_record_keeps_its_files_alike(app: TestApp) {
    let admin = app.admin().await;
    let own = app.person("xa.hiephung", "editor", "31396").await;
    let scopes = "tthc:read tthc:personal civil_service:read civil_service:personal";
    let clear = app.sign_in_for("xa.hiephung", scopes).await;
    for one in records(&app).await {
        let reader = if one.is_of_people() { &clear } else { &own };
        let Record { kind, place: record } = one;
        app.seal().await;
        let since = admin.get("/api/v1/exchange/changes?since=now").await.expect(200);
        let form = Form { description: Some("Bản ký số"), ..pdf("Văn bản (đã ký).pdf") };
        let made = send(&admin, &record, &form).await;
        let (place, etag) = (made.header("location"), made.etag());
        let attachment = made.expect(201);
        let id = attachment["id"].as_str().unwrap();
        assert_eq!(place, format!("{record}/attachments/{id}"));
        assert_eq!(attachment["record_type"], kind.as_str());
        assert_eq!(Some(attachment["record_id"].as_str().unwrap()), record.rsplit('/').next());
        assert_eq!(attachment["size_bytes"], PDF.len());
        let list = admin.get(&format!("{record}/attachments?include_total=true")).await.expect(200);
        assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &attachment), "{record}");
        let content = reader.get(&format!("{place}/content")).await;
        assert_eq!((content.status, content.bytes.as_slice()), (200, PDF), "{record}");
        assert_eq!(content.header("etag"), format!("\"{}\"", attachment["sha256"].as_str().unwrap()));
        admin.send("DELETE", &place, None).await.problem(428, "precondition-required");
        assert_eq!(admin.delete(&place, &etag).await.status, 204, "{record}");
        own.get(&place).await.problem(404, "not-found");

        app.seal().await;
        let both = [("create".to_owned(), place.clone()), ("delete".to_owned(), place)];
        for reader in [&admin, &own] {
            assert_eq!(told(reader, &since).await, both, "{record}");
        }
        let entries = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        let mut actions: Vec<_> =
            entries["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
        actions.retain(|action| action != "read_personal");
        assert_eq!(actions, ["delete", "create"], "{record}");

        let deletable = app.state.contract.document()["paths"]
            .get(format!("{}/{{id}}", kind.collection()))
            .is_some_and(|operations| operations.get("delete").is_some());
        if deletable {
            let last = send(&admin, &record, &pdf("Phụ lục.pdf")).await.header("location");
            let etag = admin.get(&record).await.etag();
            assert_eq!(admin.delete(&record, &etag).await.status, 204, "{record}");
            for gone in [format!("{record}/attachments"), format!("{last}/content"), last] {
                admin.get(&gone).await.problem(404, "not-found");
            }
            send(&admin, &record, &pdf("Phụ lục.pdf")).await.problem(404, "not-found");
        }
    }
}

async fn every_kind_of_record_refuses_what_is_no_evidence(app: TestApp) {
    let narrow = TestApp::start_with(app.backend, |config| {
        config.attachment_limit_bytes = Count::try_from(256 * 1024).expect("a limit");
    })
    .await;
    let admin = narrow.admin().await;
    let large = [PDF, &vec![b' '; 256 * 1024 - PDF.len() + 1]].concat();
    for Record { place: record, .. } in records(&narrow).await {
        let lie = Form { content: PNG, ..pdf("Quyết định.pdf") };
        assert_eq!(codes(send(&admin, &record, &lie).await), ["extension_differs", "type_differs"]);
        let large = Form { content: &large, ..pdf("Quyết định.pdf") };
        send(&admin, &record, &large).await.problem(413, "payload-too-large");
        let list = admin.get(&format!("{record}/attachments")).await.expect(200);
        assert_eq!(list["items"], json!([]), "{record}: nothing was attached");
    }
}

async fn whoever_may_change_the_record_alone_attaches_to_it(app: TestApp) {
    let admin = app.admin().await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let inspector = app.person("thanhtra", "inspector", "92").await;
    for record in records(&app).await {
        let made = send(&admin, &record.place, &pdf("Văn bản.pdf")).await;
        let (place, etag) = (made.header("location"), made.etag());
        let paths = [format!("{}/attachments", record.place), place.clone(), format!("{place}/content")];
        for path in &paths {
            app.anonymous().get(path).await.problem(401, "unauthorized");
            let is_refused = record.is_of_people() && path.ends_with("/content");
            assert_eq!(inspector.get(path).await.status, if is_refused { 403 } else { 200 }, "{path}");
            let of_neighbour = if record.is_reference() { 200 } else { 404 };
            assert_eq!(neighbour.get(path).await.status, of_neighbour, "{path}");
        }
        for other in [&inspector, &neighbour] {
            let attached = send(other, &record.place, &pdf("La.pdf")).await.status;
            let deleted = other.delete(&place, &etag).await.status;
            assert!([403, 404].contains(&attached) && attached == deleted, "{attached} {deleted}: {place}");
        }
        let list = admin.get(&paths[0]).await.expect(200);
        assert_eq!(
            list["items"].as_array().map(Vec::len),
            Some(1),
            "{place}: nothing was attached or deleted"
        );
    }
}

async fn the_minutes_of_a_closing_stay_once_the_period_is_closed_again(app: TestApp) {
    app.period("quarter", "2026-Q2").await;
    let reviewer = app.person("ct.hiephung", "reviewer", "31396").await;
    let body = json!({"org_unit_code": "31396", "period_code": "2026-Q2", "scope": "self"});
    let first = reviewer.post(CLOSURES, &body).await.header("location");
    let minutes = send(&reviewer, &first, &pdf("Biên bản khóa sổ.pdf")).await;
    let (place, etag) = (minutes.header("location"), minutes.etag());
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    send(&editor, &first, &pdf("La.pdf")).await.problem(403, "forbidden");
    let reason = json!({"reason": "Thiếu 12 hồ sơ hộ tịch."});
    reviewer.post(&format!("{first}/reopening"), &reason).await.expect(200);
    send(&reviewer, &first, &pdf("Quyết định mở lại.pdf")).await.expect(201);

    let second = reviewer.post(CLOSURES, &body).await.header("location");
    let refused = send(&reviewer, &first, &pdf("Phụ lục.pdf")).await.problem(409, "wrong-state");
    assert!(refused["detail"].as_str().unwrap().contains("khóa sổ lại sau lần 1"), "{refused}");
    reviewer.delete(&place, &etag).await.problem(409, "wrong-state");
    assert_eq!(editor.get(&format!("{place}/content")).await.bytes, PDF, "and is read as before");
    send(&reviewer, &second, &pdf("Biên bản khóa sổ lần 2.pdf")).await.expect(201);
}
