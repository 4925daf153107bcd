//! Records that others name by what tells them apart, as disbursements name the plan of their unit by year and
//! code: while they do it keeps that name, and it is not deleted.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::error::{ApiError, Problem};

/// Refuses another name for the records that are named; `before` are the names that they have.
///
/// # Errors
/// Whatever `named` fails with, which tells those of some names by which others name a record.
pub fn keeping_their_names<R, I: Eq + Hash, N: Eq + Hash + Clone>(
    made: Vec<Result<R, ApiError>>,
    before: &HashMap<I, N>,
    (id, name): (impl Fn(&R) -> I, impl Fn(&R) -> N),
    named: impl FnOnce(&HashSet<N>) -> Result<HashSet<N>, ApiError>,
) -> Result<Vec<Result<R, ApiError>>, ApiError> {
    let left_behind = |row: &R| before.get(&id(row)).filter(|before| **before != name(row));
    let left: HashSet<N> = made.iter().flatten().filter_map(left_behind).cloned().collect();
    if left.is_empty() {
        return Ok(made);
    }
    let named = named(&left)?;
    let kept = |row: R| match left_behind(&row) {
        Some(name) if named.contains(name) => Err(ApiError::new(Problem::InUse)),
        _ => Ok(row),
    };
    Ok(made.into_iter().map(|made| made.and_then(kept)).collect())
}
