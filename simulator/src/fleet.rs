//! The fleet: all workers, their stages and their tasks.

mod worker;

use std::collections::VecDeque;

use crate::{
    Micros,
    queue::Task,
    rng_stream::{Purpose, RngStream},
    scenario::WorkerModel,
};

use worker::Worker;
pub(crate) use worker::{ListedState, Stage, WorkerCounts, WorkerId};

/// All workers of the version.
#[derive(Debug)]
pub(crate) struct Fleet {
    model: WorkerModel,
    workers: Vec<Worker>,
    /// The indices of workers that exited.
    free_indices: Vec<u32>,
    /// Slots that poll, in the order in which they began; some are of workers that exited.
    pollers: VecDeque<(WorkerId, u32)>,
    free_slots: u32,
    running: u64,
    counts: WorkerCounts,
    /// The sum of the lifetimes of workers that exited.
    lived: Micros,
    rng: RngStream,
}

impl Fleet {
    pub(crate) fn new(seed: u64, model: &WorkerModel) -> Self {
        Self {
            model: model.clone(),
            workers: Vec::new(),
            free_indices: Vec::new(),
            pollers: VecDeque::new(),
            free_slots: 0,
            running: 0,
            counts: WorkerCounts::default(),
            lived: Micros::ZERO,
            rng: RngStream::new(seed, Purpose::ColdStarts),
        }
    }

    pub(crate) fn counts(&self) -> WorkerCounts {
        self.counts
    }

    /// The number of running tasks.
    pub(crate) fn running(&self) -> u64 {
        self.running
    }

    /// The number of slots that poll.
    pub(crate) fn free_slots(&self) -> u32 {
        self.free_slots
    }

    /// The sum of all workers' lifetimes until `now`.
    pub(crate) fn lived(&self, now: Micros) -> Micros {
        let alive = self.workers.iter().filter(|worker| worker.stage != Stage::Exited);
        alive.fold(self.lived, |sum, worker| sum + now.saturating_sub(worker.since))
    }

    /// Starts a worker. Returns it with the time until it polls.
    pub(crate) fn start(&mut self, now: Micros) -> (WorkerId, Micros) {
        let cold_start = self.model.cold_start.draw(&mut self.rng);
        let index = self.free_indices.pop().unwrap_or_else(|| {
            self.workers.push(Worker::exited(self.model.slots));
            u32::try_from(self.workers.len() - 1).unwrap_or(u32::MAX)
        });
        let never_polls = self.rng.bernoulli(self.model.no_show);
        let worker = &mut self.workers[index as usize];
        worker.stage = Stage::Starting;
        worker.since = now;
        worker.never_polls = never_polls;
        self.counts.starting += 1;
        (WorkerId { index, generation: worker.generation }, cold_start)
    }

    /// The worker, unless it has exited.
    pub(crate) fn get(&mut self, id: WorkerId) -> Option<&mut Worker> {
        let worker = self.workers.get_mut(id.index as usize)?;
        (worker.generation == id.generation && worker.stage != Stage::Exited).then_some(worker)
    }

    pub(crate) fn set_stage(&mut self, id: WorkerId, stage: Stage) {
        let Some(worker) = self.workers.get_mut(id.index as usize) else { return };
        let before = std::mem::replace(&mut worker.stage, stage);
        let free = self.model.slots - worker.busy;
        if before == Stage::Polling {
            self.free_slots = self.free_slots.saturating_sub(free);
        }
        for (stage, change) in [(before, -1), (stage, 1)] {
            if let Some(count) = self.counts.of(stage) {
                *count = count.saturating_add_signed(change);
            }
        }
    }

    /// A slot begins to poll.
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

    /// Takes the slot that has polled for longest.
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

    /// The workers that poll.
    pub(crate) fn polling(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter().filter(|worker| worker.stage == Stage::Polling)
    }

    pub(crate) fn assign(&mut self, (id, slot): (WorkerId, u32), now: Micros, task: Task) {
        let Some(worker) = self.get(id) else { return };
        worker.listed.mean.record(now.into(), u64::from(worker.busy));
        worker.slots[slot as usize] = Some(task);
        worker.busy += 1;
        self.running += 1;
    }

    /// A slot completes its task; `None` if its worker has exited.
    pub(crate) fn done(&mut self, id: WorkerId, slot: u32, now: Micros) -> Option<&mut Worker> {
        let worker = self.workers.get_mut(id.index as usize)?;
        if worker.generation != id.generation || worker.stage == Stage::Exited {
            return None;
        }
        worker.listed.mean.record(now.into(), u64::from(worker.busy));
        worker.slots[slot as usize] = None;
        worker.busy -= 1;
        self.running -= 1;
        Some(worker)
    }

    /// Removes a worker, and returns the tasks that were lost with it.
    pub(crate) fn remove(&mut self, id: WorkerId, now: Micros) -> Vec<Task> {
        if self.get(id).is_none() {
            return Vec::new();
        }
        self.set_stage(id, Stage::Exited);
        let worker = &mut self.workers[id.index as usize];
        let lost: Vec<Task> = worker.slots.iter_mut().filter_map(Option::take).collect();
        self.running -= u64::from(worker.busy);
        self.lived += now.saturating_sub(worker.since);
        worker.busy = 0;
        worker.is_idle_check_due = false;
        worker.generation = worker.generation.wrapping_add(1);
        self.free_indices.push(id.index);
        lost
    }

    /// All workers that are alive.
    pub(crate) fn alive(&self) -> Vec<WorkerId> {
        let with_index = self.workers.iter().zip(0_u32..);
        let alive = with_index.filter(|(worker, _)| worker.stage != Stage::Exited);
        alive.map(|(worker, index)| WorkerId { index, generation: worker.generation }).collect()
    }

    /// The worker with the fewest tasks among those that start or poll.
    pub(crate) fn least_busy(&self) -> Option<WorkerId> {
        let takes_tasks =
            |worker: &&Worker| matches!(worker.stage, Stage::Starting | Stage::Polling);
        let with_index = self.workers.iter().zip(0_u32..);
        let candidates = with_index.filter(|(worker, _)| takes_tasks(worker));
        let (worker, index) = candidates.min_by_key(|(worker, _)| worker.busy)?;
        Some(WorkerId { index, generation: worker.generation })
    }
}
