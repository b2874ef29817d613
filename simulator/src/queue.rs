//! The task queue: partitions with waiting tasks.

use std::collections::VecDeque;

use crate::{
    Micros,
    rng_stream::{Purpose, RngStream},
};

/// A waiting task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// When it was added.
    pub(crate) since: Micros,
    /// Its service time.
    pub(crate) service: Micros,
}

/// Waiting tasks, by partition.
#[derive(Debug)]
pub(crate) struct Queue {
    partitions: Vec<VecDeque<Task>>,
    waiting: u64,
    partition_of: RngStream,
    polled_first: RngStream,
}

impl Queue {
    pub(crate) fn new(seed: u64, partitions: u32) -> Self {
        Self {
            partitions: (0..partitions.max(1)).map(|_| VecDeque::new()).collect(),
            waiting: 0,
            partition_of: RngStream::new(seed, Purpose::Partitions),
            polled_first: RngStream::new(seed, Purpose::Polls),
        }
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// A random partition for the next task.
    pub(crate) fn partition(&mut self) -> usize {
        self.partition_of.below(self.partitions.len())
    }

    pub(crate) fn add(&mut self, partition: usize, task: Task) {
        if let Some(tasks) = self.partitions.get_mut(partition) {
            tasks.push_back(task);
            self.waiting += 1;
        }
    }

    /// Takes the oldest task of a partition. A poll reaches a random partition; an empty one
    /// forwards it to the next.
    pub(crate) fn take(&mut self) -> Option<Task> {
        if self.waiting == 0 {
            return None;
        }
        let (before, after) = {
            let first = self.polled_first.below(self.partitions.len());
            self.partitions.split_at_mut(first)
        };
        let task = after.iter_mut().chain(before).find_map(VecDeque::pop_front)?;
        self.waiting -= 1;
        Some(task)
    }

    /// When the oldest waiting task was added.
    pub(crate) fn oldest(&self) -> Option<Micros> {
        self.partitions.iter().filter_map(VecDeque::front).map(|task| task.since).min()
    }
}
