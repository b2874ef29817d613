//! The provider's part of a spec: which processes a pool runs.

use std::time::Duration;

use serde_json::{Map, Value};

use super::super::config::ProcessConfig;
use crate::{ProviderError, config_keys::ConfigKeys};

const STOP_TIMEOUT: &str = "stop_timeout_ms";
const DEFAULT_STOP_MS: u64 = 30_000;
/// The worker library needs some seconds of the stop timeout for its own shutdown.
const MIN_STOP_MS: u64 = 5_000;
const MAX_STOP_MS: u64 = 24 * 60 * 60 * 1000;

/// The config of the `subprocess-pool` provider; not yet checked against the operator's settings
/// or the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolConfig {
    /// What to run.
    pub(super) process: ProcessConfig,
    /// How long a process may take to exit after SIGTERM.
    pub(super) stop_timeout: Duration,
}

impl PoolConfig {
    /// Parses the provider's config.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, ProviderError> {
        let keys = ConfigKeys::new(config, super::TYPE, &ProcessConfig::keys_and(STOP_TIMEOUT))?;
        let range = MIN_STOP_MS..=MAX_STOP_MS;
        let stop_timeout = keys.milliseconds(STOP_TIMEOUT, DEFAULT_STOP_MS, range)?;
        let process = ProcessConfig::read(&keys)?;
        Ok(Self { process, stop_timeout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(config: Value) -> Result<PoolConfig, ProviderError> {
        PoolConfig::parse(config.as_object().unwrap())
    }

    #[test]
    fn a_command_is_enough() {
        let config = parse(json!({"command": "greeter"})).unwrap();
        assert_eq!(config.stop_timeout, Duration::from_secs(30));
    }

    #[test]
    fn each_mistake_names_its_key() {
        let error = |config| parse(config).unwrap_err().to_string();
        assert_eq!(
            error(json!({})),
            "subprocess-pool compute provider requires \"command\" to be configured"
        );
        for (key, value) in [
            ("stop_timeout_ms", json!(4_999)),
            ("lifetime_ms", json!(1_000)),
            ("args", json!("-v")),
        ] {
            let message = error(json!({"command": "greeter", key: value}));
            assert!(message.contains(key), "{message}");
        }
    }
}
