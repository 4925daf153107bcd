//! Reading the journal (nhật ký): who wrote what and when, newest first. Administrators and
//! inspectors see the entries of their domains, of the units within their reach; what belongs to no
//! unit, whoever reaches the whole country. Entries of accounts (users, clients, grants, sessions) are
//! internal administration: whoever administers accounts sees them, and inspectors of organization.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::chain::{JournalRow, places_of};
use super::journal::{ActorKind, JournalAction, JournalEntryId};
use super::sights::{Sight, Sights};
use crate::api::mount::Mount;
use crate::api::ways::{Way, merged};
use crate::api::{ListQuery, Listed, PageParams, PageRequest, PageRows};
use crate::auth::permission::{Action, Domain};
use crate::auth::permit::Reader;
use crate::auth::scope::{Confinement, Scoped};
use crate::db::DbConn;
use crate::db::conn::MultiBackend;
use crate::db::schema::journal;
use crate::db::types::Instant;
use crate::db::unindexed::Unindexed;
use crate::error::{ApiError, Problem};
use crate::record_types::RecordType;
use crate::state::App;
use crate::successors::wanted_units;
use crate::tree::OrgUnitId;
use crate::unit_reference::{UnitName, UnitScope};
use crate::{keyset, on_way, operations, page_of};

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
    /// Its place in the chain (vị trí trong chuỗi); null for the moment until it is sealed.
    pub position: Option<i64>,
    /// When the request was taken (thời điểm).
    pub recorded_at: Instant,
    /// Who: a person, a system or a command on the server (loại tác nhân).
    pub actor_kind: ActorKind,
    /// Who: the id of the account, or the command (người thực hiện).
    pub actor_id: String,
    /// In which request (mã yêu cầu).
    pub request_id: String,
    /// What was done (hành động).
    pub action: JournalAction,
    /// To what kind of record (loại bản ghi).
    pub record_type: String,
    /// To which record (mã bản ghi được thay đổi).
    pub record_id: String,
    /// The record's version afterwards (phiên bản của bản ghi).
    pub record_version: i64,
    /// The unit that the record belongs to (đơn vị).
    pub org_unit_id: Option<String>,
    /// The province that it belongs to (tỉnh).
    pub province_id: Option<String>,
    /// The record afterwards, for a deletion before it (nội dung bản ghi); personal fields are masked or left out.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    /// The chain's hash up to here (mã băm của chuỗi); null until the entry is sealed.
    pub hash: Option<String>,
}
page_of!(JournalEntryPage, JournalEntry, "journal entries");

impl JournalEntry {
    fn of(row: JournalRow, place: Option<(i64, String)>) -> Result<Self, ApiError> {
        let (position, hash) = place.unzip();
        Ok(Self {
            content: serde_json::from_str(&row.content)
                .map_err(|error| ApiError::internal(format!("journal entry {}: {error}", row.id)))?,
            id: row.id,
            position,
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
            hash,
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
    /// The unit that the record belongs to, by id (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Entries of this instant and later (từ thời điểm).
    pub recorded_from: Option<Instant>,
    /// Entries before this instant (đến trước thời điểm).
    pub recorded_to: Option<Instant>,
}

type Entries<'a> = journal::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Entries<'a>, filter: &'a JournalFilter) -> Entries<'a> {
    let JournalFilter { record_type, record_id, actor_id, recorded_from, recorded_to, .. } = filter;
    if let Some(record_type) = record_type {
        query = query.filter(journal::record_type.eq(record_type));
    }
    if let Some(id) = record_id {
        query = query.filter(journal::record_id.eq(id));
    }
    if let Some(id) = actor_id {
        query = query.filter(journal::actor_id.eq(id));
    }
    if let Some(from) = recorded_from {
        query = query.filter(journal::recorded_at.ge(from));
    }
    if let Some(to) = recorded_to {
        query = query.filter(journal::recorded_at.lt(to));
    }
    query
}

/// What this account sees of the journal, and the permission by which it reads.
fn seen(reader: &Reader) -> Result<(Scoped, Sights), ApiError> {
    let (mut by, mut sights) = (Err(ApiError::new(Problem::Forbidden)), Sights::default());
    for domain in Domain::ALL {
        let Ok(scoped) = reader.scoped(Action::ReadJournal, *domain) else { continue };
        let of_domain = RecordType::ALL.iter().filter(|kind| kind.domain() == Some(*domain));
        sights.add(scoped.confinement(), |sight| {
            sight.types.extend(of_domain.clone());
            sight.attached_to.extend(of_domain);
            sight.internal |= *domain == Domain::Organization;
        });
        by = by.or(Ok(scoped));
    }
    let by = by?;
    // Accounts concern no domain: whoever administers them reads what was done to them.
    if let Ok(scoped) = reader.scoped(Action::Administer, Domain::Organization) {
        sights.add(scoped.confinement(), |sight| {
            let of_accounts = RecordType::ALL.iter().filter(|kind| kind.is_of_accounts());
            sight.types.extend(of_accounts);
            sight.internal = true;
        });
    }
    Ok((by, sights))
}

/// A part of what is seen that an index gives in its order.
#[derive(Debug, Clone, Copy)]
enum Part<'s> {
    /// Entries of every kind.
    All,
    /// Those of this kind.
    Kind(&'static str),
    /// Those of attachments that are seen.
    Attachments(&'s Sight),
    /// Those of all kinds that are seen, sifted out of all others.
    Sifted(&'s Sight),
}

/// The parts of a sight on a way, as far as a filter wants them. A rare kind is not looked for among all
/// entries of a province; those of one unit are few enough to be sifted.
fn parts<'s>(sight: &'s Sight, way: &Way, filter: &JournalFilter) -> Vec<Part<'s>> {
    match way {
        _ if sight.is_whole() => vec![Part::All],
        Way::Unit(_) => vec![Part::Sifted(sight)],
        Way::Everything | Way::Province(_) | Way::Many(_) => {
            let is_wanted = |kind: &str| filter.record_type.as_deref().is_none_or(|wanted| wanted == kind);
            let attached = !sight.attached_to.is_empty() && is_wanted(RecordType::Attachment.as_str());
            let kinds = sight.kinds().filter(|kind| is_wanted(kind)).map(Part::Kind);
            kinds.chain(attached.then_some(Part::Attachments(sight))).collect()
        }
    }
}

/// The first rows of a part on this way, of what lies within the reach.
fn first_rows<'a>(
    (part, way, within): (Part<'_>, &Way, Option<&Confinement>),
    filter: &'a JournalFilter,
    page: &PageRequest,
) -> Result<Entries<'a>, ApiError> {
    let mut query = matching(on_way!(journal::table.into_boxed(), way, journal), filter);
    if let Some(to) = within {
        query = query.filter(
            Unindexed(journal::province_id)
                .eq_any(to.provinces.clone())
                .or(Unindexed(journal::org_unit_id).eq_any(to.units.clone())),
        );
    }
    let query = match part {
        Part::All => query,
        Part::Kind(kind) => query.filter(journal::record_type.eq(kind)),
        Part::Attachments(sight) => {
            query.filter(journal::record_type.eq(RecordType::Attachment)).filter(sight.attached())
        }
        Part::Sifted(sight) => query.filter(sight.of_kinds()),
    };
    Ok(keyset!(query, page, desc journal::recorded_at => Instant, journal::id => JournalEntryId))
}

/// A page of entries, newest first; of these units where some are named.
///
/// # Errors
/// 422 for a cursor of another list.
pub fn journal_list(
    conn: &mut DbConn,
    (sights, units): (&Sights, Option<&[OrgUnitId]>),
    filter: &JournalFilter,
    page: &PageRequest,
) -> Result<PageRows<JournalEntry>, ApiError> {
    let mut rows: Vec<Vec<JournalRow>> = Vec::new();
    for sight in sights.iter() {
        // Those of some units are read unit by unit, and held against the reach.
        let (ways, within) = match units {
            None => (Way::of(sight.confinement.clone()), None),
            Some(units) => {
                let units = Confinement { provinces: Vec::new(), units: units.to_vec() };
                (Way::of(Some(units)), sight.confinement.as_ref())
            }
        };
        for way in ways {
            for part in parts(sight, &way, filter) {
                let query = first_rows((part, &way, within), filter, page)?;
                rows.push(query.select(JournalRow::as_select()).load(conn)?);
            }
        }
    }
    let rows = merged(rows, true, |row| (row.recorded_at, row.id));
    let counted = || {
        let mut visible = journal::table.filter(sights.any(Sight::finding)).into_boxed();
        if let Some(units) = units {
            visible = visible.filter(journal::org_unit_id.eq_any(units.to_vec()));
        }
        matching(visible, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let PageRows { items, last, total } =
        page.cut(rows, total, |row| serde_json::json!([row.recorded_at, row.id]));
    let mut places = places_of(conn, items.iter().map(|row| row.id))?;
    let entry = |row: JournalRow| {
        let place = places.remove(&row.id);
        JournalEntry::of(row, place)
    };
    Ok(PageRows { items: items.into_iter().map(entry).collect::<Result<_, _>>()?, last, total })
}

fn units_of(scoped: &Scoped, filter: &JournalFilter) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)
}

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_journal_entries);
}

#[utoipa::path(
    get, path = "/api/v1/admin/audit",
    operation_id = "list_journal_entries", tag = "journal", summary = "List journal entries",
    description = "A page of the journal (nhật ký), newest first: who wrote what and when, within reach and in the domains of the account. Entries of accounts, grants and sessions are for whoever administers accounts, and for inspectors of `organization`.",
    params(JournalFilter, PageParams),
    responses((status = 200, description = "A page.", body = JournalEntryPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_journal_entries(
    reader: Reader,
    query: ListQuery<JournalFilter>,
    app: App,
) -> Result<Listed<JournalEntryPage>, ApiError> {
    let (scoped, sights) = seen(&reader)?;
    let list = move |conn: &mut DbConn, scoped: &Scoped, filter: &JournalFilter, page: &PageRequest| {
        journal_list(conn, (&sights, units_of(scoped, filter)?.as_deref()), filter, page)
    };
    query.answer(scoped, &app, list).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plan::{migrated, plan};

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let many = Way::Many(Confinement { provinces: vec![one], units: vec![one, other] });
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), many];
        let filters = [
            (JournalFilter::default(), "journal_by_time"),
            (JournalFilter { record_type: Some("period".into()), ..Default::default() }, "journal_by_type"),
            (JournalFilter { record_id: Some("x".into()), ..Default::default() }, "journal_by_record"),
            (JournalFilter { actor_id: Some("x".into()), ..Default::default() }, "journal_by_actor"),
        ];
        let whole = Sight {
            types: RecordType::ALL.to_vec(),
            attached_to: RecordType::ALL.to_vec(),
            internal: true,
            confinement: None,
        };
        let some = |internal| Sight { types: vec![RecordType::ProcessingReturn], internal, ..whole.clone() };
        let sights = [whole.clone(), some(false), some(true)];
        let reach = Confinement { provinces: vec![one], units: vec![other] };
        let asked = sights.iter().flat_map(|sight| filters.iter().map(move |filter| (sight, filter)));
        let asked = asked.flat_map(|of| [None, Some(&reach)].map(|within| (of, within)));
        for ((sight, (filter, index)), within) in asked {
            for way in &ways {
                let parts = parts(sight, way, filter);
                let pages = [None, Some(serde_json::json!([filter_time(), JournalEntryId::new()]))];
                for (part, after) in
                    parts.iter().flat_map(|part| pages.iter().map(move |after| (part, after)))
                {
                    let page = PageRequest::for_test(50, after.clone());
                    let query = first_rows((*part, way, within), filter, &page).unwrap();
                    let mut plan = plan(&mut conn, query.select(JournalRow::as_select()));
                    // Whose an attachment is, is looked up entry by entry.
                    plan.retain(|step| !step.contains("SUBQUERY") && !step.contains("attachments"));
                    assert_eq!(plan.len(), 1, "{filter:?} on {way:?} sorts: {plan:?}");
                    let is_of_all = matches!(way, Way::Everything | Way::Many(_)) && sight.is_whole();
                    if is_of_all {
                        assert!(plan[0].contains(index), "{filter:?} on {way:?}: {plan:?}");
                    } else {
                        assert!(plan[0].starts_with("SEARCH"), "{part:?} {filter:?} on {way:?}: {plan:?}");
                    }
                }
            }
        }
    }

    fn filter_time() -> Instant {
        Instant::from_micros(1)
    }
}
