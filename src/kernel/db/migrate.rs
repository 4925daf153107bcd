//! Opening a database at start: the checks whose failure an operator must understand at once, and
//! the embedded migrations, run under a lock so that instances may start together.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::{DbConn, Location, MultiBackend, PlanMode};
use super::word_index;
use crate::config::{Config, Secret};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Key of the PostgreSQL advisory lock under which migrations run.
const MIGRATION_LOCK: i64 = 0x6363_6863;

/// Why a database cannot be used, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a URL that the service knows.
    #[error("DATABASE_URL must begin with postgres:// (or be unset, for SQLite in CCHC_DATA_DIR)")]
    UnknownScheme,
    /// The data folder cannot be made.
    #[error(
        "the data folder {0} cannot be created: {1}; set CCHC_DATA_DIR to a folder that this account may write"
    )]
    DataFolder(PathBuf, std::io::Error),
    /// Another process serves the file.
    #[error(
        "{0} is already served by another process; stop that one, or use PostgreSQL for several instances"
    )]
    InUse(PathBuf),
    /// The lock file cannot be used.
    #[error("the lock file {0} cannot be used: {1}")]
    Lock(PathBuf, std::io::Error),
    /// No connection.
    #[error("no connection to {place}: {cause}; {advice}")]
    Connect {
        /// SQLite or PostgreSQL.
        place: String,
        /// What the driver says.
        cause: String,
        /// What to do.
        advice: &'static str,
    },
    /// The database sorts text by a language.
    #[error(
        "the PostgreSQL database {database} has the collation {collation} and encoding {encoding}; make it with: \
         CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';"
    )]
    Collation {
        /// Name of the database.
        database: String,
        /// Its collation.
        collation: String,
        /// Its encoding.
        encoding: String,
    },
    /// The server is too old.
    #[error("PostgreSQL {0} is too old; version 13 or later is needed")]
    OldServer(String),
    /// A later version of the service has been here.
    #[error(
        "the database is newer than this program (migration {0} is unknown to it); install the newer version"
    )]
    Newer(String),
    /// The tables are older than the program.
    #[error("the database has not been migrated; run `cchc migrate`, or start `cchc serve` once")]
    NotMigrated,
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
}

/// The database that the configuration names: PostgreSQL by URL, else the SQLite file in the data folder.
///
/// # Errors
/// When the URL is of no known kind.
pub fn location(config: &Config) -> Result<Location, OpenError> {
    match &config.database_url {
        Some(url) if is_postgres(url) => Ok(Location::Postgres(url.clone())),
        Some(_) => Err(OpenError::UnknownScheme),
        None => Ok(Location::Sqlite(config.data_dir.join(&config.sqlite_file.0))),
    }
}

fn is_postgres(url: &Secret) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
}

/// Held by the one process that serves a SQLite file; PostgreSQL needs none.
#[derive(Debug)]
pub struct ServeLock {
    _file: Option<File>,
}

/// Makes sure that no other process serves this database.
///
/// # Errors
/// When one does, or the lock file cannot be used.
pub fn lock_for_serving(location: &Location) -> Result<ServeLock, OpenError> {
    let Location::Sqlite(path) = location else { return Ok(ServeLock { _file: None }) };
    let file = lock_file(path, "lock")?;
    match file.try_lock() {
        Ok(()) => Ok(ServeLock { _file: Some(file) }),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.clone())),
        Err(std::fs::TryLockError::Error(error)) => Err(OpenError::Lock(path.clone(), error)),
    }
}

fn lock_file(database: &Path, extension: &str) -> Result<File, OpenError> {
    let folder = database.parent().unwrap_or(Path::new("."));
    // The database holds personal data and stands here: a folder that is made is the service's alone.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| OpenError::DataFolder(folder.to_owned(), error))?;
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let path = PathBuf::from(name);
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| OpenError::Lock(path.clone(), error))
}

/// Waits until no other process migrates this SQLite file; PostgreSQL has a lock of its own.
fn migration_lock(location: &Location) -> Result<Option<File>, OpenError> {
    let Location::Sqlite(path) = location else { return Ok(None) };
    let file = lock_file(path, "migrate-lock")?;
    file.lock().map_err(|error| OpenError::Lock(path.clone(), error))?;
    make_private(path)?;
    Ok(Some(file))
}

/// Makes the database's file where there is none: SQLite would let everybody read it in a folder that
/// everybody may enter. The files that it puts beside it have the same permissions.
fn make_private(database: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(OpenError::DataFolder(database.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// Connects, checks the database and runs the migrations that are missing. Instances that start
/// together wait for each other.
///
/// # Errors
/// Whatever makes the database unusable, in one line.
pub fn prepare(location: &Location) -> Result<(), OpenError> {
    let _guard = migration_lock(location)?;
    let mut conn = connect(location)?;
    check_server(&mut conn)?;
    if matches!(conn, DbConn::Pg(_)) {
        // A session lock: released with the connection, also when this process dies. A migration of another
        // instance may take minutes.
        let waiting = format!(
            "SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK}); SET lock_timeout = '10s'"
        );
        conn.batch_execute(&waiting).map_err(|error| OpenError::Migration(error.to_string()))?;
    }
    refuse_newer(&mut conn)?;
    complete(&mut conn)
}

/// Connects to a database that is at this migration or before it, and brings it there; `None` when
/// this program does not know the migration.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_to(location: &Location, migration: &str) -> Result<Option<DbConn>, OpenError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
    let known: Vec<Box<dyn Migration<MultiBackend>>> = MIGRATIONS.migrations().map_err(failed)?;
    if known.iter().all(|one| one.name().version().to_string() != migration) {
        return Ok(None);
    }
    let _guard = migration_lock(location)?;
    let mut conn = connect(location)?;
    check_server(&mut conn)?;
    refuse_newer(&mut conn)?;
    for pending in conn.pending_migrations(MIGRATIONS).map_err(failed)? {
        if pending.name().version().to_string().as_str() <= migration {
            conn.run_migration(&pending).map_err(failed)?;
        }
    }
    Ok(Some(conn))
}

/// Runs the migrations that are missing, within the transaction of its caller.
///
/// # Errors
/// When one fails.
pub fn complete(conn: &mut DbConn) -> Result<(), OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Migration(error.to_string());
    conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?;
    // No migration of both databases makes it, for each has its own. It is made with all that was written before
    // in one transaction: an upgrade that is cut off leaves none, and the next one makes it whole.
    if !word_index::is_there(conn).map_err(|error| failed(&error))? {
        let count = conn.transaction(crate::search::rebuild).map_err(|error| failed(&error))?;
        if count > 0 {
            log::info!("{count} records are found by the search");
        }
    }
    Ok(())
}

/// The last migration of the database.
///
/// # Errors
/// When it cannot be read.
pub fn applied(conn: &mut DbConn) -> Result<String, OpenError> {
    let versions = conn.applied_migrations().map_err(|error| OpenError::Migration(error.to_string()))?;
    Ok(versions.iter().max().map(ToString::to_string).unwrap_or_default())
}

/// Takes every table away, for a demonstration that starts over.
///
/// # Errors
/// As [`prepare`].
pub fn revert_all(location: &Location) -> Result<(), OpenError> {
    let mut conn = connect(location)?;
    refuse_newer(&mut conn)?;
    word_index::take_away(&mut conn).map_err(|error| OpenError::Migration(error.to_string()))?;
    conn.revert_all_migrations(MIGRATIONS).map_err(|error| OpenError::Migration(error.to_string()))?;
    Ok(())
}

/// Connects and checks that the database is at this program's version, changing nothing.
///
/// # Errors
/// Whatever makes the database unusable, in one line.
pub fn check(location: &Location) -> Result<(), OpenError> {
    if let Location::Sqlite(path) = location
        && !path.exists()
    {
        return Err(OpenError::NotMigrated);
    }
    let mut conn = connect(location)?;
    check_server(&mut conn)?;
    refuse_newer(&mut conn)?;
    match conn.has_pending_migration(MIGRATIONS) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::NotMigrated),
        Err(error) => Err(OpenError::Migration(error.to_string())),
    }
}

fn connect(location: &Location) -> Result<DbConn, OpenError> {
    location.connect(PlanMode::Generic).map_err(|error| OpenError::Connect {
        place: location.to_string(),
        cause: error.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
        advice: match location {
            Location::Sqlite(_) => {
                "check that CCHC_DATA_DIR is a folder on a local disk that this account may write"
            }
            Location::Postgres(_) => "check host, port, user, password and database name in DATABASE_URL",
        },
    })
}

#[derive(QueryableByName)]
struct ServerFacts {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    collation: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    encoding: String,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    version: i32,
}

fn check_server(conn: &mut DbConn) -> Result<(), OpenError> {
    let DbConn::Pg(pg) = conn else { return Ok(()) };
    let facts: ServerFacts = sql_query(
        // The provider came with version 15; as JSON its absence is no error.
        "SELECT datname::text AS name, \
         CASE WHEN to_jsonb(d) ->> 'datlocprovider' = 'i' THEN 'icu' ELSE datcollate::text END AS collation, \
         pg_encoding_to_char(encoding)::text AS encoding, current_setting('server_version_num')::int AS version \
         FROM pg_database d WHERE datname = current_database()",
    )
    .get_result(pg)
    .map_err(|error| OpenError::Migration(error.to_string()))?;
    if facts.version < 130_000 {
        return Err(OpenError::OldServer((facts.version / 10_000).to_string()));
    }
    // C.UTF-8 and POSIX order text by code point, as SQLite does.
    let by_code_point = ["C", "POSIX", "C.UTF-8", "C.utf8"].contains(&facts.collation.as_str());
    if !by_code_point || facts.encoding != "UTF8" {
        return Err(OpenError::Collation {
            database: facts.name,
            collation: facts.collation,
            encoding: facts.encoding,
        });
    }
    Ok(())
}

fn refuse_newer(conn: &mut DbConn) -> Result<(), OpenError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
    let applied: Vec<MigrationVersion<'static>> = conn.applied_migrations().map_err(failed)?;
    let known: Vec<Box<dyn Migration<MultiBackend>>> = MIGRATIONS.migrations().map_err(failed)?;
    match applied.iter().find(|version| known.iter().all(|m| m.name().version() != **version)) {
        Some(version) => Err(OpenError::Newer(version.to_string())),
        None => Ok(()),
    }
}

/// Whether a connection can be had and answers, for the health check.
///
/// # Errors
/// What the database says.
pub fn ping(conn: &mut DbConn) -> Result<(), crate::error::ApiError> {
    sql_query("SELECT 1").execute(conn)?;
    Ok(())
}

/// A connection of its own for a command that works alone.
///
/// # Errors
/// As [`prepare`].
pub fn single_connection(location: &Location) -> Result<DbConn, OpenError> {
    connect(location)
}

/// Lets a transaction of this connection stand open while contents pass that the database does not see.
///
/// # Errors
/// When the database is away.
pub fn without_hurry(conn: &mut DbConn) -> Result<(), OpenError> {
    if matches!(conn, DbConn::Pg(_)) {
        conn.batch_execute("SET idle_in_transaction_session_timeout = 0")
            .map_err(|error| OpenError::Migration(error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_has_a_number_of_its_own() {
        let all: Vec<Box<dyn Migration<MultiBackend>>> = MIGRATIONS.migrations().unwrap();
        let mut versions: Vec<_> = all.iter().map(|one| one.name().version().to_string()).collect();
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), all.len(), "{versions:?}");
    }
}
