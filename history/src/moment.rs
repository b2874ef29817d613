//! What there is to tell.

use std::collections::BTreeMap;

use wci_contract::{
    launch::Outcome,
    signal::TaskAdd,
    stats::{StatsByType, WorkersSeen},
};

use crate::time::Millis;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Moment {
    pub at: Millis,
    /// The number of the event that tells of it, within its run.
    pub event_id: i64,
    /// The run, counted from the first that was read.
    pub run: usize,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
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
pub struct Seen {
    /// `backlog`, `time-up`, or what a later build calls it.
    pub end: String,
    pub stats: StatsByType,
    pub workers: Option<WorkersSeen>,
}

/// A decision for one group.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub group: String,
    pub provider: String,
    pub algorithm: String,
    /// What it was asked about: `task-add`, `poll`, `outcome`, `tick`, or what a later build adds.
    pub events: Vec<String>,
    /// Figures that it was given.
    pub stats: StatsByType,
    pub workers_seen: Option<WorkersSeen>,
    /// Workers to start.
    pub workers: u32,
    /// Workers to keep, from providers that keep a set.
    pub set_size: Option<u32>,
    /// Announced tasks for which nothing was started now.
    pub held_back: u64,
    /// When to ask again.
    pub wake_at: Option<Millis>,
    pub reasons: Vec<String>,
}

/// A launch that a provider was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    pub launch_id: String,
    pub group: String,
    pub provider: String,
    pub workers: u32,
}

/// A set of workers, and the size that its provider was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    pub group: String,
    pub provider: String,
    pub size: u32,
}

/// What came of a launch.
#[derive(Debug, Clone)]
pub struct LaunchEnd {
    pub launch: Launch,
    /// When it was asked for.
    pub asked: Millis,
    pub attempts: i32,
    /// `None` when nobody reported one: `why` says more.
    pub outcome: Option<Outcome>,
    pub why: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Deleted, or nobody gave it a compute config.
    Completed,
    /// The next run took over.
    Continued { next: String },
    /// In some other way: the word for it and, perhaps, why.
    Otherwise { how: &'static str, why: String },
}
