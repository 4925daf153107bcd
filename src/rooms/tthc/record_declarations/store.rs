//! Declarations of complete records in the database, and how they are written.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    DeclarationRow, RecordDeclaration, RecordDeclarationCreate, RecordDeclarationFilter, RecordDeclarationId,
    RecordDeclarationSort,
};
use super::rules::{faults, not_in_force};
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::api::ways::{Way, merged};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::record_declarations;
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::owners::Owner;
use kernel::successors::wanted_units;
use kernel::tree::{OrgUnitId, UnitSet};
use kernel::validity::days_in_range;
use kernel::{confine, hide_row, keyset, on_way};

const RECORD_TYPE: &str = "record_declaration";

/// The most units that one statement names.
const UNITS_AT_ONCE: usize = 4_000;

type Declarations<'a> = record_declarations::BoxedQuery<'a, MultiBackend>;

fn standing<'a>() -> Declarations<'a> {
    record_declarations::table.filter(record_declarations::deleted_at.is_null()).into_boxed()
}

/// The declarations in reach; where units are named theirs, of which each has one at most.
fn matching<'a>(scoped: &Scoped, units: Option<&[OrgUnitId]>) -> Declarations<'a> {
    let query = confine!(standing(), scoped, record_declarations);
    match units {
        Some(units) => query.filter(record_declarations::org_unit_id.eq_any(units.to_vec())),
        None => query,
    }
}

/// The first of these on a page, in the order of the list.
fn first_rows<'a>(
    query: Declarations<'a>,
    sort: RecordDeclarationSort,
    page: &PageRequest,
) -> Result<Declarations<'a>, ApiError> {
    use record_declarations as d;
    Ok(match sort {
        RecordDeclarationSort::RecordsCompleteSince => {
            keyset!(query, page, asc d::records_complete_since => NaiveDate, d::id => RecordDeclarationId)
        }
        RecordDeclarationSort::RecordsCompleteSinceDesc => {
            keyset!(query, page, desc d::records_complete_since => NaiveDate, d::id => RecordDeclarationId)
        }
    })
}

/// A page of declarations.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub(super) fn declaration_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &RecordDeclarationFilter,
    page: &PageRequest,
) -> Result<PageRows<RecordDeclaration>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &filter.unit_name(), filter.scope.unwrap_or_default(), day)?;
    let units = units.as_deref();
    let queries: Vec<Declarations<'_>> = match units {
        Some(_) => vec![matching(scoped, units)],
        None => {
            let ways = Way::of(scoped.confinement());
            ways.iter().map(|way| on_way!(standing(), way, record_declarations)).collect()
        }
    };
    let sort = filter.sort.unwrap_or(RecordDeclarationSort::RecordsCompleteSince);
    let mut rows: Vec<Vec<DeclarationRow>> = Vec::new();
    for query in queries {
        rows.push(first_rows(query, sort, page)?.select(DeclarationRow::as_select()).load(conn)?);
    }
    let is_descending = sort == RecordDeclarationSort::RecordsCompleteSinceDesc;
    let rows = merged(rows, is_descending, |row| (row.records_complete_since, row.id));
    let total = page.include_total().then(|| matching(scoped, units).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.records_complete_since, row.id]));
    Ok(rows.map(|row| RecordDeclaration::of(row, scoped.tree())))
}

fn row_find(conn: &mut DbConn, scoped: &Scoped, id: RecordDeclarationId) -> Result<DeclarationRow, ApiError> {
    let found = standing().filter(record_declarations::id.eq(id));
    let row: DeclarationRow = found.select(DeclarationRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// A declaration by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn declaration_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: RecordDeclarationId,
) -> Result<RecordDeclaration, ApiError> {
    Ok(RecordDeclaration::of(row_find(conn, scoped, id)?, scoped.tree()))
}

/// Since when the records of these units are complete (ngày bắt đầu đủ hồ sơ), of those that declare it:
/// for periods that begin on this day or later their dossiers are counted, not their returns. No unit is
/// held against a reach: who asks has done so.
///
/// # Errors
/// When the database cannot be read.
pub fn declared_since(conn: &mut DbConn, units: &UnitSet) -> Result<HashMap<OrgUnitId, NaiveDate>, ApiError> {
    use record_declarations as d;
    let mut declared = standing().select((d::org_unit_id, d::records_complete_since));
    // More are read faster all, one line a unit of the country at most, than so many are asked for.
    if units.len() <= UNITS_AT_ONCE {
        declared = declared.filter(d::org_unit_id.eq_any(units.iter().collect::<Vec<_>>()));
    }
    let found: Vec<(OrgUnitId, NaiveDate)> = declared.load(conn)?;
    Ok(found.into_iter().filter(|(unit, _)| units.contains(*unit)).collect())
}

/// Declarations, as they are written.
pub struct RecordDeclarations;

impl Records for RecordDeclarations {
    type Id = RecordDeclarationId;
    type Body = RecordDeclarationCreate;
    type Row = DeclarationRow;
    type View = RecordDeclaration;

    fn order(body: &RecordDeclarationCreate) -> String {
        let unit = body.unit_name();
        key_text([unit.id.map(|id| id.written()).as_deref(), unit.identifier, unit.code])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: RecordDeclarationId) -> Result<DeclarationRow, ApiError> {
        row_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[RecordDeclarationCreate],
    ) -> Result<Vec<Option<DeclarationRow>>, ApiError> {
        let named = |body: &RecordDeclarationCreate| {
            let unit = body.unit_name().resolve(scoped.tree(), body.records_complete_since).ok()?;
            scoped.reaches(unit).then_some(unit)
        };
        let named: Vec<Option<OrgUnitId>> = bodies.iter().map(named).collect();
        let units: HashSet<OrgUnitId> = named.iter().flatten().copied().collect();
        let rows: Vec<DeclarationRow> = standing()
            .filter(record_declarations::org_unit_id.eq_any(units))
            .select(DeclarationRow::as_select())
            .load(tx.conn())?;
        let rows: HashMap<OrgUnitId, DeclarationRow> =
            rows.into_iter().map(|row| (row.org_unit_id, row)).collect();
        Ok(named.into_iter().map(|unit| rows.get(&unit?).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<RecordDeclarationCreate, DeclarationRow>>,
    ) -> Result<Vec<Result<DeclarationRow, ApiError>>, ApiError> {
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| declaration_made(scoped, draft, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[DeclarationRow],
    ) -> Result<Written<RecordDeclaration>, ApiError> {
        let stored = DeclarationRow::store(tx.conn(), rows)?;
        Written::journal(tx, rows, &stored, journal_entry, |row| {
            RecordDeclaration::of(row.clone(), scoped.tree())
        })
    }
}

/// That a unit has one already is found by the key of the table when it is stored.
fn declaration_made(
    scoped: &Scoped,
    draft: Draft<RecordDeclarationCreate, DeclarationRow>,
    at: Instant,
) -> Result<DeclarationRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    if let Some(row) = &present {
        scoped.must_reach(row.org_unit_id)?;
    }
    let (tree, name, day) = (scoped.tree(), body.unit_name(), body.records_complete_since);
    let mut found = faults(&body, scoped.today());
    let unit = name.resolve(tree, day).map_err(|unknown| found.extend(unknown)).ok();
    if let Some(unit) = unit {
        if present.as_ref().is_some_and(|row| row.org_unit_id != unit) {
            found.push(renamed(name.pointer()));
        } else if found.is_empty() && !tree.in_force(unit, day) {
            // Of a declaration that stands the unit is given: it is the day that was chosen wrongly.
            let pointer = if present.is_some() { "/records_complete_since" } else { name.pointer() };
            found.push(not_in_force(pointer, day));
        }
    }
    let Some(unit) = unit.filter(|_| found.is_empty()) else { return Err(ApiError::invalid(found)) };
    let owner = Owner::within_reach(scoped, &name, unit)?;
    Ok(DeclarationRow::made(body, present.as_ref(), at, owner))
}

/// The unit names a declaration and stays.
fn renamed(pointer: &'static str) -> Fault {
    let message = Bilingual::new(
        "Đơn vị xác định bản công bố nên không thay đổi được; hãy xóa và tạo bản công bố khác.",
        "The unit names the declaration and cannot change; delete it and make another.",
    );
    Fault::new(pointer, "names_the_declaration", message)
}

fn journal_entry(
    action: JournalAction,
    view: &RecordDeclaration,
    row: &DeclarationRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Withdraws a declaration: forms count the unit's returns again, also for periods that are past.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn declaration_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: RecordDeclarationId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, record_declarations, row)?;
    let row = DeclarationRow { version: row.version + 1, ..row };
    let view = RecordDeclaration::of(row.clone(), scoped.tree());
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::auth::scope::Confinement;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let many = Confinement { provinces: vec![OrgUnitId::new()], units: vec![OrgUnitId::new()] };
        for way in [Way::Everything, Way::Province(OrgUnitId::new()), Way::Many(many)] {
            for sort in RecordDeclarationSort::ALL {
                let query = || {
                    let page = PageRequest::for_test(50, None);
                    let query = first_rows(on_way!(standing(), &way, record_declarations), *sort, &page);
                    query.unwrap().select(DeclarationRow::as_select())
                };
                let index = match way {
                    Way::Province(_) => "record_declarations_by_province",
                    _ => "record_declarations_by_day",
                };
                let told = plan(&mut conn, query());
                let is_right = told.iter().any(|step| step.contains(index))
                    && !told.iter().any(|step| step.contains("TEMP B-TREE"));
                assert!(is_right, "{sort:?} on {way:?}: {told:?}");
                if let Some(postgres) = &mut postgres {
                    let told = postgres_plan(postgres.conn(), query());
                    let is_right = told.iter().any(|step| step.contains(index))
                        && !told.iter().any(|step| step.contains("Sort"));
                    assert!(is_right, "{sort:?} on {way:?}: {told:#?}");
                }
            }
        }
    }

    #[test]
    fn a_unit_is_found_by_its_key() {
        let (_folder, mut conn) = migrated();
        let way = Way::Unit(OrgUnitId::new());
        let told = plan(&mut conn, on_way!(standing(), &way, record_declarations));
        assert!(told.iter().any(|step| step.contains("record_declarations_key")), "{told:?}");
    }
}
