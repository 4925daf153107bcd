//! The pairs of units and procedures that must be shown, and those that are.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::model::{MissingPosting, PostingCoverage, PostingCoverageFilter, PostingServiceLevel};
use crate::postings::model::PostingForm;
use crate::procedures::model::{ProcedureId, ProcedureLevel, ServiceLevel};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::{org_units, procedure_postings, procedure_versions, procedures};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::keyset;
use kernel::successors::reached_units;
use kernel::tree::{OrgTree, OrgUnitId, Tier};
use kernel::unit_reference::{UnitName, UnitScope, label};
use kernel::validity::storable;

/// Each of the units with each of the procedures, in the version that speaks for the day.
macro_rules! pairs {
    ($day:expr) => {{
        use procedure_versions as v;
        org_units::table
            .inner_join(procedures::table.on(procedures::deleted_at.is_null()))
            .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
            .filter(v::speaks_from.le($day).and(v::speaks_to.gt($day)))
    }};
}

/// The postings that stand on the day, with the version of their procedure that speaks for it.
macro_rules! standing {
    ($asked:expr) => {{
        use {procedure_postings as n, procedure_versions as v};
        let asked: &Asked = $asked;
        let of_procedure = procedures::id.eq(n::procedure_id).and(procedures::deleted_at.is_null());
        n::table
            .inner_join(procedures::table.on(of_procedure))
            .inner_join(v::table.on(v::procedure_id.eq(n::procedure_id)))
            .filter(v::speaks_from.le(asked.day).and(v::speaks_to.gt(asked.day)))
            .filter(n::deleted_at.is_null().and(n::posted_on.le(asked.day)))
            .filter(n::removed_on.is_null().or(n::removed_on.gt(asked.day)))
            .filter(n::form.eq_any(asked.forms.clone()))
    }};
}

/// Pairs of unit and procedure: what is posted in two forms is one. Ids have one length.
macro_rules! pairs_posted {
    () => {
        dsl::count(procedure_postings::org_unit_id.concat(procedure_postings::procedure_id))
            .aggregate_distinct()
    };
}

/// Whether the unit in a column must show a procedure on the day.
macro_rules! owed {
    ($asked:expr, $unit:expr) => {{
        use procedure_versions as v;
        let asked: &Asked = $asked;
        let [first, second, third] = &asked.owed;
        let of = |owed: &Owed| $unit.eq_any(owed.units.clone()).and(v::level.eq_any(owed.levels.clone()));
        let in_force = v::valid_from.le(asked.day).and(v::valid_to.gt(asked.day));
        in_force.and(of(first).or(of(second)).or(of(third)))
    }};
}

/// Whether a unit shows a procedure on the day.
macro_rules! posted {
    ($asked:expr) => {{
        use procedure_postings as n;
        let asked: &Asked = $asked;
        let stands = n::removed_on.is_null().or(n::removed_on.gt(asked.day));
        dsl::exists(
            n::table
                .filter(n::org_unit_id.eq(org_units::id).and(n::procedure_id.eq(procedures::id)))
                .filter(n::deleted_at.is_null().and(n::posted_on.le(asked.day)))
                .filter(stands)
                .filter(n::form.eq_any(asked.forms.clone())),
        )
    }};
}

/// So many units are looked up by their ids; of more a page is found sooner among all.
const FEW: usize = 1_000;

/// The procedures in force that units must show and do not. That a unit is one of those asked for follows
/// from what each owes, but the databases would look for the few among all.
macro_rules! missing {
    ($asked:expr) => {{
        let asked: &Asked = $asked;
        let missing = pairs!(asked.day).filter(owed!(asked, org_units::id)).filter(dsl::not(posted!(asked)));
        let missing = missing.into_boxed();
        match asked.count() <= FEW {
            true => missing.filter(org_units::id.eq_any(asked.owing_units())),
            false => missing,
        }
    }};
}

/// Units that must show the procedures of the same levels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Owed {
    units: Vec<OrgUnitId>,
    levels: Vec<ProcedureLevel>,
}

/// Which units must show what. The unit that is named is held against the level that is named; of those
/// below it only units of a tier of government count, each for what its own tier must show.
fn owed(
    tree: &OrgTree,
    named: OrgUnitId,
    units: &[OrgUnitId],
    level: Option<ProcedureLevel>,
    day: NaiveDate,
) -> [Owed; 3] {
    let of_tier = |tier: Tier| {
        let own = levels_of(tier);
        let is_named = |unit: &OrgUnitId| *unit == named && level.is_some();
        let levels = level.map_or_else(|| own.clone(), |level| vec![level]);
        let must = levels.iter().any(|level| own.contains(level));
        let stands = |unit: &OrgUnitId| must && tree.tier_at(*unit, day) == Some(tier);
        let units = units.iter().copied().filter(|unit| !is_named(unit) && stands(unit)).collect();
        Owed { units, levels }
    };
    let mut owed = [Tier::Province, Tier::District, Tier::Commune].map(of_tier);
    if let (Some(_), [first, ..]) = (level, &mut owed) {
        first.units.push(named);
    }
    owed
}

/// What is asked for, looked up: the units in reach, the day, what they must show and the forms.
struct Asked {
    named: OrgUnitId,
    scope: UnitScope,
    units: Vec<OrgUnitId>,
    day: NaiveDate,
    owed: [Owed; 3],
    forms: Vec<PostingForm>,
}

impl Asked {
    fn of(scoped: &Scoped, filter: &PostingCoverageFilter) -> Result<Self, ApiError> {
        let name = UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        };
        let day = storable(filter.as_of.unwrap_or_else(|| scoped.today()));
        let scope = filter.scope.unwrap_or_default();
        let (named, units) = reached_units(scoped, &name, scope, day)?;
        let owed = owed(scoped.tree(), named, &units, filter.level, day);
        if owed.iter().all(|owed| owed.units.is_empty()) {
            return Err(ApiError::invalid(vec![no_level()]));
        }
        let forms = filter.form.map_or_else(|| PostingForm::ALL.to_vec(), |form| vec![form]);
        Ok(Self { named, scope, units, day, owed, forms })
    }

    /// How many units count.
    fn count(&self) -> usize {
        self.owed.iter().map(|owed| owed.units.len()).sum()
    }

    /// The units that count.
    fn owing_units(&self) -> Vec<OrgUnitId> {
        self.owed.iter().flat_map(|owed| owed.units.iter().copied()).collect()
    }

    /// How many units must show the procedures of a level.
    fn owing(&self, level: ProcedureLevel) -> usize {
        let of_level = self.owed.iter().filter(|owed| owed.levels.contains(&level));
        of_level.map(|owed| owed.units.len()).sum()
    }

    /// The levels of which any unit must show the procedures.
    fn levels(&self) -> Vec<ProcedureLevel> {
        let is_owed = |level: &&ProcedureLevel| {
            self.owed.iter().any(|owed| !owed.units.is_empty() && owed.levels.contains(level))
        };
        ProcedureLevel::ALL.iter().filter(is_owed).copied().collect()
    }
}

/// The levels whose procedures a unit of a tier must show.
fn levels_of(tier: Tier) -> Vec<ProcedureLevel> {
    match tier {
        Tier::Province => vec![ProcedureLevel::Province],
        Tier::District => vec![ProcedureLevel::District],
        Tier::Commune => vec![ProcedureLevel::Commune, ProcedureLevel::CommuneReception],
    }
}

fn no_level() -> Fault {
    let message = Bilingual::new(
        "Đơn vị không thuộc cấp chính quyền nào; hãy nêu cấp thực hiện.",
        "The unit is of no tier of government; name the level.",
    );
    Fault::new("/level", "required", message)
}

/// A page of the procedures in force that units must show and do not.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force or a cursor of another list.
pub(in crate::postings) fn missing_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PostingCoverageFilter,
    page: &PageRequest,
) -> Result<PageRows<MissingPosting>, ApiError> {
    use procedure_versions as v;
    type Loaded = (OrgUnitId, ProcedureId, String, String, ProcedureLevel, ServiceLevel);
    let asked = Asked::of(scoped, filter)?;
    let query = keyset!(missing!(&asked), page, asc procedures::code => String, org_units::id => OrgUnitId);
    let columns = (org_units::id, procedures::id, procedures::code, v::name, v::level, v::service_level);
    let rows: Vec<Loaded> = query.select(columns).load(conn)?;
    let total = page.include_total().then(|| {
        let sum = |counts: Vec<(ServiceLevel, i64)>| counts.into_iter().map(|(_, count)| count).sum::<i64>();
        Ok::<_, ApiError>(sum(required(conn, &asked)?) - sum(posted(conn, &asked)?))
    });
    let total = total.transpose()?;
    let rows = page.cut(rows, total, |(unit, _, code, ..)| json!([code, unit]));
    Ok(rows.map(|(unit, procedure_id, procedure_code, procedure_name, level, service_level)| {
        let unit = label(scoped.tree(), unit, asked.day);
        MissingPosting {
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            procedure_id,
            procedure_code,
            procedure_name,
            level,
            service_level,
        }
    }))
}

/// What the units must show, by how far it can be done online: the procedures of each level, for each
/// unit that owes them.
fn required(conn: &mut DbConn, asked: &Asked) -> Result<Vec<(ServiceLevel, i64)>, ApiError> {
    use procedure_versions as v;
    let procedures: Vec<(ProcedureLevel, ServiceLevel, i64)> = procedures::table
        .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
        .filter(procedures::deleted_at.is_null())
        .filter(v::speaks_from.le(asked.day).and(v::speaks_to.gt(asked.day)))
        .filter(v::valid_from.le(asked.day).and(v::valid_to.gt(asked.day)))
        .group_by((v::level, v::service_level))
        .select((v::level, v::service_level, dsl::count_star()))
        .load(conn)?;
    let units = |level| i64::try_from(asked.owing(level)).unwrap_or(i64::MAX);
    let of = |service_level: ServiceLevel| {
        let of_level = procedures.iter().filter(|(_, known, _)| *known == service_level);
        of_level.map(|(level, _, count)| count.saturating_mul(units(*level))).sum()
    };
    Ok(ServiceLevel::ALL.iter().map(|level| (*level, of(*level))).collect())
}

/// What of it they show.
fn posted(conn: &mut DbConn, asked: &Asked) -> Result<Vec<(ServiceLevel, i64)>, ApiError> {
    use procedure_versions as v;
    Ok(standing!(asked)
        .filter(owed!(asked, procedure_postings::org_unit_id))
        .group_by(v::service_level)
        .select((v::service_level, pairs_posted!()))
        .load(conn)?)
}

/// How much of what units must show they show.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force.
pub(in crate::postings) fn posting_coverage(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PostingCoverageFilter,
) -> Result<PostingCoverage, ApiError> {
    use {procedure_postings as n, procedure_versions as v};
    let asked = Asked::of(scoped, filter)?;
    let day = asked.day;
    let required = required(conn, &asked)?;
    let posted = posted(conn, &asked)?;
    let ended: i64 = standing!(&asked)
        .filter(v::valid_to.le(day))
        .filter(n::org_unit_id.eq_any(asked.units.clone()))
        .select(pairs_posted!())
        .get_result(conn)?;
    let of = |counts: &[(ServiceLevel, i64)], level| {
        counts.iter().find(|(known, _)| *known == level).map_or(0, |(_, count)| *count)
    };
    let service_levels: Vec<_> = ServiceLevel::ALL
        .iter()
        .map(|level| PostingServiceLevel {
            service_level: *level,
            required: of(&required, *level),
            posted: of(&posted, *level),
        })
        .collect();
    let required = service_levels.iter().map(|level| level.required).sum();
    let posted = service_levels.iter().map(|level| level.posted).sum();
    let unit = label(scoped.tree(), asked.named, day);
    Ok(PostingCoverage {
        org_unit_id: unit.org_unit_id,
        org_unit_code: unit.org_unit_code,
        org_unit_identifier: unit.org_unit_identifier,
        org_unit_name: unit.org_unit_name,
        scope: asked.scope,
        units: asked.count(),
        as_of: day,
        levels: asked.levels(),
        form: filter.form,
        required,
        posted,
        missing: required - posted,
        ended,
        service_levels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn one_unit_is_not_sought_among_all() {
        let unit = OrgUnitId::new();
        let owed = |levels| Owed { units: vec![unit], levels };
        let asked = Asked {
            named: unit,
            scope: UnitScope::Own,
            units: vec![unit],
            day: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap(),
            owed: [Owed::default(), Owed::default(), owed(levels_of(Tier::Commune))],
            forms: PostingForm::ALL.to_vec(),
        };
        let rows = || missing!(&asked).order((procedures::code, org_units::id)).select(org_units::id);
        let (_folder, mut conn) = migrated();
        let told = plan(&mut conn, rows());
        let by_id = |step: &String| step.starts_with("SEARCH org_units USING") && step.contains("(id=?)");
        assert!(told.iter().any(by_id), "{told:?}");
        if let Some(postgres) = &mut MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), rows());
            assert!(told.iter().any(|step| step.contains("org_units_pkey")), "{told:#?}");
        }
    }
}
