//! Training (đào tạo, bồi dưỡng): courses to which those who serve are sent, from a week on a skill to a
//! doctorate, with the plan behind them and who finished.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::training_courses as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::validity::{day_faults, last_day_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a course of training (lớp đào tạo, bồi dưỡng).
    TrainingCourseId
}

text_enum! {
    /// What is taught (loại đào tạo, bồi dưỡng).
    pub enum TrainingKind {
        /// For a degree.
        Degree => "degree", "đào tạo trình độ chuyên môn";
        /// For a rank of civil servants.
        Rank => "rank", "bồi dưỡng theo tiêu chuẩn ngạch";
        /// For a professional title of public employees.
        ProfessionalTitle => "professional_title", "bồi dưỡng theo tiêu chuẩn chức danh nghề nghiệp";
        /// For leaders and managers.
        Leadership => "leadership", "bồi dưỡng lãnh đạo, quản lý";
        /// Political theory.
        PoliticalTheory => "political_theory", "lý luận chính trị";
        /// For what a job asks for.
        JobSkills => "job_skills", "bồi dưỡng theo vị trí việc làm, kỹ năng nghiệp vụ";
        /// Digital skills.
        DigitalSkills => "digital_skills", "bồi dưỡng công nghệ thông tin, chuyển đổi số";
        /// Several of these in one plan.
        Several => "several", "nhiều nội dung trong một kế hoạch";
    }
}

text_enum! {
    /// The degree that is studied for (trình độ đào tạo).
    pub enum TrainingLevel {
        /// Intermediate vocational training.
        Intermediate => "intermediate", "trung cấp";
        /// College.
        College => "college", "cao đẳng";
        /// University.
        Bachelor => "bachelor", "đại học";
        /// A degree after university, without saying which.
        Postgraduate => "postgraduate", "sau đại học";
        /// Master.
        Master => "master", "thạc sĩ";
        /// Doctor.
        Doctor => "doctor", "tiến sĩ";
    }
}

text_enum! {
    /// Order of courses (thứ tự).
    pub enum TrainingCourseSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: training_courses, id: TrainingCourseId, page: TrainingCoursePage of "courses of training",
    unit on starts_on: {
        shown "The unit that sends (đơn vị cử đi học).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that sends, by id; exactly one of id, identifier and code (đơn vị cử đi học).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A course as it is stored.
    row: TrainingCourseRow;
    /// A course to which those who serve are sent (lớp đào tạo, bồi dưỡng). It names no person.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000033", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "kind": "rank", "level": null, "title": "Bồi dưỡng ngạch chuyên viên", "provider": "Trường Chính trị thành phố",
        "starts_on": "2026-03-16", "ends_on": "2026-05-15", "document_number": "72/KH-UBND",
        "document_on": "2026-01-21", "places": 5, "persons_sent": 4, "persons_finished": null, "remarks": [],
        "source_note": null, "note": null, "version": 1, "created_at": "2026-03-16T02:00:00Z",
        "updated_at": "2026-03-16T02:00:00Z"
    }))]
    answer: TrainingCourse;
    /// A new course, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "kind": "rank", "title": "Bồi dưỡng ngạch chuyên viên",
        "starts_on": "2026-03-16", "places": 5, "persons_sent": 4
    }))]
    create: TrainingCourseCreate;
    /// Changes to a course (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"ends_on": "2026-05-15", "persons_finished": 4}))]
    patch: TrainingCoursePatch;
    fields: {
        /// What is taught (loại đào tạo, bồi dưỡng).
        kind: TrainingKind;
        /// The degree that is studied for (trình độ đào tạo); null for a course without a degree.
        level: Option<TrainingLevel>;
        /// What it is called (tên lớp, khóa học).
        title: words(1..=250), folded title_folded;
        /// Who teaches (cơ sở đào tạo).
        provider: Option<text(1..=250)>;
        /// First day (ngày bắt đầu); of a plan its day.
        starts_on: NaiveDate;
        /// Last day (ngày kết thúc).
        ends_on: Option<NaiveDate>;
        /// Number of the plan or decision (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// Places, or persons in the plan (số chỉ tiêu, số người trong kế hoạch); null where it was not told.
        places: Option<number(0..=1_000_000)>;
        /// Persons sent (số người được cử); null where it was not told.
        persons_sent: Option<number(0..=1_000_000)>;
        /// Persons who finished (số người hoàn thành); null where it was not told.
        persons_finished: Option<number(0..=1_000_000)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which courses a list holds.
    filter: TrainingCourseFilter of "The unit that sends, by id (đơn vị cử đi học)." {
        /// What is taught (loại đào tạo, bồi dưỡng).
        #[param(inline)]
        kind: Option<TrainingKind>,
        /// The degree that is studied for (trình độ đào tạo).
        #[param(inline)]
        level: Option<TrainingLevel>,
        /// Begun on this day or later (bắt đầu từ ngày).
        starts_from: Option<NaiveDate>,
        /// Begun on this day or before (bắt đầu đến ngày).
        starts_to: Option<NaiveDate>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<TrainingCourseSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &TrainingCourseCreate) -> Vec<Fault> {
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
    if (body.kind == TrainingKind::Degree) != body.level.is_some() {
        let message = Bilingual::new(
            "Nêu trình độ khi và chỉ khi là đào tạo trình độ chuyên môn.",
            "State the level of what is studied for a degree, and of nothing else.",
        );
        faults.push(Fault::new("/level", "degree_level", message));
    }
    if let (Some(sent), Some(finished)) = (body.persons_sent, body.persons_finished)
        && finished > sent
    {
        let message = Bilingual::new(
            format!("Số người hoàn thành không được lớn hơn số người được cử ({sent})."),
            format!("No more can finish than were sent ({sent})."),
        );
        faults.push(Fault::new("/persons_finished", "more_than_sent", message));
    }
    faults
}

/// What is noticed about a course.
fn remarks(row: &TrainingCourseRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    if let (Some(places), Some(sent)) = (row.places, row.persons_sent)
        && sent > places
    {
        let message = Bilingual::new(
            format!("Cử {sent} người nhưng chỉ có {places} chỉ tiêu."),
            format!("{sent} were sent to {places} places."),
        );
        let remark = Remark::new("/persons_sent", Rule::MoreThanPlaces, message);
        remarks.push(remark.with("persons_sent", sent).with("places", places));
    }
    remarks
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a TrainingCourseFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(level) = filter.level {
        query = query.filter(columns::level.eq(level));
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
    /// Courses of training, as they are written.
    records: TrainingCourses, record_type: "training_course",
    table: training_courses, id: TrainingCourseId, row: TrainingCourseRow, answer: TrainingCourse,
    create: TrainingCourseCreate, filter: TrainingCourseFilter, unit on: starts_on,
    key: |body| {
        kind: TrainingKind = body.kind, starts_on: NaiveDate = body.starts_on, title_folded: String = fold(&body.title),
    },
    sought by: [starts_on, title_folded],
    order: TrainingCourseSort::{StartsOn, StartsOnDesc} by starts_on: NaiveDate, StartsOnDesc first,
    days: [starts_from, starts_to], matching: matching, faults: faults,
    list: course_list, get: course_get, seen: course_seen, delete: course_delete,
}

crud! {
    tag: "training-courses", what: "a course of training", many: "courses of training",
    vi: "lớp đào tạo, bồi dưỡng",
    collection: "/api/v1/civil-service/training-courses", record: "/api/v1/civil-service/training-courses/{id}",
    id: TrainingCourseId, row: TrainingCourse, page: TrainingCoursePage,
    create: TrainingCourseCreate, patch: TrainingCoursePatch, filter: TrainingCourseFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_training_courses => course_list, get: get_training_course => course_get,
    create_one: create_training_course => insert::<TrainingCourses>,
    replace: replace_training_course => replace::<TrainingCourses>, patch_one: patch_training_course,
    delete: delete_training_course => course_delete,
    batch: "/api/v1/civil-service/training-courses/batch", batch_training_courses => TrainingCourses,
    import: "/api/v1/civil-service/training-courses/import", import_training_courses, template: "/api/v1/civil-service/training-courses/template", get_training_course_template, sheet: "training-courses",
}

attachments! {
    tag: "training-courses", of: "a course of training", vi: "lớp đào tạo, bồi dưỡng",
    list_path: "/api/v1/civil-service/training-courses/{id}/attachments",
    path: "/api/v1/civil-service/training-courses/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/training-courses/{id}/attachments/{attachment_id}/content",
    owner: TrainingCourseAttachments, record_type: TrainingCourse, table: "training_courses", id: TrainingCourseId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: course_seen, changeable: course_seen,
    list: list_training_course_attachments, attach: create_training_course_attachment,
    get: get_training_course_attachment, content: get_training_course_attachment_content,
    delete: delete_training_course_attachment,
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

    unit_lists_are_indexed!(training_courses, TrainingCourseRow, {
        let none = TrainingCourseFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            TrainingCourseFilter { sort: Some(TrainingCourseSort::StartsOn), ..none() },
            TrainingCourseFilter {
                kind: Some(TrainingKind::Degree),
                level: Some(TrainingLevel::Master),
                q: Some("thạc sĩ".into()),
                ..none()
            },
            TrainingCourseFilter { starts_from: day, starts_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({"kind": "rank", "title": "Chuyên viên chính", "starts_on": "2024-03-21"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn only_a_degree_has_a_level() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"level": "master"})), [pair("/level", "degree_level")]);
        assert_eq!(codes(&json!({"kind": "degree"})), [pair("/level", "degree_level")]);
        assert_eq!(codes(&json!({"kind": "degree", "level": "postgraduate"})), []);
    }

    #[test]
    fn no_more_finish_than_were_sent() {
        assert_eq!(codes(&json!({"persons_sent": 3, "persons_finished": 3})), []);
        let more = codes(&json!({"persons_sent": 3, "persons_finished": 4}));
        assert_eq!(more, [pair("/persons_finished", "more_than_sent")]);
        assert_eq!(codes(&json!({"persons_finished": 4})), []);
        assert_eq!(codes(&json!({"ends_on": "2024-03-20"})), [pair("/ends_on", "before_start")]);
    }
}
