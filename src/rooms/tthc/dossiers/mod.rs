//! Dossiers (hồ sơ thủ tục hành chính): every application, from receipt to result. One-stop systems push
//! them as they go along, whole or step by step; portals and phones read them; forms and scores count them.
//!
//! A dossier keeps the rules under which it was received: the version of its procedure, and which waits stop
//! the clock. Two units may have to do with it, one that receives and one that resolves; both see it.
//! Its people are sealed; on order they are erased, and it counts on without them ([`erasure`]).

pub mod apology;
pub mod changed;
pub mod codes;
pub mod due;
pub mod erasure;
pub mod facts;
pub mod filter;
pub mod generated;
mod handlers;
pub mod history;
pub mod late;
pub mod life;
mod links;
pub mod lookups;
mod making;
pub mod model;
pub mod people;
pub mod progress;
pub mod reseal;
pub mod row;
pub mod rules;
pub mod steps;
mod store;
pub mod summaries;
mod waits;
mod writes;

pub use handlers::routes;
pub use writes::Dossiers;
