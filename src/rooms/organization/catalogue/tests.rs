//! What the bundled lists say, and what is told of lists that are wrong.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use chrono::NaiveDate;
use uuid::Uuid;

use super::keys::id_of_key;
use super::succession_list::two_tiers_begin;
use super::*;
use crate::units::model::ChangeKind;
use kernel::tree::{OrgTree, OrgUnitId, Reach, SuccessionRelation, UnitKind};
use kernel::validity::Certainty;

static PLAN: LazyLock<CataloguePlan> = LazyLock::new(|| plan(BUNDLED).unwrap());
static TREE: LazyLock<OrgTree> = LazyLock::new(|| PLAN.tree());

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn old(code: &str) -> OrgUnitId {
    PLAN.id_of(Structure::ThreeTiers, code).unwrap()
}

fn new(code: &str) -> OrgUnitId {
    PLAN.id_of(Structure::TwoTiers, code).unwrap()
}

fn count(kind: UnitKind, on: &str) -> usize {
    let on = day(on);
    TREE.ids().filter(|id| TREE.version_at(*id, on).is_some_and(|version| version.kind == kind)).count()
}

fn today(code: &str) -> Reach {
    TREE.reach(new(code), day("2026-09-30"))
}

#[test]
fn the_whole_country_in_both_structures() {
    assert_eq!(two_tiers_begin(), day("2025-07-01"));
    assert_eq!(PLAN.units.len(), 14_575 + 1);
    assert_eq!(PLAN.units.iter().map(|unit| unit.versions.len()).sum::<usize>(), 14_718 + 1);
    assert_eq!(PLAN.successions.len(), 11_090);
    let changes = |kind| {
        let versions = PLAN.units.iter().flat_map(|unit| &unit.versions);
        versions.filter(|version| version.change == Some(kind)).count()
    };
    assert_eq!(ChangeKind::ALL.iter().map(|kind| changes(*kind)).collect::<Vec<_>>(), [137, 3, 3]);
    for on in ["2024-06-30", "2025-06-30"] {
        assert_eq!(
            [count(UnitKind::Province, on), count(UnitKind::District, on), count(UnitKind::Commune, on)],
            [63, 705, 10_595]
        );
    }
    assert_eq!(
        [UnitKind::Province, UnitKind::District, UnitKind::Commune].map(|kind| count(kind, "2025-07-01")),
        [34, 0, 3_321]
    );
}

#[test]
fn ids_follow_from_the_keys_and_differ() {
    assert_eq!(id_of_key("2024:31420"), old("31420"));
    assert_eq!(plan(BUNDLED).unwrap(), *PLAN);
    let ids: HashSet<_> = PLAN.units.iter().map(|unit| unit.id).collect();
    assert_eq!(ids.len(), PLAN.units.len());
    let id: Uuid = old("31420").to_string().parse().unwrap();
    assert_eq!(id.get_version_num(), 5);
    assert_eq!(id_of_key(COUNTRY_KEY).to_string(), "0e7bdb6d-8e53-56c8-a9dd-4f4265eb3bab");
}

#[test]
fn every_code_means_one_unit_on_a_day() {
    let name = |code, on| {
        let on = day(on);
        TREE.version_at(TREE.by_code(code, on).unwrap(), on).unwrap().name.clone()
    };
    assert_eq!(name("31420", "2024-06-30"), "Hòa Mỹ");
    assert_eq!(name("31420", "2025-07-01"), "Phụng Hiệp");
    for unit in &PLAN.units {
        for version in unit.versions.iter().filter(|version| version.code.is_some()) {
            let code = version.code.as_deref().unwrap();
            let on = version.valid_from.unwrap_or(day("2024-06-30"));
            assert_eq!(TREE.by_code(code, on), Some(unit.id), "{}", unit.key);
        }
    }
}

#[test]
fn each_unit_stands_under_the_country() {
    for on in ["2024-06-30", "2025-03-01", "2025-07-01"].map(day) {
        let country = id_of_key(COUNTRY_KEY);
        let in_force = TREE.ids().filter(|id| TREE.in_force(*id, on)).count();
        assert_eq!(TREE.subtree(country, on).len(), in_force);
    }
    let country = TREE.reach(id_of_key(COUNTRY_KEY), day("2026-09-30"));
    assert_eq!(country.records.len(), PLAN.units.len());
}

#[test]
fn hue_changed_its_name_before_the_rest() {
    let hue = new("46");
    assert_eq!(hue, old("46"));
    let name = |on| TREE.version_at(hue, day(on)).unwrap().name.clone();
    assert_ne!(name("2024-12-31"), name("2025-01-01"));
    let unit = PLAN.units.iter().find(|unit| unit.id == hue).unwrap();
    assert_eq!(unit.versions[1].change, Some(ChangeKind::Rename));
    assert_eq!(unit.versions[1].legal_basis.as_deref(), Some("Nghị quyết 175/2024/QH15"));
    assert_eq!(TREE.province_of(TREE.children(hue, day("2025-06-30"))[0], day("2025-06-30")), Some(hue));
}

#[test]
fn the_heirs_of_phung_hiep_are_seven_communes_of_can_tho() {
    let on = day("2025-07-01");
    let heirs = TREE.heirs(old("934"), on);
    let codes: Vec<_> =
        heirs.iter().map(|id| TREE.version_at(*id, on).unwrap().code.clone().unwrap()).collect();
    assert_eq!(codes, ["31393", "31396", "31399", "31408", "31420", "31426", "31432"]);
    assert!(heirs.iter().all(|id| TREE.province_of(*id, on) == Some(new("92"))));
    assert_eq!(TREE.children(old("934"), day("2024-06-30")).len(), 15);
}

#[test]
fn can_tho_grew() {
    assert_ne!(old("92"), new("92"));
    let communes = |unit, on: &str| {
        let on = day(on);
        let all = TREE.subtree(unit, on);
        all.iter().filter(|id| TREE.version_at(**id, on).unwrap().kind == UnitKind::Commune).count()
    };
    assert_eq!(communes(old("92"), "2024-06-30"), 83);
    assert_eq!(communes(new("92"), "2026-09-30"), 103);
    assert_eq!(communes(new("92"), "2024-06-30"), 0);
}

#[test]
fn can_tho_reaches_the_three_provinces_it_was() {
    let reach = today("92");
    let mut expected = 1 + 103;
    for province in ["92", "93", "94"] {
        let members = TREE.subtree(old(province), day("2025-06-30"));
        assert!(members.iter().all(|id| reach.records.contains(*id)));
        expected += members.len();
    }
    // Units that kept their identity stand in both.
    let kept = TREE.subtree(new("92"), day("2026-09-30"));
    expected -= kept.iter().filter(|id| TREE.in_force(**id, day("2025-06-30"))).count();
    assert_eq!(reach.records.len(), expected);
    assert_eq!(reach.aggregates.len(), expected);
}

#[test]
fn a_commune_reaches_its_communes_and_not_their_district() {
    let reach = today("31396");
    assert!(reach.records.contains(old("31396")));
    assert!(reach.records.contains(old("31429")));
    assert!(!reach.aggregates.contains(old("934")));
    let commune = |id| TREE.latest(id).unwrap().kind == UnitKind::Commune;
    assert!(reach.aggregates.iter().all(commune));
    let (records, aggregates) = (names(&reach, true), names(&reach, false));
    assert_eq!(records, aggregates);
}

fn names(reach: &Reach, records: bool) -> Vec<String> {
    let set = if records { &reach.records } else { &reach.aggregates };
    set.iter().map(|id| TREE.latest(id).unwrap().name.clone()).collect()
}

#[test]
fn the_totals_of_a_divided_commune_are_read_by_each_part() {
    let thot_not = PLAN.successions.iter().filter(|row| {
        row.relation == SuccessionRelation::Division
            && TREE.latest(row.predecessor).unwrap().name == "Thốt Nốt"
    });
    let parts: Vec<_> = thot_not.collect();
    assert_eq!(parts.len(), 2);
    for part in parts {
        let reach = today(&part.successor_key.1);
        assert!(reach.aggregates.contains(part.predecessor));
        assert!(!reach.records.contains(part.predecessor));
        assert!(today("92").records.contains(part.predecessor));
    }
}

#[test]
fn five_island_districts_became_special_zones() {
    for (district, zone) in
        [("318", "11948"), ("471", "19742"), ("498", "20333"), ("536", "21548"), ("755", "26732")]
    {
        assert_eq!(TREE.heirs(old(district), day("2025-07-01")), [new(zone)]);
        assert!(today(zone).records.contains(old(district)));
    }
}

#[test]
fn provinces_share_out_all_that_ever_was() {
    let on = day("2026-09-30");
    let mut owners: HashMap<OrgUnitId, usize> = HashMap::new();
    for province in TREE.children(id_of_key(COUNTRY_KEY), on) {
        for id in TREE.reach(province, on).records.iter() {
            *owners.entry(id).or_default() += 1;
        }
    }
    assert_eq!(owners.len(), PLAN.units.len() - 1, "all but the country");
    assert!(owners.values().all(|owners| *owners == 1));
}

#[test]
fn a_commune_never_reaches_above_its_tier_but_on_the_islands() {
    let on = day("2026-09-30");
    let mut districts = 0;
    for id in TREE.ids().filter(|id| TREE.version_at(*id, on).is_some_and(|v| v.kind == UnitKind::Commune)) {
        let reach = TREE.reach(id, on);
        let kinds = reach.aggregates.iter().map(|id| TREE.latest(id).unwrap().kind);
        districts += kinds.filter(|kind| *kind != UnitKind::Commune).count();
    }
    assert_eq!(districts, 5);
}

const UNITS_2024: &str = "code,name,full_name,level,parent_code\n\
    01,Một,Tỉnh Một,province,\n001,Hai,Huyện Hai,district,01\n00001,Ba,Xã Ba,commune,001\n\
    00004,Tư,Xã Tư,commune,001\n";
const UNITS_2025: &str = "code,name,full_name,level,parent_code\n\
    01,Một,Tỉnh Một,province,\n00001,Ba,Xã Ba,commune,01\n00002,Hai,Xã Hai,commune,01\n";
const LINKS: &str = "old_code,new_code,relation,effective_date,legal_basis,via_code,note\n\
    01,01,unchanged,2025-07-01,,,\n";

fn faults(units_2024: &str, units_2025: &str, links: &str) -> Vec<String> {
    let files = CatalogueFiles {
        units_2024: units_2024.as_bytes(),
        units_2025: units_2025.as_bytes(),
        successions: links.as_bytes(),
    };
    plan(files).err().map(|error| error.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn a_small_catalogue_is_read_and_normalised() {
    assert_eq!(faults(UNITS_2024, UNITS_2025, LINKS), [""; 0]);
    let files = CatalogueFiles {
        units_2024: UNITS_2024.as_bytes(),
        units_2025: "code,name,full_name,level,parent_code\n01,Co\u{302}\u{323}t,Ti\u{309}nh,province,\n"
            .as_bytes(),
        successions: LINKS.as_bytes(),
    };
    let plan = plan(files).unwrap();
    assert_eq!(plan.units[1].versions[1].name, "Cột");
    assert_eq!(plan.units[2].versions[0].valid_to_certainty, Some(Certainty::Inferred));
}

#[test]
fn every_fault_of_the_units_is_named_with_its_place() {
    let bad = format!(
        "{UNITS_2024}02,,Tỉnh,province,\n02,A,B,province,01\n0A2,A,B,district,01\n003,A,B,ward,01\n\
         004,A,B,district,\n005,A,B,district,09\n00007,A,B,commune,01\n06,A\n"
    );
    assert_eq!(
        faults(&bad, "name\n", LINKS),
        [
            "admin-units-2024.csv, line 13, column full_name: the line has 2 fields",
            "admin-units-2024.csv, line 6, column name: empty",
            "admin-units-2024.csv, line 7, column code: \"02\" occurs more than once",
            "admin-units-2024.csv, line 8, column code: \"0A2\" is no code of this level",
            "admin-units-2024.csv, line 9, column level: \"ward\" is no level here",
            "admin-units-2024.csv, line 7, column parent_code: \"01\" is not of the level above",
            "admin-units-2024.csv, line 10, column parent_code: empty",
            "admin-units-2024.csv, line 11, column parent_code: \"09\" names no unit",
            "admin-units-2024.csv, line 12, column parent_code: \"01\" is not of the level above",
            "admin-units-2025.csv, line 1, column code: the header must be code,name,full_name,level,parent_code",
        ]
    );
    assert_eq!(
        faults(UNITS_2024, &format!("{UNITS_2025}001,A,B,district,01\n"), LINKS),
        ["admin-units-2025.csv, line 5, column level: \"district\" is no level here"]
    );
    let empty = CatalogueFiles { units_2024: b"", units_2025: b"code,\xff\n", successions: b"" };
    assert_eq!(plan(empty).unwrap_err().faults.len(), 2);
}

#[test]
fn every_fault_of_the_successions_is_named_with_its_place() {
    let bad = format!(
        "{LINKS}00009,00008,merge,2025-07-01,,,\n001,00002,swallow,1/7/2025,,x,\n\
         00001,00001,merge,2025-07-01,,,\n00001,00002,merge,2025-07-02,,,\n\
         00004,00001,part,2025-07-01,,,\n00004,00001,part,2025-07-01,,,\n\
         001,00002,merge,2025-06-01,,,\n"
    );
    assert_eq!(
        faults(UNITS_2024, UNITS_2025, &bad),
        [
            "admin-unit-successions.csv, line 3, column old_code: \"00009\" names no unit",
            "admin-unit-successions.csv, line 3, column new_code: \"00008\" names no unit",
            "admin-unit-successions.csv, line 4, column relation: \"swallow\" is no relation",
            "admin-unit-successions.csv, line 4, column effective_date: \"1/7/2025\" is no date of the form YYYY-MM-DD",
            "admin-unit-successions.csv, line 4, column via_code: \"x\" is no code of this level",
            "admin-unit-successions.csv, line 6, column relation: \"00001\" contradicts another row of this unit",
            "admin-unit-successions.csv, line 6, column effective_date: 2025-07-02 differs from another row of this unit",
            "admin-unit-successions.csv, line 8, column new_code: \"00001\" occurs more than once",
            "admin-unit-successions.csv, line 9, column effective_date: 2025-06-01 is before the successor begins",
        ]
    );
    let retyped = format!("{LINKS}001,00001,retype,2025-07-01,,,\n00001,00001,unchanged,2025-07-01,,,\n");
    assert_eq!(
        faults(UNITS_2024, UNITS_2025, &retyped),
        [
            "admin-unit-successions.csv, line 3, column relation: \"001\" contradicts another row of this unit",
            "admin-unit-successions.csv, line 4, column new_code: \"00001\" occurs more than once",
        ]
    );
}

#[test]
fn the_full_tree_is_built_in_no_time() {
    let copy = PLAN.clone();
    let start = std::time::Instant::now();
    let tree = copy.tree();
    let took = start.elapsed();
    println!("{} units in {took:?}", tree.len());
    assert!(took.as_millis() < 1_000);
}
