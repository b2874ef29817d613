//! What there is to tell.

use std::collections::BTreeMap;

use wci_contract::{
    launch::Outcome,
    signal::TaskAdd,
    stats::{StatsByType, WorkersSeen},
};

use crate::clock::Millis;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) at: Millis,
    /// The number of the event that tells of it, within its run.
    pub(crate) event_id: i64,
    /// The run, counted from the first that was read.
    pub(crate) run: usize,
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A run began; one that continues another brings what was under way there.
    Began { continued: bool, launches: usize },
    /// Tasks were announced.
    Announced(TaskAdd),
    /// A signal that makes no sense.
    Unreadable { signal: String },
    /// Somebody asked for a change.
    Asked { update: String, by: String },
    /// What was asked for was done, or refused.
    Answered { update: String, refusal: Option<String> },
    /// The last scaling group was removed.
    Emptied,
    /// A watch ended.
    Saw(Seen),
    /// A decision for one group.
    Decided(Box<Decision>),
    /// A provider was asked for workers.
    Launched(Launch),
    /// A launch ended.
    LaunchEnded(LaunchEnd),
    /// A provider was told how many workers to keep.
    Sized(Set),
    /// It answered.
    SizeAnswered { set: Set, outcome: Option<Outcome>, why: String },
    /// Workers were started so that the server learns of task queues.
    Registered { started: Vec<String>, empty_sets: Vec<String>, failed: BTreeMap<String, String> },
    /// A timer rang.
    Rang { summary: String },
    /// Something that was asked for could not be done.
    Failed { what: String, why: String },
    /// An activity that this build does not know ended.
    Unknown { activity: String },
    /// A workflow task was lost or failed.
    TaskLost { why: String },
    /// The run ended.
    Ended(Ending),
}

/// What a watch saw last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// `backlog`, `time-up`, or what a later build calls it.
    pub(crate) end: String,
    pub(crate) stats: StatsByType,
    pub(crate) workers: Option<WorkersSeen>,
}

/// A decision for one group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decision {
    pub(crate) group: String,
    pub(crate) provider: String,
    pub(crate) algorithm: String,
    /// What it was asked about: `task-add`, `poll`, `outcome`, `tick`, or what a later build adds.
    pub(crate) events: Vec<String>,
    /// Figures that it was given.
    pub(crate) stats: StatsByType,
    pub(crate) workers_seen: Option<WorkersSeen>,
    /// Workers to start.
    pub(crate) workers: u32,
    /// Workers to keep, from providers that keep a set.
    pub(crate) set_size: Option<u32>,
    /// Announced tasks for which nothing was started now.
    pub(crate) held_back: u64,
    /// When to ask again.
    pub(crate) wake_at: Option<Millis>,
    pub(crate) reasons: Vec<String>,
}

/// A launch that a provider was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) launch_id: String,
    pub(crate) group: String,
    pub(crate) provider: String,
    pub(crate) workers: u32,
}

/// A set of workers, and the size that its provider was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) group: String,
    pub(crate) provider: String,
    pub(crate) size: u32,
}

/// What came of a launch.
#[derive(Debug, Clone)]
pub(crate) struct LaunchEnd {
    pub(crate) launch: Launch,
    /// When it was asked for.
    pub(crate) asked: Millis,
    pub(crate) attempts: i32,
    /// `None` when nobody reported one: `why` says more.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) why: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Deleted, or nobody gave it a compute config.
    Completed,
    /// The next run took over.
    Continued { next: String },
    /// In some other way: the word for it and, perhaps, why.
    Otherwise { how: &'static str, why: String },
}
