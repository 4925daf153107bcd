//! cchc: the service on which a province runs its administrative reform (cải cách hành chính).

pub mod auth;
pub mod db;
pub mod domain;
