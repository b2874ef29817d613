//! The SDK's worker with our settings.

use crate::{
    abandon::Abandon, drain::cancel_after, error::Error, ledger::Ledger, settings::Settings,
    supplier::counted_tuner, worker::ServerlessWorker,
};
use std::sync::Arc;
use temporalio_client::{Client, Connection, NamespacedClient};
use temporalio_common::{telemetry::TelemetryOptions, worker::WorkerDeploymentOptions};
use temporalio_sdk::{Worker, WorkerOptions, runtime::PollerBehavior};
use temporalio_sdk_core::{CoreRuntime, RuntimeOptions, init_worker};

/// A worker and the runtime that must live as long as it does.
pub(crate) struct SdkWorker {
    pub(crate) worker: Worker,
    connection: Connection,
    _runtime: CoreRuntime,
}

impl Drop for SdkWorker {
    /// Ends the heartbeats, which would otherwise go on, and tell of a worker that is no more,
    /// for as long as the process lives.
    fn drop(&mut self) {
        let workers = self.connection.workers();
        let key = self.worker.worker_instance_key();
        let unregistered =
            workers.unregister_slot_provider(key).and_then(|()| workers.finalize_unregister(key));
        if let Err(error) = unregistered {
            tracing::debug!(%error, "the worker was not registered");
        }
    }
}

/// Makes the SDK's worker for one life of `worker`, which polls over `connection`. Its slots keep `ledger`, and its activities
/// end as `abandon` says. It does not poll yet.
pub(crate) fn assemble(
    worker: &ServerlessWorker,
    client: &Client,
    connection: Connection,
    ledger: &Ledger,
    abandon: Abandon,
) -> Result<SdkWorker, Error> {
    let ServerlessWorker { settings, core_meter, .. } = worker;
    let mut options = worker.options.clone();
    apply(settings, &mut options);
    options.activity_inbound_interceptor(abandon);
    let failed = |error: String| Error::Worker(error);
    let telemetry = TelemetryOptions::builder()
        .maybe_metrics(core_meter.clone())
        // The collector knows the service as the resource that everything belongs to.
        .attach_service_name(false)
        .build();
    let runtime_options = RuntimeOptions::builder()
        .telemetry_options(telemetry)
        .heartbeat_interval(settings.timing.heartbeat_interval)
        .build()
        .map_err(failed)?;
    let runtime = CoreRuntime::new_assume_tokio(runtime_options)
        .map_err(|error| failed(format!("{error:#}")))?;
    let mut config =
        options.to_core_options(client.namespace(), client.identity()).map_err(failed)?;
    // The SDK's own options know no slot supplier of ours, its core does.
    config.tuner = Some(Arc::new(counted_tuner(&settings.slots, ledger)));
    let core = init_worker(&runtime, config, connection.clone())
        .map_err(|error| failed(format!("{error:#}")))?;
    let worker = Worker::new_from_core_options(Arc::new(core), client.options().clone(), options)
        .map_err(|error| failed(error.to_string()))?;
    Ok(SdkWorker { worker, connection, _runtime: runtime })
}

fn apply(settings: &Settings, options: &mut WorkerOptions) {
    let pollers = &settings.pollers;
    options.task_queue.clone_from(&settings.task_queue);
    options.deployment_options = WorkerDeploymentOptions::new(settings.version.clone())
        .use_worker_versioning(true)
        .default_versioning_behavior(settings.versioning_behavior)
        .build();
    options.client_identity_override.clone_from(&settings.identity);
    options.max_cached_workflows = pollers.sticky_cache;
    options.activity_task_poller_behavior = Some(PollerBehavior::SimpleMaximum(pollers.activity));
    options.workflow_task_poller_behavior = Some(PollerBehavior::SimpleMaximum(pollers.workflow));
    options.nexus_task_poller_behavior = Some(PollerBehavior::SimpleMaximum(pollers.nexus));
    // An activity that a workflow task takes along would not count against this worker's slots
    // in the eyes of who starts workers, and would die with this invocation.
    options.max_eager_activity_reservations_per_workflow_task = 0;
    options.graceful_shutdown_period = Some(cancel_after(settings.timing.worker_stop_timeout));
}

#[cfg(test)]
#[allow(dead_code, reason = "the SDK's macro names each activity for callers, and there are none")]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use temporalio_macros::activities;
    use temporalio_sdk::activities::{ActivityContext, ActivityError};

    struct Shop;

    #[activities]
    impl Shop {
        #[activity]
        async fn pack(_: ActivityContext, parcel: String) -> Result<String, ActivityError> {
            Ok(parcel)
        }
    }

    #[test]
    fn options_of_the_sdk_reach_it_and_those_that_have_a_setting_follow_the_setting() {
        let worker = ServerlessWorker::builder("orders")
            .deployment_name("shop")
            .build_id("v1")
            .register_activities(Shop)
            .worker_options(|options| {
                options.max_worker_activities_per_second = Some(3.0);
                options.task_queue = "another".to_owned();
            })
            .build_in(&Environment::from_lookup(|_| None))
            .unwrap();
        let mut options = worker.options;
        apply(&worker.settings, &mut options);
        let config = options.to_core_options("default".to_owned(), "me".to_owned()).unwrap();
        assert_eq!(config.max_worker_activities_per_second, Some(3.0));
        assert_eq!(config.task_queue, "orders");
        assert_eq!(config.max_eager_activity_reservations_per_workflow_task, 0);
    }
}
