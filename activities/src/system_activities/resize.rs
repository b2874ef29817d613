//! Asks a provider once to keep a worker set at a size.

use temporalio_sdk::activities::{ActivityContext, ActivityError};
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
        self.recent_launches.record(version);
        let info = ctx.info();
        let operation = LaunchOperation::Resize { is_first_attempt: info.attempt <= 1 };
        let span =
            self.metrics.launch(version, &compute.provider_type, operation, info.scheduled_time);
        let resize = TimedOutcome::of(self.request_size(&input));
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

    async fn request_size(&self, input: &ResizeInput) -> Outcome {
        match self.provider_call(&input.version, &input.group, &input.compute) {
            Ok(ProviderCall { provider: Provider::WorkerSet(provider), scope, config }) => {
                let ResizeInput { count, requested_ms, .. } = *input;
                provider.resize(&ResizeRequest { scope, count, config, requested_ms }).await
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
