//! Reviews of procedures (rà soát, đơn giản hóa thủ tục hành chính): what a unit looked at, what it
//! proposes to simplify, and what became of that.
//!
//! A review names its fields as its paper does ("ngành, lĩnh vực"), and its procedures by code where they
//! have one there. Totals follow from the proposals.

pub mod bodies;
mod handlers;
pub mod model;
mod rules;
mod store;
mod writes;

pub use handlers::routes;
pub use writes::ProcedureReviews;
