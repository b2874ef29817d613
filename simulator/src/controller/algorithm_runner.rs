//! Runs the real algorithms, and translates between their terms and the simulator's.

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
    agenda::{Announced, Answer},
    tally::Tally,
};

/// When simulated time begins: milliseconds since the Unix epoch, the first day of 2026.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The queue that announcements name.
const TASK_QUEUE: &str = "simulated";

/// A simulated moment as algorithms know time, milliseconds since the Unix epoch.
pub(super) fn epoch_ms(at: Micros) -> i64 {
    EPOCH_MS.saturating_add_unsigned(at.whole_ms())
}

/// The moment that an algorithm means; the start for what lies before it.
pub(super) fn moment(epoch_ms: i64) -> Micros {
    Micros::from_ms(u64::try_from(epoch_ms.saturating_sub(EPOCH_MS)).unwrap_or_default())
}

/// An algorithm with its settings and state, as the built-in controller runs it.
#[derive(Debug)]
pub(crate) struct AlgorithmRunner {
    algorithm: Algorithm,
    config: Map<String, Value>,
    state: GroupState,
}

/// What a decision asks of a provider.
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

    /// Decides what `event` calls for, and keeps the state.
    pub(super) fn decide(&mut self, at: Micros, event: Event, tally: &mut Tally) -> Decision {
        let mut decision =
            decide_batch(epoch_ms(at), self.algorithm, &self.config, &self.state, &[event]);
        tally.decided(&decision);
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

/// An announcement as the signal that brings it.
pub(super) fn signal(announced: Announced) -> TaskAdd {
    let Announced { is_sync_match, tasks } = announced;
    let (misses, syncs) = if is_sync_match { (0, tasks) } else { (tasks, 0) };
    let task_queue_name = TASK_QUEUE.to_owned();
    TaskAdd { task_queue_name, is_sync_match, syncs: syncs.into(), ..missed(misses) }
}

/// So many tasks that wait, as if they were announced: by nobody, so that there is no queue.
pub(super) fn missed(misses: u32) -> TaskAdd {
    TaskAdd {
        task_queue_type: i64::from(TaskType::Workflow.to_wire()),
        misses: misses.into(),
        ..TaskAdd::default()
    }
}

/// An answer as the outcome of a launch.
pub(super) fn outcome(answer: Answer) -> Outcome {
    let Answer { started, throttled, refused, class } = answer;
    Outcome { started, throttled, refused, class, ..Outcome::default() }
}
