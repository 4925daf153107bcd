//! How a unit follows the enforcement of the law (theo dõi tình hình thi hành pháp luật): year by year by a plan, topic
//! by topic, with what was looked at, what was found and what it reports.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Institutions, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::law_enforcement_monitoring as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::text::{contains, day_vi, fold};
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a topic of monitoring (chuyên đề theo dõi thi hành pháp luật).
    LawEnforcementMonitoringId
}

text_enum! {
    /// Order of topics (thứ tự).
    pub enum LawEnforcementMonitoringSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

unit_fields! {
    table: law_enforcement_monitoring, id: LawEnforcementMonitoringId, page: LawEnforcementMonitoringPage of "topics of monitoring",
    unit on starts_on: {
        shown "The unit that monitors (đơn vị thực hiện).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that monitors, by id; exactly one of id, identifier and code (đơn vị thực hiện).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A topic as it is stored.
    row: LawEnforcementMonitoringRow;
    /// A topic in which a unit follows how the law is enforced (theo dõi tình hình thi hành pháp luật).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000064", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "year": 2026, "topic": "Xử lý vi phạm hành chính trong lĩnh vực đất đai", "starts_on": "2026-02-07", "ends_on": null,
        "document_number": "34/KH-UBND", "document_on": "2026-02-07", "units_inspected": 4,
        "shortcomings_found": 2, "proposals_made": 1, "result": "Đã chấn chỉnh việc lập biên bản.",
        "result_number": "212/BC-UBND", "result_on": "2026-11-10", "remarks": [], "note": null,
        "source_note": null, "version": 1, "created_at": "2026-02-07T02:00:00Z", "updated_at": "2026-11-10T02:00:00Z"
    }))]
    answer: LawEnforcementMonitoring;
    /// A new topic, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "year": 2026, "topic": "Xử lý vi phạm hành chính trong lĩnh vực đất đai",
        "starts_on": "2026-02-07", "document_number": "34/KH-UBND", "document_on": "2026-02-07"
    }))]
    create: LawEnforcementMonitoringCreate;
    /// Changes to a topic (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"units_inspected": 4, "shortcomings_found": 2}))]
    patch: LawEnforcementMonitoringPatch;
    fields: {
        /// Year of the plan (năm kế hoạch).
        year: number(2000..=2100);
        /// What is followed (chuyên đề, lĩnh vực theo dõi).
        topic: words(1..=500), folded topic_folded;
        /// First day (ngày bắt đầu); of a plan its day.
        starts_on: NaiveDate;
        /// Last day (ngày kết thúc).
        ends_on: Option<NaiveDate>;
        /// Number of the plan (số, ký hiệu kế hoạch).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày kế hoạch).
        document_on: Option<NaiveDate>;
        /// Units that were looked at (số đơn vị được kiểm tra, khảo sát); null where it was not told.
        units_inspected: Option<number(0..=1_000_000)>;
        /// What was found wanting (số tồn tại, hạn chế phát hiện); null where it was not told.
        shortcomings_found: Option<number(0..=1_000_000)>;
        /// Proposals to whoever can mend it (số kiến nghị); null where it was not told.
        proposals_made: Option<number(0..=1_000_000)>;
        /// What came of it (kết quả).
        result: Option<text(1..=4000)>;
        /// Number of the report on it (số, ký hiệu báo cáo kết quả).
        result_number: Option<text(3..=50)>;
        /// Its day (ngày báo cáo kết quả).
        result_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which topics a list holds.
    filter: LawEnforcementMonitoringFilter of "The unit that monitors, by id (đơn vị thực hiện)." {
        /// Of this year (năm kế hoạch).
        #[validate(range(min = 2000, max = 2100))]
        #[param(minimum = 2000, maximum = 2100)]
        year: Option<i64>,
        /// Begun on this day or later (bắt đầu từ ngày).
        starts_from: Option<NaiveDate>,
        /// Begun on this day or before (bắt đầu đến ngày).
        starts_to: Option<NaiveDate>,
        /// Words of the topic in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<LawEnforcementMonitoringSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &LawEnforcementMonitoringCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", body.ends_on),
        ("/document_on", body.document_on),
        ("/result_on", body.result_on),
    ])
    .collect();
    for (pointer, day) in [("/ends_on", body.ends_on), ("/result_on", body.result_on)] {
        if day.is_some_and(|day| day < body.starts_on) {
            let message = Bilingual::new(
                format!("Ngày này không được trước ngày bắt đầu {}.", day_vi(body.starts_on)),
                format!("This day must not be before the first, {}.", body.starts_on),
            );
            faults.push(Fault::new(pointer, "before_start", message));
        }
    }
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    faults.extend(document_faults(
        ("/result_number", body.result_number.as_deref()),
        ("/result_on", body.result_on),
    ));
    faults
}

/// What is noticed about a topic.
fn remarks(row: &LawEnforcementMonitoringRow) -> Vec<Remark> {
    let plan = row.document_number.as_deref().zip(row.document_on);
    let report = row.result_number.as_deref().zip(row.result_on);
    let of_plan = plan.and_then(|(number, day)| year_remark("/document_number", number, day));
    of_plan
        .into_iter()
        .chain(report.and_then(|(number, day)| year_remark("/result_number", number, day)))
        .collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a LawEnforcementMonitoringFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.year {
        query = query.filter(columns::year.eq(year));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(columns::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(columns::starts_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::topic_folded.like(contains(word)).escape('\\'));
    }
    query
}

unit_store! {
    /// Topics of monitoring, as they are written.
    records: LawEnforcementMonitorings, record_type: "law_enforcement_monitoring",
    table: law_enforcement_monitoring, id: LawEnforcementMonitoringId, row: LawEnforcementMonitoringRow,
    answer: LawEnforcementMonitoring, create: LawEnforcementMonitoringCreate,
    filter: LawEnforcementMonitoringFilter, unit on: starts_on,
    key: |body| { year: i64 = body.year, topic_folded: String = fold(&body.topic) },
    sought by: [year, topic_folded],
    order: LawEnforcementMonitoringSort::{StartsOn, StartsOnDesc} by starts_on: NaiveDate, StartsOnDesc first,
    days: [starts_from, starts_to], matching: matching, faults: faults,
    list: topic_list, get: topic_get, seen: topic_seen, delete: topic_delete,
}

crud! {
    tag: "law-enforcement-monitoring", what: "a topic of monitoring", many: "topics of monitoring",
    vi: "theo dõi tình hình thi hành pháp luật",
    collection: "/api/v1/institutions/law-enforcement-monitoring", record: "/api/v1/institutions/law-enforcement-monitoring/{id}",
    id: LawEnforcementMonitoringId, row: LawEnforcementMonitoring, page: LawEnforcementMonitoringPage,
    create: LawEnforcementMonitoringCreate, patch: LawEnforcementMonitoringPatch, filter: LawEnforcementMonitoringFilter,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    list: list_law_enforcement_monitoring => topic_list, get: get_law_enforcement_monitoring => topic_get,
    create_one: create_law_enforcement_monitoring => insert::<LawEnforcementMonitorings>,
    replace: replace_law_enforcement_monitoring => replace::<LawEnforcementMonitorings>, patch_one: patch_law_enforcement_monitoring,
    delete: delete_law_enforcement_monitoring => topic_delete,
    batch: "/api/v1/institutions/law-enforcement-monitoring/batch", batch_law_enforcement_monitoring => LawEnforcementMonitorings,
    import: "/api/v1/institutions/law-enforcement-monitoring/import", import_law_enforcement_monitoring, template: "/api/v1/institutions/law-enforcement-monitoring/template", get_law_enforcement_monitoring_template, sheet: "law-enforcement-monitoring",
}

attachments! {
    tag: "law-enforcement-monitoring", of: "a topic of monitoring", vi: "theo dõi tình hình thi hành pháp luật",
    list_path: "/api/v1/institutions/law-enforcement-monitoring/{id}/attachments",
    path: "/api/v1/institutions/law-enforcement-monitoring/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/institutions/law-enforcement-monitoring/{id}/attachments/{attachment_id}/content",
    owner: LawEnforcementMonitoringAttachments, record_type: LawEnforcementMonitoring, table: "law_enforcement_monitoring", id: LawEnforcementMonitoringId,
    read: Permit<Read, Institutions>, write: Permit<Write, Institutions>,
    seen: topic_seen, changeable: topic_seen,
    list: list_law_enforcement_monitoring_attachments, attach: create_law_enforcement_monitoring_attachment,
    get: get_law_enforcement_monitoring_attachment, content: get_law_enforcement_monitoring_attachment_content,
    delete: delete_law_enforcement_monitoring_attachment,
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

    unit_lists_are_indexed!(law_enforcement_monitoring, LawEnforcementMonitoringRow, {
        let none = LawEnforcementMonitoringFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            LawEnforcementMonitoringFilter { sort: Some(LawEnforcementMonitoringSort::StartsOn), ..none() },
            LawEnforcementMonitoringFilter { year: Some(2026), q: Some("đất đai".into()), ..none() },
            LawEnforcementMonitoringFilter { starts_from: day, starts_to: day, ..none() },
        ]
    });

    #[test]
    fn nothing_ends_or_is_reported_before_it_begins() {
        let codes = |change: &Value| {
            let mut body = json!({"year": 2024, "topic": "Theo dõi", "starts_on": "2024-02-07"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let body = serde_json::from_value(body).unwrap();
            faults(&body).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        let days = |day: &str| json!({"ends_on": day, "result_number": "9/BC-UBND", "result_on": day});
        assert_eq!(codes(&days("2024-02-07")), [""; 0]);
        assert_eq!(codes(&days("2024-02-06")), ["/ends_on", "/result_on"]);
        assert_eq!(codes(&json!({"result_number": "9/BC-UBND"})), ["/result_on"]);
        assert_eq!(
            codes(&json!({"document_number": "34", "document_on": "2024-02-07"})),
            ["/document_number"]
        );
    }
}
