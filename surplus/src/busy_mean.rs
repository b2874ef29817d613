//! The mean number of a worker's busy slots.

use std::time::Duration;

/// How fast the past is forgotten.
const TIME_CONSTANT: f64 = 30.0;

/// An exponentially weighted mean over time of a number that changes in steps.
///
/// It is corrected for its age: after one second it is the mean of that second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BusyMean {
    /// The weighted integral of the number.
    sum: f64,
    /// The weight of the time so far.
    weight: f64,
    at: Duration,
}

impl BusyMean {
    /// Creates a mean that begins at `start`.
    #[must_use]
    pub fn since(start: Duration) -> Self {
        Self { at: start, ..Self::default() }
    }

    /// Records that the number was `busy` from the latest record until `now`.
    pub fn record(&mut self, now: Duration, busy: u64) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        let kept = libm::exp(-passed / TIME_CONSTANT);
        self.sum = self.sum * kept + to_f64(busy) * (1.0 - kept);
        self.weight = self.weight * kept + (1.0 - kept);
        self.at = self.at.max(now);
    }

    /// Returns the mean until `now`, if the number has been `busy` since the latest record.
    #[must_use]
    pub fn until(mut self, now: Duration, busy: u64) -> f64 {
        self.record(now, busy);
        if self.weight > 0.0 { self.sum / self.weight } else { to_f64(busy) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of slots are far below 2^53")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_young_mean_is_the_mean_of_its_short_past() {
        let mut mean = BusyMean::since(at(100));
        mean.record(at(101), 2);
        assert!((mean.until(at(102), 0) - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_mean_without_a_past_is_the_present() {
        assert!((BusyMean::since(at(5)).until(at(5), 2) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_past_fades_with_a_time_constant_of_half_a_minute() {
        let mut mean = BusyMean::since(at(0));
        mean.record(at(1_000), 2);
        assert!((mean.until(at(1_030), 0) - 2.0 / std::f64::consts::E).abs() < 1e-6);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_changes_nothing() {
        let mut mean = BusyMean::since(at(0));
        mean.record(at(10), 1);
        let before = mean;
        mean.record(at(10), 9);
        mean.record(at(3), 9);
        assert_eq!(mean, before);
    }

    proptest! {
        #[test]
        fn the_mean_is_between_the_least_and_the_most_busy(
            steps in proptest::collection::vec((1_u64..60_000, 0_u64..20), 1..40)
        ) {
            let mut mean = BusyMean::since(Duration::ZERO);
            let mut now = Duration::ZERO;
            for (millis, busy) in &steps {
                now += Duration::from_millis(*millis);
                mean.record(now, *busy);
            }
            let (least, most) = steps.iter().fold((20, 0), |(least, most), (_, busy)| {
                (*busy.min(&least), *busy.max(&most))
            });
            let value = mean.until(now, 0);
            prop_assert!(value >= to_f64(least) - 1e-9 && value <= to_f64(most) + 1e-9, "{value}");
        }
    }
}
