//! Organization (tổ chức bộ máy): who exists, under whom, since when, and what became of it.
//!
//! - [`units`] are the units and their versions, [`successions`] what became of those that ended,
//!   [`reorganizations`] the acts by which that came about.
//! - [`catalogue`] brings in the units of the whole country.
//!
//! The tree that holds them all in memory is the kernel's, for every record belongs to a unit.

#![recursion_limit = "512"]

pub mod boundary_returns;
pub mod catalogue;
pub mod commune_norms;
pub mod delegations;
pub mod leadership_returns;
pub mod reorganizations;
pub mod staffing_returns;
pub mod successions;
#[cfg(test)]
mod tests;
pub mod units;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    units::routes(mount);
    successions::routes(mount);
    reorganizations::routes(mount);
    delegations::routes(mount);
    staffing_returns::routes(mount);
    commune_norms::routes(mount);
    leadership_returns::routes(mount);
    boundary_returns::routes(mount);
}
