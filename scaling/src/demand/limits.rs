//! The limits between the needed workers and those that are started.

use wci_contract::decision::Reason;

use super::{
    Call, memory::Memory, push::Push, queue_limit::Hold, settings::Settings, sizing::Need,
};
use crate::{decision_builder::Admission, number};

/// How often a group at its maximum is decided about again, milliseconds.
const RECOUNT_MS: i64 = 5_000;

/// Between two workers of a queue whose workers leave before the next task, milliseconds.
const ONE_BY_ONE_MS: i64 = 2_000;

/// A limit on the workers that are started.
struct Limit {
    /// Workers that it allows.
    allowed: u64,
    reason: Reason,
    /// When to decide again, milliseconds since the Unix epoch.
    at_ms: i64,
    /// Whether that holds after an allowed start, too; otherwise the queues are polled soon enough.
    is_paced: bool,
}

impl Call<'_> {
    /// Starts the workers that are needed and allowed, and gives the reasons for the rest.
    pub(super) fn start_needed_workers(&mut self) {
        let need = self.memory.need(self.now_ms, self.settings, self.growth);
        let mut wanted = self.wanted(&need);
        if let Some(limit) = self.queue_is_limited(&need).filter(|o| o.allowed < wanted) {
            wanted = self.apply_limit(limit);
        }
        wanted = wanted.max(self.below_minimum());
        let needed = wanted;
        let limits = [Some(self.at_max()), Some(self.budget_is_spent()), self.do_not_appear()];
        for limit in limits.into_iter().flatten() {
            if limit.allowed < wanted {
                wanted = self.apply_limit(limit);
            }
        }
        let started = self.start(wanted, &need);
        if started < needed.max(need.workers) {
            self.defer_rest(&need, started);
        }
    }

    /// Workers that the tasks need; one when they have waited too long, whatever the numbers say.
    fn wanted(&mut self, need: &Need) -> u64 {
        let &Need { waiting, covered, workers, free, .. } = need;
        if let Some(limit) = self.memory.limit.filter(|_| need.held_back > 0) {
            let per_minute = limit.per_minute();
            self.decision.add_reason(Reason::QueueRateLimit { waiting, per_minute });
        }
        if workers > 0 {
            if self.growth > 0 && need.held_back == 0 {
                self.decision.add_reason(Reason::BacklogGrows { tasks: self.growth });
            }
            self.decision.add_reason(Reason::Deficit { waiting, covered, workers });
            return self.with_scout_first(waiting, workers);
        }
        if waiting == 0 {
            return 0;
        }
        if let Some(age_ms) = self.waits_too_long() {
            self.decision.add_reason(Reason::InDoubt { waiting, age_ms });
            return 1;
        }
        self.decision.add_reason(if free >= waiting {
            Reason::SlotsFree { waiting, free }
        } else {
            Reason::InFlightCovers { waiting, in_flight: self.memory.fleet.in_flight() }
        });
        0
    }

    /// The age of the oldest task, if it has waited too long and no worker was requested meanwhile.
    fn waits_too_long(&self) -> Option<i64> {
        let timeout_ms = self.settings.timeout_ms;
        let backlog = self.memory.waiting.recent(self.now_ms)?;
        let requested_ms = self.memory.fleet.last_requested();
        let is_idle = requested_ms.is_none_or(|ms| self.now_ms.saturating_sub(ms) >= timeout_ms);
        (is_idle && backlog.age_ms >= timeout_ms).then_some(backlog.age_ms)
    }

    /// Workers missing from the minimum.
    fn below_minimum(&mut self) -> u64 {
        let min = self.settings.min.max(self.settings.schedule.workers_at(self.now_ms));
        let workers = self.memory.fleet.workers();
        if workers < min {
            self.decision.add_reason(Reason::BelowMin { workers, min });
        }
        min.saturating_sub(workers)
    }

    /// Whether the queue does not get faster with more workers: those that were added did not raise
    /// the dispatch rate, or its rate limit is reached.
    fn queue_is_limited(&self, need: &Need) -> Option<Limit> {
        let Memory { push, fleet, waiting, .. } = &*self.memory;
        let backlog = waiting.recent(self.now_ms)?;
        let per_minute = u64::from(number::whole(backlog.dispatch * 60.0));
        let hold = self.memory.hold(self.now_ms, self.settings, backlog.dispatch);
        if hold == Hold::Missed {
            return Some(self.one_by_one(need.waiting, per_minute));
        }
        let is_held_back = hold != Hold::None;
        let push = push.filter(|push| is_held_back || push.is_conclusive(fleet.workers()))?;
        let is_replaced = is_held_back && self.memory.needs_last_worker(self.now_ms);
        let is_over = is_replaced || push.until_ms() <= self.now_ms;
        let at_ms = push.until_ms();
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        (is_over || push.is_fruitless()).then_some(Limit {
            allowed: u64::from(is_over),
            reason: Reason::RateLimitedQueue { waiting: need.waiting, per_minute, remaining_ms },
            at_ms,
            is_paced: false,
        })
    }

    /// One worker after another, because those before left too soon for the next task.
    fn one_by_one(&self, waiting: u64, per_minute: u64) -> Limit {
        let remaining_ms =
            ONE_BY_ONE_MS.saturating_sub(self.memory.since_request(self.now_ms)).max(0);
        let allowed = u64::from(remaining_ms == 0);
        let wait_ms = if allowed == 0 { remaining_ms } else { ONE_BY_ONE_MS };
        Limit {
            allowed,
            reason: Reason::RateLimitedQueue { waiting, per_minute, remaining_ms },
            at_ms: self.now_ms.saturating_add(wait_ms),
            is_paced: true,
        }
    }

    fn do_not_appear(&self) -> Option<Limit> {
        let (failed, at_ms) = self.memory.presence.slow_down(&self.memory.fleet, self.settings)?;
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        let allowed = u64::from(remaining_ms == 0);
        let reason = Reason::WorkersDoNotAppear { failed, remaining_ms };
        Some(Limit { allowed, reason, at_ms, is_paced: false })
    }

    fn at_max(&self) -> Limit {
        let Settings { max, lifetime_ms, .. } = *self.settings;
        let workers = self.memory.fleet.workers();
        // Workers may leave unnoticed: a count may allow a start before the next lifetime is over.
        let recount_ms = self.now_ms.saturating_add(RECOUNT_MS);
        let leaves_ms = self.memory.fleet.next_to_leave(lifetime_ms);
        let at_ms = leaves_ms.map_or(recount_ms, |ms| ms.min(recount_ms));
        // Workers of this decision count, too.
        let reason = Reason::AtMaxConcurrent { workers: workers.max(max), max };
        Limit { allowed: max.saturating_sub(workers), reason, at_ms, is_paced: false }
    }

    fn budget_is_spent(&self) -> Limit {
        let (requested, max) = (self.memory.fleet.requested(), self.settings.per_minute);
        let at_ms = self.memory.fleet.next_budget(self.now_ms);
        let remaining_ms = at_ms.saturating_sub(self.now_ms).max(0);
        let reason = Reason::RateBudgetSpent { requested: requested.max(max), max, remaining_ms };
        Limit { allowed: max.saturating_sub(requested), reason, at_ms, is_paced: false }
    }

    /// Gives the limit's reason, and sets the tick that it needs.
    fn apply_limit(&mut self, limit: Limit) -> u64 {
        self.decision.add_reason(limit.reason);
        if limit.allowed == 0 || limit.is_paced {
            self.decision.tick_by(limit.at_ms.max(self.now_ms.saturating_add(1)));
        }
        limit.allowed
    }

    /// Starts workers; returns their number.
    fn start(&mut self, wanted: u64, need: &Need) -> u64 {
        let Ok(count @ 1..) = u32::try_from(wanted) else { return 0 };
        if self.decision.invoke(count) != Admission::Granted {
            return 0;
        }
        let started = u64::from(self.decision.invoked());
        let memory = &mut *self.memory;
        // A few workers for an old backlog say nothing about what more workers would do.
        let backlog = memory.waiting.recent(self.now_ms).filter(|_| memory.scout.is_none());
        if let Some(backlog) = backlog {
            let (workers, seen) = (memory.fleet.workers(), (backlog.waiting, backlog.dispatch));
            let is_limited = memory.is_held_back(self.now_ms, self.settings, backlog.dispatch);
            memory.push = Push::after(memory.push, self.now_ms, seen, workers, is_limited);
        }
        memory.fleet.record_request(self.now_ms, started);
        memory.presence.record_request(self.now_ms);
        let tasks_of_one = memory.tasks_of_one(self.settings, memory.waiting.backlog);
        let tasks = u64::from(number::whole(number::to_float(started) * tasks_of_one));
        memory.waiting.expect_announcements(self.now_ms, need.unannounced.min(tasks));
        started
    }

    /// Counts the announced tasks that are throttled. When no worker is started at all, they are
    /// deferred, and will be announced again.
    fn defer_rest(&mut self, need: &Need, started: u64) {
        let rest = need.waiting.saturating_sub(need.covered);
        if self.decision.invoked() == 0 {
            self.decision.add_throttled(self.misses);
            self.memory.waiting.defer(self.now_ms, self.new_misses, self.misses);
            self.new_misses = 0;
        } else {
            let slots = self.settings.slots.saturating_mul(started);
            self.decision.add_throttled(self.new_misses.min(rest.saturating_sub(slots)));
        }
    }
}
