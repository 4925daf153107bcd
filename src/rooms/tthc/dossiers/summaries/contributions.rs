//! What one dossier adds to the counts, day by day (đóng góp của một hồ sơ vào số liệu). Pure.
//!
//! Everything that a form asks follows from changes that happen on days: a dossier is received, it ends in
//! one of five ways, it moves from one unit to another, it comes to be overdue and ceases to be. What is
//! pending on a day is the sum of all changes up to it. A due day lies ahead, and so does the change on the
//! day behind it: time passes without any work.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Neg};

use chrono::NaiveDate;

use crate::dossiers::due::{Due, DueBasis, Timeliness, Wait, outcome};
use crate::dossiers::life::DossierStatus;
use crate::dossiers::model::Channel;
use crate::dossiers::row::{DossierRow, Holder};
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::ProcedureId;
use kernel::text_enum;
use kernel::tree::{OrgUnitId, Tier};

text_enum! {
    /// As whose a dossier is counted (cách tính đơn vị).
    pub enum CountedBy {
        /// One unit received it and resolves it.
        Both => "both", "đơn vị tiếp nhận và giải quyết";
        /// The unit that resolves it.
        Resolving => "resolving", "đơn vị giải quyết";
        /// The unit that received it, where another resolves it.
        Receiving => "receiving", "đơn vị tiếp nhận";
    }
}

/// Where and on which day something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leaf {
    /// As whose.
    pub by: CountedBy,
    /// The unit.
    pub unit: OrgUnitId,
    /// Its province.
    pub province: OrgUnitId,
    /// Its tier on the day on which it got the dossier.
    pub tier: Tier,
    /// The field.
    pub field: Option<ProcedureFieldId>,
    /// The procedure.
    pub procedure: ProcedureId,
    /// How it came in.
    pub channel: Channel,
    /// The day.
    pub day: NaiveDate,
    /// Working days from receipt to resolution, of a resolution of which they are known.
    pub working_days: Option<i64>,
}

/// Changes that happen on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Received.
    pub received: i64,
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
    /// Came from another unit, less what went to one.
    pub moved: i64,
    /// Came to be pending and overdue on this day's end, less what ceased to be.
    pub overdue: i64,
}

impl Changes {
    /// Nothing.
    pub const NONE: Self = Self {
        received: 0,
        resolved_early: 0,
        resolved_on_time: 0,
        resolved_overdue: 0,
        withdrawn: 0,
        refused: 0,
        moved: 0,
        overdue: 0,
    };

    /// The changes in the order of the fields.
    #[must_use]
    pub const fn parts(self) -> [i64; 8] {
        let Self {
            received,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            withdrawn,
            refused,
            moved,
            overdue,
        } = self;
        [received, resolved_early, resolved_on_time, resolved_overdue, withdrawn, refused, moved, overdue]
    }

    /// The changes of their [`Changes::parts`].
    #[must_use]
    pub const fn of_parts(parts: [i64; 8]) -> Self {
        let [
            received,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            withdrawn,
            refused,
            moved,
            overdue,
        ] = parts;
        Self {
            received,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            withdrawn,
            refused,
            moved,
            overdue,
        }
    }

    /// Of these the resolutions alone.
    #[must_use]
    pub const fn resolutions(self) -> Self {
        let Self { resolved_early, resolved_on_time, resolved_overdue, .. } = self;
        Self { resolved_early, resolved_on_time, resolved_overdue, ..Self::NONE }
    }

    /// Of these what moved between units alone.
    #[must_use]
    pub const fn moves(self) -> Self {
        Self { moved: self.moved, ..Self::NONE }
    }

    /// By how much what is pending grows.
    #[must_use]
    pub const fn pending(&self) -> i64 {
        self.received + self.moved
            - self.resolved_early
            - self.resolved_on_time
            - self.resolved_overdue
            - self.withdrawn
            - self.refused
    }
}

impl AddAssign for Changes {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.resolved_early += other.resolved_early;
        self.resolved_on_time += other.resolved_on_time;
        self.resolved_overdue += other.resolved_overdue;
        self.withdrawn += other.withdrawn;
        self.refused += other.refused;
        self.moved += other.moved;
        self.overdue += other.overdue;
    }
}

impl Neg for Changes {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            received: -self.received,
            resolved_early: -self.resolved_early,
            resolved_on_time: -self.resolved_on_time,
            resolved_overdue: -self.resolved_overdue,
            withdrawn: -self.withdrawn,
            refused: -self.refused,
            moved: -self.moved,
            overdue: -self.overdue,
        }
    }
}

/// What is counted where.
pub type Counted = BTreeMap<Leaf, Changes>;

/// What a dossier adds to the counts; nothing, while it is outside form 06 or as a part of a linked one.
#[must_use]
pub fn contributions(row: &DossierRow) -> Counted {
    let mut counted = Counted::new();
    add(&mut counted, row, |changes| changes);
    counted
}

/// What a write changes in the counts.
#[must_use]
pub fn difference(before: Option<&DossierRow>, after: Option<&DossierRow>) -> Counted {
    let mut counted = Counted::new();
    if let Some(before) = before {
        add(&mut counted, before, Neg::neg);
    }
    if let Some(after) = after {
        add(&mut counted, after, |changes| changes);
    }
    counted.retain(|_, changes| *changes != Changes::NONE);
    counted
}

fn add(counted: &mut Counted, row: &DossierRow, sign: impl Fn(Changes) -> Changes) {
    if !row.status.is_counted() || row.linked_code.is_some() {
        return;
    }
    let mut change = |leaf: Leaf, changes: Changes| *counted.entry(leaf).or_default() += sign(changes);
    let receiver = Holder {
        unit: row.receiving_unit_id,
        province: row.receiving_province_id,
        tier: row.receiving_tier,
        since: row.received_on(),
    };
    let of = |by: CountedBy, holder: &Holder, day: NaiveDate| Leaf {
        by,
        unit: holder.unit,
        province: holder.province,
        tier: holder.tier,
        field: row.field_id,
        procedure: row.procedure_id,
        channel: row.channel,
        day,
        working_days: None,
    };
    let is_one = row.holders.0.iter().all(|holder| holder.unit == receiver.unit);
    let views: &[(CountedBy, &[Holder])] = if is_one {
        &[(CountedBy::Both, std::slice::from_ref(&receiver))]
    } else {
        &[(CountedBy::Resolving, &row.holders.0), (CountedBy::Receiving, std::slice::from_ref(&receiver))]
    };
    let end = end(row);
    let last_day = end.map_or(NaiveDate::MAX, |(day, _)| day);
    let overdue = overdue_spans(row, last_day);
    for (by, holders) in views {
        let stays = stays(holders, row.received_on(), last_day);
        for (place, (from, holder)) in stays.iter().enumerate() {
            let at = |day| of(*by, holder, day);
            let next = stays.get(place + 1);
            if place == 0 {
                change(at(*from), Changes { received: 1, ..Changes::NONE });
            } else {
                change(at(*from), Changes { moved: 1, ..Changes::NONE });
            }
            if let Some((until, _)) = next {
                change(at(*until), Changes { moved: -1, ..Changes::NONE });
            } else if let Some((day, changes)) = end {
                let known = changes.withdrawn + changes.refused == 0;
                let working_days = row.working_days.filter(|_| known);
                change(Leaf { working_days, ..at(day) }, changes);
            }
            let until = next.map_or(NaiveDate::MAX, |(until, _)| *until);
            for (first, end) in &overdue {
                let (first, end) = ((*first).max(*from), (*end).min(until));
                if first < end {
                    change(at(first), Changes { overdue: 1, ..Changes::NONE });
                    if end < NaiveDate::MAX {
                        change(at(end), Changes { overdue: -1, ..Changes::NONE });
                    }
                }
            }
        }
    }
}

/// On which day and how a dossier ended, as the counts see it.
fn end(row: &DossierRow) -> Option<(NaiveDate, Changes)> {
    let closed = |changes| row.closed_at.map(|at| (at.vietnam_day(), changes));
    match row.status {
        DossierStatus::Resolved | DossierStatus::Returned => row.resolved_at.map(|at| {
            let changes = match outcome(at, row.due()) {
                Timeliness::Early => Changes { resolved_early: 1, ..Changes::NONE },
                Timeliness::OnTime => Changes { resolved_on_time: 1, ..Changes::NONE },
                Timeliness::Overdue => Changes { resolved_overdue: 1, ..Changes::NONE },
            };
            (at.vietnam_day(), changes)
        }),
        DossierStatus::Withdrawn => closed(Changes { withdrawn: 1, ..Changes::NONE }),
        DossierStatus::Refused => closed(Changes { refused: 1, ..Changes::NONE }),
        _ => None,
    }
}

/// Which unit had the dossier at the end of which days: each since its first day, in their order. What
/// was handed over on the day of receipt was received by the last of that day, and nothing is handed over
/// once it has ended.
fn stays(holders: &[Holder], received_on: NaiveDate, last_day: NaiveDate) -> Vec<(NaiveDate, &Holder)> {
    let mut stays: Vec<(NaiveDate, &Holder)> = Vec::with_capacity(holders.len());
    for (place, holder) in holders.iter().enumerate() {
        let from = if place == 0 { received_on } else { holder.since.max(received_on) };
        if place > 0 && from > last_day {
            break;
        }
        while stays.last().is_some_and(|(known, _)| *known >= from) {
            stays.pop();
        }
        // Back to where it is already is no move.
        if stays.last().is_none_or(|(_, known)| known.unit != holder.unit) {
            stays.push((from, holder));
        }
    }
    stays
}

/// The days on whose end the dossier is pending and overdue: spans from the first to before the second,
/// without those on which a wait stops the clock.
fn overdue_spans(row: &DossierRow, last_day: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let Some(first) = overdue_from(row.due()) else { return Vec::new() };
    let first = first.max(row.received_on());
    let mut spans = vec![(first, last_day)];
    for (since, until) in row.waits.0.iter().filter(|wait| wait.stops).map(Wait::days) {
        let around = spans.into_iter().flat_map(|(from, to)| [(from, to.min(since)), (from.max(until), to)]);
        spans = around.filter(|(from, to)| from < to).collect();
    }
    spans
}

/// The first day at whose end a dossier that is still pending is overdue: the day after that on which it is due,
/// and where the service counted hours that day itself.
fn overdue_from(due: Due) -> Option<NaiveDate> {
    match due {
        Due { on, at: Some(_), basis: DueBasis::Hours } => on,
        Due { on, .. } => on?.succ_opt(),
    }
}
