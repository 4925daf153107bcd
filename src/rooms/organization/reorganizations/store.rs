//! Acts in the database, as they are read.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    Reorganization, ReorganizationFilter, ReorganizationId, ReorganizationRow, ReorganizationSort,
    ReorganizedUnitNamed, SuccessionOfAct, UnitOfAct,
};
use crate::successions::model::OrgUnitSuccessionId;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{
    org_unit_successions, reorganization_successions, reorganizations, reorganized_units,
};
use kernel::error::{ApiError, Problem};
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::label;

fn matching<'a>(mut query: Query<'a>, filter: &'a ReorganizationFilter, _: NaiveDate) -> Query<'a> {
    use {reorganizations as r, reorganized_units as u};
    if let Some(unit) = filter.taking_part {
        let of_unit = u::table.filter(u::org_unit_id.eq(unit)).select(u::reorganization_id);
        query = query.filter(r::id.eq_any(of_unit));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(r::kind.eq(kind));
    }
    if let Some(day) = filter.effective_from {
        query = query.filter(r::effective_on.ge(day));
    }
    if let Some(day) = filter.effective_to {
        query = query.filter(r::effective_on.le(day));
    }
    query
}

kernel::unit_reads! {
    table: reorganizations, id: ReorganizationId, row: ReorganizationRow, answer: Reorganization,
    filter: ReorganizationFilter,
    order: ReorganizationSort::{EffectiveOn, EffectiveOnDesc} by effective_on: NaiveDate, EffectiveOnDesc first,
    days: [effective_from, effective_to], matching: matching, with: with_units,
    list: reorganization_list, get: reorganization_get, seen: reorganization_seen,
}

/// Tells the other units and the successions of acts.
fn with_units(
    conn: &mut DbConn,
    scoped: &Scoped,
    _: NaiveDate,
    acts: &mut [Reorganization],
) -> Result<(), ApiError> {
    let ids: Vec<ReorganizationId> = acts.iter().map(|act| act.id).collect();
    let mut units = units_of_acts(conn, &ids)?;
    let mut successions = successions_of_acts(conn, &ids)?;
    for act in acts {
        act.complete(scoped, units.remove(&act.id).unwrap_or_default());
        let tied = successions.remove(&act.id).unwrap_or_default();
        act.succession_ids = tied.into_iter().map(|tied| tied.succession_id).collect();
    }
    Ok(())
}

impl Reorganization {
    /// Tells the other units, as they were named then.
    pub(super) fn complete(&mut self, scoped: &Scoped, units: Vec<UnitOfAct>) {
        let day = self.kind.others_known_on(self.effective_on);
        let others = units.into_iter().filter(|unit| unit.position > 0).map(|unit| {
            let named = label(scoped.tree(), unit.org_unit_id, day);
            ReorganizedUnitNamed {
                org_unit_id: named.org_unit_id,
                org_unit_code: named.org_unit_code,
                org_unit_identifier: named.org_unit_identifier,
                org_unit_name: named.org_unit_name,
                partly: unit.partly,
                keeps_records: unit.keeps_records,
            }
        });
        self.others = others.collect();
    }
}

/// The units of acts, each in its place.
pub(super) fn units_of_acts(
    conn: &mut DbConn,
    ids: &[ReorganizationId],
) -> Result<HashMap<ReorganizationId, Vec<UnitOfAct>>, ApiError> {
    use reorganized_units as u;
    let rows: Vec<UnitOfAct> = u::table
        .filter(u::reorganization_id.eq_any(ids.to_vec()))
        .order((u::reorganization_id, u::position))
        .select(UnitOfAct::as_select())
        .load(conn)?;
    let mut found: HashMap<ReorganizationId, Vec<UnitOfAct>> = HashMap::with_capacity(ids.len());
    for row in rows {
        found.entry(row.reorganization_id).or_default().push(row);
    }
    Ok(found)
}

/// The successions of acts.
pub(super) fn successions_of_acts(
    conn: &mut DbConn,
    ids: &[ReorganizationId],
) -> Result<HashMap<ReorganizationId, Vec<SuccessionOfAct>>, ApiError> {
    use reorganization_successions as s;
    let rows: Vec<SuccessionOfAct> = s::table
        .filter(s::reorganization_id.eq_any(ids.to_vec()))
        .order(s::succession_id)
        .select(SuccessionOfAct::as_select())
        .load(conn)?;
    let mut found: HashMap<ReorganizationId, Vec<SuccessionOfAct>> = HashMap::with_capacity(ids.len());
    for row in rows {
        found.entry(row.reorganization_id).or_default().push(row);
    }
    Ok(found)
}

/// Those of some successions that belong to an act, and change with it alone.
///
/// # Errors
/// When the database cannot be read.
pub(crate) fn bound_successions(
    conn: &mut DbConn,
    ids: Vec<OrgUnitSuccessionId>,
) -> Result<HashSet<OrgUnitSuccessionId>, ApiError> {
    use reorganization_successions as s;
    let rows: Vec<OrgUnitSuccessionId> =
        s::table.filter(s::succession_id.eq_any(ids)).select(s::succession_id).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Why a succession is not changed by itself.
#[must_use]
pub(crate) fn belongs_to_an_act() -> ApiError {
    ApiError::detailed(
        Problem::InUse,
        "Quan hệ kế thừa này thuộc về một bản ghi sắp xếp tổ chức bộ máy; hãy sửa hoặc xóa bản ghi đó.",
        "This succession belongs to an act of reorganization; change or delete that.",
    )
}

/// The row of an act, in reach.
pub(super) fn reorganization_row(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ReorganizationId,
) -> Result<ReorganizationRow, ApiError> {
    row_find(conn, scoped, id)
}

/// The acts about these units on these days.
pub(super) fn acts_about(
    conn: &mut DbConn,
    units: HashSet<OrgUnitId>,
    days: HashSet<NaiveDate>,
) -> Result<Vec<ReorganizationRow>, ApiError> {
    use reorganizations as r;
    let about = standing().filter(r::org_unit_id.eq_any(units)).filter(r::effective_on.eq_any(days));
    Ok(about.select(ReorganizationRow::as_select()).load(conn)?)
}

/// Whether a later act is about one of these units, or has it among its others.
pub(super) fn is_built_on(
    conn: &mut DbConn,
    units: Vec<OrgUnitId>,
    after: NaiveDate,
) -> Result<bool, ApiError> {
    use {reorganizations as r, reorganized_units as u};
    let of_units = u::table.filter(u::org_unit_id.eq_any(units)).select(u::reorganization_id);
    let later = standing().filter(r::effective_on.gt(after)).filter(r::id.eq_any(of_units));
    Ok(later.select(r::id).first::<ReorganizationId>(conn).optional()?.is_some())
}

/// Whether one of these units is said to have gone into another.
pub(super) fn is_any_succeeded(conn: &mut DbConn, units: &[OrgUnitId]) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    let standing = s::table.filter(s::predecessor_id.eq_any(units).and(s::deleted_at.is_null()));
    Ok(diesel::select(diesel::dsl::exists(standing)).get_result(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reorganizations::model::ReorganizationKind;
    use kernel::unit_records::plans::assert_indexed;

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let none = ReorganizationFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let filters = [
            none(),
            ReorganizationFilter { sort: Some(ReorganizationSort::EffectiveOn), ..none() },
            ReorganizationFilter {
                kind: Some(ReorganizationKind::Merge),
                effective_from: day,
                effective_to: day,
                ..none()
            },
        ];
        assert_indexed("reorganizations", filters.len(), |filter, way, day, page| {
            let query = first_rows(way, &filters[filter], day, page).unwrap();
            query.select(ReorganizationRow::as_select())
        });
    }
}
