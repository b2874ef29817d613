//! Launches: one attempt of asking a provider for workers.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

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

use crate::{
    SystemActivities,
    heartbeat::beating,
    metrics::{LaunchOperation, LaunchSpan},
    system_activities::speculative_launches::TimedOutcome,
};

/// A decision waits so long for its own launch: most providers answer in less, and what they
/// answered need not be asked for by another activity. One that hangs costs other groups no more.
const AT_ONCE: Duration = Duration::from_millis(100);

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
    launching: &SystemActivities,
    ctx: &ActivityContext,
    input: InvokeInput,
) -> Result<Outcome, ActivityError> {
    // Details that another build wrote are no reason to fail: providers tell repeats apart.
    let before: InvokeProgress =
        ctx.heartbeat_details().deserialize().ok().flatten().unwrap_or_default();
    let (sender, receiver) = watch::channel(before);
    launching.recent_launches.note(&input.version);
    let span = span(launching, ctx, &input);
    let beats = Beats(sender);
    let work = async {
        match launching.speculative_launches.take(&input.launch_id) {
            Some(ended) => ended.await,
            None => TimedOutcome::of(attempt(launching, &input, before.started, &beats)).await,
        }
    };
    let ended = beating(ctx, receiver, work).await?;
    span.end(&ended);
    log(&input, &ended.outcome);
    Ok(ended.outcome)
}

/// Begins the launches of one worker that `decided` asks for, and answers with what became of
/// those that end at once, by group. The workflow asks for the others, too, and is told then.
pub(crate) async fn begin_early(
    launching: &Arc<SystemActivities>,
    asked: DecideInput,
    decided: &DecideOutput,
) -> BTreeMap<String, Outcome> {
    let mut begun = Vec::new();
    for (group, question) in asked.groups {
        let actions = decided.groups.get(&group).map(|decision| decision.actions.as_slice());
        let (Some([Action::InvokeWorker { count: 1 }]), Some(input)) =
            (actions, question.speculative_launch)
        else {
            continue;
        };
        launching.recent_launches.note(&input.version);
        let itself = Arc::clone(launching);
        let launch = input.clone();
        launching
            .speculative_launches
            .begin(&input.launch_id, async move { attempt(&itself, &launch, 0, &Unheard).await });
        if question.report_outcome {
            begun.push((group, input));
        }
    }
    heard(launching, begun).await
}

/// What became of the launches that `begun` names, of those that end at once.
async fn heard(
    launching: &SystemActivities,
    begun: Vec<(String, InvokeInput)>,
) -> BTreeMap<String, Outcome> {
    let decided = SystemTime::now();
    let by = tokio::time::Instant::now() + AT_ONCE;
    let mut outcomes = BTreeMap::new();
    for (group, input) in begun {
        let Some(ended) = launching.speculative_launches.heard(&input.launch_id, by).await else {
            continue;
        };
        let provider = &input.compute.provider_type;
        let operation = LaunchOperation::Invoke { count: 1, is_first_attempt: true };
        let span = launching.metrics.launch(&input.version, provider, operation, Some(decided));
        span.end(&ended);
        log(&input, &ended.outcome);
        outcomes.insert(group, ended.outcome);
    }
    outcomes
}

/// A launch of one worker has no progress to tell.
struct Unheard;

impl Progress for Unheard {
    fn started(&self, _total: u32) {}
}

fn span(launching: &SystemActivities, ctx: &ActivityContext, input: &InvokeInput) -> LaunchSpan {
    let info = ctx.info();
    let InvokeInput { version, compute, count, .. } = input;
    let operation = LaunchOperation::Invoke { count: *count, is_first_attempt: info.attempt <= 1 };
    launching.metrics.launch(version, &compute.provider_type, operation, info.scheduled_time)
}

/// Asks the provider for what is missing of `input.count` workers.
pub(crate) async fn attempt(
    launching: &SystemActivities,
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
        Provider::WorkerSet(provider) => {
            let provider = provider.provider_type();
            refuse(FailureClass::Rejected, format!("{provider} starts no worker by itself"))
        }
    }
}

fn log(input: &InvokeInput, outcome: &Outcome) {
    let version = input.version.to_string();
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
