//! The contract: what the file says, the service does, and every operation is complete.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sheets::XLSX;
use crate::support::TestApp;
use crate::tell;

tell![
    the_file_is_what_the_service_serves,
    every_operation_is_complete,
    every_reference_resolves_and_every_example_validates,
    no_two_schemas_share_a_name,
    the_readme_shows_the_settings_and_the_table_of_roles,
    unknown_paths_and_methods_are_problems,
    every_problem_has_a_page,
];

fn file(path: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every operation: path, method, operation.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            operations.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    operations
}

async fn the_file_is_what_the_service_serves(app: TestApp) {
    let served = app.anonymous().get("/api-docs/openapi.json").await.expect(200);
    let kept: Value = serde_json::from_str(&file("openapi/openapi.json")).expect("the file is JSON");
    if let Some(pointer) = first_difference(&served, &kept, String::new()) {
        panic!(
            "openapi/openapi.json differs at {pointer}; regenerate it: cargo run -q -- openapi > openapi/openapi.json"
        );
    }
    assert_eq!(cchc::openapi::text(), file("openapi/openapi.json"));
}

fn first_difference(a: &Value, b: &Value, at: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| {
                let below = format!("{at}/{}", name.replace('/', "~1"));
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => first_difference(a, b, below),
                    _ => Some(below),
                }
            })
        }
        (a, b) => (a != b).then_some(at),
    }
}

async fn every_operation_is_complete(app: TestApp) {
    let document = app.state.contract.document().clone();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} is used twice");
        for member in ["summary", "description"] {
            assert!(
                operation[member].as_str().is_some_and(|text| !text.is_empty()),
                "{name} has no {member}"
            );
        }
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name} has one tag");
        assert!(tags.contains(&operation["tags"][0]), "{name}: the tag is explained");
        assert!(operation["security"].is_array(), "{name} says who may call it");
        let braces: BTreeSet<_> =
            path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: BTreeSet<_> =
            parameters.iter().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str()).collect();
        assert_eq!(braces, in_path, "{name}");
        for parameter in &parameters {
            assert!(parameter["description"].as_str().is_some_and(|t| !t.is_empty()), "{name}: {parameter}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} succeeds somehow");
        assert!(responses.contains_key("500") && responses.contains_key("503"), "{name}");
        if path.ends_with("/import") {
            let forms: Vec<_> = responses["422"]["content"].as_object().expect("forms").keys().collect();
            assert_eq!(forms, ["application/problem+json", XLSX], "{name}: a marked copy is no success");
        }
        if ["PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
            assert!(responses.contains_key("412") && responses.contains_key("428"), "{name}");
            assert!(parameters.iter().any(|p| p["name"] == "If-Match" && p["required"] == true), "{name}");
        }
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

async fn every_reference_resolves_and_every_example_validates(app: TestApp) {
    let document = app.state.contract.document();
    let mut found = Vec::new();
    references(document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} dangles");
    }
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let Some(example) = schema.get("example") else { continue };
        let faults = app.state.contract.faults(name, example);
        assert!(faults.is_empty(), "the example of {name}: {faults:?}");
    }
    for (path, method, operation) in operations(document) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        for (media_type, body) in content {
            if path.ends_with("/batch") {
                let records = match &body["example"] {
                    Value::String(lines) => {
                        lines.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
                    }
                    records => records
                        .as_array()
                        .cloned()
                        .unwrap_or_else(|| panic!("{path} {media_type}: no example")),
                };
                let line = &content["application/json"]["schema"]["items"]["anyOf"][0]["$ref"];
                let name = line.as_str().and_then(|line| line.rsplit('/').next()).expect("a line's schema");
                for record in records {
                    assert!(app.state.contract.faults(name, &record).is_empty(), "{path} {media_type}");
                }
                continue;
            }
            if path.ends_with("/import") {
                let is_text = media_type == "text/csv";
                let example = body["example"].as_str();
                assert_eq!(
                    example.map(|rows| rows.lines().count()),
                    is_text.then_some(2),
                    "{path} {media_type}"
                );
                continue;
            }
            let name =
                body["schema"]["$ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
            let schema = &document["components"]["schemas"][name];
            assert!(schema.get("example").is_some(), "{method} {path}: {name} has no example");
        }
    }
}

/// utoipa keeps one of two schemas of the same name and says nothing.
async fn no_two_schemas_share_a_name(_app: TestApp) {
    let mut names = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap_or_default();
            let mut is_schema = false;
            for line in text.lines() {
                is_schema |= line.contains("derive(") && line.contains("ToSchema");
                let declared = line
                    .trim_start()
                    .strip_prefix("pub struct ")
                    .or(line.trim_start().strip_prefix("pub enum "));
                if let (true, Some(rest)) = (is_schema, declared) {
                    let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                    assert!(names.insert(name.clone()), "two schemas are called {name}");
                    is_schema = false;
                }
            }
        }
    }
    assert!(names.len() > 10, "only {names:?}");
}

async fn the_readme_shows_the_settings_and_the_table_of_roles(_app: TestApp) {
    for readme in ["README.md", "README.vi.md"] {
        let text = file(readme);
        assert!(
            text.contains(&cchc::auth::permission::table()),
            "{readme} lacks the table of roles:\n{}",
            cchc::auth::permission::table()
        );
        for setting in cchc::config::SETTINGS {
            let default =
                if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
            let row = format!("| `{}` | {default} |", setting.name);
            assert!(text.contains(&row), "{readme} lacks the row: {row}");
        }
    }
}

async fn unknown_paths_and_methods_are_problems(app: TestApp) {
    let admin = app.admin().await;
    admin.get("/api/v1/nothing").await.problem(404, "not-found");
    let answer = admin.send("DELETE", "/api/v1/reporting/periods", None).await;
    assert_eq!(answer.header("allow"), "GET, POST, HEAD");
    answer.problem(405, "method-not-allowed");
    let traced = admin.send("TRACE", "/api/v1/reporting/periods?code=2026", None).await;
    traced.problem(405, "method-not-allowed");
    let english = admin.in_english().get("/api/v1/nothing").await;
    assert_eq!(english.header("content-language"), "en");
    assert_eq!(english.json()["title"], "Not found");
    let sent = admin.with("x-request-id", "cong-dvc.42").get("/api/v1/nothing").await;
    assert_eq!(sent.header("x-request-id"), "cong-dvc.42");
    assert_eq!(sent.json()["request_id"], "cong-dvc.42");
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    assert!(sent.header("access-control-allow-origin").is_empty());
}

async fn every_problem_has_a_page(app: TestApp) {
    for problem in cchc::error::Problem::ALL {
        let page = app.anonymous().get(&format!("/problems/{}", problem.slug())).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(problem.title().vi.as_ref()));
    }
    app.anonymous().get("/problems/none").await.problem(404, "not-found");
}
