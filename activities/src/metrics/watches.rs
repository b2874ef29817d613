//! What watches do.

use std::time::Duration;

use wci_contract::{
    VersionId,
    activities::WatchEnd,
    stats::{StatsByType, WorkersSeen},
};

use super::{NamespaceMetrics, launches::seconds, names::NONE};

/// The operation of a read, as the server's controller calls it.
const PULL_STATS: &str = "pull_stats";

/// How long one look took, and whether the server answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    /// What it waited for its share of the budget.
    pub(crate) waited: Duration,
    /// From when a look was wanted to its end.
    pub(crate) lag: Duration,
}

/// A watch that is under way.
#[derive(Debug)]
pub(crate) struct WatchSpan {
    metrics: NamespaceMetrics,
    version: VersionId,
    end: &'static str,
}

impl NamespaceMetrics {
    /// A watch of `version` begins.
    pub(crate) fn watch(&self, version: &VersionId) -> WatchSpan {
        self.inner.gauges.watch(&self.namespace, version);
        self.activity(version, "watch_task_queues");
        WatchSpan { metrics: self.clone(), version: version.clone(), end: "cancelled" }
    }
}

impl WatchSpan {
    /// The queues were looked at; there are no figures when the server did not answer.
    pub(crate) fn looked(&self, read: Read, stats: Option<&StatsByType>) {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.own.budget_wait.of([namespace]).observe(seconds(read.waited));
        inner.own.watch_lag.of([namespace]).observe(seconds(read.lag));
        let result = if stats.is_some() { "ok" } else { "error" };
        inner.own.watch_reads.of([namespace, result]).inc();
        let (deployment, build) = inner.names.of(namespace, &self.version);
        let error =
            if stats.is_some() { NONE } else { "describe_worker_deployment_version_failed" };
        inner.builtin.operations.of([namespace, deployment, build, NONE, PULL_STATS, error]).inc();
        if let Some(stats) = stats {
            inner.gauges.look(namespace, &self.version, stats);
        }
    }

    /// The workers that poll were counted.
    pub(crate) fn counted(&self, workers: WorkersSeen) {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.gauges.workers(namespace, &self.version, workers);
    }

    /// Whether workers were there when they were last counted.
    pub(crate) fn has_workers(&self) -> bool {
        let NamespaceMetrics { inner, namespace } = &self.metrics;
        inner.gauges.has_workers(namespace, &self.version)
    }

    /// It ends by itself.
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
        inner.gauges.leave(namespace, &self.version);
        inner.own.watch_ends.of([namespace, self.end]).inc();
    }
}
