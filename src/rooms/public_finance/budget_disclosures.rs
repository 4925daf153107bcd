//! Disclosures of the budget (công khai ngân sách): what a unit made public of its budget, by which document
//! and when: the estimates that go to the People's Council, those that were decided, how they are carried out, and
//! the final accounts.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::budget_disclosures as columns;
use kernel::document_numbers::{number_fault, number_key, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, day_vi, fold};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a disclosure of the budget (công khai ngân sách).
    BudgetDisclosureId
}

text_enum! {
    /// What is made public (nội dung công khai).
    pub enum DisclosureKind {
        /// The estimates that go to the People's Council.
        Proposal => "proposal", "dự toán trình Hội đồng nhân dân";
        /// The estimates that were decided.
        Estimate => "estimate", "dự toán đã được quyết định";
        /// How they are carried out.
        Execution => "execution", "tình hình thực hiện dự toán";
        /// The final accounts.
        FinalAccount => "final_account", "quyết toán";
    }
}

text_enum! {
    /// Order of disclosures (thứ tự).
    pub enum BudgetDisclosureSort {
        /// Earliest first.
        DocumentOn => "document_on", "ngày văn bản tăng dần";
        /// Latest first.
        DocumentOnDesc => "-document_on", "ngày văn bản giảm dần";
    }
}

unit_fields! {
    table: budget_disclosures, id: BudgetDisclosureId, page: BudgetDisclosurePage of "disclosures of the budget",
    unit on document_on: {
        shown "The unit whose budget it is (đơn vị công khai).", named "Its name on the day of the document (tên đơn vị).",
        sent "The unit whose budget it is, by id; exactly one of id, identifier and code (đơn vị công khai).",
        read "The unit by its statistics code, read on the day of the document (mã đơn vị hành chính).",
    }
    /// A disclosure as it is stored.
    row: BudgetDisclosureRow;
    /// What a unit made public of its budget (công khai dự toán, quyết toán ngân sách).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000106", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "kind": "execution", "fiscal_year": 2024, "quarter": 1, "title": "Số liệu dự toán ngân sách quý I năm 2024",
        "document_number": "3649/QĐ-UBND", "document_on": "2024-04-15", "published_on": null, "place": null,
        "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: BudgetDisclosure;
    /// A new disclosure, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934", "kind": "execution", "fiscal_year": 2024, "quarter": 1,
        "title": "Số liệu dự toán ngân sách quý I năm 2024", "document_number": "3649/QĐ-UBND", "document_on": "2024-04-15"
    }))]
    create: BudgetDisclosureCreate;
    /// Changes to a disclosure (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"published_on": "2024-04-15", "place": "Cổng thông tin điện tử huyện"}))]
    patch: BudgetDisclosurePatch;
    fields: {
        /// What is made public (nội dung công khai).
        kind: DisclosureKind;
        /// Of which year (năm ngân sách).
        fiscal_year: number(1990..=2100);
        /// Of which quarter (quý); null for the whole year.
        quarter: Option<number(1..=4)>,
            sent "Of which quarter (quý); null or absent for the whole year.";
        /// What the document is called (trích yếu).
        title: words(1..=500), folded title_folded;
        /// Its number (số, ký hiệu văn bản).
        document_number: text(3..=50);
        number_key: kept String = key_of_number(body);
        /// Its day (ngày văn bản).
        document_on: NaiveDate;
        /// When it was made public (ngày công khai).
        published_on: Option<NaiveDate>;
        /// Where (nơi, hình thức công khai).
        place: Option<text(1..=500)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which disclosures a list holds.
    filter: BudgetDisclosureFilter of "The unit whose budget it is, by id (đơn vị công khai)." {
        /// What is made public (nội dung công khai).
        #[param(inline)]
        kind: Option<DisclosureKind>,
        /// Of this year (năm ngân sách).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: Option<i64>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<BudgetDisclosureSort>,
    }
}

/// By what its number is compared.
fn key_of_number(body: &BudgetDisclosureCreate) -> String {
    number_key(&body.document_number)
}

/// Faults that a body shows by itself.
fn faults(body: &BudgetDisclosureCreate) -> Vec<Fault> {
    let days = [("/document_on", Some(body.document_on)), ("/published_on", body.published_on)];
    day_faults(days).chain(number_fault("/document_number", &body.document_number)).collect()
}

/// What is noticed about a disclosure.
fn remarks(row: &BudgetDisclosureRow) -> Vec<Remark> {
    let of_year = year_remark("/document_number", &row.document_number, row.document_on);
    let late = row.published_on.and_then(|day| late(row.kind, row.fiscal_year, row.quarter, day));
    of_year.into_iter().chain(late).collect()
}

/// A quarter's figures that were made public more than fifteen days after its end.
fn late(kind: DisclosureKind, year: i64, quarter: Option<i64>, published_on: NaiveDate) -> Option<Remark> {
    let quarter = u32::try_from(quarter.filter(|_| kind == DisclosureKind::Execution)?).ok()?;
    // The first day after the quarter; that of the fourth lies in the next year.
    let (year, month) = if quarter == 4 { (year + 1, 1) } else { (year, quarter * 3 + 1) };
    let after = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
    let due_on = after.checked_add_days(Days::new(14))?;
    if published_on <= due_on || !Rule::LateDisclosure.holds_on(due_on) {
        return None;
    }
    let days = (published_on - due_on).num_days();
    let message = Bilingual::new(
        format!("Công khai ngày {}, chậm {days} ngày so với hạn {}.", day_vi(published_on), day_vi(due_on)),
        format!("It was made public on {published_on}, {days} days after the due day {due_on}."),
    );
    Some(Remark::new("/published_on", Rule::LateDisclosure, message).with("days", days))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a BudgetDisclosureFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(year) = filter.fiscal_year {
        query = query.filter(columns::fiscal_year.eq(year));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Disclosures of the budget, as they are written.
    records: BudgetDisclosures, record_type: "budget_disclosure",
    table: budget_disclosures, id: BudgetDisclosureId, row: BudgetDisclosureRow, answer: BudgetDisclosure,
    create: BudgetDisclosureCreate, filter: BudgetDisclosureFilter, unit on: document_on,
    key: |body| {
        kind: DisclosureKind = body.kind, document_on: NaiveDate = body.document_on,
        number_key: String = key_of_number(body),
    },
    sought by: [document_on, number_key],
    order: BudgetDisclosureSort::{DocumentOn, DocumentOnDesc} by document_on: NaiveDate, DocumentOnDesc first,
    days: [], matching: matching, faults: faults,
    list: disclosure_list, get: disclosure_get, seen: disclosure_seen, delete: disclosure_delete,
}

crud! {
    tag: "budget-disclosures", what: "a disclosure of the budget", many: "disclosures of the budget",
    vi: "công khai dự toán, quyết toán ngân sách",
    collection: "/api/v1/public-finance/budget-disclosures", record: "/api/v1/public-finance/budget-disclosures/{id}",
    id: BudgetDisclosureId, row: BudgetDisclosure, page: BudgetDisclosurePage,
    create: BudgetDisclosureCreate, patch: BudgetDisclosurePatch, filter: BudgetDisclosureFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_budget_disclosures => disclosure_list, get: get_budget_disclosure => disclosure_get,
    create_one: create_budget_disclosure => insert::<BudgetDisclosures>,
    replace: replace_budget_disclosure => replace::<BudgetDisclosures>, patch_one: patch_budget_disclosure,
    delete: delete_budget_disclosure => disclosure_delete,
    batch: "/api/v1/public-finance/budget-disclosures/batch", batch_budget_disclosures => BudgetDisclosures,
    import: "/api/v1/public-finance/budget-disclosures/import", import_budget_disclosures, template: "/api/v1/public-finance/budget-disclosures/template", get_budget_disclosure_template, sheet: "budget-disclosures",
}

attachments! {
    tag: "budget-disclosures", of: "a disclosure of the budget", vi: "công khai dự toán, quyết toán ngân sách",
    list_path: "/api/v1/public-finance/budget-disclosures/{id}/attachments",
    path: "/api/v1/public-finance/budget-disclosures/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/budget-disclosures/{id}/attachments/{attachment_id}/content",
    owner: BudgetDisclosureAttachments, record_type: BudgetDisclosure, table: "budget_disclosures", id: BudgetDisclosureId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: disclosure_seen, changeable: disclosure_seen,
    list: list_budget_disclosure_attachments, attach: create_budget_disclosure_attachment,
    get: get_budget_disclosure_attachment, content: get_budget_disclosure_attachment_content,
    delete: delete_budget_disclosure_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(budget_disclosures, BudgetDisclosureRow, {
        let none = BudgetDisclosureFilter::default;
        [
            none(),
            BudgetDisclosureFilter { sort: Some(BudgetDisclosureSort::DocumentOn), ..none() },
            BudgetDisclosureFilter {
                kind: Some(DisclosureKind::Estimate),
                fiscal_year: Some(2024),
                q: Some("dự toán".into()),
                ..none()
            },
        ]
    });

    #[test]
    fn the_figures_of_a_quarter_are_public_within_fifteen_days() {
        let is_late =
            |kind, year, quarter, day: &str| late(kind, year, quarter, day.parse().unwrap()).is_some();
        let execution = DisclosureKind::Execution;
        assert!(!is_late(execution, 2024, Some(1), "2024-04-15"));
        assert!(is_late(execution, 2024, Some(1), "2024-04-16"));
        assert!(!is_late(execution, 2024, Some(4), "2025-01-15"));
        assert!(is_late(execution, 2024, Some(4), "2025-01-16"));
        assert!(!is_late(execution, 2024, None, "2025-06-30"), "only quarters have this day");
        assert!(!is_late(DisclosureKind::Estimate, 2024, Some(1), "2024-12-31"));
        assert!(!is_late(execution, 2026, Some(1), "2026-12-31"), "the provision no longer holds");
    }
}
