//! What the six-month report of Phụng Hiệp says of the reform rooms, as records and returns: each with
//! the sentence that it comes from. A file of `report/` holds the bodies of a collection, a line each, as
//! its `POST` takes them; a unit or system that the report does not name has a number instead of a name.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::json;

use civil_service::asset_declaration_returns::AssetDeclarations;
use civil_service::discipline_inspections::DisciplineInspections;
use civil_service::discipline_visits::DisciplineVisits;
use civil_service::job_position_schemes::JobPositionSchemes;
use civil_service::officials::Officials;
use civil_service::personnel_decisions::records::PersonnelDecisions;
use civil_service::qualification_returns::Qualifications;
use civil_service::quality_ratings::QualityRatings;
use civil_service::staff_streamlining::StaffStreamlinings;
use civil_service::training_courses::TrainingCourses;
use civil_service::work_diary_returns::WorkDiaries;
use e_government::deployments::{DeploymentCreate, Deployments};
use e_government::digital_certificates::DigitalCertificates;
use e_government::measure_returns::Measures;
use e_government::systems::{SystemId, SystemKind, Systems};
use institutions::document_relations::DocumentRelations;
use institutions::document_reviews::DocumentReviews;
use institutions::law_enforcement_monitoring::LawEnforcementMonitorings;
use institutions::legal_documents::LegalDocuments;
use kernel::api::IfMatch;
use kernel::api::records::{Records, add_missing};
use kernel::audit::journal::Author;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{systems, unit_returns};
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::reporting::returns::{ReturnForm, ReturnState, Returns, UnitReturnId, submit};
use kernel::state::AppState;
use kernel::tree::{OrgTree, OrgUnitId, UnitClass, UnitKind};
use organization::boundary_returns::Boundaries;
use organization::delegations::Delegations;
use organization::leadership_returns::Leadership;
use organization::reorganizations::Reorganizations;
use organization::staffing_returns::Staffing;
use organization::units::OrgUnits;
use organization::units::bodies::OrgUnitPatch;
use organization::units::writes::org_unit_correct;
use public_finance::audit_recommendations::AuditRecommendations;
use public_finance::autonomy_returns::Autonomy;
use public_finance::budget_disclosures::BudgetDisclosures;
use public_finance::disbursements::Disbursements;
use public_finance::final_accounts::FinalAccounts;
use public_finance::investment_plans::InvestmentPlans;
use public_finance::plan_adjustments::PlanAdjustments;
use public_finance::remittances::Remittances;
use public_finance::spending_rules::SpendingRules;
use steering::directives::Directives;

/// The last day that the report covers.
const LAST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 7, 2);

/// The district.
const DISTRICT: &str = "934";

/// Its communes of class II; the others are of class I.
const OF_SECOND_CLASS: [&str; 4] = ["Cây Dương", "Búng Tàu", "Kinh Cùng", "Tân Long"];

/// Which kinds of units use a system, as the report says.
const USED_BY: [(SystemKind, &[UnitKind], &str); 5] = {
    use UnitKind::{Commune, EducationUnit, PublicServiceUnit, SpecialisedAgency};
    [
        (
            SystemKind::DocumentManagement,
            &[SpecialisedAgency, PublicServiceUnit, EducationUnit, Commune],
            "đến nay đã được triển khai đến 100% các cơ quan đơn vị gồm: 11 cơ quan chuyên môn, 4 đơn vị sự nghiệp khác trực \
             thuộc UBND huyện, 63 đơn vị sự nghiệp Giáo dục và Đào tạo và 15 xã, thị trấn.",
        ),
        (
            SystemKind::GovernmentReporting,
            &[SpecialisedAgency, Commune],
            "Hệ thống thông tin báo cáo Văn phòng Chính phủ được triển khai đến 11 cơ quan chuyên môn cấp huyện và 15/15 xã, \
             thị trấn, đạt tỷ lệ 100%.",
        ),
        (
            SystemKind::CadreDatabase,
            &[SpecialisedAgency, PublicServiceUnit, EducationUnit, Commune],
            "Cơ sở dữ liệu quốc gia về công chức, viên chức đã triển khai đến tất cả các cơ quan chuyên môn, đơn vị sự nghiệp, \
             UBND các xã, thị trấn, 63 trường học trên địa bàn huyện.",
        ),
        (
            SystemKind::OneStop,
            &[Commune],
            "Đến nay, đã triển khai đồng bộ trên toàn địa bàn huyện, tập trung ở Bộ phận tiếp nhận và trả kết quả huyện và các \
             xã, thị trấn.",
        ),
        (
            SystemKind::VideoConference,
            &[Commune],
            "Mạng truyền số liệu chuyên dùng được triển khai đến Ủy ban nhân dân huyện và xã, thị trấn được sử dụng chủ yếu để \
             đảm bảo hoạt động của Hệ thống Hội nghị truyền hình trực tuyến từ xã, thị trấn đến trung ương",
        ),
    ]
};

/// Adds the records of a collection that are not there yet.
macro_rules! collection {
    ($tx:ident, $scoped:ident, $($records:ty => $file:literal),+ $(,)?) => {
        $(add::<$records>($tx, $scoped, include_str!(concat!("report/", $file, ".ndjson")))?;)+
    };
}

fn add<R: Records>(tx: &mut WriteTx<'_>, scoped: &Scoped, lines: &str) -> Result<Recorded<usize>, ApiError>
where
    R::Body: DeserializeOwned,
{
    let bodies = lines.lines().map(serde_json::from_str).collect::<Result<Vec<_>, _>>();
    add_missing::<R>(tx, scoped, bodies.map_err(ApiError::internal)?)
}

/// Loads what is not there yet: the units first, since everything else names them, then what became of them.
///
/// # Errors
/// When a body of the report is refused, or the database is away.
pub async fn load(state: &AppState) -> Result<(), ApiError> {
    let author = Author::operator("demo", state.now());
    let of_units = Scoped::operator(author.clone(), state.units());
    let units = move |tx: &mut WriteTx<'_>| {
        let bodies = include_str!("report/org-units.ndjson").lines().map(serde_json::from_str);
        let bodies = bodies.collect::<Result<Vec<_>, _>>().map_err(ApiError::internal)?;
        let made = add_missing::<OrgUnits>(tx, &of_units, bodies)?;
        classify(tx, &of_units)?;
        Ok(made)
    };
    state.db.write(author.clone(), units).await?;
    state.units_changed().await?;
    let of_acts = Scoped::operator(author.clone(), state.units());
    let acts = move |tx: &mut WriteTx<'_>| {
        add::<Reorganizations>(tx, &of_acts, include_str!("report/reorganizations.ndjson"))
    };
    state.db.write(author.clone(), acts).await?;
    state.units_changed().await?;
    let scoped = Scoped::operator(author.clone(), state.units());
    let records = move |tx: &mut WriteTx<'_>| {
        let scoped = &scoped;
        collection!(tx, scoped,
            Returns<Staffing> => "staffing-returns",
            Returns<Leadership> => "leadership-returns",
            Returns<Boundaries> => "boundary-returns",
            Returns<Qualifications> => "qualification-returns",
            Returns<WorkDiaries> => "work-diary-returns",
            Returns<Autonomy> => "autonomy-returns",
            Returns<Measures> => "measure-returns",
            LegalDocuments => "legal-documents",
            DocumentRelations => "document-relations",
            DocumentReviews => "document-reviews",
            LawEnforcementMonitorings => "law-enforcement-monitoring",
            Delegations => "delegations",
            PersonnelDecisions => "personnel-decisions",
            JobPositionSchemes => "job-position-schemes",
            TrainingCourses => "training-courses",
            StaffStreamlinings => "staff-streamlining",
            DisciplineInspections => "discipline-inspections",
            DisciplineVisits => "discipline-visits",
            InvestmentPlans => "investment-plans",
            Disbursements => "disbursements",
            AuditRecommendations => "audit-recommendations",
            Remittances => "remittances",
            BudgetDisclosures => "budget-disclosures",
            FinalAccounts => "final-accounts",
            SpendingRules => "spending-rules",
            Systems => "systems",
            Directives => "directives",
        );
        // A commune as it is today files what the district filed then, and what the report has no figures of, with
        // made-up ones.
        collection!(tx, scoped,
            Returns<Staffing> => "today/staffing-returns",
            Returns<Qualifications> => "today/qualification-returns",
            Returns<AssetDeclarations> => "today/asset-declaration-returns",
            Returns<Autonomy> => "today/autonomy-returns",
            Returns<Measures> => "today/measure-returns",
            LawEnforcementMonitorings => "today/law-enforcement-monitoring",
            QualityRatings => "today/quality-ratings",
            Officials => "today/officials",
            InvestmentPlans => "today/investment-plans",
            PlanAdjustments => "today/plan-adjustments",
            DigitalCertificates => "today/digital-certificates",
        );
        hand_in::<Staffing>(tx, scoped)?;
        hand_in::<Leadership>(tx, scoped)?;
        hand_in::<Boundaries>(tx, scoped)?;
        hand_in::<Qualifications>(tx, scoped)?;
        hand_in::<WorkDiaries>(tx, scoped)?;
        hand_in::<AssetDeclarations>(tx, scoped)?;
        hand_in::<Autonomy>(tx, scoped)?;
        hand_in::<Measures>(tx, scoped)?;
        deploy(tx, scoped)
    };
    state.db.write(author, records).await?;
    Ok(())
}

/// The units of a kind under the district, as it stood at the end of the report.
fn of_kind(tree: &OrgTree, kind: UnitKind) -> Vec<OrgUnitId> {
    let below = LAST_DAY.and_then(|day| Some((day, tree.by_code(DISTRICT, day)?)));
    below.map_or_else(Vec::new, |(day, district)| {
        let of_kind = |unit: &OrgUnitId| tree.version_at(*unit, day).is_some_and(|unit| unit.kind == kind);
        tree.subtree(district, day).into_iter().filter(of_kind).collect()
    })
}

/// "11 đơn vị hành chính loại I ... và 04 đơn vị loại II".
fn classify(tx: &mut WriteTx<'_>, scoped: &Scoped) -> Result<(), ApiError> {
    for commune in of_kind(scoped.tree(), UnitKind::Commune) {
        let name =
            LAST_DAY.and_then(|day| scoped.tree().version_at(commune, day)).map(|unit| unit.name.as_str());
        let is_second = name.is_some_and(|name| OF_SECOND_CLASS.contains(&name));
        let class = if is_second { UnitClass::Ii } else { UnitClass::I };
        let patch: OrgUnitPatch =
            serde_json::from_value(json!({"unit_class": class})).map_err(ApiError::internal)?;
        let classified = |present: &_| patch.onto(present);
        org_unit_correct(tx, scoped, (commune, LAST_DAY), &IfMatch::any(), classified)?;
    }
    Ok(())
}

/// Hands in what is a draft of a form.
fn hand_in<F: ReturnForm>(tx: &mut WriteTx<'_>, scoped: &Scoped) -> Result<(), ApiError> {
    let drafts: Vec<UnitReturnId> = unit_returns::table
        .filter(unit_returns::form.eq(F::RECORD_TYPE.as_str()).and(unit_returns::deleted_at.is_null()))
        .filter(unit_returns::state.eq(ReturnState::Draft))
        .select(unit_returns::id)
        .load(tx.conn())?;
    drafts.into_iter().try_for_each(|draft| submit::<F>(tx, scoped, draft, None).map(|_| ()))
}

/// Tells which units use the systems.
fn deploy(tx: &mut WriteTx<'_>, scoped: &Scoped) -> Result<Recorded<usize>, ApiError> {
    let held: Vec<(SystemId, SystemKind)> = systems::table
        .filter(systems::deleted_at.is_null())
        .select((systems::id, systems::kind))
        .load(tx.conn())?;
    let mut bodies = Vec::new();
    for (system, kinds, sentence) in held.iter().flat_map(|(system, kind)| {
        let used = USED_BY.iter().filter(move |(used, ..)| used == kind);
        used.map(move |(_, kinds, sentence)| (*system, *kinds, *sentence))
    }) {
        let units = kinds.iter().flat_map(|kind| of_kind(scoped.tree(), *kind));
        bodies.extend(units.filter_map(|unit| {
            Some(DeploymentCreate {
                org_unit_id: Some(unit),
                org_unit_identifier: None,
                org_unit_code: None,
                system_id: system,
                in_use_from: LAST_DAY?,
                in_use_to: None,
                users: None,
                note: None,
                source_note: Some(sentence.to_owned()),
            })
        }));
    }
    add_missing::<Deployments>(tx, scoped, bodies)
}
