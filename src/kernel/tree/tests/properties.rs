//! What holds of any tree, cycles and overlaps included.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn a_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..40).prop_map(|days| day("2025-06-10") + chrono::Days::new(days))
}

/// Any data at all, cycles and overlaps included; only the first unit is a country.
fn any_tree() -> impl Strategy<Value = OrgTree> {
    let kind = prop::sample::select(&UnitKind::ALL[1..]);
    let row =
        (0_u32..16, kind, prop::option::of(0_u32..16), prop::option::of(a_day()), prop::option::of(a_day()));
    let rows = prop::collection::vec(row, 0..40);
    let link = (0_u32..16, 0_u32..16, any::<bool>(), any::<bool>(), a_day());
    (rows, prop::collection::vec(link, 0..24)).prop_map(|(rows, links)| {
        let country = version(0, "", "Việt Nam", UnitKind::Country, 0, ALWAYS);
        let versions = rows.into_iter().map(|(unit, kind, parent, valid_from, valid_to)| UnitVersion {
            org_unit_id: id(unit),
            code: Some(format!("{unit:05}")),
            kind: if unit == 0 { UnitKind::Country } else { kind },
            unit_class: None,
            parent_id: parent.map(id),
            valid_from,
            valid_to,
            ..country.clone()
        });
        let links = links.into_iter().map(|(old, new, whole, keeps_records, effective_on)| Succession {
            effective_on,
            ..succession(
                old,
                new,
                if whole { SuccessionRelation::Merge } else { SuccessionRelation::Division },
                keeps_records,
            )
        });
        OrgTree::new(std::iter::once(country.clone()).chain(versions).collect(), links.collect())
    })
}

proptest! {
    #[test]
    fn children_and_parents_agree(tree in any_tree(), day in a_day()) {
        for unit in tree.ids() {
            for child in tree.children(unit, day) {
                prop_assert_eq!(tree.version_at(child, day).and_then(|version| version.parent_id), Some(unit));
            }
            let parent = tree.version_at(unit, day).and_then(|version| version.parent_id);
            if let Some(parent) = parent.filter(|parent| tree.in_force(*parent, day)) {
                prop_assert!(tree.children(parent, day).contains(&unit));
            }
        }
    }

    #[test]
    fn a_subtree_is_the_closure_of_children_without_doubles(tree in any_tree(), day in a_day()) {
        for unit in tree.ids() {
            let subtree = tree.subtree(unit, day);
            let mut closure: Vec<OrgUnitId> =
                tree.in_force(unit, day).then_some(unit).into_iter().collect();
            let mut next = 0;
            while let Some(member) = closure.get(next).copied() {
                next += 1;
                for child in tree.children(member, day) {
                    if !closure.contains(&child) {
                        closure.push(child);
                    }
                }
            }
            let sorted = |mut list: Vec<OrgUnitId>| { list.sort(); list };
            prop_assert_eq!(sorted(subtree.clone()), sorted(closure));
            for member in subtree.into_iter().filter(|member| *member != unit) {
                prop_assert!(tree.ancestors(member, day).contains(&unit));
            }
        }
    }

    #[test]
    fn reaches_nest(tree in any_tree(), day in a_day()) {
        for unit in tree.ids() {
            let reach = tree.reach(unit, day);
            prop_assert!(reach.records.contains(unit));
            prop_assert!(reach.records.is_subset(&reach.aggregates));
            prop_assert_eq!(reach.records.iter().count(), reach.records.len());
            for child in tree.children(unit, day) {
                let inner = tree.reach(child, day);
                prop_assert!(inner.records.is_subset(&reach.records));
                prop_assert!(inner.aggregates.is_subset(&reach.aggregates));
            }
        }
    }

    #[test]
    fn all_heirs_stand_under_the_holder(tree in any_tree(), day in a_day()) {
        for unit in tree.ids() {
            let Some(holder) = tree.holder(unit, day) else { continue };
            prop_assert!(tree.in_force(holder, day));
            for heir in tree.heirs(unit, day) {
                prop_assert!(heir == holder || tree.ancestors(heir, day).contains(&holder));
            }
        }
    }

    #[test]
    fn no_day_under_another_unit_is_missed(tree in any_tree(), from in a_day(), to in a_day()) {
        for unit in tree.ids() {
            for day in from.iter_days().take_while(|day| *day < to) {
                for above in tree.ancestors(unit, day) {
                    let first = tree.first_day_under(unit, above, (from, to));
                    prop_assert!(first.is_some_and(|first| first <= day));
                }
            }
        }
    }

    #[test]
    fn heirs_are_in_force(tree in any_tree(), day in a_day()) {
        for unit in tree.ids() {
            for heir in tree.heirs(unit, day) {
                prop_assert!(tree.in_force(heir, day));
            }
        }
    }

    #[test]
    fn an_ended_unit_has_a_last_day_on_which_it_was_in_force(tree in any_tree()) {
        for unit in tree.ids() {
            if let Some(last) = tree.last_day(unit) {
                prop_assert!(tree.in_force(unit, last));
                prop_assert!(!tree.in_force(unit, last + chrono::Days::new(1)));
            }
        }
    }
}
