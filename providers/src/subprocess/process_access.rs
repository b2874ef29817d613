//! What the processes of one namespace may be, and how many.

use super::{config::ProcessConfig, process_spec::ProcessSpec};
use crate::{ProviderError, Secrets, Settings, SubprocessSettings};

/// What one provider may run for one namespace.
pub(crate) struct ProcessAccess {
    settings: SubprocessSettings,
    secrets: Secrets,
    limits: ProcessLimits,
}

/// How many processes one namespace may have, and how much they may write.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessLimits {
    /// Processes at the same time; `u32::MAX` for as many as the machine.
    pub(super) processes: u32,
    /// Bytes of their output in the log in a minute.
    pub(super) log_bytes_per_minute: u64,
}

impl ProcessAccess {
    /// What `settings` of a provider allow in the namespace with these settings of its own.
    pub(crate) fn new(settings: &SubprocessSettings, namespace: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            secrets: namespace.secrets.clone(),
            limits: ProcessLimits {
                processes: namespace.max_processes.unwrap_or(u32::MAX),
                log_bytes_per_minute: namespace.max_log_bytes_per_minute,
            },
        }
    }

    /// The limits of the namespace.
    pub(super) fn limits(&self) -> ProcessLimits {
        self.limits
    }

    /// Checks `config` against what is allowed and against the machine.
    pub(super) fn process_spec(&self, config: ProcessConfig) -> Result<ProcessSpec, ProviderError> {
        ProcessSpec::new(config, &self.settings, &self.secrets)
    }
}
