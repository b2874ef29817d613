//! Every namespace is served by itself: what is wrong with one is no reason to leave another.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{anyhow, bail};
use futures::future::{BoxFuture, FutureExt, join_all};
use temporalio_client::Connection;
use temporalio_sdk::Runtime;
use wci_providers::Host;

use super::{
    Allowed, Settings, config::Allowance, namespace::Served, providers::registry, stop::Stop,
    telemetry::Telemetry,
};
use wci_cli::connection::Target;

/// Between two tries to serve a namespace that is in trouble.
const AGAIN: Duration = Duration::from_secs(15);

/// What it takes to serve a namespace.
pub(super) struct Serving<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) server: &'a Connection,
    pub(super) host: &'a Host,
    pub(super) target: &'a Target,
    pub(super) settings: &'a Settings,
    pub(super) telemetry: &'a Telemetry,
    pub(super) allowances: &'a BTreeMap<String, Allowance>,
}

/// A namespace, and whether it can be served now.
type Opened<'a> = (&'a str, anyhow::Result<Served>);

impl Serving<'_> {
    /// Prepares to serve every namespace; an error if none can be.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<Opened<'_>>> {
        // What the operator wrote is right for all or for none.
        for (name, allowance) in self.allowances {
            registry(self.host, self.target, name, allowance.providers.clone())?;
        }
        let open = self.allowances.keys().map(async |name| (name.as_str(), self.one(name).await));
        let opened: Vec<Opened<'_>> = join_all(open).await;
        if opened.iter().any(|(_, served)| served.is_ok()) {
            return Ok(opened);
        }
        // The first stands for all.
        let trouble = opened.into_iter().find_map(|(_, served)| served.err());
        Err(trouble.unwrap_or_else(|| anyhow!("no namespace is named")))
    }

    /// Serves all of them until `stop` is called.
    pub(super) async fn run(&self, opened: Vec<Opened<'_>>, stop: &Stop) {
        let all = opened.into_iter().map(|(name, served)| self.keep_serving(name, served, stop));
        join_all(all).await;
    }

    async fn keep_serving(&self, namespace: &str, first: anyhow::Result<Served>, stop: &Stop) {
        let mut next = first;
        loop {
            let result = match next {
                Ok(served) => self.serve(namespace, served, stop).await,
                Err(error) => Err(error),
            };
            if stop.is_called() {
                return;
            }
            let trouble = result.err().map(|error| format!("{error:#}")).unwrap_or_default();
            tracing::error!(namespace, trouble, "not served now, trying again in {AGAIN:?}");
            if stop.is_called_within(AGAIN).await {
                return;
            }
            next = self.one(namespace).await;
        }
    }

    async fn serve(&self, namespace: &str, served: Served, stop: &Stop) -> anyhow::Result<()> {
        let adopting = self.settings.adopt.then(|| tokio::spawn(served.adopting()));
        stop.by(namespace, served.stoppers());
        let result = served.run().await;
        if let Some(adopting) = adopting {
            adopting.abort();
        }
        result
    }

    async fn one(&self, name: &str) -> anyhow::Result<Served> {
        let Some(allowance) = self.allowances.get(name) else {
            bail!("namespace {name} is not configured");
        };
        let registry = registry(self.host, self.target, name, allowance.providers.clone());
        let allowed = Allowed { registry, limits: allowance.limits };
        let metrics = self.telemetry.of(name);
        Served::open(self.runtime, self.server.clone(), name, allowed, self.settings, metrics).await
    }
}

/// What tells that tasks are taken, of the namespaces that are served.
pub(super) fn arrivals(opened: &[Opened<'_>]) -> Vec<BoxFuture<'static, ()>> {
    let served = opened.iter().filter_map(|(_, served)| served.as_ref().ok());
    served.map(|served| served.arrival().boxed()).collect()
}
