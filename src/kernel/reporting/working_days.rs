//! The working-day calendar (lịch làm việc) and what it makes of a deadline: pure rules over listed
//! days. A year whose holidays are not all listed is unknown, and nothing is guessed about it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use serde::Serialize;
use utoipa::ToSchema;

use super::holidays::HolidayKind;
use crate::error::{ApiError, Bilingual, Fault};
use crate::text_enum;

text_enum! {
    /// What a day is to public offices (loại ngày đối với cơ quan nhà nước).
    pub enum DayKind {
        /// A working day of the week.
        WorkingDay => "working_day", "ngày làm việc";
        /// A Saturday or Sunday.
        Weekend => "weekend", "ngày nghỉ hằng tuần";
        /// A public holiday.
        Holiday => "holiday", "ngày nghỉ lễ";
        /// A Saturday or Sunday on which offices work.
        MakeUpWorkday => "make_up_workday", "ngày làm bù";
    }
}

impl DayKind {
    /// What the week alone says of a day.
    #[must_use]
    pub fn of_week(day: NaiveDate) -> Self {
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) { Self::Weekend } else { Self::WorkingDay }
    }

    /// Whether offices work.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::WorkingDay | Self::MakeUpWorkday)
    }
}

/// A year whose holidays are not all listed (chưa đủ dữ liệu ngày nghỉ của năm).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownYear(pub i32);

impl From<UnknownYear> for ApiError {
    fn from(UnknownYear(year): UnknownYear) -> Self {
        Self::invalid(vec![Fault::new(
            "/received_at",
            "unknown_year",
            Bilingual::new(
                format!(
                    "Chưa có đủ dữ liệu ngày nghỉ lễ, tết của năm {year} nên không tính được hạn; đề nghị quản trị viên nhập danh mục ngày nghỉ năm {year}."
                ),
                format!(
                    "The holidays of {year} are not all listed, so no due day can be computed; ask the administrator to enter those of {year}."
                ),
            ),
        )])
    }
}

/// The listed days of some years.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    listed: BTreeMap<NaiveDate, (HolidayKind, String)>,
    years: BTreeSet<i32>,
}

impl FromIterator<(NaiveDate, HolidayKind, String)> for Calendar {
    fn from_iter<I: IntoIterator<Item = (NaiveDate, HolidayKind, String)>>(days: I) -> Self {
        let listed: BTreeMap<_, _> = days.into_iter().map(|(day, kind, name)| (day, (kind, name))).collect();
        let holidays: BTreeSet<NaiveDate> = listed
            .iter()
            .filter(|(_, (kind, _))| *kind == HolidayKind::Holiday)
            .map(|(day, _)| *day)
            .collect();
        let years: BTreeSet<i32> = holidays.iter().map(Datelike::year).collect();
        let years = years.into_iter().filter(|year| is_complete(*year, &holidays)).collect();
        Self { listed, years }
    }
}

/// The holidays that every year has beside the five of Tết: one day of the new year, one of the Hùng kings, one
/// each of victory and labour, two of the nation (Bộ luật Lao động 2019, Điều 112).
const HOLIDAYS_BESIDE_TET: usize = 6;

/// Between which days, as month and day, the day of the Hùng kings falls, the tenth of the third lunar month.
const HUNG_KINGS: ((u32, u32), (u32, u32)) = ((3, 28), (4, 29));

/// The second day of the nation is the day before the second of September, or that after it.
const BESIDE_NATIONAL_DAY: [(u32, u32); 2] = [(9, 1), (9, 3)];

/// Those among them that stand in every year's calendar on the same day, as month and day.
const FIXED_HOLIDAYS: [(u32, u32); 4] = [(1, 1), (4, 30), (5, 1), (9, 2)];

/// Between which days, as month and day, Tết always falls; and how many days of it are free.
const TET: ((u32, u32), (u32, u32), usize) = ((1, 18), (2, 26), 5);

/// Whether a year has all holidays that the law gives it.
fn is_complete(year: i32, holidays: &BTreeSet<NaiveDate>) -> bool {
    let day = |(month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let count = |from, to| holidays.range(day(from)..=day(to)).count();
    let (first, last, days) = TET;
    let of_tet = count(first, last);
    of_tet >= days
        && count((1, 1), (12, 31)) >= of_tet + HOLIDAYS_BESIDE_TET
        && count(HUNG_KINGS.0, HUNG_KINGS.1) >= 1
        && BESIDE_NATIONAL_DAY.iter().any(|beside| holidays.contains(&day(*beside)))
        && FIXED_HOLIDAYS.iter().all(|fixed| holidays.contains(&day(*fixed)))
}

impl Calendar {
    /// Whether the holidays of a year are all listed, as far as the law alone can tell: a list that was
    /// begun and not finished must not make working days of the rest.
    #[must_use]
    pub fn knows(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    /// What a day is, with the name under which it is listed.
    ///
    /// # Errors
    /// When the holidays of its year are not all listed.
    pub fn kind(&self, day: NaiveDate) -> Result<(DayKind, Option<&str>), UnknownYear> {
        if !self.knows(day.year()) {
            return Err(UnknownYear(day.year()));
        }
        Ok(match self.listed.get(&day) {
            Some((HolidayKind::Holiday, name)) => (DayKind::Holiday, Some(name)),
            Some((HolidayKind::MakeUpWorkday, name)) => (DayKind::MakeUpWorkday, Some(name)),
            None => (DayKind::of_week(day), None),
        })
    }
}

/// Part of a day on which offices take and handle dossiers (giờ làm việc), such as 07:30 to 11:30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeSpan {
    /// When it opens.
    pub opens: NaiveTime,
    /// When it closes.
    pub closes: NaiveTime,
}

/// The hours of a working day (giờ hành chính): spans in their order, `07:30-11:30,13:30-17:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours(pub Vec<OfficeSpan>);

impl std::str::FromStr for OfficeHours {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let span = |part: &str| {
            let (opens, closes) = part.split_once('-')?;
            Some(OfficeSpan { opens: time(opens)?, closes: time(closes)? })
        };
        let spans: Option<Vec<_>> = text.split(',').map(span).collect();
        let ordered = |spans: &Vec<OfficeSpan>| {
            spans.is_sorted_by(|one, next| one.closes < next.opens)
                && spans.iter().all(|span| span.opens < span.closes)
        };
        spans.filter(ordered).map(Self).ok_or("spans of hours in their order such as 07:30-11:30,13:30-17:00")
    }
}

/// How long a procedure may take (thời hạn giải quyết).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// So many office hours.
    WorkingHours(u32),
    /// So many working days, counted from the working day after receipt.
    WorkingDays(u32),
    /// So many days of the calendar, counted from the day after receipt; an end on a day of rest
    /// moves to the next working day (Bộ luật Dân sự 2015, Điều 147 and 148).
    CalendarDays(u32),
    /// On the day of receipt, or the next working day when offices no longer work that day.
    Immediate,
}

/// A day between receipt and due day, and why it counted or not (diễn giải từng ngày).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DueDateStep {
    /// The day.
    pub day: NaiveDate,
    /// Day of the week, 1 for Monday to 7 for Sunday (thứ trong tuần, 1 là thứ Hai).
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: u32,
    /// What it is to public offices.
    pub kind: DayKind,
    /// The name under which it is listed, such as that of the holiday.
    pub name: Option<String>,
    /// Whether it counts.
    pub counted: bool,
    /// How many have been counted up to and with it: days, or minutes of office hours.
    pub count: u32,
}

/// When something is due, and how that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The due day.
    pub on: NaiveDate,
    /// The due time of that day, in Vietnam's time; only where hours are counted.
    pub at: Option<NaiveDateTime>,
    /// Every day from the day of receipt on.
    pub steps: Vec<DueDateStep>,
}

/// The most days that a deadline is followed for: three years.
const LONGEST: u32 = 1_096;

/// When what was received at this time of Vietnam is due.
///
/// # Errors
/// When the count runs into a year whose holidays are not all listed.
pub fn due(
    calendar: &Calendar,
    office: &[OfficeSpan],
    received: NaiveDateTime,
    span: Span,
) -> Result<Due, UnknownYear> {
    let mut count = Count { calendar, steps: Vec::new(), total: 0 };
    match span {
        Span::WorkingDays(days) => {
            count.step(received.date(), |_| 0)?;
            let on = count.until(received.date(), days, |kind| u32::from(kind.works()))?;
            Ok(Due { on, at: None, steps: count.steps })
        }
        Span::CalendarDays(days) => {
            count.step(received.date(), |_| 0)?;
            let mut on = count.until(received.date(), days, |_| 1)?;
            while !calendar.kind(on)?.0.works() {
                on = next(on)?;
                count.step(on, |_| 0)?;
            }
            Ok(Due { on, at: None, steps: count.steps })
        }
        Span::Immediate => {
            let mut on = received.date();
            let mut is_open = minutes_open(office, received.time()) > 0;
            while !count.step(on, |kind| u32::from(kind.works() && is_open))?.works() || !is_open {
                on = next(on)?;
                is_open = true;
            }
            Ok(Due { on, at: None, steps: count.steps })
        }
        Span::WorkingHours(hours) => count.hours(office, received, hours.saturating_mul(60)),
    }
}

fn next(day: NaiveDate) -> Result<NaiveDate, UnknownYear> {
    day.checked_add_days(Days::new(1)).ok_or(UnknownYear(day.year()))
}

struct Count<'a> {
    calendar: &'a Calendar,
    steps: Vec<DueDateStep>,
    total: u32,
}

impl Count<'_> {
    /// Writes a day down, with what it adds.
    fn step(&mut self, day: NaiveDate, adds: impl Fn(DayKind) -> u32) -> Result<DayKind, UnknownYear> {
        let (kind, name) = self.calendar.kind(day)?;
        let added = adds(kind);
        self.total += added;
        self.steps.push(DueDateStep {
            day,
            weekday: day.weekday().number_from_monday(),
            kind,
            name: name.map(str::to_owned),
            counted: added > 0,
            count: self.total,
        });
        Ok(kind)
    }

    /// Goes on behind `day` until so many have been counted.
    fn until(
        &mut self,
        mut day: NaiveDate,
        wanted: u32,
        adds: impl Fn(DayKind) -> u32,
    ) -> Result<NaiveDate, UnknownYear> {
        for _ in 0..LONGEST {
            if self.total >= wanted {
                break;
            }
            day = next(day)?;
            self.step(day, &adds)?;
        }
        Ok(day)
    }

    /// Runs through office hours from the moment of receipt.
    fn hours(
        mut self,
        office: &[OfficeSpan],
        received: NaiveDateTime,
        wanted: u32,
    ) -> Result<Due, UnknownYear> {
        let mut day = received.date();
        let mut from = received.time();
        for _ in 0..LONGEST {
            let works = self.calendar.kind(day)?.0.works();
            let open = if works { minutes_open(office, from) } else { 0 };
            let missing = wanted - self.total;
            if works && open >= missing && open > 0 {
                let at = day.and_time(time_after(office, from, missing));
                self.step(day, |_| missing)?;
                return Ok(Due { on: day, at: Some(at), steps: self.steps });
            }
            self.step(day, |_| open)?;
            day = next(day)?;
            from = NaiveTime::MIN;
        }
        Err(UnknownYear(day.year()))
    }
}

/// Office minutes that a day still has from this time on.
fn minutes_open(office: &[OfficeSpan], from: NaiveTime) -> u32 {
    office
        .iter()
        .map(|span| span.closes.signed_duration_since(span.opens.max(from)).num_minutes())
        .map(|minutes| u32::try_from(minutes).unwrap_or(0))
        .sum()
}

/// The time at which so many office minutes have passed; the day has at least as many.
fn time_after(office: &[OfficeSpan], from: NaiveTime, mut minutes: u32) -> NaiveTime {
    let mut at = from;
    for span in office {
        let opens = span.opens.max(from);
        let open = u32::try_from(span.closes.signed_duration_since(opens).num_minutes()).unwrap_or(0);
        if open == 0 {
            continue;
        }
        let passed = minutes.min(open);
        at = opens + TimeDelta::minutes(i64::from(passed));
        minutes -= passed;
        if minutes == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reporting::holidays::bundled;

    fn calendar() -> Calendar {
        bundled().unwrap().into_iter().map(|day| (day.day, day.kind, day.name)).collect()
    }

    fn office() -> [OfficeSpan; 2] {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        [
            OfficeSpan { opens: at(7, 30), closes: at(11, 30) },
            OfficeSpan { opens: at(13, 30), closes: at(17, 0) },
        ]
    }

    #[test]
    fn office_hours_are_spans_in_their_order() {
        assert_eq!("07:30-11:30, 13:30-17:00".parse(), Ok(OfficeHours(office().to_vec())));
        for wrong in ["", "7h-11h", "11:30-07:30", "13:30-17:00,07:30-11:30", "07:30-11:30,11:00-17:00"] {
            assert!(wrong.parse::<OfficeHours>().is_err(), "{wrong}");
        }
    }

    fn due_on(received: &str, span: Span) -> String {
        due(&calendar(), &office(), received.parse().unwrap(), span).unwrap().on.to_string()
    }

    #[test]
    fn working_days_count_from_the_day_after_receipt_over_holidays_and_make_up_saturdays() {
        assert_eq!(due_on("2024-04-26T09:00:00", Span::WorkingDays(1)), "2024-05-02");
        assert_eq!(due_on("2024-05-03T09:00:00", Span::WorkingDays(1)), "2024-05-04");
        assert_eq!(due_on("2024-02-07T09:00:00", Span::WorkingDays(1)), "2024-02-15");
        let explained =
            due(&calendar(), &office(), "2024-04-26T09:00:00".parse().unwrap(), Span::WorkingDays(1));
        let steps = explained.unwrap().steps;
        let kinds: Vec<_> = steps.iter().map(|step| (step.day.to_string(), step.kind, step.count)).collect();
        assert_eq!(kinds.first().unwrap(), &("2024-04-26".to_owned(), DayKind::WorkingDay, 0));
        assert_eq!(kinds[3], ("2024-04-29".to_owned(), DayKind::Holiday, 0));
        assert_eq!(kinds.last().unwrap(), &("2024-05-02".to_owned(), DayKind::WorkingDay, 1));
    }

    #[test]
    fn calendar_days_that_end_on_a_day_of_rest_end_on_the_next_working_day() {
        assert_eq!(due_on("2024-04-19T09:00:00", Span::CalendarDays(3)), "2024-04-22");
        assert_eq!(due_on("2024-04-19T09:00:00", Span::CalendarDays(9)), "2024-05-02");
        assert_eq!(due_on("2024-06-01T09:00:00", Span::Immediate), "2024-06-03");
        assert_eq!(due_on("2024-06-03T09:00:00", Span::Immediate), "2024-06-03");
        assert_eq!(due_on("2024-06-03T20:00:00", Span::Immediate), "2024-06-04", "the office has closed");
        assert_eq!(due_on("2024-06-07T20:00:00", Span::Immediate), "2024-06-10");
    }

    #[test]
    fn hours_run_inside_office_hours_only() {
        let at = |received: &str, hours| {
            let due =
                due(&calendar(), &office(), received.parse().unwrap(), Span::WorkingHours(hours)).unwrap();
            due.at.unwrap().to_string()
        };
        assert_eq!(at("2024-06-03T08:00:00", 2), "2024-06-03 10:00:00");
        assert_eq!(at("2024-06-03T11:00:00", 2), "2024-06-03 15:00:00");
        assert_eq!(at("2024-06-07T16:30:00", 2), "2024-06-10 09:00:00");
        assert_eq!(at("2024-06-03T12:00:00", 1), "2024-06-03 14:30:00");
        assert_eq!(at("2024-06-08T09:00:00", 8), "2024-06-11 08:00:00");
    }

    #[test]
    fn a_year_of_which_nothing_is_listed_is_refused() {
        let unknown =
            due(&calendar(), &office(), "2027-12-30T09:00:00".parse().unwrap(), Span::WorkingDays(5));
        assert_eq!(unknown, Err(UnknownYear(2028)));
    }

    #[test]
    fn a_year_whose_list_was_begun_only_is_unknown() {
        let all: Vec<_> = bundled().unwrap().into_iter().map(|day| (day.day, day.kind, day.name)).collect();
        for year in 2023..=2027 {
            assert!(all.iter().cloned().collect::<Calendar>().knows(year), "{year}");
            let no_tet = all.iter().filter(|(_, _, name)| !name.contains("Tết Nguyên Đán")).cloned();
            assert!(!no_tet.collect::<Calendar>().knows(year), "{year} without Tết");
            let first = NaiveDate::from_ymd_opt(year, 9, 2).unwrap();
            let no_national_day = all.iter().filter(|(day, _, _)| *day != first).cloned();
            assert!(!no_national_day.collect::<Calendar>().knows(year), "{year} without 2 September");
        }
        // Seven days of Tết do not stand for others.
        for missing in ["2027-04-16", "2027-09-03"] {
            let missing: NaiveDate = missing.parse().unwrap();
            let others = all.iter().filter(|(day, _, _)| *day != missing).cloned();
            assert!(!others.collect::<Calendar>().knows(2027), "without {missing}");
        }
    }

    proptest! {
        /// The day that is found is a working day, and just as many lie between as were asked for.
        #[test]
        fn the_due_day_is_the_nth_working_day_after_receipt(offset in 0_u64..1_200, days in 1_u32..120) {
            let calendar = calendar();
            let received = NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(offset);
            let found = due(&calendar, &office(), received.and_hms_opt(9, 0, 0).unwrap(), Span::WorkingDays(days)).unwrap();
            prop_assert!(calendar.kind(found.on).unwrap().0.works());
            let between = received.iter_days().skip(1).take_while(|day| *day <= found.on);
            let counted = between.filter(|day| calendar.kind(*day).unwrap().0.works()).count();
            prop_assert_eq!(counted, usize::try_from(days).unwrap());
        }
    }
}
