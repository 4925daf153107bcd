//! Since when and until when a dossier waits for someone else (thời gian chờ), as whole bodies and restatements tell
//! it. Pure.

use super::due::Wait;
use kernel::db::types::Instant;
use kernel::error::{Bilingual, Fault};

/// When a wait ended, or began where it lasts.
fn last_of(wait: &Wait) -> Instant {
    wait.until.unwrap_or(wait.since)
}

/// When what is told of a dossier happened, as far as that is known: at the earliest moment that is told, at the
/// latest now, and not before the last wait.
pub(super) fn happened_at<const TOLD: usize>(
    waits: &[Wait],
    received_at: Instant,
    told: [Option<Instant>; TOLD],
    now: Instant,
) -> Instant {
    let earliest = told.into_iter().flatten().fold(now, Instant::min);
    earliest.max(waits.last().map_or(received_at, last_of))
}

/// The waits of a dossier whose receipt is corrected: what waits since receipt goes with it, and nothing is waited
/// before it.
pub(super) fn received_anew(waits: &[Wait], before: Instant, after: Instant) -> Vec<Wait> {
    let mut waits = waits.to_vec();
    if let Some(first) = waits.first_mut().filter(|wait| wait.since == before) {
        first.since = after;
    }
    for wait in &mut waits {
        wait.since = wait.since.max(after);
        wait.until = wait.until.map(|until| until.max(after));
    }
    waits
}

/// The fault of a wait that is told to have begun while another lasted. `corrects` says that it is the last of these
/// waits, and no new one.
pub(super) fn begins_too_early(waits: &[Wait], corrects: bool, since: Option<Instant>) -> Option<Fault> {
    let before = match waits.split_last() {
        Some((_, before)) if corrects => before,
        _ => waits,
    };
    let last = before.last().map(last_of)?;
    since.filter(|since| *since < last).map(|_| {
        let message = Bilingual::new(
            format!("Lần chờ này không thể bắt đầu trước bước liền trước ({last})."),
            format!("This wait does not begin before the step before it ({last})."),
        );
        Fault::new("/waiting_since", "before_last_step", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossiers::life::DossierStatus;

    fn at(day: u32) -> Instant {
        Instant::from_vietnam_time(format!("2026-11-{day:02}T09:10:00").parse().unwrap())
    }

    fn wait(since: u32, until: Option<u32>) -> Wait {
        Wait { status: DossierStatus::Stopped, since: at(since), until: until.map(at), stops: true }
    }

    #[test]
    fn what_is_told_happened_then_and_not_when_it_was_told() {
        let waits = [wait(10, None)];
        assert_eq!(happened_at(&waits, at(2), [None, Some(at(11))], at(23)), at(11));
        assert_eq!(happened_at(&waits, at(2), [Some(at(12)), Some(at(11))], at(23)), at(11));
        assert_eq!(happened_at(&waits, at(2), [None], at(23)), at(23));
        assert_eq!(happened_at(&waits, at(2), [Some(at(5))], at(23)), at(10), "not before the wait");
        assert_eq!(happened_at(&[], at(2), [Some(at(1))], at(23)), at(2), "nor before receipt");
    }

    #[test]
    fn what_waits_since_receipt_goes_with_it() {
        let anew = |waits: &[Wait], after| received_anew(waits, at(2), at(after));
        assert_eq!(anew(&[wait(2, None)], 9), [wait(9, None)]);
        assert_eq!(anew(&[wait(2, Some(12)), wait(13, None)], 9), [wait(9, Some(12)), wait(13, None)]);
        assert_eq!(anew(&[wait(2, None)], 1), [wait(1, None)]);
        assert_eq!(anew(&[wait(10, None)], 9), [wait(10, None)], "it began by itself");
        assert_eq!(anew(&[wait(3, Some(5))], 9), [wait(9, Some(9))], "nothing was waited before receipt");
        assert_eq!(anew(&[], 9), []);
    }

    #[test]
    fn no_wait_begins_while_another_lasts() {
        let code = |waits: &[Wait], corrects, since| {
            begins_too_early(waits, corrects, Some(at(since))).map(|fault| fault.code.into_owned())
        };
        let waits = [wait(2, Some(5)), wait(10, None)];
        let early = Some("before_last_step".to_owned());
        assert_eq!(code(&waits, false, 9), early, "a new one");
        assert_eq!(code(&waits, true, 9), None, "the one that lasts");
        assert_eq!(code(&waits, true, 4), early);
        assert_eq!(code(&[], false, 1), None);
        assert_eq!(begins_too_early(&waits, false, None), None);
    }
}
