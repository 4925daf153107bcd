//! The counts of some units and days, as forms read them.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::contributions::{Changes, CountedBy, Leaf};
use super::fold::{COUNTRY, Delta, day_bucket, each_delta, month_bucket, province_area, year_bucket};
use crate::db::conn::MultiBackend;
use crate::db::schema::{dossier_areas, dossier_sums};
use crate::db::{DbConn, snapshot};
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::domain::tthc::dossiers::model::{Channel, DossierRole};
use crate::domain::tthc::procedures::fields::ProcedureFieldId;
use crate::domain::tthc::processing_returns::rules::Columns;
use crate::error::ApiError;

/// Days of a count: both of them are within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

/// What is counted for a level and field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// The leaf columns of form 06.
    pub columns: Columns,
    /// Came from other units within the days, less what went to others (nhận bàn giao trừ bàn giao đi).
    pub transferred: i64,
}

impl Count {
    /// Adds changes of one time.
    fn add(&mut self, channel: Channel, time: Time, changes: &Changes) {
        let columns = &mut self.columns;
        columns.pending_overdue += changes.overdue;
        columns.pending_in_time += changes.pending() - changes.overdue;
        if time == Time::Before {
            columns.carried_over += changes.pending();
            return;
        }
        match channel {
            Channel::Online => columns.received_online += changes.received,
            Channel::InPerson => columns.received_in_person += changes.received,
            Channel::Postal => columns.received_postal += changes.received,
        }
        columns.resolved_early += changes.resolved_early;
        columns.resolved_on_time += changes.resolved_on_time;
        columns.resolved_overdue += changes.resolved_overdue;
        columns.withdrawn += changes.withdrawn;
        columns.refused += changes.refused;
        // Who has it from the first day on carries it over.
        if time == Time::FirstDay {
            columns.carried_over += changes.moved;
        } else {
            self.transferred += changes.moved;
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { columns: self.columns.plus(other.columns), transferred: self.transferred + other.transferred }
    }
}

/// When changes happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Before,
    FirstDay,
    Behind,
}

/// Buckets from the first to before the second.
pub(super) type Buckets = (String, String);

impl Days {
    /// When a day is; none behind the last.
    pub(super) fn time(self, day: NaiveDate) -> Option<Time> {
        (day <= self.to).then(|| match day.cmp(&self.from) {
            std::cmp::Ordering::Less => Time::Before,
            std::cmp::Ordering::Equal => Time::FirstDay,
            std::cmp::Ordering::Greater => Time::Behind,
        })
    }

    /// The buckets of each time, which together hold every day up to the last once.
    pub(super) fn buckets(self) -> Vec<(Time, Vec<Buckets>)> {
        let second = self.from.succ_opt().unwrap_or(self.from);
        let end = self.to.succ_opt().unwrap_or(self.to);
        vec![
            (Time::Before, before(self.from)),
            (Time::FirstDay, between(self.from, second.min(end))),
            (Time::Behind, between(second, end)),
        ]
    }
}

fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn year_start(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day)
}

/// The buckets of all days before this one: whole years, then months, then days.
fn before(end: NaiveDate) -> Vec<Buckets> {
    vec![
        ("y".to_owned(), year_bucket(end)),
        (month_bucket(year_start(end)), month_bucket(end)),
        (day_bucket(month_start(end)), day_bucket(end)),
    ]
}

/// The buckets from a first day to before another: days to the end of a month, months to the end of a
/// year, years, and the same backwards.
fn between(first: NaiveDate, end: NaiveDate) -> Vec<Buckets> {
    let months = |day: NaiveDate, months| {
        day.checked_add_months(chrono::Months::new(months)).unwrap_or(NaiveDate::MAX)
    };
    let mut spans = Vec::new();
    let mut at = first;
    let mut take = |at: NaiveDate, until: NaiveDate, bucket: fn(NaiveDate) -> String| {
        if at < until {
            spans.push((bucket(at), bucket(until)));
        }
        at.max(until)
    };
    if at != month_start(at) {
        at = take(at, end.min(months(month_start(at), 1)), day_bucket);
    }
    if at != year_start(at) {
        at = take(at, month_start(end).min(months(year_start(at), 12)), month_bucket);
    }
    at = take(at, year_start(end), year_bucket);
    at = take(at, month_start(end), month_bucket);
    take(at, end, day_bucket);
    spans
}

/// A row of a count: the level and the field.
pub type RowKey = (Tier, Option<ProcedureFieldId>);

/// The counts of some units together, by level and field.
///
/// # Errors
/// When the database cannot be read.
pub fn total_counts(
    conn: &mut DbConn,
    units: &[OrgUnitId],
    role: DossierRole,
    days: Days,
) -> Result<BTreeMap<RowKey, Count>, ApiError> {
    let wanted: HashSet<OrgUnitId> = units.iter().copied().collect();
    snapshot(conn, |conn| {
        let areas = areas(conn, &wanted, days.to)?;
        let mut counts: BTreeMap<RowKey, Count> = BTreeMap::new();
        read(conn, &areas, role, days, |Row { tier, field, channel, time, changes, .. }| {
            counts.entry((tier, field)).or_default().add(channel, time, &changes);
        })?;
        unfolded(conn, &wanted, role, days, |time, Leaf { tier, field, channel, .. }, changes| {
            counts.entry((tier, field)).or_default().add(channel, time, &changes);
        })?;
        counts.retain(|_, count| *count != Count::default());
        Ok(counts)
    })
}

/// The counts of some units, each by itself.
///
/// # Errors
/// When the database cannot be read.
pub fn unit_counts(
    conn: &mut DbConn,
    units: &[OrgUnitId],
    role: DossierRole,
    days: Days,
) -> Result<BTreeMap<(OrgUnitId, RowKey), Count>, ApiError> {
    let wanted: HashSet<OrgUnitId> = units.iter().copied().collect();
    let names: Vec<String> = units.iter().map(OrgUnitId::to_string).collect();
    let of_name: HashMap<&str, OrgUnitId> =
        names.iter().map(String::as_str).zip(units.iter().copied()).collect();
    snapshot(conn, |conn| {
        let mut counts: BTreeMap<(OrgUnitId, RowKey), Count> = BTreeMap::new();
        read(conn, &names, role, days, |Row { area, tier, field, channel, time, changes }| {
            if let Some(unit) = of_name.get(area.as_str()) {
                counts.entry((*unit, (tier, field))).or_default().add(channel, time, &changes);
            }
        })?;
        unfolded(conn, &wanted, role, days, |time, Leaf { unit, tier, field, channel, .. }, changes| {
            counts.entry((unit, (tier, field))).or_default().add(channel, time, &changes);
        })?;
        counts.retain(|_, count| *count != Count::default());
        Ok(counts)
    })
}

/// Fewer units than this are read one by one, without looking whether they are all of a province.
const FEW: usize = 32;

/// The areas whose sums are those of these units together: the country, whole provinces, single units.
pub(super) fn areas(
    conn: &mut DbConn,
    wanted: &HashSet<OrgUnitId>,
    to: NaiveDate,
) -> Result<Vec<String>, ApiError> {
    use dossier_areas as a;
    if wanted.len() < FEW {
        return Ok(wanted.iter().map(OrgUnitId::to_string).collect());
    }
    let units: Vec<OrgUnitId> = wanted.iter().copied().collect();
    let mut provinces: HashSet<OrgUnitId> = HashSet::new();
    for part in units.chunks(STATEMENT) {
        provinces.extend(provinces_of(part).load::<OrgUnitId>(conn)?);
    }
    let provinces: Vec<OrgUnitId> = provinces.into_iter().collect();
    let known: Vec<(OrgUnitId, OrgUnitId)> = a::table
        .filter(a::province_id.eq_any(&provinces).and(a::first_day.le(to)))
        .select((a::province_id, a::unit_id))
        .load(conn)?;
    let other = a::table.filter(a::province_id.ne_all(&provinces).and(a::first_day.le(to)));
    let are_others: bool = diesel::select(diesel::dsl::exists(other)).get_result(conn)?;
    Ok(covering(&known, wanted, are_others))
}

/// The provinces in which these units were counted.
fn provinces_of(units: &[OrgUnitId]) -> dossier_areas::BoxedQuery<'_, MultiBackend, Text> {
    use dossier_areas as a;
    a::table.filter(a::unit_id.eq_any(units)).select(a::province_id).distinct().into_boxed()
}

/// The areas that cover these units; `known` are all units of the provinces in which they were counted,
/// and other provinces may have been counted beside these.
fn covering(known: &[(OrgUnitId, OrgUnitId)], wanted: &HashSet<OrgUnitId>, are_others: bool) -> Vec<String> {
    let mut provinces: HashMap<OrgUnitId, HashSet<OrgUnitId>> = HashMap::new();
    let mut home: HashMap<OrgUnitId, OrgUnitId> = HashMap::new();
    // A unit that was counted in two provinces is read by itself, and neither of them whole.
    let mut shared: HashSet<OrgUnitId> = HashSet::new();
    for (province, unit) in known {
        provinces.entry(*province).or_default().insert(*unit);
        let first = *home.entry(*unit).or_insert(*province);
        if first != *province {
            shared.extend([first, *province]);
        }
    }
    let is_whole = |units: &HashSet<OrgUnitId>| units.iter().all(|unit| wanted.contains(unit));
    if !are_others && provinces.values().all(is_whole) {
        return vec![COUNTRY.to_owned()];
    }
    let mut areas = Vec::new();
    for (province, units) in provinces {
        if is_whole(&units) && !shared.contains(&province) {
            areas.push(province_area(province));
        } else {
            areas.extend(units.intersection(wanted).map(OrgUnitId::to_string));
        }
    }
    areas.sort_unstable();
    areas.dedup();
    areas
}

/// Changes of an area, level, field and channel within a time.
struct Row {
    area: String,
    tier: Tier,
    field: Option<ProcedureFieldId>,
    channel: Channel,
    time: Time,
    changes: Changes,
}

/// The ways of counting that a role asks for.
pub(super) fn counted_by(role: DossierRole) -> [CountedBy; 2] {
    match role {
        DossierRole::Resolving => [CountedBy::Both, CountedBy::Resolving],
        DossierRole::Receiving => [CountedBy::Both, CountedBy::Receiving],
    }
}

#[derive(Queryable)]
struct Summed {
    area: String,
    tier: Tier,
    field_id: String,
    channel: Channel,
    received: i64,
    resolved_early: i64,
    resolved_on_time: i64,
    resolved_overdue: i64,
    withdrawn: i64,
    refused: i64,
    moved: i64,
    overdue: i64,
}

/// Areas of one statement.
pub(super) const STATEMENT: usize = 4_000;

/// Reads the folded sums of some areas.
fn read(
    conn: &mut DbConn,
    areas: &[String],
    role: DossierRole,
    days: Days,
    mut take: impl FnMut(Row),
) -> Result<(), ApiError> {
    for (time, buckets) in days.buckets() {
        for part in areas.chunks(STATEMENT) {
            for row in summed(conn, part, role, &buckets)? {
                let Summed { area, tier, field_id, channel, .. } = row;
                let changes = Changes {
                    received: row.received,
                    resolved_early: row.resolved_early,
                    resolved_on_time: row.resolved_on_time,
                    resolved_overdue: row.resolved_overdue,
                    withdrawn: row.withdrawn,
                    refused: row.refused,
                    moved: row.moved,
                    overdue: row.overdue,
                };
                take(Row { area, tier, field: field_id.parse().ok(), channel, time, changes });
            }
        }
    }
    Ok(())
}

type Condition = Box<dyn BoxableExpression<dossier_sums::table, MultiBackend, SqlType = Bool>>;

/// The sums of these buckets, by area, level, field and channel.
fn summed(
    conn: &mut DbConn,
    areas: &[String],
    role: DossierRole,
    buckets: &[Buckets],
) -> QueryResult<Vec<Summed>> {
    use dossier_sums as s;
    let within = |(first, end): &Buckets| -> Condition {
        Box::new(s::bucket.ge(first.clone()).and(s::bucket.lt(end.clone())))
    };
    let either = |one: Condition, other: Condition| -> Condition { Box::new(one.or(other)) };
    let Some(within) = buckets.iter().map(within).reduce(either) else { return Ok(Vec::new()) };
    s::table
        .filter(s::area.eq_any(areas.to_vec()))
        .filter(s::counted_by.eq_any(counted_by(role)))
        .filter(within)
        .group_by((s::area, s::tier, s::field_id, s::channel))
        .select((
            s::area,
            s::tier,
            s::field_id,
            s::channel,
            sql::<BigInt>("CAST(SUM(received) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(resolved_early) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(resolved_on_time) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(resolved_overdue) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(withdrawn) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(refused) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(moved) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(overdue) AS BIGINT)"),
        ))
        .load(conn)
}

/// Reads what was committed and is not folded yet.
pub(super) fn unfolded(
    conn: &mut DbConn,
    wanted: &HashSet<OrgUnitId>,
    role: DossierRole,
    days: Days,
    mut take: impl FnMut(Time, Leaf, Changes),
) -> Result<(), ApiError> {
    let by = counted_by(role);
    each_delta(conn, |Delta { leaf, changes }| {
        let Some(time) = days.time(leaf.day) else { return };
        if by.contains(&leaf.by) && wanted.contains(&leaf.unit) {
            take(time, leaf, changes);
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    fn day(offset: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 11, 1).unwrap() + chrono::Days::new(offset)
    }

    /// How often a day stands in these buckets.
    fn held(buckets: &[Buckets], day: NaiveDate) -> usize {
        let of_day = [day_bucket(day), month_bucket(day), year_bucket(day)];
        let is_in = |(first, end): &Buckets| of_day.iter().filter(|it| *first <= **it && **it < *end).count();
        buckets.iter().map(is_in).sum()
    }

    proptest! {
        /// Every day up to the last stands in the buckets of its own time once, and in no others.
        #[test]
        fn every_day_is_read_once(from in 0_u64..900, length in 0_u64..900, asked in 0_u64..2_000) {
            let days = Days { from: day(from), to: day(from + length) };
            for (time, buckets) in days.buckets() {
                let expected = usize::from(days.time(day(asked)) == Some(time));
                prop_assert_eq!(held(&buckets, day(asked)), expected, "{:?} {:?}", time, buckets);
            }
        }

        /// A long span costs few buckets, wherever it begins and ends.
        #[test]
        fn few_buckets_hold_many_days(from in 0_u64..900, length in 0_u64..900) {
            let days = Days { from: day(from), to: day(from + length) };
            prop_assert!(days.buckets().iter().map(|(_, buckets)| buckets.len()).sum::<usize>() <= 9);
        }
    }

    #[test]
    fn the_provinces_of_units_come_from_an_index() {
        let (_folder, mut conn) = migrated();
        let units = [OrgUnitId::new(), OrgUnitId::new()];
        let told = plan(&mut conn, provinces_of(&units));
        assert!(told.iter().any(|step| step.contains("dossier_areas_by_unit")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), provinces_of(&units));
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }

    #[test]
    fn a_province_is_read_whole_where_every_unit_of_it_is_wanted() {
        let [p, q, a, b, c] = [(); 5].map(|()| OrgUnitId::new());
        let known = [(p, a), (p, b), (q, c)];
        let cover = |wanted: &[OrgUnitId]| covering(&known, &wanted.iter().copied().collect(), false);
        assert_eq!(cover(&[a, b, c]), [COUNTRY]);
        assert_eq!(cover(&[a, b]), [province_area(p)]);
        assert_eq!(covering(&known[..2], &HashSet::from([a, b]), true), [province_area(p)]);
        let mut mixed = vec![a.to_string(), province_area(q)];
        mixed.sort_unstable();
        assert_eq!(cover(&[a, c]), mixed);
        // A unit that came to another province counts in both: neither is read whole.
        let moved = [(p, a), (q, a), (q, b), (OrgUnitId::new(), c)];
        let both = covering(&moved, &HashSet::from([a, b]), false);
        let mut each = vec![a.to_string(), b.to_string()];
        each.sort_unstable();
        assert_eq!(both, each);
    }
}
