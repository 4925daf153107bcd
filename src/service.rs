//! The running service: opening it, its background work, and its graceful stop.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app;
use kernel::api::contract::Contract;
use kernel::api::idempotency;
use kernel::attachments::removals;
use kernel::auth::password::HashCost;
use kernel::config::Config;
use kernel::db::migrate::{self, ServeLock};
use kernel::db::schema::{refresh_tokens, revoked_tokens};
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn, Location};
use kernel::error::ApiError;
use kernel::state::{AppState, Clock, StartError};
use tthc::dossiers::lookups;
use tthc::dossiers::summaries::fold::{fold, worth};
use tthc::dossiers::summaries::verify;

/// The service, open, with the lock that keeps a second process off a SQLite file.
pub struct Service {
    /// What every request shares.
    pub state: Arc<AppState>,
    _lock: ServeLock,
}

impl Service {
    /// Locks, migrates and opens the database, and loads what is held in memory.
    ///
    /// # Errors
    /// Whatever stops the start, in one line.
    pub async fn open(
        config: Config,
        location: Location,
        clock: Clock,
        contract: Contract,
    ) -> Result<Self, StartError> {
        let lock = migrate::lock_for_serving(&location)?;
        migrate::prepare(&location)?;
        let db = Db::open(location, &config)?;
        verify::make_missing(&db).await?;
        let state = AppState::open(config, clock, db, HashCost::default(), contract).await?;
        Ok(Self { state, _lock: lock })
    }

    /// Serves until a signal stops it.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        let workers = self.state.config.workers.size();
        // Before the first request is taken: no signal finds the process unprepared.
        let signals = Signals::listen()?;
        let server = app::serve(self.state.clone(), listener, workers)?;
        tokio::spawn(seal_journal(self.state.clone()));
        tokio::spawn(fold_counts(self.state.clone()));
        tokio::spawn(watch_changes(self.state.clone()));
        tokio::spawn(forget_expired(self.state.clone()));
        tokio::spawn(remove_content(self.state.clone()));
        tokio::spawn(stop_on_signal(self.state.clone(), server.handle(), signals));
        server.await
    }
}

/// Opens the database for a command that writes beside a running service.
///
/// # Errors
/// When the database is missing, not migrated or cannot be used.
pub async fn open_for_command(config: &Config, location: Location) -> Result<Db, StartError> {
    migrate::check(&location)?;
    Ok(Db::open(location, config)?)
}

/// How often committed writes are sealed: well within the second that the change feed promises.
const SEAL_EVERY: Duration = Duration::from_millis(250);

async fn seal_journal(state: Arc<AppState>) {
    loop {
        if let Err(error) = state.seal().await {
            log::warn!("the journal could not be sealed, the next pass goes on: {error}");
        }
        tokio::time::sleep(SEAL_EVERY).await;
    }
}

/// Folds the counts of dossiers: whoever reads them has few deltas to add.
async fn fold_counts(state: Arc<AppState>) {
    let mut last = std::time::Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        match fold(&state.db, worth(last)).await {
            Ok(0) => {}
            Ok(_) => last = std::time::Instant::now(),
            Err(error) => {
                log::warn!("the counts of dossiers could not be folded, the next pass goes on: {error}");
            }
        }
    }
}

async fn watch_changes(state: Arc<AppState>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(error) = state.refresh().await {
            log::warn!("could not look for changes of other instances: {error}");
        }
    }
}

/// Forgets tokens and kept answers that have expired, once an hour. Answers are many and large: single
/// writes come between their passes.
async fn forget_expired(state: Arc<AppState>) {
    loop {
        match forget(&state.db, state.now()).await {
            Ok(count) => log::debug!("forgot {count} expired tokens and answers"),
            Err(error) => log::warn!("expired tokens and answers could not be forgotten: {error}"),
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

async fn forget(db: &Db, now: Instant) -> Result<usize, ApiError> {
    let tokens = move |conn: &mut DbConn| -> Result<usize, ApiError> {
        let old = refresh_tokens::table.filter(refresh_tokens::expires_at.lt(now));
        let refresh = diesel::delete(old).execute(conn)?;
        let old = revoked_tokens::table.filter(revoked_tokens::expires_at.lt(now));
        Ok(refresh + diesel::delete(old).execute(conn)?)
    };
    let mut forgotten = db.maintain(tokens).await?;
    forgotten += lookups::forget(db, now).await?;
    loop {
        let answers = db.maintain(move |conn| idempotency::forget_expired(conn, now)).await?;
        forgotten += answers;
        if answers < idempotency::FORGOTTEN_AT_ONCE {
            return Ok(forgotten);
        }
    }
}

/// Removes the content of attachments whose time has come, once an hour.
async fn remove_content(state: Arc<AppState>) {
    loop {
        match removals::sweep(&state, state.now()).await {
            Ok(0) => {}
            Ok(count) => log::info!("removed the content of {count} deleted or unfinished attachments"),
            Err(error) => log::warn!(
                "content of deleted attachments could not be removed, the next pass goes on: {error}"
            ),
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// The first signal finishes what runs and refuses what comes; a second one ends at once.
async fn stop_on_signal(state: Arc<AppState>, server: actix_web::dev::ServerHandle, mut signals: Signals) {
    signals.next().await;
    // What the log says is so already.
    state.set_stopping();
    log::info!("stopping: running requests are finished, new ones refused");
    tokio::select! {
        () = server.stop(true) => {}
        () = signals.next() => server.stop(false).await,
    }
}

/// The signals that stop the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
