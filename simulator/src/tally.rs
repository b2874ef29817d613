//! What is counted while a simulation runs.

use std::collections::BTreeMap;

use wci_contract::decision::Decision;

use crate::{Micros, agenda::Answer};

/// Counts of one simulation.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) arrived: u64,
    pub(crate) done: u64,
    /// Killed with their worker.
    pub(crate) lost: u64,
    /// Killed, and not offered again yet.
    pub(crate) away: u64,
    /// How long tasks waited, each time that one was handed to a worker, microseconds.
    pub(crate) waits: Vec<Micros>,
    /// The work of the tasks that arrived.
    pub(crate) work: Micros,
    pub(crate) signals: u64,
    pub(crate) looks: u64,
    pub(crate) decisions: u64,
    pub(crate) reasons: BTreeMap<&'static str, u64>,
    pub(crate) asked: u64,
    pub(crate) started: u64,
    pub(crate) throttled: u64,
    pub(crate) refused: u64,
    pub(crate) peak: u32,
    pub(crate) last_arrival: Micros,
    pub(crate) last_done: Micros,
}

impl Tally {
    /// A decision was made.
    pub(crate) fn decided(&mut self, decision: &Decision) {
        self.decisions += 1;
        for reason in &decision.reasons {
            *self.reasons.entry(reason.name()).or_default() += 1;
        }
    }

    /// A provider answered a call for `count` workers.
    pub(crate) fn answered(&mut self, count: u32, answer: &Answer) {
        self.asked += u64::from(count);
        self.started += u64::from(answer.started);
        self.throttled += u64::from(answer.throttled);
        self.refused += u64::from(answer.refused);
    }

    /// When the latest task arrived or was done.
    pub(crate) fn last_progress(&self) -> Micros {
        self.last_arrival.max(self.last_done)
    }
}
