//! What the worker is doing, as its slots tell.

use serde::Serialize;
use std::{sync::Arc, time::Duration};
use temporalio_sdk_core::SlotKindType;
use tokio::{sync::watch, time::Instant};

/// Numbers of tasks by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TaskCounts {
    /// Workflow tasks, queries included.
    pub workflow: u64,
    /// Activities.
    pub activity: u64,
    /// Local activities.
    pub local_activity: u64,
    /// Nexus tasks.
    pub nexus: u64,
}

impl TaskCounts {
    /// Tasks of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.workflow + self.activity + self.local_activity + self.nexus
    }

    fn of(&mut self, kind: SlotKindType) -> &mut u64 {
        match kind {
            SlotKindType::Workflow => &mut self.workflow,
            SlotKindType::Activity => &mut self.activity,
            SlotKindType::LocalActivity => &mut self.local_activity,
            SlotKindType::Nexus => &mut self.nexus,
        }
    }
}

/// What the worker does and did; times are durations since the invocation began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Activity {
    /// When the first poll was sent.
    pub(crate) ready: Option<Duration>,
    /// When a task last began or ended.
    pub(crate) last_change: Option<Duration>,
    /// Tasks that run now, until their result is with the server.
    pub(crate) running: TaskCounts,
    /// Tasks that ended.
    pub(crate) done: TaskCounts,
}

impl Activity {
    /// Since when nothing has happened: the last task's end, or else the first poll. `None`
    /// while a task runs or before the first poll.
    pub(crate) fn idle_since(&self) -> Option<Duration> {
        let ready = self.ready?;
        let quiet = self.running.total() == 0;
        quiet.then(|| self.last_change.map_or(ready, |last| last.max(ready)))
    }

    /// For how long nothing has happened at `now`.
    pub(crate) fn idle_at(&self, now: Duration) -> Duration {
        self.idle_since().map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// Keeps [`Activity`] current; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    origin: Instant,
    activity: Arc<watch::Sender<Activity>>,
}

impl Ledger {
    /// A ledger for the invocation that began at `origin`.
    pub(crate) fn new(origin: Instant) -> Self {
        Self { origin, activity: Arc::new(watch::Sender::new(Activity::default())) }
    }

    /// A poll is about to be sent.
    pub(crate) fn polling(&self) {
        let now = self.now();
        self.activity.send_if_modified(|activity| {
            let first = activity.ready.is_none();
            activity.ready.get_or_insert(now);
            first
        });
    }

    /// A task has begun.
    pub(crate) fn begun(&self, kind: SlotKindType) {
        let now = self.now();
        self.activity.send_modify(|activity| {
            *activity.running.of(kind) += 1;
            activity.last_change = Some(now);
        });
    }

    /// A task has ended.
    pub(crate) fn ended(&self, kind: SlotKindType) {
        let now = self.now();
        self.activity.send_modify(|activity| {
            let running = activity.running.of(kind);
            *running = running.saturating_sub(1);
            *activity.done.of(kind) += 1;
            activity.last_change = Some(now);
        });
    }

    /// The state now.
    pub(crate) fn activity(&self) -> Activity {
        *self.activity.borrow()
    }

    /// The state now and every change of it.
    pub(crate) fn watch(&self) -> watch::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Time since the invocation began.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The point in time that is `since` after the invocation began.
    pub(crate) fn at(&self, since: Duration) -> Instant {
        self.origin + since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_is_running_until_it_has_ended() {
        let ledger = Ledger::new(Instant::now());
        ledger.begun(SlotKindType::LocalActivity);
        assert_eq!(ledger.activity().running.local_activity, 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        ledger.ended(SlotKindType::LocalActivity);
        let activity = ledger.activity();
        assert_eq!(activity.running.total(), 0);
        assert_eq!(activity.done.local_activity, 1);
        assert_eq!(activity.last_change, Some(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_poll_makes_it_ready_and_later_ones_change_nothing() {
        let ledger = Ledger::new(Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        ledger.polling();
        tokio::time::advance(Duration::from_secs(9)).await;
        ledger.polling();
        assert_eq!(ledger.activity().ready, Some(Duration::from_secs(1)));
    }
}
