//! The activity of the queue beside the system worker's: reads the stats of task queues until they
//! call for a decision.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    Crashes, TaskType,
    activities::{self as names, WatchEnd, WatchInput, WatchOutput},
    stats::{WorkersByType, all_of},
};
use wci_providers::Registry;
use wci_instance::backlog_watch::{BacklogWatch, Sample};

use crate::{
    NamespaceMetrics, ReadBudget, RecentLaunches, StatsError, VersionReader,
    activity_heartbeat::with_heartbeats,
    metrics::ReadTiming,
    per_version::watch_leases::WatchLeases,
    server::{stats_by_type::stats_by_type, workers},
    unix_time::{unix_now, unix_now_ms},
};

/// A watch that could read nothing for this long fails, so that the trouble is shown.
const FAILS_AFTER: Duration = Duration::from_secs(30);

/// Watches the queues of one namespace's versions.
pub struct WatchActivities {
    /// Reads the namespace's versions.
    pub reader: VersionReader,
    /// The launches of this process.
    pub recent_launches: Arc<RecentLaunches>,
    /// The rate of reads that all watches of the namespace share.
    pub budget: Arc<ReadBudget>,
    /// The metrics of the namespace.
    pub metrics: NamespaceMetrics,
    /// The latest watch of each version.
    pub leases: WatchLeases,
    /// The namespace, and the providers that see how its workers exit.
    pub exits: WorkerExits,
}

/// How workers exit, as the providers of one namespace see it.
pub struct WorkerExits {
    /// The namespace.
    pub namespace: String,
    /// Its providers.
    pub registry: Registry,
}

impl WorkerExits {
    fn of(&self, input: &WatchInput) -> BTreeMap<String, Crashes> {
        self.registry.crashes(&self.namespace, &input.version)
    }
}

#[activities]
impl WatchActivities {
    /// Reads the queues' stats until they call for a decision.
    #[activity(name = names::WATCH)]
    pub async fn watch(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: WatchInput,
    ) -> Result<WatchOutput, ActivityError> {
        let (_sender, receiver) = tokio::sync::watch::channel(());
        with_heartbeats(&ctx, receiver, self.watch_until_end(&input)).await?
    }
}

impl WatchActivities {
    /// Fails once nothing could be read for a while. The server retries the activity, and shows the
    /// last failure.
    async fn watch_until_end(&self, input: &WatchInput) -> Result<WatchOutput, ActivityError> {
        let mut watch = BacklogWatch::default();
        let mut failing_since = None;
        let span = self.metrics.watch(&input.version);
        let lease = self.leases.take(&input.version);
        loop {
            if lease.is_over() {
                span.end(WatchEnd::TimeUp);
                return Ok(WatchOutput::default());
            }
            let due = Instant::now();
            tokio::time::sleep(self.budget.reserve()).await;
            let waited = due.elapsed();
            // In boxes, so that a waiting watch needs hardly any memory: most watches wait nearly
            // all the time.
            let sampled = Box::pin(self.sample(input)).await;
            let timing = ReadTiming { waited, lag: due.elapsed() };
            span.read(timing, sampled.as_ref().ok().map(|(sample, _)| &sample.stats));
            let (sample, queues) = match sampled {
                Ok(sampled) => sampled,
                Err(_) if unix_now_ms() >= input.until_ms => {
                    span.end(WatchEnd::TimeUp);
                    return Ok(WatchOutput { end: WatchEnd::TimeUp, ..WatchOutput::default() });
                }
                Err(error) => {
                    if failing_since.get_or_insert(due).elapsed() >= FAILS_AFTER {
                        return Err(error.into());
                    }
                    tokio::time::sleep(watch.interval(&Sample::default())).await;
                    continue;
                }
            };
            failing_since = None;
            let crashes = self.exits.of(input);
            // The instance learns at once that workers keep failing, and that one lives again.
            let is_news = input
                .known_crashes
                .iter()
                .any(|(group, known)| crashes.get(group).is_some_and(|it| it.is_news_to(*known)));
            let end = watch.judge(input, &sample).or(is_news.then_some(WatchEnd::TimeUp));
            let workers = match end {
                Some(WatchEnd::Backlog) => Box::pin(self.workers(input, &queues)).await,
                None if watch.wants_count(&sample, span.has_workers()) => {
                    Box::pin(self.workers_within_budget(input, &queues)).await
                }
                _ => None,
            };
            if let Some(workers) = &workers {
                span.counted(all_of(workers, &sample.stats));
            }
            if let Some(end) = end {
                span.end(end);
                return Ok(WatchOutput { end, stats: sample.stats, workers, crashes });
            }
            drop(queues);
            tokio::time::sleep(watch.interval(&sample)).await;
        }
    }

    /// The workers, for the metrics alone: each request waits for its turn in the budget.
    async fn workers_within_budget(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<WorkersByType> {
        for _ in 0..workers::requests(queues) {
            tokio::time::sleep(self.budget.reserve()).await;
        }
        self.workers(input, queues).await
    }

    /// The workers that poll `queues`; `None` if the server did not answer.
    async fn workers(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<WorkersByType> {
        self.reader
            .workers(&input.version, queues, unix_now())
            .await
            .inspect_err(|error| tracing::debug!(%error, "cannot count the workers"))
            .ok()
    }

    /// A sample of the stats, and the queues that it covers.
    async fn sample(
        &self,
        input: &WatchInput,
    ) -> Result<(Sample, Vec<VersionTaskQueue>), StatsError> {
        let queues = self.reader.queues(&input.version).await;
        let mut queues = queues.inspect_err(
            |error| tracing::debug!(%error, version = %input.version, "cannot read the stats"),
        )?;
        queues.retain(|queue| {
            TaskType::from_wire(queue.r#type.into()).is_some_and(|kind| input.types.contains(&kind))
        });
        let since_launch = self.recent_launches.since_latest(&input.version);
        let sample = Sample {
            now_ms: unix_now_ms(),
            since_launch_ms: since_launch
                .map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            stats: stats_by_type(&queues),
        };
        Ok((sample, queues))
    }
}
