//! What refers to a unit: every table that names one is asked here before a unit is deleted.

use diesel::dsl;
use diesel::prelude::*;

use crate::db::DbConn;
use crate::db::schema::{
    citizen_feedback, clients, dossiers, focal_points, grants, org_unit_successions, org_unit_versions,
    org_units, period_closures, portal_ledger, procedure_postings, procedure_processes,
    procedure_publications, procedure_reviews, processing_returns, record_declarations, satisfaction_ratings,
    support_activities, users,
};
use crate::domain::organization::tree::OrgUnitId;
use crate::error::ApiError;

/// Whether any record that is not deleted names the unit.
pub(super) fn is_used(conn: &mut DbConn, id: OrgUnitId) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    use org_unit_versions as v;
    use procedure_postings as po;
    use procedure_processes as pr;
    use procedure_publications as pu;
    use processing_returns as r;
    use record_declarations as d;
    let children = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::parent_id.eq(id));
    let standing = || s::table.filter(s::deleted_at.is_null());
    let ended = standing().filter(s::predecessor_id.eq(id));
    let founded = standing().filter(s::successor_id.eq(id));
    let returns =
        r::table.filter(r::deleted_at.is_null()).filter(r::org_unit_id.eq(id).or(r::province_id.eq(id)));
    let closings = period_closures::table
        .filter(period_closures::org_unit_id.eq(id).or(period_closures::province_id.eq(id)));
    let people = users::table.filter(users::deleted_at.is_null()).filter(users::org_unit_id.eq(id));
    let systems = clients::table.filter(clients::deleted_at.is_null()).filter(clients::org_unit_id.eq(id));
    let granted = grants::table.filter(grants::deleted_at.is_null()).filter(grants::org_unit_id.eq(id));
    let postings =
        po::table.filter(po::deleted_at.is_null()).filter(po::org_unit_id.eq(id).or(po::province_id.eq(id)));
    let reviews = procedure_reviews::table
        .filter(procedure_reviews::deleted_at.is_null())
        .filter(procedure_reviews::org_unit_id.eq(id).or(procedure_reviews::province_id.eq(id)));
    let activities = support_activities::table
        .filter(support_activities::deleted_at.is_null())
        .filter(support_activities::org_unit_id.eq(id).or(support_activities::province_id.eq(id)));
    let focal = focal_points::table
        .filter(focal_points::deleted_at.is_null())
        .filter(focal_points::org_unit_id.eq(id).or(focal_points::province_id.eq(id)));
    let feedback = citizen_feedback::table.filter(citizen_feedback::deleted_at.is_null()).filter(
        citizen_feedback::org_unit_id.eq(id).or(citizen_feedback::province_id.eq(id)).or(
            citizen_feedback::receiving_unit_id
                .is_not_null()
                .and(citizen_feedback::receiving_unit_id.assume_not_null().eq(id)),
        ),
    );
    let ratings = satisfaction_ratings::table
        .filter(satisfaction_ratings::deleted_at.is_null())
        .filter(satisfaction_ratings::org_unit_id.eq(id).or(satisfaction_ratings::province_id.eq(id)));
    let processes = pr::table.filter(pr::deleted_at.is_null()).filter(pr::org_unit_id.eq(id));
    let resolved = dossiers::table
        .filter(dossiers::deleted_at.is_null())
        .filter(dossiers::org_unit_id.eq(id).or(dossiers::province_id.eq(id)));
    let received = dossiers::table
        .filter(dossiers::deleted_at.is_null())
        .filter(dossiers::receiving_unit_id.eq(id).or(dossiers::receiving_province_id.eq(id)))
        .filter(dossiers::receiving_unit_id.ne(dossiers::org_unit_id));
    let exchanged =
        portal_ledger::table.filter(portal_ledger::org_unit_id.eq(id).or(portal_ledger::province_id.eq(id)));
    let publications = pu::table.filter(pu::deleted_at.is_null()).filter(pu::org_unit_id.eq(id));
    let declarations =
        d::table.filter(d::deleted_at.is_null()).filter(d::org_unit_id.eq(id).or(d::province_id.eq(id)));
    Ok(diesel::select(dsl::exists(children)).get_result(conn)?
        || diesel::select(dsl::exists(ended)).get_result(conn)?
        || diesel::select(dsl::exists(founded)).get_result(conn)?
        || diesel::select(dsl::exists(returns)).get_result(conn)?
        || diesel::select(dsl::exists(closings)).get_result(conn)?
        || diesel::select(dsl::exists(people)).get_result(conn)?
        || diesel::select(dsl::exists(systems)).get_result(conn)?
        || diesel::select(dsl::exists(granted)).get_result(conn)?
        || diesel::select(dsl::exists(postings)).get_result(conn)?
        || diesel::select(dsl::exists(reviews)).get_result(conn)?
        || diesel::select(dsl::exists(activities)).get_result(conn)?
        || diesel::select(dsl::exists(focal)).get_result(conn)?
        || diesel::select(dsl::exists(feedback)).get_result(conn)?
        || diesel::select(dsl::exists(ratings)).get_result(conn)?
        || diesel::select(dsl::exists(processes)).get_result(conn)?
        || diesel::select(dsl::exists(publications)).get_result(conn)?
        || diesel::select(dsl::exists(resolved)).get_result(conn)?
        || diesel::select(dsl::exists(received)).get_result(conn)?
        || diesel::select(dsl::exists(exchanged)).get_result(conn)?
        || diesel::select(dsl::exists(declarations)).get_result(conn)?)
}
