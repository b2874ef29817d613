//! The metrics of the controller built into the server, under its names: those of Temporal server
//! 1.32.0, as it serves them itself. What this controller has no counterpart of is left out.

use prometheus::Registry;

use super::family::{Counters, Gauges, MetricsError, Times};

/// Labels of one version.
const VERSION: [&str; 3] = ["namespace", "worker_deployment_name", "worker_build_id"];

/// What is counted for each version.
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
    pub(super) target_workers: Gauges<4>,
    pub(super) backlog: Gauges<3>,
    pub(super) backlog_age: Gauges<3>,
}

impl BuiltinFamilies {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let [namespace, deployment, build] = VERSION;
        let and = |label| [namespace, deployment, build, label];
        Ok(Self {
            created: Counters::new(
                registry,
                "worker_controller_instance_created",
                "Instances that began to run here; continued runs are not counted again.",
                VERSION,
            )?,
            signals: Counters::new(
                registry,
                "worker_controller_instance_signals",
                "Signals that instances received.",
                and("signal_type"),
            )?,
            updates: Counters::new(
                registry,
                "worker_controller_instance_updates",
                "Updates that instances received.",
                and("update_type"),
            )?,
            activities: Counters::new(
                registry,
                "worker_controller_instance_activities",
                "Activities done for instances.",
                and("activityType"),
            )?,
            operations: Counters::new(
                registry,
                "worker_controller_instance_operations",
                "Calls of the server and of compute providers, by how they ended.",
                [namespace, deployment, build, "compute_provider", "operation", "error_type"],
            )?,
            scale_ups: Counters::new(
                registry,
                "worker_controller_instance_scale_up_count",
                "Launches that were asked for.",
                and("compute_provider"),
            )?,
            scale_ups_throttled: Counters::new(
                registry,
                "worker_controller_instance_scale_up_throttled_count",
                "Announced tasks for which a decision started nothing at once.",
                and("compute_provider"),
            )?,
            workflow_errors: Counters::new(
                registry,
                "worker_controller_instance_workflow_error_count",
                "Workflow tasks of instances that failed: each is a bug.",
                VERSION,
            )?,
            action_latency: Times::new(
                registry,
                "worker_controller_instance_scaling_action_processing_latency",
                "From the decision for a launch to the provider's answer, seconds.",
                [namespace, deployment, build, "compute_provider", "operation"],
            )?,
            target_workers: Gauges::new(
                registry,
                "worker_controller_instance_target_worker_count",
                "Workers that the sets kept by this process are to have.",
                and("compute_provider"),
            )?,
            backlog: Gauges::new(
                registry,
                "worker_controller_instance_backlog_count",
                "Tasks that wait, as last seen by a watch of this process.",
                VERSION,
            )?,
            backlog_age: Gauges::new(
                registry,
                "worker_controller_instance_backlog_age",
                "Age of the oldest waiting task, as last seen by a watch of this process, seconds.",
                VERSION,
            )?,
        })
    }
}
