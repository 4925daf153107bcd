//! What other rows say of legal documents: what acts upon them, and which of the same issuer look like
//! them. A page asks as many questions as one record.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::{DraftingStage, LegalDocument, LegalDocumentId, LegalDocumentRow};
use super::rules::{end_differs, near_duplicates, of_ended_issuer};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::{document_relations as r, legal_documents as d};
use crate::domain::document_numbers::number_key;
use crate::domain::institutions::document_relations::DocumentRelationId;
use crate::domain::institutions::document_validity::{
    Act, DocumentValidity, OwnDays, RelationExtent, RelationKind, validity,
};
use crate::domain::organization::tree::OrgUnitId;
use crate::error::{ApiError, Bilingual, Fault};
use crate::text::fold;

/// What another document does to one (văn bản tác động).
#[derive(Debug, Clone, Serialize, ToSchema, Queryable)]
pub struct ActingDocument {
    /// The relation, by id (quan hệ).
    pub relation_id: DocumentRelationId,
    /// The document that acts, by id (văn bản tác động).
    pub document_id: LegalDocumentId,
    /// Its number (số, ký hiệu).
    pub document_number: Option<String>,
    /// What it does (loại quan hệ).
    pub kind: RelationKind,
    /// To how much of the other (phạm vi tác động).
    pub extent: RelationExtent,
    /// From which day on (từ ngày).
    pub from_on: NaiveDate,
    /// The first day on which this is over, of a suspension (đến trước ngày).
    pub to_on: Option<NaiveDate>,
}

impl ActingDocument {
    fn act(&self) -> Act {
        Act { kind: self.kind, extent: self.extent, from_on: self.from_on, to_on: self.to_on }
    }
}

/// What acts upon documents, of each the earliest first.
fn acting_on(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
) -> Result<HashMap<LegalDocumentId, Vec<ActingDocument>>, ApiError> {
    let rows: Vec<(LegalDocumentId, ActingDocument)> = r::table
        .inner_join(d::table.on(d::id.eq(r::document_id)))
        .filter(r::affected_id.eq_any(documents))
        .filter(r::deleted_at.is_null())
        .order((r::affected_id, r::from_on, r::id))
        .select((
            r::affected_id,
            (r::id, r::document_id, d::number, r::kind, r::extent, r::from_on, r::to_on),
        ))
        .load(conn)?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (document, acting) in rows {
        found.entry(document).or_default().push(acting);
    }
    Ok(found)
}

/// How many documents of an issuer bear a number in a year, and how many a title.
struct Alike {
    numbers: HashMap<(OrgUnitId, String, i64), i64>,
    titles: HashMap<(OrgUnitId, String), i64>,
}

impl Alike {
    fn load(conn: &mut DbConn, documents: &[LegalDocument]) -> Result<Self, ApiError> {
        let units: HashSet<OrgUnitId> = documents.iter().map(|one| one.org_unit_id).collect();
        let keys: HashSet<String> =
            documents.iter().filter_map(|one| one.number.as_deref()).map(number_key).collect();
        let titles: HashSet<String> = documents.iter().map(|one| fold(&one.title)).collect();
        let standing = || d::table.filter(d::deleted_at.is_null());
        let numbers: Vec<(OrgUnitId, String, i64, i64)> = standing()
            .filter(d::org_unit_id.eq_any(units.clone()).and(d::document_key.eq_any(keys)))
            .group_by((d::org_unit_id, d::document_key, d::issued_year))
            .select((d::org_unit_id, d::document_key, d::issued_year, count_star()))
            .load(conn)?;
        let titles: Vec<(OrgUnitId, String, i64)> = standing()
            .filter(d::org_unit_id.eq_any(units).and(d::title_folded.eq_any(titles)))
            .group_by((d::org_unit_id, d::title_folded))
            .select((d::org_unit_id, d::title_folded, count_star()))
            .load(conn)?;
        Ok(Self {
            numbers: numbers.into_iter().map(|(unit, key, year, count)| ((unit, key, year), count)).collect(),
            titles: titles.into_iter().map(|(unit, title, count)| ((unit, title), count)).collect(),
        })
    }

    /// How many others bear the number and the title of a document.
    fn others(&self, document: &LegalDocument) -> (i64, i64) {
        use chrono::Datelike;
        let number = document.number.as_deref().and_then(|number| {
            let key = (document.org_unit_id, number_key(number), document.issued_on.year().into());
            self.numbers.get(&key)
        });
        let title = self.titles.get(&(document.org_unit_id, fold(&document.title)));
        let others = |count: Option<&i64>| count.map_or(0, |count| (count - 1).max(0));
        (others(number), others(title))
    }
}

/// Completes answers: validity on a day, what acts upon each, what is noticed beside others.
pub(super) fn completed(
    conn: &mut DbConn,
    scoped: &Scoped,
    day: NaiveDate,
    answers: &mut [LegalDocument],
) -> Result<(), ApiError> {
    let mut acting = acting_on(conn, answers.iter().map(|one| one.id).collect())?;
    let alike = Alike::load(conn, answers)?;
    for document in answers {
        document.acted_on_by = acting.remove(&document.id).unwrap_or_default();
        let acts: Vec<Act> = document.acted_on_by.iter().map(ActingDocument::act).collect();
        let effective_on = document.effective_on.unwrap_or(document.issued_on);
        let own = OwnDays { effective_on, expired_on: document.expired_on };
        let is_issued = document.stage == DraftingStage::Issued;
        document.validity = is_issued.then(|| validity(own, &acts, day));
        let (same_number, same_title) = alike.others(document);
        let mut noticed = near_duplicates(document, same_number, same_title);
        let ended_on = acts.iter().filter(|act| act.ends_it()).map(|act| act.from_on).min();
        noticed.extend(ended_on.and_then(|ended_on| end_differs(document, ended_on)));
        let is_over = document.validity.is_none_or(|now| now == DocumentValidity::Expired);
        if !is_over && scoped.tree().last_day(document.org_unit_id).is_some_and(|last| last < day) {
            noticed.extend(of_ended_issuer(document));
        }
        document.remarks.extend(noticed);
    }
    Ok(())
}

/// Holds documents against units and relations: a document that acts upon others stays issued, and the
/// units that it names are known.
pub(super) fn held_against_others(
    conn: &mut DbConn,
    scoped: &Scoped,
    made: Vec<Result<LegalDocumentRow, ApiError>>,
) -> Result<Vec<Result<LegalDocumentRow, ApiError>>, ApiError> {
    let drafts = made.iter().flatten().filter(|row| row.stage != DraftingStage::Issued);
    let drafts: Vec<LegalDocumentId> = drafts.map(|row| row.id).collect();
    let acting: HashSet<LegalDocumentId> = related(conn, drafts)?;
    let held = |row: LegalDocumentRow| {
        let mut faults = Vec::new();
        if acting.contains(&row.id) {
            let message = Bilingual::new(
                "Văn bản đã có quan hệ với văn bản khác nên phải ở bước đã ban hành; hãy xóa quan hệ trước.",
                "Relations name the document, so it stays issued; delete them first.",
            );
            faults.push(Fault::new("/stage", "has_relations", message));
        }
        for (pointer, unit) in
            [("/territory_unit_id", row.territory_unit_id), ("/reviewing_unit_id", row.reviewing_unit_id)]
        {
            if unit.is_some_and(|unit| scoped.tree().latest(unit).is_none()) {
                let message = Bilingual::new("Không có đơn vị này.", "There is no such unit.");
                faults.push(Fault::new(pointer, "unknown_unit", message));
            }
        }
        if faults.is_empty() { Ok(row) } else { Err(ApiError::invalid(faults)) }
    };
    Ok(made.into_iter().map(|row| row.and_then(held)).collect())
}

/// Which of these documents a relation names.
fn related(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
) -> Result<HashSet<LegalDocumentId>, ApiError> {
    if documents.is_empty() {
        return Ok(HashSet::new());
    }
    let standing = || r::table.filter(r::deleted_at.is_null());
    let acting: Vec<LegalDocumentId> = standing()
        .filter(r::document_id.eq_any(documents.clone()))
        .select(r::document_id)
        .distinct()
        .load(conn)?;
    let affected: Vec<LegalDocumentId> = standing()
        .filter(r::affected_id.eq_any(documents))
        .select(r::affected_id)
        .distinct()
        .load(conn)?;
    Ok(acting.into_iter().chain(affected).collect())
}
