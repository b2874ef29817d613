//! Groups and events for tests of `demand`.

use serde_json::Value;
use wci_contract::{
    TaskType::{Activity, Workflow},
    decision::{Action, Decision, Event, Poll},
    signal::TaskAdd,
    stats::QueueStats,
};
use wci_scaling::Algorithm::Demand;

use super::{Group, miss};

/// A new group.
pub(crate) fn group(config: Value) -> Group {
    Group::of(Demand, config)
}

/// Tasks of a queue that found no worker.
pub(crate) fn announced(misses: u64) -> Event {
    let Event::TaskAdd(signal) = miss(Workflow, misses) else { panic!() };
    Event::TaskAdd(TaskAdd { task_queue_name: "orders".into(), ..signal })
}

/// A poll of a queue whose tasks have just arrived, with its arrival and dispatch rates.
pub(crate) fn flow(backlog: u64, arrival_rate: f64, dispatch_rate: f64) -> Event {
    let stats = QueueStats { backlog, arrival_rate, dispatch_rate, ..QueueStats::default() };
    Event::Poll(Poll { stats: [(Activity, stats)].into(), workers: None })
}

/// Workers that a decision starts.
pub(crate) fn started(decision: &Decision) -> u32 {
    match decision.actions[..] {
        [] => 0,
        [Action::InvokeWorker { count }] => count,
        ref other => panic!("{other:?}"),
    }
}
