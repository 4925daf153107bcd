//! Statutory forms (biểu mẫu báo cáo), computed from what units have handed in. A form is read under
//! a named definition; where two definitions give two numbers, both can be had.

pub mod aggregate;
pub mod form06a;
pub mod form07b;
pub mod kept;
mod printed;
pub mod roster;
#[cfg(test)]
mod story;

use utoipa_actix_web::service_config::ServiceConfig;

/// The operations on forms.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    form06a::routes(cfg);
    form07b::routes(cfg);
}
