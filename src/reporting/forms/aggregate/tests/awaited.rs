//! Who is to file, against a plain count of the units.

use super::*;

/// An island district ended with its commune, and lives on as a commune of the province: ranks do not rise on
/// the way down to what came to a unit.
fn island() -> Story {
    use kernel::tree::UnitKind::{Commune, Country, District, Province};
    const REFORM: &str = "2025-07-01";
    let rows = [
        ("country", Country, "", "", ""),
        ("province", Province, "country", "", ""),
        ("island district", District, "province", "", REFORM),
        ("island commune", Commune, "island district", "", REFORM),
        ("zone", Commune, "province", REFORM, ""),
        ("mainland", Commune, "province", "", ""),
    ];
    Story::new(&rows, &[("island district", "zone", REFORM), ("island commune", "zone", REFORM)])
}

#[test]
fn who_is_to_file_is_told_where_nobody_has() {
    for (s, units) in [
        (island(), ["country", "province", "zone"]),
        (story::reform(), ["country", "new province", "new one"]),
        (story::district(), ["country", "district", "one"]),
    ] {
        for (unit, is_late) in units.into_iter().flat_map(|unit| [(unit, false), (unit, true)]) {
            for scope in UnitScope::ALL {
                let mut form = Form::of(&s, unit, ON);
                form.scope = *scope;
                if is_late {
                    form.period = ("2025-10-01", "2025-12-31");
                }
                let day = |text: &str| text.parse().unwrap();
                let period = (day(form.period.0), day(form.period.1));
                let roster = Roster::of(&s.tree, s.id(unit), day(ON), *scope, period);
                let coverage = form.result().coverage;
                for level in Tier::ALL {
                    let of_level = |standing: &&Standing| standing.rank() == Some(tier_rank(*level));
                    let standings = roster.units().iter().filter_map(|unit| roster.standing(unit));
                    let (ended, in_force): (Vec<_>, Vec<_>) =
                        standings.filter(of_level).partition(|standing| standing.has_ended());
                    let names = |units: Vec<&Standing>| {
                        s.names(&units.into_iter().map(Standing::unit).collect::<Vec<_>>())
                    };
                    let expected = ended.into_iter().filter(|standing| standing.is_expected()).collect();
                    let told = coverage.iter().find(|told| told.level == *level);
                    let missing = told.map(|told| s.names(&told.missing)).unwrap_or_default();
                    assert_eq!(missing, names(in_force), "{unit} {scope:?} {level:?}");
                    let lines = told.map(|told| told.ended.as_slice()).unwrap_or_default();
                    let awaited: Vec<_> = lines.iter().map(|line| line.org_unit_id).collect();
                    assert_eq!(s.names(&awaited), names(expected), "{unit} {scope:?} {level:?}");
                }
            }
        }
    }
}

proptest! {
    /// Who is to file does not depend on how it is found: among lines of which there are none, or by itself.
    #[test]
    fn who_is_to_file_is_the_same_among_no_lines(communes in fates(), whole in 0..8_usize, late in any::<bool>()) {
        let s = reformed(&communes);
        let day = |text: &str| text.parse().unwrap();
        let period = (day(if late { "2025-10-01" } else { "2025-01-01" }), day("2025-12-31"));
        let complete = OLD.into_iter().take(communes.len()).chain(NEW).skip(whole).map(|unit| s.id(unit)).collect();
        for unit in ["country", "province", "new 0"] {
            for scope in UnitScope::ALL {
                let roster = Roster::of(&s.tree, s.id(unit), day(ON), *scope, period);
                let walk = Walk { roster: &roster, filed: HashMap::new(), complete: &complete };
                for level in Tier::ALL {
                    let top = roster.standing(roster.unit()).unwrap();
                    let (among, mut alone) = (walk.level(top, *level), Found::default());
                    walk.awaited(top, *level, &mut alone);
                    let told = |found: Found| (found.expected, found.missing, found.ended, found.rows, found.stated);
                    prop_assert_eq!(told(alone), told(among), "{} {:?} {:?}", unit, scope, level);
                }
            }
        }
    }
}
