//! The interface of compute providers, by launch strategy.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{Crashes, FailureClass, VersionId, launch::Outcome, limits::MAX_COUNT};

use crate::{ProviderError, scrub::scrub};

/// The scaling group that a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The namespace that the system worker polls, never one from an input.
    pub namespace: String,
    /// The Worker Deployment Version.
    pub version: VersionId,
    /// The scaling group.
    pub group: String,
}

/// Workers to start.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchRequest {
    /// The scaling group that the workers are for.
    pub scope: Scope,
    /// The ID of the launch: the same in every attempt.
    pub launch_id: String,
    /// The number of workers of the launch, over all attempts.
    pub count: u32,
    /// The number of workers that earlier attempts started.
    pub already_started: u32,
    /// The provider's config, as in the spec.
    pub config: Map<String, Value>,
}

impl LaunchRequest {
    /// The number of workers that this attempt has to start.
    pub fn missing(&self) -> u32 {
        self.count.saturating_sub(self.already_started)
    }

    /// The outcome if this attempt starts no workers.
    pub(crate) fn refused(&self, class: FailureClass, message: impl AsRef<str>) -> Outcome {
        let message = scrub(message.as_ref());
        let failed = Outcome::failed(self.missing(), class, message);
        Outcome { started: self.already_started, ..failed }
    }

    /// Checks ID and count. Errors are messages.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.launch_id.is_empty() {
            return Err("the launch has no ID: set one that all its attempts share".to_owned());
        }
        if self.count > MAX_COUNT {
            return Err(format!(
                "the launch requests {} workers, but at most {MAX_COUNT} are allowed",
                self.count
            ));
        }
        Ok(())
    }
}

/// Receives the progress of a launch.
pub trait Progress: Send + Sync {
    /// `total` workers of the launch have been started, including those of earlier attempts. The
    /// number increases with each call. Must not block.
    fn started(&self, total: u32);
}

/// Starts workers that exit on their own.
#[async_trait]
pub trait InvokeProvider: Send + Sync {
    /// The provider type as specs name it.
    fn provider_type(&self) -> &'static str;

    /// Checks `config`, and that the compute resource can be reached if it is remote. Returns
    /// warnings: what is accepted but may not work as expected.
    async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError>;

    /// Starts the missing ones of `request.count` workers. The outcome covers the whole launch: its
    /// three numbers add up to `request.count`, and workers of earlier attempts count as started.
    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome;

    /// How long a worker with this config may run at most, for a provider that does not see its
    /// workers exit; `None` if it does.
    fn longest_run(&self, config: &Map<String, Value>) -> Option<Duration>;

    /// How the last worker of a launch exited that ended with an error: its exit code and the last
    /// line of its output, without secrets. `None` as long as none has, and for providers that do
    /// not see their workers exit.
    fn last_exit(&self, launch_id: &str) -> Option<String> {
        let _ = launch_id;
        None
    }

    /// How workers of the version's groups failed one after another, for groups that had a failure,
    /// as far as this process saw it. Empty for providers that do not see their workers exit.
    fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        let _ = (namespace, version);
        BTreeMap::new()
    }
}

/// A new size for a worker set.
#[derive(Debug, Clone, PartialEq)]
pub struct ResizeRequest {
    /// The scaling group that the workers are for.
    pub scope: Scope,
    /// The number of workers to keep; 0 removes the set.
    pub count: u32,
    /// The provider's config, as in the spec.
    pub config: Map<String, Value>,
    /// When the instance decided the size, milliseconds since the Unix epoch. A request that is older
    /// than the last one carried out has no effect.
    pub requested_ms: i64,
    /// By how many workers the set may grow; the rest is throttled.
    pub max_growth: u32,
}

/// The size of a worker set that this system worker owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSize {
    /// The scaling group that the workers are for.
    pub scope: Scope,
    /// The provider type as specs name it.
    pub provider_type: &'static str,
    /// The desired number of workers.
    pub wanted: u32,
    /// The number of workers that run, without those that were told to stop.
    pub running: u32,
}

/// Keeps worker sets at their desired sizes.
#[async_trait]
pub trait WorkerSetProvider: Send + Sync {
    /// The provider type as specs name it.
    fn provider_type(&self) -> &'static str;

    /// Checks `config`: see [`InvokeProvider::validate`].
    async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError>;

    /// Sets the desired size to `request.count` workers. A surplus worker is told to stop and may
    /// finish its tasks. The outcome says by how many workers the set grows, how many more it was not
    /// allowed to grow by (throttled, without a message), or why the size is not accepted; the workers
    /// themselves start and stop afterwards.
    async fn resize(&self, request: &ResizeRequest) -> Outcome;

    /// Takes over the worker sets of `namespace` that an earlier system worker owned. Called within a
    /// tokio runtime, once the namespace is served.
    fn resume(&self, namespace: &str);

    /// See [`InvokeProvider::crashes`].
    fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        let _ = (namespace, version);
        BTreeMap::new()
    }
}

/// A provider by its launch strategy, so that no provider has a method that it does not support.
#[derive(Clone)]
pub enum Provider {
    /// Starts workers one by one.
    Invoke(Arc<dyn InvokeProvider>),
    /// Keeps a set of workers at its desired size.
    WorkerSet(Arc<dyn WorkerSetProvider>),
}

impl Provider {
    /// The provider type as specs name it.
    pub fn provider_type(&self) -> &'static str {
        match self {
            Self::Invoke(provider) => provider.provider_type(),
            Self::WorkerSet(provider) => provider.provider_type(),
        }
    }

    /// See [`InvokeProvider::crashes`].
    pub fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        match self {
            Self::Invoke(provider) => provider.crashes(namespace, version),
            Self::WorkerSet(provider) => provider.crashes(namespace, version),
        }
    }

    /// Checks `config` for either strategy: see [`InvokeProvider::validate`].
    pub async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError> {
        match self {
            Self::Invoke(provider) => provider.validate(scope, config).await,
            Self::WorkerSet(provider) => provider.validate(scope, config).await,
        }
    }
}
