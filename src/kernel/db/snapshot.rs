//! Several reads that see the database as it stood at one moment, whatever others commit between them.

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};

use super::DbConn;
use crate::error::ApiError;

/// Reads in one snapshot. Nothing may be open on the connection: who writes reads within the own transaction.
///
/// # Errors
/// What `work` answers.
pub fn snapshot<T>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    type Transactions = <DbConn as Connection>::TransactionManager;
    match conn {
        DbConn::Pg(pg) => AnsiTransactionManager::begin_transaction_sql(
            pg,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?,
        // It is taken with the first read.
        DbConn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN DEFERRED")?,
    }
    let read = work(conn);
    // Nothing was written; a connection that cannot even end this is given up by its pool.
    Transactions::rollback_transaction(conn)?;
    read
}
