//! Form II.07b/VPCP/KSTT (tổng hợp số lượng thủ tục hành chính): how many procedures there are, by field and
//! level, how far they can be done online, and what decisions did to them within the period.
//!
//! Of the printed form only its name is verified. The columns are this service's own and have a definition
//! with a name and version, so that those of the printed form, once known, succeed it.
//!
//! It is made of the catalogue and the publications alone. No unit hands in numbers of procedures, so there is
//! nothing to choose between as there is between dossiers and returns in form 06. The catalogue is one for
//! all units, and nothing says which of its national procedures a unit handles; naming a unit leaves out what
//! other provinces have under codes of their own, and narrows what was announced to its decisions. Closings do
//! not keep the form: the versions of procedures stand, and any day can be counted again.

mod agencies;
mod compute;
mod handlers;
pub mod model;
mod sheet;

pub use handlers::routes;
