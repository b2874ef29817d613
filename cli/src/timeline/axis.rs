//! Where times and values stand in a panel, and which of them are written beside it.

use crate::clock::{self, Millis};

/// Where the plots begin and end, in every panel the same; pixels.
pub(super) const LEFT: f64 = 150.0;
pub(super) const RIGHT: f64 = 980.0;
/// Marks on the axis of time at the most.
const MARKS: i64 = 8;
const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;
/// Distances between marks that people count in, milliseconds.
const STEPS: [i64; 25] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    DAY,
    7 * DAY,
];

/// The axis of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) from: Millis,
    pub(super) to: Millis,
}

impl Time {
    /// Where a time stands.
    pub(super) fn x(self, at: Millis) -> f64 {
        let length = (self.to - self.from).max(1) as f64;
        let share = at.saturating_sub(self.from) as f64 / length;
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// The times that are written, and how.
    pub(super) fn marks(self) -> Vec<(Millis, String)> {
        let length = self.to - self.from;
        let fits = |step: &&i64| length / **step < MARKS;
        let step = STEPS.iter().find(fits).copied().unwrap_or((length / MARKS).max(1));
        let first = self.from + (step - self.from.rem_euclid(step)) % step;
        let marks = (0..=MARKS).map(|n| first + n * step).filter(|at| *at <= self.to);
        marks.map(|at| (at, words(at, step))).collect()
    }
}

fn words(at: Millis, step: i64) -> String {
    let instant = clock::rfc3339(at);
    let part = match step {
        ..SECOND => 11..23,
        SECOND..DAY => 11..19,
        _ => 5..10,
    };
    instant.get(part).unwrap_or(&instant).trim_end_matches('Z').to_owned()
}

/// The axis of a value that begins at 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    top: u64,
    height: f64,
}

impl Values {
    /// An axis on which `most` has room in `height` pixels.
    pub(super) fn new(most: u64, height: f64) -> Self {
        let mut unit = 1u64;
        while most > unit.saturating_mul(10) {
            unit = unit.saturating_mul(10);
        }
        let tops = [1, 2, 4, 6, 8, 10].map(|n: u64| n.saturating_mul(unit));
        let top = tops.into_iter().find(|top| *top >= most.max(1)).unwrap_or(u64::MAX);
        Self { top, height }
    }

    /// Where a value stands, from the top.
    pub(super) fn y(self, value: u64) -> f64 {
        self.height * (1.0 - value as f64 / self.top as f64)
    }

    /// The values that are written.
    pub(super) fn marks(self) -> Vec<u64> {
        if self.top < 2 { vec![0, self.top] } else { vec![0, self.top / 2, self.top] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_marked_where_people_expect_them() {
        let time = Time { from: 1_700_000_000_123, to: 1_700_000_009_000 };
        let words: Vec<String> = time.marks().into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["22:13:22", "22:13:24", "22:13:26", "22:13:28"]);
        let days = Time { from: 0, to: 5 * DAY };
        assert_eq!(days.marks()[1].1, "01-02");
        let instant = Time { from: 5, to: 5 };
        assert_eq!(instant.marks().len(), 1);
        assert!(instant.x(5).is_finite());
    }

    #[test]
    fn values_have_room_whatever_they_are() {
        for (most, top) in
            [(0, 1), (1, 1), (3, 4), (10, 10), (11, 20), (999, 1000), (u64::MAX, u64::MAX)]
        {
            let axis = Values::new(most, 100.0);
            assert_eq!(axis.marks().last(), Some(&top), "{most}");
            assert!((0.0..=100.0).contains(&axis.y(most)), "{most}");
        }
    }
}
