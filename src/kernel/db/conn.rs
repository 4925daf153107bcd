//! One connection type for both databases. What `MultiConnection` refuses goes through [`on_db!`](crate::on_db).

#![expect(missing_docs, reason = "the derive makes types of its own beside the connection")]

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    /// PostgreSQL, in production.
    Pg(PgConnection),
    /// SQLite, embedded.
    Sqlite(SqliteConnection),
}

/// Compiles the body once for each native backend: for upserts, batches and whatever else
/// `MultiConnection` cannot express.
#[macro_export]
macro_rules! on_db {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::db::DbConn::Pg($c) => $body,
            $crate::db::DbConn::Sqlite($c) => $body,
        }
    };
}

/// Loads the rows to which a write refers, and holds them as they are until its transaction ends:
/// whoever deletes one waits, and then finds what refers to it. On SQLite no two writes meet.
#[macro_export]
macro_rules! load_held {
    ($conn:expr, $query:expr) => {
        match $conn {
            $crate::db::DbConn::Pg(c) => $query.for_share().load(c),
            $crate::db::DbConn::Sqlite(c) => $query.load(c),
        }
    };
}

/// Loads the rows whose sums a write must keep, and lets nobody else change them or refer to them until its
/// transaction ends: the next who does waits, and then sums what this one wrote. On SQLite no two writes meet.
#[macro_export]
macro_rules! load_locked {
    ($conn:expr, $query:expr) => {
        match $conn {
            $crate::db::DbConn::Pg(c) => $query.for_no_key_update().load(c),
            $crate::db::DbConn::Sqlite(c) => $query.load(c),
        }
    };
}

/// How PostgreSQL plans prepared statements on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanMode {
    /// One plan for all values: point reads and inserts.
    Generic,
    /// A plan for each call: lists and reports, where the value decides.
    Custom,
}

/// Where the data are.
#[derive(Clone)]
pub enum Location {
    /// A SQLite file.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL URL, with its password.
    Postgres(crate::config::Secret),
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite, {}", path.display()),
            Self::Postgres(_) => f.write_str("PostgreSQL"),
        }
    }
}

// The writer itself brings the WAL back into the file, while others wait: every 64 MB, not every 4, for what
// many writes change in one page is brought back once. What is deleted is overwritten in its page, so that erased
// data do not linger in the file.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA wal_autocheckpoint = 16000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST; \
     PRAGMA cache_size = -32000; PRAGMA mmap_size = 67108864; PRAGMA temp_store = MEMORY;";

impl Location {
    /// Opens a connection that may write.
    ///
    /// # Errors
    /// What the database driver says.
    pub fn connect(&self, plan: PlanMode) -> diesel::ConnectionResult<DbConn> {
        match self {
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                conn.batch_execute(SQLITE_PRAGMAS)
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(DbConn::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url.expose())?;
                let plan = match plan {
                    PlanMode::Generic => "force_generic_plan",
                    PlanMode::Custom => "force_custom_plan",
                };
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET application_name = 'cchc'; SET plan_cache_mode = {plan}; \
                     SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';"
                ))
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(DbConn::Pg(conn))
            }
        }
    }

    /// Opens a connection that can only read.
    ///
    /// # Errors
    /// What the database driver says.
    pub fn connect_read_only(&self, plan: PlanMode) -> diesel::ConnectionResult<DbConn> {
        let mut conn = self.connect(plan)?;
        conn.batch_execute(match self {
            // Many readers: their pages come from the file's own mapping, which they share.
            Self::Sqlite(_) => "PRAGMA query_only = ON; PRAGMA cache_size = -2000;",
            Self::Postgres(_) => "SET default_transaction_read_only = on;",
        })
        .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;
    use diesel::sql_types::Text;

    use crate::db::plan::migrated;

    #[derive(QueryableByName)]
    struct Choice {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }

    #[test]
    fn sqlite_is_built_so_that_a_statement_is_planned_once_and_readers_lock_nothing() {
        let (_folder, mut conn) = migrated();
        let choices: Vec<Choice> = sql_query("PRAGMA compile_options").load(&mut conn).unwrap();
        for choice in ["ENABLE_QPSG", "THREADSAFE=2"] {
            assert!(choices.iter().any(|it| it.compile_options == choice), "{choice} (.cargo/config.toml)");
        }
    }
}
