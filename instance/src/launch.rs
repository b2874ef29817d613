//! Launches: the number in progress, and the effects of their outcomes.

use wci_contract::{
    activities::{BacklogGrace, InvokeInput},
    decision::Event as ScalingEvent,
    launch::{Launch, Outcome},
    limits::MAX_LAUNCHES,
    signal::TaskAdd,
    state::FailureRecord,
};

use crate::{Effect, InstanceState};

/// Maximum number of launches of one group in progress: a provider that hangs for one group leaves
/// capacity for the others.
const MAX_GROUP_LAUNCHES: usize = 8;
/// How long a backlog is left to the workers of the last launch.
const LAUNCH_GRACE_MS: i64 = 5_000;

impl InstanceState {
    /// The number of launches of `group` in progress.
    pub(crate) fn launches_of(&self, group: &str) -> usize {
        let all = self.state.wci.iter().flat_map(|wci| &wci.launches);
        all.filter(|launch| launch.group == group).count()
    }

    /// Whether another launch of `group` may begin.
    pub(crate) fn may_launch(&self, group: &str) -> bool {
        let all = self.state.wci.as_ref().map_or(0, |wci| wci.launches.len());
        all < MAX_LAUNCHES && self.launches_of(group) < MAX_GROUP_LAUNCHES
    }

    /// The request for `count` workers of `group`; `None` for a group that the spec does not have.
    pub(crate) fn launch_input(
        &self,
        group: &str,
        count: u32,
        launch_id: String,
    ) -> Option<InvokeInput> {
        let compute = self.spec()?.scaling_group_specs.get(group)?.compute.clone();
        let (version, group) = (self.version.clone(), group.to_owned());
        Some(InvokeInput { version, group, compute, launch_id, count })
    }

    /// Launches `count` workers of `group`.
    pub(crate) fn launch(&mut self, now_ms: i64, group: &str, count: u32, launch_id: String) {
        let Some(input) = self.launch_input(group, count, launch_id.clone()) else { return };
        self.effects.push(Effect::Launch(Box::new(input)));
        let launch = Launch { launch_id, group: group.to_owned(), count, since: now_ms };
        self.wci().launches.push(launch);
        self.leave_backlog_to_workers(now_ms);
    }

    /// Records a speculative launch of `group` that has already ended with its decision.
    pub(crate) fn record_launch(&mut self, now_ms: i64, group: &str, outcome: Outcome) {
        self.leave_backlog_to_workers(now_ms);
        self.record_outcome(now_ms, group.to_owned(), outcome);
    }

    pub(crate) fn leave_backlog_to_workers(&mut self, now_ms: i64) {
        self.backlog_grace = BacklogGrace::Until(now_ms + LAUNCH_GRACE_MS);
    }

    /// Records the outcome of a launch.
    pub(crate) fn end_launch(&mut self, now_ms: i64, launch_id: &str, outcome: Outcome) {
        let launches = &mut self.wci().launches;
        let Some(at) = launches.iter().position(|launch| launch.launch_id == launch_id) else {
            return;
        };
        let launch = launches.remove(at);
        let outcome = Outcome { requested_ms: Some(launch.since), ..outcome };
        self.record_outcome(now_ms, launch.group, outcome);
    }

    /// The tasks of workers that were not started still wait: the next decision is about them and
    /// the outcome.
    fn record_outcome(&mut self, now_ms: i64, group: String, outcome: Outcome) {
        self.count_started(&outcome);
        self.record_failure(now_ms, &group, &outcome);
        self.revalidate_if_contradicted(now_ms, &outcome);
        if self.serves(&group) {
            let missing = outcome.throttled.saturating_add(outcome.refused);
            let waiting = (missing > 0).then(|| self.synthetic_signal(&group, missing));
            let events = self.events.entry(group).or_default();
            events.push(ScalingEvent::Outcome(outcome));
            events.extend(waiting.map(ScalingEvent::TaskAdd));
        }
    }

    /// Counts the workers that a provider started.
    pub(crate) fn count_started(&mut self, outcome: &Outcome) {
        let started = &mut self.wci().workers_started;
        *started = started.saturating_add(outcome.started.into());
    }

    /// Keeps the last failure of `group` until a launch or resize succeeds.
    pub(crate) fn record_failure(&mut self, now_ms: i64, group: &str, outcome: &Outcome) {
        if outcome.is_success() {
            self.wci().last_failures.remove(group);
        } else {
            let record = FailureRecord { at_ms: now_ms, outcome: outcome.clone() };
            self.wci().last_failures.insert(group.to_owned(), record);
        }
    }

    /// Waiting tasks of `group`, as if matching had announced them again.
    pub(crate) fn synthetic_signal(&self, group: &str, misses: u32) -> TaskAdd {
        let kind = self.spec().and_then(|spec| spec.types_of(group).first().copied());
        TaskAdd {
            task_queue_type: kind.map_or(1, |kind| i64::from(kind.to_wire())),
            misses: u64::from(misses.max(1)),
            ..TaskAdd::default()
        }
    }
}
