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

impl<B: MetricVecBuilder + 'static, const N: usize> Family<MetricVec<B>, N> {
    /// The metric with these labels.
    pub(super) fn of(&self, labels: [&str; N]) -> B::M {
        self.0.with_label_values(&labels)
    }

    /// Forgets the metrics of all labels, so that they can be filled with the present values.
    pub(super) fn reset(&self) {
        self.0.reset();
    }

    fn registered(to: &mut Registration, family: MetricVec<B>) -> Result<Self, MetricsError> {
        to.registry.register(Box::new(family.clone()))?;
        to.families.extend(family.desc().iter().map(|desc| desc.fq_name.clone()));
        Ok(Self(family))
    }
}

impl<const N: usize> Counters<N> {
    pub(super) fn new(
        to: &mut Registration,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        Self::registered(to, IntCounterVec::new(Opts::new(name, help), &labels)?)
    }
}

impl<const N: usize> Gauges<N> {
    pub(super) fn new(
        to: &mut Registration,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        Self::registered(to, IntGaugeVec::new(Opts::new(name, help), &labels)?)
    }
}

impl<const N: usize> Times<N> {
    pub(super) fn new(
        to: &mut Registration,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Self, MetricsError> {
        let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
        Self::registered(to, HistogramVec::new(opts, &labels)?)
    }
}
