//! How dossiers are written: whole, one or many at a time, with their counts and journal entries.

use std::collections::HashMap;

use super::facts::Facts;
use super::history::{Event, journal_entry};
use super::making::Making;
use super::model::{Dossier, DossierCreate, DossierId};
use super::row::{DossierRow, HeldDossier};
use super::store::{held_by_codes, held_find};
use super::summaries::contributions::{Counted, difference};
use super::summaries::deltas::keep;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::auth::scope::Scoped;
use kernel::db::schema::dossiers;
use kernel::db::{DbConn, WriteTx};
use kernel::error::{ApiError, Problem};
use kernel::save_rows;

/// Dossiers, as they are written.
pub struct Dossiers;

impl Records for Dossiers {
    type Id = DossierId;
    type Body = DossierCreate;
    type Row = HeldDossier;
    type View = Dossier;

    fn order(body: &DossierCreate) -> String {
        key_text([Some(body.code.as_str())])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: DossierId) -> Result<HeldDossier, ApiError> {
        let held = held_find(conn, scoped, id)?;
        must_write(scoped, &held.row)?;
        Ok(held)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[DossierCreate],
    ) -> Result<Vec<Option<HeldDossier>>, ApiError> {
        let codes: Vec<&str> = bodies.iter().map(|body| body.code.as_str()).collect();
        let mut held: HashMap<String, Vec<HeldDossier>> = HashMap::new();
        for one in held_by_codes(tx.conn(), &codes)?.into_iter().filter(|held| may_write(scoped, &held.row)) {
            held.entry(one.row.code.clone()).or_default().push(one);
        }
        let tree = scoped.tree();
        let present = |body: &DossierCreate| {
            let unit = body.receiving_unit().resolve(tree, body.received_at.vietnam_day()).ok()?;
            let province = scoped.home_province(unit)?;
            let of_code = held.get_mut(&body.code)?;
            let is_of_province = |held: &HeldDossier| held.row.receiving_province_id == province;
            // One that was handed over to the unit, or whose unit has come to another province since.
            let is_of_unit =
                |held: &HeldDossier| [held.row.receiving_unit_id, held.row.org_unit_id].contains(&unit);
            let place =
                of_code.iter().position(is_of_province).or_else(|| of_code.iter().position(is_of_unit))?;
            Some(of_code.swap_remove(place))
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<DossierCreate, HeldDossier>>,
    ) -> Result<Vec<Result<HeldDossier, ApiError>>, ApiError> {
        let told = drafts.iter().map(|draft| (&draft.body, draft.present.as_ref().map(|held| &held.row)));
        let facts = Facts::load(tx.conn(), told)?;
        let making = Making { scoped, facts: &facts, at: tx.at() };
        Ok(facts.links.held_against(drafts.into_iter().map(|draft| making.dossier(draft)).collect()))
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldDossier],
    ) -> Result<Written<Dossier>, ApiError> {
        save_as(tx, scoped, rows, |_| None)
    }
}

/// Stores dossiers with what they change in the counts and their journal entries, which also tell the
/// event of each, where a step was taken.
pub(super) fn save_as<'e>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[HeldDossier],
    event: impl Fn(DossierId) -> Option<&'e Event>,
) -> Result<Written<Dossier>, ApiError> {
    let masked = scoped.masked();
    let at = tx.at();
    let stored = save_rows!(
        tx.conn(),
        dossiers,
        DossierId,
        rows.iter().map(|held| &held.row),
        [
            province_id,
            org_unit_id,
            procedure_id,
            procedure_version_id,
            field_id,
            channel,
            owner_kind,
            owner,
            owner_digest,
            submitter_kind,
            submitter,
            submitter_digest,
            received_at,
            receiving_tier,
            due_at,
            due_on,
            due_basis,
            status,
            resolved_at,
            returned_at,
            closed_at,
            working_days,
            late_after,
            rescheduled_to,
            apology_letter,
            fee_vnd,
            paid_online,
            input_digitised,
            result_digitised,
            foreign_code,
            linked_code,
            source_updated_at,
            rules_version,
            waits,
            holders,
            erased_at,
        ]
    )?;
    let mut counted = Counted::new();
    for held in rows.iter().filter(|held| stored.contains(&held.row.id)) {
        for (leaf, changes) in difference(held.before.as_deref(), Some(&held.row)) {
            *counted.entry(leaf).or_default() += changes;
        }
    }
    keep(tx.conn(), &counted)?;
    let entry = |action, view: &Dossier, held: &HeldDossier| {
        journal_entry(action, view, &held.row, event(held.row.id))
    };
    Written::try_journal(tx, rows, &stored, entry, |held| held.answer(&masked, at))
}

/// Whether the account may change a dossier: it reaches the unit that resolves it or the one that received it.
pub(super) fn may_write(scoped: &Scoped, row: &DossierRow) -> bool {
    scoped.reaches(row.org_unit_id) || scoped.reaches(row.receiving_unit_id)
}

/// Lets whoever may change a dossier go on.
///
/// # Errors
/// 403 when the account may read it only, 404 when it may not know of it.
pub(super) fn must_write(scoped: &Scoped, row: &DossierRow) -> Result<(), ApiError> {
    if may_write(scoped, row) {
        return Ok(());
    }
    scoped.must_reach(row.org_unit_id).or_else(|refused| match refused.problem() {
        Problem::NotFound => scoped.must_reach(row.receiving_unit_id),
        _ => Err(refused),
    })
}
