//! A version's stats, summed up by task type.

use temporalio_common::protos::temporal::api::workflowservice::v1::describe_worker_deployment_version_response::VersionTaskQueue;
use wci_contract::{
    TaskType,
    stats::{QueueStats, StatsByType},
};

/// The stats of `queues`, by task type. Those of a type are partial if the server reported no stats
/// of one of its queues, or some that make no sense.
pub(crate) fn stats_by_type(queues: &[VersionTaskQueue]) -> StatsByType {
    let mut sums = StatsByType::new();
    for queue in queues {
        let Some(kind) = TaskType::from_wire(queue.r#type.into()) else { continue };
        let sum: &mut QueueStats = sums.entry(kind).or_default();
        let Some(stats) = &queue.stats else {
            sum.partial = true;
            continue;
        };
        let backlog = u64::try_from(stats.approximate_backlog_count).ok();
        let (added, dispatched) = (rate(stats.tasks_add_rate), rate(stats.tasks_dispatch_rate));
        sum.partial |= backlog.is_none() || added.is_none() || dispatched.is_none();
        sum.backlog = sum.backlog.saturating_add(backlog.unwrap_or_default());
        sum.arrival_rate += added.unwrap_or_default();
        sum.dispatch_rate += dispatched.unwrap_or_default();
        let age = stats.approximate_backlog_age.as_ref().map_or(0, |age| {
            age.seconds.saturating_mul(1000).saturating_add(i64::from(age.nanos / 1_000_000))
        });
        sum.age_ms = sum.age_ms.max(u64::try_from(age).unwrap_or(0));
    }
    sums
}

/// A rate that makes sense: not negative, and finite.
fn rate(value: f32) -> Option<f64> {
    (value.is_finite() && value >= 0.0).then(|| f64::from(value))
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
    fn queues_of_one_type_are_added_up_and_nonsense_is_missing_instead_of_zero() {
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
        assert!(sums[&TaskType::Workflow].partial && sums[&TaskType::Activity].partial);
    }

    #[test]
    fn a_queue_without_stats_leaves_those_of_its_type_partial() {
        let silent = VersionTaskQueue { stats: None, ..queue(1, 0, 0.0) };
        let sums = stats_by_type(&[queue(1, 3, 0.0), silent, queue(2, 0, 0.0)]);
        assert!(sums[&TaskType::Workflow].partial && !sums[&TaskType::Activity].partial);
        assert_eq!(sums[&TaskType::Workflow].backlog, 3);
    }
}
