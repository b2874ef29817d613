//! The number of workers that rates and backlog call for.

use wci_contract::stats::{QueueStats, StatsByType, is_complete};

use super::{settings::Settings, state::State};
use crate::number;

/// The statistics of all types together; rates in tasks a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) backlog: u64,
    pub(super) arrival: f64,
    pub(super) dispatch: f64,
    /// Whether all figures were reported. Otherwise these are lower bounds.
    pub(super) is_complete: bool,
}

impl Sample {
    /// The sums over the types with valid statistics.
    pub(super) fn of(stats: &StatsByType) -> Self {
        let is_sound = |s: &&QueueStats| QueueStats { partial: false, ..**s }.is_complete();
        let mut sum = Self { is_complete: is_complete(stats), ..Self::default() };
        for stats in stats.values().filter(is_sound) {
            sum.backlog = sum.backlog.saturating_add(stats.backlog);
            sum.arrival += stats.arrival_rate;
            sum.dispatch += stats.dispatch_rate;
        }
        // Sums of huge rates may overflow.
        Self { arrival: sum.arrival.min(f64::MAX), dispatch: sum.dispatch.min(f64::MAX), ..sum }
    }
}

impl State {
    /// Updates the mean rates. They are reset at once when all statistics are 0.
    pub(super) fn observe(&mut self, settings: &Settings, sample: &Sample) {
        let mean = |new: f64, old: Option<f64>| ewma(settings.alpha, new, old);
        self.arrival = Some(mean(sample.arrival, self.arrival));
        self.dispatch = Some(mean(sample.dispatch, self.dispatch));
        if sample.backlog == 0 && sample.arrival <= 0.0 && sample.dispatch <= 0.0 {
            self.arrival = Some(0.0);
            self.dispatch = Some(0.0);
        }
    }

    /// The state if `sample`, which lacks figures, were all that there is, and no load became
    /// smaller.
    pub(super) fn at_least(mut self, settings: &Settings, sample: &Sample) -> Self {
        let known = self.arrival.unwrap_or(0.0);
        self.observe(settings, sample);
        self.arrival = self.arrival.map(|arrival| arrival.max(known));
        self
    }

    /// Updates the mean capacity of a worker, if `workers` receive tasks.
    pub(super) fn learn_capacity(&mut self, settings: &Settings, sample: &Sample, workers: u32) {
        if workers == 0 || sample.dispatch <= 0.0 {
            return;
        }
        let old = self.capacity.unwrap_or(settings.capacity);
        let new = ewma(settings.alpha, sample.dispatch / f64::from(workers), Some(old));
        if new > 0.0 {
            self.capacity = Some(new);
        }
    }

    /// The number of workers for the mean arrival rate and the backlog, within the limits.
    ///
    /// The larger result of two rules: the share of busy workers stays at the target; and the
    /// square-root rule of Halfin and Whitt ("Heavy-traffic limits for queues with many
    /// exponential servers", 1981).
    pub(super) fn desired(&self, settings: &Settings, backlog: u64) -> u32 {
        let drain = if backlog > 0 { settings.drain } else { 0.0 };
        let required = self.arrival.unwrap_or(0.0) + drain;
        let busy = required / self.capacity.unwrap_or(settings.capacity);
        let by_share = (busy / settings.utilization).ceil();
        let by_root = (busy + settings.beta * busy.sqrt()).ceil();
        number::whole(by_share.max(by_root)).clamp(settings.min, settings.max)
    }
}

fn ewma(alpha: f64, new: f64, old: Option<f64>) -> f64 {
    old.map_or(new, |old| alpha * new + (1.0 - alpha) * old)
}
