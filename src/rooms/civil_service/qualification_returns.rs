//! Qualification returns (báo cáo trình độ chuyên môn): how many of a unit's people hold which degree.

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Review, Write};
use kernel::error::Fault;
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::{attachments, crud, return_form, return_steps, text_enum};

text_enum! {
    /// Whose qualifications are counted (đối tượng).
    pub enum QualificationGroup {
        /// Civil servants and public employees of agencies and service units.
        AgencyStaff => "agency_staff", "công chức, viên chức cơ quan, đơn vị";
        /// Cadres and civil servants of communes.
        CommuneStaff => "commune_staff", "cán bộ, công chức cấp xã";
        /// Part-time workers of communes and hamlets.
        PartTimeWorkers => "part_time_workers", "người hoạt động không chuyên trách cấp xã, ở ấp";
    }
}

return_form! {
    /// Qualification returns (báo cáo trình độ chuyên môn), as units file them.
    form: Qualifications, record_type: QualificationReturn, columns: QualificationsColumns,
    page: QualificationReturnPage of "qualification returns", line: group, faults: faults,
    counts: [doctorate, master, bachelor, college, college_or_intermediate, intermediate, without], told: is_told,
    /// Qualifications of one group of people (trình độ chuyên môn).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "group": "agency_staff", "doctorate": null, "master": 19, "bachelor": 1483, "college": 253,
        "college_or_intermediate": null, "intermediate": 79, "without": null, "stated": 1834,
        "not_reported": ["doctorate", "without"], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: QualificationReturn;
    /// A new qualification return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "group": "agency_staff", "master": 3, "bachelor": 31, "college": 2}))]
    create: QualificationReturnCreate;
    /// Changes to a qualification return (RFC 7396). Unit, period and group stay: they name it.
    #[schema(example = json!({"bachelor": 32}))]
    patch: QualificationReturnPatch;
    fields: {
        /// The group (đối tượng). A unit files one return for each.
        group: QualificationGroup;
        /// Doctorates (tiến sĩ).
        doctorate: Option<number(0..=10_000_000)>;
        /// Masters (thạc sĩ).
        master: Option<number(0..=10_000_000)>;
        /// University degrees (đại học).
        bachelor: Option<number(0..=10_000_000)>;
        /// College degrees (cao đẳng).
        college: Option<number(0..=10_000_000)>;
        /// College and intermediate degrees, where they are stated together (cao đẳng, trung cấp).
        college_or_intermediate: Option<number(0..=10_000_000)>;
        /// Intermediate degrees (trung cấp).
        intermediate: Option<number(0..=10_000_000)>;
        /// Without a professional degree (chưa có bằng chuyên môn).
        without: Option<number(0..=10_000_000)>;
        /// Computed: all that are stated (tổng số đã nêu).
        stated: derived i64 = stated(row);
    }
}

/// College and intermediate degrees are told together where they are not told apart.
fn is_told(columns: &QualificationsColumns, column: &str) -> bool {
    let is_apart = columns.college.is_some() || columns.intermediate.is_some();
    !(is_apart && column == "college_or_intermediate")
}

fn stated(columns: &QualificationsColumns) -> i64 {
    let degrees = [
        columns.doctorate,
        columns.master,
        columns.bachelor,
        columns.college,
        columns.college_or_intermediate,
        columns.intermediate,
        columns.without,
    ];
    degrees.into_iter().flatten().sum()
}

/// Nothing but the limits of each column can be wrong.
const fn faults(_: &QualificationsColumns) -> Vec<Fault> {
    Vec::new()
}

crud! {
    tag: "qualification-returns", what: "a qualification return", many: "qualification returns", vi: "báo cáo trình độ chuyên môn",
    collection: "/api/v1/civil-service/qualification-returns", record: "/api/v1/civil-service/qualification-returns/{id}",
    id: UnitReturnId, row: QualificationReturn, page: QualificationReturnPage,
    create: QualificationReturnCreate, patch: QualificationReturnPatch, filter: ReturnFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_qualification_returns => returns::list::<Qualifications>, get: get_qualification_return => returns::get::<Qualifications>,
    create_one: create_qualification_return => insert::<Returns<Qualifications>>,
    replace: replace_qualification_return => replace::<Returns<Qualifications>>, patch_one: patch_qualification_return,
    delete: delete_qualification_return => returns::delete::<Qualifications>,
    batch: "/api/v1/civil-service/qualification-returns/batch", batch_qualification_returns => Returns<Qualifications>,
    import: "/api/v1/civil-service/qualification-returns/import", import_qualification_returns, template: "/api/v1/civil-service/qualification-returns/template", get_qualification_return_template, sheet: "qualification-returns",
}

return_steps! {
    tag: "qualification-returns", what: "a qualification return", vi: "báo cáo trình độ chuyên môn",
    form: Qualifications, answer: QualificationReturn,
    write: Permit<Write, CivilService>, review: Permit<Review, CivilService>,
    submit: "/api/v1/civil-service/qualification-returns/{id}/submission", submit_qualification_return,
    accept: "/api/v1/civil-service/qualification-returns/{id}/acceptance", accept_qualification_return,
    send_back: "/api/v1/civil-service/qualification-returns/{id}/send-back", send_back_qualification_return,
}

attachments! {
    tag: "qualification-returns", of: "a qualification return", vi: "báo cáo trình độ chuyên môn",
    list_path: "/api/v1/civil-service/qualification-returns/{id}/attachments",
    path: "/api/v1/civil-service/qualification-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/qualification-returns/{id}/attachments/{attachment_id}/content",
    owner: QualificationsAttachments, record_type: QualificationReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: returns::seen::<Qualifications>, changeable: returns::changeable::<Qualifications>,
    list: list_qualification_return_attachments, attach: create_qualification_return_attachment,
    get: get_qualification_return_attachment, content: get_qualification_return_attachment_content,
    delete: delete_qualification_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn degrees_that_are_told_apart_are_not_told_together() {
        let is_told = |columns: serde_json::Value| {
            let columns = serde_json::from_value(columns).unwrap();
            ["college", "college_or_intermediate", "doctorate"].map(|column| is_told(&columns, column))
        };
        assert_eq!(is_told(json!({"group": "agency_staff"})), [true; 3]);
        assert_eq!(is_told(json!({"group": "agency_staff", "college": 2})), [true, false, true]);
        assert_eq!(is_told(json!({"group": "agency_staff", "college_or_intermediate": 2})), [true; 3]);
    }
}
