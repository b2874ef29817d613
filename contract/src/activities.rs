//! Names, inputs and outputs of the activities.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    ComputeSpec, Refusal, Spec, TaskType, VersionId,
    decision::{DecisionResult, Event, GroupState},
    launch::Outcome,
    messages::UpdateRequest,
    spec::ScalingSpec,
    stats::{StatsByType, WorkersByType},
};

/// Checks a spec, and every provider in it.
pub const VALIDATE_SPEC: &str = "ValidateSpec";
/// Starts a worker for each group whose queues the server does not know yet.
pub const REGISTER: &str = "InvokeWorkersToRegisterTaskQueues";
/// Decides for every group at once.
pub const DECIDE: &str = "DecideScaling";
/// Reads the queues' figures until a decision is called for.
pub const WATCH: &str = "WatchTaskQueues";
/// Has a provider start workers.
pub const INVOKE: &str = "InvokeWorker";
/// Has a provider keep a set of workers at a size.
pub const RESIZE: &str = "UpdateWorkerSetSize";

/// Input of [`VALIDATE_SPEC`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidateInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The spec to check.
    pub spec: Spec,
    /// Whether the version has no compute config yet, so that it would be one more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

/// Input of the validate workflow: a change to a spec that nobody runs yet.
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
    /// What may surprise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether the refusal tells of trouble that may pass, and not of the spec.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_pass: bool,
    /// How long until the spec should be checked again, milliseconds, as the operator has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
}

/// Input of [`REGISTER`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterInput {
    /// The version that the workers belong to.
    #[serde(flatten)]
    pub version: VersionId,
    /// The spec whose groups may have to register their queues.
    pub spec: Spec,
    /// Names the launches.
    pub launch_id: String,
    /// Groups for which a worker is on its way already.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub underway: BTreeSet<String>,
}

/// Output of [`REGISTER`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterOutput {
    /// Groups for which a worker was started.
    #[serde(default)]
    pub started: Vec<String>,
    /// What went wrong, by group. Registration is tried again when tasks come.
    #[serde(default)]
    pub failed: BTreeMap<String, String>,
    /// Groups whose set of workers needs one so that it registers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_sets: Vec<String>,
}

/// One group in a [`DECIDE`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupInput {
    /// The provider's type, which says how workers are started.
    #[serde(default)]
    pub provider_type: String,
    /// Algorithm and settings.
    #[serde(default)]
    pub scaling: ScalingSpec,
    /// What the last decision left.
    #[serde(default)]
    pub state: GroupState,
    /// What happened since, in order.
    #[serde(default)]
    pub events: Vec<Event>,
    /// The launch that follows if one worker is decided for: it need not wait for the workflow
    /// to hear of the decision. Absent where none may follow now.
    #[serde(default, rename = "head_start", skip_serializing_if = "Option::is_none")]
    pub speculative_launch: Option<InvokeInput>,
    /// Whether the decision may come with what became of such a launch, if that is known at once:
    /// then nothing else asks for it.
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
    /// What became of launches that began with their decisions, by group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub launched: BTreeMap<String, Outcome>,
}

/// Input of [`WATCH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchInput {
    /// The version whose queues are watched.
    #[serde(flatten)]
    pub version: VersionId,
    /// Types that some group serves.
    pub types: Vec<TaskType>,
    /// Before this time a backlog calls for no decision: workers for it are on their way.
    /// Milliseconds since the Unix epoch.
    #[serde(default)]
    pub quiet_until_ms: i64,
    /// A backlog that lasts is reported at this time at the latest. Same unit.
    pub due_ms: i64,
    /// An idle watch ends by itself at this time. Same unit.
    pub until_ms: i64,
}

/// Why a watch ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchEnd {
    /// Tasks wait and nothing was started for them lately.
    Backlog,
    /// Its time is up.
    #[default]
    TimeUp,
}

/// Output of [`WATCH`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchOutput {
    /// Why it ended.
    #[serde(default)]
    pub end: WatchEnd,
    /// The last figures, of the watched types.
    #[serde(default)]
    pub stats: StatsByType,
    /// The workers seen, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersByType>,
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
    /// Names the launch: the same in every attempt.
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
    /// Workers to keep; 0 ends the set.
    pub count: u32,
    /// When the size was decided, milliseconds since the Unix epoch: the later of two sizes counts.
    #[serde(rename = "asked_ms")]
    pub requested_ms: i64,
}

/// What an [`INVOKE`] heartbeats, so that another attempt asks only for the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeProgress {
    /// Workers started so far.
    #[serde(default)]
    pub started: u32,
}
