//! Whether a legal document is in force on a day (hiệu lực của văn bản): never stored, it follows from
//! the document's own days and from what other documents do to it. These do so only while they hold themselves
//! (Luật Ban hành văn bản quy phạm pháp luật): who was ended before the day of the act ends nobody, and a
//! suspension lasts no longer than the document that orders it; but what was ended does not come back when that document
//! is. Whether the document that acts is itself suspended on the day is not looked at.
//!
//! [`validity`] is the rule, [`conditions`] say the same in SQL.

pub mod conditions;

use std::collections::HashMap;
use std::hash::Hash;

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

/// The days of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
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
    /// The days of the document that acts.
    pub acting: Days,
}

impl Act {
    /// The first day on which it takes hold: its own, or that of the document that acts where this is later; none
    /// where that document holds no longer then.
    #[must_use]
    pub fn holds_from(&self) -> Option<NaiveDate> {
        let from = self.from_on.max(self.acting.effective_on);
        self.acting.expired_on.is_none_or(|end| from < end).then_some(from)
    }

    /// What was ended, in whole or in part, does not come back; a suspension lasts no longer than the document that
    /// orders it.
    fn holds_on(&self, day: NaiveDate) -> bool {
        let is_over = |end: Option<NaiveDate>| end.is_some_and(|end| end <= day);
        let acts_still = self.kind != RelationKind::Suspends || !is_over(self.acting.expired_on);
        self.holds_from().is_some_and(|from| from <= day) && acts_still && !is_over(self.to_on)
    }

    fn ends_it(&self) -> bool {
        self.extent == RelationExtent::Whole && ENDING.contains(&self.kind)
    }

    fn suspends_it(&self) -> bool {
        self.extent == RelationExtent::Whole && self.kind == RelationKind::Suspends
    }

    fn ends_a_part(&self) -> bool {
        self.extent == RelationExtent::Part && ENDING_A_PART.contains(&self.kind)
    }
}

/// The first day on which other documents end the whole of one.
#[must_use]
pub fn ended_by_others(acts: &[Act]) -> Option<NaiveDate> {
    acts.iter().filter(|act| act.ends_it()).filter_map(Act::holds_from).min()
}

/// Whether an issued document is in force on a day. An end is for good, also of one that never took
/// effect; a suspension hides that parts have ended.
#[must_use]
pub fn validity(own: Days, acts: &[Act], day: NaiveDate) -> DocumentValidity {
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

/// How many documents are looked at, one behind the other: those that act, those that act on these, and those that
/// act on these in turn, of which only the own days count. Documents of one day may name each other in a circle,
/// so there is an end to it.
pub const DEPTH: usize = 3;

/// What acts on documents, told by whom, with the days of those that act as they stand after what was done to them.
#[must_use]
pub fn after_what_became_of<Id: Copy + Eq + Hash>(
    told: &HashMap<Id, Vec<(Id, Act)>>,
) -> HashMap<Id, Vec<Act>> {
    let own: HashMap<Id, Days> = told.values().flatten().map(|(by, act)| (*by, act.acting)).collect();
    let standing = |of: &Id, days: &HashMap<Id, Days>| -> Vec<Act> {
        let acts = told.get(of).into_iter().flatten();
        acts.map(|(by, act)| Act { acting: days.get(by).copied().unwrap_or(act.acting), ..*act }).collect()
    };
    let mut days = own.clone();
    for _ in 1..DEPTH {
        let ended = |(id, own): (&Id, &Days)| {
            let by_others = ended_by_others(&standing(id, &days));
            (*id, Days { expired_on: own.expired_on.into_iter().chain(by_others).min(), ..*own })
        };
        days = own.iter().map(ended).collect();
    }
    told.keys().map(|id| (*id, standing(id, &days))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(number)
    }

    /// The days of a document that holds on every day that is asked for.
    fn always() -> Days {
        Days { effective_on: day(0), expired_on: None }
    }

    fn own() -> impl Strategy<Value = Days> {
        (0..40_u64, proptest::option::of(1..60_u64)).prop_map(|(effective, lasts)| Days {
            effective_on: day(effective),
            expired_on: lasts.map(|days| day(effective + days)),
        })
    }

    fn act() -> impl Strategy<Value = Act> {
        let kind = proptest::sample::select(RelationKind::ALL);
        let extent = proptest::sample::select(RelationExtent::ALL);
        let lasts = proptest::option::of(1..30_u64);
        (kind, extent, 0..60_u64, lasts, own()).prop_map(|(kind, extent, from, lasts, acting)| {
            let to_on = lasts.filter(|_| kind == RelationKind::Suspends).map(|days| day(from + days));
            Act { kind, extent, from_on: day(from), to_on, acting }
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
        let own = Days { effective_on: day(10), expired_on: Some(day(50)) };
        let of = |kind, extent, from, to: Option<u64>| Act {
            kind,
            extent,
            from_on: day(from),
            to_on: to.map(day),
            acting: always(),
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

    fn ending(from: u64, acting: Days) -> Act {
        let (kind, extent) = (RelationKind::Replaces, RelationExtent::Whole);
        Act { kind, extent, from_on: day(from), to_on: None, acting }
    }

    /// The validity on a day of the first of some documents, each acted on by the next.
    fn first_of(acts: &[Act], on: u64) -> DocumentValidity {
        let told = acts.iter().enumerate().map(|(number, act)| (number, vec![(number + 1, *act)])).collect();
        let standing = after_what_became_of(&told);
        validity(always(), standing.get(&0).map_or(&[], Vec::as_slice), day(on))
    }

    #[test]
    fn who_was_ended_before_ends_nobody() {
        let repealed = |on: u64| first_of(&[ending(30, always()), ending(20, always())], on);
        assert_eq!(
            repealed(30),
            DocumentValidity::InForce,
            "the second was ended before it replaced the first"
        );
        let later = |on: u64| first_of(&[ending(30, always()), ending(31, always())], on);
        assert_eq!((later(29), later(30)), (DocumentValidity::InForce, DocumentValidity::Expired));
        assert_eq!(later(40), DocumentValidity::Expired, "what was replaced does not come back");
        let by_itself = Days { effective_on: day(0), expired_on: Some(day(30)) };
        assert_eq!(first_of(&[ending(30, by_itself)], 40), DocumentValidity::InForce);
        // The third is ended before it ends the second, which then replaces the first.
        let chain = [ending(30, always()), ending(20, always()), ending(10, always())];
        assert_eq!(first_of(&chain, 30), DocumentValidity::Expired);
    }

    #[test]
    fn nobody_acts_before_it_holds() {
        let late = Days { effective_on: day(40), expired_on: None };
        let replaced = |on: u64| first_of(&[ending(30, late)], on);
        assert_eq!((replaced(39), replaced(40)), (DocumentValidity::InForce, DocumentValidity::Expired));
    }

    #[test]
    fn a_suspension_lasts_no_longer_than_what_orders_it() {
        let suspends = Act { kind: RelationKind::Suspends, ..ending(10, always()) };
        let open = |on: u64| first_of(&[suspends, ending(30, always())], on);
        assert_eq!((open(9), open(10)), (DocumentValidity::InForce, DocumentValidity::Suspended));
        assert_eq!((open(29), open(30)), (DocumentValidity::Suspended, DocumentValidity::InForce));
        let to = Act { to_on: Some(day(20)), ..suspends };
        assert_eq!(first_of(&[to, ending(30, always())], 20), DocumentValidity::InForce);
        let beyond = Act { to_on: Some(day(50)), ..suspends };
        assert_eq!(first_of(&[beyond, ending(30, always())], 30), DocumentValidity::InForce);
    }

    #[test]
    fn a_circle_has_an_end() {
        let told =
            HashMap::from([(1, vec![(2, ending(10, always()))]), (2, vec![(1, ending(10, always()))])]);
        let standing = after_what_became_of(&told);
        assert_eq!(validity(always(), &standing[&1], day(10)), validity(always(), &standing[&2], day(10)));
    }
}
