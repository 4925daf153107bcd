//! The contract: what the file says, the service does, and every operation is complete.

use std::collections::BTreeSet;

use flate2::read::GzDecoder;
use kernel::api::contract::Contract;
use kernel::auth::permission::{Action, Role, allows};
use serde_json::Value;

use crate::sheets::XLSX;
use crate::support::TestApp;
use crate::tell;

tell![
    the_file_is_what_the_service_serves,
    every_operation_is_complete,
    every_reference_resolves_and_every_example_validates,
    every_schema_says_what_it_is_in_vietnamese_too,
    whatever_concerns_units_is_asked_for_in_one_way,
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
    let kept = file("openapi/openapi.json");
    let read: Value = serde_json::from_str(&kept).expect("the file is JSON");
    if let Some(pointer) = first_difference(&cchc::openapi::document(), &read, String::new()) {
        panic!(
            "openapi/openapi.json differs at {pointer}; regenerate it: cargo run -q --example contract > openapi/openapi.json"
        );
    }
    assert_eq!(cchc::openapi::text(), kept);
    let path = "/api-docs/openapi.json";
    assert_eq!(app.anonymous().get(path).await.expect(200), read);
    let compressed = app.anonymous().with("accept-encoding", "gzip").get(path).await;
    assert_eq!(
        ["content-encoding", "vary", "content-type"].map(|name| compressed.header(name)),
        ["gzip", "Accept-Encoding", "application/json"]
    );
    let carried: Value = serde_json::from_reader(GzDecoder::new(&compressed.bytes[..])).expect("JSON");
    assert_eq!(carried, read);
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
    let document = app.state.contract.document();
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
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} dangles");
    }
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let Some(example) = schema.get("example") else { continue };
        let faults = app.state.contract.faults(name, example);
        assert!(faults.is_empty(), "the example of {name}: {faults:?}");
    }
    let mut lacking = Vec::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let succeeding = operation["responses"].as_object().expect("responses").iter();
        let answers = succeeding.filter(|(status, _)| status.starts_with('2'));
        let contents =
            answers.map(|(_, answer)| &answer["content"]).chain([&operation["requestBody"]["content"]]);
        for content in contents.filter_map(Value::as_object) {
            lacking.extend(
                without_example(&app.state.contract, &document["components"]["schemas"], content)
                    .map(|form| format!("{name}: {form}")),
            );
        }
    }
    assert!(lacking.is_empty(), "without a good example:\n{}", lacking.join("\n"));
}

/// The schema that a reference names.
fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// The forms of a body that have no example, or one that is none of them. A file has none.
fn without_example<'a>(
    contract: &'a Contract,
    schemas: &'a Value,
    content: &'a serde_json::Map<String, Value>,
) -> impl Iterator<Item = String> + 'a {
    let of_json = content.get("application/json").map(|form| &form["schema"]);
    // What a list holds, or what a batch takes line by line.
    let line = of_json.and_then(|schema| match named(schema) {
        Some(page) => named(&schemas[page]["properties"]["items"]["items"]),
        None => named(&schema["items"]["anyOf"][0]),
    });
    let validates = move |name: &str, value: &Value| contract.faults(name, value).is_empty();
    content.iter().filter_map(move |(media_type, form)| {
        let text = form["example"].as_str().unwrap_or_default();
        let is_good = match (media_type.as_str(), named(&form["schema"]), line) {
            _ if form["schema"]["format"] == "binary" => true,
            (
                "application/json"
                | "application/merge-patch+json"
                | "application/x-www-form-urlencoded"
                | "multipart/form-data",
                Some(name),
                _,
            ) => schemas[name].get("example").is_some() || is_foreign(name),
            ("application/json", None, Some(line)) => {
                let lines = form["example"].as_array();
                lines.is_some_and(|lines| lines.iter().all(|value| validates(line, value)))
            }
            ("application/x-ndjson", _, Some(line)) => {
                let values = text.lines().map(|value| serde_json::from_str(value).expect("JSON"));
                !text.is_empty() && values.into_iter().all(|value: Value| validates(line, &value))
            }
            ("text/csv", _, Some(line)) => {
                // The members of an object have columns of their own.
                let member = |column: &'a str| column.split('.').next().unwrap_or(column);
                let head = text.lines().next().unwrap_or_default();
                let names: BTreeSet<&str> = head.split(',').map(member).collect();
                let members = schemas[line]["properties"].as_object().expect("members");
                text.lines().count() == 2 && names == members.keys().map(String::as_str).collect()
            }
            ("text/csv", _, None) => text.lines().count() == 2,
            (_, None, None) => !text.is_empty(),
            _ => false,
        };
        (!is_good).then(|| format!("{media_type} {:?}", named(&form["schema"])))
    })
}

/// Schemas that others have written, and where: the contract gives no term and no example of its own.
const FOREIGN: &[(&str, &str)] = &[("Jwk", "RFC 8037, a public key"), ("Jwks", "RFC 7517, a set of keys")];

fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|(foreign, _)| *foreign == name)
}

async fn every_schema_says_what_it_is_in_vietnamese_too(app: TestApp) {
    let document = app.state.contract.document();
    let mut lacking = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let description = schema["description"].as_str().unwrap_or_default();
        let bracketed = description.split('(').skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        let is_vietnamese = |term: &str| term.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
        let has_term = bracketed.into_iter().any(is_vietnamese);
        if has_term == is_foreign(name) {
            lacking.push(format!("{name}: {description}"));
        }
    }
    assert!(lacking.is_empty(), "no term in brackets, or one that is not expected:\n{}", lacking.join("\n"));
}

/// By what a unit is named in a query, the day and how far.
const UNIT_FILTER: [&str; 5] = ["org_unit_id", "org_unit_identifier", "org_unit_code", "as_of", "scope"];

/// Operations that answer with records of units, or take a unit, and not by [`UNIT_FILTER`]; and why.
const OTHER_UNITS: &[(&str, &str)] = &[
    ("list_org_unit_versions", "the path names the unit"),
    ("list_org_unit_ancestors", "the path names the unit"),
    ("list_org_unit_children", "the path names the unit, and how far"),
    ("list_org_unit_subtree", "the path names the unit, and how far"),
    ("list_document_review_changes", "the path names the review, and the review its unit"),
    ("get_system_coverage", "it counts all that stand under the unit"),
    ("get_final_account_coverage", "it counts all that stand under the unit"),
    ("get_spending_rule_coverage", "it counts all that stand under the unit"),
    ("list_users", "an account is looked for by who it is; its unit is named by id"),
    ("list_clients", "an account is looked for by who it is; its unit is named by id"),
    ("list_grants", "a grant is looked for by its account; its unit is named by id"),
];

async fn whatever_concerns_units_is_asked_for_in_one_way(app: TestApp) {
    let document = app.state.contract.document();
    let schemas = &document["components"]["schemas"];
    let is_of_unit = |member: &String| {
        member.ends_with("org_unit_id") || member == "parent_id" || member == "successor_id"
    };
    let mut asked = 0;
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|one| one["name"] == name && one["in"] == "query");
        let answer = named(&operation["responses"]["200"]["content"]["application/json"]["schema"]);
        let item = answer.and_then(|page| named(&schemas[page]["properties"]["items"]["items"]));
        let members = item.and_then(|item| schemas[item]["properties"].as_object());
        let concerns = members.is_some_and(|members| members.keys().any(is_of_unit));
        // The attachments of a record are asked for beneath it.
        let is_list = method == "GET" && concerns && !path.ends_with("/attachments");
        let has_all = UNIT_FILTER.iter().all(|name| takes(name));
        let has_any = UNIT_FILTER[..3].iter().any(|name| takes(name));
        if is_list || has_any {
            asked += 1;
            let is_other = OTHER_UNITS.iter().any(|(other, _)| *other == id);
            assert!(has_all != is_other, "{id} of {path} takes the unit by {UNIT_FILTER:?}, or says why not");
        }
    }
    assert!(asked > 15, "only {asked}");
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
            for line in text.lines().map(str::trim_start) {
                is_schema |= line.contains("derive(") && line.contains("ToSchema");
                let declared = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum "));
                let declared = declared.filter(|_| is_schema);
                is_schema &= declared.is_none();
                for name in declared.map(name_at_start).into_iter().chain(given_to_macros(line)) {
                    // What a macro declares is named where it is used.
                    let is_known = !name.is_empty() && !names.insert(name.clone());
                    assert!(!is_known, "two schemas are called {name}");
                }
            }
        }
    }
    for name in ["User", "SupportActivity", "SupportActivityCreate", "SupportActivityPage", "UserPage"] {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}

fn name_at_start(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// The schemas that a line has a macro declare: `answer: Period;`, `page: PeriodPage of ..`,
/// `page_of!(PeriodPage, ..)`.
fn given_to_macros(line: &str) -> Vec<String> {
    if line.starts_with("//") {
        return Vec::new();
    }
    let types = ["answer: ", "create: ", "patch: "].iter().filter_map(|part| line.strip_prefix(part));
    let types = types.filter(|rest| rest.ends_with(';'));
    let page = line.split_once("page: ").map(|(_, rest)| rest).filter(|rest| rest.contains(" of "));
    types.chain(page).chain(line.strip_prefix("page_of!(")).map(name_at_start).collect()
}

/// The table of roles as a Vietnamese official reads it.
fn vietnamese_table() -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let roles = Role::ALL.iter().map(|role| format!("{} (`{role}`)", role.label_vi()));
    let mut table = row(std::iter::once("Hành động".to_owned()).chain(roles).collect());
    table.push_str(&row(vec!["---".to_owned(); Role::ALL.len() + 1]));
    for action in Action::ALL {
        let cell = |role: &Role| match (allows(*role, *action), *role, *action) {
            (true, Role::Client, Action::ReadReference) => "có",
            (true, Role::Client, _) => "theo phạm vi được giao",
            (true, _, _) => "có",
            (false, _, _) => "",
        };
        table.push_str(&format!("| {} (`{action}`) |", action.label_vi()));
        table.extend(Role::ALL.iter().map(|role| format!(" {} |", cell(role))));
        table.push('\n');
    }
    table
}

async fn the_readme_shows_the_settings_and_the_table_of_roles(_app: TestApp) {
    let tables = [("README.md", kernel::auth::permission::table()), ("README.vi.md", vietnamese_table())];
    for (readme, table) in tables {
        let text = file(readme);
        assert!(text.contains(&table), "{readme} lacks the table of roles:\n{table}");
        for setting in kernel::config::SETTINGS {
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
    for problem in kernel::error::Problem::ALL {
        let page = app.anonymous().get(&format!("/problems/{}", problem.slug())).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(problem.title().vi.as_ref()));
    }
    app.anonymous().get("/problems/none").await.problem(404, "not-found");
}
