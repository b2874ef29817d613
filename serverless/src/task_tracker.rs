//! Tracks the worker's polls and tasks, as its slots report them.

use crate::task_counts::TaskCounts;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use temporal_worker_surplus::{BusyMean, ByType};
use temporalio_sdk_core::SlotKindType;
use tokio::{sync::watch, time::Instant};

/// What the worker has done so far. Times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct TaskState {
    /// When the first poll was sent.
    pub(crate) first_poll: Option<Duration>,
    /// Polls that are under way, without those for tasks of cached workflows.
    pub(crate) open_polls: u64,
    /// Of these, polls for tasks that any worker could take.
    pub(crate) open_shared_polls: u64,
    /// When a task last started or finished.
    pub(crate) last_change: Option<Duration>,
    /// When a workflow task last finished. Its workflow may be in the cache and continue soon.
    pub(crate) last_workflow_task: Option<Duration>,
    /// Tasks that have started and whose result has not reached the server.
    pub(crate) running: TaskCounts,
    /// Tasks that have finished.
    pub(crate) finished: TaskCounts,
    /// How many slots were taken on average.
    pub(crate) means: ByType<BusyMean>,
}

impl TaskState {
    /// The start of the current idle time: the end of the last task, or else the first poll.
    /// `None` while a task runs and before the first poll.
    pub(crate) fn idle_since(&self) -> Option<Duration> {
        let first_poll = self.first_poll?;
        let is_quiet = self.running.total() == 0;
        is_quiet.then(|| self.last_change.map_or(first_poll, |last| last.max(first_poll)))
    }

    /// The mean number of taken slots until `now`, for each task type.
    pub(crate) fn busy(&self, now: Duration) -> ByType<f64> {
        ByType::from_fn(|kind| self.means.get(kind).until(now, *self.running.by_type().get(kind)))
    }

    /// Adds the time until `now` to the means, before the number of running tasks changes.
    fn record_busy(&mut self, now: Duration) {
        let running = self.running.by_type();
        self.means.workflow.record(now, running.workflow);
        self.means.activity.record(now, running.activity);
        self.means.nexus.record(now, running.nexus);
    }

    /// The length of the idle time at `now`; zero if the worker is not idle.
    pub(crate) fn idle_time(&self, now: Duration) -> Duration {
        self.idle_since().map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// Keeps a [`TaskState`] current. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct TaskTracker {
    origin: Instant,
    state: Arc<watch::Sender<TaskState>>,
}

impl TaskTracker {
    /// Creates a tracker for the invocation that began at `origin`.
    pub(crate) fn new(origin: Instant) -> Self {
        Self { origin, state: Arc::new(watch::Sender::new(TaskState::default())) }
    }

    /// Records that a poll is about to be sent.
    pub(crate) fn poll_sent(&self) {
        let now = self.elapsed();
        self.state.send_if_modified(|state| {
            let is_first = state.first_poll.is_none();
            if is_first {
                state.first_poll = Some(now);
                state.means = ByType::from_fn(|_| BusyMean::since(now));
            }
            is_first
        });
    }

    /// Records that a poll is under way, until the result is dropped.
    pub(crate) fn poll_opened(&self, is_shared: bool) -> OpenPoll {
        self.state.send_modify(|state| {
            state.open_polls += 1;
            state.open_shared_polls += u64::from(is_shared);
        });
        OpenPoll { tracker: self.clone(), is_shared, is_open: AtomicBool::new(true) }
    }

    /// Records that a task has started.
    pub(crate) fn task_started(&self, kind: SlotKindType) {
        let now = self.elapsed();
        self.state.send_modify(|state| {
            state.record_busy(now);
            *state.running.of_kind(kind) += 1;
            state.last_change = Some(now);
        });
    }

    /// Records that a task has finished.
    pub(crate) fn task_finished(&self, kind: SlotKindType) {
        let now = self.elapsed();
        self.state.send_modify(|state| {
            state.record_busy(now);
            let running = state.running.of_kind(kind);
            *running = running.saturating_sub(1);
            *state.finished.of_kind(kind) += 1;
            state.last_change = Some(now);
            if kind == SlotKindType::Workflow {
                state.last_workflow_task = Some(now);
            }
        });
    }

    /// Returns the current state.
    pub(crate) fn state(&self) -> TaskState {
        *self.state.borrow()
    }

    /// Subscribes to the current state and its changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<TaskState> {
        self.state.subscribe()
    }

    /// Returns the time since the invocation began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Returns the instant at which `elapsed` will have passed since the invocation began.
    pub(crate) fn instant(&self, elapsed: Duration) -> Instant {
        self.origin + elapsed
    }
}

/// A poll that is under way.
#[derive(Debug)]
pub(crate) struct OpenPoll {
    tracker: TaskTracker,
    is_shared: bool,
    is_open: AtomicBool,
}

impl OpenPoll {
    /// Records that the poll has brought a task.
    pub(crate) fn end(&self) {
        if self.is_open.swap(false, Ordering::Relaxed) {
            self.tracker.state.send_modify(|state| {
                state.open_polls = state.open_polls.saturating_sub(1);
                let shared = u64::from(self.is_shared);
                state.open_shared_polls = state.open_shared_polls.saturating_sub(shared);
            });
        }
    }
}

impl Drop for OpenPoll {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_is_running_until_it_has_finished() {
        let tracker = TaskTracker::new(Instant::now());
        tracker.task_started(SlotKindType::LocalActivity);
        assert_eq!(tracker.state().running.local_activity, 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        tracker.task_finished(SlotKindType::LocalActivity);
        let state = tracker.state();
        assert_eq!(state.running.total(), 0);
        assert_eq!(state.finished.local_activity, 1);
        assert_eq!(state.last_change, Some(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_mean_of_busy_slots_covers_the_time_since_the_first_poll() {
        let tracker = TaskTracker::new(Instant::now());
        tokio::time::advance(Duration::from_secs(20)).await;
        tracker.poll_sent();
        tracker.task_started(SlotKindType::Activity);
        tracker.task_started(SlotKindType::Activity);
        tokio::time::advance(Duration::from_secs(1)).await;
        tracker.task_finished(SlotKindType::Activity);
        tracker.task_finished(SlotKindType::Activity);
        tokio::time::advance(Duration::from_secs(1)).await;
        let busy = tracker.state().busy(tracker.elapsed());
        assert!((busy.activity - 1.0).abs() < 0.05, "{busy:?}");
        assert_eq!(busy.workflow, 0.0);
    }

    #[tokio::test]
    async fn a_poll_ends_once_when_it_brings_a_task_or_is_given_up() {
        let tracker = TaskTracker::new(Instant::now());
        let polls = [tracker.poll_opened(true), tracker.poll_opened(true)];
        assert_eq!(tracker.state().open_polls, 2);
        polls[0].end();
        polls[0].end();
        assert_eq!(tracker.state().open_polls, 1);
        drop(polls);
        assert_eq!(tracker.state().open_polls, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_poll_is_recorded() {
        let tracker = TaskTracker::new(Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        tracker.poll_sent();
        tokio::time::advance(Duration::from_secs(9)).await;
        tracker.poll_sent();
        assert_eq!(tracker.state().first_poll, Some(Duration::from_secs(1)));
    }
}
