//! The rooms of administrative reform beside TTHC (các nội dung cải cách hành chính), each the same shape:
//! institutions, civil service, public finance, e-government and steering. Organization is below them, in the
//! kernel, for everything belongs to a unit.

#![recursion_limit = "512"]

pub mod civil_service;
pub mod e_government;
pub mod institutions;
pub mod public_finance;
pub mod steering;
