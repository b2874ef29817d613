//! The heartbeats that a version's workers sent to the server.

use std::{collections::BTreeSet, time::Duration};

use temporalio_common::protos::temporal::api::{
    enums::v1::WorkerStatus,
    worker::v1::{WorkerHeartbeat, WorkerSlotsInfo},
    workflowservice::v1::{
        ListWorkersRequest, describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::{TaskType, VersionId};

use super::FreeSlots;
use crate::server::{
    connection::{Server, StatsError, request},
    query_literal::query_literal,
};

/// The free slots in a heartbeat are believed for this long.
const SLOTS_FRESH: Duration = Duration::from_secs(2);
/// Workers that the server lists at most.
const PAGE_SIZE: i32 = 1000;

/// The latest heartbeats of the version's workers; empty if the server keeps none.
#[expect(deprecated, reason = "the list that replaces it does not report slots")]
pub(super) async fn read(
    server: &Server,
    version: &VersionId,
) -> Result<Vec<WorkerHeartbeat>, StatsError> {
    let deployment = query_literal(version.deployment());
    let build = query_literal(version.build_id());
    let request = request(ListWorkersRequest {
        namespace: server.namespace(),
        page_size: PAGE_SIZE,
        query: format!("DeploymentName={deployment} AND BuildId={build}"),
        ..Default::default()
    });
    match server.service().list_workers(request).await {
        Ok(response) => Ok(response
            .into_inner()
            .workers_info
            .into_iter()
            .filter_map(|worker| worker.worker_heartbeat)
            .collect()),
        // An older server, or one that keeps no heartbeats: the pollers are enough.
        Err(status) => {
            tracing::debug!(%status, "the server does not list workers");
            Ok(Vec::new())
        }
    }
}

/// Removes the workers that reported their shutdown, even if they are still listed as pollers, and
/// sets the free slots that others reported lately.
pub(super) fn correct(
    workers: &mut FreeSlots,
    kind: TaskType,
    queue: &VersionTaskQueue,
    heartbeats: &[WorkerHeartbeat],
    now: Duration,
) {
    let mut gone = BTreeSet::new();
    for worker in heartbeats.iter().filter(|worker| worker.task_queue == queue.name) {
        let is_running = worker.status() == WorkerStatus::Running;
        let sent = worker.heartbeat_time.as_ref().map_or(0, |time| time.seconds);
        let sent = Duration::from_secs(u64::try_from(sent).unwrap_or(0));
        let age = now.saturating_sub(sent);
        if !is_running {
            gone.insert(worker.worker_identity.as_str());
        } else if age < SLOTS_FRESH {
            let slots = slots_of(worker, kind).map_or(0, |slots| slots.current_available_slots);
            workers.insert(worker.worker_identity.clone(), u64::try_from(slots).unwrap_or(0));
        }
    }
    workers.retain(|identity, _| !gone.contains(identity.as_str()));
}

fn slots_of(worker: &WorkerHeartbeat, kind: TaskType) -> Option<&WorkerSlotsInfo> {
    match kind {
        TaskType::Workflow => worker.workflow_task_slots_info.as_ref(),
        TaskType::Activity => worker.activity_task_slots_info.as_ref(),
        TaskType::Nexus => worker.nexus_task_slots_info.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const NOW: Duration = Duration::from_secs(1_000);

    fn heartbeat(identity: &str, status: WorkerStatus, seconds: u64) -> WorkerHeartbeat {
        WorkerHeartbeat {
            worker_identity: identity.into(),
            task_queue: "q".into(),
            status: status.into(),
            heartbeat_time: Some((UNIX_EPOCH + Duration::from_secs(seconds)).into()),
            activity_task_slots_info: Some(WorkerSlotsInfo {
                current_available_slots: 3,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn corrected(heartbeats: &[WorkerHeartbeat]) -> FreeSlots {
        let queue = VersionTaskQueue { name: "q".into(), ..Default::default() };
        let mut workers = FreeSlots::from([("polls".to_owned(), 0), ("left".to_owned(), 0)]);
        correct(&mut workers, TaskType::Activity, &queue, heartbeats, NOW);
        workers
    }

    #[test]
    fn a_worker_that_reported_its_shutdown_is_gone_though_it_is_still_listed() {
        let left = heartbeat("left", WorkerStatus::ShuttingDown, 999);
        assert_eq!(corrected(&[left]), FreeSlots::from([("polls".to_owned(), 0)]));
    }

    #[test]
    fn free_slots_that_a_worker_reported_lately_are_believed() {
        let workers = corrected(&[
            heartbeat("polls", WorkerStatus::Running, 999),
            heartbeat("left", WorkerStatus::Running, 900),
        ]);
        assert_eq!(workers, FreeSlots::from([("left".to_owned(), 0), ("polls".to_owned(), 3)]));
    }
}
