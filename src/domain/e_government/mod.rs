//! E-government (chính quyền điện tử, chính quyền số): which systems reach which units, and how much of
//! the work is digital.

pub mod measure_returns;

use crate::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut Mount) {
    measure_returns::routes(mount);
}
