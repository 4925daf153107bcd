//! Dossiers for whoever exchanges them with another system: those of some codes, and those that changed
//! since the last time.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::json;

use super::model::{Dossier, DossierId};
use super::row::HeldDossier;
use super::store::{Joined, Loaded, columns, held, held_by_codes, in_reach_of_either, standing};
use kernel::api::records::PART;
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::dossiers;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::tree::OrgUnitId;
use kernel::{keyset, load_locked};

/// The dossiers of these codes that were received in this province, or came to it since, in reach, by code. Nobody
/// else changes them until the transaction ends: who erases the personal data of one waits, and then finds whatever
/// was written down of it.
///
/// # Errors
/// When the database cannot be read.
pub fn dossiers_of_codes(
    conn: &mut DbConn,
    scoped: &Scoped,
    province: OrgUnitId,
    codes: &[&str],
) -> Result<HashMap<String, HeldDossier>, ApiError> {
    let mut found = HashMap::with_capacity(codes.len());
    for part in codes.chunks(PART) {
        hold(conn, province, part)?;
        let mut of_part: Vec<HeldDossier> = held_by_codes(conn, part)?
            .into_iter()
            .filter(|held| {
                let row = &held.row;
                [row.receiving_province_id, row.province_id].contains(&province)
                    && scoped.reads_or_reaches(&[row.org_unit_id, row.receiving_unit_id])
            })
            .collect();
        // Of two of one code the one that was received here counts: it comes last.
        of_part.sort_by_key(|held| held.row.receiving_province_id == province);
        found.extend(of_part.into_iter().map(|held| (held.row.code.clone(), held)));
    }
    Ok(found)
}

/// Holds the dossiers of these codes, in the order in which they are written.
fn hold(conn: &mut DbConn, province: OrgUnitId, codes: &[&str]) -> Result<(), ApiError> {
    use dossiers as d;
    let of_province = d::receiving_province_id.eq(province).or(d::province_id.eq(province));
    let standing = d::code.eq_any(codes.to_vec()).and(d::deleted_at.is_null()).and(of_province);
    let _: Vec<DossierId> =
        load_locked!(conn, d::table.filter(standing).order_by((d::code, d::id)).select(d::id))?;
    Ok(())
}

fn changed<'a>(scoped: &Scoped, since: Option<Instant>, page: &PageRequest) -> Result<Joined<'a>, ApiError> {
    use dossiers as d;
    let mut query = in_reach_of_either(standing(), scoped.confinement().as_ref());
    if let Some(since) = since {
        query = query.filter(d::updated_at.ge(since));
    }
    Ok(keyset!(query, page, asc d::updated_at => Instant, d::id => DossierId))
}

/// A page of the dossiers in reach, of which either unit is in reach, in the order of their last change.
///
/// # Errors
/// 422 for a cursor of another list.
pub fn dossiers_changed(
    conn: &mut DbConn,
    scoped: &Scoped,
    since: Option<Instant>,
    page: &PageRequest,
) -> Result<PageRows<Dossier>, ApiError> {
    let rows: Vec<Loaded> = changed(scoped, since, page)?.select(columns()).load(conn)?;
    let PageRows { items, last, total } = page.cut(rows, None, |(row, ..)| json!([row.updated_at, row.id]));
    let now = scoped.author().at();
    let items = items.into_iter().map(|loaded| held(loaded).answer(scoped, now)).collect::<Result<_, _>>()?;
    Ok(PageRows { items, last, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn what_changed_comes_from_its_index_in_order() {
        let (_folder, mut conn) = migrated();
        let scoped = Scoped::command("test", Instant::from_micros(0));
        let key = json!([Instant::from_micros(0), DossierId::new()]);
        let mut postgres = MigratedPostgres::new();
        for since in [None, Some(Instant::from_micros(0))] {
            let page = PageRequest::for_test(50, Some(key.clone()));
            let query = || changed(&scoped, since, &page).unwrap().select(columns());
            let told = plan(&mut conn, query());
            assert!(told.iter().any(|step| step.contains("dossiers_by_change (")), "{told:#?}");
            assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:#?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                assert!(told.iter().any(|step| step.contains("dossiers_by_change")), "{told:#?}");
                assert!(!told.iter().any(|step| step.contains("Sort")), "{told:#?}");
            }
        }
    }
}
