//! Closings of periods: what they bind, what they keep, and what differs afterwards.

mod bound;
mod kept;
mod life;
mod races;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tthc::{RETURNS, submit};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [life::stories(), bound::stories(), kept::stories(), races::stories()].concat()
}

const CLOSURES: &str = "/api/v1/reporting/period-closures";
const FORM: &str = "/api/v1/reporting/forms/06a";
const OF_DISTRICT: &str = "org_unit_code=934&as_of=2024-06-30&period=2024-H1";

fn closing(code: &str, scope: &str) -> Value {
    json!({"org_unit_code": code, "period_code": "2024-H1", "scope": scope})
}

/// A grant over a unit that has ended since.
fn over_ended(app: &TestApp, role: &str, code: &str) -> Value {
    json!({"role": role, "org_unit_id": app.unit(code, "2024-06-30"), "valid_from": "2024-01-01"})
}

async fn close(client: &Client, code: &str, scope: &str) -> Value {
    client.post(CLOSURES, &closing(code, scope)).await.expect(201)
}

fn line(app: &TestApp, code: &str, received: i64) -> Value {
    json!({
        "org_unit_id": app.unit(code, "2024-06-30"), "period_code": "2024-H1", "handling_level": "commune",
        "received_online": received, "resolved_early": received,
    })
}

async fn filed(client: &Client, body: &Value) -> Value {
    let made = client.post(RETURNS, body).await.expect(201);
    submit(client, &made).await.expect(200)
}

fn path(record: &Value) -> String {
    format!("{RETURNS}/{}", record["id"].as_str().unwrap())
}

fn closure_path(closure: &Value) -> String {
    format!("{CLOSURES}/{}", closure["id"].as_str().unwrap())
}

async fn form(client: &Client, query: &str) -> Value {
    client.get(&format!("{FORM}?{OF_DISTRICT}&{query}")).await.expect(200)
}

async fn snapshot(client: &Client, closure: &Value, query: &str) -> Value {
    form(client, &format!("{query}&snapshot={}", closure["id"].as_str().unwrap())).await
}

/// The form without what is said of closings.
fn alone(mut form: Value) -> Value {
    form["closure"] = Value::Null;
    form
}

async fn differences(client: &Client, closure: &Value, query: &str) -> Value {
    client.get(&format!("{}/differences?{query}", closure_path(closure))).await.expect(200)
}

/// Each difference as `line column: kept -> today`.
fn told(differences: &Value) -> Vec<String> {
    let column = |name: &str, column: &Value| {
        let (kept, today) = (column["kept"].as_i64().unwrap(), column["today"].as_i64().unwrap());
        assert_eq!(column["difference"], today - kept);
        format!("{name} {}: {kept} -> {today}", column["column"].as_str().unwrap())
    };
    let columns = |name: String, columns: &Value| {
        let columns = columns.as_array().unwrap().iter();
        columns.map(|one| column(&name, one)).collect::<Vec<_>>()
    };
    let lines = differences["lines"].as_array().unwrap().iter().flat_map(|line| {
        let name = format!("{} {}", line["line"]["handling_level"], line["line"]["field"]);
        columns(name.replace('"', ""), &line["columns"])
    });
    lines.chain(columns("total".into(), &differences["totals"])).collect()
}
