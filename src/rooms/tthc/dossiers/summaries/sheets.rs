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
use serde::{Deserialize, Serialize};

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

/// Counts as they are stored: what occurs, each once, and numbers that point at it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Packed {
    by: Vec<CountedBy>,
    tiers: Vec<Tier>,
    channels: Vec<Channel>,
    fields: Vec<ProcedureFieldId>,
    procedures: Vec<ProcedureId>,
    /// One count after the other, each of [`NUMBERS`].
    counts: Vec<i64>,
}

/// The numbers of a count: the day (0 for none, else counted from the first of year 1), places in the lists
/// before (from 1 on, 0 for none), the working days (-1 for none), which of [`Changes`], and how many.
const NUMBERS: usize = 9;

/// What occurs, and its place.
struct Occurring<T>(BTreeMap<T, i64>, Vec<T>);

impl<T: Ord + Copy> Occurring<T> {
    const fn new() -> Self {
        Self(BTreeMap::new(), Vec::new())
    }

    fn place(&mut self, value: T) -> i64 {
        let Self(places, list) = self;
        *places.entry(value).or_insert_with(|| {
            list.push(value);
            i64::try_from(list.len()).unwrap_or(i64::MAX)
        })
    }
}

impl From<&Cells> for Packed {
    fn from(cells: &Cells) -> Self {
        let (mut by, mut tiers, mut channels) = (Occurring::new(), Occurring::new(), Occurring::new());
        let (mut fields, mut procedures) = (Occurring::new(), Occurring::new());
        let mut counts = Vec::with_capacity(cells.len() * NUMBERS);
        for (cell, changes) in cells {
            let start = [
                cell.day.map_or(0, |day| i64::from(day.num_days_from_ce())),
                by.place(cell.by),
                tiers.place(cell.tier),
                channels.place(cell.channel),
                cell.field.map_or(0, |field| fields.place(field)),
                cell.procedure.map_or(0, |procedure| procedures.place(procedure)),
                cell.working_days.unwrap_or(-1),
            ];
            for (which, count) in (0..).zip(changes.parts()).filter(|(_, count)| *count != 0) {
                counts.extend(start);
                counts.extend([which, count]);
            }
        }
        let (by, tiers, channels) = (by.1, tiers.1, channels.1);
        Self { by, tiers, channels, fields: fields.1, procedures: procedures.1, counts }
    }
}

impl Packed {
    /// Tells every count.
    ///
    /// # Errors
    /// For what was not packed here.
    pub(super) fn each(&self, mut take: impl FnMut(Cell, Changes)) -> Result<(), ApiError> {
        let unreadable = || ApiError::internal("a sheet of counts cannot be read");
        for numbers in self.counts.chunks(NUMBERS) {
            let cell = self.count(numbers).ok_or_else(unreadable)?;
            take(cell.0, cell.1);
        }
        Ok(())
    }

    fn count(&self, numbers: &[i64]) -> Option<(Cell, Changes)> {
        let [day, by, tier, channel, field, procedure, working_days, which, count] = *numbers else {
            return None;
        };
        let cell = Cell {
            day: if day == 0 {
                None
            } else {
                Some(NaiveDate::from_num_days_from_ce_opt(day.try_into().ok()?)?)
            },
            by: at(&self.by, by)??,
            tier: at(&self.tiers, tier)??,
            channel: at(&self.channels, channel)??,
            field: at(&self.fields, field)?,
            procedure: at(&self.procedures, procedure)?,
            working_days: (working_days >= 0).then_some(working_days),
        };
        let mut parts = Changes::NONE.parts();
        *parts.get_mut(usize::try_from(which).ok()?)? = count;
        Some((cell, Changes::of_parts(parts)))
    }
}

/// What stands at a place, of which 0 is none; nothing for a place that does not exist.
fn at<T: Copy>(list: &[T], place: i64) -> Option<Option<T>> {
    match usize::try_from(place).ok()?.checked_sub(1) {
        None => Some(None),
        Some(place) => list.get(place).copied().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells() -> impl Strategy<Value = Cells> {
        let ids: Vec<_> = (0..3).map(|_| (ProcedureFieldId::new(), ProcedureId::new())).collect();
        let pick = |count: usize| prop::option::of(0..count);
        let key = (pick(800), 0..3_usize, 0..2_usize, 0..3_usize, pick(3), pick(3), pick(40));
        let cell = (key, prop::array::uniform8(-3_i64..4)).prop_map(move |(key, parts)| {
            let (day, by, tier, channel, field, procedure, working_days) = key;
            let cell = Cell {
                day: day.and_then(|day| {
                    NaiveDate::from_num_days_from_ce_opt(1 + i32::try_from(day * 900).unwrap())
                }),
                by: CountedBy::ALL[by],
                tier: Tier::ALL[tier],
                channel: Channel::ALL[channel],
                field: field.map(|place| ids[place].0),
                procedure: procedure.map(|place| ids[place].1),
                working_days: working_days.map(|days| i64::try_from(days).unwrap()),
            };
            (cell, Changes::of_parts(parts))
        });
        prop::collection::btree_map(
            cell.clone().prop_map(|(cell, _)| cell),
            cell.prop_map(|(_, it)| it),
            0..60,
        )
    }

    proptest! {
        /// What is stored reads back as it was, whatever the counts are.
        #[test]
        fn packing_loses_nothing(cells in cells()) {
            let packed = serde_json::to_string(&Packed::from(&cells)).unwrap();
            let packed: Packed = serde_json::from_str(&packed).unwrap();
            let mut read = Cells::new();
            packed.each(|cell, changes| *read.entry(cell).or_default() += changes).unwrap();
            let mut wanted = cells;
            wanted.retain(|_, changes| *changes != Changes::NONE);
            prop_assert_eq!(read, wanted);
        }
    }

    #[test]
    fn what_was_not_packed_here_is_refused() {
        let mut packed = Packed { counts: vec![0, 1, 1, 1, 0, 0, -1, 0, 1], ..Packed::default() };
        assert!(packed.each(|_, _| {}).is_err());
        packed.counts.pop();
        assert!(packed.each(|_, _| {}).is_err());
    }

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
