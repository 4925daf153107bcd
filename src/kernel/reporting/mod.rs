//! What rooms and forms share of reporting (thông tin, báo cáo): periods and whether they are closed, working
//! days, the one mechanism of returns, where units stand in figures, and the rules behind remarks.

pub mod closed_periods;
pub mod holidays;
pub mod periods;
pub mod returns;
pub mod roster;
pub mod rosters;
pub mod rules;
#[cfg(any(test, feature = "testing"))]
pub mod story;
pub mod working_days;
