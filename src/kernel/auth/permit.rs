//! Authorization in a handler's signature: `Permit<Read, Tthc>` is had only by whoever may read in
//! that domain, and everything a store function needs comes out of it.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::keys::KeyRing;
use super::permission::{Action, Domain, scopes_allow};
use super::principal::Principal;
use super::scope::{Scoped, Units};
use super::token::Claims;
use crate::audit::journal::Author;
use crate::error::{ApiError, Problem};
use crate::reporting::working_days::OfficeSpan;
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

markers!(ActionMarker, ACTION: Action; Read, ReadPersonal, ErasePersonal, Write, Review, Close, ReadReference, WriteReference, ReadJournal, Administer);
markers!(DomainMarker, DOMAIN: Domain; Organization, Institutions, Tthc, CivilService, PublicFinance, EGovernment, Steering, InternalAffairs, Reporting);

/// The permission for an action in a domain, over the units that the account reaches.
///
/// ```
/// use cchc_kernel::auth::permit::{Permit, Read, Tthc};
/// use cchc_kernel::auth::scope::Scoped;
///
/// fn dossiers_of(_: &Scoped) {}
///
/// async fn handler(permit: Permit<Read, Tthc>) {
///     dossiers_of(&permit)
/// }
/// ```
///
/// A handler that forgets it has no [`Scoped`] to give to a store function, and cannot make one:
///
/// ```compile_fail
/// use cchc_kernel::auth::permit::{Permit, Read, Tthc};
///
/// fn nobodys() -> Permit<Read, Tthc> {
///     Permit { scoped: unreachable!(), marker: std::marker::PhantomData }
/// }
/// ```
///
/// Nor does one that may only read write:
///
/// ```compile_fail
/// use cchc_kernel::auth::permit::{Permit, Read, Tthc, Write};
///
/// fn wider(permit: Permit<Read, Tthc>) -> Permit<Write, Tthc> {
///     permit
/// }
/// ```
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
        let scoped = Reader::of(req).and_then(|reader| reader.scoped(A::ACTION, D::DOMAIN));
        ready(scoped.map(|scoped| Self { scoped, marker: PhantomData }))
    }
}

/// What everybody may read without an account: what the law makes public. It reaches no unit, so that a
/// query of records that belong to one finds none.
#[derive(Debug)]
pub struct Public(Scoped);

impl Public {
    /// The permission itself, for a closure that runs on the database.
    #[must_use]
    pub fn into_scoped(self) -> Scoped {
        self.0
    }
}

impl FromRequest for Public {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(App::of(req).map(|app| Self(Scoped::nobodys(app.now(), app.units()))))
    }
}

/// Whoever is signed in, for an operation over all domains: what it may touch in each is asked for
/// one by one.
#[derive(Debug)]
pub struct Reader {
    signed_in: SignedIn,
    units: Arc<Units>,
    keys: Arc<KeyRing>,
    office: Arc<[OfficeSpan]>,
}

impl Reader {
    fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        let signed_in = SignedIn::of(req)?;
        if signed_in.principal.must_change_password {
            return Err(ApiError::new(Problem::PasswordChangeRequired));
        }
        let app = App::of(req)?;
        Ok(Self { signed_in, units: app.units(), keys: app.keys(), office: app.office.clone() })
    }

    /// The permission for an action in a domain, over the units that the account reaches.
    ///
    /// # Errors
    /// 403 when no grant or scope of the token allows it.
    pub fn scoped(&self, action: Action, domain: Domain) -> Result<Scoped, ApiError> {
        let scoped = self.alone(action, domain)?.with_office(self.office.clone());
        Ok(scoped.with_personal(self.keys.clone(), self.alone(Action::ReadPersonal, domain).ok()))
    }

    fn alone(&self, action: Action, domain: Domain) -> Result<Scoped, ApiError> {
        let SignedIn { principal, author, .. } = &self.signed_in;
        if !scopes_allow(&self.signed_in.scopes(), action, domain) {
            return Err(ApiError::new(Problem::Forbidden));
        }
        let today = author.at().vietnam_day();
        Scoped::of(principal.clone(), author.clone(), self.units.clone(), today, action, domain)
    }

    /// Whether the session still stands.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn still_stands(&self, app: &App) -> Result<bool, ApiError> {
        self.signed_in.still_stands(app).await
    }
}

impl FromRequest for Reader {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
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
    pub async fn still_stands(&self, app: &App) -> Result<bool, ApiError> {
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
