//! Organization (tổ chức bộ máy): who exists, under whom, since when, and what became of it.

pub mod catalogue;
pub mod reference;
pub mod store;
pub mod tree;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this room.
pub fn routes(_cfg: &mut ServiceConfig<'_>) {}
