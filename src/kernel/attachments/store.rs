//! Attachments in the database.

use diesel::prelude::*;
use serde::Serialize;

use super::model::{Attachment, AttachmentFilter, AttachmentId, AttachmentRow, AttachmentSort};
use super::operations::{Belonging, Owner};
use super::removals;
use super::upload::Received;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::schema::attachments;
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, WriteTx};
use crate::error::ApiError;
use crate::record_types::RecordType;
use crate::{hide_row, keyset};

fn of_record<O: Owner>(id: O::Id) -> attachments::BoxedQuery<'static, MultiBackend> {
    attachments::table
        .filter(attachments::record_id.eq(id.to_string()).and(attachments::record_type.eq(O::RECORD_TYPE)))
        .filter(attachments::deleted_at.is_null())
        .into_boxed()
}

/// A page of the attachments of a record.
///
/// # Errors
/// 404 when the record is not seen, 422 for a cursor of another order.
pub fn attachment_list<O: Owner>(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: O::Id,
    filter: &AttachmentFilter,
    page: &PageRequest,
) -> Result<PageRows<Attachment>, ApiError> {
    use attachments as a;
    let Belonging { sight, .. } = (O::SEEN)(conn, scoped, id)?;
    let query = of_record::<O>(id);
    let query = match filter.sort.unwrap_or(AttachmentSort::CreatedAt) {
        AttachmentSort::CreatedAt => {
            keyset!(query, page, asc a::created_at => Instant, a::id => AttachmentId)
        }
        AttachmentSort::CreatedAtDesc => {
            keyset!(query, page, desc a::created_at => Instant, a::id => AttachmentId)
        }
    };
    let rows: Vec<AttachmentRow> = query.select(AttachmentRow::as_select()).load(conn)?;
    let total = page.include_total().then(|| of_record::<O>(id).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| serde_json::json!([row.created_at, row.id]));
    Ok(rows.map(|row| Attachment::of(row, sight)))
}

/// An attachment of a record.
///
/// # Errors
/// 404 when the record is not seen, or has no such attachment.
pub fn attachment_get<O: Owner>(
    conn: &mut DbConn,
    scoped: &Scoped,
    (id, attachment): (O::Id, AttachmentId),
) -> Result<Attachment, ApiError> {
    let Belonging { sight, .. } = (O::SEEN)(conn, scoped, id)?;
    Ok(Attachment::of(attachment_find::<O>(conn, (id, attachment))?, sight))
}

fn attachment_find<O: Owner>(
    conn: &mut DbConn,
    (id, attachment): (O::Id, AttachmentId),
) -> Result<AttachmentRow, ApiError> {
    let row = of_record::<O>(id).filter(attachments::id.eq(attachment)).select(AttachmentRow::as_select());
    Ok(row.first(conn)?)
}

/// The record as it may be changed, and as it stays until the transaction ends: a return is not handed
/// in while something is attached to it.
fn held<O: Owner>(tx: &mut WriteTx<'_>, scoped: &Scoped, id: O::Id) -> Result<Belonging, ApiError> {
    // SQLite has one writer.
    if let DbConn::Pg(pg) = tx.conn() {
        diesel::sql_query(format!("SELECT 1 FROM {} WHERE id = $1 FOR SHARE", O::TABLE))
            .bind::<diesel::sql_types::Text, _>(id.to_string())
            .execute(pg)?;
    }
    (O::CHANGEABLE)(tx.conn(), scoped, id)
}

/// Attaches a file whose content stands in the storage already.
///
/// # Errors
/// 404 when the record is not seen, 409 when it may not be changed.
pub fn attachment_insert<O: Owner>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    (id, attachment): (O::Id, AttachmentId),
    received: Facts,
) -> Result<Recorded<Attachment>, ApiError> {
    // A write answers masked.
    let Belonging { org_unit_id, province_id, sight } = held::<O>(tx, &scoped.masked(), id)?;
    removals::call_off(tx.conn(), attachment)?;
    let Facts { name, description, media_type, size_bytes, sha256 } = received;
    let row = AttachmentRow {
        id: attachment,
        record_type: O::RECORD_TYPE,
        record_id: id.to_string(),
        province_id,
        org_unit_id,
        name,
        description,
        media_type: media_type.to_owned(),
        size_bytes,
        sha256,
        created_by: tx.author().id().to_owned(),
        version: 1,
        created_at: tx.at(),
        updated_at: tx.at(),
    };
    diesel::insert_into(attachments::table).values(&row).execute(tx.conn())?;
    Ok(recorded(tx, JournalAction::Create, &row)?.with(Attachment::of(row, sight)))
}

/// What is kept of a file beside its content.
#[derive(Debug)]
pub struct Facts {
    name: String,
    description: Option<String>,
    media_type: &'static str,
    size_bytes: i64,
    sha256: String,
}

impl Facts {
    /// The facts of a file, and its content.
    ///
    /// # Errors
    /// Never for a file within the limit.
    pub fn of(received: Received) -> Result<(Self, std::fs::File), ApiError> {
        let Received { name, description, kind, size, sha256, content } = received;
        let size_bytes = i64::try_from(size).map_err(ApiError::internal)?;
        let (name, media_type) = (name.into_string(), kind.media_type);
        Ok((Self { name, description, media_type, size_bytes, sha256 }, content))
    }
}

/// Deletes an attachment; its content goes some days later.
///
/// # Errors
/// 404 when there is none in reach, 409 when its record may not be changed, 412 when it has changed.
pub fn attachment_delete<O: Owner>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    (id, attachment): (O::Id, AttachmentId),
    expected: &IfMatch,
    kept_days: i64,
) -> Result<Recorded<()>, ApiError> {
    held::<O>(tx, scoped, id)?;
    let row = attachment_find::<O>(tx.conn(), (id, attachment))?;
    expected.check(row.version)?;
    hide_row!(tx, attachments, row)?;
    let due_at = tx.at().plus_seconds(kept_days * 86_400);
    removals::note(tx.conn(), attachment, due_at)?;
    let row = AttachmentRow { version: row.version + 1, ..row };
    Ok(recorded(tx, JournalAction::Delete, &row)?.with(()))
}

/// Erases all files of a record: their names at once, also of those deleted before, their content with
/// the next sweep. Answers their ids. The record is held by the write that calls this.
///
/// # Errors
/// When the database cannot be written.
pub fn attachments_erase(
    tx: &mut WriteTx<'_>,
    record_type: RecordType,
    record_id: &str,
) -> Result<Vec<AttachmentId>, ApiError> {
    use attachments as a;
    let of_record = || a::table.filter(a::record_id.eq(record_id).and(a::record_type.eq(record_type)));
    let standing = of_record().filter(a::deleted_at.is_null());
    let rows: Vec<AttachmentRow> = standing.select(AttachmentRow::as_select()).load(tx.conn())?;
    let deleted = of_record().filter(a::deleted_at.is_not_null());
    let deleted: Vec<AttachmentId> = deleted.select(a::id).load(tx.conn())?;
    if rows.is_empty() && deleted.is_empty() {
        return Ok(deleted);
    }
    let at = tx.at();
    diesel::update(standing)
        .set((a::deleted_at.eq(Some(at)), a::version.eq(a::version + 1), a::updated_at.eq(at)))
        .execute(tx.conn())?;
    diesel::update(of_record())
        .set((a::name.eq(""), a::description.eq(None::<String>)))
        .execute(tx.conn())?;
    let ids: Vec<AttachmentId> = rows.iter().map(|row| row.id).collect();
    removals::note_all(tx.conn(), &ids, &deleted, at)?;
    let gone = rows.into_iter().map(|row| AttachmentRow { version: row.version + 1, ..row });
    let entries = gone.map(|row| entry(JournalAction::Delete, &row)).collect::<Result<_, _>>()?;
    // The write of the record itself leaves the receipt.
    let _ = tx.journal_all(entries)?;
    Ok([ids, deleted].concat())
}

/// An attachment as the journal keeps it: its content is named by its hash. Name and description may be
/// a person's, and stay out.
#[derive(Serialize)]
struct Kept<'a> {
    id: AttachmentId,
    record_type: RecordType,
    record_id: &'a str,
    media_type: &'a str,
    size_bytes: i64,
    sha256: &'a str,
}

fn recorded(tx: &mut WriteTx<'_>, action: JournalAction, row: &AttachmentRow) -> Result<Receipt, ApiError> {
    tx.journal(entry(action, row)?)
}

fn entry(action: JournalAction, row: &AttachmentRow) -> Result<Entry, ApiError> {
    let AttachmentRow { id, record_type, record_id, media_type, size_bytes, sha256, version, .. } = row;
    let kept =
        Kept { id: *id, record_type: *record_type, record_id, media_type, size_bytes: *size_bytes, sha256 };
    let mut entry = Entry::new(action, RecordType::Attachment.as_str(), id, *version, &kept)?;
    entry.org_unit_id = row.org_unit_id.map(|unit| unit.to_string());
    entry.province_id = row.province_id.map(|province| province.to_string());
    Ok(entry)
}
