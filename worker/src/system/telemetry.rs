//! The metrics of `/metrics`: those of the activities and those of the SDK.

mod instrument;
mod meter;
mod store;

use std::sync::Arc;

use anyhow::anyhow;
use prometheus::TextEncoder;
use temporalio_common::telemetry::{TelemetryOptions, metrics::CoreMeter};
use temporalio_sdk_core::RuntimeOptions;
use wci_activities::{Metrics, NamespaceMetrics};
use wci_providers::Host;

use self::meter::Meter;

/// The metrics of this process.
#[derive(Clone)]
pub(super) struct Telemetry {
    metrics: Metrics,
    sdk: Arc<Meter>,
    /// For the sizes of worker sets, and for workers that fail.
    host: Host,
}

impl Telemetry {
    /// Metrics with labels of their own for the first `versions` versions.
    pub(super) fn new(versions: usize, host: Host) -> anyhow::Result<Self> {
        Ok(Self { metrics: Metrics::new(versions)?, sdk: Arc::default(), host })
    }

    /// The metrics of one namespace.
    pub(super) fn of(&self, namespace: &str) -> NamespaceMetrics {
        self.metrics.of(namespace)
    }

    /// Runtime options that make the SDK record its metrics here.
    pub(super) fn runtime_options(&self) -> anyhow::Result<RuntimeOptions> {
        let telemetry = TelemetryOptions::builder()
            .metrics(Arc::clone(&self.sdk) as Arc<dyn CoreMeter>)
            .attach_service_name(false)
            .build();
        RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(|e| anyhow!(e))
    }

    /// All metrics in Prometheus' text format.
    pub(super) fn text(&self) -> anyhow::Result<String> {
        let mut families = self.metrics.gather(&self.host.worker_sets(), &self.host.crashes());
        families.extend(self.sdk.gather());
        Ok(TextEncoder::new().encode_to_string(&families)?)
    }
}
