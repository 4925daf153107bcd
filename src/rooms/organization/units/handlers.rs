//! The operations on units.

use actix_web::web;

use super::bodies::{OrgUnitCreate, OrgUnitPatch, OrgUnitVersionCreate};
use super::lineage::{OrgUnitLineage, org_unit_lineage};
use super::model::{AsOf, OrgUnit, OrgUnitBelowFilter, OrgUnitFilter, OrgUnitPage};
use super::store::{
    Below, org_unit_ancestors, org_unit_get, org_unit_list, org_unit_list_below, org_unit_versions_list,
};
use super::writes::{OrgUnits, org_unit_correct, org_unit_delete, org_unit_version_insert};
use kernel::api::idempotency::{Answer, Asked};
use kernel::api::mount::Mount;
use kernel::api::records::insert;
use kernel::api::{
    Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest, Paged,
    Rendered, Saved, ValidJson, ValidPath, ValidQuery,
};
use kernel::auth::permit::{Organization, Permit, ReadReference, WriteReference};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, Weight, WriteTx};
use kernel::error::ApiError;
use kernel::state::App;
use kernel::tree::OrgUnitId;
use kernel::{bulk, operations};

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    bulk_routes(mount);
    operations!(
        mount,
        list_org_units,
        create_org_unit,
        get_org_unit,
        replace_org_unit,
        patch_org_unit,
        delete_org_unit,
        list_org_unit_children,
        list_org_unit_subtree,
        list_org_unit_ancestors,
        list_org_unit_versions,
        create_org_unit_version,
        get_org_unit_lineage
    );
}

async fn refreshed(app: &App) -> Result<(), ApiError> {
    app.units_changed().await
}

bulk! {
    tag: "org-units", many: "units", vi: "đơn vị", create: OrgUnitCreate,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    batch: "/api/v1/organization/org-units/batch", batch_org_units => OrgUnits,
    import: "/api/v1/organization/org-units/import", import_org_units, template: "/api/v1/organization/org-units/template", get_org_unit_template, sheet: "org-units",
    afterwards: refreshed,
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units",
    operation_id = "list_org_units", tag = "org-units", summary = "List units",
    description = "A page of the units (đơn vị) in force on `as_of`. A code means a unit only on a day: 31420 was xã Hòa Mỹ and is xã Phụng Hiệp since 1 July 2025.",
    params(OrgUnitFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit that is named is not in force on that day.", body = kernel::error::ProblemDetails, content_type = "application/problem+json")),
)]
async fn list_org_units(
    permit: Permit<ReadReference, Organization>,
    query: ListQuery<OrgUnitFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, org_unit_list).await
}

#[utoipa::path(
    post, path = "/api/v1/organization/org-units",
    operation_id = "create_org_unit", tag = "org-units", summary = "Create a unit",
    description = "Makes a unit (đơn vị) with its first version.",
    request_body = OrgUnitCreate,
    responses((status = 201, description = "It was made.", body = OrgUnit, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_org_unit(
    permit: Permit<WriteReference, Organization>,
    once: Once,
    app: App,
    body: ValidJson<OrgUnitCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(insert::<OrgUnits>(tx, &scoped, body.0)?.map(Created));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.units_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}",
    operation_id = "get_org_unit", tag = "org-units", summary = "Get a unit",
    description = "One unit (đơn vị) as it stands on `as_of`. When it is not in force then, the problem names in `successors` those that carry its territory.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The unit.", body = OrgUnit, headers(("ETag" = String, description = "Its version and what is shown of it on the day."))), (status = 304, description = "It has not changed."), (status = 422, description = "It is not in force on that day.", body = kernel::error::ProblemDetails, content_type = "application/problem+json")),
)]
async fn get_org_unit(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<Found<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_get(conn, &scoped, id.0, query.0.as_of)).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/organization/org-units/{id}",
    operation_id = "replace_org_unit", tag = "org-units", summary = "Correct a unit as a whole",
    description = "Replaces the version of a unit (đơn vị) that is in force on `as_of`; without it the one in force today, else the latest. What really changed on a day is a new version, not a correction.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = OrgUnitCreate,
    responses((status = 200, description = "It was corrected.", body = OrgUnit, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<OrgUnitCreate>,
) -> Result<Saved<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    let row = app
        .db
        .write(scoped.author(), move |tx| {
            org_unit_correct(tx, &scoped, (id.0, query.0.as_of), &if_match, |_| body.0)
        })
        .await?;
    app.units_changed().await?;
    Ok(Saved(row))
}

#[utoipa::path(
    patch, path = "/api/v1/organization/org-units/{id}",
    operation_id = "patch_org_unit", tag = "org-units", summary = "Correct a unit",
    description = "Corrects single members of the version of a unit (đơn vị) that is in force on `as_of`, after RFC 7396; without it the one in force today, else the latest. `valid_to` ends the unit, or with null lets it go on.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = OrgUnitPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was corrected.", body = OrgUnit, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<OrgUnitPatch>,
) -> Result<Saved<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    let row = app
        .db
        .write(scoped.author(), move |tx| {
            org_unit_correct(tx, &scoped, (id.0, query.0.as_of), &if_match, |present| body.0.onto(present))
        })
        .await?;
    app.units_changed().await?;
    Ok(Saved(row))
}

#[utoipa::path(
    delete, path = "/api/v1/organization/org-units/{id}",
    operation_id = "delete_org_unit", tag = "org-units", summary = "Delete a unit",
    description = "Deletes a unit (đơn vị) that was entered by mistake: 409 when units, returns, accounts, grants or successions refer to it. A unit that ended is not deleted but gets its last day.",
    params(("id" = OrgUnitId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| org_unit_delete(tx, &scoped, id.0, &if_match)).await?;
    app.units_changed().await?;
    Ok(Deleted)
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}/children",
    operation_id = "list_org_unit_children", tag = "org-units", summary = "List the units under a unit",
    description = "A page of the units directly under this one (đơn vị trực thuộc) on `as_of`.",
    params(("id" = OrgUnitId, Path, description = "The unit above."), OrgUnitBelowFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit is not in force on that day.", body = kernel::error::ProblemDetails, content_type = "application/problem+json")),
)]
async fn list_org_unit_children(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ListQuery<OrgUnitBelowFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    list_below(permit.into_scoped(), (id.0, Below::Children), query, &app).await
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}/subtree",
    operation_id = "list_org_unit_subtree", tag = "org-units", summary = "List a unit with all under it",
    description = "A page of the unit and all that stands under it (toàn bộ đơn vị bên dưới) on `as_of`.",
    params(("id" = OrgUnitId, Path, description = "The unit at the top."), OrgUnitBelowFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit is not in force on that day.", body = kernel::error::ProblemDetails, content_type = "application/problem+json")),
)]
async fn list_org_unit_subtree(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ListQuery<OrgUnitBelowFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    list_below(permit.into_scoped(), (id.0, Below::Subtree), query, &app).await
}

async fn list_below(
    scoped: Scoped,
    from: (OrgUnitId, Below),
    query: ListQuery<OrgUnitBelowFilter>,
    app: &App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    let below = move |conn: &mut DbConn, scoped: &Scoped, filter: &OrgUnitBelowFilter, page: &PageRequest| {
        org_unit_list_below(conn, scoped, from, filter, page)
    };
    query.answer(scoped, app, below).await
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}/ancestors",
    operation_id = "list_org_unit_ancestors", tag = "org-units", summary = "List the units above a unit",
    description = "The units above this one (đơn vị cấp trên) on `as_of`, the nearest first, on one page.",
    params(("id" = OrgUnitId, Path, description = "The unit."), AsOf),
    responses((status = 200, description = "All of them.", body = OrgUnitPage), (status = 422, description = "The unit is not in force on that day.", body = kernel::error::ProblemDetails, content_type = "application/problem+json")),
)]
async fn list_org_unit_ancestors(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<Paged<OrgUnitPage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_ancestors(conn, &scoped, id.0, query.0.as_of)).await.map(Paged)
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}/versions",
    operation_id = "list_org_unit_versions", tag = "org-units", summary = "List the versions of a unit",
    description = "All versions of a unit (các phiên bản của đơn vị), the oldest first, on one page.",
    params(("id" = OrgUnitId, Path, description = "The unit.")),
    responses((status = 200, description = "All of them.", body = OrgUnitPage)),
)]
async fn list_org_unit_versions(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    app: App,
) -> Result<Paged<OrgUnitPage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_versions_list(conn, &scoped, id.0)).await.map(Paged)
}

#[utoipa::path(
    post, path = "/api/v1/organization/org-units/{id}/versions",
    operation_id = "create_org_unit_version", tag = "org-units", summary = "Change a unit from a day on",
    description = "Makes a new version of a unit (đơn vị) that stays itself: it got another name, became another kind or moved under another unit. The version in force on `valid_from` ends on that day.",
    params(("id" = OrgUnitId, Path, description = "The unit.")),
    request_body = OrgUnitVersionCreate,
    responses((status = 201, description = "It was made.", body = OrgUnit, headers(("Location" = String, description = "Where the unit is read on that day."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_org_unit_version(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    once: Once,
    app: App,
    body: ValidJson<OrgUnitVersionCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made =
        move |tx: &mut WriteTx<'_>| Ok(org_unit_version_insert(tx, &scoped, id.0, body.0)?.map(NewVersion));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.units_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    get, path = "/api/v1/organization/org-units/{id}/lineage",
    operation_id = "get_org_unit_lineage", tag = "org-units", summary = "Get the lineage of a unit",
    description = "What a unit (đơn vị) came from, what it went into, and which units in force on `as_of` carry its territory. An ended district is carried by what became of its communes.",
    params(("id" = OrgUnitId, Path, description = "The unit."), AsOf),
    responses((status = 200, description = "Its lineage.", body = OrgUnitLineage)),
)]
async fn get_org_unit_lineage(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<web::Json<OrgUnitLineage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_lineage(conn, &scoped, id.0, query.0.as_of)).await.map(web::Json)
}

/// A new version: 201 with the place at which the unit is read on that day.
#[derive(Debug)]
struct NewVersion(OrgUnit);

impl Answer for NewVersion {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        let day = self.0.valid_from.map(|day| format!("?as_of={day}")).unwrap_or_default();
        Rendered::created(&self.0, format!("{}{day}", asked.path().trim_end_matches("/versions")), asked)
    }
}
