//! What happened to a dossier (lịch sử xử lý hồ sơ): the journal entries of its writes, each with the step that
//! was taken, by whom and when.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::apology::ApologyLetter;
use super::life::DossierStatus;
use super::model::{Dossier, DossierId};
use super::people::DossierPersonShown;
use super::row::DossierRow;
use super::store::held_find;
use kernel::api::{PageRequest, PageRows};
use kernel::audit::journal::{ActorKind, Entry, JournalAction, JournalEntryId};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::journal;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::tree::OrgUnitId;
use kernel::{keyset, page_of};

/// What the journal calls a dossier.
pub(super) const RECORD_TYPE: &str = "dossier";

/// What the history calls an erasure of personal data.
pub(super) const ERASURE: &str = "erasure";

/// A step as the journal keeps it beside the dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which: a step, a restatement or an erasure.
    pub kind: String,
    /// When it happened.
    pub at: Instant,
    /// Why, or what was asked for.
    pub reason: Option<String>,
    /// The document that orders it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// The letter of an apology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<ApologyLetter>,
}

impl Event {
    /// An event that no document orders.
    pub(super) fn new(kind: &str, at: Instant, reason: Option<String>) -> Self {
        Self { kind: kind.to_owned(), at, reason, order_number: None, letter: None }
    }

    /// What the journal says was done, where it is no plain write.
    fn action(&self) -> Option<JournalAction> {
        (self.kind == ERASURE).then_some(JournalAction::ErasePersonal)
    }
}

/// The journal entry of a write. It belongs to the unit that resolves the dossier, and tells nobody's name,
/// masked or not: an entry never changes, and personal data must go on order.
pub(super) fn journal_entry(
    action: JournalAction,
    view: &Dossier,
    row: &DossierRow,
    event: Option<&Event>,
) -> Result<Entry, ApiError> {
    #[derive(Serialize)]
    struct Content<'a> {
        #[serde(flatten)]
        dossier: &'a Dossier,
        event: &'a Event,
    }
    let nameless = Dossier {
        owner: DossierPersonShown::erased(row.owner_kind),
        submitter: row.submitter_kind.map(DossierPersonShown::erased),
        ..view.clone()
    };
    let view = &nameless;
    let action = event.and_then(Event::action).unwrap_or(action);
    let entry = match event {
        None => Entry::new(action, RECORD_TYPE, row.id, row.version, view)?,
        Some(event) => {
            Entry::new(action, RECORD_TYPE, row.id, row.version, &Content { dossier: view, event })?
        }
    };
    let entry = entry.of_unit(row.org_unit_id, Some(row.province_id.to_string()));
    Ok(match row.receiving_unit_id == row.org_unit_id {
        true => entry,
        false => entry.and_unit(row.receiving_unit_id, row.receiving_province_id),
    })
}

/// Something that happened to a dossier (một bước trong lịch sử hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 2, "action": "update", "kind": "supplement-request", "at": "2026-11-03T02:00:00Z",
    "reason": "Bổ sung bản sao giấy chứng sinh.", "order_number": null,
    "letter_number": null, "signed_on": null, "signer_title": null, "status": "awaiting_supplement", "due_on": "2026-11-05",
    "resolving_unit_id": "0190a8c0-0000-7000-8000-000000000004", "actor_kind": "client",
    "actor_id": "0190a8c0-0000-7000-8000-000000000031", "recorded_at": "2026-11-03T02:00:04Z"
}))]
pub struct DossierEvent {
    /// Version of the dossier afterwards (phiên bản).
    pub version: i64,
    /// What was done to the record (hành động).
    pub action: JournalAction,
    /// The step that was taken (bước xử lý); null where the dossier was written as a whole.
    pub kind: Option<String>,
    /// When it happened (thời điểm thực hiện); where it was written as a whole, when that was.
    pub at: Instant,
    /// Why, or what was asked for (lý do, nội dung).
    pub reason: Option<String>,
    /// The document that orders it (số, ký hiệu văn bản yêu cầu); of an erasure of personal data.
    pub order_number: Option<String>,
    /// Number of the letter of apology (số, ký hiệu thư xin lỗi).
    pub letter_number: Option<String>,
    /// When the letter was signed (ngày ký thư xin lỗi).
    pub signed_on: Option<NaiveDate>,
    /// The position of whoever signed it (chức vụ người ký thư xin lỗi).
    pub signer_title: Option<String>,
    /// Status afterwards (trạng thái).
    pub status: Option<DossierStatus>,
    /// Due day afterwards (ngày hẹn trả).
    pub due_on: Option<NaiveDate>,
    /// The unit that resolves it afterwards (đơn vị giải quyết).
    pub resolving_unit_id: Option<OrgUnitId>,
    /// Who did it: a person, a system or a command (loại tác nhân).
    pub actor_kind: ActorKind,
    /// The account, or the command (tác nhân).
    pub actor_id: String,
    /// When it was recorded (thời điểm ghi nhận).
    pub recorded_at: Instant,
}
page_of!(DossierEventPage, DossierEvent, "what happened to a dossier");

/// Which events a list holds: all of a dossier.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DossierEventFilter {}

#[derive(Queryable, Selectable)]
#[diesel(table_name = journal)]
struct Written {
    id: JournalEntryId,
    record_version: i64,
    action: JournalAction,
    actor_kind: ActorKind,
    actor_id: String,
    recorded_at: Instant,
    content: String,
}

/// What the journal tells of a dossier.
#[derive(Deserialize)]
struct Told {
    status: Option<DossierStatus>,
    due_on: Option<NaiveDate>,
    resolving_unit_id: Option<OrgUnitId>,
    event: Option<Event>,
}

impl From<Written> for DossierEvent {
    fn from(written: Written) -> Self {
        let nothing = Told { status: None, due_on: None, resolving_unit_id: None, event: None };
        let Told { status, due_on, resolving_unit_id, event } =
            serde_json::from_str(&written.content).unwrap_or(nothing);
        let (kind, at, reason, order_number, letter) = match event {
            Some(Event { kind, at, reason, order_number, letter }) => {
                (Some(kind), at, reason, order_number, letter)
            }
            None => (None, written.recorded_at, None, None, None),
        };
        let ApologyLetter { letter_number, signed_on, signer_title } = letter.unwrap_or_default();
        Self {
            version: written.record_version,
            action: written.action,
            kind,
            at,
            reason,
            order_number,
            letter_number,
            signed_on,
            signer_title,
            status,
            due_on,
            resolving_unit_id,
            actor_kind: written.actor_kind,
            actor_id: written.actor_id,
            recorded_at: written.recorded_at,
        }
    }
}

/// A page of what happened to a dossier, the first first.
///
/// # Errors
/// 404 when there is no such dossier in reach.
pub(super) fn dossier_history(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: DossierId,
    page: &PageRequest,
) -> Result<PageRows<DossierEvent>, ApiError> {
    held_find(conn, scoped, id)?;
    let of_dossier = || {
        journal::table
            .filter(journal::record_id.eq(id.to_string()).and(journal::record_type.eq(RECORD_TYPE)))
            .filter(journal::action.ne(JournalAction::ReadPersonal))
            .into_boxed()
    };
    let query =
        keyset!(of_dossier(), page, asc journal::recorded_at => Instant, journal::id => JournalEntryId);
    let rows: Vec<Written> = query.select(Written::as_select()).load(conn)?;
    let total = page.include_total().then(|| of_dossier().count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.recorded_at, row.id]));
    Ok(rows.map(DossierEvent::from))
}
