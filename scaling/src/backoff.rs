//! What a group does whose provider refuses: wait, longer each time, then try with one worker.
//!
//! A failure opens the back-off: until its end nothing is asked of the provider. After that the
//! next call for workers gets a probe of one, and nothing else is asked until the probe's outcome
//! is known or its own wait is over. A probe that starts a worker ends the back-off, one that
//! fails opens it again with twice the wait.

use serde_json::{Map, Value};
use wci_contract::{FailureClass, decision::Reason, launch::Outcome};

use crate::number;

/// Waits when somebody must change a configuration first, milliseconds: the first and the
/// longest.
const CONFIGURATION_MS: (i64, i64) = (5_000, 300_000);
/// How far jitter moves a wait, thousandths of it.
const JITTER: i64 = 200;

/// How long a group waits, milliseconds: the first time and at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// When the trouble may pass by itself.
    transient_ms: (i64, i64),
    /// How often such a wait stays at four times the first before it goes on doubling.
    plateau: u32,
}

impl Default for Waits {
    fn default() -> Self {
        Self { transient_ms: (1_000, 60_000), plateau: 0 }
    }
}

impl Waits {
    /// Waits for trouble that may pass by itself, and mostly does within a minute: one call every
    /// few seconds is no burden, and finds out soon.
    pub(crate) fn hopeful(first_ms: i64, longest_ms: i64) -> Self {
        Self { transient_ms: (first_ms, longest_ms), plateau: 7 }
    }

    fn doublings(self, failures: u32, class: FailureClass) -> u32 {
        const STEPS: u32 = 2;
        let doublings = failures.saturating_sub(1);
        if class.is_configuration() || doublings <= STEPS {
            return doublings;
        }
        doublings.saturating_sub(self.plateau).max(STEPS)
    }

    fn of(self, class: FailureClass) -> (i64, i64) {
        if class.is_configuration() { CONFIGURATION_MS } else { self.transient_ms }
    }

    /// The wait after so many failures in a row, milliseconds: doubled each time up to the
    /// longest, then moved by up to a fifth either way so that groups that failed together do not
    /// return together.
    fn after(self, now_ms: i64, failures: u32, class: FailureClass) -> i64 {
        let (first, longest) = self.of(class);
        let doublings = self.doublings(failures, class).min(16);
        let wait = first.saturating_mul(1 << doublings).min(longest);
        let spread = 2 * JITTER.unsigned_abs() + 1;
        let thousandths =
            i64::try_from(mix(now_ms, failures) % spread).unwrap_or_default() - JITTER;
        wait + jitter_of(wait, thousandths)
    }
}

/// A back-off, from the first failure to the next success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackOff {
    /// Failures in a row, at least 1.
    failures: u32,
    /// Until then nothing is asked of the provider, milliseconds since the Unix epoch.
    until_ms: i64,
    /// What kind of trouble there was last.
    class: FailureClass,
    /// Whether a probe is out whose outcome is not known.
    probing: bool,
}

impl BackOff {
    /// What follows from the outcome of a launch, and the reason to give; no reason when nobody
    /// was asked for.
    ///
    /// Launches that were under way when the first of them failed tell nothing new: only a failed
    /// probe, or a failure after the wait, makes the next wait longer. A launch that the provider
    /// cut short opens a back-off, because it is at its limit, but makes none longer, because it
    /// works.
    pub(crate) fn after(
        waits: Waits,
        before: Option<&Self>,
        now_ms: i64,
        outcome: &Outcome,
    ) -> (Option<Self>, Option<Reason>) {
        let started = outcome.started;
        if outcome.is_success() {
            return match started {
                0 => (before.copied(), None),
                _ => (None, Some(Reason::LaunchSucceeded { started })),
            };
        }
        let class = class_of(outcome);
        let next = match before {
            Some(open) if open.is_open(waits, now_ms) && !open.probing => *open,
            Some(lasting) if started > 0 => Self::new(waits, now_ms, lasting.failures, class),
            Some(failed) => Self::new(waits, now_ms, failed.failures.saturating_add(1), class),
            None => Self::new(waits, now_ms, 1, class),
        };
        let wait_ms = next.until_ms.saturating_sub(now_ms);
        let reason = Reason::LaunchFailed { class, failures: next.failures, wait_ms };
        (Some(next), Some(reason))
    }

    fn new(waits: Waits, now_ms: i64, failures: u32, class: FailureClass) -> Self {
        let until_ms = now_ms.saturating_add(waits.after(now_ms, failures, class));
        Self { failures, until_ms, class, probing: false }
    }

    /// The back-off while a probe is out: closed for as long as the present wait.
    pub(crate) fn probed(&self, waits: Waits, now_ms: i64) -> Self {
        Self { probing: true, ..Self::new(waits, now_ms, self.failures, self.class) }
    }

    /// Whether nothing may be asked at `now_ms`. An end that lies further ahead than the longest
    /// wait was set by a clock that has since been put back, and does not count.
    pub(crate) fn is_open(&self, waits: Waits, now_ms: i64) -> bool {
        let (_, longest) = waits.of(self.class);
        let remaining = self.until_ms.saturating_sub(now_ms);
        (1..=longest + jitter_of(longest, JITTER)).contains(&remaining)
    }

    /// When the provider may be asked again, milliseconds since the Unix epoch.
    pub(crate) fn until_ms(&self) -> i64 {
        self.until_ms
    }

    /// Why nothing is asked at `now_ms`.
    pub(crate) fn waiting(&self, now_ms: i64) -> Reason {
        let remaining_ms = self.until_ms.saturating_sub(now_ms);
        Reason::BackingOff { class: self.class, remaining_ms }
    }

    /// Why only one worker is asked for.
    pub(crate) fn probing(&self) -> Reason {
        Reason::Probing { failures: self.failures }
    }

    /// Reads what [`Self::to_json`] wrote; `None` when there is no end of the wait in it. A class
    /// that this build does not know counts as one that may pass by itself.
    pub(crate) fn read(fields: &Map<String, Value>) -> Option<Self> {
        let until_ms = number::integer(fields.get("until_ms")?)?;
        let failures = fields.get("failures").and_then(number::integer).unwrap_or(1);
        let class = fields.get("class").cloned().and_then(|name| serde_json::from_value(name).ok());
        Some(Self {
            failures: u32::try_from(failures.max(1)).unwrap_or(u32::MAX),
            until_ms,
            class: class.unwrap_or(FailureClass::Unavailable),
            probing: fields.get("probing").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    /// The back-off as a group's state has it.
    pub(crate) fn to_json(self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("failures".to_owned(), self.failures.into());
        fields.insert("until_ms".to_owned(), self.until_ms.into());
        fields.insert("class".to_owned(), self.class.as_str().into());
        if self.probing {
            fields.insert("probing".to_owned(), true.into());
        }
        fields
    }
}

/// The kind of trouble, where an outcome leaves it open.
fn class_of(outcome: &Outcome) -> FailureClass {
    match outcome.class {
        Some(class) if outcome.started == 0 || outcome.throttled == 0 => class,
        _ if outcome.throttled > 0 => FailureClass::Throttled,
        _ => FailureClass::Unavailable,
    }
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
            .map(|failures| Waits::default().after(1_795_338_014_232, failures, class))
            .collect()
    }

    fn assert_within_a_fifth(waits: &[i64], nominal: &[i64]) {
        for (wait, nominal) in waits.iter().zip(nominal) {
            assert!((wait - nominal).abs() * 5 <= *nominal, "{wait} for {nominal}");
        }
    }

    #[test]
    fn a_wait_is_spread_by_the_generator_that_is_named() {
        // The first number of SplitMix64 from the seed 0, as others publish it.
        assert_eq!(mix(0, 1), 0xe220_a839_7b1d_cdaf);
        // Modulo 401, less 200, thousandths more of a second.
        assert_eq!(Waits::default().after(0, 1, FailureClass::Throttled), 1076);
    }

    #[test]
    fn where_some_started_and_some_were_throttled_the_trouble_is_the_limit() {
        let outcome =
            |started, throttled, class| Outcome { started, throttled, class, ..Outcome::default() };
        let denied = Some(FailureClass::AccessDenied);
        for (started, throttled, class, expected) in [
            (0, 2, denied, FailureClass::AccessDenied),
            (3, 0, denied, FailureClass::AccessDenied),
            (3, 1, denied, FailureClass::Throttled),
            (3, 1, None, FailureClass::Throttled),
            (3, 0, None, FailureClass::Unavailable),
        ] {
            assert_eq!(class_of(&outcome(started, throttled, class)), expected);
        }
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
    fn hopeful_waits_stay_short_for_half_a_minute() {
        let waits: Vec<i64> = (1..=14)
            .map(|failures| {
                Waits::hopeful(1_000, 60_000).after(7, failures, FailureClass::Throttled)
            })
            .collect();
        let nominal = [1, 2, 4, 4, 4, 4, 4, 4, 4, 4, 8, 16, 32, 60].map(|s| s * 1000);
        assert_within_a_fifth(&waits, &nominal);
        let configuration = Waits::hopeful(1_000, 60_000).after(7, 7, FailureClass::NotFound);
        assert_within_a_fifth(&[configuration], &[300_000]);
    }

    #[test]
    fn jitter_uses_its_whole_range() {
        let waits: Vec<i64> =
            (0..5_000).map(|now| Waits::default().after(now, 7, FailureClass::Throttled)).collect();
        assert_eq!(waits.iter().min(), Some(&48_000));
        assert_eq!(waits.iter().max(), Some(&72_000));
    }

    #[test]
    fn any_number_of_failures_has_a_wait() {
        for failures in [0, 1, 63, 64, u32::MAX] {
            assert!(Waits::default().after(i64::MAX, failures, FailureClass::Throttled) > 0);
        }
    }
}
