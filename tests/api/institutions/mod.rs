//! Stories of the institutional reform.

mod document_relations;
mod document_reviews;
mod fixtures;
mod law_enforcement_monitoring;
mod legal_documents;

pub use fixtures::fixtures;

use serde_json::{Value, json};

use crate::support::Client;
use crate::support::story::Story;

pub fn all() -> Vec<Story> {
    [
        legal_documents::stories(),
        document_relations::stories(),
        document_reviews::stories(),
        law_enforcement_monitoring::stories(),
    ]
    .concat()
}

const DOCUMENTS: &str = "/api/v1/institutions/legal-documents";
const RELATIONS: &str = "/api/v1/institutions/document-relations";

/// A decision that a unit issued.
fn document(unit: &str, number: &str, day: &str) -> Value {
    json!({
        "org_unit_code": unit, "stage": "issued", "kind": "decision", "number": number,
        "title": format!("Quy định ban hành theo Quyết định số {number}"), "issued_on": day, "effective_on": day,
    })
}

/// What a decision of commune 31396 does to another of it.
fn relation((acting, on): (&str, &str), (affected, issued): (&str, &str), kind: &str, from: &str) -> Value {
    let extent = if kind == "amends" { "part" } else { "whole" };
    json!({
        "org_unit_code": "31396", "document_number": acting, "document_on": on, "affected_unit_code": "31396",
        "affected_number": affected, "affected_on": issued, "kind": kind, "extent": extent, "from_on": from,
    })
}

/// Posts what the demo has of the report, line by line.
async fn of_the_report(client: &Client, collection: &str, lines: &str) -> Vec<Value> {
    let mut made = Vec::new();
    for line in lines.lines() {
        let body: Value = serde_json::from_str(line).unwrap();
        made.push(client.post(&format!("/api/v1/institutions/{collection}"), &body).await.expect(201));
    }
    made
}

/// The codes of what is noticed about a record.
fn noticed(record: &Value) -> Vec<&str> {
    record["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

/// The numbers of the documents that a list holds.
async fn numbers(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expect(200);
    let number = |one: &Value| one["number"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(number).collect()
}

/// The only record of a list.
async fn only(client: &Client, path: &str) -> Value {
    let page = client.get(path).await.expect(200);
    let [one] = &page["items"].as_array().unwrap()[..] else { panic!("{page}") };
    one.clone()
}
