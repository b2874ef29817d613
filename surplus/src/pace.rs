//! When a worker looks at the list.

use std::time::Duration;

/// The time that each listed worker adds to the pause, so that a version's workers read the list
/// once a second together.
const FOR_EACH_WORKER: Duration = Duration::from_secs(1);
/// A worker without a task for this long looks before its time.
const QUIET: Duration = Duration::from_secs(2);

/// Returns the pause until the next look, if the latest found `listed` workers.
///
/// `spread`, from 0 to 1, is random: workers that started together do not look together.
#[must_use]
pub fn pause(interval: Duration, listed: usize, spread: f64) -> Duration {
    let listed = u32::try_from(listed).unwrap_or(u32::MAX);
    let mean = interval.max(FOR_EACH_WORKER.saturating_mul(listed));
    let spread = if spread.is_nan() { 0.5 } else { spread.clamp(0.0, 1.0) };
    mean.mul_f64(0.5 + spread)
}

/// Returns when to look next: at `scheduled`, or sooner once in each idle time.
///
/// `idle_since` is the start of the current idle time, `last` the time of the latest look.
#[must_use]
pub fn next_look(scheduled: Duration, idle_since: Option<Duration>, last: Duration) -> Duration {
    let quiet = idle_since.map(|since| since.saturating_add(QUIET));
    // If the latest look was later, it saw this idle time.
    match quiet.filter(|quiet| *quiet > last) {
        Some(quiet) => scheduled.min(quiet),
        None => scheduled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_version_reads_its_list_once_a_second_however_many_workers_it_has() {
        assert_eq!(pause(INTERVAL, 3, 0.5), at(5));
        assert_eq!(pause(INTERVAL, 60, 0.5), at(60));
        assert_eq!(pause(INTERVAL, 500, 0.5), at(500));
    }

    #[test]
    fn pauses_differ_by_a_factor_of_three_at_most() {
        assert_eq!(pause(INTERVAL, 0, 0.0).as_millis(), 2_500);
        assert_eq!(pause(INTERVAL, 0, 1.0).as_millis(), 7_500);
        assert_eq!(pause(INTERVAL, 0, f64::NAN), at(5));
    }

    #[test]
    fn an_idle_worker_looks_once_before_its_time() {
        assert_eq!(next_look(at(30), Some(at(10)), at(5)), at(12));
        assert_eq!(next_look(at(30), Some(at(10)), at(12)), at(30));
        assert_eq!(next_look(at(11), Some(at(10)), at(5)), at(11));
        assert_eq!(next_look(at(30), None, at(5)), at(30));
    }
}
