//! Access tokens whose signature has been checked: to check it takes longer than to read a record, and a
//! client sends its token with each request. Whether a token is valid now, and its key still published, is
//! asked each time.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;

use super::access::{Audience, Claims, Signed, TokenFault};
use crate::auth::keys::KeyRing;
use crate::db::types::Instant;

/// Tokens whose signature was found right.
#[derive(Debug)]
pub struct CheckedTokens(
    /// By their digest: no token is kept.
    Cache<[u8; 32], Signed>,
);

impl CheckedTokens {
    /// Remembers so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Cache::new(most))
    }

    /// As [`verify`](super::verify).
    ///
    /// # Errors
    ///
    /// The token is not accepted.
    pub fn verify(
        &self,
        ring: &KeyRing,
        now: Instant,
        token: &str,
        expected: &Audience<'_>,
    ) -> Result<Arc<Claims>, TokenFault> {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let signed = self.0.get_or_insert_with(&key, || Signed::of(ring, now, token))?;
        signed.accepted(ring, now, expected, 0)
    }

    /// Forgets all of them, for there are other keys.
    pub fn forget(&self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::{PrincipalKind, Subject, issue};

    const NOW: Instant = Instant::from_micros(1_750_000_000_000_000);
    const HERE: Audience<'static> = Audience { iss: "https://cchc.example", aud: "cchc" };

    #[test]
    fn a_signature_is_remembered_and_nothing_else() {
        let mut ring = KeyRing::generate(NOW).unwrap();
        let checked = CheckedTokens::new(100);
        let subject = Subject {
            iss: HERE.iss,
            aud: HERE.aud,
            sub: "0190aaaa-0000-7000-8000-00000000000a",
            scope: "tthc:read",
            kind: PrincipalKind::Client,
            epoch: 7,
        };
        let token = issue(&ring, NOW, 900, &subject).unwrap().token;
        let at = |ring: &KeyRing, token: &str, seconds| {
            checked.verify(ring, NOW.plus_seconds(seconds), token, &HERE).map(|claims| claims.exp)
        };
        assert_eq!(at(&ring, &token, 0), Ok(1_750_000_900));
        assert_eq!(at(&ring, &token, 899), Ok(1_750_000_900));
        assert_eq!(at(&ring, &token, 900), Err(TokenFault::Expired));
        let (content, signature) = token.rsplit_once('.').unwrap();
        let mut forged: Vec<char> = signature.chars().collect();
        forged.swap(0, 40);
        let forged = format!("{content}.{}", forged.into_iter().collect::<String>());
        assert_eq!(at(&ring, &forged, 0), Err(TokenFault::WrongSignature));
        let elsewhere = checked.verify(&ring, NOW, &token, &Audience { iss: HERE.iss, aud: "other" });
        assert_eq!(elsewhere, Err(TokenFault::WrongAudience));
        ring.rotate(NOW, 1, 1).unwrap();
        assert_eq!(at(&ring, &token, 3), Err(TokenFault::UnknownKey), "its key is no longer published");
    }
}
