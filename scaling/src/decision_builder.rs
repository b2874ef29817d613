//! Building one decision: actions pass the back-off, reasons and times are combined.

use wci_contract::{
    decision::{Action, BackOff, Decision, GroupState, OwnState, Reason},
    launch::Outcome,
    limits::{MAX_COUNT, MAX_REASONS},
};

use crate::backoff::{self, BackOffPolicy};

/// Whether an action was added to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The action was added.
    Granted,
    /// An earlier action of the same decision serves these tasks, too.
    Covered,
    /// The group is backing off.
    Deferred,
}

/// A decision about one batch of events for one group. It has at most one action.
#[derive(Debug)]
pub(crate) struct DecisionBuilder {
    now_ms: i64,
    policy: BackOffPolicy,
    own: OwnState,
    action: Option<Action>,
    throttled: u64,
    next_poll_ms: Option<u64>,
    wake_at_ms: Option<i64>,
    reasons: Vec<Reason>,
}

impl DecisionBuilder {
    /// Begins a decision at `now_ms`, milliseconds since the Unix epoch, from the group's `state`.
    pub(crate) fn begin(now_ms: i64, policy: BackOffPolicy, state: &GroupState) -> Self {
        Self {
            now_ms,
            policy,
            own: OwnState::read(state),
            action: None,
            throttled: 0,
            next_poll_ms: None,
            wake_at_ms: None,
            reasons: Vec::new(),
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Records the outcome of a launch. When it ends a back-off, deferred tasks are decided about
    /// again at once.
    pub(crate) fn record_outcome(&mut self, outcome: &Outcome) {
        let before = self.own.backoff().copied();
        let (after, reason) = self.policy.record_outcome(before.as_ref(), self.now_ms, outcome);
        if before.is_some() && after.is_none() {
            self.tick_by(self.now_ms);
        }
        if after != before {
            self.own.set_backoff(after);
        }
        if let Some(reason) = reason {
            self.add_reason(reason);
        }
    }

    /// Records the outcome of a change of a worker set's size. A size that was accepted ends a
    /// back-off, whatever number of workers it started.
    pub(crate) fn record_size_outcome(&mut self, outcome: &Outcome) {
        if !outcome.is_success() {
            return self.record_outcome(outcome);
        }
        if self.own.backoff().is_some() {
            self.own.set_backoff(None);
            self.add_reason(Reason::LaunchSucceeded { started: outcome.started });
            self.tick_by(self.now_ms);
        }
    }

    /// Whether an action would be deferred. A probe in this decision covers the other events of
    /// the batch instead of deferring them.
    pub(crate) fn defers(&self) -> bool {
        self.action.is_none() && self.open_backoff().is_some()
    }

    /// Starts `count` workers, or one as a probe after a failure.
    pub(crate) fn invoke(&mut self, count: u32) -> Admission {
        if self.action.is_some() {
            return Admission::Covered;
        }
        if let Some(backoff) = self.open_backoff() {
            self.add_reason(backoff::backing_off(&backoff, self.now_ms));
            return Admission::Deferred;
        }
        let mut count = count.clamp(1, MAX_COUNT);
        if let Some(backoff) = self.own.backoff().copied() {
            count = 1;
            self.add_reason(Reason::Probing { failures: backoff.failures });
            self.own.set_backoff(Some(self.policy.probe(&backoff, self.now_ms)));
        }
        self.action = Some(Action::InvokeWorker { count });
        Admission::Granted
    }

    /// Workers that this decision starts.
    pub(crate) fn invoked(&self) -> u32 {
        match self.action {
            Some(Action::InvokeWorker { count }) => count,
            Some(Action::UpdateWorkerSetSize { .. }) | None => 0,
        }
    }

    /// Whether this decision has an action.
    pub(crate) fn has_action(&self) -> bool {
        self.action.is_some()
    }

    /// Sets the size of the worker set to `count`, unless the group is backing off.
    pub(crate) fn resize(&mut self, count: u32) -> Admission {
        if self.action.is_some() {
            return Admission::Covered;
        }
        if let Some(backoff) = self.open_backoff() {
            self.add_reason(backoff::backing_off(&backoff, self.now_ms));
            return Admission::Deferred;
        }
        if let Some(backoff) = self.own.backoff().copied() {
            self.add_reason(Reason::Probing { failures: backoff.failures });
            self.own.set_backoff(Some(self.policy.probe(&backoff, self.now_ms)));
        }
        self.action = Some(Action::UpdateWorkerSetSize { count });
        Admission::Granted
    }

    fn open_backoff(&self) -> Option<BackOff> {
        self.own.backoff().filter(|backoff| self.policy.is_open(backoff, self.now_ms)).copied()
    }

    /// Counts announced tasks that are deferred.
    pub(crate) fn add_throttled(&mut self, misses: u64) {
        self.throttled = self.throttled.saturating_add(misses);
    }

    /// Requests a tick at this time at the latest, milliseconds since the Unix epoch.
    pub(crate) fn tick_by(&mut self, at_ms: i64) {
        self.wake_at_ms = Some(self.wake_at_ms.map_or(at_ms, |earlier| earlier.min(at_ms)));
    }

    /// Requests a poll of the queues within this time, milliseconds.
    pub(crate) fn poll_within(&mut self, interval_ms: i64) {
        let interval = u64::try_from(interval_ms).unwrap_or_default();
        self.next_poll_ms = Some(self.next_poll_ms.map_or(interval, |n| n.min(interval)));
    }

    /// Whether a poll of the queues was requested.
    pub(crate) fn has_next_poll(&self) -> bool {
        self.next_poll_ms.is_some()
    }

    /// Adds a reason. Announced tasks of one batch are summed; equal reasons are not repeated.
    pub(crate) fn add_reason(&mut self, reason: Reason) {
        for given in &mut self.reasons {
            match (given, &reason) {
                (Reason::TasksAnnounced { misses: sum }, Reason::TasksAnnounced { misses: n })
                | (Reason::SyncMatch { syncs: sum }, Reason::SyncMatch { syncs: n }) => {
                    *sum = sum.saturating_add(*n);
                    return;
                }
                (given, reason) if *given == *reason => return,
                _ => {}
            }
        }
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(reason);
        }
    }

    /// The finished decision, with the algorithm's `state`. While a back-off is open, every decision
    /// requests a tick at its end, so that no later decision cancels it.
    pub(crate) fn finish(mut self, mut state: GroupState) -> Decision {
        if let Some(backoff) = self.open_backoff() {
            self.tick_by(backoff.until_ms);
        }
        if self.reasons.is_empty() {
            self.reasons.push(Reason::NothingWaits);
        }
        self.own.write(&mut state);
        Decision {
            state,
            actions: self.action.into_iter().collect(),
            throttled: self.throttled,
            next_poll_ms: self.next_poll_ms.unwrap_or_default(),
            wake_at_ms: self.wake_at_ms,
            reasons: self.reasons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wci_contract::FailureClass;

    fn invoked(decision: DecisionBuilder) -> Vec<Action> {
        decision.finish(GroupState::new()).actions
    }

    #[test]
    fn a_launch_has_at_most_the_maximum_number_of_workers() {
        let mut decision = DecisionBuilder::begin(0, BackOffPolicy::default(), &GroupState::new());
        assert_eq!(decision.invoke(u32::MAX), Admission::Granted);
        assert_eq!(decision.invoke(7), Admission::Covered);
        assert_eq!(invoked(decision), [Action::InvokeWorker { count: MAX_COUNT }]);
    }

    #[test]
    fn after_a_back_off_a_launch_of_many_workers_becomes_a_probe_of_one() {
        let mut decision = DecisionBuilder::begin(0, BackOffPolicy::default(), &GroupState::new());
        decision.record_outcome(&Outcome::failed(5, FailureClass::Throttled, "slow down"));
        assert_eq!(decision.invoke(5), Admission::Deferred);
        let state = decision.finish(GroupState::new()).state;
        let mut decision = DecisionBuilder::begin(10_000, BackOffPolicy::default(), &state);
        assert_eq!(decision.invoke(5), Admission::Granted);
        assert_eq!(invoked(decision), [Action::InvokeWorker { count: 1 }]);
    }
}
