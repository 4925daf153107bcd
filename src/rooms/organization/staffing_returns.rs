//! Staffing returns (báo cáo biên chế): how many posts a unit was given and how many are filled, block by
//! block, and the same of labour contracts under Nghị định 111/2022/NĐ-CP.
//!
//! What is given and what is filled are two statements: where one is not known it is left out, never
//! zero.

use chrono::NaiveDate;

use crate::commune_norms::{CommuneNorm, NormOf, commune_norm};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Organization, Permit, Read, Review, Write};
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::reporting::returns::{self, Reporter, ReturnFilter, Returns, UnitReturnId};
use kernel::rules::Rule;
use kernel::validity::day_faults;
use kernel::{attachments, crud, return_form, return_steps, text_enum};

text_enum! {
    /// Block of posts (khối biên chế).
    pub enum StaffingBlock {
        /// Civil servants of administrative agencies.
        Administration => "administration", "biên chế công chức trong cơ quan hành chính";
        /// Public employees of education.
        Education => "education", "biên chế sự nghiệp giáo dục và đào tạo";
        /// Public employees of other service units.
        OtherServices => "other_services", "biên chế sự nghiệp khác";
        /// Cadres and civil servants of communes, where both are given in one number.
        CommuneStaff => "commune_staff", "cán bộ, công chức cấp xã";
        /// Cadres of communes.
        CommuneCadres => "commune_cadres", "cán bộ cấp xã";
        /// Civil servants of communes.
        CommuneCivilServants => "commune_civil_servants", "công chức cấp xã";
        /// Part-time workers of communes.
        CommunePartTime => "commune_part_time", "người hoạt động không chuyên trách cấp xã";
        /// Part-time workers of hamlets.
        HamletPartTime => "hamlet_part_time", "người hoạt động không chuyên trách ở ấp, khu vực";
        /// Persons who work in associations with assigned tasks.
        Associations => "associations", "người làm việc trong các hội";
    }
}

return_form! {
    /// Staffing returns (báo cáo biên chế), as units file them.
    form: Staffing, record_type: StaffingReturn, columns: StaffingColumns,
    page: StaffingReturnPage of "staffing returns", line: block, faults: faults,
    counts: [posts_given, posts_filled, contracts_given, contracts_filled, cadres_filled, civil_servants_filled],
    told: is_told,
    /// Posts given and filled in a block (số liệu biên chế giao, thực hiện).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "block": "administration", "as_of": "2024-06-21", "posts_given": 86, "posts_filled": 84,
        "posts_unfilled": 2, "contracts_given": 4, "contracts_filled": 4, "contracts_unfilled": 0,
        "cadres_filled": null, "civil_servants_filled": null, "norm": null, "deciding_number": "23/QĐ-UBND",
        "decided_on": "2024-01-05", "remarks": [], "not_reported": [],
        "covers_from": null, "covers_to": null, "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: StaffingReturn;
    /// A new staffing return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({
        "org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration", "as_of": "2026-09-30",
        "posts_given": 38, "posts_filled": 36, "deciding_number": "15/QĐ-UBND", "decided_on": "2026-01-06"
    }))]
    create: StaffingReturnCreate;
    /// Changes to a staffing return (RFC 7396). Unit, period and block stay: they name it.
    #[schema(example = json!({"posts_filled": 37}))]
    patch: StaffingReturnPatch;
    fields: {
        /// The block (khối biên chế). A unit files one return for each.
        block: StaffingBlock;
        /// The day on which it stood so (tính đến ngày).
        as_of: NaiveDate;
        /// Posts given (biên chế được giao).
        posts_given: Option<number(0..=10_000_000)>;
        /// Posts filled (biên chế thực hiện, có mặt).
        posts_filled: Option<number(0..=10_000_000)>;
        /// Computed: posts given and not filled (biên chế chưa sử dụng); below zero where more are filled; null
        /// while one of the two is not reported.
        posts_unfilled: derived Option<i64> = posts_unfilled(row);
        /// Labour contracts given (hợp đồng lao động được giao theo Nghị định 111/2022/NĐ-CP).
        contracts_given: Option<number(0..=10_000_000)>;
        /// Labour contracts filled (hợp đồng lao động thực hiện).
        contracts_filled: Option<number(0..=10_000_000)>;
        /// Computed: contracts given and not filled (hợp đồng lao động chưa sử dụng).
        contracts_unfilled: derived Option<i64> = contracts_unfilled(row);
        /// Of the posts filled in communes those of cadres (trong đó cán bộ).
        cadres_filled: Option<number(0..=10_000_000)>;
        /// Of the posts filled in communes those of civil servants (trong đó công chức).
        civil_servants_filled: Option<number(0..=10_000_000)>;
        /// What the communes of the unit are given by their classes (định mức), in the blocks of commune staff and
        /// of part-time workers of communes while such a norm is in force; null elsewhere.
        norm: derived Option<CommuneNorm> = norm(row, reporter);
        /// Number of the decision that gives the posts (số quyết định giao biên chế).
        deciding_number: Option<text(3..=50)>;
        /// Its day (ngày quyết định).
        decided_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row, reporter);
    }
}

/// Columns that tell cadres and civil servants apart.
const APART: [&str; 2] = ["cadres_filled", "civil_servants_filled"];

/// Cadres and civil servants are told apart in the block that has both.
fn is_told(columns: &StaffingColumns, column: &str) -> bool {
    columns.block == StaffingBlock::CommuneStaff || !APART.contains(&column)
}

fn unfilled(given: Option<i64>, filled: Option<i64>) -> Option<i64> {
    given?.checked_sub(filled?)
}

fn posts_unfilled(columns: &StaffingColumns) -> Option<i64> {
    unfilled(columns.posts_given, columns.posts_filled)
}

fn contracts_unfilled(columns: &StaffingColumns) -> Option<i64> {
    unfilled(columns.contracts_given, columns.contracts_filled)
}

fn norm(columns: &StaffingColumns, reporter: &Reporter<'_>) -> Option<CommuneNorm> {
    let of = match columns.block {
        StaffingBlock::CommuneStaff => NormOf::Staff,
        StaffingBlock::CommunePartTime => NormOf::PartTime,
        _ => return None,
    };
    commune_norm(reporter.tree, reporter.unit, columns.as_of, of, columns.posts_given)
}

/// Faults that the columns show by themselves.
fn faults(columns: &StaffingColumns) -> Vec<Fault> {
    let days = [("/as_of", Some(columns.as_of)), ("/decided_on", columns.decided_on)];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    faults.extend(document_faults(
        ("/deciding_number", columns.deciding_number.as_deref()),
        ("/decided_on", columns.decided_on),
    ));
    let apart = APART.into_iter().zip([columns.cadres_filled, columns.civil_servants_filled]);
    let untold = apart.filter(|(column, count)| count.is_some() && !is_told(columns, column));
    faults.extend(untold.map(|(column, _)| {
        let message = Bilingual::new(
            "Chỉ tách cán bộ, công chức trong khối cán bộ, công chức cấp xã.",
            "Cadres and civil servants are told apart in the block of commune staff only.",
        );
        Fault::new(format!("/{column}"), "not_of_the_block", message)
    }));
    faults
}

/// What is noticed about a return.
fn remarks(columns: &StaffingColumns, reporter: &Reporter<'_>) -> Vec<Remark> {
    let decision = columns.deciding_number.as_deref().zip(columns.decided_on);
    let of_year = decision.and_then(|(number, day)| year_remark("/deciding_number", number, day));
    let posts = more_filled("/posts_filled", columns.posts_given, columns.posts_filled);
    let contracts = more_filled("/contracts_filled", columns.contracts_given, columns.contracts_filled);
    let norm = norm(columns, reporter).and_then(apart_from_norm);
    of_year.into_iter().chain(posts).chain(contracts).chain(parts_apart(columns)).chain(norm).collect()
}

fn apart_from_norm(norm: CommuneNorm) -> Option<Remark> {
    let CommuneNorm { posts, communes, increment, .. } = norm;
    let increment = increment.filter(|increment| *increment != 0)?;
    let (vi, en) = if increment > 0 { ("cao hơn", "more") } else { ("thấp hơn", "fewer") };
    let by = increment.abs();
    let message = Bilingual::new(
        format!("Số được giao {vi} định mức {posts} của {communes} đơn vị cấp xã là {by}."),
        format!("{by} {en} are given than the norm of {posts} of {communes} communes."),
    );
    Some(
        Remark::new("/posts_given", Rule::GivenApartFromNorm, message)
            .with("norm", posts)
            .with("increment", increment),
    )
}

fn more_filled(pointer: &'static str, given: Option<i64>, filled: Option<i64>) -> Option<Remark> {
    let (given, filled) = given.zip(filled).filter(|(given, filled)| filled > given)?;
    let message = Bilingual::new(
        format!("Thực hiện {filled}, vượt số được giao {given}."),
        format!("{filled} are filled, more than the {given} given."),
    );
    Some(Remark::new(pointer, Rule::MoreFilledThanGiven, message).with("given", given).with("filled", filled))
}

/// Cadres and civil servants together are the posts filled.
fn parts_apart(columns: &StaffingColumns) -> Option<Remark> {
    let (cadres, servants) = columns.cadres_filled.zip(columns.civil_servants_filled)?;
    let (parts, filled) = (cadres.checked_add(servants)?, columns.posts_filled?);
    if parts == filled {
        return None;
    }
    let message = Bilingual::new(
        format!("Cán bộ {cadres} và công chức {servants} cộng lại là {parts}, khác số thực hiện {filled}."),
        format!("{cadres} cadres and {servants} civil servants are {parts}, not the {filled} filled."),
    );
    Some(
        Remark::new("/posts_filled", Rule::PartsAndTotal, message).with("parts", parts).with("total", filled),
    )
}

crud! {
    tag: "staffing-returns", what: "a staffing return", many: "staffing returns", vi: "báo cáo biên chế",
    collection: "/api/v1/organization/staffing-returns", record: "/api/v1/organization/staffing-returns/{id}",
    id: UnitReturnId, row: StaffingReturn, page: StaffingReturnPage,
    create: StaffingReturnCreate, patch: StaffingReturnPatch, filter: ReturnFilter,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    list: list_staffing_returns => returns::list::<Staffing>, get: get_staffing_return => returns::get::<Staffing>,
    create_one: create_staffing_return => insert::<Returns<Staffing>>,
    replace: replace_staffing_return => replace::<Returns<Staffing>>, patch_one: patch_staffing_return,
    delete: delete_staffing_return => returns::delete::<Staffing>,
    batch: "/api/v1/organization/staffing-returns/batch", batch_staffing_returns => Returns<Staffing>,
    import: "/api/v1/organization/staffing-returns/import", import_staffing_returns, template: "/api/v1/organization/staffing-returns/template", get_staffing_return_template, sheet: "staffing-returns",
}

return_steps! {
    tag: "staffing-returns", what: "a staffing return", vi: "báo cáo biên chế",
    form: Staffing, answer: StaffingReturn,
    write: Permit<Write, Organization>, review: Permit<Review, Organization>,
    submit: "/api/v1/organization/staffing-returns/{id}/submission", submit_staffing_return,
    accept: "/api/v1/organization/staffing-returns/{id}/acceptance", accept_staffing_return,
    send_back: "/api/v1/organization/staffing-returns/{id}/send-back", send_back_staffing_return,
}

attachments! {
    tag: "staffing-returns", of: "a staffing return", vi: "báo cáo biên chế",
    list_path: "/api/v1/organization/staffing-returns/{id}/attachments",
    path: "/api/v1/organization/staffing-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/staffing-returns/{id}/attachments/{attachment_id}/content",
    owner: StaffingAttachments, record_type: StaffingReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, Organization>, write: Permit<Write, Organization>,
    seen: returns::seen::<Staffing>, changeable: returns::changeable::<Staffing>,
    list: list_staffing_return_attachments, attach: create_staffing_return_attachment,
    get: get_staffing_return_attachment, content: get_staffing_return_attachment_content,
    delete: delete_staffing_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}
