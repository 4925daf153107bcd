//! The list of what became of the units of 2024.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::faults::{CatalogueFile, Fault, FaultKind};
use super::lines::{filled, lines};
use super::unit_list::UnitList;
use crate::units::model::ChangeKind;
use kernel::tree::SuccessionRelation;

const LINK_COLUMNS: [&str; 7] =
    ["old_code", "new_code", "relation", "effective_date", "legal_basis", "via_code", "note"];

/// What became of a unit of 2024: it stayed itself with a new version, or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    Kept(ChangeKind),
    Ended(SuccessionRelation),
}

/// What became of a unit of 2024, as the list has it.
pub(super) struct LinkLine {
    pub(super) old_code: String,
    pub(super) new_code: String,
    pub(super) kind: LinkKind,
    pub(super) effective_on: NaiveDate,
    pub(super) legal_basis: Option<String>,
    pub(super) via_code: Option<String>,
    pub(super) note: Option<String>,
}

/// Reads the list of successions between the units of both structures.
pub(super) fn links(bytes: &[u8], old: &UnitList, new: &UnitList, faults: &mut Vec<Fault>) -> Vec<LinkLine> {
    let file = CatalogueFile::Successions;
    let mut rows: Vec<(u64, LinkLine)> = Vec::new();
    for (line, fields) in lines(file, bytes, LINK_COLUMNS, faults) {
        let [old_code, new_code, relation, effective_date, legal_basis, via_code, note] = fields;
        let mut fault = |column, kind| faults.push(Fault { file, line, column, kind });
        let kind = match relation.as_str() {
            "merge" => Some(LinkKind::Ended(SuccessionRelation::Merge)),
            "part" => Some(LinkKind::Ended(SuccessionRelation::Division)),
            other => other.parse().ok().map(LinkKind::Kept),
        };
        let effective_on = date(&effective_date);
        if old.get(&old_code).is_none() {
            fault("old_code", FaultKind::Unknown(old_code.clone()));
        }
        if new.get(&new_code).is_none() {
            fault("new_code", FaultKind::Unknown(new_code.clone()));
        }
        if kind.is_none() {
            fault("relation", FaultKind::Relation(relation));
        }
        if effective_on.is_none() {
            fault("effective_date", FaultKind::Date(effective_date));
        }
        if !via_code.bytes().all(|byte| byte.is_ascii_digit()) {
            fault("via_code", FaultKind::Code(via_code.clone()));
        }
        if let (Some(kind), Some(effective_on)) = (kind, effective_on) {
            let (legal_basis, via_code, note) = (filled(legal_basis), filled(via_code), filled(note));
            rows.push((
                line,
                LinkLine { old_code, new_code, kind, effective_on, legal_basis, via_code, note },
            ));
        }
    }
    agree(&rows, old, new, faults);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn date(text: &str) -> Option<NaiveDate> {
    // chrono also takes one-digit months and signs, which no list should have.
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text)
}

/// Finds rows that contradict each other.
fn agree(rows: &[(u64, LinkLine)], old: &UnitList, new: &UnitList, faults: &mut Vec<Fault>) {
    let file = CatalogueFile::Successions;
    let begins = beginnings(rows.iter().map(|(_, row)| row));
    let mut by_old: HashMap<&str, Vec<&LinkLine>> = HashMap::new();
    let mut kept: HashMap<&str, &str> = HashMap::new();
    for (line, row) in rows {
        let mut fault = |column, kind| faults.push(Fault { file, line: *line, column, kind });
        let earlier = by_old.entry(&row.old_code).or_default();
        if earlier.iter().any(|other| other.new_code == row.new_code) {
            fault("new_code", FaultKind::Duplicate(row.new_code.clone()));
        } else if !earlier.is_empty() {
            // Only a divided unit can be in several rows.
            let divided = LinkKind::Ended(SuccessionRelation::Division);
            if row.kind != divided || earlier.iter().any(|other| other.kind != divided) {
                fault("relation", FaultKind::Contradiction(row.old_code.clone()));
            }
        }
        if earlier.iter().any(|other| other.effective_on != row.effective_on) {
            fault("effective_date", FaultKind::DateDiffers(row.effective_on));
        }
        earlier.push(row);
        match row.kind {
            LinkKind::Kept(_) => {
                if kept.insert(&row.new_code, &row.old_code).is_some() {
                    fault("new_code", FaultKind::Duplicate(row.new_code.clone()));
                }
                let kinds = (old.get(&row.old_code), new.get(&row.new_code));
                if matches!(kinds, (Some(old), Some(new)) if old.kind != new.kind) {
                    fault("relation", FaultKind::Contradiction(row.old_code.clone()));
                }
            }
            LinkKind::Ended(_) => {
                let begin = begins.get(row.new_code.as_str()).copied().unwrap_or_else(two_tiers_begin);
                if row.effective_on < begin {
                    fault("effective_date", FaultKind::DateBefore(row.effective_on));
                }
            }
        }
    }
}

/// The first day of each version of 2025 that continues a unit of 2024.
fn beginnings<'r>(rows: impl Iterator<Item = &'r LinkLine>) -> HashMap<&'r str, NaiveDate> {
    rows.filter(|row| matches!(row.kind, LinkKind::Kept(_)))
        .map(|row| (row.new_code.as_str(), row.effective_on))
        .collect()
}

/// The day on which the structure of two tiers began to work.
pub(super) fn two_tiers_begin() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or_default()
}
