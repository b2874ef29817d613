//! Greeters that nobody launched: long-lived workers, and what the stand-in for Lambda runs.

use std::{path::Path, process::Command};

use wci_contract::VersionId;

use crate::{Process, running::clean};

/// How to start a greeter.
#[derive(Debug, Clone)]
pub struct Greeter {
    command: std::path::PathBuf,
    env: Vec<(String, String)>,
}

impl Greeter {
    pub(crate) fn new(program: &Path, address: &str, queue: &str, id: &VersionId) -> Self {
        let mut greeter = Self { command: program.to_owned(), env: Vec::new() };
        for (name, value) in [
            ("TEMPORAL_ADDRESS", address),
            ("TEMPORAL_NAMESPACE", "default"),
            ("TEMPORAL_TASK_QUEUE", queue),
            ("TEMPORAL_DEPLOYMENT_NAME", id.deployment()),
            ("TEMPORAL_WORKER_BUILD_ID", id.build_id()),
            ("TEMPORAL_SERVERLESS_DEADLINE_MS", "120000"),
            ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "1000"),
            ("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "5"),
        ] {
            greeter = greeter.env(name, value);
        }
        greeter
    }

    /// The same with this variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same variables for another program.
    pub fn program_is(mut self, program: &Path) -> Self {
        self.command = program.to_owned();
        self
    }

    /// The same, but it stays when there is nothing to do.
    pub fn long_lived(self) -> Self {
        self.env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "off")
    }

    /// Starts one.
    pub fn start(&self, log: &Path) -> Process {
        let mut command = Command::new(&self.command);
        clean(&mut command);
        self.lend(&mut command);
        Process::start(&mut command, log)
    }

    /// Gives `command` its variables.
    pub(crate) fn lend(&self, command: &mut Command) {
        command.envs(self.variables());
    }

    /// Its variables.
    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.command
    }
}
