//! The service's own OpenAPI document, in memory: what bodies of the wrong shape are held against,
//! and what tells a wrong method from an unknown path.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use actix_router::ResourceDef;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::shape;
use crate::error::Fault;

/// The contract, with its schemas ready to validate.
pub struct Contract {
    document: Value,
    routes: Vec<(ResourceDef, Vec<String>)>,
    /// By path and method.
    takes: HashMap<(String, String), Takes>,
    validators: RwLock<HashMap<String, Option<Arc<Validator>>>>,
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contract({} paths)", self.routes.len())
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

impl Takes {
    fn of(operation: &Value) -> Self {
        let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        Self {
            query: parameters.any(|parameter| parameter.get("in").is_some_and(|place| place == "query")),
            body: operation.get("requestBody").is_some(),
        }
    }

    fn by_operation(document: &Value) -> HashMap<(String, String), Self> {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        paths
            .flat_map(|(path, item)| {
                METHODS.iter().filter_map(move |method| {
                    Some(((path.clone(), method.to_uppercase()), Self::of(item.get(*method)?)))
                })
            })
            .collect()
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Contract {
    /// The contract of this document.
    #[must_use]
    pub fn new(document: Value) -> Self {
        let routes = document
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(path, item)| {
                let methods = METHODS.iter().filter(|m| item.get(**m).is_some()).map(|m| m.to_uppercase());
                (ResourceDef::new(path.as_str()), methods.collect())
            })
            .collect();
        let takes = Takes::by_operation(&document);
        Self { document, routes, takes, validators: RwLock::default() }
    }

    /// What the operation takes; `None` for what is no operation.
    #[must_use]
    pub fn takes(&self, method: &str, route: &str) -> Option<Takes> {
        self.takes.get(&(route.to_owned(), method.to_owned())).copied()
    }

    /// The document itself.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The methods of the operation at this path; empty when there is none.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<String> {
        // `/periods/batch` is a path of its own, though `/periods/{id}` would match it too.
        if let Some((_, methods)) = self.routes.iter().find(|(route, _)| route.pattern() == Some(path)) {
            return methods.clone();
        }
        self.routes
            .iter()
            .filter(|(route, _)| route.is_match(path))
            .flat_map(|(_, methods)| methods.iter().cloned())
            .collect()
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
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"),
            "components": self.document.get("components"),
        });
        let built = jsonschema::options().should_validate_formats(true).build(&root).ok().map(Arc::new);
        self.validators.write().ok()?.insert(schema.to_owned(), built.clone());
        built
    }
}
