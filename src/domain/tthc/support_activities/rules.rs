//! What a support activity must satisfy, and what is noticed about it: pure, without database or HTTP.

use super::model::{ActivityRow, SupportActivityCreate, SupportKind};
use crate::domain::document_numbers::{document_faults, year_remark};
use crate::domain::remarks::{Remark, RemarkSeverity};
use crate::domain::validity::day_faults;
use crate::error::{Bilingual, Fault};

/// Faults that the body shows by itself.
#[must_use]
pub(super) fn faults(body: &SupportActivityCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", body.ends_on),
        ("/document_on", body.document_on),
    ])
    .collect();
    if body.ends_on.is_some_and(|day| day < body.starts_on) {
        let message = Bilingual::new(
            "Ngày kết thúc không được trước ngày bắt đầu.",
            "The last day must not be before the first.",
        );
        faults.push(Fault::new("/ends_on", "before_start", message));
    }
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.kind == SupportKind::HelperAssignment && body.assigned_persons.is_none_or(|count| count == 0) {
        let message = Bilingual::new(
            "Nêu số người được phân công hỗ trợ.",
            "State how many persons are assigned to help.",
        );
        faults.push(Fault::new("/assigned_persons", "required", message));
    }
    faults
}

/// What is noticed about an activity.
#[must_use]
pub(super) fn remarks(row: &ActivityRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    // One dossier may need two visits, but nobody's dossier is filed without a person.
    if let (Some(dossiers), Some(people)) = (row.dossiers_supported, row.people_supported)
        && people == 0
        && dossiers > 0
    {
        let message = Bilingual::new(
            format!("Có {dossiers} hồ sơ được hỗ trợ nhưng số lượt người được hỗ trợ là 0."),
            format!("{dossiers} dossiers were supported, but nobody was."),
        );
        remarks.push(
            Remark::new("/people_supported", "dossiers_of_nobody", RemarkSeverity::Finding, message)
                .with("dossiers", dossiers),
        );
    }
    remarks
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({"kind": "communication", "title": "Tuyên truyền", "starts_on": "2026-01-05"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_day_is_a_span_of_itself() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"ends_on": "2026-01-05"})), []);
        assert_eq!(codes(&json!({"ends_on": "2026-01-04"})), [pair("/ends_on", "before_start")]);
        assert_eq!(codes(&json!({"starts_on": "+10000-01-01"})), [pair("/starts_on", "out_of_range")]);
    }

    #[test]
    fn whoever_assigns_helpers_says_how_many() {
        let of = |count: Value| codes(&json!({"kind": "helper_assignment", "assigned_persons": count}));
        assert_eq!(of(json!(2)), []);
        for none in [json!(null), json!(0)] {
            assert_eq!(of(none), [pair("/assigned_persons", "required")]);
        }
        assert_eq!(codes(&json!({"assigned_persons": 0})), [], "any other activity may do without");
    }

    #[test]
    fn a_document_has_number_and_day() {
        let number = json!({"document_number": "35/KH-UBND"});
        assert_eq!(codes(&number), [pair("/document_on", "required")]);
    }
}
