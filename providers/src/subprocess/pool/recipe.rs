//! What the processes of a pool are, checked each time that one is started.

use std::{ffi::OsString, sync::Arc};

use serde_json::{Map, Value};

use super::{
    super::{Machine, plan::Plan},
    spec::PoolSpec,
};
use crate::{ProviderError, Secrets, SubprocessSettings};

/// What a worker keeps of its stop timeout for its last words, milliseconds.
const LAST_WORDS_MS: u64 = 3_000;

/// Where processes are made, by the rules of one namespace.
pub(super) struct Kitchen {
    machine: Arc<Machine>,
    settings: SubprocessSettings,
    secrets: Secrets,
}

/// What one process is.
pub(super) struct Recipe {
    /// What runs.
    pub(super) plan: Plan,
    /// How long it may take to leave, milliseconds.
    pub(super) stop_ms: u64,
}

impl Kitchen {
    pub(super) fn new(
        machine: Arc<Machine>,
        settings: SubprocessSettings,
        secrets: Secrets,
    ) -> Self {
        Self { machine, settings, secrets }
    }

    /// The processes of this machine.
    pub(super) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    /// Checks `config` against the operator's settings and the machine.
    pub(super) fn recipe(&self, config: &Map<String, Value>) -> Result<Recipe, ProviderError> {
        let PoolSpec { process, stop_timeout } = PoolSpec::parse(config)?;
        let mut plan = Plan::new(process, &self.settings, &self.secrets)?;
        let stop_ms = u64::try_from(stop_timeout.as_millis()).unwrap_or(u64::MAX);
        // What a spec says of it itself stands.
        for (name, value) in tuning(stop_ms) {
            plan.env.entry(name.to_owned()).or_insert(value);
        }
        Ok(Recipe { plan, stop_ms })
    }
}

/// What makes a worker of our library stay until it is told to leave, and then use its time.
fn tuning(stop_ms: u64) -> [(&'static str, OsString); 4] {
    let millis = |ms: u64| OsString::from(ms.to_string());
    [
        ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "off".into()),
        ("TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS", millis(stop_ms)),
        ("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", millis(stop_ms)),
        (
            "TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS",
            millis(stop_ms.saturating_sub(LAST_WORDS_MS)),
        ),
    ]
}
