//! Whether a legal document is in force on a day (hiệu lực của văn bản): never stored, it follows from
//! the document's own days and from what other documents do to it. [`validity`] is the rule, the
//! conditions beneath it say the same in SQL.

use chrono::NaiveDate;

use kernel::text_enum;

text_enum! {
    /// Whether a document is in force (tình trạng hiệu lực).
    pub enum DocumentValidity {
        /// It was issued, and its first day is to come.
        NotYetEffective => "not_yet_effective", "chưa có hiệu lực";
        /// The whole of it holds.
        InForce => "in_force", "còn hiệu lực";
        /// Parts of it were amended, replaced or repealed.
        PartlyExpired => "partly_expired", "hết hiệu lực một phần";
        /// Nothing of it holds.
        Expired => "expired", "hết hiệu lực toàn bộ";
        /// The whole of it is suspended for some time.
        Suspended => "suspended", "ngưng hiệu lực";
    }
}

text_enum! {
    /// What one document does to another (loại quan hệ).
    pub enum RelationKind {
        /// It changes or adds to parts of it.
        Amends => "amends", "sửa đổi, bổ sung";
        /// It takes its place.
        Replaces => "replaces", "thay thế";
        /// It ends it.
        Repeals => "repeals", "bãi bỏ";
        /// It stops it for some time.
        Suspends => "suspends", "ngưng hiệu lực";
    }
}

text_enum! {
    /// How much of a document another acts upon (phạm vi tác động).
    pub enum RelationExtent {
        /// All of it.
        Whole => "whole", "toàn bộ";
        /// Some articles.
        Part => "part", "một phần";
    }
}

/// What ends a document where it is done to the whole of it.
pub const ENDING: [RelationKind; 2] = [RelationKind::Replaces, RelationKind::Repeals];

/// What ends parts of a document where it is done to these.
pub const ENDING_A_PART: [RelationKind; 3] =
    [RelationKind::Amends, RelationKind::Replaces, RelationKind::Repeals];

/// The days of a document itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnDays {
    /// The first on which it holds.
    pub effective_on: NaiveDate,
    /// The first on which it no longer does.
    pub expired_on: Option<NaiveDate>,
}

/// What another document does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// What is done.
    pub kind: RelationKind,
    /// To how much of it.
    pub extent: RelationExtent,
    /// From which day on.
    pub from_on: NaiveDate,
    /// The first day on which this is over; of a suspension alone.
    pub to_on: Option<NaiveDate>,
}

impl Act {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.from_on <= day && self.to_on.is_none_or(|end| day < end)
    }

    /// Whether it ends the whole document.
    #[must_use]
    pub fn ends_it(&self) -> bool {
        self.extent == RelationExtent::Whole && ENDING.contains(&self.kind)
    }

    fn suspends_it(&self) -> bool {
        self.extent == RelationExtent::Whole && self.kind == RelationKind::Suspends
    }

    fn ends_a_part(&self) -> bool {
        self.extent == RelationExtent::Part && ENDING_A_PART.contains(&self.kind)
    }
}

/// Whether an issued document is in force on a day. An end is for good, also of one that never took
/// effect; a suspension hides that parts have ended.
#[must_use]
pub fn validity(own: OwnDays, acts: &[Act], day: NaiveDate) -> DocumentValidity {
    let any = |is: fn(&Act) -> bool| acts.iter().any(|act| is(act) && act.holds_on(day));
    if own.expired_on.is_some_and(|end| end <= day) || any(Act::ends_it) {
        DocumentValidity::Expired
    } else if day < own.effective_on {
        DocumentValidity::NotYetEffective
    } else if any(Act::suspends_it) {
        DocumentValidity::Suspended
    } else if any(Act::ends_a_part) {
        DocumentValidity::PartlyExpired
    } else {
        DocumentValidity::InForce
    }
}

/// Whether another document acts on a document of the outer query: in one of these ways, to this extent,
/// where `$when` holds of the columns `r` of the relation.
#[macro_export]
macro_rules! is_acted_on {
    ($kinds:expr, $extent:expr, |$r:ident| $when:expr) => {{
        use kernel::db::schema::{document_relations as $r, legal_documents as d};
        diesel::dsl::exists(
            $r::table
                .filter($r::affected_id.eq(d::id.nullable()))
                .filter($r::deleted_at.is_null())
                .filter($r::kind.eq_any($kinds))
                .filter($r::extent.eq($extent))
                .filter($when),
        )
    }};
}

/// Whether a document of the outer query has ended, by itself or by another: on or before a day (`le`), or
/// before it (`lt`).
#[macro_export]
macro_rules! has_ended {
    ($comparison:ident $day:expr) => {{
        use kernel::db::schema::legal_documents as d;
        use $crate::document_validity::{ENDING, RelationExtent};
        let by_itself = d::expired_on.is_not_null().and(d::expired_on.assume_not_null().$comparison($day));
        by_itself.or($crate::is_acted_on!(ENDING, RelationExtent::Whole, |r| r::from_on.$comparison($day)))
    }};
}

/// Whether a document of the outer query has taken effect on a day.
#[macro_export]
macro_rules! has_begun {
    ($day:expr) => {{
        use kernel::db::schema::legal_documents as d;
        let stated = d::effective_on.is_not_null().and(d::effective_on.assume_not_null().le($day));
        stated.or(d::effective_on.is_null().and(d::issued_on.le($day)))
    }};
}

/// Whether the whole of a document of the outer query is suspended on a day.
#[macro_export]
macro_rules! is_suspended {
    ($day:expr) => {{
        use $crate::document_validity::{RelationExtent, RelationKind};
        $crate::is_acted_on!([RelationKind::Suspends], RelationExtent::Whole, |r| {
            let goes_on = r::to_on.is_null().or(r::to_on.assume_not_null().gt($day));
            r::from_on.le($day).and(goes_on)
        })
    }};
}

/// Whether parts of a document of the outer query have ended on or before a day.
#[macro_export]
macro_rules! has_partly_ended {
    ($day:expr) => {{
        use $crate::document_validity::{ENDING_A_PART, RelationExtent};
        $crate::is_acted_on!(ENDING_A_PART, RelationExtent::Part, |r| r::from_on.le($day))
    }};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(number)
    }

    fn own() -> impl Strategy<Value = OwnDays> {
        (0..40_u64, proptest::option::of(1..60_u64)).prop_map(|(effective, lasts)| OwnDays {
            effective_on: day(effective),
            expired_on: lasts.map(|days| day(effective + days)),
        })
    }

    fn act() -> impl Strategy<Value = Act> {
        let kind = proptest::sample::select(RelationKind::ALL);
        let extent = proptest::sample::select(RelationExtent::ALL);
        (kind, extent, 0..60_u64, proptest::option::of(1..30_u64)).prop_map(|(kind, extent, from, lasts)| {
            let to_on = lasts.filter(|_| kind == RelationKind::Suspends).map(|days| day(from + days));
            Act { kind, extent, from_on: day(from), to_on }
        })
    }

    proptest! {
        #[test]
        fn what_has_expired_stays_expired(
            own in own(), acts in proptest::collection::vec(act(), 0..5), on in 0..90_u64, later in 0..90_u64,
        ) {
            if validity(own, &acts, day(on)) == DocumentValidity::Expired {
                prop_assert_eq!(validity(own, &acts, day(on + later)), DocumentValidity::Expired);
            }
        }

        #[test]
        fn the_order_of_acts_does_not_count(
            own in own(), acts in proptest::collection::vec(act(), 0..5), on in 0..90_u64,
        ) {
            let turned: Vec<Act> = acts.iter().rev().copied().collect();
            prop_assert_eq!(validity(own, &acts, day(on)), validity(own, &turned, day(on)));
        }

        #[test]
        fn what_is_to_come_does_not_count(
            own in own(), acts in proptest::collection::vec(act(), 0..5), on in 0..90_u64,
        ) {
            let begun: Vec<Act> = acts.iter().filter(|act| act.from_on <= day(on)).copied().collect();
            prop_assert_eq!(validity(own, &acts, day(on)), validity(own, &begun, day(on)));
        }

        #[test]
        fn one_act_more_never_brings_it_back(
            own in own(), acts in proptest::collection::vec(act(), 1..5), on in 0..90_u64,
        ) {
            let in_force = |acts: &[Act]| validity(own, acts, day(on)) == DocumentValidity::InForce;
            prop_assert!(!in_force(&acts) || acts.iter().all(|act| in_force(&[*act])));
        }
    }

    #[test]
    fn a_document_goes_through_its_life() {
        let own = OwnDays { effective_on: day(10), expired_on: Some(day(50)) };
        let of = |kind, extent, from, to: Option<u64>| Act {
            kind,
            extent,
            from_on: day(from),
            to_on: to.map(day),
        };
        let acts = [
            of(RelationKind::Amends, RelationExtent::Part, 20, None),
            of(RelationKind::Suspends, RelationExtent::Whole, 30, Some(35)),
            of(RelationKind::Suspends, RelationExtent::Part, 12, None),
        ];
        for (on, expected) in [
            (9, DocumentValidity::NotYetEffective),
            (10, DocumentValidity::InForce),
            (12, DocumentValidity::InForce),
            (20, DocumentValidity::PartlyExpired),
            (30, DocumentValidity::Suspended),
            (35, DocumentValidity::PartlyExpired),
            (49, DocumentValidity::PartlyExpired),
            (50, DocumentValidity::Expired),
        ] {
            assert_eq!(validity(own, &acts, day(on)), expected, "{on}");
        }
        let repealed = [of(RelationKind::Repeals, RelationExtent::Whole, 5, None)];
        assert_eq!(validity(own, &repealed, day(5)), DocumentValidity::Expired, "before it took effect");
        assert_eq!(validity(own, &repealed, day(4)), DocumentValidity::NotYetEffective);
    }
}
