//! Prepares `openapi.json` for the program: what requests are checked by, so that a start reads no more than
//! that, and the whole of it without blanks and compressed, as it is served.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

const CONTRACT: &str = "openapi/openapi.json";

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder by the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut told = io::stdout();
    for read in [CONTRACT, "openapi/embed.rs"] {
        writeln!(told, "cargo::rerun-if-changed={read}")?;
    }
    let made = PathBuf::from(std::env::var("OUT_DIR")?);
    let document: Value = serde_json::from_str(&fs::read_to_string(CONTRACT)?)?;
    fs::write(made.join("checked.json"), checked(&document)?.to_string())?;
    let mut compressed = GzEncoder::new(File::create(made.join("openapi.json.gz"))?, Compression::best());
    serde_json::to_writer(&mut compressed, &document)?;
    compressed.finish()?;
    Ok(())
}

/// The paths with what their operations take, and the schemas.
fn checked(document: &Value) -> Result<Value, Box<dyn Error>> {
    let paths = document.get("paths").and_then(Value::as_object).ok_or("the contract has no paths")?;
    let schemas = document.pointer("/components/schemas").ok_or("the contract has no schemas")?;
    let paths: Map<String, Value> = paths.iter().map(|(path, item)| (path.clone(), taken(item))).collect();
    Ok(json!({"paths": paths, "components": {"schemas": schemas}}))
}

fn taken(item: &Value) -> Value {
    let mut item = item.clone();
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(members) = operation.as_object_mut() else { continue };
        members.retain(|member, _| matches!(member.as_str(), "parameters" | "requestBody"));
        if let Some(body) = members.get_mut("requestBody") {
            *body = json!({});
        }
        for parameter in members.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            *parameter = json!({"in": parameter.get("in")});
        }
    }
    item
}
