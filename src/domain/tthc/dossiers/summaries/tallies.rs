//! What became of dossiers and how long it took, by whatever they are told apart by, as statistics read it.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::contributions::{Changes, Leaf};
use super::fold::{COUNTRY, province_area};
use super::procedures::NO_WORKING_DAYS;
use super::sums::{Buckets, Days, STATEMENT, Time, areas, counted_by, unfolded};
use crate::db::DbConn;
use crate::db::schema::{dossier_areas, dossier_procedure_sums};
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::tthc::dossiers::model::DossierRole;
use crate::error::ApiError;

/// What dossiers are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// All together.
    Whole,
    /// By unit.
    Unit,
    /// By field; the empty text where there is none.
    Field,
    /// By procedure.
    Procedure,
    /// By how they came in.
    Channel,
}

impl Apart {
    /// What stored sums are told apart by, in SQL.
    const fn column(self) -> &'static str {
        match self {
            Self::Whole => "''",
            Self::Unit => "area",
            Self::Field => "field_id",
            Self::Procedure => "procedure_id",
            Self::Channel => "channel",
        }
    }

    /// What sums are grouped by, in SQL.
    const fn groups(self) -> &'static str {
        match self {
            Self::Whole => "working_days",
            Self::Unit => "area, working_days",
            Self::Field => "field_id, working_days",
            Self::Procedure => "procedure_id, working_days",
            Self::Channel => "channel, working_days",
        }
    }

    fn key(self, leaf: &Leaf) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Unit => leaf.unit.to_string(),
            Self::Field => leaf.field.map(|field| field.to_string()).unwrap_or_default(),
            Self::Procedure => leaf.procedure.to_string(),
            Self::Channel => leaf.channel.as_str().to_owned(),
        }
    }
}

/// What became of dossiers in some days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Received.
    pub received: i64,
    /// Pending on the eve of the first day, or taken over on it.
    pub carried_over: i64,
    /// Came from other units later, less what went to them.
    pub transferred: i64,
    /// Resolved before the due day.
    pub resolved_early: i64,
    /// Resolved on the due day.
    pub resolved_on_time: i64,
    /// Resolved after it.
    pub resolved_overdue: i64,
    /// Withdrawn.
    pub withdrawn: i64,
    /// Refused.
    pub refused: i64,
    /// Pending on the last day and in time.
    pub pending_in_time: i64,
    /// Pending on the last day and overdue.
    pub pending_overdue: i64,
    /// How many were resolved in so many working days, where these are known.
    pub times: BTreeMap<i64, i64>,
}

impl Tally {
    fn add(&mut self, time: Time, working_days: Option<i64>, changes: &Changes) {
        self.pending_overdue += changes.overdue;
        self.pending_in_time += changes.pending() - changes.overdue;
        if time == Time::Before {
            self.carried_over += changes.pending();
            return;
        }
        self.received += changes.received;
        self.resolved_early += changes.resolved_early;
        self.resolved_on_time += changes.resolved_on_time;
        self.resolved_overdue += changes.resolved_overdue;
        self.withdrawn += changes.withdrawn;
        self.refused += changes.refused;
        // Who has it from the first day on carries it over.
        if time == Time::FirstDay {
            self.carried_over += changes.moved;
        } else {
            self.transferred += changes.moved;
        }
        if let Some(working_days) = working_days {
            let resolved = changes.resolved_early + changes.resolved_on_time + changes.resolved_overdue;
            *self.times.entry(working_days).or_default() += resolved;
        }
    }

    /// Adds another one.
    pub fn join(&mut self, other: &Self) {
        self.received += other.received;
        self.carried_over += other.carried_over;
        self.transferred += other.transferred;
        self.resolved_early += other.resolved_early;
        self.resolved_on_time += other.resolved_on_time;
        self.resolved_overdue += other.resolved_overdue;
        self.withdrawn += other.withdrawn;
        self.refused += other.refused;
        self.pending_in_time += other.pending_in_time;
        self.pending_overdue += other.pending_overdue;
        for (working_days, count) in &other.times {
            *self.times.entry(*working_days).or_default() += count;
        }
    }
}

/// Whose dossiers are counted.
#[derive(Debug, Clone)]
pub struct Whose {
    units: HashSet<OrgUnitId>,
    role: DossierRole,
}

impl Whose {
    /// Those of these units, as the ones that resolve or receive.
    #[must_use]
    pub fn of(units: impl IntoIterator<Item = OrgUnitId>, role: DossierRole) -> Self {
        Self { units: units.into_iter().collect(), role }
    }

    /// What became of them in some days. Its caller reads in one snapshot, sums and deltas together.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tallies(
        &self,
        conn: &mut DbConn,
        days: Days,
        apart: Apart,
    ) -> Result<BTreeMap<String, Tally>, ApiError> {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        let units: Vec<String> = self.units.iter().map(OrgUnitId::to_string).collect();
        let wide = if apart == Apart::Unit { units.clone() } else { self.areas(conn, days.to)? };
        for (time, buckets) in days.buckets() {
            for span in &buckets {
                // Single days are kept of units alone.
                let areas = if span.0.starts_with('d') { &units } else { &wide };
                for part in areas.chunks(STATEMENT) {
                    for (key, working_days, changes) in summed(conn, part, self.role, span, apart)? {
                        let working_days = (working_days != NO_WORKING_DAYS).then_some(working_days);
                        tallies.entry(key).or_default().add(time, working_days, &changes);
                    }
                }
            }
        }
        unfolded(conn, &self.units, self.role, days, |time, leaf, changes| {
            tallies.entry(apart.key(&leaf)).or_default().add(time, leaf.working_days, &changes);
        })?;
        for tally in tallies.values_mut() {
            tally.times.retain(|_, count| *count != 0);
        }
        tallies.retain(|_, tally| *tally != Tally::default());
        Ok(tallies)
    }

    /// The areas whose months and years are those of these units together; the country is not summed.
    fn areas(&self, conn: &mut DbConn, to: NaiveDate) -> Result<Vec<String>, ApiError> {
        let found = areas(conn, &self.units, to)?;
        if found != [COUNTRY] {
            return Ok(found);
        }
        let provinces: Vec<OrgUnitId> =
            dossier_areas::table.select(dossier_areas::province_id).distinct().load(conn)?;
        Ok(provinces.into_iter().map(province_area).collect())
    }
}

type Summed = (String, i64, Changes);

/// The sums of these buckets.
fn summed(
    conn: &mut DbConn,
    areas: &[String],
    role: DossierRole,
    (first, end): &Buckets,
    apart: Apart,
) -> QueryResult<Vec<Summed>> {
    use dossier_procedure_sums as s;
    s::table
        .filter(s::area.eq_any(areas.to_vec()))
        .filter(s::counted_by.eq_any(counted_by(role)))
        .filter(s::bucket.ge(first).and(s::bucket.lt(end)))
        .group_by(sql::<Text>(apart.groups()))
        .select((
            sql::<Text>(apart.column()),
            sql::<BigInt>("working_days"),
            (
                sql::<BigInt>("CAST(SUM(received) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(resolved_early) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(resolved_on_time) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(resolved_overdue) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(withdrawn) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(refused) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(moved) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(overdue) AS BIGINT)"),
            ),
        ))
        .load(conn)
}
