//! Makes the plan of the three lists.

use std::collections::HashMap;

use super::Structure;
use super::keys::{country_id, id_of_key, key_of};
use super::planned::{CataloguePlan, PlannedSuccession, PlannedUnit, PlannedVersion, country};
use super::succession_list::{LinkKind, LinkLine, two_tiers_begin};
use super::unit_list::{UnitLine, UnitList};
use crate::units::model::ChangeKind;
use kernel::tree::OrgUnitId;
use kernel::validity::Certainty;

/// The country, the units of 2024, and those of 2025 as new units or as new versions of the old.
pub(super) fn assemble(old: &UnitList, new: &UnitList, links: &[LinkLine]) -> CataloguePlan {
    let kept = Kept::of(links);
    let ends: HashMap<&str, &LinkLine> = links.iter().map(|link| (link.old_code.as_str(), link)).collect();
    let mut units = vec![country()];
    let mut codes = HashMap::with_capacity(old.rows.len() + new.rows.len());
    let mut positions = HashMap::with_capacity(old.rows.len());

    for line in &old.rows {
        let key = key_of(Structure::ThreeTiers, &line.code);
        let id = id_of_key(&key);
        codes.insert((Structure::ThreeTiers, line.code.clone()), id);
        positions.insert(key.clone(), units.len());
        let parent = |code: &str| id_of_key(&key_of(Structure::ThreeTiers, code));
        let version = version_of_2024(line, parent, ends.get(line.code.as_str()).copied());
        units.push(PlannedUnit { key, id, versions: vec![version] });
    }
    for line in &new.rows {
        let key = kept.key(&line.code);
        let id = id_of_key(&key);
        codes.insert((Structure::TwoTiers, line.code.clone()), id);
        let version = version_of_2025(line, |code| id_of_key(&kept.key(code)), kept.link(&line.code));
        match positions.get(&key).and_then(|position| units.get_mut(*position)) {
            Some(unit) => unit.versions.push(version),
            None => units.push(PlannedUnit { key, id, versions: vec![version] }),
        }
    }
    let successions = links.iter().filter_map(|link| succession(link, &kept)).collect();
    CataloguePlan { units, successions, codes }
}

/// The units of 2025 that are units of 2024: they keep the key of then.
struct Kept<'l>(HashMap<&'l str, (&'l LinkLine, ChangeKind)>);

impl<'l> Kept<'l> {
    fn of(links: &'l [LinkLine]) -> Self {
        let kept = links.iter().filter_map(|link| match link.kind {
            LinkKind::Kept(change) => Some((link.new_code.as_str(), (link, change))),
            LinkKind::Ended(_) => None,
        });
        Self(kept.collect())
    }

    fn link(&self, code: &str) -> Option<(&'l LinkLine, ChangeKind)> {
        self.0.get(code).copied()
    }

    /// The key of the unit that bears this code in the structure of 2025.
    fn key(&self, code: &str) -> String {
        match self.link(code) {
            Some((link, _)) => key_of(Structure::ThreeTiers, &link.old_code),
            None => key_of(Structure::TwoTiers, code),
        }
    }
}

/// A unit as it was before the structure of 2025, until what the link tells.
fn version_of_2024(
    line: &UnitLine,
    parent: impl Fn(&str) -> OrgUnitId,
    link: Option<&LinkLine>,
) -> PlannedVersion {
    PlannedVersion {
        code: Some(line.code.clone()),
        name: line.name.clone(),
        full_name: line.full_name.clone(),
        kind: line.kind,
        parent: Some(line.parent_code.as_deref().map_or_else(country_id, parent)),
        valid_from: None,
        valid_from_certainty: Certainty::Inferred,
        valid_to: Some(link.map_or_else(two_tiers_begin, |link| link.effective_on)),
        valid_to_certainty: Some(if link.is_some() { Certainty::Exact } else { Certainty::Inferred }),
        change: None,
        legal_basis: None,
        note: None,
    }
}

/// A unit as it is in the structure of 2025, by a link from what it was.
fn version_of_2025(
    line: &UnitLine,
    parent: impl Fn(&str) -> OrgUnitId,
    kept: Option<(&LinkLine, ChangeKind)>,
) -> PlannedVersion {
    let link = kept.map(|(link, _)| link);
    PlannedVersion {
        code: Some(line.code.clone()),
        name: line.name.clone(),
        full_name: line.full_name.clone(),
        kind: line.kind,
        parent: Some(line.parent_code.as_deref().map_or_else(country_id, parent)),
        valid_from: Some(link.map_or_else(two_tiers_begin, |link| link.effective_on)),
        valid_from_certainty: Certainty::Exact,
        valid_to: None,
        valid_to_certainty: None,
        change: kept.map(|(_, change)| change),
        legal_basis: link.and_then(|link| link.legal_basis.clone()),
        note: link.and_then(|link| link.note.clone()),
    }
}

fn succession(link: &LinkLine, kept: &Kept<'_>) -> Option<PlannedSuccession> {
    let LinkKind::Ended(relation) = link.kind else { return None };
    Some(PlannedSuccession {
        predecessor: id_of_key(&key_of(Structure::ThreeTiers, &link.old_code)),
        predecessor_key: (Structure::ThreeTiers, link.old_code.clone()),
        successor: id_of_key(&kept.key(&link.new_code)),
        successor_key: (Structure::TwoTiers, link.new_code.clone()),
        relation,
        effective_on: link.effective_on,
        keeps_records: false,
        legal_basis: link.legal_basis.clone(),
        note: link.note.clone(),
        via_code: link.via_code.clone(),
    })
}
