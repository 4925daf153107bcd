//! What every room of cchc stands on.
//!
//! - [`api`] is the HTTP kernel: bodies, queries, pages, ETags, the frame around every request.
//! - [`auth`] answers who you are, what you may do and over which part of the country.
//! - [`db`] is the persistence kernel, [`audit`] the journal; [`backup`] takes and restores backups.
//! - [`mod@attachments`] are files that belong to a record, and where they are kept; [`search`] finds records of
//!   all rooms, [`record_types`] names their kinds.
//! - [`tree`] holds the units of the country in memory and answers for any day. [`unit_reference`] is how bodies,
//!   queries and answers name a unit, [`successors`] what is said of one that is not in force, [`owners`] whose a
//!   record is, [`other_units`] which it names beside, [`unit_records`] what all records of units share, [`coverage`]
//!   which of the units below one have something.
//! - [`people`] are those whose personal data are protected; [`validity`], [`document_numbers`] and [`rates`]
//!   what provisions say of days, numbers and parts; [`rules`] notice what does not add up, and [`remarks`] tell it.
//! - [`reporting`] has periods, working days and returns.
//! - [`config`] reads the environment, [`state`] is what requests share, [`error`] the one table of problems,
//!   [`logging`] the log; [`text`] brings text to its normal form and folds it for search and order.

#![recursion_limit = "512"]

pub mod api;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod config;
pub mod coverage;
pub mod db;
pub mod document_numbers;
pub mod error;
pub mod logging;
pub mod other_units;
pub mod owners;
pub mod people;
pub mod rates;
pub mod record_types;
pub mod remarks;
pub mod reporting;
pub mod rules;
pub mod search;
pub mod state;
pub mod successors;
pub mod text;
pub mod tree;
pub mod unit_records;
pub mod unit_reference;
pub mod validity;
