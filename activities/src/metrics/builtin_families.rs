//! The metrics of the controller that is built into the server, with the names that Temporal Server
//! 1.32.0 gives them. Those without a counterpart in this controller are missing.

use super::family::{Counters, Gauges, MetricsError, Registration, Times};

/// Labels of one version.
const VERSION: [&str; 3] = ["namespace", "worker_deployment_name", "worker_build_id"];

/// The labels of one version and `label`.
fn and(label: &'static str) -> [&'static str; 4] {
    let [namespace, deployment, build] = VERSION;
    [namespace, deployment, build, label]
}

/// Metrics of each version.
#[derive(Debug, Clone)]
pub(super) struct BuiltinFamilies {
    pub(super) created: Counters<3>,
    pub(super) signals: Counters<4>,
    pub(super) updates: Counters<4>,
    pub(super) activities: Counters<4>,
    pub(super) operations: Counters<6>,
    pub(super) scale_ups: Counters<4>,
    pub(super) scale_ups_throttled: Counters<4>,
    pub(super) workflow_errors: Counters<3>,
    pub(super) action_latency: Times<5>,
    pub(super) gauges: BuiltinGauges,
}

/// Current values, filled in for each scrape.
#[derive(Debug, Clone)]
pub(super) struct BuiltinGauges {
    pub(super) target_workers: Gauges<4>,
    pub(super) backlog: Gauges<3>,
    pub(super) backlog_age: Gauges<3>,
}

impl BuiltinFamilies {
    pub(super) fn new(to: &mut Registration) -> Result<Self, MetricsError> {
        let [namespace, deployment, build] = VERSION;
        Ok(Self {
            created: Counters::new(
                to,
                "worker_controller_instance_created",
                "Instances that started here; continued runs are not counted again.",
                VERSION,
            )?,
            signals: Counters::new(
                to,
                "worker_controller_instance_signals",
                "Signals that instances received.",
                and("signal_type"),
            )?,
            updates: Counters::new(
                to,
                "worker_controller_instance_updates",
                "Updates that instances received.",
                and("update_type"),
            )?,
            activities: Counters::new(
                to,
                "worker_controller_instance_activities",
                "Activities started for instances.",
                and("activityType"),
            )?,
            operations: Counters::new(
                to,
                "worker_controller_instance_operations",
                "Calls to the server and to compute providers, by result.",
                [namespace, deployment, build, "compute_provider", "operation", "error_type"],
            )?,
            scale_ups: Counters::new(
                to,
                "worker_controller_instance_scale_up_count",
                "Requested launches.",
                and("compute_provider"),
            )?,
            scale_ups_throttled: Counters::new(
                to,
                "worker_controller_instance_scale_up_throttled_count",
                "Announced tasks for which no worker was started immediately.",
                and("compute_provider"),
            )?,
            workflow_errors: Counters::new(
                to,
                "worker_controller_instance_workflow_error_count",
                "Failed workflow tasks of instances: each is a bug.",
                VERSION,
            )?,
            action_latency: Times::new(
                to,
                "worker_controller_instance_scaling_action_processing_latency",
                "Time from the decision to the provider's response, seconds.",
                [namespace, deployment, build, "compute_provider", "operation"],
            )?,
            gauges: BuiltinGauges::new(to)?,
        })
    }
}

impl BuiltinGauges {
    fn new(to: &mut Registration) -> Result<Self, MetricsError> {
        Ok(Self {
            target_workers: Gauges::new(
                to,
                "worker_controller_instance_target_worker_count",
                "Desired number of workers in the sets that this process owns.",
                and("compute_provider"),
            )?,
            backlog: Gauges::new(
                to,
                "worker_controller_instance_backlog_count",
                "Waiting tasks, as last read by this process.",
                VERSION,
            )?,
            backlog_age: Gauges::new(
                to,
                "worker_controller_instance_backlog_age",
                "Age of the oldest waiting task, as last read by this process, seconds.",
                VERSION,
            )?,
        })
    }
}
