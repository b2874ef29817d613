//! The state that an instance carries from run to run, in the shape that the server's controller
//! uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    ComputeSpec, Crashes, Spec, Trouble,
    decision::GroupState,
    launch::{Launch, Outcome},
    payload::null_as_default,
    signal::TaskAdd,
};

/// The whole state of an instance. Unknown fields are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The compute config; `None` until there is one.
    #[serde(default)]
    pub spec: Option<Spec>,
    /// Scaling state by group.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scaling_state: BTreeMap<String, GroupState>,
    /// Announced tasks that no decision has processed yet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub pending_task_add_signals: Vec<TaskAdd>,
    /// See [`crate::token`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_token: Option<String>,
    /// When the instance was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// Who changed the spec last.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last_modifier_identity: String,
    /// The result of the last check of the compute config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_state: Option<ValidationState>,
    /// The part that only this controller has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wci: Option<Extension>,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Seconds and nanoseconds since the Unix epoch, as Go writes a proto timestamp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timestamp {
    /// Whole seconds.
    #[serde(default)]
    pub seconds: i64,
    /// Nanoseconds of the second.
    #[serde(default)]
    pub nanos: i32,
}

impl Timestamp {
    /// The instant in milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }
}

/// The result of the last check of the compute config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationState {
    /// When, in RFC 3339.
    #[serde(default)]
    pub last_validation_time: String,
    /// `success` or `failed`.
    #[serde(default)]
    pub status: String,
    /// What failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub err_message: String,
}

impl ValidationState {
    /// Whether the check succeeded.
    pub fn is_success(&self) -> bool {
        self.status == "success"
    }
}

/// When the compute config is checked again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPlan {
    /// When it was last checked, milliseconds since the Unix epoch.
    #[serde(default)]
    pub checked_ms: i64,
    /// When the next check is due. Same unit.
    #[serde(default)]
    pub due_ms: i64,
    /// The interval between two checks, milliseconds, as the system worker last reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
    /// Why the last check came to no result, such as a provider that did not answer; empty if it
    /// came to one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    /// Fields of a later build, kept as they are.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// This controller's part of the state. Every field is optional on reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    /// Launches whose outcome no run has received yet.
    #[serde(default)]
    pub launches: Vec<Launch>,
    /// The latest decisions, oldest first.
    #[serde(default)]
    pub decisions: Vec<DecisionLogEntry>,
    /// The latest failed launch of each group.
    #[serde(default)]
    pub last_failures: BTreeMap<String, FailureRecord>,
    /// Workers started since the instance was created.
    #[serde(default)]
    pub workers_started: u64,
    /// Invalid signals, which were dropped.
    #[serde(default)]
    pub signals_dropped: u64,
    /// Why the latest of them was dropped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub latest_drop: String,
    /// When the compute config is checked again; `None` before the first check of this controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckPlan>,
    /// The validation status that the version's workflow was last notified of.
    #[serde(default, rename = "told", skip_serializing_if = "Option::is_none")]
    pub last_notified: Option<ValidationState>,
    /// When the next decision is due, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at_ms: Option<i64>,
    /// Whether task queues may still need to be registered.
    #[serde(default)]
    pub register: bool,
    /// Warnings about the compute config from its last change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Groups for which a worker was started to register their task queues, and when, milliseconds
    /// since the Unix epoch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registering: BTreeMap<String, i64>,
    /// Worker sets by group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub worker_sets: BTreeMap<String, WorkerSet>,
    /// Groups whose task queues the server did not know after the last attempt to register them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unregistered: BTreeMap<String, Trouble>,
    /// Groups whose workers exit with an error right after their start.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crashes: BTreeMap<String, Crashes>,
    /// Why the version's workflow does not know the validation status; `None` once it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Trouble>,
    /// Fields of a later build, kept as they are.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A worker set that a provider keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerSet {
    /// The size that the provider should keep.
    #[serde(default)]
    pub wanted: u32,
    /// When that was decided, milliseconds since the Unix epoch.
    #[serde(default, rename = "asked_ms")]
    pub requested_ms: i64,
    /// Whether the provider acknowledged that size.
    #[serde(default, rename = "told")]
    pub acknowledged: bool,
    /// The provider and its settings. The group may have been removed since, or have another
    /// provider.
    #[serde(default)]
    pub compute: ComputeSpec,
    /// Fields of a later build, kept as they are.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One decision, as `wci describe` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionLogEntry {
    /// When, milliseconds since the Unix epoch.
    #[serde(default)]
    pub at_ms: i64,
    /// The scaling group.
    #[serde(default)]
    pub group: String,
    /// What was decided about: `task-add`, `poll`, `outcome` or `tick`, joined with `+`.
    #[serde(default)]
    pub event: String,
    /// Workers requested.
    #[serde(default)]
    pub invoked: u32,
    /// The new size of the worker set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resized: Option<u32>,
    /// Announced tasks that were deferred.
    #[serde(default)]
    pub throttled: u64,
    /// Why.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// A failed launch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// When, milliseconds since the Unix epoch.
    #[serde(default)]
    pub at_ms: i64,
    /// Its outcome.
    #[serde(default)]
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_written_by_the_servers_controller_is_read_and_written_back_whole() {
        let wire = json!({
            "spec": {"scaling_group_specs": {"default": {"task_types": null,
                "compute": {"provider_type": "aws-lambda"},
                "scaling": {"scaling_algorithm": "no-sync"}}}},
            "scaling_state": {"default": {"last_scale_up_time_ms": 5}},
            "pending_task_add_signals": [{"task_queue_name": "q", "task_queue_type": 1,
                "is_sync_match": false, "no_sync_match_signals_batched": 1}],
            "conflict_token": "AAAA", "create_time": {"seconds": 7, "nanos": 8},
            "last_modifier_identity": "me",
            "validation_state": {"last_validation_time": "2026-11-22T08:59:55Z", "status": "success"},
            "something_new": [1]
        });
        let state: State = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(state).unwrap(), wire);
    }

    #[test]
    fn nulls_are_empty() {
        let state: State = serde_json::from_value(json!({"spec": null, "scaling_state": null,
            "pending_task_add_signals": null, "last_modifier_identity": null}))
        .unwrap();
        assert_eq!(state, State::default());
    }
}
