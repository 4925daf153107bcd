//! Where a reader stands in the feed, and the token that tells it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;

use kernel::audit::chain::sealed_end;
use kernel::audit::sights::Belonging;
use kernel::auth::keys::KeyRing;
use kernel::db::DbConn;
use kernel::db::schema::journal_chain;
use kernel::error::ApiError;
use kernel::tree::OrgUnitId;

/// A place in the feed: behind the entry at this position, in the journal that has this hash there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: i64,
    /// The beginning of the hash; 0 before the first entry.
    hash: u64,
}

impl Place {
    pub(super) fn new(position: i64, hash: &str) -> Self {
        let beginning = hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Self { position, hash: beginning.unwrap_or_default() }
    }

    /// The place behind the entry at this position.
    pub(super) fn behind(conn: &mut DbConn, position: i64) -> Result<Self, ApiError> {
        let hash: Option<String> =
            journal_chain::table.find(position).select(journal_chain::hash).first(conn).optional()?;
        Ok(Self::new(position, &hash.unwrap_or_default()))
    }

    /// Where the feed ends by now.
    pub(super) fn end(conn: &mut DbConn) -> Result<Self, ApiError> {
        let (position, hash) = sealed_end(conn)?;
        Ok(Self::new(position, &hash))
    }
}

/// The units of which a feed tells; none where it tells of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfUnits {
    /// In their order.
    pub(super) units: Option<Vec<OrgUnitId>>,
    /// By which a token knows them again; 0 for all.
    digest: u64,
}

impl OfUnits {
    pub(super) fn new(units: Option<Vec<OrgUnitId>>) -> Self {
        let Some(mut units) = units else { return Self::default() };
        units.sort_unstable();
        let text: String = units.iter().map(OrgUnitId::to_string).collect();
        let sum = digest(&SHA256, text.as_bytes());
        let first = sum.as_ref().first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
        Self { units: Some(units), digest: first.max(1) }
    }

    /// Whether the feed tells of records in these hands.
    pub(super) fn has(&self, there: &Belonging) -> bool {
        let either = || [&there.unit, &there.second_unit].into_iter().flatten();
        let is_of = |units: &Vec<OrgUnitId>| {
            either().filter_map(|unit| unit.parse().ok()).any(|unit| units.binary_search(&unit).is_ok())
        };
        self.units.as_ref().is_none_or(is_of)
    }
}

/// The token of a place in the feed of these units.
pub(super) fn token(place: Place, of: &OfUnits, keys: &KeyRing) -> String {
    let place = [place.position.to_be_bytes(), place.hash.to_be_bytes(), of.digest.to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode([place.as_slice(), &keys.keyed_digest(&[b"changes", &place])].concat())
}

/// What a token tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) place: Place,
    digest: u64,
}

impl Opened {
    /// What a token tells; none for one that was not given by this service.
    pub(super) fn of(token: &str, keys: &KeyRing) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (told, seal) = sealed.split_at_checked(24)?;
        let (position, rest) = told.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<8>()?;
        let digest = u64::from_be_bytes(*rest.first_chunk::<8>()?);
        let place = Place { position: i64::from_be_bytes(*position), hash: u64::from_be_bytes(*hash) };
        keys.verify_digest(&[b"changes", told], seal).then_some(Self { place, digest })
    }

    /// Whether whoever has followed to here misses nothing of these units: it followed them, or all.
    pub(super) fn holds_for(self, of: &OfUnits) -> bool {
        [0, of.digest].contains(&self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_again_in_any_order_and_all_is_none_of_them() {
        let [one, other] = [OrgUnitId::new(), OrgUnitId::new()];
        let of = |units: &[OrgUnitId]| OfUnits::new(Some(units.to_vec()));
        assert_eq!(of(&[one, other]), of(&[other, one]));
        let all = OfUnits::default();
        assert!([of(&[]), of(&[one]), of(&[other]), of(&[one, other])].iter().all(|some| *some != all));
        assert_ne!(of(&[one]).digest, of(&[one, other]).digest);
        let place = Place { position: 7, hash: 9 };
        let followed = |of: &OfUnits| Opened { place, digest: of.digest };
        assert!(followed(&all).holds_for(&of(&[one])), "who followed all misses nothing of one");
        assert!(followed(&of(&[one])).holds_for(&of(&[one])));
        assert!(!followed(&of(&[one])).holds_for(&of(&[one, other])));
        assert!(!followed(&of(&[one])).holds_for(&all));
        let held = |unit: Option<OrgUnitId>, second: Option<OrgUnitId>| Belonging {
            unit: unit.map(|unit| unit.to_string()),
            province: None,
            second_unit: second.map(|unit| unit.to_string()),
            second_province: None,
        };
        assert!(all.has(&held(None, None)) && !of(&[one]).has(&held(None, None)));
        assert!(of(&[one]).has(&held(Some(one), None)) && of(&[one]).has(&held(Some(other), Some(one))));
    }
}
