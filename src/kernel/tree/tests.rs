//! What the tree answers, over a small story of 2025 and, in [`properties`], over any data at all.

mod properties;

use chrono::NaiveDate;

use super::*;

fn id(number: u32) -> OrgUnitId {
    format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
}

fn ids(numbers: &[u32]) -> Vec<OrgUnitId> {
    numbers.iter().copied().map(id).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn before() -> NaiveDate {
    day("2024-06-30")
}

fn today() -> NaiveDate {
    day("2026-09-30")
}

fn version(
    unit: u32,
    code: &str,
    name: &str,
    kind: UnitKind,
    parent: u32,
    span: (Option<&str>, Option<&str>),
) -> UnitVersion {
    UnitVersion {
        org_unit_id: id(unit),
        code: (!code.is_empty()).then(|| code.to_owned()),
        identifier: None,
        name: name.to_owned(),
        full_name: name.to_owned(),
        kind,
        unit_class: None,
        parent_id: (parent != 0).then(|| id(parent)),
        valid_from: span.0.map(day),
        valid_to: span.1.map(day),
    }
}

fn succession(old: u32, new: u32, relation: SuccessionRelation, keeps_records: bool) -> Succession {
    Succession {
        predecessor_id: id(old),
        successor_id: id(new),
        relation,
        effective_on: day("2025-07-01"),
        keeps_records,
    }
}

const OLD: (Option<&str>, Option<&str>) = (None, Some("2025-07-01"));
const NEW: (Option<&str>, Option<&str>) = (Some("2025-07-01"), None);
const ALWAYS: (Option<&str>, Option<&str>) = (None, None);

/// Hậu Giang (93) went into Cần Thơ (92); Huế (46) only changed its name; the island district
/// of Hải Phòng became a special zone.
fn story() -> OrgTree {
    use SuccessionRelation::{Division, Merge};
    use UnitKind::*;
    OrgTree::new(
        vec![
            version(1, "", "Việt Nam", Country, 0, ALWAYS),
            version(92, "92", "Cần Thơ", Province, 1, OLD),
            version(93, "93", "Hậu Giang", Province, 1, OLD),
            version(192, "92", "Cần Thơ", Province, 1, NEW),
            version(46, "46", "Thừa Thiên Huế", Province, 1, (None, Some("2025-01-01"))),
            version(46, "46", "Huế", Province, 1, (Some("2025-01-01"), None)),
            version(474, "474", "Thành phố Huế", District, 46, OLD),
            version(475, "19774", "Phú Thuận", Commune, 474, OLD),
            version(476, "19774", "Thuận An", Commune, 46, NEW),
            version(477, "19777", "Hóa Châu", Commune, 46, NEW),
            version(934, "934", "Phụng Hiệp", District, 93, OLD),
            version(935, "", "Phòng Nội vụ", SpecialisedAgency, 934, OLD),
            version(936, "", "Trường Tân Phú", PublicServiceUnit, 934, ALWAYS),
            version(31_396, "31396", "Cây Dương", Commune, 934, OLD),
            version(31_420, "31420", "Hòa Mỹ", Commune, 934, OLD),
            version(31_429, "31429", "Hiệp Hưng", Commune, 934, OLD),
            version(31_430, "31430", "Chia Đôi", Commune, 934, OLD),
            version(4, "", "Ấp Một", Hamlet, 31_429, OLD),
            version(131_396, "31396", "Hiệp Hưng", Commune, 192, NEW),
            version(131_420, "31420", "Phụng Hiệp", Commune, 192, NEW),
            version(31, "31", "Hải Phòng", Province, 1, ALWAYS),
            version(318, "318", "Bạch Long Vĩ", District, 31, OLD),
            version(319, "", "Ấp Đảo", Hamlet, 318, OLD),
            version(11_948, "11948", "Bạch Long Vĩ", Commune, 31, NEW),
        ],
        vec![
            succession(92, 192, Merge, false),
            succession(93, 192, Merge, false),
            succession(31_396, 131_396, Merge, false),
            succession(31_429, 131_396, Merge, false),
            succession(31_420, 131_420, Merge, false),
            succession(31_430, 131_396, Division, false),
            succession(31_430, 131_420, Division, false),
            succession(475, 476, Division, true),
            succession(475, 477, Division, false),
            succession(318, 11_948, Merge, false),
            succession(999, 11_948, Merge, false),
        ],
    )
}

fn names(set: &UnitSet) -> Vec<OrgUnitId> {
    let mut names: Vec<_> = set.iter().collect();
    names.sort();
    names
}

#[test]
fn a_code_means_a_unit_only_on_a_day() {
    let tree = story();
    assert_eq!(tree.by_code("31420", before()), Some(id(31_420)));
    assert_eq!(tree.by_code("31420", day("2025-06-30")), Some(id(31_420)));
    assert_eq!(tree.by_code("31420", day("2025-07-01")), Some(id(131_420)));
    assert_eq!(tree.ever_by_code("31420"), ids(&[31_420, 131_420]));
    assert_eq!(tree.ever_by_code("46"), ids(&[46]));
    assert_eq!(tree.by_code("934", today()), None);
    assert_eq!(tree.by_identifier("H92", today()), None);
}

#[test]
fn a_unit_that_changes_its_name_stays_itself() {
    let tree = story();
    let name = |on: &str| tree.version_at(id(46), day(on)).unwrap().name.clone();
    assert_eq!((name("2024-12-31"), name("2025-01-01")), ("Thừa Thiên Huế".into(), "Huế".into()));
    assert_eq!(tree.last_day(id(46)), None);
    assert_eq!(tree.last_day(id(93)), Some(day("2025-06-30")));
    assert_eq!(tree.first_day(id(46)), None);
    assert_eq!(tree.first_day(id(192)), Some(day("2025-07-01")));
    assert_eq!(tree.heirs(id(46), today()), ids(&[46]));
    assert_eq!(tree.children(id(46), day("2025-06-30")), ids(&[474]));
    assert_eq!(tree.versions(id(46)).count(), 2);
}

#[test]
fn the_subtree_lists_each_unit_before_those_under_it_siblings_by_code() {
    let tree = story();
    assert_eq!(tree.subtree(id(93), before()), ids(&[93, 934, 31_396, 31_420, 31_429, 4, 31_430, 935, 936]));
    assert_eq!(tree.subtree(id(93), today()), []);
    assert_eq!(tree.ancestors(id(4), before()), ids(&[31_429, 934, 93, 1]));
    assert_eq!(tree.province_of(id(4), before()), Some(id(93)));
    assert_eq!(tree.province_of(id(192), today()), Some(id(192)));
    assert_eq!(tree.province_of(id(1), today()), None);
}

#[test]
fn the_heirs_of_a_district_are_those_of_its_communes() {
    let tree = story();
    assert_eq!(tree.heirs(id(934), today()), ids(&[131_396, 131_420]));
    assert_eq!(tree.heirs(id(93), today()), ids(&[192]));
    assert_eq!(tree.heirs(id(318), today()), ids(&[11_948]));
    assert_eq!(tree.heirs(id(934), before()), ids(&[934]));
    assert_eq!(tree.heirs(id(192), before()), [], "it has not begun");
}

#[test]
fn who_holds_an_ended_unit_holds_the_whole_of_it_and_is_of_its_tier() {
    let tree = story();
    let holder = |unit| tree.holder(id(unit), today());
    for (unit, held_by, why) in [
        (131_396, 131_396, "it is in force"),
        (31_429, 131_396, "it went whole into one commune"),
        (31_420, 131_420, "likewise"),
        (31_430, 192, "it was divided between two communes of one province"),
        (934, 192, "the affairs of a district pass to the province"),
        (935, 192, "those of its agencies too"),
        (93, 192, "a province went into another"),
        (4, 131_396, "a hamlet goes with its commune"),
        (474, 46, "the province lives on"),
        (475, 46, "it was divided"),
    ] {
        assert_eq!(holder(unit), Some(id(held_by)), "{unit}: {why}");
    }
    assert_eq!(tree.holder(id(131_396), before()), None, "it has not begun");
}

/// A divided unit is held above its parts, until all of them are one unit again.
#[test]
fn who_holds_a_divided_unit_holds_all_that_became_of_its_parts() {
    use SuccessionRelation::{Division, Merge};
    use UnitKind::*;
    const LATER: (Option<&str>, Option<&str>) = (Some("2026-01-01"), None);
    const BETWEEN: (Option<&str>, Option<&str>) = (Some("2025-07-01"), Some("2026-01-01"));
    let later = |old, new, relation| Succession {
        effective_on: day("2026-01-01"),
        ..succession(old, new, relation, false)
    };
    let commune = |unit, span| version(unit, &format!("{unit:05}"), "Xã", Commune, 1, span);
    let holder = |parts: &[UnitVersion], ties: &[Succession]| {
        let mut versions = vec![version(1, "01", "Tỉnh", Province, 0, ALWAYS), commune(2, OLD)];
        versions.extend_from_slice(parts);
        OrgTree::new(versions, ties.to_vec()).holder(id(2), today())
    };
    let halves = [succession(2, 3, Division, false), succession(2, 4, Division, true)];

    let apart = [commune(3, NEW), commune(4, NEW)];
    assert_eq!(holder(&apart, &halves), Some(id(1)), "nobody knows what went where");
    assert_eq!(holder(&apart, &halves[..1]), Some(id(1)), "the other part is not known");

    let both = [commune(3, BETWEEN), commune(4, BETWEEN), commune(5, LATER)];
    let together = [halves.as_slice(), &[later(3, 5, Merge), later(4, 5, Merge)]].concat();
    assert_eq!(holder(&both, &together), Some(id(5)), "its parts are one unit again");
    let one = [commune(3, NEW), commune(4, BETWEEN)];
    let joined = [halves.as_slice(), &[later(4, 3, Merge)]].concat();
    assert_eq!(holder(&one, &joined), Some(id(3)), "one part went into the other");

    let lost = [halves.as_slice(), &[later(3, 5, Merge)]].concat();
    assert_eq!(holder(&both, &lost), Some(id(1)), "nobody carries the second part on");
    let in_part = [halves.as_slice(), &[later(3, 5, Merge), later(4, 5, Division)]].concat();
    assert_eq!(holder(&both, &in_part), Some(id(1)), "of the second part a part is not known");
}

#[test]
fn a_commune_reaches_what_went_into_it_and_no_district() {
    let reach = story().reach(id(131_396), today());
    assert_eq!(names(&reach.records), ids(&[4, 31_396, 31_429, 131_396]));
    assert_eq!(names(&reach.aggregates), ids(&[4, 31_396, 31_429, 31_430, 131_396]));
}

#[test]
fn a_province_reaches_the_whole_of_its_predecessors() {
    let tree = story();
    let reach = tree.reach(id(192), today());
    let all = [4, 92, 93, 192, 934, 935, 936, 31_396, 31_420, 31_429, 31_430, 131_396, 131_420];
    assert_eq!(names(&reach.records), ids(&all));
    assert_eq!(names(&reach.aggregates), ids(&all));
    assert_eq!(names(&tree.reach(id(192), before()).records), ids(&[192]), "it has not begun");
}

#[test]
fn a_province_that_lives_on_keeps_its_ended_districts() {
    let tree = story();
    assert_eq!(names(&tree.reach(id(46), today()).records), ids(&[46, 474, 475, 476, 477]));
    assert_eq!(names(&tree.reach(id(31), today()).records), ids(&[31, 318, 319, 11_948]));
}

#[test]
fn the_keeper_of_a_divided_unit_has_its_records_the_other_its_totals() {
    let tree = story();
    let (keeper, other) = (tree.reach(id(476), today()), tree.reach(id(477), today()));
    assert_eq!(names(&keeper.records), ids(&[475, 476]));
    assert_eq!(names(&other.records), ids(&[477]));
    assert_eq!(names(&other.aggregates), ids(&[475, 477]));
}

#[test]
fn a_special_zone_reaches_the_island_district_it_was() {
    let reach = story().reach(id(11_948), today());
    assert_eq!(names(&reach.records), ids(&[318, 319, 11_948]));
}

#[test]
fn no_commune_reads_a_divided_district() {
    use SuccessionRelation::Division;
    use UnitKind::*;
    let tree = OrgTree::new(
        vec![
            version(1, "01", "Tỉnh", Province, 0, ALWAYS),
            version(2, "001", "Huyện", District, 1, OLD),
            version(3, "00001", "Xã Đông", Commune, 1, NEW),
            version(4, "00004", "Xã Tây", Commune, 1, NEW),
        ],
        vec![succession(2, 3, Division, false), succession(2, 4, Division, false)],
    );
    assert_eq!(names(&tree.reach(id(3), today()).aggregates), ids(&[3]));
    assert_eq!(names(&tree.reach(id(1), today()).records), ids(&[1, 2, 3, 4]));
    assert!(matches!(tree.covered(&tree.reach(id(1), today()).records), Covered::Units(_)));
}

#[test]
fn an_ended_unit_keeps_the_reach_of_its_last_day() {
    let reach = story().reach(id(934), today());
    assert_eq!(names(&reach.records), ids(&[4, 934, 935, 936, 31_396, 31_420, 31_429, 31_430]));
}

#[test]
fn a_unit_that_moved_is_reached_from_where_it_stands() {
    use UnitKind::*;
    let tree = OrgTree::new(
        vec![
            version(1, "01", "Cũ", Province, 0, OLD),
            version(2, "02", "Mới", Province, 0, NEW),
            version(3, "03", "Khác", Province, 0, ALWAYS),
            version(4, "00004", "Xã", Commune, 1, OLD),
            version(4, "00004", "Xã", Commune, 3, NEW),
            version(5, "", "Ấp", Hamlet, 4, ALWAYS),
        ],
        vec![succession(1, 2, SuccessionRelation::Merge, false)],
    );
    assert_eq!(names(&tree.reach(id(2), today()).records), ids(&[1, 2]));
    assert_eq!(names(&tree.reach(id(3), today()).records), ids(&[3, 4, 5]));
    assert_eq!(
        names(&tree.reach(id(1), today()).records),
        ids(&[1]),
        "who lives on answers to nobody that ended"
    );
}

#[test]
fn the_country_reaches_everything_that_ever_was() {
    let tree = story();
    let reach = tree.reach(id(1), today());
    assert_eq!(reach.records.len(), tree.len());
    assert_eq!(tree.covered(&reach.records), Covered::Everything);
    assert_eq!(
        tree.covered(&tree.reach(id(11_948), today()).records),
        Covered::Units(ids(&[318, 319, 11_948]))
    );
}

#[test]
fn what_is_not_known_gives_nothing() {
    let tree = story();
    assert_eq!(tree.subtree(id(7), today()), []);
    assert_eq!(tree.heirs(id(7), today()), []);
    assert!(tree.reach(id(7), today()).aggregates.is_empty());
    assert!(OrgTree::default().is_empty());
    assert_eq!(tree.predecessors(id(11_948)).count(), 1, "999 has no version");
    assert_eq!(tree.successors(id(31_430)).count(), 2);
}

#[test]
fn a_tree_that_is_changed_answers_like_one_made_anew() {
    let whole = story();
    let mut ids: Vec<OrgUnitId> = whole.ids().collect();
    // Who stands above comes first, as in a batch.
    ids.sort_by_key(|unit| whole.versions(*unit).map(|version| version.kind).min());
    let mut grown = OrgTree::default();
    for unit in &ids {
        let mut first: Vec<UnitVersion> = whole.versions(*unit).cloned().collect();
        first.iter_mut().for_each(|version| {
            version.code = Some("00".into());
            version.identifier = Some("H00".into());
        });
        grown.put(*unit, first);
        grown.put(*unit, whole.versions(*unit).cloned().collect());
    }
    for unit in &ids {
        for row in whole.successors(*unit) {
            grown.tie(Succession { keeps_records: !row.keeps_records, ..row.clone() });
            grown.tie(row.clone());
        }
    }
    assert_eq!(grown.len(), whole.len());
    assert!(grown.ever_by_code("00").is_empty() && grown.ever_by_identifier("H00").is_empty());
    let sorted = |set: &UnitSet| {
        let mut units: Vec<_> = set.iter().collect();
        units.sort();
        units
    };
    for on in [before(), today()] {
        for unit in &ids {
            let all = |tree: &OrgTree| {
                let reach = tree.reach(*unit, on);
                let code = tree.version_at(*unit, on).and_then(|version| version.code.clone());
                (
                    (
                        tree.version_at(*unit, on).cloned(),
                        tree.children(*unit, on),
                        tree.ancestors(*unit, on),
                    ),
                    (tree.heirs(*unit, on), tree.province_of(*unit, on)),
                    code.map(|code| tree.by_code_all(&code, on)),
                    (sorted(&reach.records), sorted(&reach.aggregates)),
                )
            };
            assert_eq!(all(&grown), all(&whole), "{unit} on {on}");
        }
    }
    assert!(whole.leads_to(id(93), id(192)) && !whole.leads_to(id(192), id(93)));
}
