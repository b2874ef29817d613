//! Registration: a group whose task queues the server does not know gets a worker, which registers
//! them by polling.

mod attempts;

use std::collections::{BTreeMap, BTreeSet};

use wci_contract::{
    Crashes, FailureClass, Spec,
    activities::{RegisterInput, RegisterOutput},
    decision::Event as ScalingEvent,
    launch::Outcome,
};

use crate::{Effect, InstanceState};

/// An attempt without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationFailure {
    /// Why.
    pub message: String,
    /// Whether another attempt follows. Runs of earlier revisions leave that to the next change of
    /// the spec.
    pub is_retried: bool,
}

/// A worker is no longer expected if the server does not know its task queues this long after its
/// start.
const ARRIVES_WITHIN_MS: i64 = 60_000;

impl InstanceState {
    /// Requests a registration if the spec calls for one. Worker sets get their size first: their
    /// workers register task queues on their own.
    pub(crate) fn request_registration(&mut self) {
        let is_called_for = self.state.wci.as_ref().is_some_and(|wci| wci.register);
        if self.is_open() && is_called_for && !self.registering && self.has_sized_sets() {
            self.registering = true;
            self.effects.push(Effect::Register);
        }
    }

    /// The input of a registration that begins now; `None` if there is nothing to register any
    /// more. `launch_id` generates the ID of its launches.
    pub fn begin_registration(
        &mut self,
        now_ms: i64,
        launch_id: impl FnOnce() -> String,
    ) -> Option<RegisterInput> {
        let spec = self.spec().cloned();
        // A run that is closing leaves the registration to the next one.
        let Some(spec) = spec.filter(|_| self.is_open()) else {
            self.registering = false;
            if self.is_open() {
                self.wci().register = false;
            }
            return None;
        };
        Some(RegisterInput {
            version: self.version.clone(),
            spec,
            launch_id: launch_id(),
            underway: self.groups_with_workers_underway(now_ms),
        })
    }

    /// Groups that the server does not know are registered again, after a growing wait.
    pub(crate) fn end_registration(
        &mut self,
        now_ms: i64,
        spec: &Spec,
        result: Result<RegisterOutput, RegistrationFailure>,
    ) {
        self.registering = false;
        // A spec that changed meanwhile gets a registration of its own.
        self.wci().register = self.state.spec.as_ref() != Some(spec);
        let failed = match result {
            Ok(output) => {
                let RegisterOutput { started, failed, empty_sets, unregistered } = output;
                let tried = started.iter().chain(failed.keys()).chain(&empty_sets);
                let tried = tried.cloned().collect();
                // Workers of a config that is gone register nothing for the one that is in effect.
                let started = started.into_iter().filter(|group| self.starts_as_in(spec, group));
                let started: Vec<_> = started.map(|group| (group, now_ms)).collect();
                self.wci().registering.extend(started);
                self.populate_sets(empty_sets);
                self.plan_attempts(now_ms, unregistered, &tried);
                failed
            }
            Err(RegistrationFailure { message, is_retried }) => {
                let groups = spec.scaling_group_specs.keys().cloned();
                let failed: BTreeMap<_, _> = groups.map(|group| (group, message.clone())).collect();
                if is_retried {
                    self.plan_attempts(now_ms, failed.clone(), &BTreeSet::new());
                }
                failed
            }
        };
        for (group, message) in failed {
            let outcome = Outcome::failed(1, FailureClass::Unavailable, message);
            self.record_failure(now_ms, &group, &outcome);
        }
    }

    /// Whether workers of `group` are started as `spec` says.
    fn starts_as_in(&self, spec: &Spec, group: &str) -> bool {
        let compute =
            |spec: &Spec| spec.scaling_group_specs.get(group).map(|group| group.compute.clone());
        self.state.spec.as_ref().and_then(compute) == compute(spec)
    }

    /// Groups with a starting worker: one that registers, or one that tasks called for.
    fn groups_with_workers_underway(&self, now_ms: i64) -> BTreeSet<String> {
        let Some(wci) = &self.state.wci else { return BTreeSet::new() };
        let has_failed =
            |group| wci.unregistered.get(group).is_some_and(|it| !it.message.is_empty());
        let registering = wci
            .registering
            .iter()
            .filter(|(group, at)| now_ms - **at < ARRIVES_WITHIN_MS && !has_failed(*group));
        let launching = wci.launches.iter().map(|launch| &launch.group);
        let sets = wci.worker_sets.iter().filter(|(_, set)| set.wanted > 0);
        let underway = registering.map(|(group, _)| group).chain(launching);
        underway.chain(sets.map(|(group, _)| group)).cloned().collect()
    }

    /// Gives empty worker sets one worker, as if a task had found none. Their algorithm removes it
    /// later.
    fn populate_sets(&mut self, groups: Vec<String>) {
        for group in groups.into_iter().filter(|g| self.is_worker_set(g)).collect::<Vec<_>>() {
            let task = self.synthetic_signal(&group, 1);
            self.events.entry(group).or_default().push(ScalingEvent::TaskAdd(task));
        }
    }

    /// Forgets starting and failing workers of groups that `spec` does not have or starts
    /// differently.
    pub(crate) fn forget_workers_not_in(&mut self, now_ms: i64, spec: &Spec) {
        let compute = |spec: &Spec, group: &str| {
            spec.scaling_group_specs.get(group).map(|group| group.compute.clone())
        };
        let old = self.state.spec.take().unwrap_or_default();
        let is_same = |group: &str| compute(&old, group) == compute(spec, group);
        let wci = self.wci();
        wci.registering.retain(|group, _| is_same(group));
        wci.unregistered.retain(|group, _| is_same(group));
        wci.crashes.retain(|group, _| spec.scaling_group_specs.contains_key(group));
        for (_, crashes) in wci.crashes.iter_mut().filter(|(group, _)| !is_same(group)) {
            // Reports about workers of the old spec are older than this.
            *crashes = Crashes { at_ms: now_ms, ..Crashes::default() };
        }
        self.state.spec = Some(old);
    }
}

#[cfg(test)]
mod tests;
