//! Where operations are mounted: in the application that serves them, or in the contract that tells of them.
//!
//! actix-web tries its routes one after the other, each with a regular expression, and there are hundreds.
//! So operations whose paths begin alike stand in a scope of their own, which a request for another path
//! passes by with one comparison.

use std::collections::BTreeMap;

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::fn_guard;
use actix_web::web;
use utoipa::openapi::{Components, OpenApi};
use utoipa_actix_web::OpenApiFactory;

/// How many literal segments of a path tell where it is mounted: `/api/v1/tthc/dossiers`.
const SEGMENTS: usize = 4;

/// What puts an operation into its scope.
type Put = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// Takes the operations of every room. Its two makers are types of their own, so that a program that only
/// serves holds no code that describes.
pub trait Mount {
    /// Mounts an operation.
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static;
}

/// Operations to be served, by the beginning of their paths.
#[derive(Default)]
pub struct Served(BTreeMap<String, Vec<Put>>);

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Mount for Served {
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        let put: Put = Box::new(move |scope| {
            scope.service(operation);
        });
        self.0.entry(beginning(&F::path())).or_default().push(put);
        self
    }
}

impl Served {
    /// Mounts them in an application.
    pub fn configure(self, application: &mut web::ServiceConfig) {
        // The longer beginning first: `/a/b/c` is not to be looked for in the scope of `/a/b`.
        for (beginning, operations) in self.0.into_iter().rev() {
            let guard = fn_guard(move |asked| lies_under(asked.head().uri.path(), &beginning));
            let fill = |scope: &mut web::ServiceConfig| operations.into_iter().for_each(|put| put(scope));
            application.service(web::scope("").guard(guard).configure(fill));
        }
    }
}

/// A document that operations complete.
pub struct Described(pub OpenApi);

impl std::fmt::Debug for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Described({} paths)", self.0.paths.paths.len())
    }
}

impl Mount for Described {
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        let mut schemas = Vec::new();
        operation.schemas(&mut schemas);
        self.0.paths.merge(operation.paths());
        self.0.components.get_or_insert_with(Components::new).schemas.extend(schemas);
        self
    }
}

/// The literal segments with which a path begins, as many as tell where it is mounted.
fn beginning(path: &str) -> String {
    let literal = path.split('/').skip(1).take_while(|segment| !segment.starts_with('{'));
    literal.take(SEGMENTS).fold(String::new(), |beginning, segment| format!("{beginning}/{segment}"))
}

fn lies_under(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_mounted_by_the_beginning_of_their_path() {
        for (path, wanted) in [
            ("/metrics", "/metrics"),
            ("/health/live", "/health/live"),
            ("/api/v1/tthc/dossiers", "/api/v1/tthc/dossiers"),
            ("/api/v1/tthc/dossiers/{id}/history", "/api/v1/tthc/dossiers"),
            ("/api/v1/search/{word}", "/api/v1/search"),
        ] {
            assert_eq!(beginning(path), wanted);
            assert!(lies_under(path, wanted));
        }
        assert!(!lies_under("/api/v1/tthc/dossiers-of-old", "/api/v1/tthc/dossiers"));
        assert!(!lies_under("/api/v1/tthc", "/api/v1/tthc/dossiers"));
    }
}
