//! Makes the plan of the three lists.

use std::collections::HashMap;

use super::Structure;
use super::keys::{country_id, id_of_key, key_of};
use super::planned::{CataloguePlan, PlannedSuccession, PlannedUnit, PlannedVersion, country};
use super::succession_list::{LinkKind, LinkRow, two_tiers_begin};
use super::unit_list::UnitList;
use crate::domain::validity::Certainty;

pub(super) fn assemble(old: &UnitList, new: &UnitList, rows: &[LinkRow]) -> CataloguePlan {
    let mut by_old: HashMap<&str, &LinkRow> = HashMap::with_capacity(rows.len());
    let mut kept: HashMap<&str, &LinkRow> = HashMap::new();
    for row in rows {
        by_old.insert(&row.old_code, row);
        if matches!(row.kind, LinkKind::Kept(_)) {
            kept.insert(&row.new_code, row);
        }
    }
    let three = |code: &str| key_of(Structure::ThreeTiers, code);
    let two = |code: &str| {
        kept.get(code).map_or_else(|| key_of(Structure::TwoTiers, code), |row| three(&row.old_code))
    };
    let country_id = country_id();

    let mut units = vec![country()];
    let mut codes = HashMap::with_capacity(old.rows.len() + new.rows.len());
    let mut positions = HashMap::with_capacity(old.rows.len() + new.rows.len());

    for row in &old.rows {
        let end = by_old.get(row.code.as_str());
        let key = three(&row.code);
        let id = id_of_key(&key);
        codes.insert((Structure::ThreeTiers, row.code.clone()), id);
        positions.insert(key.clone(), units.len());
        let version = PlannedVersion {
            code: Some(row.code.clone()),
            name: row.name.clone(),
            full_name: row.full_name.clone(),
            kind: row.kind,
            parent: Some(row.parent_code.as_deref().map_or(country_id, |code| id_of_key(&three(code)))),
            valid_from: None,
            valid_from_certainty: Certainty::Inferred,
            valid_to: Some(end.map_or_else(two_tiers_begin, |row| row.effective_on)),
            valid_to_certainty: Some(if end.is_some() { Certainty::Exact } else { Certainty::Inferred }),
            change: None,
            legal_basis: None,
            note: None,
        };
        units.push(PlannedUnit { key, id, versions: vec![version] });
    }

    for row in &new.rows {
        let link = kept.get(row.code.as_str());
        let key = two(&row.code);
        let id = id_of_key(&key);
        codes.insert((Structure::TwoTiers, row.code.clone()), id);
        let version = PlannedVersion {
            code: Some(row.code.clone()),
            name: row.name.clone(),
            full_name: row.full_name.clone(),
            kind: row.kind,
            parent: Some(row.parent_code.as_deref().map_or(country_id, |code| id_of_key(&two(code)))),
            valid_from: Some(link.map_or_else(two_tiers_begin, |row| row.effective_on)),
            valid_from_certainty: Certainty::Exact,
            valid_to: None,
            valid_to_certainty: None,
            change: link.and_then(|row| match row.kind {
                LinkKind::Kept(change) => Some(change),
                LinkKind::Ended(_) => None,
            }),
            legal_basis: link.and_then(|row| row.legal_basis.clone()),
            note: link.and_then(|row| row.note.clone()),
        };
        match positions.get(&key).and_then(|position| units.get_mut(*position)) {
            Some(unit) => unit.versions.push(version),
            None => units.push(PlannedUnit { key, id, versions: vec![version] }),
        }
    }

    let successions = rows.iter().filter_map(|row| match row.kind {
        LinkKind::Kept(_) => None,
        LinkKind::Ended(relation) => Some(PlannedSuccession {
            predecessor: id_of_key(&three(&row.old_code)),
            predecessor_key: (Structure::ThreeTiers, row.old_code.clone()),
            successor: id_of_key(&two(&row.new_code)),
            successor_key: (Structure::TwoTiers, row.new_code.clone()),
            relation,
            effective_on: row.effective_on,
            keeps_records: false,
            legal_basis: row.legal_basis.clone(),
            note: row.note.clone(),
            via_code: row.via_code.clone(),
        }),
    });
    CataloguePlan { successions: successions.collect(), units, codes }
}
