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
use crate::document_validity::{
    Act, DEPTH, Days, DocumentValidity, RelationExtent, RelationKind, after_what_became_of, ended_by_others,
    validity,
};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::{document_relations as r, legal_documents as d};
use kernel::document_numbers::{keys_of_year, number_key};
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

    fn act(&self, acting: Days) -> Act {
        Act { kind: self.kind, extent: self.extent, from_on: self.from_on, to_on: self.to_on, acting }
    }
}

/// What acts upon documents, of each the earliest first, with the days of those that act.
type Acting = HashMap<LegalDocumentId, Vec<(ActingDocument, Days)>>;

fn acting_on(conn: &mut DbConn, documents: Vec<LegalDocumentId>) -> Result<Acting, ApiError> {
    let rows: Vec<(DocumentRelationRow, Option<NaiveDate>, NaiveDate, Option<NaiveDate>)> = r::table
        .inner_join(d::table.on(d::id.nullable().eq(r::document_id)))
        .filter(r::affected_id.is_not_null().and(r::affected_id.assume_not_null().eq_any(documents)))
        .filter(r::deleted_at.is_null())
        .order((r::from_on, r::id))
        .select((DocumentRelationRow::as_select(), d::effective_on, d::issued_on, d::expired_on))
        .load(conn)?;
    let mut found = Acting::new();
    for (row, effective_on, issued_on, expired_on) in rows {
        let Some(affected) = row.affected_id else { continue };
        let days = Days { effective_on: effective_on.unwrap_or(issued_on), expired_on };
        found.entry(affected).or_default().push((ActingDocument::of(row), days));
    }
    Ok(found)
}

/// What acts upon documents, and upon those that act, so many one behind the other.
fn acting_one_behind_the_other(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
    depth: usize,
) -> Result<Acting, ApiError> {
    let (mut acting, mut asked) = (Acting::new(), HashSet::new());
    let mut wanted = documents;
    for _ in 0..depth {
        if wanted.is_empty() {
            break;
        }
        asked.extend(wanted.iter().copied());
        let found = acting_on(conn, wanted)?;
        let by: HashSet<_> = found.values().flatten().filter_map(|(act, _)| act.document_id).collect();
        wanted = by.difference(&asked).copied().collect();
        acting.extend(found);
    }
    Ok(acting)
}

/// What acts upon each document, with the days of those that act after what became of them.
fn standing(acting: &Acting) -> HashMap<LegalDocumentId, Vec<Act>> {
    let by = |(act, days): &(ActingDocument, Days)| Some((act.document_id?, act.act(*days)));
    let told = acting.iter().map(|(id, acts)| (*id, acts.iter().filter_map(by).collect())).collect();
    after_what_became_of(&told)
}

/// How many documents of an issuer bear a number on which day, and how many a title.
#[derive(Default)]
struct Alike {
    numbers: HashMap<(OrgUnitId, String), Vec<(NaiveDate, i64)>>,
    titles: HashMap<(OrgUnitId, String), i64>,
}

/// How many other documents of its issuer look like one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Others {
    /// Of its number, in its year.
    pub(super) same_number: i64,
    /// Of its number with the year or without, on its day.
    pub(super) other_form: i64,
    /// Of its title.
    pub(super) same_title: i64,
}

impl Alike {
    /// Looks for each issuer's own numbers and titles alone. A join of the table with itself would say the same,
    /// but PostgreSQL plans it in the square of a table that it has not counted yet.
    fn load(conn: &mut DbConn, documents: &[LegalDocument]) -> Result<Self, ApiError> {
        let mut of_issuers: HashMap<OrgUnitId, (Vec<String>, Vec<String>)> = HashMap::new();
        for document in documents {
            let (numbers, titles) = of_issuers.entry(document.org_unit_id).or_default();
            numbers.extend(keys_of(document));
            titles.push(fold(&document.title));
        }
        let of_issuers: Vec<_> = of_issuers.into_iter().collect();
        let mut alike = Self::default();
        for issuers in of_issuers.chunks(UNITS_AT_ONCE) {
            let number = (d::org_unit_id, d::document_key, d::issued_on);
            let mut numbered = d::table.group_by(number).select((number, count_star())).into_boxed();
            let title = (d::org_unit_id, d::title_folded);
            let mut titled = d::table.group_by(title).select((title, count_star())).into_boxed();
            for (issuer, (numbers, titles)) in issuers {
                let standing = || d::org_unit_id.eq(*issuer).and(d::deleted_at.is_null());
                numbered = numbered.or_filter(standing().and(d::document_key.eq_any(numbers)));
                titled = titled.or_filter(standing().and(d::title_folded.eq_any(titles)));
            }
            for ((issuer, key, day), count) in numbered.load::<((OrgUnitId, String, NaiveDate), i64)>(conn)? {
                alike.numbers.entry((issuer, key)).or_default().push((day, count));
            }
            alike.titles.extend(titled.load::<((OrgUnitId, String), i64)>(conn)?);
        }
        Ok(alike)
    }

    /// How many others look like a document.
    fn others(&self, document: &LegalDocument) -> Others {
        let (issuer, issued_on) = (document.org_unit_id, document.issued_on);
        let own = document.number.as_deref().map(number_key);
        let borne = |key: String, counts: &dyn Fn(NaiveDate) -> bool| -> i64 {
            let days = self.numbers.get(&(issuer, key)).into_iter().flatten();
            days.filter(|(day, _)| counts(*day)).map(|(_, count)| count).sum()
        };
        let of_year = own.clone().map(|key| borne(key, &|day| day.year() == issued_on.year()));
        let other_forms = keys_of(document).into_iter().filter(|key| Some(key) != own.as_ref());
        let title = self.titles.get(&(issuer, fold(&document.title)));
        Others {
            same_number: of_year.map_or(0, |count| (count - 1).max(0)),
            other_form: other_forms.map(|key| borne(key, &|day| day == issued_on)).sum(),
            same_title: title.map_or(0, |count| (count - 1).max(0)),
        }
    }
}

/// The keys under which a document may stand: with its year in the number and without.
fn keys_of(document: &LegalDocument) -> Vec<String> {
    let keys = |number| keys_of_year(number, Some(document.issued_on));
    document.number.as_deref().map(keys).unwrap_or_default()
}

/// Completes answers: validity on a day, what acts upon each, what is noticed beside others.
pub(super) fn completed(
    conn: &mut DbConn,
    scoped: &Scoped,
    day: NaiveDate,
    answers: &mut [LegalDocument],
) -> Result<(), ApiError> {
    let mut acting = acting_one_behind_the_other(conn, answers.iter().map(|one| one.id).collect(), DEPTH)?;
    let mut standing = standing(&acting);
    let alike = Alike::load(conn, answers)?;
    for document in answers {
        let told = acting.remove(&document.id).unwrap_or_default();
        document.acted_on_by = told.into_iter().map(|(act, _)| act).collect();
        let acts: Vec<Act> = standing.remove(&document.id).unwrap_or_default();
        let effective_on = document.effective_on.unwrap_or(document.issued_on);
        let own = Days { effective_on, expired_on: document.expired_on };
        let is_issued = document.stage == DraftingStage::Issued;
        document.validity = is_issued.then(|| validity(own, &acts, day));
        let mut noticed = near_duplicates(document, alike.others(document));
        noticed.extend(ended_by_others(&acts).and_then(|ended_on| end_differs(document, ended_on)));
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

/// The days of documents that act, after what others do to them: as whoever they act upon sees them, who looks one
/// document less far behind each.
pub(crate) fn acting_days(
    conn: &mut DbConn,
    documents: Vec<LegalDocumentId>,
) -> Result<HashMap<LegalDocumentId, Days>, ApiError> {
    let columns = (d::id, d::effective_on, d::issued_on, d::expired_on);
    let rows: Vec<(LegalDocumentId, Option<NaiveDate>, NaiveDate, Option<NaiveDate>)> =
        d::table.filter(d::id.eq_any(&documents)).select(columns).load(conn)?;
    let standing = standing(&acting_one_behind_the_other(conn, documents, DEPTH - 1)?);
    let days = |(id, effective_on, issued_on, expired_on): (_, Option<NaiveDate>, _, Option<NaiveDate>)| {
        let by_others = standing.get(&id).and_then(|acts| ended_by_others(acts));
        let expired_on = expired_on.into_iter().chain(by_others).min();
        (id, Days { effective_on: effective_on.unwrap_or(issued_on), expired_on })
    };
    Ok(rows.into_iter().map(days).collect())
}
