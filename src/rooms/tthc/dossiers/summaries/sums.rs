//! The counts of some units and days, as forms read them.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::contributions::{Changes, CountedBy, Leaf};
use super::deltas::each_delta;
use super::packed::Packed;
use super::sheets::{Area, Cell};
use super::spans::{Days, Kept, Span, Time};
use crate::dossiers::model::{Channel, DossierRole};
use crate::procedures::fields::ProcedureFieldId;
use crate::processing_returns::rules::Columns;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::packed_text::PackedText;
use kernel::db::schema::{dossier_areas, dossier_sums};
use kernel::error::ApiError;
use kernel::tree::{OrgUnitId, Tier, UnitSet};

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

/// A row of a count: the level and the field.
pub type RowKey = (Tier, Option<ProcedureFieldId>);

/// The counts of some units together, by level and field. Its caller reads in one snapshot, or lets nobody fold:
/// sums and deltas together.
///
/// # Errors
/// When the database cannot be read.
pub fn total_counts(
    conn: &mut DbConn,
    wanted: &UnitSet,
    role: DossierRole,
    days: Days,
) -> Result<BTreeMap<RowKey, Count>, ApiError> {
    let areas = areas(conn, wanted, days.to)?;
    let mut counts: BTreeMap<RowKey, Count> = BTreeMap::new();
    let mut add = |time, Cell { tier, field, channel, .. }, changes| {
        counts.entry((tier, field)).or_default().add(channel, time, &changes);
    };
    read(conn, &areas, role, days, |_, time, cell, changes| add(time, cell, changes))?;
    let is_wanted = |unit| wanted.contains(unit);
    unfolded(conn, is_wanted, role, days, |time, leaf, changes| add(time, Cell::whole(&leaf), changes))?;
    counts.retain(|_, count| *count != Count::default());
    Ok(counts)
}

/// The counts of some units, each by itself; its caller reads as that of [`total_counts`] does.
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
    let areas: Vec<Area> = units.iter().copied().map(Area::Unit).collect();
    let mut counts: BTreeMap<(OrgUnitId, RowKey), Count> = BTreeMap::new();
    let mut add = |unit, time, Cell { tier, field, channel, .. }, changes| {
        counts.entry((unit, (tier, field))).or_default().add(channel, time, &changes);
    };
    read(conn, &areas, role, days, |area, time, cell, changes| {
        if let Area::Unit(unit) = area {
            add(unit, time, cell, changes);
        }
    })?;
    let is_wanted = |unit| wanted.contains(&unit);
    unfolded(conn, is_wanted, role, days, |time, leaf, changes| {
        add(leaf.unit, time, Cell::whole(&leaf), changes);
    })?;
    counts.retain(|_, count| *count != Count::default());
    Ok(counts)
}

/// Fewer units than this are read one by one, without looking whether they are all of a province.
const FEW: usize = 32;

/// More units than this are of many provinces, and may be all of the country but these many.
const MANY: usize = 2_000;

/// The areas whose sums are those of these units together: the country, whole provinces, single units.
pub(super) fn areas(conn: &mut DbConn, wanted: &UnitSet, to: NaiveDate) -> Result<Vec<Area>, ApiError> {
    use dossier_areas as a;
    if wanted.len() < FEW {
        return Ok(wanted.iter().map(Area::Unit).collect());
    }
    if wanted.len() >= MANY {
        let rest: Vec<OrgUnitId> = wanted.rest().take(MANY).collect();
        if rest.len() < MANY && !is_any_counted(conn, &rest, to)? {
            return Ok(vec![Area::Country]);
        }
        let known: Vec<(OrgUnitId, OrgUnitId)> =
            a::table.filter(a::first_day.le(to)).select((a::province_id, a::unit_id)).load(conn)?;
        return Ok(covering(&known, |unit| wanted.contains(unit), false));
    }
    let units: Vec<OrgUnitId> = wanted.iter().collect();
    let provinces: Vec<OrgUnitId> = provinces_of(&units).load(conn)?;
    let known: Vec<(OrgUnitId, OrgUnitId)> = a::table
        .filter(a::province_id.eq_any(&provinces).and(a::first_day.le(to)))
        .select((a::province_id, a::unit_id))
        .load(conn)?;
    let other = a::table.filter(a::province_id.ne_all(&provinces).and(a::first_day.le(to)));
    let are_others: bool = diesel::select(diesel::dsl::exists(other)).get_result(conn)?;
    Ok(covering(&known, |unit| wanted.contains(unit), are_others))
}

/// Whether anything was counted of one of these units by that day.
fn is_any_counted(conn: &mut DbConn, units: &[OrgUnitId], to: NaiveDate) -> QueryResult<bool> {
    use dossier_areas as a;
    if units.is_empty() {
        return Ok(false);
    }
    let counted = a::table.filter(a::unit_id.eq_any(units).and(a::first_day.le(to)));
    diesel::select(diesel::dsl::exists(counted)).get_result(conn)
}

/// The provinces in which these units were counted.
fn provinces_of(units: &[OrgUnitId]) -> dossier_areas::BoxedQuery<'_, MultiBackend, Text> {
    use dossier_areas as a;
    a::table.filter(a::unit_id.eq_any(units)).select(a::province_id).distinct().into_boxed()
}

/// The areas that cover the units that are wanted; `known` are all units of the provinces in which they were counted,
/// and other provinces may have been counted beside these.
fn covering(
    known: &[(OrgUnitId, OrgUnitId)],
    is_wanted: impl Fn(OrgUnitId) -> bool,
    are_others: bool,
) -> Vec<Area> {
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
    let is_whole = |units: &HashSet<OrgUnitId>| units.iter().all(|unit| is_wanted(*unit));
    if !are_others && provinces.values().all(is_whole) {
        return vec![Area::Country];
    }
    let mut areas = Vec::new();
    for (province, units) in provinces {
        if is_whole(&units) && !shared.contains(&province) {
            areas.push(Area::Province(province));
        } else {
            areas.extend(units.into_iter().filter(|unit| is_wanted(*unit)).map(Area::Unit));
        }
    }
    areas.sort_unstable();
    areas.dedup();
    areas
}

/// The ways of counting that a role asks for.
pub(super) fn counted_by(role: DossierRole) -> [CountedBy; 2] {
    match role {
        DossierRole::Resolving => [CountedBy::Both, CountedBy::Resolving],
        DossierRole::Receiving => [CountedBy::Both, CountedBy::Receiving],
    }
}

/// Areas of one statement: what it answers is held at once.
const TOGETHER: usize = 500;

/// Which part of its sheet answers a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Totals without procedures and working days.
    Totals,
    /// How many working days resolutions took.
    Times,
    /// What moved between units on single days.
    Moves,
    /// Single days: with procedures those of a unit.
    Days,
    /// Totals by procedure, of provinces alone.
    Procedures,
}

/// Reads the sheets of some areas, without their procedures.
pub(super) fn read(
    conn: &mut DbConn,
    areas: &[Area],
    role: DossierRole,
    days: Days,
    mut take: impl FnMut(Area, Time, Cell, Changes),
) -> Result<(), ApiError> {
    let (single, whole): (Vec<_>, Vec<_>) =
        days.spans(Kept::ByYear).into_iter().partition(|(_, span)| span.is_of_days());
    read_part(conn, areas, (role, days), Part::Totals, &whole, &mut take)?;
    read_part(conn, areas, (role, days), Part::Days, &single, &mut take)?;
    first_moves(conn, areas, (role, days), &whole, &mut take)
}

/// Reads how many working days resolutions within the days took, as far as the totals do not tell it.
pub(super) fn read_times(
    conn: &mut DbConn,
    areas: &[Area],
    role: DossierRole,
    days: Days,
    mut take: impl FnMut(Area, Time, Cell, Changes),
) -> Result<(), ApiError> {
    let mut whole = days.spans(Kept::ByYear);
    whole.retain(|(time, span)| *time != Time::Before && !span.is_of_days());
    read_part(conn, areas, (role, days), Part::Times, &whole, &mut take)
}

/// Where the first day stands in the sheet of a whole month or year, what moved on it is told to be of the
/// first day, and taken from what is behind it.
pub(super) fn first_moves(
    conn: &mut DbConn,
    areas: &[Area],
    (role, days): (DossierRole, Days),
    whole: &[(Time, Span)],
    take: &mut impl FnMut(Area, Time, Cell, Changes),
) -> Result<(), ApiError> {
    if !whole.iter().any(|(time, span)| *time != Time::Before && span.begins_on(days.from)) {
        return Ok(());
    }
    let first = [(Time::FirstDay, Span::Days(days.from, days.from.succ_opt().unwrap_or(days.from)))];
    read_part(conn, areas, (role, days), Part::Moves, &first, &mut |area, time, cell, changes| {
        take(area, time, cell, changes);
        take(area, Time::Behind, cell, -changes);
    })
}

type Condition = Box<dyn BoxableExpression<dossier_sums::table, MultiBackend, SqlType = Bool>>;

/// Reads a part of the sheets of some areas in which these spans are.
pub(super) fn read_part(
    conn: &mut DbConn,
    areas: &[Area],
    (role, days): (DossierRole, Days),
    part: Part,
    spans: &[(Time, Span)],
    take: &mut impl FnMut(Area, Time, Cell, Changes),
) -> Result<(), ApiError> {
    use dossier_sums as s;
    let by = counted_by(role);
    let spans: Vec<(Time, Span, (String, String))> =
        spans.iter().map(|(time, span)| (*time, *span, span.sheets())).collect();
    for areas in areas.chunks(TOGETHER) {
        let of_name: HashMap<String, Area> = areas.iter().map(|area| (area.to_string(), *area)).collect();
        let within = |(_, _, (first, end)): &(Time, Span, (String, String))| -> Condition {
            Box::new(s::bucket.ge(first.clone()).and(s::bucket.lt(end.clone())))
        };
        let either = |one: Condition, other: Condition| -> Condition { Box::new(one.or(other)) };
        let Some(within) = spans.iter().map(within).reduce(either) else { return Ok(()) };
        let names: Vec<&String> = of_name.keys().collect();
        let query = s::table.filter(s::area.eq_any(names)).filter(within);
        let rows: Vec<(String, String, PackedText<Packed>)> = match part {
            Part::Totals => query.select((s::area, s::bucket, s::totals)).load(conn)?,
            Part::Times => query.select((s::area, s::bucket, s::times)).load(conn)?,
            Part::Moves => query.select((s::area, s::bucket, s::moves)).load(conn)?,
            Part::Days => query.select((s::area, s::bucket, s::days)).load(conn)?,
            Part::Procedures => query.select((s::area, s::bucket, s::procedures)).load(conn)?,
        };
        for (area, bucket, packed) in rows {
            let Some(area) = of_name.get(&area) else { continue };
            for (time, span, (first, end)) in &spans {
                if *first <= bucket && bucket < *end {
                    packed.0.each(|cell, changes| {
                        if by.contains(&cell.by) && span.holds(cell.day) {
                            let time = cell.day.and_then(|day| days.time(day)).unwrap_or(*time);
                            take(*area, time, cell, changes);
                        }
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// Reads what was committed and is not folded yet.
pub(super) fn unfolded(
    conn: &mut DbConn,
    is_wanted: impl Fn(OrgUnitId) -> bool,
    role: DossierRole,
    days: Days,
    mut take: impl FnMut(Time, Leaf, Changes),
) -> Result<(), ApiError> {
    let by = counted_by(role);
    each_delta(conn, |leaf, changes| {
        let Some(time) = days.time(leaf.day) else { return };
        if by.contains(&leaf.by) && is_wanted(leaf.unit) {
            take(time, leaf, changes);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_province_is_read_whole_where_every_unit_of_it_is_wanted() {
        let [p, q, a, b, c] = [(); 5].map(|()| OrgUnitId::new());
        let known = [(p, a), (p, b), (q, c)];
        let cover = |wanted: &[OrgUnitId]| covering(&known, |unit| wanted.contains(&unit), false);
        assert_eq!(cover(&[a, b, c]), [Area::Country]);
        assert_eq!(cover(&[a, b]), [Area::Province(p)]);
        let of_one_province = covering(&known[..2], |unit| [a, b].contains(&unit), true);
        assert_eq!(of_one_province, [Area::Province(p)], "others may have units that are not wanted");
        let mixed = [Area::Unit(a), Area::Province(q)];
        assert_eq!(cover(&[a, c]), mixed);
        // A unit that came to another province counts in both: neither is read whole.
        let moved = [(p, a), (q, a), (q, b), (OrgUnitId::new(), c)];
        let both = covering(&moved, |unit| [a, b].contains(&unit), false);
        let mut each = vec![Area::Unit(a), Area::Unit(b)];
        each.sort_unstable();
        assert_eq!(both, each);
    }
}
