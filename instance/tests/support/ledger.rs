//! Counts announced tasks, so that none is forgotten.

use std::collections::BTreeMap;

use wci_contract::{
    Spec, TaskType,
    activities::{DecideInput, DecideOutput},
    decision::{Action, Event as ScalingEvent},
    launch::Outcome,
    limits::MAX_COUNT,
    signal::TaskAdd,
};
use wci_instance::InstanceState;

/// What became of announced tasks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    /// Announced, by matching or by the instance itself.
    announced: u128,
    /// Decided about, and not deferred.
    decided: u128,
    /// Of a type that no group serves.
    unserved: u128,
}

impl Ledger {
    pub(crate) fn announce(&mut self, signal: &TaskAdd) {
        self.announced += misses(signal);
    }

    /// The instance announces `workers` again itself.
    pub(crate) fn reannounce(&mut self, workers: u32) {
        self.announced += u128::from(workers);
    }

    /// A launch of `group` ended while `instance` was as it is: tasks behind workers that were not
    /// started are announced again.
    pub(crate) fn launched(&mut self, instance: &InstanceState, group: &str, outcome: &Outcome) {
        if serves(instance.spec(), group) {
            self.reannounce(outcome.throttled.saturating_add(outcome.refused));
        }
    }

    /// `instance` is about to get this decision.
    pub(crate) fn decided(
        &mut self,
        instance: &InstanceState,
        input: &DecideInput,
        output: &DecideOutput,
    ) {
        for (name, group) in &input.groups {
            let decision = output.groups.get(name);
            let Some(decision) = decision.filter(|_| serves(instance.spec(), name)) else {
                continue;
            };
            let mut requested = 0;
            let mut is_resized = false;
            for action in &decision.actions {
                match action {
                    Action::InvokeWorker { count } => requested = (*count).min(MAX_COUNT),
                    Action::UpdateWorkerSetSize { .. } => is_resized = true,
                }
            }
            match output.launched.get(name) {
                _ if requested == 0 => {}
                _ if group.speculative_launch.is_none() => self.reannounce(requested),
                Some(outcome) => self.launched(instance, name, outcome),
                None => {}
            }
            let is_deferred = decision.throttled > 0 && requested == 0 && !is_resized;
            // Tasks that are deferred for no time are left to the watch.
            if !is_deferred || decision.wake_at_ms.is_none() {
                self.decided += under_decision(group.events.iter());
            }
        }
    }

    /// A step of the main loop dropped tasks of types that no group serves.
    pub(crate) fn advanced(&mut self, before: u128, after: u128) {
        self.unserved += before.checked_sub(after).expect("a step announces nothing");
    }

    /// Every task is accounted for. Counts that do not fit a signal are not checked.
    pub(crate) fn check(&self, held: &[TaskAdd], deciding: Option<&DecideInput>) {
        if self.announced >= u128::from(u64::MAX) {
            return;
        }
        let held: u128 = held.iter().map(misses).sum();
        let deciding = deciding.map_or(0, in_decision);
        assert_eq!(
            self.announced,
            self.decided + self.unserved + held + deciding,
            "tasks are lost or doubled: {self:?}, held: {held}, in a decision: {deciding}"
        );
    }
}

/// The tasks that call for workers and that no group serves, in `instance` and in `decision`.
pub(crate) fn unserved(instance: &InstanceState, decision: Option<&DecideInput>) -> u128 {
    let spec = instance.spec();
    let is_served = |kind: &TaskType| spec.is_some_and(|spec| spec.group_for(*kind).is_some());
    if TaskType::ALL.iter().all(is_served) {
        return 0;
    }
    let is_unserved = |signal: &&TaskAdd| !signal.kind().is_some_and(|kind| is_served(&kind));
    let held = instance.dump().pending_task_add_signals;
    let held: u128 = held.iter().filter(is_unserved).map(misses).sum();
    let events = decision.into_iter().flat_map(|input| input.groups.values());
    let signals = events.flat_map(|group| &group.events).filter_map(announced);
    held + signals.filter(is_unserved).map(misses).sum::<u128>()
}

fn in_decision(input: &DecideInput) -> u128 {
    input.groups.values().map(|group| under_decision(group.events.iter())).sum()
}

fn under_decision<'a>(events: impl Iterator<Item = &'a ScalingEvent>) -> u128 {
    events.filter_map(announced).map(misses).sum()
}

fn announced(event: &ScalingEvent) -> Option<&TaskAdd> {
    match event {
        ScalingEvent::TaskAdd(signal) => Some(signal),
        ScalingEvent::Poll(_) | ScalingEvent::Outcome(_) | ScalingEvent::Tick {} => None,
    }
}

fn misses(signal: &TaskAdd) -> u128 {
    signal.misses.into()
}

fn serves(spec: Option<&Spec>, group: &str) -> bool {
    spec.map(|spec| &spec.scaling_group_specs)
        .is_some_and(|groups: &BTreeMap<_, _>| groups.contains_key(group))
}
