//! The provider `subprocess-pool`: so many processes of a command, kept alive on this machine.
//!
//! What a pool is to be is a file in the folder where the records of processes are. One system
//! worker at a time keeps the pool: it holds the lock of a file beside it, starts what is missing,
//! tells what is too much to leave, and takes over what another left. A process of a pool has no
//! deadline; its shepherd ends it when nobody has kept the pool for a while.

mod keeper;
mod members;
mod pace;
mod place;
mod pools;
mod recipe;
mod spec;
mod start;

use std::{io, sync::Arc};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use wci_contract::{FailureClass, launch::Outcome, names};

use super::Machine;
use crate::{
    ProviderError, ResizeRequest, Scope, Secrets, SubprocessSettings, WorkerSetProvider,
    scrub::scrub,
};
use place::Place;
pub(crate) use pools::Kept;
use recipe::Kitchen;

/// The type as it stands in a spec.
pub const TYPE: &str = names::SUBPROCESS_POOL;

/// Keeps pools of processes for one namespace.
pub(crate) struct SubprocessPool {
    kitchen: Arc<Kitchen>,
}

impl SubprocessPool {
    /// Pools on `machine`, within what `settings` allows, with these secrets.
    pub(crate) fn new(
        machine: Arc<Machine>,
        settings: SubprocessSettings,
        secrets: Secrets,
    ) -> Self {
        Self { kitchen: Arc::new(Kitchen::new(machine, settings, secrets)) }
    }

    /// Writes down what the pool is to be. Answers with how many workers more that is.
    async fn ask(&self, request: &ResizeRequest) -> Result<u32, (FailureClass, String)> {
        let machine = self.kitchen.machine();
        // To end a pool takes nobody's permission.
        if request.count > 0 {
            let allowed = self.kitchen.recipe(&request.config);
            allowed.map_err(|error| (error.class(), error.to_string()))?;
            let most = machine.max_processes();
            if request.count > most {
                let message = format!(
                    "a pool of {} processes does not fit: {most} may live on this machine; lower \
                     max_count, or raise the system worker's --max-processes",
                    request.count
                );
                return Err((FailureClass::Throttled, message));
            }
        }
        let place = Place::new(machine.run_dir(), &request.scope);
        let (asked, at) = (request.clone(), place.clone());
        let more = spawn_blocking(move || at.ask(&asked)).await.map_err(io::Error::other);
        let more = more.and_then(|more| more).map_err(|error| {
            (FailureClass::Internal, format!("cannot write down the size of the pool: {error}"))
        })?;
        pools::keep_all(&self.kitchen, &request.scope.namespace);
        machine.kept().nudge(&place);
        Ok(more)
    }
}

#[async_trait]
impl WorkerSetProvider for SubprocessPool {
    fn provider_type(&self) -> &'static str {
        TYPE
    }

    async fn validate(
        &self,
        _scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError> {
        self.kitchen.recipe(config)?;
        Ok(Vec::new())
    }

    async fn resize(&self, request: &ResizeRequest) -> Outcome {
        match self.ask(request).await {
            Ok(more) => Outcome::started(more),
            Err((class, message)) => Outcome::failed(request.count.max(1), class, scrub(&message)),
        }
    }

    fn resume(&self, namespace: &str) {
        pools::keep_all(&self.kitchen, namespace);
    }
}
