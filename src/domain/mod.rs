//! The rooms of administrative reform, each the same shape.

pub mod document_numbers;
pub mod institutions;
pub mod organization;
pub mod remarks;
pub mod rules;
pub mod tthc;
pub mod validity;
