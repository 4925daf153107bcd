//! Who saw whose personal data in clear (nhật ký xem dữ liệu cá nhân): an entry for each record, written before
//! the answer leaves.

use crate::api::Record;
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::error::ApiError;
use crate::state::App;
use crate::tree::OrgUnitId;

/// A record of which personal data are about to be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What the journal calls such a record.
    pub record_type: &'static str,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// The unit that it belongs to.
    pub unit: OrgUnitId,
    /// The province that it belongs to.
    pub province: Option<OrgUnitId>,
}

/// Notes those of an answer's records that show personal data in clear to the account.
///
/// # Errors
/// 503 when that cannot be written: then nothing is shown.
pub async fn note<'r, R: Record + 'r>(
    app: &App,
    scoped: &Scoped,
    records: impl IntoIterator<Item = &'r R>,
) -> Result<(), ApiError> {
    let shown: Vec<Shown> = records.into_iter().filter_map(Record::shown).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let nothing = serde_json::json!({});
    let entry = |Shown { record_type, id, version, unit, province }: Shown| {
        let entry = Entry::new(JournalAction::ReadPersonal, record_type, id, version, &nothing)?;
        Ok(entry.of_unit(unit, province.map(|province| province.to_string())))
    };
    let entries = shown.into_iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
    app.db.write(scoped.author(), move |tx| Ok(tx.journal_all(entries)?.with(()))).await
}

/// Reads a record, and notes it where it shows personal data in clear.
///
/// # Errors
/// What `read` says, and as [`note`].
pub async fn read<R: Record + Send + 'static>(
    app: &App,
    scoped: Scoped,
    read: impl FnOnce(&mut DbConn, &Scoped) -> Result<R, ApiError> + Send + 'static,
) -> Result<R, ApiError> {
    let reader = scoped.clone();
    let record = app.db.read(move |conn| read(conn, &reader)).await?;
    note(app, &scoped, [&record]).await?;
    Ok(record)
}
