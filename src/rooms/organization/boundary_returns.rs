//! Boundary returns (báo cáo địa giới hành chính): markers by level, map sets and books of records that a
//! unit keeps.

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Organization, Permit, Read, Review, Write};
use kernel::error::Fault;
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::{attachments, crud, return_form, return_steps};

return_form! {
    /// Boundary returns (báo cáo địa giới hành chính), as units file them.
    form: Boundaries, record_type: BoundaryReturn, columns: BoundariesColumns,
    page: BoundaryReturnPage of "boundary returns", faults: faults,
    counts: [provincial_markers, district_markers, commune_markers, record_books, map_sets],
    /// Boundary markers, maps and records that a unit keeps (mốc địa giới, bản đồ, hồ sơ địa giới hành chính).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "provincial_markers": 1, "district_markers": 2, "commune_markers": 44, "markers": 47,
        "record_books": 16, "map_sets": 16,
        "not_reported": [], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: BoundaryReturn;
    /// A new boundary return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "commune_markers": 5, "record_books": 1, "map_sets": 1}))]
    create: BoundaryReturnCreate;
    /// Changes to a boundary return (RFC 7396). Unit and period stay: they name it.
    #[schema(example = json!({"commune_markers": 6}))]
    patch: BoundaryReturnPatch;
    fields: {
        /// Markers of provincial boundaries (mốc địa giới cấp tỉnh).
        provincial_markers: Option<number(0..=10_000_000)>;
        /// Markers of district boundaries (mốc địa giới cấp huyện).
        district_markers: Option<number(0..=10_000_000)>;
        /// Markers of commune boundaries (mốc địa giới cấp xã).
        commune_markers: Option<number(0..=10_000_000)>;
        /// Computed: all markers (tổng số mốc địa giới); null while a level is not reported.
        markers: derived Option<i64> = markers(row);
        /// Books of boundary records (số cuốn hồ sơ địa giới hành chính).
        record_books: Option<number(0..=10_000_000)>;
        /// Sets of boundary maps (số bộ bản đồ địa giới hành chính).
        map_sets: Option<number(0..=10_000_000)>;
    }
}

fn markers(columns: &BoundariesColumns) -> Option<i64> {
    let of_levels = [columns.provincial_markers, columns.district_markers, columns.commune_markers];
    of_levels.into_iter().sum()
}

/// Nothing but the limits of each column can be wrong.
const fn faults(_: &BoundariesColumns) -> Vec<Fault> {
    Vec::new()
}

crud! {
    tag: "boundary-returns", what: "a boundary return", many: "boundary returns", vi: "báo cáo mốc, bản đồ, hồ sơ địa giới hành chính",
    collection: "/api/v1/organization/boundary-returns", record: "/api/v1/organization/boundary-returns/{id}",
    id: UnitReturnId, row: BoundaryReturn, page: BoundaryReturnPage,
    create: BoundaryReturnCreate, patch: BoundaryReturnPatch, filter: ReturnFilter,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    list: list_boundary_returns => returns::list::<Boundaries>, get: get_boundary_return => returns::get::<Boundaries>,
    create_one: create_boundary_return => insert::<Returns<Boundaries>>,
    replace: replace_boundary_return => replace::<Returns<Boundaries>>, patch_one: patch_boundary_return,
    delete: delete_boundary_return => returns::delete::<Boundaries>,
    batch: "/api/v1/organization/boundary-returns/batch", batch_boundary_returns => Returns<Boundaries>,
    import: "/api/v1/organization/boundary-returns/import", import_boundary_returns, template: "/api/v1/organization/boundary-returns/template", get_boundary_return_template, sheet: "boundary-returns",
}

return_steps! {
    tag: "boundary-returns", what: "a boundary return", vi: "báo cáo mốc, bản đồ, hồ sơ địa giới hành chính",
    form: Boundaries, answer: BoundaryReturn,
    write: Permit<Write, Organization>, review: Permit<Review, Organization>,
    submit: "/api/v1/organization/boundary-returns/{id}/submission", submit_boundary_return,
    accept: "/api/v1/organization/boundary-returns/{id}/acceptance", accept_boundary_return,
    send_back: "/api/v1/organization/boundary-returns/{id}/send-back", send_back_boundary_return,
}

attachments! {
    tag: "boundary-returns", of: "a boundary return", vi: "báo cáo mốc, bản đồ, hồ sơ địa giới hành chính",
    list_path: "/api/v1/organization/boundary-returns/{id}/attachments",
    path: "/api/v1/organization/boundary-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/boundary-returns/{id}/attachments/{attachment_id}/content",
    owner: BoundariesAttachments, record_type: BoundaryReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    seen: returns::seen::<Boundaries>, changeable: returns::changeable::<Boundaries>,
    list: list_boundary_return_attachments, attach: create_boundary_return_attachment,
    get: get_boundary_return_attachment, content: get_boundary_return_attachment_content,
    delete: delete_boundary_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
