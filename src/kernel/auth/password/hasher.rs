//! How passwords and secrets are hashed and compared: with argon2id, a few at a time.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_lc_rs::rand;
use tokio::sync::Semaphore;

use super::normalise;
use crate::auth::keys::Secret;
use crate::error::ApiError;

/// What one argon2id computation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for HashCost {
    /// OWASP's first recommendation: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Why a password was not hashed or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// So many others wait that it is better to come back later.
    #[error("too many log-ins at once")]
    Busy,
    /// The stored hash is none that this service reads.
    #[error("a stored password hash cannot be read: set a new password for this account")]
    UnreadableHash,
    /// These costs cannot be computed with.
    #[error(
        "these costs of password hashing are not possible: memory is at least 8 KiB a lane, and there is at least one pass and one lane"
    )]
    ImpossibleCost,
    /// The computation failed, for want of memory or of randomness.
    #[error("a password could not be hashed: check the memory and the randomness of the system")]
    Failed,
}

impl From<HashFault> for ApiError {
    fn from(fault: HashFault) -> Self {
        match fault {
            HashFault::Busy => Self::unavailable(fault),
            _ => Self::internal(fault),
        }
    }
}

/// Hashes and compares passwords, a few at a time.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    dummy: Arc<PasswordHash>,
    // Whoever computes or waits holds a place; whoever computes holds a turn too.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("argon2", &self.argon2).finish_non_exhaustive()
    }
}

impl Hasher {
    /// At most `at_once` computations (at least one) run, and at most `waiting` wait for their
    /// turn, first come, first served.
    ///
    /// # Errors
    ///
    /// The costs are impossible, or the system has no randomness.
    pub fn new(cost: HashCost, at_once: usize, waiting: usize) -> Result<Self, HashFault> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|_| HashFault::ImpossibleCost)?;
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS / 2);
        let waiting = waiting.min(Semaphore::MAX_PERMITS / 2);
        Ok(Self {
            dummy: Arc::new(dummy(&params)?),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            places: Arc::new(Semaphore::new(at_once.saturating_add(waiting))),
            turns: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// The PHC string to store for this password.
    ///
    /// # Errors
    ///
    /// Too many wait already, or the computation fails.
    pub async fn hash(&self, password: &str) -> Result<String, HashFault> {
        let password = normalise(password).ok_or(HashFault::Failed)?;
        let argon2 = self.argon2.clone();
        self.compute(move || argon2.hash_password(password.expose()).map(|hash| hash.to_string()))
            .await?
            .map_err(|_| HashFault::Failed)
    }

    /// Whether this password has this hash. For an unknown user there is no hash, and the answer
    /// is no after the same work, so that nobody learns from the time who has an account.
    ///
    /// # Errors
    ///
    /// Too many wait already, the hash is unreadable, or the computation fails.
    pub async fn verify_or_dummy(&self, hash: Option<&str>, password: &str) -> Result<bool, HashFault> {
        let normal = normalise(password);
        let hash = hash.map(PasswordHash::new).transpose().map_err(|_| HashFault::UnreadableHash)?;
        let known = hash.is_some() && normal.is_some();
        let (hash, password) = match (hash, normal) {
            (Some(hash), Some(password)) => (hash, password),
            (_, password) => {
                (PasswordHash::clone(&self.dummy), password.unwrap_or_else(|| Secret::from(Vec::new())))
            }
        };
        let argon2 = self.argon2.clone();
        match self.compute(move || argon2.verify_password(password.expose(), &hash)).await? {
            Ok(()) => Ok(known),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(argon2::password_hash::Error::OutOfMemory) => Err(HashFault::Failed),
            Err(_) => Err(HashFault::UnreadableHash),
        }
    }

    /// Whether a hash was made with other costs than today's, so that the next log-in should
    /// replace it.
    #[must_use]
    pub fn needs_rehash(&self, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else {
            return true;
        };
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        hash.algorithm != ARGON2ID_IDENT
            || hash.version != self.dummy.version
            || !Params::try_from(&hash).is_ok_and(|params| cost(&params) == cost(self.argon2.params()))
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashFault> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HashFault::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| HashFault::Failed)?;
        // The work goes on when a client hangs up, so the permits go with it.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        })
        .await
        .map_err(|_| HashFault::Failed)
    }
}

// A hash that no password is known to have: its output was never computed, only drawn.
fn dummy(params: &Params) -> Result<PasswordHash, HashFault> {
    let mut random = [0_u8; 48];
    rand::fill(&mut random).map_err(|_| HashFault::Failed)?;
    let (salt, output) = random.split_at(16);
    Ok(PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(|_| HashFault::ImpossibleCost)?,
        salt: Some(Salt::new(salt).map_err(|_| HashFault::Failed)?),
        hash: Some(Output::new(output).map_err(|_| HashFault::Failed)?),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_hash_fits_its_password_only() {
        let hasher = Hasher::new(CHEAP, 2, 8).unwrap();
        wait(async {
            let hash = hasher.hash("một mật khẩu dài").await.unwrap();
            assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
            assert_ne!(hash, hasher.hash("một mật khẩu dài").await.unwrap());
            assert_eq!(hasher.verify_or_dummy(Some(&hash), "một mật khẩu dài").await, Ok(true));
            assert_eq!(hasher.verify_or_dummy(Some(&hash), "một mật khẩu dai").await, Ok(false));
            assert_eq!(hasher.verify_or_dummy(Some(&hash), "").await, Ok(false));
            let long = "a".repeat(1_000_000);
            assert_eq!(hasher.verify_or_dummy(Some(&hash), &long).await, Ok(false));
        });
    }

    #[test]
    fn the_default_cost_is_the_one_recommended() {
        let hasher = Hasher::new(HashCost::default(), 1, 0).unwrap();
        let hash = wait(hasher.hash("một mật khẩu dài")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        let hasher = Hasher::new(CHEAP, 1, 1).unwrap();
        let (composed, decomposed) = ("Tiếng Việt rõ", "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t ro\u{303}");
        assert_ne!(composed, decomposed);
        wait(async {
            let hash = hasher.hash(decomposed).await.unwrap();
            assert_eq!(hasher.verify_or_dummy(Some(&hash), composed).await, Ok(true));
        });
    }

    #[test]
    fn an_unknown_user_costs_one_computation_and_is_refused() {
        let hasher = Hasher::new(CHEAP, 1, 1).unwrap();
        assert_eq!(wait(hasher.verify_or_dummy(None, "any password")), Ok(false));
        let dummy = hasher.dummy.to_string();
        assert!(dummy.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{dummy}");
        assert!(!hasher.needs_rehash(&dummy));
        let parts = |hash: &str| hash.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(parts(&dummy), parts(&wait(hasher.hash("any password")).unwrap()));
    }

    #[test]
    fn an_older_hash_still_fits_and_asks_to_be_replaced() {
        let older = Hasher::new(CHEAP, 1, 1).unwrap();
        let newer = Hasher::new(HashCost { passes: 2, ..CHEAP }, 1, 1).unwrap();
        let hash = wait(older.hash("any password")).unwrap();
        assert!(!older.needs_rehash(&hash));
        assert!(newer.needs_rehash(&hash));
        assert!(newer.needs_rehash(&hash.replace("argon2id", "argon2i")));
        assert!(newer.needs_rehash("nonsense"));
        assert_eq!(wait(newer.verify_or_dummy(Some(&hash), "any password")), Ok(true));
    }

    #[test]
    fn an_unreadable_hash_is_no_wrong_password() {
        let hasher = Hasher::new(CHEAP, 1, 1).unwrap();
        for hash in ["", "nonsense", "$scrypt$ln=1$YWJjZGVmZ2g$YWJjZGVmZ2hpamtsbW5vcA"] {
            let fault = wait(hasher.verify_or_dummy(Some(hash), "any password"));
            assert_eq!(fault, Err(HashFault::UnreadableHash), "{hash}");
        }
        let none = HashCost { memory_kib: 0, ..CHEAP };
        assert_eq!(Hasher::new(none, 1, 1).unwrap_err(), HashFault::ImpossibleCost);
    }

    #[test]
    fn only_so_many_compute_and_only_so_many_wait() {
        let hasher = Hasher::new(CHEAP, 2, 3).unwrap();
        wait(async {
            let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (started, has_started) = mpsc::channel();
            let mut finish = Vec::new();
            let mut tasks = Vec::new();
            for _ in 0..5 {
                let (hasher, running, peak, started) =
                    (hasher.clone(), Arc::clone(&running), Arc::clone(&peak), started.clone());
                let (go, may_go) = mpsc::channel::<()>();
                finish.push(go);
                tasks.push(tokio::spawn(async move {
                    hasher
                        .compute(move || {
                            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            started.send(()).unwrap();
                            may_go.recv().unwrap();
                            running.fetch_sub(1, Ordering::SeqCst);
                        })
                        .await
                }));
            }
            tokio::task::yield_now().await;
            has_started.recv().unwrap();
            has_started.recv().unwrap();
            assert!(has_started.try_recv().is_err());
            assert_eq!(hasher.verify_or_dummy(None, "any password").await, Err(HashFault::Busy));
            for go in finish {
                go.send(()).unwrap();
            }
            for task in tasks {
                assert_eq!(task.await.unwrap(), Ok(()));
            }
            assert_eq!(peak.load(Ordering::SeqCst), 2);
            assert_eq!(hasher.verify_or_dummy(None, "any password").await, Ok(false));
        });
    }

    #[test]
    fn whoever_hangs_up_while_waiting_gives_the_place_back() {
        let hasher = Hasher::new(CHEAP, 1, 1).unwrap();
        wait(async {
            let turn = Arc::clone(&hasher.turns).acquire_owned().await.unwrap();
            for _ in 0..3 {
                let (here, known) = (hasher.clone(), hasher.clone());
                let first = tokio::spawn(async move { here.hash("any password").await });
                let second = tokio::spawn(async move { known.hash("any password").await });
                tokio::task::yield_now().await;
                assert_eq!(hasher.hash("any password").await, Err(HashFault::Busy));
                first.abort();
                second.abort();
                assert!(first.await.unwrap_err().is_cancelled());
                assert!(second.await.unwrap_err().is_cancelled());
            }
            drop(turn);
            assert!(hasher.hash("any password").await.is_ok());
        });
    }
}
