//! Grants (quyền được giao): a role of an account over a unit and all that stands under it, in some
//! domains or all, for a time. The unit that employs someone and the unit over which they act are
//! two things; an inspection team is a grant that ends.
//!
//! A grant is known by its account, role, unit, domains and first day: there are no two alike, and a list
//! of grants that is sent again changes scopes and last days.
//!
//! An administrator gives, changes and takes only what one of his own grants covers; see
//! [`may_give`](super::authority::may_give).

mod handlers;
pub mod model;
mod named;
pub mod rules;
pub mod store;

pub use handlers::routes;
pub(in crate::auth::accounts) use named::Account;
pub use rules::REFERENCE_READ;
pub use store::Grants;
