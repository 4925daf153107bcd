//! What became of dossiers and how long it took, by whatever they are told apart by, as statistics read it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::contributions::Changes;
use super::sheets::{Area, Cell};
use super::spans::{Days, Kept, Time};
use super::sums::{Part, areas, first_moves, read, read_part, read_times, unfolded};
use crate::dossiers::model::DossierRole;
use kernel::db::DbConn;
use kernel::db::schema::dossier_areas;
use kernel::error::ApiError;
use kernel::tree::{OrgUnitId, UnitSet};

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
    fn key(self, area: Area, cell: &Cell) -> String {
        let told = |id: Option<String>| id.unwrap_or_default();
        match self {
            Self::Whole => String::new(),
            Self::Unit => area.to_string(),
            Self::Field => told(cell.field.map(|field| field.to_string())),
            Self::Procedure => told(cell.procedure.map(|procedure| procedure.to_string())),
            Self::Channel => cell.channel.as_str().to_owned(),
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
        self.add_time(working_days, changes);
    }

    /// Adds how long resolutions took.
    fn add_time(&mut self, working_days: Option<i64>, changes: &Changes) {
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

/// Tallies by the keys of what they are told apart by.
struct Tallies {
    apart: Apart,
    tallies: BTreeMap<String, Tally>,
}

impl Tallies {
    fn of(&mut self, area: Area, cell: &Cell) -> &mut Tally {
        self.tallies.entry(self.apart.key(area, cell)).or_default()
    }

    /// Without what is nothing.
    fn trimmed(mut self) -> BTreeMap<String, Tally> {
        for tally in self.tallies.values_mut() {
            tally.times.retain(|_, count| *count != 0);
        }
        self.tallies.retain(|_, tally| *tally != Tally::default());
        self.tallies
    }
}

/// Whose dossiers are counted.
#[derive(Debug, Clone)]
pub struct Whose {
    units: UnitSet,
    role: DossierRole,
}

impl Whose {
    /// Those of these units, as the ones that resolve or receive.
    #[must_use]
    pub fn of(units: UnitSet, role: DossierRole) -> Self {
        Self { units, role }
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
        let mut tallies = Tallies { apart, tallies: BTreeMap::new() };
        let areas = match apart {
            Apart::Procedure => None,
            Apart::Unit => Some(self.units.iter().map(Area::Unit).collect()),
            Apart::Whole | Apart::Field | Apart::Channel => Some(areas(conn, &self.units, days.to)?),
        };
        match areas {
            None => self.read_procedures(conn, days, |time, cell, changes| {
                tallies.of(Area::Country, &cell).add(time, cell.working_days, &changes);
            })?,
            Some(areas) => {
                read(conn, &areas, self.role, days, |area, time, cell, changes| {
                    tallies.of(area, &cell).add(time, cell.working_days, &changes);
                })?;
                read_times(conn, &areas, self.role, days, |area, _, cell, changes| {
                    tallies.of(area, &cell).add_time(cell.working_days, &changes);
                })?;
            }
        }
        unfolded(
            conn,
            |unit| self.units.contains(unit),
            self.role,
            days,
            |time, leaf, changes| {
                let cell = Cell::whole(&leaf);
                tallies.of(Area::Unit(leaf.unit), &cell).add(time, cell.working_days, &changes);
            },
        )?;
        Ok(tallies.trimmed())
    }

    /// Reads what tells procedures apart: whole provinces from their own sheets, other units and days of a
    /// month from the days of single units.
    fn read_procedures(
        &self,
        conn: &mut DbConn,
        days: Days,
        mut take: impl FnMut(Time, Cell, Changes),
    ) -> Result<(), ApiError> {
        let mut take = |_, time, cell, changes| take(time, cell, changes);
        let (alone, wide): (Vec<Area>, Vec<Area>) =
            self.areas(conn, days.to)?.into_iter().partition(|area| matches!(area, Area::Unit(_)));
        let all: Vec<Area> = self.units.iter().map(Area::Unit).collect();
        let spans = |kept| days.spans(kept).into_iter().partition(|(_, span)| span.is_of_days());
        let (single, years): (Vec<_>, Vec<_>) = spans(Kept::ByYear);
        let (_, months): (Vec<_>, Vec<_>) = spans(Kept::ByMonth);
        let of = (self.role, days);
        read_part(conn, &wide, of, Part::Procedures, &years, &mut take)?;
        first_moves(conn, &wide, of, &years, &mut take)?;
        read_part(conn, &alone, of, Part::Days, &months, &mut take)?;
        read_part(conn, &all, of, Part::Days, &single, &mut take)
    }

    /// The areas whose months and years are those of these units together, the country as its provinces.
    fn areas(&self, conn: &mut DbConn, to: NaiveDate) -> Result<Vec<Area>, ApiError> {
        let found = areas(conn, &self.units, to)?;
        if found != [Area::Country] {
            return Ok(found);
        }
        let provinces: Vec<OrgUnitId> =
            dossier_areas::table.select(dossier_areas::province_id).distinct().load(conn)?;
        Ok(provinces.into_iter().map(Area::Province).collect())
    }
}
