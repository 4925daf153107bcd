//! What a unit must show and shows: the procedures of its level in force on a day, held against its
//! postings of that day.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::model::{PostingCoverage, PostingCoverageFilter, PostingForm, PostingServiceLevel};
use crate::api::{PageRequest, PageRows};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::{procedure_postings, procedure_versions, procedures};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::domain::tthc::procedures::model::{
    IdentityRow, Procedure, ProcedureId, ProcedureLevel, ServiceLevel, VersionRow,
};
use crate::domain::tthc::procedures::store::{columns, speaking};
use crate::domain::validity::storable;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::keyset;

/// The procedures that the unit shows on the day, as a query inside another.
macro_rules! posted {
    ($asked:expr) => {{
        use procedure_postings as n;
        let asked: &Asked = $asked;
        let stands = n::removed_on.is_null().or(n::removed_on.gt(asked.day));
        n::table
            .filter(n::org_unit_id.eq(asked.unit).and(n::deleted_at.is_null()))
            .filter(n::posted_on.le(asked.day))
            .filter(stands)
            .filter(n::form.eq_any(asked.forms.clone()))
            .select(n::procedure_id)
    }};
}

/// What is asked for, looked up: the unit in reach, the day, the levels and the forms.
struct Asked {
    unit: OrgUnitId,
    day: NaiveDate,
    levels: Vec<ProcedureLevel>,
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
        let unit = unit_in_force(scoped.tree(), &name, day)?;
        if !scoped.reaches(unit) {
            return Err(ApiError::new(Problem::Forbidden));
        }
        let levels = match (filter.level, scoped.tree().tier_at(unit, day)) {
            (Some(level), _) => vec![level],
            (None, Some(tier)) => levels_of(tier),
            (None, None) => return Err(ApiError::invalid(vec![no_level()])),
        };
        let forms = filter.form.map_or_else(|| PostingForm::ALL.to_vec(), |form| vec![form]);
        Ok(Self { unit, day, levels, forms })
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

/// A page of the procedures in force that a unit must show and does not.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force or a cursor of another list.
pub(super) fn missing_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PostingCoverageFilter,
    page: &PageRequest,
) -> Result<PageRows<Procedure>, ApiError> {
    use procedure_versions as v;
    let asked = Asked::of(scoped, filter)?;
    let missing = || {
        speaking(asked.day)
            .filter(v::valid_from.le(asked.day).and(v::valid_to.gt(asked.day)))
            .filter(v::level.eq_any(asked.levels.clone()))
            .filter(procedures::id.ne_all(posted!(&asked)))
    };
    let query = missing();
    let query = keyset!(query, page, asc procedures::code => String, procedures::id => ProcedureId);
    let rows: Vec<(IdentityRow, VersionRow, Option<String>)> = query.select(columns()).load(conn)?;
    let total = page.include_total().then(|| missing().count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(identity, _, _)| json!([identity.code, identity.id]));
    Ok(rows.map(|(identity, version, field)| Procedure::of(&identity, version, field, asked.day)))
}

/// How much of what a unit must show it shows.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force.
pub(super) fn posting_coverage(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PostingCoverageFilter,
) -> Result<PostingCoverage, ApiError> {
    use procedure_versions as v;
    let asked = Asked::of(scoped, filter)?;
    let day = asked.day;
    let in_force = || {
        procedures::table
            .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
            .filter(procedures::deleted_at.is_null())
            .filter(v::valid_from.le(day).and(v::valid_to.gt(day)))
            .filter(v::level.eq_any(asked.levels.clone()))
            .group_by(v::service_level)
            .select((v::service_level, dsl::count_star()))
    };
    let required: Vec<(ServiceLevel, i64)> = in_force().load(conn)?;
    let posted: Vec<(ServiceLevel, i64)> =
        in_force().filter(procedures::id.eq_any(posted!(&asked))).load(conn)?;
    let ended: i64 = speaking(day)
        .filter(v::valid_to.le(day))
        .filter(procedures::id.eq_any(posted!(&asked)))
        .count()
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
    let unit = label(scoped.tree(), asked.unit, day);
    Ok(PostingCoverage {
        org_unit_id: unit.org_unit_id,
        org_unit_code: unit.org_unit_code,
        org_unit_identifier: unit.org_unit_identifier,
        org_unit_name: unit.org_unit_name,
        as_of: day,
        levels: asked.levels,
        form: filter.form,
        required,
        posted,
        missing: required - posted,
        ended,
        service_levels,
    })
}
