//! The persistence kernel: the only doors to SQL. It knows no word of the administration.
//!
//! [`Db::read`] gives a connection that cannot write; [`Db::write`] gives a [`WriteTx`], whose
//! commit wants a journal entry. On SQLite all writes pass one thread with group commit, on
//! PostgreSQL both pass pools behind a fair, bounded gate.

mod alive;
mod answer;
pub mod bulk;
pub mod conn;
pub mod epochs;
mod errors;
pub mod json_text;
pub mod migrate;
pub mod packed_text;
#[cfg(any(test, feature = "testing"))]
pub mod plan;
mod pool;
pub mod row_value;
mod snapshot;
mod turn_lock;
pub mod types;
pub mod unindexed;
pub mod word_index;
mod writer;

use std::sync::Arc;

use diesel::Connection;
use diesel::connection::{SimpleConnection, TransactionManager};
use tokio::sync::OwnedSemaphorePermit;

pub use cchc_schema as schema;
pub use conn::{DbConn, Location, PlanMode};
pub use pool::{Gate, Turn};
pub use snapshot::snapshot;
pub use turn_lock::{hold_turns, is_ones_turn};

use crate::audit::journal::{Author, Entry};
use crate::config::Config;
use crate::db::types::Instant;
use crate::error::ApiError;
use answer::{Answer, Work, asked, told};
use pool::Pool;
use writer::{Kept, Writer};

/// The database of this instance.
#[derive(Clone)]
pub struct Db {
    location: Location,
    /// Reads by id: one plan for all values.
    points: Pool,
    /// Lists and reports: a plan for each call.
    lists: Pool,
    write: WriteDoor,
    /// Large writes take turns, so that single ones come between them.
    turns: Gate,
}

/// What waits in front of something scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// For what.
    pub name: &'static str,
    /// How many wait.
    pub waiting: usize,
    /// How many places are free, where places are counted: SQLite's one writer takes work in groups.
    pub free: Option<usize>,
}

/// How large a write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// One record and what belongs to it.
    Single,
    /// Many records: it waits for its turn among the large writes before it queues with the others.
    Many,
}

#[derive(Clone)]
enum WriteDoor {
    Sqlite(Writer),
    Postgres(Pool),
}

impl Db {
    /// Opens pools and, on SQLite, the writer thread. The database must have been migrated.
    ///
    /// # Errors
    /// When the writer thread cannot be started.
    pub fn open(location: Location, config: &Config) -> std::io::Result<Self> {
        let width = config.db_connections.get();
        let gate =
            || Gate::new(config.db_connections.size(), config.db_queue.size(), config.db_wait_ms.millis());
        // SQLite has one writer. On PostgreSQL most connections stay free for single writes.
        let at_once = match &location {
            Location::Sqlite(_) => 1,
            Location::Postgres(_) => config.db_connections.size().div_ceil(4),
        };
        let turns = Gate::new(at_once, config.db_queue.size(), config.request_seconds.seconds());
        let generation = Arc::default();
        let lists = Pool::new(&location, PlanMode::Custom, true, width, gate(), &generation);
        let (points, write) = match &location {
            // SQLite plans a statement once either way: one pool serves both kinds of read.
            Location::Sqlite(_) => {
                (lists.clone(), WriteDoor::Sqlite(Writer::start(&location, config.db_queue.size())?))
            }
            Location::Postgres(_) => (
                Pool::new(&location, PlanMode::Generic, true, width, gate(), &generation),
                WriteDoor::Postgres(Pool::new(
                    &location,
                    PlanMode::Generic,
                    false,
                    width,
                    gate(),
                    &generation,
                )),
            ),
        };
        Ok(Self { location, points, lists, write, turns })
    }

    /// Where the data are.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Reads single records and small sets whose plan is the same for every value.
    ///
    /// # Errors
    /// What `work` answers, or 503 when the database is away or too many wait.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        told(self.points.run(asked(work)).await?)
    }

    /// Reads lists and reports, whose best plan depends on the values asked for.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_list<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        told(self.lists.run(asked(work)).await?)
    }

    /// Writes in one transaction, which is kept only with the [`Recorded`] that a journal entry gives.
    ///
    /// # Errors
    /// What `work` answers, after a roll-back; 503 when nothing could be committed.
    pub async fn write<T: Send + 'static>(
        &self,
        author: Author,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<Recorded<T>, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.write_of(Weight::Single, author, work).await
    }

    /// Writes as [`Db::write`] does, in the place that the weight gives.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_of<T: Send + 'static>(
        &self,
        weight: Weight,
        author: Author,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<Recorded<T>, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = match weight {
            Weight::Single => None,
            Weight::Many => Some(self.turns.enter().await?),
        };
        let kept = move |conn: &mut DbConn| {
            let mut tx = WriteTx { conn, author, entries: 0 };
            let recorded = work(&mut tx)?;
            let keep = recorded.keep && tx.entries > 0;
            Ok(Kept { value: Box::new(recorded.value), keep, rows: 1 + tx.entries })
        };
        told(self.transact(weight, turn, Box::new(kept)).await?)
    }

    /// The service's own housekeeping (sequencing the journal, forgetting expired tokens), which
    /// changes no record and so leaves no entry.
    pub async fn maintain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let kept = move |conn: &mut DbConn| Ok(Kept { value: Box::new(work(conn)?), keep: true, rows: 1 });
        told(self.transact(Weight::Single, None, Box::new(kept)).await?)
    }

    /// Housekeeping over a whole table, part by part, so that nobody's write waits long. `part` is told where
    /// the one before ended; it answers where it ends itself, or nothing when no row is left, and how much it
    /// did.
    pub async fn maintain_in_parts<K: Copy + Send + 'static>(
        &self,
        part: impl Fn(&mut DbConn, Option<K>) -> Result<(Option<K>, usize), ApiError> + Clone + Send + 'static,
    ) -> Result<usize, ApiError> {
        let (mut last, mut done) = (None, 0);
        loop {
            let part = part.clone();
            let (end, count) = self.maintain(move |conn| part(conn, last)).await?;
            done += count;
            match end {
                Some(_) => last = end,
                None => return Ok(done),
            }
        }
    }

    /// A turn among the large writes ends with the work, not with the client that may have gone away.
    async fn transact(
        &self,
        weight: Weight,
        turn: Option<OwnedSemaphorePermit>,
        work: Work<Kept>,
    ) -> Result<Answer, ApiError> {
        match &self.write {
            WriteDoor::Sqlite(writer) => writer.run(weight, turn, work).await,
            WriteDoor::Postgres(pool) => {
                let run = move |conn: &mut DbConn| {
                    let _turn = turn;
                    postgres_transaction(conn, work)
                };
                pool.run(Box::new(run)).await
            }
        }
    }

    /// What waits and what is free, for the metrics.
    #[must_use]
    pub fn queues(&self) -> Vec<Queue> {
        let of = |name, gate: &Gate| Queue { name, waiting: gate.waiting(), free: Some(gate.free()) };
        let mut queues = vec![of("lists", self.lists.gate()), of("turns", &self.turns)];
        match &self.write {
            WriteDoor::Sqlite(writer) => {
                queues.push(Queue { name: "writes", waiting: writer.waiting(), free: None });
            }
            WriteDoor::Postgres(pool) => {
                queues.push(of("points", self.points.gate()));
                queues.push(of("writes", pool.gate()));
            }
        }
        queues
    }
}

fn postgres_transaction(conn: &mut DbConn, work: Work<Kept>) -> Result<Answer, ApiError> {
    type Transactions = <DbConn as Connection>::TransactionManager;
    Transactions::begin_transaction(conn)?;
    match work(conn) {
        Ok(kept) if kept.keep => {
            // A commit that fails has an unknown outcome: it is not acknowledged.
            Transactions::commit_transaction(conn).map_err(ApiError::unavailable)?;
            Ok(kept.value)
        }
        Ok(kept) => {
            Transactions::rollback_transaction(conn)?;
            Ok(kept.value)
        }
        Err(error) => match Transactions::rollback_transaction(conn) {
            Ok(()) => Err(error),
            Err(lost) => Err(ApiError::unavailable(format!("{lost}, after {error}"))),
        },
    }
}

/// A write transaction of one author. Only [`Db::write`] makes one.
pub struct WriteTx<'c> {
    conn: &'c mut DbConn,
    author: Author,
    entries: usize,
}

impl WriteTx<'_> {
    /// The connection, for store functions.
    pub fn conn(&mut self) -> &mut DbConn {
        self.conn
    }

    /// Who writes.
    #[must_use]
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// When the request was taken.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.author.at()
    }

    /// Writes the journal entry of a change; the receipt lets the transaction commit.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn journal(&mut self, entry: Entry) -> Result<Receipt, ApiError> {
        crate::audit::journal::append(self.conn, &self.author, [entry])?;
        self.entries += 1;
        Ok(Receipt(()))
    }

    /// Lets a transaction commit that changed no record, but what is noted beside them.
    pub(crate) fn noted(&mut self) -> Receipt {
        self.entries += 1;
        Receipt(())
    }

    /// Does a part of the work, whose changes are taken back where its answer keeps none.
    ///
    /// # Errors
    /// What `work` answers: then nothing of the transaction stays.
    pub(crate) fn part<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Recorded<T>, ApiError>,
    ) -> Result<Recorded<T>, ApiError> {
        let entries = self.entries;
        self.conn.batch_execute("SAVEPOINT part")?;
        let recorded = work(self)?;
        if !recorded.keep {
            self.conn.batch_execute("ROLLBACK TO SAVEPOINT part")?;
            self.entries = entries;
        }
        self.conn.batch_execute("RELEASE SAVEPOINT part")?;
        Ok(recorded)
    }

    /// Writes the journal entries of many changes, for imports and batches. Without a single
    /// entry the receipt keeps nothing.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn journal_all(&mut self, entries: Vec<Entry>) -> Result<Receipt, ApiError> {
        let count = entries.len();
        crate::audit::journal::append(self.conn, &self.author, entries)?;
        self.entries += count;
        Ok(Receipt(()))
    }
}

/// Proof that a change stands in the journal.
#[must_use = "a write without its receipt is rolled back"]
#[derive(Debug)]
pub struct Receipt(());

impl Receipt {
    /// The answer of the transaction, which may now be committed.
    pub fn with<T>(self, value: T) -> Recorded<T> {
        Recorded { value, keep: true }
    }
}

/// The answer of a write transaction whose change stands in the journal.
#[derive(Debug)]
pub struct Recorded<T> {
    value: T,
    keep: bool,
}

impl<T> Recorded<T> {
    /// The answer, to look at.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The same change with another answer.
    pub fn map<U>(self, answer: impl FnOnce(T) -> U) -> Recorded<U> {
        Recorded { value: answer(self.value), keep: self.keep }
    }

    /// The same change with an answer that may fail to be made.
    ///
    /// # Errors
    /// What `answer` says; the transaction is then rolled back.
    pub fn try_map<U>(self, answer: impl FnOnce(T) -> Result<U, ApiError>) -> Result<Recorded<U>, ApiError> {
        Ok(Recorded { value: answer(self.value)?, keep: self.keep })
    }

    /// Whether its change stays.
    pub fn is_kept(&self) -> bool {
        self.keep
    }

    /// The answer alone, where one transaction makes several changes and the last one is its answer.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The answer of a transaction that had nothing to change; it is rolled back.
    pub fn unchanged(value: T) -> Self {
        Self { value, keep: false }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::mpsc::channel;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_turn_ends_with_its_work_and_not_with_its_client() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cchc.db"));
        let db = Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap();
        let free =
            || db.queues().into_iter().find(|queue| queue.name == "turns").and_then(|turns| turns.free);
        let author = || Author::operator("test", Instant::from_micros(0));
        let (begin, begun) = channel();
        let (go_on, held) = channel();
        actix_web::rt::System::new().block_on(async {
            let mut large = Box::pin(db.write_of(Weight::Many, author(), move |_| {
                begin.send(()).unwrap();
                held.recv().unwrap();
                Ok(Recorded::unchanged(()))
            }));
            assert!(large.as_mut().now_or_never().is_none());
            begun.recv().unwrap();
            drop(large);
            assert_eq!(free(), Some(0), "the next large write would run beside it");
            go_on.send(()).unwrap();
            db.write(author(), |_| Ok(Recorded::unchanged(()))).await.unwrap();
            assert_eq!(free(), Some(1));
        });
    }
}
