//! Administrative procedures (thủ tục hành chính): the catalogue of what citizens and enterprises may
//! ask for, who decides, how long it may take, what it costs and which papers it needs.
//!
//! A procedure is an identity, known by its national code, with versions by validity: a dossier keeps
//! the version in force on the day it was received, whatever is announced later. Each version also
//! says for which days it speaks ([`timeline`]), so that every day has exactly one answer, be it that
//! the procedure has ended.

pub mod bodies;
pub mod deadline_text;
pub mod due_dates;
pub mod fields;
mod handlers;
pub mod import;
pub mod model;
pub mod named;
pub mod near_duplicates;
pub mod public;
pub mod rules;
pub mod store;
pub mod timeline;
pub mod writes;

pub use handlers::routes;
pub use writes::Procedures;
