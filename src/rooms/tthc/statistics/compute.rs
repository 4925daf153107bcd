//! How statistics are made of the summaries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{Datelike, Months, NaiveDate};
use diesel::prelude::*;

use super::figures::StatisticsFigures;
use super::model::{
    Statistics, StatisticsBy, StatisticsComparison, StatisticsQuery, StatisticsRow, StatisticsSubject,
};
use crate::dossiers::generated::any_generated;
use crate::dossiers::model::DossierRole;
use crate::dossiers::summaries::spans::Days;
use crate::dossiers::summaries::tallies::{Apart, Tally, Whose};
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::ProcedureId;
use crate::seats::Seats;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{procedure_fields, procedure_versions, procedures};
use kernel::db::{DbConn, snapshot};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::periods::store::period_named;
use kernel::reporting::rosters::Rosters;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::UnitName;
use kernel::validity::days_in_range;

/// Months of one answer.
const MONTHS: usize = 60;

/// The statistics that a query asks for.
///
/// # Errors
/// 403 for a unit out of reach, 422 for days that are missing or out of order, for an unknown period, or a
/// unit that is not in force.
pub(super) fn statistics(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    query: &StatisticsQuery,
) -> Result<Statistics, ApiError> {
    days_in_range([("/as_of", query.as_of), ("/from", query.from), ("/to", query.to)])?;
    let days = days_of(conn, query)?;
    let as_of = query.as_of.unwrap_or(days.to);
    let tree = scoped.tree();
    let name = UnitName {
        id: query.org_unit_id,
        identifier: query.org_unit_identifier.as_deref(),
        code: query.org_unit_code.as_deref(),
    };
    let scope = query.scope.unwrap_or_default();
    let by = query.by.unwrap_or(StatisticsBy::Unit);
    let role = query.count_by.unwrap_or(DossierRole::Resolving);
    let before = query.comparison.map(|StatisticsComparison::PreviousYear| year_before(days));
    let seats = Seats::named(scoped, rosters, &name, (scope, as_of), days)?;
    let whose = Whose::of(seats.units().clone(), role);
    snapshot(conn, |conn| {
        let counted = Counted::of(conn, &whose, days, by, &seats)?;
        let previous = before.map(|days| Counted::of(conn, &whose, days, by, &seats)).transpose()?;
        let subjects =
            Subjects::load(conn, by, days, counted.keys().chain(previous.iter().flat_map(Counted::keys)))?;
        Ok(Statistics {
            unit: seats.label(tree, seats.unit()),
            scope,
            as_of,
            from: days.from,
            to: days.to,
            by,
            count_by: role,
            comparison: query.comparison,
            divided: seats.divided(tree, days),
            rows: rows(&counted, previous.as_ref(), |key| subjects.of(key, by, tree, &seats)),
            totals: StatisticsFigures::from(&counted.total),
            previous_totals: previous.as_ref().map(|counted| StatisticsFigures::from(&counted.total)),
            generated: any_generated(conn)?,
        })
    })
}

/// The days of a query: its own, or those of the period.
fn days_of(conn: &mut DbConn, query: &StatisticsQuery) -> Result<Days, ApiError> {
    let period = match &query.period_code {
        Some(code) => Some(period_named(conn, None, Some(code))?),
        None => None,
    };
    let from = query.from.or_else(|| period.as_ref().map(|period| period.starts_on));
    let to = query.to.or_else(|| period.as_ref().map(|period| period.ends_on));
    let (pointer, code, message) = match (from, to) {
        (Some(from), Some(to)) if to < from => (
            "/to",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ),
        (Some(from), Some(to))
            if query.by == Some(StatisticsBy::Month) && months(from, to).len() > MONTHS =>
        {
            (
                "/to",
                "too_many_months",
                Bilingual::new(
                    format!("Thống kê theo tháng không quá {MONTHS} tháng."),
                    format!("Statistics by month are of at most {MONTHS} months."),
                ),
            )
        }
        (Some(from), Some(to)) => return Ok(Days { from, to }),
        _ => (
            "/period_code",
            "required",
            Bilingual::new(
                "Nêu kỳ báo cáo, hoặc cả từ ngày và đến ngày.",
                "Give the period, or both the first and the last day.",
            ),
        ),
    };
    Err(ApiError::invalid(vec![Fault::new(pointer, code, message)]))
}

/// The first days of the months of a span, the first one its own; one more than are answered is enough.
fn months(from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let mut firsts = vec![from];
    let mut at = from.with_day(1).unwrap_or(from);
    while let Some(next) = at.checked_add_months(Months::new(1)).filter(|next| *next <= to) {
        if firsts.len() > MONTHS {
            break;
        }
        firsts.push(next);
        at = next;
    }
    firsts
}

/// The same days a year before; of 29 February the 28th.
fn year_before(days: Days) -> Days {
    let before = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(day);
    Days { from: before(days.from), to: before(days.to) }
}

/// What was counted, by the key of its row.
struct Counted {
    rows: BTreeMap<String, Tally>,
    total: Tally,
}

impl Counted {
    fn of(
        conn: &mut DbConn,
        whose: &Whose,
        days: Days,
        by: StatisticsBy,
        seats: &Seats,
    ) -> Result<Self, ApiError> {
        let apart = match by {
            StatisticsBy::Month => return Self::by_month(conn, whose, days),
            StatisticsBy::Unit => Apart::Unit,
            StatisticsBy::Field => Apart::Field,
            StatisticsBy::Procedure => Apart::Procedure,
            StatisticsBy::Channel => Apart::Channel,
        };
        let (mut rows, mut total) = (BTreeMap::<String, Tally>::new(), Tally::default());
        for (key, tally) in whose.tallies(conn, days, apart)? {
            total.join(&tally);
            let unit = key.parse().ok().filter(|_| by == StatisticsBy::Unit);
            let key = unit.map_or(key, |unit| seats.row(unit).to_string());
            rows.entry(key).or_default().join(&tally);
        }
        Ok(Self { rows, total })
    }

    /// Each month as if it were asked for alone: what is carried over into one is pending at the end of the
    /// one before.
    fn by_month(conn: &mut DbConn, whose: &Whose, days: Days) -> Result<Self, ApiError> {
        let whole = |conn: &mut DbConn, days: Days| {
            Ok::<_, ApiError>(whose.tallies(conn, days, Apart::Whole)?.remove("").unwrap_or_default())
        };
        let firsts = months(days.from, days.to);
        let ends = firsts.iter().skip(1).filter_map(NaiveDate::pred_opt).chain([days.to]);
        let mut rows = BTreeMap::new();
        for (place, (from, to)) in firsts.iter().zip(ends).enumerate() {
            rows.insert(month_key(place), whole(conn, Days { from: *from, to })?);
        }
        Ok(Self { rows, total: whole(conn, days)? })
    }

    fn keys(&self) -> impl Iterator<Item = &String> {
        self.rows.keys()
    }
}

/// The key of a month by its place, so that months of two years stand in one row.
fn month_key(place: usize) -> String {
    format!("{place:02}")
}

fn rows(
    counted: &Counted,
    previous: Option<&Counted>,
    subject: impl Fn(&str) -> Option<(String, StatisticsSubject)>,
) -> Vec<StatisticsRow> {
    let nothing = Tally::default();
    let keys: BTreeSet<&String> =
        counted.keys().chain(previous.into_iter().flat_map(Counted::keys)).collect();
    let figures = |counted: &Counted, key: &str| counted.rows.get(key).unwrap_or(&nothing).into();
    let mut rows: Vec<(String, StatisticsRow)> = keys
        .into_iter()
        .filter_map(|key| {
            let (order, subject) = subject(key)?;
            let previous = previous.map(|previous| figures(previous, key));
            Some((order, StatisticsRow { subject, figures: figures(counted, key), previous }))
        })
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// What rows are about, looked up once for all.
struct Subjects {
    fields: HashMap<String, String>,
    procedures: HashMap<String, (String, Option<String>)>,
    months: Vec<NaiveDate>,
}

impl Subjects {
    fn load<'k>(
        conn: &mut DbConn,
        by: StatisticsBy,
        days: Days,
        keys: impl Iterator<Item = &'k String>,
    ) -> Result<Self, ApiError> {
        let mut subjects = Self { fields: HashMap::new(), procedures: HashMap::new(), months: Vec::new() };
        match by {
            StatisticsBy::Unit | StatisticsBy::Channel => {}
            StatisticsBy::Month => subjects.months = months(days.from, days.to),
            StatisticsBy::Field => {
                let ids: HashSet<ProcedureFieldId> = keys.filter_map(|key| key.parse().ok()).collect();
                let rows: Vec<(String, String)> = procedure_fields::table
                    .filter(procedure_fields::id.eq_any(ids))
                    .select((procedure_fields::id, procedure_fields::name))
                    .load(conn)?;
                subjects.fields = rows.into_iter().collect();
            }
            StatisticsBy::Procedure => {
                use procedure_versions as v;
                let ids: HashSet<ProcedureId> = keys.filter_map(|key| key.parse().ok()).collect();
                let worded = v::procedure_id
                    .eq(procedures::id)
                    .and(v::speaks_from.le(days.to))
                    .and(v::speaks_to.gt(days.to));
                let rows: Vec<(String, String, Option<String>)> = procedures::table
                    .left_join(v::table.on(worded))
                    .filter(procedures::id.eq_any(ids))
                    .select((procedures::id, procedures::code, v::name.nullable()))
                    .load(conn)?;
                subjects.procedures = rows.into_iter().map(|(id, code, name)| (id, (code, name))).collect();
            }
        }
        Ok(subjects)
    }

    /// What a row is about, and where it stands among the others.
    fn of(
        &self,
        key: &str,
        by: StatisticsBy,
        tree: &OrgTree,
        seats: &Seats,
    ) -> Option<(String, StatisticsSubject)> {
        let nothing = StatisticsSubject::default();
        Some(match by {
            StatisticsBy::Unit => {
                let unit: OrgUnitId = key.parse().ok()?;
                let named = seats.label(tree, unit);
                let divided = seats.is_divided(unit);
                let successors = if divided { seats.successors(tree, unit) } else { Vec::new() };
                let order = format!("{} {unit}", named.org_unit_code.as_deref().unwrap_or_default());
                (order, StatisticsSubject { unit: Some(named), divided, successors, ..nothing })
            }
            StatisticsBy::Field => {
                let name = self.fields.get(key).cloned();
                let order = name.clone().unwrap_or_default();
                (order, StatisticsSubject { field_id: key.parse().ok(), field_name: name, ..nothing })
            }
            StatisticsBy::Procedure => {
                let (code, name) = self.procedures.get(key).cloned()?;
                let subject = StatisticsSubject {
                    procedure_id: key.parse().ok(),
                    procedure_code: Some(code.clone()),
                    procedure_name: name,
                    ..nothing
                };
                (code, subject)
            }
            StatisticsBy::Channel => {
                (key.to_owned(), StatisticsSubject { channel: key.parse().ok(), ..nothing })
            }
            StatisticsBy::Month => {
                let month = self.months.get(key.parse::<usize>().ok()?).copied();
                (key.to_owned(), StatisticsSubject { month, ..nothing })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_begin_with_the_first_day_asked_for() {
        assert_eq!(
            months(day("2026-01-31"), day("2026-03-01")),
            [day("2026-01-31"), day("2026-02-01"), day("2026-03-01")]
        );
        assert_eq!(months(day("2026-01-01"), day("2026-01-31")), [day("2026-01-01")]);
        assert_eq!(months(day("2000-01-01"), day("2026-01-31")).len(), MONTHS + 1);
    }

    #[test]
    fn a_year_before_a_leap_day_is_the_twenty_eighth() {
        let days = year_before(Days { from: day("2024-02-29"), to: day("2024-12-31") });
        assert_eq!((days.from, days.to), (day("2023-02-28"), day("2023-12-31")));
    }
}
