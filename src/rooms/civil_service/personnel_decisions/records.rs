//! How personnel decisions are kept.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::kinds::{
    PersonnelDecisionGroup, PersonnelDecisionKind, PersonnelDecisionSort, PersonnelDecisionStage,
    StaffCategory, StaffSector,
};
use crate::officials::codes::code_key;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{officials, personnel_decisions as columns};
use kernel::document_numbers::{document_faults, number_key, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::{day_faults, last_day_fault};
use kernel::{attachments, crud, id, unit_fields, unit_store};

id! {
    /// Id of a personnel decision (quyết định về nhân sự).
    PersonnelDecisionId
}

unit_fields! {
    table: personnel_decisions, id: PersonnelDecisionId, page: PersonnelDecisionPage of "personnel decisions",
    unit on covers_from: {
        shown "The unit that decides (đơn vị ban hành).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that decides, by id; exactly one of id, identifier and code (đơn vị ban hành).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// Personnel decisions as they are stored.
    row: PersonnelDecisionRow;
    /// A decision about those who serve, or a group of one kind that was counted together (quyết định về nhân
    /// sự). It names nobody but by the employee code.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000031", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "kind": "pay_step", "group": "pay", "category": "civil_servant", "sector": "commune", "stage": "issued",
        "position_title": null, "cases": 10, "covers_from": "2026-01-01", "covers_to": "2026-06-30",
        "document_number": null, "document_on": null, "employee_code": null, "remarks": [], "source_note": null, "note": null,
        "version": 1, "created_at": "2026-07-01T02:00:00Z", "updated_at": "2026-07-01T02:00:00Z"
    }))]
    answer: PersonnelDecision;
    /// A new decision or group of decisions, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "kind": "pay_step", "category": "civil_servant", "sector": "commune",
        "cases": 10, "covers_from": "2026-01-01", "covers_to": "2026-06-30"
    }))]
    create: PersonnelDecisionCreate;
    /// Changes to personnel decisions (RFC 7396). The unit stays: it names them.
    #[schema(example = json!({"cases": 11}))]
    patch: PersonnelDecisionPatch;
    fields: {
        /// What is decided (loại quyết định).
        kind: PersonnelDecisionKind;
        /// What that is about (nhóm quyết định).
        group: derived PersonnelDecisionGroup = group(row);
        /// As what those concerned serve (đối tượng).
        category: StaffCategory;
        /// Where they serve (khối).
        sector: StaffSector, with [#[serde(default = "not_apart")] #[schema(default = "not_apart")]];
        /// How far it is (tình trạng).
        stage: PersonnelDecisionStage, with [#[serde(default = "issued")] #[schema(default = "issued")]];
        /// The rank, title or position that is given, never a name (ngạch, chức danh, chức vụ).
        position_title: Option<text(1..=200)>;
        position_folded: kept String = position_folded(body);
        /// How many persons are concerned (số trường hợp).
        cases: number(1..=1_000_000);
        /// First day on which these were decided; of one decision its day (từ ngày).
        covers_from: NaiveDate;
        /// Last day on which these were decided; of one decision its day (đến ngày).
        covers_to: NaiveDate;
        /// Number of a single decision (số quyết định).
        document_number: Option<text(3..=50)>;
        number_key: kept String = key_of_number(body);
        /// Its day (ngày ký).
        document_on: Option<NaiveDate>;
        /// The official whom a single decision concerns, by the employee code of the personnel software, never a name
        /// (mã hồ sơ cán bộ, công chức, viên chức).
        employee_code: Option<text(1..=30)>;
        employee_key: kept String = employee_key(body);
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which personnel decisions a list holds.
    filter: PersonnelDecisionFilter of "The unit that decides, by id (đơn vị ban hành)." {
        /// What is decided (loại quyết định).
        #[param(inline)]
        kind: Option<PersonnelDecisionKind>,
        /// As what those concerned serve (đối tượng).
        #[param(inline)]
        category: Option<StaffCategory>,
        /// Where they serve (khối).
        #[param(inline)]
        sector: Option<StaffSector>,
        /// How far it is (tình trạng).
        #[param(inline)]
        stage: Option<PersonnelDecisionStage>,
        /// Those about this official, by the employee code in capitals or small letters (mã hồ sơ).
        #[validate(length(min = 1, max = 30))]
        #[param(min_length = 1, max_length = 30)]
        employee_code: Option<String>,
        /// Decided on this day or later (từ ngày).
        decided_from: Option<NaiveDate>,
        /// Decided on this day or before (đến ngày).
        decided_to: Option<NaiveDate>,
        /// Words of the rank, title or position in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<PersonnelDecisionSort>,
    }
}

const fn not_apart() -> StaffSector {
    StaffSector::NotApart
}

const fn issued() -> PersonnelDecisionStage {
    PersonnelDecisionStage::Issued
}

const fn group(row: &PersonnelDecisionRow) -> PersonnelDecisionGroup {
    row.kind.group()
}

/// The position by which decisions are told apart; empty where none is given.
fn position_folded(body: &PersonnelDecisionCreate) -> String {
    body.position_title.as_deref().map(fold).unwrap_or_default()
}

/// The number by which decisions are told apart; empty for a group that was counted together.
fn key_of_number(body: &PersonnelDecisionCreate) -> String {
    body.document_number.as_deref().map(number_key).unwrap_or_default()
}

/// The official by whom decisions are told apart; empty where none is named.
fn employee_key(body: &PersonnelDecisionCreate) -> String {
    body.employee_code.as_deref().map(code_key).unwrap_or_default()
}

/// Faults that a body shows by itself.
fn faults(body: &PersonnelDecisionCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/covers_from", Some(body.covers_from)),
        ("/covers_to", Some(body.covers_to)),
        ("/document_on", body.document_on),
    ])
    .collect();
    faults.extend(last_day_fault("/covers_to", body.covers_from, Some(body.covers_to)));
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.document_on.is_some_and(|day| !(body.covers_from..=body.covers_to).contains(&day)) {
        let message = Bilingual::new(
            "Ngày ký phải nằm trong khoảng thời gian của quyết định.",
            "The decision must be dated within the days that it covers.",
        );
        faults.push(Fault::new("/document_on", "outside_span", message));
    }
    if body.employee_code.is_some() && body.cases != 1 {
        let message = Bilingual::new(
            "Quyết định về một người thì số trường hợp là 1.",
            "A decision about one official concerns one person.",
        );
        faults.push(Fault::new("/cases", "one_official", message));
    }
    faults
}

/// What is noticed about personnel decisions.
fn remarks(row: &PersonnelDecisionRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    let is_for_teachers = matches!(
        row.kind,
        PersonnelDecisionKind::TeacherSeniorityFirst | PersonnelDecisionKind::TeacherSeniorityIncrease
    );
    let may_teach = matches!(row.category, StaffCategory::PublicEmployee | StaffCategory::NotApart);
    if is_for_teachers && !may_teach && Rule::TeacherSeniority.holds_on(row.covers_from) {
        let message = Bilingual::new(
            format!("Có {} trường hợp hưởng phụ cấp thâm niên nhà giáo không phải là viên chức.", row.cases),
            format!("{} who are no public employees get the seniority allowance of teachers.", row.cases),
        );
        remarks.push(Remark::new("/category", Rule::TeacherSeniority, message).with("cases", row.cases));
    }
    remarks
}

/// Refuses decisions about an official whom the province does not hold.
fn of_known_officials(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<PersonnelDecisionRow, ApiError>>,
) -> Result<Vec<Result<PersonnelDecisionRow, ApiError>>, ApiError> {
    use officials as o;
    let named = || made.iter().flatten().filter(|row| row.employee_code.is_some());
    let provinces: HashSet<OrgUnitId> = named().map(|row| row.province_id).collect();
    let codes: HashSet<&str> = named().map(|row| row.employee_key.as_str()).collect();
    if codes.is_empty() {
        return Ok(made);
    }
    let known: HashSet<(OrgUnitId, String)> = o::table
        .filter(o::deleted_at.is_null())
        .filter(o::province_id.eq_any(provinces).and(o::employee_key.eq_any(codes)))
        .select((o::province_id, o::employee_key))
        .load(conn)?
        .into_iter()
        .collect();
    let held = |row: PersonnelDecisionRow| {
        if row.employee_code.is_none() || known.contains(&(row.province_id, row.employee_key.clone())) {
            return Ok(row);
        }
        let message = Bilingual::new(
            "Không có cán bộ, công chức, viên chức nào mang mã hồ sơ này trong tỉnh.",
            "The province has no official with this employee code.",
        );
        Err(ApiError::invalid(vec![Fault::new("/employee_code", "unknown_official", message)]))
    };
    Ok(made.into_iter().map(|made| made.and_then(held)).collect())
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a PersonnelDecisionFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(category) = filter.category {
        query = query.filter(columns::category.eq(category));
    }
    if let Some(sector) = filter.sector {
        query = query.filter(columns::sector.eq(sector));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(columns::stage.eq(stage));
    }
    if let Some(code) = &filter.employee_code {
        query = query.filter(columns::employee_key.eq(code_key(code)));
    }
    if let Some(day) = filter.decided_from {
        query = query.filter(columns::covers_from.ge(day));
    }
    if let Some(day) = filter.decided_to {
        query = query.filter(columns::covers_to.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::position_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Personnel decisions, as they are written.
    records: PersonnelDecisions, record_type: "personnel_decision",
    table: personnel_decisions, id: PersonnelDecisionId, row: PersonnelDecisionRow, answer: PersonnelDecision,
    create: PersonnelDecisionCreate, filter: PersonnelDecisionFilter, unit on: covers_from,
    key: |body| {
        covers_from: NaiveDate = body.covers_from, covers_to: NaiveDate = body.covers_to,
        kind: PersonnelDecisionKind = body.kind, category: StaffCategory = body.category,
        sector: StaffSector = body.sector, stage: PersonnelDecisionStage = body.stage,
        number_key: String = key_of_number(body), position_folded: String = position_folded(body),
        employee_key: String = employee_key(body),
    },
    sought by: [covers_from],
    order: PersonnelDecisionSort::{CoversFrom, CoversFromDesc} by covers_from: NaiveDate, CoversFromDesc first,
    days: [decided_from, decided_to], matching: matching, faults: faults, beside: of_known_officials,
    list: decision_list, get: decision_get, seen: decision_seen, delete: decision_delete,
}

crud! {
    tag: "personnel-decisions", what: "a personnel decision", many: "personnel decisions",
    vi: "quyết định về nhân sự",
    collection: "/api/v1/civil-service/personnel-decisions", record: "/api/v1/civil-service/personnel-decisions/{id}",
    id: PersonnelDecisionId, row: PersonnelDecision, page: PersonnelDecisionPage,
    create: PersonnelDecisionCreate, patch: PersonnelDecisionPatch, filter: PersonnelDecisionFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_personnel_decisions => decision_list, get: get_personnel_decision => decision_get,
    create_one: create_personnel_decision => insert::<PersonnelDecisions>,
    replace: replace_personnel_decision => replace::<PersonnelDecisions>, patch_one: patch_personnel_decision,
    delete: delete_personnel_decision => decision_delete,
    batch: "/api/v1/civil-service/personnel-decisions/batch", batch_personnel_decisions => PersonnelDecisions,
    import: "/api/v1/civil-service/personnel-decisions/import", import_personnel_decisions, template: "/api/v1/civil-service/personnel-decisions/template", get_personnel_decision_template, sheet: "personnel-decisions",
}

attachments! {
    tag: "personnel-decisions", of: "a personnel decision", vi: "quyết định về nhân sự",
    list_path: "/api/v1/civil-service/personnel-decisions/{id}/attachments",
    path: "/api/v1/civil-service/personnel-decisions/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/personnel-decisions/{id}/attachments/{attachment_id}/content",
    owner: PersonnelDecisionAttachments, record_type: PersonnelDecision, table: "personnel_decisions", id: PersonnelDecisionId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: decision_seen, changeable: decision_seen,
    list: list_personnel_decision_attachments, attach: create_personnel_decision_attachment,
    get: get_personnel_decision_attachment, content: get_personnel_decision_attachment_content,
    delete: delete_personnel_decision_attachment,
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

    unit_lists_are_indexed!(personnel_decisions, PersonnelDecisionRow, {
        let none = PersonnelDecisionFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            PersonnelDecisionFilter { sort: Some(PersonnelDecisionSort::CoversFrom), ..none() },
            PersonnelDecisionFilter {
                kind: Some(PersonnelDecisionKind::PayStep),
                category: Some(StaffCategory::CivilServant),
                sector: Some(StaffSector::Commune),
                stage: Some(PersonnelDecisionStage::Issued),
                q: Some("thanh tra".into()),
                ..none()
            },
            PersonnelDecisionFilter { decided_from: day, decided_to: day, ..none() },
        ]
    });

    fn body(change: &Value) -> PersonnelDecisionCreate {
        let mut body = json!({
            "kind": "retire", "category": "public_employee", "cases": 1, "covers_from": "2024-03-01",
            "covers_to": "2024-03-31",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    fn codes(change: &Value) -> Vec<(String, String)> {
        faults(&body(change)).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn decisions_are_dated_within_their_days() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"covers_to": "2024-02-29"})), [pair("/covers_to", "before_start")]);
        let numbered = |day: &str| json!({"document_number": "12/QĐ-UBND", "document_on": day});
        assert_eq!(codes(&numbered("2024-03-31")), []);
        assert_eq!(codes(&numbered("2024-04-01")), [pair("/document_on", "outside_span")]);
        assert_eq!(codes(&json!({"document_on": "2024-03-31"})), [pair("/document_number", "required")]);
    }

    #[test]
    fn a_group_that_was_counted_has_neither_number_nor_position() {
        let counted = body(&json!({}));
        assert_eq!((key_of_number(&counted), position_folded(&counted)), (String::new(), String::new()));
        let one = body(&json!({"document_number": "012/QĐ- UBND", "position_title": "Thanh tra viên"}));
        assert_eq!(
            (key_of_number(&one).as_str(), position_folded(&one).as_str()),
            ("12/qd-ubnd", "thanh tra vien")
        );
    }
}
