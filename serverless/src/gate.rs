//! Which tasks a worker still polls for.

use std::sync::Arc;
use tokio::sync::watch;

/// The tasks that a worker polls for.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Polls {
    /// All tasks.
    #[default]
    All,
    /// Those of the workflows in its cache.
    OfCachedWorkflows,
    /// None.
    None,
}

/// Says which tasks the worker polls for.
///
/// It stops new polls. One that is under way ends by itself, and the worker serves the task that it
/// brings. Clones share the gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<watch::Sender<Polls>>);

impl Gate {
    pub(crate) fn set(&self, polls: Polls) {
        self.0.send_replace(polls);
    }

    /// Whether it is open for tasks that any worker could take, or for the others.
    pub(crate) fn is_open(&self, for_shared_tasks: bool) -> bool {
        *self.0.borrow() <= limit(for_shared_tasks)
    }

    /// Waits until it is open for these tasks.
    pub(crate) async fn opened(&self, for_shared_tasks: bool) {
        let limit = limit(for_shared_tasks);
        // The gate itself keeps the channel open.
        let _ = self.0.subscribe().wait_for(|polls| *polls <= limit).await;
    }
}

fn limit(for_shared_tasks: bool) -> Polls {
    if for_shared_tasks { Polls::All } else { Polls::OfCachedWorkflows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_opens_again_lets_those_in_that_waited() {
        let gate = Gate::default();
        assert!(gate.is_open(true) && gate.is_open(false));
        gate.set(Polls::None);
        assert!(!gate.is_open(true) && !gate.is_open(false));
        let ((), of_cached) = tokio::join!(
            async { gate.set(Polls::OfCachedWorkflows) },
            timeout(Duration::from_secs(1), gate.opened(false))
        );
        assert!(of_cached.is_ok());
        assert!(timeout(Duration::from_secs(60), gate.opened(true)).await.is_err());
    }
}
