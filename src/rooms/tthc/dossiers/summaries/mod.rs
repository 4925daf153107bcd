//! The counts of dossiers (số liệu tổng hợp hồ sơ): kept with every write, in its own transaction, and read
//! by forms and statistics, which never look at single dossiers.
//!
//! A write leaves what it changes as a few rows of deltas ([`deltas`]), which no other writer waits for. Deltas
//! are folded into sheets of counts by month and year, of each unit, each province and the whole country, by
//! whoever has time ([`fold`]). Whoever reads takes the sheets and the deltas that are not folded yet out of
//! one snapshot: the counts are right at every moment, and cheap whatever is stored ([`sums`] for forms,
//! [`tallies`] for statistics, both by the [`spans`] of their days).

pub mod contributions;
pub mod deltas;
pub mod fold;
mod packed;
mod recount;
mod sheets;
pub mod spans;
pub mod sums;
pub mod tallies;
pub mod verify;
