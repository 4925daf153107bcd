//! Search over the records of all rooms (tìm kiếm): by words without tone marks, by number and by code,
//! within reach and in the domains of the account.
//!
//! What a kind of record is found by stands in its line of
//! [`RecordType`](crate::record_types::RecordType), and nowhere else. Every write leaves a
//! journal entry with the record's content; `keep` reads there, in the same transaction, what the record
//! is found by from now on (`entries`). `terms` takes text apart, for what is kept and for what is
//! asked alike; the words stand in the [`word_index`](crate::db::word_index). [`rebuild`] makes everything
//! anew from the journal.

mod entries;
mod handlers;
pub mod model;
mod rebuild;
mod store;
mod terms;

pub(crate) use entries::keep;
pub use rebuild::{rebuild, rebuild_all};

use crate::api::mount::Mount;

/// The operations of search.
pub fn routes(mount: &mut impl Mount) {
    handlers::routes(mount);
}
