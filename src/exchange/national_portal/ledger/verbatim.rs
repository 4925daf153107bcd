//! What senders told last of dossiers, as it came, so that it goes out with them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{PortalDirection, PortalLedgerEntryId, PortalOutcome, PortalService};
use super::store::place;
use crate::exchange::national_portal::body::PortalDossier;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::portal_ledger;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use tthc::dossiers::model::{Dossier, DossierId};

/// The entries of these codes that were taken in and are kept: few for each code, so that the newest of each dossier
/// is picked here, and its body read alone.
fn taken_in<'a>(codes: Vec<&'a str>) -> portal_ledger::BoxedQuery<'a, MultiBackend> {
    use portal_ledger as l;
    let taken = [PortalOutcome::Created, PortalOutcome::Updated, PortalOutcome::Unchanged];
    l::table
        .filter(l::code.eq_any(codes))
        .filter(l::direction.eq(PortalDirection::Received))
        .filter(l::service.eq(PortalService::Dossiers))
        .filter(l::outcome.eq_any(taken))
        .filter(l::body.is_not_null())
        .into_boxed()
}

/// What was told last of each of these dossiers and taken in; of one whose personal data were erased nothing is kept.
///
/// # Errors
/// When the database cannot be read, or an entry was sealed under other keys.
pub fn told_last(
    conn: &mut DbConn,
    scoped: &Scoped,
    dossiers: &[Dossier],
) -> Result<HashMap<DossierId, PortalDossier>, ApiError> {
    use portal_ledger as l;
    let standing = || dossiers.iter().filter(|dossier| dossier.erased_at.is_none());
    let codes: Vec<&str> = standing().map(|dossier| dossier.code.as_str()).collect();
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut newest: HashMap<DossierId, _> = standing().map(|dossier| (dossier.id, None)).collect();
    let entries: Vec<(PortalLedgerEntryId, Option<DossierId>, Instant)> =
        taken_in(codes).select((l::id, l::dossier_id, l::recorded_at)).load(conn)?;
    for (id, dossier, recorded_at) in entries {
        let Some(place) = dossier.and_then(|dossier| newest.get_mut(&dossier)) else { continue };
        *place = (*place).max(Some((recorded_at, id)));
    }
    let ids: Vec<PortalLedgerEntryId> = newest.into_values().flatten().map(|(_, id)| id).collect();
    let bodies: Vec<(PortalLedgerEntryId, Option<DossierId>, Option<String>)> =
        l::table.filter(l::id.eq_any(ids)).select((l::id, l::dossier_id, l::body)).load(conn)?;
    let keys = scoped.personal_keys()?;
    let mut told = HashMap::with_capacity(bodies.len());
    for (id, dossier, body) in bodies {
        let (Some(dossier), Some(sealed)) = (dossier, body) else { continue };
        let opened = keys.open(&sealed, &place(id)).map_err(ApiError::internal)?;
        // It was read when it was taken in; the error of a parser may quote what stands there.
        let read = serde_json::from_slice(opened.expose());
        told.insert(dossier, read.map_err(|_| ApiError::internal("an entry of the ledger is damaged"))?);
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn what_was_told_of_a_page_is_found_by_its_codes() {
        let (_folder, mut conn) = migrated();
        let query = || {
            let codes = vec!["H13.44-261102-0007", "H13.44-261102-0008"];
            taken_in(codes).select((portal_ledger::id, portal_ledger::dossier_id, portal_ledger::recorded_at))
        };
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("portal_ledger_by_code (")), "{told:#?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }
}
