//! Exchange with other systems (trao đổi dữ liệu): what a province's portals and one-stop systems
//! need beside single records.

pub mod changes;
pub mod imports;
pub mod national_portal;
pub mod record_types;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of exchange.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    changes::routes(cfg);
    national_portal::routes(cfg);
}
