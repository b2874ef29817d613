//! Bounds of the state that a run starts with.

use std::collections::BTreeMap;

use super::{Budget, check_spec, json_len};
use crate::{
    Refusal,
    launch::Launch,
    limits::{
        MAX_DECISIONS, MAX_GROUP_NAME, MAX_IDENTITY, MAX_KNOWN_GROUPS, MAX_LAUNCHES,
        MAX_QUEUE_NAME, MAX_REASON, MAX_REASONS, MAX_SCALING_STATE, MAX_SHORT_TEXT, MAX_SPEC_BYTES,
        MAX_UNKNOWN_BYTES, shorten,
    },
    messages::StartInput,
    state::{DecisionLogEntry, Extension, State},
};

impl StartInput {
    /// Cuts and drops what is too large to be kept. A legitimate input does not change.
    ///
    /// # Errors
    /// A spec that is too large to be used.
    pub fn bound(&mut self) -> Result<(), Refusal> {
        let mut budget = Budget(MAX_UNKNOWN_BYTES);
        shorten(&mut self.namespace_name, MAX_IDENTITY);
        shorten(&mut self.namespace_id, MAX_IDENTITY);
        budget.keep(&mut self.rest);
        match &mut self.state {
            Some(state) => state.bound(&mut budget),
            None => Ok(()),
        }
    }
}

impl State {
    fn bound(&mut self, budget: &mut Budget) -> Result<(), Refusal> {
        if let Some(spec) = &mut self.spec {
            // Unknown fields first: a spec that is too large only because of them stays in use.
            spec.bound_unknown_within(budget);
            check_spec(spec)?;
        }
        budget.keep(&mut self.rest);
        bound_groups(&mut self.scaling_state);
        self.scaling_state.retain(|_, state| json_len(state) <= MAX_SCALING_STATE);
        for signal in &mut self.pending_task_add_signals {
            shorten(&mut signal.task_queue_name, MAX_QUEUE_NAME);
        }
        self.conflict_token.take_if(|token| token.len() > MAX_SHORT_TEXT);
        shorten(&mut self.last_modifier_identity, MAX_IDENTITY);
        self.validation_state.iter_mut().for_each(super::outputs::bound_validation);
        if let Some(wci) = &mut self.wci {
            wci.bound(budget);
        }
        Ok(())
    }
}

impl Extension {
    fn bound(&mut self, budget: &mut Budget) {
        budget.keep(&mut self.rest);
        if let Some(check) = &mut self.check {
            super::outputs::bound_message(&mut check.trouble);
            budget.keep(&mut check.rest);
        }
        self.launches.retain(is_launch);
        self.launches.truncate(MAX_LAUNCHES);
        let older = self.decisions.len().saturating_sub(MAX_DECISIONS);
        self.decisions.drain(..older);
        self.decisions.iter_mut().for_each(DecisionLogEntry::bound);
        bound_groups(&mut self.last_failures);
        self.last_failures.values_mut().for_each(|record| record.outcome.bound());
        super::outputs::bound_message(&mut self.latest_drop);
        self.last_notified.iter_mut().for_each(super::outputs::bound_validation);
        super::outputs::bound_warnings(&mut self.warnings);
        bound_groups(&mut self.registering);
        bound_groups(&mut self.worker_sets);
        self.bound_worker_sets(budget);
        bound_groups(&mut self.unregistered);
        for trouble in self.unregistered.values_mut().chain(&mut self.untold) {
            super::outputs::bound_message(&mut trouble.message);
            trouble.reported.iter_mut().for_each(super::outputs::bound_message);
            budget.keep(&mut trouble.rest);
        }
        bound_groups(&mut self.crashes);
        for crashes in self.crashes.values_mut() {
            super::outputs::bound_crashes(crashes);
            budget.keep(&mut crashes.rest);
        }
    }

    /// The worker sets' settings are those of a spec, now or before its last change.
    fn bound_worker_sets(&mut self, budget: &mut Budget) {
        let mut left = 2 * MAX_SPEC_BYTES;
        self.worker_sets.retain(|_, set| {
            budget.keep(&mut set.rest);
            budget.keep_compute(&mut set.compute);
            let rest = left.checked_sub(json_len(&set.compute));
            left = rest.unwrap_or(left);
            rest.is_some()
        });
    }
}

impl DecisionLogEntry {
    fn bound(&mut self) {
        shorten(&mut self.group, MAX_GROUP_NAME);
        shorten(&mut self.event, MAX_SHORT_TEXT);
        bound_reasons(&mut self.reasons);
    }
}

/// Cuts the reasons of a decision.
pub(super) fn bound_reasons(reasons: &mut Vec<String>) {
    reasons.truncate(MAX_REASONS);
    reasons.iter_mut().for_each(|reason| shorten(reason, MAX_REASON));
}

/// Whether a spec can have this group.
fn is_launch(launch: &Launch) -> bool {
    launch.group.len() <= MAX_GROUP_NAME && launch.launch_id.len() <= MAX_SHORT_TEXT
}

/// Drops groups that no spec can have.
pub(super) fn bound_groups<T>(groups: &mut BTreeMap<String, T>) {
    groups.retain(|name, _| name.len() <= MAX_GROUP_NAME);
    while groups.len() > MAX_KNOWN_GROUPS {
        groups.pop_last();
    }
}
