//! How records are found: those that bear the code or number first, then those that bear all words, the
//! later before the earlier.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::entries::EntryRow;
use super::model::{Hit, SearchFilter};
use super::terms;
use crate::api::{PageRequest, PageRows};
use crate::auth::permission::{Action, Domain};
use crate::auth::permit::Reader;
use crate::auth::scope::{Confinement, Scoped};
use crate::db::schema::search_entries;
use crate::db::word_index::{self, Asked, Expected};
use crate::db::{DbConn, snapshot};
use crate::error::{ApiError, Problem};
use crate::record_types::RecordType;
use crate::successors::unit_in_force;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::{UnitScope, label, scoped_units};

/// Of more units than these records are sifted out of those that bear the words, where these are few.
const FEW_UNITS: usize = 50;

/// Of more units than these records are asked for by their provinces.
const MOST_UNITS: usize = 300;

/// What an account may find of what a filter asks for, and the permission by which it does.
#[derive(Debug)]
pub(super) struct Sought {
    /// A permission of the account in one of the domains.
    pub(super) scoped: Scoped,
    /// What the records must bear, beside the words: nothing where all are asked for and read.
    within: Vec<Asked>,
}

impl Sought {
    /// What this account may find.
    ///
    /// # Errors
    /// 403 when it reads nothing of what is asked for, 422 for a unit that there is not.
    pub(super) fn of(reader: &Reader, filter: &SearchFilter) -> Result<Self, ApiError> {
        let is_asked = |kind: &RecordType| {
            filter.record_type.is_none_or(|wanted| wanted == *kind)
                && filter.domain.is_none_or(|domain| kind.domain() == Some(domain))
        };
        let searched = RecordType::ALL.iter().filter(|kind| kind.found().is_some());
        let all: BTreeSet<(Action, Domain)> = searched.clone().filter_map(|kind| kind.access()).collect();
        let asked: BTreeSet<(Action, Domain)> =
            searched.filter(|kind| is_asked(kind)).filter_map(|kind| kind.access()).collect();
        let mut by = Err(ApiError::new(Problem::Forbidden));
        let (mut sights, mut everything): (Vec<Asked>, BTreeSet<_>) = (Vec::new(), BTreeSet::new());
        for access in asked {
            let Ok(scoped) = reader.scoped(access.0, access.1) else { continue };
            match scoped.confinement() {
                None => {
                    everything.insert(access);
                }
                Some(reach) => sights.extend(
                    reached(&reach).map(|units| Asked::All(vec![Asked::Word(terms::access(access)), units])),
                ),
            }
            by = by.or(Ok(scoped));
        }
        let scoped = by?;
        let mut within = Vec::new();
        if everything != all {
            let whole = everything.into_iter().map(|access| Asked::Word(terms::access(access)));
            sights.extend(whole);
            if sights.is_empty() {
                return Err(ApiError::new(Problem::Forbidden));
            }
            within.push(Asked::Any(sights));
        }
        within.extend(filter.record_type.map(|kind| Asked::Word(terms::kind(kind))));
        let (name, scope) = (filter.unit_name(), filter.scope.unwrap_or_default());
        if name.is_given() {
            let day = filter.as_of.unwrap_or_else(|| scoped.today());
            let unit = unit_in_force(scoped.tree(), &name, day)?;
            within.push(in_scope(&scoped, unit, scope, day));
        }
        Ok(Self { scoped, within })
    }

    fn asked(&self, words: Asked) -> Asked {
        Asked::All(std::iter::once(words).chain(self.within.iter().cloned()).collect())
    }
}

/// Records in this reach; nothing where it holds no unit.
fn reached(reach: &Confinement) -> Option<Asked> {
    let provinces = reach.provinces.iter().map(|id| Asked::Word(terms::province(&id.written())));
    let units = reach.units.iter().map(|id| Asked::Word(terms::unit(&id.written())));
    let parts: Vec<Asked> = provinces.chain(units).collect();
    (!parts.is_empty()).then_some(Asked::Any(parts))
}

/// Records of a unit and those of its scope on a day.
fn in_scope(scoped: &Scoped, unit: OrgUnitId, scope: UnitScope, day: NaiveDate) -> Asked {
    let is_province = scoped.home_province(unit) == Some(unit);
    if scope == UnitScope::Subtree && is_province {
        return Asked::Word(terms::province(&unit.written()));
    }
    of_units(scoped, scoped_units(scoped.tree(), unit, scope, day))
}

/// Records of these units.
fn of_units(scoped: &Scoped, units: Vec<OrgUnitId>) -> Asked {
    let count = units.len();
    let is_most = count > MOST_UNITS;
    let provinces: BTreeSet<OrgUnitId> =
        units.iter().filter(|_| is_most).filter_map(|unit| scoped.home_province(*unit)).collect();
    let reach = match is_most {
        true => Confinement { provinces: provinces.into_iter().collect(), units: Vec::new() },
        false => Confinement { provinces: Vec::new(), units },
    };
    // Where no unit is left, no record is of one.
    let asked = reached(&reach).unwrap_or(Asked::Word(terms::unit("")));
    if is_most || count <= FEW_UNITS { asked } else { Asked::Sifted(Box::new(asked)) }
}

/// In which part of the answer a record stands.
const BY_KEY: u8 = 0;
const BY_WORDS: u8 = 1;

/// A page of what is found.
///
/// # Errors
/// 422 for a cursor of another question.
pub(super) fn search(
    conn: &mut DbConn,
    sought: &Sought,
    question: &str,
    page: &PageRequest,
) -> Result<PageRows<Hit>, ApiError> {
    let Some(words) = terms::all_words(question) else {
        return Ok(page.cut(Vec::new(), None, |_| json!(null)));
    };
    let keys = terms::keys(question);
    let (part, below) = page.after::<(u8, i64)>()?.map_or((BY_KEY, None), |(part, at)| (part, Some(at)));
    // A record that is changed meanwhile leaves its place: the page would seem to be the last.
    let (found, rows) = snapshot(conn, |conn| {
        let mut found: Vec<(u8, i64)> = Vec::new();
        if part == BY_KEY {
            let asked = sought.asked(keys.clone());
            let places = word_index::places(conn, &asked, Expected::Few, (below, page.rows()))?;
            found.extend(places.into_iter().map(|place| (BY_KEY, place)));
        }
        let left = page.rows() - i64::try_from(found.len()).unwrap_or_default();
        if left > 0 {
            let asked = Asked::But(Box::new([sought.asked(words), keys]));
            let below = below.filter(|_| part == BY_WORDS);
            let places = word_index::places(conn, &asked, Expected::Any, (below, left))?;
            found.extend(places.into_iter().map(|place| (BY_WORDS, place)));
        }
        let rows: Vec<EntryRow> = search_entries::table
            .filter(search_entries::place.eq_any(found.iter().map(|(_, place)| *place)))
            .select(EntryRow::as_select())
            .load(conn)?;
        Ok((found, rows))
    })?;
    let mut rows: HashMap<i64, EntryRow> = rows.into_iter().map(|row| (row.place, row)).collect();
    let entries =
        found.into_iter().filter_map(|(part, at)| rows.remove(&at).map(|row| (part, row))).collect();
    let page = page.cut(entries, None, |(part, row): &(u8, EntryRow)| json!([part, row.place]));
    Ok(page.map(|(_, row)| Hit::of(sought.scoped.tree(), row)))
}

impl Hit {
    fn of(tree: &OrgTree, row: EntryRow) -> Self {
        let EntryRow { record_type, record_id: id, org_unit_id, title, code, day, .. } = row;
        let unit = org_unit_id.and_then(|unit| unit.parse::<OrgUnitId>().ok());
        let unit = unit.map(|unit| label(tree, unit, day));
        Self {
            record_type,
            href: format!("{}/{id}", record_type.collection()),
            id,
            title: title.unwrap_or_else(|| record_type.label_vi().to_owned()),
            code,
            org_unit_id: unit.as_ref().map(|unit| unit.org_unit_id),
            org_unit_code: unit.as_ref().and_then(|unit| unit.org_unit_code.clone()),
            org_unit_identifier: unit.as_ref().and_then(|unit| unit.org_unit_identifier.clone()),
            org_unit_name: unit.map(|unit| unit.org_unit_name),
            day,
        }
    }
}
