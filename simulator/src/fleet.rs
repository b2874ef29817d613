//! The workers: who lives, who polls, and what each has to do.

mod worker;

use std::collections::VecDeque;

use crate::{
    Micros,
    dice::{Dice, Stream},
    queue::Task,
    scenario::WorkerModel,
};

use worker::Worker;
pub(crate) use worker::{Census, Stage, WorkerId};

/// All workers of the version.
#[derive(Debug)]
pub(crate) struct Fleet {
    model: WorkerModel,
    workers: Vec<Worker>,
    vacant: Vec<u32>,
    /// Slots that poll, those that have for longest first, among them some of workers that left.
    pollers: VecDeque<(WorkerId, u32)>,
    free_slots: u32,
    running: u64,
    census: Census,
    /// How long those that left lived, together.
    lived: Micros,
    dice: Dice,
}

impl Fleet {
    pub(crate) fn new(seed: u64, model: &WorkerModel) -> Self {
        Self {
            model: model.clone(),
            workers: Vec::new(),
            vacant: Vec::new(),
            pollers: VecDeque::new(),
            free_slots: 0,
            running: 0,
            census: Census::default(),
            lived: Micros::ZERO,
            dice: Dice::new(seed, Stream::ColdStarts),
        }
    }

    pub(crate) fn census(&self) -> Census {
        self.census
    }

    /// Tasks that run.
    pub(crate) fn running(&self) -> u64 {
        self.running
    }

    /// Slots that wait for a task.
    pub(crate) fn free_slots(&self) -> u32 {
        self.free_slots
    }

    /// How long all workers have lived until `now`, together.
    pub(crate) fn lived(&self, now: Micros) -> Micros {
        let alive = self.workers.iter().filter(|worker| worker.stage != Stage::Gone);
        alive.fold(self.lived, |sum, worker| sum + now.less(worker.since))
    }

    /// A new worker, and how long it takes until it polls.
    pub(crate) fn start(&mut self, now: Micros) -> (WorkerId, Micros) {
        let cold_start = self.model.cold_start.draw(&mut self.dice);
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.workers.push(Worker::vacant(self.model.slots));
            u32::try_from(self.workers.len() - 1).unwrap_or(u32::MAX)
        });
        let never_polls = self.dice.happens(self.model.no_show);
        let worker = &mut self.workers[index as usize];
        worker.stage = Stage::Starting;
        worker.since = now;
        worker.never_polls = never_polls;
        self.census.starting += 1;
        (WorkerId { index, generation: worker.generation }, cold_start)
    }

    /// The worker, unless it left.
    pub(crate) fn get(&mut self, id: WorkerId) -> Option<&mut Worker> {
        let worker = self.workers.get_mut(id.index as usize)?;
        (worker.generation == id.generation && worker.stage != Stage::Gone).then_some(worker)
    }

    pub(crate) fn pass_to(&mut self, id: WorkerId, stage: Stage) {
        let Some(worker) = self.workers.get_mut(id.index as usize) else { return };
        let before = std::mem::replace(&mut worker.stage, stage);
        let free = self.model.slots - worker.busy;
        if before == Stage::Polling {
            self.free_slots = self.free_slots.saturating_sub(free);
        }
        for (stage, change) in [(before, -1), (stage, 1)] {
            if let Some(count) = self.census.of(stage) {
                *count = count.saturating_add_signed(change);
            }
        }
    }

    /// A slot polls.
    pub(crate) fn poll(&mut self, id: WorkerId, slot: u32) {
        self.pollers.push_back((id, slot));
        self.free_slots += 1;
        if self.pollers.len() > 2 * self.free_slots as usize + 1024 {
            let polls = |worker: &Worker, id: &WorkerId| {
                worker.generation == id.generation && worker.stage == Stage::Polling
            };
            let workers = &self.workers;
            self.pollers.retain(|(id, _)| polls(&workers[id.index as usize], id));
        }
    }

    /// The slot that has polled for longest; it polls no more.
    pub(crate) fn take_poller(&mut self) -> Option<(WorkerId, u32)> {
        if self.free_slots == 0 {
            return None;
        }
        while let Some((id, slot)) = self.pollers.pop_front() {
            if self.get(id).is_some_and(|worker| worker.stage == Stage::Polling) {
                self.free_slots -= 1;
                return Some((id, slot));
            }
        }
        None
    }

    pub(crate) fn give(&mut self, (id, slot): (WorkerId, u32), task: Task) {
        let Some(worker) = self.get(id) else { return };
        worker.slots[slot as usize] = Some(task);
        worker.busy += 1;
        self.running += 1;
    }

    /// A slot is done with its task; `None` when its worker has left.
    pub(crate) fn done(&mut self, id: WorkerId, slot: u32) -> Option<&mut Worker> {
        let worker = self.workers.get_mut(id.index as usize)?;
        if worker.generation != id.generation || worker.stage == Stage::Gone {
            return None;
        }
        worker.slots[slot as usize] = None;
        worker.busy -= 1;
        self.running -= 1;
        Some(worker)
    }

    /// A worker leaves; the tasks that it had are what is lost.
    pub(crate) fn leave(&mut self, id: WorkerId, now: Micros) -> Vec<Task> {
        if self.get(id).is_none() {
            return Vec::new();
        }
        self.pass_to(id, Stage::Gone);
        let worker = &mut self.workers[id.index as usize];
        let lost: Vec<Task> = worker.slots.iter_mut().filter_map(Option::take).collect();
        self.running -= u64::from(worker.busy);
        self.lived += now.less(worker.since);
        worker.busy = 0;
        worker.is_idle_check_due = false;
        worker.generation = worker.generation.wrapping_add(1);
        self.vacant.push(id.index);
        lost
    }

    /// One of the workers that could be spared first: of those that start or poll, the one with
    /// the least to do.
    pub(crate) fn dispensable(&self) -> Option<WorkerId> {
        let takes_tasks =
            |worker: &&Worker| matches!(worker.stage, Stage::Starting | Stage::Polling);
        let with_index = self.workers.iter().zip(0_u32..);
        let candidates = with_index.filter(|(worker, _)| takes_tasks(worker));
        let (worker, index) = candidates.min_by_key(|(worker, _)| worker.busy)?;
        Some(WorkerId { index, generation: worker.generation })
    }
}
