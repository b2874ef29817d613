//! The values of gauges, kept as they are read and turned into gauges when they are gathered.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::{
    FailureClass, VersionId,
    stats::{StatsByType, WorkersSeen},
};

use super::{
    builtin_families::BuiltinFamilies, label_values::VersionLabels, wci_families::WciFamilies,
};

/// The values of a version that is not watched here any more are forgotten after this: another
/// process watches it, or the watch is not needed any more.
const FORGET_AFTER: Duration = Duration::from_secs(15);
/// The longest time between two attempts to register, with some margin: another process may have
/// made the next one, or the version is gone.
const FORGET_REGISTRATION_AFTER: Duration = Duration::from_secs(420);
/// Versions kept at most, and groups kept at most.
const MAX_KEPT: usize = 20_000;

/// The latest values of a version.
#[derive(Debug)]
struct VersionValues {
    at: Instant,
    watches: u32,
    stats: StatsByType,
    workers: Option<WorkersSeen>,
}

/// Why a group does not call its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BackingOff {
    pub(super) provider: &'static str,
    pub(super) class: FailureClass,
    /// Milliseconds since the Unix epoch.
    pub(super) until_ms: i64,
}

/// How many groups of a version are not registered, and when that was found.
#[derive(Debug, Clone, Copy)]
struct Unregistered {
    at: Instant,
    groups: i64,
}

/// The latest values that this process knows.
#[derive(Debug, Default)]
pub(super) struct GaugeValues {
    /// The namespaces that this process serves.
    served: Mutex<BTreeSet<String>>,
    versions: Mutex<BTreeMap<(String, VersionId), VersionValues>>,
    backing_off: Mutex<BTreeMap<(String, VersionId, String), BackingOff>>,
    unregistered: Mutex<BTreeMap<(String, VersionId), Unregistered>>,
}

impl GaugeValues {
    /// Records a namespace that this process serves.
    pub(super) fn serve(&self, namespace: &str) {
        if let Ok(mut served) = self.served.lock() {
            served.insert(namespace.to_owned());
        }
    }

    /// Records that a watch started.
    pub(super) fn watch_started(&self, namespace: &str, version: &VersionId) {
        self.with(namespace, version, |values| values.watches += 1);
    }

    /// Records that a watch ended. The next one of the same version starts soon, here or elsewhere.
    pub(super) fn watch_ended(&self, namespace: &str, version: &VersionId) {
        self.with(namespace, version, |values| {
            values.watches = values.watches.saturating_sub(1);
            values.at = Instant::now();
        });
    }

    /// Records the stats that a watch read.
    pub(super) fn stats(&self, namespace: &str, version: &VersionId, stats: &StatsByType) {
        self.with(namespace, version, |values| {
            values.at = Instant::now();
            // What was not reported stays as it was: it is unknown, not zero.
            values.stats.retain(|kind, _| stats.contains_key(kind));
            let complete = stats.iter().filter(|(_, stats)| stats.is_complete());
            values.stats.extend(complete.map(|(kind, stats)| (*kind, *stats)));
        });
    }

    /// Records the workers that poll.
    pub(super) fn workers(&self, namespace: &str, version: &VersionId, workers: WorkersSeen) {
        self.with(namespace, version, |values| values.workers = Some(workers));
    }

    /// Whether there were workers when they were last counted.
    pub(super) fn has_workers(&self, namespace: &str, version: &VersionId) -> bool {
        let Ok(all) = self.versions.lock() else { return false };
        let values = all.get(&key(namespace, version));
        values.and_then(|values| values.workers).is_some_and(|workers| workers.seen > 0)
    }

    /// Records whether a group is backing off, after a decision.
    pub(super) fn backing_off(
        &self,
        namespace: &str,
        version: &VersionId,
        group: &str,
        value: Option<BackingOff>,
    ) {
        let (namespace, version) = key(namespace, version);
        let key = (namespace, version, group.to_owned());
        let Ok(mut all) = self.backing_off.lock() else { return };
        match value {
            Some(value) if all.len() < MAX_KEPT => drop(all.insert(key, value)),
            _ => drop(all.remove(&key)),
        }
    }

    /// Records how many groups are not registered after an attempt.
    pub(super) fn unregistered(&self, namespace: &str, version: &VersionId, groups: usize) {
        let Ok(mut all) = self.unregistered.lock() else { return };
        let key = key(namespace, version);
        if groups == 0 || all.len() >= MAX_KEPT {
            all.remove(&key);
        } else {
            let groups = i64::try_from(groups).unwrap_or(i64::MAX);
            all.insert(key, Unregistered { at: Instant::now(), groups });
        }
    }

    fn with(&self, namespace: &str, version: &VersionId, change: impl FnOnce(&mut VersionValues)) {
        let Ok(mut all) = self.versions.lock() else { return };
        let key = key(namespace, version);
        if all.len() >= MAX_KEPT && !all.contains_key(&key) {
            return;
        }
        change(all.entry(key).or_insert_with(|| VersionValues {
            at: Instant::now(),
            watches: 0,
            stats: StatsByType::new(),
            workers: None,
        }));
    }

    /// Fills the gauges with the values of the present, `now_ms`.
    pub(super) fn fill(
        &self,
        labels: &VersionLabels,
        own: &WciFamilies,
        builtin: &BuiltinFamilies,
        now_ms: i64,
    ) {
        self.fill_versions(labels, own, builtin);
        self.fill_unregistered(labels, own);
        own.backing_off.reset();
        let Ok(mut all) = self.backing_off.lock() else { return };
        all.retain(|_, group| group.until_ms > now_ms);
        for ((namespace, ..), group) in all.iter() {
            own.backing_off.of([namespace, group.provider, group.class.as_str()]).inc();
        }
    }

    fn fill_unregistered(&self, labels: &VersionLabels, own: &WciFamilies) {
        own.not_registered.reset();
        let Ok(mut all) = self.unregistered.lock() else { return };
        all.retain(|_, it| it.at.elapsed() < FORGET_REGISTRATION_AFTER);
        for ((namespace, version), it) in all.iter() {
            let (deployment, build) = labels.of(namespace, version);
            own.not_registered.of([namespace, deployment, build]).add(it.groups);
        }
    }

    fn fill_versions(&self, labels: &VersionLabels, own: &WciFamilies, builtin: &BuiltinFamilies) {
        own.watched.reset();
        own.workers_seen.reset();
        own.backlog.reset();
        own.backlog_age.reset();
        builtin.gauges.backlog.reset();
        builtin.gauges.backlog_age.reset();
        if let Ok(served) = self.served.lock() {
            // A namespace without watches has the value 0, not none.
            served.iter().for_each(|namespace| own.watched.of([namespace]).set(0));
        }
        let Ok(mut all) = self.versions.lock() else { return };
        all.retain(|_, values| values.watches > 0 || values.at.elapsed() < FORGET_AFTER);
        for ((namespace, version), values) in all.iter() {
            let (deployment, build) = labels.of(namespace, version);
            own.watched.of([namespace]).add(i64::from(values.watches.min(1)));
            if let Some(workers) = values.workers {
                own.workers_seen.of([namespace, deployment, build]).add(gauge(workers.seen));
            }
            let total = builtin.gauges.backlog.of([namespace, deployment, build]);
            let oldest = builtin.gauges.backlog_age.of([namespace, deployment, build]);
            for (kind, stats) in &values.stats {
                let labels = [namespace, deployment, build, kind.as_str()];
                own.backlog.of(labels).add(gauge(stats.backlog));
                let age = own.backlog_age.of(labels);
                age.set(age.get().max(gauge(stats.age_ms / 1000)));
                oldest.set(oldest.get().max(age.get()));
                total.add(gauge(stats.backlog));
            }
        }
    }
}

fn key(namespace: &str, version: &VersionId) -> (String, VersionId) {
    (namespace.to_owned(), version.clone())
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
