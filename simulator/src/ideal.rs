//! The ideal: what a scheduler that knows the future would need.
//!
//! It uses as many workers as it takes to let no task wait longer than the target. Each worker
//! starts just in time. Each task goes to the slot that frees up last within the target, so that
//! few workers do all the work. The cost is each worker's cold start and one idle timeout, and the
//! work spread over all slots: cold starts + work / slots + idle timeouts.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    Micros, Scenario,
    traffic::{Arrival, Workload},
};

/// The ideal of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ideal {
    /// Workers that it starts.
    pub workers: u32,
    /// The sum of their lifetimes, seconds.
    pub worker_seconds: f64,
    /// The work alone, seconds.
    pub work_seconds: f64,
}

impl Ideal {
    /// The ideal of `scenario`, which must have been checked.
    pub fn of(scenario: &Scenario) -> Self {
        let mut pool = Pool::new(scenario);
        let mut work = Micros::ZERO;
        for arrival in Workload::new(scenario.seed, &scenario.traffic, scenario.service) {
            work += arrival.service;
            pool.take(arrival);
        }
        let (model, count) = (&scenario.workers, f64::from(pool.started));
        let each = model.cold_start.mean().as_secs() + model.idle_exit.as_secs();
        let work_seconds = work.as_secs();
        let worker_seconds = count * each + work_seconds / f64::from(model.slots);
        Self { workers: pool.started, worker_seconds, work_seconds }
    }
}

#[derive(Debug)]
struct Worker {
    /// When it stops taking tasks.
    retires: Micros,
    /// When the last of its slots becomes free.
    free_at: Micros,
}

#[derive(Debug)]
struct Pool<'a> {
    scenario: &'a Scenario,
    workers: Vec<Worker>,
    /// When each slot becomes free, its worker and its number; some are of workers that exited.
    slots: BTreeSet<(Micros, u32, u32)>,
    started: u32,
    alive: u32,
    /// When to count the workers again.
    checked_until: Micros,
}

impl<'a> Pool<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            workers: Vec::new(),
            slots: BTreeSet::new(),
            started: 0,
            alive: 0,
            checked_until: Micros::ZERO,
        }
    }

    fn take(&mut self, arrival: Arrival) {
        let slot = self.free_in_time(arrival.at).or_else(|| self.start(arrival.at));
        // At the limit of workers, the task waits for the first slot that becomes free.
        let Some((free_at, worker, slot)) = slot.or_else(|| self.slots.pop_first()) else {
            return;
        };
        self.slots.remove(&(free_at, worker, slot));
        let done = free_at.max(arrival.at) + arrival.service;
        self.slots.insert((done, worker, slot));
        let worker = &mut self.workers[worker as usize];
        worker.free_at = worker.free_at.max(done);
    }

    /// The slot that becomes free last, but early enough.
    fn free_in_time(&mut self, now: Micros) -> Option<(Micros, u32, u32)> {
        let latest = now + self.scenario.target;
        loop {
            let slot = *self.slots.range(..=(latest, u32::MAX, u32::MAX)).next_back()?;
            if self.is_alive(slot.1, now.max(slot.0)) {
                return Some(slot);
            }
            self.slots.remove(&slot);
        }
    }

    fn is_alive(&self, worker: u32, at: Micros) -> bool {
        let worker = &self.workers[worker as usize];
        at < worker.retires && at <= worker.free_at + self.scenario.workers.idle_exit
    }

    /// A slot of a new worker, if the limit permits one.
    fn start(&mut self, now: Micros) -> Option<(Micros, u32, u32)> {
        if !self.may_start(now) {
            return None;
        }
        let worker = u32::try_from(self.workers.len()).ok()?;
        let model = &self.scenario.workers;
        let lasting = model.lifetime.saturating_sub(model.drain + model.cold_start.mean());
        self.workers.push(Worker { retires: now + lasting, free_at: now });
        self.slots.extend((0..model.slots).map(|slot| (now, worker, slot)));
        self.started += 1;
        self.alive += 1;
        Some((now, worker, 0))
    }

    fn may_start(&mut self, now: Micros) -> bool {
        let Some(most) = self.scenario.provider.concurrency else { return true };
        if self.alive >= most && now >= self.checked_until {
            let alive = |worker: &&Worker| {
                worker.free_at > now
                    || (now < worker.retires
                        && now <= worker.free_at + self.scenario.workers.idle_exit)
            };
            let living = self.workers.iter().filter(alive);
            self.alive = u32::try_from(living.count()).unwrap_or(u32::MAX);
            self.checked_until = now + Micros::from_ms(100);
        }
        self.alive < most
    }
}
