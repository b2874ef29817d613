//! Worker sets: the size of each, and whether its provider has acknowledged it.

use wci_contract::{
    Spec,
    activities::ResizeInput,
    decision::{Action, Event as ScalingEvent},
    launch::Outcome,
    limits::MAX_ACTIONS,
    state::WorkerSet,
};

use crate::{Effect, InstanceState};

/// A size is sent again after this: the provider may have lost it with its machine.
const REASSERT_MS: i64 = 600_000;

impl InstanceState {
    /// Whether the workers of `group` are a worker set.
    pub(crate) fn is_worker_set(&self, group: &str) -> bool {
        self.spec().is_some_and(|spec| has_worker_set(spec, group))
    }

    /// Whether `group` is a worker set whose size the provider has not acknowledged.
    pub(crate) fn is_unacknowledged(&self, group: &str) -> bool {
        let set = self.state.wci.as_ref().and_then(|wci| wci.worker_sets.get(group));
        self.is_worker_set(group)
            && !self.resizing.contains(group)
            && set.is_none_or(|set| !set.acknowledged)
    }

    /// Whether every worker set of the spec was given a size.
    pub(crate) fn has_sized_sets(&self) -> bool {
        let groups = self.spec().map(|spec| spec.scaling_group_specs.keys());
        let known = |group| self.state.wci.as_ref()?.worker_sets.get(group);
        groups
            .into_iter()
            .flatten()
            .all(|group| !self.is_worker_set(group) || known(group).is_some())
    }

    /// The time until the queues of worker sets must be read, whether or not tasks wait;
    /// `otherwise` for a set without a decision. `None` without worker sets.
    pub(crate) fn next_set_poll_ms(&self, otherwise: u64) -> Option<u64> {
        let groups = self.spec()?.scaling_group_specs.keys();
        let sets = groups.filter(|group| self.is_worker_set(group));
        sets.map(|group| self.next_poll_ms.get(group).copied().unwrap_or(otherwise)).min()
    }

    /// Sets the size of the worker set of `group`. It replaces a size that was not sent yet.
    pub(crate) fn set_size(&mut self, now_ms: i64, group: &str, count: u32) {
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
        self.request_resize(group);
        self.leave_backlog_to_workers(now_ms);
    }

    /// Sends a size again that was acknowledged long ago.
    pub(crate) fn assert_size(&mut self, now_ms: i64, group: &str) {
        let set = self.state.wci.as_ref().and_then(|wci| wci.worker_sets.get(group));
        let is_old = |set: &WorkerSet| now_ms - set.requested_ms >= REASSERT_MS;
        if let Some(set) = set.filter(|set| set.acknowledged && is_old(set)) {
            self.set_size(now_ms, group, set.wanted);
        }
    }

    /// Releases the worker sets that `spec` does not have. For the others, the next decision sends the
    /// size.
    pub(crate) fn release_sets_not_in(&mut self, spec: &Spec) {
        let Some(wci) = &mut self.state.wci else { return };
        let mut released = Vec::new();
        for (group, set) in &mut wci.worker_sets {
            if !has_worker_set(spec, group) && (set.wanted > 0 || !set.acknowledged) {
                set.requested_ms = set.requested_ms.saturating_add(1);
                (set.wanted, set.acknowledged) = (0, false);
                released.push(group.clone());
            }
        }
        wci.worker_sets.retain(|group, set| has_worker_set(spec, group) || !set.acknowledged);
        for group in released {
            self.request_resize(&group);
        }
    }

    /// Releases all worker sets, because the instance ends. No more decisions are made.
    pub(crate) fn release_all_sets(&mut self) {
        self.releasing_sets = true;
        self.release_sets_not_in(&Spec::default());
    }

    /// Whether no worker set is left.
    pub fn has_no_sets(&self) -> bool {
        self.state.wci.as_ref().is_none_or(|wci| wci.worker_sets.is_empty())
    }

    /// Requests a resize. At most one of a group is in progress; the next one waits for its end.
    fn request_resize(&mut self, group: &str) {
        self.resizes_pending.insert(group.to_owned());
        if !self.resizing.contains(group) {
            self.effects.push(Effect::Resize { group: group.to_owned() });
        }
    }

    /// The input of a resize of `group` that begins now; `None` if there is none to send any more,
    /// or one is in progress.
    pub fn begin_resize(&mut self, group: &str) -> Option<ResizeInput> {
        if self.resizing.contains(group) || !self.resizes_pending.remove(group) {
            return None;
        }
        let set = self.state.wci.as_ref()?.worker_sets.get(group)?;
        let input = ResizeInput {
            version: self.version.clone(),
            group: group.to_owned(),
            compute: set.compute.clone(),
            count: set.wanted,
            requested_ms: set.requested_ms,
        };
        self.resizing.insert(group.to_owned());
        Some(input)
    }

    /// Whether the worker set of `group` is being released, so that it gets no more decisions.
    pub fn is_released(&self, group: &str) -> bool {
        self.releasing_sets || !self.is_worker_set(group)
    }

    /// Records the provider's answer. After a failure the decision that follows sends the next
    /// size; a set that is being released is released again.
    pub(crate) fn end_resize(&mut self, now_ms: i64, input: &ResizeInput, outcome: Outcome) {
        let group = &input.group;
        self.resizing.remove(group);
        let is_released = self.is_released(group);
        self.record_failure(now_ms, group, &outcome);
        if outcome.is_success() {
            self.count_started(&outcome);
            let wci = self.wci();
            let set = wci.worker_sets.get_mut(group);
            if let Some(set) = set.filter(|set| set.requested_ms == input.requested_ms) {
                set.acknowledged = true;
                if is_released {
                    wci.worker_sets.remove(group);
                }
            }
        } else if is_released {
            self.resizes_pending.insert(group.clone());
        } else {
            self.resizes_pending.remove(group);
        }
        if self.resizes_pending.contains(group) {
            self.effects.push(Effect::Resize { group: group.clone() });
        }
        if !is_released {
            self.revalidate_if_contradicted(now_ms, &outcome);
            self.events.entry(group.clone()).or_default().push(ScalingEvent::Outcome(outcome));
        }
    }
}

fn has_worker_set(spec: &Spec, group: &str) -> bool {
    spec.scaling_group_specs.get(group).is_some_and(|group| group.compute.is_worker_set())
}

/// The size that a decision gives a worker set.
pub(crate) fn desired_size(actions: &[Action]) -> Option<u32> {
    let mut sizes = actions.iter().take(MAX_ACTIONS).filter_map(|action| match action {
        Action::UpdateWorkerSetSize { count } => Some(*count),
        Action::InvokeWorker { .. } => None,
    });
    sizes.next_back()
}

#[cfg(test)]
mod tests;
