//! The counters of a running simulation.

use std::collections::BTreeMap;

use wci_contract::decision::Decision;

use crate::{Micros, event_queue::Answer};

/// The counters of one simulation.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) arrived: u64,
    pub(crate) done: u64,
    /// How often a task was killed with its worker.
    pub(crate) lost: u64,
    /// Tasks that were killed and have not returned to the queue yet.
    pub(crate) away: u64,
    /// The queue time of each task that was dispatched.
    pub(crate) waits: Vec<Micros>,
    /// The sum of the service times of the tasks that arrived.
    pub(crate) work: Micros,
    pub(crate) signals: u64,
    pub(crate) stats_reads: u64,
    pub(crate) decisions: u64,
    pub(crate) reasons: BTreeMap<&'static str, u64>,
    pub(crate) requested: u64,
    pub(crate) started: u64,
    pub(crate) throttled: u64,
    pub(crate) refused: u64,
    /// Workers that left because the load did not need them.
    pub(crate) surplus: u64,
    pub(crate) peak: u32,
    pub(crate) last_arrival: Micros,
    pub(crate) last_done: Micros,
}

impl Counters {
    /// Counts a decision.
    pub(crate) fn decided(&mut self, decision: &Decision) {
        self.decisions += 1;
        for reason in &decision.reasons {
            *self.reasons.entry(reason.name()).or_default() += 1;
        }
    }

    /// Counts the provider's answer to a request for `count` workers.
    pub(crate) fn answered(&mut self, count: u32, answer: &Answer) {
        self.requested += u64::from(count);
        self.started += u64::from(answer.started);
        self.throttled += u64::from(answer.throttled);
        self.refused += u64::from(answer.refused);
    }

    /// When the latest task arrived or completed.
    pub(crate) fn last_progress(&self) -> Micros {
        self.last_arrival.max(self.last_done)
    }
}
