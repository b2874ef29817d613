//! Metric families whose number of labels the compiler knows.

use std::collections::BTreeSet;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    core::{Collector, MetricVec, MetricVecBuilder},
};

/// Upper bounds of histogram buckets, from a few milliseconds to a minute, in seconds.
const SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Why a family cannot be registered: its name or a label is invalid, or the name is taken.
pub type MetricsError = prometheus::Error;

/// Registers families, and keeps their names: a family without values is not gathered.
#[derive(Debug, Default)]
pub(super) struct Registration {
    pub(super) registry: Registry,
    pub(super) families: BTreeSet<String>,
}

/// The metrics of one name, one for each combination of the values of `N` labels.
#[derive(Debug, Clone)]
pub(super) struct Family<V, const N: usize>(V);

/// Counters.
pub(super) type Counters<const N: usize> = Family<IntCounterVec, N>;
/// Gauges.
pub(super) type Gauges<const N: usize> = Family<IntGaugeVec, N>;
/// Histograms of times, in seconds.
pub(super) type Times<const N: usize> = Family<HistogramVec, N>;

/// A kind of metric, by its vector of metrics.
pub(super) trait Kind: Sized {
    fn vector(opts: Opts, labels: &[&str]) -> Result<Self, MetricsError>;
}

impl Kind for IntCounterVec {
    fn vector(opts: Opts, labels: &[&str]) -> Result<Self, MetricsError> {
        Self::new(opts, labels)
    }
}

impl Kind for IntGaugeVec {
    fn vector(opts: Opts, labels: &[&str]) -> Result<Self, MetricsError> {
        Self::new(opts, labels)
    }
}

impl Kind for HistogramVec {
    fn vector(opts: Opts, labels: &[&str]) -> Result<Self, MetricsError> {
        Self::new(HistogramOpts::from(opts).buckets(SECONDS.to_vec()), labels)
    }
}

impl<V: Kind + Collector + Clone + 'static, const N: usize> Family<V, N> {
    /// Registers a family.
    pub(super) fn new(
        to: &mut Registration,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        let family = V::vector(Opts::new(name, help), &labels)?;
        to.registry.register(Box::new(family.clone()))?;
        to.families.insert(name.to_owned());
        Ok(Self(family))
    }
}

impl<B: MetricVecBuilder, const N: usize> Family<MetricVec<B>, N> {
    /// The metric with these labels.
    pub(super) fn of(&self, labels: [&str; N]) -> B::M {
        self.0.with_label_values(&labels)
    }

    /// Forgets the metrics of all labels, so that they can be filled with the present values.
    pub(super) fn reset(&self) {
        self.0.reset();
    }
}
