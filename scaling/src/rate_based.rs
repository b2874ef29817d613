//! `rate-based`: as many workers as the rates of arrival and dispatch ask for, kept by a
//! provider that is told a number.
//!
//! The rules, the names in the state and their order are those of the controller built into
//! Temporal server 1.32, whose state can be taken over. Ours are: a clock that was put back never
//! blocks for ever, what a cooldown holds back comes with the time at which to ask again, a tick
//! tells the provider the number, and a step down may be larger than one where the spec says so.

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

/// Adds what `events` call for to `turn`; returns the state to go on with.
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
            // What outcomes mean is the back-off's to say.
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
    /// Workers that the provider is to keep.
    planned: u32,
    /// Whether tasks were announced in this turn that found no worker.
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
        // A lone miss may come without a count.
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

    /// Whoever keeps the workers may not know of the number: the group or its settings are new,
    /// or it was not taken the last time.
    fn resend_size(&mut self) {
        self.decision.add_reason(Reason::Desired { workers: self.planned, planned: self.planned });
        self.resize(self.planned);
    }

    /// The figures that belong to a decision about announced tasks: they tell what a worker
    /// does, and call for nothing.
    fn learn_from(&mut self, poll: &Poll) {
        self.state.learn_capacity(&self.settings, &Sample::of(&poll.stats), self.planned);
    }

    fn poll(&mut self, poll: &Poll) {
        let sample = Sample::of(&poll.stats);
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

    /// Adds `step` workers unless something is in the way; whether it did.
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

    /// Takes away what is `surplus`, as far as a step goes, unless something is in the way.
    fn step_down(&mut self, surplus: u32) {
        let Settings { min, quiet_ms, down_cooldown_ms, step_down, .. } = self.settings;
        if let Some(at_ms) = self.end_of(self.state.last_miss_ms, quiet_ms) {
            self.decision.add_reason(Reason::NoSyncQuiet { remaining_ms: self.until(at_ms) });
        } else if let Some(at_ms) = self.end_of(self.state.last_down_ms, down_cooldown_ms) {
            self.decision.add_reason(Reason::ScaleDownCooldown { remaining_ms: self.until(at_ms) });
        } else if self.planned <= min {
            self.decision.add_reason(Reason::MinCount { planned: self.planned, min });
        } else if self.resize(self.planned.saturating_sub(surplus.min(step_down)).max(min)) {
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

    /// When a wait of `wait_ms` after `since_ms` ends; `None` when it is over. What lies ahead was
    /// timed by a clock that has since been put back: it holds as long as any other.
    fn end_of(&self, since_ms: Option<i64>, wait_ms: i64) -> Option<i64> {
        let since_ms = since_ms?;
        let waits = self.decision.now_ms().abs_diff(since_ms) < wait_ms.unsigned_abs();
        waits.then(|| since_ms.saturating_add(wait_ms))
    }

    fn until(&self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(self.decision.now_ms())
    }
}
