//! Backing off: a group whose provider fails waits, longer each time, then probes with one worker.
//!
//! A failure opens the back-off: until it ends the provider is sent nothing. The next call for
//! workers after that is a probe with one worker, and the provider is sent nothing else until the
//! outcome of the probe is known or the probe's own wait is over. A probe that starts a worker
//! ends the back-off. One that fails opens it again with twice the wait.

use wci_contract::{
    FailureClass,
    decision::{BackOff, Reason},
    launch::Outcome,
};

/// Waits where somebody must change a configuration first, milliseconds: initial and maximum.
const CONFIGURATION_MS: (i64, i64) = (5_000, 300_000);
/// How far jitter moves a wait, thousandths of it.
const JITTER: i64 = 200;

/// How a group backs off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackOffPolicy {
    /// Waits where the failure may pass without a change, milliseconds: initial and maximum.
    transient_ms: (i64, i64),
    /// The number of failures for which such a wait stays at four times the initial one before it
    /// doubles further.
    plateau: u32,
}

impl Default for BackOffPolicy {
    fn default() -> Self {
        Self { transient_ms: (1_000, 60_000), plateau: 0 }
    }
}

impl BackOffPolicy {
    /// A policy with short waits for the first half minute: most failures pass within a minute,
    /// and one call every few seconds is no burden.
    pub(crate) fn with_plateau(initial_ms: i64, maximum_ms: i64) -> Self {
        Self { transient_ms: (initial_ms, maximum_ms), plateau: 7 }
    }

    /// What follows from the outcome of a launch, and the reason to give. There is no reason when
    /// the launch requested no workers.
    ///
    /// Launches that were under way when the first of them failed add no information: only a
    /// failed probe, or a failure after the wait, makes the next wait longer. A launch that the
    /// provider cut short opens a back-off, because the provider is at its limit, but makes none
    /// longer, because the provider works.
    pub(crate) fn record_outcome(
        self,
        before: Option<&BackOff>,
        now_ms: i64,
        outcome: &Outcome,
    ) -> (Option<BackOff>, Option<Reason>) {
        let started = outcome.started;
        if outcome.is_success() {
            return match started {
                0 => (before.copied(), None),
                _ => (None, Some(Reason::LaunchSucceeded { started })),
            };
        }
        let class = outcome.failure_class();
        let next = match before {
            Some(open) if self.is_open(open, now_ms) && !open.probing => *open,
            Some(lasting) if started > 0 => self.open(now_ms, lasting.failures, class),
            Some(failed) => self.open(now_ms, failed.failures.saturating_add(1), class),
            None => self.open(now_ms, 1, class),
        };
        let wait_ms = next.until_ms.saturating_sub(now_ms);
        let reason = Reason::LaunchFailed { class, failures: next.failures, wait_ms };
        (Some(next), Some(reason))
    }

    /// The back-off while a probe is under way: open for another wait of the same length.
    pub(crate) fn probe(self, backoff: &BackOff, now_ms: i64) -> BackOff {
        BackOff { probing: true, ..self.open(now_ms, backoff.failures, backoff.class) }
    }

    /// Whether the provider may be sent nothing at `now_ms`. An end further ahead than the maximum
    /// wait comes from a clock that has since been set back, and does not count.
    pub(crate) fn is_open(self, backoff: &BackOff, now_ms: i64) -> bool {
        let (_, maximum) = self.waits_for(backoff.class);
        let remaining = backoff.until_ms.saturating_sub(now_ms);
        (1..=maximum + jitter_of(maximum, JITTER)).contains(&remaining)
    }

    fn open(self, now_ms: i64, failures: u32, class: FailureClass) -> BackOff {
        let until_ms = now_ms.saturating_add(self.wait_ms(now_ms, failures, class));
        BackOff { failures, until_ms, class, probing: false }
    }

    /// The wait after this number of failures in a row, milliseconds. It doubles up to the
    /// maximum; jitter then moves it by up to a fifth either way, so that groups that failed
    /// together do not retry together.
    fn wait_ms(self, now_ms: i64, failures: u32, class: FailureClass) -> i64 {
        let (initial, maximum) = self.waits_for(class);
        let doublings = self.doublings(failures, class).min(16);
        let wait = initial.saturating_mul(1 << doublings).min(maximum);
        let spread = 2 * JITTER.unsigned_abs() + 1;
        let thousandths =
            i64::try_from(mix(now_ms, failures) % spread).unwrap_or_default() - JITTER;
        wait + jitter_of(wait, thousandths)
    }

    fn doublings(self, failures: u32, class: FailureClass) -> u32 {
        const STEPS: u32 = 2;
        let doublings = failures.saturating_sub(1);
        if class.is_configuration() || doublings <= STEPS {
            return doublings;
        }
        doublings.saturating_sub(self.plateau).max(STEPS)
    }

    fn waits_for(self, class: FailureClass) -> (i64, i64) {
        if class.is_configuration() { CONFIGURATION_MS } else { self.transient_ms }
    }
}

/// The reason why the provider is sent nothing at `now_ms`.
pub(crate) fn backing_off(backoff: &BackOff, now_ms: i64) -> Reason {
    let remaining_ms = backoff.until_ms.saturating_sub(now_ms);
    Reason::BackingOff { class: backoff.class, remaining_ms }
}

fn jitter_of(wait_ms: i64, thousandths: i64) -> i64 {
    wait_ms * thousandths / 1000
}

/// Spreads its input over all bits: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(now_ms: i64, failures: u32) -> u64 {
    let seed = now_ms.cast_unsigned() ^ u64::from(failures).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let once = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits_of(class: FailureClass) -> Vec<i64> {
        (1..=10)
            .map(|failures| BackOffPolicy::default().wait_ms(1_795_338_014_232, failures, class))
            .collect()
    }

    fn assert_within_a_fifth(waits: &[i64], nominal: &[i64]) {
        for (wait, nominal) in waits.iter().zip(nominal) {
            assert!((wait - nominal).abs() * 5 <= *nominal, "{wait} for {nominal}");
        }
    }

    #[test]
    fn a_wait_is_spread_by_the_named_generator() {
        // The first number of SplitMix64 from the seed 0, as others publish it.
        assert_eq!(mix(0, 1), 0xe220_a839_7b1d_cdaf);
        // Modulo 401, less 200, thousandths more of a second.
        assert_eq!(BackOffPolicy::default().wait_ms(0, 1, FailureClass::Throttled), 1076);
    }

    #[test]
    fn waits_double_from_one_second_to_a_minute() {
        let nominal = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map(|s| s * 1000);
        assert_within_a_fifth(&waits_of(FailureClass::Throttled), &nominal);
        assert_within_a_fifth(&waits_of(FailureClass::Internal), &nominal);
    }

    #[test]
    fn waits_for_a_configuration_double_from_five_seconds_to_five_minutes() {
        let nominal = [5, 10, 20, 40, 80, 160, 300, 300, 300, 300].map(|s| s * 1000);
        assert_within_a_fifth(&waits_of(FailureClass::AccessDenied), &nominal);
        assert_within_a_fifth(&waits_of(FailureClass::NotFound), &nominal);
    }

    #[test]
    fn waits_with_a_plateau_stay_short_for_half_a_minute() {
        let waits: Vec<i64> = (1..=14)
            .map(|failures| {
                BackOffPolicy::with_plateau(1_000, 60_000).wait_ms(
                    7,
                    failures,
                    FailureClass::Throttled,
                )
            })
            .collect();
        let nominal = [1, 2, 4, 4, 4, 4, 4, 4, 4, 4, 8, 16, 32, 60].map(|s| s * 1000);
        assert_within_a_fifth(&waits, &nominal);
        let configuration =
            BackOffPolicy::with_plateau(1_000, 60_000).wait_ms(7, 7, FailureClass::NotFound);
        assert_within_a_fifth(&[configuration], &[300_000]);
    }

    #[test]
    fn jitter_uses_its_whole_range() {
        let waits: Vec<i64> = (0..5_000)
            .map(|now| BackOffPolicy::default().wait_ms(now, 7, FailureClass::Throttled))
            .collect();
        assert_eq!(waits.iter().min(), Some(&48_000));
        assert_eq!(waits.iter().max(), Some(&72_000));
    }

    #[test]
    fn any_number_of_failures_has_a_wait() {
        for failures in [0, 1, 63, 64, u32::MAX] {
            assert!(
                BackOffPolicy::default().wait_ms(i64::MAX, failures, FailureClass::Throttled) > 0
            );
        }
    }
}
