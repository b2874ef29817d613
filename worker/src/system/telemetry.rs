//! Everything that `/metrics` tells: what the activities record, and what the SDK tells of
//! itself.

mod instrument;
mod meter;
mod store;

use std::sync::Arc;

use anyhow::anyhow;
use prometheus::TextEncoder;
use temporalio_common::telemetry::{TelemetryOptions, metrics::CoreMeter};
use temporalio_sdk::runtime::RuntimeOptions;
use wci_activities::{Metrics, NamespaceMetrics};
use wci_providers::Host;

use self::meter::Meter;

/// The metrics of this process.
#[derive(Clone)]
pub(super) struct Telemetry {
    metrics: Metrics,
    sdk: Arc<Meter>,
    /// Knows how large the sets of workers are.
    host: Host,
}

impl Telemetry {
    /// Metrics in which the first `versions` versions are told apart.
    pub(super) fn new(versions: usize, host: Host) -> anyhow::Result<Self> {
        Ok(Self { metrics: Metrics::new(versions)?, sdk: Arc::default(), host })
    }

    /// The metrics of one namespace.
    pub(super) fn of(&self, namespace: &str) -> NamespaceMetrics {
        self.metrics.of(namespace)
    }

    /// Options by which the SDK records here.
    pub(super) fn runtime_options(&self) -> anyhow::Result<RuntimeOptions> {
        let telemetry = TelemetryOptions::builder()
            .metrics(Arc::clone(&self.sdk) as Arc<dyn CoreMeter>)
            .attach_service_name(false)
            .build();
        RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(|e| anyhow!(e))
    }

    /// Everything in Prometheus' text format.
    pub(super) fn text(&self) -> anyhow::Result<String> {
        let mut families = self.metrics.gather(&self.host.worker_sets());
        families.extend(self.sdk.gather());
        Ok(TextEncoder::new().encode_to_string(&families)?)
    }
}
