//! Who sees personal data (dữ liệu cá nhân) in clear: whoever has the action `read_personal` over the unit of
//! the record, and asked for the scope word when the token was issued. Everyone else sees them masked.

use std::sync::Arc;

use super::keys::{KeyRing, PersonalKeys};
use super::scope::Scoped;
use crate::error::ApiError;
use crate::tree::OrgUnitId;

/// The keys of personal data, and over which units they are seen in clear.
#[derive(Debug, Clone)]
pub(super) struct PersonalSight {
    keys: Arc<KeyRing>,
    clear: Option<Box<Scoped>>,
}

impl Scoped {
    /// The same permission with the keys of personal data, which `clear` shows over the units that it
    /// reaches.
    #[must_use]
    pub fn with_personal(mut self, keys: Arc<KeyRing>, clear: Option<Self>) -> Self {
        self.personal = Some(PersonalSight { keys, clear: clear.map(Box::new) });
        self
    }

    /// The keys under which personal data are kept.
    ///
    /// # Errors
    /// In a command that holds none.
    pub fn personal_keys(&self) -> Result<&PersonalKeys, ApiError> {
        let sight = self.personal.as_ref().ok_or_else(|| ApiError::internal("no keys of personal data"))?;
        Ok(sight.keys.personal())
    }

    /// Whether personal data of a record of these units are seen in clear.
    #[must_use]
    pub fn sees_personal(&self, units: &[OrgUnitId]) -> bool {
        let clear = self.personal.as_ref().and_then(|sight| sight.clear.as_deref());
        clear.is_some_and(|clear| units.iter().any(|unit| clear.reaches(*unit)))
    }

    /// The same permission with everything masked, for what leaves the service another way: the journal,
    /// streams and feeds.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        if let Some(sight) = &mut masked.personal {
            sight.clear = None;
        }
        masked
    }
}
