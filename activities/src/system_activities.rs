//! The activities of the system worker's own task queue.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

mod decide;
mod launch;
mod launch_with_decision;
mod provider_call;
mod register;
mod resize;
pub(crate) mod speculative_launches;
mod validate;

use std::{sync::Arc, time::Duration};

use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use wci_contract::{
    Refusal, VersionId,
    activities::{
        self as names, DecideInput, DecideOutput, InvokeInput, RegisterInput, RegisterOutput,
        ResizeInput, ValidateInput, ValidateOutput,
    },
    launch::Outcome,
};
use wci_providers::Registry;

use crate::{
    Callers, Ceilings, IdleVersions, NamespaceMetrics, RecentLaunches, VersionReader,
    callers::Refused, system_activities::speculative_launches::SpeculativeLaunches,
};

/// Decides, validates, registers, launches and resizes, for one namespace.
pub struct SystemActivities {
    /// The namespace that the worker polls, never one from an input.
    pub namespace: String,
    /// The compute providers that the operator allows in this namespace.
    pub registry: Registry,
    /// The number of instances that the operator allows in this namespace.
    pub max_instances: u32,
    /// The workflows whose activities are carried out.
    pub callers: Arc<Callers>,
    /// How many workers the operator lets this namespace start.
    pub ceilings: Ceilings,
    /// The time until a valid compute config is checked again.
    pub validation_interval: Duration,
    /// Reads the namespace's versions.
    pub reader: VersionReader,
    /// Launches of this process, for its watches.
    pub recent_launches: Arc<RecentLaunches>,
    /// Versions that are left alone, for its watches.
    pub idle: Arc<IdleVersions>,
    /// Launches that started with their decisions.
    pub speculative_launches: SpeculativeLaunches,
    /// The metrics of the namespace.
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
        input.check().map_err(refused)?;
        let version = self.deciding_version(ctx.info())?;
        let mut output = decide::decide(&self.reader, &input).await;
        for queue in decide::announced_queues(&input) {
            self.reader.record_announced(&version, queue);
            self.idle.record_activity(&version);
        }
        self.metrics.decided(&version, &input, &output);
        output.crashes = self.registry.crashes(&self.namespace, &version);
        // An instance that is not known yet requests its launch as any other.
        if self.callers.is_known(ctx.info(), &version) {
            output.launched = self.launch_with_decision(&version, input, &output).await;
        }
        Ok(output)
    }

    /// Checks a spec, and calls every provider in it.
    #[activity(name = names::VALIDATE_SPEC)]
    pub async fn validate(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ValidateInput,
    ) -> Result<ValidateOutput, ActivityError> {
        // A stranger must not even have the version left alone for a while, as after a change.
        self.check_caller(ctx.info(), &input.version).await?;
        let (version, has_config) = (input.version.clone(), !input.first);
        let result = self.validate_spec(&ctx, input).await;
        self.metrics.validated(&version, result.as_ref().ok());
        self.reader.record_change(&version, has_config);
        result
    }

    /// Starts a worker for each group whose queues the server does not know yet.
    #[activity(name = names::REGISTER)]
    pub async fn register(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: RegisterInput,
    ) -> Result<RegisterOutput, ActivityError> {
        input.check().map_err(refused)?;
        self.register_queues(&ctx, input).await
    }

    /// Asks a provider to start workers.
    #[activity(name = names::INVOKE)]
    pub async fn invoke(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: InvokeInput,
    ) -> Result<Outcome, ActivityError> {
        input.check().map_err(refused)?;
        self.launch_workers(&ctx, input).await
    }

    /// Asks a provider to keep a set of workers at a size.
    #[activity(name = names::RESIZE)]
    pub async fn resize(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ResizeInput,
    ) -> Result<Outcome, ActivityError> {
        input.check().map_err(refused)?;
        self.resize_worker_set(&ctx, input).await
    }
}

/// The failure of an activity whose input no workflow of ours sends.
pub(crate) fn refused(refusal: Refusal) -> ActivityError {
    ActivityError::Application(Box::new(ApplicationFailure::non_retryable(refusal)))
}

impl SystemActivities {
    /// Workers of `version` are being launched: its watch looks after them.
    fn record_launch(&self, version: &VersionId) {
        self.recent_launches.record(version);
        self.idle.record_activity(version);
    }

    /// The version whose instance requests a decision.
    fn deciding_version(&self, info: &ActivityInfo) -> Result<VersionId, ActivityError> {
        let id = info.workflow_id.as_deref().unwrap_or_default();
        let version = VersionId::from_workflow_id(id).ok_or_else(|| {
            let message = format!("a decision is only made for an instance, not for {id:.300}");
            self.refused(Refused::Caller(message)).into_error()
        })?;
        let checked = self.callers.check_identity(info, &version);
        checked.map_err(|refused| self.refused(refused).into_error())?;
        Ok(version)
    }

    /// Counts and logs an activity that is not carried out.
    pub(crate) fn refused(&self, refused: Refused) -> Refused {
        self.metrics.refused(&refused);
        refused
    }
}
