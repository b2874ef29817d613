//! Attempts to register task queues: when the next one is due.

use std::collections::{BTreeMap, BTreeSet};

use wci_contract::{
    Trouble,
    limits::{MAX_MESSAGE, cut},
    signal::TaskAdd,
};

use super::ARRIVES_WITHIN_MS;
use crate::{Effect, InstanceState, Rules};

/// Until the next attempt: after the first that failed, twice as long after each further one, and
/// at most.
const FIRST_RETRY_MS: i64 = 5_000;
const MAX_RETRY_MS: i64 = 300_000;
/// A group that is looked at without another start, because a worker may still arrive, is looked at
/// after this part of the time since the first attempt.
const LOOK_AGAIN: i64 = 4;
/// What the server is told of workers that were started, and never polled.
const NEVER_POLLED: &str = "no worker has polled its task queues";

impl InstanceState {
    /// Plans the next attempt for each of these groups; all others are registered. `started` has
    /// those for which this attempt started a worker, or tried to.
    pub(super) fn plan_attempts(
        &mut self,
        now_ms: i64,
        unregistered: BTreeMap<String, String>,
        started: &BTreeSet<String>,
    ) {
        self.registered_ms = now_ms;
        let mut before = std::mem::take(&mut self.wci().unregistered);
        for (group, message) in unregistered {
            if self.serves(&group) {
                let last = before.remove(&group).unwrap_or_default();
                let is_start = started.contains(&group) || !message.is_empty();
                let next = self.next_attempt(now_ms, last, &message, is_start);
                self.wci().unregistered.insert(group, next);
            }
        }
        for (group, registered) in before {
            let failures = &mut self.wci().last_failures;
            if failures.get(&group).is_some_and(|it| it.outcome.message == registered.message) {
                failures.remove(&group);
            }
        }
        if self.next_registration_ms().is_some() {
            self.effects.push(Effect::Advance);
        }
    }

    fn next_attempt(&self, now_ms: i64, last: Trouble, message: &str, is_start: bool) -> Trouble {
        let is_first = last.attempts == 0;
        let since_ms = if is_first { now_ms } else { last.since_ms };
        let counts = is_start || is_first || self.rules == Rules::Fourth;
        let attempts = last.attempts.saturating_add(u32::from(counts));
        let doublings = attempts.saturating_sub(1).min(16);
        let wait_ms = FIRST_RETRY_MS.saturating_mul(1 << doublings);
        // Without a known failure the worker may still be starting.
        let min_wait_ms = match self.rules {
            _ if !message.is_empty() => 0,
            Rules::Fourth => ARRIVES_WITHIN_MS,
            Rules::Fifth => now_ms.saturating_sub(since_ms) / LOOK_AGAIN,
        };
        let wait_ms = wait_ms.max(min_wait_ms).min(MAX_RETRY_MS);
        let message = cut(message, MAX_MESSAGE).to_owned();
        let reported =
            (self.rules == Rules::Fifth).then(|| report(last.reported, &message, attempts, counts));
        Trouble {
            attempts,
            since_ms,
            next_attempt_ms: now_ms.saturating_add(wait_ms),
            message,
            reported,
            rest: last.rest,
        }
    }

    /// When the next attempt is due, unless one is under way or about to begin.
    pub(crate) fn next_registration_ms(&self) -> Option<i64> {
        let wci = self.state.wci.as_ref().filter(|wci| !wci.register && !self.registering)?;
        wci.unregistered.values().map(|it| it.next_attempt_ms).min()
    }

    /// Calls for a registration if an attempt is due at `now_ms`. Announced tasks bring it forward.
    pub(crate) fn call_for_due_registration(&mut self, now_ms: i64) {
        let announced = std::mem::take(&mut self.announced_unregistered);
        if self.rules == Rules::Fifth {
            let soonest_ms = now_ms.max(self.registered_ms.saturating_add(FIRST_RETRY_MS));
            for group in announced {
                if let Some(trouble) = self.wci().unregistered.get_mut(&group) {
                    trouble.next_attempt_ms = trouble.next_attempt_ms.min(soonest_ms);
                }
            }
        }
        if self.is_open() && self.next_registration_ms().is_some_and(|at| at <= now_ms) {
            self.wci().register = true;
        }
    }

    /// Somebody wants tasks of an unregistered group done.
    pub(crate) fn note_announcement(&mut self, signal: &TaskAdd) {
        let Some(spec) = self.state.spec.as_ref().filter(|_| signal.is_eligible()) else { return };
        let group = signal.kind().and_then(|kind| spec.group_for(kind));
        let wci = self.state.wci.as_ref();
        if let Some(group) =
            group.filter(|group| wci.is_some_and(|wci| wci.unregistered.contains_key(*group)))
        {
            self.announced_unregistered.insert(group.to_owned());
        }
    }

    /// Somebody applies the spec again: the waits between attempts begin anew.
    pub(crate) fn restart_attempts(&mut self) {
        if self.rules == Rules::Fifth {
            for trouble in self.wci().unregistered.values_mut() {
                trouble.attempts = 0;
            }
        }
    }
}

/// What the server is told after another attempt: a new message at first, and then only after twice
/// as many attempts each time.
fn report(last: Option<String>, message: &str, attempts: u32, counts: bool) -> String {
    let last = last.unwrap_or_default();
    let is_time = last.is_empty() || (counts && attempts.is_power_of_two());
    match message {
        _ if !is_time => last,
        "" if attempts > 1 => NEVER_POLLED.to_owned(),
        // The first worker may still arrive.
        "" => last,
        message => message.to_owned(),
    }
}
