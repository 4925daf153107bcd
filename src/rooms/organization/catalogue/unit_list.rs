//! The list of the units of one structure.

use std::collections::HashMap;

use super::Structure;
use super::faults::{CatalogueFile, Fault, FaultKind};
use super::lines::{filled, lines};
use kernel::tree::UnitKind;

const UNIT_COLUMNS: [&str; 5] = ["code", "name", "full_name", "level", "parent_code"];

/// A unit as a list has it.
pub(super) struct UnitLine {
    line: u64,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) kind: UnitKind,
    pub(super) parent_code: Option<String>,
}

/// The units of one structure, in the order of their list.
#[derive(Default)]
pub(super) struct UnitList {
    pub(super) rows: Vec<UnitLine>,
    index: HashMap<String, usize>,
}

impl UnitList {
    pub(super) fn get(&self, code: &str) -> Option<&UnitLine> {
        self.index.get(code).and_then(|position| self.rows.get(*position))
    }
}

/// The kind of a unit of this level, and how many digits its code has.
fn kind_of(level: &str, structure: Structure) -> Option<(UnitKind, usize)> {
    match (level, structure) {
        ("province", _) => Some((UnitKind::Province, 2)),
        ("district", Structure::ThreeTiers) => Some((UnitKind::District, 3)),
        ("commune", _) => Some((UnitKind::Commune, 5)),
        _ => None,
    }
}

/// Reads a list of units; a unit with a fault that hides others is left out.
pub(super) fn units(
    file: CatalogueFile,
    bytes: &[u8],
    structure: Structure,
    faults: &mut Vec<Fault>,
) -> UnitList {
    let mut list = UnitList::default();
    for (line, [code, name, full_name, level, parent_code]) in lines(file, bytes, UNIT_COLUMNS, faults) {
        let mut fault = |column, kind| faults.push(Fault { file, line, column, kind });
        if name.is_empty() {
            fault("name", FaultKind::Empty);
        }
        if full_name.is_empty() {
            fault("full_name", FaultKind::Empty);
        }
        let Some((kind, digits)) = kind_of(&level, structure) else {
            fault("level", FaultKind::Level(level));
            continue;
        };
        if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            fault("code", FaultKind::Code(code));
            continue;
        }
        if list.index.insert(code.clone(), list.rows.len()).is_some() {
            fault("code", FaultKind::Duplicate(code.clone()));
        }
        list.rows.push(UnitLine { line, code, name, full_name, kind, parent_code: filled(parent_code) });
    }
    for row in &list.rows {
        let above = match (row.kind, structure) {
            (UnitKind::Commune, Structure::ThreeTiers) => Some(UnitKind::District),
            (UnitKind::Province, _) => None,
            _ => Some(UnitKind::Province),
        };
        let kind = match (&row.parent_code, above) {
            (None, None) => continue,
            (None, Some(_)) => FaultKind::Empty,
            (Some(code), above) => match list.get(code) {
                None => FaultKind::Unknown(code.clone()),
                Some(parent) if Some(parent.kind) == above => continue,
                Some(_) => FaultKind::ParentLevel(code.clone()),
            },
        };
        faults.push(Fault { file, line: row.line, column: "parent_code", kind });
    }
    list
}
