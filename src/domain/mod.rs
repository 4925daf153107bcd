//! The rooms of administrative reform, each the same shape.

pub mod civil_service;
pub mod document_numbers;
pub mod e_government;
pub mod institutions;
pub mod organization;
pub mod people;
pub mod public_finance;
pub mod rates;
pub mod remarks;
pub mod rules;
pub mod steering;
pub mod tthc;
pub mod validity;
