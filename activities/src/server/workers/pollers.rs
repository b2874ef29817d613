//! The workers that poll a task queue.

use std::time::Duration;

use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueKind,
    taskqueue::v1::{PollerInfo, TaskQueue},
    workflowservice::v1::{
        DescribeTaskQueueRequest, describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::VersionId;

use crate::server::connection::{Server, StatsError, request};

/// A poll lasts slightly more than a minute: a poller that was last seen earlier is gone.
const POLL_LASTS: Duration = Duration::from_secs(70);

/// The identities of the workers of `version` that poll `queue`, and the tasks a second that the
/// server lets through for all versions together, if it says so.
pub(super) async fn read<'a>(
    server: &Server,
    version: &'a VersionId,
    queue: &VersionTaskQueue,
    now: Duration,
) -> Result<(impl Iterator<Item = String> + use<'a>, Option<f64>), StatsError> {
    let request = request(DescribeTaskQueueRequest {
        namespace: server.namespace(),
        task_queue: Some(TaskQueue {
            name: queue.name.clone(),
            kind: TaskQueueKind::Normal.into(),
            ..Default::default()
        }),
        task_queue_type: queue.r#type,
        ..Default::default()
    });
    let response = server.service().describe_task_queue(request).await.map_err(Box::new)?;
    let response = response.into_inner();
    let limit = response.effective_rate_limit.map(|limit| f64::from(limit.requests_per_second));
    let pollers = response.pollers.into_iter();
    let current = pollers.filter(move |poller| is_current(poller, version, now));
    Ok((current.map(|poller| poller.identity), limit))
}

/// A poller stays listed for minutes after its worker is gone, and a queue has pollers of other
/// versions, too.
fn is_current(poller: &PollerInfo, version: &VersionId, now: Duration) -> bool {
    let accessed = poller.last_access_time.as_ref().map_or(0, |time| time.seconds);
    let accessed = Duration::from_secs(u64::try_from(accessed).unwrap_or(0));
    poller.deployment_options.as_ref().is_some_and(|options| {
        options.deployment_name == version.deployment() && options.build_id == version.build_id()
    }) && now.saturating_sub(accessed) < POLL_LASTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;
    use temporalio_common::protos::temporal::api::deployment::v1::WorkerDeploymentOptions;

    const NOW: Duration = Duration::from_secs(1_000);

    fn version() -> VersionId {
        VersionId::new("d", "b").unwrap()
    }

    fn poller(build_id: &str, seconds: u64) -> PollerInfo {
        PollerInfo {
            last_access_time: Some((UNIX_EPOCH + Duration::from_secs(seconds)).into()),
            deployment_options: Some(WorkerDeploymentOptions {
                deployment_name: "d".into(),
                build_id: build_id.into(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn only_pollers_of_the_version_that_polled_lately_are_there() {
        assert!(is_current(&poller("b", 940), &version(), NOW));
        assert!(!is_current(&poller("b", 900), &version(), NOW));
        assert!(!is_current(&poller("other", 999), &version(), NOW));
        assert!(!is_current(&PollerInfo::default(), &version(), NOW));
    }
}
