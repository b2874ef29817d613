//! Workers that a launch may start, and why not more.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use wci_contract::{FailureClass, launch::Outcome};

use super::{Meters, lock, meter::Meter};

/// The ceiling that a launch has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Workers of the namespace at once.
    NamespaceWorkers,
    /// Workers of the namespace that start in a minute.
    NamespaceRate,
    /// Workers of one provider at once.
    ProviderWorkers,
    /// Workers of one provider that start in a minute.
    ProviderRate,
}

impl Limit {
    /// The name in metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::NamespaceWorkers => "namespace-workers",
            Self::NamespaceRate => "namespace-workers-per-minute",
            Self::ProviderWorkers => "provider-workers",
            Self::ProviderRate => "provider-workers-per-minute",
        }
    }

    /// What is reached, and what to do.
    pub(super) fn message(
        self,
        namespace: &str,
        provider: &str,
        meter: &Meter,
        now: Duration,
    ) -> String {
        let ceiling = meter.ceiling();
        let (of, place) = match self {
            Self::NamespaceWorkers | Self::NamespaceRate => (String::new(), String::new()),
            Self::ProviderWorkers | Self::ProviderRate => {
                (format!(" of {provider}"), format!(" below {provider}"))
            }
        };
        match self {
            Self::NamespaceWorkers | Self::ProviderWorkers => format!(
                "namespace {namespace}: the operator's ceiling of {} workers{of} at once is \
                 reached: the others start as these end; the operator can raise \
                 max_workers{place} in the system worker's configuration",
                ceiling.workers
            ),
            Self::NamespaceRate | Self::ProviderRate => format!(
                "namespace {namespace}: the operator's ceiling of {} workers{of} a minute is \
                 reached: the next start in {} s; the operator can raise \
                 max_workers_per_minute{place} in the system worker's configuration",
                ceiling.workers_per_minute,
                meter.next_in_minute(now)
            ),
        }
    }
}

/// What was counted for a grant.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) provider: String,
    pub(super) at: Duration,
    pub(super) lasts: Option<Duration>,
}

/// Workers that may be started. Whatever [`Grant::settle`] does not report as started counts as
/// such: a launch that was interrupted may have been carried out.
#[derive(Debug)]
pub(crate) struct Grant {
    meters: Arc<Mutex<Meters>>,
    reserved: Reservation,
    count: u32,
    refusal: Option<(Limit, String)>,
    started: Option<u32>,
}

impl Grant {
    pub(super) fn new(
        meters: Arc<Mutex<Meters>>,
        reserved: Reservation,
        count: u32,
        refusal: Option<(Limit, String)>,
    ) -> Self {
        Self { meters, reserved, count, refusal, started: None }
    }

    /// The number of workers that may be started.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Why there are not more.
    pub(crate) fn refusal(&self) -> Option<(Limit, &str)> {
        self.refusal.as_ref().map(|(limit, message)| (*limit, message.as_str()))
    }

    /// Reports that `started` workers were started.
    pub(crate) fn settle(mut self, started: u32) {
        self.started = Some(started);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        let Reservation { provider, at, lasts } = &self.reserved;
        let refunded = self.started.map_or(0, |started| self.count.saturating_sub(started));
        let mut meters = lock(&self.meters);
        meters.all.settle(*at, self.count, refunded, *lasts);
        if let Some(meter) = meters.providers.get_mut(provider) {
            meter.settle(*at, self.count, refunded, *lasts);
        }
    }
}

/// `outcome`, and `count` more workers that a ceiling kept from starting.
pub(crate) fn with_throttled(mut outcome: Outcome, count: u32, message: &str) -> Outcome {
    if count == 0 {
        return outcome;
    }
    outcome.throttled = outcome.throttled.saturating_add(count);
    if outcome.class.is_none() {
        outcome.class = Some(FailureClass::Throttled);
        message.clone_into(&mut outcome.message);
    }
    outcome
}
