//! Ways on which the rows of a reach are read. An index gives the rows of one unit or one province in
//! their order, those of several together only after sorting them all. A page over a few is therefore
//! made of the first rows of each.

use crate::auth::scope::Confinement;
use crate::tree::OrgUnitId;

/// More than so many are read on one way, in the order of the whole table: they are a large part of it.
const MOST: usize = 64;

/// A part of a reach that is read in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// All rows.
    Everything,
    /// Those of a province.
    Province(OrgUnitId),
    /// Those of a unit.
    Unit(OrgUnitId),
    /// Those of many provinces and units.
    Many(Confinement),
}

impl Way {
    /// The ways of a reach.
    #[must_use]
    pub fn of(reach: Option<Confinement>) -> Vec<Self> {
        let Some(reach) = reach else { return vec![Self::Everything] };
        if reach.provinces.len() + reach.units.len() > MOST {
            return vec![Self::Many(reach)];
        }
        let Confinement { provinces, units } = reach;
        provinces.into_iter().map(Self::Province).chain(units.into_iter().map(Self::Unit)).collect()
    }
}

/// On which ways the records of a reach are read, or of these units where some are asked for: those of
/// some units are read unit by unit, and held against the reach.
#[must_use]
pub fn ways_of(reach: Option<Confinement>, units: Option<&[OrgUnitId]>) -> (Vec<Way>, Option<Confinement>) {
    match units {
        None => (Way::of(reach), None),
        Some(units) => {
            let asked = Confinement { provinces: Vec::new(), units: units.to_vec() };
            (Way::of(Some(asked)), reach)
        }
    }
}

/// The first rows of all ways together, out of the first rows of each; `key` is what they are ordered by.
#[must_use]
pub fn merged<T, K: Ord>(ways: Vec<Vec<T>>, is_descending: bool, key: impl Fn(&T) -> K) -> Vec<T> {
    let several = ways.len() > 1;
    let mut rows: Vec<T> = ways.into_iter().flatten().collect();
    if several {
        rows.sort_by(|one, other| {
            let order = key(one).cmp(&key(other));
            if is_descending { order.reverse() } else { order }
        });
        // A record of a unit is one of its province too.
        rows.dedup_by(|one, other| key(one) == key(other));
    }
    rows
}

/// Confines a boxed query over a table with `province_id` and `org_unit_id` to a [`Way`].
#[macro_export]
macro_rules! on_way {
    ($query:expr, $way:expr, $table:ident) => {
        match $way {
            $crate::api::ways::Way::Everything => $query,
            $crate::api::ways::Way::Province(province) => $query.filter($table::province_id.eq(*province)),
            $crate::api::ways::Way::Unit(unit) => $query.filter($table::org_unit_id.eq(*unit)),
            $crate::api::ways::Way::Many(to) => $query.filter(
                $crate::db::unindexed::Unindexed($table::province_id)
                    .eq_any(to.provinces.clone())
                    .or($crate::db::unindexed::Unindexed($table::org_unit_id).eq_any(to.units.clone())),
            ),
        }
    };
}

/// Holds a boxed query over a table with `province_id` and `org_unit_id`, whose rows are read on a
/// [`Way`], against a reach.
#[macro_export]
macro_rules! within_reach {
    ($query:expr, $reach:expr, $table:ident) => {
        match $reach {
            None => $query,
            Some(to) => $query.filter(
                $crate::db::unindexed::Unindexed($table::province_id)
                    .eq_any(to.provinces.clone())
                    .or($crate::db::unindexed::Unindexed($table::org_unit_id).eq_any(to.units.clone())),
            ),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_units_are_ways_of_their_own_and_many_are_one() {
        let units = |count: usize| (0..count).map(|_| OrgUnitId::new()).collect::<Vec<_>>();
        assert_eq!(Way::of(None), [Way::Everything]);
        let few = Confinement { provinces: units(1), units: units(2) };
        let expected =
            vec![Way::Province(few.provinces[0]), Way::Unit(few.units[0]), Way::Unit(few.units[1])];
        assert_eq!(Way::of(Some(few)), expected);
        let many = Confinement { provinces: Vec::new(), units: units(MOST + 1) };
        assert_eq!(Way::of(Some(many.clone())), [Way::Many(many)]);
        assert_eq!(Way::of(Some(Confinement { provinces: Vec::new(), units: Vec::new() })), []);
    }

    #[test]
    fn rows_of_several_ways_come_in_one_order_and_once() {
        let merged_of =
            |is_descending| merged(vec![vec![1, 4, 6], vec![2, 4], vec![]], is_descending, |row| *row);
        assert_eq!(merged_of(false), [1, 2, 4, 6]);
        assert_eq!(merged_of(true), [6, 4, 2, 1]);
    }
}
