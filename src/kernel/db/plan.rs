//! How the databases answer a query: for tests that hold a list against its index.

#![expect(clippy::unwrap_used, reason = "only tests ask this")]

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Text, Untyped};
use tempfile::TempDir;

use super::conn::{DbConn, Location, MultiBackend};
use super::migrate;
use crate::config::Secret;

/// A migrated SQLite database, as long as its folder.
pub fn migrated() -> (TempDir, DbConn) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("cchc.db"));
    migrate::prepare(&location).unwrap();
    let conn = migrate::single_connection(&location).unwrap();
    (folder, conn)
}

/// A migrated PostgreSQL database, gone with this; none where `TEST_POSTGRES_URL` is not set.
///
/// It is empty, so its planner would read every table from end to end and sort what it finds. It is
/// told that both cost much: it then does so only where no index gives the rows in their order.
pub struct MigratedPostgres {
    url: String,
    name: String,
    conn: Option<DbConn>,
}

impl MigratedPostgres {
    /// One of its own, where there is a server.
    #[expect(clippy::disallowed_methods, reason = "the one variable that the tests read")]
    pub fn new() -> Option<Self> {
        let url = std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())?;
        let name = format!("cchc_plan_{}", uuid::Uuid::now_v7().simple());
        let create =
            format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
        connected(&url).batch_execute(&create).unwrap();
        let (server, rest) = url.rsplit_once('/').unwrap();
        let options = rest.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
        let own = format!("{server}/{name}{options}");
        migrate::prepare(&Location::Postgres(Secret::from(own.clone()))).unwrap();
        let mut conn = connected(&own);
        conn.batch_execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
            .unwrap();
        Some(Self { url, name, conn: Some(conn) })
    }

    /// A connection to it.
    pub fn conn(&mut self) -> &mut DbConn {
        self.conn.as_mut().unwrap()
    }
}

impl Drop for MigratedPostgres {
    fn drop(&mut self) {
        self.conn = None;
        connected(&self.url)
            .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))
            .unwrap();
    }
}

fn connected(url: &str) -> DbConn {
    migrate::single_connection(&Location::Postgres(Secret::from(url.to_owned()))).unwrap()
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

/// The steps of the plan on SQLite.
pub fn plan(conn: &mut DbConn, query: impl QueryFragment<MultiBackend>) -> Vec<String> {
    let steps: Vec<Step> = Explained(query).load(conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

struct ExplainedByPostgres<Q>(Q);

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ExplainedByPostgres<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("EXPLAIN (COSTS OFF) ");
        self.0.walk_ast(out)
    }
}

impl<Q> QueryId for ExplainedByPostgres<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for ExplainedByPostgres<Q> {
    type SqlType = Text;
}

impl<Q> RunQueryDsl<DbConn> for ExplainedByPostgres<Q> {}

/// The lines of the plan on PostgreSQL.
pub fn postgres_plan(conn: &mut DbConn, query: impl QueryFragment<MultiBackend>) -> Vec<String> {
    ExplainedByPostgres(query).load(conn).unwrap()
}
