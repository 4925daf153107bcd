//! `cchc import COLLECTION FILE`: which collections take in files on the command line. They are those
//! that do so over HTTP.

use std::sync::Arc;

use crate::api::contract::Contract;
use crate::api::sheet::file::{ImportFile, ImportTarget, ImportedFile, Progress, import_file};
use crate::audit::journal::Author;
use crate::auth::scope::Scoped;
use crate::auth::{self, keystore};
use crate::config::Config;
use crate::db::Db;
use crate::db::types::Instant;
use crate::domain::{institutions, organization, tthc};
use crate::error::ApiError;
use crate::reporting;
use crate::state::units_load;

/// Declares the collections by the name of their worksheet.
macro_rules! collections {
    ($($name:literal => $records:ty),+ $(,)?) => {
        /// The collections that take in files.
        pub const COLLECTIONS: &[&str] = &[$($name),+];

        /// Imports a file into a collection; `None` when there is no such collection.
        ///
        /// # Errors
        /// As [`import_file`].
        pub async fn import(
            collection: &str,
            target: &ImportTarget,
            file: &ImportFile,
            progress: &Progress,
        ) -> Result<Option<ImportedFile>, ApiError> {
            match collection {
                $($name => import_file::<$records>(target, $name, file, progress).await.map(Some),)+
                _ => Ok(None),
            }
        }
    };
}

collections! {
    "citizen-feedback" => tthc::feedback::CitizenFeedbacks,
    "document-relations" => institutions::document_relations::DocumentRelations,
    "document-reviews" => institutions::document_reviews::DocumentReviews,
    "dossiers" => tthc::dossiers::Dossiers,
    "focal-points" => tthc::focal_points::FocalPoints,
    "grants" => auth::accounts::grants::Grants,
    "holidays" => reporting::holidays::Holidays,
    "law-enforcement-monitoring" => institutions::law_enforcement_monitoring::LawEnforcementMonitorings,
    "legal-documents" => institutions::legal_documents::LegalDocuments,
    "org-units" => organization::units::OrgUnits,
    "periods" => reporting::periods::Periods,
    "procedure-fields" => tthc::procedures::fields::ProcedureFields,
    "procedure-postings" => tthc::postings::ProcedurePostings,
    "procedure-processes" => tthc::processes::ProcedureProcesses,
    "procedure-publications" => tthc::publications::ProcedurePublications,
    "procedure-reviews" => tthc::reviews::ProcedureReviews,
    "procedures" => tthc::procedures::Procedures,
    "processing-returns" => tthc::processing_returns::ProcessingReturns,
    "record-declarations" => tthc::record_declarations::RecordDeclarations,
    "satisfaction-ratings" => tthc::satisfaction_ratings::SatisfactionRatings,
    "successions" => organization::successions::OrgUnitSuccessions,
    "support-activities" => tthc::support_activities::SupportActivities,
}

/// Where a command imports to, with the whole country in its reach.
///
/// # Errors
/// 503 when the database is away.
pub async fn target(
    db: Db,
    config: &Config,
    collection: &str,
    at: Instant,
    contract: Contract,
) -> Result<ImportTarget, ApiError> {
    let units = Arc::new(db.read(units_load).await?);
    let keys = keystore::load_or_create(&db, config, at).await.map_err(ApiError::internal)?;
    let scoped = Scoped::operator(Author::operator(&format!("import {collection}"), at), units)
        .with_personal(Arc::new(keys), None)
        .with_office(config.office_hours.0.as_slice().into());
    Ok(ImportTarget { db, contract: contract.into(), json_depth: config.json_depth.size(), scoped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_imported_over_http_is_imported_on_the_command_line() {
        let document = crate::openapi::document();
        let paths = document["paths"].as_object().unwrap();
        let mut served: Vec<_> =
            paths.keys().filter_map(|path| path.strip_suffix("/import")?.rsplit('/').next()).collect();
        served.sort_unstable();
        assert_eq!(served, COLLECTIONS);
    }
}
