//! One worker, and how many there are at each stage.

use crate::{Micros, queue::Task};

/// A worker. Records of those that left are used again, with another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkerId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// How far a worker's life has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Starting,
    Polling,
    /// It finishes what it has and takes no more.
    Draining,
    Gone,
}

/// What is known of one worker.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(super) generation: u32,
    pub(crate) stage: Stage,
    /// When it was started.
    pub(super) since: Micros,
    pub(crate) slots: Vec<Option<Task>>,
    pub(crate) busy: u32,
    pub(crate) idle_since: Micros,
    /// Whether somebody will look whether it is idle.
    pub(crate) is_idle_check_due: bool,
    pub(crate) never_polls: bool,
}

/// How many workers are at each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) starting: u32,
    pub(crate) polling: u32,
    pub(crate) draining: u32,
}

impl Census {
    pub(crate) fn alive(self) -> u32 {
        self.starting + self.polling + self.draining
    }

    pub(super) fn of(&mut self, stage: Stage) -> Option<&mut u32> {
        match stage {
            Stage::Starting => Some(&mut self.starting),
            Stage::Polling => Some(&mut self.polling),
            Stage::Draining => Some(&mut self.draining),
            Stage::Gone => None,
        }
    }
}

impl Worker {
    pub(super) fn vacant(slots: u32) -> Self {
        Self {
            generation: 0,
            stage: Stage::Gone,
            since: Micros::ZERO,
            slots: vec![None; slots as usize],
            busy: 0,
            idle_since: Micros::ZERO,
            is_idle_check_due: false,
            never_polls: false,
        }
    }
}
