//! A version's stats without a query to any workflow.
//!
//! `DescribeTaskQueue` in its enhanced mode reports the stats of one Worker Deployment Version,
//! named `<deployment>:<build ID>` as server 1.32 names it in its queues. They are the same as
//! those of `DescribeWorkerDeploymentVersion`. The mode is deprecated: where a server does not
//! report them, the version is described instead.

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

use super::connection::{Server, StatsError, request};
use crate::per_version::known_queues::QueueKey;

/// Names of queues that are read one after another; a version with more is described.
const MAX_NAMES: usize = 4;

/// Whether the server supports the mode: assumed until it says that it does not.
#[derive(Debug)]
pub(super) struct StatsSupport(AtomicBool);

impl Default for StatsSupport {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl StatsSupport {
    /// Whether the mode is worth trying.
    pub(super) fn is_likely(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn rule_out(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The stats of `known`, the version's queues; `None` if the server does not report them this way.
pub(super) async fn read(
    server: &Server,
    support: &StatsSupport,
    version: &VersionId,
    known: &[QueueKey],
) -> Result<Option<Vec<VersionTaskQueue>>, StatsError> {
    let names: BTreeSet<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() > MAX_NAMES {
        return Ok(None);
    }
    let mut queues = Vec::with_capacity(known.len());
    for name in names {
        let types: Vec<i32> =
            known.iter().filter(|(queue, _)| queue == name).map(|(_, kind)| *kind).collect();
        let stats = read_queue(server, support, version, name, types).await?;
        let Some(stats) = stats else { return Ok(None) };
        queues.extend(stats);
    }
    Ok(Some(queues))
}

async fn read_queue(
    server: &Server,
    support: &StatsSupport,
    version: &VersionId,
    name: &str,
    types: Vec<i32>,
) -> Result<Option<Vec<VersionTaskQueue>>, StatsError> {
    let build = version.to_string();
    let describe = describe_task_queue(server.namespace(), name, &build, types.clone());
    match server.service().describe_task_queue(request(describe)).await {
        Ok(response) => Ok(stats_of(response.into_inner(), &build, name, &types)),
        Err(status) if status.code() == Code::Unimplemented => {
            support.rule_out();
            tracing::debug!(%status, "the server does not report the stats of a version's queue");
            Ok(None)
        }
        // The name is one that no queue can have.
        Err(status) if status.code() == Code::InvalidArgument => Ok(None),
        Err(status) => Err(Box::new(status).into()),
    }
}

#[expect(deprecated, reason = "the mode that replaces it does not tell versions apart")]
fn describe_task_queue(
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

/// The stats of all of `types`; `None` if one is missing, as on a server that names versions
/// differently.
fn stats_of(
    mut response: DescribeTaskQueueResponse,
    build: &str,
    name: &str,
    types: &[i32],
) -> Option<Vec<VersionTaskQueue>> {
    let mut found = response.versions_info.remove(build)?.types_info;
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

    fn response(build: &str, types: &[i32]) -> DescribeTaskQueueResponse {
        let stats = TaskQueueStats { approximate_backlog_count: 7, ..Default::default() };
        let info = TaskQueueTypeInfo { stats: Some(stats), ..Default::default() };
        let types_info = types.iter().map(|kind| (*kind, info.clone())).collect();
        let version = TaskQueueVersionInfo { types_info, ..Default::default() };
        let versions_info = [(build.to_owned(), version)].into();
        DescribeTaskQueueResponse { versions_info, ..Default::default() }
    }

    #[test]
    fn the_stats_of_each_known_type_are_taken() {
        let found = stats_of(response("d:b", &[1, 2]), "d:b", "q", &[1]).unwrap();
        let stats = found[0].stats.as_ref().unwrap();
        assert_eq!((found.len(), stats.approximate_backlog_count), (1, 7));
    }

    #[test]
    fn an_answer_without_the_version_or_a_type_of_it_is_none() {
        assert!(stats_of(response("d.b", &[1, 2]), "d:b", "q", &[1]).is_none());
        assert!(stats_of(response("d:b", &[1]), "d:b", "q", &[1, 2]).is_none());
        assert!(stats_of(response("d:b", &[]), "d:b", "q", &[1]).is_none());
    }
}
