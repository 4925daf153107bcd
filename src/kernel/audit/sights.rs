//! What a reader sees of the journal: kinds of records, each over the units that the account reaches in
//! their domain. The change feed and the list of entries both sift the journal by it, so that what an
//! account may do in one domain shows it nothing of another.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::auth::scope::Confinement;
use crate::db::conn::MultiBackend;
use crate::db::schema::{attachments, journal, journal_chain};
use crate::db::unindexed::Unindexed;
use crate::record_types::RecordType;
use crate::tree::OrgUnitId;

/// A condition on journal entries, or on the links of the chain, which tell the same of them.
pub type Condition<T> = Box<dyn BoxableExpression<T, MultiBackend, SqlType = Nullable<Bool>>>;

/// Declares by which conditions on this table a sight sifts the kinds of entries.
macro_rules! kinds_on {
    ($table:ident: $(#[$about:meta])* $of_kinds:ident, $(#[$about_attached:meta])* $attached:ident) => {
        impl Sight {
            $(#[$about]) *
            #[must_use]
            pub fn $of_kinds(&self) -> Condition<$table::table> {
                if self.is_whole() {
                    return Box::new(true.into_sql::<Bool>().nullable());
                }
                let kinds: Vec<&'static str> = self.kinds().collect();
                let attachments = Unindexed($table::record_type).eq(RecordType::Attachment).nullable();
                Box::new(
                    Unindexed($table::record_type).eq_any(kinds).nullable().or(attachments.and(self.$attached())),
                )
            }

            $(#[$about_attached]) *
            #[must_use]
            pub fn $attached(&self) -> Condition<$table::table> {
                let of = attachments::record_type.eq_any(self.attached_to.clone());
                let owned = attachments::table.filter(attachments::id.eq($table::record_id)).filter(of);
                Box::new(exists(owned).nullable())
            }
        }
    };
}

kinds_on! {
    journal:
    /// The kinds that are seen, to sift entries that come by another condition.
    of_kinds,
    /// Of which records the attachments are seen, to sift entries of attachments.
    attached
}

kinds_on! {
    journal_chain:
    /// The kinds that are seen, to sift links.
    links_of_kinds,
    /// Of which records the attachments are seen, to sift links.
    links_attached
}

/// In whose hands the record of an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = journal_chain)]
pub struct Belonging {
    /// The unit to which it belongs.
    #[diesel(column_name = org_unit_id)]
    pub unit: Option<String>,
    /// Its province.
    #[diesel(column_name = province_id)]
    pub province: Option<String>,
    /// The other unit.
    #[diesel(column_name = second_unit_id)]
    pub second_unit: Option<String>,
    /// The province of that one.
    #[diesel(column_name = second_province_id)]
    pub second_province: Option<String>,
}

/// Kinds of entries that are about no record: sessions, tokens, keys.
pub const INTERNAL: &[&str] = &["session", "access_token", "key_ring"];

/// Kinds of entries that are seen alike: all of them, or those of some units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Entries of these kinds of records.
    pub types: Vec<RecordType>,
    /// Entries of attachments of these kinds.
    pub attached_to: Vec<RecordType>,
    /// Entries of [`INTERNAL`] kinds.
    pub internal: bool,
    /// Of which units.
    pub confinement: Option<Confinement>,
}

/// All that a reader sees, each confinement once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sights(Vec<Sight>);

impl Sights {
    /// Adds kinds to what is seen of these units.
    pub fn add(&mut self, confinement: Option<Confinement>, kinds: impl FnOnce(&mut Sight)) {
        let sight = match self.0.iter_mut().find(|sight| sight.confinement == confinement) {
            Some(known) => known,
            None => self.0.push_mut(Sight {
                types: Vec::new(),
                attached_to: Vec::new(),
                internal: false,
                confinement,
            }),
        };
        kinds(sight);
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Sight> {
        self.0.iter()
    }

    /// Whether a record of this kind is seen while it belongs there.
    #[must_use]
    pub fn see(&self, record_type: RecordType, there: &Belonging) -> bool {
        self.0.iter().any(|sight| sight.sees(record_type, there))
    }

    /// The entries that are seen, whichever `part` of the condition each sight gives.
    #[must_use]
    pub fn any<T: Table + 'static>(&self, part: impl Fn(&Sight) -> Condition<T>) -> Condition<T> {
        let nothing: Condition<T> = Box::new(false.into_sql::<Bool>().nullable());
        let either = |one: Condition<T>, other: Condition<T>| -> Condition<T> { Box::new(one.or(other)) };
        self.0.iter().map(part).reduce(either).unwrap_or(nothing)
    }
}

impl Sight {
    /// Whether entries of every kind are seen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let kinds = || RecordType::ALL.iter().filter(|kind| **kind != RecordType::Attachment);
        self.internal && kinds().all(|kind| self.types.contains(kind) && self.attached_to.contains(kind))
    }

    /// The kinds that are seen, but for attachments, which are seen or not one by one.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let internal = if self.internal { INTERNAL } else { &[] };
        self.types.iter().map(|kind| kind.as_str()).chain(internal.iter().copied())
    }

    /// What is seen, to sift links of the chain that come by their positions.
    #[must_use]
    pub fn sifting(&self) -> Condition<journal_chain::table> {
        use journal_chain as c;
        let kinds = self.links_of_kinds();
        match &self.confinement {
            None => kinds,
            Some(Confinement { provinces, units }) => Box::new(
                kinds.and(
                    c::province_id
                        .eq_any(provinces.clone())
                        .or(c::org_unit_id.eq_any(units.clone()))
                        .or(c::second_province_id.eq_any(provinces.clone()))
                        .or(c::second_unit_id.eq_any(units.clone())),
                ),
            ),
        }
    }

    /// What is seen, found by the units.
    #[must_use]
    pub fn finding(&self) -> Condition<journal::table> {
        let kinds = self.of_kinds();
        match self.confinement.clone() {
            None => kinds,
            Some(to) if to.units.is_empty() => Box::new(kinds.and(journal::province_id.eq_any(to.provinces))),
            Some(to) if to.provinces.is_empty() => Box::new(kinds.and(journal::org_unit_id.eq_any(to.units))),
            Some(to) => Box::new(
                kinds
                    .and(journal::province_id.eq_any(to.provinces).or(journal::org_unit_id.eq_any(to.units))),
            ),
        }
    }

    fn sees(&self, record_type: RecordType, there: &Belonging) -> bool {
        let Belonging { unit, province, second_unit, second_province } = there;
        let is_in = |ids: &[OrgUnitId], either: [&Option<String>; 2]| {
            either.into_iter().flatten().filter_map(|id| id.parse().ok()).any(|id| ids.contains(&id))
        };
        let reached = |to: &Confinement| {
            is_in(&to.provinces, [province, second_province]) || is_in(&to.units, [unit, second_unit])
        };
        self.types.contains(&record_type) && self.confinement.as_ref().is_none_or(reached)
    }
}
