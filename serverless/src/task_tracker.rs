//! Tracks the worker's polls and tasks, as its slots report them.

use crate::task_counts::TaskCounts;
use std::{sync::Arc, time::Duration};
use temporalio_sdk_core::SlotKindType;
use tokio::{sync::watch, time::Instant};

/// What the worker has done so far. Times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct TaskState {
    /// When the first poll was sent.
    pub(crate) first_poll: Option<Duration>,
    /// When a task last started or finished.
    pub(crate) last_change: Option<Duration>,
    /// Tasks that have started and whose result has not reached the server.
    pub(crate) running: TaskCounts,
    /// Tasks that have finished.
    pub(crate) finished: TaskCounts,
}

impl TaskState {
    /// The start of the current idle time: the end of the last task, or else the first poll.
    /// `None` while a task runs and before the first poll.
    pub(crate) fn idle_since(&self) -> Option<Duration> {
        let first_poll = self.first_poll?;
        let is_quiet = self.running.total() == 0;
        is_quiet.then(|| self.last_change.map_or(first_poll, |last| last.max(first_poll)))
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
            state.first_poll.get_or_insert(now);
            is_first
        });
    }

    /// Records that a task has started.
    pub(crate) fn task_started(&self, kind: SlotKindType) {
        let now = self.elapsed();
        self.state.send_modify(|state| {
            *state.running.of_kind(kind) += 1;
            state.last_change = Some(now);
        });
    }

    /// Records that a task has finished.
    pub(crate) fn task_finished(&self, kind: SlotKindType) {
        let now = self.elapsed();
        self.state.send_modify(|state| {
            let running = state.running.of_kind(kind);
            *running = running.saturating_sub(1);
            *state.finished.of_kind(kind) += 1;
            state.last_change = Some(now);
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
    async fn only_the_first_poll_is_recorded() {
        let tracker = TaskTracker::new(Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        tracker.poll_sent();
        tokio::time::advance(Duration::from_secs(9)).await;
        tracker.poll_sent();
        assert_eq!(tracker.state().first_poll, Some(Duration::from_secs(1)));
    }
}
