//! What other rows say of legal documents: what acts upon them, and which of the same issuer look like
//! them. A page asks as many questions as one record.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::{DraftingStage, LegalDocument, LegalDocumentId, LegalDocumentRow};
use super::rules::{end_differs, near_duplicates, of_ended_issuer};
use crate::document_relations::{DocumentRelationId, DocumentRelationRow};
use crate::document_validity::{Act, DocumentValidity, OwnDays, RelationExtent, RelationKind, validity};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::{document_relations as r, legal_documents as d};
use kernel::document_numbers::number_key;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::load_locked;
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::unit_records::UNITS_AT_ONCE;

/// What another document does to one (văn bản tác động).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActingDocument {
    /// The relation, by id (quan hệ).
    pub relation_id: DocumentRelationId,
    /// The document that acts, by id (văn bản tác động).
    pub document_id: Option<LegalDocumentId>,
    /// Its number (số, ký hiệu).
    pub document_number: String,
    /// Its day of issue (ngày ban hành).
    pub document_on: NaiveDate,
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
    fn of(row: DocumentRelationRow) -> Self {
        Self {
            relation_id: row.id,
            document_id: row.document_id,
            document_number: row.document_number,
            document_on: row.document_on,
            kind: row.kind,
            extent: row.extent,
            from_on: row.from_on,
            to_on: row.to_on,
        }
    }

    fn act(&self) -> Act {
        Act { kind: self.kind, extent: self.extent, from_on: self.from_on, to_on: self.to_on }
    }
}

/// What acts upon documents, of each the earliest first.
fn acting_on(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
) -> Result<HashMap<LegalDocumentId, Vec<ActingDocument>>, ApiError> {
    let rows: Vec<DocumentRelationRow> = r::table
        .filter(r::affected_id.is_not_null().and(r::affected_id.assume_not_null().eq_any(documents)))
        .filter(r::deleted_at.is_null())
        .order((r::from_on, r::id))
        .select(DocumentRelationRow::as_select())
        .load(conn)?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (affected, row) in rows.into_iter().filter_map(|row| Some((row.affected_id?, row))) {
        found.entry(affected).or_default().push(ActingDocument::of(row));
    }
    Ok(found)
}

/// How many documents of an issuer bear a number in a year, and how many a title.
#[derive(Default)]
struct Alike {
    numbers: HashMap<(OrgUnitId, String, i64), i64>,
    titles: HashMap<(OrgUnitId, String), i64>,
}

impl Alike {
    /// Looks for each issuer's own numbers and titles alone. A join of the table with itself would say the same,
    /// but PostgreSQL plans it in the square of a table that it has not counted yet.
    fn load(conn: &mut DbConn, documents: &[LegalDocument]) -> Result<Self, ApiError> {
        let mut of_issuers: HashMap<OrgUnitId, (Vec<String>, Vec<String>)> = HashMap::new();
        for document in documents {
            let (numbers, titles) = of_issuers.entry(document.org_unit_id).or_default();
            numbers.extend(document.number.as_deref().map(number_key));
            titles.push(fold(&document.title));
        }
        let of_issuers: Vec<_> = of_issuers.into_iter().collect();
        let mut alike = Self::default();
        for issuers in of_issuers.chunks(UNITS_AT_ONCE) {
            let number = (d::org_unit_id, d::document_key, d::issued_year);
            let mut numbered = d::table.group_by(number).select((number, count_star())).into_boxed();
            let title = (d::org_unit_id, d::title_folded);
            let mut titled = d::table.group_by(title).select((title, count_star())).into_boxed();
            for (issuer, (numbers, titles)) in issuers {
                let standing = || d::org_unit_id.eq(*issuer).and(d::deleted_at.is_null());
                numbered = numbered.or_filter(standing().and(d::document_key.eq_any(numbers)));
                titled = titled.or_filter(standing().and(d::title_folded.eq_any(titles)));
            }
            alike.numbers.extend(numbered.load::<((OrgUnitId, String, i64), i64)>(conn)?);
            alike.titles.extend(titled.load::<((OrgUnitId, String), i64)>(conn)?);
        }
        Ok(alike)
    }

    /// How many others bear the number and the title of a document.
    fn others(&self, document: &LegalDocument) -> (i64, i64) {
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

/// Holds documents against units and relations: one that relations name keeps its number and day, under
/// which they name it, and the units that it names are known.
pub(super) fn held_against_others(
    conn: &mut DbConn,
    scoped: &Scoped,
    made: Vec<Result<LegalDocumentRow, ApiError>>,
) -> Result<Vec<Result<LegalDocumentRow, ApiError>>, ApiError> {
    let changed: Vec<LegalDocumentId> =
        made.iter().flatten().filter(|row| row.version > 0).map(|row| row.id).collect();
    let before = locked(conn, &changed)?;
    let named = named(conn, &changed)?;
    let held = |row: LegalDocumentRow| {
        let key = (row.document_key.clone(), row.issued_on);
        if named.contains(&row.id) && before.get(&row.id).is_some_and(|before| *before != key) {
            return Err(ApiError::new(Problem::InUse));
        }
        let units =
            [("/territory_unit_id", row.territory_unit_id), ("/reviewing_unit_id", row.reviewing_unit_id)];
        let unknown = units
            .into_iter()
            .filter(|(_, unit)| unit.is_some_and(|unit| scoped.tree().latest(unit).is_none()));
        let message = || Bilingual::new("Không có đơn vị này.", "There is no such unit.");
        let faults: Vec<Fault> =
            unknown.map(|(pointer, _)| Fault::new(pointer, "unknown_unit", message())).collect();
        if faults.is_empty() { Ok(row) } else { Err(ApiError::invalid(faults)) }
    };
    Ok(made.into_iter().map(|made| made.and_then(held)).collect())
}

/// By what documents are told apart, of which nobody else changes or names one until the transaction ends.
fn locked(
    conn: &mut DbConn,
    documents: &[LegalDocumentId],
) -> Result<HashMap<LegalDocumentId, (String, NaiveDate)>, ApiError> {
    let standing = d::id.eq_any(documents.to_vec()).and(d::deleted_at.is_null());
    let rows: Vec<LegalDocumentRow> =
        load_locked!(conn, d::table.filter(standing).order_by(d::id).select(LegalDocumentRow::as_select()))?;
    Ok(rows.into_iter().map(|row| (row.id, (row.document_key, row.issued_on))).collect())
}

/// Which of these documents a relation names.
fn named(conn: &mut DbConn, documents: &[LegalDocumentId]) -> Result<HashSet<LegalDocumentId>, ApiError> {
    if documents.is_empty() {
        return Ok(HashSet::new());
    }
    let standing = || r::table.filter(r::deleted_at.is_null());
    let acting: Vec<Option<LegalDocumentId>> = standing()
        .filter(r::document_id.is_not_null().and(r::document_id.assume_not_null().eq_any(documents.to_vec())))
        .select(r::document_id)
        .distinct()
        .load(conn)?;
    let affected: Vec<Option<LegalDocumentId>> = standing()
        .filter(r::affected_id.is_not_null().and(r::affected_id.assume_not_null().eq_any(documents.to_vec())))
        .select(r::affected_id)
        .distinct()
        .load(conn)?;
    Ok(acting.into_iter().chain(affected).flatten().collect())
}

/// Whether a relation names a document, which nobody changes until the transaction ends.
pub(super) fn is_named(conn: &mut DbConn, document: LegalDocumentId) -> Result<bool, ApiError> {
    locked(conn, &[document])?;
    Ok(!named(conn, &[document])?.is_empty())
}

/// By what a relation names a document: its unit, the key of its number, its day of issue.
pub(crate) type DocumentName = (OrgUnitId, String, NaiveDate);

/// The issued documents of these names, locked likewise.
pub(crate) fn documents_named(
    conn: &mut DbConn,
    names: &HashSet<DocumentName>,
) -> Result<HashMap<DocumentName, LegalDocumentId>, ApiError> {
    let units: HashSet<OrgUnitId> = names.iter().map(|(unit, ..)| *unit).collect();
    let keys: HashSet<&str> = names.iter().map(|(_, key, _)| key.as_str()).collect();
    let days: HashSet<NaiveDate> = names.iter().map(|(.., day)| *day).collect();
    let standing = d::org_unit_id
        .eq_any(units)
        .and(d::document_key.eq_any(keys))
        .and(d::issued_on.eq_any(days))
        .and(d::stage.eq(DraftingStage::Issued))
        .and(d::deleted_at.is_null());
    let rows: Vec<LegalDocumentRow> =
        load_locked!(conn, d::table.filter(standing).order_by(d::id).select(LegalDocumentRow::as_select()))?;
    let named = |row: LegalDocumentRow| ((row.org_unit_id, row.document_key, row.issued_on), row.id);
    Ok(rows.into_iter().map(named).collect())
}

/// The first days on which documents hold.
pub(crate) fn first_days(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
) -> Result<HashMap<LegalDocumentId, NaiveDate>, ApiError> {
    let rows: Vec<(LegalDocumentId, Option<NaiveDate>, NaiveDate)> =
        d::table.filter(d::id.eq_any(documents)).select((d::id, d::effective_on, d::issued_on)).load(conn)?;
    let first =
        |(id, effective_on, issued_on): (_, Option<NaiveDate>, _)| (id, effective_on.unwrap_or(issued_on));
    Ok(rows.into_iter().map(first).collect())
}
