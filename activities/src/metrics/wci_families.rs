//! What only this controller tells of itself.

use prometheus::Registry;

use super::family::{Counters, Gauges, MetricsError, Times};

/// Our own families.
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
    pub(super) registrations: Counters<3>,
    pub(super) validations: Counters<2>,
    pub(super) watch_ends: Counters<2>,
    pub(super) watch_reads: Counters<2>,
    pub(super) watch_lag: Times<1>,
    pub(super) budget_wait: Times<1>,
}

impl WciFamilies {
    #[rustfmt::skip] // one family a line reads as the table that it is
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let version = ["namespace", "worker_deployment_name", "worker_build_id"];
        let queue = ["namespace", "worker_deployment_name", "worker_build_id", "task_type"];
        let provider = ["namespace", "provider"];
        let class = ["namespace", "provider", "class"];
        Ok(Self {
            watched: Gauges::new(r, "wci_instances_watched", "Instances whose queues this process watches.", ["namespace"])?,
            cached: Gauges::new(r, "wci_instances_cached", "Instances whose workflow this process has in memory.", ["namespace"])?,
            decisions: Counters::new(r, "wci_decisions_total", "Decisions, one for each group that was asked about.", ["namespace", "provider", "algorithm"])?,
            reasons: Counters::new(r, "wci_decision_reasons_total", "Reasons that decisions gave.", ["namespace", "reason"])?,
            launches: Counters::new(r, "wci_launches_total", "Launches that ended, by the trouble that there was.", class)?,
            launch_latency: Times::new(r, "wci_launch_latency_seconds", "From the decision for a launch to the provider's answer.", class)?,
            provider_time: Times::new(r, "wci_launch_provider_seconds", "What the provider took to answer one attempt of a launch.", class)?,
            launches_in_flight: Gauges::new(r, "wci_launches_in_flight", "Launches that a provider has not answered yet.", provider)?,
            workers_in_flight: Gauges::new(r, "wci_workers_in_flight", "Workers asked for by launches that a provider has not answered yet.", provider)?,
            workers: Counters::new(r, "wci_workers_total", "Workers asked for, by what the provider did.", ["namespace", "provider", "result"])?,
            workers_seen: Gauges::new(r, "wci_workers_seen", "Workers that were last seen polling.", version)?,
            set_wanted: Gauges::new(r, "wci_worker_set_wanted", "Workers that the sets kept by this process are to have.", version)?,
            set_running: Gauges::new(r, "wci_worker_set_running", "Workers of those sets that run and were not told to leave.", version)?,
            backlog: Gauges::new(r, "wci_backlog_tasks", "Tasks that wait, as last seen by a watch of this process.", queue)?,
            backlog_age: Gauges::new(r, "wci_backlog_age_seconds", "Age of the oldest waiting task, as last seen by a watch of this process.", queue)?,
            backing_off: Gauges::new(r, "wci_groups_backing_off", "Groups that ask their provider for nothing now because it refused.", class)?,
            registrations: Counters::new(r, "wci_registrations_total", "Workers asked for so that the server learns of task queues.", class)?,
            validations: Counters::new(r, "wci_validations_total", "Compute configs that were checked.", ["namespace", "result"])?,
            watch_ends: Counters::new(r, "wci_watch_ends_total", "Watches that ended, by why.", ["namespace", "end"])?,
            watch_reads: Counters::new(r, "wci_watch_reads_total", "Reads of task queue figures.", ["namespace", "result"])?,
            watch_lag: Times::new(r, "wci_watch_lag_seconds", "From when a watch wanted to look to when it had the figures.", ["namespace"])?,
            budget_wait: Times::new(r, "wci_read_budget_wait_seconds", "What a read waited for its share of the budget.", ["namespace"])?,
        })
    }
}
