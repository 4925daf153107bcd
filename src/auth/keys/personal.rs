//! The keys under which personal data (dữ liệu cá nhân) are kept: sealed values that only a holder of
//! the ring opens, and digests under which an exact number is found without being kept in clear.
//!
//! The first key follows from the ring's own secret; a rotation adds another. New values are sealed
//! under the newest, older ones are opened under the key that they name, until they are sealed anew.

use aws_lc_rs::{hkdf, hmac};

use super::{KeyFault, SealingKey, Secret};

const FIRST_CONTEXT: &[u8] = b"cchc personal data, sealed, key 1";
const ADDED_CONTEXT: &[u8] = b"cchc personal data, sealed, added key";
const SEARCH_CONTEXT: &[u8] = b"cchc personal data, search, version 1";

/// The keys of personal data.
#[derive(Debug)]
pub struct PersonalKeys {
    first: SealingKey,
    added: Vec<SealingKey>,
    search: hmac::Key,
}

impl PersonalKeys {
    /// The keys of a ring with this secret, to which these were added.
    pub(super) fn derive(ring: &hkdf::Prk, added: &[Secret]) -> Result<Self, KeyFault> {
        let sealing = |secret: &Secret| {
            let extracted =
                hkdf::Salt::new(hkdf::HKDF_SHA256, b"cchc personal data").extract(secret.expose());
            SealingKey::derive(&extracted, ADDED_CONTEXT)
        };
        Ok(Self {
            first: SealingKey::derive(ring, FIRST_CONTEXT)?,
            added: added.iter().map(sealing).collect::<Result<_, _>>()?,
            search: hmac::Key::from(ring.expand(&[SEARCH_CONTEXT], hmac::HMAC_SHA256)?),
        })
    }

    /// The number of the key under which new values are sealed, from 1.
    #[must_use]
    pub fn newest(&self) -> usize {
        self.added.len() + 1
    }

    fn key(&self, number: usize) -> Option<&SealingKey> {
        match number.checked_sub(2) {
            None => (number == 1).then_some(&self.first),
            Some(place) => self.added.get(place),
        }
    }

    /// Seals a value for one place, such as the owner of one dossier: moved elsewhere it does not open.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn seal(&self, value: &[u8], place: &[u8]) -> Result<String, KeyFault> {
        let key = self.added.last().unwrap_or(&self.first);
        Ok(format!("{}.{}", self.newest(), key.seal(value, place)?))
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

    /// Whether a value is sealed under the newest key.
    #[must_use]
    pub fn is_current(&self, sealed: &str) -> bool {
        sealed.split_once('.').and_then(|(number, _)| number.parse().ok()) == Some(self.newest())
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
