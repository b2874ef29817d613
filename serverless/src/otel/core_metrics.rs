//! The metrics of the SDK's core, recorded with the program's own meter provider.
//!
//! They are exported together with the program's other metrics before a run ends. The core's own
//! exporter only exports at intervals.

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::sync::Arc;
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, Gauge, GaugeF64, Histogram, HistogramDuration, HistogramF64,
    MetricAttributes, MetricParameters, NewAttributes, OrderedPromLabelSet, UpDownCounter,
    default_buckets_for,
};

use super::recorder::Recorder;

/// The instrumentation scope of the core's metrics.
const SCOPE: &str = "temporal-sdk-core";
/// The prefix of the core's metric names.
const PREFIX: &str = "temporal_";
/// The unit of durations.
const SECONDS: &str = "s";

/// The core's meter. All runs share it: a meter returns the existing instrument when one is
/// created again.
#[derive(Debug)]
pub(super) struct CoreMetrics(Meter);

impl CoreMetrics {
    /// Creates a meter of `provider`.
    pub(super) fn new(provider: &SdkMeterProvider) -> Self {
        Self(provider.meter(SCOPE))
    }
}

/// Builds an instrument with the description and unit that the core specifies.
macro_rules! build {
    ($builder:expr, $params:ident) => {
        $builder.with_description($params.description).with_unit($params.unit).build()
    };
}

impl CoreMeter for CoreMetrics {
    // The core reads labels of this kind back for the heartbeats of a worker.
    fn new_attributes(&self, attributes: NewAttributes) -> MetricAttributes {
        MetricAttributes::Prometheus { labels: Arc::new(attributes.into()) }
    }

    fn extend_attributes(
        &self,
        existing: MetricAttributes,
        more: NewAttributes,
    ) -> MetricAttributes {
        let mut labels = match existing {
            MetricAttributes::Prometheus { labels } => Arc::unwrap_or_clone(labels),
            _ => OrderedPromLabelSet::new(),
        };
        for attribute in more.attributes {
            labels.add_kv(attribute);
        }
        MetricAttributes::Prometheus { labels: Arc::new(labels) }
    }

    fn counter(&self, params: MetricParameters) -> Counter {
        Counter::new(Recorder::unbound(build!(self.0.u64_counter(params.name), params)))
    }

    fn histogram(&self, params: MetricParameters) -> Histogram {
        Histogram::new(Recorder::unbound(build!(self.0.u64_histogram(params.name), params)))
    }

    fn histogram_f64(&self, params: MetricParameters) -> HistogramF64 {
        HistogramF64::new(Recorder::unbound(build!(self.0.f64_histogram(params.name), params)))
    }

    fn histogram_duration(&self, mut params: MetricParameters) -> HistogramDuration {
        params.unit = SECONDS.into();
        let plain = params.name.strip_prefix(PREFIX).unwrap_or(&params.name);
        let buckets = default_buckets_for(plain, true).to_vec();
        let histogram = self.0.f64_histogram(params.name).with_boundaries(buckets);
        HistogramDuration::new(Recorder::unbound(build!(histogram, params)))
    }

    fn gauge(&self, params: MetricParameters) -> Gauge {
        Gauge::new(Recorder::unbound(build!(self.0.u64_gauge(params.name), params)))
    }

    fn gauge_f64(&self, params: MetricParameters) -> GaugeF64 {
        GaugeF64::new(Recorder::unbound(build!(self.0.f64_gauge(params.name), params)))
    }

    fn up_down_counter(&self, params: MetricParameters) -> UpDownCounter {
        UpDownCounter::new(Recorder::unbound(build!(
            self.0.i64_up_down_counter(params.name),
            params
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::KeyValue;
    use opentelemetry_sdk::{
        error::OTelSdkResult,
        metrics::{
            Temporality,
            data::{AggregatedMetrics, MetricData, ResourceMetrics},
            exporter::PushMetricExporter,
        },
    };
    use std::{
        collections::BTreeSet,
        future::{Future, ready},
        sync::Mutex,
        time::Duration,
    };
    use temporalio_common::telemetry::metrics::MetricKeyValue;

    /// Keeps what is exported, as text.
    #[derive(Clone, Default)]
    struct Exported(Arc<Mutex<BTreeSet<String>>>);

    impl PushMetricExporter for Exported {
        fn export(&self, all: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
            let mut kept = self.0.lock().unwrap();
            for metric in all.scope_metrics().flat_map(|scope| scope.metrics()) {
                let lines = match metric.data() {
                    AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                        let points = sum.data_points();
                        points.map(|it| line(it.value(), it.attributes())).collect::<Vec<_>>()
                    }
                    AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                        let first = |bounds: &mut dyn Iterator<Item = f64>| bounds.next();
                        let points = histogram.data_points();
                        let lines = points
                            .map(|it| format!("{} from {:?}", it.count(), first(&mut it.bounds())));
                        lines.collect()
                    }
                    other => vec![format!("{other:?}")],
                };
                let (name, unit) = (metric.name(), metric.unit());
                kept.extend(lines.into_iter().map(|line| format!("{name} [{unit}] {line}")));
            }
            ready(Ok(()))
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            Ok(())
        }

        fn temporality(&self) -> Temporality {
            Temporality::Cumulative
        }
    }

    fn line<'a>(value: u64, labels: impl Iterator<Item = &'a KeyValue>) -> String {
        let labels: BTreeSet<String> =
            labels.map(|label| format!("{}={}", label.key, label.value)).collect();
        format!("{value} {labels:?}")
    }

    #[test]
    fn what_the_core_records_is_exported_with_the_program_s_metrics_across_runs() {
        let exported = Exported::default();
        let provider = SdkMeterProvider::builder().with_periodic_exporter(exported.clone()).build();
        let core = CoreMetrics::new(&provider);
        let plain = core.new_attributes([MetricKeyValue::new("namespace", "a")].into());
        let more = [MetricKeyValue::new("operation", "Poll")];
        let detailed = core.extend_attributes(plain.clone(), more.into());
        for _run in 0..2 {
            core.counter("temporal_requests".into()).add(2, &plain);
            core.counter("temporal_requests".into()).add(1, &detailed);
            core.histogram_duration("temporal_request_latency".into())
                .record(Duration::from_millis(70), &plain);
        }
        provider.force_flush().unwrap();
        let lines: Vec<String> = exported.0.lock().unwrap().iter().cloned().collect();
        let first = default_buckets_for("request_latency", true)[0];
        assert_eq!(
            lines,
            [
                format!("temporal_request_latency [s] 2 from Some({first:?})"),
                r#"temporal_requests [] 2 {"namespace=a", "operation=Poll"}"#.to_owned(),
                r#"temporal_requests [] 4 {"namespace=a"}"#.to_owned(),
            ]
        );
    }
}
