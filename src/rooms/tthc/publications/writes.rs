//! Publications as they are written: the decision and its items as one record.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;
use diesel::prelude::*;

use super::bodies::ProcedurePublicationCreate;
use super::model::{
    HeldPublication, ItemRow, ProcedurePublication, ProcedurePublicationId, PublicationAction,
    PublicationItem, PublicationRow,
};
use super::rules;
use super::store::{answer, held_find, held_of, known};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{procedure_publication_items, procedure_publications};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::document_numbers::number_key;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::{hide_row, on_db, save_rows};

const RECORD_TYPE: &str = "procedure_publication";

/// Publications, as they are written.
pub struct ProcedurePublications;

impl Records for ProcedurePublications {
    type Id = ProcedurePublicationId;
    type Body = ProcedurePublicationCreate;
    type Row = HeldPublication;
    type View = ProcedurePublication;

    fn order(body: &ProcedurePublicationCreate) -> String {
        let (number, year, unit) = (number_key(&body.number), body.issued_on.year(), body.unit_name());
        let unit_id = unit.id.map(|id| id.written());
        key_text([Some(&number), Some(&year.to_string()), unit_id.as_deref(), unit.identifier, unit.code])
    }

    fn find(
        conn: &mut DbConn,
        _scoped: &Scoped,
        id: ProcedurePublicationId,
    ) -> Result<HeldPublication, ApiError> {
        held_find(conn, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ProcedurePublicationCreate],
    ) -> Result<Vec<Option<HeldPublication>>, ApiError> {
        use procedure_publications as p;
        type Key = (String, i32, OrgUnitId);
        let key = |body: &ProcedurePublicationCreate| -> Option<Key> {
            let issuer = body.unit_name().resolve(scoped.tree(), body.issued_on).ok()?;
            Some((number_key(&body.number), body.issued_on.year(), issuer))
        };
        let keys: Vec<Option<Key>> = bodies.iter().map(key).collect();
        let named = || keys.iter().flatten();
        let numbers: HashSet<&str> = named().map(|(number, _, _)| number.as_str()).collect();
        let years: HashSet<i32> = named().map(|(_, year, _)| *year).collect();
        let issuers: HashSet<OrgUnitId> = named().map(|(_, _, issuer)| *issuer).collect();
        let rows: Vec<PublicationRow> = p::table
            .filter(p::number_key.eq_any(numbers).and(p::issued_year.eq_any(years)))
            .filter(p::org_unit_id.eq_any(issuers).and(p::deleted_at.is_null()))
            .select(PublicationRow::as_select())
            .load(tx.conn())?;
        let found: HashMap<Key, HeldPublication> = held_of(tx.conn(), rows)?
            .into_iter()
            .map(|held| ((held.row.number_key.clone(), held.row.issued_year, held.row.org_unit_id), held))
            .collect();
        Ok(keys.iter().map(|key| found.get(key.as_ref()?).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedurePublicationCreate, HeldPublication>>,
    ) -> Result<Vec<Result<HeldPublication, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let items = || drafts.iter().flat_map(|draft| &draft.body.items);
        let ids = items().flat_map(|item| [item.procedure_id, item.replaced_procedure_id]).flatten();
        let codes = items().flat_map(|item| {
            [item.procedure_code.as_deref(), item.replaced_procedure_code.as_deref()].into_iter().flatten()
        });
        let named = ProceduresNamed::load(tx.conn(), ids.collect(), codes.collect())?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| publication_made(scoped, draft, &named, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldPublication],
    ) -> Result<Written<ProcedurePublication>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            procedure_publications,
            ProcedurePublicationId,
            rows.iter().map(|held| &held.row),
            [
                org_unit_id,
                number,
                number_key,
                issued_on,
                issued_year,
                effective_on,
                title,
                title_folded,
                legal_basis,
                legal_basis_effective_on,
                published_on,
                source,
                note,
            ]
        )?;
        items_save(tx.conn(), rows.iter().filter(|held| stored.contains(&held.row.id)))?;
        let entry = |action, view: &ProcedurePublication, held: &HeldPublication| {
            Entry::new(action, RECORD_TYPE, held.row.id, held.row.version, view)
        };
        Written::journal(tx, rows, &stored, entry, |held| answer(scoped, held.clone()))
    }
}

fn publication_made(
    scoped: &Scoped,
    draft: Draft<ProcedurePublicationCreate, HeldPublication>,
    named: &ProceduresNamed,
    at: Instant,
) -> Result<HeldPublication, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let mut faults = rules::faults(&body);
    let issuer = body.unit_name().resolve(scoped.tree(), body.issued_on);
    let issuer = issuer.map_err(|unknown| faults.extend(unknown)).ok();
    if let (Some(present), Some(issuer)) = (&present, issuer)
        && present.row.org_unit_id != issuer
    {
        let message = Bilingual::new(
            "Cơ quan ban hành xác định quyết định nên không thay đổi được; hãy xóa và nhập quyết định khác.",
            "The issuer names the decision and cannot change; delete it and make another.",
        );
        faults.push(Fault::new(body.unit_name().pointer(), "names_the_publication", message));
    }
    let present = present.as_ref().map(|held| &held.row);
    let id = present.map_or_else(ProcedurePublicationId::new, |row| row.id);
    let mut items = Vec::with_capacity(body.items.len());
    for (position, item) in (0_i32..).zip(body.items) {
        match item_row(id, position, item, named) {
            Ok(item) => items.push(item),
            Err(found) => faults.extend(found),
        }
    }
    faults.extend(rules::repeated(&items));
    let Some(org_unit_id) = issuer.filter(|_| faults.is_empty()) else {
        return Err(ApiError::invalid(faults));
    };
    let row = PublicationRow {
        id,
        org_unit_id,
        number_key: number_key(&body.number),
        number: body.number,
        issued_on: body.issued_on,
        issued_year: body.issued_on.year(),
        effective_on: body.effective_on,
        title_folded: fold(&body.title),
        title: body.title,
        legal_basis: body.legal_basis,
        legal_basis_effective_on: body.legal_basis_effective_on,
        published_on: body.published_on,
        source: body.source,
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    };
    Ok(HeldPublication { row, items: items.into_iter().map(|item| known(item, named)).collect() })
}

/// An item as it is stored, its procedures named by their codes.
fn item_row(
    publication_id: ProcedurePublicationId,
    position: i32,
    item: PublicationItem,
    named: &ProceduresNamed,
) -> Result<ItemRow, Vec<Fault>> {
    let code = named.resolve_code(NamedBy {
        id: item.procedure_id,
        code: item.procedure_code.as_deref(),
        pointer: &format!("/items/{position}/procedure_id"),
    });
    let replaced = (item.action == PublicationAction::Replace).then(|| {
        named.resolve_code(NamedBy {
            id: item.replaced_procedure_id,
            code: item.replaced_procedure_code.as_deref(),
            pointer: &format!("/items/{position}/replaced_procedure_id"),
        })
    });
    match (code, replaced.transpose()) {
        (Ok(procedure_code), Ok(replaced_procedure_code)) => Ok(ItemRow {
            publication_id,
            position,
            action: item.action,
            procedure_code,
            replaced_procedure_code,
            level: item.level,
            name: item.name,
            note: item.note,
        }),
        (code, replaced) => Err(code.err().into_iter().chain(replaced.err()).collect()),
    }
}

/// Puts the items of publications in the place of those that they had.
fn items_save<'a>(
    conn: &mut DbConn,
    publications: impl Iterator<Item = &'a HeldPublication> + Clone,
) -> Result<(), ApiError> {
    use procedure_publication_items as i;
    let changed: Vec<_> =
        publications.clone().filter(|held| held.row.version > 1).map(|held| held.row.id).collect();
    if !changed.is_empty() {
        diesel::delete(i::table.filter(i::publication_id.eq_any(changed))).execute(conn)?;
    }
    let rows: Vec<ItemRow> = publications.flat_map(HeldPublication::rows).collect();
    for part in rows.chunks(400) {
        on_db!(conn, |c| diesel::insert_into(i::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Deletes a publication that was entered by mistake; what it did to the catalogue stays.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn publication_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedurePublicationId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), id)?;
    expected.check(held.row.version)?;
    hide_row!(tx, procedure_publications, held.row)?;
    let version = held.row.version + 1;
    let view = ProcedurePublication { version, ..answer(scoped, held) };
    Ok(tx.journal(Entry::new(JournalAction::Delete, RECORD_TYPE, view.id, version, &view)?)?.with(()))
}
