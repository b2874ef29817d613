//! The activities of the system worker's own task queue.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

pub(crate) mod decide;
pub(crate) mod launch;
pub(crate) mod register;
pub(crate) mod resize;
pub(crate) mod speculative_launches;
pub(crate) mod validate;

use std::{sync::Arc, time::Duration};

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wci_contract::{
    VersionId,
    activities::{
        self as names, DecideInput, DecideOutput, InvokeInput, RegisterInput, RegisterOutput,
        ResizeInput, ValidateInput, ValidateOutput,
    },
    launch::Outcome,
};
use wci_providers::Registry;

use crate::{
    NamespaceMetrics, RecentLaunches, VersionReader,
    system_activities::speculative_launches::SpeculativeLaunches,
};

/// Decides, validates, registers and launches, for one namespace.
pub struct SystemActivities {
    /// The namespace that is polled, never one from an input.
    pub namespace: String,
    /// What the operator allows this namespace.
    pub registry: Registry,
    /// Instances that the operator allows it.
    pub max_instances: u32,
    /// How long until a compute config that works is checked again.
    pub validation_interval: Duration,
    /// Reads the namespace's versions.
    pub reader: VersionReader,
    /// Tells the watches of this process what was launched.
    pub recent_launches: Arc<RecentLaunches>,
    /// Launches that began with their decisions.
    pub speculative_launches: SpeculativeLaunches,
    /// What is told of the namespace.
    pub metrics: NamespaceMetrics,
}

#[activities]
impl SystemActivities {
    /// Decides for every group at once.
    #[activity(name = names::DECIDE)]
    pub async fn decide(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: DecideInput,
    ) -> Result<DecideOutput, ActivityError> {
        let mut decided = decide::decide(&self.reader, &input).await;
        let instance = ctx.info().workflow_id.as_deref().and_then(VersionId::from_workflow_id);
        if let Some(version) = instance {
            for queue in decide::announced_queues(&input) {
                self.reader.note_announced(&version, queue);
            }
            self.metrics.decided(&version, &input, &decided);
        }
        decided.launched = launch::begin_early(&self, input, &decided).await;
        Ok(decided)
    }

    /// Checks a spec, and every provider in it.
    #[activity(name = names::VALIDATE_SPEC)]
    pub async fn validate(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ValidateInput,
    ) -> Result<ValidateOutput, ActivityError> {
        let version = input.version.clone();
        let result = validate::validate(&self, &ctx, input).await;
        self.metrics.validated(&version, result.as_ref().ok());
        self.reader.note_change(&version);
        result
    }

    /// Starts a worker for each group whose queues the server does not know yet.
    #[activity(name = names::REGISTER)]
    pub async fn register(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: RegisterInput,
    ) -> Result<RegisterOutput, ActivityError> {
        register::register(&self, &ctx, input).await
    }

    /// Has a provider start workers.
    #[activity(name = names::INVOKE)]
    pub async fn invoke(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: InvokeInput,
    ) -> Result<Outcome, ActivityError> {
        launch::invoke(&self, &ctx, input).await
    }

    /// Has a provider keep a set of workers at a size.
    #[activity(name = names::RESIZE)]
    pub async fn resize(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ResizeInput,
    ) -> Result<Outcome, ActivityError> {
        resize::resize(&self, &ctx, input).await
    }
}
