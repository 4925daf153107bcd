//! Reporting (thông tin, báo cáo): periods, and the forms made from what the rooms hold. It knows
//! figures, not the tables of rooms.

pub mod forms;
pub mod holidays;
pub mod period_closures;
pub mod periods;
pub mod working_days;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of reporting.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    periods::routes(cfg);
    period_closures::routes(cfg);
    holidays::routes(cfg);
    forms::routes(cfg);
}
