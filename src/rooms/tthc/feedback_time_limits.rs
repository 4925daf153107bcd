//! Time limits of the steps of feedback (thời hạn xử lý phản ánh, kiến nghị), as the decisions of the Prime
//! Minister set them: how many working days a step may take, for what is received from a day on. None is ever
//! changed or deleted: the next one of its class and step succeeds it, from a later day on.
//!
//! Reference data: every token reads them, an administrator of the whole country tells the next one. How they
//! are counted stands in [`feedback::limits`](super::feedback::limits).

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::feedback::model::{FeedbackClass, FeedbackStep};
use kernel::api::mount::Mount;
use kernel::api::{
    Created, Found, ListQuery, Listed, Once, PageParams, PageRequest, PageRows, Record, Rendered, ValidJson,
    ValidPath,
};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::auth::scope::Scoped;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::feedback_time_limits;
use kernel::db::{DbConn, Recorded, Weight, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::state::App;
use kernel::text::worded;
use kernel::validity::succession_faults;
use kernel::{id, keyset, operations, page_of};

/// What the journal calls a time limit.
const RECORD_TYPE: &str = "feedback_time_limit";

id! {
    /// Id of a time limit of feedback (thời hạn xử lý phản ánh, kiến nghị).
    FeedbackTimeLimitId
}

/// How long a step of feedback may take, for what is received from a day on (thời hạn xử lý phản ánh, kiến nghị).
/// It holds until the next one of its class and step begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable, Insertable)]
#[diesel(table_name = feedback_time_limits)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000051", "class": "conduct", "step": "answer",
    "valid_from": "2022-06-23", "working_days": 15,
    "legal_basis": "Quyết định số 766/QĐ-TTg ngày 23/6/2022"
}))]
pub struct FeedbackTimeLimit {
    /// Its id.
    pub id: FeedbackTimeLimitId,
    /// Of feedback about this (loại phản ánh, kiến nghị).
    pub class: FeedbackClass,
    /// The step (bước xử lý).
    pub step: FeedbackStep,
    /// The first day of receipt for which it holds (áp dụng cho PAKN tiếp nhận từ ngày).
    pub valid_from: NaiveDate,
    /// How many working days the step may take (thời hạn, số ngày làm việc).
    #[schema(minimum = 1, maximum = 100)]
    pub working_days: i32,
    /// The rule that sets it (căn cứ pháp lý).
    pub legal_basis: String,
}
page_of!(FeedbackTimeLimitPage, FeedbackTimeLimit, "time limits of feedback");

/// It never changes.
impl Record for FeedbackTimeLimit {
    fn id_text(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        1
    }
}

/// The next time limit of a step (thời hạn tiếp theo của một bước xử lý).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "class": "conduct", "step": "answer", "valid_from": "2027-01-01", "working_days": 10,
    "legal_basis": "Quyết định số 766/QĐ-TTg ngày 23/6/2022"
}))]
pub struct FeedbackTimeLimitCreate {
    /// Of feedback about this (loại phản ánh, kiến nghị).
    pub class: FeedbackClass,
    /// The step (bước xử lý); `supplement` has no limit, for the sender takes it.
    pub step: FeedbackStep,
    /// The first day of receipt for which it holds (áp dụng cho PAKN tiếp nhận từ ngày): after today, and after that
    /// of every limit of this class and step.
    pub valid_from: NaiveDate,
    /// How many working days the step may take (thời hạn, số ngày làm việc).
    #[validate(range(min = 1, max = 100))]
    #[schema(minimum = 1, maximum = 100)]
    pub working_days: i32,
    /// The rule that sets it (căn cứ pháp lý).
    #[validate(length(min = 1, max = 500), custom(function = worded))]
    #[schema(min_length = 1, max_length = 500)]
    pub legal_basis: String,
}

/// Which time limits a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedbackTimeLimitFilter {
    /// Of feedback about this (loại phản ánh, kiến nghị).
    #[param(inline)]
    pub class: Option<FeedbackClass>,
    /// The step (bước xử lý).
    #[param(inline)]
    pub step: Option<FeedbackStep>,
}

type TimeLimits<'a> = feedback_time_limits::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(filter: &FeedbackTimeLimitFilter) -> TimeLimits<'a> {
    use feedback_time_limits as l;
    let mut query = l::table.into_boxed();
    if let Some(class) = filter.class {
        query = query.filter(l::class.eq(class));
    }
    if let Some(step) = filter.step {
        query = query.filter(l::step.eq(step));
    }
    query
}

/// A page of time limits, the first first.
///
/// # Errors
/// 422 for a cursor of another list.
pub fn limit_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    filter: &FeedbackTimeLimitFilter,
    page: &PageRequest,
) -> Result<PageRows<FeedbackTimeLimit>, ApiError> {
    use feedback_time_limits as l;
    let query = keyset!(matching(filter), page, asc l::valid_from => NaiveDate, l::id => FeedbackTimeLimitId);
    let rows = query.select(FeedbackTimeLimit::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| json!([row.valid_from, row.id])))
}

/// A time limit by its id.
///
/// # Errors
/// 404 when there is none.
pub fn limit_get(
    conn: &mut DbConn,
    _scoped: &Scoped,
    id: FeedbackTimeLimitId,
) -> Result<FeedbackTimeLimit, ApiError> {
    Ok(feedback_time_limits::table.find(id).select(FeedbackTimeLimit::as_select()).first(conn)?)
}

/// Tells the next time limit of a step.
///
/// # Errors
/// 403 without the whole country, 422 for a step without limit, or a day that is not after today and that of the
/// last limit.
pub fn limit_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: FeedbackTimeLimitCreate,
) -> Result<Recorded<FeedbackTimeLimit>, ApiError> {
    use feedback_time_limits as l;
    scoped.whole_country()?;
    let FeedbackTimeLimitCreate { class, step, valid_from, working_days, legal_basis } = body;
    let last: Option<NaiveDate> = l::table
        .filter(l::class.eq(class).and(l::step.eq(step)))
        .order(l::valid_from.desc())
        .select(l::valid_from)
        .first(tx.conn())
        .optional()?;
    let mut faults = succession_faults(valid_from, last, scoped.today());
    faults.extend(step_fault(step));
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let id = FeedbackTimeLimitId::new();
    let limit = FeedbackTimeLimit { id, class, step, valid_from, working_days, legal_basis };
    diesel::insert_into(l::table).values(&limit).execute(tx.conn())?;
    let entry = Entry::new(JournalAction::Create, RECORD_TYPE, limit.id, limit.version(), &limit)?;
    Ok(tx.journal(entry)?.with(limit))
}

/// A step that the unit does not take.
fn step_fault(step: FeedbackStep) -> Option<Fault> {
    (step == FeedbackStep::Supplement).then(|| {
        let message = Bilingual::new(
            "Bước tiếp nhận thông tin bổ sung do người gửi thực hiện nên không có thời hạn.",
            "The sender gives what was asked for; the step has no time limit.",
        );
        Fault::new("/step", "no_limit", message)
    })
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_feedback_time_limits, create_feedback_time_limit, get_feedback_time_limit);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/feedback-time-limits",
    operation_id = "list_feedback_time_limits", tag = "feedback-time-limits", summary = "List time limits of feedback",
    description = "A page of time limits of the steps of feedback (thời hạn xử lý phản ánh, kiến nghị), the first first.",
    params(FeedbackTimeLimitFilter, PageParams),
    responses((status = 200, description = "A page.", body = FeedbackTimeLimitPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_feedback_time_limits(
    permit: Permit<ReadReference, Tthc>,
    query: ListQuery<FeedbackTimeLimitFilter>,
    app: App,
) -> Result<Listed<FeedbackTimeLimitPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, limit_list).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/feedback-time-limits",
    operation_id = "create_feedback_time_limit", tag = "feedback-time-limits", summary = "Tell the next time limit of a step of feedback",
    description = "Tells the next time limit of a step (thời hạn xử lý phản ánh, kiến nghị): it holds for feedback received from its day on. A limit is never changed, only succeeded, and feedback keeps those under which it was received.",
    request_body = FeedbackTimeLimitCreate,
    responses((status = 201, description = "It was told.", body = FeedbackTimeLimit, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_feedback_time_limit(
    permit: Permit<WriteReference, Tthc>,
    once: Once,
    app: App,
    body: ValidJson<FeedbackTimeLimitCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let told = move |tx: &mut WriteTx<'_>| Ok(limit_insert(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, told).await
}

#[utoipa::path(
    get, path = "/api/v1/tthc/feedback-time-limits/{id}",
    operation_id = "get_feedback_time_limit", tag = "feedback-time-limits", summary = "Get a time limit of feedback",
    description = "One time limit of a step of feedback (thời hạn xử lý phản ánh, kiến nghị) by its id.",
    params(("id" = FeedbackTimeLimitId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The time limit.", body = FeedbackTimeLimit, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_feedback_time_limit(
    permit: Permit<ReadReference, Tthc>,
    id: ValidPath<FeedbackTimeLimitId>,
    app: App,
) -> Result<Found<FeedbackTimeLimit>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| limit_get(conn, &scoped, id.0)).await.map(Found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn limits_come_from_an_index_in_their_order() {
        use feedback_time_limits as l;
        let (_folder, mut conn) = migrated();
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let page = PageRequest::for_test(50, Some(json!([day, FeedbackTimeLimitId::new()])));
        let none = FeedbackTimeLimitFilter::default();
        let paged = || -> Result<_, ApiError> {
            Ok(keyset!(matching(&none), page, asc l::valid_from => NaiveDate, l::id => FeedbackTimeLimitId))
        };
        let query = || paged().unwrap().select(FeedbackTimeLimit::as_select());
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("feedback_time_limits_by_day")), "{told:?}");
        assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Sort")), "{told:#?}");
        }
    }
}
