//! What goes into a scaling decision and what comes out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    FailureClass,
    launch::Outcome,
    signal::TaskAdd,
    stats::{StatsByType, WorkersSeen},
};

/// A group's scaling state: JSON whose keys are the algorithm's own. Ours, beside what the
/// server's controller writes, is under the key `wci`.
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
pub struct RecordedDecision {
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

impl From<Decision> for RecordedDecision {
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

/// Why a decision is what it is: a closed set, each with the numbers that led to it. Written as
/// one line, for example `cooloff remaining_ms=40`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Tasks found no worker.
    TasksAnnounced {
        /// How many.
        misses: u64,
    },
    /// Announced tasks all found a worker at once.
    SyncMatch {
        /// How many.
        syncs: u64,
    },
    /// More tasks wait than the threshold allows.
    Backlog {
        /// How many wait.
        waiting: u64,
        /// How many may.
        threshold: u64,
    },
    /// Tasks wait and the last start is longer ago than a worker lives.
    WorkerLifetimeOver {
        /// How many wait.
        waiting: u64,
        /// Milliseconds since the last start.
        since_ms: i64,
    },
    /// The last start is too recent.
    Cooloff {
        /// Milliseconds until it ends.
        remaining_ms: i64,
    },
    /// The dispatch rate stayed the same for so long that more workers would not help.
    Suppressed {
        /// Milliseconds until that is doubted.
        remaining_ms: i64,
    },
    /// The provider refused lately.
    BackingOff {
        /// What kind of trouble it made.
        class: FailureClass,
        /// Milliseconds until it is asked again.
        remaining_ms: i64,
    },
    /// One worker tries whether the provider is well again.
    Probing {
        /// Failures in a row before this.
        failures: u32,
    },
    /// A launch failed; the group waits before it asks again.
    LaunchFailed {
        /// What kind of trouble there was.
        class: FailureClass,
        /// Failures in a row.
        failures: u32,
        /// Milliseconds until the next try.
        wait_ms: i64,
    },
    /// A launch did what it was asked to.
    LaunchSucceeded {
        /// Workers started.
        started: u32,
    },
    /// There is nothing to do.
    NothingWaits,
    /// No group serves the announced type.
    NobodyServes {
        /// How many tasks.
        tasks: u64,
    },
    /// What rates and backlog ask for.
    Desired {
        /// Workers that they ask for.
        workers: u32,
        /// Workers planned before this.
        planned: u32,
    },
    /// The last step up is too recent.
    ScaleUpCooldown {
        /// Milliseconds until another may follow.
        remaining_ms: i64,
    },
    /// As many workers are planned as may be.
    MaxCount {
        /// Workers planned.
        planned: u32,
        /// Workers at the most.
        max: u32,
    },
    /// Tasks that found no worker were announced too recently to take a worker away.
    NoSyncQuiet {
        /// Milliseconds until that is over.
        remaining_ms: i64,
    },
    /// The last step down is too recent.
    ScaleDownCooldown {
        /// Milliseconds until another may follow.
        remaining_ms: i64,
    },
    /// As few workers are planned as may be.
    MinCount {
        /// Workers planned.
        planned: u32,
        /// Workers at the least.
        min: u32,
    },
    /// More tasks wait than workers are there or on their way for.
    Deficit {
        /// Tasks that wait.
        waiting: u64,
        /// Of these, tasks that are taken care of.
        covered: u64,
        /// Workers that the rest asks for.
        workers: u64,
    },
    /// Workers that are on their way, or just arrived, will take the tasks that wait.
    InFlightCovers {
        /// Tasks that wait.
        waiting: u64,
        /// Workers on their way.
        in_flight: u64,
    },
    /// Workers that are there have room for the tasks that wait.
    SlotsFree {
        /// Tasks that wait.
        waiting: u64,
        /// Slots that are free.
        free: u64,
    },
    /// Announced tasks of which the backlog told before.
    AnnouncedLate {
        /// How many.
        misses: u64,
    },
    /// Tasks wait for so long that one more worker is tried, whatever else is known.
    InDoubt {
        /// Tasks that wait.
        waiting: u64,
        /// How long the oldest of them does, milliseconds.
        age_ms: i64,
    },
    /// Fewer workers are there than are to be kept warm.
    BelowMin {
        /// Workers that were asked for and are not known to have left.
        workers: u64,
        /// Workers to keep.
        min: u64,
    },
    /// As many workers are there as may be.
    AtMaxConcurrent {
        /// Workers that were asked for and are not known to have left.
        workers: u64,
        /// Workers at the most.
        max: u64,
    },
    /// As many workers were asked for within a minute as may be.
    RateBudgetSpent {
        /// Workers asked for.
        asked: u64,
        /// Workers at the most.
        max: u64,
        /// Milliseconds until there is room for one.
        remaining_ms: i64,
    },
    /// More workers do not make the queue any faster.
    RateLimitedQueue {
        /// Tasks that wait.
        waiting: u64,
        /// Tasks that are taken each minute.
        per_minute: u64,
        /// Milliseconds until that is doubted.
        remaining_ms: i64,
    },
    /// Workers that were asked for did not show up in time, and count as failed.
    StartTimedOut {
        /// How many.
        workers: u64,
        /// Milliseconds that they had.
        after_ms: i64,
    },
    /// Workers do not show up at all: look at deployment name, build ID, network and credentials.
    WorkersDoNotAppear {
        /// How many did not in a row.
        failed: u64,
        /// Milliseconds until one more is tried.
        remaining_ms: i64,
    },
    /// Workers are no longer seen to poll.
    WorkersLeft {
        /// How many.
        workers: u64,
    },
    /// As many launches are under way as may be.
    TooManyLaunches {
        /// How many.
        launches: u64,
    },
}

impl Reason {
    /// The name without numbers, for metrics' labels.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TasksAnnounced { .. } => "tasks_announced",
            Self::SyncMatch { .. } => "sync_match",
            Self::Backlog { .. } => "backlog",
            Self::WorkerLifetimeOver { .. } => "worker_lifetime_over",
            Self::Cooloff { .. } => "cooloff",
            Self::Suppressed { .. } => "suppressed",
            Self::BackingOff { .. } => "backing_off",
            Self::Probing { .. } => "probing",
            Self::LaunchFailed { .. } => "launch_failed",
            Self::LaunchSucceeded { .. } => "launch_succeeded",
            Self::NothingWaits => "nothing_waits",
            Self::NobodyServes { .. } => "nobody_serves",
            Self::Desired { .. } => "desired",
            Self::ScaleUpCooldown { .. } => "scale_up_cooldown",
            Self::MaxCount { .. } => "max_count",
            Self::NoSyncQuiet { .. } => "no_sync_quiet",
            Self::ScaleDownCooldown { .. } => "scale_down_cooldown",
            Self::MinCount { .. } => "min_count",
            Self::Deficit { .. } => "deficit",
            Self::InFlightCovers { .. } => "in_flight_covers",
            Self::SlotsFree { .. } => "slots_free",
            Self::AnnouncedLate { .. } => "announced_late",
            Self::InDoubt { .. } => "in_doubt",
            Self::BelowMin { .. } => "below_min",
            Self::AtMaxConcurrent { .. } => "at_max_concurrent",
            Self::RateBudgetSpent { .. } => "rate_budget_spent",
            Self::RateLimitedQueue { .. } => "rate_limited_queue",
            Self::StartTimedOut { .. } => "start_timed_out",
            Self::WorkersDoNotAppear { .. } => "workers_do_not_appear",
            Self::WorkersLeft { .. } => "workers_left",
            Self::TooManyLaunches { .. } => "too_many_launches",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::TasksAnnounced { misses } => write!(f, " misses={misses}"),
            Self::SyncMatch { syncs } => write!(f, " syncs={syncs}"),
            Self::Backlog { waiting, threshold } => {
                write!(f, " waiting={waiting} threshold={threshold}")
            }
            Self::WorkerLifetimeOver { waiting, since_ms } => {
                write!(f, " waiting={waiting} since_ms={since_ms}")
            }
            Self::Cooloff { remaining_ms }
            | Self::Suppressed { remaining_ms }
            | Self::ScaleUpCooldown { remaining_ms }
            | Self::NoSyncQuiet { remaining_ms }
            | Self::ScaleDownCooldown { remaining_ms } => write!(f, " remaining_ms={remaining_ms}"),
            Self::BackingOff { class, remaining_ms } => {
                write!(f, "({class}) remaining_ms={remaining_ms}")
            }
            Self::Probing { failures } => write!(f, " failures={failures}"),
            Self::LaunchFailed { class, failures, wait_ms } => {
                write!(f, "({class}) failures={failures} wait_ms={wait_ms}")
            }
            Self::LaunchSucceeded { started } => write!(f, " started={started}"),
            Self::NothingWaits => Ok(()),
            Self::NobodyServes { tasks } => write!(f, " tasks={tasks}"),
            Self::Desired { workers, planned } => write!(f, " workers={workers} planned={planned}"),
            Self::MaxCount { planned, max } => write!(f, " planned={planned} max={max}"),
            Self::MinCount { planned, min } => write!(f, " planned={planned} min={min}"),
            Self::Deficit { waiting, covered, workers } => {
                write!(f, " waiting={waiting} covered={covered} workers={workers}")
            }
            Self::InFlightCovers { waiting, in_flight } => {
                write!(f, " waiting={waiting} in_flight={in_flight}")
            }
            Self::SlotsFree { waiting, free } => write!(f, " waiting={waiting} free={free}"),
            Self::AnnouncedLate { misses } => write!(f, " misses={misses}"),
            Self::InDoubt { waiting, age_ms } => write!(f, " waiting={waiting} age_ms={age_ms}"),
            Self::BelowMin { workers, min } => write!(f, " workers={workers} min={min}"),
            Self::AtMaxConcurrent { workers, max } => write!(f, " workers={workers} max={max}"),
            Self::RateBudgetSpent { asked, max, remaining_ms } => {
                write!(f, " asked={asked} max={max} remaining_ms={remaining_ms}")
            }
            Self::RateLimitedQueue { waiting, per_minute, remaining_ms } => {
                write!(f, " waiting={waiting} per_minute={per_minute} remaining_ms={remaining_ms}")
            }
            Self::StartTimedOut { workers, after_ms } => {
                write!(f, " workers={workers} after_ms={after_ms}")
            }
            Self::WorkersDoNotAppear { failed, remaining_ms } => {
                write!(f, " failed={failed} remaining_ms={remaining_ms}")
            }
            Self::WorkersLeft { workers } => write!(f, " workers={workers}"),
            Self::TooManyLaunches { launches } => write!(f, " launches={launches}"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The name in a reason's line: what stands before its numbers.
pub fn reason_name(line: &str) -> &str {
    line.split([' ', '(']).next().unwrap_or_default()
}
