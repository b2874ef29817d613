//! Decides for every group at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    LaunchStrategy,
    activities::{DecideInput, DecideOutput, GroupInput},
    decision::{DecisionResult, Event, Reason},
    payload::config_map,
    stats::{StatsByType, WorkersSeen, all_of},
};
use wci_instance::backlog_watch::is_old_and_unserved;
use wci_scaling::{
    Algorithm, decide_batch, decide_with_stats, decide_with_worker_count, needs_backlog_age,
    needs_worker_count,
};

use crate::{
    VersionReader, per_version::known_queues::QueueKey, server::stats_by_type::stats_by_type,
    unix_time::unix_now,
};

/// Time until the queues of a group that cannot be scaled are read, milliseconds.
const UNSCALED_POLL_MS: u64 = 60_000;
/// How long a decision waits for what the server reports: half of its own time limit.
const READ_WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn decide(reader: &VersionReader, input: &DecideInput) -> DecideOutput {
    let mut groups = BTreeMap::new();
    for (name, group) in &input.groups {
        let decision = decide_group(reader, input.now_ms, group).await;
        tracing::info!(
            group = name,
            actions = ?decision.actions,
            throttled = decision.throttled,
            reasons = decision.reasons.join(", "),
            "decided"
        );
        groups.insert(name.clone(), decision);
    }
    DecideOutput { groups, ..DecideOutput::default() }
}

/// Before the maximum number of workers defers a task, the workers that poll are counted.
async fn decide_group(reader: &VersionReader, now_ms: i64, group: &GroupInput) -> DecisionResult {
    let Some(algorithm) = algorithm(&group.provider_type, &group.scaling.scaling_algorithm) else {
        return unscaled(group);
    };
    // Validation refuses a config that cannot be read; a spec adopted from another controller gets
    // the defaults.
    let config = config_map(group.scaling.config.as_ref()).unwrap_or_default();
    let GroupInput { state, events, .. } = group;
    let decision = decide_batch(now_ms, algorithm, &config, state, events);
    if needs_backlog_age(algorithm, &decision, events)
        && let Some(stats) = old_backlog_of(reader, group).await
    {
        return decide_with_stats(now_ms, algorithm, &config, state, events, stats).into();
    }
    if !needs_worker_count(&decision) {
        return decision.into();
    }
    let Some(workers) = workers_of(reader, group).await else { return decision.into() };
    decide_with_worker_count(now_ms, algorithm, &config, state, events, workers).into()
}

/// The stats of the announced types if they have waited for long without any worker; `None` if they
/// have not, or if that is unknown.
async fn old_backlog_of(reader: &VersionReader, group: &GroupInput) -> Option<StatsByType> {
    let version = &group.speculative_launch.as_ref()?.version;
    let announced: BTreeSet<i32> =
        group.events.iter().filter_map(queue_of).map(|(_, kind)| kind).collect();
    let read = tokio::time::timeout(READ_WITHIN, reader.queues(version)).await.ok()?;
    let mut queues =
        read.inspect_err(|error| tracing::debug!(%error, "cannot read the stats")).ok()?;
    queues.retain(|queue| announced.contains(&queue.r#type));
    let stats = stats_by_type(&queues);
    is_old_and_unserved(&stats).then_some(stats)
}

/// The workers that poll the queues whose tasks were announced; `None` if that is unknown.
async fn workers_of(reader: &VersionReader, group: &GroupInput) -> Option<WorkersSeen> {
    let version = &group.speculative_launch.as_ref()?.version;
    let announced: BTreeSet<QueueKey> = group.events.iter().filter_map(queue_of).collect();
    let queue = |(name, kind)| VersionTaskQueue { name, r#type: kind, ..Default::default() };
    let queues: Vec<VersionTaskQueue> = announced.into_iter().map(queue).collect();
    if queues.is_empty() {
        return None;
    }
    // A slow server must not delay the decision past its own time limit.
    let read = tokio::time::timeout(READ_WITHIN, reader.workers(version, &queues, unix_now()));
    let found = read.await.ok()?;
    let found =
        found.inspect_err(|error| tracing::debug!(%error, "cannot count the workers")).ok()?;
    all_of(&found.workers, &StatsByType::new())
}

/// The queues whose tasks were announced.
pub(super) fn announced_queues(input: &DecideInput) -> BTreeSet<QueueKey> {
    let events = input.groups.values().flat_map(|group| &group.events);
    events.filter_map(queue_of).collect()
}

/// The queue whose tasks `event` announces.
fn queue_of(event: &Event) -> Option<QueueKey> {
    let Event::TaskAdd(signal) = event else { return None };
    let name = signal.task_queue_name.clone();
    Some((name, signal.kind()?.to_wire())).filter(|(name, _)| !name.is_empty())
}

/// The algorithm of this name, or the default, where it fits the provider.
pub(super) fn algorithm(provider_type: &str, name: &str) -> Option<Algorithm> {
    let strategy = LaunchStrategy::of(provider_type);
    if name.is_empty() {
        return Some(Algorithm::default_for(strategy));
    }
    Algorithm::parse(name).filter(|algorithm| algorithm.strategy() == strategy)
}

fn unscaled(group: &GroupInput) -> DecisionResult {
    let misses = |event: &Event| match event {
        Event::TaskAdd(signal) => signal.misses,
        Event::Poll(_) | Event::Outcome(_) | Event::Tick {} => 0,
    };
    let algorithm = format!("{:.100}", group.scaling.scaling_algorithm);
    let reason = Reason::UnsupportedAlgorithm { algorithm };
    DecisionResult {
        state: group.state.clone(),
        throttled: group.events.iter().map(misses).sum(),
        next_poll_ms: UNSCALED_POLL_MS,
        reasons: vec![reason.to_string()],
        ..DecisionResult::default()
    }
}
