//! Keys of units, and the ids that follow from them.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use uuid::{Builder, Uuid};

use super::Structure;
use kernel::tree::OrgUnitId;

/// Key of the root above the provinces.
pub const COUNTRY_KEY: &str = "country";

/// Name space of the ids that follow from keys; another one would give every unit another id.
const NAMESPACE: Uuid = Uuid::from_u128(0xc540_b53d_7d69_4be2_a7ee_3607_0fc8_1653);

/// The id of the country, the root above the provinces.
#[must_use]
pub fn country_id() -> OrgUnitId {
    id_of_key(COUNTRY_KEY)
}

pub(super) fn key_of(structure: Structure, code: &str) -> String {
    format!("{structure}:{code}")
}

pub(super) fn id_of_key(key: &str) -> OrgUnitId {
    uuid_of_key(key).into()
}

/// `UUIDv5` (RFC 9562, 5.5), for which the crate asks a second SHA-1. Nothing here needs its strength.
pub(super) fn uuid_of_key(key: &str) -> Uuid {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(NAMESPACE.as_bytes());
    digest.update(key.as_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest.finish().as_ref()) {
        *to = *from;
    }
    Builder::from_sha1_bytes(bytes).into_uuid()
}
