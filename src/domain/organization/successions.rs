//! Successions (kế thừa): what became of a unit that ended by merger or division. One row ties an
//! ended unit to one that carries its territory on; a unit that only changed its name or kind has
//! none, but a new version.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::reference::UnitName;
use super::store::{
    OrgUnitSuccessionId, SuccessionRow, succession_entry, successions_insert, unit_bump, unit_entry,
    unit_row, version_on, version_update, versions_of,
};
use super::tree::{OrgTree, OrgUnitId, SuccessionRelation, UnitVersion};
use super::units::{named_as, writable};
use crate::api::json::check;
use crate::api::{Change, IfMatch, PageRequest, PageRows, Patch};
use crate::attachments::Belonging;
use crate::audit::journal::JournalAction;
use crate::auth::permit::{Organization, Permit, ReadReference, WriteReference};
use crate::auth::scope::{Scoped, home_province};
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::org_unit_successions;
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, WriteTx};
use crate::domain::validity::Certainty;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::{attachments, crud, keyset, page_of, record, text_enum};

text_enum! {
    /// Order of successions (thứ tự).
    pub enum OrgUnitSuccessionSort {
        /// Earliest first.
        EffectiveOn => "effective_on", "ngày có hiệu lực tăng dần";
        /// Latest first.
        EffectiveOnDesc => "-effective_on", "ngày có hiệu lực giảm dần";
    }
}

/// A succession (quan hệ kế thừa) between an ended unit and one that carries its territory on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "6f0d6e8e-4f7a-5d0c-8b0e-1f4d6f6f1a01", "predecessor_id": "73c0c0b6-6b8e-5a55-8f2e-2f6f4f1d4a10",
    "predecessor_code": "31420", "predecessor_name": "Xã Hòa Mỹ",
    "successor_id": "1f0a8e2e-54f7-5a0c-9b0e-0f4d6f6f1a92", "successor_code": "31408",
    "successor_name": "Xã Hòa An", "relation": "merge", "effective_on": "2025-07-01", "keeps_records": false,
    "legal_basis": "Nghị quyết 1668/NQ-UBTVQH15", "note": null, "version": 1,
    "created_at": "2026-11-23T01:00:00Z", "updated_at": "2026-11-23T01:00:00Z"
}))]
pub struct OrgUnitSuccession {
    /// Its id.
    pub id: OrgUnitSuccessionId,
    /// The unit that ended (đơn vị cũ).
    pub predecessor_id: OrgUnitId,
    /// Its code on its last day.
    pub predecessor_code: Option<String>,
    /// Its full name on its last day.
    pub predecessor_name: Option<String>,
    /// The unit that carries its territory on (đơn vị kế thừa).
    pub successor_id: OrgUnitId,
    /// Its code on that day.
    pub successor_code: Option<String>,
    /// Its full name on that day.
    pub successor_name: Option<String>,
    /// Whether all or part of it went there (quan hệ).
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(OrgUnitSuccession);
page_of!(OrgUnitSuccessionPage, OrgUnitSuccession, "successions");

impl OrgUnitSuccession {
    fn of(tree: &OrgTree, row: SuccessionRow) -> Self {
        fn named(tree: &OrgTree, unit: OrgUnitId, day: NaiveDate) -> Option<&UnitVersion> {
            tree.version_at(unit, day).or_else(|| tree.latest(unit))
        }
        let SuccessionRow {
            id,
            predecessor_id,
            successor_id,
            relation,
            effective_on,
            keeps_records,
            legal_basis,
            note,
            version,
            created_at,
            updated_at,
        } = row;
        let before = effective_on.pred_opt().unwrap_or(effective_on);
        let predecessor = named(tree, predecessor_id, before);
        let successor = named(tree, successor_id, effective_on);
        Self {
            id,
            predecessor_id,
            predecessor_code: predecessor.and_then(|unit| unit.code.clone()),
            predecessor_name: predecessor.map(|unit| unit.full_name.clone()),
            successor_id,
            successor_code: successor.and_then(|unit| unit.code.clone()),
            successor_name: successor.map(|unit| unit.full_name.clone()),
            relation,
            effective_on,
            keeps_records,
            legal_basis,
            note,
            version,
            created_at,
            updated_at,
        }
    }
}

/// A new succession, or the whole of a changed one: units, relation and day stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "predecessor_code": "31420", "successor_code": "31408", "relation": "merge", "effective_on": "2025-07-01",
    "legal_basis": "Nghị quyết 1668/NQ-UBTVQH15"
}))]
pub struct OrgUnitSuccessionCreate {
    /// The unit that ended (đơn vị cũ) by its id: exactly one of the three names.
    #[serde(default)]
    pub predecessor_id: Option<OrgUnitId>,
    /// The unit that ended by its identification code (mã định danh đơn vị cũ).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub predecessor_identifier: Option<String>,
    /// The unit that ended by its code (mã đơn vị cũ), read on the day before `effective_on`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub predecessor_code: Option<String>,
    /// The unit that carries its territory on (đơn vị kế thừa) by its id: exactly one of the three.
    #[serde(default)]
    pub successor_id: Option<OrgUnitId>,
    /// That unit by its identification code (mã định danh đơn vị mới).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub successor_identifier: Option<String>,
    /// That unit by its code (mã đơn vị mới), read on `effective_on`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub successor_code: Option<String>,
    /// Whether all or part of it went there (quan hệ).
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực); the predecessor ends on it.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    #[serde(default)]
    #[schema(default = false)]
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// Changes to a succession (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keeps_records": true}))]
pub struct OrgUnitSuccessionPatch {
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub keeps_records: Change<bool>,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub legal_basis: Patch<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl OrgUnitSuccessionPatch {
    /// The whole succession after the patch.
    #[must_use]
    pub fn onto(self, present: &OrgUnitSuccession) -> OrgUnitSuccessionCreate {
        let Self { keeps_records, legal_basis, note } = self;
        OrgUnitSuccessionCreate {
            predecessor_id: Some(present.predecessor_id),
            predecessor_identifier: None,
            predecessor_code: None,
            successor_id: Some(present.successor_id),
            successor_identifier: None,
            successor_code: None,
            relation: present.relation,
            effective_on: present.effective_on,
            keeps_records: keeps_records.onto(present.keeps_records),
            legal_basis: legal_basis.onto(present.legal_basis.clone()),
            note: note.onto(present.note.clone()),
        }
    }
}

/// Which successions a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrgUnitSuccessionFilter {
    /// The unit that ended (đơn vị cũ).
    pub predecessor_id: Option<OrgUnitId>,
    /// The unit that carries its territory on (đơn vị kế thừa).
    pub successor_id: Option<OrgUnitId>,
    /// Whether all or part of it went there (quan hệ).
    #[param(inline)]
    pub relation: Option<SuccessionRelation>,
    /// Effective on this day or later (có hiệu lực từ ngày).
    pub effective_from: Option<NaiveDate>,
    /// Effective on this day or earlier (có hiệu lực đến ngày).
    pub effective_to: Option<NaiveDate>,
    /// Order (thứ tự); latest first when not given.
    #[param(inline)]
    pub sort: Option<OrgUnitSuccessionSort>,
}

fn matching(filter: &OrgUnitSuccessionFilter) -> org_unit_successions::BoxedQuery<'_, MultiBackend> {
    use org_unit_successions as s;
    let OrgUnitSuccessionFilter {
        predecessor_id,
        successor_id,
        relation,
        effective_from,
        effective_to,
        sort: _,
    } = filter;
    let mut query = s::table.filter(s::deleted_at.is_null()).into_boxed();
    if let Some(unit) = predecessor_id {
        query = query.filter(s::predecessor_id.eq(unit));
    }
    if let Some(unit) = successor_id {
        query = query.filter(s::successor_id.eq(unit));
    }
    if let Some(relation) = relation {
        query = query.filter(s::relation.eq(relation));
    }
    if let Some(day) = effective_from {
        query = query.filter(s::effective_on.ge(day));
    }
    if let Some(day) = effective_to {
        query = query.filter(s::effective_on.le(day));
    }
    query
}

/// A page of successions.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn succession_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OrgUnitSuccessionFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnitSuccession>, ApiError> {
    use org_unit_successions as s;
    let query = matching(filter);
    let query = match filter.sort.unwrap_or(OrgUnitSuccessionSort::EffectiveOnDesc) {
        OrgUnitSuccessionSort::EffectiveOn => {
            keyset!(query, page, asc s::effective_on => NaiveDate, s::id => OrgUnitSuccessionId)
        }
        OrgUnitSuccessionSort::EffectiveOnDesc => {
            keyset!(query, page, desc s::effective_on => NaiveDate, s::id => OrgUnitSuccessionId)
        }
    };
    let rows = query.select(SuccessionRow::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| serde_json::json!([row.effective_on, row.id]));
    Ok(rows.map(|row| OrgUnitSuccession::of(scoped.tree(), row)))
}

/// A succession by its id.
///
/// # Errors
/// 404 when there is none.
pub fn succession_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<OrgUnitSuccession, ApiError> {
    succession_row(conn, id).map(|row| OrgUnitSuccession::of(scoped.tree(), row))
}

/// Whose the attachments of a succession are: the successor's, as its journal entries are.
///
/// # Errors
/// 404 when there is none.
pub fn succession_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<Belonging, ApiError> {
    let row = succession_row(conn, id)?;
    Ok(Belonging::unit(row.successor_id, home_province(scoped.tree(), row.successor_id)))
}

/// The same for whoever may change both units.
///
/// # Errors
/// 404 when there is none, 403 for units out of reach.
pub fn succession_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<Belonging, ApiError> {
    let row = succession_row(conn, id)?;
    writable(scoped, Some(row.predecessor_id))?;
    writable(scoped, Some(row.successor_id))?;
    succession_seen(conn, scoped, id)
}

fn succession_row(conn: &mut DbConn, id: OrgUnitSuccessionId) -> Result<SuccessionRow, ApiError> {
    Ok(org_unit_successions::table
        .find(id)
        .filter(org_unit_successions::deleted_at.is_null())
        .select(SuccessionRow::as_select())
        .first(conn)?)
}

/// Both units of a body, as they are named.
fn units_of(tree: &OrgTree, body: &OrgUnitSuccessionCreate) -> Result<(OrgUnitId, OrgUnitId), ApiError> {
    let predecessor = UnitName {
        id: body.predecessor_id,
        identifier: body.predecessor_identifier.as_deref(),
        code: body.predecessor_code.as_deref(),
    };
    let successor = UnitName {
        id: body.successor_id,
        identifier: body.successor_identifier.as_deref(),
        code: body.successor_code.as_deref(),
    };
    let before = body.effective_on.pred_opt().unwrap_or(body.effective_on);
    let predecessor = named_as(predecessor.resolve(tree, before), "predecessor");
    let successor = named_as(successor.resolve(tree, body.effective_on), "successor");
    match (predecessor, successor) {
        (Ok(predecessor), Ok(successor)) => Ok((predecessor, successor)),
        (predecessor, successor) => {
            let faults = [predecessor.err(), successor.err()].into_iter().flatten().flatten();
            Err(ApiError::invalid(faults.collect()))
        }
    }
}

/// How a predecessor must end for a succession on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It stands open and ends now.
    Close,
    /// It ended on that very day.
    Ended,
    /// It ended on another day, or begins on that day or later.
    Another,
}

/// What a succession on the day means for a predecessor whose last version has this span.
#[must_use]
pub fn ending(first: NaiveDate, end: Option<NaiveDate>, effective_on: NaiveDate) -> Ending {
    match end {
        _ if first >= effective_on => Ending::Another,
        None => Ending::Close,
        Some(end) if end == effective_on => Ending::Ended,
        Some(_) => Ending::Another,
    }
}

/// Ties an ended unit to its successor; the predecessor's open version ends on that day.
///
/// # Errors
/// 403 for units out of reach, 409 when the pair is known, 422 when it is not valid.
pub fn succession_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: OrgUnitSuccessionCreate,
) -> Result<Recorded<OrgUnitSuccession>, ApiError> {
    use org_unit_successions as s;
    check(&body)?;
    // First of all: the counter's row lets one writer of units in at a time, on PostgreSQL too.
    epochs::raise(tx, Epoch::Units)?;
    let (predecessor, successor) = units_of(scoped.tree(), &body)?;
    writable(scoped, Some(predecessor))?;
    writable(scoped, Some(successor))?;
    let mut faults = Vec::new();
    if predecessor == successor {
        let message = Bilingual::new("Đơn vị không thể kế thừa chính nó.", "A unit cannot succeed itself.");
        faults.push(Fault::new("/successor_id", "itself", message));
    } else if leads_to(tx.conn(), successor, predecessor)? {
        let message = Bilingual::new(
            "Đơn vị kế thừa lại là tiền thân của đơn vị cũ.",
            "The successor is itself a predecessor of the unit that ended.",
        );
        faults.push(Fault::new("/successor_id", "cycle", message));
    }
    if version_on(tx.conn(), successor, body.effective_on)?.is_none() {
        let message = Bilingual::new(
            "Đơn vị kế thừa không có hiệu lực từ ngày này.",
            "The successor is not in force from this day.",
        );
        faults.push(Fault::new("/successor_id", "not_in_force", message));
    }
    let versions = versions_of(tx.conn(), predecessor)?;
    let last = versions.last().ok_or_else(ApiError::not_found)?;
    let how = ending(last.valid_from, last.end(), body.effective_on);
    if how == Ending::Another {
        let message = Bilingual::new(
            "Đơn vị cũ bắt đầu hoặc kết thúc vào ngày khác; hãy sửa đơn vị đó trước.",
            "The unit that ended begins or ends on another day; correct that unit first.",
        );
        faults.push(Fault::new("/effective_on", "not_the_end", message));
    }
    faults.extend(keeper_fault(tx.conn(), predecessor, None, body.keeps_records)?);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let known = s::table
        .filter(s::deleted_at.is_null())
        .filter(s::predecessor_id.eq(predecessor).and(s::successor_id.eq(successor)));
    if diesel::select(diesel::dsl::exists(known)).get_result(tx.conn())? {
        return Err(ApiError::new(Problem::Duplicate));
    }
    if how == Ending::Close {
        let mut last = last.clone();
        (last.valid_to, last.valid_to_certainty) = (body.effective_on, Certainty::Exact);
        version_update(tx.conn(), &last)?;
        let unit = unit_row(tx.conn(), predecessor)?;
        let unit = unit_bump(tx, &unit)?;
        let versions = versions_of(tx.conn(), predecessor)?;
        let province = home_province(scoped.tree(), predecessor);
        let _receipt = tx.journal(unit_entry(JournalAction::Update, &unit, &versions, province)?)?;
    }
    let row = SuccessionRow {
        id: OrgUnitSuccessionId::new(),
        predecessor_id: predecessor,
        successor_id: successor,
        relation: body.relation,
        effective_on: body.effective_on,
        keeps_records: body.keeps_records,
        legal_basis: body.legal_basis,
        note: body.note,
        version: 1,
        created_at: tx.at(),
        updated_at: tx.at(),
    };
    successions_insert(tx.conn(), std::slice::from_ref(&row))?;
    let receipt = recorded(tx, scoped, JournalAction::Create, &row)?;
    Ok(receipt.with(OrgUnitSuccession::of(scoped.tree(), row)))
}

/// Whether the successions lead from one unit to another.
fn leads_to(conn: &mut DbConn, from: OrgUnitId, to: OrgUnitId) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    let (mut seen, mut open) = (vec![from], vec![from]);
    while !open.is_empty() {
        let next: Vec<OrgUnitId> = s::table
            .filter(s::deleted_at.is_null())
            .filter(s::predecessor_id.eq_any(std::mem::take(&mut open)))
            .select(s::successor_id)
            .distinct()
            .load(conn)?;
        if next.contains(&to) {
            return Ok(true);
        }
        open = next.into_iter().filter(|unit| !seen.contains(unit)).collect();
        seen.extend(open.iter().copied());
    }
    Ok(false)
}

/// A second keeper of the same unit's records.
fn keeper_fault(
    conn: &mut DbConn,
    predecessor: OrgUnitId,
    itself: Option<OrgUnitSuccessionId>,
    keeps: bool,
) -> Result<Option<Fault>, ApiError> {
    use org_unit_successions as s;
    if !keeps {
        return Ok(None);
    }
    let keepers: Vec<OrgUnitSuccessionId> = s::table
        .filter(s::deleted_at.is_null())
        .filter(s::predecessor_id.eq(predecessor).and(s::keeps_records.eq(true)))
        .select(s::id)
        .load(conn)?;
    let other = keepers.into_iter().any(|keeper| Some(keeper) != itself);
    Ok(other.then(|| {
        let message = Bilingual::new(
            "Hồ sơ của đơn vị cũ đã có nơi lưu giữ.",
            "The records of the unit that ended have a keeper already.",
        );
        Fault::new("/keeps_records", "second_keeper", message)
    }))
}

fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: &SuccessionRow,
) -> Result<Receipt, ApiError> {
    let province = home_province(scoped.tree(), row.successor_id);
    tx.journal(succession_entry(action, row, province)?)
}

/// Changes the keeper, legal basis or remark of a succession.
///
/// # Errors
/// 412 when it has changed, 403 out of reach, 422 when units, relation or day would change.
pub fn succession_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
    expected: &IfMatch,
    body: OrgUnitSuccessionCreate,
) -> Result<Recorded<OrgUnitSuccession>, ApiError> {
    use org_unit_successions as s;
    check(&body)?;
    epochs::raise(tx, Epoch::Units)?;
    let present = succession_row(tx.conn(), id)?;
    writable(scoped, Some(present.predecessor_id))?;
    writable(scoped, Some(present.successor_id))?;
    expected.check(present.version)?;
    // A patch names the units by the ids that stand, which need no look at the day.
    let by_id = (body.predecessor_id, body.successor_id)
        == (Some(present.predecessor_id), Some(present.successor_id));
    let others = [
        &body.predecessor_identifier,
        &body.predecessor_code,
        &body.successor_identifier,
        &body.successor_code,
    ];
    let (predecessor, successor) = if by_id && others.into_iter().all(Option::is_none) {
        (present.predecessor_id, present.successor_id)
    } else {
        units_of(scoped.tree(), &body)?
    };
    let mut faults: Vec<Fault> = [
        ("/predecessor_id", predecessor == present.predecessor_id),
        ("/successor_id", successor == present.successor_id),
        ("/relation", body.relation == present.relation),
        ("/effective_on", body.effective_on == present.effective_on),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(pointer, _)| {
        let message = Bilingual::new(
            "Không thể thay đổi; hãy xóa quan hệ kế thừa này và tạo quan hệ khác.",
            "This cannot change; delete the succession and make another.",
        );
        Fault::new(pointer, "fixed", message)
    })
    .collect();
    faults.extend(keeper_fault(tx.conn(), present.predecessor_id, Some(id), body.keeps_records)?);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let row = SuccessionRow {
        keeps_records: body.keeps_records,
        legal_basis: body.legal_basis,
        note: body.note,
        version: present.version + 1,
        updated_at: tx.at(),
        ..present.clone()
    };
    let changed = diesel::update(s::table.find(id).filter(s::version.eq(present.version)))
        .set((
            s::keeps_records.eq(row.keeps_records),
            s::legal_basis.eq(&row.legal_basis),
            s::note.eq(&row.note),
            s::version.eq(row.version),
            s::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    let receipt = recorded(tx, scoped, JournalAction::Update, &row)?;
    Ok(receipt.with(OrgUnitSuccession::of(scoped.tree(), row)))
}

/// Deletes a succession. The unit that ended stays ended: its end is corrected on the unit.
///
/// # Errors
/// 412 when it has changed, 403 out of reach.
pub fn succession_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    use org_unit_successions as s;
    epochs::raise(tx, Epoch::Units)?;
    let present = succession_row(tx.conn(), id)?;
    writable(scoped, Some(present.predecessor_id))?;
    writable(scoped, Some(present.successor_id))?;
    expected.check(present.version)?;
    let row = SuccessionRow { version: present.version + 1, updated_at: tx.at(), ..present.clone() };
    let deleted = diesel::update(s::table.find(id).filter(s::version.eq(present.version)))
        .set((
            s::deleted_at.eq(Some(row.updated_at)),
            s::version.eq(row.version),
            s::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    if deleted == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    Ok(recorded(tx, scoped, JournalAction::Delete, &row)?.with(()))
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    crud_routes(cfg);
    attachment_routes(cfg);
}

crud! {
    tag: "org-units", what: "a succession", many: "successions", vi: "quan hệ kế thừa",
    collection: "/api/v1/organization/successions", record: "/api/v1/organization/successions/{id}",
    id: OrgUnitSuccessionId, row: OrgUnitSuccession, page: OrgUnitSuccessionPage,
    create: OrgUnitSuccessionCreate, patch: OrgUnitSuccessionPatch, filter: OrgUnitSuccessionFilter,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    list: list_org_unit_successions => succession_list, get: get_org_unit_succession => succession_get,
    create_one: create_org_unit_succession => succession_insert,
    replace: replace_org_unit_succession => succession_replace, patch_one: patch_org_unit_succession,
    delete: delete_org_unit_succession => succession_delete,
    afterwards: units_changed,
}

attachments! {
    tag: "org-units", of: "a succession", vi: "quan hệ kế thừa",
    list_path: "/api/v1/organization/successions/{id}/attachments",
    path: "/api/v1/organization/successions/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/successions/{id}/attachments/{attachment_id}/content",
    owner: SuccessionAttachments, record_type: OrgUnitSuccession, table: "org_unit_successions", id: OrgUnitSuccessionId,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    seen: succession_seen, changeable: succession_changeable,
    list: list_org_unit_succession_attachments, attach: create_org_unit_succession_attachment, get: get_org_unit_succession_attachment,
    content: get_org_unit_succession_attachment_content, delete: delete_org_unit_succession_attachment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_succession_ends_an_open_unit_and_agrees_with_an_ended_one() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let (first, on) = (day("2004-01-01"), day("2025-07-01"));
        assert_eq!(ending(first, None, on), Ending::Close);
        assert_eq!(ending(first, Some(on), on), Ending::Ended);
        assert_eq!(ending(first, Some(day("2025-06-30")), on), Ending::Another);
        assert_eq!(ending(on, None, on), Ending::Another);
    }
}
