//! Counters that tell every instance when what it holds in memory is stale.

use diesel::prelude::*;

use super::schema::epochs;
use super::{DbConn, WriteTx};
use crate::error::ApiError;
use crate::text_enum;

text_enum! {
    /// What an instance holds in memory.
    pub enum Epoch {
        /// The tree of units.
        Units => "units", "đơn vị";
        /// Accounts, grants and revoked tokens.
        Access => "access", "tài khoản";
        /// The signing keys.
        Keys => "keys", "khóa ký";
    }
}

/// Raises the counter in the transaction that makes the memory stale.
///
/// # Errors
/// When the database cannot be written.
pub fn raise(tx: &mut WriteTx<'_>, epoch: Epoch) -> Result<(), ApiError> {
    diesel::update(epochs::table.find(epoch.as_str()))
        .set(epochs::value.eq(epochs::value + 1))
        .execute(tx.conn())?;
    Ok(())
}

/// The counter's value.
///
/// # Errors
/// When the database cannot be read.
pub fn current(conn: &mut DbConn, epoch: Epoch) -> QueryResult<i64> {
    epochs::table.find(epoch.as_str()).select(epochs::value).first(conn)
}

/// All counters, by name.
///
/// # Errors
/// When the database cannot be read.
pub fn all(conn: &mut DbConn) -> QueryResult<Vec<(String, i64)>> {
    epochs::table.select((epochs::name, epochs::value)).load(conn)
}
