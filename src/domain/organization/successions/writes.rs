//! How units are tied to their successors.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::model::{OrgUnitSuccession, OrgUnitSuccessionCreate, OrgUnitSuccessionId, SuccessionRow};
use super::rules::{Ending, ending};
use super::store::{succession_entry, succession_row, succession_seen, successions_insert};
use crate::api::IfMatch;
use crate::api::json::check;
use crate::attachments::Belonging;
use crate::audit::journal::JournalAction;
use crate::auth::scope::{Scoped, home_province};
use crate::db::epochs::{self, Epoch};
use crate::db::schema::org_unit_successions;
use crate::db::{DbConn, Receipt, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, named_as};
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::domain::organization::units::model::VersionRow;
use crate::domain::organization::units::rows::{
    unit_bump, unit_entry, unit_row, version_on, version_update, versions_of,
};
use crate::domain::organization::units::writes::writable;
use crate::domain::validity::{Certainty, day_fault};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::hide_row;

/// Whose the attachments of a succession are, for whoever may change both units.
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

/// Ties an ended unit to its successor; the predecessor's open version ends on that day.
///
/// # Errors
/// 403 for units out of reach, 409 when the pair is known, 422 when it is not valid.
pub fn succession_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: OrgUnitSuccessionCreate,
) -> Result<Recorded<OrgUnitSuccession>, ApiError> {
    check(&body)?;
    if let Some(fault) = day_fault("/effective_on", body.effective_on) {
        return Err(ApiError::invalid(vec![fault]));
    }
    // First of all: the counter's row lets one writer of units in at a time, on PostgreSQL too.
    epochs::raise(tx, Epoch::Units)?;
    let (predecessor, successor) = units_of(scoped.tree(), &body)?;
    writable(scoped, Some(predecessor))?;
    writable(scoped, Some(successor))?;
    let last = versions_of(tx.conn(), predecessor)?.pop().ok_or_else(ApiError::not_found)?;
    let ending = ending(last.valid_from, last.end(), body.effective_on);
    let mut faults = Vec::new();
    faults.extend(line_fault(tx.conn(), predecessor, successor)?);
    faults.extend(successor_fault(tx.conn(), successor, body.effective_on)?);
    if ending == Ending::Another {
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
    if is_known(tx.conn(), predecessor, successor)? {
        return Err(ApiError::new(Problem::Duplicate));
    }
    if ending == Ending::Close {
        predecessor_close(tx, scoped, last, body.effective_on)?;
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

/// Ends the last version of the predecessor on the day.
fn predecessor_close(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    last: VersionRow,
    effective_on: NaiveDate,
) -> Result<(), ApiError> {
    let id = last.org_unit_id;
    version_update(
        tx.conn(),
        &VersionRow { valid_to: effective_on, valid_to_certainty: Certainty::Exact, ..last },
    )?;
    let unit = unit_row(tx.conn(), id)?;
    let unit = unit_bump(tx, &unit)?;
    let versions = versions_of(tx.conn(), id)?;
    let province = home_province(scoped.tree(), id);
    // The succession itself gives the receipt.
    let _receipt = tx.journal(unit_entry(JournalAction::Update, &unit, &versions, province)?)?;
    Ok(())
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

/// A unit that would, by one step or several, succeed itself.
fn line_fault(
    conn: &mut DbConn,
    predecessor: OrgUnitId,
    successor: OrgUnitId,
) -> Result<Option<Fault>, ApiError> {
    let (code, message) = if predecessor == successor {
        ("itself", Bilingual::new("Đơn vị không thể kế thừa chính nó.", "A unit cannot succeed itself."))
    } else if leads_to(conn, successor, predecessor)? {
        (
            "cycle",
            Bilingual::new(
                "Đơn vị kế thừa lại là tiền thân của đơn vị cũ.",
                "The successor is itself a predecessor of the unit that ended.",
            ),
        )
    } else {
        return Ok(None);
    };
    Ok(Some(Fault::new("/successor_id", code, message)))
}

/// A successor that does not stand on the day.
fn successor_fault(
    conn: &mut DbConn,
    successor: OrgUnitId,
    effective_on: NaiveDate,
) -> Result<Option<Fault>, ApiError> {
    if version_on(conn, successor, effective_on)?.is_some() {
        return Ok(None);
    }
    let message = Bilingual::new(
        "Đơn vị kế thừa không có hiệu lực từ ngày này.",
        "The successor is not in force from this day.",
    );
    Ok(Some(Fault::new("/successor_id", "not_in_force", message)))
}

fn is_known(conn: &mut DbConn, predecessor: OrgUnitId, successor: OrgUnitId) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    let known = s::table
        .filter(s::deleted_at.is_null())
        .filter(s::predecessor_id.eq(predecessor).and(s::successor_id.eq(successor)));
    Ok(diesel::select(dsl::exists(known)).get_result(conn)?)
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
        ..present
    };
    let changed = diesel::update(s::table.find(id).filter(s::version.eq(row.version - 1)))
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
    epochs::raise(tx, Epoch::Units)?;
    let present = succession_row(tx.conn(), id)?;
    writable(scoped, Some(present.predecessor_id))?;
    writable(scoped, Some(present.successor_id))?;
    expected.check(present.version)?;
    hide_row!(tx, org_unit_successions, present)?;
    let row = SuccessionRow { version: present.version + 1, updated_at: tx.at(), ..present };
    Ok(recorded(tx, scoped, JournalAction::Delete, &row)?.with(()))
}
