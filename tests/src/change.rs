//! Changes of a version's compute config through the public API, in a form that is easy to read in
//! tests and recordings.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_common::protos::temporal::api::{
    common::v1::Payload,
    compute::v1::{
        ComputeConfig, ComputeConfigScalingGroup, ComputeConfigScalingGroupUpdate, ComputeProvider,
        ComputeScaler,
    },
    enums::v1::TaskQueueType,
};

/// A change of a compute config; for a new version, the whole config.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Change {
    /// Groups to create or to change.
    #[serde(default)]
    pub groups: BTreeMap<String, GroupSent>,
    /// Groups to remove.
    #[serde(default)]
    pub remove: Vec<String>,
    /// A new ID for each call if it is `None`.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// A scaling group of a request or a response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSent {
    /// Task types: their names, or numbers if they have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub task_types: Vec<Value>,
    /// The compute provider.
    pub provider: Option<Part>,
    /// The scaler.
    pub scaler: Option<Part>,
    /// Paths of the update mask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<String>,
}

/// A provider or a scaler.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    #[serde(rename = "type")]
    kind: String,
    details: Option<Details>,
    nexus_endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Details {
    Json { json: Value },
    Other { encoding: String, text: String },
}

impl Change {
    /// Reads it from JSON in this form.
    pub fn of(value: Value) -> Self {
        serde_json::from_value(value).unwrap()
    }

    pub(crate) fn config(&self) -> ComputeConfig {
        let groups = self.groups.iter().map(|(name, group)| (name.clone(), group.to_wire()));
        ComputeConfig { scaling_groups: groups.collect() }
    }

    pub(crate) fn updates(&self) -> HashMap<String, ComputeConfigScalingGroupUpdate> {
        let update = |group: &GroupSent| {
            let mut update = ComputeConfigScalingGroupUpdate {
                scaling_group: Some(group.to_wire()),
                update_mask: None,
            };
            if !group.mask.is_empty() {
                update.update_mask.get_or_insert_default().paths.clone_from(&group.mask);
            }
            update
        };
        self.groups.iter().map(|(name, group)| (name.clone(), update(group))).collect()
    }
}

impl GroupSent {
    fn to_wire(&self) -> ComputeConfigScalingGroup {
        ComputeConfigScalingGroup {
            task_queue_types: self.task_types.iter().map(type_to_wire).collect(),
            provider: self.provider.clone().map(|part| ComputeProvider {
                r#type: part.kind,
                details: part.details.map(Details::into_wire),
                nexus_endpoint: part.nexus_endpoint,
            }),
            scaler: self.scaler.clone().map(|part| ComputeScaler {
                r#type: part.kind,
                details: part.details.map(Details::into_wire),
            }),
        }
    }

    pub(crate) fn from_wire(group: ComputeConfigScalingGroup) -> Self {
        let part = |kind, details: Option<Payload>, nexus_endpoint| Part {
            kind,
            details: details.map(Details::from_wire),
            nexus_endpoint,
        };
        Self {
            task_types: group.task_queue_types.iter().map(|n| type_from_wire(*n)).collect(),
            provider: group.provider.map(|p| part(p.r#type, p.details, p.nexus_endpoint)),
            scaler: group.scaler.map(|s| part(s.r#type, s.details, String::new())),
            mask: Vec::new(),
        }
    }
}

impl Details {
    fn into_wire(self) -> Payload {
        let (encoding, data) = match self {
            Self::Json { json } => ("json/plain".to_owned(), json.to_string().into_bytes()),
            Self::Other { encoding, text } => (encoding, text.into_bytes()),
        };
        Payload {
            metadata: [("encoding".to_owned(), encoding.into_bytes())].into(),
            data,
            ..Payload::default()
        }
    }

    fn from_wire(payload: Payload) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let encoding = payload.metadata.get("encoding").map(|name| text(name)).unwrap_or_default();
        match serde_json::from_slice(&payload.data) {
            Ok(json) if encoding == "json/plain" => Self::Json { json },
            _ => Self::Other { encoding, text: text(&payload.data) },
        }
    }
}

const TYPES: [(&str, TaskQueueType); 3] = [
    ("workflow", TaskQueueType::Workflow),
    ("activity", TaskQueueType::Activity),
    ("nexus", TaskQueueType::Nexus),
];

fn type_to_wire(given: &Value) -> i32 {
    let named = TYPES.iter().find(|(name, _)| given == name).map(|(_, kind)| i32::from(*kind));
    named.unwrap_or_else(|| i32::try_from(given.as_i64().unwrap()).unwrap())
}

fn type_from_wire(number: i32) -> Value {
    let known = TYPES.iter().find(|(_, kind)| i32::from(*kind) == number);
    known.map_or_else(|| number.into(), |(name, _)| (*name).into())
}
