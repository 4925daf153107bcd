//! What the operations on attachments do, for every record that has some.

use std::fmt::Display;

use actix_web::HttpResponse;
use serde::de::DeserializeOwned;

use super::content::{Wanted, sent};
use super::model::{Attachment, AttachmentFilter, AttachmentId, AttachmentPage, Sight};
use super::removals;
use super::store::{Facts, attachment_delete, attachment_get, attachment_insert, attachment_list};
use super::upload::Upload;
use crate::api::{Created, Deleted, Found, IfMatch, ListQuery, Listed, Once, PageRequest, Rendered};
use crate::audit::personal_reads;
use crate::auth::permission::{Action, scope_word};
use crate::auth::scope::Scoped;
use crate::db::{DbConn, Weight, WriteTx};
use crate::error::{ApiError, Problem};
use crate::record_types::RecordType;
use crate::state::App;
use crate::tree::OrgUnitId;

/// Whose an attachment is, and how it is seen: that of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Belonging {
    /// The unit of the record, if any.
    pub org_unit_id: Option<OrgUnitId>,
    /// The province of the record, if any.
    pub province_id: Option<OrgUnitId>,
    /// How its files are seen.
    pub sight: Sight,
}

impl Belonging {
    /// That of a record of no unit.
    #[must_use]
    pub const fn nobody() -> Self {
        Self { org_unit_id: None, province_id: None, sight: Sight::Open }
    }

    /// That of a record of a unit.
    #[must_use]
    pub const fn unit(org_unit_id: OrgUnitId, province_id: Option<OrgUnitId>) -> Self {
        Self { org_unit_id: Some(org_unit_id), province_id, sight: Sight::Open }
    }

    /// The same of a record whose files may hold personal data (dữ liệu cá nhân), seen in clear or masked.
    #[must_use]
    pub const fn of_people(self, is_clear: bool) -> Self {
        Self { sight: if is_clear { Sight::Clear } else { Sight::Masked }, ..self }
    }
}

/// How a resource looks at one of its records.
pub type Look<I> = fn(&mut DbConn, &Scoped, I) -> Result<Belonging, ApiError>;

/// Records that have attachments; [`attachments!`](crate::attachments!) implements it.
pub trait Owner: 'static {
    /// The id of a record.
    type Id: Copy + Display + DeserializeOwned + Send + Sync + 'static;
    /// The kind of record.
    const RECORD_TYPE: RecordType;
    /// The table of the records.
    const TABLE: &'static str;

    /// Finds a record that is seen, as its own reading function sees it: 404 when it is not.
    const SEEN: Look<Self::Id>;
    /// Finds a record that may be changed, by whoever acts and in the state that it is in: 404 when it
    /// is not seen, 403 when this account may not change it, 409 when nobody may.
    const CHANGEABLE: Look<Self::Id>;
}

/// A page of the attachments of a record.
///
/// # Errors
/// 404 when the record is not seen.
pub async fn list<O: Owner>(
    app: &App,
    scoped: Scoped,
    id: O::Id,
    query: ListQuery<AttachmentFilter>,
) -> Result<Listed<AttachmentPage>, ApiError> {
    let rows = move |conn: &mut DbConn, scoped: &Scoped, filter: &AttachmentFilter, page: &PageRequest| {
        attachment_list::<O>(conn, scoped, id, filter, page)
    };
    query.answer_noted(scoped, app, rows).await
}

/// An attachment of a record.
///
/// # Errors
/// 404 when the record is not seen, or has no such attachment.
pub async fn get<O: Owner>(
    app: &App,
    scoped: Scoped,
    ids: (O::Id, AttachmentId),
) -> Result<Found<Attachment>, ApiError> {
    found::<O>(app, scoped, ids).await.map(Found)
}

async fn found<O: Owner>(
    app: &App,
    scoped: Scoped,
    ids: (O::Id, AttachmentId),
) -> Result<Attachment, ApiError> {
    let get = move |conn: &mut DbConn, scoped: &Scoped| attachment_get::<O>(conn, scoped, ids);
    personal_reads::read(app, scoped, get).await
}

/// The content of an attachment.
///
/// # Errors
/// As [`get`], 403 where it may hold personal data that the account does not see, 416 for a part that it does
/// not have.
pub async fn content<O: Owner>(
    app: &App,
    scoped: Scoped,
    ids: (O::Id, AttachmentId),
    wanted: Wanted,
) -> Result<HttpResponse, ApiError> {
    let attachment = found::<O>(app, scoped, ids).await?;
    if attachment.sight == Sight::Masked {
        return Err(unseen(O::RECORD_TYPE));
    }
    sent(&app.storage, &attachment, &wanted).await
}

fn unseen(of: RecordType) -> ApiError {
    let word = of.domain().and_then(|domain| scope_word(Action::ReadPersonal, domain)).unwrap_or_default();
    ApiError::detailed(
        Problem::Forbidden,
        format!(
            "Tệp có thể chứa dữ liệu cá nhân: cần quyền xem dữ liệu cá nhân của đơn vị và mã truy cập có phạm vi `{word}`."
        ),
        format!(
            "The file may hold personal data: it takes the action `read_personal` over the unit, and a token with the scope `{word}`."
        ),
    )
}

/// Attaches a file to a record.
///
/// # Errors
/// 404 when the record is not seen, 409 when it may not be changed, what is wrong with the file.
pub async fn attach<O: Owner>(
    app: &App,
    scoped: Scoped,
    id: O::Id,
    once: Once,
    upload: Upload,
) -> Result<Rendered, ApiError> {
    // Whoever may not attach anything need not send it all first.
    let asked = scoped.clone();
    app.db.read(move |conn| (O::CHANGEABLE)(conn, &asked, id)).await?;
    let (facts, content) = Facts::of(upload.receive(app).await?)?;
    let attachment = AttachmentId::new();
    let left_over_at = app.now().plus_seconds(removals::UPLOAD_SECONDS);
    app.db.maintain(move |conn| removals::note(conn, attachment, left_over_at)).await?;
    let author = scoped.author();
    let written = async {
        app.storage.put(attachment, content).await?;
        let made = move |tx: &mut WriteTx<'_>| {
            Ok(attachment_insert::<O>(tx, &scoped, (id, attachment), facts)?.map(Created))
        };
        once.write(app, author, Weight::Single, made).await
    };
    let answer = written.await;
    let is_unused = match &answer {
        Ok(answer) => answer.is_replayed(),
        // Of a write that was not acknowledged nobody knows whether it was made.
        Err(error) => error.problem() != Problem::Unavailable,
    };
    if is_unused {
        removals::discard(app, attachment).await;
    }
    answer
}

/// Deletes an attachment of a record.
///
/// # Errors
/// 404 when the record is not seen or has no such attachment, 409 when it may not be changed.
pub async fn delete<O: Owner>(
    app: &App,
    scoped: Scoped,
    ids: (O::Id, AttachmentId),
    if_match: IfMatch,
) -> Result<Deleted, ApiError> {
    let kept_days = i64::from(app.config.attachment_kept_days.get());
    let author = scoped.author();
    app.db.write(author, move |tx| attachment_delete::<O>(tx, &scoped, ids, &if_match, kept_days)).await?;
    Ok(Deleted)
}
