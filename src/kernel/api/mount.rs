//! Where operations are mounted: in the service that answers them, or in the contract that tells of them.
//!
//! actix-web tries its own routes one after the other, each with a regular expression that every worker
//! compiles when it starts, and there are hundreds. So the service finds an operation in a tree of paths.

use std::collections::BTreeMap;

use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse, always_ready};
use actix_web::http::Method;
use actix_web::{Error, FromRequest, Handler, HttpMessage, Responder, Route, web};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, try_join_all};
use percent_encoding::percent_decode_str;
use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use utoipa::openapi::{Components, HttpMethod, OpenApi};
use utoipa_actix_web::OpenApiFactory;

use super::contract::nameless;

/// Takes the operations of every room. Its two makers are types of their own, so that a program that only
/// serves holds no code that describes.
pub trait Mount {
    /// Mounts an operation: what is told of it, and its handler. [`operations!`](crate::operations) names
    /// both at once.
    fn operation<P, H, A>(&mut self, described: P, handler: H)
    where
        P: utoipa::Path + OpenApiFactory,
        H: Handler<A>,
        H::Output: Responder + 'static,
        A: FromRequest + 'static;
}

/// Mounts handlers that `#[utoipa::path]` describes.
///
/// ```text
/// operations!(mount, list_periods, create_period);
/// ```
#[macro_export]
macro_rules! operations {
    ($mount:expr, $($handler:ident),+ $(,)?) => {
        $crate::api::mount::paste! {
            $($crate::api::mount::Mount::operation($mount, [<__path_ $handler>], $handler);)+
        }
    };
}

#[doc(hidden)]
pub use pastey::paste;

/// Operations to be served, by path and method.
pub struct Served {
    operations: BTreeMap<String, Vec<(Method, Route)>>,
    missing: Route,
}

impl Served {
    /// None yet; what no operation answers is answered by this route.
    #[must_use]
    pub fn or_else(missing: Route) -> Self {
        Self { operations: BTreeMap::new(), missing }
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.operations.keys()).finish()
    }
}

impl Mount for Served {
    fn operation<P, H, A>(&mut self, _: P, handler: H)
    where
        P: utoipa::Path + OpenApiFactory,
        H: Handler<A>,
        H::Output: Responder + 'static,
        A: FromRequest + 'static,
    {
        let at_path = self.operations.entry(P::path()).or_default();
        at_path.extend(P::methods().into_iter().map(|method| (served(&method), web::to(handler.clone()))));
    }
}

fn served(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

type Answering<R> = <R as ServiceFactory<ServiceRequest>>::Service;

/// The operations of one worker, behind their paths.
pub struct Operations {
    paths: matchit::Router<Vec<(Method, Answering<Route>)>>,
    missing: Answering<Route>,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operations")
    }
}

/// As the default service of an application: it answers what actix-web's own routes do not.
impl ServiceFactory<ServiceRequest> for Served {
    type Response = ServiceResponse;
    type Error = Error;
    type Config = ();
    type Service = Operations;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Operations, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let made = |(path, routes): (&String, &Vec<(Method, Route)>)| {
            let made = routes.iter().map(|(method, route)| {
                let method = method.clone();
                route.new_service(()).map(|made| made.map(|made| (method, made)))
            });
            (nameless(path), try_join_all(made))
        };
        let paths: Vec<_> = self.operations.iter().map(made).collect();
        let missing = self.missing.new_service(());
        async move {
            let mut router = matchit::Router::new();
            for (path, operations) in paths {
                let inserted = router.insert(path, operations.await?);
                inserted.map_err(|cause| log::error!("an operation cannot be mounted: {cause}"))?;
            }
            Ok(Operations { paths: router, missing: missing.await? })
        }
        .boxed_local()
    }
}

impl Service<ServiceRequest> for Operations {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse, Error>>;

    always_ready!();

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let found = self.paths.at(req.uri().path()).ok().and_then(|at| {
            let (_, operation) = at.value.iter().find(|(method, _)| method == req.method())?;
            Some((operation, Segments::of(&at.params)))
        });
        match found {
            Some((operation, segments)) => {
                req.extensions_mut().insert(segments);
                operation.call(req)
            }
            None => self.missing.call(req),
        }
    }
}

/// The parts of a path that name a record, in their order.
#[derive(Debug)]
pub struct Segments(Vec<String>);

impl Segments {
    fn of(params: &matchit::Params<'_, '_>) -> Self {
        Self(
            params
                .iter()
                .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
                .collect(),
        )
    }

    /// The one segment as this type, or all of them as this tuple.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        // No column holds a NUL, so nothing is named by one.
        if self.0.iter().any(|segment| segment.contains('\0')) {
            return None;
        }
        let read = match &*self.0 {
            [one] => T::deserialize(one.as_str().into_deserializer()),
            all => T::deserialize(SeqDeserializer::new(all.iter().map(String::as_str))),
        };
        read.map_err(|_: serde::de::value::Error| ()).ok()
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
    fn operation<P, H, A>(&mut self, described: P, _: H)
    where
        P: utoipa::Path + OpenApiFactory,
        H: Handler<A>,
        H::Output: Responder + 'static,
        A: FromRequest + 'static,
    {
        let mut schemas = Vec::new();
        described.schemas(&mut schemas);
        self.0.paths.merge(described.paths());
        self.0.components.get_or_insert_with(Components::new).schemas.extend(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(of: &[&str]) -> Segments {
        Segments(of.iter().map(|&segment| segment.to_owned()).collect())
    }

    #[test]
    fn segments_are_read_as_what_they_name() {
        assert_eq!(segments(&["31396"]).read::<String>(), Some("31396".to_owned()));
        let (record, file) = segments(&["a", "b"]).read::<(String, String)>().unwrap();
        assert_eq!((&*record, &*file), ("a", "b"));
        assert_eq!(segments(&["a"]).read::<(String, String)>(), None);
        assert_eq!(segments(&["a", "b"]).read::<String>(), None);
        assert_eq!(segments(&["a"]).read::<bool>(), None);
        assert_eq!(segments(&["a\0"]).read::<String>(), None);
    }

    #[test]
    fn what_is_escaped_in_a_path_is_read_as_it_was_meant() {
        let mut paths = matchit::Router::new();
        paths.insert("/of/{0}/{1}", ()).unwrap();
        let read = |path| Segments::of(&paths.at(path).unwrap().params).read::<(String, String)>().unwrap();
        assert_eq!(read("/of/a%2Fb/h%E1%BB%93%20s%C6%A1"), ("a/b".to_owned(), "hồ sơ".to_owned()));
        assert_eq!(read("/of/%ff/+"), ("\u{fffd}".to_owned(), "+".to_owned()));
    }
}
