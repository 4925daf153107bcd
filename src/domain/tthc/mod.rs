//! Administrative procedures (cải cách thủ tục hành chính): what citizens and enterprises ask of
//! the administration, and how it was handled.

pub mod apologies;
pub mod dossier_rules;
pub mod dossiers;
pub mod feedback;
pub mod feedback_time_limits;
pub mod focal_points;
pub mod people;
pub mod postings;
pub mod procedures;
pub mod processes;
pub mod processing_returns;
pub mod publications;
pub mod record_declarations;
pub mod reviews;
pub mod satisfaction_ratings;
pub mod statistics;
pub mod support_activities;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this room.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    procedures::fields::routes(cfg);
    procedures::routes(cfg);
    procedures::public::routes(cfg);
    publications::routes(cfg);
    postings::routes(cfg);
    processes::routes(cfg);
    processing_returns::routes(cfg);
    dossier_rules::routes(cfg);
    dossiers::routes(cfg);
    record_declarations::routes(cfg);
    reviews::routes(cfg);
    support_activities::routes(cfg);
    focal_points::routes(cfg);
    feedback_time_limits::routes(cfg);
    feedback::routes(cfg);
    satisfaction_ratings::routes(cfg);
    statistics::routes(cfg);
    apologies::routes(cfg);
}
