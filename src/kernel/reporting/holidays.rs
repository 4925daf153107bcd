//! Public holidays and make-up working days (ngày nghỉ lễ, ngày làm bù), as the yearly announcements
//! of the Government set them. What is not listed is a working day from Monday to Friday.
//!
//! Reference data: every token reads them, an administrator of the whole country writes them.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::working_days::{Calendar, DayKind};
use crate::api::json::check;
use crate::api::mount::Mount;
use crate::api::records::{Draft, Records, Written, add_missing, insert, replace};
use crate::api::{Change, IfMatch, PageRequest, PageRows, Patch};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::permit::{Permit, ReadReference, Reporting, WriteReference};
use crate::auth::scope::Scoped;
use crate::db::schema::holidays;
use crate::db::types::Instant;
use crate::db::{Db, DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Bilingual, Fault};
use crate::validity::{day_fault, days_in_range};
use crate::{crud, hide_row, id, keyset, page_of, record, row, save_rows, text_enum};

id! {
    /// Id of a holiday or make-up working day (ngày nghỉ, ngày làm bù).
    HolidayId
}

text_enum! {
    /// What a listed day is (loại ngày).
    pub enum HolidayKind {
        /// No public office works.
        Holiday => "holiday", "ngày nghỉ";
        /// A Saturday or Sunday on which public offices work instead of another day.
        MakeUpWorkday => "make_up_workday", "ngày làm bù";
    }
}

text_enum! {
    /// Order of holidays (thứ tự).
    pub enum HolidaySort {
        /// Earliest first.
        Day => "day", "ngày tăng dần";
        /// Latest first.
        DayDesc => "-day", "ngày giảm dần";
    }
}

/// A public holiday or make-up working day (ngày nghỉ lễ, ngày làm bù).
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = holidays, treat_none_as_default_value = false, treat_none_as_null = true)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000001", "day": "2024-05-04", "kind": "make_up_workday",
    "name": "Làm bù cho ngày 29/4/2024", "source": null, "version": 1,
    "created_at": "2024-01-02T03:00:00Z", "updated_at": "2024-01-02T03:00:00Z"
}))]
pub struct Holiday {
    /// Its id.
    pub id: HolidayId,
    /// The day (ngày).
    pub day: NaiveDate,
    /// What it is (loại ngày).
    pub kind: HolidayKind,
    /// Its name (tên ngày nghỉ, lý do làm bù).
    pub name: String,
    /// Where it is announced (nguồn, văn bản thông báo).
    pub source: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Holiday);
row!(Holiday, HolidayId);
page_of!(HolidayPage, Holiday, "holidays and make-up working days");

/// A new holiday or make-up working day, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"day": "2028-01-01", "kind": "holiday", "name": "Tết Dương lịch"}))]
pub struct HolidayCreate {
    /// The day (ngày).
    pub day: NaiveDate,
    /// What it is (loại ngày).
    pub kind: HolidayKind,
    /// Its name (tên ngày nghỉ, lý do làm bù).
    #[validate(length(min = 1, max = 200), custom(function = "crate::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Where it is announced (nguồn, văn bản thông báo).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: Option<String>,
}

/// Changes to a holiday (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "Thông báo của Bộ Nội vụ"}))]
pub struct HolidayPatch {
    /// The day (ngày).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub day: Change<NaiveDate>,
    /// What it is (loại ngày).
    #[serde(default)]
    #[schema(value_type = HolidayKind, required = false)]
    pub kind: Change<HolidayKind>,
    /// Its name (tên ngày nghỉ, lý do làm bù).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub name: Change<String>,
    /// Where it is announced (nguồn, văn bản thông báo).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub source: Patch<String>,
}

impl HolidayPatch {
    /// The whole holiday after the patch.
    #[must_use]
    pub fn onto(self, present: &Holiday) -> HolidayCreate {
        let Self { day, kind, name, source } = self;
        HolidayCreate {
            day: day.onto(present.day),
            kind: kind.onto(present.kind),
            name: name.onto(present.name.clone()),
            source: source.onto(present.source.clone()),
        }
    }
}

/// Which holidays a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HolidayFilter {
    /// What the days are (loại ngày).
    #[param(inline)]
    pub kind: Option<HolidayKind>,
    /// From this day on (từ ngày).
    pub from: Option<NaiveDate>,
    /// Up to this day (đến ngày).
    pub to: Option<NaiveDate>,
    /// Order (thứ tự); by the day when not given.
    #[param(inline)]
    pub sort: Option<HolidaySort>,
}

/// A day that cannot be kept; a make-up working day makes sense on a day of rest only.
fn holiday_faults(body: &HolidayCreate) -> Vec<Fault> {
    if let Some(fault) = day_fault("/day", body.day) {
        return vec![fault];
    }
    if body.kind == HolidayKind::MakeUpWorkday && DayKind::of_week(body.day) == DayKind::WorkingDay {
        return vec![Fault::new(
            "/day",
            "works_anyway",
            Bilingual::new(
                "Ngày làm bù phải là thứ Bảy hoặc Chủ nhật.",
                "A make-up working day is a Saturday or Sunday.",
            ),
        )];
    }
    Vec::new()
}

type Query<'a> = holidays::BoxedQuery<'a, crate::db::conn::MultiBackend>;

fn matching(filter: &HolidayFilter) -> Query<'_> {
    let HolidayFilter { kind, from, to, sort: _ } = filter;
    let mut query = holidays::table.filter(holidays::deleted_at.is_null()).into_boxed();
    if let Some(kind) = kind {
        query = query.filter(holidays::kind.eq(kind));
    }
    if let Some(from) = from {
        query = query.filter(holidays::day.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(holidays::day.le(to));
    }
    query
}

/// A page of holidays.
///
/// # Errors
/// 422 for a cursor of another order, or a day out of range.
pub fn holiday_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    filter: &HolidayFilter,
    page: &PageRequest,
) -> Result<PageRows<Holiday>, ApiError> {
    days_in_range([("/from", filter.from), ("/to", filter.to)])?;
    let query = matching(filter);
    let query = match filter.sort.unwrap_or(HolidaySort::Day) {
        HolidaySort::Day => keyset!(query, page, asc holidays::day => NaiveDate, holidays::id => HolidayId),
        HolidaySort::DayDesc => {
            keyset!(query, page, desc holidays::day => NaiveDate, holidays::id => HolidayId)
        }
    };
    let rows = query.select(Holiday::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| serde_json::json!([row.day, row.id])))
}

/// A holiday by its id.
///
/// # Errors
/// 404 when there is none.
pub fn holiday_get(conn: &mut DbConn, _scoped: &Scoped, id: HolidayId) -> Result<Holiday, ApiError> {
    Ok(holidays::table
        .find(id)
        .filter(holidays::deleted_at.is_null())
        .select(Holiday::as_select())
        .first(conn)?)
}

/// Holidays, as they are written.
pub struct Holidays;

impl Records for Holidays {
    type Id = HolidayId;
    type Body = HolidayCreate;
    type Row = Holiday;
    type View = Holiday;

    fn order(body: &HolidayCreate) -> String {
        body.day.to_string()
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: HolidayId) -> Result<Holiday, ApiError> {
        holiday_get(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        bodies: &[HolidayCreate],
    ) -> Result<Vec<Option<Holiday>>, ApiError> {
        let days: HashSet<NaiveDate> = bodies.iter().map(|body| body.day).collect();
        let found: Vec<Holiday> = holidays::table
            .filter(holidays::day.eq_any(days).and(holidays::deleted_at.is_null()))
            .select(Holiday::as_select())
            .load(tx.conn())?;
        let found: HashMap<NaiveDate, Holiday> = found.into_iter().map(|row| (row.day, row)).collect();
        Ok(bodies.iter().map(|body| found.get(&body.day).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<HolidayCreate, Holiday>>,
    ) -> Result<Vec<Result<Holiday, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| holiday_made(draft, at)).collect())
    }

    fn save(tx: &mut WriteTx<'_>, _scoped: &Scoped, rows: &[Holiday]) -> Result<Written<Holiday>, ApiError> {
        let stored = save_rows!(tx.conn(), holidays, HolidayId, rows.iter(), [day, kind, name, source])?;
        let entry =
            |action, _: &Holiday, row: &Holiday| Entry::new(action, "holiday", row.id, row.version, row);
        Written::journal(tx, rows, &stored, entry, Holiday::clone)
    }
}

fn holiday_made(draft: Draft<HolidayCreate, Holiday>, at: Instant) -> Result<Holiday, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let faults = holiday_faults(&body);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let HolidayCreate { day, kind, name, source } = body;
    let present = present.as_ref();
    Ok(Holiday {
        id: present.map_or_else(HolidayId::new, |row| row.id),
        day,
        kind,
        name,
        source,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

/// Deletes a holiday.
///
/// # Errors
/// 412 when it has changed.
pub fn holiday_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: HolidayId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let present = holiday_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    hide_row!(tx, holidays, present)?;
    let entry = Entry::new(JournalAction::Delete, "holiday", present.id, present.version + 1, &present)?;
    Ok(tx.journal(entry)?.with(()))
}

/// The working-day calendar of whole years, first and last included: only a whole year shows whether
/// its list is complete.
///
/// # Errors
/// When the database cannot be read.
pub fn calendar(conn: &mut DbConn, years: RangeInclusive<i32>) -> Result<Calendar, ApiError> {
    let from = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or(NaiveDate::MIN);
    let to = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or(NaiveDate::MAX);
    let listed: Vec<(NaiveDate, HolidayKind, String)> = holidays::table
        .filter(holidays::deleted_at.is_null())
        .filter(holidays::day.between(from, to))
        .select((holidays::day, holidays::kind, holidays::name))
        .load(conn)?;
    Ok(listed.into_iter().collect())
}

static BUNDLED: &str = include_str!("data/holidays.csv");

#[derive(Deserialize)]
struct BundledDay {
    date: NaiveDate,
    kind: HolidayKind,
    name: String,
    source: String,
}

/// The calendar of the days that come with the service.
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, reason = "only tests ask this")]
pub fn bundled_calendar() -> Calendar {
    bundled().unwrap().into_iter().map(|day| (day.day, day.kind, day.name)).collect()
}

/// The days that come with the service.
pub(super) fn bundled() -> Result<Vec<HolidayCreate>, csv::Error> {
    let created = |BundledDay { date: day, kind, name, source }| HolidayCreate {
        day,
        kind,
        name,
        source: Some(source),
    };
    csv::Reader::from_reader(BUNDLED.as_bytes()).deserialize().map(|day| day.map(created)).collect()
}

/// Loads the bundled days of 2023 to 2027; days that stand already are left alone, and so are those
/// that somebody deleted. Answers how many were made.
///
/// # Errors
/// 503 when the database is away.
pub async fn import(db: &Db, at: Instant) -> Result<usize, ApiError> {
    let scoped = Scoped::command("import holidays", at);
    let author = scoped.author();
    let mut bodies = bundled().map_err(ApiError::internal)?;
    let work = move |tx: &mut WriteTx<'_>| {
        let days: Vec<NaiveDate> = bodies.iter().map(|body| body.day).collect();
        let known: HashSet<NaiveDate> = holidays::table
            .filter(holidays::day.eq_any(days))
            .select(holidays::day)
            .load(tx.conn())?
            .into_iter()
            .collect();
        bodies.retain(|body| !known.contains(&body.day));
        add_missing::<Holidays>(tx, &scoped, bodies)
    };
    db.write(author, work).await
}

crud! {
    tag: "holidays", what: "a holiday", many: "holidays and make-up working days",
    vi: "ngày nghỉ lễ, ngày làm bù",
    collection: "/api/v1/reporting/holidays", record: "/api/v1/reporting/holidays/{id}",
    id: HolidayId, row: Holiday, page: HolidayPage, create: HolidayCreate, patch: HolidayPatch,
    filter: HolidayFilter,
    read: Permit<ReadReference, Reporting>, write: Permit<WriteReference, Reporting>,
    list: list_holidays => holiday_list, get: get_holiday => holiday_get,
    create_one: create_holiday => insert::<Holidays>,
    replace: replace_holiday => replace::<Holidays>, patch_one: patch_holiday,
    delete: delete_holiday => holiday_delete,
    batch: "/api/v1/reporting/holidays/batch", batch_holidays => Holidays,
    import: "/api/v1/reporting/holidays/import", import_holidays, template: "/api/v1/reporting/holidays/template", get_holiday_template, sheet: "holidays",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
}
