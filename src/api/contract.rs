//! The service's own OpenAPI document, in memory: what bodies of the wrong shape are held against,
//! and what tells a wrong method from an unknown path.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use actix_router::ResourceDef;
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

use super::text::escape;
use crate::error::{Bilingual, Fault};

/// The contract, with its schemas ready to validate.
pub struct Contract {
    document: Value,
    routes: Vec<(ResourceDef, Vec<String>)>,
    validators: RwLock<HashMap<String, Option<Arc<Validator>>>>,
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contract({} paths)", self.routes.len())
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
        Self { document, routes, validators: RwLock::default() }
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
            validator.iter_errors(value).flat_map(|error| shape_faults(&error)).collect();
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

fn shape_faults(error: &jsonschema::ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().to_string();
    let one = |pointer: String, code: &'static str, vi: String, en: String| {
        vec![Fault::new(pointer, code, Bilingual::new(vi, en))]
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            one(
                format!("{at}/{}", escape(name)),
                "required",
                "Thiếu trường bắt buộc.".into(),
                "The member is required.".into(),
            )
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let message =
                    Bilingual::new("Trường này không có trong lược đồ.", "There is no such member.");
                Fault::new(format!("{at}/{}", escape(name)), "unknown", message)
            })
            .collect(),
        ValidationErrorKind::Type { kind } => {
            let expected = type_names(kind);
            one(
                at,
                "type",
                format!("Sai kiểu dữ liệu, cần {expected}."),
                format!("Wrong type: {expected} is expected."),
            )
        }
        ValidationErrorKind::Enum { options } => {
            let values = options
                .as_array()
                .map(|values| {
                    values
                        .iter()
                        .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                        .collect::<Vec<_>>()
                        .join(", ")
                })
                .unwrap_or_default();
            one(
                at,
                "enum",
                format!("Giá trị phải là một trong: {values}."),
                format!("The value must be one of: {values}."),
            )
        }
        ValidationErrorKind::Format { format } => {
            one(at, "format", format!("Sai định dạng {format}."), format!("This is not a {format}."))
        }
        _ => one(
            at,
            "invalid",
            "Giá trị nằm ngoài giới hạn cho phép.".into(),
            "The value is outside its limits.".into(),
        ),
    }
}

fn type_names(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(single) => single.to_string(),
        jsonschema::error::TypeKind::Multiple(set) => {
            set.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" / ")
        }
    }
}
