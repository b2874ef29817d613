//! Sets of workers, as the book knows them: how large each is to be, and whether its provider
//! took that size.

use wci_contract::{
    Spec,
    activities::ResizeInput,
    decision::{Action, Event},
    launch::Outcome,
    limits::MAX_ACTIONS,
    state::{FailureRecord, WorkerSet},
};

use crate::{book::Book, launching::QUIET_MS};

/// A provider that has not heard of a set for this long is told again, milliseconds: what it kept
/// may have been lost with its machine.
const AGAIN_MS: i64 = 600_000;

impl Book {
    /// Whether the workers of `group` are kept as a set.
    pub(crate) fn is_set(&self, group: &str) -> bool {
        self.spec().is_some_and(|spec| keeps_a_set(spec, group))
    }

    /// Whether `group` is a set whose provider does not know how large it is to be.
    pub(crate) fn is_untold(&self, group: &str) -> bool {
        let set = self.state.wci.as_ref().and_then(|wci| wci.worker_sets.get(group));
        self.is_set(group)
            && !self.resizing.contains(group)
            && set.is_none_or(|set| !set.acknowledged)
    }

    /// Whether every set was given a size.
    pub(crate) fn has_sized_sets(&self) -> bool {
        let groups = self.spec().map(|spec| spec.scaling_group_specs.keys());
        let known = |group| self.state.wci.as_ref()?.worker_sets.get(group);
        groups.into_iter().flatten().all(|group| !self.is_set(group) || known(group).is_some())
    }

    /// When the queues of sets are to be looked at whatever they hold, milliseconds from now.
    pub(crate) fn next_set_poll_ms(&self, otherwise: u64) -> Option<u64> {
        let groups = self.spec()?.scaling_group_specs.keys();
        let sets = groups.filter(|group| self.is_set(group));
        sets.map(|group| self.next_poll_ms.get(group).copied().unwrap_or(otherwise)).min()
    }

    /// Has the provider of `group` keep `count` workers: this size, and none that still waits.
    pub(crate) fn resize(&mut self, now_ms: i64, group: &str, count: u32) {
        let spec = self.spec().and_then(|spec| spec.scaling_group_specs.get(group));
        let Some(compute) = spec.map(|spec| spec.compute.clone()).filter(|it| it.is_worker_set())
        else {
            return;
        };
        let set = self.wci().worker_sets.entry(group.to_owned()).or_default();
        let requested_ms = now_ms.max(set.requested_ms.saturating_add(1));
        *set = WorkerSet {
            wanted: count,
            requested_ms,
            acknowledged: false,
            compute,
            ..std::mem::take(set)
        };
        self.to_resize.insert(group.to_owned());
        self.quiet_until_ms = now_ms + QUIET_MS;
    }

    /// Tells a provider again what it was told long ago.
    pub(crate) fn remind(&mut self, now_ms: i64, group: &str) {
        let set = self.state.wci.as_ref().and_then(|wci| wci.worker_sets.get(group));
        if let Some(set) =
            set.filter(|set| set.acknowledged && now_ms - set.requested_ms >= AGAIN_MS)
        {
            self.resize(now_ms, group, set.wanted);
        }
    }

    /// Has those sets end that `spec` does not have any more. Every other one is told its size
    /// when that is decided next.
    pub(crate) fn let_go_all_but(&mut self, spec: &Spec) {
        let Some(wci) = &mut self.state.wci else { return };
        for (group, set) in &mut wci.worker_sets {
            if !keeps_a_set(spec, group) && (set.wanted > 0 || !set.acknowledged) {
                set.requested_ms = set.requested_ms.saturating_add(1);
                (set.wanted, set.acknowledged) = (0, false);
                self.to_resize.insert(group.clone());
            }
        }
        wci.worker_sets.retain(|group, set| keeps_a_set(spec, group) || !set.acknowledged);
    }

    /// Has all sets end, because the instance does. Whether there are any.
    pub(crate) fn let_all_go(&mut self) -> bool {
        self.letting_go = true;
        self.let_go_all_but(&Spec::default());
        !self.are_sets_gone()
    }

    /// Whether no set is left.
    pub(crate) fn are_sets_gone(&self) -> bool {
        self.state.wci.as_ref().is_none_or(|wci| wci.worker_sets.is_empty())
    }

    /// A size that is to be told now; at most one is under way for each set.
    pub(crate) fn next_resize(&mut self) -> Option<ResizeInput> {
        let group = self.to_resize.iter().find(|group| !self.resizing.contains(*group))?.clone();
        self.to_resize.remove(&group);
        let version = self.version()?;
        let set = self.state.wci.as_ref()?.worker_sets.get(&group)?;
        let (compute, count, requested_ms) = (set.compute.clone(), set.wanted, set.requested_ms);
        self.resizing.insert(group.clone());
        Some(ResizeInput { version, group, compute, count, requested_ms })
    }

    /// Whether a size waits to be told.
    pub(crate) fn has_next_resize(&self) -> bool {
        self.to_resize.iter().any(|group| !self.resizing.contains(group))
    }

    /// Whether the set of `group` ends, so that no decision will be made about it.
    pub(crate) fn is_let_go(&self, group: &str) -> bool {
        self.letting_go || !self.is_set(group)
    }

    /// Takes note of what a provider said about a size. One that was not taken waits for the
    /// decision that follows, and so does what was to come after it.
    pub(crate) fn resized(&mut self, now_ms: i64, asked: &ResizeInput, outcome: Outcome) {
        let group = &asked.group;
        self.resizing.remove(group);
        let is_let_go = self.is_let_go(group);
        let wci = self.wci();
        if outcome.is_success() {
            wci.workers_started += u64::from(outcome.started);
            wci.last_failures.remove(group);
            let set = wci.worker_sets.get_mut(group);
            if let Some(set) = set.filter(|set| set.requested_ms == asked.requested_ms) {
                set.acknowledged = true;
                if is_let_go {
                    wci.worker_sets.remove(group);
                }
            }
        } else {
            let record = FailureRecord { at_ms: now_ms, outcome: outcome.clone() };
            wci.last_failures.insert(group.clone(), record);
            if is_let_go {
                self.to_resize.insert(group.clone());
            } else {
                self.to_resize.remove(group);
            }
        }
        if !is_let_go {
            self.doubt(now_ms, &outcome);
            self.events.entry(group.clone()).or_default().push(Event::Outcome(outcome));
        }
    }
}

fn keeps_a_set(spec: &Spec, group: &str) -> bool {
    spec.scaling_group_specs.get(group).is_some_and(|group| group.compute.is_worker_set())
}

/// The size that a decision gives a set.
pub(crate) fn size_wanted(actions: &[Action]) -> Option<u32> {
    let mut sizes = actions.iter().take(MAX_ACTIONS).filter_map(|action| match action {
        Action::UpdateWorkerSetSize { count } => Some(*count),
        Action::InvokeWorker { .. } => None,
    });
    sizes.next_back()
}

#[cfg(test)]
mod tests;
