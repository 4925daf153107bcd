//! Schemes of job positions (đề án vị trí việc làm): which positions the agencies or public service units under
//! an authority have, and whether that is approved.
//!
//! How many units a scheme should cover follows from the tree of units, and is held against how many it says it
//! covers.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::job_position_schemes as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::tree::{OrgTree, UnitKind};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a scheme of job positions (đề án vị trí việc làm).
    JobPositionSchemeId
}

text_enum! {
    /// What a scheme covers (phạm vi đề án).
    pub enum SchemeCoverage {
        /// Agencies and communes.
        Agencies => "agencies", "cơ quan hành chính và UBND cấp xã";
        /// Public service units.
        ServiceUnits => "service_units", "đơn vị sự nghiệp công lập";
    }
}

text_enum! {
    /// How far a scheme is (tình trạng đề án).
    pub enum SchemeStage {
        /// It is being written.
        Drafted => "drafted", "đang xây dựng";
        /// Who approves it has it.
        Submitted => "submitted", "đã trình";
        /// It is approved.
        Approved => "approved", "đã phê duyệt";
    }
}

text_enum! {
    /// Order of schemes of job positions (thứ tự).
    pub enum JobPositionSchemeSort {
        /// Earliest first.
        DatedOn => "dated_on", "ngày đề án tăng dần";
        /// Latest first.
        DatedOnDesc => "-dated_on", "ngày đề án giảm dần";
    }
}

unit_fields! {
    table: job_position_schemes, id: JobPositionSchemeId, page: JobPositionSchemePage of "schemes of job positions",
    unit on dated_on: {
        shown "The authority whose units it covers (cơ quan chủ quản).", named "Its name on the day (tên đơn vị).",
        sent "The authority whose units it covers, by id; exactly one of id, identifier and code (cơ quan chủ quản).",
        read "The authority by its statistics code, read on the day (mã đơn vị hành chính).",
    }
    /// A scheme as it is stored.
    row: JobPositionSchemeRow;
    /// Which positions the units under an authority have (đề án vị trí việc làm).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000032", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "coverage": "service_units", "title": "Đề án vị trí việc làm của các đơn vị sự nghiệp", "dated_on": "2026-03-02",
        "stage": "approved", "units_covered": 12, "units_there": 12, "positions": 41,
        "approver": "Chủ tịch UBND xã Phụng Hiệp", "document_number": "348/QĐ-UBND", "document_on": "2026-03-27",
        "remarks": [], "source_note": null, "note": null, "version": 1, "created_at": "2026-03-02T02:00:00Z",
        "updated_at": "2026-03-27T02:00:00Z"
    }))]
    answer: JobPositionScheme;
    /// A new scheme, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "coverage": "service_units", "dated_on": "2026-03-02", "stage": "submitted",
        "title": "Đề án vị trí việc làm của các đơn vị sự nghiệp", "units_covered": 12
    }))]
    create: JobPositionSchemeCreate;
    /// Changes to a scheme (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"stage": "approved", "document_number": "348/QĐ-UBND", "document_on": "2026-03-27"}))]
    patch: JobPositionSchemePatch;
    fields: {
        /// What it covers (phạm vi đề án).
        coverage: SchemeCoverage;
        /// What it is called (tên đề án).
        title: words(1..=250), folded title_folded;
        /// Its day; of one of which only the approval is known the day of that (ngày đề án).
        dated_on: NaiveDate;
        /// How far it is (tình trạng đề án).
        stage: SchemeStage;
        /// How many units it covers (số đơn vị có đề án); null where it was not told.
        units_covered: Option<number(0..=1_000_000)>;
        /// How many units of the kind stand under the authority on the day (số đơn vị theo cây tổ chức).
        units_there: derived i64 = units_there(row, tree);
        /// How many positions it has (số vị trí việc làm); null where it was not told.
        positions: Option<number(0..=1_000_000)>;
        /// Who approves it (cấp phê duyệt).
        approver: Option<text(1..=250)>;
        /// Number of the decision that approves it (số quyết định phê duyệt).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày phê duyệt).
        document_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row, tree);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which schemes a list holds.
    filter: JobPositionSchemeFilter of "The authority whose units they cover, by id (cơ quan chủ quản)." {
        /// What they cover (phạm vi đề án).
        #[param(inline)]
        coverage: Option<SchemeCoverage>,
        /// How far they are (tình trạng đề án).
        #[param(inline)]
        stage: Option<SchemeStage>,
        /// Of this day or later (từ ngày).
        dated_from: Option<NaiveDate>,
        /// Of this day or before (đến ngày).
        dated_to: Option<NaiveDate>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<JobPositionSchemeSort>,
    }
}

/// Whether a scheme of this coverage is about units of this kind.
const fn is_covered(coverage: SchemeCoverage, kind: UnitKind) -> bool {
    match coverage {
        SchemeCoverage::Agencies => matches!(kind, UnitKind::SpecialisedAgency | UnitKind::Commune),
        // A school is a service unit of education.
        SchemeCoverage::ServiceUnits => {
            matches!(kind, UnitKind::PublicServiceUnit | UnitKind::EducationUnit)
        }
    }
}

fn units_there(row: &JobPositionSchemeRow, tree: &OrgTree) -> i64 {
    let day = row.dated_on;
    let units = tree.subtree(row.org_unit_id, day);
    let versions = units.iter().filter_map(|unit| tree.version_at(*unit, day));
    let count = versions.filter(|version| is_covered(row.coverage, version.kind)).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Faults that a body shows by itself.
fn faults(body: &JobPositionSchemeCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        day_faults([("/dated_on", Some(body.dated_on)), ("/document_on", body.document_on)]).collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    let is_approved = body.stage == SchemeStage::Approved;
    if is_approved && body.document_number.is_none() && body.document_on.is_none() {
        let message = Bilingual::new(
            "Nêu số và ngày của quyết định phê duyệt.",
            "State number and day of the decision that approves it.",
        );
        faults.push(Fault::new("/document_number", "required", message));
    }
    if !is_approved && body.document_on.is_some() {
        let message = Bilingual::new(
            "Đề án chưa phê duyệt thì chưa có quyết định phê duyệt.",
            "A scheme that is not approved has no decision that approves it.",
        );
        faults.push(Fault::new("/document_on", "not_approved", message));
    }
    if body.document_on.is_some_and(|day| day < body.dated_on) {
        let message = Bilingual::new(
            "Ngày phê duyệt không được trước ngày đề án.",
            "A scheme must not be approved before its day.",
        );
        faults.push(Fault::new("/document_on", "before_start", message));
    }
    faults
}

/// What is noticed about a scheme.
fn remarks(row: &JobPositionSchemeRow, tree: &OrgTree) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let differs = row.units_covered.and_then(|covered| other_count(covered, units_there(row, tree)));
    of_year.into_iter().chain(differs).collect()
}

/// A scheme of another number of units than there are. Where the tree has none of the kind it is not known.
fn other_count(covered: i64, there: i64) -> Option<Remark> {
    if there == 0 || covered == there {
        return None;
    }
    let message = Bilingual::new(
        format!("Đề án có {covered} đơn vị nhưng cây tổ chức có {there} đơn vị."),
        format!("The scheme covers {covered} units, but there are {there} in the tree of units."),
    );
    let remark = Remark::new("/units_covered", Rule::UnitsDiffer, message);
    Some(remark.with("units_covered", covered).with("units_there", there))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a JobPositionSchemeFilter, _: NaiveDate) -> Query<'a> {
    if let Some(coverage) = filter.coverage {
        query = query.filter(columns::coverage.eq(coverage));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(columns::stage.eq(stage));
    }
    if let Some(day) = filter.dated_from {
        query = query.filter(columns::dated_on.ge(day));
    }
    if let Some(day) = filter.dated_to {
        query = query.filter(columns::dated_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Schemes of job positions, as they are written.
    records: JobPositionSchemes, record_type: "job_position_scheme",
    table: job_position_schemes, id: JobPositionSchemeId, row: JobPositionSchemeRow, answer: JobPositionScheme,
    create: JobPositionSchemeCreate, filter: JobPositionSchemeFilter, unit on: dated_on,
    key: |body| {
        coverage: SchemeCoverage = body.coverage, dated_on: NaiveDate = body.dated_on,
        title_folded: String = fold(&body.title),
    },
    sought by: [dated_on, title_folded],
    order: JobPositionSchemeSort::{DatedOn, DatedOnDesc} by dated_on: NaiveDate, DatedOnDesc first,
    days: [dated_from, dated_to], matching: matching, faults: faults,
    list: scheme_list, get: scheme_get, seen: scheme_seen, delete: scheme_delete,
}

crud! {
    tag: "job-position-schemes", what: "a scheme of job positions", many: "schemes of job positions",
    vi: "đề án vị trí việc làm",
    collection: "/api/v1/civil-service/job-position-schemes", record: "/api/v1/civil-service/job-position-schemes/{id}",
    id: JobPositionSchemeId, row: JobPositionScheme, page: JobPositionSchemePage,
    create: JobPositionSchemeCreate, patch: JobPositionSchemePatch, filter: JobPositionSchemeFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_job_position_schemes => scheme_list, get: get_job_position_scheme => scheme_get,
    create_one: create_job_position_scheme => insert::<JobPositionSchemes>,
    replace: replace_job_position_scheme => replace::<JobPositionSchemes>, patch_one: patch_job_position_scheme,
    delete: delete_job_position_scheme => scheme_delete,
    batch: "/api/v1/civil-service/job-position-schemes/batch", batch_job_position_schemes => JobPositionSchemes,
    import: "/api/v1/civil-service/job-position-schemes/import", import_job_position_schemes, template: "/api/v1/civil-service/job-position-schemes/template", get_job_position_scheme_template, sheet: "job-position-schemes",
}

attachments! {
    tag: "job-position-schemes", of: "a scheme of job positions", vi: "đề án vị trí việc làm",
    list_path: "/api/v1/civil-service/job-position-schemes/{id}/attachments",
    path: "/api/v1/civil-service/job-position-schemes/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/job-position-schemes/{id}/attachments/{attachment_id}/content",
    owner: JobPositionSchemeAttachments, record_type: JobPositionScheme, table: "job_position_schemes", id: JobPositionSchemeId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: scheme_seen, changeable: scheme_seen,
    list: list_job_position_scheme_attachments, attach: create_job_position_scheme_attachment,
    get: get_job_position_scheme_attachment, content: get_job_position_scheme_attachment_content,
    delete: delete_job_position_scheme_attachment,
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

    unit_lists_are_indexed!(job_position_schemes, JobPositionSchemeRow, {
        let none = JobPositionSchemeFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            JobPositionSchemeFilter { sort: Some(JobPositionSchemeSort::DatedOn), ..none() },
            JobPositionSchemeFilter {
                coverage: Some(SchemeCoverage::ServiceUnits),
                stage: Some(SchemeStage::Approved),
                q: Some("sự nghiệp".into()),
                ..none()
            },
            JobPositionSchemeFilter { dated_from: day, dated_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "coverage": "service_units", "title": "Đề án", "dated_on": "2024-03-29", "stage": "submitted",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn what_is_approved_has_its_decision() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"stage": "approved"})), [pair("/document_number", "required")]);
        let decided = |stage: &str, day: &str| json!({"stage": stage, "document_number": "3486/QĐ-UBND", "document_on": day});
        assert_eq!(codes(&decided("approved", "2024-03-29")), []);
        assert_eq!(codes(&decided("submitted", "2024-03-29")), [pair("/document_on", "not_approved")]);
        assert_eq!(codes(&decided("approved", "2024-03-28")), [pair("/document_on", "before_start")]);
    }

    #[test]
    fn units_are_counted_against_the_tree() {
        let remark = other_count(65, 67).unwrap();
        assert_eq!((remark.numbers["units_covered"], remark.numbers["units_there"]), (65, 67));
        assert_eq!((other_count(67, 67), other_count(65, 0)), (None, None));
    }
}
