//! Progress that another system reports of many dossiers (cập nhật tiến độ hồ sơ): the steps that lead to
//! the status it names, each at the time it names, stored round by round for all dossiers together.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::facts::{ClockRules, calendar_from, clock_rules};
use super::history::Event;
use super::life::{DossierStatus, DossierStep, becomes};
use super::model::DossierId;
use super::row::HeldDossier;
use super::steps::{acceptance, counted, moment, turned};
use super::writes::{Dossiers, must_write, save_as};
use kernel::api::records::{Records, Row};
use kernel::auth::scope::Scoped;
use kernel::db::WriteTx;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::working_days::Calendar;

/// That a dossier has come to a status (tiến độ hồ sơ).
#[derive(Debug, Clone)]
pub struct Progress {
    /// The code of the dossier.
    pub code: String,
    /// The status, by its code of the national portal.
    pub portal_code: i32,
    /// When; now where it is not told.
    pub at: Option<Instant>,
    /// What was done.
    pub reason: Option<String>,
}

/// What is counted by.
struct Counting {
    rules: Vec<ClockRules>,
    calendar: Calendar,
}

/// A dossier on its way through what is reported of it.
struct Course {
    held: HeldDossier,
    reports: VecDeque<(usize, Progress)>,
    steps: VecDeque<DossierStep>,
}

/// The next step of a dossier.
struct Next {
    kind: DossierStep,
    event: Event,
    index: usize,
    is_last: bool,
}

/// What became of each report: whether it changed its dossier, or why not.
type Ends = Vec<Option<Result<bool, ApiError>>>;

/// Takes the steps that lead to what is reported of these dossiers, by code. Answers of each report whether
/// it changed its dossier.
///
/// # Errors
/// 412 when a dossier was changed meanwhile; then nothing is written.
pub fn take_progress(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    held: HashMap<String, HeldDossier>,
    reports: Vec<Progress>,
) -> Result<Vec<Result<bool, ApiError>>, ApiError> {
    let counting = counting(tx, &held)?;
    let mut ends: Ends = Vec::new();
    ends.resize_with(reports.len(), || None);
    let mut courses: BTreeMap<String, Course> = held
        .into_iter()
        .map(|(code, held)| (code, Course { held, reports: VecDeque::new(), steps: VecDeque::new() }))
        .collect();
    for (index, report) in reports.into_iter().enumerate() {
        match courses.get_mut(&report.code) {
            Some(course) => course.reports.push_back((index, report)),
            None => end(&mut ends, index, Err(unknown())),
        }
    }
    while round(tx, scoped, &counting, &mut courses, &mut ends)? {}
    let lost = || Err(ApiError::internal("a report was lost"));
    Ok(ends.into_iter().map(|end| end.unwrap_or_else(lost)).collect())
}

fn counting(tx: &mut WriteTx<'_>, held: &HashMap<String, HeldDossier>) -> Result<Counting, ApiError> {
    let today = tx.at().vietnam_day();
    let rules = clock_rules(tx.conn())?;
    let calendar = match held.values().map(|held| held.row.received_on()).min() {
        Some(first) => calendar_from(tx.conn(), first, today)?,
        None => Calendar::default(),
    };
    Ok(Counting { rules, calendar })
}

fn end(ends: &mut Ends, index: usize, how: Result<bool, ApiError>) {
    if let Some(place) = ends.get_mut(index) {
        *place = Some(how);
    }
}

/// One step of every dossier that has one left; whether there was any.
fn round(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    counting: &Counting,
    courses: &mut BTreeMap<String, Course>,
    ends: &mut Ends,
) -> Result<bool, ApiError> {
    let (mut rows, mut events) = (Vec::new(), HashMap::new());
    let (mut drafts, mut accepted) = (Vec::new(), Vec::new());
    let mut was_any = false;
    for course in courses.values_mut() {
        let Some(next) = course.next(scoped, tx.at(), ends) else { continue };
        was_any = true;
        if next.kind == DossierStep::Acceptance {
            drafts.push(acceptance(scoped, course.held.clone(), next.event.at)?);
            accepted.push(next);
            continue;
        }
        match course.stepped(&next, counting) {
            Ok(row) => {
                course.goes_on(&next, ends);
                events.insert(row.row.id, next.event);
                rows.push(row);
            }
            Err(error) => course.stops(&next, error, ends),
        }
    }
    // A registered dossier is received by the deadline and the rules of the day of its acceptance.
    let codes: Vec<String> = drafts.iter().map(|draft| draft.body.code.clone()).collect();
    let made = if drafts.is_empty() { Vec::new() } else { Dossiers::made(tx, scoped, drafts)? };
    for ((next, code), made) in accepted.into_iter().zip(codes).zip(made) {
        let Some(course) = courses.get_mut(&code) else { continue };
        match made {
            Ok(row) => {
                course.goes_on(&next, ends);
                events.insert(row.row.id, next.event);
                rows.push(row);
            }
            Err(error) => course.stops(&next, error, ends),
        }
    }
    store(tx, scoped, rows, &events, courses)?;
    Ok(was_any)
}

/// Stores what was stepped, each with its event.
fn store(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    mut rows: Vec<HeldDossier>,
    events: &HashMap<DossierId, Event>,
    courses: &mut BTreeMap<String, Course>,
) -> Result<(), ApiError> {
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_unstable_by(|one, other| one.row.code.cmp(&other.row.code));
    rows.iter_mut().for_each(|held| held.revise(tx.at()));
    save_as(tx, scoped, &rows, |id| events.get(&id))?.all()?;
    for held in rows {
        if let Some(course) = courses.get_mut(&held.row.code) {
            course.held = held;
        }
    }
    Ok(())
}

impl Course {
    /// The next step; reports that need none, and those that cannot be followed, are done with.
    fn next(&mut self, scoped: &Scoped, now: Instant, ends: &mut Ends) -> Option<Next> {
        loop {
            let (index, report) = self.reports.front()?;
            let index = *index;
            match self.planned(scoped, report, now) {
                Ok((mut steps, at)) => match steps.pop_front() {
                    Some(kind) => {
                        let reason = report.reason.clone().filter(|_| steps.is_empty());
                        let event = Event::new(kind.as_str(), at, reason);
                        let is_last = steps.is_empty();
                        self.steps = steps;
                        return Some(Next { kind, event, index, is_last });
                    }
                    None => end(ends, index, Ok(false)),
                },
                Err(error) => end(ends, index, Err(error)),
            }
            self.reports.pop_front();
            self.steps.clear();
        }
    }

    /// The steps that are left of a report, and when they are taken.
    fn planned(
        &self,
        scoped: &Scoped,
        report: &Progress,
        now: Instant,
    ) -> Result<(VecDeque<DossierStep>, Instant), ApiError> {
        let row = &self.held.row;
        must_write(scoped, row)?;
        // The portal's shape tells no day of handing over: that of its arrival is concluded, and progress that is
        // told behind it may be of before.
        let moment = || moment(report.at, row, None, now);
        if !self.steps.is_empty() {
            return Ok((self.steps.clone(), moment()?));
        }
        let was_received = !matches!(row.status, DossierStatus::Registered | DossierStatus::NotAccepted);
        let target = DossierStatus::of_portal_code(report.portal_code, was_received)
            .ok_or_else(|| ApiError::invalid(vec![unknown_status()]))?;
        if target == row.status {
            return Ok((VecDeque::new(), now));
        }
        becomes(row.status, target).map_err(|fault| ApiError::invalid(vec![fault]))?;
        let steps = row.status.steps_to(target).unwrap_or_default();
        Ok((steps.into(), moment()?))
    }

    fn stepped(&self, next: &Next, counting: &Counting) -> Result<HeldDossier, ApiError> {
        let before = &self.held.row;
        let status = next.kind.leads_to().unwrap_or(before.status);
        let mut row = turned(before, next.kind, status, next.event.at, &counting.rules);
        counted(&counting.calendar, before, &mut row)?;
        let procedure = self.held.procedure.clone();
        Ok(HeldDossier { row, procedure, before: Some(Box::new(before.clone())), masked: None })
    }

    fn goes_on(&mut self, next: &Next, ends: &mut Ends) {
        if next.is_last {
            end(ends, next.index, Ok(true));
            self.reports.pop_front();
        }
    }

    fn stops(&mut self, next: &Next, error: ApiError, ends: &mut Ends) {
        end(ends, next.index, Err(error));
        self.reports.pop_front();
        self.steps.clear();
    }
}

fn unknown() -> ApiError {
    let message = Bilingual::new(
        "Không có hồ sơ mang mã này trong phạm vi được giao.",
        "There is no dossier of this code within reach.",
    );
    ApiError::invalid(vec![Fault::new("/code", "unknown_dossier", message)])
}

fn unknown_status() -> Fault {
    let message = Bilingual::new(
        "Trạng thái phải là một trong các mã từ 1 đến 10.",
        "The status must be one of the codes 1 to 10.",
    );
    Fault::new("/status", "unknown_status", message)
}
