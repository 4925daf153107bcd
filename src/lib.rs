//! cchc: the service on which a province runs its administrative reform (cải cách hành chính).
//!
//! - [`app`] builds the HTTP application from its [`state`]; [`config`] reads the environment;
//!   [`error`] is the one table of problems; [`openapi`] the base of the contract.
//! - [`api`] is the HTTP kernel: bodies, queries, pages, ETags, the frame around every request.
//! - [`auth`] answers who you are, what you may do and over which part of the country.
//! - [`db`] is the persistence kernel, [`audit`] the journal.
//! - [`mod@attachments`] are files that belong to a record, and where they are kept.
//! - [`exchange`] lets other systems follow what changes, [`search`] finds records of all rooms.
//! - [`domain`] holds the rooms of the reform, [`reporting`] what is made from their figures.
//! - [`backup`] takes and restores backups, [`doctor`] examines an installation, [`logging`] writes its log; [`service`] runs it, [`demo`] fills it with a real district's figures.
//! - [`text`] brings text to its normal form and folds it for search and order.

#![recursion_limit = "512"]

pub mod api;
pub mod app;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod config;
pub mod db;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod error;
pub mod exchange;
pub mod logging;
pub mod openapi;
pub mod reporting;
pub mod search;
pub mod service;
pub mod state;
pub mod text;
