//! Records what watches do.

use std::time::Duration;

use wci_contract::{
    VersionId,
    activities::WatchEnd,
    stats::{StatsByType, WorkersSeen},
};

use super::{NamespaceMetrics, label_values::NONE, launches::seconds};

/// The operation of a read, as the server's controller calls it.
const PULL_STATS: &str = "pull_stats";

/// How long one read of the stats took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadTiming {
    /// The time that it waited for the read budget.
    pub(crate) waited: Duration,
    /// From when the read was due to its end.
    pub(crate) lag: Duration,
}

/// A running watch.
#[derive(Debug)]
pub(crate) struct WatchSpan {
    metrics: NamespaceMetrics,
    version: VersionId,
    end: &'static str,
}

impl NamespaceMetrics {
    /// Records that a watch of `version` starts.
    pub(crate) fn watch(&self, version: &VersionId) -> WatchSpan {
        self.inner.gauges.watch_started(&self.namespace, version);
        self.activity(version, "watch_task_queues");
        WatchSpan { metrics: self.clone(), version: version.clone(), end: "cancelled" }
    }
}

impl WatchSpan {
    /// Records a read; there are no `stats` if the server did not answer.
    pub(crate) fn read(&self, timing: ReadTiming, stats: Option<&StatsByType>) {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.own.budget_wait.of([namespace]).observe(seconds(timing.waited));
        inner.own.watch_lag.of([namespace]).observe(seconds(timing.lag));
        let result = if stats.is_some() { "ok" } else { "error" };
        inner.own.watch_reads.of([namespace, result]).inc();
        let (deployment, build) = inner.versions.of(namespace, &self.version);
        let error =
            if stats.is_some() { NONE } else { "describe_worker_deployment_version_failed" };
        inner.builtin.operations.of([namespace, deployment, build, NONE, PULL_STATS, error]).inc();
        if let Some(stats) = stats {
            inner.gauges.stats(namespace, &self.version, stats);
        }
    }

    /// Records the number of workers that poll.
    pub(crate) fn counted(&self, workers: WorkersSeen) {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.gauges.workers(namespace, &self.version, workers);
    }

    /// Whether there were workers when they were last counted.
    pub(crate) fn has_workers(&self) -> bool {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.gauges.has_workers(namespace, &self.version)
    }

    /// Records why the watch ended. One that is dropped instead was cancelled.
    pub(crate) fn end(mut self, end: WatchEnd) {
        self.end = match end {
            WatchEnd::Backlog => "backlog",
            WatchEnd::TimeUp => "time-up",
        };
    }
}

impl Drop for WatchSpan {
    fn drop(&mut self) {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.gauges.watch_ended(namespace, &self.version);
        inner.own.watch_ends.of([namespace, self.end]).inc();
    }
}
