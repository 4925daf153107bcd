//! Legal documents (văn bản quy phạm pháp luật): what a unit's council or committee makes law, from the
//! proposal of a draft to the day on which it no longer holds. How far a draft has come and whether a
//! document is in force are two things: the one is told, the other follows for any day from days and from
//! what other documents do to it ([`document_relations`](super::document_relations)).
//!
//! `record` is the resource, `answers` what other rows say of a document, `rules` what is refused and
//! noticed.

mod answers;
pub mod record;
mod rules;

pub(super) use answers::{DocumentName, acting_days, documents_named};
pub use record::{DocumentKind, DraftingStage, LegalDocument, LegalDocumentId, LegalDocuments, routes};
pub(super) use record::{LegalDocumentPage, Reviewed, documents_changed};
