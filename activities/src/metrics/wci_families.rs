//! The metrics that only this controller has.

use super::family::{Counters, Gauges, MetricsError, Registration, Times};

/// The families whose names start with `wci_`.
#[derive(Debug, Clone)]
pub(super) struct WciFamilies {
    pub(super) watched: Gauges<1>,
    pub(super) cached: Gauges<1>,
    pub(super) decisions: Counters<3>,
    pub(super) reasons: Counters<2>,
    pub(super) launches: Counters<3>,
    pub(super) launch_latency: Times<3>,
    pub(super) provider_time: Times<3>,
    pub(super) launches_in_flight: Gauges<2>,
    pub(super) workers_in_flight: Gauges<2>,
    pub(super) workers: Counters<3>,
    pub(super) workers_seen: Gauges<3>,
    pub(super) set_wanted: Gauges<3>,
    pub(super) set_running: Gauges<3>,
    pub(super) backlog: Gauges<4>,
    pub(super) backlog_age: Gauges<4>,
    pub(super) backing_off: Gauges<3>,
    pub(super) over_ceiling: Counters<3>,
    pub(super) refused: Counters<2>,
    pub(super) registrations: Counters<3>,
    pub(super) not_registered: Gauges<3>,
    pub(super) failed_in_a_row: Gauges<3>,
    pub(super) validations: Counters<2>,
    pub(super) watch_ends: Counters<2>,
    pub(super) watch_reads: Counters<2>,
    pub(super) watch_lag: Times<1>,
    pub(super) budget_wait: Times<1>,
}

impl WciFamilies {
    #[rustfmt::skip] // one family a line reads as the table that it is
    pub(super) fn new(to: &mut Registration) -> Result<Self, MetricsError> {
        let version = ["namespace", "worker_deployment_name", "worker_build_id"];
        let queue = ["namespace", "worker_deployment_name", "worker_build_id", "task_type"];
        let provider = ["namespace", "provider"];
        let class = ["namespace", "provider", "class"];
        Ok(Self {
            watched: Gauges::new(to, "wci_instances_watched", "Instances whose queues this process watches.", ["namespace"])?,
            cached: Gauges::new(to, "wci_instances_cached", "Instances whose workflow is in the memory of this process.", ["namespace"])?,
            decisions: Counters::new(to, "wci_decisions_total", "Decisions, one for each group.", ["namespace", "provider", "algorithm"])?,
            reasons: Counters::new(to, "wci_decision_reasons_total", "Reasons given by decisions.", ["namespace", "reason"])?,
            launches: Counters::new(to, "wci_launches_total", "Finished launches, by failure class.", class)?,
            launch_latency: Times::new(to, "wci_launch_latency_seconds", "Time from the decision to the provider's response.", class)?,
            provider_time: Times::new(to, "wci_launch_provider_seconds", "Time that the provider took for one attempt of a launch.", class)?,
            launches_in_flight: Gauges::new(to, "wci_launches_in_flight", "Launches that wait for a response of the provider.", provider)?,
            workers_in_flight: Gauges::new(to, "wci_workers_in_flight", "Workers requested by launches that wait for a response of the provider.", provider)?,
            workers: Counters::new(to, "wci_workers_total", "Requested workers, by the result of the request.", ["namespace", "provider", "result"])?,
            workers_seen: Gauges::new(to, "wci_workers_seen", "Workers that polled when they were last counted.", version)?,
            set_wanted: Gauges::new(to, "wci_worker_set_wanted", "Desired number of workers in the sets that this process owns.", version)?,
            set_running: Gauges::new(to, "wci_worker_set_running", "Workers of those sets that run and were not told to stop.", version)?,
            backlog: Gauges::new(to, "wci_backlog_tasks", "Waiting tasks, as last read by this process.", queue)?,
            backlog_age: Gauges::new(to, "wci_backlog_age_seconds", "Age of the oldest waiting task, as last read by this process.", queue)?,
            backing_off: Gauges::new(to, "wci_groups_backing_off", "Groups that do not call their provider now because it refused.", class)?,
            over_ceiling: Counters::new(to, "wci_workers_over_ceiling_total", "Requested workers that a ceiling of the operator kept from starting.", ["namespace", "provider", "ceiling"])?,
            refused: Counters::new(to, "wci_activities_refused_total", "Activities that were not carried out because of who requested them.", ["namespace", "reason"])?,
            registrations: Counters::new(to, "wci_registrations_total", "Workers requested to register task queues with the server.", class)?,
            not_registered: Gauges::new(to, "wci_groups_not_registered", "Groups whose task queues the server did not know after the last attempt to register them.", version)?,
            failed_in_a_row: Gauges::new(to, "wci_workers_failed_in_a_row", "Workers of one group that exited with an error right after their start, one after another.", version)?,
            validations: Counters::new(to, "wci_validations_total", "Compute config checks.", ["namespace", "result"])?,
            watch_ends: Counters::new(to, "wci_watch_ends_total", "Finished watches, by the reason for their end.", ["namespace", "end"])?,
            watch_reads: Counters::new(to, "wci_watch_reads_total", "Reads of task queue stats.", ["namespace", "result"])?,
            watch_lag: Times::new(to, "wci_watch_lag_seconds", "Time from when a watch was due to read until it had the stats.", ["namespace"])?,
            budget_wait: Times::new(to, "wci_read_budget_wait_seconds", "Time that a read waited for the read budget.", ["namespace"])?,
        })
    }
}
