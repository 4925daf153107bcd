//! What a review must satisfy, its totals, and what is noticed about it: pure, without database or HTTP.

use std::collections::HashSet;

use super::bodies::ProcedureReviewCreate;
use super::model::{HeldReview, ReviewOutcome, ReviewProposal, ReviewProposalKind};
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::fold;
use kernel::validity::{day_faults, last_day_fault};

/// Faults that the body shows by itself.
#[must_use]
pub(super) fn faults(body: &ProcedureReviewCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", body.ends_on),
        ("/document_on", body.document_on),
        ("/approved_on", body.approved_on),
    ])
    .collect();
    faults.extend(last_day_fault("/ends_on", body.starts_on, body.ends_on));
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    faults.extend(approval_faults(body));
    faults.extend(repeated_fields(&body.fields));
    faults.extend(body.proposals.iter().enumerate().flat_map(|(index, one)| proposal_faults(index, one)));
    faults
}

/// Proposals that are approved name the document that says so; others have none. What a unit carries out
/// within its own powers needs no approval.
fn approval_faults(body: &ProcedureReviewCreate) -> Vec<Fault> {
    let number = ("/approval_number", body.approval_number.as_deref());
    let day = ("/approved_on", body.approved_on);
    let is_named = number.1.is_some() || day.1.is_some();
    match body.outcome {
        ReviewOutcome::UnderWay | ReviewOutcome::Proposed if is_named => {
            let message = Bilingual::new(
                "Chỉ nêu văn bản thông qua khi phương án đã được thông qua hoặc đã thực thi.",
                "A document of approval is named once the proposals are approved or carried out.",
            );
            let pointer = if number.1.is_some() { number.0 } else { day.0 };
            vec![Fault::new(pointer, "not_approved", message)]
        }
        ReviewOutcome::Approved if !is_named => {
            let message = Bilingual::new(
                "Nêu số, ký hiệu và ngày của văn bản thông qua phương án.",
                "Name the document that approved the proposals, and its day.",
            );
            vec![Fault::new(number.0, "required", message)]
        }
        _ => document_faults(number, day),
    }
}

fn repeated_fields(fields: &[String]) -> Vec<Fault> {
    let mut seen = HashSet::new();
    let again = |(_, field): &(usize, &String)| !seen.insert(fold(field));
    let message = |field| {
        Bilingual::new(
            format!("Lĩnh vực {field} được nêu hai lần."),
            format!("The field {field} is named twice."),
        )
    };
    let twice = fields.iter().enumerate().filter(again);
    twice
        .map(|(index, field)| Fault::new(format!("/fields/{index}"), "named_twice", message(field)))
        .collect()
}

fn proposal_faults(index: usize, proposal: &ReviewProposal) -> Vec<Fault> {
    let at = |member: &str| format!("/proposals/{index}/{member}");
    let mut faults = Vec::new();
    if proposal.procedure_id.is_none()
        && proposal.procedure_code.is_none()
        && proposal.procedure_name.is_none()
    {
        let message = Bilingual::new(
            "Nêu thủ tục bằng mã TTHC hoặc tên thủ tục.",
            "Name the procedure by its code or its name.",
        );
        faults.push(Fault::new(at("procedure_code"), "required", message));
    }
    match proposal.kind {
        ReviewProposalKind::Keep => {
            let saved = [
                ("cut_working_days", proposal.cut_working_days.is_some()),
                ("saved_amount_vnd", proposal.saved_amount_vnd.is_some_and(|amount| amount > 0)),
            ];
            faults.extend(saved.into_iter().filter(|(_, is_given)| *is_given).map(|(member, _)| {
                let message = Bilingual::new(
                    "Thủ tục giữ nguyên thì không cắt giảm thời hạn hoặc chi phí.",
                    "A procedure that stays as it is saves neither time nor costs.",
                );
                Fault::new(at(member), "keeps", message)
            }));
        }
        ReviewProposalKind::Shorten if proposal.cut_working_days.is_none() => {
            let message = Bilingual::new(
                "Nêu số ngày làm việc được cắt giảm.",
                "State by how many working days the deadline becomes shorter.",
            );
            faults.push(Fault::new(at("cut_working_days"), "required", message));
        }
        _ => {}
    }
    faults
}

/// What follows from the proposals of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    /// Those that change something.
    pub proposals: usize,
    /// Working days cut.
    pub cut_working_days: i64,
    /// What is saved in a year, in đồng.
    pub saved_amount_vnd: i64,
}

/// The totals of proposals.
#[must_use]
pub(super) fn totals(proposals: &[ReviewProposal]) -> Totals {
    proposals.iter().fold(Totals::default(), |sum, one| Totals {
        proposals: sum.proposals + usize::from(one.kind != ReviewProposalKind::Keep),
        cut_working_days: sum.cut_working_days + one.cut_working_days.unwrap_or(0),
        saved_amount_vnd: sum.saved_amount_vnd + one.saved_amount_vnd.unwrap_or(0),
    })
}

/// What is noticed about a review.
#[must_use]
pub(super) fn remarks(held: &HeldReview) -> Vec<Remark> {
    let HeldReview { row, proposals } = held;
    let of_year = |pointer, number: &Option<String>, day: Option<_>| {
        number.as_deref().zip(day).and_then(|(number, day)| year_remark(pointer, number, day))
    };
    let mut remarks: Vec<Remark> =
        of_year("/document_number", &row.document_number, row.document_on).into_iter().collect();
    remarks.extend(of_year("/approval_number", &row.approval_number, row.approved_on));
    let named = named_procedures(proposals);
    if let Some(stated) = row.reviewed_count.filter(|stated| *stated < named) {
        let message = Bilingual::new(
            format!("Số TTHC được rà soát là {stated} nhưng các phương án nêu {named} thủ tục."),
            format!("{stated} procedures were reviewed, but the proposals name {named}."),
        );
        remarks.push(
            Remark::new("/reviewed_count", Rule::FewerThanNamed, message)
                .with("stated", stated)
                .with("named", named),
        );
    }
    let is_decided = matches!(row.outcome, ReviewOutcome::Approved | ReviewOutcome::CarriedOut);
    if is_decided && totals(proposals).proposals == 0 {
        let message = Bilingual::new(
            "Đã thông qua hoặc thực thi nhưng chưa nhập phương án đơn giản hóa nào.",
            "It is approved or carried out, but no proposal is entered yet.",
        );
        remarks.push(Remark::new("/proposals", Rule::NoProposals, message));
    }
    remarks
}

/// How many procedures the proposals name, each once.
fn named_procedures(proposals: &[ReviewProposal]) -> i64 {
    let name = |one: &ReviewProposal| match &one.procedure_code {
        Some(code) => code.clone(),
        None => fold(one.procedure_name.as_deref().unwrap_or_default()),
    };
    let named: HashSet<String> = proposals.iter().map(name).collect();
    i64::try_from(named.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({"title": "Rà soát", "starts_on": "2026-01-05", "outcome": "proposed"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn one(change: &Value) -> (String, String) {
        let mut found = codes(change);
        assert_eq!(found.len(), 1, "{change}: {found:?}");
        found.remove(0)
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_document_has_number_and_day() {
        assert_eq!(codes(&json!({})), []);
        let number = json!({"document_number": "125/KH-UBND"});
        assert_eq!(one(&number), pair("/document_on", "required"));
        assert_eq!(one(&json!({"document_on": "2026-01-05"})), pair("/document_number", "required"));
        let shape = json!({"document_number": "số 125", "document_on": "2026-01-05"});
        assert_eq!(one(&shape), pair("/document_number", "number_shape"));
    }

    #[test]
    fn only_what_is_approved_has_an_approval() {
        let approval = json!({"approval_number": "2215/QĐ-UBND", "approved_on": "2026-07-15"});
        let with = |outcome: &str| {
            let mut change = approval.clone();
            change["outcome"] = json!(outcome);
            codes(&change)
        };
        assert_eq!(with("under_way"), [pair("/approval_number", "not_approved")]);
        assert_eq!(with("proposed"), [pair("/approval_number", "not_approved")]);
        assert_eq!(with("approved"), []);
        assert_eq!(with("carried_out"), []);
        assert_eq!(one(&json!({"outcome": "approved"})), pair("/approval_number", "required"));
        assert_eq!(codes(&json!({"outcome": "carried_out"})), []);
        let half = json!({"outcome": "carried_out", "approved_on": "2026-07-15"});
        assert_eq!(one(&half), pair("/approval_number", "required"));
    }

    #[test]
    fn a_field_is_named_once_however_it_is_written() {
        let fields = json!({"fields": ["Hộ tịch", "Chứng thực", "HỘ  TỊCH"]});
        assert_eq!(one(&fields), pair("/fields/2", "named_twice"));
    }

    #[test]
    fn a_proposal_names_its_procedure_and_what_it_saves() {
        let proposals = |proposal: Value| json!({"proposals": [proposal]});
        let nameless = proposals(json!({"kind": "amend"}));
        assert_eq!(one(&nameless), pair("/proposals/0/procedure_code", "required"));
        let no_days = proposals(json!({"kind": "shorten", "procedure_name": "Chứng thực"}));
        assert_eq!(one(&no_days), pair("/proposals/0/cut_working_days", "required"));
        let kept = json!({"kind": "keep", "procedure_name": "Chứng thực", "cut_working_days": 1, "saved_amount_vnd": 5});
        let both = ["cut_working_days", "saved_amount_vnd"];
        assert_eq!(codes(&proposals(kept)), both.map(|name| pair(&format!("/proposals/0/{name}"), "keeps")));
        let nothing = json!({"kind": "keep", "procedure_name": "Chứng thực", "saved_amount_vnd": 0});
        assert_eq!(codes(&proposals(nothing)), []);
    }

    #[test]
    fn a_review_ends_after_it_began() {
        assert_eq!(one(&json!({"ends_on": "2026-01-04"})), pair("/ends_on", "before_start"));
        assert_eq!(codes(&json!({"ends_on": "2026-01-05"})), []);
        let far = json!({"starts_on": "+10000-01-01"});
        assert_eq!(one(&far), pair("/starts_on", "out_of_range"));
    }

    fn proposal(kind: ReviewProposalKind, days: Option<i64>, amount: Option<i64>) -> ReviewProposal {
        ReviewProposal {
            kind,
            procedure_id: None,
            procedure_code: None,
            procedure_name: Some("Chứng thực".into()),
            cut_working_days: days,
            saved_amount_vnd: amount,
            content: None,
        }
    }

    proptest! {
        /// The totals of two lists are those of both together, and within what a body may say they are exact.
        #[test]
        fn totals_add_up(
            days in proptest::collection::vec(proptest::option::of(1_i64..=730), 0..500),
            amount in 0_i64..=9_000_000_000_000,
            cut in 0_usize..500,
        ) {
            let all: Vec<_> =
                days.iter().map(|days| proposal(ReviewProposalKind::Amend, *days, Some(amount))).collect();
            let (head, tail) = all.split_at(cut.min(all.len()));
            let (whole, head, tail) = (totals(&all), totals(head), totals(tail));
            prop_assert_eq!(whole.proposals, head.proposals + tail.proposals);
            prop_assert_eq!(whole.cut_working_days, head.cut_working_days + tail.cut_working_days);
            prop_assert_eq!(whole.saved_amount_vnd, head.saved_amount_vnd + tail.saved_amount_vnd);
            prop_assert!(whole.saved_amount_vnd < 1_i64 << 53);
        }
    }

    #[test]
    fn what_stays_as_it_is_is_no_proposal() {
        let kept = proposal(ReviewProposalKind::Keep, None, None);
        let merged = proposal(ReviewProposalKind::Merge, None, None);
        assert_eq!(totals(&[kept.clone(), merged]), Totals { proposals: 1, ..Totals::default() });
        assert_eq!(named_procedures(&[kept.clone(), kept]), 1, "named twice, it is one");
    }
}
