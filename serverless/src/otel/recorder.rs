//! Instruments of OpenTelemetry in the hands of the SDK's core, which binds them to labels
//! before it uses them.

use super::core_metrics::labels;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, UpDownCounter},
};
use std::{error::Error, sync::Arc, time::Duration};
use temporalio_common::telemetry::metrics::{
    CounterBase, GaugeBase, GaugeF64Base, HistogramBase, HistogramDurationBase, HistogramF64Base,
    MetricAttributable, MetricAttributes, UpDownCounterBase,
};

/// An instrument with its labels; none until it is bound.
#[derive(Clone)]
pub(super) struct Recorder<I> {
    instrument: I,
    labels: Vec<KeyValue>,
}

impl<I> Recorder<I> {
    /// An instrument that is bound to no labels.
    pub(super) fn of(instrument: I) -> Arc<Self> {
        Arc::new(Self { instrument, labels: Vec::new() })
    }
}

impl<I: Clone + Send + Sync + 'static> Recorder<I> {
    fn bound(&self, attributes: &MetricAttributes) -> Self {
        Self { instrument: self.instrument.clone(), labels: labels(attributes) }
    }
}

/// How the core uses an instrument: bound to labels as `$base`, which records by `$record`.
macro_rules! used {
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

used!(Counter<u64>, CounterBase.adds, u64, add, |value| value);
used!(UpDownCounter<i64>, UpDownCounterBase.adds, i64, add, |value| value);
used!(Gauge<u64>, GaugeBase.records, u64, record, |value| value);
used!(Gauge<f64>, GaugeF64Base.records, f64, record, |value| value);
used!(Histogram<u64>, HistogramBase.records, u64, record, |value| value);
used!(Histogram<f64>, HistogramF64Base.records, f64, record, |value| value);
used!(Histogram<f64>, HistogramDurationBase.records, Duration, record, |time| time.as_secs_f64());
