//! Reporting periods (kỳ báo cáo): months, quarters, halves, nine months and years of a reporting
//! regime. `calendar` is the regime of civil months; others have windows of their own, such as 15
//! December to 14 June for a half-year.
//!
//! Reference data: every token reads them, an administrator of the whole country writes them. This
//! resource is written out by hand; [`crud!`](crate::crud) expands to the same.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use actix_web::{Either, HttpResponse, delete, get, patch, post, put};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::api::batch::{Batch, BatchParams, BatchReport, write_batch};
use crate::api::json::check;
use crate::api::records::{Draft, Records, Written, add_missing, insert, replace};
use crate::api::sheet::import::{ImportParams, ImportReport, SheetFile, import_sheet, import_template};
use crate::api::{
    Change, Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest,
    PageRows, Patch, Rendered, Saved, ValidJson, ValidPath, ValidQuery,
};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::permit::{Permit, ReadReference, Reporting, WriteReference};
use crate::auth::scope::Scoped;
use crate::db::schema::periods;
use crate::db::types::Instant;
use crate::db::{Db, DbConn, Recorded, Weight, WriteTx};
use crate::domain::validity::{day_faults, days_in_range};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;
use crate::text::day_vi;
use crate::{hide_row, id, keyset, page_of, record, row, save_rows, text_enum};

id! {
    /// Id of a reporting period (kỳ báo cáo).
    PeriodId
}

text_enum! {
    /// Kind of period (loại kỳ).
    pub enum PeriodKind {
        /// A month, `2024-07`.
        Month => "month", "tháng";
        /// A quarter, `2024-Q2`.
        Quarter => "quarter", "quý";
        /// A half-year, `2024-H1`.
        Half => "half", "6 tháng";
        /// The first nine months, `2024-9M`.
        NineMonths => "nine_months", "9 tháng";
        /// A year, `2024`.
        Year => "year", "năm";
    }
}

text_enum! {
    /// Order of periods (thứ tự).
    pub enum PeriodSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
        /// By code.
        Code => "code", "mã kỳ tăng dần";
        /// By code, backwards.
        CodeDesc => "-code", "mã kỳ giảm dần";
    }
}

/// A reporting period (kỳ báo cáo).
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
)]
#[diesel(table_name = periods, treat_none_as_default_value = false, treat_none_as_null = true)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000001", "regime": "calendar", "code": "2024-H1", "kind": "half",
    "starts_on": "2024-01-01", "ends_on": "2024-06-30", "submit_by": null, "version": 1,
    "created_at": "2024-01-02T03:00:00Z", "updated_at": "2024-01-02T03:00:00Z"
}))]
pub struct Period {
    /// Its id.
    pub id: PeriodId,
    /// Reporting regime (chế độ báo cáo); `calendar` is that of civil months.
    pub regime: String,
    /// Code (mã kỳ), unique in the regime.
    pub code: String,
    /// Kind (loại kỳ).
    pub kind: PeriodKind,
    /// First day (ngày bắt đầu kỳ).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc kỳ).
    pub ends_on: NaiveDate,
    /// Last day on which returns are in time (hạn nộp).
    pub submit_by: Option<NaiveDate>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Period);
row!(Period, PeriodId);
page_of!(PeriodPage, Period, "reporting periods");

/// What a return needs to know of its period.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = periods)]
pub struct PeriodFacts {
    /// Its id.
    pub id: PeriodId,
    /// Its reporting regime.
    pub regime: String,
    /// Its code.
    pub code: String,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

/// A new period, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "2030-H1", "kind": "half", "starts_on": "2030-01-01", "ends_on": "2030-06-30", "submit_by": "2030-07-05"
}))]
pub struct PeriodCreate {
    /// Reporting regime (chế độ báo cáo).
    #[serde(default = "calendar")]
    #[validate(length(min = 1, max = 50), custom(function = "regime_name"))]
    #[schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9_]+$", default = "calendar")]
    pub regime: String,
    /// Code (mã kỳ): `2024-07`, `2024-Q2`, `2024-H1`, `2024-9M` or `2024`, as the kind says.
    #[validate(length(min = 4, max = 7))]
    #[schema(min_length = 4, max_length = 7)]
    pub code: String,
    /// Kind (loại kỳ).
    pub kind: PeriodKind,
    /// First day (ngày bắt đầu kỳ).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc kỳ).
    pub ends_on: NaiveDate,
    /// Last day on which returns are in time (hạn nộp).
    #[serde(default)]
    pub submit_by: Option<NaiveDate>,
}

/// Changes to a period (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"submit_by": "2030-07-10"}))]
pub struct PeriodPatch {
    /// Reporting regime (chế độ báo cáo).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 50, pattern = "^[a-z0-9_]+$")]
    pub regime: Change<String>,
    /// Code (mã kỳ).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 4, max_length = 7)]
    pub code: Change<String>,
    /// Kind (loại kỳ).
    #[serde(default)]
    #[schema(value_type = PeriodKind, required = false)]
    pub kind: Change<PeriodKind>,
    /// First day (ngày bắt đầu kỳ).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub starts_on: Change<NaiveDate>,
    /// Last day (ngày kết thúc kỳ).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub ends_on: Change<NaiveDate>,
    /// Last day on which returns are in time (hạn nộp).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub submit_by: Patch<NaiveDate>,
}

impl PeriodPatch {
    /// The whole period after the patch.
    #[must_use]
    pub fn onto(self, present: &Period) -> PeriodCreate {
        let Self { regime, code, kind, starts_on, ends_on, submit_by } = self;
        PeriodCreate {
            regime: regime.onto(present.regime.clone()),
            code: code.onto(present.code.clone()),
            kind: kind.onto(present.kind),
            starts_on: starts_on.onto(present.starts_on),
            ends_on: ends_on.onto(present.ends_on),
            submit_by: submit_by.onto(present.submit_by),
        }
    }
}

/// Which periods a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodFilter {
    /// Reporting regime (chế độ báo cáo).
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub regime: Option<String>,
    /// Code (mã kỳ).
    #[validate(length(min = 1, max = 7))]
    #[param(min_length = 1, max_length = 7)]
    pub code: Option<String>,
    /// Kind (loại kỳ).
    #[param(inline)]
    pub kind: Option<PeriodKind>,
    /// Only periods that contain this day.
    pub on: Option<NaiveDate>,
    /// Order (thứ tự); by the first day when not given.
    #[param(inline)]
    pub sort: Option<PeriodSort>,
}

fn calendar() -> String {
    "calendar".into()
}

fn regime_name(name: &str) -> Result<(), validator::ValidationError> {
    if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Ok(());
    }
    Err(validator::ValidationError::new("regime").with_message(
        "Tên chế độ chỉ gồm chữ thường, chữ số và dấu gạch dưới. | A regime's name has lower-case letters, digits and underscores only."
            .into(),
    ))
}

/// What is wrong with a period as a whole: its code must be of its kind, its days in order, and in
/// the calendar regime exactly those that the code names.
#[must_use]
pub fn period_faults(body: &PeriodCreate) -> Vec<Fault> {
    let days = [
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", Some(body.ends_on)),
        ("/submit_by", body.submit_by),
    ];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    let window = calendar_window(body.kind, &body.code);
    if window.is_none() {
        faults.push(Fault::new(
            "/code",
            "code_of_kind",
            Bilingual::new(
                format!("Mã kỳ không đúng với loại kỳ {}.", body.kind.label_vi()),
                format!("The code is not that of a {}.", body.kind),
            ),
        ));
    }
    if body.ends_on < body.starts_on {
        faults.push(Fault::new(
            "/ends_on",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ));
    } else if let Some((from, to)) = window
        && body.regime == calendar()
        && (body.starts_on, body.ends_on) != (from, to)
    {
        faults.push(Fault::new(
            "/starts_on",
            "not_the_calendar_window",
            Bilingual::new(
                format!(
                    "Trong chế độ calendar, kỳ {} phải từ ngày {} đến ngày {}.",
                    body.code,
                    day_vi(from),
                    day_vi(to)
                ),
                format!("In the calendar regime, {} runs from {from} to {to}.", body.code),
            ),
        ));
    }
    if body.submit_by.is_some_and(|day| day < body.ends_on) {
        faults.push(Fault::new(
            "/submit_by",
            "before_end",
            Bilingual::new(
                "Hạn nộp trước ngày kết thúc kỳ.",
                "The submission day is before the period's end.",
            ),
        ));
    }
    faults
}

/// First and last civil day of a period's code; `None` when the code is not of the kind.
#[must_use]
pub fn calendar_window(kind: PeriodKind, code: &str) -> Option<(NaiveDate, NaiveDate)> {
    let year_digits = code.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
    let year: i32 = year_digits.parse().ok().filter(|year| *year >= 1900)?;
    let rest = code.get(4..)?;
    let (first, months) = match kind {
        PeriodKind::Year => (rest.is_empty().then_some(1)?, 12),
        PeriodKind::NineMonths => ((rest == "-9M").then_some(1)?, 9),
        PeriodKind::Half => (number(rest.strip_prefix("-H")?, 1, 2)? * 6 - 5, 6),
        PeriodKind::Quarter => (number(rest.strip_prefix("-Q")?, 1, 4)? * 3 - 2, 3),
        PeriodKind::Month => (number(rest.strip_prefix('-').filter(|m| m.len() == 2)?, 1, 12)?, 1),
    };
    let from = NaiveDate::from_ymd_opt(year, first, 1)?;
    let to = from.checked_add_months(chrono::Months::new(months))?.pred_opt()?;
    Some((from, to))
}

/// A period as an official writes it (tên kỳ báo cáo): "6 tháng đầu năm 2024". A code that is not of
/// the kind is written as it stands.
#[must_use]
pub fn period_name_vi(kind: PeriodKind, code: &str) -> String {
    let Some((from, _)) = calendar_window(kind, code) else { return code.to_owned() };
    let (year, month) = (from.year(), from.month());
    match kind {
        PeriodKind::Month => format!("Tháng {month} năm {year}"),
        PeriodKind::Quarter => {
            let quarter = match month {
                ..=3 => "I",
                4..=6 => "II",
                7..=9 => "III",
                _ => "IV",
            };
            format!("Quý {quarter} năm {year}")
        }
        PeriodKind::Half if month == 1 => format!("6 tháng đầu năm {year}"),
        PeriodKind::Half => format!("6 tháng cuối năm {year}"),
        PeriodKind::NineMonths => format!("9 tháng đầu năm {year}"),
        PeriodKind::Year => format!("Năm {year}"),
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (least..=most).contains(number))
}

type Query<'a> = periods::BoxedQuery<'a, crate::db::conn::MultiBackend>;

fn matching(filter: &PeriodFilter) -> Query<'_> {
    let PeriodFilter { regime, code, kind, on, sort: _ } = filter;
    let mut query = periods::table.filter(periods::deleted_at.is_null()).into_boxed();
    if let Some(regime) = regime {
        query = query.filter(periods::regime.eq(regime));
    }
    if let Some(code) = code {
        query = query.filter(periods::code.eq(code));
    }
    if let Some(kind) = kind {
        query = query.filter(periods::kind.eq(kind));
    }
    if let Some(day) = on {
        query = query.filter(periods::starts_on.le(day).and(periods::ends_on.ge(day)));
    }
    query
}

/// A page of periods.
///
/// # Errors
/// 422 for a cursor of another order, or a day out of range.
pub fn period_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    filter: &PeriodFilter,
    page: &PageRequest,
) -> Result<PageRows<Period>, ApiError> {
    days_in_range([("/on", filter.on)])?;
    let query = matching(filter);
    let sort = filter.sort.unwrap_or(PeriodSort::StartsOn);
    let query = match sort {
        PeriodSort::StartsOn => {
            keyset!(query, page, asc periods::starts_on => NaiveDate, periods::id => PeriodId)
        }
        PeriodSort::StartsOnDesc => {
            keyset!(query, page, desc periods::starts_on => NaiveDate, periods::id => PeriodId)
        }
        PeriodSort::Code => keyset!(query, page, asc periods::code => String, periods::id => PeriodId),
        PeriodSort::CodeDesc => keyset!(query, page, desc periods::code => String, periods::id => PeriodId),
    };
    let rows = query.select(Period::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| match sort {
        PeriodSort::StartsOn | PeriodSort::StartsOnDesc => serde_json::json!([row.starts_on, row.id]),
        PeriodSort::Code | PeriodSort::CodeDesc => serde_json::json!([row.code, row.id]),
    }))
}

/// A period by its id.
///
/// # Errors
/// 404 when there is none.
pub fn period_get(conn: &mut DbConn, _scoped: &Scoped, id: PeriodId) -> Result<Period, ApiError> {
    Ok(periods::table
        .find(id)
        .filter(periods::deleted_at.is_null())
        .select(Period::as_select())
        .first(conn)?)
}

/// The period that a body names: by id, or by its code in the regime `calendar`.
///
/// # Errors
/// 422 when it names none, or in two ways.
pub fn period_named(conn: &mut DbConn, id: Option<PeriodId>, code: Option<&str>) -> Result<Period, ApiError> {
    let fault = |pointer: &str, code: &'static str, vi: &'static str, en: &'static str| {
        ApiError::invalid(vec![Fault::new(pointer, code, Bilingual::new(vi, en))])
    };
    let standing = periods::table.filter(periods::deleted_at.is_null()).into_boxed();
    let (pointer, named) = match (id, code) {
        (Some(id), None) => ("/period_id", standing.filter(periods::id.eq(id))),
        (None, Some(code)) => {
            let calendar = periods::code.eq(code).and(periods::regime.eq("calendar"));
            ("/period_code", standing.filter(calendar))
        }
        _ => {
            return Err(fault(
                "/period_code",
                "exactly_one",
                "Nêu đúng một trong period_id và period_code.",
                "Give exactly one of period_id and period_code.",
            ));
        }
    };
    named.select(Period::as_select()).first(conn).optional()?.ok_or_else(|| {
        fault(pointer, "unknown_period", "Không có kỳ báo cáo này.", "There is no such reporting period.")
    })
}

/// Reporting periods, as they are written.
pub struct Periods;

impl Records for Periods {
    type Id = PeriodId;
    type Body = PeriodCreate;
    type Row = Period;
    type View = Period;

    fn order(body: &PeriodCreate) -> String {
        format!("{} {}", body.regime, body.code)
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: PeriodId) -> Result<Period, ApiError> {
        period_get(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        bodies: &[PeriodCreate],
    ) -> Result<Vec<Option<Period>>, ApiError> {
        let codes: HashSet<&str> = bodies.iter().map(|body| body.code.as_str()).collect();
        let found: Vec<Period> = periods::table
            .filter(periods::code.eq_any(codes).and(periods::deleted_at.is_null()))
            .select(Period::as_select())
            .load(tx.conn())?;
        let found: HashMap<_, _> =
            found.iter().map(|row| ((row.regime.as_str(), row.code.as_str()), row)).collect();
        let key = |body: &PeriodCreate| found.get(&(body.regime.as_str(), body.code.as_str())).copied();
        Ok(bodies.iter().map(|body| key(body).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<PeriodCreate, Period>>,
    ) -> Result<Vec<Result<Period, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let at = tx.at();
        let moved =
            drafts.iter().filter_map(|draft| draft.present.as_ref().filter(|row| is_moved(row, &draft.body)));
        let moved: Vec<PeriodId> = moved.map(|row| row.id).collect();
        let in_use = in_use(tx.conn(), &moved)?;
        let made = |draft: Draft<PeriodCreate, Period>| match &draft.present {
            Some(row) if in_use.contains(&row.id) => Err(ApiError::new(Problem::InUse)),
            _ => period_made(draft, at),
        };
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(tx: &mut WriteTx<'_>, _scoped: &Scoped, rows: &[Period]) -> Result<Written<Period>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            periods,
            PeriodId,
            rows.iter(),
            [regime, code, kind, starts_on, ends_on, submit_by]
        )?;
        let entry = |action, _: &Period, row: &Period| Entry::new(action, "period", row.id, row.version, row);
        Written::journal(tx, rows, &stored, entry, Period::clone)
    }
}

fn period_made(draft: Draft<PeriodCreate, Period>, at: Instant) -> Result<Period, ApiError> {
    let Draft { body, present } = draft;
    valid(&body)?;
    let PeriodCreate { regime, code, kind, starts_on, ends_on, submit_by } = body;
    let present = present.as_ref();
    Ok(Period {
        id: present.map_or_else(PeriodId::new, |row| row.id),
        regime,
        code,
        kind,
        starts_on,
        ends_on,
        submit_by,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

/// Whether a period would become another one: what was returned for it would then be about other days.
fn is_moved(present: &Period, body: &PeriodCreate) -> bool {
    (&present.regime, &present.code, present.kind, present.starts_on, present.ends_on)
        != (&body.regime, &body.code, body.kind, body.starts_on, body.ends_on)
}

/// Those of the periods to which returns or closings belong.
fn in_use(conn: &mut DbConn, ids: &[PeriodId]) -> Result<HashSet<PeriodId>, ApiError> {
    use crate::db::schema::{period_closures, processing_returns};
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let returned: Vec<PeriodId> = processing_returns::table
        .filter(processing_returns::period_id.eq_any(ids).and(processing_returns::deleted_at.is_null()))
        .select(processing_returns::period_id)
        .distinct()
        .load(conn)?;
    let closed: Vec<PeriodId> = period_closures::table
        .filter(period_closures::period_id.eq_any(ids))
        .select(period_closures::period_id)
        .distinct()
        .load(conn)?;
    Ok(returned.into_iter().chain(closed).collect())
}

/// Deletes a period to which no return and no closing belongs.
///
/// # Errors
/// 412 when it has changed, 409 while returns or closings belong to it.
pub fn period_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: PeriodId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let present = period_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    // Hidden first: a return that is being made for it holds the row, and stands when this goes on.
    hide_row!(tx, periods, present)?;
    if !in_use(tx.conn(), &[id])?.is_empty() {
        return Err(ApiError::new(Problem::InUse));
    }
    let entry = Entry::new(JournalAction::Delete, "period", present.id, present.version + 1, &present)?;
    Ok(tx.journal(entry)?.with(()))
}

fn valid(body: &PeriodCreate) -> Result<(), ApiError> {
    check(body)?;
    let faults = period_faults(body);
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// The years of which periods come with the service.
const BUNDLED_YEARS: RangeInclusive<i32> = 2023..=2027;

/// Every period of the calendar regime in these years.
fn bundled() -> Vec<PeriodCreate> {
    let codes = BUNDLED_YEARS.flat_map(|year| {
        let months = (1..=12).map(move |month| (PeriodKind::Month, format!("{year}-{month:02}")));
        let quarters = (1..=4).map(move |quarter| (PeriodKind::Quarter, format!("{year}-Q{quarter}")));
        let halves = (1..=2).map(move |half| (PeriodKind::Half, format!("{year}-H{half}")));
        let rest = [(PeriodKind::NineMonths, format!("{year}-9M")), (PeriodKind::Year, year.to_string())];
        months.chain(quarters).chain(halves).chain(rest)
    });
    let period = |(kind, code): (PeriodKind, String)| {
        let (starts_on, ends_on) = calendar_window(kind, &code)?;
        Some(PeriodCreate { regime: calendar(), code, kind, starts_on, ends_on, submit_by: None })
    };
    codes.filter_map(period).collect()
}

/// Makes the periods of the calendar regime from 2023 to 2027; those that ever were there are left
/// alone. Answers how many were made.
///
/// # Errors
/// 503 when the database is away.
pub async fn import(db: &Db, at: Instant) -> Result<usize, ApiError> {
    let scoped = Scoped::command("import periods", at);
    let author = scoped.author();
    let work = move |tx: &mut WriteTx<'_>| {
        let known: HashSet<String> = periods::table
            .filter(periods::regime.eq(calendar()))
            .select(periods::code)
            .load(tx.conn())?
            .into_iter()
            .collect();
        let missing = bundled().into_iter().filter(|body| !known.contains(&body.code)).collect();
        add_missing::<Periods>(tx, &scoped, missing)
    };
    db.write(author, work).await
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_periods)
        .service(create_period)
        .service(batch_periods)
        .service(import_periods)
        .service(get_period_template)
        .service(get_period)
        .service(replace_period)
        .service(patch_period)
        .service(delete_period);
}

#[utoipa::path(
    operation_id = "list_periods", tag = "periods", summary = "List reporting periods",
    description = "A page of reporting periods (kỳ báo cáo).",
    params(PeriodFilter, PageParams),
    responses((status = 200, description = "A page.", body = PeriodPage, headers(("Link" = String, description = "The next page.")))),
)]
#[get("/api/v1/reporting/periods")]
async fn list_periods(
    permit: Permit<ReadReference, Reporting>,
    query: ListQuery<PeriodFilter>,
    app: App,
) -> Result<Listed<PeriodPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, period_list).await
}

#[utoipa::path(
    operation_id = "create_period", tag = "periods", summary = "Create a reporting period",
    description = "Makes a reporting period (kỳ báo cáo).",
    request_body = PeriodCreate,
    responses((status = 201, description = "It was made.", body = Period, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/reporting/periods")]
async fn create_period(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    app: App,
    body: ValidJson<PeriodCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(insert::<Periods>(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, made).await
}

#[utoipa::path(
    operation_id = "batch_periods", tag = "periods", summary = "Write many reporting periods",
    description = "Makes up to 10,000 reporting periods (kỳ báo cáo), or replaces those that have their natural key: a JSON array, or one record a line. A line may also carry `if_version` or `source_updated_at`; one that is older than what is held is answered `stale` and not written.",
    params(BatchParams),
    request_body(content((Vec<PeriodCreate> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "What became of each line.", body = BatchReport)),
)]
#[post("/api/v1/reporting/periods/batch")]
async fn batch_periods(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    query: ValidQuery<BatchParams>,
    app: App,
    batch: Batch<PeriodCreate>,
) -> Result<Rendered, ApiError> {
    write_batch::<Periods>(&app, once, permit.into_scoped(), query.0, batch).await
}

#[utoipa::path(
    operation_id = "import_periods", tag = "periods", summary = "Import reporting periods",
    description = "Makes up to 10,000 reporting periods (kỳ báo cáo) from a spreadsheet or CSV file that follows the template, or replaces those that have their natural key. With `dry_run=true` nothing is written. What is wrong is told by row and cell; with `Accept` of a spreadsheet it is marked in a copy of the file.",
    params(ImportParams),
    request_body(content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What became of each row; where rows were refused and a spreadsheet is asked for, a copy of the file that marks them.", content((
        ImportReport = "application/json"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
#[post("/api/v1/reporting/periods/import")]
async fn import_periods(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    query: ValidQuery<ImportParams>,
    app: App,
    file: SheetFile,
) -> Result<Either<Rendered, HttpResponse>, ApiError> {
    import_sheet::<Periods>(&app, once, permit.into_scoped(), query.0, file, "periods").await
}

#[utoipa::path(
    operation_id = "get_period_template", tag = "periods", summary = "Get the template of reporting periods",
    description = "A spreadsheet to fill in and import: reporting periods (kỳ báo cáo), with notes, drop-downs and a guide.",
    responses((status = 200, description = "The template.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String)),
)]
#[get("/api/v1/reporting/periods/template")]
async fn get_period_template(
    permit: Permit<ReadReference, Reporting>,
    app: App,
) -> Result<HttpResponse, ApiError> {
    let _ = permit.into_scoped();
    import_template::<PeriodCreate>(&app, "periods", "kỳ báo cáo").await
}

#[utoipa::path(
    operation_id = "get_period", tag = "periods", summary = "Get a reporting period",
    description = "One reporting period (kỳ báo cáo).",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The period.", body = Period, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
#[get("/api/v1/reporting/periods/{id}")]
async fn get_period(
    permit: Permit<ReadReference, Reporting>,
    id: ValidPath<PeriodId>,
    app: App,
) -> Result<Found<Period>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| period_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    operation_id = "replace_period", tag = "periods", summary = "Replace a reporting period",
    description = "Replaces a reporting period (kỳ báo cáo) as a whole.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = PeriodCreate,
    responses((status = 200, description = "It was replaced.", body = Period, headers(("ETag" = String, description = "Its version.")))),
)]
#[put("/api/v1/reporting/periods/{id}")]
async fn replace_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<PeriodCreate>,
) -> Result<Saved<Period>, ApiError> {
    let scoped = permit.into_scoped();
    app.db
        .write(scoped.author(), move |tx| replace::<Periods>(tx, &scoped, id.0, &if_match, body.0))
        .await
        .map(Saved)
}

#[utoipa::path(
    operation_id = "patch_period", tag = "periods", summary = "Change a reporting period",
    description = "Changes single members of a reporting period (kỳ báo cáo), after RFC 7396.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = PeriodPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = Period, headers(("ETag" = String, description = "Its version.")))),
)]
#[patch("/api/v1/reporting/periods/{id}")]
async fn patch_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<PeriodPatch>,
) -> Result<Saved<Period>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&period_get(tx.conn(), &scoped, id.0)?);
        replace::<Periods>(tx, &scoped, id.0, &if_match, whole)
    };
    app.db.write(author, patched).await.map(Saved)
}

#[utoipa::path(
    operation_id = "delete_period", tag = "periods", summary = "Delete a reporting period",
    description = "Deletes a reporting period (kỳ báo cáo) to which no return and no closing belongs.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
#[delete("/api/v1/reporting/periods/{id}")]
async fn delete_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db
        .write(scoped.author(), move |tx| period_delete(tx, &scoped, id.0, &if_match))
        .await
        .map(|()| Deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_named_as_an_official_names_it() {
        for (kind, code, name) in [
            (PeriodKind::Month, "2024-05", "Tháng 5 năm 2024"),
            (PeriodKind::Month, "2024-12", "Tháng 12 năm 2024"),
            (PeriodKind::Quarter, "2026-Q1", "Quý I năm 2026"),
            (PeriodKind::Quarter, "2026-Q2", "Quý II năm 2026"),
            (PeriodKind::Quarter, "2026-Q3", "Quý III năm 2026"),
            (PeriodKind::Quarter, "2026-Q4", "Quý IV năm 2026"),
            (PeriodKind::Half, "2024-H1", "6 tháng đầu năm 2024"),
            (PeriodKind::Half, "2024-H2", "6 tháng cuối năm 2024"),
            (PeriodKind::NineMonths, "2024-9M", "9 tháng đầu năm 2024"),
            (PeriodKind::Year, "2024", "Năm 2024"),
            (PeriodKind::Year, "2024-H1", "2024-H1"),
        ] {
            assert_eq!(period_name_vi(kind, code), name);
        }
    }

    #[test]
    fn a_code_names_its_civil_days() {
        let cases = [
            (PeriodKind::Month, "2024-02", "2024-02-01", "2024-02-29"),
            (PeriodKind::Quarter, "2024-Q4", "2024-10-01", "2024-12-31"),
            (PeriodKind::Half, "2024-H1", "2024-01-01", "2024-06-30"),
            (PeriodKind::NineMonths, "2024-9M", "2024-01-01", "2024-09-30"),
            (PeriodKind::Year, "2024", "2024-01-01", "2024-12-31"),
        ];
        for (kind, code, from, to) in cases {
            assert_eq!(calendar_window(kind, code), Some((day(from), day(to))), "{code}");
        }
        for (kind, code) in [
            (PeriodKind::Half, "2024-H3"),
            (PeriodKind::Month, "2024-7"),
            (PeriodKind::Year, "24"),
            (PeriodKind::Quarter, "2024-Q+1"),
        ] {
            assert_eq!(calendar_window(kind, code), None, "{code}");
        }
    }
}
