//! What is wrong with a legal document by itself, and what is noticed about it.

use chrono::{Datelike, NaiveDate};

use super::answers::Others;
use super::record::{DraftingStage, LegalDocument, LegalDocumentCreate, LegalDocumentRow};
use kernel::document_numbers::{number_fault, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::day_vi;
use kernel::tree::{OrgTree, Tier};
use kernel::validity::day_faults;

/// Faults that a body shows by itself: what each stage asks for, and the order of its days.
pub(super) fn faults(body: &LegalDocumentCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/issued_on", Some(body.issued_on)),
        ("/appraised_on", body.appraised_on),
        ("/effective_on", body.effective_on),
        ("/expired_on", body.expired_on),
    ])
    .collect();
    faults.extend(stage_faults(body));
    faults.extend(body.number.as_deref().and_then(|number| number_fault("/number", number)));
    let is_issued = body.stage == DraftingStage::Issued;
    if is_issued && body.appraised_on.is_some_and(|day| body.issued_on < day) {
        let message = Bilingual::new(
            "Ngày thẩm định không được sau ngày ban hành.",
            "It must be appraised before it is issued.",
        );
        faults.push(Fault::new("/appraised_on", "after_issue", message));
    }
    if body.expired_on.is_some_and(|day| day <= body.issued_on) {
        let message = Bilingual::new(
            "Ngày hết hiệu lực phải sau ngày ban hành.",
            "The day on which it no longer holds must be after its issue.",
        );
        faults.push(Fault::new("/expired_on", "before_start", message));
    }
    let both = Bilingual::new(
        "Nêu cả ngày và lý do hết hiệu lực, hoặc không nêu cả hai.",
        "State both the day on which it no longer holds and the cause, or neither.",
    );
    match (body.expired_on, body.expiry_cause) {
        (Some(_), None) => faults.push(Fault::new("/expiry_cause", "required", both)),
        (None, Some(_)) => faults.push(Fault::new("/expired_on", "required", both)),
        (Some(_), Some(_)) | (None, None) => {}
    }
    faults
}

/// What a stage lacks, and what comes too early for it.
fn stage_faults(body: &LegalDocumentCreate) -> Vec<Fault> {
    let stage = body.stage;
    let mut faults = Vec::new();
    if stage == DraftingStage::Issued && body.number.is_none() {
        let message = Bilingual::new(
            "Văn bản đã ban hành phải có số, ký hiệu.",
            "A document that was issued has its number.",
        );
        faults.push(Fault::new("/number", "required", message));
    }
    if stage == DraftingStage::Appraised && body.appraised_on.is_none() {
        let message = Bilingual::new("Nêu ngày thẩm định.", "State the day of appraisal.");
        faults.push(Fault::new("/appraised_on", "required", message));
    }
    let early = || {
        Bilingual::new(
            format!("Dự thảo ở bước \"{}\" chưa có nội dung này.", stage.label_vi()),
            format!("At the stage {stage} there is none yet."),
        )
    };
    let is_draft = stage != DraftingStage::Issued;
    let is_unappraised = matches!(stage, DraftingStage::Proposed | DraftingStage::Drafted);
    for (pointer, is_early) in [
        ("/number", is_draft && body.number.is_some()),
        ("/effective_on", is_draft && body.effective_on.is_some()),
        ("/expired_on", is_draft && body.expired_on.is_some()),
        ("/appraised_on", is_unappraised && body.appraised_on.is_some()),
    ] {
        if is_early {
            faults.push(Fault::new(pointer, "not_at_this_stage", early()));
        }
    }
    faults
}

/// What is noticed about a document by itself.
pub(super) fn remarks(row: &LegalDocumentRow, tree: &OrgTree) -> Vec<Remark> {
    if row.stage != DraftingStage::Issued {
        return Vec::new();
    }
    let of_year = row.number.as_deref().and_then(|number| year_remark("/number", number, row.issued_on));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    let Some(effective_on) = row.effective_on else {
        let message = Bilingual::new(
            "Chưa nhập ngày có hiệu lực; tạm tính từ ngày ban hành.",
            "The day of effect is not entered; the day of issue stands in for it.",
        );
        remarks.push(Remark::new("/effective_on", Rule::EffectNotStated, message));
        return remarks;
    };
    let lead = (effective_on - row.issued_on).num_days();
    if lead < 0 {
        let message = Bilingual::new(
            format!("Có hiệu lực trước ngày ban hành {}.", day_vi(row.issued_on)),
            format!("It takes effect before it was issued on {}.", row.issued_on),
        );
        remarks.push(Remark::new("/effective_on", Rule::BeforeIssue, message));
    } else if let Some(least) = least_lead(tree.tier_at(row.org_unit_id, row.issued_on))
        && lead < least
        && Rule::EffectTooEarly.holds_on(row.issued_on)
    {
        let message = Bilingual::new(
            format!(
                "Có hiệu lực sau ban hành {lead} ngày, sớm hơn {least} ngày; chỉ đúng nếu ban hành theo trình tự, thủ tục rút gọn."
            ),
            format!(
                "It takes effect {lead} days after its issue, earlier than {least}; right only by the shortened procedure."
            ),
        );
        remarks.push(
            Remark::new("/effective_on", Rule::EffectTooEarly, message)
                .with("days", lead)
                .with("least_days", least),
        );
    }
    remarks
}

/// How many days lie at least between issue and effect.
fn least_lead(tier: Option<Tier>) -> Option<i64> {
    tier.map(|tier| match tier {
        Tier::Province => 10,
        Tier::District | Tier::Commune => 7,
    })
}

/// A number or title that others of the issuer bear too. One number with its year and without is of one document where
/// both are of one day.
pub(super) fn near_duplicates(document: &LegalDocument, others: Others) -> Vec<Remark> {
    let Others { same_number, other_form, same_title } = others;
    let mut remarks = Vec::new();
    if same_number > 0 {
        let number = document.number.as_deref().unwrap_or_default();
        let year = document.issued_on.year();
        let message = Bilingual::new(
            format!("Có {same_number} văn bản khác cùng số {number} của đơn vị trong năm {year}."),
            format!("{same_number} other documents of the unit bear the number {number} in {year}."),
        );
        remarks.push(Remark::new("/number", Rule::NumberTwice, message).with("others", same_number));
    }
    if other_form > 0 {
        let message = Bilingual::new(
            format!(
                "Có {other_form} văn bản khác của đơn vị, cùng ngày ban hành, số chỉ khác ở năm; có thể là một văn bản."
            ),
            format!(
                "{other_form} other documents of the unit and day bear this number, with or without its year; they may be one document."
            ),
        );
        remarks.push(Remark::new("/number", Rule::SameDocument, message).with("others", other_form));
    }
    if same_title > 0 {
        let message = Bilingual::new(
            format!("Có {same_title} văn bản khác của đơn vị cùng tên gọi."),
            format!("{same_title} other documents of the unit bear this title."),
        );
        remarks.push(Remark::new("/title", Rule::TitleTwice, message).with("others", same_title));
    }
    remarks
}

/// The day on which a document ends by itself is not the one on which another ends it.
pub(super) fn end_differs(document: &LegalDocument, ended_on: NaiveDate) -> Option<Remark> {
    let own = document.expired_on.filter(|own| *own != ended_on)?;
    let message = Bilingual::new(
        format!("Ghi hết hiệu lực từ {} nhưng bị thay thế hoặc bãi bỏ từ {}.", day_vi(own), day_vi(ended_on)),
        format!("It is said to end on {own}, but another document ends it on {ended_on}."),
    );
    Some(Remark::new("/expired_on", Rule::EndDiffers, message))
}

/// A document that goes on though its issuer is no more, and that nobody is to review.
pub(super) fn of_ended_issuer(document: &LegalDocument) -> Option<Remark> {
    document.reviewing_unit_id.is_none().then(|| {
        let message = Bilingual::new(
            "Đơn vị ban hành không còn nhưng văn bản chưa có cơ quan rà soát, xử lý.",
            "The issuer is no more, and no unit is named that reviews the document.",
        );
        Remark::new("/reviewing_unit_id", Rule::NobodyReviews, message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "stage": "issued", "kind": "decision", "number": "01/2024/QĐ-UBND", "title": "Quy định",
            "issued_on": "2024-01-26",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn each_stage_has_its_own() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"number": null})), [pair("/number", "required")]);
        let draft = |stage: &str, more: Value| {
            let mut change = json!({"stage": stage, "number": null});
            change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            codes(&change)
        };
        assert_eq!(draft("proposed", json!({})), []);
        assert_eq!(draft("drafted", json!({})), []);
        assert_eq!(draft("appraised", json!({"appraised_on": "2024-01-20"})), []);
        assert_eq!(draft("appraised", json!({})), [pair("/appraised_on", "required")]);
        for (member, value) in [("number", "01/2024/QĐ-UBND"), ("effective_on", "2024-02-05")] {
            let pointer = format!("/{member}");
            assert_eq!(draft("proposed", json!({member: value})), [pair(&pointer, "not_at_this_stage")]);
        }
        let appraised = json!({"appraised_on": "2024-01-20"});
        assert_eq!(draft("drafted", appraised), [pair("/appraised_on", "not_at_this_stage")]);
    }

    #[test]
    fn days_come_in_their_order() {
        assert_eq!(codes(&json!({"appraised_on": "2024-01-26"})), []);
        assert_eq!(codes(&json!({"appraised_on": "2024-01-27"})), [pair("/appraised_on", "after_issue")]);
        let ended = |day: &str| codes(&json!({"expired_on": day, "expiry_cause": "repealed"}));
        assert_eq!(ended("2024-01-27"), []);
        assert_eq!(ended("2024-01-26"), [pair("/expired_on", "before_start")]);
        assert_eq!(codes(&json!({"expired_on": "2025-01-01"})), [pair("/expiry_cause", "required")]);
        assert_eq!(codes(&json!({"expiry_cause": "time"})), [pair("/expired_on", "required")]);
    }

    #[test]
    fn a_number_is_one() {
        assert_eq!(codes(&json!({"number": "012024"})), [pair("/number", "number_shape")]);
    }
}
