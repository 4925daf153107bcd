//! Several reads that see the database as it stood at one moment, whatever others commit between them.

use diesel::connection::SimpleConnection;

use super::DbConn;
use crate::error::ApiError;

/// Reads in one snapshot.
///
/// # Errors
/// What `work` answers.
pub fn snapshot<T>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    conn.batch_execute(match conn {
        DbConn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        // It is taken with the first read.
        DbConn::Sqlite(_) => "BEGIN DEFERRED",
    })?;
    let read = work(conn);
    // Nothing was written; a connection that cannot even end this is given up by its pool.
    conn.batch_execute("ROLLBACK")?;
    read
}
