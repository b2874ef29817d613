//! Watches of the task queues: the input of the next one, and the effects of its stats.

use wci_contract::{
    activities::{BacklogGrace, WatchInput, WatchOutput},
    decision::{Event as ScalingEvent, Poll},
    stats::{StatsByType, all_of},
};

use crate::{Effect, InstanceState};

/// How long an idle watch lasts: a handful of events an hour.
const IDLE_WATCH_MS: i64 = 3_600_000;
/// How long a watch lasts if a backlog was seen or reads were requested lately. The loss of such a
/// watch is noticed sooner.
const BUSY_WATCH_MS: i64 = 60_000;
/// A watch that was lost with its process is noticed within this time, while it is busy or idle. Each
/// version has one at all times, so its heartbeats are most of what an idle version costs the server.
const BUSY_HEARTBEAT_MS: u64 = 5_000;
const IDLE_HEARTBEAT_MS: u64 = 30_000;
/// The same where the server announces tasks: there a watch finds only what was not announced.
const ANNOUNCED_HEARTBEAT_MS: u64 = 300_000;
/// How long a backlog that was reported is left to workers: at first, and at most.
const MIN_GRACE_MS: i64 = 5_000;
const MAX_GRACE_MS: i64 = 60_000;
/// When a group without a decision wants stats.
const DEFAULT_POLL_MS: u64 = 60_000;
/// The age of the server's stats: an earlier report of a backlog would have no new information.
const FIGURES_AGE_MS: i64 = 5_000;

/// A watch that begins now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRequest {
    /// Its input.
    pub input: WatchInput,
    /// How long it may last, milliseconds.
    pub lasting_ms: u64,
    /// Within which time its loss must be noticed, milliseconds: soon while tasks wait or workers are
    /// starting.
    pub heartbeat_ms: u64,
}

impl InstanceState {
    /// Requests a watch that replaces the running one.
    pub(crate) fn watch_anew(&mut self) {
        if self.is_open() {
            self.effects.push(Effect::Watch);
        }
    }

    /// The watch that begins now; `None` while there is nothing to watch.
    pub fn begin_watch(&self, now_ms: i64) -> Option<WatchRequest> {
        self.spec().filter(|_| self.is_open())?;
        let types = self.served_types();
        if types.is_empty() {
            return None;
        }
        let is_busy = self.is_busy(now_ms);
        let due_ms = self.next_poll_ms.values().min().copied().unwrap_or(DEFAULT_POLL_MS);
        let due_ms = i64::try_from(due_ms).unwrap_or(i64::MAX).max(FIGURES_AGE_MS);
        // Worker sets get decisions at their own interval, whether or not tasks wait.
        let lasting_ms = match self.next_set_poll_ms(DEFAULT_POLL_MS) {
            Some(set_poll_ms) => i64::try_from(set_poll_ms).unwrap_or(i64::MAX),
            None if is_busy => BUSY_WATCH_MS,
            None => IDLE_WATCH_MS,
        };
        let until_ms = now_ms.saturating_add(lasting_ms.max(due_ms));
        Some(WatchRequest {
            input: WatchInput {
                version: self.version.clone(),
                types,
                backlog_grace: self.backlog_grace,
                due_ms: now_ms.saturating_add(due_ms),
                until_ms,
                known_crashes: self.known_crashes(),
            },
            lasting_ms: u64::try_from(until_ms - now_ms).unwrap_or(0),
            heartbeat_ms: match (is_busy, self.is_announced) {
                (true, _) => BUSY_HEARTBEAT_MS,
                (false, false) => IDLE_HEARTBEAT_MS,
                (false, true) => ANNOUNCED_HEARTBEAT_MS,
            },
        })
    }

    /// Whether reads were requested or workers were requested for a backlog lately.
    fn is_busy(&self, now_ms: i64) -> bool {
        let is_recent = |until_ms: i64| now_ms < until_ms.saturating_add(BUSY_WATCH_MS);
        self.backlog_grace.until_ms().is_none_or(is_recent)
    }

    /// Gives each group the stats of the types that it serves, and requests the next watch.
    pub(crate) fn end_watch(&mut self, now_ms: i64, output: &WatchOutput) {
        self.note_crashes(output.crashes.clone());
        self.is_announced = output.is_announced;
        self.set_backlog_grace(now_ms, &output.stats);
        self.watch_anew();
        let Some(spec) = self.spec() else { return };
        let mut polls = Vec::new();
        for group in spec.scaling_group_specs.keys() {
            let types = spec.types_of(group);
            let stats: StatsByType = output
                .stats
                .iter()
                .filter(|(kind, _)| types.contains(kind))
                .map(|(kind, stats)| (*kind, *stats))
                .collect();
            if !stats.is_empty() {
                let workers = output.workers.as_ref().and_then(|workers| {
                    let served = workers.iter().filter(|(kind, _)| types.contains(kind));
                    all_of(&served.map(|(kind, workers)| (*kind, *workers)).collect(), &stats)
                });
                polls.push((group.clone(), Poll { stats, workers }));
            }
        }
        for (group, poll) in polls {
            self.events.entry(group).or_default().push(ScalingEvent::Poll(poll));
        }
    }

    /// Leaves a reported backlog to the workers that it calls for, for twice as long each time that
    /// none of them took a task.
    fn set_backlog_grace(&mut self, now_ms: i64, stats: &StatsByType) {
        let waits = stats.values().any(|stats| stats.backlog > 0);
        let is_served = stats.values().any(|stats| stats.dispatch_rate > 0.0);
        // A backlog that was not reported is unknown, and what was known of it stays.
        if !waits && stats.values().any(|stats| !stats.is_complete()) {
            return;
        }
        self.unserved_backlogs =
            if waits && !is_served { self.unserved_backlogs.saturating_add(1) } else { 0 };
        if waits {
            let doublings = self.unserved_backlogs.saturating_sub(1).min(8);
            let grace_ms = MIN_GRACE_MS.saturating_mul(1 << doublings).min(MAX_GRACE_MS);
            self.backlog_grace = BacklogGrace::Until(now_ms + grace_ms);
        } else if self.backlog_grace == BacklogGrace::None {
            // The requested reads found no backlog, and are over now.
            self.backlog_grace = BacklogGrace::Until(now_ms.saturating_sub(BUSY_WATCH_MS));
        }
    }
}
