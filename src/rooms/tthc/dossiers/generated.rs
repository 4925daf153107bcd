//! Dossiers that are made up for a demonstration (hồ sơ sinh tự động để trình diễn). They keep every rule of
//! a real one and say wherever they are shown that they are none.

use diesel::prelude::*;

use super::model::DossierCreate;
use super::writes::Dossiers;
use kernel::api::records::{Draft, Records, Row};
use kernel::auth::scope::Scoped;
use kernel::db::schema::dossiers;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::ApiError;

/// Stores made-up dossiers, at most [`PART`](kernel::api::records::PART) at once.
///
/// # Errors
/// What is wrong with the first that cannot be made.
pub fn dossiers_generate(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    bodies: Vec<DossierCreate>,
) -> Result<Recorded<usize>, ApiError> {
    let drafts = bodies.into_iter().map(|body| Draft { body, present: None }).collect();
    let mut made = Dossiers::made(tx, scoped, drafts)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    let at = tx.at();
    for held in &mut made {
        held.row.generated = true;
        held.revise(at);
    }
    Ok(Dossiers::save(tx, scoped, &made)?.all()?.map(|stored| stored.len()))
}

/// How many made-up dossiers there are: none but in a demonstration.
///
/// # Errors
/// When the database cannot be read.
pub fn generated_count(conn: &mut DbConn) -> Result<i64, ApiError> {
    Ok(dossiers::table.filter(dossiers::generated).count().get_result(conn)?)
}

/// Whether there are any, so that whatever counts dossiers says so.
///
/// # Errors
/// When the database cannot be read.
pub fn any_generated(conn: &mut DbConn) -> Result<bool, ApiError> {
    let generated = dossiers::table.filter(dossiers::generated).select(dossiers::id);
    Ok(diesel::select(diesel::dsl::exists(generated)).get_result(conn)?)
}
