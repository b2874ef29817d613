//! What is the case now, kept as it is learned and turned into gauges when somebody asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::{
    FailureClass, VersionId,
    stats::{StatsByType, WorkersSeen},
};

use super::{builtin_families::BuiltinFamilies, names::VersionNames, wci_families::WciFamilies};

/// What was seen of a version that is not watched here any more is forgotten after this: another
/// process watches it, or nobody has to.
const FORGET: Duration = Duration::from_secs(15);
/// Versions and groups that are kept at most.
const MAX_KEPT: usize = 20_000;

/// What was seen of a version.
#[derive(Debug)]
struct Seen {
    at: Instant,
    watches: u32,
    stats: StatsByType,
    workers: Option<WorkersSeen>,
}

/// Why a group asks its provider for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) provider: &'static str,
    pub(super) class: FailureClass,
    /// Milliseconds since the Unix epoch.
    pub(super) until_ms: i64,
}

/// What this process knows of the present.
#[derive(Debug, Default)]
pub(super) struct GaugeValues {
    /// The namespaces that are served.
    served: Mutex<BTreeSet<String>>,
    seen: Mutex<BTreeMap<(String, VersionId), Seen>>,
    pauses: Mutex<BTreeMap<(String, VersionId, String), Pause>>,
}

impl GaugeValues {
    /// A namespace is served.
    pub(super) fn serve(&self, namespace: &str) {
        if let Ok(mut served) = self.served.lock() {
            served.insert(namespace.to_owned());
        }
    }

    /// A watch begins.
    pub(super) fn watch(&self, namespace: &str, version: &VersionId) {
        self.with(namespace, version, |seen| seen.watches += 1);
    }

    /// A watch ends; the next one of the same version begins soon, here or elsewhere.
    pub(super) fn leave(&self, namespace: &str, version: &VersionId) {
        self.with(namespace, version, |seen| {
            seen.watches = seen.watches.saturating_sub(1);
            seen.at = Instant::now();
        });
    }

    /// What a watch sees.
    pub(super) fn look(&self, namespace: &str, version: &VersionId, stats: &StatsByType) {
        self.with(namespace, version, |seen| {
            seen.at = Instant::now();
            seen.stats.clone_from(stats);
        });
    }

    /// The workers that poll.
    pub(super) fn workers(&self, namespace: &str, version: &VersionId, workers: WorkersSeen) {
        self.with(namespace, version, |seen| seen.workers = Some(workers));
    }

    /// Whether workers were seen when they were last counted.
    pub(super) fn has_workers(&self, namespace: &str, version: &VersionId) -> bool {
        let Ok(all) = self.seen.lock() else { return false };
        let seen = all.get(&key(namespace, version));
        seen.and_then(|seen| seen.workers).is_some_and(|workers| workers.seen > 0)
    }

    /// Whether a group pauses, after a decision.
    pub(super) fn pause(
        &self,
        namespace: &str,
        version: &VersionId,
        group: &str,
        pause: Option<Pause>,
    ) {
        let (namespace, version) = key(namespace, version);
        let key = (namespace, version, group.to_owned());
        let Ok(mut pauses) = self.pauses.lock() else { return };
        match pause {
            Some(pause) if pauses.len() < MAX_KEPT => drop(pauses.insert(key, pause)),
            _ => drop(pauses.remove(&key)),
        }
    }

    fn with(&self, namespace: &str, version: &VersionId, change: impl FnOnce(&mut Seen)) {
        let Ok(mut all) = self.seen.lock() else { return };
        let key = key(namespace, version);
        if all.len() >= MAX_KEPT && !all.contains_key(&key) {
            return;
        }
        change(all.entry(key).or_insert_with(|| Seen {
            at: Instant::now(),
            watches: 0,
            stats: StatsByType::new(),
            workers: None,
        }));
    }

    /// Fills the gauges with the present, `now_ms`.
    pub(super) fn show(
        &self,
        names: &VersionNames,
        own: &WciFamilies,
        builtin: &BuiltinFamilies,
        now_ms: i64,
    ) {
        self.show_seen(names, own, builtin);
        own.backing_off.reset();
        let Ok(mut pauses) = self.pauses.lock() else { return };
        pauses.retain(|_, pause| pause.until_ms > now_ms);
        for ((namespace, ..), pause) in pauses.iter() {
            own.backing_off.of([namespace, pause.provider, pause.class.as_str()]).inc();
        }
    }

    fn show_seen(&self, names: &VersionNames, own: &WciFamilies, builtin: &BuiltinFamilies) {
        own.watched.reset();
        own.workers_seen.reset();
        own.backlog.reset();
        own.backlog_age.reset();
        builtin.backlog.reset();
        builtin.backlog_age.reset();
        if let Ok(served) = self.served.lock() {
            // None is told as 0, not as nothing.
            served.iter().for_each(|namespace| own.watched.of([namespace]).set(0));
        }
        let Ok(mut all) = self.seen.lock() else { return };
        all.retain(|_, seen| seen.watches > 0 || seen.at.elapsed() < FORGET);
        for ((namespace, version), seen) in all.iter() {
            let (deployment, build) = names.of(namespace, version);
            own.watched.of([namespace]).add(i64::from(seen.watches.min(1)));
            if let Some(workers) = seen.workers {
                own.workers_seen.of([namespace, deployment, build]).add(gauge(workers.seen));
            }
            let total = builtin.backlog.of([namespace, deployment, build]);
            let oldest = builtin.backlog_age.of([namespace, deployment, build]);
            for (kind, stats) in &seen.stats {
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
