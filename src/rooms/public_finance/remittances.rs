//! Remittances (nộp tiền theo kiến nghị thanh tra, kiểm toán): what a unit paid towards a
//! [recommendation](super::audit_recommendations), by its receipt (giấy nộp tiền). Together they never are
//! more than was asked: whoever pays too much has another title to the money. Money is often paid back before
//! the conclusion is issued; that is noticed, and counts from the day of the conclusion on.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::audit_recommendations::{RecommendationKey, asked, conclusion_days};
use super::disbursements::first_turn;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::remittances as columns;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::{day_vi, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::{OPEN_END, day_faults};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a remittance (nộp tiền theo kiến nghị).
    RemittanceId
}

text_enum! {
    /// Order of remittances (thứ tự).
    pub enum RemittanceSort {
        /// Earliest first.
        RemittedOn => "remitted_on", "ngày nộp tăng dần";
        /// Latest first.
        RemittedOnDesc => "-remitted_on", "ngày nộp giảm dần";
    }
}

unit_fields! {
    table: remittances, id: RemittanceId, page: RemittancePage of "remittances",
    unit on remitted_on: {
        shown "The unit that pays (đơn vị nộp).", named "Its name on the day (tên đơn vị).",
        sent "The unit that pays, by id; exactly one of id, identifier and code (đơn vị nộp).",
        read "The unit by its statistics code, read on the day (mã đơn vị hành chính).",
    }
    /// A remittance as it is stored.
    row: RemittanceRow;
    /// What a unit paid towards a recommendation (nộp tiền theo kiến nghị thanh tra, kiểm toán).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000105", "org_unit_id": "0190a8c0-0000-7000-8000-000000000006",
        "org_unit_code": "934-BQLDA", "org_unit_identifier": null,
        "org_unit_name": "Ban Quản lý dự án Đầu tư xây dựng huyện", "recommendation_code": "08/KL-TTr-2",
        "remitted_on": "2024-04-22", "turn": 1, "amount_vnd": 6_483_390, "receipt_number": null,
        "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: Remittance;
    /// A new remittance, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934-BQLDA", "recommendation_code": "08/KL-TTr-2", "remitted_on": "2024-04-22",
        "amount_vnd": 6_483_390
    }))]
    create: RemittanceCreate;
    /// Changes to a remittance (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"receipt_number": "0001234"}))]
    patch: RemittancePatch;
    fields: {
        /// Code of the recommendation (mã kiến nghị).
        recommendation_code: words(1..=50), folded recommendation_code_folded,
            sent "Code of the recommendation, as the unit knows it (mã kiến nghị).";
        /// Day of the receipt (ngày giấy nộp tiền).
        remitted_on: NaiveDate;
        /// Which of several payments of the day it is (lần nộp trong ngày).
        turn: number(1..=100_000), with [#[serde(default = "first_turn")] #[schema(default = 1)]];
        /// How much, in đồng (số tiền nộp).
        amount_vnd: number(1..=9_007_199_254_740_991_i64);
        /// Number of the receipt (số giấy nộp tiền).
        receipt_number: Option<text(1..=50)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = no_remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which remittances a list holds.
    filter: RemittanceFilter of "The unit that pays, by id (đơn vị nộp)." {
        /// Towards the recommendation with this code (mã kiến nghị).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        recommendation_code: Option<String>,
        /// Paid on this day or later (nộp từ ngày).
        remitted_from: Option<NaiveDate>,
        /// Paid on this day or before (nộp đến ngày).
        remitted_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<RemittanceSort>,
    }
}

/// What the row alone shows: all that is noticed rests on the recommendation.
const fn no_remarks(_: &RemittanceRow) -> Vec<Remark> {
    Vec::new()
}

/// Tells what is noticed beside the conclusions by which it was asked for.
fn beside_conclusions(
    conn: &mut DbConn,
    _: &Scoped,
    _: NaiveDate,
    remittances: &mut [Remittance],
) -> Result<(), ApiError> {
    let key = |one: &Remittance| -> RecommendationKey { (one.org_unit_id, fold(&one.recommendation_code)) };
    let concluded = conclusion_days(conn, &remittances.iter().map(key).collect())?;
    for one in remittances {
        let concluded_on = concluded.get(&key(one)).copied();
        one.remarks.extend(concluded_on.and_then(|day| before_conclusion(one.remitted_on, day)));
    }
    Ok(())
}

/// What was paid before anything was asked.
fn before_conclusion(remitted_on: NaiveDate, concluded_on: NaiveDate) -> Option<Remark> {
    if remitted_on >= concluded_on {
        return None;
    }
    let days = (concluded_on - remitted_on).num_days();
    let message = Bilingual::new(
        format!(
            "Nộp trước ngày kết luận {} là {days} ngày; số tiền được tính từ ngày kết luận.",
            day_vi(concluded_on)
        ),
        format!(
            "It was paid {days} days before the conclusion of {concluded_on}, and counts from that day on."
        ),
    );
    Some(Remark::new("/remitted_on", Rule::BeforeConclusion, message).with("days", days))
}

/// Faults that a body shows by itself.
fn faults(body: &RemittanceCreate) -> Vec<Fault> {
    day_faults([("/remitted_on", Some(body.remitted_on))]).collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a RemittanceFilter, _: NaiveDate) -> Query<'a> {
    if let Some(code) = &filter.recommendation_code {
        query = query.filter(columns::recommendation_code_folded.eq(fold(code)));
    }
    if let Some(day) = filter.remitted_from {
        query = query.filter(columns::remitted_on.ge(day));
    }
    if let Some(day) = filter.remitted_to {
        query = query.filter(columns::remitted_on.le(day));
    }
    query
}

/// What was paid towards a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remitted {
    /// How much.
    pub(super) amount_vnd: i64,
    /// When the last of it.
    pub(super) last_on: NaiveDate,
}

/// What was paid towards recommendations until a day; one without any remittance is not there.
pub(super) fn sums(
    conn: &mut DbConn,
    recommendations: &HashSet<RecommendationKey>,
    until: NaiveDate,
) -> Result<HashMap<RecommendationKey, Remitted>, ApiError> {
    let units: HashSet<OrgUnitId> = recommendations.iter().map(|(unit, _)| *unit).collect();
    let codes: HashSet<&str> = recommendations.iter().map(|(_, code)| code.as_str()).collect();
    let rows: Vec<(OrgUnitId, String, i64, Option<NaiveDate>)> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::recommendation_code_folded.eq_any(codes)))
        .filter(columns::remitted_on.le(until).and(columns::deleted_at.is_null()))
        .group_by((columns::org_unit_id, columns::recommendation_code_folded))
        .select((
            columns::org_unit_id,
            columns::recommendation_code_folded,
            sql::<BigInt>("CAST(SUM(amount_vnd) AS BIGINT)"),
            max(columns::remitted_on),
        ))
        .load(conn)?;
    let remitted = |(unit, code, amount_vnd, last_on): (_, _, _, Option<NaiveDate>)| {
        last_on.map(|last_on| ((unit, code), Remitted { amount_vnd, last_on }))
    };
    Ok(rows.into_iter().filter_map(remitted).collect())
}

impl RemittanceRow {
    fn recommendation(&self) -> RecommendationKey {
        (self.org_unit_id, self.recommendation_code_folded.clone())
    }
}

/// Refuses what is paid towards no recommendation, or is more than is left of it.
fn within_what_is_asked(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<RemittanceRow, ApiError>>,
) -> Result<Vec<Result<RemittanceRow, ApiError>>, ApiError> {
    let keys = made.iter().flatten().map(RemittanceRow::recommendation).collect();
    // Locked before anything is summed: of two who pay at once, the second sees what the first paid.
    let asked = asked(conn, &keys)?;
    let mut account = Account { asked, paid: HashMap::new(), standing: HashMap::new() };
    let sums = sums(conn, &keys, OPEN_END)?;
    account.paid.extend(sums.into_iter().map(|(key, paid)| (key, paid.amount_vnd)));
    let changed: Vec<RemittanceId> =
        made.iter().flatten().filter(|row| row.version > 0).map(|row| row.id).collect();
    let standing: Vec<RemittanceRow> = columns::table
        .filter(columns::id.eq_any(changed).and(columns::deleted_at.is_null()))
        .select(RemittanceRow::as_select())
        .load(conn)?;
    account.standing.extend(standing.into_iter().map(|row| (row.id, row)));
    Ok(made.into_iter().map(|made| made.and_then(|row| account.take(row))).collect())
}

/// What was asked and paid, as the rows of one write are taken one after the other.
struct Account {
    asked: HashMap<RecommendationKey, i64>,
    paid: HashMap<RecommendationKey, i64>,
    standing: HashMap<RemittanceId, RemittanceRow>,
}

impl Account {
    /// Takes a remittance in the place of the one that it replaces.
    fn take(&mut self, row: RemittanceRow) -> Result<RemittanceRow, ApiError> {
        let key = row.recommendation();
        let asked = *self.asked.get(&key).ok_or_else(no_such_recommendation)?;
        let replaced = self.standing.get(&row.id);
        if row.version != replaced.map_or(0, |replaced| replaced.version) {
            return Err(ApiError::new(Problem::PreconditionFailed));
        }
        let replaced = replaced.map(|replaced| (replaced.recommendation(), replaced.amount_vnd));
        let same = replaced.iter().filter(|(of, _)| *of == key).map(|(_, amount)| amount).sum::<i64>();
        let others = self.paid.get(&key).copied().unwrap_or_default() - same;
        let left = asked - others;
        if row.amount_vnd > left {
            return Err(more_than_asked(asked, left));
        }
        if let Some((of, amount)) = replaced {
            *self.paid.entry(of).or_default() -= amount;
        }
        *self.paid.entry(key).or_default() += row.amount_vnd;
        self.standing.insert(row.id, row.clone());
        Ok(row)
    }
}

fn no_such_recommendation() -> ApiError {
    let message = Bilingual::new(
        "Đơn vị không có kiến nghị nào mang mã này; hãy nhập kiến nghị trước.",
        "The unit has no recommendation of this code; enter it first.",
    );
    ApiError::invalid(vec![Fault::new("/recommendation_code", "unknown", message)])
}

fn more_than_asked(asked: i64, left: i64) -> ApiError {
    let message = Bilingual::new(
        format!("Số tiền nộp vượt số còn phải nộp: phải nộp {asked} đồng, còn {left} đồng."),
        format!("This is more than is left to pay: {asked} đồng are asked, {left} đồng are left."),
    );
    ApiError::invalid(vec![Fault::new("/amount_vnd", "more_than_asked", message)])
}

unit_store! {
    /// Remittances, as they are written.
    records: Remittances, record_type: "remittance",
    table: remittances, id: RemittanceId, row: RemittanceRow, answer: Remittance,
    create: RemittanceCreate, filter: RemittanceFilter, unit on: remitted_on,
    key: |body| {
        recommendation_code_folded: String = fold(&body.recommendation_code),
        remitted_on: NaiveDate = body.remitted_on, turn: i64 = body.turn,
    },
    sought by: [recommendation_code_folded, remitted_on],
    order: RemittanceSort::{RemittedOn, RemittedOnDesc} by remitted_on: NaiveDate, RemittedOnDesc first,
    days: [remitted_from, remitted_to], matching: matching, faults: faults, beside: within_what_is_asked,
    with: beside_conclusions, list: remittance_list, get: remittance_get, seen: remittance_seen, delete: remittance_delete,
}

crud! {
    tag: "remittances", what: "a remittance", many: "remittances",
    vi: "nộp tiền theo kiến nghị thanh tra, kiểm toán",
    collection: "/api/v1/public-finance/remittances", record: "/api/v1/public-finance/remittances/{id}",
    id: RemittanceId, row: Remittance, page: RemittancePage,
    create: RemittanceCreate, patch: RemittancePatch, filter: RemittanceFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_remittances => remittance_list, get: get_remittance => remittance_get,
    create_one: create_remittance => insert::<Remittances>,
    replace: replace_remittance => replace::<Remittances>, patch_one: patch_remittance,
    delete: delete_remittance => remittance_delete,
    batch: "/api/v1/public-finance/remittances/batch", batch_remittances => Remittances,
    import: "/api/v1/public-finance/remittances/import", import_remittances, template: "/api/v1/public-finance/remittances/template", get_remittance_template, sheet: "remittances",
}

attachments! {
    tag: "remittances", of: "a remittance", vi: "nộp tiền theo kiến nghị thanh tra, kiểm toán",
    list_path: "/api/v1/public-finance/remittances/{id}/attachments",
    path: "/api/v1/public-finance/remittances/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/remittances/{id}/attachments/{attachment_id}/content",
    owner: RemittanceAttachments, record_type: Remittance, table: "remittances", id: RemittanceId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: remittance_seen, changeable: remittance_seen,
    list: list_remittance_attachments, attach: create_remittance_attachment,
    get: get_remittance_attachment, content: get_remittance_attachment_content,
    delete: delete_remittance_attachment,
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

    unit_lists_are_indexed!(remittances, RemittanceRow, {
        let none = RemittanceFilter::default;
        let day = NaiveDate::from_ymd_opt(2024, 4, 22);
        [
            none(),
            RemittanceFilter { sort: Some(RemittanceSort::RemittedOn), ..none() },
            RemittanceFilter { recommendation_code: Some("08/KL-TTr-1".into()), ..none() },
            RemittanceFilter { remitted_from: day, remitted_to: day, ..none() },
        ]
    });

    #[test]
    fn what_is_paid_before_the_conclusion_is_noticed() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        assert_eq!(before_conclusion(day("2024-03-06"), day("2024-03-06")), None);
        let early = before_conclusion(day("2024-03-04"), day("2024-03-06")).unwrap();
        assert_eq!((early.code, early.numbers["days"]), ("before_conclusion", 2));
    }
}
