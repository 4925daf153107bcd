//! Restoring a backup: as a whole or not at all.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, sql_query};
use flate2::bufread::GzDecoder;
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use super::{BackupError, Contents, FORM, Line, Seen, Sum, Summary, TABLES, Told, columns};
use crate::attachments::AttachmentId;
use crate::attachments::storage::{Storage, StorageError};
use crate::audit::chain::{self, Verdict};
use crate::db::schema::attachments;
use crate::db::{DbConn, Location, migrate, word_index};
use crate::error::ApiError;

/// Rows that one statement restores.
const PART: usize = 500;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub summary: Summary,
    /// How many records of which table are of another version than their newest journal entry: somebody
    /// has changed them past the service, before the backup was taken.
    pub unjournaled: Vec<(&'static str, i64)>,
}

/// Restores a backup into an empty database, whichever of the two it was taken from, and brings it to
/// this version; the content of attachments goes into the storage of this installation. With the digest
/// that was told when it was taken no other file will do.
///
/// # Errors
/// When the database is not empty, the file is no whole backup or another one, or its journal does not
/// verify; then nothing was restored.
pub async fn restore(
    location: Location,
    storage: Storage,
    path: PathBuf,
    expected: Option<String>,
) -> Result<Restored, BackupError> {
    let contents = Contents { storage, runtime: Handle::current() };
    let work = move || restored(&location, &contents, &path, expected.as_deref());
    tokio::task::spawn_blocking(work).await?
}

fn restored(
    location: &Location,
    contents: &Contents,
    path: &Path,
    expected: Option<&str>,
) -> Result<Restored, BackupError> {
    let _lock = migrate::lock_for_serving(location)?;
    let file = File::open(path).map_err(|error| BackupError::File(path.to_owned(), error))?;
    let mut lines = Lines::new(BufReader::new(GzDecoder::new(BufReader::new(file))));
    let torn = |reason: String| BackupError::Torn(path.to_owned(), reason);
    let manifest = match lines.next().map_err(torn)? {
        Some(Line::Manifest(manifest)) if manifest.form == FORM => manifest,
        _ => return Err(torn("it does not begin as one".into())),
    };
    let mut conn = migrate::prepare_to(location, &manifest.migration)?
        .ok_or_else(|| BackupError::Newer(manifest.migration.clone()))?;
    migrate::without_hurry(&mut conn)?;
    let mut put = Vec::new();
    let restored = conn.transaction(|conn| -> Result<Restored, BackupError> {
        if !is_empty(conn)? {
            return Err(BackupError::NotEmpty);
        }
        // What a migration does to rows it does to those that are there when it runs.
        let reached = migrate::applied(conn)?;
        if reached != manifest.migration {
            return Err(BackupError::Further(reached, manifest.migration));
        }
        for table in TABLES.iter().rev() {
            // A backup of an earlier version knows less tables.
            if is_there(conn, table)? {
                sql_query(format!("DELETE FROM {table}")).execute(conn).map_err(ApiError::from)?;
            }
        }
        let mut restoring = Restoring { contents, put: &mut put };
        let counts = read_all(conn, &mut restoring, &mut lines).map_err(|failure| match failure {
            Failure::Torn(reason) => torn(reason),
            Failure::Data(error) => error.into(),
            Failure::Other(error) => error,
        })?;
        let digest = lines.sum.digest();
        at_end(lines).map_err(torn)?;
        if expected.is_some_and(|expected| !expected.eq_ignore_ascii_case(&digest)) {
            return Err(BackupError::Other(path.to_owned(), digest));
        }
        sql_query("DELETE FROM refresh_tokens").execute(conn)?;
        // What records are found by is not backed up: it is made of the journal.
        word_index::take_away(conn)?;
        // The journal is read as this version has it.
        migrate::complete(conn)?;
        match chain::verify(conn)? {
            Verdict::Sound { sealed, hash, .. } if (sealed, &hash) == (manifest.sealed, &manifest.hash) => {
                // What waited is sealed before anything is written: on SQLite a write is sealed at once,
                // and a later version of a record would come before its earlier ones.
                chain::seal_rest(conn)?;
                let ((rows, contents), unjournaled) = (counts, unjournaled(conn)?);
                Ok(Restored { summary: Summary { manifest, rows, contents, digest }, unjournaled })
            }
            Verdict::Sound { sealed, .. } => {
                Err(BackupError::Broken(sealed, "its end is not the manifest's"))
            }
            Verdict::Broken { position, reason, .. } => Err(BackupError::Broken(position, reason)),
        }
    });
    if restored.is_err() {
        // What was not there before is not there afterwards.
        for id in put {
            if let Err(left) = contents.runtime.block_on(contents.storage.remove(id)) {
                log::warn!("the content of attachment {id} is left in the storage: {left}");
            }
        }
    }
    restored
}

/// Makes sure that nothing follows: only then has the checksum of the whole been compared.
fn at_end<R: Read>(lines: Lines<BufReader<GzDecoder<BufReader<R>>>>) -> Result<(), String> {
    let Lines { mut from, .. } = lines;
    let mut more = [0];
    if from.read(&mut more).map_err(|error| error.to_string())? > 0
        || from.into_inner().into_inner().read(&mut more).map_err(|error| error.to_string())? > 0
    {
        return Err("something follows its end".into());
    }
    Ok(())
}

/// Records of another version than their newest journal entry, by table.
fn unjournaled(conn: &mut DbConn) -> QueryResult<Vec<(&'static str, i64)>> {
    let mut found = Vec::new();
    for table in TABLES {
        if !holds_records(conn, table)? {
            continue;
        }
        let question = format!(
            "SELECT count(*) AS count FROM {table} AS r WHERE r.version <> \
             coalesce((SELECT max(j.record_version) FROM journal AS j WHERE j.record_id = r.id), 0)"
        );
        let Count { count } = sql_query(question).get_result(conn)?;
        if count > 0 {
            found.push((*table, count));
        }
    }
    Ok(found)
}

/// Whether a table holds records, of which the journal tells each version; a backup of an earlier version knows
/// fewer tables.
fn holds_records(conn: &mut DbConn, table: &str) -> QueryResult<bool> {
    let column = match conn {
        DbConn::Pg(_) => format!(
            "information_schema.columns WHERE table_schema = current_schema() AND table_name = '{table}' AND column_name"
        ),
        DbConn::Sqlite(_) => format!("pragma_table_info('{table}') WHERE name"),
    };
    let question = format!("SELECT count(*) AS count FROM {column} IN ('id', 'version')");
    Ok(sql_query(question).get_result::<Count>(conn)?.count == 2)
}

/// A reader of lines that knows their digest.
struct Lines<R> {
    from: R,
    text: String,
    sum: Sum,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self { from, text: String::new(), sum: Sum::new() }
    }

    /// The next line; none at the end of the file. The line that ends a backup tells the digest of all
    /// others, which must be theirs.
    fn next(&mut self) -> Result<Option<Line<'_>>, String> {
        self.text.clear();
        if self.from.read_line(&mut self.text).map_err(|error| error.to_string())? == 0 {
            return Ok(None);
        }
        let line = serde_json::from_str(&self.text).map_err(|error| error.to_string())?;
        match &line {
            Line::End { sha256, .. } if *sha256 != self.sum.digest() => {
                return Err("its lines are not those that were written".into());
            }
            Line::End { .. } => {}
            _ => self.sum.0.update(self.text.as_bytes()),
        }
        Ok(Some(line))
    }
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

fn read_all(
    conn: &mut DbConn,
    restoring: &mut Restoring<'_>,
    lines: &mut Lines<impl BufRead>,
) -> Result<(u64, u64), Failure> {
    let mut table = None;
    let mut part: Vec<Box<RawValue>> = Vec::with_capacity(PART);
    let mut passing: Option<Passing> = None;
    let (mut rows, mut contents) = (0, 0);
    loop {
        let line = lines.next().map_err(Failure::Torn)?;
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
