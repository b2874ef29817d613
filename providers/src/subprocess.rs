//! The `subprocess` provider: workers are processes on the system worker's own machine.
//!
//! It is disabled unless the operator enables it. A spec names a command that the operator allows.
//! Each process has a supervisor that stops it at its deadline, and a record on disk that tells
//! another attempt, or a restarted system worker, that the process was started.

mod config;
mod crash_counts;
mod environment;
mod failed_exits;
mod folder_name;
mod launch;
mod launch_claims;
mod launch_records;
mod lines;
mod machine;
mod orphan;
mod os_error;
mod output_budget;
mod pool;
mod process_access;
mod process_spec;
mod process_table;
mod record_cleanup;
mod run_dir;
mod worker_exit;
mod worker_log;
mod worker_process;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{Crashes, FailureClass, VersionId, launch::Outcome};

use crate::{InvokeProvider, LaunchRequest, Progress, ProviderError, Scope};

use config::SubprocessConfig;
use launch::LaunchProcessSpec;
pub(crate) use machine::Machine;
pub(crate) use pool::SubprocessPool;
pub use pool::TYPE as POOL;
pub(crate) use process_access::ProcessAccess;
pub use run_dir::{prepare_run_dir, running_processes_in};

/// The provider type as specs name it.
pub const TYPE: &str = "subprocess";

/// Starts processes for one namespace.
pub(crate) struct Subprocess {
    machine: Arc<Machine>,
    access: ProcessAccess,
}

impl Subprocess {
    /// Starts processes on `machine`, within what `access` allows.
    pub(crate) fn new(machine: Arc<Machine>, access: ProcessAccess) -> Self {
        Self { machine, access }
    }

    fn process_spec(
        &self,
        config: &Map<String, Value>,
    ) -> Result<LaunchProcessSpec, ProviderError> {
        let config = SubprocessConfig::parse(config)?;
        let process = self.access.process_spec(config.process.clone())?;
        Ok(LaunchProcessSpec::new(process, &config))
    }
}

#[async_trait]
impl InvokeProvider for Subprocess {
    fn provider_type(&self) -> &'static str {
        TYPE
    }

    async fn validate(
        &self,
        _scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError> {
        self.process_spec(config)?;
        Ok(Vec::new())
    }

    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome {
        if let Err(message) = request.check() {
            return request.refused(FailureClass::Rejected, message);
        }
        match self.process_spec(&request.config) {
            Ok(spec) => {
                launch::run(&self.machine, self.access.limits(), &spec, request, progress).await
            }
            Err(error) => request.refused(error.class(), error.to_string()),
        }
    }

    fn longest_run(&self, _config: &Map<String, Value>) -> Option<Duration> {
        None
    }

    fn last_exit(&self, launch_id: &str) -> Option<String> {
        self.machine.failed_exits().of(launch_id)
    }

    fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        self.machine.crash_counts().of(namespace, version)
    }
}
