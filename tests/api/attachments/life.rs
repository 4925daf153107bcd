//! An attachment from its upload to its deletion: how it is read, and that it lives as its record does.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::{Form, PDF, codes, draft, kept, pdf, rows, send};
use crate::support::database::Backend;
use crate::support::{Client, TestApp};
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
];

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
