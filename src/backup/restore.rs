//! Restoring a backup: as a whole or not at all.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, sql_query};
use flate2::bufread::GzDecoder;
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use super::{BackupError, Contents, FORM, Line, Seen, Summary, TABLES, Told, columns};
use crate::attachments::AttachmentId;
use crate::attachments::storage::{Storage, StorageError};
use crate::audit::chain::{self, Verdict};
use crate::db::schema::attachments;
use crate::db::{DbConn, Location, migrate};
use crate::error::ApiError;

/// Rows that one statement restores.
const PART: usize = 500;

/// Restores a backup into an empty database, whichever of the two it was taken from, and brings it to
/// this version; the content of attachments goes into the storage of this installation.
///
/// # Errors
/// When the database is not empty, the file is no whole backup, or its journal does not verify; then
/// nothing was restored.
pub async fn restore(location: Location, storage: Storage, path: PathBuf) -> Result<Summary, BackupError> {
    let contents = Contents { storage, runtime: Handle::current() };
    tokio::task::spawn_blocking(move || restored(&location, &contents, &path)).await?
}

fn restored(location: &Location, contents: &Contents, path: &Path) -> Result<Summary, BackupError> {
    let _lock = migrate::lock_for_serving(location)?;
    let file = File::open(path).map_err(|error| BackupError::File(path.to_owned(), error))?;
    let mut lines = BufReader::new(GzDecoder::new(BufReader::new(file)));
    let mut text = String::new();
    let torn = |reason: String| BackupError::Torn(path.to_owned(), reason);
    let manifest = match read_line(&mut lines, &mut text).map_err(torn)? {
        Some(Line::Manifest(manifest)) if (1..=FORM).contains(&manifest.form) => manifest,
        _ => return Err(torn("it does not begin as one".into())),
    };
    let mut conn = migrate::prepare_to(location, &manifest.migration)?
        .ok_or_else(|| BackupError::Newer(manifest.migration.clone()))?;
    let mut put = Vec::new();
    let counts = conn.transaction(|conn| -> Result<(u64, u64), BackupError> {
        if !is_empty(conn)? {
            return Err(BackupError::NotEmpty);
        }
        for table in TABLES.iter().rev() {
            // A backup of an earlier version knows less tables.
            if is_there(conn, table)? {
                sql_query(format!("DELETE FROM {table}")).execute(conn).map_err(ApiError::from)?;
            }
        }
        let mut restoring = Restoring { contents, put: &mut put };
        let counts =
            read_all(conn, &mut restoring, &mut lines, &mut text).map_err(|failure| match failure {
                Failure::Torn(reason) => torn(reason),
                Failure::Data(error) => error.into(),
                Failure::Other(error) => error,
            })?;
        match chain::verify(conn)? {
            Verdict::Sound { sealed, hash, .. } if (sealed, &hash) == (manifest.sealed, &manifest.hash) => {
                Ok(counts)
            }
            Verdict::Sound { sealed, .. } => {
                Err(BackupError::Broken(sealed, "its end is not the manifest's"))
            }
            Verdict::Broken { position, reason, .. } => Err(BackupError::Broken(position, reason)),
        }
    });
    if counts.is_err() {
        // What was not there before is not there afterwards.
        for id in put {
            if let Err(left) = contents.runtime.block_on(contents.storage.remove(id)) {
                log::warn!("the content of attachment {id} is left in the storage: {left}");
            }
        }
    }
    let (rows, count) = counts?;
    drop(conn);
    migrate::prepare(location)?;
    Ok(Summary { manifest, rows, contents: count })
}

/// Content on its way into the storage.
struct Restoring<'a> {
    contents: &'a Contents,
    /// What was not there before.
    put: &'a mut Vec<AttachmentId>,
}

impl Restoring<'_> {
    /// Puts a content that has passed as a whole, if it is that of its row.
    fn put(&mut self, conn: &mut DbConn, passing: Passing) -> Result<(), Failure> {
        let Passing { id, seen, file } = passing;
        let of_row = attachments::table
            .find(id)
            .filter(attachments::deleted_at.is_null())
            .select(Told::as_select())
            .first(conn)
            .optional()
            .map_err(|error| Failure::Data(error.into()))?;
        if !of_row.is_some_and(|told| seen.is(&told)) {
            return Err(Failure::Torn(format!(
                "the content of attachment {id} is another than its row tells"
            )));
        }
        let Contents { storage, runtime } = self.contents;
        if runtime.block_on(storage.size(id)).map_err(Failure::storage)?.is_none() {
            self.put.push(id);
        }
        runtime.block_on(storage.put(id, file)).map_err(Failure::storage)
    }
}

/// A content as it comes out of the file.
struct Passing {
    id: AttachmentId,
    seen: Seen,
    file: File,
}

/// Why rows could not be restored.
enum Failure {
    Torn(String),
    Data(ApiError),
    Other(BackupError),
}

impl Failure {
    fn storage(error: StorageError) -> Self {
        Self::Other(error.into())
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

fn read_all(
    conn: &mut DbConn,
    restoring: &mut Restoring<'_>,
    lines: &mut impl BufRead,
    text: &mut String,
) -> Result<(u64, u64), Failure> {
    let mut table = None;
    let mut part: Vec<Box<RawValue>> = Vec::with_capacity(PART);
    let mut passing: Option<Passing> = None;
    let (mut rows, mut contents) = (0, 0);
    loop {
        let line = read_line(lines, text).map_err(Failure::Torn)?;
        let line = line.ok_or_else(|| Failure::Torn("it was cut off".into()))?;
        if !matches!(line, Line::Row(_)) || part.len() == PART {
            rows += write_part(conn, table, &part).map_err(Failure::Data)?;
            part.clear();
        }
        if !matches!(line, Line::Piece(_))
            && let Some(whole) = passing.take()
        {
            restoring.put(conn, whole)?;
            contents += 1;
        }
        match line {
            Line::Row(row) => part.push(row.to_owned()),
            Line::Table(name) => {
                let known = TABLES.iter().find(|known| **known == name);
                table = Some(*known.ok_or_else(|| Failure::Torn(format!("no table is called {name}")))?);
            }
            Line::Content { id } => {
                let file = restoring.contents.storage.scratch();
                let file = file.map_err(|error| Failure::storage(error.into()))?;
                passing = Some(Passing { id, seen: Seen::new(), file });
            }
            Line::Piece(piece) => {
                let Some(Passing { seen, file, .. }) = &mut passing else {
                    return Err(Failure::Torn("a piece belongs to no attachment".into()));
                };
                let piece = STANDARD.decode(piece).map_err(|error| Failure::Torn(error.to_string()))?;
                seen.add(&piece);
                file.write_all(&piece).map_err(|error| Failure::storage(error.into()))?;
            }
            Line::End { rows: expected, .. } if expected != rows => {
                return Err(Failure::Torn("rows are missing".into()));
            }
            Line::End { contents: expected, .. } => {
                let wanted = contents_wanted(conn).map_err(|error| Failure::Data(error.into()))?;
                if (contents, contents) != (expected, wanted) {
                    return Err(Failure::Torn("contents of attachments are missing".into()));
                }
                return Ok((rows, contents));
            }
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

/// How many attachments stand.
fn contents_wanted(conn: &mut DbConn) -> QueryResult<u64> {
    if !is_there(conn, "attachments")? {
        return Ok(0);
    }
    let standing = attachments::table.filter(attachments::deleted_at.is_null());
    let count: i64 = standing.count().get_result(conn)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Whether the database has a table.
fn is_there(conn: &mut DbConn, table: &str) -> QueryResult<bool> {
    let question = match conn {
        DbConn::Pg(_) => format!("SELECT count(to_regclass('{table}')) AS count"),
        DbConn::Sqlite(_) => format!("SELECT count(*) AS count FROM sqlite_schema WHERE name = '{table}'"),
    };
    Ok(sql_query(question).get_result::<Count>(conn)?.count == 1)
}

/// Whether nothing was ever written: the journal has no entry.
fn is_empty(conn: &mut DbConn) -> Result<bool, ApiError> {
    let entries: Count = sql_query("SELECT count(*) AS count FROM journal").get_result(conn)?;
    Ok(entries.count == 0)
}
