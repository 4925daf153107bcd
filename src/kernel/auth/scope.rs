//! Over which units: a grant reaches its unit, all that stands under it today and the predecessors
//! of those units. Store functions take a [`Scoped`], which only a [`Permit`](super::permit::Permit)
//! or a command on the server holds: no query runs unconfined by accident.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;

use super::permission::{Action, Domain, Role};
use super::personal::PersonalSight;
use super::principal::{FILE_FOR_CHILDREN, HeldGrant, Principal};
use crate::audit::journal::Author;
use crate::db::types::Instant;
use crate::error::{ApiError, Problem};
use crate::reporting::working_days::OfficeSpan;
use crate::tree::{Covered, OrgTree, OrgUnitId, Reach, UnitKind};

/// The tree of units with the reaches that have been asked for.
#[derive(Debug)]
pub struct Units {
    tree: OrgTree,
    epoch: Option<i64>,
    reaches: Mutex<HashMap<(OrgUnitId, NaiveDate), Arc<Reach>>>,
}

impl Units {
    /// The units of this tree.
    #[must_use]
    pub fn new(tree: OrgTree) -> Self {
        Self { tree, epoch: None, reaches: Mutex::default() }
    }

    /// The units of this tree, which was loaded when their counter stood there or later.
    #[must_use]
    pub fn at(epoch: i64, tree: OrgTree) -> Self {
        Self { epoch: Some(epoch), ..Self::new(tree) }
    }

    /// Where the counter of units stood before the tree was loaded, if that is known.
    #[must_use]
    pub fn epoch(&self) -> Option<i64> {
        self.epoch
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &OrgTree {
        &self.tree
    }

    /// What a grant over this unit reaches today.
    fn reach(&self, unit: OrgUnitId, today: NaiveDate) -> Arc<Reach> {
        let computed = || Arc::new(self.tree.reach(unit, today));
        match self.reaches.lock() {
            Ok(mut known) => {
                // Yesterday's reaches are of no use to anyone.
                if known.len() > 4_096 {
                    known.clear();
                }
                known.entry((unit, today)).or_insert_with(computed).clone()
            }
            Err(_) => computed(),
        }
    }

    /// A unit and the units whose whole territory has come to it by a day. What is decided for a later day gives
    /// nothing before it, nor does a predecessor that lives on.
    fn with_predecessors(&self, unit: OrgUnitId, today: NaiveDate) -> BTreeSet<OrgUnitId> {
        let mut found = BTreeSet::from([unit]);
        let mut open = vec![unit];
        while let Some(next) = open.pop() {
            for succession in self.tree.predecessors(next) {
                let before = succession.predecessor_id;
                let has_come = succession.effective_on <= today && !self.tree.in_force(before, today);
                let is_whole = succession.keeps_records || !self.tree.was_divided(before);
                if has_come && is_whole && found.insert(before) {
                    open.push(before);
                }
            }
        }
        found
    }
}

/// What one grant lets an actor touch.
#[derive(Debug, Clone)]
struct Part {
    /// The unit that the grant is over.
    over: OrgUnitId,
    reach: Arc<Reach>,
    /// Only these units of the reach, for an editor who files for one unit.
    only: Option<BTreeSet<OrgUnitId>>,
    /// Not these: a reviewer takes what the units below hand in, not what his own unit does.
    except: BTreeSet<OrgUnitId>,
    /// The provinces that the grant reaches whole, with those that became part of them.
    provinces: BTreeSet<OrgUnitId>,
}

/// An actor's permission for one action in one domain, confined to the units it reaches.
#[derive(Debug, Clone)]
pub struct Scoped {
    author: Author,
    principal: Option<Arc<Principal>>,
    units: Arc<Units>,
    today: NaiveDate,
    domain: Domain,
    everything: bool,
    parts: Vec<Part>,
    pub(super) personal: Option<PersonalSight>,
    office: Arc<[OfficeSpan]>,
}

/// The units whose records a query may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// All records of these provinces.
    pub provinces: Vec<OrgUnitId>,
    /// The records of these units.
    pub units: Vec<OrgUnitId>,
}

impl Scoped {
    /// The permission of an account, or 403 when no grant of it allows the action.
    pub(super) fn of(
        principal: Arc<Principal>,
        author: Author,
        units: Arc<Units>,
        today: NaiveDate,
        action: Action,
        domain: Domain,
    ) -> Result<Self, ApiError> {
        let reference = action == Action::ReadReference;
        let held: Vec<HeldGrant> =
            principal.grants.iter().filter(|grant| grant.allows(action, domain, today)).cloned().collect();
        if held.is_empty() && !reference {
            return Err(ApiError::new(Problem::Forbidden));
        }
        let is_whole =
            |grant: &HeldGrant| is_root(&units, grant.org_unit_id) && !own_unit_only(grant, action);
        let everything = reference || held.iter().any(is_whole);
        let parts = if everything {
            Vec::new()
        } else {
            held.iter().map(|grant| part(&units, grant, action, today)).collect()
        };
        let (personal, office) = (None, Arc::default());
        let principal = Some(principal);
        Ok(Self { author, principal, units, today, domain, everything, parts, personal, office })
    }

    /// A command on the server itself, which reaches everything.
    pub fn operator(author: Author, units: Arc<Units>) -> Self {
        let today = author.at().vietnam_day();
        let domain = Domain::Organization;
        let (parts, personal, office) = (Vec::new(), None, Arc::default());
        Self { author, principal: None, units, today, domain, everything: true, parts, personal, office }
    }

    /// A command on the server that loads reference data, for which no unit counts.
    pub fn command(name: &str, at: Instant) -> Self {
        let units = Arc::new(Units::new(OrgTree::new(Vec::new(), Vec::new())));
        Self::operator(Author::operator(name, at), units)
    }

    /// The permission of whoever has no account, which reaches no unit.
    pub(super) fn nobodys(at: Instant, units: Arc<Units>) -> Self {
        Self { everything: false, ..Self::operator(Author::operator("public", at), units) }
    }

    /// The same permission where offices work at these hours.
    #[must_use]
    pub fn with_office(self, office: Arc<[OfficeSpan]>) -> Self {
        Self { office, ..self }
    }

    /// The hours at which offices work, for deadlines in hours.
    #[must_use]
    pub fn office(&self) -> &[OfficeSpan] {
        &self.office
    }

    /// Who acts, for the journal.
    #[must_use]
    pub fn author(&self) -> Author {
        self.author.clone()
    }

    /// The account that acts; a command has none.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_deref()
    }

    /// The units as this request sees them.
    #[must_use]
    pub fn units(&self) -> &Arc<Units> {
        &self.units
    }

    /// The tree as this request sees it.
    #[must_use]
    pub fn tree(&self) -> &OrgTree {
        &self.units.tree
    }

    /// Today, in Vietnam.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.today
    }

    /// The province that records of this unit belong to, as [`home_province`] has it today.
    #[must_use]
    pub fn home_province(&self, unit: OrgUnitId) -> Option<OrgUnitId> {
        home_province(self.tree(), unit, self.today)
    }

    /// Whether all units are reached, and what belongs to none.
    #[must_use]
    pub fn everything(&self) -> bool {
        self.everything
    }

    /// Lets the request go on when it reaches what belongs to no unit: reference data are written by
    /// administrators of the whole country alone.
    ///
    /// # Errors
    /// 403 for everyone else.
    pub fn whole_country(&self) -> Result<(), ApiError> {
        if self.everything { Ok(()) } else { Err(ApiError::new(Problem::Forbidden)) }
    }

    /// The same permission at a later moment of a long work.
    #[must_use]
    pub fn at(&self, at: Instant) -> Self {
        Self { author: self.author.clone().at_moment(at), ..self.clone() }
    }

    /// Whether records of this unit are reached.
    #[must_use]
    pub fn reaches(&self, unit: OrgUnitId) -> bool {
        self.everything || self.parts.iter().any(|part| self.part_reaches(part, unit))
    }

    fn part_reaches(&self, part: &Part, unit: OrgUnitId) -> bool {
        let reached = match &part.only {
            Some(only) => only.contains(&unit),
            None => part.reach.records.contains(unit) || self.in_province(part, unit),
        };
        reached && !part.except.contains(&unit)
    }

    /// The unit over which the account acts when it touches this one; none for the whole country.
    #[must_use]
    pub fn acting_unit(&self, unit: OrgUnitId) -> Option<OrgUnitId> {
        self.parts.iter().find(|part| self.part_reaches(part, unit)).map(|part| part.over)
    }

    /// Lets the request go on when records of this unit are reached.
    ///
    /// # Errors
    /// 403 when the account may read them but not do this, 404 when it may not know of them.
    pub fn must_reach(&self, unit: OrgUnitId) -> Result<(), ApiError> {
        if self.reaches(unit) {
            return Ok(());
        }
        Err(ApiError::new(if self.reads(unit) { Problem::Forbidden } else { Problem::NotFound }))
    }

    /// Whether sums over this unit are reached: also of one whose territory came here in part.
    #[must_use]
    pub fn reaches_aggregates(&self, unit: OrgUnitId) -> bool {
        self.everything
            || self.parts.iter().any(|part| match &part.only {
                Some(only) => only.contains(&unit),
                None => part.reach.aggregates.contains(unit) || self.in_province(part, unit),
            })
    }

    fn in_province(&self, part: &Part, unit: OrgUnitId) -> bool {
        !part.provinces.is_empty()
            && self.home_province(unit).is_some_and(|province| part.provinces.contains(&province))
    }

    /// The records that a query may touch; `None` for all.
    #[must_use]
    pub fn confinement(&self) -> Option<Confinement> {
        if self.everything {
            return None;
        }
        let mut provinces = BTreeSet::new();
        let mut units = BTreeSet::new();
        for part in &self.parts {
            match &part.only {
                Some(only) => units.extend(only.iter().copied()),
                None if part.provinces.is_empty() => units.extend(part.reach.records.iter()),
                None => provinces.extend(part.provinces.iter().copied()),
            }
        }
        Some(Confinement { provinces: provinces.into_iter().collect(), units: units.into_iter().collect() })
    }

    /// Every unit reached, for tables that keep no province; `None` for all.
    #[must_use]
    pub fn unit_list(&self) -> Option<Vec<OrgUnitId>> {
        if self.everything {
            return None;
        }
        let mut units = BTreeSet::new();
        for part in &self.parts {
            match (&part.only, self.units.tree.covered(&part.reach.records)) {
                (Some(only), _) => units.extend(only.iter().copied()),
                (None, Covered::Units(reached)) => units.extend(reached),
                (None, Covered::Everything) => return None,
            }
        }
        Some(units.into_iter().collect())
    }

    /// Whether records of one of these units are reached, or may be read all the same.
    #[must_use]
    pub fn reads_or_reaches(&self, units: &[OrgUnitId]) -> bool {
        units.iter().any(|unit| self.reaches(*unit)) || units.iter().any(|unit| self.reads(*unit))
    }

    /// Whether the account, whatever this request may do, reads records of this unit.
    #[must_use]
    pub fn reads(&self, unit: OrgUnitId) -> bool {
        self.principal.as_deref().is_some_and(|principal| {
            let reads = principal.grants.iter().filter(|g| g.allows(Action::Read, self.domain, self.today));
            let mut parts = reads.map(|grant| part(&self.units, grant, Action::Read, self.today));
            parts.any(|part| self.part_reaches(&part, unit))
        })
    }

    /// What a cursor is bound to: the account and the grants that give its reach.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Some(principal) = &self.principal else { return self.author.id().to_owned() };
        let grants = principal.grants.iter().map(|grant| grant.id.to_string());
        std::iter::once(principal.id.clone()).chain(grants).collect::<Vec<_>>().join(" ")
    }
}

fn is_root(units: &Units, unit: OrgUnitId) -> bool {
    units.tree.latest(unit).is_some_and(|version| version.kind == UnitKind::Country)
}

/// Whether the grant lets someone act for its unit alone, and for none below.
fn own_unit_only(grant: &HeldGrant, action: Action) -> bool {
    action == Action::Write
        && grant.role == Role::Editor
        && !grant.scopes.iter().any(|scope| scope == FILE_FOR_CHILDREN)
}

fn part(units: &Units, grant: &HeldGrant, action: Action, today: NaiveDate) -> Part {
    let is_province = units.tree.latest(grant.org_unit_id).is_some_and(|v| v.kind == UnitKind::Province);
    Part {
        over: grant.org_unit_id,
        reach: units.reach(grant.org_unit_id, today),
        except: if action == Action::Review && grant.role == Role::Reviewer {
            units.with_predecessors(grant.org_unit_id, today)
        } else {
            BTreeSet::new()
        },
        only: own_unit_only(grant, action).then(|| units.with_predecessors(grant.org_unit_id, today)),
        provinces: if is_province {
            units.with_predecessors(grant.org_unit_id, today)
        } else {
            BTreeSet::new()
        },
    }
}

/// The province that a unit's records belong to: the one it stands in today, for an ended unit the one
/// it stood in on its last day, for one that is still to come the one it will begin in. It is stored
/// with the record and never changes.
#[must_use]
pub fn home_province(tree: &OrgTree, unit: OrgUnitId, today: NaiveDate) -> Option<OrgUnitId> {
    tree.province_of(unit, tree.day_by_which_it_is_known(unit, today)?)
}

/// Confines a boxed query over a table with `province_id` and `org_unit_id` to a [`Scoped`].
#[macro_export]
macro_rules! confine {
    ($query:expr, $scoped:expr, $table:ident) => {
        match $scoped.confinement() {
            None => $query,
            Some(to) if to.units.is_empty() => $query.filter($table::province_id.eq_any(to.provinces)),
            Some(to) if to.provinces.is_empty() => $query.filter($table::org_unit_id.eq_any(to.units)),
            Some(to) => $query
                .filter($table::province_id.eq_any(to.provinces).or($table::org_unit_id.eq_any(to.units))),
        }
    };
}
