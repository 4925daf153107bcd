//! Publications in the database.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    HeldPublication, ItemRow, ProcedurePublication, ProcedurePublicationCounts, ProcedurePublicationFilter,
    ProcedurePublicationId, ProcedurePublicationSort, PublicationAction, PublicationItem, PublicationRow,
};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use crate::procedures::store::code_forms;
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{procedure_publication_items, procedure_publications};
use kernel::document_numbers::number_key;
use kernel::error::ApiError;
use kernel::keyset;
use kernel::successors::wanted_units;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};

type Publications<'a> = procedure_publications::BoxedQuery<'a, MultiBackend>;
/// The answer of a publication, with its issuer as it was named on the day of issue.
pub(super) fn answer(scoped: &Scoped, held: HeldPublication) -> ProcedurePublication {
    let unit = label(scoped.tree(), held.row.org_unit_id, held.row.issued_on);
    ProcedurePublication::of(held, unit)
}

/// The items about a procedure, whether it is the subject or is replaced.
macro_rules! about {
    ($code:expr) => {{
        use procedure_publication_items as i;
        let forms = code_forms($code);
        i::procedure_code.eq_any(forms.clone()).or(i::replaced_procedure_code.eq_any(forms))
    }};
}

/// Narrows a boxed query over publications to what a filter says of the decisions themselves.
macro_rules! narrowed {
    ($query:expr, $filter:expr, $wanted:expr) => {{
        use procedure_publications as p;
        let (filter, wanted): (&ProcedurePublicationFilter, &Wanted) = ($filter, $wanted);
        let mut query = $query.filter(p::deleted_at.is_null());
        if let Some(units) = &wanted.units {
            query = query.filter(p::org_unit_id.eq_any(units.clone()));
        }
        if let Some(number) = &filter.number {
            query = query.filter(p::number_key.eq(number_key(number)));
        }
        if let Some(day) = filter.issued_from {
            query = query.filter(p::issued_on.ge(day));
        }
        if let Some(day) = filter.issued_to {
            query = query.filter(p::issued_on.le(day));
        }
        if let Some(day) = filter.effective_from {
            query = query.filter(p::effective_on.ge(day));
        }
        if let Some(day) = filter.effective_to {
            query = query.filter(p::effective_on.le(day));
        }
        for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
            query = query.filter(p::title_folded.like(contains(word)).escape('\\'));
        }
        query
    }};
}

/// What a filter names, looked up.
struct Wanted {
    units: Option<Vec<OrgUnitId>>,
    code: Option<String>,
}

impl Wanted {
    fn of(conn: &mut DbConn, scoped: &Scoped, filter: &ProcedurePublicationFilter) -> Result<Self, ApiError> {
        let name = UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        };
        let day = filter.as_of.unwrap_or_else(|| scoped.today());
        let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
        let code = match (filter.procedure_id, &filter.procedure_code) {
            (None, code) => code.clone(),
            (id, code) => {
                let codes = code.as_deref().into_iter().collect();
                let named = ProceduresNamed::load(conn, id.into_iter().collect(), codes)?;
                let by = NamedBy { id, code: code.as_deref(), pointer: "/procedure_id" };
                let id = named.resolve(by).map_err(|fault| ApiError::invalid(vec![fault]))?;
                named.code(id).map(str::to_owned)
            }
        };
        Ok(Self { units, code })
    }
}

fn matching<'a>(filter: &'a ProcedurePublicationFilter, wanted: &Wanted) -> Publications<'a> {
    use {procedure_publication_items as i, procedure_publications as p};
    let query = narrowed!(p::table.into_boxed(), filter, wanted);
    let actions = filter.action.map_or_else(|| PublicationAction::ALL.to_vec(), |action| vec![action]);
    let items = i::table.filter(i::action.eq_any(actions));
    // Items of one procedure are few and looked up first; those of an action or level are many, and
    // tried for one decision after the other. The multi-connection nests no boxed query.
    let of_procedure = || items.clone().select(i::publication_id);
    let of_each = || items.clone().filter(i::publication_id.eq(p::id));
    match (&wanted.code, filter.level) {
        (None, None) if filter.action.is_none() => query,
        (None, None) => query.filter(dsl::exists(of_each())),
        (None, Some(level)) => query.filter(dsl::exists(of_each().filter(i::level.eq(level)))),
        (Some(code), None) => query.filter(p::id.eq_any(of_procedure().filter(about!(code)))),
        (Some(code), Some(level)) => {
            query.filter(p::id.eq_any(of_procedure().filter(i::level.eq(level)).filter(about!(code))))
        }
    }
}

/// A page of publications.
///
/// # Errors
/// 422 for a cursor of another order, for a unit or procedure that is not known.
pub(super) fn publication_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedurePublicationFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcedurePublication>, ApiError> {
    use ProcedurePublicationSort as Sort;
    use procedure_publications as p;
    let wanted = Wanted::of(conn, scoped, filter)?;
    let sort = filter.sort.unwrap_or(Sort::IssuedOnDesc);
    let query = matching(filter, &wanted);
    let query = match sort {
        Sort::IssuedOn => {
            keyset!(query, page, asc p::issued_on => NaiveDate, p::id => ProcedurePublicationId)
        }
        Sort::IssuedOnDesc => {
            keyset!(query, page, desc p::issued_on => NaiveDate, p::id => ProcedurePublicationId)
        }
        Sort::EffectiveOn => {
            keyset!(query, page, asc p::effective_on => NaiveDate, p::id => ProcedurePublicationId)
        }
        Sort::EffectiveOnDesc => {
            keyset!(query, page, desc p::effective_on => NaiveDate, p::id => ProcedurePublicationId)
        }
    };
    let rows: Vec<PublicationRow> = query.select(PublicationRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(filter, &wanted).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| match sort {
        Sort::IssuedOn | Sort::IssuedOnDesc => json!([row.issued_on, row.id]),
        Sort::EffectiveOn | Sort::EffectiveOnDesc => json!([row.effective_on, row.id]),
    });
    let PageRows { items, last, total } = rows;
    let items = held_of(conn, items)?.into_iter().map(|held| answer(scoped, held)).collect();
    Ok(PageRows { items, last, total })
}

/// Narrows a boxed query over items and their publications to what a filter asks for.
macro_rules! narrowed_items {
    ($query:expr, $filter:expr, $wanted:expr) => {{
        use procedure_publication_items as i;
        let mut query = narrowed!($query, $filter, $wanted);
        if let Some(code) = &$wanted.code {
            query = query.filter(about!(code));
        }
        if let Some(action) = $filter.action {
            query = query.filter(i::action.eq(action));
        }
        if let Some(level) = $filter.level {
            query = query.filter(i::level.eq(level));
        }
        query
    }};
}

/// How many publications a filter finds, and how many procedures they have that it asks for.
///
/// # Errors
/// 422 for a unit or procedure that is not known.
pub(super) fn publication_counts(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedurePublicationFilter,
) -> Result<ProcedurePublicationCounts, ApiError> {
    use {procedure_publication_items as i, procedure_publications as p};
    let wanted = Wanted::of(conn, scoped, filter)?;
    let publications = matching(filter, &wanted).count().get_result(conn)?;
    let items = || i::table.inner_join(p::table.on(p::id.eq(i::publication_id)));
    let by_action = items().group_by(i::action).select((i::action, dsl::count_star())).into_boxed();
    let by_action: Vec<(PublicationAction, i64)> = narrowed_items!(by_action, filter, &wanted).load(conn)?;
    let distinct = items().select(dsl::count(i::procedure_code).aggregate_distinct()).into_boxed();
    let procedures = narrowed_items!(distinct, filter, &wanted).first(conn)?;
    let of = |wanted| by_action.iter().find(|(action, _)| *action == wanted).map_or(0, |(_, count)| *count);
    Ok(ProcedurePublicationCounts {
        publications,
        added: of(PublicationAction::Add),
        changed: of(PublicationAction::Change),
        replaced: of(PublicationAction::Replace),
        repealed: of(PublicationAction::Repeal),
        procedures,
    })
}

/// The items of publications, each in their order.
pub(super) fn item_rows(
    conn: &mut DbConn,
    publications: &[ProcedurePublicationId],
) -> Result<HashMap<ProcedurePublicationId, Vec<ItemRow>>, ApiError> {
    use procedure_publication_items as i;
    let rows: Vec<ItemRow> = i::table
        .filter(i::publication_id.eq_any(publications.to_vec()))
        .order((i::publication_id, i::position))
        .select(ItemRow::as_select())
        .load(conn)?;
    let mut items: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        items.entry(row.publication_id).or_default().push(row);
    }
    Ok(items)
}

/// Publications with their items.
pub(super) fn held_of(
    conn: &mut DbConn,
    rows: Vec<PublicationRow>,
) -> Result<Vec<HeldPublication>, ApiError> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut items = item_rows(conn, &ids)?;
    let codes = items.values().flatten().flat_map(codes_of).collect();
    let named = ProceduresNamed::load(conn, HashSet::new(), codes)?;
    let held = |row: PublicationRow| {
        let items = items.remove(&row.id).unwrap_or_default();
        HeldPublication { items: items.into_iter().map(|item| known(item, &named)).collect(), row }
    };
    Ok(rows.into_iter().map(held).collect())
}

/// The codes that an item names.
pub(super) fn codes_of(item: &ItemRow) -> impl Iterator<Item = &str> {
    std::iter::once(item.procedure_code.as_str()).chain(item.replaced_procedure_code.as_deref())
}

/// An item with the ids of the procedures that the catalogue has.
pub(super) fn known(item: ItemRow, named: &ProceduresNamed) -> PublicationItem {
    let ItemRow { action, procedure_code, replaced_procedure_code, level, name, note, .. } = item;
    PublicationItem {
        action,
        procedure_id: named.id(&procedure_code),
        procedure_code: Some(procedure_code),
        replaced_procedure_id: replaced_procedure_code.as_deref().and_then(|code| named.id(code)),
        replaced_procedure_code,
        level,
        name,
        note,
    }
}

/// A publication by its id, as it is stored.
pub(super) fn held_find(conn: &mut DbConn, id: ProcedurePublicationId) -> Result<HeldPublication, ApiError> {
    let row: PublicationRow = procedure_publications::table
        .find(id)
        .filter(procedure_publications::deleted_at.is_null())
        .select(PublicationRow::as_select())
        .first(conn)?;
    held_of(conn, vec![row])?.pop().ok_or_else(|| ApiError::internal("a publication was lost"))
}

/// A publication by its id.
///
/// # Errors
/// 404 when there is none.
pub(super) fn publication_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedurePublicationId,
) -> Result<ProcedurePublication, ApiError> {
    Ok(answer(scoped, held_find(conn, id)?))
}

/// Whose the attachments of a publication are: nobody's, as the decision itself.
///
/// # Errors
/// 404 when there is none.
pub(super) fn publication_seen(
    conn: &mut DbConn,
    _scoped: &Scoped,
    id: ProcedurePublicationId,
) -> Result<Belonging, ApiError> {
    held_find(conn, id).map(|_| Belonging::nobody())
}

/// The same for whoever may change publications.
///
/// # Errors
/// 403 for everyone but an administrator of the whole country, 404 when there is none.
pub(super) fn publication_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedurePublicationId,
) -> Result<Belonging, ApiError> {
    scoped.whole_country()?;
    publication_seen(conn, scoped, id)
}

impl HeldPublication {
    /// Its items as they are stored.
    pub(super) fn rows(&self) -> impl Iterator<Item = ItemRow> + '_ {
        (0_i32..).zip(&self.items).map(|(position, item)| ItemRow {
            publication_id: self.row.id,
            position,
            action: item.action,
            procedure_code: item.procedure_code.clone().unwrap_or_default(),
            replaced_procedure_code: item.replaced_procedure_code.clone(),
            level: item.level,
            name: item.name.clone(),
            note: item.note.clone(),
        })
    }
}
