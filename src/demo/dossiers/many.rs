//! As many dossiers as are wanted, received from July 2024 to June 2026 by the communes of the country and in
//! part resolved by their provinces. Those of Cần Thơ, where the demonstration's accounts are at home, are
//! half of all. What was still pending at the end of June 2026 stays so.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::Plan;
use super::course::{Course, End, below};
use kernel::error::ApiError;
use kernel::tree::{OrgTree, OrgUnitId, Tier};
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::Channel;

/// The first day of receipt.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2024, 7, 1).unwrap();
/// The last day of receipt, on whose evening everything stands.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 6, 30).unwrap();
/// The first day of the present structure.
const TODAY_SINCE: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();
/// Cần Thơ, before and after.
const AT_HOME: &[&str] = &["92", "93", "94"];

/// The communes of a structure, with their provinces.
struct Structure {
    at_home: Vec<(OrgUnitId, OrgUnitId)>,
    elsewhere: Vec<(OrgUnitId, OrgUnitId)>,
}

impl Structure {
    fn on(tree: &OrgTree, day: NaiveDate) -> Self {
        let home: Vec<OrgUnitId> = AT_HOME.iter().filter_map(|code| tree.by_code(code, day)).collect();
        let mut communes: Vec<(OrgUnitId, OrgUnitId)> = tree
            .ids()
            .filter(|unit| tree.in_force(*unit, day) && tree.tier_at(*unit, day) == Some(Tier::Commune))
            .filter_map(|unit| Some((unit, tree.province_of(unit, day)?)))
            .collect();
        communes.sort_unstable();
        let (at_home, elsewhere) = communes.into_iter().partition(|(_, province)| home.contains(province));
        Self { at_home, elsewhere }
    }

    fn chosen(&self, number: u64) -> Option<(OrgUnitId, OrgUnitId)> {
        let is_elsewhere = self.at_home.is_empty() || below(2, number, 10) == 0;
        let of = if is_elsewhere && !self.elsewhere.is_empty() { &self.elsewhere } else { &self.at_home };
        // The square of an even choice: the first have many, the last few.
        let (one, other) = (below(of.len(), number, 11), below(of.len(), number, 12));
        of.get(one.min(other)).copied()
    }
}

/// The dossiers in the order of their receipt.
///
/// # Errors
/// When no units or no procedures are there.
pub(super) fn plans(
    tree: &OrgTree,
    days: &[NaiveDate],
    fields: &HashMap<String, Vec<String>>,
    count: u32,
) -> Result<impl Iterator<Item = Plan> + Send + use<>, ApiError> {
    let structures = [Structure::on(tree, FIRST_DAY), Structure::on(tree, LAST_DAY)];
    let mut fields: Vec<String> = fields.keys().cloned().collect();
    fields.sort_unstable();
    if fields.is_empty() || structures.iter().any(|of| of.at_home.is_empty() && of.elsewhere.is_empty()) {
        return Err(ApiError::internal("no procedures or no units to make dossiers of"));
    }
    let days = days.to_vec();
    let first = days.partition_point(|day| *day < FIRST_DAY);
    let last = days.partition_point(|day| *day <= LAST_DAY).saturating_sub(1);
    let since = days.partition_point(|day| *day < TODAY_SINCE);
    let span = u64::try_from(last + 1 - first).unwrap_or_default();
    let plan = move |number: u64| {
        let received = first + usize::try_from(number * span / u64::from(count)).unwrap_or_default();
        let [before, after] = &structures;
        let (structure, last) =
            if received < since { (before, since.checked_sub(1)?) } else { (after, last) };
        let (receiving, province) = structure.chosen(number)?;
        Some(Plan {
            receiving,
            resolving: if below(10, number, 13) == 0 { province } else { receiving },
            field: fields.get(below(fields.len(), number, 14))?.clone(),
            channel: match below(10, number, 15) {
                0 => Channel::Postal,
                1..=3 => Channel::InPerson,
                _ => Channel::Online,
            },
            course: course(&days, number, received, last, received < since)?,
        })
    };
    Ok((0..u64::from(count)).filter_map(plan))
}

/// The days, counted in working days. Ended units leave nothing pending.
fn course(days: &[NaiveDate], number: u64, received: usize, last: usize, must_end: bool) -> Option<Course> {
    const TERMS: [usize; 8] = [1, 2, 3, 5, 5, 10, 15, 20];
    let term = TERMS.get(below(TERMS.len(), number, 16)).copied()?;
    let due = *days.get(received + term)?;
    let of_a_thousand = below(1_000, number, 17);
    let waits = [DossierStatus::AwaitingSupplement, DossierStatus::AwaitingPayment, DossierStatus::Stopped];
    let after = match of_a_thousand {
        900..970 => term,
        970..985 => term + 1 + below(10, number, 18),
        _ => below(term, number, 18),
    };
    let end = received + after;
    let is_over = end <= last && of_a_thousand < 998;
    let ended = *days.get(if must_end { end.min(last) } else { end })?;
    let received = *days.get(received)?;
    let end = match of_a_thousand {
        _ if !is_over && !must_end => match waits.get(below(10, number, 19)) {
            Some(wait) => End::Open(*wait),
            None if below(3, number, 20) == 0 => End::Open(DossierStatus::Received),
            None => End::Open(DossierStatus::Processing),
        },
        985..993 => End::Withdrawn(ended),
        993..998 => End::Refused(ended),
        _ => End::Resolved(ended, ended),
    };
    Some(Course { received, due, end })
}
