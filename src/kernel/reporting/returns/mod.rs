//! Returns (báo cáo số liệu): what a unit states for a period where the records themselves are not kept
//! here, such as its posts given and filled.
//!
//! All forms are one mechanism: a unit, a period, a state, the days really covered, and the columns of
//! the form. A column that is left out is *not reported* and blocks totals visibly; `nil` (không phát
//! sinh) is a statement that all of them are zero. A draft may be changed; what is handed in counts
//! until a reviewer above sends it back. The closing of a period binds returns.
//!
//! A form is one small file: [`return_form!`](crate::return_form) declares its columns, and
//! [`ReturnForm`] is what the mechanism asks of it.

mod form;
mod life;
mod mount;
mod naming;
mod row;
mod steps;
mod store;
mod writes;

pub use form::{Columns, Face, Reporter, ReturnForm, not_reported};
pub use life::{ReturnState, SendBack, Step, accepts_own_edit, must_have_begun, not_reviewed_here, step};
pub use naming::{Filer, PeriodName, PeriodsNamed, filing_unit, not_nil, span_faults, stays};
pub use row::{Filed, ReturnRow, UnitReturnId};
pub use steps::{accept, delete, send_back, submit};
pub use store::{ReturnFilter, ReturnSort, changeable, get, list, seen};
pub use writes::Returns;
