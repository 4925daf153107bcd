//! Successions (kế thừa): what became of a unit that ended by merger or division. One row ties an
//! ended unit to one that carries its territory on; a unit that only changed its name or kind has
//! none, but a new version.

mod handlers;
pub mod model;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;
pub mod writes;

pub use handlers::routes;
pub use writes::OrgUnitSuccessions;
