//! What becomes of the lines of a batch, and how it is answered.

use super::{BatchLine, BatchMode, BatchOutcome, BatchReport};
use crate::api::idempotency::{Answer, Asked, Rendered};
use crate::error::{ApiError, Fault, Problem};

/// Where lines come from: how they are called where something is wrong, and what is answered.
pub(in crate::api) trait Origin: Send + 'static {
    /// What is wrong with a line, with the place of each fault in the whole where the line is not
    /// answered by itself.
    fn located(&self, mode: BatchMode, index: usize, error: ApiError) -> ApiError;

    /// The answer when the lines were written, each with what became of it.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    fn render(&self, lines: Vec<BatchLine>, counts: Counts) -> Result<Rendered, ApiError>;

    /// Where a line stands in the answer, as a JSON pointer.
    fn place(&self, index: usize) -> String;
}

/// How many lines had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records made.
    pub created: i64,
    /// Records replaced.
    pub updated: i64,
    /// Lines that said what was known already.
    pub unchanged: i64,
    /// Lines older than the record held.
    pub stale: i64,
    /// Lines refused.
    pub refused: i64,
}

impl Counts {
    /// All of them.
    pub(in crate::api) fn rows(&self) -> u64 {
        let Self { created, updated, unchanged, stale, refused } = self;
        u64::try_from(created + updated + unchanged + stale + refused).unwrap_or_default()
    }

    fn of(&mut self, outcome: BatchOutcome) -> &mut i64 {
        match outcome {
            BatchOutcome::Created => &mut self.created,
            BatchOutcome::Updated => &mut self.updated,
            BatchOutcome::Unchanged => &mut self.unchanged,
            BatchOutcome::Stale => &mut self.stale,
            BatchOutcome::Refused => &mut self.refused,
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self { created, updated, unchanged, stale, refused } = other;
        self.created += created;
        self.updated += updated;
        self.unchanged += unchanged;
        self.stale += stale;
        self.refused += refused;
    }
}

/// The lines of a JSON array or NDJSON, counted from 0.
pub(super) struct Counted;

impl Origin for Counted {
    fn located(&self, mode: BatchMode, index: usize, error: ApiError) -> ApiError {
        if mode == BatchMode::Partial || error.problem() == Problem::Stale {
            return error;
        }
        error.with_each_fault(|fault| Fault { pointer: format!("/{index}{}", fault.pointer), ..fault })
    }

    fn render(&self, lines: Vec<BatchLine>, counts: Counts) -> Result<Rendered, ApiError> {
        let Counts { created, updated, unchanged, stale, refused } = counts;
        Rendered::json(200, &BatchReport { created, updated, unchanged, stale, refused, lines })
    }

    fn place(&self, index: usize) -> String {
        format!("/lines/{index}")
    }
}

/// What became of the lines so far.
pub(in crate::api) struct Outcomes<O> {
    origin: O,
    mode: BatchMode,
    lines: Vec<Option<Line>>,
}

/// A record that is held as a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whether it was made, replaced or said the same already.
    pub outcome: BatchOutcome,
    /// Its id.
    pub(super) id: String,
    /// Its version.
    pub(super) version: i64,
}

/// What became of one line.
enum Line {
    Held(Held),
    Refused(ApiError),
}

impl Line {
    fn outcome(&self) -> BatchOutcome {
        match self {
            Self::Held(held) => held.outcome,
            Self::Refused(error) if error.problem() == Problem::Stale => BatchOutcome::Stale,
            Self::Refused(_) => BatchOutcome::Refused,
        }
    }

    /// Whether it keeps a batch from being written whole; a line that is only late does not.
    fn is_fault(&self) -> bool {
        matches!(self, Self::Refused(error) if error.problem() != Problem::Stale)
    }
}

impl<O: Origin> Outcomes<O> {
    /// Of so many lines, nothing yet.
    pub(super) fn of(origin: O, mode: BatchMode, count: usize) -> Self {
        let mut lines = Vec::new();
        lines.resize_with(count, || None);
        Self { origin, mode, lines }
    }

    fn put(&mut self, index: usize, line: Line) {
        if let Some(place) = self.lines.get_mut(index) {
            *place = Some(line);
        }
    }

    pub(super) fn refuse(&mut self, index: usize, error: ApiError) {
        let error = self.origin.located(self.mode, index, error);
        self.put(index, Line::Refused(error));
    }

    pub(super) fn held(&mut self, index: usize, outcome: BatchOutcome, id: String, version: i64) {
        self.put(index, Line::Held(Held { outcome, id, version }));
    }

    /// What became of each line.
    ///
    /// # Errors
    /// When one was lost.
    pub(in crate::api) fn into_ends(self) -> Result<Vec<Result<Held, ApiError>>, ApiError> {
        let end = |line: Option<Line>| match line {
            Some(Line::Held(held)) => Ok(Ok(held)),
            Some(Line::Refused(error)) => Ok(Err(error)),
            None => Err(ApiError::internal("a line was lost")),
        };
        self.lines.into_iter().map(end).collect()
    }

    /// How many lines had which outcome.
    pub(in crate::api) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for line in self.lines.iter().flatten() {
            *counts.of(line.outcome()) += 1;
        }
        counts
    }

    /// Why lines were refused, each with its place.
    pub(in crate::api) fn refusals(&self) -> impl Iterator<Item = (usize, &ApiError)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match line.as_ref()? {
            Line::Refused(error) if error.problem() != Problem::Stale => Some((index, error)),
            _ => None,
        })
    }

    /// Whether the batch can no longer be written.
    pub(super) fn is_lost(&self) -> bool {
        self.mode == BatchMode::All && self.lines.iter().flatten().any(Line::is_fault)
    }

    /// Goes on unless all lines must be written and one cannot be: then every fault of every line,
    /// under the problem of the first.
    pub(super) fn all_or_nothing(self) -> Result<Self, ApiError> {
        if !self.is_lost() {
            return Ok(self);
        }
        let refused = self.lines.into_iter().filter_map(|line| match line? {
            Line::Refused(error) if error.problem() != Problem::Stale => Some(error),
            _ => None,
        });
        let mut first = None;
        let (mut faults, mut untold) = (Vec::new(), 0);
        for error in refused {
            first.get_or_insert(error.problem());
            untold += error.untold();
            faults.extend(error.into_faults());
        }
        // Each line has a shape of its own; the batch is well formed whatever its lines are.
        let problem = match first {
            None | Some(Problem::WrongShape | Problem::MalformedJson) => Problem::Invalid,
            Some(problem) => problem,
        };
        Err(ApiError::new(problem).with_faults(faults).with_untold(untold))
    }
}

impl<O: Origin> Answer for Outcomes<O> {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        let line = |(index, line): (usize, &Option<Line>)| match line.as_ref()? {
            Line::Held(Held { outcome, id, version }) => Some(BatchLine {
                index,
                outcome: *outcome,
                status: if *outcome == BatchOutcome::Created { 201 } else { 200 },
                id: Some(id.clone()),
                version: Some(*version),
                problem: None,
            }),
            refused @ Line::Refused(error) => Some(BatchLine {
                index,
                outcome: refused.outcome(),
                status: error.problem().status().as_u16(),
                id: None,
                version: None,
                problem: Some(asked.problem(error, &self.origin.place(index))),
            }),
        };
        let lines = self.lines.iter().enumerate().filter_map(line).collect();
        self.origin.render(lines, self.counts())
    }
}
