//! The versions of a procedure along time: pure rules. Versions never overlap; between them and behind
//! the last the procedure may have ended. Each version speaks from the first day of its own, the first
//! one from the beginning of time, until the next one speaks.

use chrono::NaiveDate;

use super::model::VersionRow;
use kernel::error::{Bilingual, Fault};
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END, span_faults};

/// Versions in the order of their first days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline(Vec<VersionRow>);

impl Timeline {
    /// The timeline of these versions, in any order.
    #[must_use]
    pub fn new(mut versions: Vec<VersionRow>) -> Self {
        versions.sort_by_key(|version| version.valid_from);
        Self(versions)
    }

    /// The versions, the oldest first.
    #[must_use]
    pub fn versions(&self) -> &[VersionRow] {
        &self.0
    }

    /// The version that speaks for a day: in force then, or what was last known of the procedure.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Option<&VersionRow> {
        self.0.iter().find(|version| version.speaks_from <= day && day < version.speaks_to)
    }

    /// The version that begins on this day.
    #[must_use]
    pub fn beginning_on(&self, day: NaiveDate) -> Option<&VersionRow> {
        self.0.iter().find(|version| version.valid_from == day)
    }

    /// Puts a version in the place of the one with its id, or beside the others.
    ///
    /// # Errors
    /// A span that is empty or meets another version.
    pub fn with(mut self, version: VersionRow) -> Result<Self, Vec<Fault>> {
        self.0.retain(|other| other.id != version.id);
        let spans: Vec<_> = self.0.iter().map(|other| (other.valid_from, other.valid_to)).collect();
        let faults = span_faults((version.valid_from, version.valid_to), &spans);
        if !faults.is_empty() {
            return Err(faults);
        }
        self.0.push(version);
        Ok(Self::new(self.0).spoken())
    }

    /// Changes the procedure from a day on: the version in force that day ends on it, and the new one
    /// holds as long as that one would have, unless it says otherwise.
    ///
    /// # Errors
    /// A version that begins on the same day already, a span that is empty or meets another version.
    pub fn changed(mut self, mut version: VersionRow) -> Result<Self, Vec<Fault>> {
        let day = version.valid_from;
        if self.beginning_on(day).is_some() {
            let message = Bilingual::new(
                "Đã có phiên bản bắt đầu từ ngày này; hãy sửa phiên bản đó.",
                "A version begins on this day already; correct that one.",
            );
            return Err(vec![Fault::new("/valid_from", "same_day", message)]);
        }
        if let Some(present) = self.0.iter_mut().find(|other| other.valid_from < day && day < other.valid_to)
        {
            if version.valid_to == OPEN_END {
                (version.valid_to, version.valid_to_certainty) =
                    (present.valid_to, present.valid_to_certainty);
            }
            (present.valid_to, present.valid_to_certainty) = (day, Certainty::Exact);
        }
        self.with(version)
    }

    /// Ends the procedure on a day by a decision: the version that holds until then no longer does from
    /// that day on. An end that was only concluded gives way to the decision's.
    #[must_use]
    pub fn ended(mut self, day: NaiveDate) -> Ending {
        // A version that begins on the day holds on from it: another decision says so.
        if self.beginning_on(day).is_some() {
            return Ending::Otherwise;
        }
        let Some(last) = self.0.iter_mut().rfind(|version| version.valid_from < day) else {
            return Ending::Otherwise;
        };
        let known = last.valid_to != OPEN_END && last.valid_to_certainty == Certainty::Exact;
        if known {
            return if last.valid_to == day { Ending::Already } else { Ending::Otherwise };
        }
        (last.valid_to, last.valid_to_certainty) = (day, Certainty::Exact);
        Ending::Ended(self)
    }

    fn spoken(mut self) -> Self {
        let begins: Vec<_> = self.0.iter().skip(1).map(|version| version.valid_from).collect();
        let from = std::iter::once(OPEN_BEGINNING).chain(begins.iter().copied());
        let to = begins.iter().copied().chain(std::iter::once(OPEN_END));
        for (version, span) in self.0.iter_mut().zip(from.zip(to)) {
            (version.speaks_from, version.speaks_to) = span;
        }
        self
    }
}

/// What becomes of a timeline that is to end on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It ends on that day now.
    Ended(Timeline),
    /// It was known to end on that day.
    Already,
    /// It is known to end on another day, begins later, or goes on in a version from that day: nothing is
    /// guessed.
    Otherwise,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(from: Option<u64>, to: Option<u64>) -> VersionRow {
        let day = |number| OPEN_BEGINNING + chrono::Days::new(number);
        VersionRow {
            valid_from: from.map_or(OPEN_BEGINNING, day),
            valid_to: to.map_or(OPEN_END, day),
            ..VersionRow::sample()
        }
    }

    fn spans(timeline: &Timeline) -> Vec<(NaiveDate, NaiveDate)> {
        timeline.versions().iter().map(|version| (version.valid_from, version.valid_to)).collect()
    }

    #[test]
    fn a_change_ends_the_version_before_and_holds_as_long_as_that_would_have() {
        let timeline = Timeline::default().with(version(None, Some(300))).unwrap();
        let timeline = timeline.changed(version(Some(100), None)).unwrap();
        let day = |number| OPEN_BEGINNING + chrono::Days::new(number);
        assert_eq!(spans(&timeline), [(OPEN_BEGINNING, day(100)), (day(100), day(300))]);
        assert_eq!(timeline.on(day(99)).unwrap().valid_from, OPEN_BEGINNING);
        assert_eq!(timeline.on(day(400)).unwrap().valid_to, day(300));
        let faults = timeline.clone().changed(version(Some(100), None)).unwrap_err();
        assert_eq!(faults[0].code, "same_day");
        let faults = timeline.changed(version(Some(50), Some(200))).unwrap_err();
        assert_eq!(faults[0].code, "overlaps");
    }

    #[test]
    fn a_decision_ends_what_holds_and_contradicts_no_other_decision() {
        let day = |number| OPEN_BEGINNING + chrono::Days::new(number);
        let open = Timeline::default().with(version(None, None)).unwrap();
        let Ending::Ended(ended) = open.clone().ended(day(100)) else { panic!("it holds on") };
        assert_eq!(spans(&ended), [(OPEN_BEGINNING, day(100))]);
        assert_eq!(ended.clone().ended(day(100)), Ending::Already);
        assert_eq!(ended.clone().ended(day(50)), Ending::Otherwise);
        assert_eq!(ended.clone().ended(day(150)), Ending::Otherwise);
        assert_eq!(
            Timeline::default().with(version(Some(100), None)).unwrap().ended(day(100)),
            Ending::Otherwise
        );
        let concluded = VersionRow { valid_to_certainty: Certainty::Inferred, ..version(None, Some(90)) };
        let concluded = Timeline::default().with(concluded).unwrap();
        assert!(
            matches!(concluded.ended(day(100)), Ending::Ended(now) if spans(&now) == [(OPEN_BEGINNING, day(100))])
        );
        // A change on a later day is another decision, which this one does not undo.
        let changed = open.changed(version(Some(200), None)).unwrap();
        assert_eq!(changed.clone().ended(day(100)), Ending::Otherwise);
        // Nor has it ended by a change on the very day, from which it holds on.
        assert_eq!(changed.ended(day(200)), Ending::Otherwise);
    }

    proptest! {
        #[test]
        fn whatever_is_done_each_day_has_one_version_and_none_overlap(
            steps in prop::collection::vec((any::<bool>(), prop::option::of(0_u64..60), prop::option::of(1_u64..60)), 1..12),
        ) {
            let mut timeline = Timeline::default();
            for (change, from, to) in steps {
                let next = if change { timeline.clone().changed(version(from, to)) } else { timeline.clone().with(version(from, to)) };
                timeline = next.unwrap_or(timeline);
                for pair in timeline.versions().windows(2) {
                    prop_assert!(pair[0].valid_to <= pair[1].valid_from);
                }
                if timeline.versions().is_empty() {
                    continue;
                }
                for number in 0..70 {
                    let day = OPEN_BEGINNING + chrono::Days::new(number);
                    let speaking = timeline.versions().iter().filter(|v| v.speaks_from <= day && day < v.speaks_to);
                    prop_assert_eq!(speaking.count(), 1);
                    let holding = timeline.versions().iter().find(|v| v.valid_from <= day && day < v.valid_to);
                    if let Some(holding) = holding {
                        prop_assert_eq!(timeline.on(day), Some(holding));
                    }
                }
            }
        }
    }
}
