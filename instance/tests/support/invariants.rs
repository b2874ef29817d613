//! What holds whenever a workflow task is over.

use std::collections::{BTreeMap, BTreeSet};

use wci_contract::{
    Spec, TaskType,
    limits::{MAX_DECISIONS, MAX_INBOX, MAX_LAUNCHES},
    signal::TaskAdd,
    state::{Extension, State},
};

use super::driver::{Driver, Stage, Work};

/// Launches of one group that may be under way at once.
const MAX_GROUP_LAUNCHES: usize = 8;
/// When an orphaned launch is forgotten.
const ORPHAN_EXPIRES_MS: i64 = 60_000;

impl Driver {
    /// Checks everything that holds while a run waits for the next event.
    pub(crate) fn check(&mut self) {
        if self.stage == Stage::Ended {
            return;
        }
        let state = self.instance.dump();
        // What a decision is about is held, too, once it comes too late.
        let deciding = self.deciding.as_ref().filter(|_| self.instance.admit_update().is_ok());
        self.ledger.check(&state.pending_task_add_signals, deciding);
        self.check_launches(&state);
        self.check_bounds(&state);
        self.check_worker_sets(&state);
        let is_ending = self.updates.release_sets();
        if self.stage == Stage::Running && self.instance.admit_update().is_ok() && !is_ending {
            self.check_wakes_up(&state);
            self.check_requests(&state);
        }
    }

    /// The instance knows exactly the launches that are under way.
    pub(crate) fn check_launches(&self, state: &State) {
        let own: BTreeSet<_> = self.launches.iter().map(|launch| &launch.launch_id).collect();
        let orphans: BTreeSet<_> = self.orphans.iter().map(|launch| &launch.launch_id).collect();
        let mut by_group: BTreeMap<&str, usize> = BTreeMap::new();
        for launch in &self.launches {
            *by_group.entry(launch.group.as_str()).or_default() += 1;
        }
        assert!(own.len() <= MAX_LAUNCHES);
        assert!(by_group.values().all(|launches| *launches <= MAX_GROUP_LAUNCHES), "{by_group:?}");
        let known = state.wci.iter().flat_map(|wci| &wci.launches);
        let known: BTreeSet<_> = known.map(|launch| &launch.launch_id).collect();
        assert!(known.is_superset(&own), "a launch is lost");
        assert!(known.iter().all(|id| own.contains(id) || orphans.contains(id)));
        let decided_ms = self.deciding.as_ref().map(|input| input.now_ms);
        for orphan in &self.orphans {
            let is_known = known.contains(&orphan.launch_id);
            let age_ms = |now_ms: i64| now_ms.saturating_sub(orphan.since);
            assert!(is_known || age_ms(self.now_ms) >= ORPHAN_EXPIRES_MS, "forgotten too early");
            let is_old = decided_ms.is_some_and(|at| age_ms(at) >= ORPHAN_EXPIRES_MS);
            assert!(!is_known || !is_old, "an orphaned launch never expires");
        }
    }

    fn check_bounds(&mut self, state: &State) {
        let none = Extension::default();
        let wci = state.wci.as_ref().unwrap_or(&none);
        assert!(wci.decisions.len() <= MAX_DECISIONS);
        // A full inbox has an entry of each type.
        let signals = state.pending_task_add_signals.len();
        assert!(signals < MAX_INBOX + TaskType::ALL.len(), "{signals} signals are held");
        let counters = [wci.workers_started, wci.signals_dropped];
        assert!(counters.iter().zip(self.counters).all(|(now, before)| *now >= before));
        self.counters = counters;
    }

    /// Held tasks are decided about: now, or when the timer fires.
    fn check_wakes_up(&self, state: &State) {
        let holds = state.pending_task_add_signals.iter().any(TaskAdd::is_eligible);
        if self.instance.spec().is_none() || !holds || self.deciding.is_some() {
            return;
        }
        let due_ms = state.wci.as_ref().and_then(|wci| wci.wake_at_ms);
        let due_ms = due_ms.expect("tasks are held, and nothing says until when");
        let timer_ms = self.timer_ms.expect("tasks are held, and no timer is set");
        assert!(timer_ms <= due_ms.max(self.now_ms + 1), "the timer fires too late");
    }

    /// Sizes are sent until a provider acknowledges them, and only those count as acknowledged.
    fn check_worker_sets(&self, state: &State) {
        let sets = state.wci.iter().flat_map(|wci| &wci.worker_sets);
        for (group, set) in sets {
            let sent = (group.clone(), set.requested_ms);
            assert!(!set.acknowledged || self.acknowledged.contains(&sent), "{group}: {set:?}");
            let is_kept = self.instance.spec().is_some_and(|spec| has_worker_set(spec, group));
            let is_sent = self.resizes.iter().any(|resize| resize.group == *group);
            assert!(is_kept || is_sent, "{group} is not released: {set:?}");
        }
        for (group, size) in &self.sizes {
            let is_known =
                state.wci.as_ref().is_some_and(|wci| wci.worker_sets.contains_key(group));
            assert!(*size == 0 || is_known, "{group} is forgotten, with {size} workers");
        }
    }

    /// Whether the version's workflow was not notified of the validation status.
    pub(crate) fn has_unknown_status(&self) -> bool {
        let found = self.instance.describe().ok().and_then(|found| found.validation_state);
        let found = found.map(|found| (found.status.clone(), found.err_message.clone()));
        found.is_some() && found != self.notified
    }

    /// What is due has been requested.
    fn check_requests(&self, state: &State) {
        let Some(spec) = self.instance.spec() else { return };
        let wci = state.wci.clone().unwrap_or_default();
        let groups = spec.scaling_group_specs.keys();
        let mut sets = groups.filter(|group| has_worker_set(spec, group));
        let has_sizes = sets.all(|group| wci.worker_sets.contains_key(group));
        if self.is_unregistered && has_sizes {
            assert!(self.registering.is_some(), "no registration is requested");
        }
        let is_planned = !matches!(self.revalidation, Work::Idle);
        assert!(is_planned, "no revalidation is planned");
        let is_watched = !matches!(self.watch, Work::Idle);
        assert!(is_watched, "nobody watches the task queues");
        if self.has_unknown_status() {
            assert!(self.notifying.is_some(), "the version is not notified");
        }
    }
}

/// Whether `spec` has a worker set of this name.
pub(crate) fn has_worker_set(spec: &Spec, group: &str) -> bool {
    spec.scaling_group_specs.get(group).is_some_and(|group| group.compute.is_worker_set())
}
