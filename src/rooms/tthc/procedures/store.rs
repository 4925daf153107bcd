//! Procedures in the database: an identity with its timeline of versions, read as one record.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::fields::FieldNames;
use super::model::{
    IdentityRow, Procedure, ProcedureFilter, ProcedureId, ProcedureName, ProcedureSort, ProcedureStatus,
    VersionRow,
};
use super::timeline::Timeline;
use kernel::api::records::Row;
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{procedure_fields, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::keyset;
use kernel::text::{contains, fold};
use kernel::validity::storable;

/// A procedure with all its versions.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its identity.
    pub identity: IdentityRow,
    /// Its versions.
    pub timeline: Timeline,
    /// The version that is answered: the one that a write is about, else the latest.
    pub(super) focus: VersionRow,
    /// The name of its field, where a write named it.
    pub(super) field_name: Option<String>,
}

impl Held {
    pub(super) fn of(identity: IdentityRow, versions: Vec<VersionRow>) -> Result<Self, ApiError> {
        let timeline = Timeline::new(versions);
        let focus = timeline.versions().last().cloned();
        let focus = focus.ok_or_else(|| ApiError::internal("a procedure has no version"))?;
        Ok(Self { identity, timeline, focus, field_name: None })
    }

    /// The procedure with another timeline.
    ///
    /// # Errors
    /// When that has no version.
    pub(crate) fn with_timeline(self, timeline: &Timeline) -> Result<Self, ApiError> {
        Self::of(self.identity, timeline.versions().to_vec())
    }
}

/// What a write is about does not make it another procedure.
impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity && self.timeline == other.timeline
    }
}

impl Row for Held {
    type Id = ProcedureId;

    fn id(&self) -> ProcedureId {
        self.identity.id
    }

    fn version(&self) -> i64 {
        self.identity.version
    }

    fn revise(&mut self, at: Instant) {
        self.identity.revise(at);
    }
}

/// A procedure with its versions.
///
/// # Errors
/// 404 when there is none.
pub fn held_find(conn: &mut DbConn, id: ProcedureId) -> Result<Held, ApiError> {
    let identity: IdentityRow = procedures::table
        .find(id)
        .filter(procedures::deleted_at.is_null())
        .select(IdentityRow::as_select())
        .first(conn)?;
    let versions = procedure_versions::table
        .filter(procedure_versions::procedure_id.eq(id))
        .select(VersionRow::as_select())
        .load(conn)?;
    Held::of(identity, versions)
}

/// The procedures of these codes with all their versions.
pub(crate) fn held_by_code(
    conn: &mut DbConn,
    codes: HashSet<&str>,
) -> Result<HashMap<String, Held>, ApiError> {
    let identities: Vec<IdentityRow> = procedures::table
        .filter(procedures::code.eq_any(codes).and(procedures::deleted_at.is_null()))
        .select(IdentityRow::as_select())
        .load(conn)?;
    let ids: Vec<ProcedureId> = identities.iter().map(|row| row.id).collect();
    let mut versions: HashMap<ProcedureId, Vec<VersionRow>> = HashMap::new();
    let rows: Vec<VersionRow> = procedure_versions::table
        .filter(procedure_versions::procedure_id.eq_any(ids))
        .select(VersionRow::as_select())
        .load(conn)?;
    for row in rows {
        versions.entry(row.procedure_id).or_default().push(row);
    }
    let held = identities.into_iter().map(|identity| {
        let versions = versions.remove(&identity.id).unwrap_or_default();
        Ok((identity.code.clone(), Held::of(identity, versions)?))
    });
    held.collect()
}

pub(crate) type Joined<'a> = dsl::IntoBoxed<
    'a,
    dsl::LeftJoinOn<
        dsl::InnerJoinOn<
            procedures::table,
            procedure_versions::table,
            dsl::Eq<procedure_versions::procedure_id, procedures::id>,
        >,
        procedure_fields::table,
        dsl::Eq<dsl::Nullable<procedure_fields::id>, procedure_versions::field_id>,
    >,
    MultiBackend,
>;

/// The versions that speak for a day.
pub(crate) fn speaking<'a>(day: NaiveDate) -> Joined<'a> {
    use procedure_versions as v;
    procedures::table
        .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
        .left_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(v::field_id)))
        .into_boxed()
        .filter(procedures::deleted_at.is_null())
        .filter(v::speaks_from.le(day).and(v::speaks_to.gt(day)))
}

/// What [`Procedure::of`] is made of.
pub(crate) fn columns() -> (
    <IdentityRow as Selectable<MultiBackend>>::SelectExpression,
    <VersionRow as Selectable<MultiBackend>>::SelectExpression,
    dsl::Nullable<procedure_fields::name>,
) {
    (
        <IdentityRow as Selectable<MultiBackend>>::construct_selection(),
        <VersionRow as Selectable<MultiBackend>>::construct_selection(),
        procedure_fields::name.nullable(),
    )
}

/// The codes under which a procedure may be recorded: as it is given, and without the agency's part.
pub(crate) fn code_forms(code: &str) -> Vec<String> {
    let national = code.split_at_checked(8).filter(|(_, agency)| agency.starts_with('.'));
    std::iter::once(code).chain(national.map(|(national, _)| national)).map(str::to_owned).collect()
}

fn matching(filter: &ProcedureFilter, day: NaiveDate) -> Joined<'_> {
    use procedure_versions as v;
    let ProcedureFilter { as_of: _, code, field_id, field_name, level, service_level, status, q, sort: _ } =
        filter;
    let mut query = speaking(day);
    if let Some(code) = code {
        query = query.filter(procedures::code.eq_any(code_forms(code)));
    }
    if let Some(field) = field_id {
        query = query.filter(v::field_id.eq(field));
    }
    if let Some(name) = field_name {
        query = query.filter(procedure_fields::name.eq(name));
    }
    if let Some(level) = level {
        query = query.filter(v::level.eq(level));
    }
    if let Some(level) = service_level {
        query = query.filter(v::service_level.eq(level));
    }
    query = match status {
        None => query,
        Some(ProcedureStatus::NotYetInForce) => query.filter(v::valid_from.gt(day)),
        Some(ProcedureStatus::InForce) => query.filter(v::valid_from.le(day).and(v::valid_to.gt(day))),
        Some(ProcedureStatus::Ended) => query.filter(v::valid_to.le(day)),
    };
    if let Some(q) = q {
        let is_code = || procedures::code.eq(q.trim());
        let words = fold(q);
        if words.is_empty() {
            query = query.filter(is_code());
        }
        for word in words.split_whitespace() {
            query = query.filter(v::name_folded.like(contains(word)).escape('\\').or(is_code()));
        }
    }
    query
}

/// The day that is asked about: today, when none is given.
pub(super) fn day_of(as_of: Option<NaiveDate>, scoped: &Scoped) -> NaiveDate {
    storable(as_of.unwrap_or_else(|| scoped.today()))
}

/// A page of procedures, each in the version that speaks for the day.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn procedure_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedureFilter,
    page: &PageRequest,
) -> Result<PageRows<Procedure>, ApiError> {
    use procedure_versions as v;
    let day = day_of(filter.as_of, scoped);
    let sort = filter.sort.unwrap_or(ProcedureSort::Code);
    let query = matching(filter, day);
    let query = match sort {
        ProcedureSort::Code => {
            keyset!(query, page, asc procedures::code => String, procedures::id => ProcedureId)
        }
        ProcedureSort::CodeDesc => {
            keyset!(query, page, desc procedures::code => String, procedures::id => ProcedureId)
        }
        ProcedureSort::Name => {
            keyset!(query, page, asc v::name_folded => String, v::procedure_id => ProcedureId)
        }
        ProcedureSort::NameDesc => {
            keyset!(query, page, desc v::name_folded => String, v::procedure_id => ProcedureId)
        }
    };
    let rows: Vec<(IdentityRow, VersionRow, Option<String>)> = query.select(columns()).load(conn)?;
    let total = page.include_total().then(|| matching(filter, day).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(identity, version, _)| match sort {
        ProcedureSort::Code | ProcedureSort::CodeDesc => serde_json::json!([identity.code, identity.id]),
        ProcedureSort::Name | ProcedureSort::NameDesc => {
            serde_json::json!([version.name_folded, identity.id])
        }
    });
    Ok(rows.map(|(identity, version, field)| Procedure::of(&identity, version, field, day)))
}

/// A procedure in the version that speaks for the day.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
    as_of: Option<NaiveDate>,
) -> Result<Procedure, ApiError> {
    let day = day_of(as_of, scoped);
    let (identity, version, field): (IdentityRow, VersionRow, Option<String>) =
        speaking(day).filter(procedures::id.eq(id)).select(columns()).first(conn)?;
    Ok(Procedure::of(&identity, version, field, day))
}

/// A procedure has attachments whatever version is in force.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_seen(conn: &mut DbConn, _scoped: &Scoped, id: ProcedureId) -> Result<Belonging, ApiError> {
    held_find(conn, id).map(|_| Belonging::nobody())
}

/// The same for whoever may change procedures.
///
/// # Errors
/// 403 for everyone but an administrator of the whole country, 404 when there is none.
pub fn procedure_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
) -> Result<Belonging, ApiError> {
    scoped.whole_country()?;
    procedure_seen(conn, scoped, id)
}

/// All versions of a procedure, the oldest first, each as it stands today.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_versions_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
) -> Result<Vec<Procedure>, ApiError> {
    let held = held_find(conn, id)?;
    let fields = held.timeline.versions().iter().filter_map(|version| version.field_id).collect();
    let names = FieldNames::load(conn, fields)?;
    let answer = |version: &VersionRow| {
        let field = version.field_id.and_then(|field| names.name(field)).map(str::to_owned);
        Procedure::of(&held.identity, version.clone(), field, scoped.today())
    };
    Ok(held.timeline.versions().iter().map(answer).collect())
}

/// The names that the procedures in force on a day have, by code.
///
/// # Errors
/// When the database cannot be read.
pub fn procedure_names(
    conn: &mut DbConn,
    scoped: &Scoped,
    as_of: Option<NaiveDate>,
) -> Result<Vec<ProcedureName>, ApiError> {
    use procedure_versions as v;
    let day = day_of(as_of, scoped);
    let rows: Vec<(ProcedureId, String, String)> = speaking(day)
        .filter(v::valid_from.le(day).and(v::valid_to.gt(day)))
        .order(procedures::code)
        .select((procedures::id, procedures::code, v::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name)| ProcedureName { id, code, name }).collect())
}
