//! Who are you, what may you do, and over which part of the country.

pub mod accounts;
pub mod command;
pub mod keys;
pub mod keystore;
pub mod limits;
pub mod password;
pub mod permission;
pub mod permit;
pub mod personal;
pub mod principal;
pub mod scope;
pub mod session;
pub mod sign_in;
pub mod token;

use crate::api::mount::Mount;

/// The operations of signing in and of accounts.
pub fn routes(mount: &mut impl Mount) {
    session::routes(mount);
    accounts::routes(mount);
}
