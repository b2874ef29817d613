//! Serves every namespace independently: a failure of one does not affect the others.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{anyhow, bail};
use futures::future::{BoxFuture, FutureExt, join_all};
use temporalio_client::Connection;
use temporalio_sdk_core::CoreRuntime;
use tokio::task::JoinHandle;
use wci_providers::Host;

use super::{
    NamespaceAccess, Settings, config::NamespaceConfig, namespace_workers::NamespaceWorkers,
    providers::registry, shutdown::Shutdown, telemetry::Telemetry,
};
use wci_cli::connection::Target;

/// Time before another attempt to serve a namespace after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(15);

/// Everything needed to serve the namespaces.
pub(super) struct Serving<'a> {
    pub(super) runtime: &'a CoreRuntime,
    pub(super) server: &'a Connection,
    pub(super) host: &'a Host,
    pub(super) target: &'a Target,
    pub(super) settings: &'a Settings,
    pub(super) telemetry: &'a Telemetry,
    pub(super) configs: &'a BTreeMap<String, NamespaceConfig>,
}

/// A namespace and its workers, or why they cannot run now.
type Opened<'a> = (&'a str, anyhow::Result<NamespaceWorkers>);

impl Serving<'_> {
    /// Creates the workers of every namespace. Fails if none can be served.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<Opened<'_>>> {
        // A mistake in the configuration of one namespace stops them all.
        for (name, config) in self.configs {
            registry(self.host, self.target, name, config.providers.clone())?;
        }
        let open = self.configs.keys().map(async |name| (name.as_str(), self.open_one(name).await));
        let opened: Vec<Opened<'_>> = join_all(open).await;
        if opened.iter().any(|(_, workers)| workers.is_ok()) {
            return Ok(opened);
        }
        // Report the first one.
        let error = opened.into_iter().find_map(|(_, workers)| workers.err());
        Err(error.unwrap_or_else(|| anyhow!("no namespace to serve")))
    }

    /// Serves all of them until `shutdown` is requested.
    pub(super) async fn run(&self, opened: Vec<Opened<'_>>, shutdown: &Shutdown) {
        let all =
            opened.into_iter().map(|(name, workers)| self.keep_serving(name, workers, shutdown));
        join_all(all).await;
    }

    async fn keep_serving(
        &self,
        namespace: &str,
        first: anyhow::Result<NamespaceWorkers>,
        shutdown: &Shutdown,
    ) {
        let mut next = first;
        loop {
            let result = match next {
                Ok(workers) => self.serve(namespace, workers, shutdown).await,
                Err(error) => Err(error),
            };
            if shutdown.is_requested() {
                return;
            }
            let error = result.err().map(|error| format!("{error:#}")).unwrap_or_default();
            tracing::error!(
                namespace,
                error,
                "cannot serve the namespace, retrying in {RETRY_AFTER:?}"
            );
            if shutdown.requested_within(RETRY_AFTER).await {
                return;
            }
            next = self.open_one(namespace).await;
        }
    }

    async fn serve(
        &self,
        namespace: &str,
        workers: NamespaceWorkers,
        shutdown: &Shutdown,
    ) -> anyhow::Result<()> {
        let mut beside = vec![tokio::spawn(workers.reporting())];
        beside.extend(self.settings.adopt.then(|| tokio::spawn(workers.adopting())));
        shutdown.register(namespace, workers.stop_handles());
        let result = workers.run().await;
        beside.iter().for_each(JoinHandle::abort);
        result
    }

    async fn open_one(&self, name: &str) -> anyhow::Result<NamespaceWorkers> {
        let Some(config) = self.configs.get(name) else {
            bail!("namespace {name} is not configured");
        };
        let registry = registry(self.host, self.target, name, config.providers.clone());
        let access =
            NamespaceAccess { registry, limits: config.limits, ceilings: config.ceilings.clone() };
        let metrics = self.telemetry.of(name);
        NamespaceWorkers::open(
            self.runtime,
            self.server.clone(),
            name,
            access,
            self.settings,
            metrics,
        )
        .await
    }
}

/// The readiness of each namespace with workers.
pub(super) fn readiness(opened: &[Opened<'_>]) -> Vec<BoxFuture<'static, ()>> {
    let open = opened.iter().filter_map(|(_, workers)| workers.as_ref().ok());
    open.map(|workers| workers.readiness().boxed()).collect()
}
