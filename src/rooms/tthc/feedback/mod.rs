//! Feedback and petitions of citizens and enterprises (phản ánh, kiến nghị; PAKN): what was received, about
//! a rule (quy định hành chính) or about conduct (hành vi hành chính), which unit answers, and whether each
//! step was taken in time.
//!
//! A record belongs to the unit that answers. Its state follows from its steps, and their time limits are data
//! with validity ([`limits`]): what was received under one keeps it. Who sent it is sealed; on order they are
//! erased ([`erasure`]).

pub mod bodies;
pub mod erasure;
mod handlers;
pub mod limits;
pub mod model;
pub mod petitioner;
pub mod reseal;
mod rules;
mod steps;
mod store;
pub mod summary;
mod writes;

pub use handlers::routes;
pub use writes::CitizenFeedbacks;
