//! Declarations of complete records (công bố dữ liệu hồ sơ đầy đủ): from which day on every dossier of a
//! unit is kept here as a single record.
//!
//! Forms count the dossiers of such a unit instead of its processing return, for every period that
//! begins on that day or later. A unit whose records begin in the middle of a period reports that period
//! as a sum once more: what is half there would be counted as the whole.

mod handlers;
pub mod model;
mod rules;
mod store;

pub use handlers::routes;
pub use store::{RecordDeclarations, declared_since};
