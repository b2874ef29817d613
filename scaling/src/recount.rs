//! Counting workers before a group's maximum defers tasks.
//!
//! The maximum applies to workers that were requested and are not known to have left. Some of
//! them may have left unnoticed, so that a count of the workers that poll can make a start
//! possible. Only the caller can count them.

use serde_json::{Map, Value};
use wci_contract::{
    decision::{Decision, Event, GroupState, Poll, Reason},
    stats::WorkersSeen,
};

use crate::{Algorithm, decide_batch};

/// Whether a count of the workers that poll could change `decision`: the group's maximum number of
/// workers limited it.
pub fn needs_worker_count(decision: &Decision) -> bool {
    decision.reasons.iter().any(|reason| matches!(reason, Reason::AtMaxConcurrent { .. }))
}

/// Decides like [`decide_batch`], also given the `workers` that poll.
pub fn decide_with_worker_count(
    now_ms: i64,
    algorithm: Algorithm,
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
    workers: WorkersSeen,
) -> Decision {
    let count = Event::Poll(Poll { workers: Some(workers), ..Poll::default() });
    let events: Vec<Event> = events.iter().cloned().chain([count]).collect();
    decide_batch(now_ms, algorithm, config, state, &events)
}
