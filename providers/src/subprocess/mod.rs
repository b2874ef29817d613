//! The provider `subprocess`: workers are processes on the system worker's own machine.
//!
//! Off unless the operator enables it. A spec names a command that the operator allowed; each
//! process has a shepherd that ends it at its deadline, and a record on disk by which another
//! attempt, or a restarted system worker, knows that it was started.

mod claims;
mod environment;
mod folder;
mod handshake;
mod launch;
mod lines;
mod machine;
mod plan;
mod pool;
mod remains;
mod roster;
mod slots;
mod spec;
mod sweep;
mod trouble;
mod worker_log;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{FailureClass, launch::Outcome};

use crate::{
    InvokeProvider, LaunchRequest, Progress, ProviderError, Scope, Secrets, SubprocessSettings,
};

use launch::Lives;
pub(crate) use machine::Machine;
use plan::Plan;
pub(crate) use pool::SubprocessPool;
pub use pool::TYPE as POOL;
use spec::SubprocessSpec;
pub use sweep::living_in;

/// The type as it stands in a spec.
pub const TYPE: &str = "subprocess";

/// Starts processes for one namespace.
pub(crate) struct Subprocess {
    machine: Arc<Machine>,
    settings: SubprocessSettings,
    secrets: Secrets,
}

impl Subprocess {
    /// Processes on `machine`, within what `settings` allows, with these secrets.
    pub(crate) fn new(
        machine: Arc<Machine>,
        settings: SubprocessSettings,
        secrets: Secrets,
    ) -> Self {
        Self { machine, settings, secrets }
    }

    fn lives(&self, config: &Map<String, Value>) -> Result<Lives, ProviderError> {
        let spec = SubprocessSpec::parse(config)?;
        let plan = Plan::new(spec.process.clone(), &self.settings, &self.secrets)?;
        Ok(Lives::new(plan, &spec))
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
        self.lives(config)?;
        Ok(Vec::new())
    }

    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome {
        if let Err(message) = request.check() {
            return request.refused(FailureClass::Rejected, message);
        }
        match self.lives(&request.config) {
            Ok(lives) => launch::run(&self.machine, &lives, request, progress).await,
            Err(error) => request.refused(error.class(), error.to_string()),
        }
    }
}
