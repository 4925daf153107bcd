//! The operations on satisfaction ratings.

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    SatisfactionRating, SatisfactionRatingCreate, SatisfactionRatingFilter, SatisfactionRatingId,
    SatisfactionRatingPage, SatisfactionRatingPatch,
};
use super::store::{SatisfactionRatings, rating_delete, rating_get, rating_list};
use crate::api::records::{insert, replace};
use crate::auth::permit::{Permit, Read, Tthc, Write};
use crate::crud;

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
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    crud_routes(cfg);
}
