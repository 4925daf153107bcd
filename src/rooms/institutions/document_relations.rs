//! What one legal document does to another (quan hệ giữa văn bản): it amends, replaces, repeals or suspends it, in
//! whole or in part, from a day on. Whether a document is in force follows from these, as far as those that act
//! are in force themselves ([`document_validity`](super::document_validity)). Both documents
//! are named as files name them, by unit, number and day of issue; a relation belongs to the unit whose document
//! acts.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::document_validity::{Act, RelationExtent, RelationKind};
use super::legal_documents::{DocumentName, LegalDocumentId, acting_days, documents_named};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Institutions, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::document_relations as columns;
use kernel::document_numbers::{number_fault, number_key};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::other_units::written_unit;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::day_vi;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::validity::{day_faults, end_fault};
use kernel::{attachments, crud, id, other_unit, text_enum, unit_fields, unit_store};

id! {
    /// Id of a relation between legal documents (quan hệ giữa văn bản).
    DocumentRelationId
}

text_enum! {
    /// Order of relations (thứ tự).
    pub enum DocumentRelationSort {
        /// Earliest first.
        FromOn => "from_on", "ngày tác động tăng dần";
        /// Latest first.
        FromOnDesc => "-from_on", "ngày tác động giảm dần";
    }
}

unit_fields! {
    table: document_relations, id: DocumentRelationId, page: DocumentRelationPage of "relations between legal documents",
    unit on document_on: {
        shown "The unit whose document acts (cơ quan ban hành văn bản tác động).", named "Its name on the day of issue (tên cơ quan ban hành).",
        sent "The unit whose document acts, by id; exactly one of id, identifier and code (cơ quan ban hành văn bản tác động).",
        read "The unit by its statistics code, read on the day of issue (mã đơn vị hành chính).",
    }
    /// A relation as it is stored.
    row: DocumentRelationRow;
    /// What one legal document does to another (quan hệ giữa văn bản).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000062", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "92", "org_unit_identifier": "H13", "org_unit_name": "Thành phố Cần Thơ",
        "document_number": "04/2026/QĐ-UBND", "document_on": "2026-04-01",
        "document_id": "0190a8c0-0000-7000-8000-000000000061",
        "affected_unit_id": "0190a8c0-0000-7000-8000-000000000003", "affected_unit_code": "92",
        "affected_unit_identifier": "H13", "affected_unit_name": "Thành phố Cần Thơ",
        "affected_number": "29/2025/QĐ-UBND", "affected_on": "2025-08-24",
        "affected_id": "0190a8c0-0000-7000-8000-000000000060", "kind": "repeals", "extent": "whole",
        "from_on": "2026-04-11", "to_on": null, "provision": null, "remarks": [], "note": null,
        "source_note": null, "version": 1, "created_at": "2026-04-01T02:00:00Z", "updated_at": "2026-04-01T02:00:00Z"
    }))]
    answer: DocumentRelation;
    /// A new relation, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "92", "document_number": "04/2026/QĐ-UBND", "document_on": "2026-04-01",
        "affected_unit_code": "92", "affected_number": "29/2025/QĐ-UBND", "affected_on": "2025-08-24",
        "kind": "repeals", "extent": "whole", "from_on": "2026-04-11"
    }))]
    create: DocumentRelationCreate;
    /// Changes to a relation (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"provision": "Khoản 2 Điều 1"}))]
    patch: DocumentRelationPatch;
    fields: {
        /// Number of the document that acts (số, ký hiệu văn bản tác động).
        document_number: text(3..=50);
        document_key: kept String = document_key(body);
        /// Its day of issue (ngày ban hành văn bản tác động).
        document_on: NaiveDate;
        document_id: kept Option<LegalDocumentId> = not_found_yet(body);
        /// The document that acts, by id (văn bản tác động).
        document_id: derived Option<LegalDocumentId> = document_id(row);
        affected_unit_code: kept String = other_written(body);
        /// The unit whose document is acted upon, by id; exactly one of id, identifier and code (cơ quan ban hành văn bản bị tác động).
        affected_unit_id: sent Option<OrgUnitId> = other_id_after(patch, present);
        /// The same by its identification code (mã định danh cơ quan ban hành văn bản bị tác động).
        affected_unit_identifier: sent Option<text(1..=35)> = other_identifier_after(patch, present);
        /// The same by its statistics code on the day of issue (mã đơn vị ban hành văn bản bị tác động).
        affected_unit_code: sent Option<text(1..=20)> = other_code_after(patch, present);
        /// The unit whose document is acted upon, by id (cơ quan ban hành văn bản bị tác động).
        affected_unit_id: derived Option<OrgUnitId> = other_id(row, tree);
        /// Its statistics code on the day of issue (mã đơn vị ban hành văn bản bị tác động); null of a unit without one.
        affected_unit_code: derived Option<String> = other_code(row, tree);
        /// Its identification code (mã định danh cơ quan ban hành văn bản bị tác động).
        affected_unit_identifier: derived Option<String> = other_identifier(row, tree);
        /// Its name on the day of issue (tên cơ quan ban hành văn bản bị tác động).
        affected_unit_name: derived Option<String> = other_name(row, tree);
        /// Number of the document that is acted upon (số, ký hiệu văn bản bị tác động).
        affected_number: text(3..=50);
        affected_key: kept String = affected_key(body);
        /// Its day of issue (ngày ban hành văn bản bị tác động).
        affected_on: NaiveDate;
        affected_id: kept Option<LegalDocumentId> = not_found_yet(body);
        /// The document that is acted upon, by id (văn bản bị tác động).
        affected_id: derived Option<LegalDocumentId> = affected_id(row);
        /// What is done (loại quan hệ).
        kind: RelationKind;
        /// To how much of it (phạm vi tác động).
        extent: RelationExtent;
        /// From which day on (từ ngày).
        from_on: NaiveDate;
        /// The first day on which this is over; of a suspension alone, which without it lasts as long as the document that
        /// acts (đến trước ngày).
        to_on: Option<NaiveDate>;
        /// Which articles act, or are acted upon (điều, khoản).
        provision: Option<text(1..=500)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = no_remarks(row);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which relations a list holds.
    filter: DocumentRelationFilter of "The unit whose document acts, by id (cơ quan ban hành văn bản tác động)." {
        /// Of this document, which acts (văn bản tác động).
        document_id: Option<LegalDocumentId>,
        /// Upon this document (văn bản bị tác động).
        affected_id: Option<LegalDocumentId>,
        /// What is done (loại quan hệ).
        #[param(inline)]
        kind: Option<RelationKind>,
        /// Acting on this day or later (tác động từ ngày).
        acts_from: Option<NaiveDate>,
        /// Acting on this day or before (tác động đến ngày).
        acts_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DocumentRelationSort>,
    }
}

other_unit! {
    role: "affected_unit", on: affected_on,
    row: DocumentRelationRow, answer: DocumentRelation, create: DocumentRelationCreate, patch: DocumentRelationPatch,
    id: affected_unit_id, identifier: affected_unit_identifier, code: affected_unit_code,
}

fn document_key(body: &DocumentRelationCreate) -> String {
    number_key(&body.document_number)
}

fn affected_key(body: &DocumentRelationCreate) -> String {
    number_key(&body.affected_number)
}

/// A body names documents as people do; which these are is found beside the others.
const fn not_found_yet(_: &DocumentRelationCreate) -> Option<LegalDocumentId> {
    None
}

const fn document_id(row: &DocumentRelationRow) -> Option<LegalDocumentId> {
    row.document_id
}

const fn affected_id(row: &DocumentRelationRow) -> Option<LegalDocumentId> {
    row.affected_id
}

/// What the row alone shows: all that is noticed rests on the document that acts.
const fn no_remarks(_: &DocumentRelationRow) -> Vec<Remark> {
    Vec::new()
}

/// Faults that a body shows by itself.
fn faults(body: &DocumentRelationCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/document_on", Some(body.document_on)),
        ("/affected_on", Some(body.affected_on)),
        ("/from_on", Some(body.from_on)),
        ("/to_on", body.to_on),
    ])
    .collect();
    faults.extend(number_fault("/document_number", &body.document_number));
    faults.extend(number_fault("/affected_number", &body.affected_number));
    faults.extend(end_fault("/to_on", body.from_on, body.to_on));
    if body.affected_on > body.document_on {
        let message = Bilingual::new(
            format!("Văn bản bị tác động phải được ban hành không sau ngày {}.", day_vi(body.document_on)),
            format!("What is acted upon must have been issued by {}, when the other was.", body.document_on),
        );
        faults.push(Fault::new("/affected_on", "after_acting", message));
    }
    if body.kind == RelationKind::Amends && body.extent == RelationExtent::Whole {
        let message = Bilingual::new(
            "Sửa đổi, bổ sung chỉ tác động một phần; nếu thay toàn bộ thì chọn thay thế.",
            "What is amended is amended in part; where all of it is new it is replaced.",
        );
        faults.push(Fault::new("/extent", "amends_part", message));
    }
    if body.kind != RelationKind::Suspends && body.to_on.is_some() {
        let message =
            Bilingual::new("Chỉ ngưng hiệu lực mới có ngày kết thúc.", "Only a suspension comes to an end.");
        faults.push(Fault::new("/to_on", "only_suspensions", message));
    }
    faults
}

/// By what a relation names the document that acts.
fn acting_name(row: &DocumentRelationRow) -> DocumentName {
    (row.org_unit_id, row.document_key.clone(), row.document_on)
}

/// By what it names the other, where its unit is known.
fn affected_name(row: &DocumentRelationRow, tree: &OrgTree) -> Option<DocumentName> {
    let unit = written_unit(tree, &row.affected_unit_code, row.affected_on)?;
    Some((unit, row.affected_key.clone(), row.affected_on))
}

/// Finds the documents that relations name, and refuses those that name none. What another unit issued
/// is acted upon only by whoever acts for both.
fn of_documents_that_are_there(
    conn: &mut DbConn,
    scoped: &Scoped,
    made: Vec<Result<DocumentRelationRow, ApiError>>,
) -> Result<Vec<Result<DocumentRelationRow, ApiError>>, ApiError> {
    let affected_name =
        |row: &_| affected_name(row, scoped.tree()).filter(|(unit, ..)| scoped.reaches(*unit));
    let names: HashSet<DocumentName> = made
        .iter()
        .flatten()
        .flat_map(|row| [Some(acting_name(row)), affected_name(row)])
        .flatten()
        .collect();
    let known = documents_named(conn, &names)?;
    let held = |mut row: DocumentRelationRow| {
        row.document_id = known.get(&acting_name(&row)).copied();
        row.affected_id = affected_name(&row).and_then(|name| known.get(&name)).copied();
        let unknown = |pointer: &'static str| {
            let message = Bilingual::new(
                "Không có văn bản đã ban hành nào của đơn vị mang số này, ngày này; hãy nhập văn bản trước.",
                "The unit issued no document of this number and day; enter it first.",
            );
            Fault::new(pointer, "unknown_document", message)
        };
        let mut faults = Vec::new();
        if row.document_id.is_none() {
            faults.push(unknown("/document_number"));
        }
        if row.affected_id.is_none() {
            faults.push(unknown("/affected_number"));
        }
        if row.document_id.is_some() && row.document_id == row.affected_id {
            let message = Bilingual::new(
                "Văn bản không tự tác động đến chính mình.",
                "A document does not act upon itself.",
            );
            faults.push(Fault::new("/affected_number", "itself", message));
        }
        if faults.is_empty() { Ok(row) } else { Err(ApiError::invalid(faults)) }
    };
    Ok(made.into_iter().map(|made| made.and_then(held)).collect())
}

/// Tells what is noticed beside the documents that act.
fn beside_documents(
    conn: &mut DbConn,
    _: &Scoped,
    _: NaiveDate,
    relations: &mut [DocumentRelation],
) -> Result<(), ApiError> {
    let acting: Vec<LegalDocumentId> = relations.iter().filter_map(|one| one.document_id).collect();
    let days = acting_days(conn, acting)?;
    for relation in relations {
        let Some(acting) = relation.document_id.and_then(|id| days.get(&id)).copied() else { continue };
        let DocumentRelation { kind, extent, from_on, to_on, .. } = *relation;
        let act = Act { kind, extent, from_on, to_on, acting };
        relation.remarks.extend(too_early(from_on, acting.effective_on).into_iter().chain(too_late(&act)));
    }
    Ok(())
}

/// What acts before it holds itself.
fn too_early(from_on: NaiveDate, effective_on: NaiveDate) -> Option<Remark> {
    if from_on >= effective_on {
        return None;
    }
    let message = Bilingual::new(
        format!("Tác động từ {} nhưng văn bản có hiệu lực từ {}.", day_vi(from_on), day_vi(effective_on)),
        format!("It acts from {from_on} on, but takes effect itself on {effective_on}."),
    );
    let days = (effective_on - from_on).num_days();
    Some(Remark::new("/from_on", Rule::ActsBeforeEffect, message).with("days", days))
}

/// What is to act when the document that acts holds no longer: it does nothing.
fn too_late(act: &Act) -> Option<Remark> {
    let ended_on = act.acting.expired_on.filter(|_| act.holds_from().is_none())?;
    let from_on = act.from_on.max(act.acting.effective_on);
    let message = Bilingual::new(
        format!(
            "Tác động từ {} nhưng văn bản đã hết hiệu lực từ {}, nên không làm thay đổi hiệu lực của văn bản kia.",
            day_vi(from_on),
            day_vi(ended_on)
        ),
        format!(
            "It is to act from {from_on} on, but holds no longer since {ended_on}: the other stays as it is."
        ),
    );
    let days = (from_on - ended_on).num_days();
    Some(Remark::new("/from_on", Rule::ActsAfterEnd, message).with("days", days))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DocumentRelationFilter, _: NaiveDate) -> Query<'a> {
    if let Some(document) = filter.document_id {
        query = query.filter(columns::document_id.eq(document));
    }
    if let Some(document) = filter.affected_id {
        query = query.filter(columns::affected_id.eq(document));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(day) = filter.acts_from {
        query = query.filter(columns::from_on.ge(day));
    }
    if let Some(day) = filter.acts_to {
        query = query.filter(columns::from_on.le(day));
    }
    query
}

unit_store! {
    /// Relations, as they are written.
    records: DocumentRelations, record_type: "document_relation",
    table: document_relations, id: DocumentRelationId, row: DocumentRelationRow, answer: DocumentRelation,
    create: DocumentRelationCreate, filter: DocumentRelationFilter, unit on: document_on,
    key: |body| {
        document_key: String = document_key(body), document_on: NaiveDate = body.document_on,
        affected_unit_code: String = other_written(body), affected_key: String = affected_key(body),
        affected_on: NaiveDate = body.affected_on, kind: RelationKind = body.kind,
        from_on: NaiveDate = body.from_on,
    },
    sought by: [document_key, document_on],
    order: DocumentRelationSort::{FromOn, FromOnDesc} by from_on: NaiveDate, FromOnDesc first,
    days: [acts_from, acts_to], matching: matching, faults: faults, naming: other_named,
    beside: of_documents_that_are_there,
    with: beside_documents, list: relation_list, get: relation_get, seen: relation_seen, delete: relation_delete,
}

crud! {
    tag: "document-relations", what: "a relation between legal documents", many: "relations between legal documents",
    vi: "quan hệ giữa văn bản",
    collection: "/api/v1/institutions/document-relations", record: "/api/v1/institutions/document-relations/{id}",
    id: DocumentRelationId, row: DocumentRelation, page: DocumentRelationPage,
    create: DocumentRelationCreate, patch: DocumentRelationPatch, filter: DocumentRelationFilter,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    list: list_document_relations => relation_list, get: get_document_relation => relation_get,
    create_one: create_document_relation => insert::<DocumentRelations>,
    replace: replace_document_relation => replace::<DocumentRelations>, patch_one: patch_document_relation,
    delete: delete_document_relation => relation_delete,
    batch: "/api/v1/institutions/document-relations/batch", batch_document_relations => DocumentRelations,
    import: "/api/v1/institutions/document-relations/import", import_document_relations, template: "/api/v1/institutions/document-relations/template", get_document_relation_template, sheet: "document-relations",
}

attachments! {
    tag: "document-relations", of: "a relation between legal documents", vi: "quan hệ giữa văn bản",
    list_path: "/api/v1/institutions/document-relations/{id}/attachments",
    path: "/api/v1/institutions/document-relations/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/institutions/document-relations/{id}/attachments/{attachment_id}/content",
    owner: DocumentRelationAttachments, record_type: DocumentRelation, table: "document_relations", id: DocumentRelationId,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    seen: relation_seen, changeable: relation_seen,
    list: list_document_relation_attachments, attach: create_document_relation_attachment,
    get: get_document_relation_attachment, content: get_document_relation_attachment_content,
    delete: delete_document_relation_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document_validity::Days;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(document_relations, DocumentRelationRow, {
        let none = DocumentRelationFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DocumentRelationFilter { sort: Some(DocumentRelationSort::FromOn), ..none() },
            DocumentRelationFilter { kind: Some(RelationKind::Repeals), ..none() },
            DocumentRelationFilter { acts_from: day, acts_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "document_number": "04/2024/QĐ-UBND", "document_on": "2024-04-01", "affected_unit_code": "93",
            "affected_number": "29/2022/QĐ-UBND", "affected_on": "2022-08-24", "kind": "suspends",
            "extent": "whole", "from_on": "2024-04-11",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn only_a_suspension_comes_to_an_end() {
        assert_eq!(codes(&json!({"to_on": "2024-04-12"})), []);
        assert_eq!(codes(&json!({"to_on": "2024-04-11"})), [pair("/to_on", "before_start")]);
        let repealed = json!({"kind": "repeals", "to_on": "2024-04-12"});
        assert_eq!(codes(&repealed), [pair("/to_on", "only_suspensions")]);
    }

    #[test]
    fn nothing_acts_on_what_came_after_it() {
        assert_eq!(codes(&json!({"affected_on": "2024-04-01"})), []);
        assert_eq!(codes(&json!({"affected_on": "2024-04-02"})), [pair("/affected_on", "after_acting")]);
        assert_eq!(codes(&json!({"affected_number": "29"})), [pair("/affected_number", "number_shape")]);
    }

    #[test]
    fn what_is_amended_is_amended_in_part() {
        assert_eq!(codes(&json!({"kind": "amends"})), [pair("/extent", "amends_part")]);
        assert_eq!(codes(&json!({"kind": "amends", "extent": "part"})), []);
        assert_eq!(codes(&json!({"kind": "replaces"})), []);
    }

    #[test]
    fn what_acts_before_it_holds_is_noticed() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        assert_eq!(too_early(day("2024-04-11"), day("2024-04-11")), None);
        assert_eq!(too_early(day("2024-04-10"), day("2024-04-11")).unwrap().numbers["days"], 1);
    }

    #[test]
    fn what_acts_when_it_holds_no_longer_is_noticed() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let late = |from_on: &str, expired_on: Option<&str>| {
            let acting = Days { effective_on: day("2024-04-11"), expired_on: expired_on.map(day) };
            let (kind, extent) = (RelationKind::Repeals, RelationExtent::Whole);
            too_late(&Act { kind, extent, from_on: day(from_on), to_on: None, acting })
        };
        assert_eq!(late("2024-06-01", None), None);
        assert_eq!(late("2024-06-01", Some("2024-06-02")), None);
        let remark = late("2024-06-03", Some("2024-06-01")).unwrap();
        assert_eq!((remark.code, remark.numbers["days"]), ("acts_after_end", 2));
        assert!(late("2024-06-01", Some("2024-06-01")).is_some(), "on its first day without effect");
        assert!(late("2024-01-01", Some("2024-04-11")).is_some(), "it never took effect");
    }
}
