//! The `subprocess-pool` provider: keeps a given number of processes of a command running on this
//! machine.
//!
//! The desired size of a pool is a file beside the records of its processes. One system worker at
//! a time owns the pool: it holds the lock of another file there, starts missing processes, stops
//! surplus ones and takes over those that an earlier owner left. A process of a pool has no
//! deadline; its supervisor stops it when the pool has had no owner for the duration of a lease.

mod config;
mod members;
mod owned_pools;
mod pool_files;
mod process_factory;
mod reconciler;
mod restart_backoff;
mod start;

use std::{collections::BTreeMap, io, sync::Arc};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use wci_contract::{Crashes, FailureClass, VersionId, launch::Outcome, names};

use super::{Machine, process_access::ProcessAccess};
use crate::{ProviderError, ResizeRequest, Scope, WorkerSetProvider, scrub::scrub};
pub(crate) use owned_pools::OwnedPools;
use pool_files::{Growth, PoolFiles};
use process_factory::ProcessFactory;

/// The provider type as specs name it.
pub const TYPE: &str = names::SUBPROCESS_POOL;

/// Keeps pools of processes for one namespace.
pub(crate) struct SubprocessPool {
    factory: Arc<ProcessFactory>,
}

impl SubprocessPool {
    /// Keeps pools on `machine`, within what `access` allows.
    pub(crate) fn new(machine: Arc<Machine>, access: ProcessAccess) -> Self {
        Self { factory: Arc::new(ProcessFactory::new(machine, access)) }
    }

    /// Writes the desired state of the pool. Returns by how many workers the pool grows.
    async fn set_desired(&self, request: &ResizeRequest) -> Result<Growth, (FailureClass, String)> {
        let machine = self.factory.machine();
        // Removing a pool needs no permission.
        if request.count > 0 {
            let allowed = self.factory.process_spec(&request.config);
            allowed.map_err(|error| (error.class(), error.to_string()))?;
            let max = machine.max_processes(self.factory.limits());
            if request.count > max {
                let message = format!(
                    "a pool of {} processes exceeds the limit of {max} for this namespace on this \
                     machine: lower max_count, or raise the system worker's --max-processes or the \
                     namespace's max_processes",
                    request.count
                );
                return Err((FailureClass::Throttled, message));
            }
        }
        let files = PoolFiles::new(machine.run_dir(), &request.scope);
        let (owned_request, owned_files) = (request.clone(), files.clone());
        let preparing = Arc::clone(machine);
        let write = move || {
            preparing.prepare()?;
            owned_files.set_desired(&owned_request)
        };
        let written = spawn_blocking(write).await.map_err(io::Error::other);
        let growth = written.and_then(|growth| growth).map_err(|error| {
            let dir = machine.run_dir().display();
            (
                FailureClass::Internal,
                format!(
                    "cannot write the size of the pool in {dir}: {error}: check the folder's \
                     permissions and free space"
                ),
            )
        })?;
        owned_pools::own_all(&self.factory, &request.scope.namespace);
        machine.pools().wake(&files);
        Ok(growth)
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
        self.factory.process_spec(config)?;
        Ok(Vec::new())
    }

    async fn resize(&self, request: &ResizeRequest) -> Outcome {
        match self.set_desired(request).await {
            Ok(Growth { added, refused: 0 }) => Outcome::started(added),
            Ok(Growth { added, refused }) => {
                let throttled = Outcome::failed(refused, FailureClass::Throttled, "");
                Outcome { started: added, ..throttled }
            }
            Err((class, message)) => Outcome::failed(request.count.max(1), class, scrub(&message)),
        }
    }

    fn resume(&self, namespace: &str) {
        owned_pools::own_all(&self.factory, namespace);
    }

    fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        self.factory.machine().crash_counts().of(namespace, version)
    }
}
