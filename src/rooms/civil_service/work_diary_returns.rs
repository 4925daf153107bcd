//! Work diary returns (báo cáo ghi nhật ký công việc): since when a unit's people keep a daily diary of
//! their work, and how many do.

use chrono::NaiveDate;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Review, Write};
use kernel::error::Fault;
use kernel::remarks::{Remark, more_than_whole};
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::validity::day_faults;
use kernel::{attachments, crud, return_form, return_steps};

return_form! {
    /// Work diary returns (báo cáo ghi nhật ký công việc), as units file them.
    form: WorkDiaries, record_type: WorkDiaryReturn, columns: WorkDiariesColumns,
    page: WorkDiaryReturnPage of "work diary returns", faults: faults,
    counts: [persons, keeping],
    /// Who keeps a work diary (ghi nhật ký công việc hằng ngày).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "started_on": "2024-04-01", "persons": null, "keeping": null, "remarks": [],
        "not_reported": ["persons", "keeping"], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: WorkDiaryReturn;
    /// A new work diary return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "started_on": "2026-01-05", "persons": 38, "keeping": 36}))]
    create: WorkDiaryReturnCreate;
    /// Changes to a work diary return (RFC 7396). Unit and period stay: they name it.
    #[schema(example = json!({"keeping": 38}))]
    patch: WorkDiaryReturnPatch;
    fields: {
        /// Since when (thực hiện từ ngày).
        started_on: Option<NaiveDate>;
        /// Persons who are to keep one (số người phải ghi nhật ký).
        persons: Option<number(0..=10_000_000)>;
        /// Persons who keep one (số người đã ghi nhật ký).
        keeping: Option<number(0..=10_000_000)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
    }
}

/// What is noticed about a return.
fn remarks(columns: &WorkDiariesColumns) -> Vec<Remark> {
    let both = columns.keeping.zip(columns.persons);
    both.and_then(|(keeping, persons)| more_than_whole("/keeping", keeping, persons)).into_iter().collect()
}

/// Faults that the columns show by themselves.
fn faults(columns: &WorkDiariesColumns) -> Vec<Fault> {
    day_faults([("/started_on", columns.started_on)]).collect()
}

crud! {
    tag: "work-diary-returns", what: "a work diary return", many: "work diary returns", vi: "báo cáo ghi nhật ký công việc",
    collection: "/api/v1/civil-service/work-diary-returns", record: "/api/v1/civil-service/work-diary-returns/{id}",
    id: UnitReturnId, row: WorkDiaryReturn, page: WorkDiaryReturnPage,
    create: WorkDiaryReturnCreate, patch: WorkDiaryReturnPatch, filter: ReturnFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_work_diary_returns => returns::list::<WorkDiaries>, get: get_work_diary_return => returns::get::<WorkDiaries>,
    create_one: create_work_diary_return => insert::<Returns<WorkDiaries>>,
    replace: replace_work_diary_return => replace::<Returns<WorkDiaries>>, patch_one: patch_work_diary_return,
    delete: delete_work_diary_return => returns::delete::<WorkDiaries>,
    batch: "/api/v1/civil-service/work-diary-returns/batch", batch_work_diary_returns => Returns<WorkDiaries>,
    import: "/api/v1/civil-service/work-diary-returns/import", import_work_diary_returns, template: "/api/v1/civil-service/work-diary-returns/template", get_work_diary_return_template, sheet: "work-diary-returns",
}

return_steps! {
    tag: "work-diary-returns", what: "a work diary return", vi: "báo cáo ghi nhật ký công việc",
    form: WorkDiaries, answer: WorkDiaryReturn,
    write: Permit<Write, CivilService>, review: Permit<Review, CivilService>,
    submit: "/api/v1/civil-service/work-diary-returns/{id}/submission", submit_work_diary_return,
    accept: "/api/v1/civil-service/work-diary-returns/{id}/acceptance", accept_work_diary_return,
    send_back: "/api/v1/civil-service/work-diary-returns/{id}/send-back", send_back_work_diary_return,
}

attachments! {
    tag: "work-diary-returns", of: "a work diary return", vi: "báo cáo ghi nhật ký công việc",
    list_path: "/api/v1/civil-service/work-diary-returns/{id}/attachments",
    path: "/api/v1/civil-service/work-diary-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/work-diary-returns/{id}/attachments/{attachment_id}/content",
    owner: WorkDiariesAttachments, record_type: WorkDiaryReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: returns::seen::<WorkDiaries>, changeable: returns::changeable::<WorkDiaries>,
    list: list_work_diary_return_attachments, attach: create_work_diary_return_attachment,
    get: get_work_diary_return_attachment, content: get_work_diary_return_attachment_content,
    delete: delete_work_diary_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
