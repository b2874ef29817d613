//! What goes into a scaling decision and what comes out.

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

/// Something that a scaling algorithm is asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Tasks were announced.
    TaskAdd(TaskAdd),
    /// The task queues were looked at.
    Poll(Poll),
    /// A launch ended.
    Outcome(Outcome),
    /// A wake-up that the last decision asked for.
    Tick {},
}

/// Figures of the queues of the types that a group serves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// By task type.
    #[serde(flatten)]
    pub stats: StatsByType,
    /// The workers that poll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersSeen>,
}

/// What a provider is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Start this many workers.
    InvokeWorker {
        /// How many.
        count: u32,
    },
    /// Keep this many workers.
    UpdateWorkerSetSize {
        /// How many.
        count: u32,
    },
}

/// What a decision says.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decision {
    /// The state to decide with next time.
    pub state: GroupState,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// Announced tasks for which nothing was done now.
    pub throttled: u64,
    /// How long until the queues must be looked at again, milliseconds.
    pub next_poll_ms: u64,
    /// When to ask again what was held back, milliseconds since the Unix epoch.
    pub wake_at_ms: Option<i64>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A decision as history holds it. Later builds may know other reasons, so these are read as
/// plain lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DecisionResult {
    /// The state to decide with next time.
    #[serde(default)]
    pub state: GroupState,
    /// What to do, in order.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Announced tasks for which nothing was done now.
    #[serde(default)]
    pub throttled: u64,
    /// How long until the queues must be looked at again, milliseconds.
    #[serde(default)]
    pub next_poll_ms: u64,
    /// When to ask again what was held back, milliseconds since the Unix epoch.
    #[serde(default)]
    pub wake_at_ms: Option<i64>,
    /// Why.
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
