//! Feedback and petitions, from receipt to publication, and whether each step was in time.

mod found;
mod limits;
mod steps;

use serde_json::{Value, json};

use crate::support::story::Story;
use crate::support::{Client, TestApp};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [steps::stories(), found::stories(), limits::stories()].concat()
}

pub const FEEDBACK: &str = "/api/v1/tthc/citizen-feedback";
const LIMITS: &str = "/api/v1/tthc/feedback-time-limits";

async fn holidays(app: &TestApp) {
    let at = kernel::db::types::Instant::from_micros(0);
    kernel::reporting::holidays::import(&app.state.db, at).await.unwrap();
}

/// A moment of a day in Vietnam, at nine in the morning.
fn at(day: &str) -> String {
    format!("{day}T02:00:00Z")
}

/// Feedback received on a day.
pub fn feedback(number: &str, received: &str) -> Value {
    json!({
        "org_unit_code": "31396", "code": format!("PAKN.{}.{number}", received.replace('-', "")),
        "channel": "portal", "class": "conduct", "content": "Hồ sơ đã quá ngày hẹn trả.", "received_at": at(received),
    })
}

/// What is told of one time limit: due day and outcome.
fn limit(told: &Value, step: &str) -> (Value, Value) {
    let limits = told["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["step"] == step).unwrap_or_else(|| panic!("{step}: {told}"));
    (limit["due_on"].clone(), limit["outcome"].clone())
}

fn pair(due: &str, outcome: &str) -> (Value, Value) {
    (json!(due), json!(outcome))
}

/// The numbers at the end of the codes of a list.
async fn numbers(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{FEEDBACK}?{query}")).await.expect(200);
    let number = |one: &Value| one["code"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(number).collect()
}

async fn made(client: &Client, body: &Value) -> (String, Value) {
    let answer = client.post(FEEDBACK, body).await;
    (answer.header("location"), answer.expect(201))
}
