//! What a spec says of a process.

use std::{path::PathBuf, time::Duration};

use serde_json::{Map, Value};

use crate::{
    ProviderError,
    config_keys::{ConfigKeys, Text},
};

/// What every provider of processes reads.
pub(super) const PROCESS_KEYS: [&str; 4] = ["command", "args", "env", "working_directory"];
const KEYS: [&str; 5] = ["command", "args", "env", "working_directory", "lifetime_ms"];
const PEOPLE_SAY: &str = "subprocess";
const DEFAULT_LIFETIME_MS: u64 = 600_000;
const SHORTEST_LIFETIME_MS: u64 = 1_000;
const LONGEST_LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
const LONGEST_GRACE: Duration = Duration::from_secs(10);
const MAX_ARGS: usize = 256;
const MAX_VARIABLES: usize = 256;

/// What a spec says of a process; nothing of it is checked against the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessSpec {
    /// The name that the operator gave the program.
    pub(super) command: String,
    /// Its arguments.
    pub(super) args: Vec<String>,
    /// Its variables.
    pub(super) env: Vec<(String, Text)>,
    /// Where it runs; `None`: where the system worker runs.
    pub(super) working_directory: Option<PathBuf>,
}

/// What a spec says of a process with a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubprocessSpec {
    /// What runs.
    pub(super) process: ProcessSpec,
    /// How long it may live.
    pub(super) lifetime: Duration,
}

impl SubprocessSpec {
    /// Reads the provider's settings.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, ProviderError> {
        let keys = ConfigKeys::new(config, PEOPLE_SAY, &KEYS)?;
        let process = ProcessSpec::read(&keys)?;
        Ok(Self { process, lifetime: lifetime(keys.integer("lifetime_ms")?)? })
    }

    /// How long before its deadline the process is told to leave.
    pub(super) fn grace(&self) -> Duration {
        LONGEST_GRACE.min(self.lifetime / 2)
    }
}

impl ProcessSpec {
    /// Reads [`PROCESS_KEYS`].
    pub(super) fn read(keys: &ConfigKeys<'_>) -> Result<Self, ProviderError> {
        let spec = Self {
            command: keys.required("command")?.to_owned(),
            args: keys.texts("args")?,
            env: keys.map("env")?,
            working_directory: keys.text("working_directory")?.map(PathBuf::from),
        };
        spec.check_bounds()?;
        Ok(spec)
    }

    fn check_bounds(&self) -> Result<(), ProviderError> {
        for (what, len, max) in
            [("args", self.args.len(), MAX_ARGS), ("env", self.env.len(), MAX_VARIABLES)]
        {
            if len > max {
                return Err(ProviderError::invalid(format!(
                    "\"{what}\" has {len} entries, at most {max} are allowed"
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

fn lifetime(millis: Option<u64>) -> Result<Duration, ProviderError> {
    let millis = millis.unwrap_or(DEFAULT_LIFETIME_MS);
    if (SHORTEST_LIFETIME_MS..=LONGEST_LIFETIME_MS).contains(&millis) {
        return Ok(Duration::from_millis(millis));
    }
    Err(ProviderError::invalid(format!(
        "lifetime_ms must be from {SHORTEST_LIFETIME_MS} (1 s) to {LONGEST_LIFETIME_MS} (24 h), \
         not {millis}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(config: Value) -> Result<SubprocessSpec, ProviderError> {
        SubprocessSpec::parse(config.as_object().unwrap())
    }

    fn refusal(config: Value) -> String {
        parse(config).unwrap_err().to_string()
    }

    #[test]
    fn a_command_is_enough() {
        let spec = parse(json!({"command": "greeter"})).unwrap();
        assert_eq!(spec.lifetime, Duration::from_secs(600));
        assert_eq!((spec.process.args.len(), spec.process.env.len()), (0, 0));
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
            refusal(json!({})),
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
            let message = refusal(json!({"command": "greeter", key: value}));
            assert!(message.contains(key), "{message}");
        }
    }
}
