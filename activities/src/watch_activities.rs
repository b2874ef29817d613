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
    stats::{StatsByType, all_of},
};
use wci_providers::Registry;
use wci_instance::backlog_watch::{BacklogWatch, Idleness, Sample};

use crate::{
    Callers, NamespaceMetrics, ReadBudget, RecentLaunches, StatsError, VersionReader,
    activity_heartbeat::with_heartbeats,
    metrics::ReadTiming,
    per_version::{
        idle_versions::IdleVersions,
        watch_leases::{WatchLease, WatchLeases},
    },
    server::{
        stats_by_type::stats_by_type,
        workers::{self, FoundWorkers},
    },
    system_activities::refused,
    unix_time::{unix_now, unix_now_ms},
};

/// A watch that could read nothing for this long fails, so that the trouble is shown.
const FAILS_AFTER: Duration = Duration::from_secs(30);
/// A watch that may last no longer than this was requested because something happened.
const REQUESTED: Duration = Duration::from_secs(60);

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
    /// The versions that are left alone.
    pub idle: Arc<IdleVersions>,
    /// The workflows whose activities are carried out.
    pub callers: Arc<Callers>,
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
        input.check().map_err(refused)?;
        let (_sender, receiver) = tokio::sync::watch::channel(());
        // With the first watch of a run, the server is asked about the instance before the first
        // task arrives.
        let work = async {
            if !self.callers.is_counted(ctx.info(), &input.version) {
                tokio::time::sleep(self.budget.reserve()).await;
            }
            let checked = self.callers.check_limit(ctx.info(), &input.version).await;
            checked.map_err(|refused| {
                self.metrics.refused(&refused);
                refused.into_error()
            })?;
            self.watch_until_end(&input).await
        };
        with_heartbeats(&ctx, receiver, work).await?
    }
}

impl WatchActivities {
    /// Fails once nothing could be read for a while. The server retries the activity, and shows the
    /// last failure.
    async fn watch_until_end(&self, input: &WatchInput) -> Result<WatchOutput, ActivityError> {
        let mut watch = BacklogWatch::default();
        let mut failing_since = None;
        let span = self.metrics.watch(&input.version);
        let lease = self.begin(input);
        loop {
            if lease.is_over() {
                span.end(WatchEnd::TimeUp);
                return Ok(self.nothing());
            }
            let due = Instant::now();
            tokio::time::sleep(self.budget.reserve()).await;
            let waited = due.elapsed();
            // In boxes, so that a waiting watch needs hardly any memory: most watches wait nearly
            // all the time.
            let sampled = Box::pin(self.sample(input)).await;
            let timing = ReadTiming { waited, lag: due.elapsed() };
            span.read(timing, sampled.as_ref().ok().map(|(sample, _)| &sample.stats));
            let (mut sample, queues) = match sampled {
                Ok(sampled) => sampled,
                Err(_) if unix_now_ms() >= input.until_ms => {
                    span.end(WatchEnd::TimeUp);
                    return Ok(self.nothing());
                }
                Err(error) => {
                    if failing_since.get_or_insert(due).elapsed() >= FAILS_AFTER {
                        return Err(error.into());
                    }
                    tokio::time::sleep(watch.interval(&Sample::default(), Idleness::default()))
                        .await;
                    continue;
                }
            };
            failing_since = None;
            if watch.wants_fresh_stats(&sample)
                && let Some(fresh) = Box::pin(self.fresh_sample(input, &queues)).await
            {
                sample = fresh;
            }
            let crashes = self.exits.of(input);
            let is_news = is_news(input, &crashes);
            let end = watch.judge(input, &sample).or(is_news.then_some(WatchEnd::TimeUp));
            let wants_count = end.is_none() && watch.wants_count(&sample, span.has_workers());
            let found = Box::pin(self.found_workers(input, &queues, end, wants_count)).await;
            if let Some(seen) = found.as_ref().and_then(|it| all_of(&it.workers, &sample.stats)) {
                span.counted(seen);
            }
            if let Some(end) = end {
                span.end(end);
                let found = output(end, sample.stats, found);
                let is_announced = self.reader.is_announced();
                return Ok(WatchOutput { crashes, is_announced, ..found });
            }
            drop(queues);
            let interval = watch.interval(&sample, self.idleness(input, watch.is_active(&sample)));
            drop(sample);
            self.idle.wait(&input.version, interval.min(time_until(input.until_ms))).await;
        }
    }

    fn begin(&self, input: &WatchInput) -> WatchLease<'_> {
        if time_until(input.until_ms) <= REQUESTED {
            self.idle.restart(&input.version);
        }
        self.leases.take(&input.version)
    }

    /// The workers, if the watch ends because tasks wait, or if they are to be counted.
    async fn found_workers(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
        end: Option<WatchEnd>,
        wants_count: bool,
    ) -> Option<FoundWorkers> {
        match end {
            Some(WatchEnd::Backlog) => self.workers(input, queues).await,
            None if wants_count => self.workers_within_budget(input, queues).await,
            _ => None,
        }
    }

    /// The output of a watch that found nothing.
    fn nothing(&self) -> WatchOutput {
        WatchOutput { is_announced: self.reader.is_announced(), ..WatchOutput::default() }
    }

    fn idleness(&self, input: &WatchInput, is_active: bool) -> Idleness {
        if is_active {
            self.idle.restart(&input.version);
        }
        Idleness {
            lasting: self.idle.idle_for(&input.version),
            is_announced: self.reader.is_announced(),
        }
    }

    /// The workers, for the metrics alone: each request waits for its turn in the budget.
    async fn workers_within_budget(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<FoundWorkers> {
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
    ) -> Option<FoundWorkers> {
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
        queues.retain(|queue| is_watched(input, queue));
        Ok((self.sample_of(input, &queues), queues))
    }

    /// A sample of stats that the server does not repeat, once a worker polls one of `queues`: only
    /// then is there anything new.
    async fn fresh_sample(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<Sample> {
        let workers = self.workers_within_budget(input, queues).await?.workers;
        if workers.values().all(|workers| workers.seen == 0) {
            return None;
        }
        tokio::time::sleep(self.budget.reserve()).await;
        let fresh = self.reader.fresh_queues(&input.version).await;
        let mut fresh =
            fresh.inspect_err(|error| tracing::debug!(%error, "cannot read fresh stats")).ok()?;
        fresh.retain(|queue| is_watched(input, queue));
        Some(self.sample_of(input, &fresh)).filter(|sample| !sample.stats.is_empty())
    }

    fn sample_of(&self, input: &WatchInput, queues: &[VersionTaskQueue]) -> Sample {
        let since_launch = self.recent_launches.since_latest(&input.version);
        Sample {
            now_ms: unix_now_ms(),
            since_launch_ms: since_launch
                .map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            stats: stats_by_type(queues),
        }
    }
}

/// The instance learns at once that workers keep failing, and that one lives again.
fn is_news(input: &WatchInput, crashes: &BTreeMap<String, Crashes>) -> bool {
    let mut known = input.known_crashes.iter();
    known.any(|(group, known)| crashes.get(group).is_some_and(|it| it.is_news_to(*known)))
}

/// The time until `at_ms`, milliseconds since the Unix epoch.
fn time_until(at_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(at_ms.saturating_sub(unix_now_ms())).unwrap_or(0))
}

fn is_watched(input: &WatchInput, queue: &VersionTaskQueue) -> bool {
    TaskType::from_wire(queue.r#type.into()).is_some_and(|kind| input.types.contains(&kind))
}

/// The output of a watch, with the limits that the server named when it listed the workers.
fn output(end: WatchEnd, mut stats: StatsByType, found: Option<FoundWorkers>) -> WatchOutput {
    let FoundWorkers { workers, limits } = match found {
        Some(found) => found,
        None => return WatchOutput { end, stats, ..WatchOutput::default() },
    };
    for (kind, stats) in &mut stats {
        stats.rate_limit = limits.get(kind).copied();
    }
    WatchOutput { end, stats, workers: Some(workers), ..WatchOutput::default() }
}
