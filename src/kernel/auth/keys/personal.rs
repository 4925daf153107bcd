//! The keys under which personal data (dữ liệu cá nhân) are kept: sealed values that only a holder of
//! the ring opens, and digests under which an exact number is found without being kept in clear.
//!
//! The first key follows from the ring's own secret; a rotation adds another. New values are sealed
//! under the newest, older ones are opened under the key that they name, until they are sealed anew.

use aws_lc_rs::{hkdf, hmac};
use serde::{Deserialize, Serialize};

use super::{KeyFault, SealingKey, Secret};
use crate::db::types::Instant;

const FIRST_CONTEXT: &[u8] = b"cchc personal data, sealed, key 1";
const ADDED_CONTEXT: &[u8] = b"cchc personal data, sealed, added key";
const SEARCH_CONTEXT: &[u8] = b"cchc personal data, search, version 1";

/// A key that was added, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AddedKey {
    pub(super) secret: Secret,
    /// From when on values are sealed under it: every instance must be able to open them by then.
    pub(super) seals_from: Instant,
}

impl AddedKey {
    pub(super) fn copied(&self) -> Self {
        Self { secret: Secret(self.secret.expose().to_vec()), seals_from: self.seals_from }
    }
}

/// The keys of personal data.
#[derive(Debug)]
pub struct PersonalKeys {
    first: SealingKey,
    added: Vec<(SealingKey, Instant)>,
    search: hmac::Key,
}

impl PersonalKeys {
    /// The keys of a ring with this secret, to which these were added.
    pub(super) fn derive(ring: &hkdf::Prk, added: &[AddedKey]) -> Result<Self, KeyFault> {
        let sealing = |key: &AddedKey| {
            let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"cchc personal data");
            Ok((SealingKey::derive(&salt.extract(key.secret.expose()), ADDED_CONTEXT)?, key.seals_from))
        };
        Ok(Self {
            first: SealingKey::derive(ring, FIRST_CONTEXT)?,
            added: added.iter().map(sealing).collect::<Result<_, KeyFault>>()?,
            search: hmac::Key::from(ring.expand(&[SEARCH_CONTEXT], hmac::HMAC_SHA256)?),
        })
    }

    /// The number of the key under which values are sealed now, from 1.
    #[must_use]
    pub fn newest(&self, now: Instant) -> usize {
        1 + self.added.iter().take_while(|(_, seals_from)| *seals_from <= now).count()
    }

    fn key(&self, number: usize) -> Option<&SealingKey> {
        match number.checked_sub(2) {
            None => (number == 1).then_some(&self.first),
            Some(place) => self.added.get(place).map(|(key, _)| key),
        }
    }

    /// Seals a value for one place, such as the owner of one dossier: moved elsewhere it does not open.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn seal(&self, now: Instant, value: &[u8], place: &[u8]) -> Result<String, KeyFault> {
        let number = self.newest(now);
        let key = self.key(number).ok_or(KeyFault::UnknownSeal)?;
        Ok(format!("{number}.{}", key.seal(value, place)?))
    }

    /// Opens what [`Self::seal`] made for this place.
    ///
    /// # Errors
    /// It was sealed by another ring, under a key that is gone or for another place, or changed since.
    pub fn open(&self, sealed: &str, place: &[u8]) -> Result<Secret, KeyFault> {
        let (number, sealed) = sealed.split_once('.').ok_or(KeyFault::UnknownSeal)?;
        let key = number.parse().ok().and_then(|number| self.key(number));
        key.ok_or(KeyFault::UnknownSeal)?.open(sealed, place)
    }

    /// Whether a value is sealed under the key under which values are sealed now.
    #[must_use]
    pub fn is_current(&self, now: Instant, sealed: &str) -> bool {
        sealed.split_once('.').and_then(|(number, _)| number.parse().ok()) == Some(self.newest(now))
    }

    /// The digest under which an exact value of this kind is found (HMAC-SHA256, cut to 128 bits).
    #[must_use]
    pub fn search_digest(&self, kind: &str, value: &str) -> String {
        let mut context = hmac::Context::with_key(&self.search);
        context.update(kind.as_bytes());
        context.update(b"\0");
        context.update(value.as_bytes());
        let tag = context.sign();
        crate::text::hexadecimal(tag.as_ref().split_at_checked(16).map_or(&[], |(short, _)| short))
    }
}
