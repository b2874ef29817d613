//! Distances between ticks that people count in.

use crate::label::DAY;

/// Ticks on an axis of time at the most.
const MOST: f64 = 8.0;
/// Intervals on an axis of numbers, about.
const INTERVALS: f64 = 5.0;
const WEEK: f64 = 7.0 * DAY;

/// Steps of time up to a week, milliseconds.
const STEPS: [f64; 30] = [
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    1_000.0,
    2_000.0,
    5_000.0,
    10_000.0,
    15_000.0,
    30_000.0,
    60_000.0,
    120_000.0,
    300_000.0,
    600_000.0,
    900_000.0,
    1_800_000.0,
    3_600_000.0,
    7_200_000.0,
    10_800_000.0,
    21_600_000.0,
    43_200_000.0,
    DAY,
    2.0 * DAY,
    WEEK,
    2.0 * WEEK,
];

/// The ticks of a logarithmic axis of time, milliseconds: about ten times as long each.
pub(crate) const DECADES: [f64; 11] = [
    1.0,
    10.0,
    100.0,
    1_000.0,
    10_000.0,
    60_000.0,
    600_000.0,
    3_600_000.0,
    36_000_000.0,
    10.0 * DAY,
    100.0 * DAY,
];

/// The step for a length of time, both milliseconds: the shortest that leaves room for the labels.
pub(crate) fn time_step(length: f64) -> f64 {
    let fits = |step: &f64| length / step < MOST;
    STEPS.into_iter().find(fits).unwrap_or_else(|| (length / MOST / WEEK).ceil() * WEEK)
}

/// The step for numbers from 0 to `most`: 1, 2 or 5 times a power of ten, at least 1.
pub(crate) fn count_step(most: f64) -> f64 {
    let rough = (most / INTERVALS).max(1.0);
    let mut power = 1.0;
    while power * 10.0 <= rough {
        power *= 10.0;
    }
    let steps = [1.0, 2.0, 5.0].map(|times| times * power);
    steps.into_iter().find(|step| rough <= *step).unwrap_or(10.0 * power)
}

/// The multiples of `step` from `from` to `to`.
pub(crate) fn multiples(from: f64, to: f64, step: f64) -> Vec<f64> {
    let mut nth = (from / step).ceil();
    let mut ticks = Vec::new();
    while nth * step <= to {
        ticks.push(nth * step);
        nth += 1.0;
    }
    ticks
}
