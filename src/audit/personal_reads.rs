//! Who saw whose personal data in clear (nhật ký xem dữ liệu cá nhân): an entry for each record, written before
//! the answer leaves.

use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::domain::organization::tree::OrgUnitId;
use crate::error::ApiError;
use crate::state::App;

/// A record of which personal data are about to be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// The unit that it belongs to.
    pub unit: OrgUnitId,
    /// The province that it belongs to.
    pub province: Option<OrgUnitId>,
}

/// Notes that personal data of these records are shown to the account.
///
/// # Errors
/// 503 when that cannot be written: then nothing is shown.
pub async fn note(
    app: &App,
    scoped: &Scoped,
    record_type: &'static str,
    shown: Vec<Shown>,
) -> Result<(), ApiError> {
    if shown.is_empty() {
        return Ok(());
    }
    let nothing = serde_json::json!({});
    let entry = |Shown { id, version, unit, province }: Shown| {
        let entry = Entry::new(JournalAction::ReadPersonal, record_type, id, version, &nothing)?;
        Ok(entry.of_unit(unit, province.map(|province| province.to_string())))
    };
    let entries = shown.into_iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
    app.db.write(scoped.author(), move |tx| Ok(tx.journal_all(entries)?.with(()))).await
}
