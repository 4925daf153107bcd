//! What every story stands on: an application with its own database, actors, and bodies with
//! defaults.

pub mod app;
pub mod client;
pub mod database;
pub mod story;

pub use app::TestApp;
pub use client::{Answer, Client};
