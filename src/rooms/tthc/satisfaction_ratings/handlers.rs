//! The operations on satisfaction ratings.

use actix_web::web;

use super::model::{
    SatisfactionRating, SatisfactionRatingCreate, SatisfactionRatingFilter, SatisfactionRatingId,
    SatisfactionRatingPage, SatisfactionRatingPatch,
};
use super::store::{SatisfactionRatings, rating_delete, rating_get, rating_list};
use super::summary::{SatisfactionSummary, SatisfactionSummaryFilter, rating_summary};
use kernel::api::ValidQuery;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::db::DbConn;
use kernel::error::ApiError;
use kernel::state::App;
use kernel::{crud, operations};

crud! {
    tag: "satisfaction-ratings", what: "a satisfaction rating", many: "satisfaction ratings",
    vi: "đánh giá sự hài lòng",
    collection: "/api/v1/tthc/satisfaction-ratings", record: "/api/v1/tthc/satisfaction-ratings/{id}",
    id: SatisfactionRatingId, row: SatisfactionRating, page: SatisfactionRatingPage,
    create: SatisfactionRatingCreate, patch: SatisfactionRatingPatch, filter: SatisfactionRatingFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_satisfaction_ratings => rating_list, get: get_satisfaction_rating => rating_get,
    create_one: create_satisfaction_rating => insert::<SatisfactionRatings>,
    replace: replace_satisfaction_rating => replace::<SatisfactionRatings>, patch_one: patch_satisfaction_rating,
    delete: delete_satisfaction_rating => rating_delete,
    batch: "/api/v1/tthc/satisfaction-ratings/batch", batch_satisfaction_ratings => SatisfactionRatings,
    import: "/api/v1/tthc/satisfaction-ratings/import", import_satisfaction_ratings, template: "/api/v1/tthc/satisfaction-ratings/template", get_satisfaction_rating_template, sheet: "satisfaction-ratings",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_satisfaction_summary);
    crud_routes(mount);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/satisfaction-ratings/summary",
    operation_id = "get_satisfaction_summary", tag = "satisfaction-ratings", summary = "Get how satisfied applicants were in a period",
    description = "How many rated a unit between two days with each level, and the rate of those who are satisfied with its exact parts (tổng hợp mức độ hài lòng), by unit or by procedure; with `scope` also of the units below. A unit has the ratings of those that went whole into it; one that was divided stands by itself.",
    params(SatisfactionSummaryFilter),
    responses((status = 200, description = "The counts.", body = SatisfactionSummary)),
)]
async fn get_satisfaction_summary(
    permit: Permit<Read, Tthc>,
    query: ValidQuery<SatisfactionSummaryFilter>,
    app: App,
) -> Result<web::Json<SatisfactionSummary>, ApiError> {
    let scoped = permit.into_scoped();
    let state = app.clone();
    let summed = move |conn: &mut DbConn| rating_summary(conn, &scoped, &state.rosters, &query.0);
    app.db.read_list(summed).await.map(web::Json)
}
