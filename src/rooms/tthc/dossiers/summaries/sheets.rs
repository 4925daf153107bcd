//! Sheets of counts (bảng số liệu): what is counted of one area in one month or year. Pure.
//!
//! A sheet is written whole, and read by its parts: totals are all that a form asks for, and few; how many
//! working days resolutions took makes them many. A month also tells its single days. Procedures are told
//! apart by the days of single units and by the sheets of provinces: a unit has few dossiers of a procedure
//! in a month, and nobody asks for the procedures of the country as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::contributions::{Changes, CountedBy, Leaf};
use crate::dossiers::model::Channel;
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::ProcedureId;
use kernel::error::ApiError;
use kernel::tree::{OrgUnitId, Tier};

/// Whose counts a sheet tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Area {
    /// Those of one unit.
    Unit(OrgUnitId),
    /// Those of all units of a province.
    Province(OrgUnitId),
    /// Those of all units.
    Country,
}

impl Area {
    /// The areas in which something is counted.
    pub(super) const fn all_of(leaf: &Leaf) -> [Self; 3] {
        [Self::Unit(leaf.unit), Self::Province(leaf.province), Self::Country]
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "{unit}"),
            Self::Province(province) => write!(f, "province {province}"),
            Self::Country => f.write_str("country"),
        }
    }
}

impl FromStr for Area {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let unreadable = |_| ApiError::internal("a sheet of counts of no area");
        match text.strip_prefix("province ") {
            Some(province) => province.parse().map(Self::Province).map_err(unreadable),
            None if text == "country" => Ok(Self::Country),
            None => text.parse().map(Self::Unit).map_err(unreadable),
        }
    }
}

/// Of which days a sheet tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Bucket {
    /// A year and a month of it.
    Month(i32, u32),
    /// A year.
    Year(i32),
}

impl Bucket {
    /// The month and the year of a day.
    pub(super) fn both_of(day: NaiveDate) -> [Self; 2] {
        [Self::month(day), Self::year(day)]
    }

    pub(super) fn month(day: NaiveDate) -> Self {
        Self::Month(day.year(), day.month())
    }

    pub(super) fn year(day: NaiveDate) -> Self {
        Self::Year(day.year())
    }
}

impl FromStr for Bucket {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let read = match text.split_at_checked(1) {
            Some(("y", year)) => year.parse().ok().map(Self::Year),
            Some(("m", month)) => month
                .rsplit_once('-')
                .and_then(|(year, month)| Some(Self::Month(year.parse().ok()?, month.parse().ok()?))),
            _ => None,
        };
        read.ok_or_else(|| ApiError::internal("a sheet of counts of no month or year"))
    }
}

/// Each kind together and in the order of time, as texts are ordered.
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(year, month) => write!(f, "m{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "y{year:04}"),
        }
    }
}

/// What counts are told apart by within a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    /// The day, of counts of single days.
    pub(super) day: Option<NaiveDate>,
    pub(super) by: CountedBy,
    pub(super) tier: Tier,
    pub(super) channel: Channel,
    pub(super) field: Option<ProcedureFieldId>,
    /// The procedure, where procedures are told apart.
    pub(super) procedure: Option<ProcedureId>,
    /// Working days from receipt to resolution, of resolutions of which they are known.
    pub(super) working_days: Option<i64>,
}

impl Cell {
    /// All that is known of a leaf but its unit.
    pub(super) const fn whole(leaf: &Leaf) -> Self {
        let Leaf { by, tier, field, procedure, channel, day, working_days, .. } = *leaf;
        Self { day: Some(day), by, tier, channel, field, procedure: Some(procedure), working_days }
    }

    /// The leaf of a unit; none of a cell that does not tell the day or the procedure.
    pub(super) fn leaf(&self, unit: OrgUnitId, province: OrgUnitId) -> Option<Leaf> {
        let Self { day, by, tier, channel, field, procedure, working_days } = *self;
        let (day, procedure) = (day?, procedure?);
        Some(Leaf { by, unit, province, tier, field, procedure, channel, day, working_days })
    }
}

/// Counts by what they are told apart by.
pub(super) type Cells = BTreeMap<Cell, Changes>;

/// A sheet of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    /// Of the whole month or year, without procedures and working days.
    pub(super) totals: Cells,
    /// Resolutions of the whole month or year by their working days, without procedures.
    pub(super) times: Cells,
    /// What moved between units on single days of a month, with procedures: who has a dossier from the
    /// first day of a form on carries it over.
    pub(super) moves: Cells,
    /// Of the single days of a month: with procedures those of a unit, without them all others.
    pub(super) days: Cells,
    /// Of the whole month or year of a province, by procedure.
    pub(super) procedures: Cells,
}

impl Sheet {
    /// Adds changes to the sheet of this area and these days.
    pub(super) fn add(&mut self, area: Area, bucket: Bucket, leaf: &Leaf, changes: Changes) {
        let whole = Cell::whole(leaf);
        let add = |cells: &mut Cells, cell: Cell| *cells.entry(cell).or_default() += changes;
        let add_some = |cells: &mut Cells, cell: Cell, changes: Changes| {
            if changes != Changes::NONE {
                *cells.entry(cell).or_default() += changes;
            }
        };
        let total = Cell { day: None, procedure: None, ..whole };
        add(&mut self.totals, Cell { working_days: None, ..total });
        if whole.working_days.is_some() {
            add_some(&mut self.times, total, changes.resolutions());
        }
        if matches!(bucket, Bucket::Month(..)) {
            add_some(&mut self.moves, whole, changes.moves());
        }
        match (area, bucket) {
            (Area::Unit(_), Bucket::Month(..)) => add(&mut self.days, whole),
            (_, Bucket::Month(..)) => add(&mut self.days, Cell { procedure: None, ..whole }),
            (_, Bucket::Year(_)) => {}
        }
        if matches!(area, Area::Province(_)) {
            add(&mut self.procedures, Cell { day: None, ..whole });
        }
    }

    /// Leaves out what is nothing.
    pub(super) fn trim(&mut self) {
        for cells in self.parts_mut() {
            cells.retain(|_, changes| *changes != Changes::NONE);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parts().into_iter().map(Cells::len).sum()
    }

    /// Its parts, in the order in which they are declared.
    pub(super) const fn parts(&self) -> [&Cells; 5] {
        let Self { totals, times, moves, days, procedures } = self;
        [totals, times, moves, days, procedures]
    }

    /// The same, to be changed.
    pub(super) const fn parts_mut(&mut self) -> [&mut Cells; 5] {
        let Self { totals, times, moves, days, procedures } = self;
        [totals, times, moves, days, procedures]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_buckets_read_back() {
        let id = OrgUnitId::new();
        for area in [Area::Unit(id), Area::Province(id), Area::Country] {
            assert_eq!(area.to_string().parse::<Area>().unwrap(), area);
        }
        assert!("nowhere".parse::<Area>().is_err());
        for bucket in [Bucket::Month(2024, 2), Bucket::Year(2024), Bucket::Month(1, 12)] {
            assert_eq!(bucket.to_string().parse::<Bucket>().unwrap(), bucket);
        }
        assert!("d2024-01-01".parse::<Bucket>().is_err());
    }
}
