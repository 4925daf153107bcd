//! The connections of a pool that are open or being opened, in threads of the pool's own. A process must
//! not end beside them: at its end OpenSSL takes down the tables that a connection still uses.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long the end of a pool is waited for: a server that does not answer holds nobody longer.
const LONGEST: Duration = Duration::from_secs(5);

/// What the pool and its connections share.
#[derive(Debug, Default)]
struct Count {
    state: Mutex<State>,
    fewer: Condvar,
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    is_closed: bool,
}

/// Counts connections; when it is dropped no more are opened, and the last of those that were is waited
/// for. It is dropped behind the pool itself.
#[derive(Debug, Default)]
pub(super) struct Connections(Arc<Count>);

impl Connections {
    /// Who counts for a thread of the pool.
    pub(super) fn counter(&self) -> Counter {
        Counter(self.0.clone())
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_closed = true;
        let waited = self.0.fewer.wait_timeout_while(state, LONGEST, |state| state.connections > 0);
        if waited.is_ok_and(|(_, waited)| waited.timed_out()) {
            log::warn!("connections to the database were not closed within {LONGEST:?}");
        }
    }
}

/// Counts the connections that are opened.
#[derive(Debug, Clone)]
pub(super) struct Counter(Arc<Count>);

impl Counter {
    /// A connection that is to be opened; none once the pool is gone.
    pub(super) fn begin(&self) -> Option<Alive> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        state.connections += 1;
        Some(Alive(self.0.clone()))
    }
}

/// One connection, from the first step of its opening until it is closed.
#[derive(Debug)]
pub(super) struct Alive(Arc<Count>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).connections -= 1;
        self.0.fewer.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_connection_is_waited_for_and_no_other_is_opened() {
        let connections = Connections::default();
        let counter = connections.counter();
        let alive = counter.begin().unwrap();
        let end = std::thread::spawn(move || drop(connections));
        // Once it is closed, it waits for this one alone.
        while counter.begin().is_some() {
            std::thread::yield_now();
        }
        assert!(!end.is_finished());
        drop(alive);
        end.join().unwrap();
        assert_eq!(counter.0.state.lock().unwrap().connections, 0);
    }
}
