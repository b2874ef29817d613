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
    /// Tasks that the server lets through each second at most, however many workers poll; absent
    /// where it names no limit for one of the queues, or was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<f64>,
    /// Whether the server did not report all figures: then the others are lower bounds, and what is
    /// absent is unknown, not zero.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl QueueStats {
    /// Whether all figures were reported, and make sense.
    pub fn is_complete(&self) -> bool {
        let is_sound = |rate: f64| rate.is_finite() && rate >= 0.0;
        !self.partial && is_sound(self.arrival_rate) && is_sound(self.dispatch_rate)
    }
}

/// Whether all figures of all types were reported, and make sense. Without any type, nothing is
/// known.
pub fn is_complete(stats: &StatsByType) -> bool {
    !stats.is_empty() && stats.values().all(QueueStats::is_complete)
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
/// Free slots count for waiting tasks of their own type only. `None` where the workers of a type
/// with statistics were not counted: they are unknown, not zero.
pub fn all_of(workers: &WorkersByType, stats: &StatsByType) -> Option<WorkersSeen> {
    if workers.is_empty() || stats.keys().any(|kind| !workers.contains_key(kind)) {
        return None;
    }
    let waiting = |kind| stats.get(kind).map_or(0, |stats| stats.backlog);
    let all = workers.iter().fold(WorkersSeen::default(), |all, (kind, workers)| WorkersSeen {
        seen: all.seen.max(workers.seen),
        slots_free: all.slots_free.saturating_add(workers.slots_free.min(waiting(kind))),
    });
    Some(all)
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
        assert_eq!(all_of(&by_type, &stats), Some(workers(1)));
    }

    #[test]
    fn workers_of_a_type_that_nobody_counted_are_unknown_and_not_zero() {
        let counted = WorkersByType::from([(TaskType::Workflow, WorkersSeen::default())]);
        let stats = |kind| StatsByType::from([(kind, QueueStats::default())]);
        assert_eq!(all_of(&counted, &stats(TaskType::Activity)), None);
        assert_eq!(all_of(&WorkersByType::new(), &StatsByType::new()), None);
        assert_eq!(all_of(&counted, &stats(TaskType::Workflow)), Some(WorkersSeen::default()));
    }

    #[test]
    fn figures_that_are_absent_or_make_no_sense_are_not_complete() {
        let of = |stats: QueueStats| StatsByType::from([(TaskType::Workflow, stats)]);
        assert!(is_complete(&of(QueueStats::default())));
        assert!(!is_complete(&StatsByType::new()));
        for stats in [
            QueueStats { partial: true, ..QueueStats::default() },
            QueueStats { arrival_rate: f64::NAN, ..QueueStats::default() },
            QueueStats { dispatch_rate: -1.0, ..QueueStats::default() },
        ] {
            assert!(!is_complete(&of(stats)), "{stats:?}");
        }
    }
}
