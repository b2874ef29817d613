//! Numbers of tasks by kind.

use serde::Serialize;
use temporal_worker_surplus::ByType;
use temporalio_sdk_core::SlotKindType;

/// Numbers of tasks by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TaskCounts {
    /// Workflow tasks, including queries.
    pub workflow: u64,
    /// Activities.
    pub activity: u64,
    /// Local activities.
    pub local_activity: u64,
    /// Nexus tasks.
    pub nexus: u64,
}

impl TaskCounts {
    /// Returns the number of tasks of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.workflow + self.activity + self.local_activity + self.nexus
    }

    /// The counts of those types that workers poll for.
    pub(crate) fn by_type(&self) -> ByType<u64> {
        ByType { workflow: self.workflow, activity: self.activity, nexus: self.nexus }
    }

    pub(crate) fn of_kind(&mut self, kind: SlotKindType) -> &mut u64 {
        match kind {
            SlotKindType::Workflow => &mut self.workflow,
            SlotKindType::Activity => &mut self.activity,
            SlotKindType::LocalActivity => &mut self.local_activity,
            SlotKindType::Nexus => &mut self.nexus,
        }
    }
}
