//! How often someone may ask: any request, by account or else by address, and logins, by both.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use unicode_normalization::UnicodeNormalization;

use crate::error::{ApiError, Problem};

const LONGEST_WINDOW: Duration = Duration::from_secs(86_400);

/// So many attempts a window. All of them may come at once; after that one more is allowed each
/// time that its share of the window has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many attempts.
    pub attempts: NonZeroU32,
    /// In which time, at most a day.
    pub window: Duration,
}

/// How many times the attempts of one address an account has from all addresses together.
const FROM_ANYWHERE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

impl Allowance {
    fn times(self, times: NonZeroU32) -> Self {
        Self { attempts: self.attempts.saturating_mul(times), ..self }
    }

    fn quota(self) -> Quota {
        let share = (self.window.min(LONGEST_WINDOW) / self.attempts.get()).max(Duration::from_nanos(1));
        Quota::with_period(share)
            .unwrap_or_else(|| Quota::per_second(self.attempts))
            .allow_burst(self.attempts)
    }
}

/// Too many attempts: come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: come back in {seconds} seconds")]
pub struct RetryAfter {
    /// In how many seconds, at least one.
    pub seconds: u64,
}

impl From<RetryAfter> for ApiError {
    fn from(wait: RetryAfter) -> Self {
        Self::new(Problem::TooManyRequests).with_retry_after(wait.seconds)
    }
}

/// The log-in attempts of late.
#[derive(Debug)]
pub struct LoginLimits<C: Clock = DefaultClock> {
    accounts: Limiter<u64, C>,
    pairs: Limiter<(u64, IpAddr), C>,
    addresses: Limiter<IpAddr, C>,
    // People type a password where the username belongs. Only a number is kept of what they
    // typed, and without these keys nobody can search for the text behind it.
    hasher: RandomState,
}

impl LoginLimits {
    /// Limits by the system's monotonic clock. Traces of attempts that no longer matter are swept
    /// out when there are more than `keys` of a kind.
    #[must_use]
    pub fn new(account: Allowance, address: Allowance, keys: usize) -> Self {
        Self::with_clock(account, address, keys, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> LoginLimits<C> {
    /// Limits by another clock.
    #[must_use]
    pub fn with_clock(account: Allowance, address: Allowance, keys: usize, clock: &C) -> Self {
        Self {
            accounts: Limiter::new(account.times(FROM_ANYWHERE), keys, clock.clone()),
            pairs: Limiter::new(account, keys, clock.clone()),
            addresses: Limiter::new(address, keys, clock.clone()),
            hasher: RandomState::new(),
        }
    }

    /// Counts an attempt: of the account from this address, of the account from anywhere, of the
    /// address. Whoever is over a limit of an address no longer counts against the account: its owner
    /// could otherwise be kept out from somewhere else.
    ///
    /// # Errors
    ///
    /// The address or the account has had too many attempts.
    pub fn check(&self, account: &str, address: IpAddr) -> Result<(), RetryAfter> {
        let (account, network) = (self.account_key(account), network(address));
        self.addresses.check(&network)?;
        self.pairs.check(&(account, network))?;
        self.accounts.check(&account)?;
        Ok(())
    }

    fn account_key(&self, account: &str) -> u64 {
        let folded: String = account.trim().nfc().flat_map(char::to_lowercase).collect();
        self.hasher.hash_one(folded)
    }
}

// One subscriber of IPv6 has a /64 at least, and may use every address in it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The requests of late, whatever they ask for.
#[derive(Debug)]
pub struct RequestLimits<C: Clock = DefaultClock> {
    accounts: Limiter<String, C>,
    addresses: Limiter<IpAddr, C>,
    per_minute: NonZeroU32,
}

/// How much of its allowance a client has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests a minute.
    pub per_minute: u32,
    /// How many may follow at once.
    pub remaining: u32,
}

impl RequestLimits {
    /// So many requests a minute for each account, and for each address without one.
    #[must_use]
    pub fn new(per_minute: NonZeroU32, keys: usize) -> Self {
        let allowance = Allowance { attempts: per_minute, window: Duration::from_secs(60) };
        let clock = DefaultClock::default();
        Self {
            accounts: Limiter::new(allowance, keys, clock.clone()),
            addresses: Limiter::new(allowance, keys, clock),
            per_minute,
        }
    }

    /// Counts a request of this account, or of this address where nobody is signed in.
    ///
    /// # Errors
    ///
    /// It has had too many.
    pub fn check(&self, account: Option<&str>, address: IpAddr) -> Result<Standing, RetryAfter> {
        let remaining = match account {
            Some(account) => self.accounts.check(&account.to_owned()),
            None => self.addresses.check(&network(address)),
        }?;
        Ok(Standing { per_minute: self.per_minute.get(), remaining })
    }
}

#[derive(Debug)]
struct Limiter<K: Hash + Eq + Clone, C: Clock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>,
    keys: usize,
    sweep_above: AtomicUsize,
}

impl<K: Hash + Eq + Clone, C: Clock> Limiter<K, C> {
    fn new(allowance: Allowance, keys: usize, clock: C) -> Self {
        Self {
            limiter: RateLimiter::dashmap_with_clock(allowance.quota(), clock).with_middleware(),
            keys,
            sweep_above: AtomicUsize::new(keys),
        }
    }

    /// Counts an attempt; answers how many are left.
    fn check(&self, key: &K) -> Result<u32, RetryAfter> {
        let outcome = self.limiter.check_key(key);
        self.sweep();
        outcome.map(|state| state.remaining_burst_capacity()).map_err(|until| {
            let wait = until.wait_time_from(self.limiter.clock().now());
            let started = u64::from(wait.subsec_nanos() > 0);
            RetryAfter { seconds: wait.as_secs().saturating_add(started).max(1) }
        })
    }

    // What is left after a sweep is still of use, so the next one waits until there is twice as
    // much: a crowd of addresses must not make every attempt walk through all of them.
    fn sweep(&self) {
        if self.limiter.len() <= self.sweep_above.load(Ordering::Relaxed) {
            return;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        let next = self.limiter.len().saturating_mul(2).max(self.keys);
        self.sweep_above.store(next, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn allowance(attempts: u32, seconds: u64) -> Allowance {
        Allowance { attempts: NonZeroU32::new(attempts).unwrap(), window: Duration::from_secs(seconds) }
    }

    fn limits(account: Allowance, address: Allowance) -> (LoginLimits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (LoginLimits::with_clock(account, address, 100, &clock), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn host(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn an_account_is_limited_wherever_the_attempts_come_from() {
        let (limits, _) = limits(allowance(5, 300), allowance(1000, 60));
        for number in 0..100 {
            assert_eq!(limits.check("lan", host(number)), Ok(()));
        }
        assert!(limits.check("lan", host(100)).is_err());
        assert_eq!(limits.check("minh", host(100)), Ok(()));
    }

    #[test]
    fn who_tries_an_account_from_elsewhere_does_not_keep_its_owner_out() {
        let (limits, _) = limits(allowance(5, 300), allowance(1000, 60));
        for _ in 0..500 {
            let _ = limits.check("lan", host(1));
        }
        assert!(limits.check("lan", host(1)).is_err());
        assert_eq!(limits.check("lan", host(2)), Ok(()));
    }

    #[test]
    fn an_account_is_limited_from_one_address() {
        let (limits, clock) = limits(allowance(5, 300), allowance(1000, 60));
        for _ in 0..5 {
            assert_eq!(limits.check("lan", host(9)), Ok(()));
        }
        assert_eq!(limits.check("lan", host(9)), Err(RetryAfter { seconds: 60 }));
        assert_eq!(limits.check("minh", host(9)), Ok(()));
        clock.advance(Duration::from_millis(59_500));
        assert_eq!(limits.check("lan", host(9)), Err(RetryAfter { seconds: 1 }));
        clock.advance(Duration::from_millis(500));
        assert_eq!(limits.check("lan", host(9)), Ok(()));
        assert!(limits.check("lan", host(9)).is_err());
        clock.advance(Duration::from_secs(300));
        for _ in 0..5 {
            assert_eq!(limits.check("lan", host(9)), Ok(()));
        }
    }

    #[test]
    fn an_account_is_the_same_in_any_writing() {
        let (limits, _) = limits(allowance(1, 300), allowance(1000, 60));
        assert_eq!(limits.check("Đức.Việt", host(1)), Ok(()));
        for same in ["đức.việt", "  ĐỨC.VIỆT\t", "đu\u{31b}\u{301}c.vie\u{323}\u{302}t"] {
            assert!(limits.check(same, host(1)).is_err(), "{same}");
        }
    }

    #[test]
    fn an_address_over_its_limit_does_not_keep_owners_out() {
        let (limits, _) = limits(allowance(5, 300), allowance(3, 60));
        for account in ["a", "b", "c"] {
            assert_eq!(limits.check(account, host(1)), Ok(()));
        }
        for _ in 0..20 {
            assert!(limits.check("lan", host(1)).is_err());
        }
        for number in 2..7 {
            assert_eq!(limits.check("lan", host(number)), Ok(()));
        }
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let (limits, _) = limits(allowance(1000, 60), allowance(1, 60));
        assert_eq!(limits.check("a", ip("2001:db8:1:2::1")), Ok(()));
        assert!(limits.check("b", ip("2001:db8:1:2:ffff:ffff:ffff:ffff")).is_err());
        assert_eq!(limits.check("c", ip("2001:db8:1:3::1")), Ok(()));
        assert_eq!(limits.check("d", ip("::ffff:192.0.2.1")), Ok(()));
        assert!(limits.check("e", ip("192.0.2.1")).is_err());
        assert_eq!(limits.check("f", ip("::ffff:192.0.2.2")), Ok(()));
    }

    #[test]
    fn traces_that_no_longer_matter_are_swept_out() {
        let (limits, clock) = limits(allowance(5, 300), allowance(5, 300));
        for number in 0..1_000 {
            limits.check(&format!("user{number}"), host(number)).unwrap();
            clock.advance(Duration::from_secs(10));
            assert!(limits.addresses.limiter.len() <= 101);
            assert!(limits.accounts.limiter.len() <= 101);
            assert!(limits.pairs.limiter.len() <= 101);
        }
    }

    #[test]
    fn a_sweep_keeps_who_is_over_the_limit_and_does_not_come_every_time() {
        let (limits, clock) = limits(allowance(1000, 60), allowance(2, 300));
        for _ in 0..2 {
            limits.check("a", host(1)).unwrap();
        }
        for number in 1_000..1_150 {
            limits.check("a", host(number)).unwrap();
        }
        let next = limits.addresses.sweep_above.load(Ordering::Relaxed);
        assert_eq!(next, 202);
        assert!(limits.check("a", host(1)).is_err());
        clock.advance(Duration::from_secs(600));
        for number in 2_000..2_060 {
            clock.advance(Duration::from_millis(100));
            limits.check("a", host(number)).unwrap();
        }
        assert!(limits.addresses.limiter.len() <= 60, "those of before the pause are gone");
        assert!(limits.addresses.sweep_above.load(Ordering::Relaxed) < next);
    }

    #[test]
    fn no_setting_makes_it_fail() {
        for (attempts, seconds) in [(1, 0), (u32::MAX, 0), (u32::MAX, 1), (1, u64::MAX), (u32::MAX, u64::MAX)]
        {
            let (limits, _) = limits(allowance(attempts, seconds), allowance(attempts, seconds));
            assert_eq!(limits.check("lan", host(1)), Ok(()));
        }
    }

    #[test]
    fn no_username_is_kept_in_clear() {
        let limits = LoginLimits::new(allowance(5, 300), allowance(5, 300), 100);
        limits.check("a-mistyped-password", host(1)).unwrap();
        assert!(!format!("{limits:?}").contains("mistyped"));
    }
}
