//! One served namespace: a worker for instances and launches, and one for watches.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use futures::{FutureExt, future::BoxFuture};
use temporal_query_safe_connection::query_safe_connection;
use temporalio_client::{
    Client, Connection,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use temporalio_sdk::{
    Runtime, Worker, WorkerOptions,
    runtime::{
        PollerBehavior,
        worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner},
    },
};
use wci_activities::{
    NamespaceMetrics, ReadBudget, RecentLaunches, SpeculativeLaunches, SystemActivities,
    VersionReader, WatchActivities, WatchLeases,
};
use wci_contract::names::watch_queue;
use wci_workflows::{Instance, Validate};

use super::{Allowed, Settings, adoption, arrival, onlooker::Onlooker, stop::Stopper};
use wci_cli::connection;

/// A workflow task that a lost process was given is handed to another after this. A process that
/// is slow must not be taken for one that is lost: the other has to replay what it knows.
const STICKY_TIMEOUT: Duration = Duration::from_secs(5);
/// Decisions take microseconds, launches as long as their provider does: one that hangs holds a
/// slot, and must leave plenty for the decisions of others.
const ACTIVITY_SLOTS: usize = 2_000;
const WORKFLOW_SLOTS: usize = 50;
/// Each takes one task a round trip, four of five of them of instances that are kept in memory:
/// so many first tasks at once do not wait for each other.
const WORKFLOW_POLLERS: usize = 20;
/// One for each instance of the namespace.
const WATCH_SLOTS: usize = 10_000;
/// How often the progress of a launch reaches the server at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// How often a watch says that it is alive, at most.
const WATCH_BEAT_EVERY: Duration = Duration::from_millis(1_500);

/// The two workers of one namespace.
pub(super) struct Served {
    namespace: String,
    client: Client,
    task_queue: String,
    instances: Worker,
    watches: Worker,
}

impl Served {
    /// Prepares to serve `namespace`, which must exist.
    pub(super) async fn open(
        runtime: &Runtime,
        server: Connection,
        namespace: &str,
        allowed: Allowed,
        settings: &Settings,
        metrics: NamespaceMetrics,
    ) -> anyhow::Result<Self> {
        let instances_server =
            query_safe_connection(&server).await.context("cannot make a query-safe connection")?;
        let instances_client = connection::client(instances_server, namespace)?;
        let client = connection::client(server, namespace)?;
        check(&client, namespace).await?;
        let Allowed { registry, limits } = allowed;
        let registry = registry?;
        tracing::info!(
            namespace,
            task_queue = settings.task_queue,
            providers = registry.enabled().collect::<Vec<_>>().join(","),
            max_instances = limits.max_instances,
            validation_interval = %humantime::format_duration(limits.validation_interval),
            "serving"
        );
        registry.resume(namespace);
        let recent_launches = Arc::new(RecentLaunches::default());
        let reader = VersionReader::new(client.clone());
        let system_activities = SystemActivities {
            namespace: namespace.to_owned(),
            registry,
            max_instances: limits.max_instances,
            validation_interval: limits.validation_interval,
            reader: reader.clone(),
            recent_launches: Arc::clone(&recent_launches),
            speculative_launches: SpeculativeLaunches::default(),
            metrics: metrics.clone(),
        };
        let budget = Arc::new(ReadBudget::new(settings.reads_per_second));
        let leases = WatchLeases::default();
        let watch_activities =
            WatchActivities { reader, recent_launches, budget, metrics: metrics.clone(), leases };
        let instances = instances(settings, system_activities, Onlooker::new(metrics))?;
        let instances = Worker::new(runtime, instances_client, instances)
            .map_err(|e| anyhow!("cannot start the worker of namespace {namespace}: {e}"))?;
        let watches = Worker::new(runtime, client.clone(), watches(settings, watch_activities))
            .map_err(|e| anyhow!("cannot start the watches of namespace {namespace}: {e}"))?;
        let task_queue = settings.task_queue.clone();
        Ok(Self { namespace: namespace.to_owned(), client, task_queue, instances, watches })
    }

    /// Resolves once tasks are taken.
    pub(super) fn arrival(&self) -> BoxFuture<'static, ()> {
        arrival::wait(self.client.clone(), self.task_queue.clone()).boxed()
    }

    /// Adopts for as long as it is polled.
    pub(super) fn adopting(&self) -> impl Future<Output = ()> + Send + use<> {
        adoption::keep_adopting(self.client.clone(), self.task_queue.clone())
    }

    /// What makes both workers stop.
    pub(super) fn stoppers(&self) -> Vec<Stopper> {
        vec![Box::new(self.watches.shutdown_handle()), Box::new(self.instances.shutdown_handle())]
    }

    /// Serves until the stoppers are called.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let (instances, watches) = tokio::join!(self.instances.run(), self.watches.run());
        let context = || format!("the worker of namespace {} failed", self.namespace);
        instances.with_context(context)?;
        watches.with_context(context)
    }
}

fn instances(
    settings: &Settings,
    activities: SystemActivities,
    onlooker: Onlooker,
) -> anyhow::Result<WorkerOptions> {
    let mut options = WorkerOptions::new(&settings.task_queue)
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(WORKFLOW_POLLERS))
        .tuner(slots(WORKFLOW_SLOTS, ACTIVITY_SLOTS))
        .max_cached_workflows(settings.cached_instances)
        .sticky_queue_schedule_to_start_timeout(STICKY_TIMEOUT)
        .max_heartbeat_throttle_interval(PROGRESS_EVERY)
        .graceful_shutdown_period(settings.grace)
        .register_workflow::<Instance>()?
        .register_workflow::<Validate>()?
        .register_activities(activities)
        .build();
    options.worker_interceptor(onlooker);
    Ok(options)
}

fn watches(settings: &Settings, activities: WatchActivities) -> WorkerOptions {
    WorkerOptions::new(watch_queue(&settings.task_queue))
        .tuner(slots(1, WATCH_SLOTS))
        .max_heartbeat_throttle_interval(WATCH_BEAT_EVERY)
        // Another process takes the watch over; there is nothing to finish.
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

/// Makes sure that the namespace can be served at all.
async fn check(client: &Client, namespace: &str) -> anyhow::Result<()> {
    let request =
        DescribeNamespaceRequest { namespace: namespace.to_owned(), ..Default::default() };
    let mut service = client.connection().workflow_service();
    match service.describe_namespace(request.into_request()).await {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::NotFound => bail!(
            "namespace {namespace:?} does not exist: create it \
             (temporal operator namespace create -n {namespace}) or name another with --namespace"
        ),
        Err(status) => Err(anyhow!("cannot look at namespace {namespace:?}: {}", status.message())),
    }
}
