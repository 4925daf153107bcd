//! Form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP): how administrative procedures were handled, by
//! level and field, for a unit and everything under it. Columns 3 to 13 of the printed form.
//!
//! [`model`] is the question and the answer, [`coverage`] who stands behind it, `gathering` reads what it is made
//! of, [`compute`] makes one of the other, `sheet` lays it out as the printed form.

pub mod compute;
pub mod coverage;
pub(in crate::reporting::forms) mod gathering;
mod handlers;
pub mod model;
mod sheet;

pub use handlers::routes;
pub use model::Form06a;
