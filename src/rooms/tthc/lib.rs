//! Administrative procedures (cải cách thủ tục hành chính): what citizens and enterprises ask of
//! the administration, and how it was handled.

#![recursion_limit = "512"]

pub mod apologies;
pub mod dossier_rules;
pub mod dossiers;
pub mod feedback;
pub mod feedback_time_limits;
pub mod focal_points;
mod once_at_a_time;
pub mod postings;
pub mod procedures;
pub mod processes;
pub mod processing_returns;
pub mod publications;
pub mod record_declarations;
pub mod reviews;
pub mod satisfaction_ratings;
mod seats;
pub mod statistics;
pub mod support_activities;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    procedures::fields::routes(mount);
    procedures::routes(mount);
    procedures::public::routes(mount);
    publications::routes(mount);
    postings::routes(mount);
    processes::routes(mount);
    processing_returns::routes(mount);
    dossier_rules::routes(mount);
    dossiers::routes(mount);
    record_declarations::routes(mount);
    reviews::routes(mount);
    support_activities::routes(mount);
    focal_points::routes(mount);
    feedback_time_limits::routes(mount);
    feedback::routes(mount);
    satisfaction_ratings::routes(mount);
    statistics::routes(mount);
    apologies::routes(mount);
}
