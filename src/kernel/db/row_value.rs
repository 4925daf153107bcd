//! Comparison of two columns as a row, `(a, b) > (x, y)`, which diesel has no expression for. Both
//! planners answer it from an index over the two columns.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::Bool;

/// On which side of the given row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Behind it in rising order.
    Greater,
    /// Behind it in rising order, or the row itself.
    NotLess,
    /// Behind it in falling order.
    Less,
}

/// The condition that a row of two columns lies on one side of a given row.
#[derive(Debug, Clone, Copy)]
pub struct RowBeyond<A, B, X, Y> {
    /// The two columns.
    pub columns: (A, B),
    /// On which side.
    pub side: Side,
    /// The given row.
    pub row: (X, Y),
}

impl<A: Expression, B: Expression, X: Expression, Y: Expression> Expression for RowBeyond<A, B, X, Y> {
    type SqlType = Bool;
}

impl<QS, A, B, X, Y> AppearsOnTable<QS> for RowBeyond<A, B, X, Y>
where
    A: AppearsOnTable<QS>,
    B: AppearsOnTable<QS>,
    X: AppearsOnTable<QS>,
    Y: AppearsOnTable<QS>,
{
}

impl<QS, A, B, X, Y> SelectableExpression<QS> for RowBeyond<A, B, X, Y>
where
    A: SelectableExpression<QS>,
    B: SelectableExpression<QS>,
    X: SelectableExpression<QS>,
    Y: SelectableExpression<QS>,
{
}

impl<A, B, X, Y> ValidGrouping<()> for RowBeyond<A, B, X, Y> {
    type IsAggregate = is_aggregate::No;
}

impl<DB, A, B, X, Y> QueryFragment<DB> for RowBeyond<A, B, X, Y>
where
    DB: Backend,
    A: QueryFragment<DB>,
    B: QueryFragment<DB>,
    X: QueryFragment<DB>,
    Y: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(match self.side {
            Side::Greater => ") > (",
            Side::NotLess => ") >= (",
            Side::Less => ") < (",
        });
        self.row.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.row.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
