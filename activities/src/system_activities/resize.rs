//! Sizes of worker sets: one attempt of telling a provider.

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::watch;
use wci_contract::{
    FailureClass,
    activities::{InvokeProgress, ResizeInput},
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
    payload::config_map,
};
use wci_providers::{Provider, ResizeRequest, Scope};

use crate::{
    SystemActivities, heartbeat::beating, metrics::LaunchOperation,
    system_activities::speculative_launches::TimedOutcome,
};

pub(crate) async fn resize(
    launching: &SystemActivities,
    ctx: &ActivityContext,
    input: ResizeInput,
) -> Result<Outcome, ActivityError> {
    let (_sender, receiver) = watch::channel(InvokeProgress::default());
    launching.recent_launches.note(&input.version);
    let info = ctx.info();
    let operation = LaunchOperation::Resize { is_first_attempt: info.attempt <= 1 };
    let ResizeInput { version, compute, .. } = &input;
    let span =
        launching.metrics.launch(version, &compute.provider_type, operation, info.scheduled_time);
    let ended = beating(ctx, receiver, TimedOutcome::of(attempt(launching, &input))).await?;
    span.end(&ended);
    log(&input, &ended.outcome);
    Ok(ended.outcome)
}

async fn attempt(launching: &SystemActivities, input: &ResizeInput) -> Outcome {
    let count = input.count.max(1);
    let refuse = |class, message: String| Outcome::failed(count, class, cut(&message, MAX_MESSAGE));
    let provider = match launching.registry.find(&input.compute.provider_type) {
        Ok(Provider::WorkerSet(provider)) => provider,
        Ok(Provider::Invoke(provider)) => {
            let provider = provider.provider_type();
            return refuse(FailureClass::Rejected, format!("{provider} keeps no set of workers"));
        }
        Err(error) => return refuse(FailureClass::Forbidden, error.to_string()),
    };
    let config = match config_map(input.compute.config.as_ref()) {
        Ok(config) => config,
        Err(error) => return refuse(FailureClass::Rejected, error.to_string()),
    };
    let request = ResizeRequest {
        scope: Scope {
            namespace: launching.namespace.clone(),
            version: input.version.clone(),
            group: input.group.clone(),
        },
        count: input.count,
        config,
        requested_ms: input.requested_ms,
    };
    provider.resize(&request).await
}

fn log(input: &ResizeInput, outcome: &Outcome) {
    let version = input.version.to_string();
    match outcome.class {
        None => tracing::info!(
            %version,
            group = input.group,
            count = input.count,
            more = outcome.started,
            "resized the worker set"
        ),
        Some(class) => tracing::warn!(
            %version,
            group = input.group,
            count = input.count,
            %class,
            message = outcome.message,
            "the worker set was not resized"
        ),
    }
}
