//! Delegations (phân quyền, phân cấp, ủy quyền): powers that a unit hands to one below it or to another
//! organisation, by which document, and from when to when.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Organization, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::delegations as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, day_vi, fold};
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::validity::{day_faults, end_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a delegation of powers (phân quyền, phân cấp, ủy quyền).
    DelegationId
}

text_enum! {
    /// How powers are handed over (hình thức).
    pub enum DelegationKind {
        /// By law, for good, with the responsibility.
        Devolution => "devolution", "phân quyền";
        /// By a decision of whoever has them, for good.
        Decentralisation => "decentralisation", "phân cấp";
        /// For a term, while whoever authorises stays responsible.
        Authorisation => "authorisation", "ủy quyền";
    }
}

text_enum! {
    /// Order of delegations (thứ tự).
    pub enum DelegationSort {
        /// Earliest first.
        ValidFrom => "valid_from", "ngày bắt đầu tăng dần";
        /// Latest first.
        ValidFromDesc => "-valid_from", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: delegations, id: DelegationId, page: DelegationPage of "delegations of powers",
    unit on valid_from: {
        shown "The unit that hands them over (cơ quan giao).", named "Its name on the first day (tên cơ quan giao).",
        sent "The unit that hands them over, by id; exactly one of id, identifier and code (cơ quan giao).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A delegation as it is stored.
    row: DelegationRow;
    /// A delegation of powers (phân quyền, phân cấp, ủy quyền).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000062", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "92", "org_unit_identifier": "H13", "org_unit_name": "Thành phố Cần Thơ",
        "kind": "authorisation", "subject": "Phê duyệt đề án vị trí việc làm của đơn vị sự nghiệp công lập",
        "field": "Tổ chức bộ máy, biên chế", "receiving_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "receiving_unit_name": "Xã Phụng Hiệp", "receiving_organisation": null, "document_number": "214/QĐ-UBND",
        "document_on": "2026-02-07", "valid_from": "2026-02-07", "valid_to": "2027-01-01", "remarks": [],
        "source_note": null, "note": null, "version": 1, "created_at": "2026-03-16T02:00:00Z",
        "updated_at": "2026-03-16T02:00:00Z"
    }))]
    answer: Delegation;
    /// A new delegation, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "92", "kind": "authorisation",
        "subject": "Phê duyệt đề án vị trí việc làm của đơn vị sự nghiệp công lập",
        "receiving_unit_id": "0190a8c0-0000-7000-8000-000000000004", "document_number": "214/QĐ-UBND",
        "document_on": "2026-02-07", "valid_from": "2026-02-07", "valid_to": "2027-01-01"
    }))]
    create: DelegationCreate;
    /// Changes to a delegation (RFC 7396). The unit that hands over stays: it names it.
    #[schema(example = json!({"valid_to": "2027-01-01"}))]
    patch: DelegationPatch;
    fields: {
        /// How powers are handed over (hình thức).
        kind: DelegationKind;
        /// What is handed over (nội dung).
        subject: words(1..=1000), folded subject_folded;
        /// The field that it belongs to (ngành, lĩnh vực).
        field: Option<text(1..=250)>;
        /// The unit that receives them (cơ quan nhận); null for an organisation outside the tree of units.
        receiving_unit_id: Option<OrgUnitId>;
        /// Its name on the first day (tên cơ quan nhận).
        receiving_unit_name: derived Option<String> = receiving_unit_name(row, tree);
        /// The organisation that receives them, where it is no unit of the tree (tổ chức nhận).
        receiving_organisation: Option<text(1..=250)>;
        receiver_key: kept String = receiver_key(body);
        /// Number of the document (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// First day on which it holds (ngày bắt đầu).
        valid_from: NaiveDate;
        /// First day on which it no longer holds (ngày hết hiệu lực); null while it does.
        valid_to: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row, tree);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which delegations a list holds.
    filter: DelegationFilter of "The unit that hands them over, by id (cơ quan giao)." {
        /// How powers are handed over (hình thức).
        #[param(inline)]
        kind: Option<DelegationKind>,
        /// The unit that receives them (cơ quan nhận).
        receiving_unit_id: Option<OrgUnitId>,
        /// Those that hold on this day (có hiệu lực vào ngày).
        on: Option<NaiveDate>,
        /// Begun on this day or later (bắt đầu từ ngày).
        begun_from: Option<NaiveDate>,
        /// Begun on this day or before (bắt đầu đến ngày).
        begun_to: Option<NaiveDate>,
        /// Words of the subject in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DelegationSort>,
    }
}

/// By whom one delegation is told from another with the same subject.
fn receiver_key(body: &DelegationCreate) -> String {
    let organisation = || body.receiving_organisation.as_deref().map(fold);
    body.receiving_unit_id.map(|unit| unit.to_string()).or_else(organisation).unwrap_or_default()
}

fn receiving_unit_name(row: &DelegationRow, tree: &OrgTree) -> Option<String> {
    tree.named_on(row.receiving_unit_id?, row.valid_from).map(|unit| unit.full_name.clone())
}

/// Faults that a body shows by itself.
fn faults(body: &DelegationCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/valid_from", Some(body.valid_from)),
        ("/valid_to", body.valid_to),
        ("/document_on", body.document_on),
    ])
    .collect();
    faults.extend(end_fault("/valid_to", body.valid_from, body.valid_to));
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.receiving_unit_id.is_some() == body.receiving_organisation.is_some() {
        let message = Bilingual::new(
            "Nêu đúng một trong receiving_unit_id và receiving_organisation.",
            "Give exactly one of receiving_unit_id and receiving_organisation.",
        );
        faults.push(Fault::new("/receiving_unit_id", "exactly_one", message));
    }
    faults
}

/// Lets powers go downwards only: to what stands under the unit, of an agency also to what stands under
/// the administrative unit that it is an agency of.
fn downwards(
    _: &mut DbConn,
    scoped: &Scoped,
    made: Vec<Result<DelegationRow, ApiError>>,
) -> Result<Vec<Result<DelegationRow, ApiError>>, ApiError> {
    let held = |row: DelegationRow| match receiver_fault(scoped.tree(), &row) {
        Some(fault) => Err(ApiError::invalid(vec![fault])),
        None => Ok(row),
    };
    Ok(made.into_iter().map(|made| made.and_then(held)).collect())
}

fn receiver_fault(tree: &OrgTree, row: &DelegationRow) -> Option<Fault> {
    let (receiver, day) = (row.receiving_unit_id?, row.valid_from);
    let (code, message) = if tree.latest(receiver).is_none() {
        ("unknown_unit", Bilingual::new("Không có đơn vị nào như vậy.", "There is no such unit."))
    } else if !tree.in_force(receiver, day) {
        (
            "not_in_force",
            Bilingual::new(
                format!("Cơ quan nhận không có hiệu lực vào ngày {}.", day_vi(day)),
                format!("The unit that receives is not in force on {day}."),
            ),
        )
    } else if !is_below(tree, row.org_unit_id, receiver, day) {
        (
            "not_below",
            Bilingual::new(
                "Cơ quan nhận phải là đơn vị cấp dưới của cơ quan giao.",
                "The unit that receives must stand below the one that hands over.",
            ),
        )
    } else {
        return None;
    };
    Some(Fault::new("/receiving_unit_id", code, message))
}

/// Whether a unit stands below another, or below the administrative unit that this is an agency of.
fn is_below(tree: &OrgTree, unit: OrgUnitId, receiver: OrgUnitId, day: NaiveDate) -> bool {
    let is_agency = tree.version_at(unit, day).is_some_and(|version| version.kind.tier().is_none());
    let is_administrative =
        |above: &OrgUnitId| tree.version_at(*above, day).is_some_and(|version| version.kind.tier().is_some());
    let above = tree.ancestors(unit, day).into_iter().find(|above| is_agency && is_administrative(above));
    let over_receiver = tree.ancestors(receiver, day);
    receiver != unit
        && (over_receiver.contains(&unit) || above.is_some_and(|above| over_receiver.contains(&above)))
}

/// What is noticed about a delegation.
fn remarks(row: &DelegationRow, tree: &OrgTree) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    if row.kind == DelegationKind::Authorisation && row.valid_to.is_none() {
        let message = Bilingual::new(
            "Việc ủy quyền chưa nêu thời hạn.",
            "An authorisation is for a term, and none is told.",
        );
        remarks.push(Remark::new("/valid_to", Rule::AuthorisationWithoutTerm, message));
    }
    let units = [("/org_unit_id", Some(row.org_unit_id)), ("/receiving_unit_id", row.receiving_unit_id)];
    for (pointer, unit) in units {
        let Some((unit, last)) = unit.and_then(|unit| Some((unit, tree.last_day(unit)?))) else { continue };
        if row.valid_to.is_none_or(|end| end > last.succ_opt().unwrap_or(last)) {
            let name = tree.latest(unit).map(|unit| unit.full_name.as_str()).unwrap_or_default();
            let message = Bilingual::new(
                format!("{name} đã chấm dứt hoạt động, ngày cuối là {}.", day_vi(last)),
                format!("{name} has ended; its last day was {last}."),
            );
            remarks.push(Remark::new(pointer, Rule::DelegationOfEndedUnit, message));
        }
    }
    remarks
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DelegationFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(unit) = filter.receiving_unit_id {
        query = query.filter(columns::receiving_unit_id.eq(unit));
    }
    if let Some(day) = filter.on {
        let stands = columns::valid_to.is_null().or(columns::valid_to.assume_not_null().gt(day));
        query = query.filter(columns::valid_from.le(day).and(stands));
    }
    if let Some(day) = filter.begun_from {
        query = query.filter(columns::valid_from.ge(day));
    }
    if let Some(day) = filter.begun_to {
        query = query.filter(columns::valid_from.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::subject_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Delegations, as they are written.
    records: Delegations, record_type: "delegation",
    table: delegations, id: DelegationId, row: DelegationRow, answer: Delegation,
    create: DelegationCreate, filter: DelegationFilter, unit on: valid_from,
    key: |body| {
        kind: DelegationKind = body.kind, valid_from: NaiveDate = body.valid_from,
        subject_folded: String = fold(&body.subject), receiver_key: String = receiver_key(body),
    },
    sought by: [valid_from, subject_folded],
    order: DelegationSort::{ValidFrom, ValidFromDesc} by valid_from: NaiveDate, ValidFromDesc first,
    days: [on, begun_from, begun_to], matching: matching, faults: faults, beside: downwards,
    list: delegation_list, get: delegation_get, seen: delegation_seen, delete: delegation_delete,
}

crud! {
    tag: "delegations", what: "a delegation of powers", many: "delegations of powers",
    vi: "phân quyền, phân cấp, ủy quyền",
    collection: "/api/v1/organization/delegations", record: "/api/v1/organization/delegations/{id}",
    id: DelegationId, row: Delegation, page: DelegationPage,
    create: DelegationCreate, patch: DelegationPatch, filter: DelegationFilter,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    list: list_delegations => delegation_list, get: get_delegation => delegation_get,
    create_one: create_delegation => insert::<Delegations>,
    replace: replace_delegation => replace::<Delegations>, patch_one: patch_delegation,
    delete: delete_delegation => delegation_delete,
    batch: "/api/v1/organization/delegations/batch", batch_delegations => Delegations,
    import: "/api/v1/organization/delegations/import", import_delegations, template: "/api/v1/organization/delegations/template", get_delegation_template, sheet: "delegations",
}

attachments! {
    tag: "delegations", of: "a delegation of powers", vi: "phân quyền, phân cấp, ủy quyền",
    list_path: "/api/v1/organization/delegations/{id}/attachments",
    path: "/api/v1/organization/delegations/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/delegations/{id}/attachments/{attachment_id}/content",
    owner: DelegationAttachments, record_type: Delegation, table: "delegations", id: DelegationId,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    seen: delegation_seen, changeable: delegation_seen,
    list: list_delegation_attachments, attach: create_delegation_attachment,
    get: get_delegation_attachment, content: get_delegation_attachment_content,
    delete: delete_delegation_attachment,
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

    unit_lists_are_indexed!(delegations, DelegationRow, {
        let none = DelegationFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DelegationFilter { sort: Some(DelegationSort::ValidFrom), ..none() },
            DelegationFilter {
                kind: Some(DelegationKind::Devolution), q: Some("đề án".into()), ..none()
            },
            DelegationFilter { on: day, begun_from: day, begun_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "kind": "authorisation", "subject": "Phê duyệt đề án", "valid_from": "2024-02-07",
            "receiving_organisation": "Công an tỉnh",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    #[test]
    fn powers_have_one_receiver_and_end_after_they_begin() {
        let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(codes(&json!({})), []);
        let unit = json!({"receiving_unit_id": OrgUnitId::new()});
        let one = [pair("/receiving_unit_id", "exactly_one")];
        assert_eq!(codes(&unit), one);
        assert_eq!(codes(&json!({"receiving_organisation": null})), one);
        assert_eq!(codes(&json!({"valid_to": "2024-02-07"})), [pair("/valid_to", "before_start")]);
        assert_eq!(codes(&json!({"document_on": "2024-02-07"})), [pair("/document_number", "required")]);
    }
}
