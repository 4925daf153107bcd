//! Attachments (tệp đính kèm): evidence and signed files that belong to a record, such as the scan of
//! a signed return or the decision that announced a procedure. An attachment lives and is seen as its
//! record does: whoever reads the record reads it, whoever may change the record adds and deletes it,
//! and beneath a record that was deleted it is out of reach.
//!
//! Records that have attachments, and when these may change:
//! - processing returns (the signed return, its evidence): while the return may be edited and its period
//!   is open;
//! - procedures, publications (the signed decision), processes (the decision that approved it) and
//!   successions and acts of reorganization (the resolution): at any time, by whoever writes reference data;
//! - postings (a photograph of the board, a screenshot): at any time, by whoever files for the unit;
//! - dossiers (papers and results), feedback and officials (degrees, decisions about one): at any time, by whoever
//!   may change the record, until its personal data are erased, and its files with them;
//! - closings of periods (the signed minutes, the decision that reopens): by whoever may close, until the
//!   next closing takes its place.
//!
//! Files of dossiers, of feedback and of officials may be anybody's papers: their names, descriptions and contents are
//! personal data ([`Sight`]), shown as the people of the record are, each time noted in the journal.
//!
//! - [`model`] is the row and what is sent; [`names`] and [`kinds`] hold the rules of what is taken.
//! - [`upload`] reads what is sent, [`content`] sends it back: neither ever holds a file in memory.
//! - [`storage`] keeps the content, in a folder or in S3-compatible storage, by the attachment's id.
//! - [`store`] is the table; [`removals`] remembers which content is to go, so that no crash leaves any
//!   behind and no row ever lacks its own.
//! - [`operations`] and [`attachments!`](crate::attachments!) mount them beneath a resource.

pub mod content;
pub mod kinds;
pub mod model;
pub mod mount;
pub mod names;
pub mod operations;
pub mod removals;
pub mod storage;
pub mod store;
pub mod upload;

pub use model::{Attachment, AttachmentId, Sight};
pub use operations::{Belonging, Look, Owner};
