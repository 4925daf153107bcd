//! Civil service (cải cách chế độ công vụ): who serves and how. The officials themselves, what was decided about
//! cadres, civil servants, public employees and contracts, how well they did their duties, the schemes of job
//! positions, training, the streamlining of staff, and whether discipline and working hours are kept.
//!
//! Only [`officials`] tells who someone is, sealed; decisions name an official by the employee code, if at all, and
//! everything else is counted.

#![recursion_limit = "512"]

pub mod asset_declaration_returns;
pub mod discipline_inspections;
pub mod discipline_visits;
pub mod job_position_schemes;
pub mod officials;
pub mod personnel_decisions;
pub mod qualification_returns;
pub mod quality_ratings;
pub mod staff_streamlining;
mod totals;
pub mod training_courses;
pub mod work_diary_returns;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    qualification_returns::routes(mount);
    asset_declaration_returns::routes(mount);
    work_diary_returns::routes(mount);
    personnel_decisions::routes(mount);
    job_position_schemes::routes(mount);
    training_courses::routes(mount);
    staff_streamlining::routes(mount);
    discipline_inspections::routes(mount);
    discipline_visits::routes(mount);
    officials::routes(mount);
    quality_ratings::routes(mount);
}
