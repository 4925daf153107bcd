//! Where the catalogue and the publications do not say the same, read in two parts: what publications
//! say and the catalogue does not, then decisions that the catalogue names and that are not held. Both
//! are scanned in chunks of one read each, however far apart the differences lie.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Date, Text};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::application::Catalogue;
use super::model::{
    ItemRow, ProcedurePublicationId, PublicationDifference, PublicationDifferenceFilter, PublicationRow,
};
use super::rules::{self, Announced};
use super::store::{codes_of, item_rows};
use crate::procedures::model::{ProcedureId, ProcedureVersionId};
use crate::procedures::store::code_forms;
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::row_value::{RowBeyond, Side};
use kernel::db::schema::{
    procedure_publication_items, procedure_publications, procedure_versions, procedures,
};
use kernel::document_numbers::number_named;
use kernel::error::ApiError;
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;
use kernel::validity::{OPEN_BEGINNING, storable};

/// Publications of one read.
const PUBLICATIONS: i64 = 50;

/// Versions of one read.
const VERSIONS: i64 = 1_000;

/// The ordinal behind all differences of a publication.
const WHOLE: usize = usize::MAX;

/// Where a difference stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// Of a publication, with its ordinal there.
    Announced(NaiveDate, ProcedurePublicationId, usize),
    /// Of a version.
    Named(ProcedureVersionId),
}

/// A page of differences.
///
/// # Errors
/// 422 for a cursor of another list.
pub(super) fn difference_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PublicationDifferenceFilter,
    page: &PageRequest,
) -> Result<PageRows<PublicationDifference>, ApiError> {
    let day = storable(filter.as_of.unwrap_or_else(|| scoped.today()));
    let after = page.after::<Place>()?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let from = |place| Scan { filter, units: units.as_deref(), day, place };
    let total = page.include_total().then(|| count(conn, from(None))).transpose()?;
    let mut scan = from(after);
    let mut found = Vec::new();
    let wanted = usize::try_from(page.rows()).unwrap_or(usize::MAX);
    while found.len() < wanted {
        let Some(part) = scan.next(conn)? else { break };
        found.extend(part);
    }
    found.truncate(wanted);
    let rows = page.cut(found, total, |(place, _)| json!(place));
    Ok(rows.map(|(_, difference)| difference))
}

fn count(conn: &mut DbConn, mut scan: Scan<'_>) -> Result<i64, ApiError> {
    let mut total = 0;
    while let Some(part) = scan.next(conn)? {
        total += part.len();
    }
    i64::try_from(total).map_err(ApiError::internal)
}

/// A walk over everything that may differ, from a place on.
struct Scan<'a> {
    filter: &'a PublicationDifferenceFilter,
    /// Whose decisions; everyone's when none.
    units: Option<&'a [OrgUnitId]>,
    day: NaiveDate,
    place: Option<Place>,
}

type Part = Vec<(Place, PublicationDifference)>;

impl Scan<'_> {
    /// The differences of the next chunk; none behind the last.
    fn next(&mut self, conn: &mut DbConn) -> Result<Option<Part>, ApiError> {
        let (part, place) = match self.place {
            Some(Place::Named(version)) => match self.versions(conn, Some(version))? {
                Some((part, last)) => (part, Place::Named(last)),
                None => return Ok(None),
            },
            behind => match self.publications(conn, behind)? {
                Some(chunk) => chunk,
                None if self.filter.publication_id.is_some() || self.units.is_some() => return Ok(None),
                None => match self.versions(conn, None)? {
                    Some((part, last)) => (part, Place::Named(last)),
                    None => return Ok(None),
                },
            },
        };
        self.place = Some(place);
        let code = self.filter.code.as_deref();
        let is_wanted =
            |(_, one): &(Place, PublicationDifference)| code.is_none_or(|code| one.remark.code == code);
        Ok(Some(part.into_iter().filter(is_wanted).collect()))
    }

    /// What a chunk of publications says and the catalogue does not.
    fn publications(
        &self,
        conn: &mut DbConn,
        behind: Option<Place>,
    ) -> Result<Option<(Part, Place)>, ApiError> {
        use procedure_publications as p;
        let mut query = p::table
            .filter(p::deleted_at.is_null().and(p::effective_on.le(self.day)))
            .order((p::effective_on, p::id))
            .limit(PUBLICATIONS)
            .select(PublicationRow::as_select())
            .into_boxed();
        if let Some(id) = self.filter.publication_id {
            query = query.filter(p::id.eq(id));
        }
        if let Some(units) = self.units {
            query = query.filter(p::org_unit_id.eq_any(units.to_vec()));
        }
        // The publication itself once more: the page before may have ended within it.
        let begun = match behind {
            Some(Place::Announced(day, id, ordinal)) => {
                query = query.filter(RowBeyond {
                    columns: (p::effective_on, p::id),
                    side: Side::NotLess,
                    row: (day.into_sql::<Date>(), id.into_sql::<Text>()),
                });
                Some((id, ordinal))
            }
            _ => None,
        };
        let rows: Vec<PublicationRow> = query.load(conn)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let items = item_rows(conn, &ids)?;
        let catalogue = Catalogue::load(conn, items.values().flatten().flat_map(codes_of))?;
        let none = Vec::new();
        let mut part = Vec::new();
        for row in &rows {
            let told = begun.filter(|(id, _)| *id == row.id).map(|(_, ordinal)| ordinal);
            let found = differing(row, items.get(&row.id).unwrap_or(&none), &catalogue);
            let place = |ordinal| Place::Announced(row.effective_on, row.id, ordinal);
            let found = found.skip_while(|(ordinal, _)| told.is_some_and(|told| *ordinal <= told));
            part.extend(found.map(|(ordinal, one)| (place(ordinal), one)));
        }
        let last = rows.iter().rfind(|row| begun != Some((row.id, WHOLE)));
        Ok(last.map(|row| (part, Place::Announced(row.effective_on, row.id, WHOLE))))
    }

    /// The decisions that a chunk of versions names and that are not held.
    fn versions(
        &self,
        conn: &mut DbConn,
        behind: Option<ProcedureVersionId>,
    ) -> Result<Option<(Part, ProcedureVersionId)>, ApiError> {
        use procedure_versions as v;
        let mut query = v::table
            .inner_join(procedures::table.on(procedures::id.eq(v::procedure_id)))
            .filter(procedures::deleted_at.is_null().and(v::announcing_decision.is_not_null()))
            .filter(v::valid_from.le(self.day))
            .order(v::id)
            .limit(VERSIONS)
            .select((
                v::id,
                v::valid_from,
                v::announcing_decision.assume_not_null(),
                procedures::id,
                procedures::code,
            ))
            .into_boxed();
        if let Some(id) = behind {
            query = query.filter(v::id.gt(id));
        }
        let versions: Vec<Version> = query.load(conn)?;
        let Some(last) = versions.last().map(|version| version.0) else { return Ok(None) };
        let keys: HashMap<ProcedureVersionId, Option<String>> =
            versions.iter().map(|(id, _, decision, _, _)| (*id, number_named(decision))).collect();
        let held = announced(conn, keys.values().flatten().map(String::as_str).collect())?;
        let mut part = Vec::new();
        for (id, valid_from, decision, procedure_id, code) in versions {
            let key = keys.get(&id).and_then(Option::as_ref);
            let items = key.and_then(|key| held.get(key));
            if items.is_some_and(|codes| names(codes, &code)) {
                continue;
            }
            let difference = PublicationDifference {
                publication_id: None,
                effective_on: (valid_from != OPEN_BEGINNING).then_some(valid_from),
                action: None,
                procedure_id: Some(procedure_id),
                remark: rules::unannounced(&code, &decision, items.is_some()),
                publication_number: decision,
                procedure_code: code,
            };
            part.push((Place::Named(id), difference));
        }
        Ok(Some((part, last)))
    }
}

type Version = (ProcedureVersionId, NaiveDate, String, ProcedureId, String);

/// Whether a decision that names these codes names a procedure: decisions may write the code with an
/// agency's part that the catalogue does not have.
fn names(codes: &HashSet<String>, code: &str) -> bool {
    codes.contains(code) || codes.iter().any(|written| code_forms(written).iter().any(|form| form == code))
}

/// By number the codes that the publications held of it name.
fn announced(conn: &mut DbConn, keys: HashSet<&str>) -> Result<HashMap<String, HashSet<String>>, ApiError> {
    use procedure_publication_items as i;
    use procedure_publications as p;
    let rows: Vec<(String, Option<String>)> = p::table
        .left_join(i::table.on(i::publication_id.eq(p::id)))
        .filter(p::number_key.eq_any(keys).and(p::deleted_at.is_null()))
        .select((p::number_key, i::procedure_code.nullable()))
        .distinct()
        .load(conn)?;
    let mut held: HashMap<String, HashSet<String>> = HashMap::new();
    for (key, code) in rows {
        held.entry(key).or_default().extend(code);
    }
    Ok(held)
}

/// How the catalogue differs from a publication, each difference with its place in it.
pub(super) fn differing<'a>(
    row: &'a PublicationRow,
    items: &'a [ItemRow],
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (usize, PublicationDifference)> + 'a {
    let announced =
        Announced { number: &row.number, number_key: &row.number_key, effective_on: row.effective_on };
    let of_item = move |(position, item): (usize, &'a ItemRow)| {
        let timeline = |code: &str| catalogue.get(code).map(|held| &held.timeline);
        let found = rules::differences(item, announced, timeline);
        // An item differs in two ways at most.
        found.into_iter().enumerate().map(move |(nth, (code, remark))| {
            let difference = PublicationDifference {
                publication_id: Some(row.id),
                publication_number: row.number.clone(),
                effective_on: Some(row.effective_on),
                action: Some(item.action),
                procedure_id: catalogue.get(code).map(|held| held.identity.id),
                procedure_code: code.to_owned(),
                remark,
            };
            (position * 2 + nth, difference)
        })
    };
    items.iter().enumerate().flat_map(of_item)
}
