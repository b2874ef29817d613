//! Groups, events and decisions in few words.

#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod any;
pub(crate) mod demand;

use serde_json::{Map, Value};
use wci_contract::{
    TaskType,
    decision::{Action, Decision, Event, Poll, Reason},
    launch::Outcome,
    signal::TaskAdd,
    stats::QueueStats,
};
use wci_scaling::{Algorithm, decide, decide_batch};

/// A day in 2026, milliseconds since the Unix epoch.
pub(crate) const NOW: i64 = 1_795_338_000_000;

/// One worker more.
pub(crate) const INVOKE: [Action; 1] = [Action::InvokeWorker { count: 1 }];

/// A JSON object.
pub(crate) fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

/// Announced tasks of a type that found no worker.
pub(crate) fn miss(kind: TaskType, misses: u64) -> Event {
    let task_queue_type = i64::from(kind.to_wire());
    Event::TaskAdd(TaskAdd { task_queue_type, misses, ..TaskAdd::default() })
}

/// A poll of the queues: type, backlog and dispatch rate.
pub(crate) fn poll<const N: usize>(types: [(TaskType, u64, f64); N]) -> Event {
    let stats = types.map(|(kind, backlog, dispatch_rate)| {
        (kind, QueueStats { backlog, dispatch_rate, ..QueueStats::default() })
    });
    Event::Poll(Poll { stats: stats.into(), workers: None })
}

/// The outcome of a launch.
pub(crate) fn outcome(outcome: Outcome) -> Event {
    Event::Outcome(outcome)
}

/// A group and its state.
pub(crate) struct Group {
    /// The algorithm.
    pub(crate) algorithm: Algorithm,
    /// Settings.
    pub(crate) config: Map<String, Value>,
    /// The state that the last decision returned.
    pub(crate) state: Map<String, Value>,
}

impl Group {
    /// A new group of `no-sync`.
    pub(crate) fn new(config: Value) -> Self {
        Self::of(Algorithm::NoSync, config)
    }

    /// A new group.
    pub(crate) fn of(algorithm: Algorithm, config: Value) -> Self {
        Self { algorithm, config: map(config), state: Map::new() }
    }

    /// A group of `no-sync` with this state.
    pub(crate) fn with_state(config: Value, state: Value) -> Self {
        Self { state: map(state), ..Self::new(config) }
    }

    /// Decides and keeps the state.
    pub(crate) fn at(&mut self, now_ms: i64, event: Event) -> Decision {
        let decision = decide(now_ms, self.algorithm, &self.config, &self.state, &event);
        self.state = decision.state.clone();
        decision
    }

    /// Decides for several events and keeps the state.
    pub(crate) fn batch(&mut self, now_ms: i64, events: &[Event]) -> Decision {
        let decision = decide_batch(now_ms, self.algorithm, &self.config, &self.state, events);
        self.state = decision.state.clone();
        decision
    }

    /// A state key's value.
    pub(crate) fn key(&self, key: &str) -> Option<&Value> {
        self.state.get(key)
    }
}

/// The reasons' names.
pub(crate) fn names(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(Reason::name).collect()
}
