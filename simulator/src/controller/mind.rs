//! The real algorithm, with what it keeps.

use serde_json::{Map, Value};
use wci_contract::{
    TaskType,
    decision::{Action, Decision, Event, GroupState, OwnState, Poll, Reason},
    launch::Outcome,
    limits::{MAX_ACTIONS, MAX_COUNT},
    signal::TaskAdd,
    stats::WorkersSeen,
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

/// An algorithm, its settings and its state.
#[derive(Debug)]
pub(crate) struct Mind {
    algorithm: Algorithm,
    config: Map<String, Value>,
    state: GroupState,
}

/// What a decision asks of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    Start(u32),
    Keep(u32),
}

impl Mind {
    pub(super) fn new(algorithm: Algorithm, config: Map<String, Value>) -> Self {
        Self { algorithm, config, state: GroupState::new() }
    }

    /// Decides what `events` call for, and keeps the state. Before a limit of workers holds back
    /// announced tasks, the `workers` that poll are counted, where they are known.
    pub(super) fn decide(
        &mut self,
        at: Micros,
        events: &[Event],
        workers: Option<WorkersSeen>,
        tally: &mut Tally,
    ) -> Decision {
        let mut decision = self.ask(at, events);
        let is_full = |reason: &Reason| matches!(reason, Reason::AtMaxConcurrent { .. });
        if let Some(workers) = workers
            && decision.reasons.iter().any(is_full)
            && events.iter().any(is_announced)
        {
            let counted = Event::Poll(Poll { workers: Some(workers), ..Poll::default() });
            let events: Vec<Event> = events.iter().cloned().chain([counted]).collect();
            decision = self.ask(at, &events);
        }
        tally.decided(&decision);
        self.state = std::mem::take(&mut decision.state);
        decision
    }

    fn ask(&self, at: Micros, events: &[Event]) -> Decision {
        decide_batch(epoch_ms(at), self.algorithm, &self.config, &self.state, events)
    }

    /// Whether our own part of the state is there.
    pub(super) fn has_own_state(&self) -> bool {
        OwnState::is_in(&self.state)
    }
}

/// Whether the server announced a task.
fn is_announced(event: &Event) -> bool {
    matches!(event, Event::TaskAdd(signal) if !signal.task_queue_name.is_empty())
}

/// What the actions of a decision come to.
pub(super) fn wish(actions: &[Action]) -> Wish {
    let mut wish = Wish::Nothing;
    for action in actions.iter().take(MAX_ACTIONS) {
        wish = match (*action, wish) {
            (Action::InvokeWorker { count }, Wish::Start(before)) => {
                Wish::Start(before.saturating_add(count).min(MAX_COUNT))
            }
            (Action::InvokeWorker { count: 0 }, before) => before,
            (Action::InvokeWorker { count }, _) => Wish::Start(count.min(MAX_COUNT)),
            (Action::UpdateWorkerSetSize { count }, _) => Wish::Keep(count.min(MAX_COUNT)),
        };
    }
    wish
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
