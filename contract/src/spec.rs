//! The compute config of a version: which workers serve which tasks, and how they scale.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    launch_strategy::LaunchStrategy,
    payload::{ConfigPayload, PayloadError, config_map, null_as_default},
    task_type::TaskType,
};

/// The whole compute config of a version. Unknown fields are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Scaling groups by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scaling_group_specs: BTreeMap<String, GroupSpec>,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One scaling group: workers of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupSpec {
    /// Wire numbers of the task types. Absent or empty: the types that no other group claims.
    #[serde(default)]
    pub task_types: Option<Vec<i64>>,
    /// The provider that runs the workers.
    #[serde(default)]
    pub compute: ComputeSpec,
    /// How the group scales.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScalingSpec>,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A compute provider and its settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ComputeSpec {
    /// For example `aws-lambda`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub provider_type: String,
    /// The provider's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigPayload>,
    /// The Nexus endpoint of an external provider.
    #[serde(default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nexus_endpoint: String,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A scaling algorithm and its settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScalingSpec {
    /// For example `no-sync`. Empty: the default for the provider's launch strategy.
    #[serde(default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scaling_algorithm: String,
    /// The algorithm's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigPayload>,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Spec {
    /// Whether there are no groups.
    pub fn is_empty(&self) -> bool {
        self.scaling_group_specs.is_empty()
    }

    /// The group that serves `kind`: the one that claims it, or else the catch-all.
    pub fn group_for(&self, kind: TaskType) -> Option<&str> {
        let claims = |group: &GroupSpec| group.claims(kind);
        let catches_all = |group: &GroupSpec| group.catches_all();
        self.find(claims).or_else(|| self.find(catches_all))
    }

    /// The task types that `group` serves, in the order of [`TaskType::ALL`].
    pub fn types_of(&self, group: &str) -> Vec<TaskType> {
        TaskType::ALL.into_iter().filter(|kind| self.group_for(*kind) == Some(group)).collect()
    }

    fn find(&self, wanted: impl Fn(&GroupSpec) -> bool) -> Option<&str> {
        self.scaling_group_specs
            .iter()
            .find(|(_, group)| wanted(group))
            .map(|(name, _)| name.as_str())
    }
}

impl ComputeSpec {
    /// Whether the provider keeps a worker set, instead of starting workers one by one.
    pub fn is_worker_set(&self) -> bool {
        LaunchStrategy::of(&self.provider_type).is_worker_set()
    }
}

impl GroupSpec {
    /// Whether the group is the catch-all: it serves the types that no other group claims.
    pub fn catches_all(&self) -> bool {
        self.task_types.as_ref().is_none_or(Vec::is_empty)
    }

    /// Whether the group claims `kind`.
    pub fn claims(&self, kind: TaskType) -> bool {
        self.task_types.iter().flatten().any(|n| *n == i64::from(kind.to_wire()))
    }

    /// The name of the scaling algorithm; empty for the default.
    pub fn algorithm(&self) -> &str {
        self.scaling.as_ref().map_or("", |scaling| &scaling.scaling_algorithm)
    }

    /// The scaler's settings.
    ///
    /// # Errors
    /// As [`ConfigPayload::to_map`].
    pub fn scaling_config(&self) -> Result<Map<String, Value>, PayloadError> {
        config_map(self.scaling.as_ref().and_then(|scaling| scaling.config.as_ref()))
    }

    /// The provider's settings.
    ///
    /// # Errors
    /// As [`ConfigPayload::to_map`].
    pub fn provider_config(&self) -> Result<Map<String, Value>, PayloadError> {
        config_map(self.compute.config.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(value: Value) -> Spec {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_group_without_types_serves_the_types_that_no_other_claims() {
        let spec = spec(json!({"scaling_group_specs": {
            "act": {"task_types": [2, 3], "compute": {"provider_type": "p"}},
            "rest": {"task_types": null, "compute": {"provider_type": "p"}},
        }}));
        assert_eq!(spec.group_for(TaskType::Activity), Some("act"));
        assert_eq!(spec.types_of("rest"), [TaskType::Workflow]);
        assert_eq!(spec.types_of("act"), [TaskType::Activity, TaskType::Nexus]);
    }

    #[test]
    fn a_type_that_no_group_claims_has_no_group() {
        let spec = spec(json!({"scaling_group_specs": {"wf": {"task_types": [1]}}}));
        assert_eq!(spec.group_for(TaskType::Nexus), None);
    }

    #[test]
    fn fields_of_a_later_server_are_kept() {
        let wire = json!({"scaling_group_specs": {"g": {
            "task_types": null, "compute": {"provider_type": "p", "zone": "a"}, "pace": 3}},
            "generation": 9});
        assert_eq!(serde_json::to_value(spec(wire.clone())).unwrap(), wire);
    }
}
