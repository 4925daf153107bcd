//! Accounts of people and systems and what they are granted (tài khoản và phân quyền).
//!
//! - [`users`] are people, [`clients`] systems, [`grants`] what either may do.
//! - [`authority`] says who may change which account; `own_unit` is the unit that an account belongs
//!   to, `sign_in_names` the name under which it signs in.

pub mod authority;
pub mod clients;
pub mod grants;
mod own_unit;
mod sign_in_names;
pub mod users;

use crate::api::mount::Mount;

pub use self::authority::{GivenGrant, may_give};
pub(super) use self::own_unit::{OwnUnit, of_unit};
pub(super) use self::sign_in_names::username_faults;

/// The operations on users, clients and grants.
pub fn routes(mount: &mut impl Mount) {
    users::routes(mount);
    clients::routes(mount);
    grants::routes(mount);
}

/// An account may be used unless it is said otherwise.
fn yes() -> bool {
    true
}
