//! The journal (nhật ký): who wrote what and when, sealed into a hash chain; the trail that
//! inspectors read and the source of the change feed.

pub mod chain;
pub mod entries;
pub mod journal;
pub mod personal_reads;
pub mod sights;
mod verification;

use crate::api::mount::Mount;

/// The operations of the journal.
pub fn routes(mount: &mut impl Mount) {
    entries::routes(mount);
}
