//! What refers to a unit: every table that names one is asked here before a unit is deleted.

use diesel::dsl;
use diesel::prelude::*;

use kernel::db::DbConn;
use kernel::db::schema::{
    audit_recommendations, budget_disclosures, citizen_feedback, clients, delegations, deployments,
    digital_certificates, directives, disbursements, discipline_inspections, discipline_visits,
    document_relations, document_reviews, dossiers, final_accounts, focal_points, grants, investment_plans,
    job_position_schemes, law_enforcement_monitoring, legal_documents, officials, org_unit_successions,
    org_unit_versions, org_units, period_closures, personnel_decisions, plan_adjustments, portal_ledger,
    procedure_postings, procedure_processes, procedure_publications, procedure_reviews, processing_returns,
    quality_ratings, record_declarations, remittances, reorganizations, reorganized_units,
    satisfaction_ratings, spending_rules, staff_streamlining, support_activities, systems, training_courses,
    unit_returns, users,
};
use kernel::error::ApiError;
use kernel::tree::OrgUnitId;

/// Whether one of these tables, of records that belong to a unit and a province, holds a record of the unit
/// that is not deleted.
macro_rules! is_owner {
    ($conn:ident, $id:ident, [$($table:ident),* $(,)?]) => {
        false $(|| diesel::select(dsl::exists(
            $table::table
                .filter($table::deleted_at.is_null())
                .filter($table::org_unit_id.eq($id).or($table::province_id.eq($id))),
        ))
        .get_result($conn)?)*
    };
}

/// Whether any record that is not deleted names the unit.
pub(super) fn is_used(conn: &mut DbConn, id: OrgUnitId) -> Result<bool, ApiError> {
    let owns = is_owner!(
        conn,
        id,
        [
            audit_recommendations,
            budget_disclosures,
            citizen_feedback,
            delegations,
            deployments,
            digital_certificates,
            directives,
            disbursements,
            discipline_inspections,
            discipline_visits,
            document_relations,
            document_reviews,
            dossiers,
            final_accounts,
            focal_points,
            investment_plans,
            job_position_schemes,
            law_enforcement_monitoring,
            legal_documents,
            officials,
            personnel_decisions,
            plan_adjustments,
            procedure_postings,
            procedure_reviews,
            processing_returns,
            quality_ratings,
            record_declarations,
            remittances,
            reorganizations,
            satisfaction_ratings,
            spending_rules,
            staff_streamlining,
            support_activities,
            systems,
            training_courses,
            unit_returns,
        ]
    );
    Ok(owns || is_named(conn, id)?)
}

/// Whether it is named otherwise than as the owner of a record.
fn is_named(conn: &mut DbConn, id: OrgUnitId) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    use org_unit_versions as v;
    use procedure_processes as pr;
    use procedure_publications as pu;
    let children = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::parent_id.eq(id));
    let standing = || s::table.filter(s::deleted_at.is_null());
    let ended = standing().filter(s::predecessor_id.eq(id));
    let founded = standing().filter(s::successor_id.eq(id));
    let reorganized = reorganized_units::table
        .inner_join(reorganizations::table.on(reorganizations::id.eq(reorganized_units::reorganization_id)))
        .filter(reorganizations::deleted_at.is_null())
        .filter(reorganized_units::org_unit_id.eq(id));
    let receives = delegations::table
        .filter(delegations::deleted_at.is_null())
        .filter(delegations::receiving_unit_id.is_not_null())
        .filter(delegations::receiving_unit_id.assume_not_null().eq(id));
    let closings = period_closures::table
        .filter(period_closures::org_unit_id.eq(id).or(period_closures::province_id.eq(id)));
    let people = users::table.filter(users::deleted_at.is_null()).filter(users::org_unit_id.eq(id));
    let systems = clients::table.filter(clients::deleted_at.is_null()).filter(clients::org_unit_id.eq(id));
    let granted = grants::table.filter(grants::deleted_at.is_null()).filter(grants::org_unit_id.eq(id));
    let feedback = citizen_feedback::table
        .filter(citizen_feedback::deleted_at.is_null())
        .filter(citizen_feedback::receiving_unit_id.is_not_null())
        .filter(citizen_feedback::receiving_unit_id.assume_not_null().eq(id));
    let documents = legal_documents::table.filter(legal_documents::deleted_at.is_null()).filter(
        (legal_documents::territory_unit_id.is_not_null())
            .and(legal_documents::territory_unit_id.assume_not_null().eq(id))
            .or(legal_documents::reviewing_unit_id
                .is_not_null()
                .and(legal_documents::reviewing_unit_id.assume_not_null().eq(id))),
    );
    let processes = pr::table.filter(pr::deleted_at.is_null()).filter(pr::org_unit_id.eq(id));
    let received = dossiers::table
        .filter(dossiers::deleted_at.is_null())
        .filter(dossiers::receiving_unit_id.eq(id).or(dossiers::receiving_province_id.eq(id)))
        .filter(dossiers::receiving_unit_id.ne(dossiers::org_unit_id));
    let exchanged =
        portal_ledger::table.filter(portal_ledger::org_unit_id.eq(id).or(portal_ledger::province_id.eq(id)));
    // Where it has a statistics code, visits name it by that: they name whoever bears it on their day.
    let visited = discipline_visits::table
        .filter(discipline_visits::deleted_at.is_null())
        .filter(discipline_visits::visited_unit_code.eq(id.to_string()));
    let publications = pu::table.filter(pu::deleted_at.is_null()).filter(pu::org_unit_id.eq(id));
    Ok(diesel::select(dsl::exists(children)).get_result(conn)?
        || diesel::select(dsl::exists(ended)).get_result(conn)?
        || diesel::select(dsl::exists(founded)).get_result(conn)?
        || diesel::select(dsl::exists(reorganized)).get_result(conn)?
        || diesel::select(dsl::exists(receives)).get_result(conn)?
        || diesel::select(dsl::exists(closings)).get_result(conn)?
        || diesel::select(dsl::exists(people)).get_result(conn)?
        || diesel::select(dsl::exists(systems)).get_result(conn)?
        || diesel::select(dsl::exists(granted)).get_result(conn)?
        || diesel::select(dsl::exists(feedback)).get_result(conn)?
        || diesel::select(dsl::exists(documents)).get_result(conn)?
        || diesel::select(dsl::exists(processes)).get_result(conn)?
        || diesel::select(dsl::exists(publications)).get_result(conn)?
        || diesel::select(dsl::exists(visited)).get_result(conn)?
        || diesel::select(dsl::exists(received)).get_result(conn)?
        || diesel::select(dsl::exists(exchanged)).get_result(conn)?)
}
