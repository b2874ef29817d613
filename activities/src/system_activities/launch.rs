//! Launches: asks a provider once to start workers.

use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use tokio::sync::watch;
use wci_contract::{
    activities::{InvokeInput, InvokeProgress},
    launch::Outcome,
    limits::MAX_COUNT,
};
use wci_providers::{InvokeProvider, LaunchRequest, Progress, Provider};

use super::{
    SystemActivities,
    provider_call::{CallLog, CallRefused, ProviderCall},
};
use crate::{
    activity_heartbeat::with_heartbeats, ceilings::with_throttled, metrics::LaunchOperation,
    timed_outcome::TimedOutcome,
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
        let info = ctx.info();
        let checked = self.callers.check_identity(info, &input.version);
        checked.map_err(|refused| self.refused(refused).into_error())?;
        self.record_launch(&input.version);
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
                    TimedOutcome::of(self.check_and_launch(info, &input, before.started, &progress))
                        .await
                }
            }
        };
        let timed = with_heartbeats(ctx, receiver, work).await?;
        span.end(&timed);
        log_launch(&input, &timed.outcome);
        Ok(timed.outcome)
    }

    /// Checks that the instance may start these workers, and asks for them.
    async fn check_and_launch(
        &self,
        info: &ActivityInfo,
        input: &InvokeInput,
        already_started: u32,
        progress: &dyn Progress,
    ) -> Outcome {
        let InvokeInput { version, group, compute, .. } = input;
        match self.callers.check_launch(info, version, group, compute).await {
            Ok(()) => self.request_workers(input, already_started, progress).await,
            Err(refused) => {
                let missing = input.count.min(MAX_COUNT).saturating_sub(already_started);
                let outcome = self.refused(refused).outcome(missing);
                Outcome { started: already_started, ..outcome }
            }
        }
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
                self.launch_below_ceilings(&*provider, request, progress).await
            }
            Ok(ProviderCall { provider: Provider::WorkerSet(provider), .. }) => {
                let provider = provider.provider_type();
                let message = format!("{provider} does not start single workers");
                CallRefused::rejected(message).outcome(count)
            }
            Err(refused) => refused.outcome(count),
        }
    }

    /// Asks the provider for as many workers as the operator's ceilings leave. The others are
    /// throttled, as by the provider itself.
    async fn launch_below_ceilings(
        &self,
        provider: &dyn InvokeProvider,
        mut request: LaunchRequest,
        progress: &dyn Progress,
    ) -> Outcome {
        let (name, missing) = (provider.provider_type(), request.missing());
        let lasts = provider.longest_run(&request.config);
        let running = self.registry.running_processes(&self.namespace);
        let grant = self.ceilings.grant(name, missing, lasts, running);
        let throttled = missing - grant.count();
        let message = match grant.refusal() {
            Some((limit, message)) => {
                self.metrics.over_ceiling(name, limit, throttled);
                message.to_owned()
            }
            None => String::new(),
        };
        let already_started = request.already_started;
        request.count = already_started + grant.count();
        let outcome = if grant.count() == 0 && throttled > 0 {
            Outcome::started(already_started)
        } else {
            provider.invoke(&request, progress).await
        };
        grant.settle(outcome.started.saturating_sub(already_started));
        with_throttled(outcome, throttled, &message)
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
