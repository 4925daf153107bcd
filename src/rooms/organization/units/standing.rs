//! The units that stand, as a transaction that writes units sees them: what the database has, and what
//! the lines before have made of it.

use std::borrow::Cow;

use super::model::VersionRow;
use kernel::auth::scope::Scoped;
use kernel::db::WriteTx;
use kernel::db::epochs::{self, Epoch};
use kernel::error::{ApiError, Problem};
use kernel::tree::{OrgTree, OrgUnitId, UnitVersion, tree_load};
use kernel::validity::OPEN_BEGINNING;

/// The tree of units within a transaction.
pub(crate) struct Standing<'t> {
    scoped: &'t Scoped,
    tree: Cow<'t, OrgTree>,
}

impl<'t> Standing<'t> {
    /// Lets one writer of units in at a time, on PostgreSQL too: the counter's row is locked until the
    /// commit. Where the counter stands as it did when the request's tree was loaded, that tree is what
    /// the database has; else it is loaded anew.
    pub(crate) fn alone(tx: &mut WriteTx<'_>, scoped: &'t Scoped) -> Result<Self, ApiError> {
        epochs::raise(tx, Epoch::Units)?;
        let raised = epochs::current(tx.conn(), Epoch::Units)?;
        let is_known = scoped.units().epoch().is_some_and(|epoch| epoch + 1 == raised);
        let tree = if is_known { Cow::Borrowed(scoped.tree()) } else { Cow::Owned(tree_load(tx.conn())?) };
        Ok(Self { scoped, tree })
    }

    /// The tree.
    pub(crate) fn tree(&self) -> &OrgTree {
        &self.tree
    }

    /// The tree, to be changed for the lines that follow.
    pub(crate) fn tree_mut(&mut self) -> &mut OrgTree {
        self.tree.to_mut()
    }

    /// The versions of a unit as they shall be.
    pub(super) fn put<'v>(&mut self, unit: OrgUnitId, versions: impl Iterator<Item = &'v VersionRow>) {
        self.tree_mut().put(unit, versions.map(UnitVersion::from).collect());
    }

    /// Whether the writer may touch the unit; reference data are known to all, so 403 and not 404. A unit
    /// that was made since the request came is reached as the one above it is.
    pub(crate) fn writable(&self, unit: Option<OrgUnitId>) -> Result<(), ApiError> {
        if self.scoped.everything() {
            return Ok(());
        }
        let known = unit.and_then(|unit| {
            let first = self.tree.first_day(unit).unwrap_or(OPEN_BEGINNING);
            let above = self.tree.ancestors(unit, first);
            std::iter::once(unit).chain(above).find(|unit| self.scoped.tree().latest(*unit).is_some())
        });
        match known {
            Some(unit) if self.scoped.reaches(unit) => Ok(()),
            _ => Err(ApiError::new(Problem::Forbidden)),
        }
    }
}
