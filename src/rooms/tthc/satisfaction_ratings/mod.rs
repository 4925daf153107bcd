//! Satisfaction ratings (đánh giá sự hài lòng): how satisfied an applicant is with the handling of a dossier,
//! once for each dossier.
//!
//! A rating is of the unit that handled the dossier, and names it by its code; the dossier itself may be kept
//! elsewhere. Where it is kept here, the two must agree. Whoever rated is not kept.

mod handlers;
pub mod model;
mod rules;
mod store;
pub mod summary;

pub use handlers::routes;
pub use store::SatisfactionRatings;
