//! Leadership returns (báo cáo số lượng cấp phó): how many deputies the agencies and service units of a unit
//! have, by kind of unit.

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Organization, Permit, Read, Review, Write};
use kernel::error::Fault;
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::{attachments, crud, return_form, return_steps, text_enum};

text_enum! {
    /// Kind of units whose deputies are counted (loại cơ quan, đơn vị).
    pub enum LeadershipKind {
        /// Specialised agencies, and committees of the People's Council.
        Agencies => "agencies", "cơ quan chuyên môn và ban của Hội đồng nhân dân";
        /// Public service units of education.
        Education => "education", "đơn vị sự nghiệp giáo dục và đào tạo";
        /// Other public service units.
        OtherServices => "other_services", "đơn vị sự nghiệp khác";
    }
}

return_form! {
    /// Leadership returns (báo cáo số lượng cấp phó), as units file them.
    form: Leadership, record_type: LeadershipReturn, columns: LeadershipColumns,
    page: LeadershipReturnPage of "leadership returns", line: unit_kind, faults: faults,
    counts: [units, committees, deputies],
    /// Deputies of one kind of unit (số lượng cấp phó và tương đương).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "unit_kind": "agencies", "units": 11, "committees": 2, "deputies": 23,
        "not_reported": [], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: LeadershipReturn;
    /// A new leadership return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "unit_kind": "agencies", "units": 4, "deputies": 6}))]
    create: LeadershipReturnCreate;
    /// Changes to a leadership return (RFC 7396). Unit, period and kind stay: they name it.
    #[schema(example = json!({"deputies": 7}))]
    patch: LeadershipReturnPatch;
    fields: {
        /// The kind (loại cơ quan, đơn vị). A unit files one return for each.
        unit_kind: LeadershipKind;
        /// Agencies or service units (số cơ quan, đơn vị).
        units: Option<number(0..=10_000_000)>;
        /// Committees of the People's Council (số ban của Hội đồng nhân dân).
        committees: Option<number(0..=10_000_000)>;
        /// Deputies and those who rank as such (số cấp phó và tương đương).
        deputies: Option<number(0..=10_000_000)>;
    }
}

/// Nothing but the limits of each column can be wrong.
const fn faults(_: &LeadershipColumns) -> Vec<Fault> {
    Vec::new()
}

crud! {
    tag: "leadership-returns", what: "a leadership return", many: "leadership returns", vi: "báo cáo số lượng cấp phó",
    collection: "/api/v1/organization/leadership-returns", record: "/api/v1/organization/leadership-returns/{id}",
    id: UnitReturnId, row: LeadershipReturn, page: LeadershipReturnPage,
    create: LeadershipReturnCreate, patch: LeadershipReturnPatch, filter: ReturnFilter,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    list: list_leadership_returns => returns::list::<Leadership>, get: get_leadership_return => returns::get::<Leadership>,
    create_one: create_leadership_return => insert::<Returns<Leadership>>,
    replace: replace_leadership_return => replace::<Returns<Leadership>>, patch_one: patch_leadership_return,
    delete: delete_leadership_return => returns::delete::<Leadership>,
    batch: "/api/v1/organization/leadership-returns/batch", batch_leadership_returns => Returns<Leadership>,
    import: "/api/v1/organization/leadership-returns/import", import_leadership_returns, template: "/api/v1/organization/leadership-returns/template", get_leadership_return_template, sheet: "leadership-returns",
}

return_steps! {
    tag: "leadership-returns", what: "a leadership return", vi: "báo cáo số lượng cấp phó",
    form: Leadership, answer: LeadershipReturn,
    write: Permit<Write, Organization>, review: Permit<Review, Organization>,
    submit: "/api/v1/organization/leadership-returns/{id}/submission", submit_leadership_return,
    accept: "/api/v1/organization/leadership-returns/{id}/acceptance", accept_leadership_return,
    send_back: "/api/v1/organization/leadership-returns/{id}/send-back", send_back_leadership_return,
}

attachments! {
    tag: "leadership-returns", of: "a leadership return", vi: "báo cáo số lượng cấp phó",
    list_path: "/api/v1/organization/leadership-returns/{id}/attachments",
    path: "/api/v1/organization/leadership-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/leadership-returns/{id}/attachments/{attachment_id}/content",
    owner: LeadershipAttachments, record_type: LeadershipReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    seen: returns::seen::<Leadership>, changeable: returns::changeable::<Leadership>,
    list: list_leadership_return_attachments, attach: create_leadership_return_attachment,
    get: get_leadership_return_attachment, content: get_leadership_return_attachment_content,
    delete: delete_leadership_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
