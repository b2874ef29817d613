//! Inputs and replies of the instance's run, updates and queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    GroupSpec, Spec,
    payload::null_as_default,
    state::{State, Timestamp, ValidationState},
};

/// The input of every run; the server's own controller uses the same shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StartInput {
    /// Name of the namespace, as the starter sent it.
    #[serde(default)]
    pub namespace_name: String,
    /// Its ID.
    #[serde(default)]
    pub namespace_id: String,
    /// The Worker Deployment.
    #[serde(default)]
    pub deployment_name: String,
    /// The build of the version.
    #[serde(default)]
    pub build_id: String,
    /// The state of the run before; `None` for a new instance.
    #[serde(default)]
    pub state: Option<State>,
    /// Fields of a later server.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// `update-worker-controller-instance`, and `validate-spec` without the token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateRequest {
    /// Who sends the request.
    #[serde(default)]
    pub identity: String,
    /// The token that the sender read last, for optimistic concurrency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_token: Option<String>,
    /// Groups to create or change, by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub upsert_scaling_groups: BTreeMap<String, Upsert>,
    /// Groups to remove.
    #[serde(default, deserialize_with = "null_as_default")]
    pub remove_scaling_groups: Vec<String>,
}

/// A group's new settings, and which of them apply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Upsert {
    /// The settings.
    #[serde(default)]
    pub spec: GroupSpec,
    /// The paths to change in an existing group.
    #[serde(default)]
    pub update_mask: Option<Vec<String>>,
}

/// Reply to an update.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateReply {
    /// The spec after the update.
    pub spec: Spec,
}

/// Reply to `validate-spec`: `{}` without warnings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Warnings about the compute config.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `delete-worker-controller-instance`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeleteRequest {
    /// Who sends the request.
    #[serde(default)]
    pub identity: String,
}

/// `release-worker-controller-instance`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReleaseRequest {
    /// Who sends the request.
    #[serde(default)]
    pub identity: String,
}

/// An empty reply: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// Reply to `describe-wci`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The Worker Deployment.
    #[serde(default)]
    pub deployment_name: String,
    /// The build of the version.
    #[serde(default)]
    pub deployment_build_id: String,
    /// When the instance was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// The compute config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// Send it with an update that must not overwrite another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_token: Option<String>,
    /// Who changed the spec last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_modifier_identity: String,
    /// The result of the last check of the compute config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_state: Option<ValidationState>,
}

/// The memo of an instance's workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// The Worker Deployment.
    pub deployment_name: String,
    /// The build of the version.
    pub build_id: String,
    /// When the instance was created.
    #[serde(default)]
    pub create_time: Timestamp,
}
