//! `cchc import COLLECTION FILE`: which collections take in files on the command line. They are those
//! that do so over HTTP.

use std::sync::Arc;

use kernel::api::contract::Contract;
use kernel::api::sheet::file::{ImportFile, ImportTarget, ImportedFile, Progress, import_file};
use kernel::audit::journal::Author;
use kernel::auth::scope::Scoped;
use kernel::auth::{self, keystore};
use kernel::config::Config;
use kernel::db::Db;
use kernel::error::ApiError;
use kernel::reporting;
use kernel::state::{Clock, units_load};

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
    "asset-declaration-returns" => reporting::returns::Returns<civil_service::asset_declaration_returns::AssetDeclarations>,
    "audit-recommendations" => public_finance::audit_recommendations::AuditRecommendations,
    "autonomy-returns" => reporting::returns::Returns<public_finance::autonomy_returns::Autonomy>,
    "boundary-returns" => reporting::returns::Returns<organization::boundary_returns::Boundaries>,
    "budget-disclosures" => public_finance::budget_disclosures::BudgetDisclosures,
    "citizen-feedback" => tthc::feedback::CitizenFeedbacks,
    "delegations" => organization::delegations::Delegations,
    "deployments" => e_government::deployments::Deployments,
    "digital-certificates" => e_government::digital_certificates::DigitalCertificates,
    "directives" => steering::directives::Directives,
    "disbursements" => public_finance::disbursements::Disbursements,
    "discipline-inspections" => civil_service::discipline_inspections::DisciplineInspections,
    "discipline-visits" => civil_service::discipline_visits::DisciplineVisits,
    "document-relations" => institutions::document_relations::DocumentRelations,
    "document-reviews" => institutions::document_reviews::DocumentReviews,
    "dossiers" => tthc::dossiers::Dossiers,
    "final-accounts" => public_finance::final_accounts::FinalAccounts,
    "focal-points" => tthc::focal_points::FocalPoints,
    "grants" => auth::accounts::grants::Grants,
    "holidays" => reporting::holidays::Holidays,
    "investment-plans" => public_finance::investment_plans::InvestmentPlans,
    "job-position-schemes" => civil_service::job_position_schemes::JobPositionSchemes,
    "law-enforcement-monitoring" => institutions::law_enforcement_monitoring::LawEnforcementMonitorings,
    "leadership-returns" => reporting::returns::Returns<organization::leadership_returns::Leadership>,
    "legal-documents" => institutions::legal_documents::LegalDocuments,
    "measure-returns" => reporting::returns::Returns<e_government::measure_returns::Measures>,
    "officials" => civil_service::officials::Officials,
    "org-units" => organization::units::OrgUnits,
    "periods" => reporting::periods::Periods,
    "personnel-decisions" => civil_service::personnel_decisions::records::PersonnelDecisions,
    "plan-adjustments" => public_finance::plan_adjustments::PlanAdjustments,
    "procedure-fields" => tthc::procedures::fields::ProcedureFields,
    "procedure-postings" => tthc::postings::ProcedurePostings,
    "procedure-processes" => tthc::processes::ProcedureProcesses,
    "procedure-publications" => tthc::publications::ProcedurePublications,
    "procedure-reviews" => tthc::reviews::ProcedureReviews,
    "procedures" => tthc::procedures::Procedures,
    "processing-returns" => tthc::processing_returns::ProcessingReturns,
    "qualification-returns" => reporting::returns::Returns<civil_service::qualification_returns::Qualifications>,
    "quality-ratings" => civil_service::quality_ratings::QualityRatings,
    "record-declarations" => tthc::record_declarations::RecordDeclarations,
    "remittances" => public_finance::remittances::Remittances,
    "reorganizations" => organization::reorganizations::Reorganizations,
    "satisfaction-ratings" => tthc::satisfaction_ratings::SatisfactionRatings,
    "spending-rules" => public_finance::spending_rules::SpendingRules,
    "staff-streamlining" => civil_service::staff_streamlining::StaffStreamlinings,
    "staffing-returns" => reporting::returns::Returns<organization::staffing_returns::Staffing>,
    "successions" => organization::successions::OrgUnitSuccessions,
    "support-activities" => tthc::support_activities::SupportActivities,
    "systems" => e_government::systems::Systems,
    "training-courses" => civil_service::training_courses::TrainingCourses,
    "work-diary-returns" => reporting::returns::Returns<civil_service::work_diary_returns::WorkDiaries>,
}

/// Where a command imports to, with the whole country in its reach.
///
/// # Errors
/// 503 when the database is away.
pub async fn target(
    db: Db,
    config: &Config,
    collection: &str,
    clock: Clock,
    contract: Contract,
) -> Result<ImportTarget, ApiError> {
    let at = clock.now();
    let units = Arc::new(db.read(units_load).await?);
    let keys = keystore::load_or_create(&db, config, at).await.map_err(ApiError::internal)?;
    let scoped = Scoped::operator(Author::operator(&format!("import {collection}"), at), units)
        .with_personal(Arc::new(keys), None)
        .with_office(config.office_hours.0.as_slice().into());
    Ok(ImportTarget { db, contract: contract.into(), json_depth: config.json_depth.size(), scoped, clock })
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
