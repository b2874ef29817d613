//! What happens to workers: they start, poll, rest, drain and leave.

use super::Site;
use crate::{
    Micros,
    agenda::{Answer, Happening},
    fleet::{Stage, WorkerId},
};

/// How long a provider that keeps a set of workers takes to see that one left.
const REFILL: Micros = Micros::from_ms(1_000);

impl Site<'_> {
    pub(super) fn start(&mut self) {
        let (now, workers) = (self.now, &self.scenario.workers);
        let (id, cold_start) = self.fleet.start(now);
        self.agenda.add(now + cold_start, Happening::Ready(id));
        if self.set_size.is_none() {
            let drain = now + workers.lifetime.less(workers.drain);
            self.agenda.add(drain, Happening::Drain(id));
            self.agenda.add(now + workers.lifetime, Happening::Kill(id));
        }
        self.tally.peak = self.tally.peak.max(self.fleet.census().alive());
    }

    /// A slot without a task takes one, or polls.
    fn serve(&mut self, id: WorkerId, slot: u32) {
        match self.queue.take() {
            Some(task) => self.assign((id, slot), task),
            None => self.fleet.poll(id, slot),
        }
    }

    pub(super) fn ready(&mut self, id: WorkerId) {
        match self.fleet.get(id) {
            Some(worker) if worker.never_polls => self.leave(id),
            Some(worker) if worker.stage == Stage::Starting => {
                self.fleet.pass_to(id, Stage::Polling);
                for slot in 0..self.scenario.workers.slots {
                    self.serve(id, slot);
                }
                self.rest(id);
            }
            _ => {}
        }
    }

    pub(super) fn done(&mut self, id: WorkerId, slot: u32) {
        let Some(worker) = self.fleet.done(id, slot) else { return };
        let (stage, busy) = (worker.stage, worker.busy);
        self.tally.done += 1;
        self.tally.last_done = self.now;
        match stage {
            Stage::Polling => {
                self.serve(id, slot);
                self.rest(id);
            }
            _ if busy == 0 => self.leave(id),
            _ => {}
        }
    }

    /// Notes when a worker has nothing to do, and has somebody look again.
    fn rest(&mut self, id: WorkerId) {
        let (now, wait) = (self.now, self.scenario.workers.idle_exit);
        if self.set_size.is_some() {
            return;
        }
        let Some(worker) = self.fleet.get(id).filter(|worker| worker.busy == 0) else { return };
        worker.idle_since = now;
        if !std::mem::replace(&mut worker.is_idle_check_due, true) {
            self.agenda.add(now + wait, Happening::Idle(id));
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
            self.leave(id);
        } else {
            worker.is_idle_check_due = true;
            self.agenda.add(due, Happening::Idle(id));
        }
    }

    pub(super) fn drain(&mut self, id: WorkerId) {
        let Some(worker) = self.fleet.get(id) else { return };
        if worker.busy == 0 {
            self.leave(id);
        } else if worker.stage == Stage::Polling {
            self.fleet.pass_to(id, Stage::Draining);
        }
    }

    /// A worker leaves, and takes with it what it had: that is offered again in time.
    pub(super) fn leave(&mut self, id: WorkerId) {
        for task in self.fleet.leave(id, self.now) {
            self.tally.lost += 1;
            self.tally.away += 1;
            let at = self.now + self.scenario.workers.task_timeout;
            self.agenda.add(at, Happening::Return(task.service));
        }
        if self.set_size.is_some() {
            self.agenda.add(self.now + REFILL, Happening::Refill);
        }
    }

    /// Starts or drains workers until there are as many as the set is to have.
    pub(super) fn keep_set(&mut self) -> Answer {
        let Some(size) = self.set_size else { return Answer::default() };
        let census = self.fleet.census();
        let have = census.starting + census.polling;
        for _ in size..have {
            if let Some(id) = self.fleet.dispensable() {
                self.drain(id);
            }
        }
        if have < size { self.ask(size - have) } else { Answer::default() }
    }
}
