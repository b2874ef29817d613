//! An axis: where a value is, which values are written beside it, and how.

use crate::{
    label::{clock, compact, multiple, percent, rfc3339, span, whole},
    ticks::{DECADES, count_step, multiples, time_step},
};

/// A value that is written beside its axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub at: f64,
    /// How it is written; no two ticks of an axis have the same label.
    pub label: String,
}

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// What an axis shows.
#[derive(Debug, Clone)]
pub struct Axis {
    pub(crate) name: String,
    pub(crate) ticks: Vec<Tick>,
    scale: Scale,
    from: f64,
    to: f64,
    describe: fn(f64) -> String,
}

impl Axis {
    /// Numbers of things, from 0 to `most` and on to the next tick.
    pub fn counts(name: &str, most: f64) -> Self {
        let most = most.max(1.0);
        let step = count_step(most);
        let to = (most / step).ceil() * step;
        let ticks = multiples(0.0, to, step);
        Self::linear(name, 0.0, to, ticks, compact, whole)
    }

    /// Shares from 0 to 100 %.
    pub fn percent(name: &str) -> Self {
        Self::linear(name, 0.0, 100.0, multiples(0.0, 100.0, 20.0), percent, percent)
    }

    /// Time since the beginning, from 0 to `to`, milliseconds.
    pub fn elapsed(name: &str, to: f64) -> Self {
        let to = to.max(1.0);
        let step = time_step(to);
        let ticks = multiples(0.0, to, step);
        Self::linear(name, 0.0, to, ticks, |at| multiple(at, step), span)
    }

    /// The time of day and the date in UTC, between two Unix times in milliseconds.
    pub fn utc(from: i64, to: i64) -> Self {
        let (from, to) = (from as f64, to as f64);
        let to = to.max(from + 1.0);
        let step = time_step(to - from);
        let ticks = multiples(from, to, step);
        Self::linear("UTC", from, to, ticks, |at| clock(at, step, to - from), rfc3339)
    }

    /// Lengths of time in milliseconds, on a logarithmic scale from 1 ms to `most` and on to the
    /// next tick. What is shorter is drawn at 1 ms.
    pub fn log_time(name: &str, most: f64) -> Self {
        let last = DECADES.iter().position(|tick| *tick >= most).unwrap_or(DECADES.len() - 1);
        let shown = DECADES.iter().take(last.max(1) + 1).copied();
        let ticks: Vec<Tick> = shown.map(|at| Tick { at, label: multiple(at, at) }).collect();
        let to = ticks.last().map_or(1.0, |tick| tick.at);
        let scale = Scale::Logarithmic;
        Self { name: name.to_owned(), ticks, scale, from: 1.0, to, describe: span }
    }

    fn linear(
        name: &str,
        from: f64,
        to: f64,
        ticks: Vec<f64>,
        label: impl Fn(f64) -> String,
        describe: fn(f64) -> String,
    ) -> Self {
        let ticks = ticks.into_iter().map(|at| Tick { at, label: label(at) }).collect();
        Self { name: name.to_owned(), ticks, scale: Scale::Linear, from, to, describe }
    }

    /// The values that are written, in order.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Where `value` is, from 0 to 1; at the nearer end if it is not between the ends.
    pub fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => {
                libm::log10(value.max(self.from) / self.from) / libm::log10(self.to / self.from)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// A value in words, more exact than on a tick.
    pub(crate) fn describe(&self, value: f64) -> String {
        (self.describe)(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| &*tick.label).collect()
    }

    #[test]
    fn numbers_are_round_and_reach_over_everything() {
        assert_eq!(labels(&Axis::counts("", 93.0)), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(&Axis::counts("", 3.0)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&Axis::counts("", 0.0)), ["0", "1"]);
    }

    #[test]
    fn times_are_marked_where_people_expect_them() {
        let seconds = Axis::utc(1_700_000_000_123, 1_700_000_009_000);
        assert_eq!(labels(&seconds), ["22:13:22", "22:13:24", "22:13:26", "22:13:28"]);
        let days = Axis::utc(0, 5 * 86_400_000);
        assert_eq!(labels(&days)[..2], ["01-01", "01-02"]);
        let two_days = Axis::utc(0, 86_400_000 * 3 / 2);
        assert_eq!(labels(&two_days)[3..5], ["01-01 18:00", "01-02 00:00"]);
        let elapsed = Axis::elapsed("", 200_000.0);
        assert_eq!(labels(&elapsed), ["0", "30 s", "60 s", "90 s", "120 s", "150 s", "180 s"]);
        let waits = Axis::log_time("", 70_000.0);
        assert_eq!(labels(&waits), ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "1 min", "10 min"]);
    }

    #[test]
    fn an_instant_has_an_axis_too() {
        let instant = Axis::utc(5, 5);
        assert_eq!(instant.ticks.len(), 2);
        assert!(instant.place(5.0).is_finite());
    }
}
