//! What the documents that are held say of the span of a review (số văn bản đã nhập): how many are in force at its
//! end, how many ended within it, and which these are.

use diesel::dsl::{count_star, not};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{DocumentReview, DocumentReviewId, DocumentReviews, Whose};
use crate::document_validity::DocumentValidity;
use crate::document_validity::conditions::{Until, has_ended, partly_ended_within};
use crate::has_begun;
use crate::legal_documents::{
    DocumentKind, DraftingStage, LegalDocument, LegalDocumentPage, Reviewed, documents_changed,
};
use kernel::api::mount::Mount;
use kernel::api::records::Records;
use kernel::api::{ListQuery, Listed, PageParams, PageRequest, PageRows, ValidPath};
use kernel::auth::permit::{Institutions, Permit, Read};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::{document_reviews as v, legal_documents as d};
use kernel::error::{ApiError, Bilingual};
use kernel::operations;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::state::App;
use kernel::unit_reference::{UnitScope, scoped_units};

/// What the documents that are held say of a span (số văn bản đã nhập).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldDocuments {
    /// Resolutions in force at its end, in whole or in part (số nghị quyết còn hiệu lực).
    pub resolutions_in_force: i64,
    /// Decisions in force at its end, in whole or in part (số quyết định còn hiệu lực).
    pub decisions_in_force: i64,
    /// Resolutions of which parts ended within it (số nghị quyết hết hiệu lực một phần).
    pub resolutions_partly_expired: i64,
    /// Decisions of which parts ended within it (số quyết định hết hiệu lực một phần).
    pub decisions_partly_expired: i64,
    /// Resolutions that ended within it (số nghị quyết hết hiệu lực toàn bộ).
    pub resolutions_expired: i64,
    /// Decisions that ended within it (số quyết định hết hiệu lực toàn bộ).
    pub decisions_expired: i64,
}

/// How many of the documents that the unit of a review issued, or is named to review, are so, by kind.
macro_rules! counted {
    ($conn:ident, $review:ident, $so:expr) => {
        v::table
            .inner_join(
                d::table.on(d::org_unit_id.eq(v::org_unit_id).or(d::reviewing_unit_id
                    .is_not_null()
                    .and(d::reviewing_unit_id.assume_not_null().eq(v::org_unit_id)))),
            )
            .filter(v::id.eq($review))
            .filter(d::deleted_at.is_null())
            .filter(d::stage.eq(DraftingStage::Issued))
            .filter($so)
            .group_by(d::kind)
            .select((d::kind, count_star()))
            .load::<(DocumentKind, i64)>($conn)
    };
}

impl HeldDocuments {
    /// What is held beside a review.
    fn beside(conn: &mut DbConn, review: DocumentReviewId) -> Result<Self, ApiError> {
        let until_its_end = Until::column("document_reviews.ends_on");
        let before_its_beginning = Until::before_column("document_reviews.starts_on");
        let has_ended_by_then = || has_ended(&until_its_end);
        let in_force = counted!(conn, review, has_begun!(v::ends_on).and(not(has_ended_by_then())))?;
        let expired = counted!(conn, review, has_ended_by_then().and(not(has_ended(&before_its_beginning))))?;
        let part_ended = partly_ended_within(&before_its_beginning, &until_its_end);
        let partly = counted!(conn, review, part_ended.and(not(has_ended_by_then())))?;
        let of = |counts: &[(DocumentKind, i64)], kind| {
            counts.iter().filter(|(counted, _)| *counted == kind).map(|(_, count)| count).sum()
        };
        let (resolution, decision) = (DocumentKind::Resolution, DocumentKind::Decision);
        Ok(Self {
            resolutions_in_force: of(&in_force, resolution),
            decisions_in_force: of(&in_force, decision),
            resolutions_partly_expired: of(&partly, resolution),
            decisions_partly_expired: of(&partly, decision),
            resolutions_expired: of(&expired, resolution),
            decisions_expired: of(&expired, decision),
        })
    }
}

/// Tells what is held beside a review of the unit's own documents, and where what it states differs from it. Of what
/// was issued below a check looks at a part, and of what is unlawful nobody tells the documents one by one: what such a
/// review states is held against nothing.
pub(super) fn beside_held(conn: &mut DbConn, review: &mut DocumentReview) -> Result<(), ApiError> {
    if review.kind.whose() != Whose::Own {
        return Ok(());
    }
    let held = HeldDocuments::beside(conn, review.id)?;
    review.held = Some(held);
    let differing = differing(review, &held);
    review.remarks.extend(differing);
    Ok(())
}

/// Counts that a review states otherwise than the documents say.
fn differing(review: &DocumentReview, held: &HeldDocuments) -> Vec<Remark> {
    [
        ("/resolutions_in_force", review.resolutions_in_force, held.resolutions_in_force),
        ("/decisions_in_force", review.decisions_in_force, held.decisions_in_force),
        ("/resolutions_partly_expired", review.resolutions_partly_expired, held.resolutions_partly_expired),
        ("/decisions_partly_expired", review.decisions_partly_expired, held.decisions_partly_expired),
        ("/resolutions_expired", review.resolutions_expired, held.resolutions_expired),
        ("/decisions_expired", review.decisions_expired, held.decisions_expired),
    ]
    .into_iter()
    .filter_map(|(pointer, stated, held)| {
        let stated = stated.filter(|stated| *stated != held)?;
        let message = Bilingual::new(
            format!("Nêu {stated} văn bản nhưng đã nhập {held} văn bản."),
            format!("{stated} documents are stated, {held} are held."),
        );
        let remark = Remark::new(pointer, Rule::StatedDiffersFromHeld, message);
        Some(remark.with("stated", stated).with("held", held))
    })
    .collect()
}

/// Which of the changed documents a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DocumentChangeFilter {
    /// Whether they are in force at the end of the span (tình trạng hiệu lực).
    #[param(inline)]
    pub validity: Option<DocumentValidity>,
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, list_document_review_changes);
}

#[utoipa::path(
    get, path = "/api/v1/institutions/document-reviews/{id}/changes",
    operation_id = "list_document_review_changes", tag = "document-reviews", summary = "List what changed within the span of a review",
    description = "The documents that the reviewing unit issued, or is named to review, and that took effect, ended, were suspended or acted upon within the span of a review (văn bản có thay đổi về hiệu lực), with their validity on its last day. Of a check (kiểm tra theo thẩm quyền) these are the documents of the units below, as they stood on that day; of the handling of unlawful documents (xử lý văn bản trái pháp luật) and of several in one plan both.",
    params(("id" = DocumentReviewId, Path, description = "The review."), DocumentChangeFilter, PageParams),
    responses((status = 200, description = "A page.", body = LegalDocumentPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_document_review_changes(
    permit: Permit<Read, Institutions>,
    id: ValidPath<DocumentReviewId>,
    query: ListQuery<DocumentChangeFilter>,
    app: App,
) -> Result<Listed<LegalDocumentPage>, ApiError> {
    let id = id.0;
    let changed =
        move |conn: &mut DbConn, scoped: &Scoped, filter: &DocumentChangeFilter, page: &PageRequest| {
            change_list(conn, scoped, (id, filter), page)
        };
    query.answer(permit.into_scoped(), &app, changed).await
}

fn change_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    (id, filter): (DocumentReviewId, &DocumentChangeFilter),
    page: &PageRequest,
) -> Result<PageRows<LegalDocument>, ApiError> {
    let review = DocumentReviews::find(conn, scoped, id)?;
    let span = (review.starts_on, review.ends_on);
    let unit = review.org_unit_id;
    let below = || {
        let units = scoped_units(scoped.tree(), unit, UnitScope::Subtree, review.ends_on);
        units.into_iter().filter(|below| *below != unit).collect()
    };
    let reviewed = match review.kind.whose() {
        Whose::Own => Reviewed { by: Some(unit), below: Vec::new() },
        Whose::Below => Reviewed { by: None, below: below() },
        Whose::OwnAndBelow => Reviewed { by: Some(unit), below: below() },
    };
    documents_changed(conn, scoped, (&reviewed, span, filter.validity), page)
}
