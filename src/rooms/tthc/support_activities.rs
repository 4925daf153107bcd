//! Support activities (hoạt động hỗ trợ): what a unit does so that people can use online services: it
//! helps them to file (hỗ trợ nộp hồ sơ trực tuyến), assigns officials to do so (phân công công chức hỗ
//! trợ), tells of it (tuyên truyền), trains and campaigns.
//!
//! Districts count differently, so every count may be left out; one that is left out is not zero.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::support_activities as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::validity::{day_faults, last_day_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a support activity (hoạt động hỗ trợ).
    SupportActivityId
}

text_enum! {
    /// What is done (loại hoạt động hỗ trợ).
    pub enum SupportKind {
        /// People are helped to file online.
        OnlineSubmissionSupport => "online_submission_support", "hỗ trợ nộp hồ sơ trực tuyến";
        /// Officials are assigned to help.
        HelperAssignment => "helper_assignment", "phân công người hỗ trợ";
        /// People are told of it.
        Communication => "communication", "thông tin, tuyên truyền";
        /// Officials or people are trained.
        Training => "training", "tập huấn, bồi dưỡng";
        /// Many are sent out for some days.
        Campaign => "campaign", "chiến dịch, ra quân";
    }
}

text_enum! {
    /// Order of support activities (thứ tự).
    pub enum SupportActivitySort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: support_activities, id: SupportActivityId, page: SupportActivityPage of "support activities",
    unit on starts_on: {
        shown "The unit that carries it out (đơn vị thực hiện).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that carries it out, by id; exactly one of id, identifier and code (đơn vị thực hiện).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// An activity as it is stored.
    row: ActivityRow;
    /// What a unit does so that people can use online services (hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên
    /// truyền).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000022", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "kind": "helper_assignment", "title": "Phân công công chức hỗ trợ nộp hồ sơ trực tuyến",
        "starts_on": "2026-01-05", "ends_on": null, "place": "Trung tâm Phục vụ hành chính công xã Phụng Hiệp",
        "document_number": "12/QĐ-UBND", "document_on": "2026-01-05", "assigned_persons": 2,
        "people_supported": 412, "dossiers_supported": 389, "accounts_registered": 57, "participants": null,
        "news_items": null, "leaflets": null, "remarks": [], "note": null, "version": 1,
        "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: SupportActivity;
    /// A new activity, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "kind": "helper_assignment",
        "title": "Phân công công chức hỗ trợ nộp hồ sơ trực tuyến", "starts_on": "2026-01-05",
        "place": "Trung tâm Phục vụ hành chính công", "assigned_persons": 2
    }))]
    create: SupportActivityCreate;
    /// Changes to an activity (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"people_supported": 430, "dossiers_supported": 402}))]
    patch: SupportActivityPatch;
    fields: {
        /// What is done (loại hoạt động).
        kind: SupportKind;
        /// What it is called (tên hoạt động).
        title: words(1..=250), folded title_folded,
            sent "What it is called (tên hoạt động). A unit's activities are told apart by kind, first day and title.";
        /// Its day, or its first day (ngày thực hiện, ngày bắt đầu).
        starts_on: NaiveDate;
        /// Last day (ngày kết thúc); null while it goes on.
        ends_on: Option<NaiveDate>,
            sent "Last day (ngày kết thúc), of one that takes a day the same; null or absent while it goes on.";
        /// Where (nơi thực hiện).
        place: Option<text(1..=500)>;
        /// Number of the plan or decision (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// Persons assigned to help (số người được phân công hỗ trợ); null where it was not counted.
        assigned_persons: Option<number(0..=1_000_000_000)>,
            sent "Persons assigned to help (số người được phân công hỗ trợ); absent where it was not counted.";
        /// Persons helped, each visit or call once (số lượt người được hỗ trợ); null where it was not counted.
        people_supported: Option<number(0..=1_000_000_000)>,
            sent "Persons helped, each visit or call once (số lượt người được hỗ trợ); absent where it was not counted.";
        /// Dossiers filed online with help (số hồ sơ được hỗ trợ nộp trực tuyến); null where it was not counted.
        dossiers_supported: Option<number(0..=1_000_000_000)>,
            sent "Dossiers filed online with help (số hồ sơ được hỗ trợ nộp trực tuyến); absent where it was not counted.";
        /// Accounts of the public service portal opened with help (số tài khoản dịch vụ công được hỗ trợ đăng ký); null where it was not counted.
        accounts_registered: Option<number(0..=1_000_000_000)>,
            sent "Accounts of the public service portal opened with help (số tài khoản dịch vụ công được hỗ trợ đăng ký); absent where it was not counted.";
        /// Persons who took part (số người tham dự); null where it was not counted.
        participants: Option<number(0..=1_000_000_000)>,
            sent "Persons who took part (số người tham dự); absent where it was not counted.";
        /// News, articles and broadcasts (số tin, bài, lượt phát thanh); null where it was not counted.
        news_items: Option<number(0..=1_000_000_000)>,
            sent "News, articles and broadcasts (số tin, bài, lượt phát thanh); absent where it was not counted.";
        /// Leaflets and posters (số tờ rơi, áp phích); null where it was not counted.
        leaflets: Option<number(0..=1_000_000_000)>,
            sent "Leaflets and posters (số tờ rơi, áp phích); absent where it was not counted.";
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which activities a list holds.
    filter: SupportActivityFilter of "The unit that carries them out, by id (đơn vị thực hiện)." {
        /// What is done (loại hoạt động).
        #[param(inline)]
        kind: Option<SupportKind>,
        /// Begun on this day or later (bắt đầu từ ngày).
        starts_from: Option<NaiveDate>,
        /// Begun on this day or before (bắt đầu đến ngày).
        starts_to: Option<NaiveDate>,
        /// Those that go on on this day (đang diễn ra vào ngày).
        on: Option<NaiveDate>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<SupportActivitySort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &SupportActivityCreate) -> Vec<Fault> {
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
    if body.kind == SupportKind::HelperAssignment && body.assigned_persons.is_none_or(|count| count == 0) {
        let message = Bilingual::new(
            "Nêu số người được phân công hỗ trợ.",
            "State how many persons are assigned to help.",
        );
        faults.push(Fault::new("/assigned_persons", "required", message));
    }
    faults
}

/// What is noticed about an activity.
fn remarks(row: &ActivityRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    // One dossier may need two visits, but nobody's dossier is filed without a person.
    if let (Some(dossiers), Some(people)) = (row.dossiers_supported, row.people_supported)
        && people == 0
        && dossiers > 0
    {
        let message = Bilingual::new(
            format!("Có {dossiers} hồ sơ được hỗ trợ nhưng số lượt người được hỗ trợ là 0."),
            format!("{dossiers} dossiers were supported, but nobody was."),
        );
        remarks.push(
            Remark::new("/people_supported", Rule::DossiersOfNobody, message).with("dossiers", dossiers),
        );
    }
    remarks
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a SupportActivityFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(columns::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(columns::starts_on.le(day));
    }
    if let Some(day) = filter.on {
        let goes_on = columns::ends_on.is_null().or(columns::ends_on.assume_not_null().ge(day));
        query = query.filter(columns::starts_on.le(day).and(goes_on));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Support activities, as they are written.
    records: SupportActivities, record_type: "support_activity",
    table: support_activities, id: SupportActivityId, row: ActivityRow, answer: SupportActivity,
    create: SupportActivityCreate, filter: SupportActivityFilter, unit on: starts_on,
    key: |body| {
        kind: SupportKind = body.kind, starts_on: NaiveDate = body.starts_on, title_folded: String = fold(&body.title),
    },
    sought by: [starts_on, title_folded],
    order: SupportActivitySort::{StartsOn, StartsOnDesc} by starts_on: NaiveDate, StartsOnDesc first,
    days: [starts_from, starts_to, on], matching: matching, faults: faults,
    list: activity_list, get: activity_get, seen: activity_seen, delete: activity_delete,
}

crud! {
    tag: "support-activities", what: "a support activity", many: "support activities",
    vi: "hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền",
    collection: "/api/v1/tthc/support-activities", record: "/api/v1/tthc/support-activities/{id}",
    id: SupportActivityId, row: SupportActivity, page: SupportActivityPage,
    create: SupportActivityCreate, patch: SupportActivityPatch, filter: SupportActivityFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_support_activities => activity_list, get: get_support_activity => activity_get,
    create_one: create_support_activity => insert::<SupportActivities>,
    replace: replace_support_activity => replace::<SupportActivities>, patch_one: patch_support_activity,
    delete: delete_support_activity => activity_delete,
    batch: "/api/v1/tthc/support-activities/batch", batch_support_activities => SupportActivities,
    import: "/api/v1/tthc/support-activities/import", import_support_activities, template: "/api/v1/tthc/support-activities/template", get_support_activity_template, sheet: "support-activities",
}

attachments! {
    tag: "support-activities", of: "a support activity",
    vi: "hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền",
    list_path: "/api/v1/tthc/support-activities/{id}/attachments",
    path: "/api/v1/tthc/support-activities/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/support-activities/{id}/attachments/{attachment_id}/content",
    owner: SupportAttachments, record_type: SupportActivity, table: "support_activities", id: SupportActivityId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: activity_seen, changeable: activity_seen,
    list: list_support_activity_attachments, attach: create_support_activity_attachment,
    get: get_support_activity_attachment, content: get_support_activity_attachment_content,
    delete: delete_support_activity_attachment,
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

    unit_lists_are_indexed!(support_activities, ActivityRow, {
        let none = SupportActivityFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            SupportActivityFilter { sort: Some(SupportActivitySort::StartsOn), ..none() },
            SupportActivityFilter {
                kind: Some(SupportKind::Training),
                on: day,
                q: Some("tập huấn".into()),
                ..none()
            },
            SupportActivityFilter { starts_from: day, starts_to: day, ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({"kind": "communication", "title": "Tuyên truyền", "starts_on": "2026-01-05"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_day_is_a_span_of_itself() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"ends_on": "2026-01-05"})), []);
        assert_eq!(codes(&json!({"ends_on": "2026-01-04"})), [pair("/ends_on", "before_start")]);
        assert_eq!(codes(&json!({"starts_on": "+10000-01-01"})), [pair("/starts_on", "out_of_range")]);
    }

    #[test]
    fn whoever_assigns_helpers_says_how_many() {
        let of = |count: Value| codes(&json!({"kind": "helper_assignment", "assigned_persons": count}));
        assert_eq!(of(json!(2)), []);
        for none in [json!(null), json!(0)] {
            assert_eq!(of(none), [pair("/assigned_persons", "required")]);
        }
        assert_eq!(codes(&json!({"assigned_persons": 0})), [], "any other activity may do without");
    }

    #[test]
    fn a_document_has_number_and_day() {
        let number = json!({"document_number": "35/KH-UBND"});
        assert_eq!(codes(&number), [pair("/document_on", "required")]);
    }
}
