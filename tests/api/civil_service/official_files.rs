//! Files of officials: papers of a person, seen and erased as who they are is.

use diesel::prelude::*;
use kernel::db::schema::attachments;
use serde_json::json;

use super::officials::{made, official, order, tells_nobody, who_sees_all};
use crate::attachments::{Form, PDF, pdf, send};
use crate::support::TestApp;
use crate::tell;

tell![
    files_of_an_official_are_seen_by_who_sees_people,
    files_are_erased_with_who_the_official_is,
    files_follow_who_moves,
];

/// The degree of someone.
fn degree() -> Form<'static> {
    Form { description: Some("Bằng đại học"), ..pdf("Bằng của Nguyễn Thị Thử.pdf") }
}

async fn files_of_an_official_are_seen_by_who_sees_people(app: TestApp) {
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let place = made(&clerk, &official("CB-1")).await;
    let attached = send(&clerk, &place, &degree()).await;
    let file = attached.header("location");
    let told = attached.expect(201);
    assert_eq!((&told["name"], &told["description"]), (&json!("***.pdf"), &json!("***")));
    let content = format!("{file}/content");
    let refused = clerk.get(&content).await.problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("`civil_service:personal`"), "{refused}");
    let other_domain = app.sign_in_for("xa.hiephung", "civil_service:read tthc:personal").await;
    other_domain.get(&content).await.problem(403, "forbidden");
    let clear = app.sign_in_for("xa.hiephung", "civil_service:read civil_service:personal").await;
    assert_eq!(clear.get(&file).await.expect(200)["name"], "Bằng của Nguyễn Thị Thử.pdf");
    assert_eq!(clear.get(&content).await.bytes, PDF);
    app.seal().await;
    let admin = app.admin().await;
    let id = file.rsplit('/').next().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 2, "each time it was shown: {journal}");
    tells_nobody(&journal.to_string());
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "civil_service:read civil_service:personal").await;
    neighbour.get(&content).await.problem(404, "not-found");
}

async fn files_are_erased_with_who_the_official_is(app: TestApp) {
    let admin = app.admin().await;
    let once = admin.with("idempotency-key", "tep");
    let place = made(&admin, &official("CB-1")).await;
    let file = send(&once, &place, &degree()).await.header("location");
    admin.post(&format!("{place}/erasure"), &order()).await.expect(200);
    admin.get(&file).await.problem(404, "not-found");
    send(&admin, &place, &degree()).await.problem(409, "personal-data-erased");
    send(&once, &place, &degree()).await.problem(409, "personal-data-erased");
    let names: Vec<(String, Option<String>)> = attachments::table
        .select((attachments::name, attachments::description))
        .load(&mut app.connect())
        .unwrap();
    assert_eq!(names, [(String::new(), None)]);
}

async fn files_follow_who_moves(app: TestApp) {
    let admin = who_sees_all(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "civil_service:read civil_service:personal").await;
    let place = made(&clerk, &official("CB-1")).await;
    let content = format!("{}/content", send(&clerk, &place, &degree()).await.header("location"));
    let etag = admin.get(&place).await.etag();
    let unit = app.unit("31399", "2026-11-02");
    admin.patch(&place, &etag, &json!({"org_unit_id": unit})).await.expect(200);
    assert_eq!(neighbour.get(&content).await.bytes, PDF);
    clerk.get(&content).await.problem(404, "not-found");
}
