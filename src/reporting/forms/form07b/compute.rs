//! How form 07b is made of the catalogue and the publications.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::agencies::OwnProvince;
use super::model::{
    Form07b, Form07bColumns, Form07bDefinition, Form07bDefinitionUsed, Form07bQuery, Form07bRow,
};
use crate::reporting::forms::form06a::gathering::field_names;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{
    procedure_fields, procedure_publication_items, procedure_publications, procedure_versions, procedures,
};
use kernel::db::{DbConn, snapshot};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::periods::Period;
use kernel::reporting::periods::store::period_of_regime;
use kernel::reporting::rosters::{RosterOf, Rosters};
use kernel::successors::unit_in_force;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::{days_in_range, storable};
use tthc::procedures::fields::ProcedureFieldId;
use tthc::procedures::model::{ProcedureId, ProcedureLevel, ServiceLevel};
use tthc::procedures::named::ProceduresNamed;
use tthc::publications::model::PublicationAction;

/// What a row is about.
type Key = (Option<ProcedureLevel>, Option<String>);

/// Form 07b.
///
/// # Errors
/// 422 for days that are missing or out of order, an unknown period, or a unit that is not in force.
pub(super) fn form07b(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    query: &Form07bQuery,
) -> Result<Form07b, ApiError> {
    days_in_range([("/as_of", query.as_of), ("/from", query.from), ("/to", query.to)])?;
    let period = match &query.period {
        Some(code) => Some(period_of_regime(conn, code, query.regime.as_deref())?),
        None => None,
    };
    let (from, to) = days_of(query, period.as_ref())?;
    let last = storable(to);
    let name = UnitName {
        id: query.org_unit_id,
        identifier: query.org_unit_identifier.as_deref(),
        code: query.org_unit_code.as_deref(),
    };
    let tree = scoped.tree();
    let as_of = query.as_of.unwrap_or(to);
    let unit = name.is_given().then(|| unit_in_force(tree, &name, as_of)).transpose()?;
    let scope = query.scope.unwrap_or_default();
    let roster_of = |unit| RosterOf { unit, day: as_of, scope, period: (from, to) };
    let roster = unit.map(|unit| rosters.of(scoped.units(), roster_of(unit)));
    let province = unit.and_then(|unit| OwnProvince::of(scoped, rosters, unit, as_of));
    let units: Option<Vec<OrgUnitId>> = roster.map(|roster| roster.units().iter().collect());
    let unit = unit.map(|unit| label(tree, unit, as_of).into());
    let rows = snapshot(conn, |conn| {
        let mut rows: BTreeMap<Key, Form07bColumns> = BTreeMap::new();
        let counted = in_force(conn, last, province.as_ref())?;
        let names = field_names(conn, counted.iter().filter_map(|(field, ..)| *field))?;
        for (field, level, service_level, count) in counted {
            let field = field.and_then(|field| names.get(&field)).cloned();
            rows.entry((Some(level), field)).or_default().add_in_force(service_level, count);
        }
        for ((level, field), action) in announced(conn, from, last, units.as_deref())? {
            rows.entry((level, field)).or_default().add_announced(action);
        }
        Ok(rows)
    })?;
    let totals = rows.values().fold(Form07bColumns::default(), Form07bColumns::plus);
    let row = |((level, field), columns)| Form07bRow { level, field, columns };
    let definition = Form07bDefinition::InForceAndAnnounced;
    Ok(Form07b {
        form: "II.07b/VPCP/KSTT".to_owned(),
        definition: Form07bDefinitionUsed {
            name: definition,
            version: Form07bDefinition::VERSION,
            title: definition.label_vi().to_owned(),
        },
        period,
        from,
        to,
        unit,
        rows: rows.into_iter().map(row).collect(),
        totals,
    })
}

fn days_of(query: &Form07bQuery, period: Option<&Period>) -> Result<(NaiveDate, NaiveDate), ApiError> {
    let from = query.from.or_else(|| period.map(|period| period.starts_on));
    let to = query.to.or_else(|| period.map(|period| period.ends_on));
    let (pointer, code, message) = match (from, to) {
        (Some(from), Some(to)) if to < from => (
            "/to",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ),
        (Some(from), Some(to)) => return Ok((from, to)),
        _ => (
            "/period",
            "required",
            Bilingual::new(
                "Nêu kỳ báo cáo, hoặc cả từ ngày và đến ngày.",
                "Give the period, or both the first and the last day.",
            ),
        ),
    };
    Err(ApiError::invalid(vec![Fault::new(pointer, code, message)]))
}

type InForce = (Option<ProcedureFieldId>, ProcedureLevel, ServiceLevel, i64);

/// The shape of a code with an agency behind it.
const WITH_AGENCY: &str = "%.%.%";

/// The procedures in force on a day.
macro_rules! standing {
    ($day:expr) => {{
        use procedure_versions as v;
        v::table
            .inner_join(procedures::table.on(procedures::id.eq(v::procedure_id)))
            .filter(procedures::deleted_at.is_null())
            .filter(v::valid_from.le($day).and(v::valid_to.gt($day)))
    }};
}

/// How many of these there are, by what the form tells apart.
macro_rules! counted {
    ($procedures:expr) => {{
        use procedure_versions as v;
        $procedures.group_by((v::field_id, v::level, v::service_level)).select((
            v::field_id,
            v::level,
            v::service_level,
            dsl::count_star(),
        ))
    }};
}

/// How many procedures are in force on a day; where a unit's province is told, without those of others.
fn in_force(conn: &mut DbConn, day: NaiveDate, province: Option<&OwnProvince>) -> QueryResult<Vec<InForce>> {
    use procedure_versions as v;
    let Some(province) = province else { return counted!(standing!(day)).load(conn) };
    let national = standing!(day).filter(procedures::code.not_like(WITH_AGENCY));
    let mut found: Vec<InForce> = counted!(national).load(conn)?;
    let with_agency: Vec<(Option<ProcedureFieldId>, ProcedureLevel, ServiceLevel, String)> = standing!(day)
        .filter(procedures::code.like(WITH_AGENCY))
        .select((v::field_id, v::level, v::service_level, procedures::code))
        .load(conn)?;
    let own = with_agency.into_iter().filter(|(.., code)| province.has(code));
    found.extend(own.map(|(field, level, service_level, _)| (field, level, service_level, 1)));
    Ok(found)
}

/// Every procedure of which a decision that took effect within the days says something, once for each thing
/// that is said. Level and field are those of the catalogue on the last day; of one that is not in it the
/// decision's level.
fn announced(
    conn: &mut DbConn,
    from: NaiveDate,
    to: NaiveDate,
    units: Option<&[OrgUnitId]>,
) -> Result<Vec<(Key, PublicationAction)>, ApiError> {
    use {procedure_publication_items as i, procedure_publications as p};
    let mut query = i::table
        .inner_join(p::table.on(p::id.eq(i::publication_id)))
        .filter(p::deleted_at.is_null())
        .filter(p::effective_on.between(from, to))
        .select((i::procedure_code, i::level, i::action))
        .distinct()
        .into_boxed();
    if let Some(units) = units {
        query = query.filter(p::org_unit_id.eq_any(units.to_vec()));
    }
    let items: Vec<(String, Option<ProcedureLevel>, PublicationAction)> = query.load(conn)?;
    let codes = items.iter().map(|(code, ..)| code.as_str()).collect();
    let named = ProceduresNamed::load(conn, HashSet::new(), codes)?;
    let known = speaking(conn, items.iter().filter_map(|(code, ..)| named.id(code)).collect(), to)?;
    let mut said = HashSet::new();
    let mut announced = Vec::with_capacity(items.len());
    for (code, level, action) in items {
        let id = named.id(&code);
        // One procedure may be written in several ways.
        if !said.insert((id.map_or_else(|| code.clone(), |id| id.to_string()), action.as_str())) {
            continue;
        }
        let key = match id.and_then(|id| known.get(&id)) {
            Some((level, field)) => (Some(*level), field.clone()),
            None => (level, None),
        };
        announced.push((key, action));
    }
    Ok(announced)
}

/// Level and field of procedures in the version that speaks for a day.
fn speaking(
    conn: &mut DbConn,
    ids: HashSet<ProcedureId>,
    day: NaiveDate,
) -> Result<HashMap<ProcedureId, (ProcedureLevel, Option<String>)>, ApiError> {
    use {procedure_fields as f, procedure_versions as v};
    let rows: Vec<(ProcedureId, ProcedureLevel, Option<String>)> = v::table
        .left_join(f::table.on(f::id.nullable().eq(v::field_id)))
        .filter(v::procedure_id.eq_any(ids))
        .filter(v::speaks_from.le(day).and(v::speaks_to.gt(day)))
        .select((v::procedure_id, v::level, f::name.nullable()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, level, field)| (id, (level, field))).collect())
}
