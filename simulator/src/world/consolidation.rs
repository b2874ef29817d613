//! Workers that consolidate: they send heartbeats, look at the list of workers, and leave if the
//! load does not need them. The rule is the worker library's own.

use std::time::Duration;

use temporal_worker_surplus::{
    BusyMean, ByType, Judgement, Listed, Looker, judge, next_look, pause,
};

use super::World;
use crate::{
    Micros,
    event_queue::SimulationEvent,
    fleet::{ListedState, Stage, WorkerId},
};

/// The interval of heartbeats.
const HEARTBEAT: Micros = Micros::from_ms(5_000);
/// The defaults of the worker library.
const INTERVAL: Duration = Duration::from_secs(5);
const MIN_LIFE: Micros = Micros::from_ms(5_000);
const WAIT_SHARE: f64 = 0.1;
/// The longest list that a worker reads.
const PAGE: usize = 500;
/// A worker without a task for this long looks before its time.
pub(super) const QUIET: Micros = Micros::from_ms(2_000);

impl World<'_> {
    /// A worker of this kind begins to poll.
    pub(super) fn enter_list(&mut self, id: WorkerId) {
        if !self.scenario.workers.consolidate || self.set_size.is_some() {
            return;
        }
        let now = self.now;
        let first = now + Micros::from(pause(INTERVAL, 0, self.looks.unit()));
        // The keys of real workers are random, too.
        let key = format!("{:016x}", self.looks.below(usize::MAX));
        let Some(worker) = self.fleet.get(id) else { return };
        worker.listed = ListedState {
            key,
            started: now,
            used: 0,
            mean: BusyMean::since(now.into()),
            last_look: now,
            next_look: first.max(now + MIN_LIFE),
        };
        self.event_queue.add(worker.listed.next_look, SimulationEvent::WorkerLooks(id));
        self.event_queue.add(now + HEARTBEAT, SimulationEvent::WorkerReports(id));
    }

    /// A worker sends a heartbeat.
    pub(super) fn report(&mut self, id: WorkerId) {
        let Some(worker) = self.fleet.get(id) else { return };
        worker.listed.used = worker.busy;
        self.event_queue.add(self.now + HEARTBEAT, SimulationEvent::WorkerReports(id));
    }

    /// A worker looks at the list, if it is time.
    pub(super) fn look(&mut self, id: WorkerId) {
        let now = self.now;
        if self.set_size.is_some() {
            return;
        }
        let Some(worker) = self.fleet.get(id) else { return };
        let idle_since = (worker.busy == 0).then(|| worker.idle_since.into());
        let listed = &worker.listed;
        let due = next_look(listed.next_look.into(), idle_since, listed.last_look.into());
        let due = Micros::from(due).max(listed.started + MIN_LIFE);
        if worker.stage != Stage::Polling {
            return;
        }
        if due > now {
            // An idle time within the minimum life is looked at when that is over.
            if idle_since.is_some() && due < listed.next_look {
                self.event_queue.add(due, SimulationEvent::WorkerLooks(id));
            }
            return;
        }
        let busy = listed.mean.until(now.into(), u64::from(worker.busy));
        let (started, key) = (listed.started, listed.key.clone());
        let (judgement, count) = self.judge(&key, started, busy);
        if let Judgement::Surplus { .. } = judgement {
            self.counters.surplus += 1;
            self.drain(id);
            return;
        }
        let pause = Micros::from(pause(INTERVAL, count, self.looks.unit()));
        if let Some(worker) = self.fleet.get(id) {
            (worker.listed.last_look, worker.listed.next_look) = (now, now + pause);
            self.event_queue.add(now + pause, SimulationEvent::WorkerLooks(id));
        }
    }

    /// Judges a worker by what the others last reported. Returns the length of the list, too.
    fn judge(&self, key: &str, started: Micros, busy: f64) -> (Judgement, usize) {
        let slots = ByType { activity: self.scenario.workers.slots, ..ByType::default() };
        let listed = self.fleet.polling().take(PAGE).map(|worker| Listed {
            key: &worker.listed.key,
            started: worker.listed.started.into(),
            consolidates: true,
            slots,
            used: ByType { activity: worker.listed.used, ..ByType::default() },
        });
        let listed: Vec<_> = listed.collect();
        let busy = ByType { activity: Some(busy), ..ByType::default() };
        let me = Looker { key, started: started.into(), slots, busy };
        (judge(&me, &listed, WAIT_SHARE), listed.len())
    }
}
