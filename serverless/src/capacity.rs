//! How many tasks a worker runs at once, and how many polls it keeps open.

/// The largest number of slots of one kind: far more than one invocation can use.
pub(crate) const MAX_SLOTS: usize = 10_000;

/// The number of tasks of each kind that may run at once.
///
/// The defaults are small, because a busy task queue gets more invocations rather than bigger
/// ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slots {
    /// Activities; 2 by default. With 1, activities never share an invocation.
    pub activity: usize,
    /// Workflow tasks; 10 by default. With a sticky cache at least 2, because its task queue
    /// takes one.
    pub workflow: usize,
    /// Local activities; 2 by default.
    pub local_activity: usize,
    /// Nexus tasks; 5 by default. Has no effect until the SDK polls for Nexus tasks.
    pub nexus: usize,
}

impl Default for Slots {
    fn default() -> Self {
        Self { activity: 2, workflow: 10, local_activity: 2, nexus: 5 }
    }
}

/// The number of concurrent polls of each kind, and of cached workflows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pollers {
    /// Polls for activities; 1 by default.
    pub activity: usize,
    /// Polls for workflow tasks, on the task queue and the sticky queue together; 2 by default.
    pub workflow: usize,
    /// Polls for Nexus tasks; 1 by default. Has no effect until the SDK polls for Nexus tasks.
    pub nexus: usize,
    /// Workflows that stay cached between their tasks; 100 by default. 0 disables the sticky
    /// queue.
    pub sticky_cache: usize,
}

impl Default for Pollers {
    fn default() -> Self {
        Self { activity: 1, workflow: 2, nexus: 1, sticky_cache: 100 }
    }
}

impl Pollers {
    /// The smallest valid number of workflow pollers, and of workflow slots, because each poll
    /// takes a slot: with a sticky cache, the sticky queue and the task queue are polled separately.
    pub(crate) fn min_workflow(&self) -> usize {
        if self.sticky_cache > 0 { 2 } else { 1 }
    }
}
