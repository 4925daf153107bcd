//! Asset declaration returns (báo cáo kê khai tài sản, thu nhập): how many must declare, how many have, and
//! how many were verified. Nothing of what anybody declares is kept here.

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Review, Write};
use kernel::error::Fault;
use kernel::remarks::{Remark, more_than_whole};
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::{attachments, crud, return_form, return_steps};

return_form! {
    /// Asset declaration returns (báo cáo kê khai tài sản, thu nhập), as units file them.
    form: AssetDeclarations, record_type: AssetDeclarationReturn, columns: AssetDeclarationsColumns,
    page: AssetDeclarationReturnPage of "asset declaration returns", faults: faults,
    counts: [obliged, declared, published, verified, found_untrue],
    /// Who must declare assets and income, and who has (kê khai tài sản, thu nhập).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "obliged": 84, "declared": 84, "published": 84, "verified": 5, "found_untrue": 0, "remarks": [],
        "not_reported": [], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: AssetDeclarationReturn;
    /// A new asset declaration return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "obliged": 38, "declared": 38, "published": 38}))]
    create: AssetDeclarationReturnCreate;
    /// Changes to an asset declaration return (RFC 7396). Unit and period stay: they name it.
    #[schema(example = json!({"verified": 2}))]
    patch: AssetDeclarationReturnPatch;
    fields: {
        /// Persons who must declare (số người phải kê khai).
        obliged: Option<number(0..=10_000_000)>;
        /// Persons who have (số người đã kê khai).
        declared: Option<number(0..=10_000_000)>;
        /// Declarations made public (số bản kê khai đã công khai).
        published: Option<number(0..=10_000_000)>;
        /// Declarations verified (số bản kê khai được xác minh).
        verified: Option<number(0..=10_000_000)>;
        /// Declarations found untrue (số bản kê khai không trung thực).
        found_untrue: Option<number(0..=10_000_000)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
    }
}

/// What is noticed about a return: a part that is more than its whole.
fn remarks(columns: &AssetDeclarationsColumns) -> Vec<Remark> {
    let parts = [
        ("/declared", columns.declared, columns.obliged),
        ("/published", columns.published, columns.declared),
        ("/verified", columns.verified, columns.declared),
        ("/found_untrue", columns.found_untrue, columns.verified),
    ];
    parts.into_iter().filter_map(|(pointer, part, whole)| more_than_whole(pointer, part?, whole?)).collect()
}

/// Nothing but the limits of each column can be wrong.
const fn faults(_: &AssetDeclarationsColumns) -> Vec<Fault> {
    Vec::new()
}

crud! {
    tag: "asset-declaration-returns", what: "an asset declaration return", many: "asset declaration returns", vi: "báo cáo kê khai tài sản, thu nhập",
    collection: "/api/v1/civil-service/asset-declaration-returns", record: "/api/v1/civil-service/asset-declaration-returns/{id}",
    id: UnitReturnId, row: AssetDeclarationReturn, page: AssetDeclarationReturnPage,
    create: AssetDeclarationReturnCreate, patch: AssetDeclarationReturnPatch, filter: ReturnFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_asset_declaration_returns => returns::list::<AssetDeclarations>, get: get_asset_declaration_return => returns::get::<AssetDeclarations>,
    create_one: create_asset_declaration_return => insert::<Returns<AssetDeclarations>>,
    replace: replace_asset_declaration_return => replace::<Returns<AssetDeclarations>>, patch_one: patch_asset_declaration_return,
    delete: delete_asset_declaration_return => returns::delete::<AssetDeclarations>,
    batch: "/api/v1/civil-service/asset-declaration-returns/batch", batch_asset_declaration_returns => Returns<AssetDeclarations>,
    import: "/api/v1/civil-service/asset-declaration-returns/import", import_asset_declaration_returns, template: "/api/v1/civil-service/asset-declaration-returns/template", get_asset_declaration_return_template, sheet: "asset-declaration-returns",
}

return_steps! {
    tag: "asset-declaration-returns", what: "an asset declaration return", vi: "báo cáo kê khai tài sản, thu nhập",
    form: AssetDeclarations, answer: AssetDeclarationReturn,
    write: Permit<Write, CivilService>, review: Permit<Review, CivilService>,
    submit: "/api/v1/civil-service/asset-declaration-returns/{id}/submission", submit_asset_declaration_return,
    accept: "/api/v1/civil-service/asset-declaration-returns/{id}/acceptance", accept_asset_declaration_return,
    send_back: "/api/v1/civil-service/asset-declaration-returns/{id}/send-back", send_back_asset_declaration_return,
}

attachments! {
    tag: "asset-declaration-returns", of: "an asset declaration return", vi: "báo cáo kê khai tài sản, thu nhập",
    list_path: "/api/v1/civil-service/asset-declaration-returns/{id}/attachments",
    path: "/api/v1/civil-service/asset-declaration-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/asset-declaration-returns/{id}/attachments/{attachment_id}/content",
    owner: AssetDeclarationsAttachments, record_type: AssetDeclarationReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: returns::seen::<AssetDeclarations>, changeable: returns::changeable::<AssetDeclarations>,
    list: list_asset_declaration_return_attachments, attach: create_asset_declaration_return_attachment,
    get: get_asset_declaration_return_attachment, content: get_asset_declaration_return_attachment_content,
    delete: delete_asset_declaration_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
