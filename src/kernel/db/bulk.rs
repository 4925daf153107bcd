//! Rows stored many at a time, by what is fastest on each database: COPY on PostgreSQL, which parses
//! and plans nothing; on SQLite, which runs in this process, a prepared statement a row.

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
                        let count = $crate::on_db!(conn, |c| diesel::insert_into($table::table)
                            .values(row)
                            .on_conflict_do_nothing()
                            .execute(c))?;
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
