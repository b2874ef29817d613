//! The step of the main loop: decide, wait, continue as new, or end.

use crate::{Effect, Ending, InstanceState, state::Phase};

/// A run younger than this is not continued as new: the server would delay the first task of the
/// next run until a second after this one began.
const MIN_RUN_MS: i64 = 5_000;
/// How long an instance may be without a spec.
const UNCLAIMED_MS: i64 = 600_000;

/// The status of the run, which only the workflow knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunStatus {
    /// Whether the workflow was cancelled.
    pub cancelled: bool,
    /// Whether the history is long enough to be continued in a new run.
    pub history_is_long: bool,
    /// Whether updates are being handled.
    pub handlers_running: bool,
}

impl InstanceState {
    /// Takes the next step of the main loop. `new_id` generates launch IDs, and must not repeat one.
    pub fn advance(
        &mut self,
        now_ms: i64,
        run: RunStatus,
        new_id: impl FnMut() -> String,
    ) -> Vec<Effect> {
        if self.deciding {
            return Vec::new();
        }
        self.call_for_due_registration(now_ms);
        if self.phase.is_over() {
            self.cancel_timer();
            self.effects.push(Effect::End(Ending::Completed));
        } else if run.cancelled {
            self.effects.push(Effect::End(Ending::Cancelled));
        } else if !self.begin_decision(now_ms, new_id) {
            self.wait(now_ms, run);
        }
        self.take_effects()
    }

    /// Waits, continues as new or ends: nothing calls for a decision now.
    fn wait(&mut self, now_ms: i64, run: RunStatus) {
        let is_old_enough = now_ms - self.started_ms >= MIN_RUN_MS;
        if run.history_is_long && is_old_enough && !run.handlers_running {
            self.cancel_timer();
            self.close(Phase::Closing);
            self.effects.push(Effect::ContinueAsNew);
            return;
        }
        let unclaimed_until_ms = self.unclaimed_until_ms();
        if unclaimed_until_ms.is_some_and(|at| at <= now_ms) && !run.handlers_running {
            self.effects.push(Effect::End(Ending::Unclaimed));
            return;
        }
        let wake_ms = [self.inbox.next_wake_ms(), self.next_registration_ms()];
        match unclaimed_until_ms.or_else(|| wake_ms.into_iter().flatten().min()) {
            Some(at_ms) => self.set_timer(at_ms),
            None => self.cancel_timer(),
        }
    }

    /// When an instance without a spec ends; `None` for one that has a spec.
    pub(crate) fn unclaimed_until_ms(&self) -> Option<i64> {
        let since_ms = self.vacated_ms.unwrap_or(self.started_ms);
        self.spec().is_none().then_some(since_ms + UNCLAIMED_MS)
    }

    /// Keeps a timer that fires early enough: one needless wake-up costs less than moving the timer
    /// each time.
    fn set_timer(&mut self, at_ms: i64) {
        if self.timer_ms.is_none_or(|set_ms| set_ms > at_ms) {
            self.timer_ms = Some(at_ms);
            self.effects.push(Effect::SetTimer { at_ms });
        }
    }

    /// Cancelling a timer costs one event, being woken by it five.
    fn cancel_timer(&mut self) {
        if self.timer_ms.take().is_some() {
            self.effects.push(Effect::CancelTimer);
        }
    }
}
