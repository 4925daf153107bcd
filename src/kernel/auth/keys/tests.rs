//! What the key ring promises.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

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
                prop_assert_eq!(&*verified.unwrap(), &issued.claims);
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
