//! Which workers of a version are there: those that poll its queues, and those that told the
//! server how they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use temporalio_common::protos::temporal::api::{
    enums::v1::{TaskQueueKind, WorkerStatus},
    taskqueue::v1::{PollerInfo, TaskQueue},
    worker::v1::{WorkerHeartbeat, WorkerSlotsInfo},
    workflowservice::v1::{
        DescribeTaskQueueRequest, ListWorkersRequest,
        describe_worker_deployment_version_response::VersionTaskQueue,
    },
};
use wci_contract::{
    TaskType, VersionId,
    stats::{WorkersByType, WorkersSeen},
};

use crate::{
    server::version_reader::VersionReader,
    server::version_reader::{StatsError, request},
};

/// A poll lasts a minute and a bit; a poller that was last seen earlier is gone.
const POLL_LASTS: Duration = Duration::from_secs(70);
/// What a heartbeat says of free slots is believed for this long. Of workers that tell nothing,
/// no slot is known to be free: while tasks wait, a poller is most likely one that is busy.
const SLOTS_FRESH: Duration = Duration::from_secs(2);
/// Queues of one version that are asked about.
const MOST_QUEUES: usize = 8;
/// Workers that the server is asked to list.
const PAGE: i32 = 1000;

/// A worker that is there, and its free slots for tasks of one type.
type Present = BTreeMap<String, u64>;

impl VersionReader {
    /// The workers that poll `queues`, by type of task. `now` is the time since the Unix epoch.
    pub(crate) async fn workers(
        &self,
        version: &VersionId,
        queues: &[VersionTaskQueue],
        now: Duration,
    ) -> Result<WorkersByType, StatsError> {
        let heartbeats = self.heartbeats(version).await?;
        let mut present: BTreeMap<TaskType, Present> = BTreeMap::new();
        for queue in queues.iter().take(MOST_QUEUES) {
            let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
            let workers = present.entry(kind).or_default();
            let polling = self.pollers(queue).await?;
            let polling = polling.into_iter().filter(|poller| is_of(poller, version, now));
            workers.extend(polling.map(|poller| (poller.identity, 0)));
            correct(workers, kind, queue, &heartbeats, now);
        }
        let seen = |workers: &Present| WorkersSeen {
            seen: workers.len().try_into().unwrap_or(u64::MAX),
            slots_free: workers.values().fold(0, |sum, slots| sum.saturating_add(*slots)),
        };
        Ok(present.iter().map(|(kind, workers)| (*kind, seen(workers))).collect())
    }

    async fn pollers(&self, queue: &VersionTaskQueue) -> Result<Vec<PollerInfo>, StatsError> {
        let request = request(DescribeTaskQueueRequest {
            namespace: self.namespace(),
            task_queue: Some(TaskQueue {
                name: queue.name.clone(),
                kind: TaskQueueKind::Normal.into(),
                ..Default::default()
            }),
            task_queue_type: queue.r#type,
            ..Default::default()
        });
        let response = self.service().describe_task_queue(request).await.map_err(Box::new)?;
        Ok(response.into_inner().pollers)
    }

    #[expect(deprecated, reason = "the list that replaces it knows nothing of slots")]
    /// What the version's workers told the server; empty where it keeps no such list.
    async fn heartbeats(&self, version: &VersionId) -> Result<Vec<WorkerHeartbeat>, StatsError> {
        let (Some(deployment), Some(build)) =
            (quoted(version.deployment()), quoted(version.build_id()))
        else {
            return Ok(Vec::new());
        };
        let request = request(ListWorkersRequest {
            namespace: self.namespace(),
            page_size: PAGE,
            query: format!("DeploymentName={deployment} AND BuildId={build}"),
            ..Default::default()
        });
        match self.service().list_workers(request).await {
            Ok(found) => Ok(found
                .into_inner()
                .workers_info
                .into_iter()
                .filter_map(|worker| worker.worker_heartbeat)
                .collect()),
            // An older server, or one that keeps no heartbeats: the pollers are enough.
            Err(status) => {
                tracing::debug!(%status, "the server lists no workers");
                Ok(Vec::new())
            }
        }
    }
}

/// How often the server is asked to find the workers of `queues`.
pub(crate) fn reads_of_workers(queues: &[VersionTaskQueue]) -> usize {
    1 + queues.len().min(MOST_QUEUES)
}

/// The time since the Unix epoch, now.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A poller stays listed for minutes after its worker is gone, and a queue has pollers of other
/// versions, too.
fn is_of(poller: &PollerInfo, version: &VersionId, now: Duration) -> bool {
    let accessed = poller.last_access_time.as_ref().map_or(0, |time| time.seconds);
    let accessed = Duration::from_secs(u64::try_from(accessed).unwrap_or(0));
    poller.deployment_options.as_ref().is_some_and(|options| {
        options.deployment_name == version.deployment() && options.build_id == version.build_id()
    }) && now.saturating_sub(accessed) < POLL_LASTS
}

/// Workers that said good-bye are gone, whatever the list of pollers says; what the others said
/// of their slots is better than a guess.
fn correct(
    present: &mut Present,
    kind: TaskType,
    queue: &VersionTaskQueue,
    heartbeats: &[WorkerHeartbeat],
    now: Duration,
) {
    let mut gone = BTreeSet::new();
    for worker in heartbeats.iter().filter(|worker| worker.task_queue == queue.name) {
        let is_running = worker.status() == WorkerStatus::Running;
        let told = worker.heartbeat_time.as_ref().map_or(0, |time| time.seconds);
        let told = Duration::from_secs(u64::try_from(told).unwrap_or(0));
        let age = now.saturating_sub(told);
        if !is_running {
            gone.insert(worker.worker_identity.as_str());
        } else if age < SLOTS_FRESH {
            let slots = slots_of(worker, kind).map_or(0, |slots| slots.current_available_slots);
            present.insert(worker.worker_identity.clone(), u64::try_from(slots).unwrap_or(0));
        }
    }
    present.retain(|identity, _| !gone.contains(identity.as_str()));
}

fn slots_of(worker: &WorkerHeartbeat, kind: TaskType) -> Option<&WorkerSlotsInfo> {
    match kind {
        TaskType::Workflow => worker.workflow_task_slots_info.as_ref(),
        TaskType::Activity => worker.activity_task_slots_info.as_ref(),
        TaskType::Nexus => worker.nexus_task_slots_info.as_ref(),
    }
}

/// `text` as a literal of the server's query language; `None` for what cannot be one.
fn quoted(text: &str) -> Option<String> {
    let is_plain = !text.contains(['\'', '\\']) && !text.chars().any(char::is_control);
    is_plain.then(|| format!("'{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn corrected(heartbeats: &[WorkerHeartbeat]) -> Present {
        let queue = VersionTaskQueue { name: "q".into(), ..Default::default() };
        let mut present = Present::from([("polls".to_owned(), 0), ("left".to_owned(), 0)]);
        correct(&mut present, TaskType::Activity, &queue, heartbeats, NOW);
        present
    }

    #[test]
    fn only_pollers_of_the_version_that_polled_lately_are_there() {
        assert!(is_of(&poller("b", 940), &version(), NOW));
        assert!(!is_of(&poller("b", 900), &version(), NOW));
        assert!(!is_of(&poller("other", 999), &version(), NOW));
        assert!(!is_of(&PollerInfo::default(), &version(), NOW));
    }

    #[test]
    fn a_worker_that_said_good_bye_is_gone_though_it_is_still_listed() {
        let left = heartbeat("left", WorkerStatus::ShuttingDown, 999);
        assert_eq!(corrected(&[left]), Present::from([("polls".to_owned(), 0)]));
    }

    #[test]
    fn a_worker_that_told_of_its_slots_lately_is_believed() {
        let told = corrected(&[
            heartbeat("polls", WorkerStatus::Running, 999),
            heartbeat("left", WorkerStatus::Running, 900),
        ]);
        assert_eq!(told, Present::from([("left".to_owned(), 0), ("polls".to_owned(), 3)]));
    }

    #[test]
    fn a_name_that_would_break_out_of_the_query_is_not_asked_for() {
        assert_eq!(quoted("orders").as_deref(), Some("'orders'"));
        assert_eq!(quoted("x' OR BuildId='y"), None);
    }
}
