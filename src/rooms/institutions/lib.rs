//! Institutional reform (cải cách thể chế): the rules that a unit makes, from the proposal of a legal
//! document (văn bản quy phạm pháp luật) to the day on which it no longer holds; how the stock of
//! them is checked, reviewed and put in order; and how their enforcement is followed.

#![recursion_limit = "512"]

pub mod document_relations;
pub mod document_reviews;
pub mod document_validity;
pub mod law_enforcement_monitoring;
pub mod legal_documents;

use kernel::api::mount::Mount;

/// The operations of this room.
pub fn routes(mount: &mut impl Mount) {
    legal_documents::routes(mount);
    document_relations::routes(mount);
    document_reviews::routes(mount);
    law_enforcement_monitoring::routes(mount);
}
