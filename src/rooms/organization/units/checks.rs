//! What a version may be among the units that stand.

use chrono::NaiveDate;

use super::model::VersionRow;
use super::rules;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::text::day_vi;
use kernel::tree::{OrgTree, OrgUnitId, UnitVersion};
use kernel::unit_reference::identifier_forms;

/// Lets a version be stored that fits among the units of the tree.
///
/// # Errors
/// 422 for a place that it cannot have, 409 for a code or identifier that is taken.
pub(super) fn must_fit(tree: &OrgTree, row: &VersionRow) -> Result<(), ApiError> {
    let parent = row.parent_id.map(|parent| parent_on(tree, parent, row.valid_from)).transpose()?;
    let mut faults = Vec::new();
    faults.extend(rules::parent_fault(row.kind, parent.map(|parent| parent.kind)));
    faults.extend(parent.and_then(|parent| cycle_fault(tree, row, parent.org_unit_id)));
    faults.extend(children_fault(tree, row));
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    must_be_free(tree, row)
}

fn parent_on(tree: &OrgTree, parent: OrgUnitId, day: NaiveDate) -> Result<&UnitVersion, ApiError> {
    tree.version_at(parent, day).ok_or_else(|| {
        let name = tree.latest(parent).map(|version| version.full_name.as_str()).unwrap_or_default();
        let message = Bilingual::new(
            format!("Đơn vị cấp trên {name} không có hiệu lực vào ngày {}.", day_vi(day)),
            format!("The unit above, {name}, is not in force on {day}."),
        );
        ApiError::invalid(vec![Fault::new("/parent_id", "not_in_force", message)])
    })
}

/// A unit that would stand under itself on a day of the version: those above may change their places
/// after its first.
fn cycle_fault(tree: &OrgTree, row: &VersionRow, parent: OrgUnitId) -> Option<Fault> {
    let day = tree.first_day_under(parent, row.org_unit_id, (row.valid_from, row.valid_to))?;
    let message = if day == row.valid_from {
        Bilingual::new(
            "Đơn vị không thể trực thuộc chính nó hoặc đơn vị bên dưới nó.",
            "A unit cannot stand under itself or what is under it.",
        )
    } else {
        Bilingual::new(
            format!("Từ ngày {} đơn vị sẽ trực thuộc chính nó hoặc đơn vị bên dưới nó.", day_vi(day)),
            format!("From {day} on the unit would stand under itself or what is under it."),
        )
    };
    Some(Fault::new("/parent_id", "cycle", message))
}

/// A unit below, at any time of the version, that may not stand under one of its kind.
fn children_fault(tree: &OrgTree, row: &VersionRow) -> Option<Fault> {
    let below =
        tree.placed_under(row.org_unit_id).filter(|child| child.holds_within(row.valid_from, row.valid_to));
    let child = below.map(|child| child.kind).find(|kind| !rules::may_stand_under(*kind, Some(row.kind)))?;
    let message = Bilingual::new(
        format!("Bên dưới còn đơn vị loại {}.", child.label_vi()),
        format!("There is a {child} under the unit."),
    );
    Some(Fault::new("/kind", "children", message))
}

/// Lets the days of a unit be corrected that agree with what is told of its successors and predecessors:
/// who was carried on ends on that day, who carries another on is there on it. What disagreed before is
/// no fault of the correction.
///
/// # Errors
/// 422 for days that a succession contradicts.
pub(super) fn must_agree_with_successions(
    tree: &OrgTree,
    row: &VersionRow,
    others: &[VersionRow],
) -> Result<(), ApiError> {
    let unit = row.org_unit_id;
    let versions = || others.iter().chain([row]);
    let end = versions().map(|version| version.valid_to).max();
    let ended = tree.latest(unit).and_then(|last| last.valid_to);
    let left = tree.successors(unit).map(|known| known.effective_on);
    let left = left.filter(|day| ended == Some(*day)).find(|day| end != Some(*day));
    let begin = versions().map(|version| version.valid_from).min();
    // Between two versions there may be a gap for as long as the day on which one follows the other is corrected.
    let is_there = |day: NaiveDate| begin <= Some(day) && Some(day) < end;
    let joined = tree.predecessors(unit).map(|known| known.effective_on);
    let joined = joined.filter(|day| tree.in_force(unit, *day)).find(|day| !is_there(*day));
    let faults: Vec<Fault> =
        [left.map(left_fault), joined.map(|day| joined_fault(row, day))].into_iter().flatten().collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// An end on another day than the one on which others carried the unit on.
fn left_fault(day: NaiveDate) -> Fault {
    let told = day_vi(day);
    let message = Bilingual::new(
        format!(
            "Đơn vị đã được đơn vị khác kế thừa từ ngày {told} nên phải kết thúc vào ngày đó; \
             nếu ngày đó sai, hãy xóa quan hệ kế thừa hoặc bản ghi sắp xếp trước."
        ),
        format!(
            "Others carry the unit on from {day}, so it ends on that day; where that day is wrong, delete \
             the succession or the act of reorganization first."
        ),
    );
    Fault::new("/valid_to", "succeeded", message)
}

/// A day on which others went into the unit, and on which it is not there.
fn joined_fault(row: &VersionRow, day: NaiveDate) -> Fault {
    let told = day_vi(day);
    let message = Bilingual::new(
        format!(
            "Đơn vị kế thừa đơn vị khác từ ngày {told} nên phải có hiệu lực vào ngày đó; \
             nếu ngày đó sai, hãy xóa quan hệ kế thừa hoặc bản ghi sắp xếp trước."
        ),
        format!(
            "The unit carries another on from {day}, so it is in force on that day; where that day is \
             wrong, delete the succession or the act of reorganization first."
        ),
    );
    let pointer = if day < row.valid_from { "/valid_from" } else { "/valid_to" };
    Fault::new(pointer, "succeeds_another", message)
}

/// Lets a version be stored whose code and identifier no other unit bears on a day of its span; an
/// identifier is the same in the spelling of either decree.
fn must_be_free(tree: &OrgTree, row: &VersionRow) -> Result<(), ApiError> {
    let is_other = |known: &&UnitVersion| {
        known.org_unit_id != row.org_unit_id && known.holds_within(row.valid_from, row.valid_to)
    };
    let of_code = row.code.as_deref().map(|code| (code, tree.versions_by_code(code).find(is_other)));
    let of_identifier = row.identifier.as_deref().map(|key| {
        let forms = identifier_forms(key);
        (key, forms.iter().flat_map(|form| tree.versions_by_identifier(form)).find(is_other))
    });
    match [of_code, of_identifier].into_iter().flatten().find_map(|(key, bearer)| Some((key, bearer?))) {
        None => Ok(()),
        Some((key, bearer)) => {
            let bearer = &bearer.full_name;
            Err(ApiError::detailed(
                Problem::Duplicate,
                format!("Mã {key} trong thời gian đó thuộc về {bearer}."),
                format!("In that span the code {key} belongs to {bearer}."),
            ))
        }
    }
}
