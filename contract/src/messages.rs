//! Inputs and answers of the instance's run, updates and queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    GroupSpec, Spec,
    payload::null_as_default,
    state::{State, Timestamp, ValidationState},
};

/// What every run starts with; the server's own controller uses the same shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StartInput {
    /// Name of the namespace, as the starter believed it to be.
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
    /// What earlier runs carried over; `None` for a fresh instance.
    #[serde(default)]
    pub state: Option<State>,
    /// What a later server may add.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// `update-worker-controller-instance`, and `validate-spec` without the token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateRequest {
    /// Who asks.
    #[serde(default)]
    pub identity: String,
    /// The token that the asker read last, for optimistic concurrency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_token: Option<String>,
    /// Groups to create or change, by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub upsert_scaling_groups: BTreeMap<String, Upsert>,
    /// Groups to remove.
    #[serde(default, deserialize_with = "null_as_default")]
    pub remove_scaling_groups: Vec<String>,
}

/// A group's new settings and which of them count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Upsert {
    /// The settings.
    #[serde(default)]
    pub spec: GroupSpec,
    /// The paths that count on a group that exists.
    #[serde(default)]
    pub update_mask: Option<Vec<String>>,
}

/// Answer to an update.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateReply {
    /// The spec as it is now.
    pub spec: Spec,
}

/// Answer to `validate-spec`: `{}` when there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What may surprise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `delete-worker-controller-instance`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeleteRequest {
    /// Who asks.
    #[serde(default)]
    pub identity: String,
}

/// `release-worker-controller-instance`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReleaseRequest {
    /// Who asks.
    #[serde(default)]
    pub identity: String,
}

/// An answer that says nothing but that it is done: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// Answer to `describe-wci`.
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
    /// To be given back with an update that must not overwrite another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_token: Option<String>,
    /// Who changed the spec last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_modifier_identity: String,
    /// What the last check of the compute config found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_state: Option<ValidationState>,
}

/// What the memo says.
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
