//! The catalogue of the country's units (danh mục đơn vị hành chính): reads the lists of 2024
//! (three tiers) and 2025 (two tiers) and the successions between them, and plans the identities,
//! versions and successions to be stored.
//!
//! Ids follow from the keys, so importing the same lists again changes nothing. A key is the
//! structure and the code (`2024:31420`): codes are unique only inside one structure.

pub mod import;

use std::collections::HashMap;
use std::fmt;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use chrono::NaiveDate;
use uuid::{Builder, Uuid};

use super::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitKind, UnitVersion};
use crate::domain::validity::Certainty;
use crate::text::nfc;

crate::text_enum! {
    /// What began a new version of a unit that stayed itself (biến động không đổi định danh).
    pub enum ChangeKind {
        /// Only its place in the structure changed.
        Unchanged => "unchanged", "giữ nguyên";
        /// It got another name.
        Rename => "rename", "đổi tên";
        /// It became another kind of unit with the same territory.
        Retype => "retype", "đổi loại hình đơn vị";
    }
}

crate::text_enum! {
    /// The structure of local government that a code belongs to (mô hình tổ chức).
    pub enum Structure {
        /// Three tiers, until 30 June 2025.
        ThreeTiers => "2024", "ba cấp";
        /// Two tiers, since 1 July 2025.
        TwoTiers => "2025", "hai cấp";
    }
}

/// The three lists, as UTF-8 CSV with a header.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueFiles<'a> {
    /// `code,name,full_name,level,parent_code`, three tiers.
    pub units_2024: &'a [u8],
    /// The same columns, two tiers.
    pub units_2025: &'a [u8],
    /// `old_code,new_code,relation,effective_date,legal_basis,via_code,note`.
    pub successions: &'a [u8],
}

/// The lists of the whole country that come with the service; `data/NOTICE.md` tells their sources.
pub const BUNDLED: CatalogueFiles<'static> = CatalogueFiles {
    units_2024: include_bytes!("data/admin-units-2024.csv"),
    units_2025: include_bytes!("data/admin-units-2025.csv"),
    successions: include_bytes!("data/admin-unit-successions.csv"),
};

/// Key of the root above the provinces.
pub const COUNTRY_KEY: &str = "country";

/// All that the lists say, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguePlan {
    /// The country, then the units of 2024, then those founded with the structure of 2025. A
    /// version's parent may come later than the unit itself.
    pub units: Vec<PlannedUnit>,
    /// The successions, in the order of their file.
    pub successions: Vec<PlannedSuccession>,
    codes: HashMap<(Structure, String), OrgUnitId>,
}

/// One identity (định danh) with its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedUnit {
    /// The structure and code under which it first appears (`2024:31420`), or [`COUNTRY_KEY`].
    pub key: String,
    /// The id that follows from the key.
    pub id: OrgUnitId,
    /// One or two versions, the older first.
    pub versions: Vec<PlannedVersion>,
}

/// One version of a planned unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVersion {
    /// Code of the statistics office (mã đơn vị hành chính); none for the country.
    pub code: Option<String>,
    /// Name without its kind ("Phụng Hiệp").
    pub name: String,
    /// Name with its kind ("Xã Phụng Hiệp").
    pub full_name: String,
    /// Kind.
    pub kind: UnitKind,
    /// The unit above; none for the country.
    pub parent: Option<OrgUnitId>,
    /// First day; none when the beginning is not known.
    pub valid_from: Option<NaiveDate>,
    /// How sure the first day is.
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds; none while it does.
    pub valid_to: Option<NaiveDate>,
    /// How sure that day is; none while there is none.
    pub valid_to_certainty: Option<Certainty>,
    /// What made it a new version of the same unit; none for the first version.
    pub change: Option<ChangeKind>,
    /// Legal basis of the change (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark on the change.
    pub note: Option<String>,
}

/// One succession between two planned units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSuccession {
    /// The unit that ended.
    pub predecessor: OrgUnitId,
    /// Its structure and code.
    pub predecessor_key: (Structure, String),
    /// The unit that carries its territory on.
    pub successor: OrgUnitId,
    /// Its structure and code.
    pub successor_key: (Structure, String),
    /// Whether all or part of it went there.
    pub relation: SuccessionRelation,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records; the lists name no keeper.
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// Code of the unit that it had joined before the structure of 2025 (mã trung gian).
    pub via_code: Option<String>,
}

impl CataloguePlan {
    /// The id of the unit that bears the code in the structure.
    #[must_use]
    pub fn id_of(&self, structure: Structure, code: &str) -> Option<OrgUnitId> {
        self.codes.get(&(structure, code.to_owned())).copied()
    }

    /// The plan as a tree.
    #[must_use]
    pub fn tree(&self) -> OrgTree {
        let versions = self.units.iter().flat_map(|unit| {
            unit.versions.iter().map(|version| UnitVersion {
                org_unit_id: unit.id,
                code: version.code.clone(),
                identifier: None,
                name: version.name.clone(),
                full_name: version.full_name.clone(),
                kind: version.kind,
                parent_id: version.parent,
                valid_from: version.valid_from,
                valid_to: version.valid_to,
            })
        });
        let successions = self.successions.iter().map(|row| Succession {
            predecessor_id: row.predecessor,
            successor_id: row.successor,
            relation: row.relation,
            effective_on: row.effective_on,
            keeps_records: row.keeps_records,
        });
        OrgTree::new(versions.collect(), successions.collect())
    }
}

/// One of the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogueFile {
    /// The units of 2024.
    Units2024,
    /// The units of 2025.
    Units2025,
    /// The successions.
    Successions,
}

impl fmt::Display for CatalogueFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Units2024 => "admin-units-2024.csv",
            Self::Units2025 => "admin-units-2025.csv",
            Self::Successions => "admin-unit-successions.csv",
        })
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The file cannot be read as CSV.
    #[error("not CSV: {0}")]
    Csv(String),
    /// The header does not have the expected columns.
    #[error("the header must be {0}")]
    Header(String),
    /// The line has more or fewer fields than the header.
    #[error("the line has {0} fields")]
    FieldCount(usize),
    /// The field is not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The field may not be empty.
    #[error("empty")]
    Empty,
    /// The level does not exist in this structure.
    #[error("{0:?} is no level here")]
    Level(String),
    /// The code has not the shape that its level asks for.
    #[error("{0:?} is no code of this level")]
    Code(String),
    /// The code occurs a second time.
    #[error("{0:?} occurs more than once")]
    Duplicate(String),
    /// The code names no unit.
    #[error("{0:?} names no unit")]
    Unknown(String),
    /// The parent is of the wrong level.
    #[error("{0:?} is not of the level above")]
    ParentLevel(String),
    /// The relation does not exist.
    #[error("{0:?} is no relation")]
    Relation(String),
    /// The relation contradicts another row of the same unit.
    #[error("{0:?} contradicts another row of this unit")]
    Contradiction(String),
    /// The text is no date.
    #[error("{0:?} is no date of the form YYYY-MM-DD")]
    Date(String),
    /// The date differs from that of another row of the same unit.
    #[error("{0} differs from another row of this unit")]
    DateDiffers(NaiveDate),
    /// The predecessor would end before its successor begins.
    #[error("{0} is before the successor begins")]
    DateBefore(NaiveDate),
}

/// One fault of a list, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column {column}: {kind}")]
pub struct Fault {
    /// The list.
    pub file: CatalogueFile,
    /// The line, the header being 1.
    pub line: u64,
    /// The column's name.
    pub column: &'static str,
    /// What is wrong.
    pub kind: FaultKind,
}

/// Every fault that was found in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// The faults, file by file; never empty.
    pub faults: Vec<Fault>,
}

impl std::error::Error for CatalogueError {}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.faults.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

/// Plans what the three lists say.
///
/// # Errors
///
/// Names every fault of the lists with file, line and column; those of the successions only once
/// the units are free of faults, for they would mostly be consequences.
pub fn plan(files: CatalogueFiles<'_>) -> Result<CataloguePlan, CatalogueError> {
    let mut faults = Vec::new();
    let old = units(CatalogueFile::Units2024, files.units_2024, Structure::ThreeTiers, &mut faults);
    let new = units(CatalogueFile::Units2025, files.units_2025, Structure::TwoTiers, &mut faults);
    if !faults.is_empty() {
        return Err(CatalogueError { faults });
    }
    let rows = links(files.successions, &old, &new, &mut faults);
    if !faults.is_empty() {
        return Err(CatalogueError { faults });
    }
    Ok(assemble(&old, &new, &rows))
}

/// Name space of the ids that follow from keys; another one would give every unit another id.
const NAMESPACE: Uuid = Uuid::from_u128(0xc540_b53d_7d69_4be2_a7ee_3607_0fc8_1653);

/// The id of the country, the root above the provinces.
#[must_use]
pub fn country_id() -> OrgUnitId {
    id_of_key(COUNTRY_KEY)
}

/// The country (quốc gia): the root above the provinces.
#[must_use]
pub fn country() -> PlannedUnit {
    PlannedUnit {
        key: COUNTRY_KEY.to_owned(),
        id: country_id(),
        versions: vec![PlannedVersion {
            code: None,
            name: "Việt Nam".to_owned(),
            full_name: "Cộng hòa xã hội chủ nghĩa Việt Nam".to_owned(),
            kind: UnitKind::Country,
            parent: None,
            valid_from: None,
            valid_from_certainty: Certainty::Inferred,
            valid_to: None,
            valid_to_certainty: None,
            change: None,
            legal_basis: None,
            note: None,
        }],
    }
}

fn id_of_key(key: &str) -> OrgUnitId {
    uuid_of_key(key).into()
}

/// `UUIDv5` (RFC 9562, 5.5), for which the crate asks a second SHA-1. Nothing here needs its strength.
pub(super) fn uuid_of_key(key: &str) -> Uuid {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(NAMESPACE.as_bytes());
    digest.update(key.as_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest.finish().as_ref()) {
        *to = *from;
    }
    Builder::from_sha1_bytes(bytes).into_uuid()
}

fn key_of(structure: Structure, code: &str) -> String {
    format!("{structure}:{code}")
}

/// The day on which the structure of two tiers began to work.
fn two_tiers_begin() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or_default()
}

const UNIT_COLUMNS: [&str; 5] = ["code", "name", "full_name", "level", "parent_code"];
const LINK_COLUMNS: [&str; 7] =
    ["old_code", "new_code", "relation", "effective_date", "legal_basis", "via_code", "note"];

struct UnitRow {
    line: u64,
    code: String,
    name: String,
    full_name: String,
    kind: UnitKind,
    parent_code: Option<String>,
}

#[derive(Default)]
struct UnitList {
    rows: Vec<UnitRow>,
    index: HashMap<String, usize>,
}

impl UnitList {
    fn get(&self, code: &str) -> Option<&UnitRow> {
        self.index.get(code).and_then(|position| self.rows.get(*position))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkKind {
    Kept(ChangeKind),
    Ended(SuccessionRelation),
}

struct LinkRow {
    old_code: String,
    new_code: String,
    kind: LinkKind,
    effective_on: NaiveDate,
    legal_basis: Option<String>,
    via_code: Option<String>,
    note: Option<String>,
}

/// Reads the lines of a list as NFC text, one field a column.
fn lines<const N: usize>(
    file: CatalogueFile,
    bytes: &[u8],
    columns: [&'static str; N],
    faults: &mut Vec<Fault>,
) -> Vec<(u64, [String; N])> {
    let all = columns.first().copied().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Vec::new();
    let mut headed = false;
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault { file, line, column: all, kind: FaultKind::Csv(error.to_string()) });
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if !headed {
            headed = true;
            if !record.iter().eq(columns.iter().map(|column| column.as_bytes())) {
                faults.push(Fault { file, line, column: all, kind: FaultKind::Header(columns.join(",")) });
                break;
            }
            continue;
        }
        if record.len() != N {
            let column = columns.get(record.len()).or(columns.last()).copied().unwrap_or_default();
            faults.push(Fault { file, line, column, kind: FaultKind::FieldCount(record.len()) });
            continue;
        }
        let mut fields = [const { String::new() }; N];
        let mut readable = true;
        for ((field, raw), column) in fields.iter_mut().zip(&record).zip(columns) {
            match std::str::from_utf8(raw) {
                Ok(text) => *field = nfc(text.trim()).into_owned(),
                Err(_) => {
                    readable = false;
                    faults.push(Fault { file, line, column, kind: FaultKind::Encoding });
                }
            }
        }
        if readable {
            lines.push((line, fields));
        }
    }
    if !headed {
        faults.push(Fault { file, line: 1, column: all, kind: FaultKind::Header(columns.join(",")) });
    }
    lines
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn kind_of(level: &str, structure: Structure) -> Option<(UnitKind, usize)> {
    match (level, structure) {
        ("province", _) => Some((UnitKind::Province, 2)),
        ("district", Structure::ThreeTiers) => Some((UnitKind::District, 3)),
        ("commune", _) => Some((UnitKind::Commune, 5)),
        _ => None,
    }
}

fn units(file: CatalogueFile, bytes: &[u8], structure: Structure, faults: &mut Vec<Fault>) -> UnitList {
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
        list.rows.push(UnitRow { line, code, name, full_name, kind, parent_code: filled(parent_code) });
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

fn date(text: &str) -> Option<NaiveDate> {
    // chrono also takes one-digit months and signs, which no list should have.
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text)
}

fn links(bytes: &[u8], old: &UnitList, new: &UnitList, faults: &mut Vec<Fault>) -> Vec<LinkRow> {
    let file = CatalogueFile::Successions;
    let mut rows: Vec<(u64, LinkRow)> = Vec::new();
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
                LinkRow { old_code, new_code, kind, effective_on, legal_basis, via_code, note },
            ));
        }
    }
    agree(&rows, old, new, faults);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Finds rows that contradict each other.
fn agree(rows: &[(u64, LinkRow)], old: &UnitList, new: &UnitList, faults: &mut Vec<Fault>) {
    let file = CatalogueFile::Successions;
    let begins = beginnings(rows.iter().map(|(_, row)| row));
    let mut by_old: HashMap<&str, Vec<&LinkRow>> = HashMap::new();
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
fn beginnings<'r>(rows: impl Iterator<Item = &'r LinkRow>) -> HashMap<&'r str, NaiveDate> {
    rows.filter(|row| matches!(row.kind, LinkKind::Kept(_)))
        .map(|row| (row.new_code.as_str(), row.effective_on))
        .collect()
}

fn assemble(old: &UnitList, new: &UnitList, rows: &[LinkRow]) -> CataloguePlan {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::LazyLock;

    use super::*;
    use crate::domain::organization::tree::Reach;

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
        let id: Uuid = old("31420").as_str().parse().unwrap();
        assert_eq!(id.get_version_num(), 5);
        assert_eq!(id_of_key(COUNTRY_KEY).as_str(), "0e7bdb6d-8e53-56c8-a9dd-4f4265eb3bab");
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
        for id in
            TREE.ids().filter(|id| TREE.version_at(*id, on).is_some_and(|v| v.kind == UnitKind::Commune))
        {
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
        plan(files)
            .err()
            .map(|error| error.to_string().lines().map(str::to_owned).collect())
            .unwrap_or_default()
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
}
