//! The one writer of SQLite: a thread that commits waiting jobs in groups, so that many durable
//! writes share one fsync. A job is answered only after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant as Moment};

use diesel::connection::SimpleConnection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Weight;
use super::answer::{Answer, Work};
use super::conn::{DbConn, Location, PlanMode};
use crate::error::ApiError;

/// How a job ended inside its savepoint.
pub(super) struct Done {
    /// Whether its work is to be kept.
    pub(super) keep: bool,
    /// Rows it wrote, roughly: big jobs close a group early.
    pub(super) rows: usize,
    /// Tells the caller; `Err` when the commit of the whole group failed.
    pub(super) reply: Box<dyn FnOnce(Result<(), ApiError>) + Send>,
}

/// Work for the writer, with the channel of whoever asked for it.
struct Job {
    /// Large writes have a transaction of their own: what is small does not wait for their fsync.
    weight: Weight,
    answer: oneshot::Sender<Result<Answer, ApiError>>,
    turn: Option<OwnedSemaphorePermit>,
    work: Work<Kept>,
}

impl Job {
    /// Whether anybody waits for it: whoever was answered that it was not done shall be right.
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(self, conn: &mut DbConn) -> Done {
        let Self { answer, turn, work, weight: _ } = self;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(conn)))
            .unwrap_or_else(|_| Err(ApiError::internal("a write panicked")));
        let (keep, rows) = outcome.as_ref().map_or((false, 1), |kept| (kept.keep, kept.rows));
        let reply = move |committed: Result<(), ApiError>| {
            // The turn ends here, behind the commit.
            let _turn = turn;
            // Whoever asked may have gone away: nobody to tell then.
            let _ = answer.send(match committed {
                Ok(()) => outcome.map(|kept| kept.value),
                Err(lost) => Err(lost),
            });
        };
        Done { keep, rows, reply: Box::new(reply) }
    }
}

const GROUP_JOBS: usize = 256;
const GROUP_ROWS: usize = 2_000;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// The entrance to the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    /// Starts the thread on this file.
    pub(super) fn start(location: &Location, queue: usize) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel::<Job>(queue);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (location, counter) = (location.clone(), waiting.clone());
        std::thread::Builder::new()
            .name("cchc-writer".into())
            .spawn(move || run(&location, &inbox, &counter))?;
        Ok(Self { jobs, waiting })
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues a job and waits for its commit. A turn among the large writes ends with the work.
    pub(super) async fn run(
        &self,
        weight: Weight,
        turn: Option<OwnedSemaphorePermit>,
        work: Work<Kept>,
    ) -> Result<Answer, ApiError> {
        let (answer, answered) = oneshot::channel();
        let job = Job { weight, answer, turn, work };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(refused) = self.jobs.try_send(job) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::unavailable(match refused {
                TrySendError::Full(_) => "the queue of writes is full",
                TrySendError::Disconnected(_) => "the writer has stopped",
            }));
        }
        answered.await.map_err(|_| ApiError::unavailable("the writer dropped the job"))?
    }
}

/// What a job made, and whether it stays.
pub(super) struct Kept {
    pub(super) value: Answer,
    pub(super) keep: bool,
    pub(super) rows: usize,
}

fn run(location: &Location, inbox: &Receiver<Job>, waiting: &AtomicUsize) {
    let mut conn = None;
    let mut set_aside = None;
    while let Some(first) = set_aside.take().or_else(|| inbox.recv().ok()) {
        let open = match conn.take() {
            Some(open) => Ok(open),
            None => location.connect(PlanMode::Generic),
        };
        conn = match open {
            Ok(mut open) => {
                commit_group(&mut open, first, inbox, waiting, &mut set_aside).is_ok().then_some(open)
            }
            Err(error) => {
                log::error!("the database file cannot be opened for writing: {error}");
                refuse(first, waiting);
                None
            }
        };
    }
}

/// Answers a job that never ran: its closure is dropped and the caller's channel with it.
fn refuse(job: Job, waiting: &AtomicUsize) {
    waiting.fetch_sub(1, Ordering::Relaxed);
    drop(job);
}

/// Runs one group; a large job that comes behind others is set aside for the next. `Err` when the connection can no longer be trusted.
fn commit_group(
    conn: &mut DbConn,
    first: Job,
    inbox: &Receiver<Job>,
    waiting: &AtomicUsize,
    set_aside: &mut Option<Job>,
) -> Result<(), ()> {
    if let Err(error) = conn.batch_execute("BEGIN IMMEDIATE") {
        log::error!("a write could not begin: {error}");
        waiting.fetch_sub(1, Ordering::Relaxed);
        drop(first);
        return Err(());
    }
    let started = Moment::now();
    let mut replies = Vec::new();
    let mut rows = 0;
    let mut next = Some(first);
    while let Some(job) = next.take() {
        let is_large = job.weight == Weight::Many;
        if is_large && !replies.is_empty() {
            *set_aside = Some(job);
            break;
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
        if !job.is_wanted() {
            next = inbox.try_recv().ok();
            continue;
        }
        let (done, stands) = run_job(conn, job);
        rows += done.rows;
        replies.push(done.reply);
        if let Err(cause) = stands {
            log::error!("SQLite gave up the transaction of {} writes: {cause}", replies.len());
            replies.into_iter().for_each(|reply| reply(Err(ApiError::unavailable(&cause))));
            return Err(());
        }
        if !is_large && replies.len() < GROUP_JOBS && rows < GROUP_ROWS && started.elapsed() < GROUP_TIME {
            next = inbox.try_recv().ok();
        }
    }
    match conn.batch_execute("COMMIT") {
        Ok(()) => {
            replies.into_iter().for_each(|reply| reply(Ok(())));
            Ok(())
        }
        Err(error) => {
            log::error!("the commit of {} writes failed: {error}", replies.len());
            replies.into_iter().for_each(|reply| reply(Err(ApiError::unavailable(&error))));
            Err(())
        }
    }
}

/// Runs one job in its savepoint. When SQLite meets a full disk it may roll back the whole
/// transaction and not the savepoint alone; releasing the savepoint then fails, and `Err` says so.
fn run_job(conn: &mut DbConn, job: Job) -> (Done, Result<(), diesel::result::Error>) {
    if let Err(error) = conn.batch_execute("SAVEPOINT job") {
        let dropped = Done { keep: false, rows: 0, reply: Box::new(move |_| drop(job)) };
        return (dropped, Err(error));
    }
    let done = job.run(conn);
    let stands = conn.batch_execute(if done.keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" });
    (done, stands)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::channel;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_nobody_waits_for_any_more_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cchc.db"));
        let writer = Writer::start(&location, 16).unwrap();
        let done = || Ok(Kept { value: Box::new(()), keep: false, rows: 1 });
        let (go_on, held) = channel();
        let ran = Arc::new(AtomicBool::new(false));
        let runs = ran.clone();
        let first = writer.run(
            Weight::Single,
            None,
            Box::new(move |_| {
                held.recv().unwrap();
                done()
            }),
        );
        let given_up = writer.run(
            Weight::Single,
            None,
            Box::new(move |_| {
                runs.store(true, Ordering::Release);
                done()
            }),
        );
        actix_web::rt::System::new().block_on(async {
            let (mut first, mut given_up) = (Box::pin(first), Box::pin(given_up));
            assert!(first.as_mut().now_or_never().is_none(), "it is held");
            assert!(given_up.as_mut().now_or_never().is_none(), "it waits behind the first");
            drop(given_up);
            go_on.send(()).unwrap();
            first.await.unwrap();
            writer.run(Weight::Single, None, Box::new(move |_| done())).await.unwrap();
        });
        assert!(!ran.load(Ordering::Acquire));
        assert_eq!(writer.waiting(), 0);
    }
}
