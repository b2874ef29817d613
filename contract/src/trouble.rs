//! Something that is tried until it succeeds, and has not succeeded yet.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The attempts so far, and what the last one met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Attempts that have failed.
    #[serde(default)]
    pub attempts: u32,
    /// When the first of them failed, milliseconds since the Unix epoch.
    #[serde(default)]
    pub since_ms: i64,
    /// When the next attempt is due. Same unit.
    #[serde(default)]
    pub next_attempt_ms: i64,
    /// Why the last attempt failed: the words of the provider or the server, or how the worker
    /// exited. Empty if a worker runs that has not polled yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the version's validation status on the server says of it. It follows `message` less
    /// and less often, so that a message with a time in it does not keep the server busy. Absent
    /// in runs of earlier revisions, which report nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<String>,
    /// What a later build may add; kept as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
