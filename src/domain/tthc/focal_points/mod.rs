//! Focal points (cán bộ, công chức đầu mối): by which positions a unit controls administrative procedures
//! (kiểm soát TTHC) and takes feedback (tiếp nhận phản ánh, kiến nghị), how many hold them, and since when.
//!
//! A row tells the position and how to reach the office, never who holds it: no name and no phone of a
//! person is kept here.

mod handlers;
pub mod model;
mod rules;
mod store;

pub use handlers::routes;
pub use store::FocalPoints;
