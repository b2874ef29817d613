//! Launches: requests to a provider for workers, and their outcomes.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::FailureClass;

/// A launch that is under way, or whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Identifies the launch in logs, in heartbeats and to the provider.
    pub launch_id: String,
    /// The scaling group.
    pub group: String,
    /// Workers requested.
    pub count: u32,
    /// When it was requested, milliseconds since the Unix epoch.
    pub since: i64,
}

/// The outcome of a launch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Workers that the provider started, or accepted to start.
    #[serde(default)]
    pub started: u32,
    /// Workers that its limits kept it from starting.
    #[serde(default)]
    pub throttled: u32,
    /// Workers that it refused for another reason.
    #[serde(default)]
    pub refused: u32,
    /// When the workers were requested, milliseconds since the Unix epoch, where a decision is told
    /// of the launch. The outcome of an older launch may arrive after later workers were requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_ms: Option<i64>,
    /// What failed, if anything.
    #[serde(default, deserialize_with = "class", skip_serializing_if = "Option::is_none")]
    pub class: Option<FailureClass>,
    /// The provider's message, without secrets and cut to length.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// A class that only a later build knows must not make the whole state unreadable.
fn class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FailureClass>, D::Error> {
    let name = Option::<Value>::deserialize(deserializer)?;
    Ok(name.map(|name| serde_json::from_value(name).unwrap_or(FailureClass::Unavailable)))
}

impl Outcome {
    /// `count` workers started.
    pub fn started(count: u32) -> Self {
        Self { started: count, ..Self::default() }
    }

    /// `count` workers not started because of `class`.
    pub fn failed(count: u32, class: FailureClass, message: impl Into<String>) -> Self {
        let throttled = class == FailureClass::Throttled;
        Self {
            throttled: if throttled { count } else { 0 },
            refused: if throttled { 0 } else { count },
            class: Some(class),
            message: message.into(),
            ..Self::default()
        }
    }

    /// What failed, also where the outcome does not say. For an outcome that is a success, the
    /// answer means nothing.
    pub fn failure_class(&self) -> FailureClass {
        match self.class {
            Some(class) if self.started == 0 || self.throttled == 0 => class,
            _ if self.throttled > 0 => FailureClass::Throttled,
            _ => FailureClass::Unavailable,
        }
    }

    /// Whether every requested worker was started.
    pub fn is_success(&self) -> bool {
        self.class.is_none() && self.throttled == 0 && self.refused == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_some_started_and_some_were_throttled_the_class_is_throttled() {
        let outcome =
            |started, throttled, class| Outcome { started, throttled, class, ..Outcome::default() };
        let denied = Some(FailureClass::AccessDenied);
        for (started, throttled, class, expected) in [
            (0, 2, denied, FailureClass::AccessDenied),
            (3, 0, denied, FailureClass::AccessDenied),
            (3, 1, denied, FailureClass::Throttled),
            (3, 1, None, FailureClass::Throttled),
            (0, 1, None, FailureClass::Throttled),
            (3, 0, None, FailureClass::Unavailable),
        ] {
            assert_eq!(outcome(started, throttled, class).failure_class(), expected);
        }
    }
}
