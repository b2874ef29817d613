//! Asks a provider once to keep a worker set at a size.

use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use tokio::sync::watch;
use wci_contract::{
    activities::{InvokeProgress, ResizeInput},
    launch::Outcome,
};
use wci_providers::{Provider, ResizeRequest};

use super::{
    SystemActivities,
    provider_call::{CallLog, CallRefused, ProviderCall},
};
use crate::{
    activity_heartbeat::with_heartbeats, metrics::LaunchOperation, timed_outcome::TimedOutcome,
};

impl SystemActivities {
    pub(super) async fn resize_worker_set(
        &self,
        ctx: &ActivityContext,
        input: ResizeInput,
    ) -> Result<Outcome, ActivityError> {
        let ResizeInput { version, compute, group, count, .. } = &input;
        let (_sender, receiver) = watch::channel(InvokeProgress::default());
        let info = ctx.info();
        let checked = self.callers.check_identity(info, version);
        checked.map_err(|refused| self.refused(refused).into_error())?;
        self.record_launch(version);
        let operation = LaunchOperation::Resize { is_first_attempt: info.attempt <= 1 };
        let span =
            self.metrics.launch(version, &compute.provider_type, operation, info.scheduled_time);
        let resize = TimedOutcome::of(self.check_and_resize(info, &input));
        let timed = with_heartbeats(ctx, receiver, resize).await?;
        span.end(&timed);
        let log = CallLog {
            version,
            group,
            launch_id: None,
            size: Some(*count),
            on_success: "resized the worker set",
            on_failure: "cannot resize the worker set",
        };
        log.record(&timed.outcome);
        Ok(timed.outcome)
    }

    /// Checks that the instance may have these workers. A set may always be ended: its group may no
    /// longer be in the spec.
    async fn check_and_resize(&self, info: &ActivityInfo, input: &ResizeInput) -> Outcome {
        let ResizeInput { version, group, compute, count, .. } = input;
        let checked = if *count == 0 {
            self.callers.check_instance(info, version).await
        } else {
            self.callers.check_launch(info, version, group, compute).await
        };
        match checked {
            Ok(()) => self.request_size(input).await,
            Err(refused) => self.refused(refused).outcome((*count).max(1)),
        }
    }

    async fn request_size(&self, input: &ResizeInput) -> Outcome {
        match self.provider_call(&input.version, &input.group, &input.compute) {
            Ok(ProviderCall { provider: Provider::WorkerSet(provider), scope, config }) => {
                let ResizeInput { count, requested_ms, .. } = *input;
                let name = provider.provider_type();
                let running = self.registry.running_processes(&self.namespace);
                let grant = self.ceilings.grant(name, count, None, running);
                let max_growth = grant.count();
                let request = ResizeRequest { scope, count, config, requested_ms, max_growth };
                let mut outcome = provider.resize(&request).await;
                if let Some((limit, message)) = grant.refusal()
                    && outcome.throttled > 0
                    && outcome.message.is_empty()
                {
                    self.metrics.over_ceiling(name, limit, outcome.throttled);
                    message.clone_into(&mut outcome.message);
                }
                grant.settle(outcome.started);
                outcome
            }
            Ok(ProviderCall { provider: Provider::Invoke(provider), .. }) => {
                let provider = provider.provider_type();
                let message = format!("{provider} does not keep worker sets");
                CallRefused::rejected(message).outcome(input.count.max(1))
            }
            Err(refused) => refused.outcome(input.count.max(1)),
        }
    }
}
