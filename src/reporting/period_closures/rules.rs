//! What a closing binds, and the steps of its life: pure, without database or HTTP.

use chrono::NaiveDate;

use super::model::{ClosureRow, ClosureScope, ClosureState, Reopening};
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// The most reopenings of one closing; behind them it is reopened as a whole.
const MOST_REOPENINGS: usize = 1_000;

/// The day on which a unit stands in the tree for a period: the period's last one, or the unit's own
/// if that came before.
#[must_use]
pub fn standing_day(tree: &OrgTree, unit: OrgUnitId, ends_on: NaiveDate) -> NaiveDate {
    tree.last_day(unit).map_or(ends_on, |last| last.min(ends_on))
}

/// A unit and all above it, from below, as they stood at the end of the period.
#[must_use]
pub fn line_above(tree: &OrgTree, unit: OrgUnitId, ends_on: NaiveDate) -> Vec<OrgUnitId> {
    let day = standing_day(tree, unit, ends_on);
    std::iter::once(unit).chain(tree.ancestors(unit, day)).collect()
}

/// Whether a closing of a unit in this line forbids the returns of the line's first unit.
#[must_use]
pub fn binds(closure: &ClosureRow, line: &[OrgUnitId]) -> bool {
    let Some(height) = line.iter().position(|unit| *unit == closure.org_unit_id) else { return false };
    let covers = closure.scope == ClosureScope::Subtree || height == 0;
    let below = line.iter().take(height);
    let reopened = || {
        let units = closure.reopenings.0.iter().filter_map(|reopening| reopening.org_unit_id);
        below.clone().any(|unit| units.clone().any(|reopened| reopened == *unit))
    };
    match closure.state {
        ClosureState::Closed => covers,
        ClosureState::PartlyReopened => covers && !reopened(),
        ClosureState::Reopened => false,
    }
}

/// The state and reopenings of a closing after it was reopened for these units below, or for everyone.
///
/// # Errors
/// 409 when it binds nobody any more, 422 for units that it does not bind.
pub fn reopened(
    tree: &OrgTree,
    closure: &ClosureRow,
    units: Option<&[OrgUnitId]>,
    of: impl Fn(Option<OrgUnitId>) -> Reopening,
) -> Result<(ClosureState, Vec<Reopening>), ApiError> {
    let mut reopenings = closure.reopenings.0.clone();
    if closure.superseded_by.is_some() {
        return Err(ApiError::detailed(
            Problem::WrongState,
            "Kỳ đã được khóa sổ lần sau; hãy mở lại lần khóa sổ mới nhất.",
            "The period was closed once more since; reopen the last closing.",
        ));
    }
    if closure.state == ClosureState::Reopened {
        return Err(ApiError::detailed(
            Problem::WrongState,
            "Kỳ đã được mở lại.",
            "The period is open again already.",
        ));
    }
    let Some(units) = units else {
        reopenings.push(of(None));
        return Ok((ClosureState::Reopened, reopenings));
    };
    if reopenings.len() + units.len() > MOST_REOPENINGS {
        return Err(ApiError::detailed(
            Problem::WrongState,
            format!("Một lần khóa sổ được mở lại tối đa cho {MOST_REOPENINGS} đơn vị; hãy mở lại toàn bộ."),
            format!("A closing is reopened for {MOST_REOPENINGS} units at most; reopen it as a whole."),
        ));
    }
    let mut faults = Vec::new();
    for (place, unit) in units.iter().enumerate() {
        let line = line_above(tree, *unit, closure.as_of);
        let is_below = closure.org_unit_id != *unit && line.contains(&closure.org_unit_id);
        let twice = units.iter().take(place).any(|other| other == unit);
        if !is_below || twice || !binds(closure, &line) {
            let message = Bilingual::new(
                "Lần khóa sổ này không ràng buộc đơn vị này, hoặc kỳ đã được mở lại cho đơn vị.",
                "The closing does not bind this unit, or is open for it again already.",
            );
            faults.push(Fault::new(format!("/units/{place}"), "not_bound", message));
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    reopenings.extend(units.iter().map(|unit| of(Some(*unit))));
    Ok((ClosureState::PartlyReopened, reopenings))
}

/// Lets a period be closed (again) after this last closing of it.
///
/// # Errors
/// 409 while that one binds everyone.
pub fn may_close(last: Option<&ClosureRow>) -> Result<(), ApiError> {
    match last {
        Some(last) if last.state == ClosureState::Closed => Err(ApiError::detailed(
            Problem::WrongState,
            format!("Kỳ đã khóa sổ lần {} và chưa được mở lại.", last.number),
            format!("The period is closed already (closing {}) and has not been reopened.", last.number),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::json_text::JsonText;
    use crate::db::types::Instant;
    use crate::domain::organization::tree::{UnitKind, UnitVersion};
    use crate::reporting::period_closures::PeriodClosureId;
    use crate::reporting::periods::PeriodId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A province, two districts, a commune of each, and an agency of the first commune.
    struct Story {
        tree: OrgTree,
        province: OrgUnitId,
        districts: [OrgUnitId; 2],
        communes: [OrgUnitId; 2],
        agency: OrgUnitId,
    }

    fn story() -> Story {
        let [province, d1, d2, c1, c2, agency] = std::array::from_fn(|_| OrgUnitId::new());
        let unit = |id, kind, parent_id| UnitVersion {
            org_unit_id: id,
            code: None,
            identifier: None,
            name: String::new(),
            full_name: String::new(),
            kind,
            parent_id,
            valid_from: None,
            valid_to: Some(day("2025-07-01")),
        };
        let versions = vec![
            unit(province, UnitKind::Province, None),
            unit(d1, UnitKind::District, Some(province)),
            unit(d2, UnitKind::District, Some(province)),
            unit(c1, UnitKind::Commune, Some(d1)),
            unit(c2, UnitKind::Commune, Some(d2)),
            unit(agency, UnitKind::OtherAgency, Some(c1)),
        ];
        let tree = OrgTree::new(versions, Vec::new());
        Story { tree, province, districts: [d1, d2], communes: [c1, c2], agency }
    }

    fn closure(unit: OrgUnitId, scope: ClosureScope) -> ClosureRow {
        ClosureRow {
            id: PeriodClosureId::new(),
            province_id: unit,
            org_unit_id: unit,
            period_id: PeriodId::new(),
            scope,
            number: 1,
            as_of: day("2024-06-30"),
            state: ClosureState::Closed,
            note: None,
            closed_by: String::new(),
            closed_at: Instant::from_micros(0),
            reopenings: JsonText(Vec::new()),
            superseded_by: None,
            version: 1,
            updated_at: Instant::from_micros(0),
        }
    }

    fn reopening(org_unit_id: Option<OrgUnitId>) -> Reopening {
        Reopening { org_unit_id, reason: "thiếu".into(), by: String::new(), at: Instant::from_micros(0) }
    }

    #[test]
    fn a_closing_binds_the_unit_or_all_below_and_nobody_beside_or_above() {
        let s = story();
        let line = |unit| line_above(&s.tree, unit, day("2024-06-30"));
        let all = closure(s.districts[0], ClosureScope::Subtree);
        for (unit, bound) in [
            (s.districts[0], true),
            (s.communes[0], true),
            (s.agency, true),
            (s.province, false),
            (s.districts[1], false),
            (s.communes[1], false),
        ] {
            assert_eq!(binds(&all, &line(unit)), bound);
        }
        let alone = closure(s.districts[0], ClosureScope::Own);
        assert!(binds(&alone, &line(s.districts[0])));
        assert!(!binds(&alone, &line(s.communes[0])));
    }

    #[test]
    fn a_closing_reopened_for_a_unit_binds_the_others_still() {
        let s = story();
        let line = |unit| line_above(&s.tree, unit, day("2024-06-30"));
        let mut closing = closure(s.province, ClosureScope::Subtree);
        let (state, reopenings) = reopened(&s.tree, &closing, Some(&[s.districts[0]]), reopening).unwrap();
        assert_eq!(state, ClosureState::PartlyReopened);
        (closing.state, closing.reopenings) = (state, JsonText(reopenings));
        for (unit, bound) in
            [(s.communes[0], false), (s.agency, false), (s.districts[1], true), (s.province, true)]
        {
            assert_eq!(binds(&closing, &line(unit)), bound);
        }
        for unit in [s.communes[0], s.districts[0], s.province] {
            assert!(reopened(&s.tree, &closing, Some(&[unit]), reopening).is_err());
        }
        assert!(reopened(&s.tree, &closing, Some(&[s.communes[1]; 2]), reopening).is_err());
        closing.state = reopened(&s.tree, &closing, None, reopening).unwrap().0;
        assert!(!binds(&closing, &line(s.province)));
        assert!(reopened(&s.tree, &closing, None, reopening).is_err());
        assert!(may_close(Some(&closing)).is_ok());
    }

    #[test]
    fn a_unit_that_ended_within_the_period_stands_on_its_own_last_day() {
        let s = story();
        let line = line_above(&s.tree, s.communes[0], day("2025-12-31"));
        assert_eq!(line, [s.communes[0], s.districts[0], s.province]);
        assert_eq!(standing_day(&s.tree, s.districts[0], day("2025-12-31")), day("2025-06-30"));
    }
}
