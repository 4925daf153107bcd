//! What the dates of a dossier may say: pure rules, the same for a dossier that is created whole, for one
//! that is changed and for each step.

use super::codes::code_fault;
use super::life::DossierStatus;
use super::model::DossierCreate;
use kernel::db::types::Instant;
use kernel::error::{Bilingual, Fault};
use kernel::validity::{OPEN_END, day_faults};

/// Seconds by which the clock of a sending system may be ahead.
pub(super) const CLOCKS_APART: i64 = 600;

/// Every fault that a body shows by itself.
#[must_use]
pub fn faults(body: &DossierCreate, now: Instant) -> Vec<Fault> {
    let mut faults: Vec<Fault> = code_fault("/code", &body.code).into_iter().collect();
    faults.extend(body.linked_code.as_deref().and_then(|code| code_fault("/linked_code", code)));
    if body.linked_code.as_ref() == Some(&body.code) {
        let message =
            Bilingual::new("Hồ sơ không thể là thành phần của chính nó.", "A dossier is no part of itself.");
        faults.push(Fault::new("/linked_code", "itself", message));
    }
    faults.extend(body.owner.number_fault("owner"));
    faults.extend(body.submitter.as_ref().and_then(|person| person.number_fault("submitter")));
    let steps = [
        ("/resolved_at", body.resolved_at),
        ("/returned_at", body.returned_at),
        ("/closed_at", body.closed_at),
    ];
    let others = [("/received_at", Some(body.received_at)), ("/source_updated_at", body.source_updated_at)];
    let due = [("/due_at", body.due_at)];
    let waits = [("/waiting_since", body.waiting_since)];
    let days = |(pointer, at): (&'static str, Option<Instant>)| (pointer, at.map(Instant::vietnam_day));
    faults.extend(
        day_faults(steps.map(days))
            .chain(day_faults(others.map(days)))
            .chain(day_faults(due.map(days)))
            .chain(day_faults(waits.map(days))),
    );
    faults.extend(day_faults([("/rescheduled_to", body.rescheduled_to)]));
    // The last day of all stands for none.
    if body.due_at.map(Instant::vietnam_day) == Some(OPEN_END) {
        let message =
            Bilingual::new("Hạn phải trước ngày 31/12/9999.", "It must be due before 31 December 9999.");
        faults.push(Fault::new("/due_at", "out_of_range", message));
    }
    faults.extend(steps.into_iter().chain(others).chain(waits).filter_map(|step| in_future(step, now)));
    let behind_receipt = steps.into_iter().chain(due).chain(waits);
    faults.extend(behind_receipt.filter_map(|step| before_receipt(step, body.received_at)));
    if body.rescheduled_to.is_some_and(|day| day < body.received_at.vietnam_day()) {
        let message =
            Bilingual::new("Ngày hẹn lại trước ngày tiếp nhận.", "This is before the dossier was received.");
        faults.push(Fault::new("/rescheduled_to", "before_received", message));
    }
    faults.extend(status_faults(body.status(), [body.resolved_at, body.returned_at, body.closed_at]));
    if body.waiting_since.is_some() && !body.status().is_waiting() {
        faults.push(not_in_status("/waiting_since", body.status()));
    }
    faults
}

/// Faults of a status that is said instead of the one that is held, and of its dates: resolved, returned,
/// closed.
#[must_use]
pub fn restated_faults(
    status: DossierStatus,
    received_at: Instant,
    dates: [Option<Instant>; 3],
    now: Instant,
) -> Vec<Fault> {
    let [resolved, returned, closed] = dates;
    let steps = [("/resolved_at", resolved), ("/returned_at", returned), ("/closed_at", closed)];
    let early = steps.into_iter().filter_map(|step| before_receipt(step, received_at));
    let late = steps.into_iter().filter_map(|step| in_future(step, now));
    early.chain(late).chain(status_faults(status, dates)).collect()
}

fn in_future((pointer, at): (&'static str, Option<Instant>), now: Instant) -> Option<Fault> {
    let message = Bilingual::new(
        "Thời điểm này còn ở tương lai; hãy kiểm tra đồng hồ của hệ thống gửi.",
        "This time is still to come; check the clock of the sending system.",
    );
    at.filter(|at| *at > now.plus_seconds(CLOCKS_APART)).map(|_| Fault::new(pointer, "in_future", message))
}

fn before_receipt((pointer, at): (&'static str, Option<Instant>), received_at: Instant) -> Option<Fault> {
    let message = Bilingual::new(
        "Thời điểm này trước thời điểm tiếp nhận.",
        "This is before the dossier was received.",
    );
    at.filter(|at| *at < received_at).map(|_| Fault::new(pointer, "before_received", message))
}

fn not_in_status(pointer: &'static str, status: DossierStatus) -> Fault {
    let message = Bilingual::new(
        format!("Hồ sơ {} không có thời điểm này.", status.label_vi()),
        format!("A dossier that is {status} does not have this time."),
    );
    Fault::new(pointer, "not_in_status", message)
}

/// Dates that a status needs, and dates that it does not allow.
fn status_faults(status: DossierStatus, [resolved, returned, closed]: [Option<Instant>; 3]) -> Vec<Fault> {
    use DossierStatus::{Refused, Resolved, Returned, Withdrawn};
    let dates = [
        ("/resolved_at", resolved.is_some(), matches!(status, Resolved | Returned)),
        ("/returned_at", returned.is_some(), status == Returned),
        ("/closed_at", closed.is_some(), matches!(status, Withdrawn | Refused)),
    ];
    let fault = |(pointer, given, needed): (&'static str, bool, bool)| match (given, needed) {
        (false, true) => {
            let message = Bilingual::new(
                format!("Hồ sơ {} phải có thời điểm này.", status.label_vi()),
                format!("A dossier that is {status} has this time."),
            );
            Some(Fault::new(pointer, "required", message))
        }
        (true, false) => Some(not_in_status(pointer, status)),
        _ => None,
    };
    let mut faults: Vec<Fault> = dates.into_iter().filter_map(fault).collect();
    if let (Some(resolved), Some(returned)) = (resolved, returned)
        && returned < resolved
    {
        let message = Bilingual::new(
            "Kết quả được trả trước khi hồ sơ xử lý xong.",
            "The result was returned before the dossier was resolved.",
        );
        faults.push(Fault::new("/returned_at", "before_resolved", message));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(changes: &Value) -> Vec<String> {
        let mut body = json!({
            "code": "H13.44-261102-0007", "procedure_code": "1.001193", "receiving_unit_code": "31420",
            "channel": "online", "received_at": "2026-11-02T02:00:00Z",
            "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử"},
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let now = serde_json::from_value(json!("2026-11-20T02:00:00Z")).unwrap();
        let faults = faults(&serde_json::from_value(body).unwrap(), now);
        faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn dates_follow_each_other() {
        assert_eq!(codes(&json!({})), [""; 0]);
        assert_eq!(codes(&json!({"due_at": "2026-11-01T02:00:00Z"})), ["/due_at before_received"]);
        assert_eq!(codes(&json!({"due_at": "2027-11-01T02:00:00Z"})), [""; 0]);
        assert_eq!(codes(&json!({"due_at": "9999-12-31T02:00:00Z"})), ["/due_at out_of_range"]);
        assert_eq!(codes(&json!({"received_at": "2026-11-20T03:00:00Z"})), ["/received_at in_future"]);
        let turned = json!({"resolved_at": "2026-11-04T02:00:00Z", "returned_at": "2026-11-03T02:00:00Z"});
        assert_eq!(codes(&turned), ["/returned_at before_resolved"]);
    }

    #[test]
    fn a_status_has_its_dates_and_no_others() {
        assert_eq!(codes(&json!({"status": "resolved"})), ["/resolved_at required"]);
        assert_eq!(codes(&json!({"returned_at": "2026-11-03T02:00:00Z"})), ["/resolved_at required"]);
        assert_eq!(codes(&json!({"status": "withdrawn"})), ["/closed_at required"]);
        let open = json!({"status": "processing", "closed_at": "2026-11-03T02:00:00Z"});
        assert_eq!(codes(&open), ["/closed_at not_in_status"]);
        assert_eq!(codes(&json!({"status": "refused", "closed_at": "2026-11-03T02:00:00Z"})), [""; 0]);
    }

    #[test]
    fn a_wait_begins_between_receipt_and_now() {
        let waits = |status, since| codes(&json!({"status": status, "waiting_since": since}));
        assert_eq!(waits("awaiting_payment", "2026-11-02T02:00:00Z"), [""; 0]);
        assert_eq!(waits("stopped", "2026-11-20T02:00:00Z"), [""; 0]);
        assert_eq!(waits("stopped", "2026-11-02T01:59:00Z"), ["/waiting_since before_received"]);
        assert_eq!(waits("stopped", "2026-11-20T03:00:00Z"), ["/waiting_since in_future"]);
        assert_eq!(waits("processing", "2026-11-03T02:00:00Z"), ["/waiting_since not_in_status"]);
    }

    #[test]
    fn a_citizen_has_no_tax_code() {
        let owner = |kind, number| json!({"owner": {"kind": kind, "name": "Thử", "id_number": number}});
        assert_eq!(codes(&owner("citizen", "0123456789")), ["/owner/id_number digits"]);
        assert_eq!(codes(&owner("enterprise", "0123456789")), [""; 0]);
        assert_eq!(codes(&owner("citizen", "012345678")), [""; 0]);
    }
}
