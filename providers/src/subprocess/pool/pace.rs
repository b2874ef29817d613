//! How soon a process that ended is replaced. Pure: the caller says what time it is.

use std::time::{Duration, Instant};

/// A process that lived for so long did not end because of how it was started.
const STEADY: Duration = Duration::from_secs(10);
/// Before the next start after the first that came to nothing; doubled each time.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// Starts in a row that came to nothing, and what follows from them.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
    until: Option<Instant>,
}

impl Pace {
    /// A process ended by itself after it `lived` so long; zero for one that did not start.
    /// Answers with the pause that follows. Those that end during a pause do not make it longer.
    pub(super) fn ended(&mut self, lived: Duration, now: Instant) -> Duration {
        if lived >= STEADY {
            *self = Self::default();
            return Duration::ZERO;
        }
        if self.pause(now).is_zero() {
            let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
            self.failures = self.failures.saturating_add(1);
            self.until = Some(now + pause);
        }
        self.pause(now)
    }

    /// How long nothing is started yet.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_processes_end_at_once_and_not_with_how_many_there_are() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let pause = pace.ended(Duration::ZERO, now);
            assert_eq!(pace.ended(Duration::from_secs(1), now), pause);
            pauses.push(pause.as_millis());
            now += pause;
        }
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(pace.ended(STEADY, now), Duration::ZERO);
        assert_eq!(pace.ended(Duration::ZERO, now), FIRST);
    }
}
