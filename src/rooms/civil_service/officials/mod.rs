//! Officials (cán bộ, công chức, viên chức, người lao động): who serves in which unit, as the personnel software
//! of a province lists them. An official is known by the employee code of that software within the province (`codes`),
//! and may move from unit to unit.
//!
//! Name, day of birth, sex and identity number are personal data ([`person`]): sealed, masked, searched by a keyed
//! digest, erased on order ([`erasure`]), and the files of an official with them. One number under several codes is
//! remarked (`same_number`). Everything else tells of a post, and is counted ([`summary`]).
//!
//! Lists come whole, day by day, and most of their lines tell what is held already. A record is left as it is by these:
//! its `listed_on` is the day of the list that first told this. The day of the newest list that names someone stands
//! beside the record, in a column of its own that moves on and never back. It is no statement about the official, and
//! is neither answered nor journaled: the journal would grow by an entry a person and day, and an ETag stand for less
//! than its answer. Whoever works but was not in the list of a day is asked for by `not_listed_since`. Nobody's status
//! changes by itself.

pub mod bodies;
pub(crate) mod codes;
pub mod erasure;
mod handlers;
pub mod model;
pub mod person;
pub mod reseal;
mod rules;
mod same_number;
mod store;
pub mod summary;
mod writes;

pub use handlers::routes;
pub use writes::Officials;
