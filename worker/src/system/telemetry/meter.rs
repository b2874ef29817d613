//! The meter that the SDK records to.

use std::sync::Arc;

use prometheus::proto::MetricFamily;
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, Gauge, GaugeF64, Histogram, HistogramDuration, HistogramF64,
    MetricAttributes, MetricParameters, NewAttributes, OrderedPromLabelSet, UpDownCounter,
    default_buckets_for,
};

use super::{
    instrument::Instrument,
    store::{Definition, Store},
};

/// The prefix of the SDK's names.
const PREFIX: &str = "temporal_";

/// Stores the metrics that the SDK records.
#[derive(Debug, Default)]
pub(super) struct Meter {
    store: Arc<Store>,
}

impl Meter {
    /// All recorded metrics.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        self.store.gather()
    }

    fn instrument(&self, params: MetricParameters) -> Arc<Instrument> {
        let MetricParameters { name, description, .. } = params;
        let name = name.replace(['-', '.'], "_");
        let buckets = default_buckets_for(name.strip_prefix(PREFIX).unwrap_or(&name), true);
        let help = if description.is_empty() {
            "Of the Temporal SDK; times are in seconds.".to_owned()
        } else {
            description.into_owned()
        };
        let definition = Definition { name, help, buckets };
        Arc::new(Instrument { store: Arc::clone(&self.store), definition })
    }
}

impl CoreMeter for Meter {
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
        Counter::new(self.instrument(params))
    }

    fn histogram(&self, params: MetricParameters) -> Histogram {
        Histogram::new(self.instrument(params))
    }

    fn histogram_f64(&self, params: MetricParameters) -> HistogramF64 {
        HistogramF64::new(self.instrument(params))
    }

    fn histogram_duration(&self, params: MetricParameters) -> HistogramDuration {
        HistogramDuration::new(self.instrument(params))
    }

    fn gauge(&self, params: MetricParameters) -> Gauge {
        Gauge::new(self.instrument(params))
    }

    fn gauge_f64(&self, params: MetricParameters) -> GaugeF64 {
        GaugeF64::new(self.instrument(params))
    }

    fn up_down_counter(&self, params: MetricParameters) -> UpDownCounter {
        UpDownCounter::new(self.instrument(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;
    use std::time::Duration;
    use temporalio_common::telemetry::metrics::MetricKeyValue;

    #[test]
    fn one_name_with_different_labels_is_told_as_one_family() {
        let meter = Meter::default();
        let counter = meter.counter("temporal_requests".into());
        let plain = meter.new_attributes([MetricKeyValue::new("namespace", "a")].into());
        let more = [MetricKeyValue::new("operation", "Poll")];
        let detailed = meter.extend_attributes(plain.clone(), more.into());
        counter.add(1, &plain);
        counter.add(2, &detailed);
        counter.add(2, &detailed);
        meter
            .histogram_duration("temporal_request_latency".into())
            .record(Duration::from_millis(70), &plain);
        let text = TextEncoder::new().encode_to_string(&meter.gather()).unwrap();
        let lines = [
            "temporal_requests{namespace=\"a\"} 1",
            "temporal_requests{namespace=\"a\",operation=\"Poll\"} 4",
            "temporal_request_latency_bucket{namespace=\"a\",le=\"0.1\"} 1",
        ];
        for line in lines {
            assert!(text.lines().any(|told| told == line), "{line} is missing:\n{text}");
        }
        assert_eq!(text.matches("# TYPE temporal_requests counter").count(), 1, "{text}");
    }
}
