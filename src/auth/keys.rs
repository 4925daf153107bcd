//! The keys under which this service signs: made, rotated without cutting anyone off, sealed for
//! the database, or kept in a file of the data directory.
//!
//! A ring is one document: Ed25519 keys for access tokens and one secret for keyed digests. What
//! it does at an instant depends on that instant alone, so every instance that holds the same
//! document signs and publishes alike.
//!
//! ```text
//! key 1  signs ────────────────┐
//!        published ────────────┼───────────────────┐ forgotten
//! key 2  published ─ rotation  │ signs             │
//!                    ├─ cache ─┤── token lifetime ─┤
//! ```

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{constant_time, digest, hkdf, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::db::types::Instant;

/// The name of the ring's file in the data directory.
pub const KEYS_FILE: &str = "keys.json";

/// The fewest characters that a master key may have.
pub const MASTER_KEY_MIN_CHARS: usize = 32;

const TEMPORARY_FILE: &str = "keys.json.tmp";
const DOCUMENT_VERSION: u32 = 1;
const SEAL_VERSION: u8 = 1;
const SEAL_CONTEXT: &[u8] = b"cchc signing keys, sealed, version 1";
const SECRET_LEN: usize = 32;

/// Why signing keys cannot be used; each message says what an operator can do about it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The master key is too short to protect anything.
    #[error(
        "CCHC_MASTER_KEY has {chars} characters and needs at least {MASTER_KEY_MIN_CHARS}: set it to the output of `openssl rand -base64 48`, the same on every instance"
    )]
    MasterKeyTooShort {
        /// How many characters it has.
        chars: usize,
    },
    /// The sealed text does not open under this master key.
    #[error(
        "the signing keys in the database were sealed under another CCHC_MASTER_KEY, or were changed since: start with the CCHC_MASTER_KEY under which they were sealed; where that is lost, delete the stored keys, and the next start makes new ones (everyone signs in again)"
    )]
    OtherMasterKey,
    /// The sealed text is none that this version wrote.
    #[error(
        "the sealed signing keys in the database are not in a form that this version reads: run the version that wrote them or a newer one, or restore them from a backup"
    )]
    UnknownSeal,
    /// The document inside is not a ring.
    #[error(
        "the signing keys cannot be read ({reason}): restore them from a backup, or delete them, and the next start makes new ones (everyone signs in again)"
    )]
    Unreadable {
        /// What is wrong, without a word of the content.
        reason: String,
    },
    /// Other users of the machine may read or change the file.
    #[error(
        "{} is open to other users of this machine (mode {mode:04o}): run `chmod 600` on it, and rotate the signing keys if anyone may have read it",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file could not be read or written.
    #[error("cannot {doing} {}: {source}; the data directory must exist and belong to the user who runs cchc", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no randomness, or a key could not be made of it.
    #[error("the system could not make a key: check that it provides randomness (getrandom)")]
    Crypto,
}

impl From<Unspecified> for KeyFault {
    fn from(_: Unspecified) -> Self {
        Self::Crypto
    }
}

/// Bytes that are overwritten when dropped and never shown.
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    fn random(len: usize) -> Result<Self, KeyFault> {
        let mut bytes = vec![0_u8; len];
        rand::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler would be free to leave out the overwriting.
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Self::from(URL_SAFE_NO_PAD.encode(&self.0));
        serializer.serialize_str(std::str::from_utf8(text.expose()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Self::from(String::deserialize(deserializer)?);
        URL_SAFE_NO_PAD.decode(text.expose()).map(Self).map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

/// What `CCHC_MASTER_KEY` says, ready to seal with; the text itself is not kept.
#[derive(Clone)]
pub struct MasterKey(hkdf::Prk);

impl MasterKey {
    /// Reads the text of `CCHC_MASTER_KEY`.
    ///
    /// # Errors
    ///
    /// It has fewer than 32 characters.
    pub fn new(text: &str) -> Result<Self, KeyFault> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars < MASTER_KEY_MIN_CHARS {
            return Err(KeyFault::MasterKeyTooShort { chars });
        }
        Ok(Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"cchc master key").extract(text.as_bytes())))
    }

    fn sealing_key(&self) -> Result<LessSafeKey, KeyFault> {
        let material = self.0.expand(&[SEAL_CONTEXT], &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(material)))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Seals a document for the database: version, nonce, then AES-256-GCM, in base64url.
///
/// # Errors
///
/// The system has no randomness.
pub fn seal(document: &[u8], master: &MasterKey) -> Result<String, KeyFault> {
    let mut nonce = [0_u8; NONCE_LEN];
    rand::fill(&mut nonce)?;
    let mut body = document.to_vec();
    let at = Nonce::assume_unique_for_key(nonce);
    master.sealing_key()?.seal_in_place_append_tag(at, Aad::from([SEAL_VERSION]), &mut body)?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
    sealed.push(SEAL_VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.append(&mut body);
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens what [`seal`] wrote.
///
/// # Errors
///
/// It was sealed under another master key, changed since, or written by a newer version.
pub fn open(sealed: &str, master: &MasterKey) -> Result<Secret, KeyFault> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed.trim()).map_err(|_| KeyFault::UnknownSeal)?;
    let (version, rest) = sealed.split_first().ok_or(KeyFault::UnknownSeal)?;
    if *version != SEAL_VERSION {
        return Err(KeyFault::UnknownSeal);
    }
    let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(KeyFault::UnknownSeal)?;
    let mut body = Secret(body.to_vec());
    let opened = master
        .sealing_key()?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from([SEAL_VERSION]), &mut body.0)
        .map_err(|_| KeyFault::OtherMasterKey)?
        .len();
    body.0.truncate(opened);
    Ok(body)
}

/// One Ed25519 key, from its publication until the last token under it has expired.
#[derive(Debug)]
pub struct SigningKey {
    kid: String,
    // Both of these wipe their bytes when dropped and show none of them.
    private: EncodingKey,
    public: DecodingKey,
    x: String,
    created_at: Instant,
    signs_from: Instant,
    retires_at: Option<Instant>,
}

impl SigningKey {
    fn generate(now: Instant, signs_from: Instant) -> Result<Self, KeyFault> {
        let pair = Ed25519KeyPair::generate()?;
        let pkcs8 = pair.to_pkcs8()?;
        Ok(Self::assemble(&pair, pkcs8.as_ref(), now, signs_from, None))
    }

    fn assemble(
        pair: &Ed25519KeyPair,
        pkcs8: &[u8],
        created_at: Instant,
        signs_from: Instant,
        retires_at: Option<Instant>,
    ) -> Self {
        let public = pair.public_key().as_ref();
        let x = URL_SAFE_NO_PAD.encode(public);
        Self {
            kid: thumbprint(&x),
            private: EncodingKey::from_ed_der(pkcs8),
            public: DecodingKey::from_ed_der(public),
            x,
            created_at,
            signs_from,
            retires_at,
        }
    }

    /// The key's name in token headers and in the JWKS: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// When it was made, and so published.
    #[must_use]
    pub const fn created_at(&self) -> Instant {
        self.created_at
    }

    /// From when on it signs.
    #[must_use]
    pub const fn signs_from(&self) -> Instant {
        self.signs_from
    }

    /// When it stops being published; none until a successor is known.
    #[must_use]
    pub const fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }

    /// The private half, as tokens are signed.
    #[must_use]
    pub const fn private(&self) -> &EncodingKey {
        &self.private
    }

    /// The public half, as tokens are verified.
    #[must_use]
    pub const fn public(&self) -> &DecodingKey {
        &self.public
    }

    fn is_published(&self, now: Instant) -> bool {
        self.retires_at.is_none_or(|at| now < at)
    }
}

fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

/// The public keys, as `/.well-known/jwks.json` shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Jwks {
    /// One entry a key, the oldest first.
    pub keys: Vec<Jwk>,
}

/// One public key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Jwk {
    /// The kind of key: `OKP`.
    pub kty: &'static str,
    /// The curve: `Ed25519`.
    pub crv: &'static str,
    /// What it is for: `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// The algorithm: `EdDSA`.
    pub alg: &'static str,
    /// The name that tokens carry in their header.
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
}

/// The signing keys and the digest secret.
#[derive(Debug)]
pub struct KeyRing {
    // Oldest first; each of them knows when it retires.
    older: Vec<SigningKey>,
    // Held apart, so that a ring is never without a key.
    newest: SigningKey,
    secret: Secret,
    digest_key: hmac::Key,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    secret: Secret,
    keys: Vec<KeyDocument>,
}

#[derive(Serialize, Deserialize)]
struct KeyDocument {
    kid: String,
    private: Secret,
    public: String,
    created_at: Instant,
    signs_from: Instant,
    retires_at: Option<Instant>,
}

impl KeyRing {
    /// A new ring whose one key signs at once: nobody can yet hold an older list of keys.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub fn generate(now: Instant) -> Result<Self, KeyFault> {
        Ok(Self::assemble(Vec::new(), SigningKey::generate(now, now)?, Secret::random(SECRET_LEN)?))
    }

    fn assemble(older: Vec<SigningKey>, newest: SigningKey, secret: Secret) -> Self {
        let digest_key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        Self { older, newest, secret, digest_key }
    }

    /// Adds a key: published from now on, signing after `cache_lifetime` (seconds), while its
    /// predecessor stays until `token_lifetime` (seconds) after that. Keys that have retired are
    /// forgotten.
    ///
    /// `cache_lifetime` is how old a list of keys may be that anyone still uses: what the JWKS
    /// answer allows, plus the time until every instance serves the new ring.
    ///
    /// # Errors
    ///
    /// The system has no randomness; the ring is then as it was.
    pub fn rotate(&mut self, now: Instant, cache_lifetime: i64, token_lifetime: i64) -> Result<(), KeyFault> {
        // A key never signs before one that was added earlier, whatever clocks and settings did
        // in between: the order of the keys is the order in which they sign.
        let signs_from = now.plus_seconds(cache_lifetime.max(0)).max(self.newest.signs_from);
        let added = SigningKey::generate(now, signs_from)?;
        self.forget_retired(now);
        let mut replaced = std::mem::replace(&mut self.newest, added);
        replaced.retires_at = Some(signs_from.plus_seconds(token_lifetime.max(0)));
        self.older.push(replaced);
        Ok(())
    }

    /// Drops the keys under which no token can be valid any more; says whether there were any.
    pub fn forget_retired(&mut self, now: Instant) -> bool {
        let before = self.older.len();
        self.older.retain(|key| key.is_published(now));
        self.older.len() < before
    }

    fn keys(&self) -> impl DoubleEndedIterator<Item = &SigningKey> {
        self.older.iter().chain(std::iter::once(&self.newest))
    }

    /// The key that signs at this instant.
    #[must_use]
    pub fn signing_key(&self, now: Instant) -> &SigningKey {
        // A clock that was set back before the first key still gets one that everyone knows.
        let earliest = self.older.first().unwrap_or(&self.newest);
        self.keys().rfind(|key| key.signs_from <= now).unwrap_or(earliest)
    }

    /// The published key of this name, if there is one at this instant. A key that does not sign
    /// here yet counts: another instance's clock may be a little ahead.
    #[must_use]
    pub fn published_key(&self, kid: &str, now: Instant) -> Option<&SigningKey> {
        self.keys().find(|key| key.kid == kid && key.is_published(now))
    }

    /// The public keys to publish at this instant.
    #[must_use]
    pub fn jwks(&self, now: Instant) -> Jwks {
        let jwk = |key: &SigningKey| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.kid.clone(),
            x: key.x.clone(),
        };
        Jwks { keys: self.keys().filter(|key| key.is_published(now)).map(jwk).collect() }
    }

    /// A digest that only a holder of this ring can make (HMAC-SHA256, cut to 128 bits). Parts are
    /// kept apart: `["ab", "c"]` and `["a", "bc"]` differ.
    #[must_use]
    pub fn keyed_digest(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.digest_key);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut short = [0_u8; 16];
        for (to, from) in short.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        short
    }

    /// Whether the digest is [`Self::keyed_digest`] of these parts, in time that tells nothing.
    #[must_use]
    pub fn verify_digest(&self, parts: &[&[u8]], digest: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.keyed_digest(parts), digest).is_ok()
    }

    /// The ring as one document. It holds the private keys: seal it, or store it with mode 0600.
    ///
    /// # Errors
    ///
    /// None that a ring made here can cause.
    pub fn to_document(&self) -> Result<Secret, KeyFault> {
        let document = Document {
            version: DOCUMENT_VERSION,
            secret: Secret(self.secret.expose().to_vec()),
            keys: self
                .keys()
                .map(|key| KeyDocument {
                    kid: key.kid.clone(),
                    private: Secret(key.private.as_bytes().to_vec()),
                    public: key.x.clone(),
                    created_at: key.created_at,
                    signs_from: key.signs_from,
                    retires_at: key.retires_at,
                })
                .collect(),
        };
        // Room for all of it, since a buffer that grows leaves copies behind.
        let mut bytes = Secret(Vec::with_capacity(256 + 768 * document.keys.len()));
        serde_json::to_writer(&mut bytes.0, &document).map_err(|fault| unreadable(&fault))?;
        Ok(bytes)
    }

    /// Reads what [`Self::to_document`] wrote.
    ///
    /// # Errors
    ///
    /// It is no ring, or one of its keys does not fit together.
    pub fn from_document(document: &[u8]) -> Result<Self, KeyFault> {
        let fault = |reason: &str| KeyFault::Unreadable { reason: reason.to_owned() };
        let document: Document = serde_json::from_slice(document).map_err(|fault| unreadable(&fault))?;
        if document.version != DOCUMENT_VERSION {
            return Err(fault("written by a newer version"));
        }
        if document.secret.expose().len() != SECRET_LEN {
            return Err(fault("the digest secret has the wrong length"));
        }
        let mut older = Vec::with_capacity(document.keys.len());
        for key in document.keys {
            let pkcs8 = key.private.expose();
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| fault("a private key is damaged"))?;
            let read = SigningKey::assemble(&pair, pkcs8, key.created_at, key.signs_from, key.retires_at);
            if read.x != key.public || read.kid != key.kid {
                return Err(fault("a public key does not belong to its private key"));
            }
            older.push(read);
        }
        let newest = older.pop().ok_or_else(|| fault("there is no key"))?;
        if newest.retires_at.is_some() || older.iter().any(|key| key.retires_at.is_none()) {
            return Err(fault("the keys are out of order"));
        }
        Ok(Self::assemble(older, newest, document.secret))
    }
}

// The message of a JSON fault may quote what stood there, so only the place is told.
fn unreadable(fault: &serde_json::Error) -> KeyFault {
    KeyFault::Unreadable { reason: format!("line {}, column {}", fault.line(), fault.column()) }
}

/// Reads the ring of this data directory, if it has one.
///
/// # Errors
///
/// The file is open to others, or cannot be read.
pub fn load(dir: &Path) -> Result<Option<KeyRing>, KeyFault> {
    let path = dir.join(KEYS_FILE);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(at("open", &path)(fault)),
    };
    // The open file is asked, not the path, which may mean another file a moment later.
    let metadata = file.metadata().map_err(at("look at", &path))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFault::Exposed { path, mode });
    }
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut document = Secret(Vec::with_capacity(size.saturating_add(1)));
    file.read_to_end(&mut document.0).map_err(at("read", &path))?;
    KeyRing::from_document(document.expose()).map(Some)
}

/// Reads the ring of this data directory, and makes it first where there is none. Of several
/// processes that come at once one makes it, and all get the same.
///
/// # Errors
///
/// The file is open to others, or cannot be read or written.
pub fn load_or_create(dir: &Path, now: Instant) -> Result<KeyRing, KeyFault> {
    if let Some(ring) = load(dir)? {
        return Ok(ring);
    }
    let folder = lock(dir)?;
    if let Some(ring) = load(dir)? {
        return Ok(ring);
    }
    let ring = KeyRing::generate(now)?;
    write(dir, &folder, &ring)?;
    Ok(ring)
}

/// Writes the ring to this data directory: all of it or, whatever happens, nothing.
///
/// # Errors
///
/// The file cannot be written.
pub fn store(dir: &Path, ring: &KeyRing) -> Result<(), KeyFault> {
    write(dir, &lock(dir)?, ring)
}

/// Changes the ring of this data directory, made first where there is none, such that of two who
/// change it at once neither undoes the other.
///
/// # Errors
///
/// As for [`load_or_create`], and whatever the change reports; the file is then as it was.
pub fn update(
    dir: &Path,
    now: Instant,
    change: impl FnOnce(&mut KeyRing) -> Result<(), KeyFault>,
) -> Result<KeyRing, KeyFault> {
    let folder = lock(dir)?;
    let mut ring = match load(dir)? {
        Some(ring) => ring,
        None => KeyRing::generate(now)?,
    };
    change(&mut ring)?;
    write(dir, &folder, &ring)?;
    Ok(ring)
}

// The lock is on the folder itself: nothing is left behind, and the system lets go of it when a
// process dies.
fn lock(dir: &Path) -> Result<File, KeyFault> {
    let folder = File::open(dir).map_err(at("open", dir))?;
    folder.lock().map_err(at("lock", dir))?;
    Ok(folder)
}

fn write(dir: &Path, folder: &File, ring: &KeyRing) -> Result<(), KeyFault> {
    let document = ring.to_document()?;
    let path = dir.join(KEYS_FILE);
    let temporary = dir.join(TEMPORARY_FILE);
    // Whoever holds the lock is alone here, so this can only be what a killed process left.
    match std::fs::remove_file(&temporary) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(at("remove", &temporary)(fault)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(at("create", &temporary))?;
    file.write_all(document.expose()).map_err(at("write", &temporary))?;
    file.sync_all().map_err(at("write", &temporary))?;
    std::fs::rename(&temporary, &path).map_err(at("replace", &path))?;
    folder.sync_all().map_err(at("write", dir))
}

fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFault {
    let path = path.to_owned();
    move |source| KeyFault::File { doing, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::*;
    use crate::auth::token::{self, Audience, PrincipalKind, Subject};

    const NOW: Instant = Instant::from_micros(1_750_000_000_123_456);
    const CACHE: i64 = 300;
    const TOKEN: i64 = 900;

    fn master() -> MasterKey {
        MasterKey::new("an example of a long enough master key").unwrap()
    }

    fn document(ring: &KeyRing) -> String {
        String::from_utf8(ring.to_document().unwrap().expose().to_vec()).unwrap()
    }

    fn rotated() -> KeyRing {
        let mut ring = KeyRing::generate(NOW).unwrap();
        ring.rotate(NOW.plus_seconds(10), CACHE, TOKEN).unwrap();
        ring
    }

    #[test]
    fn a_new_key_is_published_at_once_signs_after_the_cache_lifetime_and_outlives_its_tokens() {
        let mut ring = KeyRing::generate(NOW).unwrap();
        let first = ring.signing_key(NOW).kid().to_owned();
        ring.rotate(NOW, CACHE, TOKEN).unwrap();
        let published = |ring: &KeyRing, seconds| {
            ring.jwks(NOW.plus_seconds(seconds)).keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
        };
        let second = published(&ring, 0)[1].clone();
        assert_eq!(published(&ring, 0), [first.clone(), second.clone()]);
        assert_eq!(ring.signing_key(NOW.plus_seconds(CACHE - 1)).kid(), first);
        assert_eq!(ring.signing_key(NOW.plus_seconds(CACHE)).kid(), second);
        assert_eq!(published(&ring, CACHE + TOKEN - 1).len(), 2);
        assert_eq!(published(&ring, CACHE + TOKEN), std::slice::from_ref(&second));
        assert!(ring.published_key(&first, NOW.plus_seconds(CACHE + TOKEN)).is_none());
        assert!(!ring.forget_retired(NOW.plus_seconds(CACHE + TOKEN - 1)));
        assert!(ring.forget_retired(NOW.plus_seconds(CACHE + TOKEN)));
        assert_eq!(ring.signing_key(NOW).kid(), second);
    }

    #[test]
    fn a_clock_set_back_still_has_a_key_that_everyone_knows() {
        let ring = rotated();
        assert_eq!(ring.signing_key(NOW.plus_seconds(-3600)).kid(), ring.signing_key(NOW).kid());
        let mut back = rotated();
        back.rotate(NOW.plus_seconds(-3600), CACHE, TOKEN).unwrap();
        assert!(back.newest.signs_from >= back.older[1].signs_from);
    }

    #[test]
    fn the_jwks_has_the_members_that_verifiers_expect() {
        let ring = KeyRing::generate(NOW).unwrap();
        let jwks = serde_json::to_value(ring.jwks(NOW)).unwrap();
        let key = &jwks["keys"][0];
        assert_eq!(key["kty"], "OKP");
        assert_eq!(key["crv"], "Ed25519");
        assert_eq!(key["use"], "sig");
        assert_eq!(key["alg"], "EdDSA");
        assert_eq!(key["kid"], ring.signing_key(NOW).kid());
        assert_eq!(key["x"].as_str().unwrap().len(), 43);
        assert_eq!(key.as_object().unwrap().len(), 6, "nothing private: {key}");
    }

    #[test]
    fn the_kid_is_the_thumbprint_of_rfc_8037() {
        let kid = thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_document_brings_back_the_same_ring() {
        let ring = rotated();
        let read = KeyRing::from_document(document(&ring).as_bytes()).unwrap();
        assert_eq!(document(&read), document(&ring));
        assert_eq!(read.jwks(NOW), ring.jwks(NOW));
        assert_eq!(read.keyed_digest(&[b"a"]), ring.keyed_digest(&[b"a"]));
    }

    #[test]
    fn a_document_that_does_not_fit_together_is_refused_without_quoting_it() {
        let ring = rotated();
        let text = document(&ring);
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["keys"][0]["public"] = value["keys"][1]["public"].clone();
        let swapped = value.to_string();
        value["keys"] = serde_json::json!([]);
        let empty = value.to_string();
        let private = serde_json::from_str::<serde_json::Value>(&text).unwrap()["keys"][0]["private"].clone();
        let misplaced = format!(r#"{{"version":{private}}}"#);
        for wrong in [swapped.as_str(), &empty, &misplaced, &text[..text.len() - 2], "", "{}"] {
            let fault = KeyRing::from_document(wrong.as_bytes()).unwrap_err();
            assert!(matches!(fault, KeyFault::Unreadable { .. }), "{fault}");
            assert!(!format!("{fault} {fault:?}").contains(private.as_str().unwrap()));
        }
    }

    #[test]
    fn debug_shows_no_private_bytes() {
        let ring = rotated();
        let value: serde_json::Value = serde_json::from_str(&document(&ring)).unwrap();
        let shown = format!("{ring:?} {:?} {:?}", ring.to_document().unwrap(), master());
        for secret in [&value["secret"], &value["keys"][0]["private"], &value["keys"][1]["private"]] {
            let text = secret.as_str().unwrap();
            assert!(!shown.contains(text));
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            assert!(!shown.contains(&format!("{:?}", &bytes[bytes.len() - 8..]).replace(['[', ']'], "")));
        }
        assert!(shown.contains("MasterKey(..)"));
    }

    #[test]
    fn a_sealed_document_opens_under_its_own_master_key_only() {
        let document = b"the ring";
        let sealed = seal(document, &master()).unwrap();
        assert_ne!(sealed, seal(document, &master()).unwrap(), "a nonce is used once");
        assert_eq!(open(&sealed, &master()).unwrap().expose(), document);
        assert_eq!(open(&format!("{sealed}\n"), &master()).unwrap().expose(), document);

        let other = MasterKey::new("another example of a long enough key").unwrap();
        let fault = open(&sealed, &other).unwrap_err();
        assert!(fault.to_string().contains("sealed under another CCHC_MASTER_KEY"), "{fault}");

        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(open(&URL_SAFE_NO_PAD.encode(changed), &master()).is_err(), "byte {place}");
        }
        for short in ["", "AQ", "not base64!", &sealed[..20]] {
            assert!(open(short, &master()).is_err());
        }
    }

    #[test]
    fn a_short_master_key_is_refused() {
        let fault = MasterKey::new(&format!("  {}  ", "ă".repeat(31))).unwrap_err();
        assert!(matches!(fault, KeyFault::MasterKeyTooShort { chars: 31 }));
        assert!(MasterKey::new(&"ă".repeat(32)).is_ok());
    }

    #[test]
    fn a_keyed_digest_tells_parts_and_rings_apart() {
        let ring = KeyRing::generate(NOW).unwrap();
        let digest = ring.keyed_digest(&[b"ab", b"c"]);
        assert!(ring.verify_digest(&[b"ab", b"c"], &digest));
        assert!(!ring.verify_digest(&[b"a", b"bc"], &digest));
        assert!(!ring.verify_digest(&[b"ab", b"c", b""], &digest));
        assert!(!ring.verify_digest(&[b"ab", b"c"], &digest[..15]));
        assert!(!KeyRing::generate(NOW).unwrap().verify_digest(&[b"ab", b"c"], &digest));
    }

    #[test]
    fn the_file_is_private_and_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path()).unwrap().is_none());
        let ring = load_or_create(dir.path(), NOW).unwrap();
        let path = dir.path().join(KEYS_FILE);
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
        assert_eq!(document(&load_or_create(dir.path(), NOW).unwrap()), document(&ring));

        std::fs::write(dir.path().join(TEMPORARY_FILE), "left by a killed process").unwrap();
        let new = rotated();
        store(dir.path(), &new).unwrap();
        assert_eq!(document(&load(dir.path()).unwrap().unwrap()), document(&new));
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

        let changed = update(dir.path(), NOW, |ring| ring.rotate(NOW, CACHE, TOKEN)).unwrap();
        assert_eq!(changed.jwks(NOW).keys.len(), 3);
        assert_eq!(document(&load(dir.path()).unwrap().unwrap()), document(&changed));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        load_or_create(dir.path(), NOW).unwrap();
        let path = dir.path().join(KEYS_FILE);
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let fault = load_or_create(dir.path(), NOW).unwrap_err();
            assert!(fault.to_string().contains(&format!("mode {mode:04o}")), "{fault}");
            assert!(fault.to_string().contains("chmod 600"), "{fault}");
        }
    }

    #[test]
    fn a_missing_folder_is_told_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let fault = load_or_create(&missing, NOW).unwrap_err().to_string();
        assert!(fault.contains(missing.to_str().unwrap()), "{fault}");
    }

    #[test]
    fn many_who_start_at_once_share_one_ring() {
        let dir = tempfile::tempdir().unwrap();
        let start = std::sync::Barrier::new(16);
        let documents = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        document(&load_or_create(dir.path(), NOW).unwrap())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<std::collections::HashSet<_>>()
        });
        assert_eq!(documents.len(), 1);
    }

    #[test]
    fn of_many_rotations_at_once_none_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| update(dir.path(), NOW, |ring| ring.rotate(NOW, CACHE, TOKEN)).unwrap());
            }
        });
        assert_eq!(load(dir.path()).unwrap().unwrap().jwks(NOW).keys.len(), 9);
    }

    // A ring's history: the document as it was after each change.
    struct History(Vec<(Instant, KeyRing)>);

    impl History {
        fn at(&self, when: Instant) -> &KeyRing {
            &self.0.iter().rfind(|(since, _)| *since <= when).unwrap().1
        }
    }

    fn history(start: Instant, gaps: &[i64], cache: i64, token: i64) -> History {
        let copy = |ring: &KeyRing| KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
        let mut ring = KeyRing::generate(start).unwrap();
        let mut rings = vec![(start, copy(&ring))];
        let mut now = start;
        for gap in gaps {
            now = Instant::from_micros(now.micros() + gap);
            ring.rotate(now, cache, token).unwrap();
            rings.push((now, copy(&ring)));
        }
        History(rings)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        /// Gaps are in microseconds, from none at all to several lifetimes.
        #[test]
        fn no_rotation_cuts_anyone_off(
            gaps in prop::collection::vec(prop_oneof![Just(0_i64), 1..2_000_000_i64, 0..2_000_000_000_i64], 0..8),
            cache in 0..600_i64,
            lifetime in 1..1_000_i64,
            moments in prop::collection::vec((0.0..1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64), 24),
        ) {
            let history = history(NOW, &gaps, cache, lifetime);
            let end = history.0.last().unwrap().0.micros() + (cache + lifetime + 2) * 1_000_000;
            #[expect(clippy::as_conversions, reason = "a share of a span needs no precision")]
            let share = |of: i64, part: f64| (of as f64 * part) as i64;
            let subject = Subject {
                iss: "https://cchc.example", aud: "cchc", sub: "someone", scope: "", kind: PrincipalKind::User, epoch: 0,
            };
            for (when, later, stale) in moments {
                let signed_at = Instant::from_micros(NOW.micros() + share(end - NOW.micros(), when));
                let issued = token::issue(history.at(signed_at), signed_at, lifetime, &subject).unwrap();
                let header = jsonwebtoken::decode_header(&issued.token).unwrap();
                let kid = header.kid.unwrap();
                prop_assert_eq!(issued.claims.exp - issued.claims.iat, lifetime, "no lifetime is cut");

                let used_at = Instant::from_micros(signed_at.micros() + share(lifetime * 1_000_000, later));
                let fetched_at = Instant::from_micros((used_at.micros() - share(cache * 1_000_000, stale)).max(NOW.micros()));
                let earliest = Instant::from_micros((signed_at.micros() - cache * 1_000_000).max(NOW.micros()));
                for seen_at in [signed_at, used_at, fetched_at, earliest, signed_at.plus_seconds(lifetime)] {
                    let jwks = history.at(seen_at).jwks(seen_at);
                    let Some(jwk) = jwks.keys.iter().find(|key| key.kid == kid) else {
                        return Err(TestCaseError::fail(format!("{kid} of {signed_at} is not published at {seen_at}")));
                    };
                    let (message, signature) = issued.token.rsplit_once('.').unwrap();
                    let key = DecodingKey::from_ed_components(&jwk.x).unwrap();
                    let algorithm = jsonwebtoken::Algorithm::EdDSA;
                    prop_assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).unwrap());
                }
                if used_at.unix_seconds() < issued.claims.exp {
                    let audience = Audience { iss: "https://cchc.example", aud: "cchc" };
                    let verified = token::verify(history.at(used_at), used_at, &issued.token, &audience, 0);
                    prop_assert_eq!(verified.unwrap(), issued.claims);
                }
            }
        }

        #[test]
        fn a_ring_forgets_what_is_over(rotations in 1..12_i64) {
            let mut ring = KeyRing::generate(NOW).unwrap();
            for turn in 1..=rotations {
                ring.rotate(NOW.plus_seconds(turn * (CACHE + TOKEN)), CACHE, TOKEN).unwrap();
            }
            prop_assert!(ring.keys().count() <= 3);
        }
    }
}
