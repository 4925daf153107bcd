//! Work that one instance does for all of them: whoever has the lock does it, the others leave it.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::DbConn;

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Takes the lock of this key until the transaction ends; answers whether it was free. On PostgreSQL it is
/// an advisory lock; SQLite serves one process, whose writes pass one thread.
///
/// # Errors
/// When the database is away.
pub fn is_ones_turn(conn: &mut DbConn, key: i64) -> QueryResult<bool> {
    let DbConn::Pg(pg) = conn else { return Ok(true) };
    let lock: Locked =
        diesel::sql_query(format!("SELECT pg_try_advisory_xact_lock({key}) AS locked")).get_result(pg)?;
    Ok(lock.locked)
}

/// Waits for the lock of this key and holds it until the transaction ends, so that nobody else has a turn.
///
/// # Errors
/// When the database is away.
pub fn hold_turns(conn: &mut DbConn, key: i64) -> QueryResult<()> {
    if let DbConn::Pg(pg) = conn {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({key})")).execute(pg)?;
    }
    Ok(())
}
