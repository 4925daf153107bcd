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

/// Takes the operations of every room.
pub struct Mount(To);

enum To {
    /// By the beginning of their paths.
    Service(BTreeMap<String, Vec<Put>>),
    Contract(Box<OpenApi>),
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            To::Service(_) => "Mount(service)",
            To::Contract(_) => "Mount(contract)",
        })
    }
}

impl Mount {
    /// Mounts an operation.
    pub fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        match &mut self.0 {
            To::Service(scopes) => {
                let put: Put = Box::new(move |scope| {
                    scope.service(operation);
                });
                scopes.entry(beginning(&F::path())).or_default().push(put);
            }
            To::Contract(document) => {
                let mut schemas = Vec::new();
                operation.schemas(&mut schemas);
                document.paths.merge(operation.paths());
                document.components.get_or_insert_with(Components::new).schemas.extend(schemas);
            }
        }
        self
    }

    /// Mounts these operations in an application.
    pub fn serve(application: &mut web::ServiceConfig, operations: impl FnOnce(&mut Self)) {
        let mut mount = Self(To::Service(BTreeMap::new()));
        operations(&mut mount);
        let To::Service(scopes) = mount.0 else { return };
        // The longer beginning first: `/a/b/c` is not to be looked for in the scope of `/a/b`.
        for (beginning, operations) in scopes.into_iter().rev() {
            let guard = fn_guard(move |asked| lies_under(asked.head().uri.path(), &beginning));
            let fill = |scope: &mut web::ServiceConfig| operations.into_iter().for_each(|put| put(scope));
            application.service(web::scope("").guard(guard).configure(fill));
        }
    }

    /// Completes the document with these operations.
    #[must_use]
    pub fn describe(document: OpenApi, operations: impl FnOnce(&mut Self)) -> OpenApi {
        let mut mount = Self(To::Contract(Box::new(document)));
        operations(&mut mount);
        match mount.0 {
            To::Contract(document) => *document,
            To::Service(_) => OpenApi::default(),
        }
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
