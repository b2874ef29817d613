//! The number of workers that the waiting tasks need.

use super::{
    memory::Memory,
    queue_limit::{Hold, QueueLimit},
    settings::Settings,
    waiting::{Backlog, SAMPLE_AGE_MS},
};
use crate::number;

/// What the waiting tasks need.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Need {
    /// Tasks that wait.
    pub(super) waiting: u64,
    /// Of these, tasks that are covered.
    pub(super) covered: u64,
    /// Workers that the rest needs.
    pub(super) workers: u64,
    /// Slots that are known to be free.
    pub(super) free: u64,
    /// Of the rest, tasks that are in the backlog but were not announced.
    pub(super) unannounced: u64,
    /// Of the covered tasks, those that a rate limit does not let through in time.
    pub(super) held_back: u64,
}

impl Memory {
    /// The need by announcements or by backlog, whichever is larger: both describe the same tasks.
    pub(super) fn need(&self, now_ms: i64, settings: &Settings, growth: u64) -> Need {
        let backlog = self.waiting.backlog;
        let tasks_of_one = self.tasks_of_one(settings, backlog);
        let announced = self.announced(now_ms, settings, tasks_of_one);
        let Some(backlog) = backlog else { return announced };
        let seen = self.seen(now_ms, settings, tasks_of_one, &backlog, growth);
        let (rest_of_announced, rest_of_seen) = (rest(&announced), rest(&seen));
        if rest_of_announced >= rest_of_seen {
            let waiting = announced.waiting.max(seen.waiting);
            let covered = waiting.saturating_sub(rest_of_announced);
            return Need { waiting, covered, free: seen.free, ..announced };
        }
        Need { unannounced: rest_of_seen - rest_of_announced, ..seen }
    }

    /// Tasks that one worker accepts within the time that a task may wait. The learned rate does not
    /// count while tasks wait for longer than it implies.
    pub(super) fn tasks_of_one(&self, settings: &Settings, backlog: Option<Backlog>) -> f64 {
        let bound_ms = settings.target_ms.saturating_add(SAMPLE_AGE_MS);
        let is_late = backlog.is_some_and(|backlog| backlog.age_ms > bound_ms);
        let wait_ms = if is_late { 0 } else { settings.target_ms };
        self.learned.tasks_of_one(settings, wait_ms)
    }

    /// How the rate limit of the queue holds it back, given its dispatch rate.
    pub(super) fn hold(&self, now_ms: i64, settings: &Settings, dispatch: f64) -> Hold {
        let workers = (self.learned.start_ms(settings), settings.slots);
        self.limit.map_or(Hold::None, |it| it.hold(now_ms, dispatch, &self.fleet, workers))
    }

    /// The same as a yes or no.
    pub(super) fn is_held_back(&self, now_ms: i64, settings: &Settings, dispatch: f64) -> bool {
        self.hold(now_ms, settings, dispatch) != Hold::None
    }

    /// Since the last request, milliseconds.
    pub(super) fn since_request(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.fleet.last_requested().unwrap_or(i64::MIN))
    }

    /// Whether all workers have left although tasks wait, and the limit lets through another task by
    /// now. One worker should always be there for it.
    pub(super) fn needs_last_worker(&self, now_ms: i64) -> bool {
        let spacing_ms = self.limit.and_then(QueueLimit::spacing_ms);
        let since_ms = self.since_request(now_ms);
        self.fleet.workers() == 0 && spacing_ms.is_some_and(|spacing_ms| since_ms >= spacing_ms)
    }

    /// The announced tasks, covered by starting workers.
    fn announced(&self, now_ms: i64, settings: &Settings, tasks_of_one: f64) -> Need {
        let free = self.waiting.recent(now_ms).map_or(0, |backlog| backlog.free);
        let waiting = self.waiting.announced();
        let within_ms = settings.lead_ms(self.learned.start_ms(settings));
        let reachable = self.limit.map_or(waiting, |limit| limit.tasks_within(within_ms));
        size((waiting, reachable), self.fleet.in_flight(), free, tasks_of_one)
    }

    /// The backlog of the last sample, covered by workers that may have arrived after its statistics
    /// were taken, or are starting.
    fn seen(
        &self,
        now_ms: i64,
        settings: &Settings,
        tasks_of_one: f64,
        backlog: &Backlog,
        growth: u64,
    ) -> Need {
        let settle_ms = settings.lead_ms(self.learned.start_ms(settings));
        let recent_ms = backlog.at_ms.saturating_sub(settle_ms);
        let since_ms = match self.presence.unconfirmed_since(now_ms, settings) {
            Some(unconfirmed_ms) => recent_ms.min(unconfirmed_ms),
            None => recent_ms,
        };
        let workers = self.fleet.since(since_ms);
        // What a limit does not let through in time does not get through by growing either.
        let is_within = backlog.reachable >= backlog.waiting;
        let growth = if is_within { growth } else { 0 };
        let waiting = backlog.waiting.saturating_add(growth);
        let reachable = backlog.reachable.saturating_add(growth);
        let need = size((waiting, reachable), workers, backlog.free, tasks_of_one);
        let Some(push) = self.push.filter(|push| push.until_ms() > now_ms) else { return need };
        let hold = self.hold(now_ms, settings, backlog.dispatch);
        let is_held_back = hold != Hold::None;
        let is_replaced = hold == Hold::Missed || is_held_back && self.needs_last_worker(now_ms);
        if is_replaced || !is_held_back && !push.is_conclusive(self.fleet.workers()) {
            return need;
        }
        // Until their effect shows, the added workers cover what waited when they were added.
        let covered = need.covered.max(push.waiting().min(waiting));
        let rest = (waiting - covered).min(reachable);
        Need { covered, workers: workers_for(rest, tasks_of_one), ..need }
    }
}

/// The need of the `waiting` tasks, of which a limit lets `reachable` through in time. The others
/// count as covered.
fn size((waiting, reachable): (u64, u64), workers: u64, free: u64, tasks_of_one: f64) -> Need {
    let capacity = u64::from(number::whole(number::to_float(workers) * tasks_of_one));
    let reachable = reachable.min(waiting);
    let rest = reachable.saturating_sub(capacity.saturating_add(free));
    let held_back = waiting - reachable;
    let workers = workers_for(rest, tasks_of_one);
    Need { waiting, covered: waiting - rest, workers, free, unannounced: 0, held_back }
}

fn rest(need: &Need) -> u64 {
    need.waiting - need.covered
}

fn workers_for(tasks: u64, tasks_of_one: f64) -> u64 {
    u64::from(number::whole(number::to_float(tasks) / tasks_of_one.max(1.0)))
}
