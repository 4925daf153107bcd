//! Autonomy returns (báo cáo cơ chế tự chủ tài chính): how many public service units cover their own
//! expenses, by degree, and how many agencies manage their own administrative funds.

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Review, Write};
use kernel::error::Fault;
use kernel::remarks::{Remark, more_than_whole};
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::{attachments, crud, return_form, return_steps, text_enum};

text_enum! {
    /// Degree of financial autonomy (mức độ tự chủ tài chính), after Nghị định 60/2021/NĐ-CP, Điều 9; of
    /// agencies that of Nghị định 130/2005/NĐ-CP.
    pub enum AutonomyDegree {
        /// Service units that cover recurrent expenses and investment.
        RecurrentAndInvestment => "recurrent_and_investment", "tự bảo đảm chi thường xuyên và chi đầu tư";
        /// Service units that cover recurrent expenses.
        Recurrent => "recurrent", "tự bảo đảm chi thường xuyên";
        /// Service units that cover part of them.
        PartOfRecurrent => "part_of_recurrent", "tự bảo đảm một phần chi thường xuyên";
        /// Service units whose recurrent expenses the budget covers.
        BudgetFunded => "budget_funded", "do ngân sách nhà nước bảo đảm chi thường xuyên";
        /// Administrative agencies that manage their own administrative funds.
        Administrative => "administrative", "cơ quan hành chính thực hiện tự chủ kinh phí quản lý hành chính";
    }
}

return_form! {
    /// Autonomy returns (báo cáo cơ chế tự chủ tài chính), as units file them.
    form: Autonomy, record_type: AutonomyReturn, columns: AutonomyColumns,
    page: AutonomyReturnPage of "autonomy returns", line: degree, faults: faults,
    counts: [units, of_units],
    /// Units of one degree of financial autonomy (mức độ tự chủ tài chính).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "degree": "recurrent", "units": 2, "of_units": null, "remarks": [],
        "not_reported": ["of_units"], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: AutonomyReturn;
    /// A new autonomy return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "degree": "part_of_recurrent", "units": 1, "of_units": 4}))]
    create: AutonomyReturnCreate;
    /// Changes to an autonomy return (RFC 7396). Unit, period and degree stay: they name it.
    #[schema(example = json!({"units": 2}))]
    patch: AutonomyReturnPatch;
    fields: {
        /// The degree (mức độ tự chủ). A unit files one return for each.
        degree: AutonomyDegree;
        /// Units of this degree (số đơn vị).
        units: Option<number(0..=10_000_000)>;
        /// Of so many of their kind (trên tổng số đơn vị).
        of_units: Option<number(0..=10_000_000)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
    }
}

/// What is noticed about a return.
fn remarks(columns: &AutonomyColumns) -> Vec<Remark> {
    let both = columns.units.zip(columns.of_units);
    both.and_then(|(units, of_units)| more_than_whole("/units", units, of_units)).into_iter().collect()
}

/// Nothing but the limits of each column can be wrong.
const fn faults(_: &AutonomyColumns) -> Vec<Fault> {
    Vec::new()
}

crud! {
    tag: "autonomy-returns", what: "an autonomy return", many: "autonomy returns", vi: "báo cáo cơ chế tự chủ tài chính",
    collection: "/api/v1/public-finance/autonomy-returns", record: "/api/v1/public-finance/autonomy-returns/{id}",
    id: UnitReturnId, row: AutonomyReturn, page: AutonomyReturnPage,
    create: AutonomyReturnCreate, patch: AutonomyReturnPatch, filter: ReturnFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_autonomy_returns => returns::list::<Autonomy>, get: get_autonomy_return => returns::get::<Autonomy>,
    create_one: create_autonomy_return => insert::<Returns<Autonomy>>,
    replace: replace_autonomy_return => replace::<Returns<Autonomy>>, patch_one: patch_autonomy_return,
    delete: delete_autonomy_return => returns::delete::<Autonomy>,
    batch: "/api/v1/public-finance/autonomy-returns/batch", batch_autonomy_returns => Returns<Autonomy>,
    import: "/api/v1/public-finance/autonomy-returns/import", import_autonomy_returns, template: "/api/v1/public-finance/autonomy-returns/template", get_autonomy_return_template, sheet: "autonomy-returns",
}

return_steps! {
    tag: "autonomy-returns", what: "an autonomy return", vi: "báo cáo cơ chế tự chủ tài chính",
    form: Autonomy, answer: AutonomyReturn,
    write: Permit<Write, PublicFinance>, review: Permit<Review, PublicFinance>,
    submit: "/api/v1/public-finance/autonomy-returns/{id}/submission", submit_autonomy_return,
    accept: "/api/v1/public-finance/autonomy-returns/{id}/acceptance", accept_autonomy_return,
    send_back: "/api/v1/public-finance/autonomy-returns/{id}/send-back", send_back_autonomy_return,
}

attachments! {
    tag: "autonomy-returns", of: "an autonomy return", vi: "báo cáo cơ chế tự chủ tài chính",
    list_path: "/api/v1/public-finance/autonomy-returns/{id}/attachments",
    path: "/api/v1/public-finance/autonomy-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/autonomy-returns/{id}/attachments/{attachment_id}/content",
    owner: AutonomyAttachments, record_type: AutonomyReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: returns::seen::<Autonomy>, changeable: returns::changeable::<Autonomy>,
    list: list_autonomy_return_attachments, attach: create_autonomy_return_attachment,
    get: get_autonomy_return_attachment, content: get_autonomy_return_attachment_content,
    delete: delete_autonomy_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
