//! Backup and restore (sao lưu, phục hồi): every row of every table as it stood at one moment, in one
//! compressed file that either database reads. Taken while the service runs and writes; restored into
//! an empty database as a whole or not at all, and only when its journal verifies.
//!
//! The file is NDJSON under gzip: a manifest, then each table with its rows, then a count by which a
//! file that was cut off is known. On SQLite the signing keys stand beside the database and are not in
//! it; whoever restores without them signs in anew.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, sql_query};
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::audit::chain::{self, Verdict};
use crate::db::migrate::{self, OpenError};
use crate::db::types::Instant;
use crate::db::{DbConn, Location};
use crate::error::ApiError;

/// The version of the file's own form.
const FORM: u32 = 1;

/// Rows that one statement restores.
const PART: usize = 500;

/// Every table, those first to which others refer.
const TABLES: &[&str] = &[
    "epochs",
    "journal",
    "journal_seal",
    "key_rings",
    "org_units",
    "org_unit_versions",
    "org_unit_successions",
    "users",
    "clients",
    "grants",
    "refresh_tokens",
    "revoked_tokens",
    "periods",
    "processing_returns",
    "idempotency_keys",
    "source_times",
    "holidays",
    "procedure_fields",
    "procedures",
    "procedure_versions",
    "period_closures",
    "period_snapshots",
];

/// Why a backup or a restore ended, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be used.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// Something in the database.
    #[error("{0}")]
    Data(#[from] ApiError),
    /// The file cannot be written or read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// Not a backup, or one that was cut off or changed.
    #[error("{0} is no whole backup ({1}); take another one")]
    Torn(PathBuf, String),
    /// A later version made it.
    #[error(
        "the backup is newer than this program (migration {0} is unknown to it); install the newer version"
    )]
    Newer(String),
    /// There is something in the database already.
    #[error("the database is not empty; a backup is restored into a new one")]
    NotEmpty,
    /// The journal in the backup was changed.
    #[error("the journal in the backup does not verify at position {0}: {1}; nothing was restored")]
    Broken(i64, &'static str),
}

/// What a backup holds, told at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    form: u32,
    /// The version of the service that made it.
    pub service: String,
    /// The last migration of the database.
    pub migration: String,
    /// When it was begun.
    pub taken_at: Instant,
    /// How many journal entries are sealed in it.
    pub sealed: i64,
    /// The hash in which its chain ends.
    pub hash: String,
}

/// What was backed up or restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The backup's manifest.
    pub manifest: Manifest,
    /// How many rows.
    pub rows: u64,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Manifest(Manifest),
    Table(String),
    Row(#[serde(borrow)] &'a RawValue),
    End { rows: u64 },
}

/// Writes a backup of the database to a new file. Writes that were acknowledged before it began are
/// all in it, those after it none.
///
/// # Errors
/// When the database cannot be read or the file exists already or cannot be written.
pub fn take(location: &Location, at: Instant, path: &Path) -> Result<Summary, BackupError> {
    migrate::check(location)?;
    let mut conn = migrate::single_connection(location)?;
    let partial = path.with_added_extension("partial");
    let failed = |error| BackupError::File(path.to_owned(), error);
    if path.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial);
    let mut out = GzEncoder::new(BufWriter::new(file.map_err(failed)?), Compression::default());
    let migration = migrate::applied(&mut conn)?;
    let snapshot = match &conn {
        DbConn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        DbConn::Sqlite(_) => "BEGIN",
    };
    sql_query(snapshot).execute(&mut conn).map_err(ApiError::from)?;
    let summary = write_all(&mut conn, at, migration, &mut out).map_err(|cause| cause.at(path))?;
    let file =
        out.finish().and_then(|buffer| buffer.into_inner().map_err(io::Error::from)).map_err(failed)?;
    file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(failed)?;
    Ok(summary)
}

/// What can go wrong while rows pass through.
enum Cause {
    Data(ApiError),
    File(io::Error),
}

impl Cause {
    fn at(self, path: &Path) -> BackupError {
        match self {
            Self::Data(error) => error.into(),
            Self::File(error) => BackupError::File(path.to_owned(), error),
        }
    }
}

impl From<diesel::result::Error> for Cause {
    fn from(error: diesel::result::Error) -> Self {
        Self::Data(error.into())
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<serde_json::Error> for Cause {
    fn from(error: serde_json::Error) -> Self {
        Self::File(error.into())
    }
}

fn write_all(
    conn: &mut DbConn,
    at: Instant,
    migration: String,
    out: &mut impl Write,
) -> Result<Summary, Cause> {
    let (sealed, hash) = chain::sealed_end(conn).map_err(Cause::Data)?;
    let service = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { form: FORM, service, migration, taken_at: at, sealed, hash };
    write_line(out, &Line::Manifest(manifest.clone()))?;
    let mut rows = 0;
    for table in TABLES {
        write_line(out, &Line::Table((*table).to_owned()))?;
        rows += write_table(conn, table, out)?;
    }
    write_line(out, &Line::End { rows })?;
    Ok(Summary { manifest, rows })
}

fn write_line(out: &mut impl Write, line: &Line<'_>) -> Result<(), Cause> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

/// A table's rows, one after the other: never all in memory.
fn write_table(conn: &mut DbConn, table: &str, out: &mut impl Write) -> Result<u64, Cause> {
    let mut rows = 0;
    let mut write = |row: QueryResult<Json>| -> Result<(), Cause> {
        let row = serde_json::from_str::<&RawValue>(&row?.json).map(ToOwned::to_owned)?;
        rows += 1;
        write_line(out, &Line::Row(&row))
    };
    match conn {
        DbConn::Pg(pg) => {
            let query = sql_query(format!("SELECT row_to_json(t)::text AS json FROM {table} t"));
            for row in query.load_iter::<Json, PgRowByRowLoadingMode>(pg)? {
                write(row)?;
            }
        }
        DbConn::Sqlite(sqlite) => {
            let members: Vec<String> =
                columns(sqlite, table)?.iter().map(|name| format!("'{name}', \"{name}\"")).collect();
            let query = sql_query(format!("SELECT json_object({}) AS json FROM {table}", members.join(", ")));
            for row in query.load_iter::<Json, diesel::connection::DefaultLoadingMode>(sqlite)? {
                write(row)?;
            }
        }
    }
    Ok(rows)
}

#[derive(QueryableByName)]
struct ColumnName {
    #[diesel(sql_type = Text)]
    name: String,
}

fn columns(sqlite: &mut SqliteConnection, table: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<ColumnName> =
        sql_query(format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid")).load(sqlite)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Restores a backup into an empty database, whichever of the two it was taken from, and brings it to
/// this version.
///
/// # Errors
/// When the database is not empty, the file is no whole backup, or its journal does not verify; then
/// nothing was restored.
pub fn restore(location: &Location, path: &Path) -> Result<Summary, BackupError> {
    let _lock = migrate::lock_for_serving(location)?;
    let file = File::open(path).map_err(|error| BackupError::File(path.to_owned(), error))?;
    let mut lines = BufReader::new(GzDecoder::new(BufReader::new(file)));
    let mut text = String::new();
    let torn = |reason: String| BackupError::Torn(path.to_owned(), reason);
    let manifest = match read_line(&mut lines, &mut text).map_err(torn)? {
        Some(Line::Manifest(manifest)) if manifest.form == FORM => manifest,
        _ => return Err(torn("it does not begin as one".into())),
    };
    let mut conn = migrate::prepare_to(location, &manifest.migration)?
        .ok_or_else(|| BackupError::Newer(manifest.migration.clone()))?;
    let rows = conn.transaction(|conn| -> Result<u64, BackupError> {
        if !is_empty(conn)? {
            return Err(BackupError::NotEmpty);
        }
        for table in TABLES.iter().rev() {
            sql_query(format!("DELETE FROM {table}")).execute(conn).map_err(ApiError::from)?;
        }
        let rows = read_all(conn, &mut lines, &mut text).map_err(|failure| match failure {
            Failure::Torn(reason) => torn(reason),
            Failure::Data(error) => error.into(),
        })?;
        match chain::verify(conn)? {
            Verdict::Sound { sealed, hash, .. } if (sealed, &hash) == (manifest.sealed, &manifest.hash) => {
                Ok(rows)
            }
            Verdict::Sound { sealed, .. } => {
                Err(BackupError::Broken(sealed, "its end is not the manifest's"))
            }
            Verdict::Broken { position, reason, .. } => Err(BackupError::Broken(position, reason)),
        }
    })?;
    drop(conn);
    migrate::prepare(location)?;
    Ok(Summary { manifest, rows })
}

/// Why rows could not be restored.
enum Failure {
    Torn(String),
    Data(ApiError),
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Data(error.into())
    }
}

fn read_line<'a>(lines: &mut impl BufRead, text: &'a mut String) -> Result<Option<Line<'a>>, String> {
    text.clear();
    match lines.read_line(text) {
        Ok(0) => Ok(None),
        Ok(_) => serde_json::from_str(text).map(Some).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn read_all(conn: &mut DbConn, lines: &mut impl BufRead, text: &mut String) -> Result<u64, Failure> {
    let mut table = None;
    let mut part: Vec<Box<RawValue>> = Vec::with_capacity(PART);
    let mut rows = 0;
    loop {
        let line = read_line(lines, text).map_err(Failure::Torn)?;
        let line = line.ok_or_else(|| Failure::Torn("it was cut off".into()))?;
        if !matches!(line, Line::Row(_)) || part.len() == PART {
            rows += write_part(conn, table, &part).map_err(Failure::Data)?;
            part.clear();
        }
        match line {
            Line::Row(row) => part.push(row.to_owned()),
            Line::Table(name) => {
                let known = TABLES.iter().find(|known| **known == name);
                table = Some(*known.ok_or_else(|| Failure::Torn(format!("no table is called {name}")))?);
            }
            Line::End { rows: expected } if expected == rows => return Ok(rows),
            Line::End { .. } => return Err(Failure::Torn("rows are missing".into())),
            Line::Manifest(_) => return Err(Failure::Torn("it begins twice".into())),
        }
    }
}

fn write_part(conn: &mut DbConn, table: Option<&str>, part: &[Box<RawValue>]) -> Result<u64, ApiError> {
    let (Some(table), false) = (table, part.is_empty()) else { return Ok(0) };
    let rows = serde_json::to_string(part).map_err(ApiError::internal)?;
    match conn {
        DbConn::Pg(pg) => {
            let insert =
                format!("INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)");
            sql_query(insert).bind::<Text, _>(&rows).execute(pg)?;
        }
        DbConn::Sqlite(sqlite) => {
            let names = columns(sqlite, table)?;
            let values: Vec<String> =
                names.iter().map(|name| format!("json_extract(value, '$.{name}')")).collect();
            let insert = format!(
                "INSERT INTO {table} (\"{}\") SELECT {} FROM json_each(?)",
                names.join("\", \""),
                values.join(", ")
            );
            sql_query(insert).bind::<Text, _>(&rows).execute(sqlite)?;
        }
    }
    Ok(u64::try_from(part.len()).unwrap_or_default())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether nothing was ever written: the journal has no entry.
fn is_empty(conn: &mut DbConn) -> Result<bool, ApiError> {
    let entries: Count = sql_query("SELECT count(*) AS count FROM journal").get_result(conn)?;
    Ok(entries.count == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_backed_up() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cchc.db"));
        migrate::prepare(&location).unwrap();
        let mut conn = migrate::single_connection(&location).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name <> '__diesel_schema_migrations'";
        let mut known: Vec<ColumnName> = sql_query(tables).load(&mut conn).unwrap();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        let mut listed = TABLES.to_vec();
        listed.sort_unstable();
        assert_eq!(known.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), listed);
    }
}
