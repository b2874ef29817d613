//! OpenTelemetry's instruments as the SDK's core uses them: bound to labels first.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, UpDownCounter},
};
use std::{error::Error, sync::Arc, time::Duration};
use temporalio_common::telemetry::metrics::{
    CounterBase, GaugeBase, GaugeF64Base, HistogramBase, HistogramDurationBase, HistogramF64Base,
    MetricAttributable, MetricAttributes, UpDownCounterBase,
};

/// An instrument with its labels. It has none until it is bound.
#[derive(Clone)]
pub(super) struct Recorder<I> {
    instrument: I,
    labels: Vec<KeyValue>,
}

impl<I> Recorder<I> {
    /// Wraps an instrument that is not bound to labels yet.
    pub(super) fn unbound(instrument: I) -> Arc<Self> {
        Arc::new(Self { instrument, labels: Vec::new() })
    }
}

impl<I: Clone + Send + Sync + 'static> Recorder<I> {
    fn bound(&self, attributes: &MetricAttributes) -> Self {
        Self { instrument: self.instrument.clone(), labels: labels(attributes) }
    }
}

/// Converts the core's attributes to OpenTelemetry's.
fn labels(attributes: &MetricAttributes) -> Vec<KeyValue> {
    let MetricAttributes::Prometheus { labels } = attributes else {
        return Vec::new();
    };
    let labels = labels.as_prom_labels().into_iter();
    labels.map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect()
}

/// Implements the core's trait `$base` for an instrument: `$record` calls `$call` with the labels.
macro_rules! impl_instrument {
    ($instrument:ty, $base:ident.$record:ident, $value:ty, $call:ident, $convert:expr) => {
        impl $base for Recorder<$instrument> {
            fn $record(&self, value: $value) {
                let convert: fn($value) -> _ = $convert;
                self.instrument.$call(convert(value), &self.labels);
            }
        }

        impl MetricAttributable<Box<dyn $base>> for Recorder<$instrument> {
            fn with_attributes(
                &self,
                attributes: &MetricAttributes,
            ) -> Result<Box<dyn $base>, Box<dyn Error>> {
                Ok(Box::new(self.bound(attributes)))
            }
        }
    };
}

impl_instrument!(Counter<u64>, CounterBase.adds, u64, add, |value| value);
impl_instrument!(UpDownCounter<i64>, UpDownCounterBase.adds, i64, add, |value| value);
impl_instrument!(Gauge<u64>, GaugeBase.records, u64, record, |value| value);
impl_instrument!(Gauge<f64>, GaugeF64Base.records, f64, record, |value| value);
impl_instrument!(Histogram<u64>, HistogramBase.records, u64, record, |value| value);
impl_instrument!(Histogram<f64>, HistogramF64Base.records, f64, record, |value| value);
impl_instrument!(Histogram<f64>, HistogramDurationBase.records, Duration, record, |time| time
    .as_secs_f64());
