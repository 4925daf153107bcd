//! Rules of the clock of dossiers (quy tắc tính thời hạn giải quyết hồ sơ): which waits stop it, for what is
//! received from a day on. A dossier keeps the version under which it was received, so none is ever changed or
//! deleted: the next one succeeds it, from a later day on.
//!
//! Reference data: every token reads them, an administrator of the whole country tells the next version.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::dossiers::life::DossierStatus;
use kernel::api::mount::Mount;
use kernel::api::{
    Created, Found, ListQuery, Listed, Once, PageParams, PageRequest, PageRows, Record, Rendered, ValidJson,
    ValidPath,
};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::dossier_rules;
use kernel::db::{DbConn, Recorded, Weight, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::state::App;
use kernel::text::worded;
use kernel::validity::{OPEN_BEGINNING, succession_faults};
use kernel::{keyset, operations, page_of};

/// What the journal calls a version.
const RECORD_TYPE: &str = "dossier_rules";

/// A version as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dossier_rules)]
struct RulesRow {
    version: i64,
    valid_from: NaiveDate,
    stopping: JsonText<Vec<DossierStatus>>,
    legal_basis: Option<String>,
}

/// Which waits stop the clock of dossiers, from a day of receipt on (quy tắc tính thời hạn giải quyết hồ sơ). It
/// holds until the next version begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 2, "valid_from": "2027-01-01", "stopping": ["awaiting_supplement", "stopped"],
    "legal_basis": "Nghị định số 118/2025/NĐ-CP"
}))]
pub struct DossierRules {
    /// The version, which dossiers keep as their `rules_version` (phiên bản).
    #[schema(minimum = 1)]
    pub version: i64,
    /// The first day of receipt to which it applies (áp dụng cho hồ sơ tiếp nhận từ ngày); null from the beginning.
    pub valid_from: Option<NaiveDate>,
    /// The waits that stop the clock (trạng thái không tính vào thời hạn giải quyết).
    pub stopping: Vec<DossierStatus>,
    /// The document that sets them (căn cứ pháp lý).
    pub legal_basis: Option<String>,
}
page_of!(DossierRulesPage, DossierRules, "versions of the rules of the clock");

impl Record for DossierRules {
    fn id_text(&self) -> String {
        self.version.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl From<RulesRow> for DossierRules {
    fn from(row: RulesRow) -> Self {
        Self {
            version: row.version,
            valid_from: (row.valid_from != OPEN_BEGINNING).then_some(row.valid_from),
            stopping: row.stopping.0,
            legal_basis: row.legal_basis,
        }
    }
}

/// The next version of the rules of the clock (phiên bản tiếp theo của quy tắc tính thời hạn).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "valid_from": "2027-01-01", "stopping": ["awaiting_supplement", "stopped"],
    "legal_basis": "Nghị định số 118/2025/NĐ-CP"
}))]
pub struct DossierRulesCreate {
    /// The first day of receipt to which it applies (áp dụng cho hồ sơ tiếp nhận từ ngày): after today, and after
    /// that of every version there is.
    pub valid_from: NaiveDate,
    /// The waits that stop the clock (trạng thái không tính vào thời hạn giải quyết), each once; none of them with
    /// an empty list.
    #[validate(length(max = 3))]
    #[schema(max_items = 3)]
    pub stopping: Vec<DossierStatus>,
    /// The document that sets them (căn cứ pháp lý).
    #[validate(length(min = 1, max = 500), custom(function = worded))]
    #[schema(min_length = 1, max_length = 500)]
    pub legal_basis: String,
}

/// Which versions a list holds: all.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DossierRulesFilter {}

/// What is not a wait, or named twice.
fn stopping_faults(stopping: &[DossierStatus]) -> Vec<Fault> {
    let fault = |(place, status): (usize, &DossierStatus)| {
        let pointer = format!("/stopping/{place}");
        if !status.is_waiting() {
            let message = Bilingual::new(
                format!("Ở trạng thái {} hồ sơ không chờ bên ngoài.", status.label_vi()),
                format!("A dossier that is {status} waits for nobody."),
            );
            return Some(Fault::new(pointer, "no_wait", message));
        }
        stopping.iter().take(place).any(|other| other == status).then(|| {
            let message = Bilingual::new("Trạng thái được nêu hai lần.", "The status is named twice.");
            Fault::new(pointer, "repeated", message)
        })
    };
    stopping.iter().enumerate().filter_map(fault).collect()
}

/// A page of versions, the first first.
///
/// # Errors
/// 422 for a cursor of another list.
pub fn rules_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    _filter: &DossierRulesFilter,
    page: &PageRequest,
) -> Result<PageRows<DossierRules>, ApiError> {
    use dossier_rules as r;
    let query = keyset!(r::table.into_boxed(), page, asc r::valid_from => NaiveDate, r::version => i64);
    let rows: Vec<RulesRow> = query.select(RulesRow::as_select()).load(conn)?;
    let total = page.include_total().then(|| r::table.count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.valid_from, row.version]));
    Ok(rows.map(DossierRules::from))
}

/// A version.
///
/// # Errors
/// 404 when there is none.
pub fn rules_get(conn: &mut DbConn, _scoped: &Scoped, version: i64) -> Result<DossierRules, ApiError> {
    let row: RulesRow = dossier_rules::table.find(version).select(RulesRow::as_select()).first(conn)?;
    Ok(row.into())
}

/// Tells the next version. Of two that are told at once the second is a duplicate.
///
/// # Errors
/// 403 without the whole country, 422 for a day that is not after today and the last version's.
pub fn rules_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: DossierRulesCreate,
) -> Result<Recorded<DossierRules>, ApiError> {
    use dossier_rules as r;
    scoped.whole_country()?;
    let latest = r::table.order(r::version.desc()).select(RulesRow::as_select());
    let last: Option<RulesRow> = latest.first(tx.conn()).optional()?;
    let DossierRulesCreate { valid_from, stopping, legal_basis } = body;
    let mut faults = succession_faults(valid_from, last.as_ref().map(|row| row.valid_from), scoped.today());
    faults.extend(stopping_faults(&stopping));
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let row = RulesRow {
        version: last.map_or(1, |row| row.version + 1),
        valid_from,
        stopping: JsonText(stopping),
        legal_basis: Some(legal_basis),
    };
    diesel::insert_into(r::table)
        .values((
            r::version.eq(row.version),
            r::valid_from.eq(row.valid_from),
            r::stopping.eq(&row.stopping),
            r::legal_basis.eq(&row.legal_basis),
            r::created_at.eq(tx.at()),
        ))
        .execute(tx.conn())?;
    let rules = DossierRules::from(row);
    let entry = Entry::new(JournalAction::Create, RECORD_TYPE, rules.version, rules.version, &rules)?;
    Ok(tx.journal(entry)?.with(rules))
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_dossier_rules, create_dossier_rules, get_dossier_rules);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/dossier-rules",
    operation_id = "list_dossier_rules", tag = "dossier-rules", summary = "List the rules of the clock of dossiers",
    description = "A page of versions of the rules of the clock (quy tắc tính thời hạn giải quyết hồ sơ), the first first.",
    params(DossierRulesFilter, PageParams),
    responses((status = 200, description = "A page.", body = DossierRulesPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_dossier_rules(
    permit: Permit<ReadReference, Tthc>,
    query: ListQuery<DossierRulesFilter>,
    app: App,
) -> Result<Listed<DossierRulesPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, rules_list).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/dossier-rules",
    operation_id = "create_dossier_rules", tag = "dossier-rules", summary = "Tell the next rules of the clock of dossiers",
    description = "Tells the next version of the rules of the clock (quy tắc tính thời hạn giải quyết hồ sơ): it applies to dossiers received from its day on. A version is never changed, only succeeded, and dossiers keep the one under which they were received.",
    request_body = DossierRulesCreate,
    responses((status = 201, description = "It was told.", body = DossierRules, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_dossier_rules(
    permit: Permit<WriteReference, Tthc>,
    once: Once,
    app: App,
    body: ValidJson<DossierRulesCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let told = move |tx: &mut WriteTx<'_>| Ok(rules_insert(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, told).await
}

#[utoipa::path(
    get, path = "/api/v1/tthc/dossier-rules/{version}",
    operation_id = "get_dossier_rules", tag = "dossier-rules", summary = "Get the rules of the clock of dossiers",
    description = "One version of the rules of the clock (quy tắc tính thời hạn giải quyết hồ sơ), such as the `rules_version` of a dossier.",
    params(("version" = i64, Path, description = "The version.", minimum = 1), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The version.", body = DossierRules, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_dossier_rules(
    permit: Permit<ReadReference, Tthc>,
    version: ValidPath<String>,
    app: App,
) -> Result<Found<DossierRules>, ApiError> {
    let scoped = permit.into_scoped();
    let version = version.0.parse().map_err(|_| ApiError::not_found())?;
    app.db.read(move |conn| rules_get(conn, &scoped, version)).await.map(Found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn waits_alone_stop_the_clock_and_each_is_named_once() {
        use DossierStatus::{AwaitingPayment, AwaitingSupplement, Processing};
        let told = |stopping: &[DossierStatus]| -> Vec<String> {
            let faults = stopping_faults(stopping);
            faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        };
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(told(&[AwaitingSupplement, AwaitingPayment]), [""; 0]);
        assert_eq!(
            told(&[AwaitingSupplement, Processing, AwaitingSupplement]),
            ["/stopping/1 no_wait", "/stopping/2 repeated"]
        );
    }

    #[test]
    fn versions_come_from_an_index_in_their_order() {
        use dossier_rules as r;
        let (_folder, mut conn) = migrated();
        let page = PageRequest::for_test(50, Some(json!([OPEN_BEGINNING, 1])));
        let paged = || -> Result<_, ApiError> {
            Ok(keyset!(r::table.into_boxed(), page, asc r::valid_from => NaiveDate, r::version => i64))
        };
        let query = || paged().unwrap().select(RulesRow::as_select());
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("dossier_rules_by_day")), "{told:?}");
        assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Sort")), "{told:#?}");
        }
    }
}
