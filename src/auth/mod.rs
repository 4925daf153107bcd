//! Who are you, what may you do, and over which part of the country.

pub mod keys;
pub mod keystore;
pub mod limits;
pub mod password;
pub mod permission;
pub mod permit;
pub mod principal;
pub mod scope;
pub mod token;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of signing in and of accounts.
pub fn routes(_cfg: &mut ServiceConfig<'_>) {}
