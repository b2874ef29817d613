//! What a caller could find out before it acts on a decision.
//!
//! A decision to start several workers for announced tasks alone may be about tasks that no longer
//! exist: announcements of an hour arrive together when the system worker comes back. The age of
//! the backlog tells.
//!
//! The maximum applies to workers that were requested and are not known to have left. Some of
//! them may have left unnoticed, so that a count of the workers that poll can make a start
//! possible. Only the caller can count them.

use serde_json::{Map, Value};
use wci_contract::{
    decision::{Action, Decision, Event, GroupState, Poll, Reason},
    stats::{StatsByType, WorkersSeen},
};

use crate::{Algorithm, decide_batch};

/// Whether the age of the backlog could change `decision`: it starts several workers for announced
/// tasks, without statistics.
pub fn needs_backlog_age(algorithm: Algorithm, decision: &Decision, events: &[Event]) -> bool {
    let workers = decision.actions.iter().map(|action| match action {
        Action::InvokeWorker { count } => *count,
        Action::UpdateWorkerSetSize { .. } => 0,
    });
    let has_stats = events.iter().any(|event| matches!(event, Event::Poll(_)));
    algorithm == Algorithm::Demand && workers.sum::<u32>() > 1 && !has_stats
}

/// Decides like [`decide_batch`], also given the statistics of the queues.
pub fn decide_with_stats(
    now_ms: i64,
    algorithm: Algorithm,
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
    stats: StatsByType,
) -> Decision {
    let poll = Event::Poll(Poll { stats, workers: None });
    let events: Vec<Event> = events.iter().cloned().chain([poll]).collect();
    decide_batch(now_ms, algorithm, config, state, &events)
}

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
