//! Decisions that announce procedures (quyết định công bố thủ tục hành chính): what each adds, changes,
//! replaces and repeals, and from which day on.
//!
//! The catalogue and the decisions are two records of one thing, and nothing is entered twice: a
//! decision that is applied ends in the catalogue what it repeals. What it adds or changes it only
//! names, for the content stands in the catalogue alone; where the two differ is told
//! and not guessed.

mod application;
pub mod bodies;
mod differences;
mod handlers;
pub mod model;
pub mod rules;
mod store;
mod writes;

pub use handlers::routes;
pub use writes::ProcedurePublications;
