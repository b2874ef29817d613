//! The Prometheus metrics of this process. They are recorded where things happen, in activities and
//! around the worker, never in workflow code, which a replay would count twice. Labels are bounded:
//! the only user input in them are the names of namespaces, and of as many versions as the operator
//! allows.

mod builtin_families;
mod crashes;
mod family;
mod gauges;
mod instances;
mod label_values;
mod launches;
mod watches;
mod wci_families;
mod worker_sets;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use prometheus::{Registry, proto::MetricFamily};
use wci_contract::{Crashes, VersionId};
use wci_providers::{Scope, SetSize};

pub use self::family::MetricsError;
use self::{
    builtin_families::BuiltinFamilies, family::Registration, gauges::GaugeValues,
    label_values::VersionLabels, wci_families::WciFamilies,
};
pub(crate) use self::{launches::LaunchOperation, watches::ReadTiming};
use crate::unix_time::unix_now_ms;

/// The metrics of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    registry: Registry,
    /// The names of all metric families.
    families: BTreeSet<String>,
    versions: VersionLabels,
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
    /// Default number of versions with labels of their own: the server's default limit of instances
    /// in a namespace.
    pub const DEFAULT_VERSIONS: usize = 100;

    /// Metrics in which the first `versions` versions have labels of their own.
    pub fn new(versions: usize) -> Result<Self, MetricsError> {
        let mut registration = Registration::default();
        let own = WciFamilies::new(&mut registration)?;
        let builtin = BuiltinFamilies::new(&mut registration)?;
        let Registration { registry, families } = registration;
        let inner = Inner {
            registry,
            families,
            own,
            builtin,
            versions: VersionLabels::new(versions),
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

    /// The names of all metric families, also of those that have no values yet.
    pub fn families(&self) -> &BTreeSet<String> {
        &self.inner.families
    }

    /// All metrics with their present values. `sets` are the worker sets of this process, `crashes`
    /// its groups with workers that failed.
    pub fn gather(&self, sets: &[SetSize], crashes: &[(Scope, Crashes)]) -> Vec<MetricFamily> {
        let _only = self.inner.gathering.lock();
        let Inner { registry, versions, own, builtin, gauges, .. } = &*self.inner;
        gauges.fill(versions, own, builtin, unix_now_ms());
        worker_sets::fill(sets, versions, own, builtin);
        crashes::fill(crashes, versions, own);
        registry.gather()
    }
}

impl NamespaceMetrics {
    /// Counts an activity of the type `kind` for `version`.
    pub(crate) fn activity(&self, version: &VersionId, kind: &str) {
        let (deployment, build) = self.inner.versions.of(&self.namespace, version);
        self.inner.builtin.activities.of([&self.namespace, deployment, build, kind]).inc();
    }
}

#[cfg(test)]
mod tests;
