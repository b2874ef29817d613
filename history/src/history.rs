//! What happened to one instance, over its runs.

use std::collections::BTreeMap;

use wci_contract::{LaunchStrategy, VersionId, summaries};

use crate::{
    activity::Activities,
    back_off::BackOff,
    event::{Close, Decision, Event},
    time::Millis,
};

/// What happened to one instance, up to some time.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The version, where the history names it.
    pub id: Option<VersionId>,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// What happened, in the order of time.
    pub events: Vec<Event>,
    /// The scaling groups as they are at the end, by name.
    pub groups: BTreeMap<String, Group>,
    /// What is pending at the end.
    pub pending: Pending,
}

/// One run of the instance workflow.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Its run ID.
    pub run_id: String,
    /// The ID of the run that this one continues.
    pub continued_from: Option<String>,
    /// When it started.
    pub started: Millis,
    /// The time of its last event.
    pub last_event: Millis,
    /// How it closed; `None` while it is open.
    pub close: Option<Close>,
}

/// A scaling group, as its last decision left it.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The provider's type.
    pub provider: String,
    /// The scaling algorithm.
    pub algorithm: String,
    /// The back-off that its last decision left, which may be over.
    pub back_off: Option<BackOff>,
    /// The size of its worker set, where one was set.
    pub set_size: Option<u32>,
    /// Its last decision, and when that was.
    pub last_decision: Option<(Millis, Decision)>,
}

impl Group {
    /// Whether its workers are a worker set rather than launched one by one.
    pub fn is_worker_set(&self) -> bool {
        self.set_size.is_some() || LaunchStrategy::of(&self.provider).is_worker_set()
    }
}

/// What is pending.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    /// Activities that have not closed.
    pub(crate) activities: Activities,
    /// Timers that have not fired, by the event that started them.
    pub timers: BTreeMap<i64, Timer>,
    /// Names of updates that have not completed, by the event that accepted them.
    pub updates: BTreeMap<i64, String>,
    /// Whether there is a compute config, as far as the history shows.
    pub has_spec: bool,
}

impl Pending {
    /// The purpose of a timer. Without a compute config, the instance completes when the timer
    /// to decide again fires.
    pub(crate) fn purpose_of<'a>(&self, summary: &'a str) -> &'a str {
        if summaries::DECIDE_AGAIN.contains(&summary) && !self.has_spec {
            "complete, because no compute config was set"
        } else {
            summary
        }
    }
}

/// A timer that has not fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its summary, as the workflow set it.
    pub summary: String,
    /// When it fires.
    pub fires: Millis,
}

impl History {
    /// When the first run started.
    pub fn started(&self) -> Option<Millis> {
        self.runs.first().map(|run| run.started)
    }

    /// How the last run closed; `None` while it is open.
    pub fn close(&self) -> Option<&Close> {
        self.runs.last()?.close.as_ref()
    }
}
