//! What the SDK records with: one instrument for every kind, bound to labels when it is used.

use std::{error::Error, sync::Arc, time::Duration};

use prometheus::{Gauge, Histogram, IntCounter};
use temporalio_common::telemetry::metrics::{
    CounterBase, GaugeBase, GaugeF64Base, HistogramBase, HistogramDurationBase, HistogramF64Base,
    MetricAttributable, MetricAttributes, UpDownCounterBase,
};

use super::store::{Definition, Store};

/// An instrument without labels.
pub(super) struct Instrument {
    pub(super) store: Arc<Store>,
    pub(super) definition: Definition,
}

/// An instrument with its labels.
struct Bound<T>(T);

type Failure = Box<dyn Error>;

/// Names and values of labels, in the same order.
fn labels(attributes: &MetricAttributes) -> (Vec<&str>, Vec<String>) {
    let MetricAttributes::Prometheus { labels } = attributes else {
        return (Vec::new(), Vec::new());
    };
    let mut values = labels.as_prom_labels();
    labels.keys_ordered().map(|name| (name, values.remove(name).unwrap_or_default())).unzip()
}

impl Instrument {
    fn counter(&self, attributes: &MetricAttributes) -> Result<Bound<IntCounter>, Failure> {
        let (names, values) = labels(attributes);
        let family = self.store.counters(&self.definition, &names)?;
        Ok(Bound(family.get_metric_with_label_values(&values)?))
    }

    fn gauge(&self, attributes: &MetricAttributes) -> Result<Bound<Gauge>, Failure> {
        let (names, values) = labels(attributes);
        let family = self.store.gauges(&self.definition, &names)?;
        Ok(Bound(family.get_metric_with_label_values(&values)?))
    }

    fn histogram(&self, attributes: &MetricAttributes) -> Result<Bound<Histogram>, Failure> {
        let (names, values) = labels(attributes);
        let family = self.store.histograms(&self.definition, &names)?;
        Ok(Bound(family.get_metric_with_label_values(&values)?))
    }
}

impl CounterBase for Bound<IntCounter> {
    fn adds(&self, value: u64) {
        self.0.inc_by(value);
    }
}

impl UpDownCounterBase for Bound<Gauge> {
    fn adds(&self, value: i64) {
        self.0.add(value as f64);
    }
}

impl GaugeBase for Bound<Gauge> {
    fn records(&self, value: u64) {
        self.0.set(value as f64);
    }
}

impl GaugeF64Base for Bound<Gauge> {
    fn records(&self, value: f64) {
        self.0.set(value);
    }
}

impl HistogramBase for Bound<Histogram> {
    fn records(&self, value: u64) {
        self.0.observe(value as f64);
    }
}

impl HistogramF64Base for Bound<Histogram> {
    fn records(&self, value: f64) {
        self.0.observe(value);
    }
}

impl HistogramDurationBase for Bound<Histogram> {
    fn records(&self, value: Duration) {
        self.0.observe(value.as_secs_f64());
    }
}

macro_rules! attributable {
    ($($base:ident by $bind:ident),*) => {$(
        impl MetricAttributable<Box<dyn $base>> for Instrument {
            fn with_attributes(
                &self,
                attributes: &MetricAttributes,
            ) -> Result<Box<dyn $base>, Failure> {
                Ok(Box::new(self.$bind(attributes)?))
            }
        }
    )*};
}

attributable!(
    CounterBase by counter,
    UpDownCounterBase by gauge,
    GaugeBase by gauge,
    GaugeF64Base by gauge,
    HistogramBase by histogram,
    HistogramF64Base by histogram,
    HistogramDurationBase by histogram
);
