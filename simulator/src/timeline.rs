//! What there was at evenly spaced times, for plots.

use serde::Serialize;

use crate::{Micros, world::World};

/// The most points that are kept: with more, every other is dropped and the space between them
/// doubled.
const MAX_POINTS: usize = 1_000;

/// What there was at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Tasks that waited.
    pub waiting: u64,
    /// Tasks that ran.
    pub running: u64,
    /// Workers that started and did not poll yet.
    pub starting: u32,
    /// All workers.
    pub workers: u32,
    /// Starts of workers so far.
    pub started: u64,
    /// Starts that the provider refused so far.
    pub refused: u64,
}

/// Points from the start to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// From one point to the next.
    pub every: Micros,
    /// The points, the first at the start.
    pub points: Vec<Point>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { every: Micros::from_ms(10), points: Vec::new() }
    }
}

impl Timeline {
    /// Notes what there was at the times up to `until`: what there is on the world now.
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

    /// Notes what there is at the end.
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
