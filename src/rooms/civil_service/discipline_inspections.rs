//! Inspections of discipline (kiểm tra kỷ luật, kỷ cương hành chính): a team goes, announced or not, and looks
//! whether working hours are kept, badges worn and time well used. Whom it visited and what it found stands in
//! its [`visits`](super::discipline_visits), which name it by its code.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::discipline_visits::VisitOutcome;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{discipline_inspections as columns, discipline_visits};
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Fault};
use kernel::remarks::Remark;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::{day_faults, last_day_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of an inspection of discipline (đợt kiểm tra kỷ luật, kỷ cương).
    DisciplineInspectionId
}

text_enum! {
    /// Whether those inspected knew of it (hình thức kiểm tra).
    pub enum InspectionNotice {
        /// It was announced.
        Announced => "announced", "theo kế hoạch, có báo trước";
        /// It was not.
        Unannounced => "unannounced", "đột xuất";
    }
}

text_enum! {
    /// Order of inspections (thứ tự).
    pub enum DisciplineInspectionSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: discipline_inspections, id: DisciplineInspectionId, page: DisciplineInspectionPage of "inspections of discipline",
    unit on starts_on: {
        shown "The unit that inspects (đơn vị kiểm tra).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that inspects, by id; exactly one of id, identifier and code (đơn vị kiểm tra).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// An inspection as it is stored.
    row: DisciplineInspectionRow;
    /// A team looks whether discipline and working hours are kept (đợt kiểm tra kỷ luật, kỷ cương hành chính).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000035", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "code": "536/2026", "topic": "Kiểm tra việc chấp hành giờ giấc làm việc", "team": "Đoàn Kiểm tra 536",
        "notice": "unannounced", "starts_on": "2026-05-04", "ends_on": "2026-05-04",
        "document_number": "536/QĐ-UBND", "document_on": "2026-04-20", "conclusion": null, "visits": 3,
        "visits_with_violations": 0, "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2026-05-04T02:00:00Z", "updated_at": "2026-05-04T02:00:00Z"
    }))]
    answer: DisciplineInspection;
    /// A new inspection, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "code": "536/2026", "topic": "Kiểm tra việc chấp hành giờ giấc làm việc",
        "notice": "unannounced", "starts_on": "2026-05-04"
    }))]
    create: DisciplineInspectionCreate;
    /// Changes to an inspection (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"ends_on": "2026-05-05"}))]
    patch: DisciplineInspectionPatch;
    fields: {
        /// Its code, by which its visits name it, such as number and year of the team's decision (số hiệu đợt kiểm tra).
        code: words(1..=50), folded code_folded;
        /// What is looked at (nội dung kiểm tra).
        topic: words(1..=500), folded topic_folded;
        /// What the team is called, never who is in it (đoàn kiểm tra).
        team: Option<text(1..=250)>;
        /// Whether those inspected knew of it (hình thức kiểm tra).
        notice: InspectionNotice;
        /// First day (ngày bắt đầu).
        starts_on: NaiveDate;
        /// Last day (ngày kết thúc); null while it goes on.
        ends_on: Option<NaiveDate>;
        /// Number of the decision or plan (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// What it concluded (kết luận).
        conclusion: Option<text(1..=4000)>;
        /// How many visits it made (số lượt kiểm tra).
        visits: derived i64 = no_visits(row);
        /// In how many of them something was found (số lượt có vi phạm).
        visits_with_violations: derived i64 = no_visits(row);
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which inspections a list holds.
    filter: DisciplineInspectionFilter of "The unit that inspects, by id (đơn vị kiểm tra)." {
        /// Whether those inspected knew of it (hình thức kiểm tra).
        #[param(inline)]
        notice: Option<InspectionNotice>,
        /// Begun on this day or later (bắt đầu từ ngày).
        starts_from: Option<NaiveDate>,
        /// Begun on this day or before (bắt đầu đến ngày).
        starts_to: Option<NaiveDate>,
        /// Words of the topic in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DisciplineInspectionSort>,
    }
}

/// What the row alone tells of its visits.
const fn no_visits(_: &DisciplineInspectionRow) -> i64 {
    0
}

/// Faults that a body shows by itself.
fn faults(body: &DisciplineInspectionCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", body.ends_on),
        ("/document_on", body.document_on),
    ])
    .collect();
    faults.extend(last_day_fault("/ends_on", body.starts_on, body.ends_on));
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    faults
}

/// What is noticed about an inspection.
fn remarks(row: &DisciplineInspectionRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    document.and_then(|(number, day)| year_remark("/document_number", number, day)).into_iter().collect()
}

/// Counts the visits of inspections.
fn with_visits(
    conn: &mut DbConn,
    _: &Scoped,
    _: NaiveDate,
    inspections: &mut [DisciplineInspection],
) -> Result<(), ApiError> {
    use discipline_visits as v;
    let units: HashSet<OrgUnitId> = inspections.iter().map(|one| one.org_unit_id).collect();
    let codes: HashSet<String> = inspections.iter().map(|one| fold(&one.code)).collect();
    let counted: Vec<(OrgUnitId, String, VisitOutcome, i64)> = v::table
        .filter(v::deleted_at.is_null())
        .filter(v::org_unit_id.eq_any(units).and(v::inspection_folded.eq_any(codes)))
        .group_by((v::org_unit_id, v::inspection_folded, v::outcome))
        .select((v::org_unit_id, v::inspection_folded, v::outcome, count_star()))
        .load(conn)?;
    let mut visits: HashMap<(OrgUnitId, String), (i64, i64)> = HashMap::new();
    for (unit, code, outcome, count) in counted {
        let (all, violated) = visits.entry((unit, code)).or_default();
        *all += count;
        *violated += if outcome == VisitOutcome::Violations { count } else { 0 };
    }
    for one in inspections {
        let made = visits.get(&(one.org_unit_id, fold(&one.code))).copied().unwrap_or_default();
        (one.visits, one.visits_with_violations) = made;
    }
    Ok(())
}

/// By what visits name an inspection: its unit and code.
type InspectionKey = (OrgUnitId, String);

impl DisciplineInspectionRow {
    fn key(&self) -> InspectionKey {
        (self.org_unit_id, self.code_folded.clone())
    }
}

/// Those of these inspections that visits name.
fn visited(
    conn: &mut DbConn,
    inspections: &HashSet<InspectionKey>,
) -> Result<HashSet<InspectionKey>, ApiError> {
    use discipline_visits as v;
    let units: HashSet<OrgUnitId> = inspections.iter().map(|(unit, _)| *unit).collect();
    let codes: HashSet<&str> = inspections.iter().map(|(_, code)| code.as_str()).collect();
    let named: Vec<InspectionKey> = v::table
        .filter(v::deleted_at.is_null())
        .filter(v::org_unit_id.eq_any(units).and(v::inspection_folded.eq_any(codes)))
        .select((v::org_unit_id, v::inspection_folded))
        .distinct()
        .load(conn)?;
    Ok(named.into_iter().filter(|key| inspections.contains(key)).collect())
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DisciplineInspectionFilter, _: NaiveDate) -> Query<'a> {
    if let Some(notice) = filter.notice {
        query = query.filter(columns::notice.eq(notice));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(columns::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(columns::starts_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::topic_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Inspections of discipline, as they are written.
    records: DisciplineInspections, record_type: "discipline_inspection",
    table: discipline_inspections, id: DisciplineInspectionId, row: DisciplineInspectionRow, answer: DisciplineInspection,
    create: DisciplineInspectionCreate, filter: DisciplineInspectionFilter, unit on: starts_on,
    key: |body| { code_folded: String = fold(&body.code) },
    sought by: [code_folded],
    named: InspectionKey = DisciplineInspectionRow::key, by: visited,
    order: DisciplineInspectionSort::{StartsOn, StartsOnDesc} by starts_on: NaiveDate, StartsOnDesc first,
    days: [starts_from, starts_to], matching: matching, faults: faults, with: with_visits,
    list: inspection_list, get: inspection_get, seen: inspection_seen, delete: inspection_delete,
}

crud! {
    tag: "discipline-inspections", what: "an inspection of discipline", many: "inspections of discipline",
    vi: "đợt kiểm tra kỷ luật, kỷ cương hành chính",
    collection: "/api/v1/civil-service/discipline-inspections", record: "/api/v1/civil-service/discipline-inspections/{id}",
    id: DisciplineInspectionId, row: DisciplineInspection, page: DisciplineInspectionPage,
    create: DisciplineInspectionCreate, patch: DisciplineInspectionPatch, filter: DisciplineInspectionFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_discipline_inspections => inspection_list, get: get_discipline_inspection => inspection_get,
    create_one: create_discipline_inspection => insert::<DisciplineInspections>,
    replace: replace_discipline_inspection => replace::<DisciplineInspections>, patch_one: patch_discipline_inspection,
    delete: delete_discipline_inspection => inspection_delete,
    batch: "/api/v1/civil-service/discipline-inspections/batch", batch_discipline_inspections => DisciplineInspections,
    import: "/api/v1/civil-service/discipline-inspections/import", import_discipline_inspections, template: "/api/v1/civil-service/discipline-inspections/template", get_discipline_inspection_template, sheet: "discipline-inspections",
}

attachments! {
    tag: "discipline-inspections", of: "an inspection of discipline", vi: "đợt kiểm tra kỷ luật, kỷ cương hành chính",
    list_path: "/api/v1/civil-service/discipline-inspections/{id}/attachments",
    path: "/api/v1/civil-service/discipline-inspections/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/discipline-inspections/{id}/attachments/{attachment_id}/content",
    owner: DisciplineInspectionAttachments, record_type: DisciplineInspection, table: "discipline_inspections", id: DisciplineInspectionId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: inspection_seen, changeable: inspection_seen,
    list: list_discipline_inspection_attachments, attach: create_discipline_inspection_attachment,
    get: get_discipline_inspection_attachment, content: get_discipline_inspection_attachment_content,
    delete: delete_discipline_inspection_attachment,
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

    unit_lists_are_indexed!(discipline_inspections, DisciplineInspectionRow, {
        let none = DisciplineInspectionFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DisciplineInspectionFilter { sort: Some(DisciplineInspectionSort::StartsOn), ..none() },
            DisciplineInspectionFilter {
                notice: Some(InspectionNotice::Unannounced),
                q: Some("giờ giấc".into()),
                ..none()
            },
            DisciplineInspectionFilter { starts_from: day, starts_to: day, ..none() },
        ]
    });

    #[test]
    fn an_inspection_ends_after_it_began() {
        let pointers = |ends_on: &str| {
            let body = serde_json::json!({
                "code": "1536/2024", "topic": "Giờ giấc", "notice": "unannounced", "starts_on": "2024-05-04",
                "ends_on": ends_on,
            });
            let body = serde_json::from_value(body).unwrap();
            faults(&body).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers("2024-05-04"), [""; 0]);
        assert_eq!(pointers("2024-05-03"), ["/ends_on"]);
    }
}
