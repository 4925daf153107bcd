//! Declarations of complete records (công bố dữ liệu hồ sơ đầy đủ): from which day on every dossier of a
//! unit is kept here as a single record.
//!
//! Forms count the dossiers of such a unit instead of its processing return, for every period that
//! begins on that day or later. A unit whose records begin in the middle of a period reports that period
//! as a sum once more: what is half there would be counted as the whole. One that was founded within the
//! period has all there is of it from its first day on. A declaration speaks of the unit's own dossiers:
//! what the unit states for those below it stands as it was handed in.

mod handlers;
pub mod model;
mod rules;
mod store;

pub use handlers::routes;
pub use store::{RecordDeclarations, declared_since};
