//! `no-sync`: one worker for tasks that found none, and one for a backlog at each poll.
//!
//! The rules, the names in the state and their order are those of the controller built into
//! Temporal server 1.32, whose state can be taken over. Two rules are additions: a clock that is
//! set back never blocks a group for ever, and a decision that a cooloff or a suppression defers
//! requests a tick at its end.

mod detector;
mod settings;
mod state;

use serde_json::{Map, Value};
use wci_contract::{
    TaskType,
    decision::{Event, GroupState, Poll, Reason},
    signal::TaskAdd,
    stats::QueueStats,
};

use crate::decision_builder::{Admission, DecisionBuilder};
use settings::Settings;
use state::State;

pub(crate) use settings::check;

/// Adds to `decision` what `events` call for; returns the new state.
pub(crate) fn decide(
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
    decision: &mut DecisionBuilder,
) -> GroupState {
    let mut state = State::read(state);
    let last_ms = state.last_scale_up_ms;
    let mut call = Call { settings: Settings::read(config), last_ms, state: &mut state, decision };
    for event in events {
        match event {
            Event::TaskAdd(signal) => call.task_add(signal),
            Event::Poll(poll) => call.poll(poll),
            // The back-off processes outcomes.
            Event::Outcome(_) | Event::Tick {} => {}
        }
    }
    call.keep_polling();
    state.write()
}

struct Call<'a> {
    settings: Settings,
    /// The last start before this decision.
    last_ms: Option<i64>,
    state: &'a mut State,
    decision: &'a mut DecisionBuilder,
}

impl Call<'_> {
    fn task_add(&mut self, signal: &TaskAdd) {
        if !signal.is_eligible() {
            self.decision.add_reason(Reason::SyncMatch { syncs: signal.syncs.max(1) });
            return;
        }
        // The server may omit the count of a single miss.
        let misses = signal.misses.max(1);
        let Some(kind) = signal.kind() else {
            self.decision.add_reason(Reason::NobodyServes { tasks: misses });
            self.decision.add_throttled(signal.misses);
            return;
        };
        self.decision.add_reason(Reason::TasksAnnounced { misses });
        if let Some((reason, at_ms)) = self.limit(kind) {
            self.decision.add_reason(reason);
            self.decision.tick_by(at_ms);
            self.decision.add_throttled(signal.misses);
        } else if self.invoke() == Admission::Deferred {
            self.decision.add_throttled(signal.misses);
        }
    }

    /// Why tasks of this type start no worker now, and until when. A back-off takes precedence and
    /// gives its own reason.
    fn limit(&self, kind: TaskType) -> Option<(Reason, i64)> {
        if self.decision.defers() {
            return None;
        }
        let remaining = |at_ms: i64| at_ms.saturating_sub(self.decision.now_ms());
        if let Some(at_ms) = self.suppressed_until(kind) {
            return Some((Reason::Suppressed { remaining_ms: remaining(at_ms) }, at_ms));
        }
        let at_ms = self.cooloff_end()?;
        Some((Reason::Cooloff { remaining_ms: remaining(at_ms) }, at_ms))
    }

    fn poll(&mut self, poll: &Poll) {
        let mut wanted = false;
        let mut suppressed = false;
        for kind in TaskType::ALL {
            let Some(stats) = poll.stats.get(&kind) else { continue };
            // A rate that is not known says nothing about whether it changed.
            if stats.partial {
                self.decision.add_reason(Reason::StatsMissing);
                suppressed |= self.suppressed_until(kind).is_some();
                wanted |= self.wants_worker(kind, stats);
                continue;
            }
            let memory = self.state.memory(kind);
            detector::observe(&self.settings, memory, self.decision.now_ms(), stats);
            suppressed |= self.suppressed_until(kind).is_some();
            wanted |= self.wants_worker(kind, stats);
        }
        self.decision.poll_within(self.settings.interval_ms(suppressed));
        if wanted {
            self.invoke();
        }
    }

    /// Whether the statistics of one type call for a worker: the backlog is too large, or tasks
    /// wait and the last worker's lifetime is over.
    fn wants_worker(&mut self, kind: TaskType, stats: &QueueStats) -> bool {
        let waiting = stats.backlog;
        let threshold = self.settings.threshold;
        let grows = waiting > threshold;
        if grows {
            self.decision.add_reason(Reason::Backlog { waiting, threshold });
        }
        let limit = self.limit(kind);
        if grows && limit.is_none() {
            return true;
        }
        if waiting > 0 && self.is_lifetime_over() {
            let since_ms = self.decision.now_ms().saturating_sub(self.last_ms.unwrap_or(0));
            self.decision.add_reason(Reason::WorkerLifetimeOver { waiting, since_ms });
            return true;
        }
        if grows && let Some((reason, at_ms)) = limit {
            // The next poll checks a suppression anyway.
            if matches!(reason, Reason::Cooloff { .. }) {
                self.decision.tick_by(at_ms);
            }
            self.decision.add_reason(reason);
        }
        false
    }

    fn invoke(&mut self) -> Admission {
        let admission = self.decision.invoke(1);
        if admission == Admission::Granted {
            self.state.last_scale_up_ms = Some(self.decision.now_ms());
        }
        admission
    }

    /// The time between the last start and now, milliseconds; `None` without a start. A start in
    /// the future comes from a clock that has since been set back: it counts like any other.
    fn since_last(&self) -> Option<u64> {
        self.last_ms.map(|last_ms| self.decision.now_ms().abs_diff(last_ms))
    }

    /// When the cooloff after the last start ends; `None` when it is over.
    fn cooloff_end(&self) -> Option<i64> {
        let cooloff_ms = self.settings.cooloff_ms;
        let cools = self.since_last()? < cooloff_ms.unsigned_abs();
        cools.then(|| self.last_ms.unwrap_or_default().saturating_add(cooloff_ms))
    }

    fn is_lifetime_over(&self) -> bool {
        let lifetime = self.settings.lifetime_ms.unsigned_abs();
        lifetime > 0 && self.since_last().is_none_or(|since| since >= lifetime)
    }

    fn suppressed_until(&self, kind: TaskType) -> Option<i64> {
        let memory = self.state.remembered(kind)?;
        detector::suppressed_until(&self.settings, memory, self.decision.now_ms())
    }

    /// Events without statistics leave the poll interval as it is.
    fn keep_polling(&mut self) {
        if !self.decision.has_next_poll() {
            let suppressed =
                TaskType::ALL.into_iter().any(|kind| self.suppressed_until(kind).is_some());
            self.decision.poll_within(self.settings.interval_ms(suppressed));
        }
    }
}
