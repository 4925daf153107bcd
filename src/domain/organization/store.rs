//! Units in the database: identities, versions and successions.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::catalogue::{self, ChangeKind, PlannedSuccession, PlannedUnit};
use super::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitKind, UnitVersion};
use crate::audit::journal::{Entry, JournalAction};
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{org_unit_successions, org_unit_versions, org_units};
use crate::db::types::Instant;
use crate::db::{DbConn, WriteTx};
use crate::domain::validity::{Certainty, OPEN_BEGINNING, OPEN_END};
use crate::error::{ApiError, Problem};
use crate::text::fold;
use crate::{id, on_db, text_enum};

id! {
    /// Id of one version of a unit (phiên bản của đơn vị).
    OrgUnitVersionId
}

id! {
    /// Id of a succession between two units (quan hệ kế thừa).
    OrgUnitSuccessionId
}

impl From<Uuid> for OrgUnitVersionId {
    fn from(value: Uuid) -> Self {
        Self(value.into())
    }
}

impl From<Uuid> for OrgUnitSuccessionId {
    fn from(value: Uuid) -> Self {
        Self(value.into())
    }
}

text_enum! {
    /// Class of a unit (phân loại đơn vị hành chính), on which posts and deputies depend.
    pub enum UnitClass {
        /// Class I.
        I => "i", "loại I";
        /// Class II.
        Ii => "ii", "loại II";
        /// Class III.
        Iii => "iii", "loại III";
    }
}

/// The whole tree, as every instance holds it in memory.
///
/// # Errors
/// When the database cannot be read.
pub fn tree_load(conn: &mut DbConn) -> Result<OrgTree, ApiError> {
    type Row = (
        OrgUnitId,
        Option<String>,
        Option<String>,
        String,
        String,
        UnitKind,
        Option<OrgUnitId>,
        NaiveDate,
        NaiveDate,
    );
    use org_unit_versions as v;
    let rows: Vec<Row> = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .select((
            v::org_unit_id,
            v::code,
            v::identifier,
            v::name,
            v::full_name,
            v::kind,
            v::parent_id,
            v::valid_from,
            v::valid_to,
        ))
        .load(conn)?;
    let versions = rows
        .into_iter()
        .map(|(org_unit_id, code, identifier, name, full_name, kind, parent_id, from, to)| UnitVersion {
            org_unit_id,
            code,
            identifier,
            name,
            full_name,
            kind,
            parent_id,
            valid_from: (from != OPEN_BEGINNING).then_some(from),
            valid_to: (to != OPEN_END).then_some(to),
        })
        .collect();
    use org_unit_successions as s;
    let rows: Vec<(OrgUnitId, OrgUnitId, SuccessionRelation, NaiveDate, bool)> = s::table
        .filter(s::deleted_at.is_null())
        .select((s::predecessor_id, s::successor_id, s::relation, s::effective_on, s::keeps_records))
        .load(conn)?;
    let successions = rows
        .into_iter()
        .map(|(predecessor_id, successor_id, relation, effective_on, keeps_records)| Succession {
            predecessor_id,
            successor_id,
            relation,
            effective_on,
            keeps_records,
        })
        .collect();
    Ok(OrgTree::new(versions, successions))
}

/// An identity (định danh đơn vị).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = org_units, treat_none_as_default_value = false)]
pub struct UnitRow {
    /// Its id.
    pub id: OrgUnitId,
    /// Version of the record: one more with every change to any of its versions.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// What a unit is during one span of days, as it is stored.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, Identifiable, AsChangeset,
)]
#[diesel(table_name = org_unit_versions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct VersionRow {
    /// Its id.
    pub id: OrgUnitVersionId,
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    pub identifier: Option<String>,
    /// Name without its kind.
    pub name: String,
    /// Name with its kind.
    pub full_name: String,
    /// The name as it is searched and sorted.
    #[serde(skip)]
    pub name_folded: String,
    /// Kind.
    pub kind: UnitKind,
    /// Class (phân loại).
    pub unit_class: Option<UnitClass>,
    /// The unit above.
    pub parent_id: Option<OrgUnitId>,
    /// First day; [`OPEN_BEGINNING`] when it is not known.
    #[serde(serialize_with = "open_day")]
    pub valid_from: NaiveDate,
    /// How sure the first day is.
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds; [`OPEN_END`] while it does.
    #[serde(serialize_with = "open_day")]
    pub valid_to: NaiveDate,
    /// How sure that day is.
    pub valid_to_certainty: Certainty,
    /// What began this version.
    pub change_kind: Option<ChangeKind>,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark.
    pub note: Option<String>,
}

/// A succession as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = org_unit_successions, treat_none_as_default_value = false)]
pub struct SuccessionRow {
    /// Its id.
    pub id: OrgUnitSuccessionId,
    /// The unit that ended.
    pub predecessor_id: OrgUnitId,
    /// The unit that carries its territory on.
    pub successor_id: OrgUnitId,
    /// Whether all or part of it went there.
    pub relation: SuccessionRelation,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor.
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

fn open_day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    Some(*day).filter(|day| *day != OPEN_BEGINNING && *day != OPEN_END).serialize(serializer)
}

impl VersionRow {
    /// Whether it holds on the day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && day < self.valid_to
    }

    /// The first day, if it is known.
    #[must_use]
    pub fn first_day(&self) -> Option<NaiveDate> {
        Some(self.valid_from).filter(|day| *day != OPEN_BEGINNING)
    }

    /// The first day on which it no longer holds, if there is one.
    #[must_use]
    pub fn end(&self) -> Option<NaiveDate> {
        Some(self.valid_to).filter(|day| *day != OPEN_END)
    }

    /// This day if the version holds on it, else the nearest on which it does.
    #[must_use]
    pub fn nearest_day(&self, day: NaiveDate) -> NaiveDate {
        let last = self.valid_to.pred_opt().unwrap_or(self.valid_from);
        day.clamp(self.valid_from, last.max(self.valid_from))
    }
}

/// The rows of a planned unit.
#[must_use]
pub fn planned_unit(unit: &PlannedUnit, at: Instant) -> (UnitRow, Vec<VersionRow>) {
    let versions = unit.versions.iter().enumerate().map(|(position, version)| VersionRow {
        id: catalogue::uuid_of_key(&format!("{}#{position}", unit.key)).into(),
        org_unit_id: unit.id,
        code: version.code.clone(),
        identifier: None,
        name: version.name.clone(),
        full_name: version.full_name.clone(),
        name_folded: fold(&version.name),
        kind: version.kind,
        unit_class: None,
        parent_id: version.parent,
        valid_from: version.valid_from.unwrap_or(OPEN_BEGINNING),
        valid_from_certainty: version.valid_from_certainty,
        valid_to: version.valid_to.unwrap_or(OPEN_END),
        valid_to_certainty: version.valid_to_certainty.unwrap_or(Certainty::Inferred),
        change_kind: version.change,
        legal_basis: version.legal_basis.clone(),
        note: version.note.clone(),
    });
    (UnitRow { id: unit.id, version: 1, created_at: at, updated_at: at }, versions.collect())
}

/// The row of a planned succession.
#[must_use]
pub fn planned_succession(planned: &PlannedSuccession, at: Instant) -> SuccessionRow {
    SuccessionRow {
        id: catalogue::uuid_of_key(&format!("{}>{}", planned.predecessor, planned.successor)).into(),
        predecessor_id: planned.predecessor,
        successor_id: planned.successor,
        relation: planned.relation,
        effective_on: planned.effective_on,
        keeps_records: planned.keeps_records,
        legal_basis: planned.legal_basis.clone(),
        note: planned.note.clone(),
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

/// Makes the national root unless it stands.
///
/// # Errors
/// When the database cannot be written.
pub fn root_ensure(tx: &mut WriteTx<'_>) -> Result<OrgUnitId, ApiError> {
    let country = catalogue::country();
    let standing: Option<OrgUnitId> =
        org_units::table.find(country.id).select(org_units::id).first(tx.conn()).optional()?;
    if standing.is_none() {
        let (unit, versions) = planned_unit(&country, tx.at());
        units_insert(tx.conn(), std::slice::from_ref(&unit))?;
        versions_insert(tx.conn(), &versions)?;
        epochs::raise(tx, Epoch::Units)?;
        let _receipt = tx.journal(unit_entry(JournalAction::Create, &unit, &versions, None)?)?;
    }
    Ok(country.id)
}

/// Inserts identities, several a statement.
///
/// # Errors
/// When the database cannot be written.
pub fn units_insert(conn: &mut DbConn, rows: &[UnitRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_units::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Inserts versions, several a statement; units and parents must stand.
///
/// # Errors
/// When the database cannot be written.
pub fn versions_insert(conn: &mut DbConn, rows: &[VersionRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_unit_versions::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Inserts successions, several a statement; both units must stand.
///
/// # Errors
/// When the database cannot be written.
pub fn successions_insert(conn: &mut DbConn, rows: &[SuccessionRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_unit_successions::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Rows a statement: at 17 values a row far below what either database may bind.
const ROWS: usize = 500;

/// An identity by its id.
///
/// # Errors
/// 404 when there is none.
pub fn unit_row(conn: &mut DbConn, id: OrgUnitId) -> Result<UnitRow, ApiError> {
    Ok(org_units::table
        .find(id)
        .filter(org_units::deleted_at.is_null())
        .select(UnitRow::as_select())
        .first(conn)?)
}

/// All versions of a unit, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn versions_of(conn: &mut DbConn, id: OrgUnitId) -> Result<Vec<VersionRow>, ApiError> {
    Ok(org_unit_versions::table
        .filter(org_unit_versions::org_unit_id.eq(id))
        .order(org_unit_versions::valid_from)
        .select(VersionRow::as_select())
        .load(conn)?)
}

/// All versions of several units, each unit's oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn versions_of_all(
    conn: &mut DbConn,
    ids: &[OrgUnitId],
) -> Result<HashMap<OrgUnitId, Vec<VersionRow>>, ApiError> {
    let mut found: HashMap<OrgUnitId, Vec<VersionRow>> = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<VersionRow> = org_unit_versions::table
            .filter(org_unit_versions::org_unit_id.eq_any(part.to_vec()))
            .order((org_unit_versions::org_unit_id, org_unit_versions::valid_from))
            .select(VersionRow::as_select())
            .load(conn)?;
        for row in rows {
            found.entry(row.org_unit_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// What a unit is on the day, read in the transaction that depends on it.
///
/// # Errors
/// When the database cannot be read.
pub fn version_on(conn: &mut DbConn, id: OrgUnitId, day: NaiveDate) -> Result<Option<VersionRow>, ApiError> {
    use org_unit_versions as v;
    Ok(v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::org_unit_id.eq(id).and(v::valid_from.le(day)).and(v::valid_to.gt(day)))
        .order(v::valid_from.desc())
        .select(VersionRow::as_select())
        .first(conn)
        .optional()?)
}

/// Counts one more change to the unit.
///
/// # Errors
/// 412 when somebody else has changed it meanwhile.
pub fn unit_bump(tx: &mut WriteTx<'_>, present: &UnitRow) -> Result<UnitRow, ApiError> {
    let next = UnitRow { version: present.version + 1, updated_at: tx.at(), ..present.clone() };
    let changed =
        diesel::update(org_units::table.find(present.id).filter(org_units::version.eq(present.version)))
            .set((org_units::version.eq(next.version), org_units::updated_at.eq(next.updated_at)))
            .execute(tx.conn())?;
    if changed == 0 { Err(ApiError::new(Problem::PreconditionFailed)) } else { Ok(next) }
}

/// Stores a version that has changed.
///
/// # Errors
/// When the database cannot be written.
pub fn version_update(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    diesel::update(org_unit_versions::table.find(row.id)).set(row).execute(conn)?;
    Ok(())
}

/// The journal entry of a unit: the identity with all its versions.
///
/// # Errors
/// When the content cannot be written as JSON.
pub fn unit_entry(
    action: JournalAction,
    unit: &UnitRow,
    versions: &[VersionRow],
    province: Option<OrgUnitId>,
) -> Result<Entry, ApiError> {
    #[derive(Serialize)]
    struct Content<'a> {
        #[serde(flatten)]
        unit: &'a UnitRow,
        versions: &'a [VersionRow],
    }
    let content = Content { unit, versions };
    let entry = Entry::new(action, "org_unit", unit.id, unit.version, &content)?;
    Ok(entry.of_unit(unit.id, province.map(|province| province.to_string())))
}

/// The journal entry of a succession: it belongs to the unit that lives on.
///
/// # Errors
/// When the content cannot be written as JSON.
pub fn succession_entry(
    action: JournalAction,
    row: &SuccessionRow,
    province: Option<OrgUnitId>,
) -> Result<Entry, ApiError> {
    let entry = Entry::new(action, "org_unit_succession", row.id, row.version, row)?;
    Ok(entry.of_unit(row.successor_id, province.map(|province| province.to_string())))
}
