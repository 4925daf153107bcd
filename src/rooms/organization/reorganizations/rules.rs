//! What the body of an act shows by itself: pure rules.

use std::ops::RangeInclusive;

use super::model::{ReorganizationCreate, ReorganizationKind, ReorganizationRow};
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::validity::day_faults;

/// How many other units an act of a kind has.
fn others_of(kind: ReorganizationKind) -> RangeInclusive<usize> {
    match kind {
        ReorganizationKind::Establish | ReorganizationKind::Rename | ReorganizationKind::Transfer => 0..=0,
        ReorganizationKind::Merge => 1..=200,
        ReorganizationKind::Divide => 2..=200,
        ReorganizationKind::Dissolve => 0..=200,
    }
}

/// Faults that a body shows by itself.
pub(super) fn faults(body: &ReorganizationCreate) -> Vec<Fault> {
    let days = [("/effective_on", Some(body.effective_on)), ("/document_on", body.document_on)];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    let (others, wanted) = (body.others.len(), others_of(body.kind));
    if others < *wanted.start() {
        let least = wanted.start();
        let message = Bilingual::new(
            format!("Hình thức {} phải nêu ít nhất {least} đơn vị khác.", body.kind.label_vi()),
            format!("An act of the kind {} names at least {least} other units.", body.kind),
        );
        faults.push(Fault::new("/others", "too_few_units", message));
    } else if !wanted.contains(&others) {
        let message = Bilingual::new(
            format!("Hình thức {} không có đơn vị khác.", body.kind.label_vi()),
            format!("An act of the kind {} is about one unit alone.", body.kind),
        );
        faults.push(Fault::new("/others", "too_many_units", message));
    }
    let is_merger = body.kind == ReorganizationKind::Merge;
    for (index, _) in body.others.iter().enumerate().filter(|(_, unit)| unit.partly && !is_merger) {
        let message = Bilingual::new(
            "Chỉ khi sáp nhập mới nêu một phần của đơn vị.",
            "Only into a merger can a part of a unit go.",
        );
        faults.push(Fault::new(format!("/others/{index}/partly"), "not_a_merger", message));
    }
    let keepers = body.others.iter().enumerate().filter(|(_, unit)| unit.keeps_records);
    for (index, _) in keepers.skip(1).filter(|_| !is_merger) {
        let message = Bilingual::new(
            "Hồ sơ của đơn vị cũ chỉ có một nơi lưu giữ.",
            "The records of the unit that ended have one keeper.",
        );
        faults.push(Fault::new(format!("/others/{index}/keeps_records"), "second_keeper", message));
    }
    faults
}

/// What is noticed about an act.
pub(super) fn remarks(row: &ReorganizationRow) -> Vec<Remark> {
    let Some((number, issued_on)) = row.document_number.as_deref().zip(row.document_on) else {
        return Vec::new();
    };
    let mut remarks: Vec<Remark> = year_remark("/document_number", number, issued_on).into_iter().collect();
    let days = (issued_on - row.effective_on).num_days();
    if days > 0 {
        let message = Bilingual::new(
            format!("Việc sắp xếp có hiệu lực trước ngày ban hành văn bản {days} ngày."),
            format!("The act takes effect {days} days before its document was issued."),
        );
        remarks.push(Remark::new("/effective_on", Rule::BeforeIssue, message).with("days", days));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(kind: &str, others: &Value) -> Vec<(String, String)> {
        let body =
            json!({"org_unit_code": "31420", "kind": kind, "effective_on": "2025-07-01", "others": others});
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    #[test]
    fn each_kind_has_its_number_of_other_units() {
        let one = json!([{"org_unit_code": "31429"}]);
        let two = json!([{"org_unit_code": "31429"}, {"org_unit_code": "31417"}]);
        let few = [("/others".to_owned(), "too_few_units".to_owned())];
        let many = [("/others".to_owned(), "too_many_units".to_owned())];
        for kind in ["establish", "rename", "transfer"] {
            assert_eq!(codes(kind, &json!([])), []);
            assert_eq!(codes(kind, &one), many, "{kind}");
        }
        assert_eq!(codes("merge", &json!([])), few);
        assert_eq!(codes("merge", &one), []);
        assert_eq!(codes("divide", &one), few);
        assert_eq!(codes("divide", &two), []);
        assert_eq!(codes("dissolve", &json!([])), []);
        assert_eq!(codes("dissolve", &two), []);
    }

    #[test]
    fn parts_go_into_a_merger_and_records_have_one_keeper() {
        let parts = json!([{"org_unit_code": "31429", "partly": true}, {"org_unit_code": "31417"}]);
        assert_eq!(codes("merge", &parts), []);
        assert_eq!(codes("divide", &parts), [("/others/0/partly".to_owned(), "not_a_merger".to_owned())]);
        let keepers = json!([
            {"org_unit_code": "31429", "keeps_records": true}, {"org_unit_code": "31417", "keeps_records": true}
        ]);
        let second = [("/others/1/keeps_records".to_owned(), "second_keeper".to_owned())];
        assert_eq!(codes("divide", &keepers), second);
        assert_eq!(codes("merge", &keepers), []);
    }
}
