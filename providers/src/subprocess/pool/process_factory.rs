//! Building the process spec of a pool, which is checked at each start of a process.

use std::{ffi::OsString, sync::Arc};

use serde_json::{Map, Value};

use super::{
    super::{
        Machine,
        process_access::{ProcessAccess, ProcessLimits},
        process_spec::ProcessSpec,
    },
    config::PoolConfig,
};
use crate::ProviderError;

/// The part of its stop timeout that a worker keeps for its shutdown, milliseconds.
const SHUTDOWN_MS: u64 = 3_000;

/// Builds process specs by the rules of one namespace.
pub(super) struct ProcessFactory {
    machine: Arc<Machine>,
    access: ProcessAccess,
}

/// What one process of a pool runs.
pub(super) struct PoolProcessSpec {
    /// The process.
    pub(super) process: ProcessSpec,
    /// How long it may take to exit after SIGTERM, milliseconds.
    pub(super) stop_ms: u64,
}

impl ProcessFactory {
    pub(super) fn new(machine: Arc<Machine>, access: ProcessAccess) -> Self {
        Self { machine, access }
    }

    /// How many processes the namespace may have.
    pub(super) fn limits(&self) -> ProcessLimits {
        self.access.limits()
    }

    /// The processes on this machine.
    pub(super) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    /// Checks `config` against the operator's settings and the machine.
    pub(super) fn process_spec(
        &self,
        config: &Map<String, Value>,
    ) -> Result<PoolProcessSpec, ProviderError> {
        let PoolConfig { process, stop_timeout } = PoolConfig::parse(config)?;
        let mut process = self.access.process_spec(process)?;
        let stop_ms = u64::try_from(stop_timeout.as_millis()).unwrap_or(u64::MAX);
        // Values that the spec sets take precedence.
        for (name, value) in tuning_variables(stop_ms) {
            process.env.entry(name.to_owned()).or_insert(value);
        }
        Ok(PoolProcessSpec { process, stop_ms })
    }
}

/// Variables that make a worker of temporal-serverless-worker run until it is told to stop, and
/// then use the time that it has.
fn tuning_variables(stop_ms: u64) -> [(&'static str, OsString); 4] {
    let millis = |ms: u64| OsString::from(ms.to_string());
    [
        ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "off".into()),
        ("TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS", millis(stop_ms)),
        ("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", millis(stop_ms)),
        ("TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS", millis(stop_ms.saturating_sub(SHUTDOWN_MS))),
    ]
}
