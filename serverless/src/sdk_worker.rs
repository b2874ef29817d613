//! The SDK's worker, created with this crate's settings.

use crate::{
    abandon::AbandonInterceptor,
    definition::WorkerDefinition,
    drain_plan::cancel_after,
    error::Error,
    gate::Gate,
    settings::Settings,
    slot_supplier::tracked_tuner,
    task_tracker::TaskTracker,
    worker_list::{self, Own},
};
use std::{
    rc::Rc,
    sync::{Arc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use temporal_worker_surplus::ByType;
use temporalio_client::{Client, Connection, NamespacedClient};
use temporalio_common::{
    protos::temporal::api::worker::v1::PluginInfo,
    telemetry::TelemetryOptions,
    worker::{WorkerDeploymentOptions, WorkerTaskTypes},
};
use temporalio_sdk::{Worker, WorkerOptions, WorkerRunError, runtime::PollerBehavior};
use temporalio_sdk_core::{CoreRuntime, RuntimeOptions, Worker as CoreWorker, init_worker};

/// How the SDK's worker ended.
pub(crate) type RunResult = Result<(), WorkerRunError>;

/// A worker and the runtime that it needs until it ends.
pub(crate) struct SdkWorker {
    pub(crate) worker: Worker,
    /// The worker as it appears in the server's list.
    pub(crate) own: Own,
    /// Whether the server ends the polls of a worker that shuts down, as far as it is known.
    pub(crate) ends_polls: Rc<dyn Fn() -> bool>,
    connection: Connection,
    _runtime: CoreRuntime,
}

impl Drop for SdkWorker {
    /// Stops the heartbeats, which would otherwise continue until the process exits.
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

/// Creates the SDK's worker for one run of `definition`. It does not poll yet.
///
/// The worker polls over `connection`, as long as `gate` is open, and reports its tasks to
/// `tracker`. `abandon` ends its activities. It says in the server's list whether it consolidates.
pub(crate) fn create(
    definition: &WorkerDefinition,
    client: &Client,
    connection: Connection,
    tracker: (&TaskTracker, &Gate),
    abandon: AbandonInterceptor,
    consolidates: bool,
) -> Result<SdkWorker, Error> {
    let WorkerDefinition { settings, core_meter, .. } = definition;
    let mut options = definition.options.clone();
    apply(settings, &mut options);
    options.activity_inbound_interceptor(abandon);
    let failed = |error: String| Error::Worker(error);
    let telemetry = TelemetryOptions::builder()
        .maybe_metrics(core_meter.clone())
        // The service name is an attribute of the exporter's resource already.
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
    // Only the core's options accept custom slot suppliers; the SDK's do not.
    config.tuner = Some(Arc::new(tracked_tuner(&settings.slots, tracker.0, tracker.1)));
    if consolidates {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        config.plugins.insert(PluginInfo { name: worker_list::MARK.to_owned(), version });
    }
    let slots = polled_slots(settings, &config.task_types);
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let core = init_worker(&runtime, config, connection.clone())
        .map_err(|error| failed(format!("{error:#}")))?;
    let core = Arc::new(core);
    let ends_polls = ends_polls(Arc::downgrade(&core));
    let worker = Worker::new_from_core_options(core, client.options().clone(), options)
        .map_err(|error| failed(error.to_string()))?;
    let key = worker.worker_instance_key().to_string();
    let heartbeat = settings.timing.heartbeat_interval.unwrap_or(Duration::MAX);
    let own = Own { key, started, slots, heartbeat };
    Ok(SdkWorker { worker, own, ends_polls, connection, _runtime: runtime })
}

/// Asks the core, which reads the namespace's capabilities when the worker starts.
fn ends_polls(core: Weak<CoreWorker>) -> Rc<dyn Fn() -> bool> {
    Rc::new(move || {
        let core = core.upgrade();
        core.is_some_and(|core| core.get_namespace_capabilities().graceful_poll_shutdown())
    })
}

/// The slots of the task types that the worker polls for.
fn polled_slots(settings: &Settings, polled: &WorkerTaskTypes) -> ByType<u32> {
    let slots = |is_polled: bool, slots: usize| {
        if is_polled { slots.try_into().unwrap_or(u32::MAX) } else { 0 }
    };
    ByType {
        workflow: slots(polled.enable_workflows, settings.slots.workflow),
        activity: slots(polled.enable_remote_activities, settings.slots.activity),
        nexus: slots(polled.enable_nexus, settings.slots.nexus),
    }
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
    // Whatever starts workers does not see eager activities in this worker's slots, and they would
    // end with this invocation.
    options.max_eager_activity_reservations_per_workflow_task = 0;
    options.graceful_shutdown_period = Some(cancel_after(settings.timing.worker_stop_timeout));
}

#[cfg(test)]
#[allow(dead_code, reason = "the SDK's macro names each activity for callers, and there are none")]
mod tests {
    use super::*;
    use crate::{environment::Environment, settings::tests::requested};
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
        let settings = Settings::resolve(requested(), &Environment::default()).unwrap();
        let mut options = WorkerOptions::new("another")
            .deployment_options(WorkerDeploymentOptions::from_build_id(String::new()))
            .register_activities(Shop)
            .build();
        options.max_worker_activities_per_second = Some(3.0);
        apply(&settings, &mut options);
        let config = options.to_core_options("default".to_owned(), "me".to_owned()).unwrap();
        assert_eq!(config.max_worker_activities_per_second, Some(3.0));
        assert_eq!(config.task_queue, "orders");
        assert_eq!(config.max_eager_activity_reservations_per_workflow_task, 0);
    }
}
