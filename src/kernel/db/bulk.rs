//! Rows stored many at a time, by what is fastest on each database: COPY on PostgreSQL, which parses
//! and plans nothing; on SQLite, which runs in this process, a prepared statement a row.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;

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

/// An update that is prepared once for each text of it. Diesel prepares every update anew, for it may be one of
/// columns that are told at run time, of as many texts as there are choices of them; an update of a whole row has one.
#[derive(Debug, Clone, Copy)]
pub struct WholeRow<Update>(pub Update);

impl<Update> QueryId for WholeRow<Update> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Update: QueryFragment<DB>> QueryFragment<DB> for WholeRow<Update> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Conn, Update> RunQueryDsl<Conn> for WholeRow<Update> {}

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
    use diesel::prelude::*;

    use super::*;
    use crate::db::schema::holidays;

    #[derive(Insertable)]
    #[diesel(table_name = holidays, treat_none_as_default_value = false)]
    struct Whole {
        source: Option<String>,
    }

    #[derive(Insertable)]
    #[diesel(table_name = holidays)]
    struct Partial {
        source: Option<String>,
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
