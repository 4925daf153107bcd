//! Backup and restore (sao lưu, phục hồi): every row of every table as it stood at one moment, and the
//! content of every attachment, in one compressed file that either database and either storage reads.
//! Taken while the service runs and writes; restored into an empty database as a whole or not at all,
//! and only when its lines are those that were written, its journal and the hashes of its contents
//! verify.
//!
//! The file is NDJSON under gzip: a manifest, then each table with its rows, then each content in
//! pieces of Base64, then counts and the SHA-256 of all lines before, by which a file that was cut off
//! or damaged is known. Whoever kept that digest apart from the file also knows one that was made anew.
//! On SQLite the signing keys stand beside the database and are not in it. Sessions end with a restore:
//! one that was ended since would live again.

mod restore;
mod take;

use std::io;
use std::path::PathBuf;

use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use crate::attachments::AttachmentId;
use crate::attachments::storage::{Storage, StorageError};
use crate::db::migrate::OpenError;
use crate::db::schema::attachments;
use crate::db::types::Instant;
use crate::error::ApiError;
use crate::text::hexadecimal;

pub use restore::{Restored, restore};
pub use take::{Taken, take};

/// The version of the file's own form.
const FORM: u32 = 2;

/// Every table, those first to which others refer; but for those of the search, which are made of the journal.
const TABLES: &[&str] = &[
    "epochs",
    "journal",
    "journal_chain",
    "unsealed_entries",
    "journal_seal",
    "key_rings",
    "org_units",
    "org_unit_versions",
    "org_unit_successions",
    "users",
    "clients",
    "grants",
    "refresh_tokens",
    "revoked_tokens",
    "periods",
    "processing_returns",
    "unit_returns",
    "systems",
    "deployments",
    "digital_certificates",
    "directives",
    "idempotency_keys",
    "source_times",
    "holidays",
    "procedure_fields",
    "procedures",
    "procedure_versions",
    "attachments",
    "content_removals",
    "procedure_publications",
    "procedure_publication_items",
    "procedure_postings",
    "procedure_processes",
    "procedure_process_links",
    "dossier_rules",
    "dossier_lookup_tries",
    "dossiers",
    "dossier_deltas",
    "dossier_sums",
    "dossier_areas",
    "record_declarations",
    "procedure_reviews",
    "procedure_review_proposals",
    "legal_documents",
    "document_relations",
    "document_reviews",
    "law_enforcement_monitoring",
    "support_activities",
    "focal_points",
    "citizen_feedback",
    "feedback_time_limits",
    "satisfaction_ratings",
    "personnel_decisions",
    "job_position_schemes",
    "training_courses",
    "staff_streamlining",
    "discipline_inspections",
    "discipline_visits",
    "officials",
    "quality_ratings",
    "portal_ledger",
    "investment_plans",
    "plan_adjustments",
    "disbursements",
    "audit_recommendations",
    "remittances",
    "budget_disclosures",
    "final_accounts",
    "spending_rules",
    "reorganizations",
    "reorganized_units",
    "reorganization_successions",
    "delegations",
    "file_imports",
    "period_closures",
    "period_snapshots",
];

/// Why a backup or a restore ended, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The storage of attachments refuses.
    #[error("{0}")]
    Storage(#[from] StorageError),
    /// The content of an attachment is not what was attached.
    #[error(
        "the content of attachment {0} is lost or was changed; put it back into the storage, or delete the attachment"
    )]
    Lost(AttachmentId),
    /// The thread that did the work.
    #[error("{0}")]
    Thread(#[from] tokio::task::JoinError),
    /// The database cannot be used.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// Something in the database.
    #[error("{0}")]
    Data(#[from] ApiError),
    /// The file cannot be written or read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// Not a backup, or one that was cut off or changed.
    #[error("{0} is no whole backup ({1}); take another one")]
    Torn(PathBuf, String),
    /// Another backup than the one that was asked for.
    #[error("{0} is not the backup that is expected: its digest is {1}; nothing was restored")]
    Other(PathBuf, String),
    /// A later version made it.
    #[error(
        "the backup is newer than this program (migration {0} is unknown to it); install the newer version"
    )]
    Newer(String),
    /// The database has gone further than the backup.
    #[error(
        "the database was migrated to {0}, further than the backup ({1}), which was not migrated with it; restore into a new database, which is brought to this version with what is in it"
    )]
    Further(String, String),
    /// There is something in the database already.
    #[error("the database is not empty; a backup is restored into a new one")]
    NotEmpty,
    /// The journal in the backup was changed.
    #[error("the journal in the backup does not verify at position {0}: {1}; nothing was restored")]
    Broken(i64, &'static str),
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Data(error.into())
    }
}

/// What a backup holds, told at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    form: u32,
    /// The version of the service that made it.
    pub service: String,
    /// The last migration of the database.
    pub migration: String,
    /// When it was begun.
    pub taken_at: Instant,
    /// How many journal entries are sealed in it.
    pub sealed: i64,
    /// The hash in which its chain ends.
    pub hash: String,
}

/// What was backed up or restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The backup's manifest.
    pub manifest: Manifest,
    /// How many rows.
    pub rows: u64,
    /// Of how many attachments the content.
    pub contents: u64,
    /// SHA-256 of all lines, to keep apart from the file.
    pub digest: String,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Manifest(Manifest),
    Table(String),
    Row(#[serde(borrow)] &'a RawValue),
    /// The content of an attachment follows.
    Content {
        id: AttachmentId,
    },
    /// A piece of it, in Base64.
    Piece(&'a str),
    End {
        rows: u64,
        contents: u64,
        sha256: String,
    },
}

/// The digest of the lines that have passed.
struct Sum(Context);

impl Sum {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn digest(&self) -> String {
        hexadecimal(self.0.clone().finish().as_ref())
    }
}

/// The storage, for a thread that waits for it.
struct Contents {
    storage: Storage,
    runtime: Handle,
}

/// Size and hash of a content, as its row tells them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = attachments)]
struct Told {
    id: AttachmentId,
    size_bytes: i64,
    sha256: String,
}

/// Size and hash of a content as it passes.
struct Seen {
    size: i64,
    sum: Context,
}

impl Seen {
    fn new() -> Self {
        Self { size: 0, sum: Context::new(&SHA256) }
    }

    fn add(&mut self, piece: &[u8]) {
        self.size = self.size.saturating_add(i64::try_from(piece.len()).unwrap_or(i64::MAX));
        self.sum.update(piece);
    }

    fn is(self, told: &Told) -> bool {
        hexadecimal(self.sum.finish().as_ref()) == told.sha256 && self.size == told.size_bytes
    }
}

#[derive(QueryableByName)]
struct ColumnName {
    #[diesel(sql_type = Text)]
    name: String,
}

fn columns(sqlite: &mut SqliteConnection, table: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<ColumnName> =
        sql_query(format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid")).load(sqlite)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Location, migrate};

    #[test]
    fn every_table_is_backed_up() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cchc.db"));
        migrate::prepare(&location).unwrap();
        let mut conn = migrate::single_connection(&location).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name <> '__diesel_schema_migrations' AND name NOT LIKE 'search_%'";
        let mut known: Vec<ColumnName> = sql_query(tables).load(&mut conn).unwrap();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        let mut listed = TABLES.to_vec();
        listed.sort_unstable();
        assert_eq!(known.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), listed);
    }
}
