//! The dossiers of Phụng Hiệp from 1 January to 2 July 2024, as its report counts them: 7,277 received by the
//! district and 9,672 by its communes, beside them 473 and 193 carried over, which the report does not state
//! but its parts imply. Channels, outcomes and the fields of what is overdue are the report's; it does not
//! tell the fields, units and days of the others.

use chrono::NaiveDate;

use super::Plan;
use super::course::{Course, End, below, mixed};
use kernel::error::ApiError;
use kernel::tree::{OrgTree, OrgUnitId, Tier};
use tthc::dossiers::model::Channel;

/// A field that the report names.
pub(super) const LABOUR: &str = "Lao động - Tiền lương - Bảo hiểm xã hội";
const LAND: &str = "Đất đai";
const CIVIL_STATUS: &str = "Hộ tịch";
const SOCIAL: &str = "Bảo trợ xã hội";
const EDUCATION: &str = "Giáo dục và đào tạo";
const CERTIFICATION: &str = "Chứng thực";

const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2024, 7, 2).unwrap();

/// How dossiers stood at the end of the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Early,
    OnTime,
    Overdue,
    Withdrawn,
    Refused,
    PendingInTime,
    PendingOverdue,
}

/// What the report counts at one level.
struct Level {
    tier: Tier,
    online: usize,
    in_person: usize,
    carried_over: usize,
    /// Outcomes with the field where the report names one.
    outcomes: &'static [(Outcome, Option<&'static str>, usize)],
    /// The fields of the others.
    fields: &'static [&'static str],
}

const LEVELS: [Level; 2] = [
    Level {
        tier: Tier::District,
        online: 1_882,
        in_person: 5_395,
        carried_over: 473,
        outcomes: &[
            (Outcome::PendingOverdue, Some(LABOUR), 1),
            (Outcome::PendingOverdue, Some(LAND), 1),
            (Outcome::PendingInTime, None, 642),
            (Outcome::Withdrawn, None, 6),
            (Outcome::Refused, None, 13),
            (Outcome::Overdue, Some(SOCIAL), 11),
            (Outcome::Overdue, Some(EDUCATION), 2),
            (Outcome::OnTime, None, 88),
            (Outcome::Early, None, 6_986),
        ],
        fields: &[LAND, SOCIAL, EDUCATION, CERTIFICATION],
    },
    Level {
        tier: Tier::Commune,
        online: 9_210,
        in_person: 462,
        carried_over: 193,
        outcomes: &[
            (Outcome::PendingOverdue, None, 8),
            (Outcome::PendingInTime, None, 1_412),
            (Outcome::Withdrawn, None, 83),
            (Outcome::Refused, None, 17),
            (Outcome::Overdue, Some(LAND), 13),
            (Outcome::Overdue, Some(CIVIL_STATUS), 1),
            (Outcome::OnTime, None, 177),
            (Outcome::Early, None, 8_154),
        ],
        fields: &[CIVIL_STATUS, CERTIFICATION, SOCIAL],
    },
];

/// The dossiers in the order of their receipt.
///
/// # Errors
/// When the district or its communes are not there.
pub(super) fn plans(
    tree: &OrgTree,
    days: &[NaiveDate],
) -> Result<impl Iterator<Item = Plan> + Send + use<>, ApiError> {
    let missing = || ApiError::internal("Phụng Hiệp is not among the units");
    let district = tree.by_code("934", FIRST_DAY).ok_or_else(missing)?;
    let mut plans = Vec::new();
    for level in &LEVELS {
        let units: Vec<OrgUnitId> = match level.tier {
            Tier::District => vec![district],
            tier => {
                let children = tree.children(district, FIRST_DAY).into_iter();
                children.filter(|unit| tree.tier_at(*unit, FIRST_DAY) == Some(tier)).collect()
            }
        };
        let plan = |planned: Planned| planned.plan(level, &units, days).ok_or_else(missing);
        plans.extend(level.planned().map(plan).collect::<Result<Vec<_>, _>>()?);
    }
    plans.sort_by_key(|plan| plan.course.received);
    Ok(plans.into_iter())
}

/// One dossier of a level.
struct Planned {
    number: u64,
    outcome: Outcome,
    field: Option<&'static str>,
    channel: Channel,
    carried_over: bool,
}

impl Level {
    /// What came in, each with its outcome. What was carried over comes last, where all were resolved early:
    /// the report does not say more.
    fn planned(&self) -> impl Iterator<Item = Planned> {
        let outcomes = self
            .outcomes
            .iter()
            .flat_map(|(outcome, field, count)| std::iter::repeat_n((*outcome, *field), *count));
        let received = self.online + self.in_person;
        outcomes.take(received + self.carried_over).enumerate().map(move |(index, (outcome, field))| {
            // Spread evenly over what was received.
            let is_online = (index + 1) * self.online / received > index * self.online / received;
            Planned {
                number: u64::try_from(index).unwrap_or_default(),
                outcome,
                field,
                channel: if is_online { Channel::Online } else { Channel::InPerson },
                carried_over: index >= received,
            }
        })
    }
}

impl Planned {
    fn plan(&self, level: &Level, units: &[OrgUnitId], days: &[NaiveDate]) -> Option<Plan> {
        let unit = *units.get(below(units.len(), self.number, 1))?;
        let field = match self.field {
            Some(field) => field,
            None => level.fields.get(below(level.fields.len(), self.number, 2))?,
        };
        Some(Plan {
            receiving: unit,
            resolving: unit,
            field: field.to_owned(),
            channel: self.channel,
            course: self.course(days)?,
        })
    }

    /// The days, counted in working days.
    fn course(&self, days: &[NaiveDate]) -> Option<Course> {
        let first = days.partition_point(|day| *day < FIRST_DAY);
        let last = days.partition_point(|day| *day <= LAST_DAY).checked_sub(1)?;
        let term = 3 + below(13, self.number, 3);
        // How many working days after receipt it was over; those that are pending end behind the last day.
        let after = match self.outcome {
            Outcome::OnTime => term,
            Outcome::Overdue => term + 1 + below(4, self.number, 4),
            Outcome::Early | Outcome::Withdrawn | Outcome::Refused => below(term, self.number, 4),
            Outcome::PendingInTime | Outcome::PendingOverdue => 0,
        };
        let received = match self.outcome {
            // Due on the last day at the earliest.
            Outcome::PendingInTime => last - below(term, self.number, 5),
            Outcome::PendingOverdue => last - term - 1 - below(3, self.number, 5),
            // Received in December, and over in January.
            _ if self.carried_over => first - 1 - below(after.max(1), self.number, 5),
            _ => first + below(last + 1 - after - first, self.number, 5),
        };
        let end = match self.outcome {
            Outcome::PendingInTime => {
                last + 1 + below((received + term).saturating_sub(last).max(1), self.number, 6)
            }
            Outcome::PendingOverdue => last + 3,
            _ if self.carried_over => (received + after).max(first),
            _ => received + after,
        };
        let due = if self.carried_over { (received + term).max(end + 1) } else { received + term };
        let day = |index: usize| days.get(index).copied();
        let ended = day(end)?;
        Some(Course {
            received: day(received)?,
            due: day(due)?,
            end: match self.outcome {
                Outcome::Withdrawn => End::Withdrawn(ended),
                Outcome::Refused => End::Refused(ended),
                _ => End::Resolved(ended, day(end + usize::from(mixed(self.number, 8).is_multiple_of(3)))?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_is_what_became_of_it() {
        for level in &LEVELS {
            let outcomes: usize = level.outcomes.iter().map(|(_, _, count)| count).sum();
            assert_eq!(outcomes, level.online + level.in_person + level.carried_over, "{}", level.tier);
            let received = || level.planned().filter(|planned| !planned.carried_over);
            assert_eq!(received().filter(|planned| planned.channel == Channel::Online).count(), level.online);
            assert_eq!(received().count(), level.online + level.in_person);
        }
    }
}
