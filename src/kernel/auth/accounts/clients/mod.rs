//! Accounts of systems (tài khoản hệ thống kết nối): software of agencies that reads and writes by the
//! scopes of its grants. The service makes the secret, shows it once and keeps its hash only.
//!
//! Deactivation, a new secret and deletion end every access token at once.

mod handlers;
pub mod model;
pub mod store;

pub use handlers::routes;
