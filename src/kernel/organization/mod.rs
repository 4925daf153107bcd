//! Organization (tổ chức bộ máy): who exists, under whom, since when, and what became of it.
//!
//! - [`units`] are the units and their versions, [`successions`] what became of those that ended,
//!   [`reorganizations`] the acts by which that came about.
//! - [`catalogue`] brings in the units of the whole country.
//! - [`tree`] holds them all in memory and answers for any day.
//! - [`mod@reference`] is how bodies, queries and answers name a unit, [`successors`] what is said of one
//!   that is not in force, [`owners`] whose a record is, [`unit_records`] what all records of units share.

pub mod boundary_returns;
pub mod catalogue;
pub mod commune_norms;
pub mod delegations;
pub mod leadership_returns;
pub mod owners;
pub mod reference;
pub mod reorganizations;
pub mod staffing_returns;
pub mod successions;
pub mod successors;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod unit_records;
pub mod units;

use crate::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    units::routes(mount);
    successions::routes(mount);
    reorganizations::routes(mount);
    delegations::routes(mount);
    staffing_returns::routes(mount);
    leadership_returns::routes(mount);
    boundary_returns::routes(mount);
}
