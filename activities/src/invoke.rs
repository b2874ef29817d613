//! Launches: one attempt of asking a provider for workers.

use std::sync::Arc;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::watch;
use wci_contract::{
    FailureClass,
    activities::{DecideInput, DecideOutput, InvokeInput, InvokeProgress},
    decision::Action,
    launch::Outcome,
    limits::{MAX_COUNT, MAX_MESSAGE, cut},
};
use wci_providers::{LaunchRequest, Progress, Provider, Scope};

use crate::{Launching, heartbeat::beating, metrics::LaunchSpan};

/// Progress that becomes the activity's heartbeat.
struct Beats(watch::Sender<InvokeProgress>);

impl Progress for Beats {
    fn started(&self, total: u32) {
        self.0.send_if_modified(|progress| {
            let is_more = total > progress.started;
            progress.started = progress.started.max(total);
            is_more
        });
    }
}

pub(crate) async fn invoke(
    launching: &Launching,
    ctx: &ActivityContext,
    input: InvokeInput,
) -> Result<Outcome, ActivityError> {
    // Details that another build wrote are no reason to fail: providers tell repeats apart.
    let before: InvokeProgress =
        ctx.heartbeat_details().deserialize().ok().flatten().unwrap_or_default();
    let (sender, receiver) = watch::channel(before);
    launching.board.note(&input.version);
    let span = span(launching, ctx, &input);
    let beats = Beats(sender);
    let work = async {
        match launching.head_starts.take(&input.launch_id) {
            Some(outcome) => outcome.await,
            None => attempt(launching, &input, before.started, &beats).await,
        }
    };
    let outcome = beating(ctx, receiver, work).await?;
    span.end(&outcome);
    log(&input, &outcome);
    Ok(outcome)
}

/// Begins the launches of one worker that `decided` asks for. The workflow asks for them, too,
/// and is told what came of them.
pub(crate) fn begin_early(launching: &Arc<Launching>, asked: DecideInput, decided: &DecideOutput) {
    for (group, question) in asked.groups {
        let actions = decided.groups.get(&group).map(|decision| decision.actions.as_slice());
        let (Some([Action::InvokeWorker { count: 1 }]), Some(input)) =
            (actions, question.head_start)
        else {
            continue;
        };
        launching.board.note(&input.version);
        let launch_id = input.launch_id.clone();
        let itself = Arc::clone(launching);
        let launch = async move { attempt(&itself, &input, 0, &Unheard).await };
        launching.head_starts.begin(&launch_id, launch);
    }
}

/// A launch of one worker has no progress to tell.
struct Unheard;

impl Progress for Unheard {
    fn started(&self, _total: u32) {}
}

fn span(launching: &Launching, ctx: &ActivityContext, input: &InvokeInput) -> LaunchSpan {
    let info = ctx.info();
    let InvokeInput { version, compute, count, .. } = input;
    let first = info.attempt <= 1;
    launching.metrics.launch(version, &compute.provider_type, *count, info.scheduled_time, first)
}

/// Asks the provider for what is missing of `input.count` workers.
pub(crate) async fn attempt(
    launching: &Launching,
    input: &InvokeInput,
    already_started: u32,
    progress: &dyn Progress,
) -> Outcome {
    let count = input.count.min(MAX_COUNT);
    let refuse = |class, message: String| Outcome::failed(count, class, cut(&message, MAX_MESSAGE));
    let provider = match launching.registry.find(&input.compute.provider_type) {
        Ok(provider) => provider,
        Err(error) => return refuse(FailureClass::Forbidden, error.to_string()),
    };
    let config = match wci_contract::payload::config_map(input.compute.config.as_ref()) {
        Ok(config) => config,
        Err(error) => return refuse(FailureClass::Rejected, error.to_string()),
    };
    let request = LaunchRequest {
        scope: Scope {
            namespace: launching.namespace.clone(),
            version: input.version.clone(),
            group: input.group.clone(),
        },
        launch_id: input.launch_id.clone(),
        count,
        already_started,
        config,
    };
    match provider {
        Provider::Invoke(provider) => provider.invoke(&request, progress).await,
    }
}

fn log(input: &InvokeInput, outcome: &Outcome) {
    let version = format!("{}:{}", input.version.deployment_name, input.version.build_id);
    match outcome.class {
        None => tracing::info!(
            %version,
            group = input.group,
            launch_id = input.launch_id,
            started = outcome.started,
            "launched"
        ),
        Some(class) => tracing::warn!(
            %version,
            group = input.group,
            launch_id = input.launch_id,
            started = outcome.started,
            throttled = outcome.throttled,
            refused = outcome.refused,
            %class,
            message = outcome.message,
            "launch failed"
        ),
    }
}
