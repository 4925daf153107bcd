//! Postings of procedures (niêm yết công khai thủ tục hành chính): which unit shows which procedure to
//! the public, where, and since when; and which procedures of its level it does not show.
//!
//! One posting is about one procedure in one form. "All procedures of the commune are posted" is no
//! record but what the coverage tells: n of m, with those that are missing.

pub mod coverage;
mod handlers;
pub mod model;
mod store;

pub use handlers::routes;
pub use store::ProcedurePostings;
