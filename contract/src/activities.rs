//! Names, inputs and outputs of the activities.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    ComputeSpec, Crashes, Refusal, Spec, TaskType, VersionId,
    crashes::KnownCrashes,
    decision::{DecisionResult, Event, GroupState},
    launch::Outcome,
    messages::UpdateRequest,
    spec::ScalingSpec,
    stats::{StatsByType, WorkersByType},
};

/// Checks a spec, and calls every provider in it.
pub const VALIDATE_SPEC: &str = "ValidateSpec";
/// Starts a worker for each group whose task queues the server does not know yet.
pub const REGISTER: &str = "InvokeWorkersToRegisterTaskQueues";
/// Decides for all groups at once.
pub const DECIDE: &str = "DecideScaling";
/// Polls the queues' statistics until a decision is needed.
pub const WATCH: &str = "WatchTaskQueues";
/// Starts workers with a provider.
pub const INVOKE: &str = "InvokeWorker";
/// Sets the size of a provider's worker set.
pub const RESIZE: &str = "UpdateWorkerSetSize";

/// Input of [`VALIDATE_SPEC`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidateInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The spec to check.
    pub spec: Spec,
    /// Whether the version has no compute config yet, so that the number of instances grows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

/// Input of the validate workflow: a change to the spec of a version that has no instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DryRun {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The change.
    pub request: UpdateRequest,
}

/// Output of [`VALIDATE_SPEC`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidateOutput {
    /// Why the spec cannot be used; `None` when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Warnings about the compute config.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether the refusal is a transient failure instead of an error in the spec.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_pass: bool,
    /// Milliseconds until the spec should be checked again, from the operator's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
}

/// Input of [`REGISTER`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The spec whose groups may have to register their task queues.
    pub spec: Spec,
    /// Identifies the launches.
    pub launch_id: String,
    /// Groups for which a worker is already starting.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub underway: BTreeSet<String>,
}

/// Output of [`REGISTER`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterOutput {
    /// Groups for which a worker was started.
    #[serde(default)]
    pub started: Vec<String>,
    /// Error messages by group.
    #[serde(default)]
    pub failed: BTreeMap<String, String>,
    /// Groups whose worker set needs a worker to register their task queues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_sets: Vec<String>,
    /// Groups whose task queues the server does not know at the end of the activity, and why, as
    /// far as that is known. Older builds do not wait for the server, and report none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unregistered: BTreeMap<String, String>,
}

/// One group in the input of [`DECIDE`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupInput {
    /// The provider's type, which determines the launch strategy.
    #[serde(default)]
    pub provider_type: String,
    /// Algorithm and settings.
    #[serde(default)]
    pub scaling: ScalingSpec,
    /// The state that the last decision returned.
    #[serde(default)]
    pub state: GroupState,
    /// What happened since, in order.
    #[serde(default)]
    pub events: Vec<Event>,
    /// The launch to start at once if the decision is to start one worker, without waiting for the
    /// workflow to receive the decision. Absent where no launch is allowed now.
    #[serde(default, rename = "head_start", skip_serializing_if = "Option::is_none")]
    pub speculative_launch: Option<InvokeInput>,
    /// Whether the output may include the outcome of such a launch, if it is known at once. The
    /// workflow then requests it no other way.
    #[serde(default, rename = "tell_outcome", skip_serializing_if = "std::ops::Not::not")]
    pub report_outcome: bool,
}

/// Input of [`DECIDE`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DecideInput {
    /// Workflow time, milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// The groups to decide for.
    pub groups: BTreeMap<String, GroupInput>,
}

/// Output of [`DECIDE`]: one decision for each group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DecideOutput {
    /// By group.
    #[serde(default)]
    pub groups: BTreeMap<String, DecisionResult>,
    /// Outcomes of the launches that were started with their decisions, by group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub launched: BTreeMap<String, Outcome>,
    /// How workers of each group failed lately, as far as this process knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crashes: BTreeMap<String, Crashes>,
}

/// Input of [`WATCH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchInput {
    /// The version whose queues are watched.
    #[serde(flatten)]
    pub version: VersionId,
    /// The task types that the groups serve.
    pub types: Vec<TaskType>,
    /// How long a backlog needs no decision, because workers for it are starting.
    #[serde(default, rename = "quiet_until_ms")]
    pub backlog_grace: BacklogGrace,
    /// A persisting backlog is reported at this time at the latest, milliseconds since the Unix
    /// epoch.
    pub due_ms: i64,
    /// An idle watch completes at this time. Same unit.
    pub until_ms: i64,
    /// What the instance knows of failing workers, for each of its groups: the watch ends when a
    /// crash loop begins or ends.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known_crashes: BTreeMap<String, KnownCrashes>,
}

/// How long a backlog is left to the workers that are on their way. On the wire a number: the
/// time, or 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub enum BacklogGrace {
    /// Report a backlog at once, whatever is on its way.
    #[default]
    None,
    /// Until this time, milliseconds since the Unix epoch.
    Until(i64),
}

impl BacklogGrace {
    /// The end of the grace; `None` where there is none.
    pub fn until_ms(self) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Until(at_ms) => Some(at_ms),
        }
    }
}

impl From<i64> for BacklogGrace {
    fn from(until_ms: i64) -> Self {
        if until_ms > 0 { Self::Until(until_ms) } else { Self::None }
    }
}

impl From<BacklogGrace> for i64 {
    fn from(grace: BacklogGrace) -> Self {
        grace.until_ms().unwrap_or_default()
    }
}

/// Why a watch ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchEnd {
    /// Tasks wait, and no workers were started for them recently.
    Backlog,
    /// `until_ms` is reached.
    #[default]
    TimeUp,
}

/// Output of [`WATCH`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchOutput {
    /// Why it ended.
    #[serde(default)]
    pub end: WatchEnd,
    /// The latest statistics of the watched types.
    #[serde(default)]
    pub stats: StatsByType,
    /// The workers that poll, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersByType>,
    /// How workers of each group failed lately, as far as this process knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crashes: BTreeMap<String, Crashes>,
    /// Whether the server announces tasks of the namespace, as far as this process has seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_announced: bool,
}

/// Input of [`INVOKE`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvokeInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The scaling group.
    pub group: String,
    /// The provider and its settings.
    pub compute: ComputeSpec,
    /// Identifies the launch: the same in every attempt.
    pub launch_id: String,
    /// Workers to start.
    pub count: u32,
}

/// Input of [`RESIZE`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResizeInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The scaling group.
    pub group: String,
    /// The provider and its settings.
    pub compute: ComputeSpec,
    /// The size; 0 ends the set.
    pub count: u32,
    /// When the size was decided, milliseconds since the Unix epoch. Of two sizes, the later wins.
    #[serde(rename = "asked_ms")]
    pub requested_ms: i64,
}

/// Heartbeat details of [`INVOKE`], so that the next attempt starts only the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeProgress {
    /// Workers started so far.
    #[serde(default)]
    pub started: u32,
}
