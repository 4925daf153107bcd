//! How SQLite answers a query: for tests that hold a list against its index.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Text, Untyped};
use tempfile::TempDir;

use super::conn::{DbConn, Location, MultiBackend};
use super::migrate;

/// A migrated database, as long as its folder.
pub(crate) fn migrated() -> (TempDir, DbConn) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("cchc.db"));
    migrate::prepare(&location).unwrap();
    let conn = migrate::single_connection(&location).unwrap();
    (folder, conn)
}

struct Explained<Q>(Q);

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("EXPLAIN QUERY PLAN ");
        self.0.walk_ast(out)
    }
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explained<Q> {
    type SqlType = Untyped;
}

impl<Q> RunQueryDsl<DbConn> for Explained<Q> {}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of the plan.
pub(crate) fn plan(conn: &mut DbConn, query: impl QueryFragment<MultiBackend>) -> Vec<String> {
    let steps: Vec<Step> = Explained(query).load(conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}
