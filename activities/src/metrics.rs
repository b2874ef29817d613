//! What this process tells Prometheus. Everything is recorded where it happens, in activities and
//! around the worker, never in workflow code, which a replay would count twice. Labels are
//! bounded, and nothing that a user wrote stands in one but the names of namespaces, and of as
//! many versions as the operator allows.

mod builtin_families;
mod family;
mod gauges;
mod instances;
mod launches;
mod names;
mod sets;
mod watches;
mod wci_families;

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus::{Registry, proto::MetricFamily};
use wci_contract::VersionId;
use wci_providers::SetSize;

pub use self::family::MetricsError;
use self::{
    builtin_families::BuiltinFamilies, gauges::GaugeValues, names::VersionNames,
    wci_families::WciFamilies,
};
pub(crate) use self::{
    launches::{LaunchOperation, LaunchSpan},
    watches::Read,
};

/// The metrics of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    registry: Registry,
    names: VersionNames,
    own: WciFamilies,
    builtin: BuiltinFamilies,
    gauges: GaugeValues,
    /// Held while the gauges are filled and read.
    gathering: Mutex<()>,
}

/// The metrics of one served namespace.
#[derive(Debug, Clone)]
pub struct NamespaceMetrics {
    inner: Arc<Inner>,
    namespace: Arc<str>,
}

impl Metrics {
    /// Versions that have labels of their own unless the operator says otherwise: as many as the
    /// server lets a namespace have instances.
    pub const DEFAULT_VERSIONS: usize = 100;

    /// Metrics in which the first `versions` versions are told apart.
    pub fn new(versions: usize) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let inner = Inner {
            own: WciFamilies::new(&registry)?,
            builtin: BuiltinFamilies::new(&registry)?,
            registry,
            names: VersionNames::new(versions),
            gauges: GaugeValues::default(),
            gathering: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The metrics of `namespace`.
    pub fn of(&self, namespace: &str) -> NamespaceMetrics {
        self.inner.gauges.serve(namespace);
        NamespaceMetrics { inner: Arc::clone(&self.inner), namespace: namespace.into() }
    }

    /// Everything, as it is now, when the sets of workers that this process keeps are so large.
    pub fn gather(&self, sets: &[SetSize]) -> Vec<MetricFamily> {
        let _only = self.inner.gathering.lock();
        let Inner { registry, names, own, builtin, gauges, .. } = &*self.inner;
        gauges.show(names, own, builtin, now_ms());
        sets::show(sets, names, own, builtin);
        registry.gather()
    }
}

impl NamespaceMetrics {
    /// An activity of this type is done for `version`.
    pub(crate) fn activity(&self, version: &VersionId, kind: &str) {
        let (deployment, build) = self.inner.names.of(&self.namespace, version);
        self.inner.builtin.activities.of([&self.namespace, deployment, build, kind]).inc();
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
