//! A unit that a record names beside its own (đơn vị khác được nêu trong bản ghi), such as the one that was visited. A body
//! names it as any unit: by id, identification code or statistics code. It is stored in one text: by its statistics code
//! on the record's day, by which files know it, and where it bears none alone by its id.

use chrono::NaiveDate;

use crate::api::Change;
use crate::error::Fault;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::{UnitLabel, UnitName, label, named_as};

/// By what a body names the unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherUnit {
    /// By id.
    pub id: Option<OrgUnitId>,
    /// By identification code.
    pub identifier: Option<String>,
    /// By statistics code.
    pub code: Option<String>,
}

impl OtherUnit {
    /// By what a body names it after a patch: anew, or as the answer has it.
    #[must_use]
    pub fn after(
        (id, identifier, code): (&Change<OrgUnitId>, &Change<String>, &Change<String>),
        present: (Option<OrgUnitId>, Option<&str>),
    ) -> Self {
        let anew = Self { id: told(id), identifier: told(identifier), code: told(code) };
        if anew != Self::default() {
            return anew;
        }
        match present {
            (Some(id), _) => Self { id: Some(id), ..Self::default() },
            (None, code) => Self { code: code.map(str::to_owned), ..Self::default() },
        }
    }

    /// How it is named.
    #[must_use]
    pub fn name(&self) -> UnitName<'_> {
        let (identifier, code) = (self.identifier.as_deref(), self.code.as_deref());
        UnitName { id: self.id, identifier, code }
    }

    /// The text in which it is stored, once it is [settled](Self::settled).
    #[must_use]
    pub fn written(&self) -> String {
        let id = || self.id.map(|id| id.to_string());
        self.code.clone().or_else(id).or_else(|| self.identifier.clone()).unwrap_or_default()
    }

    /// The same unit, named as it is stored. A code that names none is left as it is: whoever holds the record against
    /// what is there says so, with all else that is not.
    ///
    /// # Errors
    /// The faults, with the members as the body calls them: `visited_unit_id` in the role `visited_unit`.
    pub fn settled(self, tree: &OrgTree, day: NaiveDate, role: &str) -> Result<Self, Vec<Fault>> {
        let by_code_alone = matches!(self, Self { id: None, identifier: None, code: Some(_) });
        let unit = match named_as(self.name().resolve(tree, day), role) {
            Ok(unit) => unit,
            Err(_) if by_code_alone => return Ok(self),
            Err(faults) => return Err(faults),
        };
        let code = tree.version_at(unit, day).and_then(|version| version.code.clone());
        Ok(match code.filter(|code| tree.by_code(code, day) == Some(unit)) {
            Some(code) => Self { code: Some(code), ..Self::default() },
            None => Self { id: Some(unit), ..Self::default() },
        })
    }
}

fn told<T: Clone>(change: &Change<T>) -> Option<T> {
    match change {
        Change::Absent => None,
        Change::Value(value) => Some(value.clone()),
    }
}

/// The unit that a stored text names on a day.
#[must_use]
pub fn written_unit(tree: &OrgTree, written: &str, day: NaiveDate) -> Option<OrgUnitId> {
    let by_id = || written.parse::<OrgUnitId>().ok().filter(|id| tree.latest(*id).is_some());
    tree.by_code(written, day).or_else(by_id)
}

/// How answers name that unit.
#[must_use]
pub fn written_label(tree: &OrgTree, written: &str, day: NaiveDate) -> Option<UnitLabel> {
    written_unit(tree, written, day).map(|unit| label(tree, unit, day))
}

/// The code that answers show: that of the unit, and of a text that names none any more the text itself.
#[must_use]
pub fn written_code(tree: &OrgTree, written: &str, day: NaiveDate) -> Option<String> {
    match written_label(tree, written, day) {
        Some(unit) => unit.org_unit_code,
        None => Some(written.to_owned()),
    }
}

/// Writes what [`fields!`](crate::fields) and [`unit_store!`](crate::unit_store) ask of a record that names another unit:
/// how bodies name it in three members, and how answers do. It is kept in the column of the code.
///
/// ```text
/// other_unit! {
///     role: "visited_unit", on: visited_on,
///     row: VisitRow, answer: Visit, create: VisitCreate, patch: VisitPatch,
///     id: visited_unit_id, identifier: visited_unit_identifier, code: visited_unit_code,
/// }
/// ```
///
/// Its fields are one `kept` of the code (`other_written`), three `sent` (`other_id_after` and the like), and four
/// `derived` (`other_id`, `other_identifier`, `other_code`, `other_name`); `other_named` is the store's `naming`.
#[macro_export]
macro_rules! other_unit {
    (
        role: $role:literal, on: $day:ident,
        row: $row:ident, answer: $view:ident, create: $create:ident, patch: $patch:ident,
        id: $id:ident, identifier: $identifier:ident, code: $code:ident $(,)?
    ) => {
        use other_unit::{
            other_code, other_code_after, other_id, other_id_after, other_identifier, other_identifier_after,
            other_name, other_named, other_written,
        };

        /// The other unit that a record names.
        mod other_unit {
            use super::*;
            use $crate::error::Fault;
            use $crate::other_units::{OtherUnit, written_code, written_label};
            use $crate::tree::{OrgTree, OrgUnitId};

            fn sent(body: &$create) -> OtherUnit {
                let (identifier, code) = (body.$identifier.clone(), body.$code.clone());
                OtherUnit { id: body.$id, identifier, code }
            }

            /// The text in which it is stored.
            pub(super) fn other_written(body: &$create) -> String {
                sent(body).written()
            }

            fn after(patch: &$patch, present: &$view) -> OtherUnit {
                let changes = (&patch.$id, &patch.$identifier, &patch.$code);
                OtherUnit::after(changes, (present.$id, present.$code.as_deref()))
            }

            /// Its id in the whole body after a patch.
            pub(super) fn other_id_after(patch: &$patch, present: &$view) -> Option<OrgUnitId> {
                after(patch, present).id
            }

            /// Its identification code there.
            pub(super) fn other_identifier_after(patch: &$patch, present: &$view) -> Option<String> {
                after(patch, present).identifier
            }

            /// Its statistics code there.
            pub(super) fn other_code_after(patch: &$patch, present: &$view) -> Option<String> {
                after(patch, present).code
            }

            /// The body with the unit named as it is stored.
            pub(super) fn other_named(
                tree: &OrgTree,
                body: $create,
                mut faults: Vec<Fault>,
            ) -> ($create, Vec<Fault>) {
                match sent(&body).settled(tree, body.$day, $role) {
                    Ok(OtherUnit { id, identifier, code }) => {
                        ($create { $id: id, $identifier: identifier, $code: code, ..body }, faults)
                    }
                    Err(found) => {
                        faults.extend(found);
                        (body, faults)
                    }
                }
            }

            /// Its id.
            pub(super) fn other_id(row: &$row, tree: &OrgTree) -> Option<OrgUnitId> {
                written_label(tree, &row.$code, row.$day).map(|unit| unit.org_unit_id)
            }

            /// Its statistics code on the day.
            pub(super) fn other_code(row: &$row, tree: &OrgTree) -> Option<String> {
                written_code(tree, &row.$code, row.$day)
            }

            /// Its identification code on the day.
            pub(super) fn other_identifier(row: &$row, tree: &OrgTree) -> Option<String> {
                written_label(tree, &row.$code, row.$day).and_then(|unit| unit.org_unit_identifier)
            }

            /// Its name on the day.
            pub(super) fn other_name(row: &$row, tree: &OrgTree) -> Option<String> {
                written_label(tree, &row.$code, row.$day).map(|unit| unit.org_unit_name)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{UnitKind, UnitVersion};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn version(unit: OrgUnitId, code: Option<&str>, identifier: &str) -> UnitVersion {
        UnitVersion {
            org_unit_id: unit,
            code: code.map(str::to_owned),
            identifier: Some(identifier.to_owned()),
            name: String::new(),
            full_name: format!("unit {identifier}"),
            kind: UnitKind::OtherAgency,
            unit_class: None,
            parent_id: None,
            valid_from: Some(day("2025-07-01")),
            valid_to: None,
        }
    }

    fn by_id(id: OrgUnitId) -> OtherUnit {
        OtherUnit { id: Some(id), ..OtherUnit::default() }
    }

    fn by_code(code: &str) -> OtherUnit {
        OtherUnit { code: Some(code.to_owned()), ..OtherUnit::default() }
    }

    #[test]
    fn whichever_way_a_unit_is_named_it_is_stored_in_one() {
        let [coded, bare] = std::array::from_fn(|_| OrgUnitId::new());
        let versions = vec![version(coded, Some("31420"), "H13.44"), version(bare, None, "H13.45")];
        let tree = OrgTree::new(versions, Vec::new());
        let on = day("2026-05-04");
        let by_identifier =
            |identifier: &str| OtherUnit { identifier: Some(identifier.to_owned()), ..OtherUnit::default() };
        for named in [by_id(coded), by_code("31420"), by_identifier("H13.44")] {
            let written = named.settled(&tree, on, "visited_unit").unwrap().written();
            assert_eq!((written.as_str(), written_unit(&tree, &written, on)), ("31420", Some(coded)));
        }
        for named in [by_id(bare), by_identifier("000.00.45.H13")] {
            let written = named.settled(&tree, on, "visited_unit").unwrap().written();
            assert_eq!(written_unit(&tree, &written, on), Some(bare));
            assert_eq!(written_code(&tree, &written, on), None, "it has no code");
        }
        let faults = by_identifier("H99").settled(&tree, on, "visited_unit").unwrap_err();
        assert_eq!(faults[0].pointer, "/visited_unit_identifier");
        let both = OtherUnit { id: Some(coded), ..by_code("31420") };
        assert_eq!(both.settled(&tree, on, "visited_unit").unwrap_err()[0].code, "exactly_one");
        assert!(OtherUnit::default().settled(&tree, on, "visited_unit").is_err());
        assert_eq!(by_code("00000").settled(&tree, on, "visited_unit").unwrap(), by_code("00000"));
        assert_eq!(written_code(&tree, "00000", on).as_deref(), Some("00000"));
    }

    #[test]
    fn a_patch_names_another_unit_or_leaves_it() {
        let (unit, other) = (OrgUnitId::new(), OrgUnitId::new());
        let absent = (&Change::Absent, &Change::Absent, &Change::Absent);
        assert_eq!(OtherUnit::after(absent, (Some(unit), Some("31420"))), by_id(unit));
        assert_eq!(OtherUnit::after(absent, (None, Some("31420"))), by_code("31420"));
        let code = Change::Value("31396".to_owned());
        let anew = OtherUnit::after((&Change::Absent, &Change::Absent, &code), (Some(unit), Some("31420")));
        assert_eq!(anew, by_code("31396"));
        let id = Change::Value(other);
        let anew = OtherUnit::after((&id, &Change::Absent, &Change::Absent), (Some(unit), None));
        assert_eq!(anew, by_id(other));
    }
}
