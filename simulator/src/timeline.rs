//! Samples at evenly spaced times, for charts.

use serde::Serialize;

use crate::{Micros, world::World};

/// The maximum number of points. When it is reached, every other point is dropped and the time
/// between two doubles.
const MAX_POINTS: usize = 1_000;

/// A sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Waiting tasks.
    pub waiting: u64,
    /// Running tasks.
    pub running: u64,
    /// Workers that have started and do not poll yet.
    pub starting: u32,
    /// All workers.
    pub workers: u32,
    /// Workers started so far.
    pub started: u64,
    /// Workers that the provider refused so far.
    pub refused: u64,
}

/// The points of a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The time from one point to the next.
    pub every: Micros,
    /// The points; the first is at time 0.
    pub points: Vec<Point>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { every: Micros::from_ms(10), points: Vec::new() }
    }
}

impl Timeline {
    /// Records the points before `until`: nothing has changed since the last event.
    pub(crate) fn advance(&mut self, until: Micros, world: &World<'_>) {
        while self.next_at() < until {
            self.points.push(Point::of(world));
            if self.points.len() >= MAX_POINTS {
                let mut nth = 0_usize;
                self.points.retain(|_| {
                    nth += 1;
                    nth % 2 == 1
                });
                self.every = self.every.saturating_mul(2);
            }
        }
    }

    /// Records the point at the end.
    pub(crate) fn end(&mut self, world: &World<'_>) {
        self.advance(world.now, world);
        self.points.push(Point::of(world));
    }

    fn next_at(&self) -> Micros {
        self.every.saturating_mul(u64::try_from(self.points.len()).unwrap_or(u64::MAX))
    }
}

impl Point {
    fn of(world: &World<'_>) -> Self {
        let (counts, counters) = (world.fleet.counts(), &world.counters);
        Self {
            waiting: world.queue.waiting(),
            running: world.fleet.running(),
            starting: counts.starting,
            workers: counts.alive(),
            started: counters.started,
            refused: counters.throttled + counters.refused,
        }
    }
}
