//! A version's stats, summed up by task type.

use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    TaskType,
    stats::{QueueStats, StatsByType},
};

/// The stats of `queues`, by task type.
pub(crate) fn stats_by_type(queues: &[VersionTaskQueue]) -> StatsByType {
    let mut sums = StatsByType::new();
    for queue in queues {
        let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
        let sum: &mut QueueStats = sums.entry(kind).or_default();
        let Some(stats) = &queue.stats else { continue };
        let backlog = u64::try_from(stats.approximate_backlog_count).unwrap_or(0);
        sum.backlog = sum.backlog.saturating_add(backlog);
        sum.arrival_rate += rate(stats.tasks_add_rate);
        sum.dispatch_rate += rate(stats.tasks_dispatch_rate);
        let age = stats.approximate_backlog_age.as_ref().map_or(0, |age| {
            age.seconds.saturating_mul(1000).saturating_add(i64::from(age.nanos / 1_000_000))
        });
        sum.age_ms = sum.age_ms.max(u64::try_from(age).unwrap_or(0));
    }
    sums
}

/// A rate that can be summed: one that is negative or not finite counts as 0.
fn rate(value: f32) -> f64 {
    if value.is_finite() && value > 0.0 { f64::from(value) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueueStats;

    fn queue(kind: i32, backlog: i64, add: f32) -> VersionTaskQueue {
        VersionTaskQueue {
            name: "q".into(),
            r#type: kind,
            stats: Some(TaskQueueStats {
                approximate_backlog_count: backlog,
                tasks_add_rate: add,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn queues_of_one_type_are_added_up_and_nonsense_counts_as_nothing() {
        let sums = stats_by_type(&[
            queue(1, 3, 1.5),
            queue(1, 4, f32::NAN),
            queue(2, -1, 0.0),
            queue(9, 9, 9.0),
        ]);
        assert_eq!(sums.len(), 2);
        assert_eq!(
            (sums[&TaskType::Workflow].backlog, sums[&TaskType::Workflow].arrival_rate),
            (7, 1.5)
        );
        assert_eq!(sums[&TaskType::Activity].backlog, 0);
    }
}
