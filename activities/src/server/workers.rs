//! The workers of a version: those that poll its queues, corrected by the heartbeats that they sent
//! to the server.

mod pollers;
mod worker_heartbeats;

use std::{collections::BTreeMap, time::Duration};

use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    TaskType, VersionId,
    stats::{WorkersByType, WorkersSeen},
};

use super::connection::{Server, StatsError};

/// Queues of one version whose pollers are read.
const MAX_QUEUES: usize = 8;

/// The free slots for tasks of one type, by the identity of the worker.
type FreeSlots = BTreeMap<String, u64>;

/// The workers that poll `queues`, by task type. `now` is the time since the Unix epoch.
pub(super) async fn read(
    server: &Server,
    version: &VersionId,
    queues: &[VersionTaskQueue],
    now: Duration,
) -> Result<WorkersByType, StatsError> {
    let heartbeats = worker_heartbeats::read(server, version).await?;
    let mut by_type: BTreeMap<TaskType, FreeSlots> = BTreeMap::new();
    for queue in queues.iter().take(MAX_QUEUES) {
        let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
        let workers = by_type.entry(kind).or_default();
        let polling = pollers::read(server, version, queue, now).await?;
        // Without a heartbeat, no slot counts as free: while tasks wait, a poller is most likely
        // busy.
        workers.extend(polling.map(|identity| (identity, 0)));
        worker_heartbeats::correct(workers, kind, queue, &heartbeats, now);
    }
    let seen = |workers: &FreeSlots| WorkersSeen {
        seen: workers.len().try_into().unwrap_or(u64::MAX),
        slots_free: workers.values().fold(0, |sum, slots| sum.saturating_add(*slots)),
    };
    Ok(by_type.iter().map(|(kind, workers)| (*kind, seen(workers))).collect())
}

/// The number of requests that it takes to find the workers of `queues`.
pub(crate) fn requests(queues: &[VersionTaskQueue]) -> usize {
    1 + queues.len().min(MAX_QUEUES)
}
