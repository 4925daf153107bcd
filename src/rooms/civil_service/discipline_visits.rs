//! Visits of inspections of discipline (lượt kiểm tra): which unit was visited on which day, what was found and
//! what became of it. A visit belongs to the unit that inspects, as its
//! [inspection](super::discipline_inspections) does, so that who was visited cannot take it back.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{discipline_inspections, discipline_visits as columns};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::other_units::written_unit;
use kernel::remarks::Remark;
use kernel::reporting::holidays::calendar;
use kernel::reporting::working_days::{Calendar, DayKind};
use kernel::rules::Rule;
use kernel::text::{day_vi, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, load_held, other_unit, text_enum, unit_fields, unit_store};

id! {
    /// Id of a visit of an inspection (lượt kiểm tra).
    DisciplineVisitId
}

text_enum! {
    /// What a visit found (kết quả kiểm tra).
    pub enum VisitOutcome {
        /// What the law asks for was kept.
        Compliant => "compliant", "chấp hành tốt";
        /// Something was not.
        Violations => "violations", "có vi phạm, thiếu sót";
    }
}

text_enum! {
    /// Order of visits (thứ tự).
    pub enum DisciplineVisitSort {
        /// Earliest first.
        VisitedOn => "visited_on", "ngày kiểm tra tăng dần";
        /// Latest first.
        VisitedOnDesc => "-visited_on", "ngày kiểm tra giảm dần";
    }
}

unit_fields! {
    table: discipline_visits, id: DisciplineVisitId, page: DisciplineVisitPage of "visits of inspections",
    unit on visited_on: {
        shown "The unit that inspects (đơn vị kiểm tra).", named "Its name on the day (tên đơn vị).",
        sent "The unit that inspects, by id; exactly one of id, identifier and code (đơn vị kiểm tra).",
        read "The unit that inspects by its statistics code, read on the day (mã đơn vị hành chính).",
    }
    /// A visit as it is stored.
    row: DisciplineVisitRow;
    /// A unit that was visited by an inspection, and what was found (lượt kiểm tra). It names no person.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000036", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "92", "org_unit_identifier": "H13", "org_unit_name": "Thành phố Cần Thơ",
        "inspection_code": "536/2026", "visited_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "visited_unit_code": "31420", "visited_unit_identifier": "H13.44", "visited_unit_name": "Xã Phụng Hiệp",
        "visited_on": "2026-05-04", "day_kind": "working_day", "outcome": "violations", "persons_checked": 41,
        "violations": 1, "findings": "Có 01 công chức không đeo thẻ.", "follow_up": "Chấn chỉnh, báo cáo kết quả.",
        "follow_up_by": "2026-05-15", "followed_up_on": null, "remarks": [], "source_note": null, "note": null,
        "version": 1, "created_at": "2026-05-04T02:00:00Z", "updated_at": "2026-05-04T02:00:00Z"
    }))]
    answer: DisciplineVisit;
    /// A new visit, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "92", "inspection_code": "536/2026", "visited_unit_code": "31420",
        "visited_on": "2026-05-04", "outcome": "compliant"
    }))]
    create: DisciplineVisitCreate;
    /// Changes to a visit (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"followed_up_on": "2026-05-12"}))]
    patch: DisciplineVisitPatch;
    fields: {
        /// Code of its inspection, of the same unit (số hiệu đợt kiểm tra).
        inspection_code: words(1..=50), folded inspection_folded;
        visited_unit_code: kept String = other_written(body);
        /// The unit that was visited, by id; exactly one of id, identifier and code (đơn vị được kiểm tra).
        visited_unit_id: sent Option<OrgUnitId> = other_id_after(patch, present);
        /// The same by its identification code (mã định danh đơn vị được kiểm tra).
        visited_unit_identifier: sent Option<text(1..=35)> = other_identifier_after(patch, present);
        /// The same by its statistics code on the day (mã đơn vị được kiểm tra).
        visited_unit_code: sent Option<text(1..=20)> = other_code_after(patch, present);
        /// The unit that was visited, by id (đơn vị được kiểm tra).
        visited_unit_id: derived Option<OrgUnitId> = other_id(row, tree);
        /// Its statistics code on the day (mã đơn vị được kiểm tra); null of a unit without one.
        visited_unit_code: derived Option<String> = other_code(row, tree);
        /// Its identification code (mã định danh đơn vị được kiểm tra).
        visited_unit_identifier: derived Option<String> = other_identifier(row, tree);
        /// Its name on the day (tên đơn vị được kiểm tra).
        visited_unit_name: derived Option<String> = other_name(row, tree);
        /// When (ngày kiểm tra).
        visited_on: NaiveDate;
        /// What that day is to public offices (loại ngày); null where the holidays of its year are not all listed.
        day_kind: derived Option<DayKind> = unread(row);
        /// What was found (kết quả kiểm tra).
        outcome: VisitOutcome;
        /// Persons who were looked at (số người được kiểm tra); null where it was not counted.
        persons_checked: Option<number(0..=1_000_000)>;
        /// Violations (số trường hợp vi phạm); null where it was not counted.
        violations: Option<number(0..=1_000_000)>;
        /// What was found, without names (nội dung phát hiện).
        findings: Option<text(1..=4000)>;
        /// What the unit is to do (yêu cầu khắc phục).
        follow_up: Option<text(1..=2000)>;
        /// By when (thời hạn khắc phục).
        follow_up_by: Option<NaiveDate>;
        /// When it was done (ngày khắc phục xong).
        followed_up_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = no_remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which visits a list holds.
    filter: DisciplineVisitFilter of "The unit that inspects, by id (đơn vị kiểm tra)." {
        /// Of the inspection with this code (số hiệu đợt kiểm tra).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        inspection_code: Option<String>,
        /// To the unit with this statistics code (mã đơn vị được kiểm tra).
        #[validate(length(min = 1, max = 20))]
        #[param(min_length = 1, max_length = 20)]
        visited_unit_code: Option<String>,
        /// What was found (kết quả kiểm tra).
        #[param(inline)]
        outcome: Option<VisitOutcome>,
        /// On this day or later (từ ngày).
        visited_from: Option<NaiveDate>,
        /// On this day or before (đến ngày).
        visited_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DisciplineVisitSort>,
    }
}

other_unit! {
    role: "visited_unit", on: visited_on,
    row: DisciplineVisitRow, answer: DisciplineVisit, create: DisciplineVisitCreate, patch: DisciplineVisitPatch,
    id: visited_unit_id, identifier: visited_unit_identifier, code: visited_unit_code,
}

/// What the row alone tells of its day.
const fn unread(_: &DisciplineVisitRow) -> Option<DayKind> {
    None
}

/// What the row alone shows: all that is noticed rests on the calendar and the inspection.
const fn no_remarks(_: &DisciplineVisitRow) -> Vec<Remark> {
    Vec::new()
}

/// Faults that a body shows by itself.
fn faults(body: &DisciplineVisitCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/visited_on", Some(body.visited_on)),
        ("/follow_up_by", body.follow_up_by),
        ("/followed_up_on", body.followed_up_on),
    ])
    .collect();
    let days = [("/follow_up_by", body.follow_up_by), ("/followed_up_on", body.followed_up_on)];
    for (pointer, _) in days.into_iter().filter(|(_, day)| day.is_some_and(|day| day < body.visited_on)) {
        let message = Bilingual::new(
            "Ngày này không được trước ngày kiểm tra.",
            "This day must not be before that of the visit.",
        );
        faults.push(Fault::new(pointer, "before_visit", message));
    }
    match body.outcome {
        VisitOutcome::Violations if body.findings.is_none() => {
            let message = Bilingual::new("Nêu nội dung vi phạm, thiếu sót.", "State what was found.");
            faults.push(Fault::new("/findings", "required", message));
        }
        VisitOutcome::Compliant if body.violations.is_some_and(|count| count > 0) => {
            let message = Bilingual::new(
                "Đơn vị chấp hành tốt thì không có trường hợp vi phạm.",
                "Where all was kept nothing was violated.",
            );
            faults.push(Fault::new("/violations", "none_found", message));
        }
        _ => {}
    }
    faults
}

/// An inspection as its visits are held against it: its first and last day.
type Inspections = HashMap<(OrgUnitId, String), (NaiveDate, Option<NaiveDate>)>;

/// The inspections of these units with these codes.
fn inspections(
    conn: &mut DbConn,
    units: HashSet<OrgUnitId>,
    codes: HashSet<String>,
) -> Result<Inspections, ApiError> {
    use discipline_inspections as i;
    let rows: Vec<(OrgUnitId, String, NaiveDate, Option<NaiveDate>)> = i::table
        .filter(i::deleted_at.is_null())
        .filter(i::org_unit_id.eq_any(units).and(i::code_folded.eq_any(codes)))
        .select((i::org_unit_id, i::code_folded, i::starts_on, i::ends_on))
        .load(conn)?;
    Ok(rows.into_iter().map(|(unit, code, from, to)| ((unit, code), (from, to))).collect())
}

/// Those of these inspections that there are; they stay as they are until the transaction ends.
fn held_inspections(
    conn: &mut DbConn,
    units: HashSet<OrgUnitId>,
    codes: HashSet<String>,
) -> Result<HashSet<(OrgUnitId, String)>, ApiError> {
    use discipline_inspections as i;
    let named = i::org_unit_id.eq_any(units).and(i::code_folded.eq_any(codes)).and(i::deleted_at.is_null());
    let held: Vec<(OrgUnitId, String)> =
        load_held!(conn, i::table.filter(named).order_by(i::id).select((i::org_unit_id, i::code_folded)))?;
    Ok(held.into_iter().collect())
}

/// Refuses visits of an inspection, or to a unit, that is not there.
fn of_what_is_there(
    conn: &mut DbConn,
    scoped: &Scoped,
    made: Vec<Result<DisciplineVisitRow, ApiError>>,
) -> Result<Vec<Result<DisciplineVisitRow, ApiError>>, ApiError> {
    let rows = || made.iter().flatten();
    let units = rows().map(|row| row.org_unit_id).collect();
    let codes = rows().map(|row| row.inspection_folded.clone()).collect();
    let known = held_inspections(conn, units, codes)?;
    let held = |row: DisciplineVisitRow| {
        let mut faults = Vec::new();
        if !known.contains(&(row.org_unit_id, row.inspection_folded.clone())) {
            let message = Bilingual::new(
                "Đơn vị không có đợt kiểm tra nào mang số hiệu này.",
                "The unit has no inspection with this code.",
            );
            faults.push(Fault::new("/inspection_code", "unknown_inspection", message));
        }
        if written_unit(scoped.tree(), &row.visited_unit_code, row.visited_on).is_none() {
            let message = Bilingual::new(
                format!("Không có đơn vị nào như vậy vào ngày {}.", day_vi(row.visited_on)),
                format!("There is no such unit on {}.", row.visited_on),
            );
            faults.push(Fault::new("/visited_unit_code", "unknown_unit", message));
        }
        if faults.is_empty() { Ok(row) } else { Err(ApiError::invalid(faults)) }
    };
    Ok(made.into_iter().map(|made| made.and_then(held)).collect())
}

/// Tells what the days of visits were, and what is noticed about them.
fn with_days(
    conn: &mut DbConn,
    _: &Scoped,
    today: NaiveDate,
    visits: &mut [DisciplineVisit],
) -> Result<(), ApiError> {
    let years = || visits.iter().map(|visit| visit.visited_on.year());
    let (Some(first), Some(last)) = (years().min(), years().max()) else { return Ok(()) };
    let calendar = calendar(conn, first..=last)?;
    let units = visits.iter().map(|visit| visit.org_unit_id).collect();
    let codes = visits.iter().map(|visit| fold(&visit.inspection_code)).collect();
    let known = inspections(conn, units, codes)?;
    for visit in visits {
        let inspection = known.get(&(visit.org_unit_id, fold(&visit.inspection_code)));
        visit.day_kind = calendar.kind(visit.visited_on).ok().map(|(kind, _)| kind);
        let of_day = day_remark(&calendar, visit.visited_on);
        let of_span = inspection.and_then(|span| span_remark(*span, visit.visited_on));
        visit.remarks = of_day.into_iter().chain(of_span).chain(late_remark(visit, today)).collect();
    }
    Ok(())
}

/// A visit on a day on which nobody works: nobody's hours can be looked at then.
fn day_remark(calendar: &Calendar, day: NaiveDate) -> Option<Remark> {
    match calendar.kind(day) {
        Ok((kind, _)) if kind.works() => None,
        Ok((kind, _)) => {
            let message = Bilingual::new(
                format!("Kiểm tra vào {} ({}), không phải ngày làm việc.", day_vi(day), kind.label_vi()),
                format!("The visit was on {day} ({kind}), which is no working day."),
            );
            Some(Remark::new("/visited_on", Rule::NoWorkingDay, message))
        }
        Err(year) => {
            let message = Bilingual::new(
                format!(
                    "Chưa có đủ dữ liệu ngày nghỉ của năm {} nên chưa biết có phải ngày làm việc.",
                    year.0
                ),
                format!(
                    "The holidays of {} are not all listed, so it is not known whether it was a working day.",
                    year.0
                ),
            );
            Some(Remark::new("/visited_on", Rule::UnknownYear, message).with("year", year.0.into()))
        }
    }
}

/// A visit outside the days of its inspection.
fn span_remark((from, to): (NaiveDate, Option<NaiveDate>), day: NaiveDate) -> Option<Remark> {
    if from <= day && to.is_none_or(|last| day <= last) {
        return None;
    }
    let message = Bilingual::new(
        "Ngày kiểm tra nằm ngoài thời gian của đợt kiểm tra.",
        "The visit is outside the days of its inspection.",
    );
    Some(Remark::new("/visited_on", Rule::OutsideInspection, message))
}

/// What was to be done by a day that is past, and is not done.
fn late_remark(visit: &DisciplineVisit, today: NaiveDate) -> Option<Remark> {
    let due = visit.follow_up_by.filter(|due| visit.followed_up_on.is_none() && *due < today)?;
    let days = (today - due).num_days();
    let message = Bilingual::new(
        format!("Quá thời hạn khắc phục {days} ngày."),
        format!("What was to be done is {days} days late."),
    );
    Some(Remark::new("/followed_up_on", Rule::FollowUpLate, message).with("days", days))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DisciplineVisitFilter, _: NaiveDate) -> Query<'a> {
    if let Some(code) = &filter.inspection_code {
        query = query.filter(columns::inspection_folded.eq(fold(code)));
    }
    if let Some(code) = &filter.visited_unit_code {
        query = query.filter(columns::visited_unit_code.eq(code));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(columns::outcome.eq(outcome));
    }
    if let Some(day) = filter.visited_from {
        query = query.filter(columns::visited_on.ge(day));
    }
    if let Some(day) = filter.visited_to {
        query = query.filter(columns::visited_on.le(day));
    }
    query
}

unit_store! {
    /// Visits of inspections, as they are written.
    records: DisciplineVisits, record_type: "discipline_visit",
    table: discipline_visits, id: DisciplineVisitId, row: DisciplineVisitRow, answer: DisciplineVisit,
    create: DisciplineVisitCreate, filter: DisciplineVisitFilter, unit on: visited_on,
    key: |body| {
        inspection_folded: String = fold(&body.inspection_code),
        visited_unit_code: String = other_written(body), visited_on: NaiveDate = body.visited_on,
    },
    sought by: [inspection_folded],
    order: DisciplineVisitSort::{VisitedOn, VisitedOnDesc} by visited_on: NaiveDate, VisitedOnDesc first,
    days: [visited_from, visited_to], matching: matching, faults: faults, naming: other_named,
    beside: of_what_is_there,
    with: with_days, list: visit_list, get: visit_get, seen: visit_seen, delete: visit_delete,
}

crud! {
    tag: "discipline-visits", what: "a visit of an inspection", many: "visits of inspections",
    vi: "lượt kiểm tra kỷ luật, kỷ cương hành chính",
    collection: "/api/v1/civil-service/discipline-visits", record: "/api/v1/civil-service/discipline-visits/{id}",
    id: DisciplineVisitId, row: DisciplineVisit, page: DisciplineVisitPage,
    create: DisciplineVisitCreate, patch: DisciplineVisitPatch, filter: DisciplineVisitFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_discipline_visits => visit_list, get: get_discipline_visit => visit_get,
    create_one: create_discipline_visit => insert::<DisciplineVisits>,
    replace: replace_discipline_visit => replace::<DisciplineVisits>, patch_one: patch_discipline_visit,
    delete: delete_discipline_visit => visit_delete,
    batch: "/api/v1/civil-service/discipline-visits/batch", batch_discipline_visits => DisciplineVisits,
    import: "/api/v1/civil-service/discipline-visits/import", import_discipline_visits, template: "/api/v1/civil-service/discipline-visits/template", get_discipline_visit_template, sheet: "discipline-visits",
}

attachments! {
    tag: "discipline-visits", of: "a visit of an inspection", vi: "lượt kiểm tra kỷ luật, kỷ cương hành chính",
    list_path: "/api/v1/civil-service/discipline-visits/{id}/attachments",
    path: "/api/v1/civil-service/discipline-visits/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/discipline-visits/{id}/attachments/{attachment_id}/content",
    owner: DisciplineVisitAttachments, record_type: DisciplineVisit, table: "discipline_visits", id: DisciplineVisitId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: visit_seen, changeable: visit_seen,
    list: list_discipline_visit_attachments, attach: create_discipline_visit_attachment,
    get: get_discipline_visit_attachment, content: get_discipline_visit_attachment_content,
    delete: delete_discipline_visit_attachment,
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
    use kernel::reporting::holidays::bundled_calendar;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(discipline_visits, DisciplineVisitRow, {
        let none = DisciplineVisitFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DisciplineVisitFilter { sort: Some(DisciplineVisitSort::VisitedOn), ..none() },
            DisciplineVisitFilter {
                visited_unit_code: Some("31420".into()),
                outcome: Some(VisitOutcome::Violations),
                ..none()
            },
            DisciplineVisitFilter { visited_from: day, visited_to: day, ..none() },
        ]
    });

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_on_which_nobody_works_is_noticed() {
        let calendar = bundled_calendar();
        let code = |text: &str| day_remark(&calendar, day(text)).map(|remark| remark.code);
        // A Saturday that was worked for Monday, 29 April; the one after it was not.
        assert_eq!(code("2024-05-04"), None);
        assert_eq!(code("2024-05-11"), Some("no_working_day"));
        assert_eq!((code("2024-05-01"), code("2024-05-06")), (Some("no_working_day"), None));
        assert_eq!(code("1999-05-04"), Some("unknown_year"));
    }

    #[test]
    fn a_visit_stands_within_its_inspection() {
        let (from, to) = (day("2024-05-04"), Some(day("2024-05-06")));
        for (on, is_noticed) in
            [("2024-05-03", true), ("2024-05-04", false), ("2024-05-06", false), ("2024-05-07", true)]
        {
            assert_eq!(span_remark((from, to), day(on)).is_some(), is_noticed, "{on}");
        }
        assert_eq!(span_remark((from, None), day("2024-05-07")), None);
    }

    #[test]
    fn what_was_found_is_told() {
        let codes = |change: Value| {
            let mut body = json!({"inspection_code": "1536/2024", "visited_unit_code": "31435", "visited_on": "2024-05-04"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let body = serde_json::from_value(body).unwrap();
            faults(&body).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(codes(json!({"outcome": "compliant", "violations": 0})), [""; 0]);
        assert_eq!(codes(json!({"outcome": "compliant", "violations": 1})), ["/violations"]);
        assert_eq!(codes(json!({"outcome": "violations"})), ["/findings"]);
        let early =
            json!({"outcome": "violations", "findings": "Đi làm muộn.", "follow_up_by": "2024-05-03"});
        assert_eq!(codes(early), ["/follow_up_by"]);
    }
}
