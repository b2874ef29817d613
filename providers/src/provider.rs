//! What a compute provider can be asked, by launch strategy.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{FailureClass, VersionId, launch::Outcome, limits::MAX_COUNT};

use crate::{ProviderError, scrub::scrub};

/// For whom a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The namespace that is polled, never one from an input.
    pub namespace: String,
    /// Whose workers.
    pub version: VersionId,
    /// The scaling group.
    pub group: String,
}

/// Workers to start.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchRequest {
    /// For whom.
    pub scope: Scope,
    /// Names the launch: the same in every attempt.
    pub launch_id: String,
    /// Workers of the whole launch, all attempts together.
    pub count: u32,
    /// How many of them earlier attempts started.
    pub already_started: u32,
    /// The provider's own settings, as the spec has them.
    pub config: Map<String, Value>,
}

impl LaunchRequest {
    /// Workers that this attempt is to start.
    pub fn missing(&self) -> u32 {
        self.count.saturating_sub(self.already_started)
    }

    /// The outcome when nothing more is started.
    pub(crate) fn refused(&self, class: FailureClass, message: impl AsRef<str>) -> Outcome {
        let message = scrub(message.as_ref());
        let failed = Outcome::failed(self.missing(), class, message);
        Outcome { started: self.already_started, ..failed }
    }

    /// Whether it can be carried out at all. Errors are messages.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.launch_id.is_empty() {
            return Err("the launch has no ID: give it one that all its attempts share".to_owned());
        }
        if self.count > MAX_COUNT {
            return Err(format!(
                "the launch asks for {} workers, at most {MAX_COUNT} are allowed",
                self.count
            ));
        }
        Ok(())
    }
}

/// Hears how a launch gets on.
pub trait Progress: Send + Sync {
    /// `total` workers of the launch are started by now, those of earlier attempts included.
    /// Each call has a higher number than the one before. Must not block.
    fn started(&self, total: u32);
}

/// Starts workers that come and go by themselves.
#[async_trait]
pub trait InvokeProvider: Send + Sync {
    /// The type as it stands in a spec.
    fn provider_type(&self) -> &'static str;

    /// Checks `config` and, where there is something to reach, that it can be reached. Answers
    /// with warnings: what works but may surprise.
    async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError>;

    /// Starts what is missing of `request.count` workers. The outcome is of the whole launch:
    /// its three numbers add up to `request.count`, and what earlier attempts started counts as
    /// started.
    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome;
}

/// A size for a set of workers.
#[derive(Debug, Clone, PartialEq)]
pub struct ResizeRequest {
    /// For whom.
    pub scope: Scope,
    /// Workers to keep; 0 ends the set.
    pub count: u32,
    /// The provider's own settings, as the spec has them.
    pub config: Map<String, Value>,
    /// When that was decided, milliseconds since the Unix epoch: a request that was decided before
    /// one that was carried out already changes nothing.
    pub asked_ms: i64,
}

/// How large a set of workers is that this system worker keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSize {
    /// Whose workers.
    pub scope: Scope,
    /// The type of the provider, as it stands in a spec.
    pub provider_type: &'static str,
    /// Workers that there are to be.
    pub wanted: u32,
    /// Workers that run, without those that were told to leave.
    pub running: u32,
}

/// Keeps a set of workers at the size that it is told.
#[async_trait]
pub trait WorkerSetProvider: Send + Sync {
    /// The type as it stands in a spec.
    fn provider_type(&self) -> &'static str;

    /// Checks `config`: see [`InvokeProvider::validate`].
    async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError>;

    /// Keeps `request.count` workers from now on. A worker that is too many is asked to leave and
    /// may finish what it does. The outcome says how many more than before are to be there, or
    /// why the size is not taken; the workers themselves come and go after it.
    async fn resize(&self, request: &ResizeRequest) -> Outcome;

    /// Goes on with the sets of `namespace` that an earlier system worker kept. Called within a
    /// tokio runtime, once the namespace is served.
    fn resume(&self, namespace: &str);
}

/// A provider by its launch strategy, so that none has a method that it does not support.
#[derive(Clone)]
pub enum Provider {
    /// Starts workers one by one.
    Invoke(Arc<dyn InvokeProvider>),
    /// Keeps a set of workers at a size.
    WorkerSet(Arc<dyn WorkerSetProvider>),
}

impl Provider {
    /// The type as it stands in a spec.
    pub fn provider_type(&self) -> &'static str {
        match self {
            Self::Invoke(provider) => provider.provider_type(),
            Self::WorkerSet(provider) => provider.provider_type(),
        }
    }

    /// Checks `config` whatever the strategy: see [`InvokeProvider::validate`].
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
