//! What stands between a need and a call of the provider.

use wci_contract::decision::Reason;

use super::{Call, push::Push, settings::Settings, sizing::Need};
use crate::{number, turn::Pass};

/// How often a full group is asked again, milliseconds.
const RECOUNT_MS: i64 = 5_000;

/// Something that holds workers back.
struct Obstacle {
    /// Workers that it lets through.
    lets: u64,
    reason: Reason,
    /// When to ask again, milliseconds since the Unix epoch.
    at_ms: i64,
}

impl Call<'_> {
    /// Asks for what is needed and allowed, and says what stands in the way of the rest.
    pub(super) fn serve(&mut self) {
        let need = self.memory.need(self.now_ms, self.settings, self.coming);
        let mut wanted = self.wanted(&need);
        if let Some(obstacle) = self.queue_is_limited(&need).filter(|o| o.lets < wanted) {
            wanted = self.held_by(obstacle);
        }
        wanted = wanted.max(self.missing_warm());
        let asked_for = wanted;
        let limits = [Some(self.at_max()), Some(self.budget_is_spent()), self.do_not_appear()];
        for obstacle in limits.into_iter().flatten() {
            if obstacle.lets < wanted {
                wanted = self.held_by(obstacle);
            }
        }
        let started = self.start(wanted, &need);
        if started < asked_for.max(need.workers) {
            self.leave_waiting(&need, started);
        }
    }

    /// Workers that the tasks ask for; one when they wait too long whatever is known.
    fn wanted(&mut self, need: &Need) -> u64 {
        let &Need { waiting, covered, workers, free, .. } = need;
        if workers > 0 {
            self.turn.because(Reason::Deficit { waiting, covered, workers });
            return workers;
        }
        if waiting == 0 {
            return 0;
        }
        if let Some(age_ms) = self.waits_too_long() {
            self.turn.because(Reason::InDoubt { waiting, age_ms });
            return 1;
        }
        self.turn.because(if free >= waiting {
            Reason::SlotsFree { waiting, free }
        } else {
            Reason::InFlightCovers { waiting, in_flight: self.memory.fleet.in_flight() }
        });
        0
    }

    /// For how long tasks wait, when that is too long and nothing was asked for in the time.
    fn waits_too_long(&self) -> Option<i64> {
        let timeout_ms = self.settings.timeout_ms;
        let backlog = self.memory.waiting.recent(self.now_ms)?;
        let asked_ms = self.memory.fleet.last_asked();
        let is_idle = asked_ms.is_none_or(|ms| self.now_ms.saturating_sub(ms) >= timeout_ms);
        (is_idle && backlog.age_ms >= timeout_ms).then_some(backlog.age_ms)
    }

    /// Workers that are to be kept warm and are not there.
    fn missing_warm(&mut self) -> u64 {
        let min = self.settings.min.max(self.settings.schedule.workers_at(self.now_ms));
        let workers = self.memory.fleet.workers();
        if workers < min {
            self.turn.because(Reason::BelowMin { workers, min });
        }
        min.saturating_sub(workers)
    }

    /// The queue is no faster for the workers that were added.
    fn queue_is_limited(&self, need: &Need) -> Option<Obstacle> {
        let push = self.memory.push.filter(|p| p.is_telling(self.memory.fleet.workers()))?;
        let backlog = self.memory.waiting.recent(self.now_ms)?;
        let is_over = push.until_ms() <= self.now_ms;
        let per_minute = u64::from(number::whole(backlog.dispatch * 60.0));
        let at_ms = push.until_ms();
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        (is_over || push.is_fruitless()).then_some(Obstacle {
            lets: u64::from(is_over),
            reason: Reason::RateLimitedQueue { waiting: need.waiting, per_minute, remaining_ms },
            at_ms,
        })
    }

    fn do_not_appear(&self) -> Option<Obstacle> {
        let (failed, at_ms) = self.memory.presence.slowed(&self.memory.fleet, self.settings)?;
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        let lets = u64::from(remaining_ms == 0);
        Some(Obstacle { lets, reason: Reason::WorkersDoNotAppear { failed, remaining_ms }, at_ms })
    }

    fn at_max(&self) -> Obstacle {
        let Settings { max, lifetime_ms, .. } = *self.settings;
        let workers = self.memory.fleet.workers();
        // Workers may leave unseen: whoever counts them may find room before the first is due to.
        let recount_ms = self.now_ms.saturating_add(RECOUNT_MS);
        let leaves_ms = self.memory.fleet.next_to_leave(lifetime_ms);
        let at_ms = leaves_ms.map_or(recount_ms, |ms| ms.min(recount_ms));
        // Those of this decision count, too.
        let reason = Reason::AtMaxConcurrent { workers: workers.max(max), max };
        Obstacle { lets: max.saturating_sub(workers), reason, at_ms }
    }

    fn budget_is_spent(&self) -> Obstacle {
        let (asked, max) = (self.memory.fleet.asked(), self.settings.per_minute);
        let at_ms = self.memory.fleet.next_budget(self.now_ms);
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        let reason = Reason::RateBudgetSpent { requested: asked.max(max), max, remaining_ms };
        Obstacle { lets: max.saturating_sub(asked), reason, at_ms }
    }

    /// What lets some workers through needs no wake-up: the queues are looked at soon.
    fn held_by(&mut self, obstacle: Obstacle) -> u64 {
        self.turn.because(obstacle.reason);
        if obstacle.lets == 0 {
            self.turn.wake_at(obstacle.at_ms.max(self.now_ms.saturating_add(1)));
        }
        obstacle.lets
    }

    /// Asks for workers; answers with how many the provider is asked for.
    fn start(&mut self, wanted: u64, need: &Need) -> u64 {
        let Ok(count @ 1..) = u32::try_from(wanted) else { return 0 };
        if self.turn.invoke(count) != Pass::Granted {
            return 0;
        }
        let started = u64::from(self.turn.invoked());
        let memory = &mut *self.memory;
        if let Some(backlog) = memory.waiting.recent(self.now_ms) {
            let workers = memory.fleet.workers();
            let (waiting, rate) = (backlog.waiting, backlog.dispatch);
            memory.push = Push::after(memory.push, self.now_ms, waiting, rate, workers);
        }
        memory.fleet.ask(self.now_ms, started);
        memory.presence.ask(self.now_ms);
        let tasks_of_one = memory.tasks_of_one(self.settings, memory.waiting.backlog);
        let tasks = u64::from(number::whole(number::to_float(started) * tasks_of_one));
        memory.waiting.tell(self.now_ms, need.untold.min(tasks));
        started
    }

    /// Says for how many announced tasks nothing is done now. When nothing is done at all, they
    /// are put off and come again.
    fn leave_waiting(&mut self, need: &Need, started: u64) {
        let rest = need.waiting.saturating_sub(need.covered);
        if self.turn.invoked() == 0 {
            self.turn.throttle(self.misses);
            self.memory.waiting.put_off(self.now_ms, self.heard, self.misses);
            self.heard = 0;
        } else {
            let slots = self.settings.slots.saturating_mul(started);
            self.turn.throttle(self.heard.min(rest.saturating_sub(slots)));
        }
    }
}
