//! What a declaration must satisfy: pure, without database or HTTP.

use chrono::NaiveDate;

use super::model::RecordDeclarationCreate;
use kernel::document_numbers::number_fault;
use kernel::error::{Bilingual, Fault};
use kernel::text::day_vi;
use kernel::validity::day_fault;

/// Faults that the body shows by itself on a day.
#[must_use]
pub(super) fn faults(body: &RecordDeclarationCreate, today: NaiveDate) -> Vec<Fault> {
    let since = body.records_complete_since;
    let still_to_come = || (since > today).then(|| in_future(today));
    let day = day_fault("/records_complete_since", since).or_else(still_to_come);
    let number = body.document_number.as_deref().and_then(|number| number_fault("/document_number", number));
    day.into_iter().chain(number).collect()
}

/// Nobody knows of days to come that all their dossiers will be kept.
fn in_future(today: NaiveDate) -> Fault {
    let message = Bilingual::new(
        format!("Ngày bắt đầu đủ hồ sơ không được sau hôm nay ({}).", day_vi(today)),
        format!("The day from which on the records are complete is today ({today}) at the latest."),
    );
    Fault::new("/records_complete_since", "in_future", message)
}

/// The unit does not exist on the day of which it speaks.
#[must_use]
pub(super) fn not_in_force(pointer: &'static str, day: NaiveDate) -> Fault {
    let message = Bilingual::new(
        format!("Đơn vị không tồn tại vào ngày {}.", day_vi(day)),
        format!("The unit does not exist on {day}."),
    );
    Fault::new(pointer, "not_in_force", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(since: &str, document_number: Option<&str>) -> Vec<(String, String)> {
        let body = RecordDeclarationCreate {
            org_unit_id: None,
            org_unit_identifier: None,
            org_unit_code: Some("31396".into()),
            records_complete_since: since.parse().unwrap(),
            document_number: document_number.map(str::to_owned),
            note: None,
        };
        let told = faults(&body, "2026-11-23".parse().unwrap());
        told.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn of_day(code: &str) -> (String, String) {
        ("/records_complete_since".into(), code.into())
    }

    #[test]
    fn records_are_complete_from_a_day_that_has_come() {
        assert_eq!(found("2026-11-23", None), []);
        assert_eq!(found("2026-11-24", None), [of_day("in_future")]);
        assert_eq!(found("0000-12-31", None), [of_day("out_of_range")]);
        assert_eq!(found("+10000-01-01", None), [of_day("out_of_range")]);
    }

    #[test]
    fn a_document_is_named_by_its_number() {
        assert_eq!(found("2026-01-01", Some("15/UBND-VP")), []);
        let of_number = ("/document_number".to_owned(), "number_shape".to_owned());
        assert_eq!(found("2026-01-01", Some("công văn")), std::slice::from_ref(&of_number));
        assert_eq!(found("2027-01-01", Some("15")), [of_day("in_future"), of_number]);
    }
}
