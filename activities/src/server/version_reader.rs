//! What the server says of a version and its task queues.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use temporalio_client::{
    Client,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest, Request, Status},
};
use temporalio_common::protos::temporal::api::{
    deployment::v1::WorkerDeploymentVersion,
    workflowservice::v1::{
        DescribeWorkerDeploymentVersionRequest, DescribeWorkerDeploymentVersionResponse,
        describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::{
    TaskType, VersionId,
    stats::{QueueStats, StatsByType},
};

use crate::{
    per_version::known_queues::{KnownQueues, QueueKey},
    per_version::quiet_periods::QuietPeriods,
    server::version_stats::StatsSupport,
};

/// How long the server may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Why the server could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the version's task queues: {0}")]
pub struct StatsError(#[from] Box<Status>);

/// Reads one namespace's versions.
#[derive(Clone)]
pub struct VersionReader {
    pub(crate) client: Client,
    changes: Arc<QuietPeriods>,
    known: Arc<KnownQueues>,
    pub(crate) stats_support: Arc<StatsSupport>,
}

impl VersionReader {
    /// Reads through `client`, in its namespace.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            changes: Arc::default(),
            known: Arc::default(),
            stats_support: Arc::default(),
        }
    }

    /// Takes note that `version` is being changed: it is not asked about until that has settled.
    pub(crate) fn note_change(&self, version: &VersionId) {
        self.changes.note_change(version);
        self.known.forget(version);
    }

    /// Takes note that tasks of `queue` were announced to `version`.
    pub(crate) fn note_announced(&self, version: &VersionId, queue: QueueKey) {
        self.known.note_announced(version, queue);
    }

    /// Types of the task queues that the server knows the version by; empty for a version that
    /// it does not know.
    pub(crate) async fn registered(
        &self,
        version: &VersionId,
    ) -> Result<BTreeSet<TaskType>, StatsError> {
        let queues = self.describe(version, false).await?;
        Ok(queues.iter().filter_map(|queue| TaskType::from_wire(queue.r#type.into())).collect())
    }

    /// The version's queues with their figures, which are up to 5 s old.
    pub(crate) async fn queues(
        &self,
        version: &VersionId,
    ) -> Result<Vec<VersionTaskQueue>, StatsError> {
        if self.stats_support.is_likely() {
            let known = match self.known.of(version) {
                Some(known) => known,
                None => keys(&self.describe(version, false).await?),
            };
            if let Some(queues) = self.version_stats(version, &known).await? {
                return Ok(queues);
            }
        }
        self.describe(version, true).await
    }

    pub(crate) fn namespace(&self) -> String {
        self.client.options().namespace.clone()
    }

    pub(crate) fn service(&self) -> Box<dyn WorkflowService> {
        self.client.connection().workflow_service()
    }

    async fn describe(
        &self,
        version: &VersionId,
        with_stats: bool,
    ) -> Result<Vec<VersionTaskQueue>, StatsError> {
        self.changes.wait_until_quiet(version).await;
        let request = request(DescribeWorkerDeploymentVersionRequest {
            namespace: self.namespace(),
            deployment_version: Some(WorkerDeploymentVersion {
                deployment_name: version.deployment().to_owned(),
                build_id: version.build_id().to_owned(),
            }),
            report_task_queue_stats: with_stats,
            ..Default::default()
        });
        match self.service().describe_worker_deployment_version(request).await {
            Ok(response) => {
                self.changes.note_answer(version);
                let queues = queues(response.into_inner());
                self.known.learn(version, keys(&queues));
                Ok(queues)
            }
            Err(status) if status.code() == Code::NotFound => Ok(Vec::new()),
            Err(status) => Err(Box::new(status).into()),
        }
    }
}

/// A request that waits no longer than the server may take.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(PATIENCE);
    request
}

fn queues(response: DescribeWorkerDeploymentVersionResponse) -> Vec<VersionTaskQueue> {
    response.version_task_queues
}

fn keys(queues: &[VersionTaskQueue]) -> Vec<QueueKey> {
    queues.iter().map(|queue| (queue.name.clone(), queue.r#type)).collect()
}

/// Figures by type, summed over `queues`.
pub(crate) fn sum(queues: &[VersionTaskQueue]) -> StatsByType {
    let mut sums = StatsByType::new();
    for queue in queues {
        let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
        let sum: &mut QueueStats = sums.entry(kind).or_default();
        let Some(stats) = &queue.stats else { continue };
        let backlog = u64::try_from(stats.approximate_backlog_count).unwrap_or(0);
        sum.backlog = sum.backlog.saturating_add(backlog);
        sum.arrival_rate += rate(stats.tasks_add_rate);
        sum.dispatch_rate += rate(stats.tasks_dispatch_rate);
        let age = stats.approximate_backlog_age.as_ref().map_or(0, |age| {
            age.seconds.saturating_mul(1000).saturating_add(i64::from(age.nanos / 1_000_000))
        });
        sum.age_ms = sum.age_ms.max(u64::try_from(age).unwrap_or(0));
    }
    sums
}

/// A rate that can be added up: what is not finite or negative counts as nothing.
fn rate(value: f32) -> f64 {
    if value.is_finite() && value > 0.0 { f64::from(value) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueueStats;

    fn queue(kind: i32, backlog: i64, add: f32) -> VersionTaskQueue {
        VersionTaskQueue {
            name: "q".into(),
            r#type: kind,
            stats: Some(TaskQueueStats {
                approximate_backlog_count: backlog,
                tasks_add_rate: add,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn queues_of_one_type_are_added_up_and_nonsense_counts_as_nothing() {
        let sums =
            sum(&[queue(1, 3, 1.5), queue(1, 4, f32::NAN), queue(2, -1, 0.0), queue(9, 9, 9.0)]);
        assert_eq!(sums.len(), 2);
        assert_eq!(
            (sums[&TaskType::Workflow].backlog, sums[&TaskType::Workflow].arrival_rate),
            (7, 1.5)
        );
        assert_eq!(sums[&TaskType::Activity].backlog, 0);
    }
}
