//! Who is in the form of whom, over two small provinces and their reform.

use super::*;
use crate::reporting::story::{self, Story};
use crate::tree::UnitKind;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn roster(s: &Story, unit: &str, on: &str, scope: UnitScope) -> Vec<&'static str> {
    let unit = s.id(unit);
    let roster = Roster::of(&s.tree, unit, day(on), scope, (day("2025-01-01"), day("2025-12-31")));
    s.names(&roster.units().iter().collect::<Vec<_>>())
}

#[test]
fn who_moved_or_ended_is_in_one_form_of_each_tier_only() {
    use UnitScope::Subtree;
    let s = story::reform();
    // Before the reform nobody has ended but the commune that was merged in March.
    assert_eq!(roster(&s, "old one", "2025-06-30", Subtree), ["merged in March", "old one"]);
    let district = [
        "divided",
        "merged in March",
        "moved",
        "old district",
        "old office",
        "old one",
        "old school",
        "old two",
    ];
    assert_eq!(roster(&s, "old district", "2025-06-30", Subtree), district);
    // After it each commune has what went whole into it, and only the province all the rest.
    let new_one = ["merged in March", "new one", "old one"];
    assert_eq!(roster(&s, "new one", "2025-12-31", Subtree), new_one);
    assert_eq!(roster(&s, "new two", "2025-12-31", Subtree), ["new two", "old two"]);
    assert_eq!(roster(&s, "moved", "2025-12-31", Subtree), ["moved"]);
    let whole = roster(&s, "new province", "2025-12-31", Subtree);
    let all: Vec<_> = s.all().into_iter().filter(|name| *name != "country").collect();
    assert_eq!(whole, all);
}

#[test]
fn a_scope_counts_tiers_and_brings_agencies_along() {
    let s = story::reform();
    let on = "2025-06-30";
    let own = ["old district", "old office", "old school"];
    assert_eq!(roster(&s, "old district", on, UnitScope::Own), own);
    let children = ["old district", "old office", "old province", "old school"];
    assert_eq!(roster(&s, "old province", on, UnitScope::Children), children);
    assert_eq!(roster(&s, "old province", on, UnitScope::Own), ["old province"]);
}

#[test]
fn what_ended_comes_with_its_holder_whatever_stood_above_it() {
    let s = story::reform();
    let on = "2025-12-31";
    let own = ["divided", "new province", "old district", "old office", "old province", "old school"];
    assert_eq!(roster(&s, "new province", on, UnitScope::Own), own);
    let children = roster(&s, "new province", on, UnitScope::Children);
    assert_eq!(children, roster(&s, "new province", on, UnitScope::Subtree));
}

#[test]
fn nobody_who_ended_before_the_period_is_to_file_for_it() {
    let s = story::reform();
    let expected = |period| {
        let whole = UnitScope::Subtree;
        let roster = Roster::of(&s.tree, s.id("new province"), day("2025-12-31"), whole, period);
        let units: Vec<_> = roster.units().iter().filter(|unit| roster.is_expected(*unit)).collect();
        s.names(&units)
    };
    let units = ["moved", "new one", "new province", "new two", "old school"];
    assert_eq!(
        expected((day("2025-07-01"), day("2025-12-31"))),
        units,
        "a school lives on, though its district has ended"
    );
    let spring = expected((day("2025-04-01"), day("2025-06-30")));
    assert!(spring.contains(&"old one") && !spring.contains(&"merged in March"), "{spring:?}");
}

#[test]
fn what_went_into_a_unit_below_it_leads_nobody_round_in_a_circle() {
    use UnitKind::{Country, OtherAgency, Province};
    let rows = [
        ("country", Country, "", "", ""),
        ("province", Province, "country", "", ""),
        ("bureau", OtherAgency, "province", "", "2025-07-01"),
        ("centre", OtherAgency, "bureau", "", ""),
        ("office", OtherAgency, "centre", "", ""),
    ];
    let s = Story::new(&rows, &[("bureau", "office", "2025-07-01")]);
    let (on, all) = (day("2025-12-31"), ["bureau", "centre", "office"]);
    for unit in ["centre", "office"] {
        let period = (day("2025-01-01"), day("2025-12-31"));
        let roster = Roster::of(&s.tree, s.id(unit), on, UnitScope::Subtree, period);
        assert_eq!(s.names(&roster.units().iter().collect::<Vec<_>>()), all);
        let below = roster.below(s.id(unit));
        assert_eq!((s.names(&below).as_slice(), below.len()), (all.as_slice(), 3), "each once");
    }
}
