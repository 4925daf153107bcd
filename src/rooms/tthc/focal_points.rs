//! Focal points (cán bộ, công chức đầu mối): by which positions a unit controls administrative procedures
//! (kiểm soát TTHC) and takes feedback (tiếp nhận phản ánh, kiến nghị), how many hold them, and since when.
//!
//! A row tells the position and how to reach the office, never who holds it: no name and no phone of a
//! person is kept here. Who no longer is one is not deleted but gets the day.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use crate::once_at_a_time::{lock_units, once_at_a_time};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::focal_points as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{contains, fold};
use kernel::tree::{OrgTree, Tier};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a focal point (đầu mối kiểm soát thủ tục hành chính).
    FocalPointId
}

text_enum! {
    /// What a focal point is charged with (nhiệm vụ đầu mối).
    pub enum FocalPointDuty {
        /// The control of administrative procedures.
        ProcedureControl => "procedure_control", "kiểm soát thủ tục hành chính";
        /// Taking feedback and petitions.
        FeedbackReception => "feedback_reception", "tiếp nhận phản ánh, kiến nghị";
    }
}

text_enum! {
    /// Order of focal points (thứ tự).
    pub enum FocalPointSort {
        /// The earliest first.
        ValidFrom => "valid_from", "ngày bắt đầu tăng dần";
        /// The latest first.
        ValidFromDesc => "-valid_from", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: focal_points, id: FocalPointId, page: FocalPointPage of "focal points",
    unit on valid_from: {
        shown "The unit (đơn vị).", named "Its name on the first day (tên đơn vị).",
        sent "The unit, by id; exactly one of id, identifier and code (đơn vị).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A focal point as it is stored.
    row: FocalPointRow;
    /// A position whose holders are focal points of their unit (cán bộ, công chức đầu mối kiểm soát TTHC). It
    /// names no person.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000023", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "level": "commune", "duty": "procedure_control", "position_title": "Công chức Văn phòng HĐND và UBND",
        "headcount": 2, "office_phone": "0293 3868 123", "decision_number": "61/QĐ-UBND",
        "decided_on": "2026-01-05", "valid_from": "2026-01-05", "valid_to": null, "remarks": [], "note": null,
        "version": 1, "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: FocalPoint;
    /// A new focal point, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "duty": "procedure_control", "position_title": "Công chức Tư pháp - Hộ tịch",
        "headcount": 1, "office_phone": "0293 3868 123", "valid_from": "2026-01-05"
    }))]
    create: FocalPointCreate;
    /// Changes to a focal point (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"valid_to": "2026-09-01"}))]
    patch: FocalPointPatch;
    fields: {
        /// Its tier of government on the first day (cấp); of an agency that of the unit above it.
        level: derived Option<Tier> = level(row, tree);
        /// What it is charged with (nhiệm vụ đầu mối).
        duty: FocalPointDuty;
        /// The position, never a name (chức danh, chức vụ).
        position_title: words(1..=200), folded position_folded;
        /// How many hold it (số người).
        headcount: number(1..=10_000), with [#[serde(default = "one")] #[schema(default = 1)]];
        /// The office's phone (số điện thoại cơ quan).
        office_phone: Option<text(3..=30)>,
            sent "The office's phone, not that of a person (số điện thoại cơ quan).",
            changed "The office's phone, not that of a person (số điện thoại cơ quan).";
        /// Number of the decision that appoints them (số quyết định phân công, kiện toàn).
        decision_number: Option<text(3..=50)>;
        /// Its day (ngày ký quyết định).
        decided_on: Option<NaiveDate>;
        /// First day (ngày bắt đầu).
        valid_from: NaiveDate;
        /// First day on which it no longer is (ngày thôi làm đầu mối); null while it is.
        valid_to: Option<NaiveDate>,
            sent "First day on which it no longer is (ngày thôi làm đầu mối); null or absent while it is.";
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which focal points a list holds.
    filter: FocalPointFilter of "The unit, by id (đơn vị)." {
        /// What they are charged with (nhiệm vụ đầu mối).
        #[param(inline)]
        duty: Option<FocalPointDuty>,
        /// Whether they are focal points on `as_of` (đang làm đầu mối).
        standing: Option<bool>,
        /// Words of the position in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<FocalPointSort>,
    }
}

/// How many hold a position of which nothing else is said.
const fn one() -> i64 {
    1
}

fn level(row: &FocalPointRow, tree: &OrgTree) -> Option<Tier> {
    tree.tier_at(row.org_unit_id, row.valid_from)
}

/// Faults that the body shows by itself.
fn faults(body: &FocalPointCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/valid_from", Some(body.valid_from)),
        ("/valid_to", body.valid_to),
        ("/decided_on", body.decided_on),
    ])
    .collect();
    if body.valid_to.is_some_and(|day| day <= body.valid_from) {
        let message = Bilingual::new(
            "Ngày thôi làm đầu mối phải sau ngày bắt đầu.",
            "The day on which it no longer is must be after the first.",
        );
        faults.push(Fault::new("/valid_to", "before_start", message));
    }
    faults.extend(document_faults(
        ("/decision_number", body.decision_number.as_deref()),
        ("/decided_on", body.decided_on),
    ));
    if body.office_phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        let message = Bilingual::new(
            "Số điện thoại cơ quan chỉ gồm chữ số, dấu cách, dấu chấm, gạch nối, ngoặc và dấu + ở đầu, từ 3 đến 15 chữ số.",
            "An office's phone has 3 to 15 digits, with blanks, points, hyphens, brackets and a + before them.",
        );
        faults.push(Fault::new("/office_phone", "phone_shape", message));
    }
    faults
}

/// Digits with what people write between them.
fn is_phone(text: &str) -> bool {
    let national = text.strip_prefix('+').unwrap_or(text);
    let digits = national.chars().filter(char::is_ascii_digit).count();
    let is_written = |letter: char| letter.is_ascii_digit() || " .-()".contains(letter);
    (3..=15).contains(&digits) && national.chars().all(is_written)
}

/// What is noticed about a focal point.
fn remarks(row: &FocalPointRow) -> Vec<Remark> {
    let decision = row.decision_number.as_deref().zip(row.decided_on);
    let of_year = decision.and_then(|(number, day)| year_remark("/decision_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    if let Some(day) = row.decided_on.filter(|day| *day > row.valid_from) {
        let days = (day - row.valid_from).num_days();
        let message = Bilingual::new(
            format!("Làm đầu mối trước ngày ký quyết định {days} ngày."),
            format!("It begins {days} days before the decision was signed."),
        );
        remarks.push(Remark::new("/valid_from", Rule::BeforeDecision, message).with("days", days));
    }
    remarks
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a FocalPointFilter, day: NaiveDate) -> Query<'a> {
    if let Some(duty) = filter.duty {
        query = query.filter(columns::duty.eq(duty));
    }
    let gone = || columns::valid_to.is_not_null().and(columns::valid_to.assume_not_null().le(day));
    query = match filter.standing {
        None => query,
        Some(true) => query.filter(columns::valid_from.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(columns::valid_from.gt(day).or(gone())),
    };
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::position_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// Refuses what is held already on one of its days: its holders would count twice.
fn held_once(
    conn: &mut DbConn,
    _scoped: &Scoped,
    made: Vec<Result<FocalPointRow, ApiError>>,
) -> Result<Vec<Result<FocalPointRow, ApiError>>, ApiError> {
    let rows = || made.iter().flatten();
    let units: HashSet<_> = rows().map(|row| row.org_unit_id).collect();
    lock_units(conn, &units)?;
    let positions: HashSet<&str> = rows().map(|row| row.position_folded.as_str()).collect();
    let held: Vec<FocalPointRow> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::position_folded.eq_any(positions)))
        .filter(columns::deleted_at.is_null())
        .select(FocalPointRow::as_select())
        .load(conn)?;
    Ok(once_at_a_time(held, made, overlap))
}

/// Whether two records are of the same position on one of the same days.
fn overlap(row: &FocalPointRow, other: &FocalPointRow) -> bool {
    let of = |row: &FocalPointRow| (row.org_unit_id, row.duty);
    of(other) == of(row)
        && other.position_folded == row.position_folded
        && row.valid_to.is_none_or(|end| other.valid_from < end)
        && other.valid_to.is_none_or(|end| row.valid_from < end)
}

unit_store! {
    /// Focal points, as they are written.
    records: FocalPoints, record_type: "focal_point",
    table: focal_points, id: FocalPointId, row: FocalPointRow, answer: FocalPoint,
    create: FocalPointCreate, filter: FocalPointFilter, unit on: valid_from,
    key: |body| {
        duty: FocalPointDuty = body.duty, position_folded: String = fold(&body.position_title),
        valid_from: NaiveDate = body.valid_from,
    },
    sought by: [position_folded],
    order: FocalPointSort::{ValidFrom, ValidFromDesc} by valid_from: NaiveDate, ValidFromDesc first,
    days: [], matching: matching, faults: faults, beside: held_once,
    list: focal_point_list, get: focal_point_get, seen: focal_point_seen, delete: focal_point_delete,
}

crud! {
    tag: "focal-points", what: "a focal point", many: "focal points",
    vi: "cán bộ, công chức đầu mối kiểm soát thủ tục hành chính",
    collection: "/api/v1/tthc/focal-points", record: "/api/v1/tthc/focal-points/{id}",
    id: FocalPointId, row: FocalPoint, page: FocalPointPage,
    create: FocalPointCreate, patch: FocalPointPatch, filter: FocalPointFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_focal_points => focal_point_list, get: get_focal_point => focal_point_get,
    create_one: create_focal_point => insert::<FocalPoints>,
    replace: replace_focal_point => replace::<FocalPoints>, patch_one: patch_focal_point,
    delete: delete_focal_point => focal_point_delete,
    batch: "/api/v1/tthc/focal-points/batch", batch_focal_points => FocalPoints,
    import: "/api/v1/tthc/focal-points/import", import_focal_points, template: "/api/v1/tthc/focal-points/template", get_focal_point_template, sheet: "focal-points",
}

attachments! {
    tag: "focal-points", of: "a focal point", vi: "cán bộ, công chức đầu mối kiểm soát thủ tục hành chính",
    list_path: "/api/v1/tthc/focal-points/{id}/attachments",
    path: "/api/v1/tthc/focal-points/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/focal-points/{id}/attachments/{attachment_id}/content",
    owner: FocalPointAttachments, record_type: FocalPoint, table: "focal_points", id: FocalPointId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: focal_point_seen, changeable: focal_point_seen,
    list: list_focal_point_attachments, attach: create_focal_point_attachment,
    get: get_focal_point_attachment, content: get_focal_point_attachment_content,
    delete: delete_focal_point_attachment,
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

    unit_lists_are_indexed!(focal_points, FocalPointRow, {
        let none = FocalPointFilter::default;
        [
            none(),
            FocalPointFilter { sort: Some(FocalPointSort::ValidFrom), ..none() },
            FocalPointFilter {
                duty: Some(FocalPointDuty::ProcedureControl),
                standing: Some(true),
                q: Some("công chức".into()),
                ..none()
            },
            FocalPointFilter { standing: Some(false), ..none() },
        ]
    });

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "duty": "procedure_control", "position_title": "Công chức Tư pháp - Hộ tịch", "valid_from": "2026-01-05",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_phone_is_digits_however_it_is_written() {
        for phone in ["02933868123", "(0293) 3.868.123", "+84 293 3868123", "1022", "19001009"] {
            assert!(is_phone(phone), "{phone}");
        }
        for phone in
            ["", "12", "số 1022", "0293/3868123", "a@b.vn", "++84", "1234567890123456", "0293+3868123"]
        {
            assert!(!is_phone(phone), "{phone}");
        }
        assert_eq!(codes(&json!({"office_phone": "bà A"})), [pair("/office_phone", "phone_shape")]);
    }

    #[test]
    fn a_duty_ends_after_it_began() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"valid_to": "2026-01-06"})), []);
        assert_eq!(codes(&json!({"valid_to": "2026-01-05"})), [pair("/valid_to", "before_start")]);
        assert_eq!(codes(&json!({"valid_from": "+10000-01-01"})), [pair("/valid_from", "out_of_range")]);
    }

    #[test]
    fn a_decision_has_number_and_day() {
        assert_eq!(codes(&json!({"decided_on": "2026-01-05"})), [pair("/decision_number", "required")]);
    }
}
