//! Whom a closing binds: on small stories, and on random trees against the form itself.

use std::collections::HashSet;

use chrono::NaiveDate;
use proptest::prelude::*;

use crate::reporting::forms::aggregate::aggregate;
use kernel::db::json_text::JsonText;
use kernel::db::types::Instant;
use kernel::reporting::closed_periods::rules::{Bound, Days, may_close, may_count, reopened, standing_day};
use kernel::reporting::closed_periods::{ClosureRow, ClosureScope, ClosureState, PeriodClosureId, Reopening};
use kernel::reporting::periods::PeriodId;
use kernel::reporting::roster::Roster;
use kernel::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, Tier, UnitKind, UnitVersion};
use kernel::unit_reference::UnitScope;
use tthc::processing_returns::lines::ProcessingLine;
use tthc::processing_returns::rules::Columns;

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

/// A unit that ended with the reform.
fn version(id: OrgUnitId, kind: UnitKind, parent_id: Option<OrgUnitId>) -> UnitVersion {
    UnitVersion {
        org_unit_id: id,
        code: None,
        identifier: None,
        name: String::new(),
        full_name: String::new(),
        kind,
        unit_class: None,
        parent_id,
        valid_from: None,
        valid_to: Some(day("2025-07-01")),
    }
}

fn story() -> Story {
    let [province, d1, d2, c1, c2, agency] = std::array::from_fn(|_| OrgUnitId::new());
    let versions = vec![
        version(province, UnitKind::Province, None),
        version(d1, UnitKind::District, Some(province)),
        version(d2, UnitKind::District, Some(province)),
        version(c1, UnitKind::Commune, Some(d1)),
        version(c2, UnitKind::Commune, Some(d2)),
        version(agency, UnitKind::OtherAgency, Some(c1)),
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

const HALF: Days =
    (NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(), NaiveDate::from_ymd_opt(2024, 6, 30).unwrap());

fn binds(s: &Story, closing: &ClosureRow, unit: OrgUnitId) -> bool {
    Bound::by(&s.tree, closing, HALF).contains(unit)
}

#[test]
fn a_closing_binds_the_unit_or_all_below_and_nobody_beside_or_above() {
    let s = story();
    let all = closure(s.districts[0], ClosureScope::Subtree);
    for (unit, bound) in [
        (s.districts[0], true),
        (s.communes[0], true),
        (s.agency, true),
        (s.province, false),
        (s.districts[1], false),
        (s.communes[1], false),
    ] {
        assert_eq!(binds(&s, &all, unit), bound);
    }
    let alone = closure(s.districts[0], ClosureScope::Own);
    assert!(binds(&s, &alone, s.districts[0]));
    assert!(!binds(&s, &alone, s.communes[0]));
    let with_its_agency = closure(s.communes[0], ClosureScope::Own);
    assert!(binds(&s, &with_its_agency, s.agency));
}

#[test]
fn a_closing_reopened_for_a_unit_binds_the_others_still() {
    let s = story();
    let mut closing = closure(s.province, ClosureScope::Subtree);
    let again = |closing: &ClosureRow, units: Option<&[OrgUnitId]>| {
        reopened(&s.tree, closing, HALF, units, reopening)
    };
    let (state, reopenings) = again(&closing, Some(&[s.districts[0]])).unwrap();
    assert_eq!(state, ClosureState::PartlyReopened);
    (closing.state, closing.reopenings) = (state, JsonText(reopenings));
    for (unit, bound) in
        [(s.communes[0], false), (s.agency, false), (s.districts[1], true), (s.province, true)]
    {
        assert_eq!(binds(&s, &closing, unit), bound);
    }
    for unit in [s.communes[0], s.districts[0], s.province] {
        assert!(again(&closing, Some(&[unit])).is_err());
    }
    assert!(again(&closing, Some(&[s.communes[1]; 2])).is_err());
    closing.state = again(&closing, None).unwrap().0;
    assert!(again(&closing, None).is_err());
    assert!(may_close(Some(&closing)).is_ok());
}

#[test]
fn a_unit_that_ended_within_the_period_stands_on_its_own_last_day() {
    let s = story();
    let found = may_count(&s.tree, s.communes[0], (day("2025-01-01"), day("2025-12-31")));
    assert_eq!(found, [s.communes[0], s.districts[0], s.province]);
    assert_eq!(standing_day(&s.tree, s.districts[0], day("2025-12-31")), day("2025-06-30"));
}

#[test]
fn a_reopening_frees_what_went_into_the_unit_and_what_stood_under_one_that_ended() {
    let [province, district, old, office, moved, new] = std::array::from_fn(|_| OrgUnitId::new());
    let unit = |id, kind, parent, from: Option<&str>, to: Option<&str>| UnitVersion {
        valid_from: from.map(day),
        valid_to: to.map(day),
        ..version(id, kind, Some(parent))
    };
    let reform = Some("2025-07-01");
    let tree = OrgTree::new(
        vec![
            UnitVersion { valid_to: None, ..version(province, UnitKind::Province, None) },
            unit(district, UnitKind::District, province, None, reform),
            unit(old, UnitKind::Commune, district, None, reform),
            unit(office, UnitKind::OtherAgency, old, None, reform),
            unit(moved, UnitKind::Commune, district, None, reform),
            unit(moved, UnitKind::Commune, province, reform, None),
            unit(new, UnitKind::Commune, province, reform, None),
        ],
        vec![Succession {
            predecessor_id: old,
            successor_id: new,
            relation: SuccessionRelation::Merge,
            effective_on: day("2025-07-01"),
            keeps_records: false,
        }],
    );
    let year = (day("2025-01-01"), day("2025-12-31"));
    let closing = ClosureRow { as_of: year.1, ..closure(province, ClosureScope::Subtree) };
    let all = [province, district, old, office, moved, new];
    let free = |units: &[OrgUnitId]| {
        let (state, reopenings) = reopened(&tree, &closing, year, Some(units), reopening).unwrap();
        let closing = ClosureRow { state, reopenings: JsonText(reopenings), ..closing.clone() };
        let bound = Bound::by(&tree, &closing, year);
        all.into_iter().filter(|unit| !bound.contains(*unit)).collect::<Vec<_>>()
    };
    assert_eq!(free(&[new]), [old, office, new]);
    assert_eq!(free(&[old]), [old, office]);
    assert_eq!(free(&[district]), [district, old, office]);
    assert_eq!(free(&[moved]), [moved]);
}

/// Days on which units of the random trees begin, move and end.
const DAYS: [&str; 5] = ["2024-11-01", "2025-03-16", "2025-07-01", "2025-10-01", "2026-02-01"];

/// A unit: where and what it is, when it begins, moves and ends, and to where.
type Drawn = (usize, usize, Option<usize>, Option<usize>, Option<usize>, usize);

/// A country of units that were founded, moved, ended, merged and divided at random.
fn random_tree() -> impl Strategy<Value = (OrgTree, Vec<OrgUnitId>)> {
    let some_day = || proptest::option::weighted(0.3, 0..DAYS.len());
    let unit = (0_usize..20, 0_usize..7, some_day(), some_day(), some_day(), 0_usize..20);
    let succession = (0_usize..20, 0_usize..20, 0..DAYS.len(), any::<bool>());
    let units = proptest::collection::vec(unit, 4..12);
    (units, proptest::collection::vec(succession, 0..8))
        .prop_map(|(units, successions)| tree_of(&units, &successions))
}

fn tree_of(units: &[Drawn], successions: &[(usize, usize, usize, bool)]) -> (OrgTree, Vec<OrgUnitId>) {
    use UnitKind::{Commune, Country, District, Hamlet, OtherAgency, Province};
    const KINDS: [UnitKind; 7] = [Province, District, District, Commune, Commune, OtherAgency, Hamlet];
    let ids: Vec<OrgUnitId> = (0..=units.len()).map(|_| OrgUnitId::new()).collect();
    let at = |place: Option<usize>| place.map(|place| day(DAYS[place]));
    let mut versions = vec![UnitVersion { valid_to: None, ..version(ids[0], Country, None) }];
    for (place, (above, kind, begins, moves, ends, to)) in units.iter().enumerate() {
        // The parent comes before, so that no unit stands under itself.
        let parent = |drawn: &usize| Some(ids[drawn % (place + 1)]);
        let first = UnitVersion {
            valid_from: at(*begins),
            valid_to: at(*ends),
            ..version(ids[place + 1], KINDS[*kind], parent(above))
        };
        match at(*moves).filter(|day| first.holds_on(*day)) {
            None => versions.push(first),
            Some(day) => {
                let second = UnitVersion { valid_from: Some(day), parent_id: parent(to), ..first.clone() };
                versions.extend([UnitVersion { valid_to: Some(day), ..first }, second]);
            }
        }
    }
    let succession = |(old, new, on, divides): &(usize, usize, usize, bool)| Succession {
        predecessor_id: ids[old % ids.len()],
        successor_id: ids[new % ids.len()],
        relation: if *divides { SuccessionRelation::Division } else { SuccessionRelation::Merge },
        effective_on: day(DAYS[*on]),
        keeps_records: false,
    };
    let successions = successions.iter().filter(|(old, new, ..)| old % ids.len() != new % ids.len());
    (OrgTree::new(versions, successions.map(succession).collect()), ids)
}

/// Whether the figures of a unit come to its form at all when it alone files.
fn counts(tree: &OrgTree, closing: &ClosureRow, scope: UnitScope, period: Days, unit: OrgUnitId) -> bool {
    let roster = Roster::of(tree, closing.org_unit_id, closing.as_of, scope, period);
    let line = ProcessingLine {
        org_unit_id: unit,
        handling_level: Tier::Commune,
        field: None,
        is_counted: false,
        is_handed_in: true,
        columns: Columns { received_online: 7, ..Columns::default() },
        transferred: 0,
        carried_over_basis: None,
        covers_from: None,
        covers_to: None,
    };
    // The form reads the lines of its units only.
    let lines: Vec<_> = Some(line).filter(|line| roster.contains(line.org_unit_id)).into_iter().collect();
    aggregate(&roster, &lines, &HashSet::new()).rows.values().any(|cell| cell.columns.received_online == 7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_write_meets_the_closings_whose_forms_count_it_and_no_others((tree, ids) in random_tree()) {
        for period in [("2025-01-01", "2025-12-31"), ("2025-07-01", "2025-09-30")] {
            let period = (day(period.0), day(period.1));
            for unit in &ids {
                let as_of = standing_day(&tree, *unit, period.1);
                if !tree.in_force(*unit, as_of) || as_of < period.0 {
                    continue;
                }
                for (closes, scope) in
                    [(ClosureScope::Own, UnitScope::Own), (ClosureScope::Subtree, UnitScope::Subtree)]
                {
                    let closing = ClosureRow { as_of, ..closure(*unit, closes) };
                    let bound = Bound::by(&tree, &closing, period);
                    for writer in &ids {
                        let meets = may_count(&tree, *writer, period).contains(unit) && bound.contains(*writer);
                        prop_assert_eq!(meets, counts(&tree, &closing, scope, period, *writer));
                    }
                }
            }
        }
    }
}
