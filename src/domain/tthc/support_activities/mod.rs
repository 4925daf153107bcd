//! Support activities (hoạt động hỗ trợ): what a unit does so that people can use online services: it
//! helps them to file (hỗ trợ nộp hồ sơ trực tuyến), assigns officials to do so (phân công công chức hỗ
//! trợ), tells of it (tuyên truyền), trains and campaigns.
//!
//! Districts count differently, so every count may be left out; one that is left out is not zero.

mod handlers;
pub mod model;
mod rules;
mod store;

pub use handlers::routes;
pub use store::SupportActivities;
