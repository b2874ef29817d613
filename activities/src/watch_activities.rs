//! The activity of the queue beside the system worker's: looks at queues until it has something
//! to say.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::{sync::Arc, time::Instant};

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    TaskType,
    activities::{self as names, WatchEnd, WatchInput, WatchOutput},
    stats::{WorkersByType, all_of},
};

use crate::{
    NamespaceMetrics, ReadBudget, RecentLaunches, VersionReader,
    heartbeat::beating,
    metrics::Read,
    per_version::watch_leases::WatchLeases,
    server::pollers::{reads_of_workers, since_epoch},
    server::version_reader::sum,
    watch::{Look, Watch},
};

/// Watches the queues of one namespace's versions.
pub struct WatchActivities {
    /// Reads the namespace's versions.
    pub reader: VersionReader,
    /// What was launched by this process.
    pub recent_launches: Arc<RecentLaunches>,
    /// What all watches of the namespace may ask of the server.
    pub budget: Arc<ReadBudget>,
    /// What is told of the namespace.
    pub metrics: NamespaceMetrics,
    /// Which watch of a version is the latest.
    pub leases: WatchLeases,
}

#[activities]
impl WatchActivities {
    /// Reads the queues' figures until a decision is called for.
    #[activity(name = names::WATCH)]
    pub async fn watch(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: WatchInput,
    ) -> Result<WatchOutput, ActivityError> {
        let (_sender, receiver) = tokio::sync::watch::channel(());
        beating(&ctx, receiver, self.watch_until_news(&input)).await
    }
}

impl WatchActivities {
    async fn watch_until_news(&self, input: &WatchInput) -> WatchOutput {
        let mut watch = Watch::default();
        let span = self.metrics.watch(&input.version);
        let lease = self.leases.take(&input.version);
        loop {
            if lease.is_over() {
                span.end(WatchEnd::TimeUp);
                return WatchOutput::default();
            }
            let wanted = Instant::now();
            tokio::time::sleep(self.budget.reserve()).await;
            let waited = wanted.elapsed();
            // In boxes: a watch of a version where nothing happens holds next to nothing while it
            // waits, and that is what most of them do nearly all the time.
            let look = Box::pin(self.look(input)).await;
            let read = Read { waited, lag: wanted.elapsed() };
            span.looked(read, look.as_ref().map(|(look, _)| &look.stats));
            let Some((look, queues)) = look else {
                if now_ms() >= input.until_ms {
                    span.end(WatchEnd::TimeUp);
                    return WatchOutput { end: WatchEnd::TimeUp, ..WatchOutput::default() };
                }
                tokio::time::sleep(watch.pace(&Look::default())).await;
                continue;
            };
            let end = watch.judge(input, &look);
            let workers = match end {
                Some(WatchEnd::Backlog) => Box::pin(self.workers(input, &queues)).await,
                None if watch.wants_count(&look, span.has_workers()) => {
                    Box::pin(self.workers_in_time(input, &queues)).await
                }
                _ => None,
            };
            if let Some(workers) = &workers {
                span.counted(all_of(workers, &look.stats));
            }
            if let Some(end) = end {
                span.end(end);
                return WatchOutput { end, stats: look.stats, workers };
            }
            drop(queues);
            tokio::time::sleep(watch.pace(&look)).await;
        }
    }

    /// The workers, which nobody waits for: each read waits for its share of the budget.
    async fn workers_in_time(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<WorkersByType> {
        for _ in 0..reads_of_workers(queues) {
            tokio::time::sleep(self.budget.reserve()).await;
        }
        self.workers(input, queues).await
    }

    /// The workers behind a backlog; `None` when the server did not answer.
    async fn workers(
        &self,
        input: &WatchInput,
        queues: &[VersionTaskQueue],
    ) -> Option<WorkersByType> {
        self.reader
            .workers(&input.version, queues, since_epoch())
            .await
            .inspect_err(|error| tracing::debug!(%error, "workers"))
            .ok()
    }

    /// One look, and the queues that it was at; `None` when the server did not answer.
    async fn look(&self, input: &WatchInput) -> Option<(Look, Vec<VersionTaskQueue>)> {
        let mut queues = match self.reader.queues(&input.version).await {
            Ok(queues) => queues,
            Err(error) => {
                tracing::debug!(%error, deployment = input.version.deployment(), "watch");
                return None;
            }
        };
        queues.retain(|queue| {
            TaskType::from_wire(queue.r#type.into()).is_some_and(|kind| input.types.contains(&kind))
        });
        let since_launch = self.recent_launches.since_latest(&input.version);
        let look = Look {
            now_ms: now_ms(),
            since_launch_ms: since_launch
                .map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            stats: sum(&queues),
        };
        Some((look, queues))
    }
}

fn now_ms() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}
