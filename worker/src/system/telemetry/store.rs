//! Metric families by name and label names. The SDK records one name with different labels, which
//! a registry of the prometheus crate refuses.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use prometheus::{
    Error, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, core::Collector,
    proto::MetricFamily,
};

/// A family with one set of label names.
#[derive(Debug, Clone)]
enum Family {
    Counters(IntCounterVec),
    Gauges(GaugeVec),
    Histograms(HistogramVec),
}

/// Name, help text and histogram buckets of a family.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) buckets: &'static [f64],
}

/// All families.
#[derive(Debug, Default)]
pub(super) struct Store {
    families: Mutex<BTreeMap<(String, Vec<String>), Family>>,
}

impl Store {
    pub(super) fn counters(
        &self,
        wanted: &Definition,
        labels: &[&str],
    ) -> Result<IntCounterVec, Error> {
        let make = || Ok(Family::Counters(IntCounterVec::new(wanted.opts(), labels)?));
        match self.family(&wanted.name, labels, make)? {
            Family::Counters(family) => Ok(family),
            _ => Err(Error::AlreadyReg),
        }
    }

    pub(super) fn gauges(&self, wanted: &Definition, labels: &[&str]) -> Result<GaugeVec, Error> {
        let make = || Ok(Family::Gauges(GaugeVec::new(wanted.opts(), labels)?));
        match self.family(&wanted.name, labels, make)? {
            Family::Gauges(family) => Ok(family),
            _ => Err(Error::AlreadyReg),
        }
    }

    pub(super) fn histograms(
        &self,
        wanted: &Definition,
        labels: &[&str],
    ) -> Result<HistogramVec, Error> {
        let opts = HistogramOpts::from(wanted.opts()).buckets(wanted.buckets.to_vec());
        let make = || Ok(Family::Histograms(HistogramVec::new(opts, labels)?));
        match self.family(&wanted.name, labels, make)? {
            Family::Histograms(family) => Ok(family),
            _ => Err(Error::AlreadyReg),
        }
    }

    fn family(
        &self,
        name: &str,
        labels: &[&str],
        make: impl FnOnce() -> Result<Family, Error>,
    ) -> Result<Family, Error> {
        let key = (name.to_owned(), labels.iter().map(|label| (*label).to_owned()).collect());
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.get(&key) {
            return Ok(family.clone());
        }
        let family = make()?;
        families.insert(key, family.clone());
        Ok(family)
    }

    /// All families, merged by name.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gathered: Vec<MetricFamily> = Vec::new();
        for family in families.values().flat_map(Family::collect) {
            match gathered.last_mut().filter(|last| last.name() == family.name()) {
                Some(last) => last.mut_metric().extend(family.get_metric().iter().cloned()),
                None => gathered.push(family),
            }
        }
        gathered.retain(|family| !family.get_metric().is_empty());
        gathered
    }
}

impl Family {
    fn collect(&self) -> Vec<MetricFamily> {
        match self {
            Self::Counters(family) => family.collect(),
            Self::Gauges(family) => family.collect(),
            Self::Histograms(family) => family.collect(),
        }
    }
}

impl Definition {
    fn opts(&self) -> Opts {
        Opts::new(&self.name, &self.help)
    }
}
