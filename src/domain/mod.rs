//! The rooms of administrative reform, each the same shape.

pub mod organization;
pub mod tthc;
pub mod validity;
