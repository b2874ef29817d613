//! `rate-based`: as many workers as the rates of arrival and dispatch call for, in a worker set
//! that the provider keeps.
//!
//! The rules, the names in the state and their order are those of the controller built into
//! Temporal server 1.32, whose state can be taken over. These rules are additions: a clock that is
//! set back never blocks a group for ever, a decision that a cooldown defers requests a tick at its
//! end, a tick sends the size to the provider again, a scale-down may be larger than one where the
//! spec allows it, and statistics that lack figures remove no worker.

mod settings;
mod sizing;
mod state;

use serde_json::{Map, Value};
use wci_contract::{
    decision::{Event, GroupState, Poll, Reason},
    signal::TaskAdd,
};

use crate::decision_builder::{Admission, DecisionBuilder};
use settings::Settings;
use sizing::Sample;
use state::State;

pub(crate) use settings::check;

/// Adds to `decision` what `events` call for; returns the new state.
pub(crate) fn decide(
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
    decision: &mut DecisionBuilder,
) -> GroupState {
    let settings = Settings::read(config);
    let mut state = State::read(state);
    let planned = state.workers.unwrap_or(settings.initial);
    let mut call = Call { settings, planned, has_misses: false, state: &mut state, decision };
    for event in events {
        match event {
            Event::TaskAdd(signal) => call.task_add(signal),
            Event::Poll(poll) if call.has_misses => call.learn_from(poll),
            Event::Poll(poll) => call.poll(poll),
            Event::Tick {} => call.resend_size(),
            // The back-off processes outcomes.
            Event::Outcome(_) => {}
        }
    }
    let planned = call.planned;
    decision.poll_within(settings.poll_ms);
    state.workers = Some(planned);
    state.write()
}

struct Call<'a> {
    settings: Settings,
    /// The size of the worker set.
    planned: u32,
    /// Whether this batch has announced tasks that found no worker.
    has_misses: bool,
    state: &'a mut State,
    decision: &'a mut DecisionBuilder,
}

impl Call<'_> {
    /// Tasks that found no worker call for one more.
    fn task_add(&mut self, signal: &TaskAdd) {
        if !signal.is_eligible() {
            self.decision.add_reason(Reason::SyncMatch { syncs: signal.syncs.max(1) });
            return;
        }
        // The server may omit the count of a single miss.
        let misses = signal.misses.max(1);
        if signal.kind().is_none() {
            self.decision.add_reason(Reason::NobodyServes { tasks: misses });
            self.decision.add_throttled(signal.misses);
            return;
        }
        self.has_misses = true;
        self.decision.add_reason(Reason::TasksAnnounced { misses });
        self.state.last_miss_ms = Some(self.decision.now_ms());
        let granted = if self.decision.has_action() { true } else { self.step_up(1) };
        if !granted {
            self.decision.add_throttled(misses);
        }
    }

    /// Sends the size again: the group or its settings are new, or the provider did not accept the
    /// size the last time.
    fn resend_size(&mut self) {
        self.decision.add_reason(Reason::Desired { workers: self.planned, planned: self.planned });
        self.resize(self.planned);
    }

    /// Learns the capacity of a worker from statistics that came with announced tasks. They call
    /// for no action.
    fn learn_from(&mut self, poll: &Poll) {
        let sample = Sample::of(&poll.stats);
        if sample.is_complete {
            self.state.learn_capacity(&self.settings, &sample, self.planned);
        } else {
            self.decision.add_reason(Reason::StatsMissing);
        }
    }

    /// Without all figures nothing is learned and no worker is removed. What is known may call for
    /// more.
    fn poll_in_part(&mut self, sample: &Sample) {
        self.decision.add_reason(Reason::StatsMissing);
        let state = self.state.at_least(&self.settings, sample);
        let desired = state.desired(&self.settings, sample.backlog);
        if desired > self.planned {
            self.decision.add_reason(Reason::Desired { workers: desired, planned: self.planned });
            self.step_up((desired - self.planned).min(self.settings.step));
        }
    }

    fn poll(&mut self, poll: &Poll) {
        let sample = Sample::of(&poll.stats);
        if !sample.is_complete {
            return self.poll_in_part(&sample);
        }
        self.state.observe(&self.settings, &sample);
        if sample.backlog >= self.settings.material_backlog {
            self.state.learn_capacity(&self.settings, &sample, self.planned);
        }
        let desired = self.state.desired(&self.settings, sample.backlog);
        self.decision.add_reason(Reason::Desired { workers: desired, planned: self.planned });
        if desired > self.planned {
            self.step_up((desired - self.planned).min(self.settings.step));
        } else if desired < self.planned {
            self.step_down(self.planned - desired);
        }
    }

    /// Adds `step` workers unless a limit prevents it; returns whether it did.
    fn step_up(&mut self, step: u32) -> bool {
        let Settings { max, up_cooldown_ms, .. } = self.settings;
        if self.planned >= max {
            self.decision.add_reason(Reason::MaxCount { planned: self.planned, max });
            return false;
        }
        if let Some(at_ms) = self.end_of(self.state.last_up_ms, up_cooldown_ms) {
            self.decision.add_reason(Reason::ScaleUpCooldown { remaining_ms: self.until(at_ms) });
            self.decision.tick_by(at_ms);
            return false;
        }
        let workers = self.planned.saturating_add(step).min(max);
        let granted = self.resize(workers);
        if granted {
            self.state.last_up_ms = Some(self.decision.now_ms());
        }
        granted
    }

    /// Removes the `surplus`, up to the step size, unless a limit prevents it.
    fn step_down(&mut self, surplus: u32) {
        let Settings { min, quiet_ms, down_cooldown_ms, step_down, .. } = self.settings;
        if let Some(at_ms) = self.end_of(self.state.last_miss_ms, quiet_ms) {
            self.decision.add_reason(Reason::NoSyncQuiet { remaining_ms: self.until(at_ms) });
        } else if let Some(at_ms) = self.end_of(self.state.last_down_ms, down_cooldown_ms) {
            self.decision.add_reason(Reason::ScaleDownCooldown { remaining_ms: self.until(at_ms) });
        } else if self.planned <= min {
            self.decision.add_reason(Reason::MinCount { planned: self.planned, min });
        } else {
            // While the group backs off, the smaller size is sent at the end of the wait: a provider
            // that refuses the larger one would otherwise be asked for it for ever.
            let workers = self.planned.saturating_sub(surplus.min(step_down)).max(min);
            self.resize(workers);
            self.planned = workers;
            self.state.last_down_ms = Some(self.decision.now_ms());
        }
    }

    fn resize(&mut self, workers: u32) -> bool {
        let granted = self.decision.resize(workers) == Admission::Granted;
        if granted {
            self.planned = workers;
        }
        granted
    }

    /// When a wait of `wait_ms` after `since_ms` ends; `None` when it is over. A time in the future
    /// comes from a clock that has since been set back: it counts like any other.
    fn end_of(&self, since_ms: Option<i64>, wait_ms: i64) -> Option<i64> {
        let since_ms = since_ms?;
        let waits = self.decision.now_ms().abs_diff(since_ms) < wait_ms.unsigned_abs();
        waits.then(|| since_ms.saturating_add(wait_ms))
    }

    fn until(&self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(self.decision.now_ms())
    }
}
