//! Statistics of dossiers (thống kê hồ sơ TTHC): what became of them and how long it took, by unit, field,
//! procedure, channel or month, for any unit and days. They are read from the summaries that every write of
//! a dossier keeps, never from the dossiers.
//!
//! They compare across reorganisations: a unit has what was counted of those that went whole into it. One
//! that was divided stands by itself, with who carries it on; nobody knows which part of its figures went
//! where, so none is shared out.
//!
//! [`model`] is the question and the answer, [`compute`] makes one of the other, [`figures`] the rates and
//! times of a row.

pub mod compute;
pub mod figures;
mod handlers;
pub mod model;

pub use handlers::routes;
