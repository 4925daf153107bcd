//! The catalogue of procedures for everybody (tra cứu thủ tục hành chính): what is in force on a day, with
//! papers, fees, deadlines and the units that post it. No account is needed, and nothing is told of who
//! keeps the records.

use actix_web::web;
use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::fields::ProcedureFieldId;
use super::model::{
    Deadline, Fee, IdentityRow, Paper, Procedure, ProcedureAsOf, ProcedureFilter, ProcedureLevel,
    ProcedureStatus, ServiceLevel, VersionRow,
};
use super::store::{columns, day_of, procedure_list, speaking};
use crate::postings::model::{PostingForm, ProcedurePostingId};
use kernel::api::mount::Mount;
use kernel::api::{Cached, ListQuery, Listed, PageParams, PageRequest, PageRows, ValidPath, ValidQuery};
use kernel::auth::permit::Public;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{org_unit_versions, procedure_postings, procedure_versions, procedures};
use kernel::error::ApiError;
use kernel::state::App;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::label;
use kernel::{keyset, operations, page_of};

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_public_procedures, get_public_procedure, list_public_procedure_places);
}

/// A procedure as everybody may read it (thủ tục hành chính).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "1.001193", "name": "Đăng ký khai sinh", "field_name": "Hộ tịch", "level": "commune",
    "service_level": "full_online", "deadlines": [{"value": 1, "unit": "working_day", "variant": null}],
    "deadline_text": null, "fees": [], "papers": [{"name": "Tờ khai theo mẫu", "originals": 1, "copies": 0,
    "optional": false, "form": null}], "authority": "Ủy ban nhân dân cấp xã", "announcing_decision": null,
    "valid_from": null
}))]
pub struct PublicProcedure {
    /// National code (mã TTHC).
    pub code: String,
    /// Name (tên thủ tục).
    pub name: String,
    /// Name of the field (tên lĩnh vực).
    pub field_name: Option<String>,
    /// Who handles it (cấp giải quyết).
    pub level: ProcedureLevel,
    /// How far it can be done online (mức độ dịch vụ công trực tuyến).
    pub service_level: ServiceLevel,
    /// Deadlines by case (thời hạn giải quyết); empty where none is known.
    pub deadlines: Vec<Deadline>,
    /// The deadlines as the source words them (thời hạn theo nguyên văn).
    pub deadline_text: Option<String>,
    /// Fees and charges (phí, lệ phí).
    pub fees: Vec<Fee>,
    /// Papers that an application needs (thành phần hồ sơ).
    pub papers: Vec<Paper>,
    /// Who decides, as the source names it (cơ quan thực hiện).
    pub authority: Option<String>,
    /// The decision that announced it (quyết định công bố).
    pub announcing_decision: Option<String>,
    /// First day on which it holds as it is told (ngày bắt đầu hiệu lực); null when it is not known.
    pub valid_from: Option<NaiveDate>,
}
page_of!(PublicProcedurePage, PublicProcedure, "procedures for everybody");

impl From<Procedure> for PublicProcedure {
    fn from(procedure: Procedure) -> Self {
        Self {
            code: procedure.code,
            name: procedure.name,
            field_name: procedure.field_name,
            level: procedure.level,
            service_level: procedure.service_level,
            deadlines: procedure.deadlines,
            deadline_text: procedure.deadline_text,
            fees: procedure.fees,
            papers: procedure.papers,
            authority: procedure.authority,
            announcing_decision: procedure.announcing_decision,
            valid_from: procedure.valid_from,
        }
    }
}

/// Where a procedure is posted for the public (nơi niêm yết công khai thủ tục hành chính).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "form": "board", "place": "Trung tâm Phục vụ hành chính công xã Phụng Hiệp", "posted_on": "2026-01-12"
}))]
pub struct PublicProcedurePlace {
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day asked for (tên đơn vị).
    pub org_unit_name: String,
    /// Where it is posted (hình thức niêm yết).
    pub form: PostingForm,
    /// The place or address (địa điểm, địa chỉ).
    pub place: Option<String>,
    /// Since when (ngày niêm yết).
    pub posted_on: NaiveDate,
}
page_of!(PublicProcedurePlacePage, PublicProcedurePlace, "places where a procedure is posted");

/// Which procedures everybody looks for.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublicProcedureFilter {
    /// The day on which they are in force (ngày tra cứu); today when not given.
    pub as_of: Option<NaiveDate>,
    /// Words of the name in any order, without regard to case and tone marks; or the code.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Field (lĩnh vực).
    pub field_id: Option<ProcedureFieldId>,
    /// Field by its name.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub field_name: Option<String>,
    /// Who handles it (cấp giải quyết).
    #[param(inline)]
    pub level: Option<ProcedureLevel>,
    /// How far it can be done online (mức độ dịch vụ công trực tuyến).
    #[param(inline)]
    pub service_level: Option<ServiceLevel>,
}

fn public_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PublicProcedureFilter,
    page: &PageRequest,
) -> Result<PageRows<PublicProcedure>, ApiError> {
    let PublicProcedureFilter { as_of, q, field_id, field_name, level, service_level } = filter.clone();
    let status = Some(ProcedureStatus::InForce);
    let filter = ProcedureFilter {
        as_of,
        code: None,
        field_id,
        field_name,
        level,
        service_level,
        status,
        q,
        sort: None,
    };
    Ok(procedure_list(conn, scoped, &filter, page)?.map(PublicProcedure::from))
}

/// The version of a procedure that is in force on a day.
fn public_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    code: &str,
    as_of: Option<NaiveDate>,
) -> Result<PublicProcedure, ApiError> {
    use procedure_versions as v;
    let day = day_of(as_of, scoped);
    let (identity, version, field): (IdentityRow, VersionRow, Option<String>) = speaking(day)
        .filter(procedures::code.eq(code))
        .filter(v::valid_from.le(day).and(v::valid_to.gt(day)))
        .select(columns())
        .first(conn)?;
    Ok(Procedure::of(&identity, version, field, day).into())
}

type Posted = (ProcedurePostingId, OrgUnitId, PostingForm, Option<String>, NaiveDate);

/// Where a procedure in force is posted on a day, the longest posted first. The board of a unit that has
/// ended is nowhere to go, whether or not someone entered that it was taken down.
fn public_places(
    conn: &mut DbConn,
    scoped: &Scoped,
    code: &str,
    as_of: Option<NaiveDate>,
    page: &PageRequest,
) -> Result<PageRows<PublicProcedurePlace>, ApiError> {
    use {org_unit_versions as u, procedure_postings as n, procedure_versions as v};
    let day = day_of(as_of, scoped);
    let unit_in_force = || {
        u::table
            .filter(u::org_unit_id.eq(n::org_unit_id))
            .filter(u::valid_from.le(day).and(u::valid_to.gt(day)))
    };
    let standing = || {
        n::table
            .inner_join(procedures::table.on(procedures::id.eq(n::procedure_id)))
            .inner_join(v::table.on(v::procedure_id.eq(n::procedure_id)))
            .filter(procedures::code.eq(code).and(procedures::deleted_at.is_null()))
            .filter(v::valid_from.le(day).and(v::valid_to.gt(day)))
            .filter(dsl::exists(unit_in_force()))
            .filter(n::deleted_at.is_null().and(n::posted_on.le(day)))
            .filter(n::removed_on.is_null().or(n::removed_on.assume_not_null().gt(day)))
            .into_boxed::<MultiBackend>()
    };
    let query = keyset!(standing(), page, asc n::posted_on => NaiveDate, n::id => ProcedurePostingId);
    let columns = (n::id, n::org_unit_id, n::form, n::place, n::posted_on);
    let rows: Vec<Posted> = query.select(columns).load(conn)?;
    let total = page.include_total().then(|| standing().count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(id, .., posted_on)| serde_json::json!([posted_on, id]));
    Ok(rows.map(|(_, unit, form, place, posted_on)| {
        let unit = label(scoped.tree(), unit, day);
        PublicProcedurePlace {
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            form,
            place,
            posted_on,
        }
    }))
}

#[utoipa::path(
    get, path = "/api/v1/public/procedures",
    operation_id = "list_public_procedures", tag = "public", summary = "List the procedures in force",
    description = "A page of the procedures in force on a day (danh mục thủ tục hành chính), by code, with papers, fees and deadlines; for everybody.",
    params(PublicProcedureFilter, PageParams),
    responses((status = 200, description = "A page.", body = PublicProcedurePage, headers(("Link" = String, description = "The next page."), ("ETag" = String, description = "Of what is told.")))),
    security(()),
)]
async fn list_public_procedures(
    public: Public,
    query: ListQuery<PublicProcedureFilter>,
    app: App,
) -> Result<Cached<Listed<PublicProcedurePage>>, ApiError> {
    query.answer(public.into_scoped(), &app, public_list).await.map(Cached)
}

#[utoipa::path(
    get, path = "/api/v1/public/procedures/{code}",
    operation_id = "get_public_procedure", tag = "public", summary = "Get a procedure in force",
    description = "A procedure in force on a day (thủ tục hành chính), with papers, fees and deadlines, by its national code; for everybody.",
    params(("code" = String, Path, description = "National code (mã TTHC)."), ProcedureAsOf),
    responses((status = 200, description = "The procedure.", body = PublicProcedure, headers(("ETag" = String, description = "Of what is told.")))),
    security(()),
)]
async fn get_public_procedure(
    public: Public,
    code: ValidPath<String>,
    query: ValidQuery<ProcedureAsOf>,
    app: App,
) -> Result<Cached<web::Json<PublicProcedure>>, ApiError> {
    let scoped = public.into_scoped();
    let found = app.db.read(move |conn| public_get(conn, &scoped, &code.0, query.0.as_of)).await?;
    Ok(Cached(web::Json(found)))
}

#[utoipa::path(
    get, path = "/api/v1/public/procedures/{code}/places",
    operation_id = "list_public_procedure_places", tag = "public", summary = "List where a procedure is posted",
    description = "The units in force that post a procedure in force for the public on a day (nơi niêm yết, tiếp nhận thủ tục hành chính), the longest posted first; for everybody.",
    params(("code" = String, Path, description = "National code (mã TTHC)."), ProcedureAsOf, PageParams),
    responses((status = 200, description = "A page.", body = PublicProcedurePlacePage, headers(("Link" = String, description = "The next page."), ("ETag" = String, description = "Of what is told.")))),
    security(()),
)]
async fn list_public_procedure_places(
    public: Public,
    code: ValidPath<String>,
    query: ListQuery<ProcedureAsOf>,
    app: App,
) -> Result<Cached<Listed<PublicProcedurePlacePage>>, ApiError> {
    let places = move |conn: &mut DbConn, scoped: &Scoped, day: &ProcedureAsOf, page: &PageRequest| {
        public_places(conn, scoped, &code.0, day.as_of, page)
    };
    query.answer(public.into_scoped(), &app, places).await.map(Cached)
}
