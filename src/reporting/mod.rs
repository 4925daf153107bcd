//! Reporting (thông tin, báo cáo): the forms made from what the rooms hold, and the closings that keep
//! them. It knows figures, not the tables of rooms.

pub mod forms;
pub mod period_closures;

use kernel::api::mount::Mount;
use kernel::reporting::{holidays, periods, rules};

/// The operations of reporting.
pub fn routes(mount: &mut impl Mount) {
    periods::routes(mount);
    period_closures::routes(mount);
    holidays::routes(mount);
    forms::routes(mount);
    rules::routes(mount);
}
