//! Runs the real algorithms for the built-in controller, and converts between contract types and
//! the simulator's.

use serde_json::{Map, Value};
use wci_contract::{
    TaskType,
    decision::{Action, Decision, Event, GroupState},
    launch::Outcome,
    limits::{MAX_ACTIONS, MAX_COUNT},
    signal::TaskAdd,
};
use wci_scaling::{Algorithm, decide_batch};

use crate::{
    Micros,
    counters::Counters,
    event_queue::{Announcement, Answer},
};

/// When simulated time begins: milliseconds since the Unix epoch, the first day of 2026.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The queue that announcements name.
const TASK_QUEUE: &str = "simulated";

/// A simulated time in milliseconds since the Unix epoch, as algorithms have it.
pub(super) fn epoch_ms(at: Micros) -> i64 {
    EPOCH_MS.saturating_add_unsigned(at.whole_ms())
}

/// The reverse of [`epoch_ms`]; a time before the simulation becomes its start.
pub(super) fn simulated_time(epoch_ms: i64) -> Micros {
    Micros::from_ms(u64::try_from(epoch_ms.saturating_sub(EPOCH_MS)).unwrap_or_default())
}

/// An algorithm with its settings and state, as the built-in controller runs it.
#[derive(Debug)]
pub(crate) struct AlgorithmRunner {
    algorithm: Algorithm,
    config: Map<String, Value>,
    state: GroupState,
}

/// A decision's request to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Nothing,
    Start(u32),
    Resize(u32),
}

impl AlgorithmRunner {
    pub(super) fn new(algorithm: Algorithm, config: Map<String, Value>) -> Self {
        Self { algorithm, config, state: GroupState::new() }
    }

    /// Decides about `event`, and keeps the new state.
    pub(super) fn decide(&mut self, at: Micros, event: Event, counters: &mut Counters) -> Decision {
        let mut decision =
            decide_batch(epoch_ms(at), self.algorithm, &self.config, &self.state, &[event]);
        counters.decided(&decision);
        self.state = std::mem::take(&mut decision.state);
        decision
    }
}

/// The request that the actions of a decision add up to.
pub(super) fn request(actions: &[Action]) -> Request {
    let mut request = Request::Nothing;
    for action in actions.iter().take(MAX_ACTIONS) {
        request = match (*action, request) {
            (Action::InvokeWorker { count }, Request::Start(before)) => {
                Request::Start(before.saturating_add(count).min(MAX_COUNT))
            }
            (Action::InvokeWorker { count: 0 }, before) => before,
            (Action::InvokeWorker { count }, _) => Request::Start(count.min(MAX_COUNT)),
            (Action::UpdateWorkerSetSize { count }, _) => Request::Resize(count.min(MAX_COUNT)),
        };
    }
    request
}

/// The signal of an announcement.
pub(super) fn signal(announcement: Announcement) -> TaskAdd {
    let Announcement { is_sync_match, tasks } = announcement;
    let (misses, syncs) = if is_sync_match { (0, tasks) } else { (tasks, 0) };
    TaskAdd {
        task_queue_name: TASK_QUEUE.to_owned(),
        task_queue_type: i64::from(TaskType::Workflow.to_wire()),
        is_sync_match,
        misses: misses.into(),
        syncs: syncs.into(),
    }
}

/// The outcome of a launch with this answer.
pub(super) fn outcome(answer: Answer) -> Outcome {
    let Answer { started, throttled, refused, class } = answer;
    Outcome { started, throttled, refused, class, ..Outcome::default() }
}
