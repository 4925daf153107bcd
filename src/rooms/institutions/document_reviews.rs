//! Reviews of legal documents (tự kiểm tra, kiểm tra, rà soát, hệ thống hóa văn bản quy phạm pháp luật; công bố văn bản
//! hết hiệu lực): which span of days one looks at, by which plan or decision, and what it states. Beside
//! what is stated stands what the documents that are [`held`] themselves say of the span.

pub mod held;

use chrono::NaiveDate;
use diesel::prelude::*;

use self::held::{HeldDocuments, beside_held};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Institutions, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::document_reviews as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a review of legal documents (kiểm tra, rà soát văn bản).
    DocumentReviewId
}

text_enum! {
    /// What is done with documents (loại kiểm tra, rà soát).
    pub enum DocumentReviewKind {
        /// A unit checks what it issued itself.
        SelfCheck => "self_check", "tự kiểm tra";
        /// A unit checks what those below it issued.
        Check => "check", "kiểm tra theo thẩm quyền";
        /// It looks through what is in force, by occasion.
        Review => "review", "rà soát";
        /// It puts the whole stock in order.
        Systematisation => "systematisation", "hệ thống hóa";
        /// It makes known what no longer holds.
        ExpiryAnnouncement => "expiry_announcement", "công bố văn bản hết hiệu lực";
        /// Unlawful documents are dealt with as an authority asks.
        UnlawfulHandling => "unlawful_handling", "xử lý văn bản trái pháp luật";
        /// Several of these in one plan.
        Several => "several", "nhiều nội dung trong một kế hoạch";
    }
}

/// Whose documents a review is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// What the unit issued, or is named to review.
    Own,
    /// What the units below it issued.
    Below,
    /// Both.
    OwnAndBelow,
}

impl DocumentReviewKind {
    /// Reviewing, systematising and announcing what has ended are each issuer's own work, and so is checking what one
    /// issued oneself; whoever is above checks what those below issued. What either check finds unlawful is to be
    /// handled, and a plan of several of these says of none of its counts which it is of.
    const fn whose(self) -> Whose {
        match self {
            Self::SelfCheck | Self::Review | Self::Systematisation | Self::ExpiryAnnouncement => Whose::Own,
            Self::Check => Whose::Below,
            Self::UnlawfulHandling | Self::Several => Whose::OwnAndBelow,
        }
    }
}

text_enum! {
    /// Order of reviews (thứ tự).
    pub enum DocumentReviewSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: document_reviews, id: DocumentReviewId, page: DocumentReviewPage of "reviews of legal documents",
    unit on ends_on: {
        shown "The unit that reviews (đơn vị thực hiện).", named "Its name on the last day (tên đơn vị).",
        sent "The unit that reviews, by id; exactly one of id, identifier and code (đơn vị thực hiện).",
        read "The unit by its statistics code, read on the last day (mã đơn vị hành chính).",
    }
    /// A review as it is stored.
    row: DocumentReviewRow;
    /// A review of legal documents (kiểm tra, rà soát, hệ thống hóa, công bố hết hiệu lực). A count that is null was
    /// not stated.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000063", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "kind": "expiry_announcement", "title": "Công bố văn bản quy phạm pháp luật hết hiệu lực năm 2025",
        "starts_on": "2025-07-01", "ends_on": "2025-12-31", "document_number": "67/QĐ-UBND",
        "document_on": "2026-01-12", "resolutions_in_force": null, "decisions_in_force": null,
        "resolutions_partly_expired": null, "decisions_partly_expired": null, "resolutions_expired": null,
        "decisions_expired": 2, "unlawful_found": null, "unlawful_handled": null,
        "held": {
            "resolutions_in_force": 3, "decisions_in_force": 8, "resolutions_partly_expired": 0,
            "decisions_partly_expired": 0, "resolutions_expired": 0, "decisions_expired": 2
        },
        "remarks": [], "note": null, "source_note": null, "version": 1,
        "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"
    }))]
    answer: DocumentReview;
    /// A new review, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "kind": "expiry_announcement",
        "title": "Công bố văn bản quy phạm pháp luật hết hiệu lực năm 2025", "starts_on": "2025-07-01",
        "ends_on": "2025-12-31", "document_number": "67/QĐ-UBND", "document_on": "2026-01-12", "decisions_expired": 2
    }))]
    create: DocumentReviewCreate;
    /// Changes to a review (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"decisions_in_force": 8}))]
    patch: DocumentReviewPatch;
    fields: {
        /// What is done (loại kiểm tra, rà soát).
        kind: DocumentReviewKind;
        /// What it is called (tên, nội dung).
        title: words(1..=500), folded title_folded;
        /// First day of the span that is looked at (từ ngày).
        starts_on: NaiveDate;
        /// Last day of it (đến ngày).
        ends_on: NaiveDate;
        /// Number of the plan or of the decision that announces the result (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// Resolutions in force at the end of the span, in whole or in part (số nghị quyết còn hiệu lực).
        resolutions_in_force: Option<number(0..=1_000_000)>;
        /// Decisions in force at the end of the span, in whole or in part (số quyết định còn hiệu lực).
        decisions_in_force: Option<number(0..=1_000_000)>;
        /// Resolutions of which parts ended within the span (số nghị quyết hết hiệu lực một phần).
        resolutions_partly_expired: Option<number(0..=1_000_000)>;
        /// Decisions of which parts ended within the span (số quyết định hết hiệu lực một phần).
        decisions_partly_expired: Option<number(0..=1_000_000)>;
        /// Resolutions that ended within the span (số nghị quyết hết hiệu lực toàn bộ).
        resolutions_expired: Option<number(0..=1_000_000)>;
        /// Decisions that ended within the span (số quyết định hết hiệu lực toàn bộ).
        decisions_expired: Option<number(0..=1_000_000)>;
        /// Documents found unlawful (số văn bản trái pháp luật phát hiện).
        unlawful_found: Option<number(0..=1_000_000)>;
        /// Of these, how many were dealt with (số văn bản trái pháp luật đã xử lý).
        unlawful_handled: Option<number(0..=1_000_000)>;
        /// What the documents that are held say of the span (số văn bản đã nhập); null in a list, where they are
        /// not counted, and of a review that is not of the unit's own documents alone: of a check, of the handling of
        /// unlawful documents, which checks found at the unit or below it, and of several in one plan.
        held: derived Option<HeldDocuments> = uncounted(row);
        /// What is noticed about it (lưu ý); what differs from `held` on a record alone.
        remarks: derived Vec<Remark> = remarks(row);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which reviews a list holds.
    filter: DocumentReviewFilter of "The unit that reviews, by id (đơn vị thực hiện)." {
        /// What is done (loại kiểm tra, rà soát).
        #[param(inline)]
        kind: Option<DocumentReviewKind>,
        /// Whose span begins on this day or later (bắt đầu từ ngày).
        starts_from: Option<NaiveDate>,
        /// Whose span begins on this day or before (bắt đầu đến ngày).
        starts_to: Option<NaiveDate>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DocumentReviewSort>,
    }
}

/// What the row alone tells of the documents: nothing.
const fn uncounted(_: &DocumentReviewRow) -> Option<HeldDocuments> {
    None
}

/// Faults that a body shows by itself.
fn faults(body: &DocumentReviewCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", Some(body.ends_on)),
        ("/document_on", body.document_on),
    ])
    .collect();
    if body.ends_on < body.starts_on {
        let message = Bilingual::new(
            "Ngày cuối không được trước ngày đầu.",
            "The last day must not be before the first.",
        );
        faults.push(Fault::new("/ends_on", "before_start", message));
    }
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if let Some(handled) = body.unlawful_handled
        && body.unlawful_found.is_none_or(|found| handled > found)
    {
        let found = body.unlawful_found.unwrap_or_default();
        let message = Bilingual::new(
            format!("Số văn bản đã xử lý không được lớn hơn số phát hiện ({found})."),
            format!("No more can be dealt with than were found ({found})."),
        );
        faults.push(Fault::new("/unlawful_handled", "more_than_found", message));
    }
    faults
}

/// What is noticed about a review by itself.
fn remarks(row: &DocumentReviewRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    of_year.into_iter().chain(unhandled(row.unlawful_found, row.unlawful_handled)).collect()
}

/// Unlawful documents that are still to be dealt with.
fn unhandled(found: Option<i64>, handled: Option<i64>) -> Option<Remark> {
    let left = found? - handled.unwrap_or_default();
    if left <= 0 {
        return None;
    }
    let message = Bilingual::new(
        format!("Còn {left} văn bản trái pháp luật chưa xử lý."),
        format!("{left} unlawful documents are still to be dealt with."),
    );
    Some(Remark::new("/unlawful_handled", Rule::UnlawfulUnhandled, message).with("left", left))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DocumentReviewFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(columns::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(columns::starts_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Reviews of legal documents, as they are written.
    records: DocumentReviews, record_type: "document_review",
    table: document_reviews, id: DocumentReviewId, row: DocumentReviewRow, answer: DocumentReview,
    create: DocumentReviewCreate, filter: DocumentReviewFilter, unit on: ends_on,
    key: |body| {
        kind: DocumentReviewKind = body.kind, starts_on: NaiveDate = body.starts_on,
        title_folded: String = fold(&body.title),
    },
    sought by: [starts_on, title_folded],
    order: DocumentReviewSort::{StartsOn, StartsOnDesc} by starts_on: NaiveDate, StartsOnDesc first,
    days: [starts_from, starts_to], matching: matching, faults: faults, alone: beside_held,
    list: review_list, get: review_get, seen: review_seen, delete: review_delete,
}

crud! {
    tag: "document-reviews", what: "a review of legal documents", many: "reviews of legal documents",
    vi: "kiểm tra, rà soát, hệ thống hóa văn bản quy phạm pháp luật",
    collection: "/api/v1/institutions/document-reviews", record: "/api/v1/institutions/document-reviews/{id}",
    id: DocumentReviewId, row: DocumentReview, page: DocumentReviewPage,
    create: DocumentReviewCreate, patch: DocumentReviewPatch, filter: DocumentReviewFilter,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    list: list_document_reviews => review_list, get: get_document_review => review_get,
    create_one: create_document_review => insert::<DocumentReviews>,
    replace: replace_document_review => replace::<DocumentReviews>, patch_one: patch_document_review,
    delete: delete_document_review => review_delete,
    batch: "/api/v1/institutions/document-reviews/batch", batch_document_reviews => DocumentReviews,
    import: "/api/v1/institutions/document-reviews/import", import_document_reviews, template: "/api/v1/institutions/document-reviews/template", get_document_review_template, sheet: "document-reviews",
}

attachments! {
    tag: "document-reviews", of: "a review of legal documents", vi: "kiểm tra, rà soát, hệ thống hóa văn bản quy phạm pháp luật",
    list_path: "/api/v1/institutions/document-reviews/{id}/attachments",
    path: "/api/v1/institutions/document-reviews/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/institutions/document-reviews/{id}/attachments/{attachment_id}/content",
    owner: DocumentReviewAttachments, record_type: DocumentReview, table: "document_reviews", id: DocumentReviewId,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    seen: review_seen, changeable: review_seen,
    list: list_document_review_attachments, attach: create_document_review_attachment,
    get: get_document_review_attachment, content: get_document_review_attachment_content,
    delete: delete_document_review_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    held::routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(document_reviews, DocumentReviewRow, {
        let none = DocumentReviewFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DocumentReviewFilter { sort: Some(DocumentReviewSort::StartsOn), ..none() },
            DocumentReviewFilter {
                kind: Some(DocumentReviewKind::ExpiryAnnouncement),
                q: Some("hết hiệu lực".into()),
                ..none()
            },
            DocumentReviewFilter { starts_from: day, starts_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "kind": "self_check", "title": "Tự kiểm tra", "starts_on": "2024-01-01", "ends_on": "2024-12-31",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn no_more_is_handled_than_was_found() {
        assert_eq!(codes(&json!({"unlawful_found": 2, "unlawful_handled": 2})), []);
        let more = [pair("/unlawful_handled", "more_than_found")];
        assert_eq!(codes(&json!({"unlawful_found": 2, "unlawful_handled": 3})), more);
        assert_eq!(codes(&json!({"unlawful_handled": 1})), more);
        assert_eq!(codes(&json!({"ends_on": "2023-12-31"})), [pair("/ends_on", "before_start")]);
        assert_eq!(codes(&json!({"document_number": "02/KH-UBND"})), [pair("/document_on", "required")]);
    }

    #[test]
    fn only_reviews_of_own_documents_are_held_against_these() {
        use DocumentReviewKind as Kind;
        let own: Vec<_> = Kind::ALL.iter().filter(|kind| kind.whose() == Whose::Own).collect();
        assert_eq!(own, [&Kind::SelfCheck, &Kind::Review, &Kind::Systematisation, &Kind::ExpiryAnnouncement]);
        assert_eq!(Kind::Check.whose(), Whose::Below);
    }

    #[test]
    fn what_is_left_to_handle_is_noticed() {
        let left = |found, handled| unhandled(found, handled).map(|remark| remark.numbers["left"]);
        assert_eq!((left(Some(2), None), left(Some(2), Some(1))), (Some(2), Some(1)));
        assert_eq!((left(Some(2), Some(2)), left(Some(0), None), left(None, None)), (None, None, None));
    }
}
