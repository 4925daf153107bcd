//! Reporting (thông tin, báo cáo): periods, and the forms made from what the rooms hold. It knows
//! figures, not the tables of rooms.

pub mod forms;
pub mod holidays;
pub mod period_closures;
pub mod periods;
pub mod returns;
pub mod rules;
pub mod working_days;

use crate::api::mount::Mount;

/// The operations of reporting.
pub fn routes(mount: &mut impl Mount) {
    periods::routes(mount);
    period_closures::routes(mount);
    holidays::routes(mount);
    forms::routes(mount);
    rules::routes(mount);
}
