//! Totals of the rows of a summary.

use std::collections::BTreeMap;

/// The sums of what rows have in common, in its order; `of` tells what that is in a row, and how many it counts.
pub(super) fn totals<R, K: Ord>(rows: &[R], of: impl Fn(&R) -> (K, i64)) -> impl Iterator<Item = (K, i64)> {
    let mut totals = BTreeMap::<K, i64>::new();
    for (key, count) in rows.iter().map(of) {
        *totals.entry(key).or_default() += count;
    }
    totals.into_iter()
}
