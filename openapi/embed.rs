//! Prepares `openapi.json` for the program: what requests are checked by, so that a start reads no more than
//! that, and the whole of it without blanks and compressed, as it is served.

use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

const CONTRACT: &str = "openapi/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=openapi/embed.rs");
    println!("cargo::rerun-if-changed={CONTRACT}");
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
    let paths = document["paths"].as_object().ok_or("the contract has no paths")?;
    let paths: Map<String, Value> = paths.iter().map(|(path, item)| (path.clone(), taken(item))).collect();
    Ok(json!({"paths": paths, "components": {"schemas": document["components"]["schemas"]}}))
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
            *parameter = json!({"in": parameter["in"]});
        }
    }
    item
}
