//! Queue times: how long tasks waited for a worker.

use serde::Serialize;

use crate::Micros;

/// The number of steps of the curve in a report.
const SHARES: u32 = 200;

/// Statistics of the queue times, milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QueueTimes {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The maximum.
    pub max: f64,
    /// The percentiles from 0 to 100 in steps of a half.
    #[serde(skip)]
    pub curve: Vec<f64>,
}

impl QueueTimes {
    pub(crate) fn of(mut waits: Vec<Micros>) -> Self {
        if waits.is_empty() {
            return Self::default();
        }
        waits.sort_unstable();
        let sum = waits.iter().fold(Micros::ZERO, |sum, wait| sum + *wait);
        // The nearest rank: the smallest wait that at least this share does not exceed.
        let at = |part: u32, whole: u32| {
            let count = u128::try_from(waits.len()).unwrap_or_default();
            let rank = (count * u128::from(part)).div_ceil(u128::from(whole)).max(1);
            let index = usize::try_from(rank - 1).unwrap_or_default();
            waits.get(index).copied().unwrap_or_default().as_ms()
        };
        let count = f64::from(u32::try_from(waits.len()).unwrap_or(u32::MAX));
        Self {
            mean: sum.as_ms() / count,
            p50: at(50, 100),
            p95: at(95, 100),
            p99: at(99, 100),
            max: at(1, 1),
            curve: (0..=SHARES).map(|share| at(share, SHARES)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_waits_that_some_task_had() {
        let waits = QueueTimes::of((1..=200).rev().map(Micros::from_ms).collect());
        assert_eq!((waits.p50, waits.p95, waits.p99), (100.0, 190.0, 198.0));
        assert_eq!((waits.max, waits.mean), (200.0, 100.5));
    }

    #[test]
    fn a_single_task_is_every_percentile_and_none_is_no_wait() {
        let waits = QueueTimes::of(vec![Micros::from_ms(7)]);
        assert_eq!((waits.p50, waits.p99, waits.max), (7.0, 7.0, 7.0));
        assert_eq!(QueueTimes::of(Vec::new()), QueueTimes::default());
    }
}
