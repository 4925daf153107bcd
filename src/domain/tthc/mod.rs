//! Administrative procedures (cải cách thủ tục hành chính): what citizens and enterprises ask of
//! the administration, and how it was handled.

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this room.
pub fn routes(_cfg: &mut ServiceConfig<'_>) {}
