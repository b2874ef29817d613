//! The arrival times of one pattern.
//!
//! A Poisson process of any rate is one of rate 1 with stretched time (Çinlar 1975): `load` is the
//! expected number of tasks so far, and its inverse is the time at which that is reached.

use super::{Pattern, Shape};
use crate::{Micros, rng_stream::RngStream};

/// An iterator over the arrival times of a pattern.
#[derive(Debug, Clone)]
pub(super) struct PatternArrivals {
    pattern: Pattern,
    count: u32,
    load: f64,
}

impl PatternArrivals {
    pub(super) fn new(pattern: Pattern) -> Self {
        Self { pattern, count: 0, load: 0.0 }
    }

    /// When the next task arrives; `None` at the end.
    pub(super) fn next(&mut self, rng: &mut RngStream) -> Option<Micros> {
        if self.count >= self.pattern.tasks {
            return None;
        }
        let since = match self.pattern.shape {
            Shape::Burst { size, over, every, .. } => {
                let (round, nth) = (self.count / size, self.count % size);
                let share = over.as_secs() * f64::from(nth) / f64::from(size);
                every.saturating_mul(round.into()) + Micros::from_secs(share)
            }
            Shape::Steady { rate } => Micros::from_secs(f64::from(self.count) / rate),
            _ => {
                self.load += rng.exponential();
                time_of(&self.pattern, self.load)?
            }
        };
        let is_over =
            since >= self.pattern.lasting && !matches!(self.pattern.shape, Shape::Burst { .. });
        self.count += 1;
        (!is_over).then(|| self.pattern.at + since)
    }
}

/// When the expected number of tasks reaches `load`; `None` if never.
fn time_of(pattern: &Pattern, load: f64) -> Option<Micros> {
    match pattern.shape {
        Shape::Ramp { from, to } => {
            // from * t + growth * t^2 / 2 = load, solved so that no digits cancel out.
            let growth = (to - from) / pattern.lasting.as_secs();
            let root = from * from + 2.0 * growth * load;
            let sum = from + libm::sqrt(root.max(0.0));
            (root >= 0.0 && sum > 0.0).then(|| Micros::from_secs(2.0 * load / sum))
        }
        Shape::OnOff { rate, on, off } => {
            let busy = Micros::from_secs(load / rate);
            Some(busy + off.saturating_mul(busy.div_floor(on)))
        }
        Shape::Poisson { rate } | Shape::Steady { rate } => Some(Micros::from_secs(load / rate)),
        Shape::Burst { .. } => None,
    }
}
