//! Puts the catalogue of the whole country into the database. Ids follow from the catalogue's keys,
//! so an import that was broken off is simply run again, and one that is complete changes nothing.

use std::collections::{HashMap, HashSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::rows::{planned_succession, planned_unit};
use super::{BUNDLED, CataloguePlan, plan};
use crate::audit::journal::{Author, Entry, JournalAction};
use crate::auth::scope::home_province;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{org_unit_successions, org_unit_versions, org_units};
use crate::db::types::Instant;
use crate::db::{Db, DbConn};
use crate::domain::organization::successions::model::SuccessionRow;
use crate::domain::organization::successions::store::{succession_entry, successions_insert};
use crate::domain::organization::tree::{OrgUnitId, UnitKind};
use crate::domain::organization::units::model::{UnitRow, VersionRow};
use crate::domain::organization::units::rows::{unit_entry, units_insert, versions_insert};
use crate::error::ApiError;

/// Units or successions a transaction: on SQLite everyone else's writes wait for it.
const CHUNK: usize = 200;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// Units that were made.
    pub units: usize,
    /// Versions that were made with them.
    pub versions: usize,
    /// Units among them that go on as the same unit in the structure of 2025, unchanged or under another
    /// name or kind: they have a second version and no succession.
    pub continued: usize,
    /// Successions that were made.
    pub successions: usize,
    /// Units and successions that stood already.
    pub unchanged: usize,
    /// Units and successions that somebody has changed or deleted since: they were left alone.
    pub corrected: usize,
}

impl std::fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { units, versions, continued, successions, unchanged, corrected } = self;
        let rows = continued + successions;
        write!(
            f,
            "made {units} units with {versions} versions, and of {rows} rows that tell what became of a unit \
             {successions} successions and {continued} second versions of a unit that goes on as the same; \
             {unchanged} units and successions stood already, {corrected} had been corrected and were left alone"
        )
    }
}

/// Loads the bundled catalogue. `progress` hears how many of how many records are done.
///
/// # Errors
/// 503 when the database is away; what was committed until then stays.
pub async fn import(
    db: &Db,
    at: Instant,
    progress: impl Fn(usize, usize),
) -> Result<ImportSummary, ApiError> {
    import_plan(db, at, &plan(BUNDLED).map_err(ApiError::internal)?, progress).await
}

/// Loads a catalogue that was read already, or a part of one.
///
/// # Errors
/// As [`import`].
pub async fn import_plan(
    db: &Db,
    at: Instant,
    plan: &CataloguePlan,
    progress: impl Fn(usize, usize),
) -> Result<ImportSummary, ApiError> {
    let standing = db.read_list(Standing::load).await?;
    let (chunks, summary) = chunks(&standing, plan, at)?;
    let total = chunks.iter().map(Chunk::len).sum();
    let mut done = 0;
    for chunk in chunks {
        let size = chunk.len();
        db.write(Author::operator("import units", at), move |tx| {
            // Whoever writes units beside this believes a tree whose counter still stands.
            epochs::raise(tx, Epoch::Units)?;
            units_insert(tx.conn(), &chunk.units)?;
            versions_insert(tx.conn(), &chunk.versions)?;
            successions_insert(tx.conn(), &chunk.successions)?;
            Ok(tx.journal_all(chunk.entries)?.with(()))
        })
        .await?;
        done += size;
        progress(done, total);
    }
    if done > 0 {
        // Until they know the new rows, both planners choose poorly: a page took eight times as long.
        db.maintain(|conn| {
            Ok(conn.batch_execute(
                "ANALYZE org_units; ANALYZE org_unit_versions; ANALYZE org_unit_successions;",
            )?)
        })
        .await?;
    }
    Ok(summary)
}

/// The rows of one transaction.
#[derive(Default)]
struct Chunk {
    units: Vec<UnitRow>,
    versions: Vec<VersionRow>,
    successions: Vec<SuccessionRow>,
    entries: Vec<Entry>,
}

impl Chunk {
    fn len(&self) -> usize {
        self.entries.len()
    }
}

/// The transactions in their order, the last of them still open.
#[derive(Default)]
struct Chunks {
    full: Vec<Chunk>,
    open: Chunk,
}

impl Chunks {
    /// Where the next record goes.
    fn room(&mut self) -> &mut Chunk {
        if self.open.len() >= CHUNK {
            self.full.push(std::mem::take(&mut self.open));
        }
        &mut self.open
    }

    fn close(mut self) -> Vec<Chunk> {
        if self.open.len() > 0 {
            self.full.push(self.open);
        }
        self.full
    }
}

/// What is to be written, units before those under them and before the successions.
fn chunks(
    standing: &Standing,
    plan: &CataloguePlan,
    at: Instant,
) -> Result<(Vec<Chunk>, ImportSummary), ApiError> {
    let tree = plan.tree();
    let mut summary = ImportSummary::default();
    let mut chunks = Chunks::default();
    let mut units: Vec<_> = plan.units.iter().collect();
    // A parent is always of a higher kind, also in a later version than the first.
    units.sort_by_key(|unit| unit.versions.first().map_or(UnitKind::OtherAgency, |version| version.kind));
    for planned in units {
        let (unit, versions) = planned_unit(planned, at);
        match standing.unit(&unit, &versions) {
            Found::Equal => summary.unchanged += 1,
            Found::Different => summary.corrected += 1,
            Found::Nothing => {
                let province = home_province(&tree, unit.id, at.vietnam_day());
                let chunk = chunks.room();
                chunk.entries.push(unit_entry(JournalAction::Create, &unit, &versions, province)?);
                summary.units += 1;
                summary.versions += versions.len();
                summary.continued += versions.iter().filter(|version| version.change_kind.is_some()).count();
                chunk.units.push(unit);
                chunk.versions.extend(versions);
            }
        }
    }
    for planned in &plan.successions {
        let row = planned_succession(planned, at);
        match standing.succession(&row) {
            Found::Equal => summary.unchanged += 1,
            Found::Different => summary.corrected += 1,
            Found::Nothing => {
                let province = home_province(&tree, row.successor_id, row.effective_on);
                let chunk = chunks.room();
                chunk.entries.push(succession_entry(JournalAction::Create, &row, province)?);
                summary.successions += 1;
                chunk.successions.push(row);
            }
        }
    }
    Ok((chunks.close(), summary))
}

/// What the database has of a planned record.
enum Found {
    Nothing,
    Equal,
    Different,
}

/// What the database holds before the import.
struct Standing {
    units: HashMap<OrgUnitId, (i64, bool)>,
    versions: HashMap<OrgUnitId, Vec<VersionRow>>,
    successions: HashMap<(OrgUnitId, OrgUnitId), SuccessionRow>,
    deleted: HashSet<(OrgUnitId, OrgUnitId)>,
}

impl Standing {
    fn load(conn: &mut DbConn) -> Result<Self, ApiError> {
        use org_unit_successions as s;
        let units: Vec<(OrgUnitId, i64, Option<Instant>)> =
            org_units::table.select((org_units::id, org_units::version, org_units::deleted_at)).load(conn)?;
        let mut versions: HashMap<OrgUnitId, Vec<VersionRow>> = HashMap::new();
        let rows: Vec<VersionRow> = org_unit_versions::table
            .order((org_unit_versions::org_unit_id, org_unit_versions::valid_from))
            .select(VersionRow::as_select())
            .load(conn)?;
        for row in rows {
            versions.entry(row.org_unit_id).or_default().push(row);
        }
        let rows: Vec<SuccessionRow> =
            s::table.filter(s::deleted_at.is_null()).select(SuccessionRow::as_select()).load(conn)?;
        let deleted: Vec<(OrgUnitId, OrgUnitId)> = s::table
            .filter(s::deleted_at.is_not_null())
            .select((s::predecessor_id, s::successor_id))
            .load(conn)?;
        Ok(Self {
            units: units.into_iter().map(|(id, version, gone)| (id, (version, gone.is_some()))).collect(),
            versions,
            successions: rows.into_iter().map(|row| ((row.predecessor_id, row.successor_id), row)).collect(),
            deleted: deleted.into_iter().collect(),
        })
    }

    fn unit(&self, unit: &UnitRow, versions: &[VersionRow]) -> Found {
        match self.units.get(&unit.id) {
            None => Found::Nothing,
            Some((1, false)) if self.versions.get(&unit.id).is_some_and(|rows| rows == versions) => {
                Found::Equal
            }
            Some(_) => Found::Different,
        }
    }

    fn succession(&self, row: &SuccessionRow) -> Found {
        let pair = (row.predecessor_id, row.successor_id);
        let same = |known: &SuccessionRow| {
            let SuccessionRow { created_at, updated_at, .. } = *known;
            *known == SuccessionRow { created_at, updated_at, ..row.clone() }
        };
        match self.successions.get(&pair) {
            Some(known) if same(known) => Found::Equal,
            Some(_) => Found::Different,
            None if self.deleted.contains(&pair) => Found::Different,
            None => Found::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant as Moment;

    use super::*;
    use crate::config::Config;
    use crate::db::schema::journal;
    use crate::db::{Location, migrate};
    use crate::domain::organization::catalogue::rows::root_ensure;
    use crate::domain::organization::successions::model::OrgUnitSuccessionId;
    use crate::domain::organization::tree::tree_load;

    fn at() -> Instant {
        serde_json::from_str("\"2026-11-23T01:00:00Z\"").unwrap()
    }

    async fn counts(db: &Db) -> [i64; 5] {
        db.read(|conn| {
            Ok([
                org_units::table.count().get_result(conn)?,
                org_unit_versions::table.count().get_result(conn)?,
                org_unit_successions::table.count().get_result(conn)?,
                journal::table.count().get_result(conn)?,
                epochs::current(conn, Epoch::Units)?,
            ])
        })
        .await
        .unwrap()
    }

    async fn whole_country(location: Location) {
        migrate::prepare(&location).unwrap();
        let db = Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap();
        let author = Author::operator("bootstrap", at());
        let rooted = db.write(author, |tx| {
            let root = root_ensure(tx)?;
            let again = root_ensure(tx)?;
            let entry = Entry::new(JournalAction::Update, "test", root, 1, &again)?;
            Ok(tx.journal(entry)?.with(root == again))
        });
        assert!(rooted.await.unwrap());
        let before = counts(&db).await;
        assert_eq!(before, [1, 1, 0, 2, 2]);

        let started = Moment::now();
        let heard = std::cell::Cell::new((0, 0));
        let steps = std::cell::RefCell::new(Vec::new());
        let progress = |done, total| {
            heard.set((done, total));
            steps.borrow_mut().push(Moment::now());
        };
        let summary = import(&db, at(), progress).await.unwrap();
        let took = started.elapsed();
        let slowest = steps.borrow().windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        println!("import: {took:?}, {} steps, the slowest {slowest:?}", steps.borrow().len());
        let expected = ImportSummary {
            units: 14_575,
            versions: 14_718,
            continued: 143,
            successions: 11_090,
            unchanged: 1,
            corrected: 0,
        };
        assert_eq!(summary, expected);
        let rows = BUNDLED.successions.iter().filter(|byte| **byte == b'\n').count() - 1;
        assert_eq!(summary.continued + summary.successions, rows, "what is told adds up to the file");
        assert!(summary.to_string().contains("of 11233 rows"), "{summary}");
        assert_eq!(heard.get(), (25_665, 25_665));
        let after = counts(&db).await;
        let raised = i64::try_from(steps.borrow().len()).unwrap();
        assert_eq!(after, [14_576, 14_719, 11_090, 2 + 25_665, 2 + raised]);

        let tree = db.read(tree_load).await.unwrap();
        let name = |on: &str| {
            let on = on.parse().unwrap();
            tree.version_at(tree.by_code("31420", on).unwrap(), on).unwrap().full_name.clone()
        };
        assert_eq!(name("2024-06-30"), "Xã Hòa Mỹ");
        assert_eq!(name("2025-07-01"), "Xã Phụng Hiệp");

        let started = Moment::now();
        let again = import(&db, at().plus_seconds(60), |_, _| panic!("nothing is to be done")).await.unwrap();
        println!("import again: {:?}", started.elapsed());
        assert_eq!(again, ImportSummary { unchanged: 14_576 + 11_090, ..ImportSummary::default() });
        assert_eq!(counts(&db).await, after);

        // What somebody has corrected or deleted stays as they left it.
        let author = Author::operator("test", at());
        db.write(author, |tx| {
            use org_unit_successions as s;
            let known: OrgUnitId = org_units::table.select(org_units::id).first(tx.conn())?;
            diesel::update(org_units::table.find(known)).set(org_units::version.eq(2)).execute(tx.conn())?;
            let first: OrgUnitSuccessionId = s::table.select(s::id).first(tx.conn())?;
            diesel::update(s::table.find(first)).set(s::deleted_at.eq(Some(at()))).execute(tx.conn())?;
            let entry = Entry::new(JournalAction::Update, "test", known, 1, &known)?;
            Ok(tx.journal(entry)?.with(()))
        })
        .await
        .unwrap();
        let third = import(&db, at(), |_, _| panic!("nothing is to be done")).await.unwrap();
        assert_eq!((third.corrected, third.unchanged), (2, 14_576 + 11_090 - 2));
    }

    #[tokio::test]
    async fn the_whole_country_comes_in_once() {
        let folder = tempfile::tempdir().unwrap();
        whole_country(Location::Sqlite(folder.path().join("cchc.db"))).await;
    }
}
