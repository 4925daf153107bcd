//! What is wrong with an official as they are sent. Nothing said here repeats a personal datum.

use chrono::NaiveDate;

use super::bodies::OfficialCreate;
use super::model::{OfficialRow, OfficialStatus};
use super::person::OfficialPerson;
use crate::personnel_decisions::kinds::StaffCategory;
use kernel::error::{Bilingual, Fault};
use kernel::people::{PersonKind, kind_fault};
use kernel::text::day_vi;
use kernel::validity::day_faults;

/// Faults of a body, with the person as they are told or held.
pub(super) fn faults(body: &OfficialCreate, person: Option<&OfficialPerson>, today: NaiveDate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/listed_on", Some(body.listed_on)),
        ("/since", body.since),
        ("/until", body.until),
        ("/person/date_of_birth", person.and_then(|person| person.date_of_birth)),
    ])
    .collect();
    faults.extend(coming_list_fault(body.listed_on, today));
    if body.category == StaffCategory::NotApart {
        let message =
            Bilingual::new("Mỗi người phải thuộc một đối tượng cụ thể.", "Say as what the official serves.");
        faults.push(Fault::new("/category", "not_apart", message));
    }
    faults.extend(end_fault(body));
    if let Some(person) = person {
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

/// A list of a day to come.
fn coming_list_fault(listed_on: NaiveDate, today: NaiveDate) -> Option<Fault> {
    (listed_on > today).then(|| {
        let message = Bilingual::new(
            format!("Ngày của danh sách không được sau ngày hôm nay ({}).", day_vi(today)),
            format!("The day of the list must not be after today ({today})."),
        );
        Fault::new("/listed_on", "in_future", message)
    })
}

/// An older list than the newest that named the official, where it tells something else than is held: it would bring
/// back what is past. The list that told what is held may be corrected.
pub(super) fn older_list_fault(told: &OfficialRow, held: &OfficialRow) -> Option<Fault> {
    let (listed_on, last) = (told.listed_on, held.last_listed_on);
    if listed_on >= last || listed_on == held.listed_on || told.tells_as(held) {
        return None;
    }
    let message = Bilingual::new(
        format!("Đã có thông tin theo danh sách mới hơn, ngày {}.", day_vi(last)),
        format!("A newer list, of {last}, has told of this official already."),
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
    use crate::officials::model::OfficialId;
    use kernel::db::types::Instant;
    use kernel::tree::OrgUnitId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "employee_code": "CB-1", "listed_on": "2026-11-23", "category": "civil_servant", "since": "2015-03-01",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body: OfficialCreate = serde_json::from_value(body).unwrap();
        let person = body.person.clone().onto(None);
        let faults = faults(&body, person.as_ref(), day("2026-11-23"));
        faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn no_list_of_a_day_to_come() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"listed_on": "2026-11-24"})), [pair("/listed_on", "in_future")]);
    }

    /// An official of whom the list of the 16th first told what is held, and that of the 19th told it last.
    fn held() -> OfficialRow {
        let at = Instant::from_micros(0);
        OfficialRow {
            id: OfficialId::new(),
            province_id: OrgUnitId::new(),
            org_unit_id: OrgUnitId::new(),
            employee_code: "CB-1".into(),
            listed_on: day("2026-11-16"),
            category: StaffCategory::CivilServant,
            position_title: None,
            rank_title: Some("Chuyên viên".into()),
            qualification: None,
            political_theory: None,
            status: OfficialStatus::Working,
            since: None,
            until: None,
            note: None,
            person: None,
            number_digest: None,
            erased_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
            last_listed_on: day("2026-11-19"),
            employee_key: "CB-1".into(),
        }
    }

    /// What is wrong with what the list of a day tells of them.
    fn older_list(listed_on: &str, rank: &str) -> Option<String> {
        let held = held();
        let told = OfficialRow { listed_on: day(listed_on), rank_title: Some(rank.into()), ..held.clone() };
        older_list_fault(&told, &held).map(|fault| fault.code.into_owned())
    }

    #[test]
    fn an_older_list_may_tell_only_what_is_held() {
        for other_day in ["2026-11-15", "2026-11-17", "2026-11-18"] {
            assert_eq!(older_list(other_day, "Chuyên viên chính").as_deref(), Some("older_list"));
            assert_eq!(older_list(other_day, "Chuyên viên"), None);
        }
        for fit in ["2026-11-16", "2026-11-19", "2026-11-20"] {
            assert_eq!(older_list(fit, "Chuyên viên chính"), None);
        }
    }

    #[test]
    fn a_code_in_other_letters_is_no_news() {
        let held = held();
        let told = |code: &str, rank: &str| OfficialRow {
            employee_code: code.into(),
            rank_title: Some(rank.into()),
            ..held.clone()
        };
        assert!(told("cb-1", "Chuyên viên").tells_as(&held));
        assert!(!told("cb-1", "Chuyên viên chính").tells_as(&held));
        let other = OfficialRow { employee_key: "CB-2".into(), ..told("CB-2", "Chuyên viên") };
        assert!(!other.tells_as(&held));
    }

    #[test]
    fn only_who_left_has_a_last_day() {
        assert_eq!(codes(&json!({"until": "2026-10-31"})), [pair("/until", "still_working")]);
        let retired = |until: &str| json!({"status": "retired", "until": until});
        assert_eq!(codes(&retired("2026-10-31")), []);
        assert_eq!(codes(&retired("2015-02-28")), [pair("/until", "before_start")]);
        assert_eq!(codes(&json!({"category": "not_apart"})), [pair("/category", "not_apart")]);
    }

    #[test]
    fn nobody_serves_before_they_are_born() {
        let born = |on: &str| json!({"person": {"name": "Cán bộ thử", "date_of_birth": on}});
        assert_eq!(codes(&born("1990-02-03")), []);
        assert_eq!(codes(&born("2015-03-01")), [pair("/person/date_of_birth", "after_service")]);
        let tax_code = json!({"person": {"name": "Cán bộ thử", "id_number": "0123456789"}});
        assert_eq!(codes(&tax_code), [pair("/person/id_number", "digits")]);
    }
}
