//! OpenTelemetry: traces and metrics by OTLP, delivered before each life ends.
//!
//! A worker that lives for seconds cannot leave it to a timer when spans and metrics are sent:
//! [`Builder::telemetry`](crate::Builder::telemetry) has a shutdown hook flush them, within
//! [`Timing::shutdown_hook_budget`](crate::Timing::shutdown_hook_budget).
//!
//! ```no_run
//! # use temporal_serverless_worker::{Error, ServerlessWorker, otel::Telemetry};
//! use tracing_subscriber::prelude::*;
//!
//! # fn main() -> Result<(), Error> {
//! temporal_serverless_worker::block_on(async {
//!     let telemetry = Telemetry::from_environment("greetings")?;
//!     tracing_subscriber::registry().with(telemetry.layer()).init();
//!     ServerlessWorker::builder("greetings").telemetry(telemetry).build()?.serve().await
//! })?
//! # }
//! ```
//!
//! # What is sent
//! As spans, those of the Temporal SDK (`RunWorkflow:…`, `RunActivity:…`), one named
//! `invocation` around each life in a Lambda function, and the program's own. As metrics:
//!
//! | name | kind | attributes |
//! | --- | --- | --- |
//! | `temporal_serverless_lives` | counter | `reason`: why it left, or `failed` |
//! | `temporal_serverless_tasks` | counter | `type`; tasks that ended |
//! | `temporal_serverless_tasks_abandoned` | counter | `type`; tasks that the life did not see end |
//! | `temporal_serverless_phase` | histogram, seconds | `phase`: `connect`, `first_poll`, `work`, `drain`, `idle` |
//!
//! and all that the SDK's core counts of its worker, under the names that every Temporal SDK has
//! (`temporal_activity_execution_latency`, `temporal_workflow_completed`, `temporal_request`, …;
//! durations in seconds):
//! <https://docs.temporal.io/references/sdk-metrics>. The labels are those of the core, so no
//! invocation has one of its own.
//!
//! Where it goes is said by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`,
//! `http://localhost:4317` by default, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, …), over gRPC.

use crate::{error::Error, report::Report};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::{
    Resource, error::OTelSdkResult, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};
use std::sync::Arc;
use temporalio_common::telemetry::metrics::CoreMeter;
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

mod core_metrics;
mod instruments;
mod recorder;

use core_metrics::CoreMetrics;
use instruments::Instruments;

/// The name under which spans and metrics of this crate are known.
const SCOPE: &str = "temporal-serverless-worker";

/// Where spans and metrics are collected and sent from. Clones are the same.
#[derive(Clone, Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    instruments: Instruments,
    core: Arc<CoreMetrics>,
}

impl Telemetry {
    /// Sends what is collected to the collector that the environment names. The service has
    /// the name `service` unless the environment says otherwise.
    ///
    /// To be called on the runtime on which the worker is awaited.
    ///
    /// # Errors
    /// [`Error::Telemetry`] if the variables make no sense. A collector that does not answer is
    /// no error: what cannot be delivered is lost, and the log says so.
    pub fn from_environment(service: &'static str) -> Result<Self, Error> {
        let unusable = |error: &dyn std::error::Error| Error::Telemetry(error.to_string());
        let spans = SpanExporter::builder().with_tonic().build();
        let metrics = MetricExporter::builder().with_tonic().build();
        let resource = resource(service);
        Ok(Self::new(
            SdkTracerProvider::builder()
                .with_batch_exporter(spans.map_err(|error| unusable(&error))?)
                .with_resource(resource.clone())
                .build(),
            SdkMeterProvider::builder()
                .with_periodic_exporter(metrics.map_err(|error| unusable(&error))?)
                .with_resource(resource)
                .build(),
        ))
    }

    /// Collects with providers that the program has made itself.
    #[must_use]
    pub fn new(traces: SdkTracerProvider, metrics: SdkMeterProvider) -> Self {
        let instruments = Instruments::new(&metrics);
        let core = Arc::new(CoreMetrics::new(&metrics));
        Self { traces, metrics, instruments, core }
    }

    /// Makes spans of `tracing` spans of OpenTelemetry.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer().with_tracer(self.traces.tracer(SCOPE))
    }

    /// For metrics of the program's own.
    #[must_use]
    pub fn meter_provider(&self) -> &SdkMeterProvider {
        &self.metrics
    }

    /// Where the SDK's core is to record.
    pub(crate) fn core_meter(&self) -> Arc<dyn CoreMeter> {
        Arc::clone(&self.core) as Arc<dyn CoreMeter>
    }

    /// Counts a life that is about to end, and sends everything that is collected.
    pub(crate) async fn finish(self, report: Option<Report>) {
        self.instruments.record(report.as_ref());
        // Flushing waits for the exporters' threads.
        let flushed = tokio::task::spawn_blocking(move || {
            log(self.traces.force_flush());
            log(self.metrics.force_flush());
        });
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "spans and metrics were not flushed");
        }
    }
}

fn resource(service: &'static str) -> Resource {
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    match named {
        true => Resource::builder().build(),
        false => Resource::builder().with_service_name(service).build(),
    }
}

fn log(flushed: OTelSdkResult) {
    if let Err(error) = flushed {
        tracing::warn!(%error, "spans or metrics were not delivered");
    }
}
