//! The two workers of one namespace: one for instances and launches, one for watches.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use futures::{FutureExt, future::BoxFuture};
use temporal_query_safe_connection::bounded_query_safe_connection;
use temporalio_client::{
    Client, Connection, NamespacedClient,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use temporalio_sdk::{
    Worker, WorkerOptions,
    runtime::{
        CoreWorker, PollerBehavior,
        worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner},
    },
};
use temporalio_sdk_core::{CoreRuntime, init_worker};
use wci_activities::{
    Callers, Ceilings, IdleVersions, NamespaceMetrics, ReadBudget, RecentLaunches, ScheduledHere,
    SpeculativeLaunches, SystemActivities, VersionReader, WatchActivities, WatchLeases,
    WorkerExits,
};
use wci_contract::names::watch_queue;
use wci_providers::Registry;
use wci_workflows::{Instance, Validate};

use super::{
    Limits, NamespaceAccess, Settings, adoption,
    announcements::report_announcements,
    cache_budget::CacheBudget,
    input_codec::InputCodec,
    memory,
    metrics_interceptor::MetricsInterceptor,
    readiness,
    scheduled_interceptor::ScheduledInterceptor,
    shutdown::{self, StopHandle},
};
use wci_cli::connection;

/// After this, the server hands a workflow task of a lost process to another one. Long enough for a
/// slow process, since another has to replay the instance first.
const STICKY_TIMEOUT: Duration = Duration::from_secs(5);
/// Decisions take microseconds, launches as long as their provider. Launches that hang occupy slots,
/// so there must be plenty left for decisions.
const ACTIVITY_SLOTS: usize = 2_000;
const WORKFLOW_SLOTS: usize = 50;
/// Each poller takes one task a round trip, and four of five poll for cached instances. With this
/// many, the first tasks of several instances do not wait for each other.
const WORKFLOW_POLLERS: usize = 20;
/// One for each instance of the namespace.
const WATCH_SLOTS: usize = 10_000;
/// Minimum time between two heartbeats of a launch.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// Minimum time between two heartbeats of a watch.
const WATCH_BEAT_EVERY: Duration = Duration::from_millis(1_500);

/// The two workers of one namespace.
pub(super) struct NamespaceWorkers {
    namespace: String,
    client: Client,
    task_queue: String,
    instances: Worker,
    watches: Worker,
}

impl NamespaceWorkers {
    /// Creates the workers of `namespace`, which must exist.
    pub(super) async fn open(
        runtime: &CoreRuntime,
        server: Connection,
        namespace: &str,
        access: NamespaceAccess,
        settings: &Settings,
        metrics: NamespaceMetrics,
    ) -> anyhow::Result<Self> {
        let instances_client = bounded_client(&server, namespace).await?;
        let watches_client = bounded_client(&server, namespace).await?;
        let client = connection::client(server, namespace)?;
        require_namespace(&client, namespace).await?;
        let NamespaceAccess { registry, limits, ceilings } = access;
        let registry = registry?;
        log_serving(namespace, settings, &registry, &limits);
        registry.resume(namespace);
        let recent_launches = Arc::new(RecentLaunches::default());
        let idle = Arc::new(IdleVersions::default());
        let reader = VersionReader::new(client.clone());
        let exits = WorkerExits { namespace: namespace.to_owned(), registry: registry.clone() };
        let scheduled = Arc::new(ScheduledHere::default());
        let callers = Arc::new(Callers::new(
            client.clone(),
            &settings.task_queue,
            limits.max_instances,
            Arc::clone(&scheduled),
        ));
        let system_activities = SystemActivities {
            namespace: namespace.to_owned(),
            registry,
            max_instances: limits.max_instances,
            callers: Arc::clone(&callers),
            ceilings: Ceilings::new(namespace, limits.ceiling, ceilings),
            validation_interval: limits.validation_interval,
            reader: reader.clone(),
            recent_launches: Arc::clone(&recent_launches),
            idle: Arc::clone(&idle),
            speculative_launches: SpeculativeLaunches::default(),
            metrics: metrics.clone(),
        };
        let budget = Arc::new(ReadBudget::new(settings.reads_per_second));
        let leases = WatchLeases::default();
        let watch_activities = WatchActivities {
            reader,
            recent_launches,
            budget,
            metrics: metrics.clone(),
            leases,
            idle,
            exits,
            callers,
        };
        let cache = Arc::new(CacheBudget::new(settings.cache_memory));
        let mut instances = instances(settings, system_activities)?;
        instances.worker_interceptor(ScheduledInterceptor::new(scheduled));
        instances.worker_interceptor(MetricsInterceptor::new(metrics, Arc::clone(&cache)));
        let (instances, core) = worker(runtime, instances_client, instances)
            .with_context(|| format!("cannot start the worker of namespace {namespace}"))?;
        cache.evict_from(Arc::downgrade(&core));
        let (watches, _) = worker(runtime, watches_client, watches(settings, watch_activities))
            .with_context(|| format!("cannot start the watches of namespace {namespace}"))?;
        let task_queue = settings.task_queue.clone();
        Ok(Self { namespace: namespace.to_owned(), client, task_queue, instances, watches })
    }

    /// Resolves once the server lists this process as a poller.
    pub(super) fn readiness(&self) -> BoxFuture<'static, ()> {
        readiness::until_polling(self.client.clone(), self.task_queue.clone()).boxed()
    }

    /// Adopts instances until it is aborted.
    pub(super) fn adopting(&self) -> impl Future<Output = ()> + Send + use<> {
        adoption::adopt_continuously(self.client.clone(), self.task_queue.clone())
    }

    /// Logs whether the server announces tasks, until it is aborted.
    pub(super) fn reporting(&self) -> impl Future<Output = ()> + Send + use<> {
        report_announcements(self.client.clone(), self.task_queue.clone())
    }

    /// Handles that stop both workers.
    pub(super) fn stop_handles(&self) -> Vec<StopHandle> {
        vec![Box::new(self.watches.shutdown_handle()), Box::new(self.instances.shutdown_handle())]
    }

    /// Runs both workers until their stop handles are called.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let (instances, watches) = tokio::join!(self.instances.run(), self.watches.run());
        let context = || format!("the worker of namespace {} failed", self.namespace);
        instances.with_context(context)?;
        watches.with_context(context)
    }
}

/// A client for a worker of `namespace`, which nothing too large reaches.
async fn bounded_client(server: &Connection, namespace: &str) -> anyhow::Result<Client> {
    let bounded = bounded_query_safe_connection(server, memory::BOUNDS).await;
    let bounded = bounded.context("cannot make a query-safe connection")?;
    connection::client_with_codec(bounded, namespace, InputCodec)
}

/// A worker, and the SDK's core of it, which evicts from the cache. As in [`Worker::new`], which
/// hands out no core.
fn worker(
    runtime: &CoreRuntime,
    client: Client,
    options: WorkerOptions,
) -> anyhow::Result<(Worker, Arc<CoreWorker>)> {
    let config = options
        .to_core_options(client.namespace(), client.identity())
        .map_err(|error| anyhow!(error))?;
    let core = Arc::new(init_worker(runtime, config, client.connection().clone())?);
    let worker =
        Worker::new_from_core_options(Arc::clone(&core), client.options().clone(), options)?;
    Ok((worker, core))
}

fn log_serving(namespace: &str, settings: &Settings, registry: &Registry, limits: &Limits) {
    tracing::info!(
        namespace,
        task_queue = settings.task_queue,
        providers = registry.enabled().collect::<Vec<_>>().join(","),
        max_instances = limits.max_instances,
        max_workers = limits.ceiling.workers,
        max_workers_per_minute = limits.ceiling.workers_per_minute,
        validation_interval = %humantime::format_duration(limits.validation_interval),
        "serving"
    );
}

fn instances(settings: &Settings, activities: SystemActivities) -> anyhow::Result<WorkerOptions> {
    Ok(WorkerOptions::new(&settings.task_queue)
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(WORKFLOW_POLLERS))
        .tuner(slots(WORKFLOW_SLOTS, ACTIVITY_SLOTS))
        .max_cached_workflows(settings.cached_instances)
        .sticky_queue_schedule_to_start_timeout(STICKY_TIMEOUT)
        .max_heartbeat_throttle_interval(PROGRESS_EVERY)
        .graceful_shutdown_period(shutdown::drain_time(settings.grace))
        .register_workflow::<Instance>()?
        .register_workflow::<Validate>()?
        .register_activities(activities)
        .build())
}

fn watches(settings: &Settings, activities: WatchActivities) -> WorkerOptions {
    WorkerOptions::new(watch_queue(&settings.task_queue))
        .tuner(slots(1, WATCH_SLOTS))
        .max_heartbeat_throttle_interval(WATCH_BEAT_EVERY)
        // Nothing to finish: another process takes the watch over.
        .graceful_shutdown_period(Duration::ZERO)
        .register_activities(activities)
        .build()
}

fn slots(workflows: usize, activities: usize) -> WorkerTuner {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(workflows))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(activities))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build()
        .into()
}

/// Fails unless the namespace exists.
async fn require_namespace(client: &Client, namespace: &str) -> anyhow::Result<()> {
    let request =
        DescribeNamespaceRequest { namespace: namespace.to_owned(), ..Default::default() };
    let mut service = client.connection().workflow_service();
    match service.describe_namespace(request.into_request()).await {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::NotFound => bail!(
            "namespace {namespace:?} does not exist: create it \
             (temporal operator namespace create -n {namespace}) or name another with --namespace"
        ),
        Err(status) => {
            Err(anyhow!("cannot describe namespace {namespace:?}: {}", status.message()))
        }
    }
}
