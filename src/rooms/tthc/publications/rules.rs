//! What a publication must satisfy, what is noticed about it, and how the catalogue differs from it:
//! pure, without database or HTTP.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::bodies::ProcedurePublicationCreate;
use super::model::{HeldPublication, ItemRow, PublicationAction};
use crate::procedures::timeline::Timeline;
use kernel::document_numbers::{number_fault, number_named, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::day_vi;
use kernel::validity::day_faults;

/// Faults that the body shows by itself.
#[must_use]
pub fn faults(body: &ProcedurePublicationCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/issued_on", Some(body.issued_on)),
        ("/effective_on", Some(body.effective_on)),
        ("/legal_basis_effective_on", body.legal_basis_effective_on),
        ("/published_on", body.published_on),
    ])
    .collect();
    faults.extend(number_fault("/number", &body.number));
    for (index, item) in body.items.iter().enumerate() {
        let replaces = item.replaced_procedure_id.is_some() || item.replaced_procedure_code.is_some();
        let pointer = format!("/items/{index}/replaced_procedure_code");
        match (item.action == PublicationAction::Replace, replaces) {
            (true, true) | (false, false) => {}
            (true, false) => faults.push(Fault::new(
                pointer,
                "required",
                Bilingual::new("Phải nêu thủ tục được thay thế.", "Name the procedure that is replaced."),
            )),
            (false, true) => faults.push(Fault::new(
                pointer,
                "not_replaced",
                Bilingual::new(
                    "Chỉ nêu thủ tục được thay thế khi nội dung công bố là thay thế.",
                    "A replaced procedure is named with the action replace only.",
                ),
            )),
        }
    }
    faults
}

/// Items that say something of the same procedure twice.
#[must_use]
pub fn repeated(items: &[ItemRow]) -> Vec<Fault> {
    let mut seen = HashSet::new();
    let again =
        |item: &&ItemRow| !seen.insert((item.procedure_code.clone(), item.replaced_procedure_code.clone()));
    items
        .iter()
        .filter(again)
        .map(|item| {
            let message = Bilingual::new(
                format!("Thủ tục {} được nêu hai lần trong quyết định.", item.procedure_code),
                format!("The decision names the procedure {} twice.", item.procedure_code),
            );
            Fault::new(format!("/items/{}/procedure_code", item.position), "named_twice", message)
        })
        .collect()
}

/// What is noticed about a publication by itself.
#[must_use]
pub fn remarks(held: &HeldPublication) -> Vec<Remark> {
    let row = &held.row;
    let mut remarks: Vec<Remark> = year_remark("/number", &row.number, row.issued_on).into_iter().collect();
    let before_issue = |pointer, day: NaiveDate, vi: &str, en: &str| {
        (day < row.issued_on).then(|| {
            let days = (row.issued_on - day).num_days();
            let message = Bilingual::new(
                format!("{vi} trước ngày ban hành {days} ngày."),
                format!("{en} {days} days before the day of issue."),
            );
            Remark::new(pointer, Rule::BeforeIssue, message).with("days", days)
        })
    };
    remarks.extend(before_issue(
        "/effective_on",
        row.effective_on,
        "Quyết định có hiệu lực",
        "The decision takes effect",
    ));
    remarks.extend(row.published_on.and_then(|day| {
        before_issue("/published_on", day, "Thủ tục được công khai", "The procedures were made public")
    }));
    if held.items.is_empty() {
        let message = Bilingual::new(
            "Chưa nhập thủ tục nào của quyết định.",
            "None of the decision's procedures is entered yet.",
        );
        remarks.push(Remark::new("/items", Rule::NoItems, message));
    }
    remarks
}

/// A decision as its items are held against the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Announced<'a> {
    /// Its number.
    pub number: &'a str,
    /// The number as it is compared.
    pub number_key: &'a str,
    /// When it takes effect.
    pub effective_on: NaiveDate,
}

/// A procedure that an item names and what the catalogue does not say of it as the decision does.
pub type Differing<'a> = (&'a str, Remark);

/// How the catalogue differs from an item; `timeline` gives a procedure's versions by its code.
pub fn differences<'a, 'h>(
    item: &'a ItemRow,
    announced: Announced<'_>,
    timeline: impl Fn(&str) -> Option<&'h Timeline>,
) -> Vec<Differing<'a>> {
    let ends = match item.action {
        PublicationAction::Repeal => Some(item.procedure_code.as_str()),
        PublicationAction::Replace => item.replaced_procedure_code.as_deref(),
        PublicationAction::Add | PublicationAction::Change => None,
    };
    let begins = (item.action != PublicationAction::Repeal).then_some(item.procedure_code.as_str());
    // What is replaced by itself has not ended: its next version begins.
    let goes_on = |ended: &&str| {
        let both = begins.and_then(&timeline).zip(timeline(ended));
        both.is_some_and(|(next, last)| std::ptr::eq(next, last))
    };
    let ends = ends.filter(|code| !goes_on(code));
    let begins = begins.and_then(|code| Some((code, not_begun(code, announced, timeline(code))?)));
    let ends = ends.and_then(|code| Some((code, not_ended(code, announced, timeline(code))?)));
    begins.into_iter().chain(ends).collect()
}

fn not_in_catalogue(code: &str) -> Remark {
    let message = Bilingual::new(
        format!("Danh mục chưa có thủ tục {code}."),
        format!("The catalogue does not have the procedure {code}."),
    );
    Remark::new("/procedure_code", Rule::NotInCatalogue, message)
}

/// A procedure that is added or changed, and of which no version begins by this decision.
fn not_begun(code: &str, announced: Announced<'_>, timeline: Option<&Timeline>) -> Option<Remark> {
    let Some(timeline) = timeline else { return Some(not_in_catalogue(code)) };
    let Announced { number, number_key, effective_on: day } = announced;
    let Some(version) = timeline.beginning_on(day) else {
        let message = Bilingual::new(
            format!("Danh mục không có phiên bản nào của thủ tục {code} bắt đầu từ ngày {}.", day_vi(day)),
            format!("No version of the procedure {code} begins on {day} in the catalogue."),
        );
        return Some(Remark::new("/effective_on", Rule::NoVersionBegins, message));
    };
    let named = version.announcing_decision.as_deref();
    if named.and_then(number_named).as_deref() == Some(number_key) {
        return None;
    }
    let (vi, en) = match named {
        Some(other) => (format!("ghi quyết định công bố là {other}"), format!("names {other}")),
        None => ("chưa ghi quyết định công bố".to_owned(), "names no decision".to_owned()),
    };
    let message = Bilingual::new(
        format!("Phiên bản của thủ tục {code} từ ngày {} {vi}, không phải {number}.", day_vi(day)),
        format!("The version of the procedure {code} from {day} on {en}, not {number}."),
    );
    Some(Remark::new("/number", Rule::OtherDecision, message))
}

/// A procedure that the decision ends, and that the catalogue does not end on that day.
fn not_ended(code: &str, announced: Announced<'_>, timeline: Option<&Timeline>) -> Option<Remark> {
    let Some(timeline) = timeline else { return Some(not_in_catalogue(code)) };
    let Announced { number, effective_on: day, .. } = announced;
    let remark =
        |rule, vi: String, en: String| Some(Remark::new("/effective_on", rule, Bilingual::new(vi, en)));
    let goes_on = timeline.beginning_on(day).is_some();
    match timeline.versions().iter().rfind(|version| version.valid_from < day) {
        None => remark(
            Rule::NotInForce,
            format!("Thủ tục {code} chưa có hiệu lực trước ngày {}, ngày {number} bãi bỏ.", day_vi(day)),
            format!("The procedure {code} was not in force before {day}, when {number} ends it."),
        ),
        Some(last) if last.valid_to == day && !goes_on => None,
        Some(last) if last.valid_to < day && !goes_on => remark(
            Rule::EndedEarlier,
            format!("Theo danh mục, thủ tục {code} đã hết hiệu lực từ ngày {}.", day_vi(last.valid_to)),
            format!("By the catalogue the procedure {code} ended on {} already.", last.valid_to),
        ),
        Some(_) => remark(
            Rule::StillInForce,
            format!(
                "Thủ tục {code} bị {number} bãi bỏ từ ngày {} nhưng danh mục vẫn còn hiệu lực.",
                day_vi(day)
            ),
            format!("{number} ends the procedure {code} on {day}, but in the catalogue it holds on."),
        ),
    }
}

/// A decision that the catalogue names and that is not held, or does not name the procedure.
#[must_use]
pub fn unannounced(code: &str, decision: &str, is_held: bool) -> Remark {
    let (rule, vi, en) = if is_held {
        (
            Rule::NotAnItem,
            format!(
                "Danh mục ghi thủ tục {code} được công bố tại {decision}, nhưng quyết định này không nêu thủ tục đó."
            ),
            format!(
                "The catalogue says that {decision} announced the procedure {code}, but it does not name it."
            ),
        )
    } else {
        (
            Rule::UnknownDecision,
            format!(
                "Danh mục ghi thủ tục {code} được công bố tại {decision}, nhưng chưa nhập quyết định này."
            ),
            format!("The catalogue says that {decision} announced the procedure {code}, but it is not held."),
        )
    };
    Remark::new("/announcing_decision", rule, Bilingual::new(vi, en))
}

#[cfg(test)]
mod tests {
    use super::super::model::ProcedurePublicationId;
    use super::*;
    use crate::procedures::model::VersionRow;
    use kernel::validity::{OPEN_BEGINNING, OPEN_END};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn item(action: PublicationAction, replaced: Option<&str>) -> ItemRow {
        ItemRow {
            publication_id: ProcedurePublicationId::new(),
            position: 0,
            action,
            procedure_code: "1.000001".into(),
            replaced_procedure_code: replaced.map(str::to_owned),
            level: None,
            name: None,
            note: None,
        }
    }

    fn timeline(from: NaiveDate, to: NaiveDate, decision: Option<&str>) -> Timeline {
        let announcing_decision = decision.map(str::to_owned);
        let version =
            VersionRow { valid_from: from, valid_to: to, announcing_decision, ..VersionRow::sample() };
        Timeline::default().with(version).unwrap()
    }

    fn codes(item: &ItemRow, catalogue: &[(&str, Timeline)]) -> Vec<(String, &'static str)> {
        let announced =
            Announced { number: "12/QĐ-UBND", number_key: "12/qd-ubnd", effective_on: day("2026-02-01") };
        let find =
            |code: &str| catalogue.iter().find(|(known, _)| *known == code).map(|(_, timeline)| timeline);
        differences(item, announced, find)
            .into_iter()
            .map(|(code, remark)| (code.to_owned(), remark.code))
            .collect()
    }

    #[test]
    fn what_is_added_must_begin_by_the_decision() {
        let added = item(PublicationAction::Add, None);
        let of = |timeline| codes(&added, &[("1.000001", timeline)]);
        let one = |code| vec![("1.000001".to_owned(), code)];
        assert_eq!(codes(&added, &[]), one("not_in_catalogue"));
        assert_eq!(of(timeline(OPEN_BEGINNING, OPEN_END, None)), one("no_version_begins"));
        assert_eq!(of(timeline(day("2026-02-01"), OPEN_END, None)), one("other_decision"));
        assert_eq!(of(timeline(day("2026-02-01"), OPEN_END, Some("13/QĐ-UBND"))), one("other_decision"));
        let named = Some("Quyết định số 12/QĐ- UBND ngày 15/01/2026");
        assert_eq!(of(timeline(day("2026-02-01"), OPEN_END, named)), []);
    }

    #[test]
    fn what_is_repealed_or_replaced_must_end_on_the_day() {
        let repealed = item(PublicationAction::Repeal, None);
        let of = |from, to| codes(&repealed, &[("1.000001", timeline(from, to, None))]);
        let one = |code| vec![("1.000001".to_owned(), code)];
        assert_eq!(of(OPEN_BEGINNING, OPEN_END), one("still_in_force"));
        assert_eq!(of(OPEN_BEGINNING, day("2026-02-01")), []);
        assert_eq!(of(OPEN_BEGINNING, day("2026-01-01")), one("ended_earlier"));
        assert_eq!(of(OPEN_BEGINNING, day("2026-03-01")), one("still_in_force"));
        assert_eq!(of(day("2026-02-01"), OPEN_END), one("not_in_force"));
        let replacing = item(PublicationAction::Replace, Some("1.000002"));
        let catalogue = [
            ("1.000001", timeline(day("2026-02-01"), OPEN_END, Some("12/QĐ-UBND"))),
            ("1.000002", timeline(OPEN_BEGINNING, OPEN_END, None)),
        ];
        assert_eq!(codes(&replacing, &catalogue), [("1.000002".to_owned(), "still_in_force")]);
    }

    #[test]
    fn a_version_from_the_day_on_keeps_a_procedure_in_force() {
        let next = VersionRow {
            valid_from: day("2026-02-01"),
            valid_to: OPEN_END,
            announcing_decision: Some("12/QĐ-UBND".to_owned()),
            ..VersionRow::sample()
        };
        let changed = timeline(OPEN_BEGINNING, OPEN_END, None).changed(next).unwrap();
        let repealed = item(PublicationAction::Repeal, None);
        let told = codes(&repealed, &[("1.000001", changed.clone())]);
        assert_eq!(told, [("1.000001".to_owned(), "still_in_force")]);
        let by_itself = item(PublicationAction::Replace, Some("1.000001"));
        assert_eq!(codes(&by_itself, &[("1.000001", changed)]), [], "its next version takes its place");
    }
}
