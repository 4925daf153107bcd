//! What a form counts, and who has filed, over two small provinces.

mod awaited;

use proptest::prelude::*;

use super::*;
use kernel::reporting::story::{self, Story};
use kernel::unit_reference::UnitScope;

/// A form of a story: what its lines count in each level, and who has filed.
struct Form<'a> {
    story: &'a Story,
    unit: &'static str,
    on: &'static str,
    scope: UnitScope,
    period: (&'static str, &'static str),
    lines: Vec<ProcessingLine>,
    /// The units whose lines are those of their dossiers.
    complete: Vec<&'static str>,
}

impl<'a> Form<'a> {
    fn of(story: &'a Story, unit: &'static str, on: &'static str) -> Self {
        let period = ("2025-01-01", "2025-12-31");
        Self { story, unit, on, scope: UnitScope::Subtree, period, lines: Vec::new(), complete: Vec::new() }
    }

    fn at(&self, unit: &'static str, on: &'static str, scope: UnitScope) -> Self {
        let (lines, complete) = (self.lines.clone(), self.complete.clone());
        Self { story: self.story, unit, on, scope, period: self.period, lines, complete }
    }

    /// Files a line that was handed in; `Hộ tịch` names its field, and `-` none.
    fn file(&mut self, unit: &str, level: Tier, field: &str, received: i64) {
        self.line(unit, level, field, received, true);
    }

    fn draft(&mut self, unit: &str, level: Tier, field: &str) {
        self.line(unit, level, field, 1_000, false);
    }

    fn line(&mut self, unit: &str, level: Tier, field: &str, received: i64, is_handed_in: bool) {
        self.lines.push(ProcessingLine {
            org_unit_id: self.story.id(unit),
            handling_level: level,
            field: (field != "-").then(|| field.to_owned()),
            is_counted: self.complete.contains(&unit),
            is_handed_in,
            columns: Columns { received_online: received, pending_in_time: received, ..Columns::default() },
            transferred: 0,
            carried_over_basis: None,
            covers_from: None,
            covers_to: None,
        });
    }

    fn result(&self) -> Aggregated {
        let day = |text: &str| text.parse().unwrap();
        let period = (day(self.period.0), day(self.period.1));
        let unit = self.story.id(self.unit);
        let roster = Roster::of(&self.story.tree, unit, day(self.on), self.scope, period);
        let lines: Vec<_> =
            self.lines.iter().filter(|line| roster.contains(line.org_unit_id)).cloned().collect();
        aggregate(&roster, &lines, &self.complete.iter().map(|unit| self.story.id(unit)).collect())
    }

    /// What was received at a level, all fields together.
    fn received(&self, level: Tier) -> i64 {
        let rows = self.result().rows;
        rows.iter().filter(|((of, _), _)| *of == level).map(|(_, cell)| cell.columns.received_online).sum()
    }

    fn coverage(&self, level: Tier) -> LevelCoverage {
        self.result().coverage.into_iter().find(|coverage| coverage.level == level).unwrap()
    }

    /// Filed, expected, and who is missing.
    fn filed(&self, level: Tier) -> (usize, usize, Vec<&'static str>) {
        let coverage = self.coverage(level);
        (coverage.filed, coverage.expected, self.story.names(&coverage.missing))
    }

    /// Whether each stated line counts, and its difference.
    fn stated(&self, level: Tier) -> Vec<(bool, i64)> {
        let stated = self.coverage(level).stated;
        stated.iter().map(|line| (line.counts, line.difference.columns.received_online)).collect()
    }

    /// Ended units with lines: whether they have filed and count, and what.
    fn ended(&self, level: Tier) -> Vec<(&'static str, bool, bool, i64)> {
        let ended = self.coverage(level).ended;
        let mut told: Vec<_> = ended
            .iter()
            .filter(|line| line.has_lines())
            .map(|line| {
                let [name] = self.story.names(&[line.org_unit_id])[..] else { panic!("one unit") };
                (name, line.filed, line.counts, line.total().columns.received_online)
            })
            .collect();
        told.sort_unstable();
        told
    }
}

const COMMUNE: Tier = Tier::Commune;
const DISTRICT: Tier = Tier::District;
const ON: &str = "2025-12-31";
const BEFORE: &str = "2025-06-30";

#[test]
fn the_districts_line_counts_until_every_commune_has_filed() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("district", COMMUNE, "-", 100);
    form.file("one", COMMUNE, "-", 40);
    assert_eq!(form.received(COMMUNE), 100);
    assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]));
    assert_eq!(form.stated(COMMUNE), [(true, 60)]);
    form.file("two", COMMUNE, "-", 55);
    assert_eq!(form.received(COMMUNE), 95);
    assert_eq!(form.stated(COMMUNE), [(false, 5)]);
}

#[test]
fn a_province_adds_up_what_its_districts_stand_for() {
    let s = story::district();
    let mut form = Form::of(&s, "province", ON);
    form.file("district", COMMUNE, "-", 100);
    form.file("district", DISTRICT, "-", 7);
    assert_eq!((form.received(COMMUNE), form.received(DISTRICT)), (100, 7));
    assert_eq!(form.filed(Tier::Province), (0, 1, vec!["province"]));
    assert!(form.at("province", ON, UnitScope::Own).result().rows.is_empty());
}

#[test]
fn a_unit_has_filed_when_nothing_of_its_level_is_open() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("one", COMMUNE, "Hộ tịch", 40);
    form.file("two", COMMUNE, "Hộ tịch", 55);
    assert_eq!(form.filed(COMMUNE), (2, 2, vec![]));
    form.draft("one", COMMUNE, "Đất đai");
    assert_eq!(form.filed(COMMUNE), (1, 2, vec!["one"]), "a line is still to come");
    assert_eq!(form.received(COMMUNE), 95, "what was handed in counts, and no draft");
    // So the district's line stands, once it is wholly handed in itself.
    form.draft("district", COMMUNE, "Đất đai");
    form.file("district", COMMUNE, "Hộ tịch", 60);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (95, vec![(false, -35)]));
    form.lines.retain(|line| line.is_handed_in || line.org_unit_id != s.id("district"));
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (60, vec![(true, -35)]));
}

#[test]
fn lines_by_field_replace_lines_of_their_fields() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("district", COMMUNE, "Hộ tịch", 60);
    form.file("one", COMMUNE, "Hộ tịch", 40);
    form.file("one", COMMUNE, "Đất đai", 7);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (67, vec![(true, 20)]));
    // What only an agency of the district states is one field of many.
    let mut form = Form::of(&s, "district", ON);
    form.file("bureau", COMMUNE, "Hộ tịch", 60);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (60, vec![(true, 60)]));
    form.file("one", COMMUNE, "-", 47);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (47, vec![(false, 13)]));
}

#[test]
fn what_is_stated_by_field_never_takes_the_place_of_a_line_without_field() {
    let s = story::district();
    for speaker in ["district", "bureau"] {
        let mut form = Form::of(&s, "district", ON);
        form.file("one", COMMUNE, "-", 1_000);
        form.file(speaker, COMMUNE, "Đất đai", 10);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (1_000, vec![(false, -990)]), "{speaker}");
        form.draft(speaker, COMMUNE, "Hộ tịch");
        assert_eq!(form.received(COMMUNE), 1_000, "a draft changes nothing");
        form.lines.retain(|line| line.is_handed_in);
        // Others below by field: nobody knows which of theirs is in the line without one.
        form.line("two", COMMUNE, "Đất đai", 7, true);
        form.line("two", COMMUNE, "Hộ tịch", 40, true);
        form.draft("two", COMMUNE, "Y tế");
        assert_eq!(
            (form.received(COMMUNE), form.stated(COMMUNE)),
            (1_047, vec![(false, -997)]),
            "{speaker} takes the place of nobody"
        );
        // Without that line, the field is replaced and the other stands beside it.
        form.lines.retain(|line| line.org_unit_id != s.id("one"));
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (50, vec![(true, 3)]), "{speaker}");
        // A total of the district speaks for all fields.
        form.file("district", COMMUNE, "-", 2_000);
        assert_eq!(form.filed(COMMUNE), (0, 2, vec!["one", "two"]));
        assert!(form.received(COMMUNE) >= 2_000, "{speaker}");
        assert!(form.stated(COMMUNE).iter().all(|(counts, _)| *counts), "{speaker}");
    }
    // It is so between a commune and its own agencies too.
    let mut form = Form::of(&s, "district", ON);
    form.file("centre", COMMUNE, "-", 30);
    form.file("one", COMMUNE, "Đất đai", 10);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (30, vec![(false, -20)]));
}

#[test]
fn a_stated_field_that_nobody_below_names_counts_while_another_is_a_draft() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("one", COMMUNE, "Hộ tịch", 40);
    form.file("district", COMMUNE, "Đất đai", 10);
    form.draft("district", COMMUNE, "Y tế");
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (50, vec![(true, 10)]));
}

#[test]
fn a_commune_has_filed_when_its_agencies_have_or_it_states_their_figures() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("centre", COMMUNE, "-", 30);
    assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]), "no hamlet and no second agency is waited for");
    form.draft("office", COMMUNE, "-");
    assert_eq!(form.filed(COMMUNE), (0, 2, vec!["one", "two"]), "but its office is about to file");
    form.file("one", COMMUNE, "-", 50);
    assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]));
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (50, vec![(true, 20)]));
    form.lines.retain(|line| line.is_handed_in);
    // The office speaks through its section.
    form.file("section", COMMUNE, "-", 15);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (45, vec![(false, 5)]));
    form.file("two", COMMUNE, "-", 1);
    assert_eq!((form.received(COMMUNE), form.filed(COMMUNE)), (46, (2, 2, vec![])));
    // The agency's own form has its own lines.
    assert_eq!(form.at("office", ON, UnitScope::Own).received(COMMUNE), 15);
}

#[test]
fn agencies_count_in_every_scope_and_for_lower_levels_too() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.file("bureau", DISTRICT, "-", 9);
    form.file("bureau", COMMUNE, "-", 20);
    form.file("centre", COMMUNE, "-", 4);
    for (unit, scope, district, commune) in [
        ("district", UnitScope::Own, 9, 20),
        ("district", UnitScope::Children, 9, 20),
        ("province", UnitScope::Children, 9, 20),
        ("province", UnitScope::Subtree, 9, 20),
        ("province", UnitScope::Own, 0, 0),
        ("one", UnitScope::Own, 0, 4),
    ] {
        let form = form.at(unit, ON, scope);
        assert_eq!((form.received(DISTRICT), form.received(COMMUNE)), (district, commune), "{unit}");
    }
    form.file("two", COMMUNE, "-", 5);
    assert_eq!(form.received(COMMUNE), 9, "every commune has filed");
}

#[test]
fn what_ended_within_the_period_is_in_the_form_of_the_province_once() {
    let s = story::reform();
    let mut form = Form::of(&s, "new province", ON);
    form.file("new one", COMMUNE, "-", 1);
    form.file("moved", COMMUNE, "-", 2);
    form.file("old one", COMMUNE, "-", 10);
    form.file("merged in March", COMMUNE, "-", 20);
    form.file("divided", COMMUNE, "-", 40);
    form.file("old district", DISTRICT, "-", 100);
    form.file("old school", DISTRICT, "-", 70);
    form.file("old office", DISTRICT, "-", 30);
    form.file("old province", Tier::Province, "-", 1_000);
    for (unit, province, district, commune) in [
        ("country", 1_000, 100, 73),
        ("new province", 1_000, 100, 73),
        ("new one", 0, 0, 31),
        ("new two", 0, 0, 0),
        ("moved", 0, 0, 2),
    ] {
        let form = form.at(unit, ON, UnitScope::Subtree);
        let received = [Tier::Province, DISTRICT, COMMUNE].map(|level| form.received(level));
        assert_eq!(received, [province, district, commune], "{unit}");
    }
    assert_eq!(form.filed(COMMUNE), (2, 3, vec!["new two"]), "n of m is of units in force");
    assert_eq!(form.filed(Tier::Province), (0, 1, vec!["new province"]));
    assert_eq!(form.coverage(COMMUNE).ended.len(), 4, "old two has filed nothing");
    let ended =
        [("divided", true, true, 40), ("merged in March", true, true, 20), ("old one", true, true, 10)];
    assert_eq!(form.ended(COMMUNE), ended);
    assert_eq!(form.ended(DISTRICT), [("old district", true, true, 100)]);
    // The old district on its last day has its own and what had ended by then.
    let before = form.at("old district", BEFORE, UnitScope::Subtree);
    assert_eq!((before.received(COMMUNE), before.received(DISTRICT)), (72, 100));
    assert_eq!(before.filed(COMMUNE), (3, 4, vec!["old two"]));
    assert_eq!(before.ended(COMMUNE), [("merged in March", true, true, 20)]);
}

#[test]
fn what_was_filed_after_an_end_that_was_entered_late_is_not_lost() {
    let s = story::reform();
    let mut form = Form::of(&s, "new province", ON);
    form.period = ("2025-07-01", "2025-12-31");
    form.file("old one", COMMUNE, "-", 40);
    for (unit, scope) in [
        ("new province", UnitScope::Subtree),
        ("new province", UnitScope::Children),
        ("new one", UnitScope::Own),
    ] {
        let form = form.at(unit, ON, scope);
        assert_eq!(form.received(COMMUNE), 40, "{unit}");
        assert_eq!(form.ended(COMMUNE), [("old one", true, true, 40)]);
        assert!(form.coverage(COMMUNE).ended.iter().all(|line| !line.expected), "nobody waits for it");
    }
    // The province's line stands until the communes in force have filed, and then what was filed late
    // counts beside theirs.
    form.file("new province", COMMUNE, "-", 100);
    for commune in ["new one", "new two", "moved"] {
        form.file(commune, COMMUNE, "-", 5);
    }
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (55, vec![(false, 85)]));
}

/// What became of a commune of two old districts.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It went whole into a new commune.
    Merged(usize),
    /// It went to two new communes.
    Divided(usize),
    /// It went into another old one in March, which ended in its turn.
    MergedBefore,
    /// It lives on under the new province.
    Moved,
}

const NEW: [&str; 3] = ["new 0", "new 1", "new 2"];
const OLD: [&str; 6] = ["old 0", "old 1", "old 2", "old 3", "old 4", "old 5"];
const DISTRICTS: [&str; 2] = ["district 0", "district 1"];

fn reformed(communes: &[(Fate, usize)]) -> Story {
    use kernel::tree::UnitKind;
    const REFORM: &str = "2025-07-01";
    const MARCH: &str = "2025-03-16";
    let mut rows = vec![
        ("country", UnitKind::Country, "", "", ""),
        ("old province", UnitKind::Province, "country", "", REFORM),
        ("province", UnitKind::Province, "country", REFORM, ""),
    ];
    rows.extend(DISTRICTS.map(|name| (name, UnitKind::District, "old province", "", REFORM)));
    rows.extend(NEW.map(|name| (name, UnitKind::Commune, "province", REFORM, "")));
    let mut successions = vec![("old province", "province", REFORM)];
    for (number, ((fate, district), name)) in communes.iter().zip(OLD).enumerate() {
        let end = if matches!(fate, Fate::MergedBefore) && number > 0 { MARCH } else { REFORM };
        rows.push((name, UnitKind::Commune, DISTRICTS[*district], "", end));
        match fate {
            Fate::Merged(new) => successions.push((name, NEW[*new], REFORM)),
            Fate::MergedBefore if number > 0 => successions.push((name, OLD[number - 1], MARCH)),
            Fate::Divided(new) => {
                successions.extend([(name, NEW[*new], REFORM), (name, NEW[(new + 1) % 3], REFORM)]);
            }
            Fate::Moved => rows.push((name, UnitKind::Commune, "province", REFORM, "")),
            Fate::MergedBefore => {}
        }
    }
    Story::new(&rows, &successions)
}

fn fates() -> impl Strategy<Value = Vec<(Fate, usize)>> {
    let fate = prop_oneof![
        (0..3_usize).prop_map(Fate::Merged),
        (0..3_usize).prop_map(Fate::Divided),
        Just(Fate::MergedBefore),
        Just(Fate::Moved),
    ];
    prop::collection::vec((fate, 0..2_usize), 1..=OLD.len())
}

proptest! {
    #[test]
    fn the_form_of_the_children_has_what_their_own_forms_have(communes in fates(), late in any::<bool>()) {
        let s = reformed(&communes);
        let mut form = Form::of(&s, "province", ON);
        if late {
            form.period = ("2025-10-01", "2025-12-31");
        }
        let old = OLD.iter().take(communes.len());
        let mut all = 0;
        for (place, commune) in (0_u32..).zip(old.clone().chain(&NEW)) {
            // Each is told from any sum of others.
            let received = 2_i64.pow(place);
            form.file(commune, COMMUNE, "-", received);
            all += received;
        }
        let of = |unit, scope| form.at(unit, ON, scope).received(COMMUNE);
        let moved = old.zip(&communes).filter(|(_, (fate, _))| matches!(fate, Fate::Moved));
        let children = NEW.iter().chain(moved.map(|(name, _)| name));
        let each: i64 = children.map(|child| of(child, UnitScope::Own)).sum();
        let children = of("province", UnitScope::Children);
        prop_assert_eq!(children, of("province", UnitScope::Own) + each);
        prop_assert_eq!(children, of("province", UnitScope::Subtree));
        prop_assert_eq!(children, all, "nothing is lost, and nothing counts twice");
    }
}

#[test]
fn dossiers_of_a_unit_and_of_its_agencies_stand_beside_each_other() {
    let s = story::district();
    let mut form = Form::of(&s, "one", ON);
    form.complete = vec!["one", "centre"];
    form.file("one", COMMUNE, "Hộ tịch", 40);
    form.file("centre", COMMUNE, "Hộ tịch", 2);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (42, Vec::new()));
    // One agency has not declared anything and files a return: it states its own figures.
    form.file("office", COMMUNE, "Hộ tịch", 1);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (43, Vec::new()));
}

#[test]
fn a_return_speaks_for_dossiers_below_it_until_all_have_filed() {
    let s = story::district();
    let mut form = Form::of(&s, "district", ON);
    form.complete = vec!["one"];
    form.file("district", COMMUNE, "-", 100);
    form.file("one", COMMUNE, "Hộ tịch", 40);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (100, vec![(true, 60)]));
    form.complete.push("two");
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (40, vec![(false, 60)]));
}

proptest! {
    #[test]
    fn every_dossier_counts_once_whoever_else_has_some(
        counted in prop::collection::vec((any::<prop::sample::Index>(), 0..Tier::ALL.len(), 0..3_usize, 1..100_i64), 1..40),
        is_reformed in any::<bool>(),
    ) {
        let s = if is_reformed { story::reform() } else { story::district() };
        let mut form = Form::of(&s, "country", ON);
        form.complete = s.all();
        let mut expected: BTreeMap<(Tier, Option<String>), i64> = BTreeMap::new();
        for (unit, level, field, received) in counted {
            let (level, field) = (Tier::ALL[level], ["-", "Hộ tịch", "Đất đai"][field]);
            let unit = *unit.get(&form.complete);
            form.file(unit, level, field, received);
            *expected.entry((level, (field != "-").then(|| field.to_owned()))).or_default() += received;
        }
        let rows = form.result().rows.into_iter();
        let found: BTreeMap<_, _> = rows.map(|(row, cell)| (row, cell.columns.received_online)).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn an_ended_districts_line_is_held_against_its_own_communes() {
    let s = story::reform();
    let mut form = Form::of(&s, "new province", ON);
    form.file("old district", COMMUNE, "-", 90);
    form.file("old one", COMMUNE, "-", 10);
    form.file("new one", COMMUNE, "-", 1);
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (91, vec![(true, 80)]));
    assert_eq!(form.ended(COMMUNE), [("old one", true, false, 10)]);
    for commune in ["old two", "divided", "merged in March"] {
        form.file(commune, COMMUNE, "-", 20);
    }
    assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (71, vec![(false, 20)]));
    // A line of the new province is about its own days, and leaves those before alone.
    form.file("new province", COMMUNE, "-", 5);
    assert_eq!(form.received(COMMUNE), 75);
    assert_eq!(form.ended(COMMUNE).iter().filter(|line| line.2).count(), 4);
}

#[test]
fn an_implied_part_marks_the_whole() {
    let implied = Cell { basis: Some(CarriedOverBasis::Implied), ..Cell::default() };
    let stated = Cell { basis: Some(CarriedOverBasis::Stated), ..Cell::default() };
    assert_eq!(stated.plus(implied).basis, Some(CarriedOverBasis::Implied));
    assert_eq!(Cell::default().plus(stated).basis, Some(CarriedOverBasis::Stated));
}
