//! A version's figures without a question to any workflow.
//!
//! `DescribeTaskQueue` in its enhanced mode gives the figures of one Worker Deployment Version,
//! named `<deployment>:<build ID>` as server 1.32 names it in its queues; they are those that
//! `DescribeWorkerDeploymentVersion` gives. The mode is deprecated: where a server answers
//! otherwise, the version is described.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use temporalio_client::tonic::Code;
use temporalio_common::protos::temporal::api::{
    enums::v1::{DescribeTaskQueueMode, TaskQueueKind},
    taskqueue::v1::{TaskQueue, TaskQueueVersionSelection},
    workflowservice::v1::{
        DescribeTaskQueueRequest, DescribeTaskQueueResponse,
        describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::VersionId;

use crate::{
    per_version::known_queues::QueueKey,
    server::version_reader::VersionReader,
    server::version_reader::{StatsError, request},
};

/// Names of queues that are asked for one after another; a version with more is described.
const MOST_NAMES: usize = 4;

/// Whether the server has the mode, as far as it is known.
#[derive(Debug)]
pub(crate) struct StatsSupport(AtomicBool);

impl Default for StatsSupport {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl StatsSupport {
    /// Whether it is worth asking.
    pub(crate) fn is_likely(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn is_not(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl VersionReader {
    /// The figures of `known`, the version's queues; `None` when they are not to be had this way.
    pub(crate) async fn version_stats(
        &self,
        version: &VersionId,
        known: &[QueueKey],
    ) -> Result<Option<Vec<VersionTaskQueue>>, StatsError> {
        let names: BTreeSet<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        if names.len() > MOST_NAMES {
            return Ok(None);
        }
        let mut queues = Vec::with_capacity(known.len());
        for name in names {
            let types: Vec<i32> =
                known.iter().filter(|(queue, _)| queue == name).map(|(_, kind)| *kind).collect();
            let Some(found) = self.version_stats_of(version, name, types).await? else {
                return Ok(None);
            };
            queues.extend(found);
        }
        Ok(Some(queues))
    }

    async fn version_stats_of(
        &self,
        version: &VersionId,
        name: &str,
        types: Vec<i32>,
    ) -> Result<Option<Vec<VersionTaskQueue>>, StatsError> {
        let build = version.to_string();
        let asked = question(self.namespace(), name, &build, types.clone());
        match self.service().describe_task_queue(request(asked)).await {
            Ok(answer) => Ok(figures(answer.into_inner(), &build, name, &types)),
            Err(status) if status.code() == Code::Unimplemented => {
                self.stats_support.is_not();
                tracing::debug!(%status, "the server gives no figures of a version's queue");
                Ok(None)
            }
            // As for a name that no queue can have.
            Err(status) if status.code() == Code::InvalidArgument => Ok(None),
            Err(status) => Err(Box::new(status).into()),
        }
    }
}

#[expect(deprecated, reason = "the mode that replaces it does not tell versions apart")]
fn question(
    namespace: String,
    name: &str,
    build: &str,
    types: Vec<i32>,
) -> DescribeTaskQueueRequest {
    DescribeTaskQueueRequest {
        namespace,
        task_queue: Some(TaskQueue {
            name: name.to_owned(),
            kind: TaskQueueKind::Normal.into(),
            ..Default::default()
        }),
        api_mode: DescribeTaskQueueMode::Enhanced.into(),
        versions: Some(TaskQueueVersionSelection {
            build_ids: vec![build.to_owned()],
            ..Default::default()
        }),
        task_queue_types: types,
        report_stats: true,
        ..Default::default()
    }
}

/// The figures of every one of `types`; `None` when one is missing, as where the server names
/// versions otherwise.
fn figures(
    mut answer: DescribeTaskQueueResponse,
    build: &str,
    name: &str,
    types: &[i32],
) -> Option<Vec<VersionTaskQueue>> {
    let mut found = answer.versions_info.remove(build)?.types_info;
    let queue = |kind: &i32| {
        let stats = Some(found.remove(kind)?.stats?);
        Some(VersionTaskQueue { name: name.to_owned(), r#type: *kind, stats, ..Default::default() })
    };
    types.iter().map(queue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::temporal::api::taskqueue::v1::{
        TaskQueueStats, TaskQueueTypeInfo, TaskQueueVersionInfo,
    };

    fn answer(build: &str, types: &[i32]) -> DescribeTaskQueueResponse {
        let stats = TaskQueueStats { approximate_backlog_count: 7, ..Default::default() };
        let info = TaskQueueTypeInfo { stats: Some(stats), ..Default::default() };
        let types_info = types.iter().map(|kind| (*kind, info.clone())).collect();
        let version = TaskQueueVersionInfo { types_info, ..Default::default() };
        let versions_info = [(build.to_owned(), version)].into();
        DescribeTaskQueueResponse { versions_info, ..Default::default() }
    }

    #[test]
    fn the_figures_of_each_known_type_are_taken() {
        let found = figures(answer("d:b", &[1, 2]), "d:b", "q", &[1]).unwrap();
        let stats = found[0].stats.as_ref().unwrap();
        assert_eq!((found.len(), stats.approximate_backlog_count), (1, 7));
    }

    #[test]
    fn an_answer_without_the_version_or_a_type_of_it_is_none() {
        assert!(figures(answer("d.b", &[1, 2]), "d:b", "q", &[1]).is_none());
        assert!(figures(answer("d:b", &[1]), "d:b", "q", &[1, 2]).is_none());
        assert!(figures(answer("d:b", &[]), "d:b", "q", &[1]).is_none());
    }
}
