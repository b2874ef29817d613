//! Scaling decisions: their events, actions and results.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    launch::Outcome,
    signal::TaskAdd,
    stats::{StatsByType, WorkersSeen},
};

mod own_state;
mod reason;

pub use self::{
    own_state::{BackOff, OwnState},
    reason::{ParsedReason, Reason},
};

/// A group's scaling state: JSON whose keys are the algorithm's. This controller's part, beside
/// what the server's controller writes, is an [`OwnState`].
pub type GroupState = Map<String, Value>;

/// An event that a scaling algorithm decides about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The server announced tasks.
    TaskAdd(TaskAdd),
    /// The statistics of the task queues were read.
    Poll(Poll),
    /// A launch ended.
    Outcome(Outcome),
    /// The time has come that the last decision requested.
    Tick {},
}

/// Statistics of the queues of the types that a group serves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// By task type.
    #[serde(flatten)]
    pub stats: StatsByType,
    /// The workers that poll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersSeen>,
}

/// What the provider should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Start workers.
    InvokeWorker {
        /// Workers.
        count: u32,
    },
    /// Set the size of the worker set.
    UpdateWorkerSetSize {
        /// Workers.
        count: u32,
    },
}

/// A decision as an algorithm makes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decision {
    /// The group's state for the next decision.
    pub state: GroupState,
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// Announced tasks that were deferred.
    pub throttled: u64,
    /// Milliseconds until the next poll of the queues.
    pub next_poll_ms: u64,
    /// When to decide again about deferred tasks, milliseconds since the Unix epoch.
    pub wake_at_ms: Option<i64>,
    /// Why; never empty.
    pub reasons: Vec<Reason>,
}

/// A decision as history holds it. Later builds may know other reasons, so these are read as
/// plain lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DecisionResult {
    /// The group's state for the next decision.
    #[serde(default)]
    pub state: GroupState,
    /// The actions, in order.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Announced tasks that were deferred.
    #[serde(default)]
    pub throttled: u64,
    /// Milliseconds until the next poll of the queues.
    #[serde(default)]
    pub next_poll_ms: u64,
    /// When to decide again about deferred tasks, milliseconds since the Unix epoch.
    #[serde(default)]
    pub wake_at_ms: Option<i64>,
    /// Why; never empty.
    #[serde(default)]
    pub reasons: Vec<String>,
}

impl From<Decision> for DecisionResult {
    fn from(decision: Decision) -> Self {
        Self {
            state: decision.state,
            actions: decision.actions,
            throttled: decision.throttled,
            next_poll_ms: decision.next_poll_ms,
            wake_at_ms: decision.wake_at_ms,
            reasons: decision.reasons.iter().map(ToString::to_string).collect(),
        }
    }
}
