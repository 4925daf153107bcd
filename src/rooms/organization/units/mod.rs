//! Units (đơn vị): provinces, districts, communes, hamlets and agencies as they stand on any day.
//!
//! A unit is an identity with versions; the answer is the identity and the version in force on
//! `as_of`. Reference data: every token reads them. Correcting a version leaves no trace but in the
//! journal; what really changed on a day is a new version; what ended by merger or division is told
//! by a [succession](super::successions).
//!
//! - [`model`]: what a unit is, on the wire and in its rows; [`bodies`]: what a client sends.
//! - [`rules`]: what a unit may be by itself; `checks`: what it may be among the units that stand.
//! - [`store`]: lists and single units on a day; [`lineage`]: where one came from and what became of
//!   it; [`writes`]: how units are made, corrected, changed and, unless something `uses` them, deleted.
//!   `standing` is how they see the other units; `endings` how several end at once, and are opened again.
//! - [`rows`]: the statements on identities and versions that all of these share.

pub mod bodies;
mod checks;
pub(super) mod endings;
mod handlers;
pub mod lineage;
pub mod model;
pub mod rows;
pub mod rules;
pub(super) mod standing;
pub mod store;
#[cfg(test)]
mod tests;
mod uses;
pub mod writes;

pub use handlers::routes;
pub use writes::OrgUnits;
