//! Records of a unit: what most resources of the administration are. Each belongs to one unit, which
//! a body names by id, identification code (mã định danh) or statistics code (mã đơn vị hành chính) as it
//! is known on a day of the record, and is read within the reach of the account.
//!
//! [`unit_fields!`](crate::unit_fields) makes the types of such a resource out of one list of its fields,
//! [`unit_store!`](crate::unit_store) how they are listed and written. What is left to the resource is its
//! own: fields, rules, filters. Support activities (`tthc`) show both.

mod fields;
mod names;
#[cfg(any(test, feature = "testing"))]
pub mod plans;
mod store;

pub use names::keeping_their_names;
pub use store::{UNITS_AT_ONCE, key_of_unit, owner_of};
