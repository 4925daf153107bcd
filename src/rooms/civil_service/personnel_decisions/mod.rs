//! Personnel decisions (quyết định về nhân sự): what an authority decided about those who serve, from
//! appointment to retirement, from a step of pay to discipline.
//!
//! A record is one decision with its number and day, or a group of decisions of one kind that were counted
//! together over some days, as reports tell them. [`kinds`] are what decisions are told apart by, [`records`]
//! how they are kept, [`summary`] how many there were.

pub mod kinds;
pub mod records;
pub mod summary;

use kernel::api::mount::Mount;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    summary::routes(mount);
    records::routes(mount);
}
