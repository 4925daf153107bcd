//! Access tokens: signed, short-lived, read by whoever has the public keys.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::random_text;
use crate::auth::keys::KeyRing;
use crate::db::types::Instant;

/// The longest access token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// What an access token is about: a person or a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A person with an account.
    User,
    /// A system.
    Client,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom it was issued.
    pub aud: String,
    /// The id of the person or client.
    pub sub: String,
    /// The token's own name.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when on it is valid, in seconds since 1970.
    pub nbf: i64,
    /// From when on it is not, in seconds since 1970.
    pub exp: i64,
    /// Scopes, separated by blanks.
    pub scope: String,
    /// What `sub` names.
    #[serde(rename = "cchc_kind")]
    pub kind: PrincipalKind,
    /// The session epoch of `sub` at issue: ending all sessions raises it.
    #[serde(rename = "cchc_epoch")]
    pub epoch: i64,
}

/// Whom a new access token is for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// This service.
    pub iss: &'a str,
    /// The service that will accept it.
    pub aud: &'a str,
    /// The id of the person or client.
    pub sub: &'a str,
    /// Scopes, separated by blanks.
    pub scope: &'a str,
    /// What `sub` names.
    pub kind: PrincipalKind,
    /// The session epoch of `sub`.
    pub epoch: i64,
}

/// Whose tokens are accepted, and under which name.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// The expected issuer.
    pub iss: &'a str,
    /// The name of the service that is asked.
    pub aud: &'a str,
}

/// A new access token, with what it says.
#[derive(Clone)]
pub struct Issued {
    /// The token to hand out.
    pub token: String,
    /// What it says.
    pub claims: Claims,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("claims", &self.claims).finish_non_exhaustive()
    }
}

/// Why a token is not accepted, or cannot be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("the token is too long")]
    Oversized,
    /// Not a token, or not with the claims of this service.
    #[error("the token is malformed")]
    Malformed,
    /// Signed with anything but EdDSA, or not at all.
    #[error("the token is not signed with EdDSA")]
    WrongAlgorithm,
    /// Signed under a key that is not published, or no longer.
    #[error("the token is signed under an unknown key")]
    UnknownKey,
    /// The signature is not of this key and content.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// Issued by someone else.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// Issued for someone else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The system could not make it.
    #[error("no token could be made: check that the system provides randomness (getrandom)")]
    Failed,
}

/// Issues an access token that is valid from now on for `lifetime_s` seconds, and never longer
/// than the key that signs it stays published.
///
/// # Errors
///
/// It would be longer than what [`verify`] accepts, or the system has no randomness.
pub fn issue(
    ring: &KeyRing,
    now: Instant,
    lifetime_s: i64,
    subject: &Subject<'_>,
) -> Result<Issued, TokenFault> {
    let key = ring.signing_key(now);
    let iat = now.unix_seconds();
    // The lifetime in the settings may have grown since the key's retirement was planned.
    let last = key.retires_at().map_or(i64::MAX, Instant::unix_seconds);
    let claims = Claims {
        iss: subject.iss.to_owned(),
        aud: subject.aud.to_owned(),
        sub: subject.sub.to_owned(),
        jti: random_text::<16>("")?,
        iat,
        nbf: iat,
        exp: iat.saturating_add(lifetime_s).min(last),
        scope: subject.scope.to_owned(),
        kind: subject.kind,
        epoch: subject.epoch,
    };
    let header = Header { kid: Some(key.kid().to_owned()), ..Header::new(Algorithm::EdDSA) };
    let token = jsonwebtoken::encode(&header, &claims, key.private()).map_err(|_| TokenFault::Failed)?;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenFault::Oversized);
    }
    Ok(Issued { token, claims })
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

/// Checks an access token at this instant; `leeway_s` seconds of difference between clocks are
/// forgiven.
///
/// # Errors
///
/// The token is not accepted.
pub fn verify(
    ring: &KeyRing,
    now: Instant,
    token: &str,
    expected: &Audience<'_>,
    leeway_s: u32,
) -> Result<Arc<Claims>, TokenFault> {
    Signed::of(ring, now, token)?.accepted(ring, now, expected, leeway_s)
}

/// A token whose signature is right.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    kid: String,
    claims: Arc<Claims>,
}

impl Signed {
    /// Checks the signature alone: it stays right for ever.
    pub(super) fn of(ring: &KeyRing, now: Instant, token: &str) -> Result<Self, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Oversized);
        }
        let (head, _) = token.split_once('.').ok_or(TokenFault::Malformed)?;
        let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| TokenFault::Malformed)?;
        let head: Head = serde_json::from_slice(&head).map_err(|_| TokenFault::Malformed)?;
        if head.alg != "EdDSA" {
            return Err(TokenFault::WrongAlgorithm);
        }
        // No extension is understood here, and RFC 7515 says to refuse what is not understood.
        if head.crit.is_some() {
            return Err(TokenFault::Malformed);
        }
        let kid = head.kid.ok_or(TokenFault::UnknownKey)?;
        let key = ring.published_key(&kid, now).ok_or(TokenFault::UnknownKey)?;

        // Only the signature is left to the library: its checks of time read the system's clock.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key.public(), &validation)
            .map_err(|fault| match fault.kind() {
                ErrorKind::InvalidSignature => TokenFault::WrongSignature,
                ErrorKind::InvalidAlgorithm => TokenFault::WrongAlgorithm,
                _ => TokenFault::Malformed,
            })?
            .claims;
        Ok(Self { kid, claims: claims.into() })
    }

    /// What it says, if it is still signed under a published key, of this issuer, for this audience, and
    /// valid now.
    pub(super) fn accepted(
        &self,
        ring: &KeyRing,
        now: Instant,
        expected: &Audience<'_>,
        leeway_s: u32,
    ) -> Result<Arc<Claims>, TokenFault> {
        let claims = &self.claims;
        ring.published_key(&self.kid, now).ok_or(TokenFault::UnknownKey)?;
        if claims.iss != expected.iss {
            return Err(TokenFault::WrongIssuer);
        }
        if claims.aud != expected.aud {
            return Err(TokenFault::WrongAudience);
        }
        let leeway = i64::from(leeway_s);
        let seconds = now.unix_seconds();
        if seconds >= claims.exp.saturating_add(leeway) {
            return Err(TokenFault::Expired);
        }
        if seconds < claims.nbf.saturating_sub(leeway) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(claims.clone())
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Instant = Instant::from_micros(1_750_000_000_900_000);
    const HERE: Audience<'static> = Audience { iss: "https://cchc.example", aud: "cchc" };

    fn subject() -> Subject<'static> {
        Subject {
            iss: HERE.iss,
            aud: HERE.aud,
            sub: "0190aaaa-0000-7000-8000-00000000000a",
            scope: "tthc:read tthc:write",
            kind: PrincipalKind::Client,
            epoch: 7,
        }
    }

    fn ring() -> KeyRing {
        KeyRing::generate(NOW).unwrap()
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    // Any claims under any header, signed by the ring's own key.
    fn signed(ring: &KeyRing, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let key = ring.signing_key(NOW).private();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn header(ring: &KeyRing) -> Value {
        json!({ "alg": "EdDSA", "kid": ring.signing_key(NOW).kid() })
    }

    #[test]
    fn what_is_issued_is_accepted() {
        let ring = ring();
        let issued = issue(&ring, NOW, 900, &subject()).unwrap();
        let claims = verify(&ring, NOW, &issued.token, &HERE, 0).unwrap();
        assert_eq!(*claims, issued.claims);
        assert_eq!((claims.iat, claims.nbf, claims.exp), (1_750_000_000, 1_750_000_000, 1_750_000_900));
        let payload = URL_SAFE_NO_PAD.decode(issued.token.split('.').nth(1).unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(payload["cchc_kind"], "client");
        assert_eq!(payload["cchc_epoch"], 7);
        assert_ne!(claims.jti, issue(&ring, NOW, 900, &subject()).unwrap().claims.jti);
        assert!(!format!("{issued:?}").contains(&issued.token));
    }

    #[test]
    fn time_is_the_given_one_and_leeway_counts_on_both_ends() {
        let ring = ring();
        let token = issue(&ring, NOW, 900, &subject()).unwrap().token;
        let at = |seconds, leeway| verify(&ring, NOW.plus_seconds(seconds), &token, &HERE, leeway).err();
        assert_eq!(at(899, 0), None);
        assert_eq!(at(900, 0), Some(TokenFault::Expired));
        assert_eq!(at(904, 5), None);
        assert_eq!(at(905, 5), Some(TokenFault::Expired));
        assert_eq!(at(-1, 0), Some(TokenFault::NotYetValid));
        assert_eq!(at(-5, 5), None);
        assert_eq!(at(-6, 5), Some(TokenFault::NotYetValid));
    }

    #[test]
    fn no_token_outlives_the_key_that_signed_it() {
        let mut ring = ring();
        ring.rotate(NOW, 300, 900).unwrap();
        let late = NOW.plus_seconds(299);
        let issued = issue(&ring, late, 86_400, &subject()).unwrap();
        assert_eq!(issued.claims.exp, NOW.plus_seconds(1_200).unix_seconds());
        let last = NOW.plus_seconds(1_199);
        assert!(verify(&ring, last, &issued.token, &HERE, 0).is_ok());
        let gone = verify(&ring, NOW.plus_seconds(1_200), &issued.token, &HERE, 60);
        assert_eq!(gone, Err(TokenFault::UnknownKey));
    }

    #[test]
    fn another_issuer_or_audience_is_refused() {
        let ring = ring();
        let token = issue(&ring, NOW, 900, &subject()).unwrap().token;
        let as_seen = |iss, aud| verify(&ring, NOW, &token, &Audience { iss, aud }, 0).err();
        assert_eq!(as_seen("https://other.example", HERE.aud), Some(TokenFault::WrongIssuer));
        assert_eq!(as_seen(HERE.iss, "other"), Some(TokenFault::WrongAudience));
        assert_eq!(as_seen(HERE.iss, ""), Some(TokenFault::WrongAudience));
    }

    #[test]
    fn any_other_algorithm_is_refused() {
        let ring = ring();
        let claims = serde_json::to_value(issue(&ring, NOW, 900, &subject()).unwrap().claims).unwrap();
        let kid = ring.signing_key(NOW).kid();
        for alg in ["none", "None", "HS256", "RS256", "ES256", "eddsa", ""] {
            let header = json!({ "alg": alg, "kid": kid });
            for token in [signed(&ring, &header, &claims), format!("{}.{}.", part(&header), part(&claims))] {
                assert_eq!(verify(&ring, NOW, &token, &HERE, 0), Err(TokenFault::WrongAlgorithm), "{alg}");
            }
        }
        // The public key taken for a shared secret.
        let public = ring.jwks(NOW).keys[0].x.clone();
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public).unwrap());
        let token = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
        assert_eq!(verify(&ring, NOW, &token, &HERE, 0), Err(TokenFault::WrongAlgorithm));
    }

    #[test]
    fn an_unsigned_or_foreign_token_is_refused() {
        let (ring, other) = (ring(), ring());
        let token = issue(&ring, NOW, 900, &subject()).unwrap().token;
        assert_eq!(verify(&other, NOW, &token, &HERE, 0), Err(TokenFault::UnknownKey));
        let claims = serde_json::to_value(issue(&ring, NOW, 900, &subject()).unwrap().claims).unwrap();
        let foreign = signed(&other, &header(&ring), &claims);
        assert_eq!(verify(&ring, NOW, &foreign, &HERE, 0), Err(TokenFault::WrongSignature));
        let (message, _) = token.rsplit_once('.').unwrap();
        assert_eq!(verify(&ring, NOW, &format!("{message}."), &HERE, 0), Err(TokenFault::WrongSignature));
        let nameless = signed(&ring, &json!({ "alg": "EdDSA" }), &claims);
        assert_eq!(verify(&ring, NOW, &nameless, &HERE, 0), Err(TokenFault::UnknownKey));
    }

    #[test]
    fn a_header_or_claims_of_the_wrong_shape_are_refused() {
        let ring = ring();
        let claims = serde_json::to_value(issue(&ring, NOW, 900, &subject()).unwrap().claims).unwrap();
        let mut critical = header(&ring);
        critical["crit"] = json!(["b64"]);
        assert_eq!(
            verify(&ring, NOW, &signed(&ring, &critical, &claims), &HERE, 0),
            Err(TokenFault::Malformed)
        );
        for name in ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "scope", "cchc_kind", "cchc_epoch"] {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(name);
            let token = signed(&ring, &header(&ring), &without);
            assert_eq!(verify(&ring, NOW, &token, &HERE, 0), Err(TokenFault::Malformed), "{name}");
        }
        for (name, value) in [
            ("aud", json!(["cchc", "other"])),
            ("exp", json!("9999999999")),
            ("exp", json!(1e300)),
            ("cchc_kind", json!("admin")),
        ] {
            let mut changed = claims.clone();
            changed[name] = value;
            let token = signed(&ring, &header(&ring), &changed);
            assert_eq!(verify(&ring, NOW, &token, &HERE, 0), Err(TokenFault::Malformed), "{name}");
        }
        let mut extreme = claims;
        extreme["exp"] = json!(i64::MAX);
        extreme["nbf"] = json!(i64::MIN);
        assert!(verify(&ring, NOW, &signed(&ring, &header(&ring), &extreme), &HERE, u32::MAX).is_ok());
    }

    #[test]
    fn a_token_that_is_too_long_is_neither_read_nor_issued() {
        let ring = ring();
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        assert_eq!(verify(&ring, NOW, &long, &HERE, 0), Err(TokenFault::Oversized));
        let scope = "x".repeat(MAX_TOKEN_BYTES);
        let fault = issue(&ring, NOW, 900, &Subject { scope: &scope, ..subject() });
        assert_eq!(fault.unwrap_err(), TokenFault::Oversized);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_quietly(token in ".{0,300}") {
            prop_assert!(verify(&ring(), NOW, &token, &HERE, 0).is_err());
        }

        #[test]
        fn no_changed_byte_is_accepted(place in any::<prop::sample::Index>(), byte in 0x20..0x7f_u8) {
            let ring = ring();
            let token = issue(&ring, NOW, 900, &subject()).unwrap().token;
            let mut bytes = token.clone().into_bytes();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assume!(changed != token);
            prop_assert!(verify(&ring, NOW, &changed, &HERE, 0).is_err());
        }
    }
}
