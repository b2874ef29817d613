//! The operator's ceilings: how many workers one namespace may have started, whatever its specs,
//! instances and clients request. Every launch passes here, on its way to the provider.

mod grant;
mod meter;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use grant::{Grant, Limit, with_throttled};
use meter::Meter;

/// How many workers may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Workers at once.
    pub workers: u32,
    /// Workers that start within any minute.
    pub workers_per_minute: u32,
}

impl Ceiling {
    /// No limit.
    pub const NONE: Self = Self { workers: u32::MAX, workers_per_minute: u32::MAX };
}

/// The ceilings of one namespace, and what has been started below them by this process.
#[derive(Debug)]
pub struct Ceilings {
    namespace: String,
    began: Instant,
    meters: Arc<Mutex<Meters>>,
}

#[derive(Debug)]
struct Meters {
    all: Meter,
    providers: BTreeMap<String, Meter>,
    validations: Meter,
}

impl Ceilings {
    /// The ceilings of `namespace`: `all` for the sum over its providers, and `providers` by type.
    pub fn new(namespace: &str, all: Ceiling, providers: BTreeMap<String, Ceiling>) -> Self {
        let providers = providers.into_iter().map(|(name, it)| (name, Meter::new(it))).collect();
        let validations = Meter::new(Ceiling { workers: u32::MAX, ..all });
        let meters = Meters { all: Meter::new(all), providers, validations };
        Self {
            namespace: namespace.to_owned(),
            began: Instant::now(),
            meters: Arc::new(Mutex::new(meters)),
        }
    }

    /// Grants at most `wanted` workers of `provider`. `lasts` is how long each may run, for a
    /// provider that does not see its workers exit. `running` counts the workers of the namespace
    /// whose exit is seen.
    pub(crate) fn grant(
        &self,
        provider: &str,
        wanted: u32,
        lasts: Option<Duration>,
        running: u32,
    ) -> Grant {
        let now = self.began.elapsed();
        let mut meters = self.lock();
        let mut limits = vec![
            (Limit::NamespaceWorkers, meters.all.room_at_once(now, running)),
            (Limit::NamespaceRate, meters.all.room_in_minute(now)),
        ];
        if let Some(meter) = meters.providers.get_mut(provider) {
            limits.push((Limit::ProviderWorkers, meter.room_at_once(now, 0)));
            limits.push((Limit::ProviderRate, meter.room_in_minute(now)));
        }
        let tightest = limits.into_iter().min_by_key(|(_, room)| *room);
        let (limit, count) = tightest.map_or((Limit::NamespaceWorkers, wanted), |found| found);
        let count = count.min(wanted);
        let refusal = (count < wanted).then(|| {
            let meter = match limit {
                Limit::NamespaceWorkers | Limit::NamespaceRate => &meters.all,
                Limit::ProviderWorkers | Limit::ProviderRate => {
                    meters.providers.get(provider).unwrap_or(&meters.all)
                }
            };
            (limit, limit.message(&self.namespace, provider, meter, now))
        });
        meters.all.reserve(now, count, lasts);
        if let Some(meter) = meters.providers.get_mut(provider) {
            meter.reserve(now, count, lasts);
        }
        drop(meters);
        let reserved = grant::Reservation { provider: provider.to_owned(), at: now, lasts };
        Grant::new(Arc::clone(&self.meters), reserved, count, refusal)
    }

    /// Counts a check of a compute config, which calls providers as well. Refuses with a message.
    pub(crate) fn admit_validation(&self) -> Result<(), String> {
        let now = self.began.elapsed();
        let mut meters = self.lock();
        if meters.validations.room_in_minute(now) > 0 {
            meters.validations.reserve(now, 1, Some(Duration::ZERO));
            return Ok(());
        }
        Err(format!(
            "namespace {}: {} compute configs were checked within a minute, which is all that the \
             operator allows (max_workers_per_minute): try again in a minute",
            self.namespace,
            meters.validations.ceiling().workers_per_minute
        ))
    }

    fn lock(&self) -> MutexGuard<'_, Meters> {
        lock(&self.meters)
    }
}

/// A panic elsewhere leaves the meters whole: every change is a plain assignment.
fn lock(meters: &Mutex<Meters>) -> MutexGuard<'_, Meters> {
    meters.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
