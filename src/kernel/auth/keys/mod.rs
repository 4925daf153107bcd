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

mod file;
mod personal;
mod sealing;

use std::io;
use std::path::PathBuf;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

pub use file::{adopt, load, load_or_create, read, store, update, write_new};
use personal::AddedKey;
pub use personal::PersonalKeys;
pub use sealing::{MasterKey, SealingKey, Secret, open, seal};

use crate::db::types::Instant;

/// The name of the ring's file in the data directory.
pub const KEYS_FILE: &str = "keys.json";

/// The fewest characters that a master key may have.
pub const MASTER_KEY_MIN_CHARS: usize = 32;

const TEMPORARY_FILE: &str = "keys.json.tmp";
const DOCUMENT_VERSION: u32 = 1;
const SECRET_LEN: usize = 32;
const ANSWERS_CONTEXT: &[u8] = b"cchc kept answers, sealed, version 1";

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
    answers_key: SealingKey,
    /// The keys of personal data that were added to the first.
    added: Vec<AddedKey>,
    personal: PersonalKeys,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    secret: Secret,
    keys: Vec<KeyDocument>,
    #[serde(default)]
    personal: Vec<AddedKey>,
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
        let signing = SigningKey::generate(now, now)?;
        Self::assemble(Vec::new(), signing, Secret::random(SECRET_LEN)?, Vec::new())
    }

    fn assemble(
        older: Vec<SigningKey>,
        newest: SigningKey,
        secret: Secret,
        added: Vec<AddedKey>,
    ) -> Result<Self, KeyFault> {
        let digest_key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        let extracted = extracted(&secret);
        let answers_key = SealingKey::derive(&extracted, ANSWERS_CONTEXT)?;
        let personal = PersonalKeys::derive(&extracted, &added)?;
        Ok(Self { older, newest, secret, digest_key, answers_key, added, personal })
    }

    /// The key under which answers are kept for requests that may come twice.
    #[must_use]
    pub fn answers_key(&self) -> &SealingKey {
        &self.answers_key
    }

    /// The keys of personal data.
    #[must_use]
    pub fn personal(&self) -> &PersonalKeys {
        &self.personal
    }

    /// Adds a key of personal data, under which new values are sealed once every instance has it, after
    /// `until_served` (seconds); what is sealed already is opened as before.
    ///
    /// # Errors
    ///
    /// The system has no randomness; the ring is then as it was.
    pub fn rotate_personal(&mut self, now: Instant, until_served: i64) -> Result<(), KeyFault> {
        let last = self.added.last().map_or(now, |key| key.seals_from);
        let seals_from = now.plus_seconds(until_served.max(0)).max(last);
        self.added.push(AddedKey { secret: Secret::random(SECRET_LEN)?, seals_from });
        self.personal = PersonalKeys::derive(&extracted(&self.secret), &self.added)?;
        Ok(())
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
            personal: self.added.iter().map(AddedKey::copied).collect(),
        };
        // Room for all of it, since a buffer that grows leaves copies behind.
        let mut bytes =
            Secret(Vec::with_capacity(256 + 768 * document.keys.len() + 160 * document.personal.len()));
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
        Self::assemble(older, newest, document.secret, document.personal)
    }
}

fn extracted(secret: &Secret) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"cchc key ring").extract(secret.expose())
}

// The message of a JSON fault may quote what stood there, so only the place is told.
fn unreadable(fault: &serde_json::Error) -> KeyFault {
    KeyFault::Unreadable { reason: format!("line {}, column {}", fault.line(), fault.column()) }
}

#[cfg(test)]
mod tests;
