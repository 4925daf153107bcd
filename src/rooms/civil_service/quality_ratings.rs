//! Ratings of quality (đánh giá, xếp loại chất lượng): how many cadres, civil servants and public employees of a
//! unit did their duties excellently, well, or not, in a year. Shares are made of the counts and never sent.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::personnel_decisions::kinds::{StaffCategory, StaffSector};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::quality_ratings as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::rates::StatisticsRate;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of ratings of quality (kết quả xếp loại chất lượng).
    QualityRatingId
}

text_enum! {
    /// Order of ratings of quality (thứ tự).
    pub enum QualityRatingSort {
        /// Earliest first.
        RatedOn => "rated_on", "ngày xếp loại tăng dần";
        /// Latest first.
        RatedOnDesc => "-rated_on", "ngày xếp loại giảm dần";
    }
}

unit_fields! {
    table: quality_ratings, id: QualityRatingId, page: QualityRatingPage of "ratings of quality",
    unit on rated_on: {
        shown "The unit whose people are rated (đơn vị).", named "Its name on the day (tên đơn vị).",
        sent "The unit whose people are rated, by id; exactly one of id, identifier and code (đơn vị).",
        read "The unit by its statistics code, read on the day (mã đơn vị hành chính).",
    }
    /// Ratings as they are stored.
    row: QualityRatingRow;
    /// How well those of one category did their duties in a year (kết quả xếp loại chất lượng). It names no person.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000037", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "year": 2025, "category": "civil_servant", "sector": "commune", "rated_on": "2025-12-19",
        "excellent": 4, "good": 30, "completed": 2, "not_completed": 0, "not_rated": 1, "rated": 36,
        "excellent_rate": {"numerator": 4, "denominator": 36, "rate_percent": 11.11},
        "document_number": "512/QĐ-UBND", "document_on": "2025-12-19", "remarks": [], "source_note": null,
        "note": null, "version": 1, "created_at": "2025-12-19T02:00:00Z", "updated_at": "2025-12-19T02:00:00Z"
    }))]
    answer: QualityRating;
    /// New ratings, or the whole of changed ones.
    #[schema(example = json!({
        "org_unit_code": "31420", "year": 2025, "category": "civil_servant", "sector": "commune",
        "rated_on": "2025-12-19", "excellent": 4, "good": 30, "completed": 2, "not_completed": 0
    }))]
    create: QualityRatingCreate;
    /// Changes to ratings (RFC 7396). The unit stays: it names them.
    #[schema(example = json!({"good": 31}))]
    patch: QualityRatingPatch;
    fields: {
        /// The year that is rated (năm đánh giá).
        year: number(2000..=2100);
        /// As what those rated serve (đối tượng).
        category: StaffCategory;
        /// Where they serve (khối).
        sector: StaffSector, with [#[serde(default = "not_apart")] #[schema(default = "not_apart")]];
        /// The day on which they were rated (ngày xếp loại).
        rated_on: NaiveDate;
        /// Did their duties excellently (hoàn thành xuất sắc nhiệm vụ).
        excellent: number(0..=1_000_000);
        /// Did them well (hoàn thành tốt nhiệm vụ).
        good: number(0..=1_000_000);
        /// Did them (hoàn thành nhiệm vụ).
        completed: number(0..=1_000_000);
        /// Did not (không hoàn thành nhiệm vụ).
        not_completed: number(0..=1_000_000);
        /// Were not rated (chưa đánh giá, không xếp loại); null where it was not counted.
        not_rated: Option<number(0..=1_000_000)>;
        /// All who were rated (tổng số được xếp loại).
        rated: derived i64 = rated(row);
        /// Those who did excellently, out of all who were rated (tỷ lệ hoàn thành xuất sắc nhiệm vụ).
        excellent_rate: derived StatisticsRate = excellent_rate(row);
        /// Number of the decision (số quyết định).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày ký).
        document_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which ratings a list holds.
    filter: QualityRatingFilter of "The unit whose people are rated, by id (đơn vị)." {
        /// Of this year (năm đánh giá).
        #[validate(range(min = 2000, max = 2100))]
        #[param(minimum = 2000, maximum = 2100)]
        year: Option<i64>,
        /// As what those rated serve (đối tượng).
        #[param(inline)]
        category: Option<StaffCategory>,
        /// Rated on this day or later (từ ngày).
        rated_from: Option<NaiveDate>,
        /// Rated on this day or before (đến ngày).
        rated_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<QualityRatingSort>,
    }
}

const fn not_apart() -> StaffSector {
    StaffSector::NotApart
}

const fn rated(row: &QualityRatingRow) -> i64 {
    row.excellent + row.good + row.completed + row.not_completed
}

fn excellent_rate(row: &QualityRatingRow) -> StatisticsRate {
    StatisticsRate::of(row.excellent, rated(row))
}

/// Faults that a body shows by itself.
fn faults(body: &QualityRatingCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        day_faults([("/rated_on", Some(body.rated_on)), ("/document_on", body.document_on)]).collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if i64::from(body.rated_on.year()) < body.year {
        let message = Bilingual::new(
            format!("Không thể xếp loại năm {} trước khi năm đó bắt đầu.", body.year),
            format!("The year {} cannot be rated before it begins.", body.year),
        );
        faults.push(Fault::new("/rated_on", "before_year", message));
    }
    faults
}

/// What is noticed about ratings.
fn remarks(row: &QualityRatingRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    if rated(row) == 0 {
        let message = Bilingual::new("Chưa có ai được xếp loại.", "Nobody was rated.");
        remarks.push(Remark::new("", Rule::NobodyRated, message));
    }
    remarks
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a QualityRatingFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.year {
        query = query.filter(columns::year.eq(year));
    }
    if let Some(category) = filter.category {
        query = query.filter(columns::category.eq(category));
    }
    if let Some(day) = filter.rated_from {
        query = query.filter(columns::rated_on.ge(day));
    }
    if let Some(day) = filter.rated_to {
        query = query.filter(columns::rated_on.le(day));
    }
    query
}

unit_store! {
    /// Ratings of quality, as they are written.
    records: QualityRatings, record_type: "quality_rating",
    table: quality_ratings, id: QualityRatingId, row: QualityRatingRow, answer: QualityRating,
    create: QualityRatingCreate, filter: QualityRatingFilter, unit on: rated_on,
    key: |body| {
        year: i64 = body.year, category: StaffCategory = body.category, sector: StaffSector = body.sector,
    },
    sought by: [year],
    order: QualityRatingSort::{RatedOn, RatedOnDesc} by rated_on: NaiveDate, RatedOnDesc first,
    days: [rated_from, rated_to], matching: matching, faults: faults,
    list: quality_list, get: quality_get, seen: quality_seen, delete: quality_delete,
}

crud! {
    tag: "quality-ratings", what: "a rating of quality", many: "ratings of quality",
    vi: "kết quả đánh giá, xếp loại chất lượng",
    collection: "/api/v1/civil-service/quality-ratings", record: "/api/v1/civil-service/quality-ratings/{id}",
    id: QualityRatingId, row: QualityRating, page: QualityRatingPage,
    create: QualityRatingCreate, patch: QualityRatingPatch, filter: QualityRatingFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_quality_ratings => quality_list, get: get_quality_rating => quality_get,
    create_one: create_quality_rating => insert::<QualityRatings>,
    replace: replace_quality_rating => replace::<QualityRatings>, patch_one: patch_quality_rating,
    delete: delete_quality_rating => quality_delete,
    batch: "/api/v1/civil-service/quality-ratings/batch", batch_quality_ratings => QualityRatings,
    import: "/api/v1/civil-service/quality-ratings/import", import_quality_ratings, template: "/api/v1/civil-service/quality-ratings/template", get_quality_rating_template, sheet: "quality-ratings",
}

attachments! {
    tag: "quality-ratings", of: "a rating of quality", vi: "kết quả đánh giá, xếp loại chất lượng",
    list_path: "/api/v1/civil-service/quality-ratings/{id}/attachments",
    path: "/api/v1/civil-service/quality-ratings/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/quality-ratings/{id}/attachments/{attachment_id}/content",
    owner: QualityRatingAttachments, record_type: QualityRating, table: "quality_ratings", id: QualityRatingId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: quality_seen, changeable: quality_seen,
    list: list_quality_rating_attachments, attach: create_quality_rating_attachment,
    get: get_quality_rating_attachment, content: get_quality_rating_attachment_content,
    delete: delete_quality_rating_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(quality_ratings, QualityRatingRow, {
        let none = QualityRatingFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            QualityRatingFilter { sort: Some(QualityRatingSort::RatedOn), ..none() },
            QualityRatingFilter { category: Some(StaffCategory::Cadre), ..none() },
            QualityRatingFilter { rated_from: day, rated_to: day, ..none() },
        ]
    });

    #[test]
    fn no_year_is_rated_before_it_begins() {
        let pointers = |rated_on: &str| {
            let body = serde_json::json!({
                "year": 2025, "category": "cadre", "rated_on": rated_on, "excellent": 1, "good": 4, "completed": 0,
                "not_completed": 0,
            });
            let body = serde_json::from_value(body).unwrap();
            faults(&body).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers("2025-12-19"), [""; 0]);
        assert_eq!(pointers("2024-12-31"), ["/rated_on"]);
    }
}
