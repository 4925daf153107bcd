//! What differs between a form as a closing kept it and today's.

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
    let (then, today) = snapshot(conn, |conn| kept.compared(conn, closings.tree(), of, variant, id))?;
    let (lines, totals) = differences(&then.figures, &today.figures);
    Ok(PeriodClosureDifferences {
        form: kept.name.to_owned(),
        definition: variant.definition.to_owned(),
        scope: variant.scope,
        differs: !lines.is_empty() || !totals.is_empty(),
        coverage: coverage_differences(&then.filed, &today.filed),
        closure: PeriodClosure::of(closings.tree(), row, period.code),
        lines,
        totals,
    })
}
