//! Counting all dossiers again. They are read once, and what each adds to the counts is put aside in a file that has
//! no name. The sheets of all areas together would take memory for each unit and day: they are made of the file in
//! shares, each of some areas.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use diesel::prelude::*;

use super::contributions::{Changes, Counted, Leaf, contributions};
use super::deltas::{OfUnit, by_unit};
use super::fold::{Since, note_since};
use super::sheets::{Area, Bucket, Sheet};
use crate::dossiers::model::DossierId;
use crate::dossiers::row::DossierRow;
use kernel::db::DbConn;
use kernel::db::schema::dossiers;
use kernel::error::ApiError;

/// Dossiers read at once.
const PART: i64 = 2_000;

/// Counts put aside together.
const TOGETHER: usize = 20_000;

/// Dossiers of one share: its sheets take some hundred megabytes at most.
const SHARE: i64 = 150_000;

/// The sheets of some areas.
pub(super) type Sheets = BTreeMap<(Area, Bucket), Sheet>;

/// Adds changes to the sheets of the areas that are wanted.
pub(super) fn add(sheets: &mut Sheets, leaf: &Leaf, changes: Changes, is_wanted: impl Fn(Area) -> bool) {
    for area in Area::all_of(leaf).into_iter().filter(|area| is_wanted(*area)) {
        for bucket in Bucket::both_of(leaf.day) {
            sheets.entry((area, bucket)).or_default().add(area, bucket, leaf, changes);
        }
    }
}

/// What all dossiers add to the counts.
#[derive(Debug)]
pub(super) struct Recount {
    aside: File,
    /// How many dossiers there are.
    pub(super) dossiers: i64,
    /// Which units are counted, and since when.
    pub(super) since: Since,
}

impl Recount {
    /// Reads all dossiers that are not deleted, each part of which `look` is shown.
    ///
    /// # Errors
    /// When the database cannot be read, or nothing can be put aside.
    pub(super) fn of(
        conn: &mut DbConn,
        mut look: impl FnMut(&mut DbConn, &[DossierRow]) -> Result<(), ApiError>,
    ) -> Result<Self, ApiError> {
        let mut out = BufWriter::new(tempfile::tempfile().map_err(ApiError::internal)?);
        let (mut counted, mut since) = (Counted::new(), Since::new());
        let (mut dossiers, mut last) = (0, None);
        loop {
            let rows = dossiers_behind(conn, last)?;
            let Some(end) = rows.last() else { break };
            last = Some(end.id);
            dossiers += i64::try_from(rows.len()).unwrap_or_default();
            look(conn, &rows)?;
            for (leaf, changes) in rows.iter().flat_map(contributions) {
                note_since(&mut since, &leaf);
                *counted.entry(leaf).or_default() += changes;
            }
            if counted.len() >= TOGETHER {
                put_aside(&mut out, &std::mem::take(&mut counted)).map_err(ApiError::internal)?;
            }
        }
        put_aside(&mut out, &counted).map_err(ApiError::internal)?;
        let aside = out.into_inner().map_err(ApiError::internal)?;
        Ok(Self { aside, dossiers, since })
    }

    /// The shares in which all areas are counted.
    pub(super) fn shares(&self) -> impl Iterator<Item = Share> + use<> {
        let of = u64::try_from(self.dossiers / SHARE).unwrap_or_default() + 1;
        (0..of).map(move |number| Share { number, of })
    }

    /// The sheets of the areas that are wanted.
    ///
    /// # Errors
    /// When what was put aside cannot be read.
    pub(super) fn counted(&mut self, is_wanted: impl Fn(Area) -> bool) -> Result<Sheets, ApiError> {
        self.aside.rewind().map_err(ApiError::internal)?;
        let mut from = BufReader::new(&self.aside);
        let (mut sheets, mut bytes) = (Sheets::new(), Vec::new());
        while take_back(&mut from, &mut bytes).map_err(ApiError::internal)? {
            let units: Vec<OfUnit> = postcard::from_bytes(&bytes).map_err(ApiError::internal)?;
            for of_unit in units {
                of_unit.each(|leaf, changes| add(&mut sheets, &leaf, changes, &is_wanted))?;
            }
        }
        Ok(sheets)
    }
}

/// Some of all areas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    number: u64,
    of: u64,
}

impl Share {
    /// Whether an area is counted in this share.
    pub(super) fn is_of(self, area: Area) -> bool {
        let mut hasher = DefaultHasher::new();
        area.hash(&mut hasher);
        hasher.finish() % self.of == self.number
    }
}

/// The next dossiers that are not deleted.
fn dossiers_behind(conn: &mut DbConn, last: Option<DossierId>) -> Result<Vec<DossierRow>, ApiError> {
    let mut query = dossiers::table.filter(dossiers::deleted_at.is_null()).into_boxed();
    if let Some(last) = last {
        query = query.filter(dossiers::id.gt(last));
    }
    Ok(query.order(dossiers::id).limit(PART).select(DossierRow::as_select()).load(conn)?)
}

/// Writes counts, behind the length that they take.
fn put_aside(out: &mut impl Write, counted: &Counted) -> io::Result<()> {
    let units: Vec<OfUnit> = by_unit(counted).map(|(of_unit, _)| of_unit).collect();
    let bytes = postcard::to_stdvec(&units).map_err(io::Error::other)?;
    let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&bytes)
}

/// Reads the next counts that were put aside; answers whether there were any.
fn take_back(from: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut length = [0; size_of::<u64>()];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        read => read?,
    }
    bytes.resize(usize::try_from(u64::from_be_bytes(length)).map_err(io::Error::other)?, 0);
    from.read_exact(bytes)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use kernel::tree::{OrgUnitId, Tier};

    use super::*;
    use crate::dossiers::model::Channel;
    use crate::dossiers::summaries::contributions::CountedBy;
    use crate::procedures::model::ProcedureId;

    /// Two parts are put aside, with counts of forty units of two provinces.
    fn recount() -> Recount {
        let provinces = [OrgUnitId::new(), OrgUnitId::new()];
        let procedure = ProcedureId::new();
        let units = (0..40).map(|_| OrgUnitId::new()).zip(provinces.into_iter().cycle());
        let counted: Vec<Counted> = units
            .zip(1..)
            .map(|((unit, province), received)| {
                let leaf = Leaf {
                    by: CountedBy::Both,
                    unit,
                    province,
                    tier: Tier::Commune,
                    field: None,
                    procedure,
                    channel: Channel::Online,
                    day: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
                    working_days: None,
                };
                Counted::from([(leaf, Changes { received, ..Changes::NONE })])
            })
            .collect();
        let mut aside = tempfile::tempfile().unwrap();
        for part in counted.chunks(20) {
            put_aside(&mut aside, &part.iter().flatten().map(|(leaf, changes)| (*leaf, *changes)).collect())
                .unwrap();
        }
        Recount { aside, dossiers: 3 * SHARE, since: Since::new() }
    }

    #[test]
    fn shares_together_are_everything_once() {
        let mut recount = recount();
        let whole = recount.counted(|_| true).unwrap();
        assert_eq!(whole.len(), 2 * (40 + 2 + 1), "a month and a year of each area");
        let received: i64 =
            whole[&(Area::Country, Bucket::Year(2026))].totals.values().map(|c| c.received).sum();
        assert_eq!(received, (1..=40).sum::<i64>());
        let mut together = Sheets::new();
        assert_eq!(recount.shares().count(), 4);
        for share in recount.shares() {
            let sheets = recount.counted(|area| share.is_of(area)).unwrap();
            assert!(sheets.len() < whole.len(), "no share is everything");
            for (key, sheet) in sheets {
                assert!(together.insert(key, sheet).is_none(), "{key:?} stands in two shares");
            }
        }
        assert_eq!(together, whole);
    }
}
