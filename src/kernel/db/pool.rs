//! Connections shared by many requests. Nobody waits inside a blocking thread: a request first
//! passes a fair gate as wide as the pool, and a full queue is answered at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool as R2d2Pool};
use diesel::{Connection, RunQueryDsl, sql_query};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::alive::{Alive, Connections, Counter};
use super::answer::{Answer, Work};
use super::conn::{DbConn, Location, PlanMode};
use crate::error::{ApiError, Problem};

/// A fair, bounded queue in front of something scarce.
#[derive(Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    longest_wait: Duration,
}

impl Gate {
    /// A gate for `width` at once, with `queue` more waiting no longer than `longest_wait`.
    #[must_use]
    pub fn new(width: usize, queue: usize, longest_wait: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(width)), waiting: Arc::default(), queue, longest_wait }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// 503 when the queue is full or the wait too long.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting, self.queue)?;
        match tokio::time::timeout(self.longest_wait, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(ApiError::unavailable(closed)),
            Err(_) => Err(ApiError::unavailable("waited too long for a place")),
        }
    }

    /// Waits for a place that several parts of a work hold together.
    ///
    /// # Errors
    /// As [`Gate::enter`].
    pub async fn turn(&self) -> Result<Turn, ApiError> {
        let held = Arc::new(self.enter().await?);
        Ok(Turn { _held: held })
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many places are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.permits.available_permits()
    }
}

/// A place inside a gate. It travels with the work, into other threads too, and is given back when the
/// last of it is done: not when the client goes away.
#[derive(Debug, Clone)]
pub struct Turn {
    _held: Arc<OwnedSemaphorePermit>,
}

/// A place in the queue, given back when dropped, also when the client goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, queue: usize) -> Result<Self, ApiError> {
        let place = Place(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= queue {
            return Err(ApiError::unavailable("the queue is full"));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A pooled connection that remembers whether it can still be trusted.
pub(super) struct Slot {
    conn: DbConn,
    broken: bool,
    generation: u64,
    /// Behind the connection: it ends when that is closed.
    _alive: Alive,
}

pub(super) struct Manager {
    location: Location,
    plan: PlanMode,
    read_only: bool,
    /// Raised whenever a connection was lost, so that its idle siblings are tried before use.
    generation: Arc<AtomicU64>,
    counter: Counter,
}

impl ManageConnection for Manager {
    type Connection = Slot;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Slot, Self::Error> {
        let closed = || diesel::ConnectionError::BadConnection("the pool is closed".into());
        let alive = self.counter.begin().ok_or_else(closed).map_err(diesel::r2d2::Error::ConnectionError)?;
        let generation = self.generation.load(Ordering::Acquire);
        let conn = if self.read_only {
            self.location.connect_read_only(self.plan)
        } else {
            self.location.connect(self.plan)
        };
        let conn = conn.map_err(diesel::r2d2::Error::ConnectionError)?;
        Ok(Slot { conn, broken: false, generation, _alive: alive })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), Self::Error> {
        let current = self.generation.load(Ordering::Acquire);
        if slot.generation != current {
            sql_query("SELECT 1").execute(&mut slot.conn).map_err(diesel::r2d2::Error::QueryError)?;
            slot.generation = current;
        }
        Ok(())
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.broken
    }
}

/// A pool behind its gate.
#[derive(Clone)]
pub(super) struct Pool {
    pool: R2d2Pool<Manager>,
    gate: Gate,
    generation: Arc<AtomicU64>,
    /// Behind the pool: its end waits for the pool's connections.
    _connections: Arc<Connections>,
}

impl Pool {
    /// Pools of one database share the `generation`: what one has found lost, the others try before
    /// they use it.
    pub(super) fn new(
        location: &Location,
        plan: PlanMode,
        read_only: bool,
        width: u32,
        gate: Gate,
        generation: &Arc<AtomicU64>,
    ) -> Self {
        let generation = generation.clone();
        let connections = Connections::default();
        let manager = Manager {
            location: location.clone(),
            plan,
            read_only,
            generation: generation.clone(),
            counter: connections.counter(),
        };
        let pool = R2d2Pool::builder()
            .max_size(width)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(3))
            .test_on_check_out(true)
            .build_unchecked(manager);
        Self { pool, gate, generation, _connections: connections.into() }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Runs `work` on a blocking thread with a connection.
    pub(super) async fn run(&self, work: Work<Answer>) -> Result<Answer, ApiError> {
        let permit = self.gate.enter().await?;
        let (pool, generation) = (self.pool.clone(), self.generation.clone());
        tokio::task::spawn_blocking(move || {
            // The permit ends with the work, not with the client that may have gone away.
            let _permit = permit;
            let mut slot = pool.get().map_err(ApiError::unavailable)?;
            // A panic unwinds through here: the slot is then dropped as broken.
            slot.broken = true;
            let result = work(&mut slot.conn);
            let lost = result.as_ref().is_err_and(|error| error.problem() == Problem::Unavailable);
            slot.broken = lost || in_transaction(&mut slot.conn);
            if lost {
                generation.fetch_add(1, Ordering::AcqRel);
            }
            result
        })
        .await
        .map_err(ApiError::internal)?
    }
}

/// Whether a transaction was left open, which only a fault can do.
fn in_transaction(conn: &mut DbConn) -> bool {
    use diesel::connection::TransactionManager as _;
    type Transactions = <DbConn as Connection>::TransactionManager;
    Transactions::transaction_manager_status_mut(conn)
        .transaction_depth()
        .map_or(true, |depth| depth.is_some())
}
