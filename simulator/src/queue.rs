//! The task queue: partitions with waiting tasks.

mod rate_limit;

use std::collections::VecDeque;

use crate::{
    Micros,
    rng_stream::{Purpose, RngStream},
};
use rate_limit::PartitionLimit;

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
    /// The rate limit of each partition; none without a limit.
    limits: Vec<PartitionLimit>,
    partition_of: RngStream,
    polled_first: RngStream,
}

impl Queue {
    /// An empty queue that lets through `rate_limit` tasks a second.
    pub(crate) fn new(seed: u64, partitions: u32, rate_limit: Option<f64>) -> Self {
        let limits = rate_limit.map(|rate| PartitionLimit::new(rate, partitions));
        Self {
            partitions: (0..partitions.max(1)).map(|_| VecDeque::new()).collect(),
            waiting: 0,
            limits: (0..partitions.max(1)).filter_map(|_| limits).collect(),
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

    /// Takes the oldest task of a partition. A poll reaches a random partition; one that is empty, or
    /// at its rate limit, forwards it to the next.
    pub(crate) fn take(&mut self, now: Micros) -> Option<Task> {
        if self.waiting == 0 {
            return None;
        }
        let count = self.partitions.len();
        let first = self.polled_first.below(count);
        let partition = (first..count).chain(0..first).find(|partition| {
            let has_task = self.partitions.get(*partition).is_some_and(|tasks| !tasks.is_empty());
            has_task && self.lets_through(*partition, now)
        })?;
        let task = self.partitions.get_mut(partition)?.pop_front()?;
        self.count(partition, now);
        self.waiting -= 1;
        Some(task)
    }

    /// Takes every waiting task, whatever the rate limit.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Task> {
        self.waiting = 0;
        self.partitions.iter_mut().flat_map(std::mem::take)
    }

    /// Whether the rate limit of `partition` lets a task through.
    pub(crate) fn lets_through(&self, partition: usize, now: Micros) -> bool {
        self.limits.get(partition).is_none_or(|limit| limit.is_open(now))
    }

    /// Counts a task of `partition` against the rate limit.
    pub(crate) fn count(&mut self, partition: usize, now: Micros) {
        if let Some(limit) = self.limits.get_mut(partition) {
            limit.count(now);
        }
    }

    /// When a rate limit lets through the next waiting task; `None` without limits or tasks.
    pub(crate) fn opens_at(&self) -> Option<Micros> {
        let with_tasks = self.limits.iter().zip(&self.partitions).filter(|(_, it)| !it.is_empty());
        with_tasks.filter_map(|(limit, _)| limit.opens_at()).min()
    }

    /// When the oldest waiting task was added.
    pub(crate) fn oldest(&self) -> Option<Micros> {
        self.partitions.iter().filter_map(VecDeque::front).map(|task| task.since).min()
    }
}
