//! Many records of any resource at once: in batches, and in templates that are filled in.

use serde_json::{Value, json};

use super::fixtures;
use crate::sheets::{self, XLSX};
use crate::support::{Client, TestApp};
use crate::tell;

tell![every_batch_is_written_whole_or_line_by_line, every_template_is_filled_in_and_imported];

/// Members with personal data, which every answer of a write shows masked.
const MASKED: [&str; 2] = ["owner", "person"];

async fn every_batch_is_written_whole_or_line_by_line(app: TestApp) {
    let admin = app.admin().await;
    let document = app.state.contract.document();
    for fixture in fixtures(&app).await {
        let batch = format!("{}/batch", fixture.collection);
        if !fixture.has_bulk(&document) {
            continue;
        }
        let lines = json!([fixture.create, fixture.invalid.0]);
        let faults = admin.post(&batch, &lines).await.faults(422, "invalid");
        assert!(
            faults.iter().all(|fault| *fault == format!("/1{}", fixture.invalid.1)),
            "{batch}: {faults:?}"
        );
        let outcomes = |report: &Value| -> Vec<String> {
            report["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|l| l["outcome"].as_str().unwrap().into())
                .collect()
        };
        let report = admin.post(&format!("{batch}?mode=partial"), &lines).await.expect(200);
        assert_eq!(outcomes(&report), ["created", "refused"], "{batch}: {report}");
        assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)));
        assert_eq!(report["lines"][1]["problem"]["type"], "/problems/invalid");
        let id = report["lines"][0]["id"].as_str().unwrap().to_owned();
        let record = format!("{}/{id}", fixture.collection);
        admin.get(&record).await.expect(200);

        let line = |body: Value| Some(("application/x-ndjson", format!("{body}\n\n").into_bytes()));
        admin.send("POST", &batch, line(fixture.create.clone())).await.problem(409, "duplicate");
        let upsert = format!("{batch}?on_conflict=update");
        let report = admin.send("POST", &upsert, line(fixture.create.clone())).await.expect(200);
        assert_eq!(outcomes(&report), ["unchanged"], "{batch}");
        let mut changed = fixture.create.clone();
        changed.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        let report = admin.send("POST", &upsert, line(changed.clone())).await.expect(200);
        assert_eq!(outcomes(&report), ["updated"], "{batch}: {report}");
        assert_eq!(report["lines"][0]["version"], 2);
        let mut stale = fixture.create.clone();
        stale["if_version"] = json!(1);
        let report = admin.send("POST", &upsert, line(stale)).await.expect(200);
        assert_eq!(outcomes(&report), ["stale"], "{batch}");

        let report =
            admin.post(&format!("{upsert}&mode=partial"), &json!([changed, changed])).await.expect(200);
        assert_eq!(outcomes(&report), ["unchanged", "refused"], "{batch}: one record is named twice");
        for broken in ["{\"a\": ", "[1", "{}"] {
            let body = Some(("application/json", broken.as_bytes().to_vec()));
            assert_eq!(admin.send("POST", &batch, body).await.status, 400, "{batch}: {broken}");
        }
        app.seal().await;
        let entries = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
        assert_eq!(entries["items"].as_array().unwrap().len(), 2, "{batch}: one entry a change");
    }
}

/// The members of a record as the columns of a table: an object has one for each of its members.
fn flat(record: &Value) -> serde_json::Map<String, Value> {
    let columns = |(name, value): (&String, &Value)| match value {
        Value::Object(members) => {
            members.iter().map(|(inner, value)| (format!("{name}.{inner}"), value.clone())).collect()
        }
        value => vec![(name.clone(), value.clone())],
    };
    record.as_object().unwrap().iter().flat_map(columns).collect()
}

/// Fills in the template of a collection with a record, as a clerk would.
async fn filled(admin: &Client, collection: &str, record: &Value) -> Vec<u8> {
    let template = admin.get(&format!("{collection}/template")).await;
    assert_eq!((template.status, template.header("content-type").as_str()), (200, XLSX), "{collection}");
    let name = collection.rsplit('/').next().unwrap();
    let head = sheets::rows(&template.bytes, sheets::DATA);
    assert_eq!(head.len(), 2, "{collection}: terms, names, and no record yet");
    for (term, name) in head[0].iter().zip(&head[1]) {
        assert_ne!(
            term.trim_end_matches(" (*)").to_lowercase(),
            name.to_lowercase(),
            "{collection}: {name} has no Vietnamese term"
        );
    }
    let record = flat(record);
    let cells = head[1].iter().map(|field| record.get(field.as_str()).cloned().unwrap_or_default()).collect();
    sheets::workbook(name, &head[1], &[cells])
}

async fn every_template_is_filled_in_and_imported(app: TestApp) {
    let admin = app.admin().await;
    let document = app.state.contract.document();
    for fixture in fixtures(&app).await {
        let what = fixture.collection;
        let import = format!("{what}/import");
        if !fixture.has_bulk(&document) {
            continue;
        }
        let send = |path: String, media: &'static str, file: Vec<u8>| {
            let admin = admin.clone();
            async move { admin.send("POST", &path, Some((media, file))).await }
        };
        let file = filled(&admin, what, &fixture.create).await;
        let tried = send(format!("{import}?dry_run=true"), XLSX, file.clone()).await.expect(200);
        assert_eq!((&tried["created"], &tried["dry_run"]), (&json!(1), &json!(true)), "{what}: {tried}");
        assert!(tried["rows"][0].get("id").is_none(), "{what}: a trial makes no record");

        let wrong = filled(&admin, what, &fixture.invalid.0).await;
        let refused = send(import.clone(), XLSX, wrong.clone()).await;
        let told = refused.json();
        for (fault, pointer) in told["errors"].as_array().unwrap().iter().zip(refused.faults(422, "invalid"))
        {
            assert_eq!(pointer, format!("/3{}", fixture.invalid.1), "{what}");
            let message = fault["message"].as_str().unwrap();
            assert!(message.starts_with("Ô ") && message.contains("3: "), "{what}: {message}");
        }
        let copy = admin.with("accept", XLSX).send("POST", &import, Some((XLSX, wrong))).await;
        assert_eq!(copy.status, 422, "{what}");
        let marked = sheets::rows(&copy.bytes, sheets::DATA);
        assert_eq!(marked[1].last().unwrap(), "_faults", "{what}");
        assert!(marked[2].last().unwrap().starts_with("Ô "), "{what}: {:?}", marked[2]);
        let again = send(import.clone(), XLSX, copy.bytes).await;
        assert_eq!(again.status, 422, "{what}: the copy is read like the file itself");

        let keyed = admin.with("idempotency-key", &format!("tep-{}", fixture.record_type));
        let made = keyed.send("POST", &import, Some((XLSX, file.clone()))).await.expect(200);
        assert_eq!((&made["created"], &made["rows"][0]["row"]), (&json!(1), &json!(3)), "{what}: {made}");
        let replayed = keyed.send("POST", &import, Some((XLSX, file.clone()))).await;
        assert_eq!(replayed.header("idempotency-replayed"), "true", "{what}");
        assert_eq!(replayed.expect(200), made, "{what}");
        let id = made["rows"][0]["id"].as_str().unwrap();
        let record = admin.get(&format!("{what}/{id}")).await.expect(200);
        for (name, value) in fixture.create.as_object().unwrap() {
            if !MASKED.contains(&name.as_str()) {
                assert_eq!(&record[name], value, "{what}");
            }
        }
        send(import.clone(), XLSX, file.clone()).await.problem(409, "duplicate");
        let upsert = format!("{import}?on_conflict=update");
        assert_eq!(send(upsert.clone(), XLSX, file).await.expect(200)["unchanged"], 1, "{what}");

        let cells = flat(&fixture.create);
        let names: Vec<_> = cells.keys().cloned().collect();
        let value = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer("\u{feff}".as_bytes().to_vec());
        csv.write_record(&names).unwrap();
        csv.write_record(cells.values().map(value)).unwrap();
        let report = send(upsert, "text/csv", csv.into_inner().unwrap()).await.expect(200);
        assert_eq!((&report["unchanged"], &report["rows"][0]["row"]), (&json!(1), &json!(2)), "{what}");
    }
}
