//! The service's own OpenAPI document, in memory: what bodies of the wrong shape are held against,
//! and what tells a wrong method from an unknown path.
//!
//! It is read out of the text that the program holds, and stays there: as a tree it takes ten times the
//! room, to be made of the code it takes as long as all else at a start, and little of it is ever asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

use jsonschema::Validator;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::shape;
use crate::error::Fault;

/// The contract, with its schemas ready to validate.
pub struct Contract {
    text: &'static str,
    /// Each schema by its name, as JSON.
    schemas: HashMap<&'static str, &'static RawValue>,
    routes: matchit::Router<Arc<Route>>,
    validators: RwLock<HashMap<String, Option<Arc<Validator>>>>,
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contract({} schemas)", self.schemas.len())
    }
}

/// A path of the contract, and what its operations take.
#[derive(Debug, Clone)]
pub struct Route {
    /// The path, with its parameters in braces.
    pub path: String,
    operations: BTreeMap<String, Takes>,
}

impl Route {
    /// Its methods.
    pub fn methods(&self) -> Vec<String> {
        self.operations.keys().cloned().collect()
    }

    /// What its operation of this method takes.
    #[must_use]
    pub fn takes(&self, method: &str) -> Option<Takes> {
        self.operations.get(method).copied()
    }
}

/// What an operation takes beside its path and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Whether it has parameters in the query.
    pub query: bool,
    /// Whether it has a body.
    pub body: bool,
}

/// What is read of the document at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document<'t> {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    #[serde(borrow)]
    components: Components<'t>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Components<'t> {
    #[serde(borrow)]
    schemas: HashMap<&'t str, &'t RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Operation {
    parameters: Vec<Parameter>,
    request_body: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameter {
    #[serde(rename = "in")]
    place: String,
}

impl From<Operation> for Takes {
    fn from(Operation { parameters, request_body }: Operation) -> Self {
        let query = parameters.iter().any(|parameter| parameter.place == "query");
        Self { query, body: request_body.is_some() }
    }
}

/// How a schema is referred to.
const REFERENCE: &str = "#/components/schemas/";

impl Contract {
    /// The contract of this document, as JSON: the whole, or its paths and schemas.
    ///
    /// # Errors
    /// When it is no OpenAPI document.
    pub fn new(text: &'static str) -> serde_json::Result<Self> {
        let Document { paths, components } = serde_json::from_str(text)?;
        let mut routes = matchit::Router::new();
        for (path, item) in paths {
            let operations =
                item.into_iter().map(|(method, it)| (method.to_uppercase(), it.into())).collect();
            let route = Route { path: path.clone(), operations };
            routes.insert(nameless(&path), Arc::new(route)).map_err(serde::de::Error::custom)?;
        }
        Ok(Self { text, schemas: components.schemas, routes, validators: RwLock::default() })
    }

    /// The document of which it was made, read out of its text.
    #[must_use]
    pub fn document(&self) -> Value {
        serde_json::from_str(self.text).unwrap_or_default()
    }

    /// The schema to which a reference points, read out of its text.
    #[must_use]
    pub fn referred(&self, reference: &str) -> Option<Value> {
        self.schema(reference.strip_prefix(REFERENCE)?)
    }

    /// The schema of this name, read out of its text.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.schemas.get(name)?.get()).ok()
    }

    /// What lies at this path.
    #[must_use]
    pub fn route(&self, path: &str) -> Option<&Arc<Route>> {
        self.routes.at(path).ok().map(|found| found.value)
    }

    /// The methods of the operations at this path; empty when there is none.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<String> {
        self.route(path).map(|route| route.methods()).unwrap_or_default()
    }

    /// Every fault of shape that the named schema finds in the value.
    #[must_use]
    pub fn faults(&self, schema: &str, value: &Value) -> Vec<Fault> {
        let Some(validator) = self.validator(schema) else { return Vec::new() };
        let mut faults: Vec<Fault> =
            validator.iter_errors(value).flat_map(|error| shape::faults(&error)).collect();
        faults.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        faults.dedup();
        faults
    }

    fn validator(&self, schema: &str) -> Option<Arc<Validator>> {
        if let Some(known) = self.validators.read().ok()?.get(schema) {
            return known.clone();
        }
        let reference = format!("{REFERENCE}{schema}");
        let root = json!({"$ref": reference, "components": {"schemas": self.with_all_referred(schema)}});
        let built = jsonschema::options().should_validate_formats(true).build(&root).ok().map(Arc::new);
        self.validators.write().ok()?.insert(schema.to_owned(), built.clone());
        built
    }

    /// The schema of this name and those that it refers to, near and far.
    fn with_all_referred(&self, name: &str) -> Map<String, Value> {
        let mut found = Map::new();
        let mut open = BTreeSet::from([name.to_owned()]);
        while let Some(name) = open.pop_first() {
            let Some(schema) = self.schema(&name) else { continue };
            let mut referred = Vec::new();
            references(&schema, &mut referred);
            found.insert(name, schema);
            open.extend(referred.into_iter().filter(|name| !found.contains_key(name)));
        }
        found
    }
}

/// The names of the schemas to which this one refers.
fn references(schema: &Value, to: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            to.extend(reference.and_then(|reference| reference.strip_prefix(REFERENCE)).map(str::to_owned));
            members.values().for_each(|member| references(member, to));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, to)),
        _ => {}
    }
}

/// A path whose parameters have their places for names: paths of which each names the same place otherwise
/// are told apart by what follows.
pub(super) fn nameless(path: &str) -> String {
    let segment = |(place, segment): (usize, &str)| match segment.starts_with('{') {
        true => format!("{{{place}}}"),
        false => segment.to_owned(),
    };
    path.split('/').enumerate().map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(document: &Value) -> Contract {
        Contract::new(document.to_string().leak()).unwrap()
    }

    #[test]
    fn a_path_is_found_whatever_its_parameters_are_called() {
        let contract = contract(&json!({"paths": {
            "/periods/{id}": {"get": {}, "put": {"requestBody": {}}},
            "/periods/{period_id}/closures": {"get": {"parameters": [{"in": "query"}]}},
            "/periods/batch": {"post": {"requestBody": {}}},
        }}));
        assert_eq!(contract.methods("/periods/7"), ["GET", "PUT"]);
        assert_eq!(contract.methods("/periods/batch"), ["POST"]);
        assert!(contract.methods("/periods").is_empty());
        let closures = contract.route("/periods/7/closures").unwrap();
        assert_eq!(&*closures.path, "/periods/{period_id}/closures");
        assert_eq!(closures.takes("GET"), Some(Takes { query: true, body: false }));
        assert_eq!(closures.takes("POST"), None);
    }

    #[test]
    fn a_value_is_held_against_its_schema_and_those_behind_it() {
        let contract = contract(&json!({"components": {"schemas": {
            "Herd": {"type": "object", "properties": {"sheep": {"type": "array", "items": {"$ref": "#/components/schemas/Sheep"}}}},
            "Sheep": {"type": "object", "required": ["name"], "properties": {"lamb": {"$ref": "#/components/schemas/Sheep"}}},
            "Goat": {"type": "string"},
        }}}));
        assert!(contract.faults("Herd", &json!({"sheep": [{"name": "a"}]})).is_empty());
        let faults = contract.faults("Herd", &json!({"sheep": [{"name": "a", "lamb": {}}]}));
        assert!(faults[0].pointer.starts_with("/sheep/0/lamb"), "{faults:?}");
        let found: Vec<_> = contract.with_all_referred("Herd").keys().cloned().collect();
        assert_eq!(found, ["Herd", "Sheep"]);
    }
}
