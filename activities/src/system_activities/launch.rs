//! Launches: asks a provider once to start workers.

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::watch;
use wci_contract::{
    activities::{InvokeInput, InvokeProgress},
    launch::Outcome,
    limits::MAX_COUNT,
};
use wci_providers::{LaunchRequest, Progress, Provider};

use super::{
    SystemActivities,
    provider_call::{CallLog, CallRefused, ProviderCall},
};
use crate::{
    activity_heartbeat::with_heartbeats, metrics::LaunchOperation, timed_outcome::TimedOutcome,
};

/// Makes the progress of a launch the heartbeat of its activity.
struct HeartbeatProgress(watch::Sender<InvokeProgress>);

impl Progress for HeartbeatProgress {
    fn started(&self, total: u32) {
        self.0.send_if_modified(|progress| {
            let is_more = total > progress.started;
            progress.started = progress.started.max(total);
            is_more
        });
    }
}

impl SystemActivities {
    pub(super) async fn launch_workers(
        &self,
        ctx: &ActivityContext,
        input: InvokeInput,
    ) -> Result<Outcome, ActivityError> {
        // Heartbeat details that cannot be read, such as another build's, are no reason to fail:
        // providers recognise a repeated launch.
        let before: InvokeProgress =
            ctx.heartbeat_details().deserialize().ok().flatten().unwrap_or_default();
        let (sender, receiver) = watch::channel(before);
        self.recent_launches.record(&input.version);
        let info = ctx.info();
        let InvokeInput { version, compute, count, .. } = &input;
        let operation =
            LaunchOperation::Invoke { count: *count, is_first_attempt: info.attempt <= 1 };
        let span =
            self.metrics.launch(version, &compute.provider_type, operation, info.scheduled_time);
        let progress = HeartbeatProgress(sender);
        let work = async {
            match self.speculative_launches.take(&input.launch_id) {
                Some(launch) => launch.await,
                None => {
                    TimedOutcome::of(self.request_workers(&input, before.started, &progress)).await
                }
            }
        };
        let timed = with_heartbeats(ctx, receiver, work).await?;
        span.end(&timed);
        log_launch(&input, &timed.outcome);
        Ok(timed.outcome)
    }

    /// Asks the provider for those of `input.count` workers that have not started yet.
    pub(super) async fn request_workers(
        &self,
        input: &InvokeInput,
        already_started: u32,
        progress: &dyn Progress,
    ) -> Outcome {
        let count = input.count.min(MAX_COUNT);
        match self.provider_call(&input.version, &input.group, &input.compute) {
            Ok(ProviderCall { provider: Provider::Invoke(provider), scope, config }) => {
                let launch_id = input.launch_id.clone();
                let request = LaunchRequest { scope, launch_id, count, already_started, config };
                provider.invoke(&request, progress).await
            }
            Ok(ProviderCall { provider: Provider::WorkerSet(provider), .. }) => {
                let provider = provider.provider_type();
                let message = format!("{provider} does not start single workers");
                CallRefused::rejected(message).outcome(count)
            }
            Err(refused) => refused.outcome(count),
        }
    }
}

/// Logs the outcome of a launch.
pub(super) fn log_launch(input: &InvokeInput, outcome: &Outcome) {
    let log = CallLog {
        version: &input.version,
        group: &input.group,
        launch_id: Some(&input.launch_id),
        size: None,
        on_success: "launched",
        on_failure: "launch failed",
    };
    log.record(outcome);
}
