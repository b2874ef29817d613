//! The result of a successful replay.

/// What was replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// The number of replayed events.
    pub events: usize,
    /// The number of workflow tasks, all completed as recorded.
    pub workflow_tasks: usize,
}
