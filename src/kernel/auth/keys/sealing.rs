//! Secrets in memory, and sealing (AES-256-GCM): of the key ring under the master key, of kept
//! answers under the ring's own secret.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{KeyFault, MASTER_KEY_MIN_CHARS};

const SEAL_VERSION: u8 = 1;
const RING_CONTEXT: &[u8] = b"cchc signing keys, sealed, version 1";

/// Bytes that are overwritten when dropped and never shown.
pub struct Secret(pub(super) Vec<u8>);

impl Secret {
    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn random(len: usize) -> Result<Self, KeyFault> {
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

    fn sealing_key(&self) -> Result<SealingKey, KeyFault> {
        SealingKey::derive(&self.0, RING_CONTEXT)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// A key for sealing texts (AES-256-GCM), derived for one purpose.
#[derive(Debug)]
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// The key for this purpose under a secret.
    ///
    /// # Errors
    ///
    /// None that a secret of this module can cause.
    pub(super) fn derive(secret: &hkdf::Prk, purpose: &'static [u8]) -> Result<Self, KeyFault> {
        let info = [purpose];
        let material = secret.expand(&info, &AES_256_GCM)?;
        Ok(Self(LessSafeKey::new(UnboundKey::from(material))))
    }

    /// Seals bytes, bound to a place from which they cannot be moved: version, nonce, ciphertext
    /// and tag, in base64url.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub fn seal(&self, bytes: &[u8], place: &[u8]) -> Result<String, KeyFault> {
        let mut nonce = [0_u8; NONCE_LEN];
        rand::fill(&mut nonce)?;
        let mut body = bytes.to_vec();
        let at = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(at, Aad::from(bound(place)), &mut body)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(SEAL_VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what [`Self::seal`] wrote at this place.
    ///
    /// # Errors
    ///
    /// It was sealed under another key or for another place, changed since, or written by a newer
    /// version.
    pub fn open(&self, sealed: &str, place: &[u8]) -> Result<Secret, KeyFault> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed.trim()).map_err(|_| KeyFault::UnknownSeal)?;
        let (version, rest) = sealed.split_first().ok_or(KeyFault::UnknownSeal)?;
        if *version != SEAL_VERSION {
            return Err(KeyFault::UnknownSeal);
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(KeyFault::UnknownSeal)?;
        let mut body = Secret(body.to_vec());
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound(place)), &mut body.0)
            .map_err(|_| KeyFault::OtherMasterKey)?
            .len();
        body.0.truncate(opened);
        Ok(body)
    }
}

/// What a seal also covers: its version and its place.
fn bound(place: &[u8]) -> Vec<u8> {
    let mut bound = vec![SEAL_VERSION];
    bound.extend_from_slice(place);
    bound
}

/// Seals the key ring for the database.
///
/// # Errors
///
/// The system has no randomness.
pub fn seal(document: &[u8], master: &MasterKey) -> Result<String, KeyFault> {
    master.sealing_key()?.seal(document, b"")
}

/// Opens what [`seal`] wrote.
///
/// # Errors
///
/// It was sealed under another master key, changed since, or written by a newer version.
pub fn open(sealed: &str, master: &MasterKey) -> Result<Secret, KeyFault> {
    master.sealing_key()?.open(sealed, b"")
}
