//! Authorization in a handler's signature: `Permit<Read, Tthc>` is had only by whoever may read in
//! that domain, and everything a store function needs comes out of it.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::permission::{Action, Domain, scopes_allow};
use super::principal::Principal;
use super::scope::Scoped;
use super::token::Claims;
use crate::audit::journal::Author;
use crate::error::{ApiError, Problem};
use crate::state::App;

/// An action as a type.
pub trait ActionMarker: 'static {
    /// The action.
    const ACTION: Action;
}

/// A domain as a type.
pub trait DomainMarker: 'static {
    /// The domain.
    const DOMAIN: Domain;
}

macro_rules! markers {
    ($trait:ident, $constant:ident: $type:ident; $($name:ident),+) => {
        $(
            #[doc = concat!("[`", stringify!($type), "::", stringify!($name), "`] as a type.")]
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}
            impl $trait for $name {
                const $constant: $type = $type::$name;
            }
        )+
    };
}

markers!(ActionMarker, ACTION: Action; Read, Write, Review, ReadReference, WriteReference, ReadJournal, Administer);
markers!(DomainMarker, DOMAIN: Domain; Organization, Institutions, Tthc, CivilService, PublicFinance, EGovernment, Steering, InternalAffairs, Reporting);

/// The permission for an action in a domain, over the units that the account reaches.
#[derive(Debug)]
pub struct Permit<A, D> {
    scoped: Scoped,
    marker: PhantomData<(A, D)>,
}

impl<A, D> Permit<A, D> {
    /// The permission itself, for a closure that runs on the database.
    #[must_use]
    pub fn into_scoped(self) -> Scoped {
        self.scoped
    }
}

impl<A, D> Deref for Permit<A, D> {
    type Target = Scoped;
    fn deref(&self) -> &Scoped {
        &self.scoped
    }
}

impl<A: ActionMarker, D: DomainMarker> FromRequest for Permit<A, D> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(SignedIn::of(req).and_then(|signed_in| {
            if signed_in.principal.must_change_password {
                return Err(ApiError::new(Problem::PasswordChangeRequired));
            }
            if !scopes_allow(&signed_in.scopes(), A::ACTION, D::DOMAIN) {
                return Err(ApiError::new(Problem::Forbidden));
            }
            let app = App::of(req)?;
            let today = signed_in.author.at().vietnam_day();
            let scoped =
                Scoped::of(signed_in.principal, signed_in.author, app.units(), today, A::ACTION, D::DOMAIN)?;
            Ok(Self { scoped, marker: PhantomData })
        }))
    }
}

/// Whoever holds a valid token, whatever they may do: for their own account only.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The account.
    pub principal: Arc<Principal>,
    /// The access token.
    pub claims: Arc<Claims>,
    /// Who writes, for the journal.
    pub author: Author,
}

impl SignedIn {
    fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        req.extensions().get::<Authentication>().map_or_else(
            || Err(unauthorized(false)),
            |authentication| authentication.0.clone().map_err(Denied::error),
        )
    }

    /// Who is signed in, if anyone is.
    pub(crate) fn known(req: &HttpRequest) -> Option<Self> {
        Self::of(req).ok()
    }

    /// Whether the session still stands: the account is active, and nothing has ended its tokens.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub(crate) async fn still_stands(&self, app: &App) -> Result<bool, ApiError> {
        let principal = app.principal(self.author.kind(), &self.claims.sub).await?;
        Ok(principal
            .is_some_and(|principal| principal.accepts(&self.claims) && !app.is_revoked(&self.claims.jti)))
    }

    fn scopes(&self) -> Vec<&str> {
        self.claims.scope.split_whitespace().collect()
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

/// What the frame found in the `Authorization` header, left for the handler's extractor.
pub struct Authentication(pub Result<SignedIn, Denied>);

/// Why a request is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No token was sent.
    NoToken,
    /// The token does not hold.
    BadToken,
    /// The account could not be looked up.
    Unavailable,
}

impl Denied {
    fn error(self) -> ApiError {
        match self {
            Self::NoToken => unauthorized(false),
            Self::BadToken => unauthorized(true),
            Self::Unavailable => ApiError::unavailable("the account could not be loaded"),
        }
    }
}

/// 401, with the challenge of RFC 6750.
#[must_use]
pub fn unauthorized(token_sent: bool) -> ApiError {
    let challenge =
        if token_sent { "Bearer realm=\"cchc\", error=\"invalid_token\"" } else { "Bearer realm=\"cchc\"" };
    ApiError::new(Problem::Unauthorized).with_header(WWW_AUTHENTICATE, challenge)
}
