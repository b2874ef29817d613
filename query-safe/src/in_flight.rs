//! The bytes of the tasks that a worker handles at a time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// Tasks with fewer bytes are not counted.
const SMALL: usize = 16 * 1024;
/// After this, a task that nobody answered is not counted any more: the server has given it up.
const WORKFLOW_TASK: Duration = Duration::from_secs(30);
const ACTIVITY_TASK: Duration = Duration::from_secs(120);
/// How long a task waits. The server gives a workflow task up after ten seconds.
const WAIT: Duration = Duration::from_secs(8);

/// Counts the bytes of tasks by their token.
#[derive(Debug)]
pub(super) struct InFlight {
    limit: usize,
    tasks: Mutex<BTreeMap<Vec<u8>, Task>>,
    released: Notify,
}

#[derive(Debug, Clone)]
struct Task {
    /// The workflow run; empty for an activity.
    run_id: String,
    bytes: usize,
    /// When it is not counted any more, even if nobody answered it.
    expires: Instant,
}

impl InFlight {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, tasks: Mutex::default(), released: Notify::new() }
    }

    /// Waits until an activity task fits. Returns whether it does.
    pub(super) async fn admit_activity(&self, token: &[u8], bytes: usize) -> bool {
        let task =
            || Task { run_id: String::new(), bytes, expires: Instant::now() + ACTIVITY_TASK };
        bytes < SMALL || self.insert_in_time(token, bytes, task).await
    }

    /// Waits until a workflow task fits. Returns whether it does.
    pub(super) async fn admit_workflow(&self, token: &[u8], run_id: &str, bytes: usize) -> bool {
        let run_id = run_id.to_owned();
        let expires = || Instant::now() + WORKFLOW_TASK;
        self.insert_in_time(token, bytes, || Task {
            run_id: run_id.clone(),
            bytes,
            expires: expires(),
        })
        .await
    }

    /// Waits until more bytes fit for the workflow task of `run_id`. Returns whether they do.
    pub(super) async fn grow(&self, run_id: &str, more: usize) -> bool {
        let found = {
            let tasks = self.lock();
            tasks
                .iter()
                .find(|(_, task)| task.run_id == run_id)
                .map(|(token, task)| (token.clone(), task.bytes))
        };
        let Some((token, bytes)) = found else { return true };
        self.admit_workflow(&token, run_id, bytes.saturating_add(more)).await
    }

    async fn insert_in_time(&self, token: &[u8], bytes: usize, task: impl Fn() -> Task) -> bool {
        let deadline = Instant::now() + WAIT;
        loop {
            let released = self.released.notified();
            let Err(next_end) = self.insert_if_it_fits(token, bytes, &task) else { return true };
            if Instant::now() >= deadline {
                return false;
            }
            // A lapse of this time limit is looked at in the next round.
            let _ = timeout_at(deadline.min(next_end), released).await;
        }
    }

    /// The task was answered.
    pub(super) fn release(&self, token: &[u8]) {
        if self.lock().remove(token).is_some() {
            self.released.notify_waiters();
        }
    }

    /// Counts the task if it fits; otherwise returns when the next one ends at the latest. A task
    /// that is larger than the limit fits alone.
    fn insert_if_it_fits(
        &self,
        token: &[u8],
        bytes: usize,
        task: impl Fn() -> Task,
    ) -> Result<(), Instant> {
        let now = Instant::now();
        let mut tasks = self.lock();
        tasks.retain(|_, task| task.expires > now);
        let others = tasks.iter().filter(|(other, task)| *other != token && task.bytes >= SMALL);
        let (mut counted, mut next_end) = (0_usize, None);
        for (_, other) in others {
            counted = counted.saturating_add(other.bytes);
            next_end = next_end.min(Some(other.expires)).or(Some(other.expires));
        }
        match next_end {
            Some(next_end) if bytes >= SMALL && counted.saturating_add(bytes) > self.limit => {
                Err(next_end)
            }
            _ => {
                tasks.insert(token.to_vec(), task());
                Ok(())
            }
        }
    }

    /// A panic elsewhere leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const MB: usize = 1024 * 1024;

    #[tokio::test(start_paused = true)]
    async fn a_task_waits_until_another_one_was_answered() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit_activity(b"a", 2 * MB).await);
        assert!(tasks.admit_activity(b"small", SMALL - 1).await);
        assert!(tasks.admit_workflow(b"small too", "r", SMALL - 1).await);
        let mut next = Box::pin(tasks.admit_workflow(b"b", "s", 2 * MB));
        assert!((&mut next).now_or_never().is_none());
        tasks.release(b"a");
        assert!(next.await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waits_for_too_long_is_dropped() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit_activity(b"a", 2 * MB).await);
        assert!(!tasks.admit_activity(b"b", 2 * MB).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_nobody_answers_is_counted_for_a_limited_time() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit_workflow(b"a", "r", 9 * MB).await, "alone");
        tokio::time::advance(WORKFLOW_TASK).await;
        assert!(tasks.admit_activity(b"b", 2 * MB).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_history_of_a_workflow_task_counts_until_the_task_is_answered() {
        let tasks = InFlight::new(3 * MB);
        for (token, run_id) in [(b"a", "r"), (b"b", "s")] {
            assert!(tasks.admit_workflow(token, run_id, 1).await);
        }
        assert!(tasks.grow("r", 2 * MB).await);
        assert!(tasks.grow("unknown", 9 * MB).await);
        let mut next = Box::pin(tasks.grow("s", 2 * MB));
        assert!((&mut next).now_or_never().is_none());
        tasks.release(b"a");
        assert!(next.await);
    }
}
