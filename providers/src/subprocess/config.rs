//! The provider's part of a spec: which process to run.

use std::{path::PathBuf, time::Duration};

use serde_json::{Map, Value};

use crate::{
    ProviderError,
    config_keys::{ConfigKeys, Text},
};

const LIFETIME: &str = "lifetime_ms";
const DISPLAY_NAME: &str = "subprocess";
const DEFAULT_LIFETIME_MS: u64 = 600_000;
const MIN_LIFETIME_MS: u64 = 1_000;
const MAX_LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
const MAX_GRACE: Duration = Duration::from_secs(10);
const MAX_ARGS: usize = 256;
const MAX_VARIABLES: usize = 256;

/// The process that a spec names; not yet checked against the operator's settings or the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessConfig {
    /// The operator's name for the program.
    pub(super) command: String,
    /// Its arguments.
    pub(super) args: Vec<String>,
    /// Its environment variables.
    pub(super) env: Vec<(String, Text)>,
    /// Its working directory; `None` is that of the operator's command, or else of the system
    /// worker.
    pub(super) working_directory: Option<PathBuf>,
}

/// The config of the `subprocess` provider: a process with a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubprocessConfig {
    /// What to run.
    pub(super) process: ProcessConfig,
    /// How long it may run.
    pub(super) lifetime: Duration,
}

impl SubprocessConfig {
    /// Parses the provider's config.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, ProviderError> {
        let keys = ConfigKeys::new(config, DISPLAY_NAME, &ProcessConfig::keys_and(LIFETIME))?;
        let process = ProcessConfig::read(&keys)?;
        let range = MIN_LIFETIME_MS..=MAX_LIFETIME_MS;
        Ok(Self { process, lifetime: keys.milliseconds(LIFETIME, DEFAULT_LIFETIME_MS, range)? })
    }

    /// How long before its deadline the process gets SIGTERM.
    pub(super) fn grace(&self) -> Duration {
        MAX_GRACE.min(self.lifetime / 2)
    }
}

impl ProcessConfig {
    /// The keys that both providers of processes read, and `own`, which only one of them reads.
    pub(super) fn keys_and(own: &'static str) -> [&'static str; 5] {
        ["command", "args", "env", "working_directory", own]
    }

    /// Reads the keys that both providers of processes read.
    pub(super) fn read(keys: &ConfigKeys<'_>) -> Result<Self, ProviderError> {
        let config = Self {
            command: keys.required("command")?.to_owned(),
            args: keys.texts("args")?,
            env: keys.map("env")?,
            working_directory: keys.text("working_directory")?.map(PathBuf::from),
        };
        config.check_bounds()?;
        Ok(config)
    }

    fn check_bounds(&self) -> Result<(), ProviderError> {
        for (key, len, max) in
            [("args", self.args.len(), MAX_ARGS), ("env", self.env.len(), MAX_VARIABLES)]
        {
            if len > max {
                return Err(ProviderError::invalid(format!(
                    "\"{key}\" has {len} entries, but at most {max} are allowed"
                )));
            }
        }
        let values = self.env.iter().map(|(_, Text::Plain(text) | Text::Secret(text))| text);
        if self.args.iter().chain(values).any(|text| text.contains('\0')) {
            return Err(ProviderError::invalid("\"args\" and \"env\" must not contain NUL bytes"));
        }
        match &self.working_directory {
            Some(dir) if !dir.is_absolute() => Err(ProviderError::invalid(format!(
                "\"working_directory\" must be an absolute path, not {:?}",
                dir.display().to_string()
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(config: Value) -> Result<SubprocessConfig, ProviderError> {
        SubprocessConfig::parse(config.as_object().unwrap())
    }

    fn error(config: Value) -> String {
        parse(config).unwrap_err().to_string()
    }

    #[test]
    fn a_command_is_enough() {
        let config = parse(json!({"command": "greeter"})).unwrap();
        assert_eq!(config.lifetime, Duration::from_secs(600));
        assert_eq!((config.process.args.len(), config.process.env.len()), (0, 0));
    }

    #[test]
    fn the_grace_is_at_most_half_of_a_lifetime() {
        let grace =
            |lifetime| parse(json!({"command": "sh", "lifetime_ms": lifetime})).unwrap().grace();
        assert_eq!(grace(4000), Duration::from_secs(2));
        assert_eq!(grace(60_000), Duration::from_secs(10));
    }

    #[test]
    fn each_mistake_names_its_key() {
        assert_eq!(
            error(json!({})),
            "subprocess compute provider requires \"command\" to be configured"
        );
        for (key, value) in [
            ("lifetime_ms", json!(999)),
            ("lifetime_ms", json!(86_400_001)),
            ("working_directory", json!("relative/dir")),
            ("args", json!("-v")),
            ("args", json!(vec!["a"; 257])),
            ("args", json!(["a\u{0}b"])),
            ("env", json!(["A=1"])),
            ("shell", json!(true)),
        ] {
            let message = error(json!({"command": "greeter", key: value}));
            assert!(message.contains(key), "{message}");
        }
    }
}
