//! What every request shares: configuration, clock, database, keys, and what is held in memory of
//! units and accounts, refreshed when a counter in the database says that it is stale.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use diesel::prelude::*;
use tokio::sync::{Semaphore, watch};

use crate::api::contract::Contract;
use crate::api::idempotency::UnderWay;
use crate::api::metrics::Metrics;
use crate::attachments::storage::Storage;
use crate::audit::chain;
use crate::audit::journal::ActorKind;
use crate::auth::keys::KeyRing;
use crate::auth::keystore;
use crate::auth::limits::{Allowance, LoginLimits, RequestLimits};
use crate::auth::password::{HashCost, Hasher};
use crate::auth::principal::{Principal, principal_load};
use crate::auth::scope::Units;
use crate::auth::token::CheckedTokens;
use crate::config::Config;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::revoked_tokens;
use crate::db::types::Instant;
use crate::db::{Db, DbConn, Gate, Queue};
use crate::error::ApiError;
use crate::reporting::rosters::Rosters;
use crate::reporting::working_days::OfficeSpan;
use crate::tree::tree_load;

/// Uploads of attachments under way at once.
pub const UPLOADS: usize = 64;

/// How many tokens are remembered whose signature was right: some kilobytes each.
const CHECKED_TOKENS: usize = 10_000;

/// What time it is; a test sets it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// A clock that stands until it is set, in microseconds since 1970 (UTC).
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// Now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others read")]
    pub fn now(&self) -> Instant {
        match self {
            Self::System => chrono::Utc::now().into(),
            Self::Fixed(at) => Instant::from_micros(at.load(Ordering::Acquire)),
        }
    }
}

/// Accounts that have been looked up since they last changed, and the tokens that were revoked.
#[derive(Default)]
struct Access {
    epoch: i64,
    principals: HashMap<(ActorKind, String), Arc<Principal>>,
    revoked: Arc<HashSet<String>>,
}

/// What every request shares.
pub struct AppState {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The hours at which offices work.
    pub office: Arc<[OfficeSpan]>,
    /// The database.
    pub db: Db,
    /// Password hashing, a few at a time.
    pub hasher: Hasher,
    /// Where batches, imports and lists as spreadsheets wait before they take up memory.
    pub bulk: Gate,
    /// Where spreadsheets of lists that are open to everybody wait, one at a time: whoever has no account
    /// takes no place from those who have one.
    pub open_sheets: Gate,
    /// Login attempts of late.
    pub logins: LoginLimits,
    /// Requests of late; none where any number is allowed.
    pub requests: Option<RequestLimits>,
    /// Look-ups of dossiers by the public of late.
    pub lookups: RequestLimits,
    /// The contract.
    pub contract: Contract,
    /// Requests with an `Idempotency-Key` that are under way.
    pub under_way: UnderWay,
    /// Counts and times.
    pub metrics: Metrics,
    /// Where the content of attachments is kept.
    pub storage: Storage,
    /// Room for uploads that are under way, each of which takes space on the disk.
    pub uploads: Semaphore,
    /// Tokens of late whose signature was right.
    pub tokens: CheckedTokens,
    /// Where units stand in forms and statistics of late.
    pub rosters: Rosters,
    keys: RwLock<Arc<KeyRing>>,
    units: RwLock<Arc<Units>>,
    access: RwLock<Access>,
    seen: RwLock<HashMap<String, i64>>,
    ready: AtomicBool,
    stopping: AtomicBool,
    sealed: watch::Sender<i64>,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error("{0}")]
    Database(#[from] crate::db::migrate::OpenError),
    /// The keys cannot be had.
    #[error("{0}")]
    Keys(#[from] crate::auth::keystore::KeyStoreError),
    /// Password hashing cannot be set up.
    #[error("{0}")]
    Hashing(#[from] crate::auth::password::HashFault),
    /// Attachments cannot be kept.
    #[error("{0}")]
    Storage(#[from] crate::attachments::storage::StorageError),
    /// A backup or a restore.
    #[error("{0}")]
    Backup(#[from] crate::backup::BackupError),
    /// Something of the system.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// Something in the database.
    #[error("{0}")]
    Data(#[from] ApiError),
}

impl AppState {
    /// Opens the migrated database and loads keys, units and counters.
    ///
    /// # Errors
    /// Whatever stops the start, in one line.
    pub async fn open(
        config: Config,
        clock: Clock,
        db: Db,
        cost: HashCost,
        contract: Contract,
    ) -> Result<Arc<Self>, StartError> {
        let now = clock.now();
        let storage = Storage::open(&config)?;
        let keys = keystore::load_or_create(&db, &config, now).await?;
        let (seen, units) = db.read(|conn| Ok((epochs::all(conn)?, units_load(conn)?))).await?;
        let at_once = config.password_hashes.size();
        let hasher = Hasher::new(cost, at_once, at_once.saturating_mul(64))?;
        let allowance = |attempts: u32| Allowance {
            attempts: std::num::NonZeroU32::new(attempts).unwrap_or(std::num::NonZeroU32::MIN),
            window: config.login_window_seconds.seconds(),
        };
        // Whoever waits longer than half the time of a request would not be done in the other half.
        let bulk = config.bulk.size();
        let longest_wait = config.request_seconds.seconds() / 2;
        let bulk = Gate::new(bulk, bulk.saturating_mul(8), longest_wait);
        let open_sheets = Gate::new(1, 8, longest_wait);
        let logins = LoginLimits::new(
            allowance(config.login_attempts.get()),
            allowance(config.login_attempts_address.get()),
            100_000,
        );
        let state = Arc::new(Self {
            contract,
            under_way: UnderWay::default(),
            requests: std::num::NonZeroU32::new(config.rate_per_minute.get())
                .map(|per_minute| RequestLimits::new(per_minute, 100_000)),
            lookups: RequestLimits::new(
                std::num::NonZeroU32::new(config.lookups_per_minute.get())
                    .unwrap_or(std::num::NonZeroU32::MIN),
                100_000,
            ),
            metrics: Metrics::new(),
            storage,
            uploads: Semaphore::new(UPLOADS),
            hasher,
            bulk,
            open_sheets,
            logins,
            office: config.office_hours.0.as_slice().into(),
            config,
            clock,
            tokens: CheckedTokens::new(CHECKED_TOKENS),
            rosters: Rosters::default(),
            keys: RwLock::new(Arc::new(keys)),
            units: RwLock::new(Arc::new(units)),
            access: RwLock::default(),
            seen: RwLock::default(),
            ready: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            sealed: watch::Sender::new(0),
            db,
        });
        state.remember(seen);
        state.access_changed().await?;
        Ok(state)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The signing keys.
    #[must_use]
    pub fn keys(&self) -> Arc<KeyRing> {
        read(&self.keys).clone()
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> Arc<Units> {
        read(&self.units).clone()
    }

    /// What waits and what is free, for the metrics.
    #[must_use]
    pub fn queues(&self) -> Vec<Queue> {
        let mut queues = self.db.queues();
        let gates = [("bulk", &self.bulk), ("open_sheets", &self.open_sheets)];
        let queue =
            |(name, gate): (_, &Gate)| Queue { name, waiting: gate.waiting(), free: Some(gate.free()) };
        queues.extend(gates.map(queue));
        queues
    }

    /// Whether the data are loaded and the service is not stopping.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        self.ready.load(Ordering::Acquire) && !self.is_stopping()
    }

    /// Says that everything is loaded.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether new requests are refused.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// From now on new requests are refused.
    pub fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Release);
        // Whoever waits for a change waits no longer.
        self.sealed.send_modify(|_| {});
    }

    /// Seals what has been committed, and wakes whoever waits for it; other instances may have sealed
    /// too. Answers how many entries this one sealed.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn seal(&self) -> Result<usize, ApiError> {
        let count = chain::seal(&self.db).await?;
        let position = self.db.read(chain::sealed_position).await?;
        self.sealed.send_if_modified(|known| std::mem::replace(known, position) != position);
        Ok(count)
    }

    /// Tells when there are more sealed entries, and when the service stops.
    #[must_use]
    pub fn sealed(&self) -> watch::Receiver<i64> {
        self.sealed.subscribe()
    }

    /// The account behind a token, from memory or the database; `None` when it is gone.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn principal(&self, kind: ActorKind, id: &str) -> Result<Option<Arc<Principal>>, ApiError> {
        let key = (kind, id.to_owned());
        if let Some(known) = read(&self.access).principals.get(&key) {
            return Ok(Some(known.clone()));
        }
        let subject = id.to_owned();
        let (epoch, loaded) = self
            .db
            .read(move |conn| {
                // The counter first: what is loaded may then be newer than it says, never older.
                let epoch = epochs::current(conn, Epoch::Access)?;
                Ok((epoch, principal_load(conn, kind, &subject)?))
            })
            .await?;
        let loaded = loaded.map(Arc::new);
        if let Some(principal) = &loaded {
            let mut access = write(&self.access);
            if access.epoch == epoch {
                access.principals.insert(key, principal.clone());
            }
        }
        Ok(loaded)
    }

    /// Whether this access token was revoked before its time.
    #[must_use]
    pub fn is_revoked(&self, jti: &str) -> bool {
        read(&self.access).revoked.contains(jti)
    }

    /// Reloads the tree of units after a change to it.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn units_changed(&self) -> Result<(), ApiError> {
        self.units_reload(i64::MAX).await
    }

    /// Loads the tree of units when their counter stands there. Of two that were loaded at once the older may
    /// come last, and is left; where the counter itself went back, in a database that was set back, it is not.
    async fn units_reload(&self, counter: i64) -> Result<(), ApiError> {
        let loaded = Arc::new(self.db.read(units_load).await?);
        let mut units = write(&self.units);
        if units.epoch() <= loaded.epoch() || Some(counter) < units.epoch() {
            self.remember(vec![(Epoch::Units.as_str().into(), loaded.epoch().unwrap_or_default())]);
            *units = loaded;
        }
        Ok(())
    }

    /// Forgets the accounts held in memory after a change to one, and loads the revoked tokens.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn access_changed(&self) -> Result<(), ApiError> {
        self.access_reload(i64::MAX).await
    }

    /// As [`Self::units_reload`], of the accounts.
    async fn access_reload(&self, counter: i64) -> Result<(), ApiError> {
        let now = self.now();
        let (epoch, revoked) = self
            .db
            .read(move |conn| {
                let epoch = epochs::current(conn, Epoch::Access)?;
                let revoked: Vec<String> = revoked_tokens::table
                    .filter(revoked_tokens::expires_at.gt(now))
                    .select(revoked_tokens::jti)
                    .load(conn)?;
                Ok((epoch, revoked))
            })
            .await?;
        let mut access = write(&self.access);
        if access.epoch <= epoch || counter < access.epoch {
            self.remember(vec![(Epoch::Access.as_str().into(), epoch)]);
            let revoked = Arc::new(revoked.into_iter().collect());
            *access = Access { epoch, principals: HashMap::new(), revoked };
        }
        Ok(())
    }

    /// Reloads the signing keys after a rotation.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn keys_changed(&self) -> Result<(), StartError> {
        let keys = keystore::load_or_create(&self.db, &self.config, self.now()).await?;
        *write(&self.keys) = Arc::new(keys);
        self.tokens.forget();
        Ok(())
    }

    /// Looks whether another instance or command has changed what is held in memory.
    ///
    /// # Errors
    /// When the database is away; the next look then catches up.
    pub async fn refresh(&self) -> Result<(), StartError> {
        let current = self.db.read(|conn: &mut DbConn| Ok(epochs::all(conn)?)).await?;
        for (name, value) in current {
            if read(&self.seen).get(&name) == Some(&value) {
                continue;
            }
            match name.parse() {
                Ok(Epoch::Units) => self.units_reload(value).await?,
                Ok(Epoch::Access) => self.access_reload(value).await?,
                Ok(Epoch::Keys) => {
                    self.keys_changed().await?;
                    self.remember(vec![(name, value)]);
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn remember(&self, seen: Vec<(String, i64)>) {
        write(&self.seen).extend(seen);
    }
}

/// The tree of units with the place of its counter. The counter first: what is loaded may then be
/// newer than it says, never older.
///
/// # Errors
/// When the database cannot be read.
pub fn units_load(conn: &mut DbConn) -> Result<Units, ApiError> {
    let epoch = epochs::current(conn, Epoch::Units)?;
    Ok(Units::at(epoch, tree_load(conn)?))
}

/// A lock is poisoned only by a panic while it was held; what it guards is replaced whole, so it is
/// sound all the same.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The shared state, as handlers take it.
#[derive(Clone)]
pub struct App(Arc<AppState>);

impl App {
    /// The state of this request's application.
    ///
    /// # Errors
    /// Never, where the application carries its state.
    pub fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        req.app_data::<web::Data<AppState>>()
            .map(|data| Self(data.clone().into_inner()))
            .ok_or_else(|| ApiError::internal("the application has no state"))
    }
}

impl Deref for App {
    type Target = Arc<AppState>;
    fn deref(&self) -> &Arc<AppState> {
        &self.0
    }
}

impl FromRequest for App {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(req))
    }
}
