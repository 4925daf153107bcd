//! An import that is under way: how far it came, and where its refused rows go.

use std::path::PathBuf;
use std::sync::Arc;

use super::reached::{Key, Reached, digest_of, reached_forget, reached_get, reached_put};
use super::reading::Reading;
use super::refused::{Came, RefusedFile};
use super::{ImportFile, ImportTarget};
use crate::api::batch::Outcomes;
use crate::api::sheet::apart;
use crate::api::sheet::import::Layout;
use crate::db::DbConn;
use crate::error::ApiError;

/// An import that is under way.
pub(super) struct Run {
    key: Key,
    refused: RefusedFile,
    pub reached: Reached,
}

impl Run {
    /// Goes on where this file was interrupted, or begins.
    ///
    /// # Errors
    /// When the file or the database is away.
    pub(super) async fn begun(
        target: &ImportTarget,
        file: &ImportFile,
        reading: &Reading,
        is_table: bool,
    ) -> Result<Self, ApiError> {
        let path = file.path.clone();
        let digest = apart(move || digest_of(&path).map_err(ApiError::internal)).await?;
        let key = Key { collection: reading.collection, digest };
        let refused = RefusedFile::beside(&file.path, reading.columns.clone(), is_table, file.language);
        let (held, restart) = (key.clone(), file.restart);
        let found = move |conn: &mut DbConn| match restart {
            true => reached_forget(conn, &held).map(|()| None),
            false => reached_get(conn, &held),
        };
        let found = target.db.maintain(found).await?;
        if found.is_none() {
            refused.remove()?;
        }
        Ok(Self { key, refused, reached: found.unwrap_or_default() })
    }

    /// What is to be kept with a part that ends in this row.
    pub(super) fn mark(&self, last_row: u32, came: Arc<Came>, layout: Arc<Layout>) -> PartMark {
        let Self { key, refused, reached } = self;
        PartMark { key: key.clone(), refused: refused.clone(), before: *reached, last_row, came, layout }
    }

    /// Ends it; answers where the refused rows are, when there are any.
    ///
    /// # Errors
    /// When the database is away: the next import of the file then finds nothing left to do.
    pub(super) async fn finished(self, target: &ImportTarget) -> Result<Option<PathBuf>, ApiError> {
        let Self { key, refused, reached } = self;
        refused.settle(reached.refused_bytes)?;
        target.db.maintain(move |conn| reached_forget(conn, &key)).await?;
        Ok((reached.counts.refused > 0).then(|| refused.path().to_owned()))
    }
}

/// How far an import comes with one part.
pub(super) struct PartMark {
    key: Key,
    refused: RefusedFile,
    before: Reached,
    last_row: u32,
    came: Arc<Came>,
    layout: Arc<Layout>,
}

impl PartMark {
    /// Keeps it, in the transaction that writes the part. Where that does not commit, the refused rows
    /// are written over.
    ///
    /// # Errors
    /// 409 when another import of the same file is under way; when the refused rows cannot be put down.
    pub(super) fn keep(
        self,
        conn: &mut DbConn,
        outcomes: &Outcomes<Arc<Layout>>,
    ) -> Result<Reached, ApiError> {
        let Self { key, refused, before, last_row, came, layout } = self;
        let mut reached = Reached { last_row, ..before };
        reached.counts += outcomes.counts();
        reached_put(conn, &key, before, reached)?;
        reached.refused_bytes = refused.put(before.refused_bytes, &came, &layout, outcomes)?;
        reached_put(conn, &key, Reached { last_row, ..before }, reached)?;
        Ok(reached)
    }
}
