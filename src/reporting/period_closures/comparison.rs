//! What differs between a form as a closing kept it and today's. What was kept is of all units that the closing bound.
//! Today's has the figures of those alone that whoever asks reaches: a unit that has come to another since shows its
//! own to nobody here, and of a part nobody can say whether the whole differs.

use super::model::{DifferencesQuery, PeriodClosure, PeriodClosureDifferences};
use super::store::row_find;
use crate::reporting::forms::kept::{Kept, Subject, Variant, coverage_differences, differences};
use kernel::auth::permission::Action;
use kernel::auth::permit::Reader;
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, snapshot};
use kernel::error::{ApiError, Problem};
use kernel::reporting::closed_periods::PeriodClosureId;

/// Whom and what a comparison is for.
pub struct Comparison {
    closings: Scoped,
    forms: Scoped,
    kept: &'static Kept,
    variant: Variant,
}

impl Comparison {
    /// Whoever may read both the closing and the form.
    ///
    /// # Errors
    /// 403 for who may not, 422 for a form that is not kept.
    pub fn of(reader: &Reader, closings: Scoped, query: &DifferencesQuery) -> Result<Self, ApiError> {
        let scope = query.scope.unwrap_or_default();
        let (kept, variant) = Kept::named(query.form.as_deref(), query.definition.as_deref(), scope)?;
        Ok(Self { closings, forms: reader.scoped(Action::Read, kept.domain)?, kept, variant })
    }
}

/// How today's form differs from the one that a closing kept.
///
/// # Errors
/// 404 when there is no such closing in reach.
pub fn closure_differences(
    conn: &mut DbConn,
    comparison: &Comparison,
    id: PeriodClosureId,
) -> Result<PeriodClosureDifferences, ApiError> {
    let Comparison { closings, forms, kept, variant } = comparison;
    let (row, period) = row_find(conn, closings, id)?;
    if !forms.reaches_aggregates(row.org_unit_id) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    let of = Subject { unit: row.org_unit_id, period: &period, as_of: row.as_of };
    let (then, today) = snapshot(conn, |conn| kept.compared(conn, forms, of, variant, id))?;
    let (lines, totals) = differences(&then.figures, &today.figures);
    Ok(PeriodClosureDifferences {
        form: kept.name.to_owned(),
        definition: variant.definition.to_owned(),
        scope: variant.scope,
        differs: differs(today.out_of_reach, !lines.is_empty() || !totals.is_empty()),
        units_out_of_reach: today.out_of_reach,
        coverage: coverage_differences(&then.filed, &today.filed),
        closure: PeriodClosure::of(closings.tree(), row, period.code),
        lines,
        totals,
    })
}

/// Whether the whole of a form differs; of a part nobody knows.
fn differs(out_of_reach: usize, any: bool) -> Option<bool> {
    (out_of_reach == 0).then_some(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_part_nobody_says_whether_the_whole_differs() {
        assert_eq!([differs(0, true), differs(0, false)], [Some(true), Some(false)]);
        assert_eq!([differs(1, true), differs(1, false)], [None, None]);
    }
}
