//! The units of the tests of forms: a province before, while and after it went into another.

#![expect(clippy::unwrap_used, reason = "only tests ask this")]

use chrono::NaiveDate;

use crate::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitKind, UnitVersion};

/// A tree whose units have names.
pub struct Story {
    /// The tree.
    pub tree: OrgTree,
    ids: Vec<(&'static str, OrgUnitId)>,
}

/// What a unit is, above whom it stands and from when to when.
type Row = (&'static str, UnitKind, &'static str, &'static str, &'static str);

fn day(text: &str) -> Option<NaiveDate> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

impl Story {
    /// Of these units and of what became of them.
    pub fn new(rows: &[Row], successions: &[(&'static str, &'static str, &str)]) -> Self {
        let mut ids: Vec<(&'static str, OrgUnitId)> = Vec::new();
        for (name, ..) in rows {
            if !ids.iter().any(|(known, _)| known == name) {
                ids.push((name, OrgUnitId::new()));
            }
        }
        let id = |name: &str| ids.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        let version = |(name, kind, above, from, to): &Row| UnitVersion {
            org_unit_id: id(name).unwrap(),
            code: Some((*name).to_owned()),
            identifier: None,
            name: (*name).to_owned(),
            full_name: (*name).to_owned(),
            kind: *kind,
            unit_class: None,
            parent_id: id(above),
            valid_from: day(from),
            valid_to: day(to),
        };
        let succession = |(old, new, on): &(&'static str, &'static str, &str)| Succession {
            predecessor_id: id(old).unwrap(),
            successor_id: id(new).unwrap(),
            relation: match successions.iter().filter(|(other, ..)| other == old).count() {
                1 => SuccessionRelation::Merge,
                _ => SuccessionRelation::Division,
            },
            effective_on: day(on).unwrap(),
            keeps_records: false,
        };
        let versions = rows.iter().map(version).collect();
        let tree = OrgTree::new(versions, successions.iter().map(succession).collect());
        Self { tree, ids }
    }

    /// The unit of this name.
    pub fn id(&self, name: &str) -> OrgUnitId {
        self.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| *id).unwrap()
    }

    /// The names of these units, by the alphabet.
    pub fn names(&self, units: &[OrgUnitId]) -> Vec<&'static str> {
        let mut names: Vec<_> =
            self.ids.iter().filter(|(_, id)| units.contains(id)).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names
    }

    /// The names of all units.
    pub fn all(&self) -> Vec<&'static str> {
        self.names(&self.ids.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    }
}

/// The reform of 1 July 2025: an old province went whole into a new one, its district ended, its
/// communes were merged, one was divided between both new ones, one lives on under the new province.
/// One had been merged into its neighbour in March already. A school of the district was left where it was.
pub fn reform() -> Story {
    use UnitKind::{Commune, Country, District, Province, PublicServiceUnit, SpecialisedAgency};
    const REFORM: &str = "2025-07-01";
    Story::new(
        &[
            ("country", Country, "", "", ""),
            ("old province", Province, "country", "", REFORM),
            ("old district", District, "old province", "", REFORM),
            ("old office", SpecialisedAgency, "old district", "", REFORM),
            ("old school", PublicServiceUnit, "old district", "", ""),
            ("merged in March", Commune, "old district", "", "2025-03-16"),
            ("old one", Commune, "old district", "", REFORM),
            ("old two", Commune, "old district", "", REFORM),
            ("divided", Commune, "old district", "", REFORM),
            ("moved", Commune, "old district", "", REFORM),
            ("moved", Commune, "new province", REFORM, ""),
            ("new province", Province, "country", REFORM, ""),
            ("new one", Commune, "new province", REFORM, ""),
            ("new two", Commune, "new province", REFORM, ""),
        ],
        &[
            ("old province", "new province", REFORM),
            ("merged in March", "old one", "2025-03-16"),
            ("old one", "new one", REFORM),
            ("old two", "new two", REFORM),
            ("divided", "new one", REFORM),
            ("divided", "new two", REFORM),
        ],
    )
}

/// A district of two communes. The first has two agencies, one with an office of its own, and a hamlet.
pub fn district() -> Story {
    use UnitKind::{Commune, Country, District, Hamlet, Province, ServiceCentre, SpecialisedAgency};
    Story::new(
        &[
            ("country", Country, "", "", ""),
            ("province", Province, "country", "", ""),
            ("district", District, "province", "", ""),
            ("bureau", SpecialisedAgency, "district", "", ""),
            ("one", Commune, "district", "", ""),
            ("two", Commune, "district", "", ""),
            ("centre", ServiceCentre, "one", "", ""),
            ("office", SpecialisedAgency, "one", "", ""),
            ("section", SpecialisedAgency, "office", "", ""),
            ("hamlet", Hamlet, "one", "", ""),
        ],
        &[],
    )
}

/// A province of so many communes.
pub fn wide(communes: usize) -> OrgTree {
    let version = |org_unit_id, code: String, kind, parent_id| UnitVersion {
        org_unit_id,
        name: code.clone(),
        full_name: code.clone(),
        code: Some(code),
        identifier: None,
        kind,
        unit_class: None,
        parent_id,
        valid_from: None,
        valid_to: None,
    };
    let province = OrgUnitId::new();
    let mut versions = vec![version(province, "province".to_owned(), UnitKind::Province, None)];
    let commune =
        |number| version(OrgUnitId::new(), format!("commune {number}"), UnitKind::Commune, Some(province));
    versions.extend((0..communes).map(commune));
    OrgTree::new(versions, Vec::new())
}
