//! Announces waiting tasks to an instance in place of the matching service, whose own signals may
//! have been lost.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::{Instant, sleep};
use wci_contract::{Spec, VersionId, signal::TaskAdd, state::State};

use crate::{
    clock,
    control::{AdminClient, ControlError, Queue},
};

/// The server's stats are up to 5 s old, so a backlog shows within this time.
const STATS_DELAY: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(500);
/// A version whose last decision is no older than this still receives tasks.
const RECENT: Duration = Duration::from_secs(10);

/// An announcement of one task for some group of `spec`.
pub(super) fn synthetic_signal(spec: &Spec) -> Option<TaskAdd> {
    let kind = spec.scaling_group_specs.keys().find_map(|group| spec.types_of(group).pop());
    kind.map(|kind| TaskAdd {
        task_queue_type: i64::from(kind.to_wire()),
        misses: 1,
        ..TaskAdd::default()
    })
}

/// Announces one task to each group of the instance for which tasks wait, or may wait, and returns
/// the number of announcements. `last` is the last state of the previous instance.
pub(super) async fn reannounce(
    admin: &AdminClient,
    id: &VersionId,
    last: &State,
) -> Result<usize, ControlError> {
    let spec = last.spec.clone().unwrap_or_default();
    let began = Instant::now();
    loop {
        let queues = admin.queues(id).await?;
        let tasks = once_for_each_group(&spec, waiting(last, &queues));
        if !tasks.is_empty() || began.elapsed() >= STATS_DELAY {
            for task in &tasks {
                admin.announce(id, task).await?;
            }
            return Ok(tasks.len());
        }
        sleep(PAUSE).await;
    }
}

/// Announces one task to each group of the running instance whose backlog the server reports.
pub(super) async fn announce_backlog(
    admin: &AdminClient,
    id: &VersionId,
) -> Result<(), ControlError> {
    let spec = admin.describe(id).await?.spec;
    let state = State { spec, ..State::default() };
    let tasks = waiting(&state, &admin.queues(id).await?);
    for task in once_for_each_group(&state.spec.unwrap_or_default(), tasks) {
        admin.announce(id, &task).await?;
    }
    Ok(())
}

/// Announcements of tasks that wait, or may wait.
fn waiting(last: &State, queues: &[Queue]) -> Vec<TaskAdd> {
    let pending = last.pending_task_add_signals.iter().filter(|task| task.is_eligible());
    let mut tasks: Vec<TaskAdd> =
        pending.map(|task| TaskAdd { misses: 1, ..task.clone() }).collect();
    let is_busy = was_busy(last);
    tasks.extend(queues.iter().filter(|queue| is_busy || queue.backlog > 0).map(Queue::task));
    tasks
}

/// Whether the instance received tasks recently: then more may have arrived after its end.
fn was_busy(last: &State) -> bool {
    let now = clock::now();
    last.wci.as_ref().is_some_and(|wci| {
        let latest = wci.decisions.last().map(|decision| decision.at_ms);
        !wci.launches.is_empty() || latest.is_some_and(|at| clock::since(at, now) < RECENT)
    })
}

fn once_for_each_group(spec: &Spec, tasks: Vec<TaskAdd>) -> Vec<TaskAdd> {
    let mut served = BTreeSet::new();
    let is_first = |task: &TaskAdd| {
        let group = task.kind().and_then(|kind| spec.group_for(kind));
        group.is_some_and(|group| served.insert(group.to_owned()))
    };
    tasks.into_iter().filter(is_first).collect()
}
