//! Organization (tổ chức bộ máy): who exists, under whom, since when, and what became of it.

pub mod catalogue;
pub mod reference;
pub mod store;
pub mod successions;
pub mod successors;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod units;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this room.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    units::routes(cfg);
    successions::routes(cfg);
}
