//! Processing returns (số liệu kết quả giải quyết TTHC): what a unit reports of the dossiers it took
//! in, resolved and still has, where the dossiers themselves are not kept here. A draft need not
//! balance; what is handed in does, or says how it came to. A reviewer above accepts it or sends it
//! back.

pub mod bodies;
mod handlers;
pub mod lines;
pub mod model;
mod row;
pub mod rules;
pub mod steps;
pub mod store;
mod writes;

pub use handlers::routes;
pub use writes::ProcessingReturns;
