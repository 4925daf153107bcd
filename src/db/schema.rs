//! The tables as diesel sees them, room by room. A test compares them with the migrated database.

#![expect(missing_docs, reason = "a table's columns are explained on its row type")]

mod auth;
mod exchange;
mod institutions;
mod kernel;
mod organization;
mod reporting;
mod tthc;

pub use auth::*;
pub use exchange::*;
pub use institutions::*;
pub use kernel::*;
pub use organization::*;
pub use reporting::*;
pub use tthc::*;

diesel::allow_tables_to_appear_in_same_query!(attachments, journal);

diesel::joinable!(period_closures -> periods (period_id));
diesel::joinable!(period_snapshots -> period_closures (closure_id));

diesel::allow_tables_to_appear_in_same_query!(
    dossiers,
    period_closures,
    period_snapshots,
    procedure_publications,
    procedure_publication_items,
    procedure_postings,
    procedure_processes,
    procedure_process_links,
    procedure_reviews,
    procedure_review_proposals,
    legal_documents,
    document_relations,
    document_reviews,
    law_enforcement_monitoring,
    support_activities,
    focal_points,
    citizen_feedback,
    satisfaction_ratings,
    portal_ledger,
    procedure_fields,
    procedures,
    procedure_versions,
    org_units,
    org_unit_versions,
    org_unit_successions,
    users,
    clients,
    grants,
    refresh_tokens,
    periods,
    processing_returns
);

diesel::allow_columns_to_appear_in_same_group_by_clause!(dossiers::procedure_id, satisfaction_ratings::level,);
