//! Accounts of people (tài khoản người dùng). An administrator makes them with a first password
//! that must be changed; what the person may do stands in grants.
//!
//! Deactivation, a reset password and deletion end every session at once. The password itself is
//! hashed before the write begins, so the handlers are written out.

mod handlers;
pub mod model;
pub mod store;

pub(in crate::auth) use handlers::hashed;
pub use handlers::routes;
