//! What a spec says of a pool.

use std::time::Duration;

use serde_json::{Map, Value};

use super::super::spec::{PROCESS_KEYS, ProcessSpec};
use crate::{ProviderError, config_keys::ConfigKeys};

const STOP_TIMEOUT: &str = "stop_timeout_ms";
const DEFAULT_STOP_MS: u64 = 30_000;
/// A worker library needs some seconds of it for itself.
const SHORTEST_STOP_MS: u64 = 5_000;
const LONGEST_STOP_MS: u64 = 24 * 60 * 60 * 1000;

/// What a spec says of a pool; nothing of it is checked against the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolSpec {
    /// What runs.
    pub(super) process: ProcessSpec,
    /// How long a process may take to leave.
    pub(super) stop_timeout: Duration,
}

impl PoolSpec {
    /// Reads the provider's settings.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, ProviderError> {
        let known: Vec<&str> = PROCESS_KEYS.into_iter().chain([STOP_TIMEOUT]).collect();
        let keys = ConfigKeys::new(config, super::TYPE, &known)?;
        let stop_ms = keys.integer(STOP_TIMEOUT)?.unwrap_or(DEFAULT_STOP_MS);
        if !(SHORTEST_STOP_MS..=LONGEST_STOP_MS).contains(&stop_ms) {
            return Err(ProviderError::invalid(format!(
                "{STOP_TIMEOUT} must be from {SHORTEST_STOP_MS} (5 s) to {LONGEST_STOP_MS} (24 h), \
                 not {stop_ms}"
            )));
        }
        let process = ProcessSpec::read(&keys)?;
        Ok(Self { process, stop_timeout: Duration::from_millis(stop_ms) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(config: Value) -> Result<PoolSpec, ProviderError> {
        PoolSpec::parse(config.as_object().unwrap())
    }

    #[test]
    fn a_command_is_enough() {
        let spec = parse(json!({"command": "greeter"})).unwrap();
        assert_eq!(spec.stop_timeout, Duration::from_secs(30));
    }

    #[test]
    fn each_mistake_names_its_key() {
        let refusal = |config| parse(config).unwrap_err().to_string();
        assert_eq!(
            refusal(json!({})),
            "subprocess-pool compute provider requires \"command\" to be configured"
        );
        for (key, value) in [
            ("stop_timeout_ms", json!(4_999)),
            ("lifetime_ms", json!(1_000)),
            ("args", json!("-v")),
        ] {
            let message = refusal(json!({"command": "greeter", key: value}));
            assert!(message.contains(key), "{message}");
        }
    }
}
