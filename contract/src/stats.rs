//! The server's statistics of a version's task queues.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TaskType;

/// Sums over the version's queues of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueStats {
    /// Tasks that wait.
    pub backlog: u64,
    /// Tasks added each second.
    #[serde(default)]
    pub arrival_rate: f64,
    /// Tasks dispatched to workers each second.
    #[serde(default)]
    pub dispatch_rate: f64,
    /// Age of the oldest waiting task, milliseconds; the maximum over the queues.
    #[serde(default)]
    pub age_ms: u64,
}

/// Statistics by task type; types that were not reported are absent.
pub type StatsByType = BTreeMap<TaskType, QueueStats>;

/// Workers by the type of task that they poll for.
pub type WorkersByType = BTreeMap<TaskType, WorkersSeen>;

/// The workers that poll a version's queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkersSeen {
    /// Workers that poll.
    #[serde(default)]
    pub seen: u64,
    /// Their free slots.
    #[serde(default)]
    pub slots_free: u64,
}

/// The workers of several types together. A worker that polls for more than one type counts once.
/// Free slots count for waiting tasks of their own type only.
pub fn all_of(workers: &WorkersByType, stats: &StatsByType) -> WorkersSeen {
    let waiting = |kind| stats.get(kind).map_or(0, |stats| stats.backlog);
    workers.iter().fold(WorkersSeen::default(), |all, (kind, workers)| WorkersSeen {
        seen: all.seen.max(workers.seen),
        slots_free: all.slots_free.saturating_add(workers.slots_free.min(waiting(kind))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_slots_for_workflow_tasks_do_not_count_for_activities() {
        let workers = |slots_free| WorkersSeen { seen: 3, slots_free };
        let by_type = WorkersByType::from([
            (TaskType::Workflow, workers(30)),
            (TaskType::Activity, workers(1)),
        ]);
        let stats = StatsByType::from([(
            TaskType::Activity,
            QueueStats { backlog: 80, ..QueueStats::default() },
        )]);
        assert_eq!(all_of(&by_type, &stats), workers(1));
    }
}
