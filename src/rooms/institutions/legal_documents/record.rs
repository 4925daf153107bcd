//! The resource: its members, what its lists are filtered by, its operations.

use chrono::{Datelike, NaiveDate};
use diesel::dsl::not;
use diesel::prelude::*;
use serde_json::json;

use super::answers::{ActingDocument, completed, held_against_others, is_named};
use super::rules::{faults, remarks};
use crate::document_validity::DocumentValidity;
use crate::document_validity::conditions::{
    Until, has_ended, has_partly_ended, is_suspended, was_acted_on_within,
};
use crate::has_begun;
use kernel::api::mount::Mount;
use kernel::api::records::{Records, insert, replace};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::auth::permit::{Institutions, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::legal_documents as columns;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::document_numbers::number_key;
use kernel::error::{ApiError, Problem};
use kernel::remarks::Remark;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::{attachments, crud, id, keyset, text_enum, unit_fields, unit_store};

id! {
    /// Id of a legal document (văn bản quy phạm pháp luật).
    LegalDocumentId
}

text_enum! {
    /// What a document is (loại văn bản).
    pub enum DocumentKind {
        /// Of a people's council.
        Resolution => "resolution", "nghị quyết";
        /// Of a people's committee.
        Decision => "decision", "quyết định";
        /// Of a people's committee, until 30 June 2016.
        Directive => "directive", "chỉ thị";
    }
}

text_enum! {
    /// How far the making of a document has come (bước soạn thảo).
    pub enum DraftingStage {
        /// It is asked for.
        Proposed => "proposed", "đề nghị xây dựng";
        /// There is a draft.
        Drafted => "drafted", "đã soạn thảo";
        /// The justice office has appraised the draft.
        Appraised => "appraised", "đã thẩm định";
        /// It is law, or will be.
        Issued => "issued", "đã ban hành";
    }
}

text_enum! {
    /// Why a document no longer holds (lý do hết hiệu lực).
    pub enum ExpiryCause {
        /// Another took its place.
        Replaced => "replaced", "được thay thế";
        /// It was repealed.
        Repealed => "repealed", "bị bãi bỏ";
        /// Its own term has ended.
        Time => "time", "hết thời hạn có hiệu lực";
        /// It was found unlawful and repealed.
        Unlawful => "unlawful", "trái pháp luật, đã xử lý";
    }
}

text_enum! {
    /// Order of legal documents (thứ tự).
    pub enum LegalDocumentSort {
        /// Earliest first.
        IssuedOn => "issued_on", "ngày ban hành tăng dần";
        /// Latest first.
        IssuedOnDesc => "-issued_on", "ngày ban hành giảm dần";
    }
}

unit_fields! {
    table: legal_documents, id: LegalDocumentId, page: LegalDocumentPage of "legal documents",
    unit on issued_on: {
        shown "The unit whose council or committee issues it (cơ quan ban hành).", named "Its name on that day (tên cơ quan ban hành).",
        sent "The unit whose council or committee issues it, by id; exactly one of id, identifier and code (cơ quan ban hành).",
        read "The unit by its statistics code, read on the day of issue (mã đơn vị hành chính).",
    }
    /// A document as it is stored.
    row: LegalDocumentRow;
    /// What a unit makes law (văn bản quy phạm pháp luật).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000061", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "stage": "issued", "kind": "decision", "number": "01/2026/QĐ-UBND",
        "title": "Quy định chức năng, nhiệm vụ, quyền hạn và cơ cấu tổ chức của Văn phòng HĐND và UBND",
        "appraised_on": "2026-01-20", "issued_on": "2026-01-26", "effective_on": "2026-02-05",
        "expired_on": null, "expiry_cause": null, "territory_unit_id": null, "reviewing_unit_id": null,
        "validity": "in_force", "acted_on_by": [], "remarks": [], "note": null, "source_note": null,
        "version": 1, "created_at": "2026-01-26T02:00:00Z", "updated_at": "2026-01-26T02:00:00Z"
    }))]
    answer: LegalDocument;
    /// A new document, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "stage": "issued", "kind": "decision", "number": "01/2026/QĐ-UBND",
        "title": "Quy định chức năng, nhiệm vụ, quyền hạn và cơ cấu tổ chức của Văn phòng HĐND và UBND",
        "issued_on": "2026-01-26", "effective_on": "2026-02-05"
    }))]
    create: LegalDocumentCreate;
    /// Changes to a document (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"expired_on": "2027-01-01", "expiry_cause": "time"}))]
    patch: LegalDocumentPatch;
    fields: {
        /// How far its making has come (bước soạn thảo).
        stage: DraftingStage;
        /// What it is (loại văn bản).
        kind: DocumentKind;
        /// Its number, once it is issued (số, ký hiệu).
        number: Option<text(3..=50)>,
            sent "Its number, once it is issued (số, ký hiệu); absent of a draft. A unit's documents are told apart by number and day of issue, its drafts by title and planned day.";
        document_key: kept String = document_key(body);
        /// What it is called (trích yếu).
        title: words(1..=500), folded title_folded;
        /// Day on which its draft was appraised (ngày thẩm định).
        appraised_on: Option<NaiveDate>;
        /// Day of issue; of a draft the day on which it is to be issued (ngày ban hành).
        issued_on: NaiveDate;
        issued_year: kept i64 = issued_year(body);
        /// First day on which it holds (ngày có hiệu lực); null where it is not known.
        effective_on: Option<NaiveDate>,
            sent "First day on which it holds (ngày có hiệu lực); absent where it is not known: the day of issue stands in for it.";
        /// First day on which it no longer holds by itself (ngày hết hiệu lực); what other documents do to it is told in `acted_on_by`.
        expired_on: Option<NaiveDate>;
        /// Why it no longer holds (lý do hết hiệu lực).
        expiry_cause: Option<ExpiryCause>;
        /// Where it applies, of an issuer that is no more, by id (địa bàn áp dụng).
        territory_unit_id: Option<OrgUnitId>;
        /// The unit that reviews it, of an issuer that is no more, by id (cơ quan rà soát, xử lý).
        reviewing_unit_id: Option<OrgUnitId>;
        /// Whether it is in force (tình trạng hiệu lực) on `as_of`, today where no day is asked for; null of a draft.
        validity: derived Option<DocumentValidity> = no_validity(row);
        /// What other documents do to it, as it is told, the earliest first (văn bản tác động). It takes hold as far as these
        /// are in force themselves on its day.
        acted_on_by: derived Vec<ActingDocument> = by_none(row);
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row, tree);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which documents a list holds.
    filter: LegalDocumentFilter of "The unit whose council or committee issues them, by id (cơ quan ban hành)." {
        /// What they are (loại văn bản).
        #[param(inline)]
        kind: Option<DocumentKind>,
        /// How far their making has come (bước soạn thảo).
        #[param(inline)]
        stage: Option<DraftingStage>,
        /// Whether they are in force on `as_of` (tình trạng hiệu lực).
        #[param(inline)]
        validity: Option<DocumentValidity>,
        /// The unit that is named to review them, by id (cơ quan rà soát, xử lý).
        reviewing_unit_id: Option<OrgUnitId>,
        /// Number, however it is written (số, ký hiệu).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        number: Option<String>,
        /// Issued on this day or later (ban hành từ ngày).
        issued_from: Option<NaiveDate>,
        /// Issued on this day or before (ban hành đến ngày).
        issued_to: Option<NaiveDate>,
        /// Whose validity changed on this day or later (hiệu lực thay đổi từ ngày).
        changed_from: Option<NaiveDate>,
        /// Whose validity changed on this day or before (hiệu lực thay đổi đến ngày).
        changed_to: Option<NaiveDate>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<LegalDocumentSort>,
    }
}

fn no_validity(_: &LegalDocumentRow) -> Option<DocumentValidity> {
    None
}

fn by_none(_: &LegalDocumentRow) -> Vec<ActingDocument> {
    Vec::new()
}

/// By what a unit's documents of a day are told apart: the number's key, of a draft its title.
fn document_key(body: &LegalDocumentCreate) -> String {
    body.number.as_deref().map_or_else(|| fold(&body.title), number_key)
}

fn issued_year(body: &LegalDocumentCreate) -> i64 {
    body.issued_on.year().into()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a LegalDocumentFilter, day: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(columns::stage.eq(stage));
    }
    if let Some(unit) = filter.reviewing_unit_id {
        query = query.filter(columns::reviewing_unit_id.eq(unit));
    }
    if let Some(number) = &filter.number {
        query = query.filter(columns::document_key.eq(number_key(number)));
    }
    if let Some(day) = filter.issued_from {
        query = query.filter(columns::issued_on.ge(day));
    }
    if let Some(day) = filter.issued_to {
        query = query.filter(columns::issued_on.le(day));
    }
    if let Some(validity) = filter.validity {
        query = of_validity(query, validity, day);
    }
    if filter.changed_from.is_some() || filter.changed_to.is_some() {
        query = changed(query, filter);
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// Those of a validity on a day, as [`validity`](super::super::document_validity::validity) says.
fn of_validity(query: Query<'_>, validity: DocumentValidity, day: NaiveDate) -> Query<'_> {
    let issued = query.filter(columns::stage.eq(DraftingStage::Issued));
    let until = Until::day(day);
    if validity == DocumentValidity::Expired {
        return issued.filter(has_ended(&until));
    }
    let standing = issued.filter(not(has_ended(&until)));
    if validity == DocumentValidity::NotYetEffective {
        return standing.filter(not(has_begun!(day)));
    }
    let begun = standing.filter(has_begun!(day));
    if validity == DocumentValidity::Suspended {
        return begun.filter(is_suspended(day));
    }
    let running = begun.filter(not(is_suspended(day)));
    if validity == DocumentValidity::PartlyExpired {
        running.filter(has_partly_ended(&until))
    } else {
        running.filter(not(has_partly_ended(&until)))
    }
}

/// Those that took effect, ended or were acted upon within the days of a filter.
fn changed<'a>(query: Query<'a>, filter: &LegalDocumentFilter) -> Query<'a> {
    use kernel::validity::{OPEN_BEGINNING, OPEN_END};
    let from = filter.changed_from.unwrap_or(OPEN_BEGINNING);
    let to = filter.changed_to.unwrap_or(OPEN_END);
    let effective =
        columns::effective_on.is_not_null().and(columns::effective_on.assume_not_null().between(from, to));
    let began = effective.or(columns::effective_on.is_null().and(columns::issued_on.between(from, to)));
    let ended =
        columns::expired_on.is_not_null().and(columns::expired_on.assume_not_null().between(from, to));
    let acted_on = was_acted_on_within(&Until::before(from), &Until::day(to));
    query.filter(columns::stage.eq(DraftingStage::Issued)).filter(began.or(ended).or(acted_on))
}

unit_store! {
    /// Legal documents, as they are written.
    records: LegalDocuments, record_type: "legal_document",
    table: legal_documents, id: LegalDocumentId, row: LegalDocumentRow, answer: LegalDocument,
    create: LegalDocumentCreate, filter: LegalDocumentFilter, unit on: issued_on,
    key: |body| { document_key: String = document_key(body), issued_on: NaiveDate = body.issued_on },
    sought by: [document_key],
    order: LegalDocumentSort::{IssuedOn, IssuedOnDesc} by issued_on: NaiveDate, IssuedOnDesc first,
    days: [issued_from, issued_to, changed_from, changed_to], matching: matching, faults: faults,
    beside: held_against_others, with: completed,
    list: document_list, get: document_get, seen: document_seen, delete: document_hide,
}

/// Deletes a document that was entered by mistake.
///
/// # Errors
/// 409 while relations name it, 412 when it has changed.
fn document_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: LegalDocumentId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = LegalDocuments::find(tx.conn(), scoped, id)?;
    if is_named(tx.conn(), row.id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    document_hide(tx, scoped, id, expected)
}

/// Whose documents a review is about.
pub(crate) struct Reviewed {
    /// The unit whose own these are: what it issued, or is named to review.
    pub(crate) by: Option<OrgUnitId>,
    /// The units below it, of which what they issued is looked at.
    pub(crate) below: Vec<OrgUnitId>,
}

/// The documents that a review is about, whose validity changed within its span of days, as of the last. A unit may
/// be no more by then, and whoever reads a review reads what it is about, whoever issued it.
///
/// # Errors
/// 422 for a cursor of another list.
pub(crate) fn documents_changed(
    conn: &mut DbConn,
    scoped: &Scoped,
    (reviewed, (from, to), validity): (&Reviewed, (NaiveDate, NaiveDate), Option<DocumentValidity>),
    page: &PageRequest,
) -> Result<PageRows<LegalDocument>, ApiError> {
    let filter = LegalDocumentFilter {
        validity,
        changed_from: Some(from),
        changed_to: Some(to),
        ..LegalDocumentFilter::default()
    };
    let of_review = || {
        let standing = columns::table.filter(columns::deleted_at.is_null()).into_boxed();
        let Reviewed { by, below } = reviewed;
        let issued_below = || columns::org_unit_id.eq_any(below.clone());
        let reviewed = match *by {
            Some(unit) => {
                let is_named = columns::reviewing_unit_id
                    .is_not_null()
                    .and(columns::reviewing_unit_id.assume_not_null().eq(unit));
                let own = columns::org_unit_id.eq(unit).or(is_named);
                if below.is_empty() { standing.filter(own) } else { standing.filter(own.or(issued_below())) }
            }
            None => standing.filter(issued_below()),
        };
        matching(reviewed, &filter, to)
    };
    let query =
        keyset!(of_review(), page, desc columns::issued_on => NaiveDate, columns::id => LegalDocumentId);
    let rows: Vec<LegalDocumentRow> = query.select(LegalDocumentRow::as_select()).load(conn)?;
    let total = page.include_total().then(|| of_review().count().get_result(conn)).transpose()?;
    let PageRows { items, last, total } = page.cut(rows, total, |row| json!([row.issued_on, row.id]));
    let mut items: Vec<_> = items.into_iter().map(|row| LegalDocument::of(row, scoped.tree())).collect();
    completed(conn, scoped, to, &mut items)?;
    Ok(PageRows { items, last, total })
}

crud! {
    tag: "legal-documents", what: "a legal document", many: "legal documents",
    vi: "văn bản quy phạm pháp luật",
    collection: "/api/v1/institutions/legal-documents", record: "/api/v1/institutions/legal-documents/{id}",
    id: LegalDocumentId, row: LegalDocument, page: LegalDocumentPage,
    create: LegalDocumentCreate, patch: LegalDocumentPatch, filter: LegalDocumentFilter,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    list: list_legal_documents => document_list, get: get_legal_document => document_get,
    create_one: create_legal_document => insert::<LegalDocuments>,
    replace: replace_legal_document => replace::<LegalDocuments>, patch_one: patch_legal_document,
    delete: delete_legal_document => document_delete,
    batch: "/api/v1/institutions/legal-documents/batch", batch_legal_documents => LegalDocuments,
    import: "/api/v1/institutions/legal-documents/import", import_legal_documents, template: "/api/v1/institutions/legal-documents/template", get_legal_document_template, sheet: "legal-documents",
}

attachments! {
    tag: "legal-documents", of: "a legal document", vi: "văn bản quy phạm pháp luật",
    list_path: "/api/v1/institutions/legal-documents/{id}/attachments",
    path: "/api/v1/institutions/legal-documents/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/institutions/legal-documents/{id}/attachments/{attachment_id}/content",
    owner: LegalDocumentAttachments, record_type: LegalDocument, table: "legal_documents", id: LegalDocumentId,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    seen: document_seen, changeable: document_seen,
    list: list_legal_document_attachments, attach: create_legal_document_attachment,
    get: get_legal_document_attachment, content: get_legal_document_attachment_content,
    delete: delete_legal_document_attachment,
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

    unit_lists_are_indexed!(legal_documents, LegalDocumentRow, {
        let none = LegalDocumentFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let mut filters = vec![
            none(),
            LegalDocumentFilter { sort: Some(LegalDocumentSort::IssuedOn), ..none() },
            LegalDocumentFilter {
                kind: Some(DocumentKind::Decision), q: Some("quy định".into()), ..none()
            },
            LegalDocumentFilter { issued_from: day, issued_to: day, ..none() },
            LegalDocumentFilter { reviewing_unit_id: Some(OrgUnitId::new()), ..none() },
            LegalDocumentFilter { changed_from: day, changed_to: day, ..none() },
        ];
        let of = |validity: &DocumentValidity| LegalDocumentFilter { validity: Some(*validity), ..none() };
        filters.extend(DocumentValidity::ALL.iter().map(of));
        filters
    });
}
