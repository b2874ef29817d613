//! Greeters that no instance launched: long-lived workers, and the functions of the stand-in for
//! Lambda.

use std::{path::Path, process::Command};

use wci_contract::VersionId;

use crate::{Process, running::clean};

/// The program and the environment of a greeter.
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

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs another program with the same variables.
    pub fn program(mut self, program: &Path) -> Self {
        self.command = program.to_owned();
        self
    }

    /// Turns off the idle timeout.
    pub fn long_lived(self) -> Self {
        self.env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "off")
    }

    /// Starts it.
    pub fn start(&self, log: &Path) -> Process {
        let mut command = Command::new(&self.command);
        clean(&mut command);
        command.envs(self.variables());
        Process::start(&mut command, log)
    }

    /// Its variables.
    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The path of the program.
    pub(crate) fn path(&self) -> &Path {
        &self.command
    }
}
