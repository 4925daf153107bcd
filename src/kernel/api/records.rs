//! How records are written, one or ten thousand at a time, by the same four steps: find what is
//! there, check what is asked against it, make the rows, store them with their journal entries.
//! A resource tells each step for many records at once ([`Records`]); a single write is a batch of
//! one, so no rule is told twice.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use super::etag::{IfMatch, Record};
use super::table::Catalogue;
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, WriteTx};
use crate::error::{ApiError, Problem};

/// The records of a resource, as its store reads and writes them. No function is given more than
/// [`PART`] records, and each looks up what it needs for all of them together.
pub trait Records: 'static {
    /// The id.
    type Id: Copy + Eq + Hash + Display + Send + 'static;
    /// What a client sends for a new record, or for the whole of a changed one.
    type Body: Send + 'static;
    /// A record as it is stored.
    type Row: Row<Id = Self::Id>;
    /// A record as it is answered.
    type View: Record + Send + 'static;
    /// Whether people know a record by a key of its own, under which a batch may find it.
    const NATURAL_KEY: bool = true;

    /// Where a body stands among those of a batch: its natural key, as the body tells it. Bodies of one
    /// record that name it alike stand together.
    fn order(body: &Self::Body) -> String;

    /// The record with this id, in reach.
    ///
    /// # Errors
    /// 404 when there is none in reach.
    fn find(conn: &mut DbConn, scoped: &Scoped, id: Self::Id) -> Result<Self::Row, ApiError>;

    /// For each body the record in reach that has its natural key already.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[Self::Body],
    ) -> Result<Vec<Option<Self::Row>>, ApiError>;

    /// For each draft the row that it makes, or what is wrong with it. A new row has version 0, a
    /// changed one the version and times of the row it replaces.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<Self::Body, Self::Row>>,
    ) -> Result<Vec<Result<Self::Row, ApiError>>, ApiError>;

    /// Whether a line of a batch tells nothing new of the record that is held: it is then left as it is.
    fn is_told_already(row: &Self::Row, held: &Self::Row) -> bool {
        row == held
    }

    /// Notes beside records what lines said that told nothing new of them, as they would have been stored;
    /// whether anything was noted. A record itself stays, and so there is nothing to journal.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn note(_tx: &mut WriteTx<'_>, _told_already: &[Self::Row]) -> Result<bool, ApiError> {
        Ok(false)
    }

    /// Stores rows, new ones (version 1) and changed ones, with their journal entries.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[Self::Row],
    ) -> Result<Written<Self::View>, ApiError>;

    /// The lists from which members of a body take their values (danh mục), for the drop-downs of a
    /// spreadsheet: those that are short enough, and none where a resource names no list.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn catalogues(_conn: &mut DbConn, _scoped: &Scoped) -> Result<Vec<Catalogue>, ApiError> {
        Ok(Vec::new())
    }
}

/// The parts of a key as a body tells them, in one text; a part that it does not tell is empty.
#[must_use]
pub fn key_text<const PARTS: usize>(parts: [Option<&str>; PARTS]) -> String {
    parts.map(Option::unwrap_or_default).join(" ")
}

/// The most records that a store function is given at once.
pub const PART: usize = 1_000;

/// A stored record with its version.
pub trait Row: Clone + PartialEq + Send + 'static {
    /// The id.
    type Id: Copy + Eq + Hash;
    /// The id.
    fn id(&self) -> Self::Id;
    /// The version; 0 for a row that is not stored yet.
    fn version(&self) -> i64;
    /// Counts the version up.
    fn revise(&mut self, at: Instant);
}

/// Implements [`Row`] for a struct with the fields `id`, `version` and `updated_at`.
#[macro_export]
macro_rules! row {
    ($row:ty, $id:ty) => {
        impl $crate::api::records::Row for $row {
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
            fn version(&self) -> i64 {
                self.version
            }
            fn revise(&mut self, at: $crate::db::types::Instant) {
                self.version += 1;
                self.updated_at = at;
            }
        }
    };
}

/// What a client asks for: a new record, or another content of one that is there.
#[derive(Debug)]
pub struct Draft<B, R> {
    /// What was sent.
    pub body: B,
    /// The record that it replaces.
    pub present: Option<R>,
}

/// Records that were stored, in the order in which they came; for one that another writer was
/// faster with its problem.
#[derive(Debug)]
pub struct Written<V> {
    pub(super) receipt: Option<Receipt>,
    pub(super) lines: Vec<Result<V, ApiError>>,
}

impl<V> Written<V> {
    /// Writes the journal entries of the rows that `stored` names. A new row that is not among them
    /// met a record with its natural key, a changed one has a newer version.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn journal<R: Row>(
        tx: &mut WriteTx<'_>,
        rows: &[R],
        stored: &HashSet<R::Id>,
        entry: impl Fn(JournalAction, &V, &R) -> Result<Entry, ApiError>,
        view: impl Fn(&R) -> V,
    ) -> Result<Self, ApiError> {
        Self::try_journal(tx, rows, stored, entry, |row| Ok(view(row)))
    }

    /// The same where an answer may fail to be made, such as one of sealed data.
    ///
    /// # Errors
    /// When the journal cannot be written, and what `view` says.
    pub fn try_journal<R: Row>(
        tx: &mut WriteTx<'_>,
        rows: &[R],
        stored: &HashSet<R::Id>,
        entry: impl Fn(JournalAction, &V, &R) -> Result<Entry, ApiError>,
        view: impl Fn(&R) -> Result<V, ApiError>,
    ) -> Result<Self, ApiError> {
        let mut entries = Vec::with_capacity(rows.len());
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let is_new = row.version() == 1;
            if stored.contains(&row.id()) {
                let action = if is_new { JournalAction::Create } else { JournalAction::Update };
                let view = view(row)?;
                entries.push(entry(action, &view, row)?);
                lines.push(Ok(view));
            } else {
                let problem = if is_new { Problem::Duplicate } else { Problem::PreconditionFailed };
                lines.push(Err(ApiError::new(problem)));
            }
        }
        let receipt = if entries.is_empty() { None } else { Some(tx.journal_all(entries)?) };
        Ok(Self { receipt, lines })
    }

    /// All records, where each was to be stored.
    ///
    /// # Errors
    /// The problem of the first that was not.
    pub fn all(self) -> Result<Recorded<Vec<V>>, ApiError> {
        let views = self.lines.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(match self.receipt {
            Some(receipt) => receipt.with(views),
            None => Recorded::unchanged(views),
        })
    }

    /// The one record that was to be stored.
    pub fn only(self) -> Result<Recorded<V>, ApiError> {
        let view = one(self.lines)??;
        let receipt = self.receipt.ok_or_else(|| ApiError::internal("a record was stored unseen"))?;
        Ok(receipt.with(view))
    }
}

/// Makes a record.
///
/// # Errors
/// 409 when one with its natural key exists, what [`Records::made`] finds wrong.
pub fn insert<R: Records>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: R::Body,
) -> Result<Recorded<R::View>, ApiError> {
    write::<R>(tx, scoped, Draft { body, present: None })
}

/// Replaces a record as a whole.
///
/// # Errors
/// 404 when there is none in reach, 412 when it has changed, what [`Records::made`] finds wrong.
pub fn replace<R: Records>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: R::Id,
    expected: &IfMatch,
    body: R::Body,
) -> Result<Recorded<R::View>, ApiError> {
    let present = R::find(tx.conn(), scoped, id)?;
    expected.check(present.version())?;
    write::<R>(tx, scoped, Draft { body, present: Some(present) })
}

fn write<R: Records>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    draft: Draft<R::Body, R::Row>,
) -> Result<Recorded<R::View>, ApiError> {
    let mut row = one(R::made(tx, scoped, vec![draft])?)??;
    row.revise(tx.at());
    R::save(tx, scoped, &[row])?.only()
}

fn one<T>(mut lines: Vec<T>) -> Result<T, ApiError> {
    lines.pop().ok_or_else(|| ApiError::internal("a store lost a record"))
}

/// Makes the records whose natural key is not there yet, and leaves the others alone: for lists that
/// come with the service and may be loaded again. Answers how many were made.
///
/// # Errors
/// What is wrong with the first that cannot be made.
pub fn add_missing<R: Records>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    bodies: Vec<R::Body>,
) -> Result<Recorded<usize>, ApiError> {
    let (mut made, mut receipt) = (0, None);
    let mut bodies = bodies.into_iter();
    loop {
        let part: Vec<_> = bodies.by_ref().take(PART).collect();
        if part.is_empty() {
            break;
        }
        let present = R::present(tx, scoped, &part)?;
        let missing = part.into_iter().zip(present).filter(|(_, present)| present.is_none());
        let drafts = missing.map(|(body, present)| Draft { body, present }).collect();
        let mut rows = R::made(tx, scoped, drafts)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        rows.iter_mut().for_each(|row| row.revise(tx.at()));
        let written = R::save(tx, scoped, &rows)?;
        made += written.lines.into_iter().collect::<Result<Vec<_>, _>>()?.len();
        receipt = written.receipt.or(receipt);
    }
    Ok(match receipt {
        Some(receipt) => receipt.with(made),
        None => Recorded::unchanged(made),
    })
}

/// Stores rows of a table: new ones (version 1) unless a unique key is taken, changed ones over the
/// version before. Answers the ids of those that were stored. The columns are all but `id`,
/// `version`, `created_at` and `updated_at`, which every table has.
///
/// ```text
/// save_rows!(tx.conn(), periods, PeriodId, rows.iter(), [regime, code, kind, starts_on, ends_on, submit_by])
/// ```
#[macro_export]
macro_rules! save_rows {
    ($conn:expr, $table:ident, $id:ty, $rows:expr, [$($column:ident),* $(,)?]) => {
        (|| -> Result<std::collections::HashSet<$id>, $crate::error::ApiError> {
            use diesel::prelude::*;
            use diesel::query_dsl::methods::FilterDsl;
            use diesel::upsert::excluded;
            let (new, changed): (Vec<_>, Vec<_>) = $rows.partition(|row| row.version == 1);
            let mut stored = $crate::insert_free_rows!($conn, $table, $id, new.as_slice())?;
            match $conn {
                $crate::db::DbConn::Pg(c) if changed.len() > 1 => {
                    for part in changed.chunks(400) {
                        let ids: Vec<$id> = FilterDsl::filter(
                            diesel::insert_into($table::table)
                                .values(part.to_vec())
                                .on_conflict($table::id)
                                .do_update()
                                .set((
                                    $($table::$column.eq(excluded($table::$column)),)*
                                    $table::version.eq(excluded($table::version)),
                                    $table::updated_at.eq(excluded($table::updated_at)),
                                )),
                            $table::deleted_at.is_null().and(($table::version + 1).eq(excluded($table::version))),
                        )
                        .returning($table::id)
                        .get_results(c)?;
                        stored.extend(ids);
                    }
                }
                conn => {
                    for row in changed {
                        let before = $table::version.eq(row.version - 1).and($table::deleted_at.is_null());
                        let standing = $table::id.eq(row.id).and(before);
                        let update = $crate::db::bulk::whole_row(&$table::table, row, standing);
                        let count = $crate::on_db!(conn, |c| update.execute(c))?;
                        if count == 1 {
                            stored.insert(row.id);
                        }
                    }
                }
            }
            Ok(stored)
        })()
    };
}

/// Hides the row with this id and version; whether it was still there.
#[macro_export]
macro_rules! hide_row {
    ($tx:expr, $table:ident, $row:expr) => {{
        let at = $tx.at();
        diesel::update($table::table.find($row.id).filter($table::version.eq($row.version)))
            .set((
                $table::deleted_at.eq(Some(at)),
                $table::version.eq($row.version + 1),
                $table::updated_at.eq(at),
            ))
            .execute($tx.conn())
            .map_err($crate::error::ApiError::from)
            .and_then(|hidden| match hidden {
                0 => Err($crate::error::ApiError::new($crate::error::Problem::PreconditionFailed)),
                _ => Ok(()),
            })
    }};
}
