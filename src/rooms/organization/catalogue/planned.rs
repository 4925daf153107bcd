//! All that the lists say, ready to be stored.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::Structure;
use super::keys::{COUNTRY_KEY, country_id};
use crate::units::model::ChangeKind;
use kernel::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitKind, UnitVersion};
use kernel::validity::Certainty;

/// All that the lists say, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguePlan {
    /// The country, then the units of 2024, then those founded with the structure of 2025. A
    /// version's parent may come later than the unit itself.
    pub units: Vec<PlannedUnit>,
    /// The successions, in the order of their file.
    pub successions: Vec<PlannedSuccession>,
    pub(super) codes: HashMap<(Structure, String), OrgUnitId>,
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
                unit_class: None,
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
