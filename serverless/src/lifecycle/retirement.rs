//! The end of a worker that the load does not need: it takes no new tasks, and completes what it
//! has.

use crate::{
    gate::{Gate, Polls},
    task_tracker::{TaskState, TaskTracker},
};
use std::time::Duration;
use tokio::time::{sleep_until, timeout};

/// After this long without a task, no cached workflow is due soon. The end of an activity counts,
/// too: its workflow continues right after it.
const DUE_SOON: Duration = Duration::from_secs(2);
/// The longest time that cached workflows keep a worker. Workflows that never pause would keep it
/// forever, for the price of one replay each.
const PATIENCE: Duration = Duration::from_secs(30);
/// After this long it leaves as soon as no task runs, though another one may follow.
const GIVE_UP: Duration = Duration::from_secs(45);
/// The moment without polls before the shutdown: a poll reaches the server in less.
const SETTLE: Duration = Duration::from_millis(300);
/// The longest time that the last polls keep a worker. While there is work, they bring a task much
/// sooner.
const LAST_POLLS: Duration = Duration::from_secs(12);

/// Waits until the worker has nothing in hand, and none of its cached workflows is due soon.
///
/// It takes no new tasks meanwhile.
pub(super) async fn until_nothing_in_hand(tracker: &TaskTracker, gate: &Gate, hold: Hold) {
    let began = tracker.elapsed();
    loop {
        gate.set(Polls::OfCachedWorkflows);
        until_quiet(tracker, hold, began).await;
        gate.set(Polls::None);
        let is_late = tracker.elapsed() > began + GIVE_UP;
        if !hold.workflows || settles(tracker).await || is_late {
            return;
        }
    }
}

/// Whether nothing happens for a moment without polls.
///
/// A poll for cached workflows that reached the server after the news of the shutdown would have
/// the server keep their tasks for this worker.
async fn settles(tracker: &TaskTracker) -> bool {
    let before = tracker.state().last_change;
    let mut states = tracker.subscribe();
    timeout(SETTLE, states.wait_for(|state| state.last_change != before)).await.is_err()
}

/// Waits until no task runs, and until more are unlikely.
async fn until_quiet(tracker: &TaskTracker, hold: Hold, began: Duration) {
    let mut states = tracker.subscribe();
    loop {
        let state = *states.borrow_and_update();
        match in_hand(&state, hold, began, tracker.elapsed()) {
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
    /// The server does not end the polls of a worker that shuts down. A task that it hands to such
    /// a poll at that moment would be lost until its timeout.
    pub(super) polls: bool,
}

/// What keeps a worker that would leave. Times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum InHand {
    Nothing,
    /// Tasks run.
    Tasks,
    /// Cached workflows may continue soon, or polls may bring a task, until this time.
    PerhapsUntil(Duration),
}

/// Determines what a worker with `state` has in hand at `now`, without a clock. `began` is when it
/// stopped taking new tasks.
fn in_hand(state: &TaskState, hold: Hold, began: Duration, now: Duration) -> InHand {
    if state.running.total() > 0 {
        return InHand::Tasks;
    }
    let workflows = hold.workflows.then(|| due_until(state, began)).flatten();
    let polls = (hold.polls && state.open_polls > 0).then_some(began + LAST_POLLS);
    match workflows.max(polls) {
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

    const CACHE: Hold = Hold { workflows: true, polls: false };
    const NONE: Hold = Hold { workflows: false, polls: false };

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

    #[test]
    fn on_a_server_that_does_not_end_polls_the_last_ones_are_awaited() {
        let polling = TaskState { open_polls: 1, ..TaskState::default() };
        let polls = Hold { polls: true, ..NONE };
        assert_eq!(in_hand(&polling, NONE, at(9), at(9)), InHand::Nothing);
        assert_eq!(in_hand(&polling, polls, at(9), at(9)), InHand::PerhapsUntil(at(21)));
        assert_eq!(in_hand(&polling, polls, at(9), at(21)), InHand::Nothing);
        assert_eq!(in_hand(&TaskState::default(), polls, at(9), at(9)), InHand::Nothing);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_comes_at_the_last_moment_is_served_with_what_follows_it() {
        let (tracker, gate) = (TaskTracker::new(Instant::now()), Gate::default());
        let task = async {
            sleep(SETTLE / 2).await;
            assert!(!gate.is_open(false), "it polls for nothing");
            tracker.task_started(SlotKindType::Workflow);
            sleep(at(1)).await;
            assert!(gate.is_open(false) && !gate.is_open(true), "it polls for cached workflows");
            tracker.task_finished(SlotKindType::Workflow);
        };
        tokio::join!(until_nothing_in_hand(&tracker, &gate, CACHE), task);
        assert_eq!(tracker.elapsed(), SETTLE / 2 + at(1) + DUE_SOON + SETTLE);
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
        tokio::join!(until_nothing_in_hand(&tracker, &gate, CACHE), tasks);
        assert_eq!(tracker.elapsed(), at(61) + SETTLE);
        assert!(!gate.is_open(false));
    }
}
