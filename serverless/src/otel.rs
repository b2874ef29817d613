//! OpenTelemetry traces and metrics, exported with OTLP before each run ends.
//!
//! A worker that runs for seconds cannot rely on a timer to export its spans and metrics.
//! [`Builder::telemetry`](crate::Builder::telemetry) therefore adds a shutdown hook that flushes
//! them, within [`Timing::shutdown_hook_budget`](crate::Timing::shutdown_hook_budget).
//!
//! # Examples
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
//! # Spans
//! The spans of the Temporal SDK (`RunWorkflow:…`, `RunActivity:…`), one span `invocation` for
//! each invocation of a Lambda function, and the program's own spans.
//!
//! # Metrics
//! | name | kind | counts | attributes |
//! | --- | --- | --- | --- |
//! | `temporal_serverless_lives` | counter | runs of the worker | `reason`: why it shut down, or `failed` |
//! | `temporal_serverless_tasks` | counter | finished tasks | `type` |
//! | `temporal_serverless_tasks_abandoned` | counter | tasks that were still running at the end of a run | `type` |
//! | `temporal_serverless_phase` | histogram, seconds | duration of a phase | `phase`: `connect`, `first_poll`, `work`, `drain`, `idle` |
//!
//! In addition, all metrics that the SDK's core records for its worker, under the names that every
//! Temporal SDK uses (`temporal_activity_execution_latency`, `temporal_workflow_completed`,
//! `temporal_request`, …), with durations in seconds:
//! <https://docs.temporal.io/references/sdk-metrics>. Their labels are those of the core; none
//! identifies an invocation.
//!
//! # Settings
//! OpenTelemetry's own environment variables configure the export, which uses gRPC:
//! `OTEL_EXPORTER_OTLP_ENDPOINT` (`http://localhost:4317` by default), `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, ….

use crate::{error::Error, report::Report};
use opentelemetry::{metrics::MeterProvider, trace::TracerProvider};
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

/// The instrumentation scope of this crate's spans and metrics.
const SCOPE: &str = "temporal-serverless-worker";

/// Collects spans and metrics and exports them.
///
/// Clones share the same providers.
#[derive(Clone, Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    instruments: Instruments,
    core: Arc<CoreMetrics>,
}

impl Telemetry {
    /// Creates exporters for the collector that the environment variables configure.
    ///
    /// `service` is the service name unless `OTEL_SERVICE_NAME` is set. Call this function on the
    /// runtime on which the worker is awaited.
    ///
    /// # Errors
    /// [`Error::Telemetry`] if the variables are invalid. An unreachable collector is no error:
    /// spans and metrics that cannot be delivered are dropped, with a warning in the log.
    pub fn from_environment(service: &'static str) -> Result<Self, Error> {
        let invalid = |error: &dyn std::error::Error| Error::Telemetry(error.to_string());
        let spans = SpanExporter::builder().with_tonic().build();
        let metrics = MetricExporter::builder().with_tonic().build();
        let resource = resource(service);
        Ok(Self::new(
            SdkTracerProvider::builder()
                .with_batch_exporter(spans.map_err(|error| invalid(&error))?)
                .with_resource(resource.clone())
                .build(),
            SdkMeterProvider::builder()
                .with_periodic_exporter(metrics.map_err(|error| invalid(&error))?)
                .with_resource(resource)
                .build(),
        ))
    }

    /// Uses providers that the program has created itself.
    #[must_use]
    pub fn new(traces: SdkTracerProvider, metrics: SdkMeterProvider) -> Self {
        let instruments = Instruments::new(&metrics.meter(SCOPE));
        let core = Arc::new(CoreMetrics::new(&metrics));
        Self { traces, metrics, instruments, core }
    }

    /// Returns a layer that exports the spans of `tracing` as OpenTelemetry spans.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer().with_tracer(self.traces.tracer(SCOPE))
    }

    /// Returns the meter provider, for the program's own metrics.
    #[must_use]
    pub fn meter_provider(&self) -> &SdkMeterProvider {
        &self.metrics
    }

    /// Returns the meter with which the SDK's core records its metrics.
    pub(crate) fn core_meter(&self) -> Arc<dyn CoreMeter> {
        Arc::clone(&self.core) as Arc<dyn CoreMeter>
    }

    /// Records the run that is about to end, and exports everything that is collected.
    pub(crate) async fn finish(self, report: Option<Report>) {
        self.instruments.record(report.as_ref());
        // Flushing blocks until the exporters' threads have finished.
        let flushed = tokio::task::spawn_blocking(move || {
            log(self.traces.force_flush());
            log(self.metrics.force_flush());
        });
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "cannot flush spans and metrics");
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
        tracing::warn!(%error, "cannot deliver spans or metrics");
    }
}
