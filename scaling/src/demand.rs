//! `demand`: starts at once as many workers as the waiting tasks need, and no more.
//!
//! The deficit is the number of waiting tasks that nothing covers yet: no starting worker, no
//! worker that arrived since the statistics were taken, no free slot. Workers for the deficit are
//! started at once, within the limits that the user sets. Workers exit on their own.

mod counts;
mod fields;
mod fleet;
mod learned;
mod limits;
mod memory;
mod presence;
mod push;
mod queue_limit;
mod sample;
mod schedule;
mod scout;
mod settings;
mod sizing;
mod waiting;

use serde_json::{Map, Value};
use wci_contract::{
    decision::{Event, GroupState, Poll, Reason},
    signal::TaskAdd,
    stats::WorkersSeen,
};

use crate::{decision_builder::DecisionBuilder, number};
use learned::{RECENT_MS, Service, WINDOW_MS};
use memory::Memory;
use push::Push;
use queue_limit::QueueLimit;
use sample::Sample;
use settings::Settings;
use waiting::{ANNOUNCEMENT_DELAY_MS, SAMPLE_AGE_MS};

pub(crate) use settings::{backoff_policy, check, has_minimum};

/// How long a backlog must grow before workers are started for its further growth, milliseconds:
/// rates are means over half a minute.
const GROWING_MS: i64 = 10_000;
/// The largest plausible number of misses in one announcement.
const MAX_MISSES: u64 = 1_000_000;
/// How soon after a first announcement the queues should be polled, milliseconds.
const POLL_SOON_MS: i64 = 700;
/// Poll intervals shortly after a start, while tasks wait, and while the group is idle,
/// milliseconds.
const BUSY_POLL_MS: i64 = 1_000;
const WAITING_POLL_MS: i64 = 5_000;
const IDLE_POLL_MS: i64 = 60_000;
/// How long after a start the group counts as busy, milliseconds.
const BUSY_MS: i64 = 10_000;

/// Adds to `decision` what `events` call for; returns the new state.
pub(crate) fn decide(
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
    decision: &mut DecisionBuilder,
) -> GroupState {
    let mut memory = Memory::read(state, decision.now_ms());
    let settings = Settings::read(config);
    let mut call = Call {
        now_ms: decision.now_ms(),
        settings: &settings,
        memory: &mut memory,
        decision,
        misses: 0,
        new_misses: 0,
        growth: 0,
    };
    call.catch_up();
    for event in events {
        match event {
            Event::TaskAdd(signal) => call.task_add(signal),
            // A count of the workers alone.
            Event::Poll(Poll { stats, workers: Some(workers), .. }) if stats.is_empty() => {
                call.record_worker_count(*workers);
            }
            Event::Poll(poll) => call.poll(poll),
            Event::Outcome(outcome) => {
                let missing = outcome.throttled.saturating_add(outcome.refused);
                call.refused(u64::from(missing), outcome.requested_ms);
            }
            Event::Tick {} => {}
        }
    }
    call.hear_scout();
    call.start_needed_workers();
    call.schedule_polls();
    memory.write()
}

struct Call<'a> {
    now_ms: i64,
    settings: &'a Settings,
    memory: &'a mut Memory,
    decision: &'a mut DecisionBuilder,
    /// Misses of this batch.
    misses: u64,
    /// Of these, misses that the backlog did not show before.
    new_misses: u64,
    /// By how many tasks the backlog will have grown when a worker started now begins to poll.
    growth: u64,
}

impl Call<'_> {
    /// Accounts for the time since the last decision.
    fn catch_up(&mut self) {
        let Memory { fleet, waiting, learned, .. } = &mut *self.memory;
        fleet.expire(self.now_ms, self.settings.lifetime_ms);
        let tasks_of_one = learned.tasks_of_one(self.settings, self.settings.target_ms);
        // Misses before an arrival may be announced this long after it.
        let settle_ms = learned.start_ms(self.settings).saturating_add(ANNOUNCEMENT_DELAY_MS);
        for (at_ms, workers) in fleet.arrive(self.now_ms, settle_ms) {
            let tasks = number::whole(number::to_float(workers) * tasks_of_one);
            waiting.take(u64::from(tasks), at_ms);
        }
        waiting.expire(self.now_ms);
    }

    fn task_add(&mut self, signal: &TaskAdd) {
        if !signal.is_eligible() {
            self.decision.add_reason(Reason::SyncMatch { syncs: signal.syncs.max(1) });
            self.memory.presence.reset();
            return;
        }
        // The server may omit the count of a single miss.
        let misses = signal.misses.max(1);
        if signal.kind().is_none() {
            self.decision.add_reason(Reason::NobodyServes { tasks: misses });
            self.decision.add_throttled(signal.misses);
            return;
        }
        self.decision.add_reason(Reason::TasksAnnounced { misses });
        // Anybody may send a signal: an implausible number counts as one task.
        let misses = if misses > MAX_MISSES { 1 } else { misses };
        self.misses = self.misses.saturating_add(misses);
        // A signal without a queue does not come from the server: it repeats the known tasks of a
        // launch that was refused.
        if signal.task_queue_name.is_empty() && self.memory.waiting.has_deferred() {
            let new = self.memory.waiting.record_known(self.now_ms, misses);
            self.new_misses = self.new_misses.saturating_add(new);
            return;
        }
        let new = self.memory.waiting.record_misses(self.now_ms, misses);
        self.new_misses = self.new_misses.saturating_add(new);
        if new < misses {
            self.decision.add_reason(Reason::AnnouncedLate { misses: misses - new });
        }
    }

    fn refused(&mut self, workers: u64, requested_ms: Option<i64>) {
        if workers > 0 {
            self.memory.fleet.refused(workers, requested_ms.unwrap_or(self.now_ms));
            self.memory.waiting.renew(self.now_ms);
        }
    }

    fn poll(&mut self, poll: &Poll) {
        let start_ms = self.memory.learned.start_ms(self.settings);
        let lead_ms = self.settings.lead_ms(start_ms);
        let sample = Sample::of(poll, lead_ms);
        if !sample.is_complete {
            return self.poll_in_part(&sample);
        }
        let follows = self.memory.waiting.backlog.is_some_and(|last| last.waiting > 0);
        self.memory.limit = QueueLimit::after(self.memory.limit, self.now_ms, &sample);
        self.update_workers(&sample, follows);
        self.learn(&sample, follows);
        self.measure_growth(&sample);
        self.memory.waiting.record_sample(self.now_ms, &sample);
    }

    /// Without all figures nothing is learned, no worker counts as failed, and no task as taken.
    fn poll_in_part(&mut self, sample: &Sample) {
        self.decision.add_reason(Reason::StatsMissing);
        self.memory.waiting.record_part(self.now_ms, sample);
    }

    /// Updates which workers are present.
    fn update_workers(&mut self, sample: &Sample, follows: bool) {
        let Memory { fleet, presence, learned, .. } = &mut *self.memory;
        let found = presence.record_sample(self.now_ms, sample, follows, self.settings, fleet);
        if let Some(took_ms) = found.start_ms {
            learned.record_start(took_ms);
        }
        if found.failed > 0 {
            let after_ms = self.settings.timeout_ms;
            self.decision.add_reason(Reason::StartTimedOut { workers: found.failed, after_ms });
        }
        if let Some(workers) = sample.workers {
            self.record_worker_count(workers);
        }
    }

    /// Removes workers that have left, given a count of those that poll.
    fn record_worker_count(&mut self, workers: WorkersSeen) {
        let Memory { fleet, presence, learned, .. } = &mut *self.memory;
        let start_ms = learned.start_ms(self.settings);
        let settled_ms = self.now_ms.saturating_sub(start_ms.saturating_add(SAMPLE_AGE_MS));
        let until_ms = match presence.unconfirmed_since(self.now_ms, self.settings) {
            Some(unconfirmed_ms) => settled_ms.min(unconfirmed_ms),
            None => settled_ms,
        };
        let gone = fleet.remove_departed(workers.seen, until_ms);
        if gone > 0 {
            self.decision.add_reason(Reason::WorkersLeft { workers: gone });
        }
    }

    /// Learns a worker's service rate, and whether more workers help.
    fn learn(&mut self, sample: &Sample, follows: bool) {
        let is_held_back = self.memory.is_held_back(self.now_ms, self.settings, sample.dispatch);
        let Memory { fleet, learned, push, .. } = &mut *self.memory;
        let start_ms = learned.start_ms(self.settings);
        let (worked_ms, arrived) = fleet.worked(self.now_ms, start_ms, (WINDOW_MS, RECENT_MS));
        let others = sample.workers.map_or(0, |w| w.seen.saturating_sub(fleet.arrived()));
        let worked_ms = worked_ms.saturating_add(others.saturating_mul(WINDOW_MS.unsigned_abs()));
        let is_busy = follows && sample.waiting > 0 && !is_held_back;
        let service = Service { dispatch: sample.dispatch, worked_ms, arrived, is_busy };
        learned.record_service(self.settings, &service);
        let is_same = |push: &Push| is_held_back || push.is_same(sample.dispatch);
        *push = push.filter(|push| sample.waiting > 0 && is_same(push));
    }

    /// Measures whether the backlog grows, and by how much until a worker started now polls.
    fn measure_growth(&mut self, sample: &Sample) {
        if sample.waiting == 0 || sample.arrival <= sample.dispatch {
            self.memory.growing_since_ms = None;
            return;
        }
        let since_ms = *self.memory.growing_since_ms.get_or_insert(self.now_ms);
        if self.now_ms.saturating_sub(since_ms) >= GROWING_MS {
            let start_ms = self.memory.learned.start_ms(self.settings).unsigned_abs();
            let growth = (sample.arrival - sample.dispatch) * number::to_float(start_ms) / 1000.0;
            self.growth = u64::from(number::whole(growth));
        }
    }

    /// Requests the next poll.
    fn schedule_polls(&mut self) {
        let waits = self.memory.waiting.backlog.is_some_and(|backlog| backlog.waiting > 0)
            || self.memory.waiting.announced() > 0;
        let last_ms = self.memory.fleet.last_requested();
        let is_busy = last_ms.is_some_and(|ms| self.now_ms.saturating_sub(ms) < BUSY_MS);
        self.decision.poll_within(match (is_busy, waits) {
            (true, _) => BUSY_POLL_MS,
            (false, true) => WAITING_POLL_MS,
            (false, false) => IDLE_POLL_MS,
        });
        let is_recent = |ms: i64| self.now_ms.saturating_sub(ms) < SAMPLE_AGE_MS;
        // A single announcement may be complete; after a second one, more tasks may wait.
        let is_burst =
            self.new_misses > 0 && self.memory.waiting.announced().max(self.new_misses) > 1;
        if is_burst && !self.memory.poll_requested_ms.is_some_and(is_recent) {
            self.memory.poll_requested_ms = Some(self.now_ms);
            self.decision.tick_by(self.now_ms.saturating_add(POLL_SOON_MS));
        }
        self.schedule_minimum();
    }

    /// Requests a tick when there may be fewer workers than the minimum.
    fn schedule_minimum(&mut self) {
        let Settings { min, schedule, lifetime_ms, .. } = self.settings;
        let change_ms = schedule.next_change(self.now_ms);
        let leaves_ms = self.memory.fleet.next_to_leave(*lifetime_ms);
        let is_warm = min.max(&schedule.workers_at(self.now_ms)) > &0;
        let next_ms = change_ms.into_iter().chain(leaves_ms.filter(|_| is_warm)).min();
        if let Some(at_ms) = next_ms {
            self.decision.tick_by(at_ms.max(self.now_ms.saturating_add(1)));
        }
    }
}
