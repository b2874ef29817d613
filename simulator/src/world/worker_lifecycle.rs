//! The lifecycle of workers: they start, poll, become idle, drain and exit.

use super::{World, consolidation::QUIET};
use crate::{
    Micros,
    event_queue::{Answer, SimulationEvent},
    fleet::{Stage, WorkerId},
};

/// The time until the provider of a worker set notices that a worker exited.
const REFILL: Micros = Micros::from_ms(1_000);

impl World<'_> {
    pub(super) fn start_worker(&mut self) -> WorkerId {
        let (now, workers) = (self.now, &self.scenario.workers);
        let (id, cold_start) = self.fleet.start(now);
        self.event_queue.add(now + cold_start, SimulationEvent::WorkerReady(id));
        if self.set_size.is_none() {
            let drain = now + workers.lifetime.saturating_sub(workers.drain);
            self.event_queue.add(drain, SimulationEvent::WorkerDrains(id));
            self.event_queue.add(now + workers.lifetime, SimulationEvent::WorkerKilled(id));
        }
        self.counters.peak = self.counters.peak.max(self.fleet.counts().alive());
        id
    }

    /// Gives a free slot the next task, or has it poll.
    fn serve(&mut self, id: WorkerId, slot: u32) {
        match self.queue.take(self.now) {
            Some(task) => self.assign((id, slot), task),
            None => {
                self.fleet.poll(id, slot);
                self.await_limit();
            }
        }
    }

    pub(super) fn ready(&mut self, id: WorkerId) {
        match self.fleet.get(id) {
            Some(worker) if worker.never_polls => self.remove_worker(id),
            Some(worker) if worker.stage == Stage::Starting => {
                self.fleet.set_stage(id, Stage::Polling);
                self.enter_list(id);
                for slot in 0..self.scenario.workers.slots {
                    self.serve(id, slot);
                }
                self.check_idle(id);
            }
            _ => {}
        }
    }

    pub(super) fn done(&mut self, id: WorkerId, slot: u32) {
        let Some(worker) = self.fleet.done(id, slot, self.now) else { return };
        let (stage, busy) = (worker.stage, worker.busy);
        self.counters.done += 1;
        self.counters.last_done = self.now;
        match stage {
            Stage::Polling => {
                self.serve(id, slot);
                self.check_idle(id);
            }
            _ if busy == 0 => self.remove_worker(id),
            _ => {}
        }
    }

    /// Records since when a worker is idle, and schedules the check of its idle timeout.
    fn check_idle(&mut self, id: WorkerId) {
        let (now, wait) = (self.now, self.scenario.workers.idle_exit);
        if self.set_size.is_some() {
            return;
        }
        let Some(worker) = self.fleet.get(id).filter(|worker| worker.busy == 0) else { return };
        worker.idle_since = now;
        if self.scenario.workers.consolidate {
            self.event_queue.add(now + QUIET, SimulationEvent::WorkerLooks(id));
        }
        if !std::mem::replace(&mut worker.is_idle_check_due, true) {
            self.event_queue.add(now + wait, SimulationEvent::IdleCheck(id));
        }
    }

    pub(super) fn idle(&mut self, id: WorkerId) {
        let (now, wait) = (self.now, self.scenario.workers.idle_exit);
        let Some(worker) = self.fleet.get(id) else { return };
        worker.is_idle_check_due = false;
        if worker.stage != Stage::Polling || worker.busy > 0 {
            return;
        }
        let due = worker.idle_since + wait;
        if due <= now {
            self.remove_worker(id);
        } else {
            worker.is_idle_check_due = true;
            self.event_queue.add(due, SimulationEvent::IdleCheck(id));
        }
    }

    pub(super) fn drain(&mut self, id: WorkerId) {
        let Some(worker) = self.fleet.get(id) else { return };
        if worker.busy == 0 {
            self.remove_worker(id);
        } else if worker.stage == Stage::Polling {
            self.fleet.set_stage(id, Stage::Draining);
        }
    }

    /// Removes a worker. Its tasks return to the queue after their timeout.
    pub(super) fn remove_worker(&mut self, id: WorkerId) {
        self.forget_unknown(id);
        for task in self.fleet.remove(id, self.now) {
            self.counters.lost += 1;
            self.counters.away += 1;
            let at = self.now + self.scenario.workers.task_timeout;
            self.event_queue.add(at, SimulationEvent::TaskReturns(task.service));
        }
        if self.set_size.is_some() {
            self.event_queue.add(self.now + REFILL, SimulationEvent::SetRefills);
        }
    }

    /// Starts or drains workers until the set has its size.
    pub(super) fn reconcile_set(&mut self) -> Answer {
        let Some(size) = self.set_size else { return Answer::default() };
        let counts = self.fleet.counts();
        let have = counts.starting + counts.polling;
        for _ in size..have {
            if let Some(id) = self.fleet.least_busy() {
                self.drain(id);
            }
        }
        if have < size { self.request_from_provider(size - have).0 } else { Answer::default() }
    }
}
