//! Spec files, as a user writes them.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value, json};
use wci_contract::{ComputeSpec, ConfigPayload, GroupSpec, VersionId};

/// One group of a spec file.
#[derive(Debug, Clone)]
pub struct Group(Value);

impl Group {
    /// Greeters on `queue` as processes. They exit after a second without a task, and run up to
    /// five activities at once.
    pub fn greeters(queue: &str) -> Self {
        Self(json!({"provider": {
            "type": "subprocess",
            "command": "greeter",
            "lifetime_ms": 60_000,
            "env": {
                "TEMPORAL_TASK_QUEUE": queue,
                "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS": "5",
                "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": "1000",
            },
        }}))
    }

    /// Processes of the operator's command `command`, which poll `queue`.
    pub fn command(command: &str, queue: &str) -> Self {
        Self::greeters(queue).provider("command", command)
    }

    /// Greeters on `queue` as a pool of processes, each with one activity at a time. Its size
    /// changes without a cooldown.
    pub fn pool(queue: &str) -> Self {
        let pool = Self(json!({"provider": {
            "type": "subprocess-pool",
            "command": "greeter",
            "stop_timeout_ms": 60_000,
            "env": {
                "TEMPORAL_TASK_QUEUE": queue,
                "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS": "1",
            },
        }}));
        let immediate = ["no_sync_quiet_ms", "scale_up_cooldown_ms", "scale_down_cooldown_ms"];
        let pool = immediate.into_iter().fold(pool, |pool, key| pool.rate_based(key, 0));
        pool.rate_based("metrics_poll_interval_ms", 30_000)
    }

    /// Invocations of a function of the stand-in for Lambda.
    pub fn lambda(function: &str) -> Self {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1");
        Self(json!({"provider": {"type": "aws-lambda", "arn": arn}}))
    }

    /// Invocations of a function by an unqualified ARN: always its latest code.
    pub fn unqualified_lambda(function: &str) -> Self {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
        Self(json!({"provider": {"type": "aws-lambda", "arn": arn}}))
    }

    /// Sets a variable of its processes.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0["provider"]["env"][name] = value.into();
        self
    }

    /// Sets a key of the provider.
    pub fn provider(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0["provider"][key] = value.into();
        self
    }

    /// The group as the instance receives it.
    pub fn spec(&self) -> GroupSpec {
        let mut keys = self.0["provider"].as_object().unwrap().clone();
        let provider_type = keys.remove("type").unwrap().as_str().unwrap().to_owned();
        let config = Some(ConfigPayload::from_map(&keys));
        let compute = ComputeSpec { provider_type, config, ..ComputeSpec::default() };
        GroupSpec { compute, ..GroupSpec::default() }
    }

    /// Limits it to these task types.
    pub fn types(mut self, types: &[&str]) -> Self {
        self.0["task_types"] = json!(types);
        self
    }

    /// Sets a key of the algorithm `no-sync`.
    pub fn scaler(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0["scaler"]["type"] = "no-sync".into();
        self.0["scaler"][key] = value.into();
        self
    }

    /// Sets a key of the algorithm `rate-based`.
    pub fn rate_based(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0["scaler"]["type"] = "rate-based".into();
        self.0["scaler"][key] = value.into();
        self
    }

    /// Sets a key of the algorithm `demand`.
    pub fn demand(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0["scaler"]["type"] = "demand".into();
        self.0["scaler"][key] = value.into();
        self
    }
}

/// A spec file.
#[derive(Debug, Clone)]
pub struct SpecFile {
    id: VersionId,
    groups: Map<String, Value>,
}

impl SpecFile {
    /// An empty spec file for the version.
    pub fn of(id: &VersionId) -> Self {
        Self { id: id.clone(), groups: Map::new() }
    }

    /// Adds a group.
    pub fn group(mut self, name: &str, group: Group) -> Self {
        self.groups.insert(name.to_owned(), group.0);
        self
    }

    /// Its content: JSON, which is YAML.
    pub fn text(&self) -> String {
        let (deployment, build_id) = (self.id.deployment(), self.id.build_id());
        json!({"deployment": deployment, "build_id": build_id, "groups": self.groups}).to_string()
    }

    /// Writes it to the folder `dir`.
    pub(crate) fn write(&self, dir: &std::path::Path) -> PathBuf {
        let path = dir.join(format!("{}-{}.yaml", self.id.deployment(), self.id.build_id()));
        fs::write(&path, self.text()).unwrap();
        path
    }
}
