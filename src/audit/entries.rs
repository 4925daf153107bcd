//! Reading the journal (nhật ký): who wrote what and when, newest first. Administrators and
//! inspectors see the entries of the units within their reach; what belongs to no unit, whoever
//! reaches the whole country.

use actix_web::get;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::chain::JournalRow;
use super::journal::{ActorKind, JournalAction, JournalEntryId};
use crate::api::{ListQuery, Listed, PageParams, PageRequest, PageRows};
use crate::auth::permit::{Organization, Permit, ReadJournal};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::conn::MultiBackend;
use crate::db::schema::journal;
use crate::db::types::Instant;
use crate::domain::organization::tree::OrgUnitId;
use crate::error::ApiError;
use crate::state::App;
use crate::{keyset, page_of};

/// A journal entry (mục nhật ký).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000006", "position": 42, "recorded_at": "2026-01-02T03:00:00Z",
    "actor_kind": "user", "actor_id": "0190a8c0-0000-7000-8000-000000000002", "request_id": "0190a8c0-0000-7000-8000-0000000000ff",
    "action": "update", "record_type": "period", "record_id": "0190a8c0-0000-7000-8000-000000000001",
    "record_version": 2, "org_unit_id": null, "province_id": null, "content": {"code": "2024-H1"},
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}))]
pub struct JournalEntry {
    /// Its id.
    pub id: JournalEntryId,
    /// Its place in the chain; null for the moment until it is sealed.
    pub position: Option<i64>,
    /// When the request was taken (thời điểm).
    pub recorded_at: Instant,
    /// Who: a person, a system or a command on the server (loại tác nhân).
    pub actor_kind: ActorKind,
    /// Who: the id of the account, or the command.
    pub actor_id: String,
    /// In which request.
    pub request_id: String,
    /// What was done (hành động).
    pub action: JournalAction,
    /// To what kind of record (loại bản ghi).
    pub record_type: String,
    /// To which record.
    pub record_id: String,
    /// The record's version afterwards.
    pub record_version: i64,
    /// The unit that the record belongs to (đơn vị).
    pub org_unit_id: Option<String>,
    /// The province that it belongs to (tỉnh).
    pub province_id: Option<String>,
    /// The record afterwards, for a deletion before it; personal fields are masked.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    /// The chain's hash up to here; null until the entry is sealed.
    pub hash: Option<String>,
}
page_of!(JournalEntryPage, JournalEntry, "journal entries");

impl TryFrom<JournalRow> for JournalEntry {
    type Error = ApiError;

    fn try_from(row: JournalRow) -> Result<Self, ApiError> {
        Ok(Self {
            content: serde_json::from_str(&row.content)
                .map_err(|error| ApiError::internal(format!("journal entry {}: {error}", row.id)))?,
            id: row.id,
            position: row.position,
            recorded_at: row.recorded_at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            request_id: row.request_id,
            action: row.action,
            record_type: row.record_type,
            record_id: row.record_id,
            record_version: row.record_version,
            org_unit_id: row.org_unit_id,
            province_id: row.province_id,
            hash: row.hash,
        })
    }
}

/// Which entries a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalFilter {
    /// Kind of record (loại bản ghi), such as `period`.
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64)]
    pub record_type: Option<String>,
    /// The record's id.
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64)]
    pub record_id: Option<String>,
    /// Who wrote: the id of the account, or the command.
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64)]
    pub actor_id: Option<String>,
    /// The unit that the record belongs to (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// Entries of this instant and later (từ thời điểm).
    pub recorded_from: Option<Instant>,
    /// Entries before this instant (đến trước thời điểm).
    pub recorded_to: Option<Instant>,
}

type Entries<'a> = journal::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a JournalFilter) -> Entries<'a> {
    let JournalFilter { record_type, record_id, actor_id, org_unit_id, recorded_from, recorded_to } = filter;
    let mut query = journal::table.into_boxed();
    if let Some(to) = scoped.confinement() {
        query = match (to.provinces.is_empty(), to.units.is_empty()) {
            (_, true) => query.filter(journal::province_id.eq_any(to.provinces)),
            (true, false) => query.filter(journal::org_unit_id.eq_any(to.units)),
            (false, false) => query
                .filter(journal::province_id.eq_any(to.provinces).or(journal::org_unit_id.eq_any(to.units))),
        };
    }
    if let Some(record_type) = record_type {
        query = query.filter(journal::record_type.eq(record_type));
    }
    if let Some(id) = record_id {
        query = query.filter(journal::record_id.eq(id));
    }
    if let Some(id) = actor_id {
        query = query.filter(journal::actor_id.eq(id));
    }
    if let Some(unit) = org_unit_id {
        query = query.filter(journal::org_unit_id.eq(unit));
    }
    if let Some(from) = recorded_from {
        query = query.filter(journal::recorded_at.ge(from));
    }
    if let Some(to) = recorded_to {
        query = query.filter(journal::recorded_at.lt(to));
    }
    query
}

/// A page of entries, newest first.
///
/// # Errors
/// 422 for a cursor of another list.
pub fn journal_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &JournalFilter,
    page: &PageRequest,
) -> Result<PageRows<JournalEntry>, ApiError> {
    let query = matching(scoped, filter);
    let query = keyset!(query, page, desc journal::recorded_at => Instant, journal::id => JournalEntryId);
    let rows: Vec<JournalRow> = query.select(JournalRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(scoped, filter).count().get_result(conn)).transpose()?;
    let entries: Vec<JournalEntry> = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(page.cut(entries, total, |entry| serde_json::json!([entry.recorded_at, entry.id])))
}

/// Mounts the operation.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_journal_entries);
}

#[utoipa::path(
    operation_id = "list_journal_entries", tag = "journal", summary = "List journal entries",
    description = "A page of the journal (nhật ký), newest first: who wrote what and when, within reach.",
    params(JournalFilter, PageParams),
    responses((status = 200, description = "A page.", body = JournalEntryPage, headers(("Link" = String, description = "The next page.")))),
)]
#[get("/api/v1/admin/audit")]
async fn list_journal_entries(
    permit: Permit<ReadJournal, Organization>,
    query: ListQuery<JournalFilter>,
    app: App,
) -> Result<Listed<JournalEntryPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, journal_list).await
}
