//! How counts are stored: what occurs, each once, and numbers that point at it. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::contributions::{Changes, CountedBy};
use super::sheets::{Cell, Cells};
use crate::dossiers::model::Channel;
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::ProcedureId;
use kernel::error::ApiError;
use kernel::tree::Tier;

/// Counts as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packed {
    by: Vec<CountedBy>,
    tiers: Vec<Tier>,
    channels: Vec<Channel>,
    fields: Vec<ProcedureFieldId>,
    procedures: Vec<ProcedureId>,
    kinds: Vec<Kind>,
    counts: Vec<Count>,
}

/// What a count is of but its day: places in the lists of [`Packed`], from 1 on, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Kind {
    by: u32,
    tier: u32,
    channel: u32,
    field: u32,
    procedure: u32,
}

/// One of the [`Changes`] of a kind and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// Days behind that of the count before it. The first follows day 0, which is none; day 1 is the first of year 1.
    days: i32,
    kind: u32,
    working_days: Option<i64>,
    which: u8,
    count: i64,
}

/// What occurs, and its place.
struct Occurring<T>(BTreeMap<T, u32>, Vec<T>);

impl<T: Ord + Copy> Occurring<T> {
    const fn new() -> Self {
        Self(BTreeMap::new(), Vec::new())
    }

    fn place(&mut self, value: T) -> u32 {
        let Self(places, list) = self;
        *places.entry(value).or_insert_with(|| {
            list.push(value);
            u32::try_from(list.len()).unwrap_or(u32::MAX)
        })
    }
}

impl From<&Cells> for Packed {
    fn from(cells: &Cells) -> Self {
        let (mut by, mut tiers, mut channels) = (Occurring::new(), Occurring::new(), Occurring::new());
        let (mut fields, mut procedures) = (Occurring::new(), Occurring::new());
        let mut kinds = Occurring::new();
        let mut counts = Vec::with_capacity(cells.len());
        let mut before = 0;
        for (cell, changes) in cells {
            let kind = kinds.place(Kind {
                by: by.place(cell.by),
                tier: tiers.place(cell.tier),
                channel: channels.place(cell.channel),
                field: cell.field.map_or(0, |field| fields.place(field)),
                procedure: cell.procedure.map_or(0, |procedure| procedures.place(procedure)),
            });
            let day = cell.day.map_or(0, |day| day.num_days_from_ce());
            for (which, count) in (0..).zip(changes.parts()).filter(|(_, count)| *count != 0) {
                let days = day - before;
                counts.push(Count { days, kind, working_days: cell.working_days, which, count });
                before = day;
            }
        }
        let (by, tiers, channels) = (by.1, tiers.1, channels.1);
        Self { by, tiers, channels, fields: fields.1, procedures: procedures.1, kinds: kinds.1, counts }
    }
}

impl Packed {
    /// Tells every count.
    ///
    /// # Errors
    /// For what was not packed here.
    pub(super) fn each(&self, mut take: impl FnMut(Cell, Changes)) -> Result<(), ApiError> {
        let unreadable = || ApiError::internal("a sheet of counts cannot be read");
        let kinds: Option<Vec<Cell>> = self.kinds.iter().map(|kind| self.cell(kind)).collect();
        let kinds = kinds.ok_or_else(unreadable)?;
        let mut day = 0;
        for count in &self.counts {
            let (next, cell, changes) = count.after(day, &kinds).ok_or_else(unreadable)?;
            day = next;
            take(cell, changes);
        }
        Ok(())
    }

    /// The cell of a kind, of no day.
    fn cell(&self, kind: &Kind) -> Option<Cell> {
        Some(Cell {
            day: None,
            by: at(&self.by, kind.by)??,
            tier: at(&self.tiers, kind.tier)??,
            channel: at(&self.channels, kind.channel)??,
            field: at(&self.fields, kind.field)?,
            procedure: at(&self.procedures, kind.procedure)?,
            working_days: None,
        })
    }
}

impl Count {
    /// Its day, behind that of the count before, and what it tells; nothing where it was not packed here.
    fn after(&self, before: i32, kinds: &[Cell]) -> Option<(i32, Cell, Changes)> {
        let number = before.checked_add(self.days)?;
        let day = if number == 0 { None } else { Some(NaiveDate::from_num_days_from_ce_opt(number)?) };
        let kind = at(kinds, self.kind)??;
        let mut parts = Changes::NONE.parts();
        *parts.get_mut(usize::from(self.which))? = self.count;
        Some((number, Cell { day, working_days: self.working_days, ..kind }, Changes::of_parts(parts)))
    }
}

/// What stands at a place, of which 0 is none; nothing for a place that does not exist.
fn at<T: Copy>(list: &[T], place: u32) -> Option<Option<T>> {
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
            let packed = postcard::to_stdvec(&Packed::from(&cells)).unwrap();
            let packed: Packed = postcard::from_bytes(&packed).unwrap();
            let mut read = Cells::new();
            packed.each(|cell, changes| *read.entry(cell).or_default() += changes).unwrap();
            let mut wanted = cells;
            wanted.retain(|_, changes| *changes != Changes::NONE);
            prop_assert_eq!(read, wanted);
        }
    }

    #[test]
    fn what_was_not_packed_here_is_refused() {
        let count = Count { days: 739_000, kind: 1, working_days: None, which: 7, count: 1 };
        let kind = Kind { by: 1, tier: 1, channel: 1, field: 0, procedure: 0 };
        let of = |kind, count| Packed {
            by: vec![CountedBy::Both],
            tiers: vec![Tier::Commune],
            channels: vec![Channel::Online],
            kinds: vec![kind],
            counts: vec![count],
            ..Packed::default()
        };
        assert!(of(kind, count).each(|_, _| {}).is_ok());
        let amiss = [
            of(Kind { tier: 2, ..kind }, count),
            of(Kind { by: 0, ..kind }, count),
            of(Kind { field: 1, ..kind }, count),
            of(kind, Count { kind: 2, ..count }),
            of(kind, Count { which: 8, ..count }),
            of(kind, Count { days: i32::MAX, ..count }),
        ];
        for packed in amiss {
            assert!(packed.each(|_, _| {}).is_err(), "{packed:?}");
        }
    }
}
