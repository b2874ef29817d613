//! How soon an exited process is replaced. Pure: the caller passes the time.

use std::time::{Duration, Instant};

/// A process that ran this long did not exit because of how it was started.
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// The delay after the first failure; it doubles with each further one.
const INITIAL_DELAY: Duration = Duration::from_millis(500);
const MAX_DELAY: Duration = Duration::from_secs(60);

/// Consecutive failed starts, and the delay that follows from them.
#[derive(Debug, Default)]
pub(super) struct RestartBackoff {
    failures: u32,
    until: Option<Instant>,
}

impl RestartBackoff {
    /// Records that a process exited unexpectedly after `uptime`; zero for one that did not start.
    /// Returns the delay before the next start. Exits during a delay do not extend it.
    pub(super) fn exited(&mut self, uptime: Duration, now: Instant) -> Duration {
        if uptime >= STABLE_AFTER {
            *self = Self::default();
            return Duration::ZERO;
        }
        if self.delay(now).is_zero() {
            let delay = INITIAL_DELAY.saturating_mul(1 << self.failures.min(16)).min(MAX_DELAY);
            self.failures = self.failures.saturating_add(1);
            self.until = Some(now + delay);
        }
        self.delay(now)
    }

    /// The remaining delay before the next start.
    pub(super) fn delay(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_while_processes_exit_at_once_whatever_their_number() {
        let (mut backoff, mut now) = (RestartBackoff::default(), Instant::now());
        let mut delays = Vec::new();
        for _ in 0..9 {
            let delay = backoff.exited(Duration::ZERO, now);
            assert_eq!(backoff.exited(Duration::from_secs(1), now), delay);
            delays.push(delay.as_millis());
            now += delay;
        }
        assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(backoff.exited(STABLE_AFTER, now), Duration::ZERO);
        assert_eq!(backoff.exited(Duration::ZERO, now), INITIAL_DELAY);
    }
}
