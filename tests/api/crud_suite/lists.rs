//! A list of any resource: what it refuses, where its cursors work, and that it comes in one stream.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fixtures;
use crate::sheets::{self, XLSX};
use crate::support::{Client, TestApp};
use crate::tell;

tell![every_list_refuses_what_it_does_not_know, every_list_comes_in_one_stream, no_cursor_works_elsewhere];

async fn every_list_refuses_what_it_does_not_know(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        for (query, pointer) in [
            ("colour=red", "/colour"),
            ("limit=0", "/limit"),
            ("limit=201", "/limit"),
            ("limit=ten", "/limit"),
            ("include_total=perhaps", "/include_total"),
            ("sort=colour", "/sort"),
            ("limit=1&limit=2", "/limit"),
        ] {
            assert_eq!(
                admin.get(&format!("{what}?{query}")).await.faults(400, "invalid-parameter"),
                [pointer],
                "{what}?{query}"
            );
        }
        assert_eq!(
            admin.get(&format!("{what}?limit=%00")).await.faults(422, "invalid"),
            ["/limit"],
            "{what}"
        );
        admin.get(&format!("{what}?limit=%ff")).await.problem(400, "invalid-parameter");
        admin.get(&format!("{what}?cursor=Zm9yZ2Vk")).await.problem(422, "invalid-cursor");
    }
}

async fn every_list_comes_in_one_stream(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        admin.post(what, &fixture.create).await.expect(201);
        let total =
            admin.get(&format!("{what}?include_total=true&limit=1")).await.expect(200)["total"].clone();
        let lines = admin.with("accept", "application/x-ndjson").get(what).await;
        assert_eq!(lines.header("content-type"), "application/x-ndjson", "{what}");
        let lines: Vec<Value> =
            lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json!(lines.len()), total, "{what}");
        let csv = admin.with("accept", "text/csv").get(what).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present", "{what}");
        let rows = crate::listing::records(&csv.text());
        assert_eq!(rows.len(), lines.len() + 1, "{what}");
        assert_eq!(&rows[0][0], "id", "{what}: in the order of the contract");
        let member = |column: &str| column.split('.').next().unwrap().to_owned();
        let members: BTreeSet<String> = rows[0].iter().map(member).collect();
        let told: BTreeSet<String> = lines[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, told, "{what}: a column for each member, or for each of its own");

        let sheet = admin.with("accept", XLSX).get(what).await;
        assert_eq!((sheet.status, sheet.header("content-type").as_str()), (200, XLSX), "{what}");
        let name = what.rsplit('/').next().unwrap();
        assert_eq!(sheet.header("content-disposition"), format!("attachment; filename=\"{name}.xlsx\""));
        let sheet = sheets::rows(&sheet.bytes, sheets::DATA);
        assert_eq!(sheet.len(), lines.len() + 2, "{what}: terms, names, and the records");
        assert_eq!(sheet[1], rows[0].iter().collect::<Vec<_>>(), "{what}");
    }
}

async fn no_cursor_works_elsewhere(app: TestApp) {
    for month in 1..=3 {
        app.period("month", &format!("2024-{month:02}")).await;
    }
    let admin = app.admin().await;
    let other = app.person("xa.hiephung", "editor", "31396").await;
    let page = admin.get("/api/v1/reporting/periods?limit=1&kind=month").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let refused =
        |client: Client, path: String| async move { client.get(&path).await.problem(422, "invalid-cursor") };
    admin.get(&format!("/api/v1/reporting/periods?limit=2&kind=month&cursor={cursor}")).await.expect(200);
    refused(admin.clone(), format!("/api/v1/reporting/periods?cursor={cursor}")).await;
    refused(admin.clone(), format!("/api/v1/reporting/periods?kind=month&sort=-starts_on&cursor={cursor}"))
        .await;
    refused(admin.clone(), format!("/api/v1/admin/users?cursor={cursor}")).await;
    refused(other, format!("/api/v1/reporting/periods?kind=month&cursor={cursor}")).await;
    let mut forged: Vec<char> = cursor.chars().collect();
    let last = forged.len() - 2;
    forged[last] = if forged[last] == 'A' { 'B' } else { 'A' };
    refused(
        admin,
        format!("/api/v1/reporting/periods?kind=month&cursor={}", forged.into_iter().collect::<String>()),
    )
    .await;
}
