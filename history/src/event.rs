//! What happens to an instance.

use std::collections::BTreeMap;

use wci_contract::{
    launch::Outcome,
    signal::TaskAdd,
    stats::{StatsByType, WorkersSeen},
};

use crate::time::Millis;

/// Something that happened. One event of the server's history can be several of these.
#[derive(Debug, Clone)]
pub struct Event {
    /// When it happened.
    pub at: Millis,
    /// The ID of the event of the server's history, within its run.
    pub event_id: i64,
    /// The index of its run in [`crate::History::runs`].
    pub run: usize,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A run started.
    RunStarted {
        /// Whether it continues an earlier run.
        continued: bool,
        /// Launches that the earlier run left under way.
        launches: usize,
    },
    /// The server announced tasks.
    TasksAnnounced(TaskAdd),
    /// A signal could not be decoded.
    InvalidSignal {
        /// Its name.
        signal: String,
    },
    /// An update was accepted.
    UpdateAccepted {
        /// Its name.
        update: String,
        /// Who requested it; empty if the request does not say.
        identity: String,
    },
    /// An update completed.
    UpdateCompleted {
        /// Its name.
        update: String,
        /// Why it was refused, if it was.
        refusal: Option<String>,
    },
    /// An update removed the last scaling group.
    LastGroupRemoved,
    /// A watch completed.
    WatchCompleted(WatchResult),
    /// A decision was made for one group.
    Decided(Box<Decision>),
    /// Workers were requested from a provider.
    LaunchRequested(Launch),
    /// A launch ended.
    LaunchEnded(LaunchResult),
    /// A new size of a worker set was requested from a provider.
    ResizeRequested(WorkerSet),
    /// The request for a new size ended.
    ResizeEnded(ResizeResult),
    /// Workers were started so that the server learns of task queues.
    Registered {
        /// Groups for which a worker was started.
        started: Vec<String>,
        /// Groups whose empty worker set gets a worker.
        empty_sets: Vec<String>,
        /// Why no worker could be started, by group.
        failed: BTreeMap<String, String>,
        /// Groups whose task queues the server did not know afterwards, and why, as far as that is
        /// known.
        unregistered: BTreeMap<String, String>,
    },
    /// A timer fired.
    TimerFired {
        /// Its purpose.
        purpose: String,
    },
    /// An activity failed.
    ActivityFailed {
        /// What it was for, as the start of a sentence.
        activity: String,
        /// Why.
        why: String,
    },
    /// An activity of a type that this build does not know completed.
    UnknownActivity {
        /// Its type.
        activity_type: String,
    },
    /// A workflow task failed or timed out.
    WorkflowTaskFailed {
        /// Why.
        why: String,
    },
    /// The run closed.
    RunClosed(Close),
}

/// What a watch last read.
#[derive(Debug, Clone, Default)]
pub struct WatchResult {
    /// Why it completed: `backlog`, `time-up`, or a name that a later build adds.
    pub end: String,
    /// Task queue stats by task type.
    pub stats: StatsByType,
    /// Polling workers, where the watch counted them.
    pub workers: Option<WorkersSeen>,
}

/// A decision for one group.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// The group.
    pub group: String,
    /// The provider's type.
    pub provider: String,
    /// The scaling algorithm.
    pub algorithm: String,
    /// Kinds of its input events: `task-add`, `poll`, `outcome`, `tick`, or a name that a later
    /// build adds.
    pub events: Vec<String>,
    /// Task queue stats in its input, by task type.
    pub stats: StatsByType,
    /// Polling workers in its input.
    pub workers_seen: Option<WorkersSeen>,
    /// Workers to start.
    pub workers: u32,
    /// The new size of the worker set; `None` if it stays, or where workers are started one by one.
    pub set_size: Option<u32>,
    /// Announced tasks for which nothing was started now.
    pub deferred: u64,
    /// When to decide again.
    pub wake_at: Option<Millis>,
    /// The reasons, one line each, as recorded.
    pub reasons: Vec<String>,
}

/// A launch: a request to a provider to start workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// Its ID.
    pub launch_id: String,
    /// The group.
    pub group: String,
    /// The provider's type.
    pub provider: String,
    /// The number of workers.
    pub workers: u32,
}

/// The outcome of a launch.
#[derive(Debug, Clone)]
pub struct LaunchResult {
    /// The launch.
    pub launch: Launch,
    /// When it was requested.
    pub requested: Millis,
    /// How often it was attempted.
    pub attempts: i32,
    /// `None` if no outcome was reported; then `why` says why.
    pub outcome: Option<Outcome>,
    /// Why there is no outcome.
    pub why: String,
}

/// A worker set, with the size that was requested from its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerSet {
    /// The group.
    pub group: String,
    /// The provider's type.
    pub provider: String,
    /// The number of workers.
    pub size: u32,
}

/// The outcome of a request for a new size of a worker set.
#[derive(Debug, Clone)]
pub struct ResizeResult {
    /// The worker set.
    pub set: WorkerSet,
    /// `None` if no outcome was reported; then `why` says why.
    pub outcome: Option<Outcome>,
    /// Why there is no outcome.
    pub why: String,
}

/// How a run closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Close {
    /// The instance was deleted, or no compute config was set in time.
    Completed,
    /// The run continued as new.
    ContinuedAsNew {
        /// The ID of the next run.
        next: String,
    },
    /// In another way.
    Other {
        /// The verb, for example `was terminated`.
        how: &'static str,
        /// The reason, empty if there is none.
        why: String,
    },
}
