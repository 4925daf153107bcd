//! The tables as diesel sees them, room by room. A test of the service compares them with the migrated database.
//!
//! A crate of its own: a column is a hundred lines of code to the compiler, which it reads once here, and not
//! after each change of the service.

#![expect(missing_docs, reason = "a table's columns are explained on its row type")]

mod auth;
mod civil_service;
mod e_government;
mod exchange;
mod institutions;
mod kernel;
mod organization;
mod public_finance;
mod reporting;
mod steering;
mod tthc;

pub use auth::*;
pub use civil_service::*;
pub use e_government::*;
pub use exchange::*;
pub use institutions::*;
pub use kernel::*;
pub use organization::*;
pub use public_finance::*;
pub use reporting::*;
pub use steering::*;
pub use tthc::*;

diesel::allow_tables_to_appear_in_same_query!(attachments, journal, journal_chain, unsealed_entries);

diesel::joinable!(period_closures -> periods (period_id));
diesel::joinable!(processing_returns -> periods (period_id));
diesel::joinable!(unit_returns -> periods (period_id));
diesel::joinable!(period_snapshots -> period_closures (closure_id));

diesel::allow_tables_to_appear_in_same_query!(
    dossier_rules,
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
    unit_returns,
    systems,
    deployments,
    digital_certificates,
    support_activities,
    focal_points,
    citizen_feedback,
    satisfaction_ratings,
    personnel_decisions,
    job_position_schemes,
    training_courses,
    staff_streamlining,
    discipline_inspections,
    discipline_visits,
    portal_ledger,
    procedure_fields,
    procedures,
    procedure_versions,
    org_units,
    org_unit_versions,
    org_unit_successions,
    reorganizations,
    reorganized_units,
    reorganization_successions,
    delegations,
    users,
    clients,
    grants,
    refresh_tokens,
    periods,
    processing_returns
);

diesel::allow_columns_to_appear_in_same_group_by_clause!(document_reviews::id, legal_documents::kind,);
diesel::allow_columns_to_appear_in_same_group_by_clause!(dossiers::procedure_id, satisfaction_ratings::level,);
