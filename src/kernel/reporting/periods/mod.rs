//! Reporting periods (kỳ báo cáo): months, quarters, halves, nine months and years of a reporting
//! regime. `calendar` is the regime of civil months; others have windows of their own, such as 15
//! December to 14 June for a half-year.
//!
//! Reference data: every token reads them, an administrator of the whole country writes them. This
//! resource is written out by hand; [`crud!`](crate::crud) expands to the same as `handlers`.
//!
//! - [`model`]: the row, which is the response, and what a client sends.
//! - [`rules`]: what a period must satisfy, and how it is called; pure.
//! - [`store`]: how periods are read, [`writes`]: how they are made, changed and deleted.
//! - `bundled`: those that come with the service.
//! - `handlers`: the operations.

mod bundled;
mod handlers;
pub mod model;
pub mod rules;
pub mod store;
pub mod writes;

pub use bundled::import;
pub use handlers::routes;
pub use model::{Period, PeriodFacts, PeriodId, PeriodKind};
pub use rules::{calendar_window, period_name_vi};
pub use store::{WantedPeriod, period_catalogue, period_held, period_named, wanted_period};
pub use writes::Periods;
