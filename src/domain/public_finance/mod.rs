//! Public finance (cải cách tài chính công): what was planned, what was paid, and who covers their own
//! expenses.

pub mod autonomy_returns;

use crate::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut Mount) {
    autonomy_returns::routes(mount);
}
