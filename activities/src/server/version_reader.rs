//! Reads what the server reports about a version.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use temporalio_client::{Client, tonic::Code};
use temporalio_common::protos::temporal::api::{
    deployment::v1::WorkerDeploymentVersion,
    workflowservice::v1::{
        DescribeWorkerDeploymentVersionRequest,
        describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::{Refusal, TaskType, VersionId};

use super::{
    connection::{Server, StatsError, request},
    instance_count,
    version_stats::{self, StatsSupport},
    workers::{self, FoundWorkers},
};
use crate::per_version::{
    known_queues::{KnownQueues, QueueKey},
    quiet_periods::QuietPeriods,
};

/// Reads the versions of one namespace.
#[derive(Clone)]
pub struct VersionReader {
    server: Server,
    quiet_periods: Arc<QuietPeriods>,
    known_queues: Arc<KnownQueues>,
    stats_support: Arc<StatsSupport>,
}

impl VersionReader {
    /// Reads through `client`, in its namespace.
    pub fn new(client: Client) -> Self {
        Self {
            server: Server::new(client),
            quiet_periods: Arc::default(),
            known_queues: Arc::default(),
            stats_support: Arc::default(),
        }
    }

    /// Records that `version` is being changed: it is not described until its quiet period ends. A
    /// version that has a compute config exists, even if this process has never described it.
    pub(crate) fn record_change(&self, version: &VersionId, has_config: bool) {
        if has_config {
            self.quiet_periods.record_answer(version);
        }
        self.quiet_periods.record_change(version);
        self.known_queues.forget(version);
    }

    /// Records that tasks of `queue` were announced to `version`.
    pub(crate) fn record_announced(&self, version: &VersionId, queue: QueueKey) {
        self.known_queues.record_announced(version, queue);
    }

    /// Whether the server announced tasks of any version since this process started.
    pub(crate) fn is_announced(&self) -> bool {
        self.known_queues.is_announced()
    }

    /// The types of the version's task queues that the server knows; empty if it does not know the
    /// version.
    pub(crate) async fn registered_types(
        &self,
        version: &VersionId,
    ) -> Result<BTreeSet<TaskType>, StatsError> {
        let queues = self.describe(version, false).await?;
        Ok(queues.iter().filter_map(|queue| TaskType::from_wire(queue.r#type.into())).collect())
    }

    /// The task types that a watch of this process has found registered lately. Reads nothing: while
    /// the server's workflow of a version is queried, the queries of clients are rejected.
    pub(crate) fn types_seen_by_watch(&self, version: &VersionId) -> BTreeSet<TaskType> {
        let known = self.known_queues.of(version).unwrap_or_default();
        known.iter().filter_map(|(_, kind)| TaskType::from_wire((*kind).into())).collect()
    }

    /// The version's queues with their stats, which are up to 5 s old.
    pub(crate) async fn queues(
        &self,
        version: &VersionId,
    ) -> Result<Vec<VersionTaskQueue>, StatsError> {
        if self.stats_support.is_likely() {
            let known = match self.known_queues.of(version) {
                Some(known) => known,
                None => keys(&self.describe(version, false).await?),
            };
            let support = &self.stats_support;
            let queues = version_stats::read(&self.server, support, version, &known).await?;
            if let Some(queues) = queues {
                return Ok(queues);
            }
        }
        self.describe(version, true).await
    }

    /// The version's queues with stats that the server computes now, unless somebody described the
    /// version within the last 5 s. Costs two queries of workflows, so that it is for rare cases.
    pub(crate) async fn fresh_queues(
        &self,
        version: &VersionId,
    ) -> Result<Vec<VersionTaskQueue>, StatsError> {
        self.describe(version, true).await
    }

    /// The workers that poll `queues`, by task type. `now` is the time since the Unix epoch.
    pub(crate) async fn workers(
        &self,
        version: &VersionId,
        queues: &[VersionTaskQueue],
        now: Duration,
    ) -> Result<FoundWorkers, StatsError> {
        workers::read(&self.server, version, queues, now).await
    }

    /// Refuses one more instance on `task_queue` if there are `max` besides that of `version`.
    pub(crate) async fn refuse_above(
        &self,
        max: u32,
        task_queue: &str,
        version: &VersionId,
    ) -> Option<Refusal> {
        instance_count::refuse_above(&self.server, max, task_queue, version).await
    }

    async fn describe(
        &self,
        version: &VersionId,
        with_stats: bool,
    ) -> Result<Vec<VersionTaskQueue>, StatsError> {
        self.quiet_periods.wait_until_quiet(version).await;
        let request = request(DescribeWorkerDeploymentVersionRequest {
            namespace: self.server.namespace(),
            deployment_version: Some(WorkerDeploymentVersion {
                deployment_name: version.deployment().to_owned(),
                build_id: version.build_id().to_owned(),
            }),
            report_task_queue_stats: with_stats,
            ..Default::default()
        });
        match self.server.service().describe_worker_deployment_version(request).await {
            Ok(response) => {
                self.quiet_periods.record_answer(version);
                let queues = response.into_inner().version_task_queues;
                self.known_queues.record_reported(version, keys(&queues));
                Ok(queues)
            }
            Err(status) if status.code() == Code::NotFound => Ok(Vec::new()),
            Err(status) => Err(Box::new(status).into()),
        }
    }
}

fn keys(queues: &[VersionTaskQueue]) -> Vec<QueueKey> {
    queues.iter().map(|queue| (queue.name.clone(), queue.r#type)).collect()
}
