//! How many workers of each group failed in a row right after their start.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wci_contract::{Crashes, VersionId};

use super::worker_exit::{FailedExit, WorkerExit};
use crate::{Scope, clock::now_ms};

/// A worker that ran this long did not fail because of how it was started.
const STEADY_AFTER_MS: u64 = 30_000;
/// Groups that are kept; those that failed longest ago are forgotten first.
const MAX_GROUPS: usize = 2_000;

/// The key of a group: namespace, version and name.
type Key = (String, VersionId, String);

/// Counts for the groups of this process's workers.
#[derive(Debug, Clone, Default)]
pub(crate) struct CrashCounts(Arc<Mutex<BTreeMap<Key, Count>>>);

#[derive(Debug, Default)]
struct Count {
    crashes: Crashes,
    /// When the last worker that failed was started.
    failed_start_ms: u64,
    /// When each running worker was started.
    running: BTreeMap<u64, u64>,
    next: u64,
}

/// A running worker.
#[derive(Debug)]
pub(super) struct RunningWorker {
    counts: CrashCounts,
    key: Key,
    number: u64,
    started_ms: u64,
}

impl CrashCounts {
    /// Records that a worker of the group runs.
    pub(super) fn started(&self, scope: &Scope) -> RunningWorker {
        self.started_at(scope, now_ms())
    }

    fn started_at(&self, scope: &Scope, started_ms: u64) -> RunningWorker {
        let key = (scope.namespace.clone(), scope.version.clone(), scope.group.clone());
        let mut all = self.lock();
        if all.len() >= MAX_GROUPS && !all.contains_key(&key) {
            let oldest = all.iter().min_by_key(|(_, count)| count.crashes.at_ms);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                all.remove(&oldest);
            }
        }
        let count = all.entry(key.clone()).or_default();
        let number = count.next;
        count.next += 1;
        count.running.insert(number, started_ms);
        drop(all);
        RunningWorker { counts: self.clone(), key, number, started_ms }
    }

    /// The groups of this version that had a failure, and what became of it since.
    pub(super) fn of(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        let all = self.all(now_ms()).into_iter();
        let of_version =
            all.filter(|(scope, _)| scope.namespace == namespace && scope.version == *version);
        of_version.map(|(scope, crashes)| (scope.group, crashes)).collect()
    }

    /// All groups that had a failure.
    pub(crate) fn all(&self, now_ms: u64) -> Vec<(Scope, Crashes)> {
        let mut all = self.lock();
        all.values_mut().for_each(|count| count.forgive(now_ms));
        let failed = all.iter().filter(|(_, count)| count.crashes.at_ms > 0);
        failed
            .map(|((namespace, version, group), count)| {
                let (namespace, version, group) =
                    (namespace.clone(), version.clone(), group.clone());
                (Scope { namespace, version, group }, count.crashes.clone())
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningWorker {
    /// Records how the worker exited.
    pub(super) fn exited(self, exit: &WorkerExit) {
        self.exited_at(exit, now_ms());
    }

    fn exited_at(self, exit: &WorkerExit, now_ms: u64) {
        let mut all = self.counts.lock();
        let Some(count) = all.get_mut(&self.key) else { return };
        let lived_ms = now_ms.saturating_sub(self.started_ms);
        match exit {
            WorkerExit::Failed(exit) if lived_ms < STEADY_AFTER_MS && !exit.was_stopped => {
                count.failed_start_ms = count.failed_start_ms.max(self.started_ms);
                count.failed(exit, lived_ms, now_ms);
            }
            WorkerExit::Failed(_) | WorkerExit::Unknown if lived_ms < STEADY_AFTER_MS => {}
            WorkerExit::Well | WorkerExit::Failed(_) | WorkerExit::Unknown => {
                count.lived(self.started_ms, now_ms);
            }
        }
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        let mut all = self.counts.lock();
        if let Some(count) = all.get_mut(&self.key) {
            count.running.remove(&self.number);
            if count.running.is_empty() && count.crashes.at_ms == 0 {
                all.remove(&self.key);
            }
        }
    }
}

impl Count {
    fn failed(&mut self, failed: &FailedExit, lived_ms: u64, now_ms: u64) {
        let Crashes { in_a_row, within_ms, exit, is_mixed, .. } = &self.crashes;
        let predicate = failed.predicate();
        self.crashes = Crashes {
            in_a_row: in_a_row.saturating_add(1),
            within_ms: lived_ms.max(if *in_a_row == 0 { 0 } else { *within_ms }),
            is_mixed: *in_a_row > 0 && (*is_mixed || *exit != predicate),
            exit: predicate,
            last_line: failed.last_line.clone(),
            at_ms: millis(now_ms),
            ..Crashes::default()
        };
    }

    /// A worker that was started at `started_ms` lived. Those that were started later may still
    /// fail.
    fn lived(&mut self, started_ms: u64, now_ms: u64) {
        if self.crashes.in_a_row > 0 && started_ms >= self.failed_start_ms {
            self.crashes = Crashes { at_ms: millis(now_ms), ..Crashes::default() };
        }
    }

    /// Ends a row if a worker has been running for long enough.
    fn forgive(&mut self, now_ms: u64) {
        let is_steady = |started: &&u64| now_ms.saturating_sub(**started) >= STEADY_AFTER_MS;
        if let Some(started_ms) = self.running.values().filter(is_steady).max().copied() {
            self.lived(started_ms, now_ms);
        }
    }
}

fn millis(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        let version = VersionId::new("d", "b").unwrap();
        Scope { namespace: "n".to_owned(), version, group: "g".to_owned() }
    }

    fn boom(code: i32) -> WorkerExit {
        let (code, last_line) = (Some(code), "boom".to_owned());
        WorkerExit::Failed(FailedExit { code, last_line, ..FailedExit::default() })
    }

    fn told(counts: &CrashCounts, now_ms: u64) -> Option<String> {
        let all = counts.all(now_ms);
        all.first().filter(|(_, crashes)| crashes.is_loop()).map(|(_, it)| it.to_string())
    }

    #[test]
    fn workers_that_fail_one_after_another_are_counted_until_one_lives() {
        let counts = CrashCounts::default();
        for (start, end) in [(1_000, 1_500), (2_000, 3_400), (4_000, 4_100)] {
            counts.started_at(&scope(), start).exited_at(&boom(3), end);
        }
        let expected = "3 workers in a row exited with 3 within 2 s: boom";
        assert_eq!(told(&counts, 5_000).as_deref(), Some(expected));
        counts.started_at(&scope(), 6_000).exited_at(&WorkerExit::Well, 7_000);
        assert_eq!(told(&counts, 8_000), None);
        assert_eq!(counts.all(8_000)[0].1.at_ms, 7_000);
    }

    #[test]
    fn a_worker_that_still_runs_after_a_while_lives() {
        let counts = CrashCounts::default();
        for start in [1_000, 2_000] {
            counts.started_at(&scope(), start).exited_at(&boom(3), start + 100);
        }
        let running = counts.started_at(&scope(), 3_000);
        assert!(told(&counts, 32_999).is_some());
        assert_eq!(told(&counts, 33_000), None);
        drop(running);
    }

    #[test]
    fn a_worker_that_was_started_before_those_that_failed_says_nothing_about_them() {
        let counts = CrashCounts::default();
        let old = counts.started_at(&scope(), 1_000);
        for (start, code) in [(2_000, 3), (3_000, 4)] {
            counts.started_at(&scope(), start).exited_at(&boom(code), start + 100);
        }
        old.exited_at(&WorkerExit::Well, 90_000);
        let expected = "2 workers in a row failed within 1 s, the last exited with 4: boom";
        assert_eq!(told(&counts, 90_000).as_deref(), Some(expected));
    }

    #[test]
    fn a_worker_that_was_told_to_stop_neither_counts_nor_ends_the_row() {
        let counts = CrashCounts::default();
        let exits = [
            boom(3),
            WorkerExit::Failed(FailedExit { was_stopped: true, ..FailedExit::default() }),
            WorkerExit::Unknown,
            boom(3),
        ];
        for (n, exit) in (1..).zip(&exits) {
            counts.started_at(&scope(), n * 1_000).exited_at(exit, n * 1_000 + 10);
        }
        assert!(told(&counts, 9_000).unwrap().starts_with("2 workers in a row exited with 3"));
    }
}
