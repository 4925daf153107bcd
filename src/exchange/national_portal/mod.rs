//! The shape of the national portal (Cổng dịch vụ công quốc gia): what a province's one-stop systems (hệ thống
//! một cửa) already send it, and what they read back. Such a system sends its dossiers and their progress
//! here as it would send them there, and is answered in the same manner; whoever sends on to the portal takes
//! them from here in the same shape, and reports what the portal answered.
//!
//! - [`codec`] reads and writes scalars, [`body`] is the shape, [`request`] what stands around it;
//! - [`reading`] says how an entry reads as a dossier of ours, [`writing`] how a dossier is told as one, and
//!   [`filling`] what of it is told as its sender told it;
//! - `exchanging` does a request in one transaction, by the rules of [`records`];
//! - [`differences`] says where an entry and what we hold say different things;
//! - [`ledger`] keeps every entry verbatim beside what was held, and never falsifies.

pub mod body;
pub mod codec;
pub mod differences;
mod exchanging;
pub mod filling;
mod handlers;
pub mod ledger;
pub mod reading;
pub mod records;
pub mod request;
pub mod writing;

pub use handlers::routes;
