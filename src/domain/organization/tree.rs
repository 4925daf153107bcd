//! The unit tree in memory (cây đơn vị): every administrative unit that ever was, with its
//! versions and what became of it, asked for any day.
//!
//! A unit is an identity. What changes about it (name, code, kind, parent) is a **version** with
//! a half-open span of days; a merge or a division makes a new identity, and a **succession**
//! ties the old to the new. Codes of the statistics office are reused (31420 was xã Hòa Mỹ, and is
//! xã Phụng Hiệp since 1 July 2025), so a code means a unit only together with a day.
//!
//! The tree is also the one place that knows the **reach** of a grant (phạm vi): see
//! [`OrgTree::reach`].

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;

crate::id! {
    /// Identity of a unit (định danh đơn vị): never reused, unlike its codes.
    OrgUnitId
}

impl From<uuid::Uuid> for OrgUnitId {
    fn from(value: uuid::Uuid) -> Self {
        Self(value.into())
    }
}

crate::text_enum! {
    /// Kind of a unit (loại đơn vị).
    pub enum UnitKind {
        /// The country: the one root above the provinces.
        Country => "country", "quốc gia";
        /// A province or centrally run city.
        Province => "province", "tỉnh, thành phố trực thuộc trung ương";
        /// A district of any name; the tier ended on 1 July 2025.
        District => "district", "huyện, quận, thị xã, thành phố thuộc tỉnh";
        /// A commune, ward, township or special zone.
        Commune => "commune", "xã, phường, thị trấn, đặc khu";
        /// A hamlet or residential group.
        Hamlet => "hamlet", "ấp, thôn, khu vực, tổ dân phố";
        /// A specialised agency of a People's Committee.
        SpecialisedAgency => "specialised_agency", "cơ quan chuyên môn";
        /// A public service unit.
        PublicServiceUnit => "public_service_unit", "đơn vị sự nghiệp công lập";
        /// An association with state-assigned tasks.
        Association => "association", "hội";
        /// A public administration service centre.
        ServiceCentre => "service_centre", "trung tâm phục vụ hành chính công";
        /// Any other agency.
        OtherAgency => "other_agency", "cơ quan khác";
    }
}

impl UnitKind {
    /// The tier of local government that the unit is; none for the country, hamlets and agencies.
    #[must_use]
    pub const fn tier(self) -> Option<Tier> {
        match self {
            Self::Province => Some(Tier::Province),
            Self::District => Some(Tier::District),
            Self::Commune => Some(Tier::Commune),
            Self::Country
            | Self::Hamlet
            | Self::SpecialisedAgency
            | Self::PublicServiceUnit
            | Self::Association
            | Self::ServiceCentre
            | Self::OtherAgency => None,
        }
    }
}

crate::text_enum! {
    /// Tier of local government (cấp chính quyền địa phương), the highest first.
    pub enum Tier {
        /// The provincial tier.
        Province => "province", "cấp tỉnh";
        /// The district tier, until 30 June 2025.
        District => "district", "cấp huyện";
        /// The communal tier.
        Commune => "commune", "cấp xã";
    }
}

crate::text_enum! {
    /// How an ended unit went into its successor (quan hệ kế thừa). A unit that merely changed its
    /// name or kind keeps its identity and has no succession.
    pub enum SuccessionRelation {
        /// The whole unit went into the successor.
        Merge => "merge", "sáp nhập, hợp nhất";
        /// Part of the unit went into the successor.
        Division => "division", "chia, điều chỉnh một phần";
    }
}

/// What a unit was during one span of days (phiên bản của đơn vị).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitVersion {
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    pub identifier: Option<String>,
    /// Name without its kind ("Phụng Hiệp").
    pub name: String,
    /// Name with its kind ("Huyện Phụng Hiệp").
    pub full_name: String,
    /// Kind.
    pub kind: UnitKind,
    /// The unit above.
    pub parent_id: Option<OrgUnitId>,
    /// First day; none when the beginning is not known.
    pub valid_from: Option<NaiveDate>,
    /// First day on which this no longer holds; none while it does.
    pub valid_to: Option<NaiveDate>,
}

impl UnitVersion {
    /// Whether this version holds on the day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day < to)
    }

    fn holds_ever(&self) -> bool {
        match (self.valid_from, self.valid_to) {
            (Some(from), Some(to)) => from < to,
            (None, Some(to)) => to.pred_opt().is_some(),
            (_, None) => true,
        }
    }

    /// Siblings by code, those without one last, then by name.
    fn sibling_order(&self, other: &Self) -> Ordering {
        (self.code.is_none(), &self.code, &self.name, self.org_unit_id).cmp(&(
            other.code.is_none(),
            &other.code,
            &other.name,
            other.org_unit_id,
        ))
    }
}

/// What became of an ended unit (kế thừa): one row for each pair of old and new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The unit that ended.
    pub predecessor_id: OrgUnitId,
    /// The unit that carries its territory on.
    pub successor_id: OrgUnitId,
    /// Whether all or part of it went there.
    pub relation: SuccessionRelation,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
}

/// Position of a unit in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Unit(u32);

impl Unit {
    /// A tree of more than four thousand million units is out of the question; one would find
    /// nothing at the last position.
    fn of(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The arena's identities, shared with the sets over it so that a set outlives the tree.
#[derive(Debug, Default)]
struct Units {
    ids: Vec<OrgUnitId>,
    index: HashMap<OrgUnitId, Unit>,
}

#[derive(Debug)]
struct Version {
    row: UnitVersion,
    unit: Unit,
    parent: Option<Unit>,
}

/// All units with their versions and successions (see the module's text).
///
/// Bad data never hang it: a cycle of parents or of successions is walked once.
#[derive(Debug, Default)]
pub struct OrgTree {
    units: Arc<Units>,
    /// By unit, then by first day.
    versions: Vec<Version>,
    /// The versions of each unit.
    spans: Vec<Range<usize>>,
    /// Positions of the versions that name this unit as their parent, in sibling order.
    children: Vec<Vec<usize>>,
    codes: HashMap<String, Vec<usize>>,
    identifiers: HashMap<String, Vec<usize>>,
    successions: Vec<Succession>,
    /// Positions of the successions into and out of each unit.
    arrivals: Vec<Vec<usize>>,
    departures: Vec<Vec<usize>>,
}

impl OrgTree {
    /// Builds the tree. A version that holds on no day, and a succession of a unit that has no
    /// version, are left out; where two versions of a unit overlap, the one that began later wins.
    #[must_use]
    pub fn new(versions: Vec<UnitVersion>, successions: Vec<Succession>) -> Self {
        let mut units =
            Units { ids: Vec::with_capacity(versions.len()), index: HashMap::with_capacity(versions.len()) };
        let mut placed: Vec<(Unit, UnitVersion)> = Vec::with_capacity(versions.len());
        for row in versions.into_iter().filter(UnitVersion::holds_ever) {
            let next = Unit::of(units.ids.len());
            let unit = *units.index.entry(row.org_unit_id).or_insert(next);
            if unit == next {
                units.ids.push(row.org_unit_id);
            }
            placed.push((unit, row));
        }
        placed.sort_by_key(|(unit, row)| (*unit, row.valid_from, row.valid_to));

        let count = units.ids.len();
        let mut spans = vec![0..0; count];
        let mut children = vec![Vec::new(); count];
        let mut codes: HashMap<String, Vec<usize>> = HashMap::with_capacity(count);
        let mut identifiers: HashMap<String, Vec<usize>> = HashMap::new();
        let mut versions = Vec::with_capacity(placed.len());
        for (position, (unit, row)) in placed.into_iter().enumerate() {
            if let Some(span) = spans.get_mut(unit.position()) {
                if span.start == span.end {
                    span.start = position;
                }
                span.end = position + 1;
            }
            let parent = row.parent_id.and_then(|id| units.index.get(&id).copied());
            if let Some(below) = parent.and_then(|parent| children.get_mut(parent.position())) {
                below.push(position);
            }
            for (keys, key) in [(&mut codes, &row.code), (&mut identifiers, &row.identifier)] {
                let Some(key) = key else { continue };
                match keys.get_mut(key) {
                    Some(known) => known.push(position),
                    None => {
                        keys.insert(key.clone(), vec![position]);
                    }
                }
            }
            versions.push(Version { row, unit, parent });
        }
        for below in &mut children {
            below.sort_by(|a, b| match (versions.get(*a), versions.get(*b)) {
                (Some(a), Some(b)) => a.row.sibling_order(&b.row),
                _ => Ordering::Equal,
            });
        }

        let mut arrivals = vec![Vec::new(); count];
        let mut departures = vec![Vec::new(); count];
        let mut known = Vec::with_capacity(successions.len());
        for row in successions {
            let ends = (units.index.get(&row.predecessor_id), units.index.get(&row.successor_id));
            let (Some(old), Some(new)) = ends else { continue };
            if let Some(rows) = departures.get_mut(old.position()) {
                rows.push(known.len());
            }
            if let Some(rows) = arrivals.get_mut(new.position()) {
                rows.push(known.len());
            }
            known.push(row);
        }

        Self {
            units: Arc::new(units),
            versions,
            spans,
            children,
            codes,
            identifiers,
            successions: known,
            arrivals,
            departures,
        }
    }

    /// Number of units, ended ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.ids.len()
    }

    /// Whether there is no unit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.ids.is_empty()
    }

    /// Every unit that ever was.
    pub fn ids(&self) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.units.ids.iter().copied()
    }

    /// All versions of a unit, the oldest first.
    pub fn versions(&self, unit: OrgUnitId) -> impl Iterator<Item = &UnitVersion> {
        self.unit(unit).into_iter().flat_map(|unit| self.versions_of(unit)).map(|version| &version.row)
    }

    /// What the unit is on the day; none when it is not in force then.
    #[must_use]
    pub fn version_at(&self, unit: OrgUnitId, day: NaiveDate) -> Option<&UnitVersion> {
        self.on(self.unit(unit)?, day).map(|version| &version.row)
    }

    /// The last version of the unit, ended or not.
    #[must_use]
    pub fn latest(&self, unit: OrgUnitId) -> Option<&UnitVersion> {
        self.versions_of(self.unit(unit)?).last().map(|version| &version.row)
    }

    /// Whether the unit exists on the day (còn hiệu lực).
    #[must_use]
    pub fn in_force(&self, unit: OrgUnitId, day: NaiveDate) -> bool {
        self.version_at(unit, day).is_some()
    }

    /// The unit that bears the code on the day; none when no unit or more than one does.
    #[must_use]
    pub fn by_code(&self, code: &str, day: NaiveDate) -> Option<OrgUnitId> {
        only(&self.by_code_all(code, day))
    }

    /// All units that bear the code on the day: more than one is a fault of the data.
    #[must_use]
    pub fn by_code_all(&self, code: &str, day: NaiveDate) -> Vec<OrgUnitId> {
        self.bearers(&self.codes, code, Some(day))
    }

    /// All units that ever bore the code.
    #[must_use]
    pub fn ever_by_code(&self, code: &str) -> Vec<OrgUnitId> {
        self.bearers(&self.codes, code, None)
    }

    /// The unit that bears the identification code (mã định danh) on the day; none when no unit or
    /// more than one does.
    #[must_use]
    pub fn by_identifier(&self, identifier: &str, day: NaiveDate) -> Option<OrgUnitId> {
        only(&self.by_identifier_all(identifier, day))
    }

    /// All units that bear the identification code on the day.
    #[must_use]
    pub fn by_identifier_all(&self, identifier: &str, day: NaiveDate) -> Vec<OrgUnitId> {
        self.bearers(&self.identifiers, identifier, Some(day))
    }

    /// All units that ever bore the identification code.
    #[must_use]
    pub fn ever_by_identifier(&self, identifier: &str) -> Vec<OrgUnitId> {
        self.bearers(&self.identifiers, identifier, None)
    }

    /// The units directly under this one on the day (đơn vị trực thuộc), by code, then by name.
    #[must_use]
    pub fn children(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.unit(unit)
            .filter(|unit| self.on(*unit, day).is_some())
            .into_iter()
            .flat_map(|unit| self.below(unit, day))
            .map(|version| version.row.org_unit_id)
            .collect()
    }

    /// The unit and all that stands under it on the day, each before what is under it, siblings by
    /// code, then by name. Empty when the unit is not in force then.
    #[must_use]
    pub fn subtree(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.unit(unit)
            .map(|unit| self.walk(unit, day, |_| true))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|unit| self.id(unit))
            .collect()
    }

    /// The units above this one on the day, the nearest first. The line ends at a parent that is
    /// not in force then.
    #[must_use]
    pub fn ancestors(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.line(unit, day).skip(1).map(|version| version.row.org_unit_id).collect()
    }

    /// The province in which the unit stands on the day, itself if it is one.
    #[must_use]
    pub fn province_of(&self, unit: OrgUnitId, day: NaiveDate) -> Option<OrgUnitId> {
        self.line(unit, day)
            .find(|version| version.row.kind == UnitKind::Province)
            .map(|version| version.row.org_unit_id)
    }

    /// The tier of a unit; of an agency that of the administrative unit above it.
    #[must_use]
    pub fn tier_at(&self, unit: OrgUnitId, day: NaiveDate) -> Option<Tier> {
        let own = self.version_at(unit, day)?;
        let above = || self.ancestors(unit, day).into_iter();
        own.kind.tier().or_else(|| above().find_map(|above| self.version_at(above, day)?.kind.tier()))
    }

    /// The first day of the unit; none when its beginning is not known.
    #[must_use]
    pub fn first_day(&self, unit: OrgUnitId) -> Option<NaiveDate> {
        self.versions_of(self.unit(unit)?).first()?.row.valid_from
    }

    /// The last day on which an ended unit existed; none while it has a version without an end.
    #[must_use]
    pub fn last_day(&self, unit: OrgUnitId) -> Option<NaiveDate> {
        let ends: Option<Vec<_>> =
            self.versions_of(self.unit(unit)?).iter().map(|version| version.row.valid_to).collect();
        ends?.into_iter().max()?.pred_opt()
    }

    /// The successions by which other units went into this one (đơn vị tiền thân).
    pub fn predecessors(&self, unit: OrgUnitId) -> impl Iterator<Item = &Succession> {
        self.unit(unit).into_iter().flat_map(|unit| self.rows(&self.arrivals, unit))
    }

    /// The successions by which this unit went into others (đơn vị kế thừa).
    pub fn successors(&self, unit: OrgUnitId) -> impl Iterator<Item = &Succession> {
        self.unit(unit).into_iter().flat_map(|unit| self.rows(&self.departures, unit))
    }

    /// The units in force on the day that carry the territory of this one, by code: itself while it
    /// is in force, else its successors and theirs. A unit without a succession (an ended district)
    /// is carried by the heirs of the administrative units that stood under it on its last day.
    #[must_use]
    pub fn heirs(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        let mut seen = self.none();
        let mut heirs = Vec::new();
        let mut queue: Vec<Unit> = self.unit(unit).into_iter().collect();
        while let Some(unit) = queue.pop() {
            if !seen.insert(unit) {
                continue;
            }
            if let Some(version) = self.on(unit, day) {
                heirs.push(&version.row);
            } else if let Some(last) = self.last_held(unit, day) {
                if self.rows(&self.departures, unit).next().is_some() {
                    let rows = self.rows(&self.departures, unit).filter(|row| row.effective_on <= day);
                    queue.extend(rows.filter_map(|row| self.unit(row.successor_id)));
                } else {
                    let below = self.below(unit, last).filter(|version| version.row.kind.tier().is_some());
                    queue.extend(below.map(|version| version.unit));
                }
            }
        }
        heirs.sort_by(|a, b| a.sibling_order(b));
        heirs.into_iter().map(|version| version.org_unit_id).collect()
    }

    /// What a grant on the unit reaches on the day (phạm vi của quyền).
    ///
    /// - The unit and all that stands under it on the day; for a unit that has ended, what stood
    ///   under it on its last day, so that its accounts can finish what began before.
    /// - The ended predecessors of all these, and theirs in turn. A whole predecessor comes with its
    ///   own subtree on its last day, except units that stand elsewhere by now.
    /// - A divided predecessor is in the aggregates of every successor. Its records belong to the
    ///   successor that keeps them, else to a province that holds all its successors. One of a
    ///   higher tier than anything the grant covers stays out: no commune reads its former district.
    /// - Units that ended under one of these without a successor: the districts of a province that
    ///   kept its identity.
    /// - From the country: everything that ever was.
    ///
    /// A succession that takes effect after the day, and a predecessor still in force, give nothing.
    #[must_use]
    pub fn reach(&self, unit: OrgUnitId, today: NaiveDate) -> Reach {
        let Some(unit) = self.unit(unit) else {
            return Reach { records: self.none(), aggregates: self.none() };
        };
        let day = match self.last_held(unit, today) {
            Some(last) if self.on(unit, today).is_none() => last,
            _ => today,
        };
        let members = self.walk(unit, day, |_| true);

        let kinds =
            || members.iter().filter_map(|member| self.on(*member, day)).map(|version| version.row.kind);
        if kinds().any(|kind| kind == UnitKind::Country) {
            return Reach { records: self.all(), aggregates: self.all() };
        }
        let mut gathering = Gathering {
            tree: self,
            today,
            tier: kinds().filter_map(UnitKind::tier).min(),
            records: self.none(),
            aggregates: self.none(),
            queue: Vec::new(),
            whole: HashMap::new(),
            divided: Vec::new(),
        };
        // A unit that has not begun yet is not among its own members.
        gathering.add(unit, Hold::Records);
        for member in members {
            gathering.add(member, Hold::Records);
        }
        gathering.finish()
    }

    /// The set as SQL needs it to confine a query: no condition at all, or a list of ids.
    #[must_use]
    pub fn covered(&self, set: &UnitSet) -> Covered {
        // A full set without the country is one province alone in its database: units founded
        // after this tree was built must not fall under it unasked.
        let country = |id| self.latest(id).is_some_and(|version| version.kind == UnitKind::Country);
        if set.len() == self.len() && self.ids().all(|id| set.contains(id)) && set.iter().any(country) {
            return Covered::Everything;
        }
        Covered::Units(set.iter().collect())
    }

    fn unit(&self, id: OrgUnitId) -> Option<Unit> {
        self.units.index.get(&id).copied()
    }

    fn id(&self, unit: Unit) -> Option<OrgUnitId> {
        self.units.ids.get(unit.position()).copied()
    }

    fn none(&self) -> UnitSet {
        UnitSet { units: Arc::clone(&self.units), words: vec![0; self.len().div_ceil(64)], len: 0 }
    }

    fn all(&self) -> UnitSet {
        let mut all = self.none();
        for position in 0..self.len() {
            all.insert(Unit::of(position));
        }
        all
    }

    fn versions_of(&self, unit: Unit) -> &[Version] {
        self.spans.get(unit.position()).and_then(|span| self.versions.get(span.clone())).unwrap_or_default()
    }

    fn on(&self, unit: Unit, day: NaiveDate) -> Option<&Version> {
        self.versions_of(unit).iter().rev().find(|version| version.row.holds_on(day))
    }

    /// The last day before this one on which a version of the unit ended.
    fn last_held(&self, unit: Unit, day: NaiveDate) -> Option<NaiveDate> {
        let ends = self.versions_of(unit).iter().filter_map(|version| version.row.valid_to);
        ends.filter(|end| *end <= day).max()?.pred_opt()
    }

    fn ended(&self, unit: Unit, today: NaiveDate) -> bool {
        self.on(unit, today).is_none() && self.last_held(unit, today).is_some()
    }

    fn below(&self, unit: Unit, day: NaiveDate) -> impl Iterator<Item = &Version> {
        self.children
            .get(unit.position())
            .into_iter()
            .flatten()
            .filter_map(|position| self.versions.get(*position))
            // Of overlapping versions only the one that `on` gives counts, so that a unit never
            // stands under two parents on one day.
            .filter(move |version| {
                self.on(version.unit, day).is_some_and(|held| std::ptr::eq(held, *version))
            })
    }

    fn rows<'t>(
        &'t self,
        index: &'t [Vec<usize>],
        unit: Unit,
    ) -> impl Iterator<Item = &'t Succession> + use<'t> {
        index
            .get(unit.position())
            .into_iter()
            .flatten()
            .filter_map(|position| self.successions.get(*position))
    }

    /// The unit and those under it on the day, in preorder, without the branches turned down.
    fn walk(&self, top: Unit, day: NaiveDate, takes: impl Fn(&Version) -> bool) -> Vec<Unit> {
        let mut members = Vec::new();
        let mut stack: Vec<Unit> = self.on(top, day).map(|version| version.unit).into_iter().collect();
        while let Some(unit) = stack.pop() {
            members.push(unit);
            let start = stack.len();
            // A unit has one parent a day, so only the top itself can be met twice.
            let below = self.below(unit, day).filter(|version| version.unit != top && takes(version));
            stack.extend(below.map(|version| version.unit));
            if let Some(siblings) = stack.get_mut(start..) {
                siblings.reverse();
            }
        }
        members
    }

    /// The unit's version on the day, then its parent's, and so on up.
    fn line(&self, unit: OrgUnitId, day: NaiveDate) -> impl Iterator<Item = &Version> {
        let mut seen: Vec<Unit> = Vec::new();
        std::iter::successors(self.unit(unit).and_then(|unit| self.on(unit, day)), move |version| {
            seen.push(version.unit);
            self.on(version.parent.filter(|parent| !seen.contains(parent))?, day)
        })
    }

    fn bearers(
        &self,
        keys: &HashMap<String, Vec<usize>>,
        key: &str,
        day: Option<NaiveDate>,
    ) -> Vec<OrgUnitId> {
        let mut bearers = Vec::new();
        let positions = keys.get(key).into_iter().flatten();
        for version in positions.filter_map(|position| self.versions.get(*position)) {
            let holds =
                day.is_none_or(|day| self.on(version.unit, day).is_some_and(|on| std::ptr::eq(on, version)));
            if holds && !bearers.contains(&version.row.org_unit_id) {
                bearers.push(version.row.org_unit_id);
            }
        }
        bearers
    }

    /// Whether the unit went into more than one, or not whole into the one that is known.
    fn is_divided(&self, unit: Unit) -> bool {
        let mut rows = self.rows(&self.departures, unit);
        let first = rows.next().map(|row| (row.relation, row.successor_id));
        first.is_some_and(|(relation, successor)| {
            relation == SuccessionRelation::Division
                || rows
                    .any(|row| row.relation == SuccessionRelation::Division || row.successor_id != successor)
        })
    }
}

fn only(found: &[OrgUnitId]) -> Option<OrgUnitId> {
    match found {
        [one] => Some(*one),
        _ => None,
    }
}

/// What a grant reaches: of some units every record, of some only the totals.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Units whose single records may be seen.
    pub records: UnitSet,
    /// Units whose totals may be seen: those of `records`, and divided predecessors.
    pub aggregates: UnitSet,
}

/// A set of units as SQL confines a query to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// The whole country: no condition.
    Everything,
    /// These units only.
    Units(Vec<OrgUnitId>),
}

/// A set of units of one tree: one bit a unit.
#[derive(Clone)]
pub struct UnitSet {
    units: Arc<Units>,
    words: Vec<u64>,
    len: usize,
}

impl UnitSet {
    /// Whether the unit is in the set.
    #[must_use]
    pub fn contains(&self, unit: OrgUnitId) -> bool {
        self.units.index.get(&unit).is_some_and(|unit| self.has(*unit))
    }

    /// Number of units in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The units of the set.
    pub fn iter(&self) -> impl Iterator<Item = OrgUnitId> + '_ {
        let ids = self.units.ids.iter().enumerate();
        ids.filter(|(position, _)| self.has(Unit::of(*position))).map(|(_, id)| *id)
    }

    /// Whether every unit of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|unit| other.contains(unit))
    }

    fn has(&self, unit: Unit) -> bool {
        let position = unit.position();
        self.words.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    /// Whether the unit is new to the set.
    fn insert(&mut self, unit: Unit) -> bool {
        let position = unit.position();
        let Some(word) = self.words.get_mut(position / 64) else { return false };
        let bit = 1 << (position % 64);
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }
}

impl fmt::Debug for UnitSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// How a unit is held by a reach: the stronger includes the weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Aggregates,
    Records,
}

/// A reach while it is being gathered: sets only grow, so it ends whatever the data say.
struct Gathering<'t> {
    tree: &'t OrgTree,
    today: NaiveDate,
    /// The highest tier that the grant itself covers.
    tier: Option<Tier>,
    records: UnitSet,
    aggregates: UnitSet,
    /// Units whose predecessors are still to be followed.
    queue: Vec<(Unit, Hold)>,
    /// Units taken together with their last day's subtree already.
    whole: HashMap<Unit, Hold>,
    divided: Vec<Unit>,
}

impl Gathering<'_> {
    fn add(&mut self, unit: Unit, hold: Hold) {
        let mut new = self.aggregates.insert(unit);
        if hold == Hold::Records {
            new = self.records.insert(unit);
        }
        if new {
            self.queue.push((unit, hold));
        }
    }

    fn add_whole(&mut self, unit: Unit, hold: Hold) {
        if self.whole.get(&unit).is_some_and(|known| *known >= hold) {
            return;
        }
        self.whole.insert(unit, hold);
        let (tree, today) = (self.tree, self.today);
        let Some(last) = tree.last_held(unit, today) else { return };
        // A unit that has a place today is reached from there; one whose parent ended while it
        // lives on has none, and stays with whoever carries the parent.
        let placed = |version: &Version| {
            let now = tree.on(version.unit, today).and_then(|now| now.parent);
            now.is_some_and(|parent| tree.on(parent, today).is_some())
        };
        for member in tree.walk(unit, last, |version| !placed(version)) {
            self.add(member, hold);
        }
    }

    fn follow(&mut self, unit: Unit, hold: Hold) {
        let (tree, today) = (self.tree, self.today);
        for row in tree.rows(&tree.arrivals, unit).filter(|row| row.effective_on <= today) {
            let Some(old) = tree.unit(row.predecessor_id).filter(|old| tree.ended(*old, today)) else {
                continue;
            };
            if !tree.is_divided(old) {
                self.add_whole(old, hold);
                continue;
            }
            self.divided.push(old);
            if row.keeps_records {
                self.add(old, hold);
            } else if self.may_read(old) {
                self.add(old, Hold::Aggregates);
            }
        }
        for below in tree.children.get(unit.position()).into_iter().flatten() {
            let Some(version) = tree.versions.get(*below) else { continue };
            let last = tree.versions_of(version.unit).last().is_some_and(|last| std::ptr::eq(last, version));
            let heirless = tree.rows(&tree.departures, version.unit).next().is_none();
            if last && heirless && tree.ended(version.unit, today) {
                self.add_whole(version.unit, hold);
            }
        }
    }

    fn may_read(&self, divided: Unit) -> bool {
        let tier = self.tree.versions_of(divided).last().and_then(|version| version.row.kind.tier());
        tier.is_none_or(|tier| self.tier.is_some_and(|own| own <= tier))
    }

    fn finish(mut self) -> Reach {
        loop {
            while let Some((unit, hold)) = self.queue.pop() {
                self.follow(unit, hold);
            }
            if self.tier != Some(Tier::Province) {
                break;
            }
            self.divided.sort_unstable();
            self.divided.dedup();
            for old in self.divided.clone() {
                let mut into = self.tree.rows(&self.tree.departures, old);
                if into.all(|row| self.records.contains(row.successor_id)) {
                    self.add_whole(old, Hold::Records);
                }
            }
            if self.queue.is_empty() {
                break;
            }
        }
        Reach { records: self.records, aggregates: self.aggregates }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u32) -> OrgUnitId {
        format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
    }

    fn ids(numbers: &[u32]) -> Vec<OrgUnitId> {
        numbers.iter().copied().map(id).collect()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn before() -> NaiveDate {
        day("2024-06-30")
    }

    fn today() -> NaiveDate {
        day("2026-09-30")
    }

    fn version(
        unit: u32,
        code: &str,
        name: &str,
        kind: UnitKind,
        parent: u32,
        span: (Option<&str>, Option<&str>),
    ) -> UnitVersion {
        UnitVersion {
            org_unit_id: id(unit),
            code: (!code.is_empty()).then(|| code.to_owned()),
            identifier: None,
            name: name.to_owned(),
            full_name: name.to_owned(),
            kind,
            parent_id: (parent != 0).then(|| id(parent)),
            valid_from: span.0.map(day),
            valid_to: span.1.map(day),
        }
    }

    fn succession(old: u32, new: u32, relation: SuccessionRelation, keeps_records: bool) -> Succession {
        Succession {
            predecessor_id: id(old),
            successor_id: id(new),
            relation,
            effective_on: day("2025-07-01"),
            keeps_records,
        }
    }

    const OLD: (Option<&str>, Option<&str>) = (None, Some("2025-07-01"));
    const NEW: (Option<&str>, Option<&str>) = (Some("2025-07-01"), None);
    const ALWAYS: (Option<&str>, Option<&str>) = (None, None);

    /// Hậu Giang (93) went into Cần Thơ (92); Huế (46) only changed its name; the island district
    /// of Hải Phòng became a special zone.
    fn story() -> OrgTree {
        use SuccessionRelation::{Division, Merge};
        use UnitKind::*;
        OrgTree::new(
            vec![
                version(1, "", "Việt Nam", Country, 0, ALWAYS),
                version(92, "92", "Cần Thơ", Province, 1, OLD),
                version(93, "93", "Hậu Giang", Province, 1, OLD),
                version(192, "92", "Cần Thơ", Province, 1, NEW),
                version(46, "46", "Thừa Thiên Huế", Province, 1, (None, Some("2025-01-01"))),
                version(46, "46", "Huế", Province, 1, (Some("2025-01-01"), None)),
                version(474, "474", "Thành phố Huế", District, 46, OLD),
                version(475, "19774", "Phú Thuận", Commune, 474, OLD),
                version(476, "19774", "Thuận An", Commune, 46, NEW),
                version(477, "19777", "Hóa Châu", Commune, 46, NEW),
                version(934, "934", "Phụng Hiệp", District, 93, OLD),
                version(935, "", "Phòng Nội vụ", SpecialisedAgency, 934, OLD),
                version(936, "", "Trường Tân Phú", PublicServiceUnit, 934, ALWAYS),
                version(31_396, "31396", "Cây Dương", Commune, 934, OLD),
                version(31_420, "31420", "Hòa Mỹ", Commune, 934, OLD),
                version(31_429, "31429", "Hiệp Hưng", Commune, 934, OLD),
                version(31_430, "31430", "Chia Đôi", Commune, 934, OLD),
                version(4, "", "Ấp Một", Hamlet, 31_429, OLD),
                version(131_396, "31396", "Hiệp Hưng", Commune, 192, NEW),
                version(131_420, "31420", "Phụng Hiệp", Commune, 192, NEW),
                version(31, "31", "Hải Phòng", Province, 1, ALWAYS),
                version(318, "318", "Bạch Long Vĩ", District, 31, OLD),
                version(319, "", "Ấp Đảo", Hamlet, 318, OLD),
                version(11_948, "11948", "Bạch Long Vĩ", Commune, 31, NEW),
            ],
            vec![
                succession(92, 192, Merge, false),
                succession(93, 192, Merge, false),
                succession(31_396, 131_396, Merge, false),
                succession(31_429, 131_396, Merge, false),
                succession(31_420, 131_420, Merge, false),
                succession(31_430, 131_396, Division, false),
                succession(31_430, 131_420, Division, false),
                succession(475, 476, Division, true),
                succession(475, 477, Division, false),
                succession(318, 11_948, Merge, false),
                succession(999, 11_948, Merge, false),
            ],
        )
    }

    fn names(set: &UnitSet) -> Vec<OrgUnitId> {
        let mut names: Vec<_> = set.iter().collect();
        names.sort();
        names
    }

    #[test]
    fn a_code_means_a_unit_only_on_a_day() {
        let tree = story();
        assert_eq!(tree.by_code("31420", before()), Some(id(31_420)));
        assert_eq!(tree.by_code("31420", day("2025-06-30")), Some(id(31_420)));
        assert_eq!(tree.by_code("31420", day("2025-07-01")), Some(id(131_420)));
        assert_eq!(tree.ever_by_code("31420"), ids(&[31_420, 131_420]));
        assert_eq!(tree.ever_by_code("46"), ids(&[46]));
        assert_eq!(tree.by_code("934", today()), None);
        assert_eq!(tree.by_identifier("H92", today()), None);
    }

    #[test]
    fn a_unit_that_changes_its_name_stays_itself() {
        let tree = story();
        let name = |on: &str| tree.version_at(id(46), day(on)).unwrap().name.clone();
        assert_eq!((name("2024-12-31"), name("2025-01-01")), ("Thừa Thiên Huế".into(), "Huế".into()));
        assert_eq!(tree.last_day(id(46)), None);
        assert_eq!(tree.last_day(id(93)), Some(day("2025-06-30")));
        assert_eq!(tree.first_day(id(46)), None);
        assert_eq!(tree.first_day(id(192)), Some(day("2025-07-01")));
        assert_eq!(tree.heirs(id(46), today()), ids(&[46]));
        assert_eq!(tree.children(id(46), day("2025-06-30")), ids(&[474]));
        assert_eq!(tree.versions(id(46)).count(), 2);
    }

    #[test]
    fn the_subtree_lists_each_unit_before_those_under_it_siblings_by_code() {
        let tree = story();
        assert_eq!(
            tree.subtree(id(93), before()),
            ids(&[93, 934, 31_396, 31_420, 31_429, 4, 31_430, 935, 936])
        );
        assert_eq!(tree.subtree(id(93), today()), []);
        assert_eq!(tree.ancestors(id(4), before()), ids(&[31_429, 934, 93, 1]));
        assert_eq!(tree.province_of(id(4), before()), Some(id(93)));
        assert_eq!(tree.province_of(id(192), today()), Some(id(192)));
        assert_eq!(tree.province_of(id(1), today()), None);
    }

    #[test]
    fn the_heirs_of_a_district_are_those_of_its_communes() {
        let tree = story();
        assert_eq!(tree.heirs(id(934), today()), ids(&[131_396, 131_420]));
        assert_eq!(tree.heirs(id(93), today()), ids(&[192]));
        assert_eq!(tree.heirs(id(318), today()), ids(&[11_948]));
        assert_eq!(tree.heirs(id(934), before()), ids(&[934]));
        assert_eq!(tree.heirs(id(192), before()), [], "it has not begun");
    }

    #[test]
    fn a_commune_reaches_what_went_into_it_and_no_district() {
        let reach = story().reach(id(131_396), today());
        assert_eq!(names(&reach.records), ids(&[4, 31_396, 31_429, 131_396]));
        assert_eq!(names(&reach.aggregates), ids(&[4, 31_396, 31_429, 31_430, 131_396]));
    }

    #[test]
    fn a_province_reaches_the_whole_of_its_predecessors() {
        let tree = story();
        let reach = tree.reach(id(192), today());
        let all = [4, 92, 93, 192, 934, 935, 936, 31_396, 31_420, 31_429, 31_430, 131_396, 131_420];
        assert_eq!(names(&reach.records), ids(&all));
        assert_eq!(names(&reach.aggregates), ids(&all));
        assert_eq!(names(&tree.reach(id(192), before()).records), ids(&[192]), "it has not begun");
    }

    #[test]
    fn a_province_that_lives_on_keeps_its_ended_districts() {
        let tree = story();
        assert_eq!(names(&tree.reach(id(46), today()).records), ids(&[46, 474, 475, 476, 477]));
        assert_eq!(names(&tree.reach(id(31), today()).records), ids(&[31, 318, 319, 11_948]));
    }

    #[test]
    fn the_keeper_of_a_divided_unit_has_its_records_the_other_its_totals() {
        let tree = story();
        let (keeper, other) = (tree.reach(id(476), today()), tree.reach(id(477), today()));
        assert_eq!(names(&keeper.records), ids(&[475, 476]));
        assert_eq!(names(&other.records), ids(&[477]));
        assert_eq!(names(&other.aggregates), ids(&[475, 477]));
    }

    #[test]
    fn a_special_zone_reaches_the_island_district_it_was() {
        let reach = story().reach(id(11_948), today());
        assert_eq!(names(&reach.records), ids(&[318, 319, 11_948]));
    }

    #[test]
    fn no_commune_reads_a_divided_district() {
        use SuccessionRelation::Division;
        use UnitKind::*;
        let tree = OrgTree::new(
            vec![
                version(1, "01", "Tỉnh", Province, 0, ALWAYS),
                version(2, "001", "Huyện", District, 1, OLD),
                version(3, "00001", "Xã Đông", Commune, 1, NEW),
                version(4, "00004", "Xã Tây", Commune, 1, NEW),
            ],
            vec![succession(2, 3, Division, false), succession(2, 4, Division, false)],
        );
        assert_eq!(names(&tree.reach(id(3), today()).aggregates), ids(&[3]));
        assert_eq!(names(&tree.reach(id(1), today()).records), ids(&[1, 2, 3, 4]));
        assert!(matches!(tree.covered(&tree.reach(id(1), today()).records), Covered::Units(_)));
    }

    #[test]
    fn an_ended_unit_keeps_the_reach_of_its_last_day() {
        let reach = story().reach(id(934), today());
        assert_eq!(names(&reach.records), ids(&[4, 934, 935, 936, 31_396, 31_420, 31_429, 31_430]));
    }

    #[test]
    fn a_unit_that_moved_is_reached_from_where_it_stands() {
        use UnitKind::*;
        let tree = OrgTree::new(
            vec![
                version(1, "01", "Cũ", Province, 0, OLD),
                version(2, "02", "Mới", Province, 0, NEW),
                version(3, "03", "Khác", Province, 0, ALWAYS),
                version(4, "00004", "Xã", Commune, 1, OLD),
                version(4, "00004", "Xã", Commune, 3, NEW),
                version(5, "", "Ấp", Hamlet, 4, ALWAYS),
            ],
            vec![succession(1, 2, SuccessionRelation::Merge, false)],
        );
        assert_eq!(names(&tree.reach(id(2), today()).records), ids(&[1, 2]));
        assert_eq!(names(&tree.reach(id(3), today()).records), ids(&[3, 4, 5]));
    }

    #[test]
    fn the_country_reaches_everything_that_ever_was() {
        let tree = story();
        let reach = tree.reach(id(1), today());
        assert_eq!(reach.records.len(), tree.len());
        assert_eq!(tree.covered(&reach.records), Covered::Everything);
        assert_eq!(
            tree.covered(&tree.reach(id(11_948), today()).records),
            Covered::Units(ids(&[318, 319, 11_948]))
        );
    }

    #[test]
    fn what_is_not_known_gives_nothing() {
        let tree = story();
        assert_eq!(tree.subtree(id(7), today()), []);
        assert_eq!(tree.heirs(id(7), today()), []);
        assert!(tree.reach(id(7), today()).aggregates.is_empty());
        assert!(OrgTree::default().is_empty());
        assert_eq!(tree.predecessors(id(11_948)).count(), 1, "999 has no version");
        assert_eq!(tree.successors(id(31_430)).count(), 2);
    }

    fn a_day() -> impl Strategy<Value = NaiveDate> {
        (0_u64..40).prop_map(|days| day("2025-06-10") + chrono::Days::new(days))
    }

    /// Any data at all, cycles and overlaps included; only the first unit is a country.
    fn any_tree() -> impl Strategy<Value = OrgTree> {
        let kind = prop::sample::select(&UnitKind::ALL[1..]);
        let row = (
            0_u32..16,
            kind,
            prop::option::of(0_u32..16),
            prop::option::of(a_day()),
            prop::option::of(a_day()),
        );
        let rows = prop::collection::vec(row, 0..40);
        let link = (0_u32..16, 0_u32..16, any::<bool>(), any::<bool>(), a_day());
        (rows, prop::collection::vec(link, 0..24)).prop_map(|(rows, links)| {
            let country = version(0, "", "Việt Nam", UnitKind::Country, 0, ALWAYS);
            let versions = rows.into_iter().map(|(unit, kind, parent, valid_from, valid_to)| UnitVersion {
                org_unit_id: id(unit),
                code: Some(format!("{unit:05}")),
                kind: if unit == 0 { UnitKind::Country } else { kind },
                parent_id: parent.map(id),
                valid_from,
                valid_to,
                ..country.clone()
            });
            let links = links.into_iter().map(|(old, new, whole, keeps_records, effective_on)| Succession {
                effective_on,
                ..succession(
                    old,
                    new,
                    if whole { SuccessionRelation::Merge } else { SuccessionRelation::Division },
                    keeps_records,
                )
            });
            OrgTree::new(std::iter::once(country.clone()).chain(versions).collect(), links.collect())
        })
    }

    proptest! {
        #[test]
        fn children_and_parents_agree(tree in any_tree(), day in a_day()) {
            for unit in tree.ids() {
                for child in tree.children(unit, day) {
                    prop_assert_eq!(tree.version_at(child, day).and_then(|version| version.parent_id), Some(unit));
                }
                let parent = tree.version_at(unit, day).and_then(|version| version.parent_id);
                if let Some(parent) = parent.filter(|parent| tree.in_force(*parent, day)) {
                    prop_assert!(tree.children(parent, day).contains(&unit));
                }
            }
        }

        #[test]
        fn a_subtree_is_the_closure_of_children_without_doubles(tree in any_tree(), day in a_day()) {
            for unit in tree.ids() {
                let subtree = tree.subtree(unit, day);
                let mut closure: Vec<OrgUnitId> =
                    tree.in_force(unit, day).then_some(unit).into_iter().collect();
                let mut next = 0;
                while let Some(member) = closure.get(next).copied() {
                    next += 1;
                    for child in tree.children(member, day) {
                        if !closure.contains(&child) {
                            closure.push(child);
                        }
                    }
                }
                let sorted = |mut list: Vec<OrgUnitId>| { list.sort(); list };
                prop_assert_eq!(sorted(subtree.clone()), sorted(closure));
                for member in subtree.into_iter().filter(|member| *member != unit) {
                    prop_assert!(tree.ancestors(member, day).contains(&unit));
                }
            }
        }

        #[test]
        fn reaches_nest(tree in any_tree(), day in a_day()) {
            for unit in tree.ids() {
                let reach = tree.reach(unit, day);
                prop_assert!(reach.records.contains(unit));
                prop_assert!(reach.records.is_subset(&reach.aggregates));
                prop_assert_eq!(reach.records.iter().count(), reach.records.len());
                for child in tree.children(unit, day) {
                    let inner = tree.reach(child, day);
                    prop_assert!(inner.records.is_subset(&reach.records));
                    prop_assert!(inner.aggregates.is_subset(&reach.aggregates));
                }
            }
        }

        #[test]
        fn heirs_are_in_force(tree in any_tree(), day in a_day()) {
            for unit in tree.ids() {
                for heir in tree.heirs(unit, day) {
                    prop_assert!(tree.in_force(heir, day));
                }
            }
        }

        #[test]
        fn an_ended_unit_has_a_last_day_on_which_it_was_in_force(tree in any_tree()) {
            for unit in tree.ids() {
                if let Some(last) = tree.last_day(unit) {
                    prop_assert!(tree.in_force(unit, last));
                    prop_assert!(!tree.in_force(unit, last + chrono::Days::new(1)));
                }
            }
        }
    }
}
