//! cchc: the service on which a province runs its administrative reform (cải cách hành chính).
//!
//! It stands on three crates that are checked by themselves: `kernel`, and above it the rooms: `tthc` and
//! `rooms`. Here is what brings them together.
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
