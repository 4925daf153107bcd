//! Where the signing keys live: on SQLite in the data folder (mode 0600), on PostgreSQL in the
//! database, sealed under `CCHC_MASTER_KEY`, so that every instance has the same.

use std::path::Path;

use diesel::prelude::*;

use super::keys::{self, KeyFault, KeyRing, MasterKey};
use crate::audit::journal::{Author, Entry, JournalAction};
use crate::config::Config;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::key_rings;
use crate::db::types::Instant;
use crate::db::{Db, DbConn, Location};
use crate::error::ApiError;
use crate::on_db;

/// Why the keys cannot be had, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The keys themselves.
    #[error("{0}")]
    Keys(#[from] KeyFault),
    /// The database.
    #[error("the signing keys cannot be read from the database: {0}")]
    Database(#[from] ApiError),
    /// No master key on PostgreSQL.
    #[error(
        "CCHC_MASTER_KEY must be set with PostgreSQL: a secret of at least 32 characters, the same on every instance"
    )]
    NoMasterKey,
    /// An import where there are keys already.
    #[error(
        "this installation has keys already, and what is sealed under them would be lost: import keys right after `cchc restore`, before the first `cchc serve`"
    )]
    Present,
    /// An export where there are no keys.
    #[error("this installation has no keys yet: they are made at the first start")]
    Absent,
    /// Too many at once.
    #[error("the keys were rotated by someone else at the same moment; look and try again")]
    Raced,
}

const RING: &str = "ring";

/// The key ring, if there is one yet.
///
/// # Errors
/// When it cannot be read or opened.
pub async fn load(db: &Db, config: &Config) -> Result<Option<KeyRing>, KeyStoreError> {
    if let Location::Sqlite(_) = db.location() {
        return Ok(keys::load(&config.data_dir)?);
    }
    let master = config.master_key.clone().ok_or(KeyStoreError::NoMasterKey)?;
    Ok(stored(db, &master).await?.map(|(ring, _)| ring))
}

/// The key ring; a new one at the very first start.
///
/// # Errors
/// When it cannot be read, opened or made.
pub async fn load_or_create(db: &Db, config: &Config, now: Instant) -> Result<KeyRing, KeyStoreError> {
    if let Location::Sqlite(_) = db.location() {
        return Ok(keys::load_or_create(&config.data_dir, now)?);
    }
    let master = config.master_key.clone().ok_or(KeyStoreError::NoMasterKey)?;
    if let Some((ring, _)) = stored(db, &master).await? {
        return Ok(ring);
    }
    let sealed = seal(&KeyRing::generate(now)?, &master)?;
    keep_first(db, sealed).await?;
    Ok(stored(db, &master).await?.ok_or(KeyStoreError::Raced)?.0)
}

/// Writes the keys to a new file in clear, which its owner alone reads: for an installation that moves.
///
/// # Errors
/// When there are none or the file exists.
pub async fn export(db: &Db, config: &Config, file: &Path) -> Result<(), KeyStoreError> {
    let ring = load(db, config).await?.ok_or(KeyStoreError::Absent)?;
    Ok(keys::write_new(file, &ring)?)
}

/// Takes the keys of a file, where there are none yet: on PostgreSQL they are sealed under this
/// installation's master key.
///
/// # Errors
/// When there are keys already, or the file is open to others or holds none.
pub async fn import(db: &Db, config: &Config, file: &Path, now: Instant) -> Result<(), KeyStoreError> {
    let ring = keys::read(file)?;
    let is_new = if let Location::Sqlite(_) = db.location() {
        keys::adopt(&config.data_dir, &ring)?
    } else {
        let master = config.master_key.clone().ok_or(KeyStoreError::NoMasterKey)?;
        keep_first(db, seal(&ring, &master)?).await?
    };
    if !is_new {
        return Err(KeyStoreError::Present);
    }
    Ok(announce(db, Author::operator("keys import", now), None).await?)
}

/// Stores the first ring; says whether there was none. Of two instances that start together one wins.
async fn keep_first(db: &Db, sealed: String) -> Result<bool, ApiError> {
    let stored = db.maintain(move |conn| {
        Ok(on_db!(conn, |c| diesel::insert_into(key_rings::table)
            .values((key_rings::name.eq(RING), key_rings::sealed.eq(&sealed), key_rings::version.eq(1_i64)))
            .on_conflict_do_nothing()
            .execute(c))?)
    });
    Ok(stored.await? == 1)
}

/// In how many seconds every instance serves a new key, be its polls refused for a while.
const UNTIL_SERVED: i64 = 60;

/// Adds a key that will sign once every cache of the public keys has expired.
///
/// # Errors
/// When the ring cannot be read or written.
pub async fn rotate(db: &Db, config: &Config, now: Instant) -> Result<KeyRing, KeyStoreError> {
    let cache = i64::from(config.jwks_cache_seconds.get()) + UNTIL_SERVED;
    let token = i64::from(config.token_seconds.get());
    let author = Author::operator("keys rotate", now);
    if let Location::Sqlite(_) = db.location() {
        let ring = keys::update(&config.data_dir, now, |ring| ring.rotate(now, cache, token))?;
        announce(db, author, None).await?;
        return Ok(ring);
    }
    let master = config.master_key.clone().ok_or(KeyStoreError::NoMasterKey)?;
    let (mut ring, version) = stored(db, &master).await?.ok_or(KeyStoreError::Raced)?;
    ring.rotate(now, cache, token)?;
    let sealed = seal(&ring, &master)?;
    announce(db, author, Some((sealed, version))).await?;
    Ok(ring)
}

/// Adds a key of personal data, under which new values are sealed once every instance has it.
///
/// # Errors
/// When the ring cannot be read or written.
pub async fn rotate_personal(db: &Db, config: &Config, now: Instant) -> Result<(), KeyStoreError> {
    let author = Author::operator("keys rotate --personal", now);
    if let Location::Sqlite(_) = db.location() {
        keys::update(&config.data_dir, now, |ring| ring.rotate_personal(now, UNTIL_SERVED))?;
        return Ok(announce(db, author, None).await?);
    }
    let master = config.master_key.clone().ok_or(KeyStoreError::NoMasterKey)?;
    let (mut ring, version) = stored(db, &master).await?.ok_or(KeyStoreError::Raced)?;
    ring.rotate_personal(now, UNTIL_SERVED)?;
    let sealed = seal(&ring, &master)?;
    Ok(announce(db, author, Some((sealed, version))).await?)
}

async fn announce(db: &Db, author: Author, sealed: Option<(String, i64)>) -> Result<(), ApiError> {
    db.write(author, move |tx| {
        if let Some((sealed, version)) = sealed {
            let changed = diesel::update(key_rings::table.find(RING).filter(key_rings::version.eq(version)))
                .set((key_rings::sealed.eq(sealed), key_rings::version.eq(version + 1)))
                .execute(tx.conn())?;
            if changed == 0 {
                return Err(ApiError::unavailable("the keys were rotated by someone else"));
            }
        }
        epochs::raise(tx, Epoch::Keys)?;
        let nothing = serde_json::json!({});
        let entry = Entry::new(JournalAction::RotateKey, "key_ring", RING, 0, &nothing)?;
        Ok(tx.journal(entry)?.with(()))
    })
    .await
}

async fn stored(db: &Db, master: &MasterKey) -> Result<Option<(KeyRing, i64)>, KeyStoreError> {
    let row: Option<(String, i64)> = db
        .read(|conn: &mut DbConn| {
            Ok(key_rings::table
                .find(RING)
                .select((key_rings::sealed, key_rings::version))
                .first(conn)
                .optional()?)
        })
        .await?;
    let Some((sealed, version)) = row else { return Ok(None) };
    let document = keys::open(&sealed, master)?;
    Ok(Some((KeyRing::from_document(document.expose())?, version)))
}

fn seal(ring: &KeyRing, master: &MasterKey) -> Result<String, KeyFault> {
    keys::seal(ring.to_document()?.expose(), master)
}
