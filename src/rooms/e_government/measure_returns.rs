//! Measure returns (báo cáo chỉ tiêu chính quyền điện tử, chính quyền số): how much of something a unit has
//! made digital, such as agencies with a local network, documents that go out signed, files of officials
//! that are in the national database.
//!
//! A measure is a numerator and a denominator. Where a unit states a rate alone, it is kept as it is stated
//! and never becomes parts; "trên 81,86%" is a lower bound.

use chrono::NaiveDate;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{EGovernment, Permit, Read, Review, Write};
use kernel::error::{Bilingual, Fault};
use kernel::rates::two_decimals;
use kernel::remarks::{Remark, more_than_whole};
use kernel::reporting::returns::{self, ReturnFilter, Returns, UnitReturnId};
use kernel::rules::Rule;
use kernel::validity::day_faults;
use kernel::{attachments, crud, return_form, return_steps, text_enum};

text_enum! {
    /// What is measured (chỉ tiêu).
    pub enum DigitalMeasure {
        /// Agencies with internet.
        AgenciesOnline => "agencies_online", "cơ quan có kết nối internet";
        /// Agencies with a local network.
        AgenciesWithLan => "agencies_with_lan", "cơ quan có mạng nội bộ (LAN)";
        /// Officials with a computer.
        OfficialsWithComputer => "officials_with_computer", "cán bộ, công chức được trang bị máy tính";
        /// Computers with internet.
        ComputersOnline => "computers_online", "máy tính kết nối internet";
        /// Officials with an official mailbox.
        OfficialsWithMailbox => "officials_with_mailbox", "cán bộ, công chức có hộp thư điện tử công vụ";
        /// Reports made in the Government's reporting system.
        ReportsInSystem => "reports_in_system", "báo cáo định kỳ thực hiện qua Hệ thống thông tin báo cáo Chính phủ";
        /// Documents exchanged electronically.
        DocumentsExchanged => "documents_exchanged", "văn bản đi, đến chuyển trên môi trường mạng";
        /// Outgoing documents with a digital signature.
        OutgoingSigned => "outgoing_signed", "văn bản đi có ký số theo quy định";
        /// Incoming documents that are entered and signed.
        IncomingSigned => "incoming_signed", "văn bản đến được cập nhật và ký số theo quy định";
        /// Units that have a certificate to sign with.
        UnitsWithCertificate => "units_with_certificate", "cơ quan, đơn vị được cấp chữ ký số chuyên dùng";
        /// Files of officials in step with the national database.
        OfficialFilesSynced => "official_files_synced", "hồ sơ cán bộ, công chức, viên chức được đồng bộ";
        /// Services that may be online and are.
        ServicesOnline => "services_online", "dịch vụ công trực tuyến đủ điều kiện được cung cấp";
    }
}

text_enum! {
    /// What a stated rate says (cách nêu tỷ lệ).
    pub enum RateBound {
        /// It is the rate.
        Exact => "exact", "đúng bằng";
        /// The rate is at least that.
        AtLeast => "at_least", "từ mức này trở lên (trên, đạt trên)";
        /// The rate is at most that.
        AtMost => "at_most", "không quá mức này (dưới)";
        /// The rate is about that.
        About => "about", "khoảng";
    }
}

return_form! {
    /// Measure returns (báo cáo chỉ tiêu chính quyền điện tử), as units file them.
    form: Measures, record_type: MeasureReturn, columns: MeasureColumns,
    page: MeasureReturnPage of "measure returns", line: measure, faults: faults,
    counts: [numerator], told: is_told,
    /// How much of something a unit has made digital (chỉ tiêu chính quyền điện tử, chính quyền số).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "nil": false,
        "measure": "official_files_synced", "as_of": null, "numerator": null, "denominator": null,
        "stated_basis_points": 8186, "stated_bound": "at_least", "rate_percent": 81.86, "remarks": [],
        "not_reported": ["as_of", "denominator", "numerator"], "covers_from": null, "covers_to": "2024-07-02",
        "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
        "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
        "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
        "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
        "updated_at": "2024-07-03T02:00:00Z"
    }))]
    answer: MeasureReturn;
    /// A new measure return, or the whole of a changed one. A column that is left out is not reported.
    #[schema(example = json!({
        "org_unit_code": "31396", "period_code": "2026-Q3", "measure": "outgoing_signed", "as_of": "2026-09-30",
        "numerator": 412, "denominator": 415
    }))]
    create: MeasureReturnCreate;
    /// Changes to a measure return (RFC 7396). Unit, period and measure stay: they name it.
    #[schema(example = json!({"numerator": 414}))]
    patch: MeasureReturnPatch;
    fields: {
        /// The measure (chỉ tiêu). A unit files one return for each.
        measure: DigitalMeasure;
        /// The day on which it stood so (tính đến ngày).
        as_of: Option<NaiveDate>;
        /// So many (tử số).
        numerator: Option<number(0..=1_000_000_000)>;
        /// Of so many (mẫu số).
        denominator: Option<number(1..=1_000_000_000)>;
        /// The rate as it is stated, where it is stated without its parts or beside them, in hundredths of a
        /// percent (tỷ lệ nêu trong báo cáo, phần vạn): 81,86 % is 8186.
        stated_basis_points: Option<number(0..=10_000)>;
        /// What the stated rate says (cách nêu tỷ lệ).
        stated_bound: Option<RateBound>;
        /// Computed: the rate in percent to two decimals (tỷ lệ phần trăm), from the parts where they are
        /// reported, else as it is stated.
        rate_percent: derived Option<f64> = rate_percent(row);
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
    }
}

/// Where both parts are told the rate follows from them, and is stated by whoever wants it held against them.
fn is_told(columns: &MeasureColumns, column: &str) -> bool {
    let has_parts = columns.numerator.is_some() && columns.denominator.is_some();
    !(has_parts && matches!(column, "stated_basis_points" | "stated_bound"))
}

fn rate_percent(columns: &MeasureColumns) -> Option<f64> {
    let of_parts = columns.numerator.zip(columns.denominator);
    match of_parts {
        Some((numerator, denominator)) => two_decimals(numerator.saturating_mul(100), denominator),
        None => columns.stated_basis_points.and_then(|points| two_decimals(points, 100)),
    }
}

/// Faults that the columns show by themselves.
fn faults(columns: &MeasureColumns) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([("/as_of", columns.as_of)]).collect();
    let pairs = [
        ("/numerator", columns.numerator.is_some(), "/denominator", columns.denominator.is_some()),
        (
            "/stated_basis_points",
            columns.stated_basis_points.is_some(),
            "/stated_bound",
            columns.stated_bound.is_some(),
        ),
    ];
    for (one, has_one, other, has_other) in pairs {
        if has_one != has_other {
            let message =
                Bilingual::new("Hai giá trị này phải đi cùng nhau.", "One of these two needs the other.");
            faults.push(Fault::new(if has_one { other } else { one }, "required", message));
        }
    }
    faults
}

/// What is noticed about a return.
fn remarks(columns: &MeasureColumns) -> Vec<Remark> {
    let parts = columns.numerator.zip(columns.denominator);
    let above = parts.and_then(|(part, whole)| more_than_whole("/numerator", part, whole));
    above.into_iter().chain(rate_apart(columns)).collect()
}

/// A stated rate that is not that of its parts, each to two decimals.
fn rate_apart(columns: &MeasureColumns) -> Option<Remark> {
    let (numerator, denominator) = columns.numerator.zip(columns.denominator)?;
    let (stated, bound) = columns.stated_basis_points.zip(columns.stated_bound)?;
    let (part, whole) = (i128::from(numerator), i128::from(denominator));
    let of_parts = i64::try_from((part * 20_000 + whole) / (whole * 2)).ok()?;
    let holds = match bound {
        RateBound::Exact => of_parts == stated,
        RateBound::AtLeast => of_parts >= stated,
        RateBound::AtMost => of_parts <= stated,
        RateBound::About => (of_parts - stated).abs() <= 100,
    };
    if holds {
        return None;
    }
    let message = Bilingual::new(
        format!("Tỷ lệ nêu khác tỷ lệ tính từ {numerator}/{denominator}."),
        format!("The stated rate is not that of {numerator} of {denominator}."),
    );
    Some(
        Remark::new("/stated_basis_points", Rule::RateAndParts, message)
            .with("stated_basis_points", stated)
            .with("basis_points_of_parts", of_parts),
    )
}

crud! {
    tag: "measure-returns", what: "a measure return", many: "measure returns", vi: "báo cáo chỉ tiêu chính quyền điện tử",
    collection: "/api/v1/e-government/measure-returns", record: "/api/v1/e-government/measure-returns/{id}",
    id: UnitReturnId, row: MeasureReturn, page: MeasureReturnPage,
    create: MeasureReturnCreate, patch: MeasureReturnPatch, filter: ReturnFilter,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    list: list_measure_returns => returns::list::<Measures>, get: get_measure_return => returns::get::<Measures>,
    create_one: create_measure_return => insert::<Returns<Measures>>,
    replace: replace_measure_return => replace::<Returns<Measures>>, patch_one: patch_measure_return,
    delete: delete_measure_return => returns::delete::<Measures>,
    batch: "/api/v1/e-government/measure-returns/batch", batch_measure_returns => Returns<Measures>,
    import: "/api/v1/e-government/measure-returns/import", import_measure_returns, template: "/api/v1/e-government/measure-returns/template", get_measure_return_template, sheet: "measure-returns",
}

return_steps! {
    tag: "measure-returns", what: "a measure return", vi: "báo cáo chỉ tiêu chính quyền điện tử",
    form: Measures, answer: MeasureReturn,
    write: Permit<Write, EGovernment>, review: Permit<Review, EGovernment>,
    submit: "/api/v1/e-government/measure-returns/{id}/submission", submit_measure_return,
    accept: "/api/v1/e-government/measure-returns/{id}/acceptance", accept_measure_return,
    send_back: "/api/v1/e-government/measure-returns/{id}/send-back", send_back_measure_return,
}

attachments! {
    tag: "measure-returns", of: "a measure return", vi: "báo cáo chỉ tiêu chính quyền điện tử",
    list_path: "/api/v1/e-government/measure-returns/{id}/attachments",
    path: "/api/v1/e-government/measure-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/e-government/measure-returns/{id}/attachments/{attachment_id}/content",
    owner: MeasureAttachments, record_type: MeasureReturn, table: "unit_returns", id: UnitReturnId,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    seen: returns::seen::<Measures>, changeable: returns::changeable::<Measures>,
    list: list_measure_return_attachments, attach: create_measure_return_attachment,
    get: get_measure_return_attachment, content: get_measure_return_attachment_content,
    delete: delete_measure_return_attachment,
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
    fn a_rate_is_told_where_its_parts_are_not() {
        let is_told = |columns: serde_json::Value| {
            let columns = serde_json::from_value(columns).unwrap();
            ["numerator", "stated_basis_points", "stated_bound"].map(|column| is_told(&columns, column))
        };
        assert_eq!(is_told(json!({"measure": "outgoing_signed"})), [true; 3]);
        let parts = json!({"measure": "outgoing_signed", "numerator": 412, "denominator": 415});
        assert_eq!(is_told(parts), [true, false, false]);
    }
}
