//! Puts the catalogue of the whole country into the database. Ids follow from the catalogue's keys,
//! so an import that was broken off is simply run again, and one that is complete changes nothing.

use diesel::connection::SimpleConnection;

use super::rows::{planned_succession, planned_unit};
use super::standing::{Found, Standing, other_bearer};
use super::{BUNDLED, CataloguePlan, plan};
use crate::successions::model::SuccessionRow;
use crate::successions::store::{succession_entry, successions_insert};
use crate::units::model::{UnitRow, VersionRow};
use crate::units::rows::{unit_entry, units_insert, versions_insert};
use kernel::audit::journal::{Author, Entry, JournalAction};
use kernel::auth::scope::home_province;
use kernel::db::Db;
use kernel::db::epochs::{self, Epoch};
use kernel::db::types::Instant;
use kernel::error::{ApiError, Problem};
use kernel::tree::UnitKind;

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
/// 409, with nothing written, when a code of a unit that is to be made belongs to another one; 503 when the
/// database is away, and what was committed until then stays.
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
    let bearers = standing.bearers();
    let mut taken = Vec::new();
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
                taken.extend(versions.iter().filter_map(|version| other_bearer(&bearers, version)));
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
    if !taken.is_empty() {
        return Err(codes_taken(&taken));
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

/// The most codes that are told at once.
const TOLD: usize = 20;

fn codes_taken(bearers: &[&VersionRow]) -> ApiError {
    let named =
        |row: &&VersionRow| format!("{} ({})", row.code.as_deref().unwrap_or_default(), row.full_name);
    let mut names: Vec<String> = bearers.iter().map(named).collect();
    names.sort_unstable();
    names.dedup();
    let count = names.len();
    names.truncate(TOLD);
    let names = names.join(", ");
    ApiError::detailed(
        Problem::Duplicate,
        format!(
            "Chưa nhập đơn vị nào: có {count} mã của danh mục đang thuộc về đơn vị khác trong cùng thời gian: \
             {names}. Hãy sửa hoặc xóa các đơn vị đó rồi nhập lại."
        ),
        format!(
            "nothing was imported: in the same span other units bear codes of the catalogue, {count} in all: \
             {names}; correct or delete these units and import again"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant as Moment;

    use diesel::prelude::*;

    use super::*;
    use crate::catalogue::planned::country;
    use crate::catalogue::rows::root_ensure;
    use crate::catalogue::{CatalogueFiles, PlannedUnit, PlannedVersion};
    use crate::successions::model::OrgUnitSuccessionId;
    use kernel::config::Config;
    use kernel::db::schema::{journal, org_unit_successions, org_unit_versions, org_units};
    use kernel::db::{Location, migrate};
    use kernel::tree::{OrgUnitId, SuccessionRelation, tree_load};

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
            let merged = s::table.filter(s::relation.eq(SuccessionRelation::Merge)).filter(s::id.ne(first));
            let merged: OrgUnitSuccessionId = merged.select(s::id).first(tx.conn())?;
            diesel::update(s::table.find(merged)).set(s::successor_id.eq(known)).execute(tx.conn())?;
            let entry = Entry::new(JournalAction::Update, "test", known, 1, &known)?;
            Ok(tx.journal(entry)?.with(()))
        })
        .await
        .unwrap();
        let third = import(&db, at(), |_, _| panic!("nothing is to be done")).await.unwrap();
        assert_eq!((third.corrected, third.unchanged), (3, 14_576 + 11_090 - 3));
    }

    #[tokio::test]
    async fn a_code_that_a_unit_entered_by_hand_bears_is_not_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cchc.db"));
        migrate::prepare(&location).unwrap();
        let db = Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap();
        let province = "code,name,full_name,level,parent_code\n01,Một,Tỉnh Một,province,\n";
        let units_2025 = format!("{province}00002,Hai,Xã Hai,commune,01\n");
        let lists = plan(CatalogueFiles {
            units_2024: province.as_bytes(),
            units_2025: units_2025.as_bytes(),
            successions: "old_code,new_code,relation,effective_date,legal_basis,via_code,note\n\
                01,01,unchanged,2025-07-01,,,\n"
                .as_bytes(),
        })
        .unwrap();
        let version = PlannedVersion {
            code: Some("00002".to_owned()),
            full_name: "Xã Hai cũ".to_owned(),
            kind: UnitKind::Commune,
            ..country().versions.remove(0)
        };
        let by_hand =
            PlannedUnit { key: "by hand".to_owned(), id: OrgUnitId::new(), versions: vec![version] };
        db.write(Author::operator("test", at()), move |tx| {
            let (unit, versions) = planned_unit(&by_hand, tx.at());
            units_insert(tx.conn(), std::slice::from_ref(&unit))?;
            versions_insert(tx.conn(), &versions)?;
            Ok(tx.journal(unit_entry(JournalAction::Create, &unit, &versions, None)?)?.with(()))
        })
        .await
        .unwrap();
        let before = counts(&db).await;
        let refused = import_plan(&db, at(), &lists, |_, _| panic!("nothing is to be done")).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.problem(), Problem::Duplicate);
        assert!(refused.to_string().contains("codes of the catalogue, 1 in all"), "{refused}");
        assert!(refused.to_string().contains("00002 (Xã Hai cũ)"), "{refused}");
        assert_eq!(counts(&db).await, before);

        // A code that was given anew means another unit from that day on.
        db.write(Author::operator("test", at()), |tx| {
            use org_unit_versions as v;
            let end = chrono::NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();
            diesel::update(v::table).set(v::valid_to.eq(end)).execute(tx.conn())?;
            let entry = Entry::new(JournalAction::Update, "test", "by hand", 1, &"ended")?;
            Ok(tx.journal(entry)?.with(()))
        })
        .await
        .unwrap();
        let summary = import_plan(&db, at(), &lists, |_, _| ()).await.unwrap();
        assert_eq!((summary.units, summary.versions), (3, 4));
    }

    #[tokio::test]
    async fn the_whole_country_comes_in_once() {
        let folder = tempfile::tempdir().unwrap();
        whole_country(Location::Sqlite(folder.path().join("cchc.db"))).await;
    }
}
