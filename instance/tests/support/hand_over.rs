//! From one run to the next: nothing that was requested is lost.

use wci_contract::{launch::Launch, messages::StartInput, state::Timestamp};
use wci_instance::{Event, InstanceState};

use super::{
    driver::{Driver, Stage, Work},
    invariants::has_worker_set,
};

/// Bytes of the carried state, with names as short as here.
const MAX_STATE_BYTES: usize = 128 * 1024;

impl Driver {
    /// Ends the run if it may end now.
    pub(crate) fn finish(&mut self) {
        match self.stage {
            Stage::Continuing { until_ms } => {
                let is_over = self.instance.is_idle() || self.now_ms >= until_ms;
                if is_over && self.updates.is_empty() {
                    let mut next = self.hand_over();
                    next.trace.splice(..0, std::mem::take(&mut self.trace));
                    *self = next;
                }
            }
            Stage::Completing if self.updates.is_empty() => self.stage = Stage::Ended,
            Stage::Running | Stage::Completing | Stage::Ended => {}
        }
    }

    /// The next run, which knows only the input that this one gives it, after its first workflow
    /// task. What is under way for this run goes on without anybody who waits for it.
    pub(crate) fn hand_over(&self) -> Self {
        let carried = serde_json::to_string(&self.instance.carry_over()).unwrap();
        assert!(carried.len() <= MAX_STATE_BYTES, "the state has {} bytes", carried.len());
        let input: StartInput = serde_json::from_str(&carried).unwrap();
        let started = Timestamp { seconds: self.now_ms / 1_000, nanos: 0 };
        let instance = InstanceState::new(input, started).unwrap();
        let before = self.instance.dump();
        let after = instance.dump();
        assert_eq!(after.pending_task_add_signals, before.pending_task_add_signals);
        let mut next = Self::idle(instance, self.now_ms, self.decider);
        next.outbox = self.outbox.next();
        next.orphans = self.known_launches();
        next.sizes.clone_from(&self.sizes);
        next.notified.clone_from(&self.notified);
        next.acknowledged.clone_from(&self.acknowledged);
        next.is_unregistered = self.is_unregistered;
        next.ledger = self.ledger.clone();
        next.counters = self.counters;
        next.ids = self.ids;
        next.handle(Event::RunStarted);
        next.settle();
        next.check_launches(&next.instance.dump());
        self.check_requests_of(&next);
        next
    }

    /// Launches that are under way, for this run or an earlier one.
    fn known_launches(&self) -> Vec<Launch> {
        let known = self.instance.dump().wci.unwrap_or_default().launches;
        for launch in self.launches.iter().chain(&self.outbox.launches) {
            assert!(known.iter().any(|it| it.launch_id == launch.launch_id), "a launch is lost");
        }
        known
    }

    /// What this run knew to be due is requested by the `next` one.
    fn check_requests_of(&self, next: &Self) {
        let state = self.instance.dump();
        let wci = state.wci.clone().unwrap_or_default();
        let spec = self.instance.spec();
        for (group, set) in wci.worker_sets.iter().filter(|(_, set)| !set.acknowledged) {
            let is_sent = next.resizes.iter().any(|resize| resize.group == *group);
            if spec.is_some_and(|spec| has_worker_set(spec, group)) {
                let has_tick =
                    next.deciding.as_ref().is_some_and(|input| input.groups.contains_key(group));
                assert!(is_sent || has_tick, "the size of {group} is forgotten");
            } else {
                assert!(is_sent, "{group} is not released: {set:?}");
            }
        }
        let Some(spec) = spec else { return };
        let groups = spec.scaling_group_specs.keys();
        let mut sets = groups.filter(|group| has_worker_set(spec, group));
        let has_sizes = sets.all(|group| wci.worker_sets.contains_key(group));
        if self.is_unregistered && has_sizes {
            assert_eq!(next.registering.as_ref(), Some(spec), "the registration is forgotten");
        }
        let due_ms = wci.check.map_or(i64::MIN, |plan| plan.due_ms);
        if due_ms <= self.now_ms {
            assert!(matches!(next.revalidation, Work::Running(_)), "no revalidation begins");
        } else {
            assert_eq!(next.revalidation, Work::Timer(due_ms));
        }
        if self.has_unknown_status() {
            let status = self.instance.describe().ok().and_then(|found| found.validation_state);
            assert_eq!(next.notifying, status, "the version is not notified");
        }
        assert!(matches!(next.watch, Work::Running(_)), "the next run does not watch");
    }
}
