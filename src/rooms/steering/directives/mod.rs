//! Guiding documents (văn bản chỉ đạo, điều hành): any document that tells a unit what to do, or by which it
//! tells others, from a law to an official letter. A unit keeps those that came to it and those that it
//! issued.
//!
//! Documents are cited carelessly: without a day, without a number, or under two numbers. What is known
//! is kept, and what may be one document under two names is told.

mod kinds;
mod near;

use chrono::NaiveDate;
use diesel::prelude::*;

pub use self::kinds::{DirectiveDirection, DirectiveKind};
use self::near::with_near;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Steering, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::directives as columns;
use kernel::document_numbers::{number_fault, number_key, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::text::{contains, fold};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a guiding document (văn bản chỉ đạo, điều hành).
    DirectiveId
}

text_enum! {
    /// Order of guiding documents (thứ tự); one without a day of issue stands by `held_on`.
    pub enum DirectiveSort {
        /// Earliest first.
        IssuedOn => "issued_on", "ngày ban hành tăng dần";
        /// Latest first.
        IssuedOnDesc => "-issued_on", "ngày ban hành giảm dần";
    }
}

unit_fields! {
    table: directives, id: DirectiveId, page: DirectivePage of "guiding documents",
    unit on held_on: {
        shown "The unit that holds it (đơn vị lưu văn bản).", named "Its name on `held_on` (tên đơn vị).",
        sent "The unit that holds it, by id; exactly one of id, identifier and code (đơn vị lưu văn bản).",
        read "The unit by its statistics code, read on `held_on` (mã đơn vị hành chính).",
    }
    /// A guiding document as it is stored.
    row: DirectiveRow;
    /// A document that guides a unit, or by which it guides others (văn bản chỉ đạo, điều hành).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000071", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "direction": "received", "kind": "resolution", "number": "76/NQ-CP", "issuer": "Chính phủ",
        "issued_on": "2021-07-15", "held_on": "2025-07-01",
        "subject": "Ban hành Chương trình tổng thể cải cách hành chính nhà nước giai đoạn 2021 - 2030",
        "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: Directive;
    /// A new guiding document, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "direction": "received", "kind": "resolution", "number": "76/NQ-CP",
        "issuer": "Chính phủ", "issued_on": "2021-07-15", "held_on": "2025-07-01",
        "subject": "Ban hành Chương trình tổng thể cải cách hành chính nhà nước giai đoạn 2021 - 2030"
    }))]
    create: DirectiveCreate;
    /// Changes to a guiding document (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"note": "Đã được thay thế."}))]
    patch: DirectivePatch;
    fields: {
        /// Whether it came to the unit or went out from it (văn bản đến, đi).
        direction: DirectiveDirection;
        /// Kind of document (loại văn bản).
        kind: DirectiveKind;
        /// Its number (số, ký hiệu); null where it is not known.
        number: Option<text(3..=50)>,
            sent "Its number (số, ký hiệu); null or absent where it is not known. A unit's documents are told apart by number, issuer and day of issue; those without a number by their subject instead.";
        /// Who issued it (cơ quan ban hành).
        issuer: words(1..=250), folded issuer_folded;
        /// When it was issued (ngày ban hành); null where it is not known.
        issued_on: Option<NaiveDate>;
        /// Since when the unit is known to hold it (ngày có văn bản): the day on which it came or went out, or the day of the report that cites it.
        held_on: NaiveDate;
        /// What it is about (trích yếu nội dung).
        subject: words(1..=1000), folded subject_folded;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        name_key: kept String = name_key(body);
        issued_key: kept String = issued_key(body);
        dated_on: kept NaiveDate = dated_on(body);
    }
    /// Which guiding documents a list holds.
    filter: DirectiveFilter of "The unit that holds them, by id (đơn vị lưu văn bản)." {
        /// Whether they came to the unit or went out from it (văn bản đến, đi).
        #[param(inline)]
        direction: Option<DirectiveDirection>,
        /// Kind of document (loại văn bản).
        #[param(inline)]
        kind: Option<DirectiveKind>,
        /// The number, however it is written (số, ký hiệu).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        number: Option<String>,
        /// Words of the issuer's name in any order, without regard to case and tone marks (cơ quan ban hành).
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        issuer: Option<String>,
        /// Issued on this day or later; one without a day stands by `held_on` (ban hành từ ngày).
        issued_from: Option<NaiveDate>,
        /// Issued on this day or before; one without a day stands by `held_on` (ban hành đến ngày).
        issued_to: Option<NaiveDate>,
        /// Words of the subject in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DirectiveSort>,
    }
}

/// What a document is called, for the key: its number, or its subject where it has none.
fn name_key(body: &DirectiveCreate) -> String {
    body.number.as_deref().map_or_else(|| fold(&body.subject), number_key)
}

/// Its day of issue, for the key; an index of two databases takes no two nulls for alike.
fn issued_key(body: &DirectiveCreate) -> String {
    body.issued_on.map(|day| day.to_string()).unwrap_or_default()
}

/// The day by which lists are in order.
fn dated_on(body: &DirectiveCreate) -> NaiveDate {
    body.issued_on.unwrap_or(body.held_on)
}

/// Faults that a body shows by itself.
fn faults(body: &DirectiveCreate) -> Vec<Fault> {
    let days = [("/issued_on", body.issued_on), ("/held_on", Some(body.held_on))];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    faults.extend(body.number.as_deref().and_then(|number| number_fault("/number", number)));
    if body.issued_on.is_some_and(|day| body.held_on < day) {
        let message = Bilingual::new(
            "Đơn vị không thể có văn bản trước ngày ban hành.",
            "A unit cannot hold a document before the day of its issue.",
        );
        faults.push(Fault::new("/held_on", "before_issue", message));
    }
    faults
}

/// What is noticed about a document by itself.
fn remarks(row: &DirectiveRow) -> Vec<Remark> {
    let dated = row.number.as_deref().zip(row.issued_on);
    dated.and_then(|(number, day)| year_remark("/number", number, day)).into_iter().collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DirectiveFilter, _: NaiveDate) -> Query<'a> {
    if let Some(direction) = filter.direction {
        query = query.filter(columns::direction.eq(direction));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(number) = &filter.number {
        query = query.filter(columns::name_key.eq(number_key(number)));
    }
    for word in fold(filter.issuer.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::issuer_folded.like(contains(word)).escape('\\'));
    }
    if let Some(day) = filter.issued_from {
        query = query.filter(columns::dated_on.ge(day));
    }
    if let Some(day) = filter.issued_to {
        query = query.filter(columns::dated_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::subject_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Guiding documents, as they are written.
    records: Directives, record_type: "directive",
    table: directives, id: DirectiveId, row: DirectiveRow, answer: Directive,
    create: DirectiveCreate, filter: DirectiveFilter, unit on: held_on,
    key: |body| {
        name_key: String = name_key(body), issuer_folded: String = fold(&body.issuer),
        issued_key: String = issued_key(body),
    },
    sought by: [name_key],
    order: DirectiveSort::{IssuedOn, IssuedOnDesc} by dated_on: NaiveDate, IssuedOnDesc first,
    days: [issued_from, issued_to], matching: matching, faults: faults, with: with_near,
    list: directive_list, get: directive_get, seen: directive_seen, delete: directive_delete,
}

crud! {
    tag: "directives", what: "a guiding document", many: "guiding documents",
    vi: "văn bản chỉ đạo, điều hành",
    collection: "/api/v1/steering/directives", record: "/api/v1/steering/directives/{id}",
    id: DirectiveId, row: Directive, page: DirectivePage,
    create: DirectiveCreate, patch: DirectivePatch, filter: DirectiveFilter,
    read: Permit<Read, Steering>, write: Permit<Write, Steering>,
    list: list_directives => directive_list, get: get_directive => directive_get,
    create_one: create_directive => insert::<Directives>,
    replace: replace_directive => replace::<Directives>, patch_one: patch_directive,
    delete: delete_directive => directive_delete,
    batch: "/api/v1/steering/directives/batch", batch_directives => Directives,
    import: "/api/v1/steering/directives/import", import_directives, template: "/api/v1/steering/directives/template", get_directive_template, sheet: "directives",
}

attachments! {
    tag: "directives", of: "a guiding document", vi: "văn bản chỉ đạo, điều hành",
    list_path: "/api/v1/steering/directives/{id}/attachments",
    path: "/api/v1/steering/directives/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/steering/directives/{id}/attachments/{attachment_id}/content",
    owner: DirectiveAttachments, record_type: Directive, table: "directives", id: DirectiveId,
    read: Permit<Read, Steering>, write: Permit<Write, Steering>,
    seen: directive_seen, changeable: directive_seen,
    list: list_directive_attachments, attach: create_directive_attachment,
    get: get_directive_attachment, content: get_directive_attachment_content,
    delete: delete_directive_attachment,
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
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(directives, DirectiveRow, {
        let none = DirectiveFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DirectiveFilter { sort: Some(DirectiveSort::IssuedOn), ..none() },
            DirectiveFilter {
                direction: Some(DirectiveDirection::Received),
                kind: Some(DirectiveKind::Plan),
                issuer: Some("ủy ban nhân dân".into()),
                q: Some("chuyển đổi số".into()),
                ..none()
            },
            DirectiveFilter { issued_from: day, issued_to: day, ..none() },
        ]
    });

    fn body(change: &Value) -> DirectiveCreate {
        let mut body = json!({
            "direction": "received", "kind": "resolution", "number": "76/NQ-CP", "issuer": "Chính phủ",
            "issued_on": "2021-07-15", "held_on": "2024-07-02", "subject": "Cải cách hành chính",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_document_is_held_after_it_was_issued() {
        let pointers =
            |change| faults(&body(&change)).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>();
        assert_eq!(pointers(json!({})), [""; 0]);
        assert_eq!(pointers(json!({"number": null, "issued_on": null})), [""; 0]);
        assert_eq!(pointers(json!({"held_on": "2021-07-14"})), ["/held_on"]);
        assert_eq!(pointers(json!({"number": "Nghị quyết 76"})), ["/number"]);
    }

    #[test]
    fn a_document_without_number_or_day_has_a_key_too() {
        let key = |change| {
            let body = body(&change);
            (name_key(&body), issued_key(&body), dated_on(&body).to_string())
        };
        let pair = |name: &str, issued: &str, dated: &str| (name.into(), issued.into(), dated.into());
        assert_eq!(key(json!({})), pair("76/nq-cp", "2021-07-15", "2021-07-15"));
        assert_eq!(
            key(json!({"number": null, "issued_on": null})),
            pair("cai cach hanh chinh", "", "2024-07-02")
        );
    }
}
