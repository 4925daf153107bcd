//! A record of any resource: made, read, changed and deleted, refused where it is bad, and in the journal.

use diesel::connection::SimpleConnection;
use serde_json::json;

use super::fixtures;
use crate::support::TestApp;
use crate::support::database::Backend;
use crate::tell;

tell![
    every_resource_is_made_read_changed_and_deleted,
    every_resource_refuses_bad_bodies,
    every_write_stands_in_the_journal,
    every_record_is_made_once_for_its_key,
];

async fn every_resource_is_made_read_changed_and_deleted(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let created = admin.post(what, &fixture.create).await;
        let (location, etag) = (created.header("location"), created.etag());
        let record = created.expect(201);
        assert_eq!(location, format!("{what}/{}", record["id"].as_str().unwrap()));
        admin.post(what, &fixture.create).await.problem(409, "duplicate");
        let read = admin.get(&location).await;
        assert_eq!(read.etag(), etag, "{what}");
        let read = read.expect(200);
        assert_eq!(admin.with("if-none-match", &etag).get(&location).await.status, 304, "{what}");

        let mut found = false;
        let mut path = format!("{what}?limit=200");
        while !path.is_empty() {
            let page = admin.get(&path).await;
            let link = page.header("link");
            let page = page.expect(200);
            found |= page["items"].as_array().unwrap().iter().any(|item| item["id"] == record["id"]);
            path =
                link.strip_prefix('<').map(|l| l.split('>').next().unwrap().to_owned()).unwrap_or_default();
        }
        assert!(found, "{what}: the list holds the record");

        for (method, body) in
            [("PUT", Some(&fixture.create)), ("PATCH", Some(&fixture.patch)), ("DELETE", None)]
        {
            let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
            admin.send(method, &location, body.clone()).await.problem(428, "precondition-required");
            admin
                .with("if-match", "\"v99\"")
                .send(method, &location, body.clone())
                .await
                .problem(412, "precondition-failed");
            admin
                .with("if-match", "W/\"v1\"")
                .send(method, &location, body)
                .await
                .problem(412, "precondition-failed");
        }
        let patched = admin.patch(&location, &etag, &fixture.patch).await;
        let etag = patched.etag();
        let patched = patched.expect(200);
        assert_eq!(patched["version"].as_i64(), read["version"].as_i64().map(|v| v + 1), "{what}");
        for (name, value) in fixture.patch.as_object().unwrap() {
            assert_eq!(&patched[name], value, "{what}");
        }
        let replaced = admin.put(&location, &etag, &fixture.create).await;
        let etag = replaced.etag();
        replaced.expect(200);
        assert_eq!(admin.delete(&location, &etag).await.status, 204, "{what}");
        admin.get(&location).await.problem(404, "not-found");
        admin.delete(&location, &etag).await.problem(404, "not-found");
        admin.post(what, &fixture.create).await.expect(201);
        admin.get(&format!("{what}/not-an-id")).await.problem(404, "not-found");
    }
}

async fn every_resource_refuses_bad_bodies(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let post = |content_type: &'static str, body: Vec<u8>| {
            let admin = admin.clone();
            async move { admin.send("POST", what, Some((content_type, body))).await }
        };
        let json_type = "application/json";
        post(json_type, b"{\"a\": ".to_vec()).await.problem(400, "malformed-json");
        post(json_type, vec![b'"', 0xff, 0xfe, b'"']).await.problem(400, "malformed-json");
        post(json_type, format!("{}{}", "[".repeat(200), "]".repeat(200)).into_bytes())
            .await
            .problem(400, "malformed-json");
        post(json_type, b"[]".to_vec()).await.problem(400, "wrong-shape");
        post("text/plain", fixture.create.to_string().into_bytes())
            .await
            .problem(415, "unsupported-media-type");
        post(json_type, vec![b' '; 2 * 1024 * 1024]).await.problem(413, "payload-too-large");

        let mut unknown = fixture.create.clone();
        unknown["colour"] = json!("red");
        assert_eq!(admin.post(what, &unknown).await.faults(400, "wrong-shape"), ["/colour"], "{what}");
        let (name, _) =
            fixture.create.as_object().unwrap().iter().find(|(_, value)| value.is_string()).unwrap();
        let twice = fixture.create.to_string().replacen('{', &format!("{{\"{name}\": \"x\", "), 1);
        let faults = post(json_type, twice.into_bytes()).await.faults(400, "wrong-shape");
        assert_eq!(faults, [format!("/{name}")], "{what}");
        let mut nul = fixture.create.clone();
        nul[name] = json!("a\u{0}b");
        assert_eq!(admin.post(what, &nul).await.faults(422, "invalid"), [format!("/{name}")], "{what}");
        let (invalid, pointer) = &fixture.invalid;
        let mut faults = admin.post(what, invalid).await.faults(422, "invalid");
        faults.dedup();
        assert_eq!(faults, [*pointer], "{what}");
    }
}

async fn every_write_stands_in_the_journal(app: TestApp) {
    let admin = app.admin().await;
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let created = admin.with("x-request-id", "nhat-ky-1").post(what, &fixture.create).await;
        let (location, etag) = (created.header("location"), created.etag());
        let record = created.expect(201);
        let etag = {
            let patched = admin.patch(&location, &etag, &fixture.patch).await;
            let etag = patched.etag();
            patched.expect(200);
            etag
        };
        assert_eq!(admin.delete(&location, &etag).await.status, 204);
        app.seal().await;
        let id = record["id"].as_str().unwrap();
        let feed = format!("{}?types={}&limit=1000", crate::exchange::CHANGES, fixture.record_type);
        let feed = admin.get(&feed).await.expect(200);
        let told: Vec<_> = feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["id"] == id)
            .map(|change| (change["kind"].as_str().unwrap(), change["href"].as_str().unwrap()))
            .collect();
        let expected = ["create", "update", "delete"].map(|kind| (kind, location.as_str()));
        assert_eq!(told, expected, "{what}: the feed tells of every change");
        let entries = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        let entries = entries["items"].as_array().unwrap().clone();
        let mut actions: Vec<_> = entries.iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect();
        actions.reverse();
        assert_eq!(actions, ["create", "update", "delete"], "{what}");
        let versions: Vec<_> = entries.iter().rev().map(|e| e["record_version"].as_i64().unwrap()).collect();
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{what}: {versions:?}");
        assert!(
            entries.iter().all(|e| e["record_type"] == fixture.record_type && e["position"].is_i64()),
            "{what}"
        );
        assert!(entries.iter().any(|e| e["request_id"] == "nhat-ky-1"));
    }
}

async fn every_record_is_made_once_for_its_key(app: TestApp) {
    let admin = app.admin().await;
    let mut holder = app.connect();
    let hold = match app.backend {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN; LOCK TABLE idempotency_keys IN SHARE MODE",
    };
    for (number, fixture) in fixtures(&app).await.into_iter().enumerate() {
        let what = fixture.collection;
        let keyed = admin.with("idempotency-key", &format!("lan-{number}"));
        let first = keyed.post(what, &fixture.create).await;
        let (location, etag) = (first.header("location"), first.etag());
        assert!(!first.headers.contains_key("idempotency-replayed"), "{what}");
        let first = first.expect(201);
        let again = keyed.post(what, &fixture.create).await;
        assert_eq!((again.header("location"), again.etag()), (location.clone(), etag.clone()), "{what}");
        assert_eq!(again.header("idempotency-replayed"), "true", "{what}");
        assert_eq!(again.expect(201), first, "{what}");
        keyed.post(what, &fixture.invalid.0).await;
        let mut other = fixture.create.clone();
        other.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        if other.get("active").is_none() {
            keyed.post(what, &other).await.problem(422, "idempotency-key-reused");
        }
        assert_eq!(admin.delete(&location, &etag).await.status, 204, "{what}");

        let twin = || {
            let twin = admin.with("idempotency-key", &format!("sinh-doi-{number}"));
            let create = fixture.create.clone();
            async move { twin.post(what, &create).await }
        };
        holder.batch_execute(hold).unwrap();
        let mut twins = tokio::task::JoinSet::from_iter([twin(), twin()]);
        // None can be written: what comes back first was refused while the other is under way.
        let refused = twins.join_next().await.unwrap().unwrap();
        holder.batch_execute("ROLLBACK").unwrap();
        refused.problem(409, "request-under-way");
        let made = twins.join_next().await.unwrap().unwrap().expect(201);
        assert_eq!(twin().await.expect(201)["id"], made["id"], "{what}: twins make one record");
    }
}
