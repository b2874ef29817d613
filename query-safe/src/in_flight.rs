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
/// How long a task waits. The server gives a workflow task up after ten seconds.
const WAIT: Duration = Duration::from_secs(8);

/// Counts the bytes of tasks by their token.
#[derive(Debug)]
pub(super) struct InFlight {
    limit: usize,
    tasks: Mutex<BTreeMap<Vec<u8>, Task>>,
    released: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Task {
    bytes: usize,
    /// When it is not counted any more, even if nobody answered it.
    expires: Instant,
}

impl InFlight {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, tasks: Mutex::default(), released: Notify::new() }
    }

    /// Waits until the task fits. Returns whether it does.
    pub(super) async fn admit(&self, token: &[u8], bytes: usize, lasts: Duration) -> bool {
        if bytes < SMALL {
            return true;
        }
        let deadline = Instant::now() + WAIT;
        loop {
            let released = self.released.notified();
            let Err(next_end) = self.insert_if_it_fits(token, bytes, lasts) else { return true };
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
        lasts: Duration,
    ) -> Result<(), Instant> {
        let now = Instant::now();
        let mut tasks = self.lock();
        tasks.retain(|_, task| task.expires > now);
        let counted: usize = tasks.values().map(|task| task.bytes).sum();
        let next_end = tasks.values().map(|task| task.expires).min();
        match next_end {
            Some(next_end) if counted.saturating_add(bytes) > self.limit => Err(next_end),
            _ => {
                tasks.insert(token.to_vec(), Task { bytes, expires: now + lasts });
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

    const LASTS: Duration = Duration::from_secs(30);
    const MB: usize = 1024 * 1024;

    #[tokio::test(start_paused = true)]
    async fn a_task_waits_until_another_one_was_answered() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit(b"a", 2 * MB, LASTS).await);
        assert!(tasks.admit(b"small", SMALL - 1, LASTS).await);
        let mut next = Box::pin(tasks.admit(b"b", 2 * MB, LASTS));
        assert!((&mut next).now_or_never().is_none());
        tasks.release(b"a");
        assert!(next.await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waits_for_too_long_is_dropped() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit(b"a", 2 * MB, LASTS).await);
        assert!(!tasks.admit(b"b", 2 * MB, LASTS).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_nobody_answers_is_counted_for_a_limited_time() {
        let tasks = InFlight::new(3 * MB);
        assert!(tasks.admit(b"a", 9 * MB, Duration::from_secs(3)).await, "alone");
        assert!(tasks.admit(b"b", 2 * MB, LASTS).await);
    }
}
