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

/// Tasks a second from which a limit is no limit in practice.
const UNLIMITED: f64 = 10_000.0;

/// The workers of a version, and what the server said about its queues in the same answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundWorkers {
    /// The workers that poll, by task type.
    pub(crate) workers: WorkersByType,
    /// Tasks a second that the server lets through, by task type. A type with a queue that has no
    /// limit is absent.
    pub(crate) limits: BTreeMap<TaskType, f64>,
}

/// The workers that poll `queues`. `now` is the time since the Unix epoch.
pub(super) async fn read(
    server: &Server,
    version: &VersionId,
    queues: &[VersionTaskQueue],
    now: Duration,
) -> Result<FoundWorkers, StatsError> {
    let heartbeats = worker_heartbeats::read(server, version).await?;
    let mut by_type: BTreeMap<TaskType, FreeSlots> = BTreeMap::new();
    let mut limits: BTreeMap<TaskType, Option<f64>> = BTreeMap::new();
    for queue in queues.iter().take(MAX_QUEUES) {
        let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
        let workers = by_type.entry(kind).or_default();
        let (polling, limit) = pollers::read(server, version, queue, now).await?;
        let limit = limit.filter(|limit| (0.0..UNLIMITED).contains(limit));
        let sum = limits.entry(kind).or_insert(Some(0.0));
        *sum = sum.zip(limit).map(|(sum, limit)| sum + limit);
        // Without a heartbeat, no slot counts as free: while tasks wait, a poller is most likely
        // busy.
        workers.extend(polling.map(|identity| (identity, 0)));
        worker_heartbeats::correct(workers, kind, queue, &heartbeats, now);
    }
    let seen = |workers: &FreeSlots| WorkersSeen {
        seen: workers.len().try_into().unwrap_or(u64::MAX),
        slots_free: workers.values().fold(0, |sum, slots| sum.saturating_add(*slots)),
    };
    // Workers that poll other queues alone were not found: how many there are is unknown.
    let unread = queues.iter().skip(MAX_QUEUES);
    for kind in unread.filter_map(|queue| TaskType::from_wire(queue.r#type.into())) {
        by_type.remove(&kind);
        limits.remove(&kind);
    }
    let workers = by_type.iter().map(|(kind, workers)| (*kind, seen(workers))).collect();
    let limits = limits.into_iter().filter_map(|(kind, limit)| Some((kind, limit?))).collect();
    Ok(FoundWorkers { workers, limits })
}

/// The number of requests that it takes to find the workers of `queues`.
pub(crate) fn requests(queues: &[VersionTaskQueue]) -> usize {
    1 + queues.len().min(MAX_QUEUES)
}
