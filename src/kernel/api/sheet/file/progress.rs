//! How far an import is, for whoever watches it: a bar on a terminal, and a line a second where there
//! is none, as in the log of a timer.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// The time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// How far an import is.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
    lines: Option<Arc<Mutex<Lines>>>,
}

/// What is told line by line.
#[derive(Debug)]
struct Lines {
    work: &'static str,
    rows: Option<u64>,
    /// Rows that an import before had done.
    before: u64,
    done: u64,
    begun: Instant,
    /// When it was told last; the first part is told at once.
    told: Option<Instant>,
}

impl Lines {
    fn tell(&mut self) {
        self.told = Some(Instant::now());
        let line = line(self.work, (self.before, self.done), self.rows, self.begun.elapsed());
        // Who does not listen does not keep an import from its work.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Progress that is told on standard error.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        let lines = Lines { work: "", rows: None, before: 0, done: 0, begun: Instant::now(), told: None };
        let lines = bar.is_hidden().then(|| Arc::new(Mutex::new(lines)));
        let style =
            "{msg} {wide_bar} {percent}%, {human_pos} of {human_len} rows, {rate} rows a second, {eta} left";
        let rate = |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            // A terminal that takes no more text is no reason to stop.
            let _ = write!(to, "{}", whole(state.per_sec()));
        };
        match ProgressStyle::with_template(style) {
            Ok(style) => Self { bar: bar.with_style(style.with_key("rate", rate)), lines },
            Err(_) => Self { bar, lines },
        }
    }

    /// Begins a part of the work, of so many rows where that is known, of which some were done before.
    pub(super) fn begin(&self, work: &'static str, rows: Option<u64>, before: u64) {
        self.bar.set_message(work);
        self.bar.set_position(before);
        if let Some(rows) = rows {
            self.bar.set_length(rows);
            self.bar.reset_eta();
        }
        self.with_lines(|lines| {
            *lines = Lines { work, rows, before, done: before, begun: Instant::now(), told: None };
        });
    }

    /// So many more rows are done.
    pub(super) fn advance(&self, rows: u64) {
        self.bar.inc(rows);
        self.with_lines(|lines| {
            lines.done += rows;
            if lines.told.is_none_or(|told| told.elapsed() >= PAUSE) {
                lines.tell();
            }
        });
    }

    /// All is done.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        self.with_lines(Lines::tell);
    }

    fn with_lines(&self, work: impl FnOnce(&mut Lines)) {
        if let Some(lines) = &self.lines {
            work(&mut lines.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// How far it is, in one line.
fn line(work: &str, (before, done): (u64, u64), rows: Option<u64>, time: Duration) -> String {
    let here = done.saturating_sub(before);
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let rate = here.saturating_mul(1_000_000) / micros;
    let Some(rows) = rows else { return format!("{work}: {done} rows, {rate} rows a second") };
    let percent = done.saturating_mul(100).checked_div(rows).unwrap_or(100);
    let left = match rows.saturating_sub(done) {
        0 => "0".to_owned(),
        // Before the first row there is no rate.
        left => left
            .saturating_mul(micros)
            .checked_div(here)
            .map_or("?".to_owned(), |micros| micros.div_ceil(1_000_000).to_string()),
    };
    format!("{work}: {done} of {rows} rows ({percent}%), {rate} rows a second, {left} s left")
}

/// A rate as whole rows; before the first one there is none.
fn whole(rate: f64) -> String {
    format!("{:.0}", if rate.is_finite() { rate } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_in_whole_rows() {
        assert_eq!([1_234.567, 0.4, f64::NAN, f64::INFINITY].map(whole), ["1235", "0", "0", "0"]);
    }

    #[test]
    fn a_line_tells_rate_part_and_time_left() {
        let told = |before, done, rows| line("writing", (before, done), rows, Duration::from_secs(4));
        assert_eq!(
            told(0, 2_000, Some(10_000)),
            "writing: 2000 of 10000 rows (20%), 500 rows a second, 16 s left"
        );
        assert_eq!(
            told(6_000, 8_000, Some(10_000)),
            "writing: 8000 of 10000 rows (80%), 500 rows a second, 4 s left",
            "what was done before says nothing of the rate"
        );
        assert_eq!(told(0, 0, Some(9)), "writing: 0 of 9 rows (0%), 0 rows a second, ? s left");
        assert_eq!(told(0, 0, Some(0)), "writing: 0 of 0 rows (100%), 0 rows a second, 0 s left");
        assert_eq!(told(0, 800, None), "writing: 800 rows, 200 rows a second");
    }
}
