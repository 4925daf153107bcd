//! Reorganizations (sắp xếp tổ chức bộ máy): one record for one act by which units are established,
//! merged, divided, dissolved, renamed or put under another, on whatever tier and of whatever kind.
//!
//! Nothing is entered twice. The units and what they are called stand among the
//! [units](super::units); an act that ends units ends them, and ties each to what carries it on by a
//! [succession](super::successions), in the transaction that makes it. A succession that stands with
//! the same meaning is taken up. Both belong to the act from then on and change only with it; deleting
//! the act takes away what it made, opens again the units that it ended, and leaves alone what it took up.
//!
//! - [`model`]: what an act is; `rules`: what its body shows by itself.
//! - `plan`: what an act means for the units that stand; `writes`: how it is made and deleted.
//! - `store`: how acts are read.

mod handlers;
pub mod model;
mod plan;
mod rules;
pub(super) mod store;
mod writes;

pub use handlers::routes;
pub use writes::Reorganizations;
