//! cchc: the service on which a province runs its administrative reform (cải cách hành chính).
//!
//! It stands on `kernel` and, above that, on a crate for each room of reform: `organization`, `institutions`,
//! `tthc`, `civil_service`, `public_finance`, `e_government` and `steering`. None of them names another; here is
//! what brings them together.
//!
//! - [`reporting`] makes the forms from what the rooms hold; [`exchange`] lets other systems follow what changes
//!   and speak the national portal's shape.
//! - [`app`] builds the HTTP application from its state; [`openapi`] the base of the contract.
//! - [`service`] runs it, [`doctor`] examines an installation, [`demo`] fills it with a real district's figures.

#![recursion_limit = "512"]

pub mod app;
pub mod demo;
pub mod doctor;
pub mod exchange;
pub mod openapi;
pub mod reporting;
pub mod service;
