//! Metric families whose number of labels the compiler knows.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

/// Bounds of what takes from a few milliseconds to a minute, seconds.
const SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Why a family could not be made: its name or a label is not one, or is taken.
pub type MetricsError = prometheus::Error;

/// Counters that `N` labels tell apart.
#[derive(Debug, Clone)]
pub(super) struct Counters<const N: usize>(IntCounterVec);

/// Gauges that `N` labels tell apart.
#[derive(Debug, Clone)]
pub(super) struct Gauges<const N: usize>(IntGaugeVec);

/// Histograms of times that `N` labels tell apart.
#[derive(Debug, Clone)]
pub(super) struct Times<const N: usize>(HistogramVec);

impl<const N: usize> Counters<N> {
    /// Registers a family.
    pub(super) fn new(
        registry: &Registry,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        let family = IntCounterVec::new(Opts::new(name, help), &labels)?;
        registry.register(Box::new(family.clone()))?;
        Ok(Self(family))
    }

    /// The counter with these labels.
    pub(super) fn of(&self, labels: [&str; N]) -> IntCounter {
        self.0.with_label_values(&labels)
    }
}

impl<const N: usize> Gauges<N> {
    /// Registers a family.
    pub(super) fn new(
        registry: &Registry,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        let family = IntGaugeVec::new(Opts::new(name, help), &labels)?;
        registry.register(Box::new(family.clone()))?;
        Ok(Self(family))
    }

    /// The gauge with these labels.
    pub(super) fn of(&self, labels: [&str; N]) -> IntGauge {
        self.0.with_label_values(&labels)
    }

    /// Forgets every gauge, so that they can be filled with the present.
    pub(super) fn reset(&self) {
        self.0.reset();
    }
}

impl<const N: usize> Times<N> {
    /// Registers a family.
    pub(super) fn new(
        registry: &Registry,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
        let family = HistogramVec::new(opts, &labels)?;
        registry.register(Box::new(family.clone()))?;
        Ok(Self(family))
    }

    /// The histogram with these labels, in seconds.
    pub(super) fn of(&self, labels: [&str; N]) -> Histogram {
        self.0.with_label_values(&labels)
    }
}
