//! What is wrong with an official as they are sent. Nothing said here repeats a personal datum.

use chrono::NaiveDate;

use super::bodies::OfficialCreate;
use super::model::OfficialStatus;
use crate::domain::civil_service::personnel_decisions::kinds::StaffCategory;
use crate::domain::people::{PersonKind, kind_fault};
use crate::domain::validity::day_faults;
use crate::error::{Bilingual, Fault};
use crate::text::day_vi;

/// Faults of a body, beside what is held of the official: `held_on` is the day of its list.
pub(super) fn faults(body: &OfficialCreate, held_on: Option<NaiveDate>, today: NaiveDate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/listed_on", Some(body.listed_on)),
        ("/since", body.since),
        ("/until", body.until),
        ("/person/date_of_birth", body.person.as_ref().and_then(|person| person.date_of_birth)),
    ])
    .collect();
    faults.extend(list_fault(body.listed_on, held_on, today));
    if body.category == StaffCategory::NotApart {
        let message =
            Bilingual::new("Mỗi người phải thuộc một đối tượng cụ thể.", "Say as what the official serves.");
        faults.push(Fault::new("/category", "not_apart", message));
    }
    faults.extend(end_fault(body));
    if let Some(person) = &body.person {
        faults.extend(kind_fault(PersonKind::Citizen, person.id_number.as_deref(), "person"));
        if person.date_of_birth.is_some_and(|day| day >= body.since.unwrap_or(body.listed_on)) {
            let message = Bilingual::new(
                "Ngày sinh phải trước ngày bắt đầu công tác.",
                "The day of birth must be before the first day of service.",
            );
            faults.push(Fault::new("/person/date_of_birth", "after_service", message));
        }
    }
    faults
}

/// A list of a day to come, or an older one than has told of the official already: it would bring back what is past.
fn list_fault(listed_on: NaiveDate, held_on: Option<NaiveDate>, today: NaiveDate) -> Option<Fault> {
    if listed_on > today {
        let message = Bilingual::new(
            format!("Ngày của danh sách không được sau ngày hôm nay ({}).", day_vi(today)),
            format!("The day of the list must not be after today ({today})."),
        );
        return Some(Fault::new("/listed_on", "in_future", message));
    }
    let held_on = held_on.filter(|held_on| listed_on < *held_on)?;
    let message = Bilingual::new(
        format!("Đã có thông tin theo danh sách mới hơn, ngày {}.", day_vi(held_on)),
        format!("A newer list, of {held_on}, has told of this official already."),
    );
    Some(Fault::new("/listed_on", "older_list", message))
}

/// The end of a service that goes on, or one before its beginning.
fn end_fault(body: &OfficialCreate) -> Option<Fault> {
    let until = body.until?;
    if body.status == OfficialStatus::Working {
        let message = Bilingual::new(
            "Người đang công tác không có ngày thôi công tác.",
            "Who serves has no last day of service.",
        );
        return Some(Fault::new("/until", "still_working", message));
    }
    body.since.filter(|since| until < *since)?;
    let message = Bilingual::new(
        "Ngày thôi công tác không được trước ngày bắt đầu công tác.",
        "The last day of service must not be before the first.",
    );
    Some(Fault::new("/until", "before_start", message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn codes(change: &Value, held_on: Option<&str>) -> Vec<(String, String)> {
        let mut body = json!({
            "employee_code": "CB-1", "listed_on": "2026-11-23", "category": "civil_servant", "since": "2015-03-01",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        let faults = faults(&body, held_on.map(day), day("2026-11-23"));
        faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn no_list_of_a_day_to_come_and_none_that_is_older_than_what_is_held() {
        assert_eq!(codes(&json!({}), None), []);
        assert_eq!(codes(&json!({}), Some("2026-11-23")), []);
        assert_eq!(codes(&json!({"listed_on": "2026-11-24"}), None), [pair("/listed_on", "in_future")]);
        let older = codes(&json!({"listed_on": "2026-11-22"}), Some("2026-11-23"));
        assert_eq!(older, [pair("/listed_on", "older_list")]);
    }

    #[test]
    fn only_who_left_has_a_last_day() {
        assert_eq!(codes(&json!({"until": "2026-10-31"}), None), [pair("/until", "still_working")]);
        let retired = |until: &str| json!({"status": "retired", "until": until});
        assert_eq!(codes(&retired("2026-10-31"), None), []);
        assert_eq!(codes(&retired("2015-02-28"), None), [pair("/until", "before_start")]);
        assert_eq!(codes(&json!({"category": "not_apart"}), None), [pair("/category", "not_apart")]);
    }

    #[test]
    fn nobody_serves_before_they_are_born() {
        let born = |on: &str| json!({"person": {"name": "Cán bộ thử", "date_of_birth": on}});
        assert_eq!(codes(&born("1990-02-03"), None), []);
        assert_eq!(codes(&born("2015-03-01"), None), [pair("/person/date_of_birth", "after_service")]);
        let tax_code = json!({"person": {"name": "Cán bộ thử", "id_number": "0123456789"}});
        assert_eq!(codes(&tax_code, None), [pair("/person/id_number", "digits")]);
    }
}
