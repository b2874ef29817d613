//! The end of a worker that the load does not need: it takes no new tasks, and completes what it
//! has.

use crate::{
    gate::{Gate, Polls},
    task_tracker::{TaskState, TaskTracker},
};
use std::time::Duration;
use temporal_query_safe_connection::MAX_POLL;
use tokio::time::{sleep_until, timeout};

/// After this long without a task, no cached workflow is due soon. The end of an activity counts,
/// too: its workflow continues right after it.
const DUE_SOON: Duration = Duration::from_secs(2);
/// The longest time that cached workflows keep a worker. Workflows that never pause would keep it
/// forever, for the price of one replay each.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time in which the server ends the polls that have reached it. It is asked again for those
/// that were on their way.
const SETTLE: Duration = Duration::from_millis(300);
/// The longest time that the last polls keep a worker: longer than a poll lasts.
const LAST_POLLS: Duration = Duration::from_secs(MAX_POLL.as_secs() + 2);

/// Waits until the worker has nothing in hand, none of its cached workflows is due soon, and no poll
/// can bring it another task.
///
/// It takes no new tasks meanwhile. `end_polls` asks the server to end the polls that are under way.
///
/// A server that does not end them keeps the tasks of cached workflows for this worker, so that it
/// polls for these until it leaves.
///
/// The shutdown of core 0.10.1 loses a workflow task that a poll brings in the same moment, until it
/// times out. So the polls end before.
pub(super) async fn until_nothing_in_hand(
    tracker: &TaskTracker,
    gate: &Gate,
    hold: Hold,
    end_polls: impl AsyncFn(),
) {
    gate.set(Polls::OfCachedWorkflows);
    let mut states = tracker.subscribe();
    if hold.polls {
        let are_over = |state: &TaskState| state.open_shared_polls == 0;
        // A poll that is still open then has lost its connection.
        let _ = timeout(LAST_POLLS, states.wait_for(are_over)).await;
    }
    until_quiet(tracker, hold.workflows, tracker.elapsed()).await;
    gate.set(Polls::None);
    let closed = tracker.elapsed();
    while !hold.polls && tracker.elapsed() < closed + LAST_POLLS {
        end_polls().await;
        let has_nothing = |state: &TaskState| state.open_polls == 0 && state.running.total() == 0;
        if timeout(SETTLE, states.wait_for(has_nothing)).await.is_ok() {
            break;
        }
    }
    let _ = states.wait_for(|state| state.running.total() == 0).await;
}

/// Waits until no task runs, and until more are unlikely.
async fn until_quiet(tracker: &TaskTracker, has_cache: bool, began: Duration) {
    let mut states = tracker.subscribe();
    loop {
        let state = *states.borrow_and_update();
        match in_hand(&state, has_cache, began, tracker.elapsed()) {
            InHand::Nothing => return,
            InHand::PerhapsUntil(time) => {
                tokio::select! {
                    () = sleep_until(tracker.instant(time)) => {}
                    _ = states.changed() => {}
                }
            }
            InHand::Tasks => {
                if states.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What may keep a worker beside its tasks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Hold {
    /// It keeps workflows between their tasks.
    pub(super) workflows: bool,
    /// The server does not end the polls of a worker on request. A task that it hands to such a poll
    /// in the moment of a shutdown would be lost until its timeout.
    pub(super) polls: bool,
}

/// What keeps a worker that would leave. Times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum InHand {
    Nothing,
    /// Tasks run.
    Tasks,
    /// Cached workflows may continue soon, until this time.
    PerhapsUntil(Duration),
}

/// Determines what a worker with `state` has in hand at `now`, without a clock. `began` is when it
/// stopped taking new tasks.
fn in_hand(state: &TaskState, has_cache: bool, began: Duration, now: Duration) -> InHand {
    if state.running.total() > 0 {
        return InHand::Tasks;
    }
    match has_cache.then(|| due_until(state, began)).flatten() {
        Some(until) if until > now => InHand::PerhapsUntil(until),
        _ => InHand::Nothing,
    }
}

/// Until when a cached workflow may be due, if there was a task at all.
fn due_until(state: &TaskState, began: Duration) -> Option<Duration> {
    let last = state.last_change?;
    let due = last.saturating_add(DUE_SOON);
    // Workflow tasks may go on forever. The activities that this worker has do not.
    let is_workflow_task = state.last_workflow_task == Some(last);
    Some(if is_workflow_task { due.min(began + PATIENCE) } else { due })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_counts::TaskCounts;
    use temporalio_sdk_core::SlotKindType;
    use tokio::time::{Instant, sleep};

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const CACHE: bool = true;
    const NONE: bool = false;

    fn hold(workflows: bool) -> Hold {
        Hold { workflows, polls: false }
    }

    fn ended_at(seconds: u64) -> TaskState {
        let last = Some(at(seconds));
        TaskState { last_change: last, last_workflow_task: last, ..TaskState::default() }
    }

    #[test]
    fn a_worker_without_tasks_and_workflows_leaves_at_once() {
        assert_eq!(in_hand(&TaskState::default(), CACHE, at(9), at(9)), InHand::Nothing);
        assert_eq!(in_hand(&ended_at(1), CACHE, at(9), at(9)), InHand::Nothing);
    }

    #[test]
    fn a_worker_whose_cached_workflows_are_due_soon_stays_for_them() {
        assert_eq!(in_hand(&ended_at(8), CACHE, at(9), at(9)), InHand::PerhapsUntil(at(10)));
        assert_eq!(in_hand(&ended_at(8), CACHE, at(9), at(10)), InHand::Nothing);
    }

    #[test]
    fn the_workflow_of_an_activity_that_has_just_ended_is_due_however_long_that_took() {
        let state = TaskState { last_workflow_task: Some(at(1)), ..ended_at(99) };
        assert_eq!(in_hand(&state, CACHE, at(9), at(99)), InHand::PerhapsUntil(at(101)));
        assert_eq!(in_hand(&state, CACHE, at(9), at(101)), InHand::Nothing);
    }

    #[test]
    fn a_worker_without_a_sticky_cache_need_not_wait_for_its_workflows() {
        assert_eq!(in_hand(&ended_at(8), NONE, at(9), at(9)), InHand::Nothing);
    }

    #[test]
    fn workflows_that_never_pause_keep_a_worker_for_half_a_minute() {
        assert_eq!(in_hand(&ended_at(38), CACHE, at(9), at(38)), InHand::PerhapsUntil(at(39)));
        assert_eq!(in_hand(&ended_at(39), CACHE, at(9), at(39)), InHand::Nothing);
    }

    #[test]
    fn a_running_task_keeps_a_worker_for_as_long_as_it_runs() {
        let running = TaskCounts { local_activity: 1, ..TaskCounts::default() };
        let state = TaskState { running, ..TaskState::default() };
        assert_eq!(in_hand(&state, NONE, at(0), at(10_000)), InHand::Tasks);
    }

    #[tokio::test(start_paused = true)]
    async fn on_a_server_that_does_not_end_polls_the_last_ones_are_awaited() {
        let (tracker, gate) = (TaskTracker::new(Instant::now()), Gate::default());
        let poll = tracker.poll_opened(true);
        let polls = async {
            sleep(at(19)).await;
            drop(poll);
        };
        let asked = async || panic!("it cannot end them");
        let hold = Hold { workflows: false, polls: true };
        tokio::join!(until_nothing_in_hand(&tracker, &gate, hold, asked), polls);
        assert_eq!(tracker.elapsed(), at(19));
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_that_was_on_its_way_is_ended_too_and_its_task_is_served() {
        let (tracker, gate) = (TaskTracker::new(Instant::now()), Gate::default());
        let polls =
            std::cell::RefCell::new(vec![tracker.poll_opened(true), tracker.poll_opened(false)]);
        // Each request ends one; the second one has brought a task.
        let end_polls = async || {
            let ended = polls.borrow_mut().pop();
            if ended.is_some() && polls.borrow().is_empty() {
                tracker.task_started(SlotKindType::Workflow);
            }
            drop(ended);
        };
        let task = async {
            sleep(at(5)).await;
            assert!(!gate.is_open(false), "it polls for nothing");
            tracker.task_finished(SlotKindType::Workflow);
        };
        tokio::join!(until_nothing_in_hand(&tracker, &gate, hold(true), end_polls), task);
        assert_eq!((tracker.elapsed(), polls.borrow().len()), (at(5), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_worker_leaves_when_its_last_task_has_ended_and_its_workflow_has_paused() {
        let tracker = TaskTracker::new(Instant::now());
        tracker.task_started(SlotKindType::Activity);
        let tasks = async {
            sleep(at(60)).await;
            tracker.task_started(SlotKindType::Workflow);
            tracker.task_finished(SlotKindType::Activity);
            sleep(at(1)).await;
            tracker.task_finished(SlotKindType::Workflow);
        };
        let gate = Gate::default();
        tokio::join!(until_nothing_in_hand(&tracker, &gate, hold(CACHE), async || ()), tasks);
        assert_eq!(tracker.elapsed(), at(61));
        assert!(!gate.is_open(false));
    }
}
