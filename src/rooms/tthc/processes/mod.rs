//! Processes of procedures (quy trình giải quyết thủ tục hành chính): who does what, in which order and
//! within what time. An internal process (quy trình nội bộ) is that of one procedure; a linked one (quy
//! trình liên thông) joins several, which one application sets going. Either may be carried out in the
//! information system (quy trình điện tử).
//!
//! They are approved for a whole province and every one-stop centre works by them: reference data.

pub mod bodies;
mod handlers;
pub mod model;
pub mod rules;
mod store;

pub use handlers::routes;
pub use store::ProcedureProcesses;
