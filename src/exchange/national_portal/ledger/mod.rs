//! The ledger of the national portal (sổ đối soát): of each entry that was received or sent what came
//! verbatim, what we held, what was answered, and where they differ. It is written once and never mended;
//! only what the portal answers to a sent entry comes later. What came stands sealed, for it holds personal
//! data, and is shown to whoever may see these, each reading noted in the journal.

mod handlers;
pub mod model;
pub mod reseal;
pub mod store;
pub mod verbatim;

pub use handlers::routes;
