//! Taking a backup: rows and contents pass from database and storage into the file, one after the
//! other.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use super::{BackupError, Contents, FORM, Line, Manifest, Seen, Sum, Summary, TABLES, Told, columns};
use crate::attachments::AttachmentId;
use crate::attachments::storage::{Storage, StorageError};
use crate::audit::chain::{self, Verdict};
use crate::db::schema::attachments;
use crate::db::types::Instant;
use crate::db::{DbConn, Location, migrate};
use crate::error::ApiError;

/// Bytes of one piece of a content.
const PIECE: usize = 192 * 1024;

/// A backup that was taken.
#[derive(Debug)]
pub struct Taken {
    /// What is in it.
    pub summary: Summary,
    /// Whether the chain of what is in it is sound; a broken one cannot be restored.
    pub chain: Verdict,
}

/// Writes a backup of the database to a new file. Writes that were acknowledged before it began are
/// all in it, those after it none. A database whose chain is broken is backed up all the same: its
/// records may be all that there is.
///
/// # Errors
/// When database or storage cannot be read or the file exists already or cannot be written.
pub async fn take(
    location: Location,
    storage: Storage,
    at: Instant,
    path: PathBuf,
) -> Result<Taken, BackupError> {
    let contents = Contents { storage, runtime: Handle::current() };
    tokio::task::spawn_blocking(move || taken(&location, &contents, at, &path)).await?
}

fn taken(location: &Location, contents: &Contents, at: Instant, path: &Path) -> Result<Taken, BackupError> {
    migrate::check(location)?;
    let mut conn = migrate::single_connection(location)?;
    migrate::without_hurry(&mut conn)?;
    let partial = path.with_added_extension("partial");
    let failed = |error| BackupError::File(path.to_owned(), error);
    if path.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial);
    let unfinished = Unfinished(&partial);
    let mut out = GzEncoder::new(BufWriter::new(file.map_err(failed)?), Compression::default());
    let migration = migrate::applied(&mut conn)?;
    let snapshot = match &conn {
        DbConn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        DbConn::Sqlite(_) => "BEGIN",
    };
    sql_query(snapshot).execute(&mut conn).map_err(ApiError::from)?;
    let summary = write_all(&mut conn, contents, at, migration, &mut out).map_err(|cause| cause.at(path))?;
    let chain = chain::verify(&mut conn)?;
    let file =
        out.finish().and_then(|buffer| buffer.into_inner().map_err(io::Error::from)).map_err(failed)?;
    file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(failed)?;
    drop(unfinished);
    Ok(Taken { summary, chain })
}

/// A file that has another name once it is whole: what still has this one is removed.
struct Unfinished<'a>(&'a Path);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // Where it is whole there is nothing of this name.
        let _ = std::fs::remove_file(self.0);
    }
}

/// What can go wrong while rows pass through.
enum Cause {
    Data(ApiError),
    File(io::Error),
    Content(BackupError),
}

impl Cause {
    fn at(self, path: &Path) -> BackupError {
        match self {
            Self::Data(error) => error.into(),
            Self::File(error) => BackupError::File(path.to_owned(), error),
            Self::Content(error) => error,
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
    contents: &Contents,
    at: Instant,
    migration: String,
    out: &mut impl Write,
) -> Result<Summary, Cause> {
    let (sealed, hash) = chain::sealed_end(conn).map_err(Cause::Data)?;
    let service = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { form: FORM, service, migration, taken_at: at, sealed, hash };
    let mut summed = Summed { out, sum: Sum::new() };
    write_line(&mut summed, &Line::Manifest(manifest.clone()))?;
    let mut rows = 0;
    for table in TABLES {
        write_line(&mut summed, &Line::Table((*table).to_owned()))?;
        rows += write_table(conn, table, &mut summed)?;
    }
    let mut count = 0;
    let mut after = None;
    loop {
        let standing = standing(conn, after)?;
        let Some(last) = standing.last() else { break };
        after = Some(last.id);
        for told in standing {
            write_content(contents, &told, &mut summed)?;
            count += 1;
        }
    }
    let digest = summed.sum.digest();
    write_line(out, &Line::End { rows, contents: count, sha256: digest.clone() })?;
    Ok(Summary { manifest, rows, contents: count, digest })
}

/// A writer of lines that knows their digest.
struct Summed<'a, W> {
    out: &'a mut W,
    sum: Sum,
}

impl<W: Write> Write for Summed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.0.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The next attachments whose content is kept.
fn standing(conn: &mut DbConn, after: Option<AttachmentId>) -> QueryResult<Vec<Told>> {
    use attachments as a;
    let mut query = a::table.filter(a::deleted_at.is_null()).into_boxed();
    if let Some(after) = after {
        query = query.filter(a::id.gt(after));
    }
    query.order(a::id).limit(1_000).select(Told::as_select()).load(conn)
}

/// A content, piece by piece: never all in memory.
fn write_content(contents: &Contents, told: &Told, out: &mut impl Write) -> Result<(), Cause> {
    let lost = || Cause::Content(BackupError::Lost(told.id));
    let failed = |error: StorageError| match error {
        StorageError::Missing(_) => lost(),
        error => Cause::Content(error.into()),
    };
    write_line(out, &Line::Content { id: told.id })?;
    let Contents { storage, runtime } = contents;
    let size = u64::try_from(told.size_bytes).map_err(|_| lost())?;
    let mut pieces = runtime.block_on(storage.read(told.id, 0..size)).map_err(failed)?;
    let (mut seen, mut waiting) = (Seen::new(), Vec::new());
    while let Some(piece) = runtime.block_on(pieces.next()) {
        let piece = piece.map_err(failed)?;
        seen.add(&piece);
        waiting.extend_from_slice(&piece);
        while waiting.len() >= PIECE {
            let rest = waiting.split_off(PIECE);
            write_line(out, &Line::Piece(&STANDARD.encode(&waiting)))?;
            waiting = rest;
        }
    }
    if !waiting.is_empty() {
        write_line(out, &Line::Piece(&STANDARD.encode(&waiting)))?;
    }
    if seen.is(told) { Ok(()) } else { Err(lost()) }
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
