//! What the database holds before an import: how much of the catalogue stands, and what of it somebody has
//! told otherwise.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::successions::model::SuccessionRow;
use crate::units::model::{UnitRow, VersionRow};
use kernel::db::DbConn;
use kernel::db::schema::{org_unit_successions, org_unit_versions, org_units};
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::tree::{OrgUnitId, SuccessionRelation};

/// What the database has of a planned record.
pub(super) enum Found {
    Nothing,
    Equal,
    Different,
}

/// What the database holds before the import.
pub(super) struct Standing {
    units: HashMap<OrgUnitId, (i64, bool)>,
    versions: HashMap<OrgUnitId, Vec<VersionRow>>,
    /// By the unit that ended.
    successions: HashMap<OrgUnitId, Vec<SuccessionRow>>,
    deleted: HashSet<(OrgUnitId, OrgUnitId)>,
}

impl Standing {
    pub(super) fn load(conn: &mut DbConn) -> Result<Self, ApiError> {
        use org_unit_successions as s;
        let units: Vec<(OrgUnitId, i64, Option<Instant>)> =
            org_units::table.select((org_units::id, org_units::version, org_units::deleted_at)).load(conn)?;
        let mut versions: HashMap<OrgUnitId, Vec<VersionRow>> = HashMap::new();
        let rows: Vec<VersionRow> = org_unit_versions::table
            .order((org_unit_versions::org_unit_id, org_unit_versions::valid_from))
            .select(VersionRow::as_select())
            .load(conn)?;
        for row in rows {
            versions.entry(row.org_unit_id).or_default().push(row);
        }
        let mut successions: HashMap<OrgUnitId, Vec<SuccessionRow>> = HashMap::new();
        let rows: Vec<SuccessionRow> =
            s::table.filter(s::deleted_at.is_null()).select(SuccessionRow::as_select()).load(conn)?;
        for row in rows {
            successions.entry(row.predecessor_id).or_default().push(row);
        }
        let deleted: Vec<(OrgUnitId, OrgUnitId)> = s::table
            .filter(s::deleted_at.is_not_null())
            .select((s::predecessor_id, s::successor_id))
            .load(conn)?;
        Ok(Self {
            units: units.into_iter().map(|(id, version, gone)| (id, (version, gone.is_some()))).collect(),
            versions,
            successions,
            deleted: deleted.into_iter().collect(),
        })
    }

    /// The versions that stand, by their codes.
    pub(super) fn bearers(&self) -> Bearers<'_> {
        let mut bearers: Bearers<'_> = HashMap::with_capacity(self.versions.len());
        let is_there =
            |row: &&VersionRow| self.units.get(&row.org_unit_id).is_some_and(|(_, is_deleted)| !is_deleted);
        for row in self.versions.values().flatten().filter(is_there) {
            if let Some(code) = row.code.as_deref() {
                bearers.entry(code).or_default().push(row);
            }
        }
        bearers
    }

    pub(super) fn unit(&self, unit: &UnitRow, versions: &[VersionRow]) -> Found {
        match self.units.get(&unit.id) {
            None => Found::Nothing,
            Some((1, false)) if self.versions.get(&unit.id).is_some_and(|rows| rows == versions) => {
                Found::Equal
            }
            Some(_) => Found::Different,
        }
    }

    pub(super) fn succession(&self, row: &SuccessionRow) -> Found {
        let same = |known: &SuccessionRow| {
            let SuccessionRow { created_at, updated_at, .. } = *known;
            *known == SuccessionRow { created_at, updated_at, ..row.clone() }
        };
        let known = self.successions.get(&row.predecessor_id).map(Vec::as_slice).unwrap_or_default();
        let is_whole = |known: &SuccessionRow| known.relation == SuccessionRelation::Merge;
        match known.iter().find(|known| known.successor_id == row.successor_id) {
            Some(known) if same(known) => Found::Equal,
            Some(_) => Found::Different,
            None if self.deleted.contains(&(row.predecessor_id, row.successor_id)) => Found::Different,
            // Somebody knows better where all of the unit went.
            None if known.iter().any(|known| is_whole(known) || is_whole(row)) => Found::Different,
            None => Found::Nothing,
        }
    }
}

/// The versions that stand, by their codes.
pub(super) type Bearers<'s> = HashMap<&'s str, Vec<&'s VersionRow>>;

/// The unit that bears the code of a planned version on a day of its span, entered by hand or corrected.
/// Beside it the code would mean two units, and neither would be found by it any more.
pub(super) fn other_bearer<'s>(bearers: &Bearers<'s>, planned: &VersionRow) -> Option<&'s VersionRow> {
    let known = bearers.get(planned.code.as_deref()?)?;
    known.iter().copied().find(|known| {
        known.org_unit_id != planned.org_unit_id
            && known.valid_from < planned.valid_to
            && planned.valid_from < known.valid_to
    })
}
