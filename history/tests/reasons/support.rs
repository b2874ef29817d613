//! Groups whose decisions are made by the scaling algorithms themselves.

use serde_json::{Map, Value};
use wci_contract::{
    FailureClass, TaskType,
    decision::{Action, Decision, Event, Poll},
    launch::Outcome,
    signal::TaskAdd,
    stats::{QueueStats, WorkersSeen},
};
use wci_scaling::{Algorithm, decide_batch};

/// A day in 2026, milliseconds since the Unix epoch.
pub(crate) const NOW: i64 = 1_795_338_000_000;

/// A group and the state that its last decision left.
pub(crate) struct Group {
    algorithm: Algorithm,
    config: Map<String, Value>,
    state: Map<String, Value>,
}

impl Group {
    pub(crate) fn of(algorithm: Algorithm, config: Value) -> Self {
        Self { algorithm, config: object(config), state: Map::new() }
    }

    pub(crate) fn demand(config: Value) -> Self {
        Self::of(Algorithm::Demand, config)
    }

    pub(crate) fn with_state(mut self, state: Value) -> Self {
        self.state = object(state);
        self
    }

    /// Decides `after_ms` milliseconds after [`NOW`].
    pub(crate) fn at(&mut self, after_ms: i64, events: &[Event]) -> Decision {
        let now_ms = NOW + after_ms;
        let decision = decide_batch(now_ms, self.algorithm, &self.config, &self.state, events);
        self.state.clone_from(&decision.state);
        decision
    }

    /// Decides about the first events, and then about the others, this much later.
    pub(crate) fn then(mut self, first: &[Event], after_ms: i64, events: &[Event]) -> Decision {
        self.at(0, first);
        self.at(after_ms, events)
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// Announced tasks that found no worker.
pub(crate) fn misses(misses: u64) -> Event {
    Event::TaskAdd(TaskAdd {
        task_queue_name: "orders".into(),
        task_queue_type: 1,
        misses,
        ..TaskAdd::default()
    })
}

/// Announced tasks that found a worker.
pub(crate) fn syncs(syncs: u64) -> Event {
    let tasks = TaskAdd { task_queue_type: 1, is_sync_match: true, syncs, ..TaskAdd::default() };
    Event::TaskAdd(tasks)
}

/// Announced tasks of a type that no group has.
pub(crate) fn of_no_type(misses: u64) -> Event {
    Event::TaskAdd(TaskAdd { task_queue_type: 9, misses, ..TaskAdd::default() })
}

/// A poll of the queues.
pub(crate) fn polled(backlog: u64, rates: (f64, f64), age_ms: u64) -> Event {
    seen(backlog, rates, age_ms, None)
}

/// A poll of the queues with the workers that poll and their free slots.
pub(crate) fn seen(
    backlog: u64,
    (arrival_rate, dispatch_rate): (f64, f64),
    age_ms: u64,
    workers: Option<(u64, u64)>,
) -> Event {
    let stats =
        QueueStats { backlog, arrival_rate, dispatch_rate, age_ms, ..QueueStats::default() };
    let workers = workers.map(|(seen, slots_free)| WorkersSeen {
        seen,
        slots_free,
        ..WorkersSeen::default()
    });
    Event::Poll(Poll { stats: [(TaskType::Activity, stats)].into(), workers })
}

pub(crate) fn failed(workers: u32, class: FailureClass) -> Event {
    Event::Outcome(Outcome::failed(workers, class, "no"))
}

pub(crate) fn started(decision: &Decision) -> u32 {
    match decision.actions[..] {
        [] => 0,
        [Action::InvokeWorker { count }] => count,
        ref other => panic!("{other:?}"),
    }
}

/// The size that a decision sets.
pub(crate) fn size(decision: &Decision) -> Option<u32> {
    match decision.actions[..] {
        [] => None,
        [Action::UpdateWorkerSetSize { count }] => Some(count),
        ref other => panic!("{other:?}"),
    }
}
