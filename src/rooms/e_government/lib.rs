//! E-government (chính quyền điện tử, chính quyền số): which systems reach which units, and how much of
//! the work is digital.

#![recursion_limit = "512"]

pub mod coverage;
pub mod deployments;
pub mod digital_certificates;
pub mod measure_returns;
pub mod systems;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    systems::routes(mount);
    coverage::routes(mount);
    deployments::routes(mount);
    digital_certificates::routes(mount);
    measure_returns::routes(mount);
}
