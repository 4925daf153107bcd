//! Rows stored many at a time, by what is fastest on each database: COPY on PostgreSQL, which parses
//! and plans nothing; on SQLite, which runs in this process, a prepared statement a row.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::AppearsOnTable;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::sql_types::Untyped;
use diesel::{QueryResult, QuerySource};

/// An insert of a row unless a unique key of it is taken. Diesel writes the text of such a statement anew for each
/// row, to find by it what is prepared; this is found by its type, as the plain insert of the row is. Where that
/// has no text of its own, because the row may leave columns to their defaults, neither has this.
#[derive(Debug, Clone, Copy)]
pub struct FreeRow<Free, Plain>(Free, PhantomData<Plain>);

/// This insert of a row unless a key is taken, known as its plain insert is.
pub fn free_row<Free, Plain>(_: &Plain, free: Free) -> FreeRow<Free, Plain> {
    FreeRow(free, PhantomData)
}

impl<Free, Plain: QueryId> QueryId for FreeRow<Free, Plain> {
    type QueryId = FreeRow<(), Plain::QueryId>;

    const HAS_STATIC_QUERY_ID: bool = Plain::HAS_STATIC_QUERY_ID;
}

impl<DB: Backend, Free: QueryFragment<DB>, Plain> QueryFragment<DB> for FreeRow<Free, Plain> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<Conn, Free, Plain> RunQueryDsl<Conn> for FreeRow<Free, Plain> {}

/// An update of the one row that meets a condition, in all its columns. Diesel prepares its own updates anew each time,
/// for they may be of columns that are told at run time; this one is found by its text.
#[derive(Debug, Clone, Copy)]
pub struct WholeRow<From, Changes, Condition> {
    from: From,
    changes: Changes,
    condition: Condition,
}

/// This update of a row of a table.
pub fn whole_row<Table, Row, Condition>(
    table: &Table,
    row: Row,
    condition: Condition,
) -> WholeRow<Table::FromClause, Row::Changeset, Condition>
where
    Table: QuerySource,
    Row: AsChangeset<Target = Table>,
    Condition: AppearsOnTable<Table>,
{
    WholeRow { from: table.from_clause(), changes: row.as_changeset(), condition }
}

impl<From, Changes, Condition> QueryId for WholeRow<From, Changes, Condition> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, From, Changes, Condition> QueryFragment<DB> for WholeRow<From, Changes, Condition>
where
    DB: Backend,
    From: QueryFragment<DB>,
    Changes: QueryFragment<DB>,
    Condition: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.from.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.condition.walk_ast(out)
    }
}

impl<Conn, From, Changes, Condition> RunQueryDsl<Conn> for WholeRow<From, Changes, Condition> {}

/// A statement in plain SQL with one value or two, which stays prepared: that of diesel is prepared anew each time, for
/// its text may be put together.
#[derive(Debug, Clone, Copy)]
pub struct PlainSql<First, Second = ()> {
    /// What stands before the first value, between both and behind the second.
    pub texts: [&'static str; 3],
    /// The values.
    pub values: (First, Second),
}

impl<First, Second> QueryId for PlainSql<First, Second> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, First, Second> QueryFragment<DB> for PlainSql<First, Second>
where
    DB: Backend,
    First: QueryFragment<DB>,
    Second: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let [before, between, behind] = self.texts;
        out.push_sql(before);
        self.values.0.walk_ast(out.reborrow())?;
        out.push_sql(between);
        self.values.1.walk_ast(out.reborrow())?;
        out.push_sql(behind);
        Ok(())
    }
}

impl<First, Second> Query for PlainSql<First, Second> {
    type SqlType = Untyped;
}

impl<Conn, First, Second> RunQueryDsl<Conn> for PlainSql<First, Second> {}

/// Inserts rows (a `Vec` of references) that meet no other row.
///
/// ```text
/// insert_rows!(conn, journal, rows.iter().collect::<Vec<_>>())
/// ```
#[macro_export]
macro_rules! insert_rows {
    ($conn:expr, $table:ident, $rows:expr) => {
        (|| -> diesel::QueryResult<()> {
            use diesel::prelude::*;
            let rows = $rows;
            match $conn {
                $crate::db::DbConn::Pg(pg) if rows.len() > 1 => {
                    diesel::copy_from($table::table).from_insertable(rows).execute(pg)?;
                }
                conn => {
                    for row in rows {
                        $crate::on_db!(conn, |c| diesel::insert_into($table::table).values(row).execute(c))?;
                    }
                }
            }
            Ok(())
        })()
    };
}

/// Inserts rows (a slice of references) unless a unique key of theirs is taken; answers the ids of
/// those that were.
#[macro_export]
macro_rules! insert_free_rows {
    ($conn:expr, $table:ident, $id:ty, $rows:expr) => {
        (|| -> diesel::QueryResult<std::collections::HashSet<$id>> {
            use diesel::prelude::*;
            use diesel::result::{DatabaseErrorKind, Error};
            let rows = $rows;
            match $conn {
                $crate::db::DbConn::Pg(pg) if rows.len() > 1 => {
                    // A key is seldom taken: only then each row is tried.
                    let copied = pg.transaction(|pg| {
                        diesel::copy_from($table::table).from_insertable(rows.to_vec()).execute(pg)
                    });
                    match copied {
                        Ok(_) => return Ok(rows.iter().map(|row| row.id).collect()),
                        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
                        Err(error) => return Err(error),
                    }
                    let mut stored = std::collections::HashSet::with_capacity(rows.len());
                    for part in rows.chunks(400) {
                        let free = diesel::insert_into($table::table)
                            .values(part.to_vec())
                            .on_conflict_do_nothing()
                            .returning($table::id);
                        stored.extend(free.get_results::<$id>(pg)?);
                    }
                    Ok(stored)
                }
                conn => {
                    let mut stored = std::collections::HashSet::with_capacity(rows.len());
                    for row in rows.iter().copied() {
                        let count = $crate::on_db!(conn, |c| {
                            let plain = || diesel::insert_into($table::table).values(row);
                            $crate::db::bulk::free_row(&plain(), plain().on_conflict_do_nothing()).execute(c)
                        })?;
                        if count == 1 {
                            stored.insert(row.id);
                        }
                    }
                    Ok(stored)
                }
            }
        })()
    };
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use diesel::prelude::*;

    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated};
    use crate::db::schema::holidays;
    use crate::on_db;

    #[derive(Insertable, AsChangeset)]
    #[diesel(table_name = holidays, treat_none_as_default_value = false, treat_none_as_null = true)]
    struct Whole {
        source: Option<String>,
    }

    #[derive(Insertable)]
    #[diesel(table_name = holidays)]
    struct Partial {
        source: Option<String>,
    }

    #[test]
    fn updates_of_whole_rows_and_plain_sql_stay_prepared() {
        use diesel::connection::InstrumentationEvent;
        use diesel::sql_types::{BigInt, Text};
        let (_folder, mut sqlite) = migrated();
        let mut postgres = MigratedPostgres::new();
        let databases = std::iter::once(&mut sqlite).chain(postgres.as_mut().map(MigratedPostgres::conn));
        for conn in databases {
            let (told, prepared) = std::sync::mpsc::channel();
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                    told.send(sql.to_owned()).unwrap();
                }
            });
            for source in ["a", "b"] {
                let whole = Whole { source: Some(source.to_owned()) };
                let asked = PlainSql {
                    texts: ["SELECT ", " + length(", ") AS sum"],
                    values: (1.into_sql::<BigInt>(), source.into_sql::<Text>()),
                };
                on_db!(&mut *conn, |c| {
                    whole_row(
                        &holidays::table,
                        &whole,
                        holidays::day.eq("2026-01-01".parse::<NaiveDate>().unwrap()),
                    )
                    .execute(c)
                    .unwrap();
                    assert_eq!(asked.get_result::<Sum>(c).unwrap().sum, 2);
                });
            }
            let prepared: Vec<String> = prepared.try_iter().collect();
            assert_eq!(prepared.len(), 2, "{prepared:?}");
            assert!(prepared[0].starts_with("UPDATE") && prepared[1].starts_with("SELECT"), "{prepared:?}");
        }
    }

    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        sum: i64,
    }

    fn is_known_by_type<Free, Plain: QueryId>(_: &FreeRow<Free, Plain>) -> bool {
        FreeRow::<Free, Plain>::query_id().is_some()
    }

    #[test]
    fn a_row_that_leaves_columns_out_is_not_known_by_its_type() {
        let whole = Whole { source: None };
        let plain = || diesel::insert_into(holidays::table).values(&whole);
        assert!(is_known_by_type(&free_row(&plain(), plain().on_conflict_do_nothing())));
        let partial = Partial { source: None };
        let plain = || diesel::insert_into(holidays::table).values(&partial);
        assert!(!is_known_by_type(&free_row(&plain(), plain().on_conflict_do_nothing())));
    }
}
