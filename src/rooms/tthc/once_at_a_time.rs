//! What a unit has once at a time (mỗi thời điểm chỉ có một), such as a position of its focal points or the
//! posting of a procedure in one form. No unique key tells that spans of days meet: made rows are held
//! against those that stand, and each against those made before it.

use std::collections::HashSet;

use diesel::prelude::*;

use kernel::api::records::Row;
use kernel::db::DbConn;
use kernel::db::schema::org_units;
use kernel::error::{ApiError, Problem};
use kernel::load_locked;
use kernel::tree::OrgUnitId;

/// Lets nobody else write what these units have once until the transaction ends: the next who does waits,
/// and then finds what this one wrote.
pub(super) fn lock_units(conn: &mut DbConn, units: &HashSet<OrgUnitId>) -> Result<(), ApiError> {
    // In one order, so that two records' units are not waited for crosswise.
    let _locked: Vec<OrgUnitId> = load_locked!(
        conn,
        org_units::table
            .filter(org_units::id.eq_any(units.clone()))
            .order_by(org_units::id)
            .select(org_units::id)
    )?;
    Ok(())
}

/// Refuses made rows that meet one that stands, or one made before them. `meet` tells of two different
/// records whether they do.
pub(super) fn once_at_a_time<R: Row>(
    mut standing: Vec<R>,
    made: Vec<Result<R, ApiError>>,
    meet: impl Fn(&R, &R) -> bool,
) -> Vec<Result<R, ApiError>> {
    let held = |made: Result<R, ApiError>| {
        let row = made?;
        if standing.iter().any(|other| other.id() != row.id() && meet(&row, other)) {
            return Err(ApiError::new(Problem::Duplicate));
        }
        // It takes the place of what it was. Where someone else has changed that since, it is not stored.
        standing.retain(|other| (other.id(), other.version()) != (row.id(), row.version()));
        standing.push(row.clone());
        Ok(row)
    };
    made.into_iter().map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::types::Instant;

    /// From a day until another, of a version.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Span {
        id: u32,
        days: std::ops::Range<u32>,
        version: i64,
    }

    impl Row for Span {
        type Id = u32;

        fn id(&self) -> u32 {
            self.id
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn revise(&mut self, _: Instant) {
            self.version += 1;
        }
    }

    fn span(id: u32, days: std::ops::Range<u32>, version: i64) -> Span {
        Span { id, days, version }
    }

    /// The ids of those that may be stored.
    fn kept(standing: &[Span], made: &[Span]) -> Vec<u32> {
        let meet =
            |one: &Span, other: &Span| one.days.start < other.days.end && other.days.start < one.days.end;
        let made = made.iter().cloned().map(Ok).collect();
        once_at_a_time(standing.to_vec(), made, meet).into_iter().flatten().map(|span| span.id).collect()
    }

    #[test]
    fn each_is_held_against_what_stands_and_what_was_made_before_it() {
        let stands = span(1, 10..20, 1);
        assert_eq!(kept(std::slice::from_ref(&stands), &[span(2, 19..30, 0)]), Vec::<u32>::new());
        assert_eq!(kept(&[], &[span(2, 10..20, 0), span(3, 15..30, 0), span(4, 20..25, 0)]), [2, 4]);
        // What ends in the same batch makes room, unless its change will not be stored.
        let ended = |version| [span(1, 10..15, version), span(2, 15..30, 0)];
        assert_eq!(kept(std::slice::from_ref(&stands), &ended(1)), [1, 2]);
        assert_eq!(kept(&[span(1, 10..20, 2)], &ended(1)), [1]);
        assert_eq!(
            kept(&[stands], &[span(1, 10..25, 1), span(2, 20..30, 0)]),
            [1],
            "and what lasts longer, none"
        );
    }
}
