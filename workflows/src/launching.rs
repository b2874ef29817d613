//! Launches, as the book knows them: how many are under way, and what becomes of them.

use wci_contract::{
    activities::InvokeInput,
    decision::Event,
    launch::{Launch, Outcome},
    limits::MAX_LAUNCHES,
    signal::TaskAdd,
    state::FailureRecord,
};

use crate::book::Book;

/// Launches of one group that may be under way at once: a provider that hangs for one group
/// leaves room for the others.
const MAX_GROUP_LAUNCHES: usize = 8;
/// How long a backlog is taken to be what the latest launches are for, milliseconds.
pub(crate) const QUIET_MS: i64 = 5_000;

impl Book {
    /// Launches of `group` that are under way.
    pub(crate) fn launches_of(&self, group: &str) -> usize {
        let all = self.state.wci.iter().flat_map(|wci| &wci.launches);
        all.filter(|launch| launch.group == group).count()
    }

    /// Whether another launch of `group` may be under way.
    pub(crate) fn has_room(&self, group: &str) -> bool {
        let all = self.state.wci.as_ref().map_or(0, |wci| wci.launches.len());
        all < MAX_LAUNCHES && self.launches_of(group) < MAX_GROUP_LAUNCHES
    }

    /// What asks for `count` workers of `group`; `None` for a group that is not there.
    pub(crate) fn invocation(
        &self,
        group: &str,
        count: u32,
        launch_id: String,
    ) -> Option<InvokeInput> {
        let compute = self.spec()?.scaling_group_specs.get(group)?.compute.clone();
        let (version, group) = (self.version()?, group.to_owned());
        Some(InvokeInput { version, group, compute, launch_id, count })
    }

    /// Asks for `count` workers of `group`.
    pub(crate) fn launch(&mut self, now_ms: i64, group: &str, count: u32, launch_id: String) {
        let Some(input) = self.invocation(group, count, launch_id.clone()) else { return };
        self.to_launch.push_back(input);
        let launch = Launch { launch_id, group: group.to_owned(), count, since: now_ms };
        self.wci().launches.push(launch);
        self.quiet_until_ms = now_ms + QUIET_MS;
    }

    /// Takes note of a launch for `group` that began with its decision, and has ended already.
    pub(crate) fn launched(&mut self, now_ms: i64, group: &str, outcome: Outcome) {
        self.quiet_until_ms = now_ms + QUIET_MS;
        self.heard_of(now_ms, group.to_owned(), outcome);
    }

    /// Takes note of how a launch ended. The tasks behind workers that were not started still
    /// wait: they are asked about again, together with what became of the launch.
    pub(crate) fn finish(&mut self, now_ms: i64, launch_id: &str, outcome: Outcome) {
        let launches = &mut self.wci().launches;
        let Some(at) = launches.iter().position(|launch| launch.launch_id == launch_id) else {
            return;
        };
        let launch = launches.remove(at);
        self.heard_of(now_ms, launch.group, outcome);
    }

    fn heard_of(&mut self, now_ms: i64, group: String, outcome: Outcome) {
        self.wci().workers_started += u64::from(outcome.started);
        if outcome.is_success() {
            self.wci().last_failures.remove(&group);
        } else {
            let record = FailureRecord { at_ms: now_ms, outcome: outcome.clone() };
            self.wci().last_failures.insert(group.clone(), record);
        }
        self.doubt(now_ms, &outcome);
        if self.serves(&group) {
            let missing = outcome.throttled.saturating_add(outcome.refused);
            let waiting = (missing > 0).then(|| self.stand_in(&group, missing));
            let events = self.events.entry(group).or_default();
            events.push(Event::Outcome(outcome));
            events.extend(waiting.map(Event::TaskAdd));
        }
    }

    /// Tasks of `group` that are known to wait, as if they were announced again.
    pub(crate) fn stand_in(&self, group: &str, misses: u32) -> TaskAdd {
        let kind = self.spec().and_then(|spec| spec.types_of(group).first().copied());
        TaskAdd {
            task_queue_type: kind.map_or(1, |kind| i64::from(kind.to_wire())),
            misses: u64::from(misses.max(1)),
            ..TaskAdd::default()
        }
    }
}
