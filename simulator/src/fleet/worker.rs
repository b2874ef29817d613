//! One worker, and the number of workers at each stage.

use temporal_worker_surplus::BusyMean;

use crate::{Micros, queue::Task};

/// Identifies a worker. The index of a worker that exited is used again, with the next generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkerId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// The stage of a worker's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Starting,
    Polling,
    /// It completes its tasks and takes no more.
    Draining,
    Exited,
}

/// A worker.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(super) generation: u32,
    pub(crate) stage: Stage,
    /// When it started.
    pub(super) since: Micros,
    pub(crate) slots: Vec<Option<Task>>,
    pub(crate) busy: u32,
    pub(crate) idle_since: Micros,
    /// Whether a check of its idle timeout is scheduled.
    pub(crate) is_idle_check_due: bool,
    pub(crate) never_polls: bool,
    pub(crate) listed: ListedState,
}

/// What a worker that consolidates knows about itself, and what the server's list says about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListedState {
    /// Decides between workers that began to poll at the same time.
    pub(crate) key: String,
    /// When it began to poll.
    pub(crate) started: Micros,
    /// Its busy slots at its latest heartbeat.
    pub(crate) used: u32,
    pub(crate) mean: BusyMean,
    pub(crate) last_look: Micros,
    pub(crate) next_look: Micros,
}

/// The number of workers at each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WorkerCounts {
    pub(crate) starting: u32,
    pub(crate) polling: u32,
    pub(crate) draining: u32,
}

impl WorkerCounts {
    pub(crate) fn alive(self) -> u32 {
        self.starting + self.polling + self.draining
    }

    pub(super) fn of(&mut self, stage: Stage) -> Option<&mut u32> {
        match stage {
            Stage::Starting => Some(&mut self.starting),
            Stage::Polling => Some(&mut self.polling),
            Stage::Draining => Some(&mut self.draining),
            Stage::Exited => None,
        }
    }
}

impl Worker {
    pub(super) fn exited(slots: u32) -> Self {
        Self {
            generation: 0,
            stage: Stage::Exited,
            since: Micros::ZERO,
            slots: vec![None; slots as usize],
            busy: 0,
            idle_since: Micros::ZERO,
            is_idle_check_due: false,
            never_polls: false,
            listed: ListedState::default(),
        }
    }
}
