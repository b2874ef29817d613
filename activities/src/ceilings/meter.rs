//! Counts workers against one ceiling. Pure: the caller passes the time.

use std::{collections::BTreeMap, time::Duration};

use super::Ceiling;

const MINUTE: u64 = 60;

/// What has been started below one ceiling. Times are counted in whole seconds since the meter
/// began, so that it needs a few hundred entries at most, whatever is started.
#[derive(Debug)]
pub(super) struct Meter {
    ceiling: Ceiling,
    /// Workers of the last minute, by the second in which they started.
    started: BTreeMap<u64, u32>,
    /// Workers that may still run, by the second in which the last of them ends.
    lasting: BTreeMap<u64, u32>,
    /// Workers that are being started, and are then counted by who sees them exit.
    pending: u32,
}

impl Meter {
    pub(super) fn new(ceiling: Ceiling) -> Self {
        Self { ceiling, started: BTreeMap::new(), lasting: BTreeMap::new(), pending: 0 }
    }

    pub(super) fn ceiling(&self) -> Ceiling {
        self.ceiling
    }

    /// How many more may start now for the number of workers at once. `running` are counted
    /// elsewhere.
    pub(super) fn room_at_once(&mut self, now: Duration, running: u32) -> u32 {
        self.lasting = self.lasting.split_off(&(now.as_secs() + 1));
        let others = self.pending.saturating_add(running);
        self.ceiling.workers.saturating_sub(total(&self.lasting).saturating_add(others))
    }

    /// How many more may start now for the number of starts in a minute.
    pub(super) fn room_in_minute(&mut self, now: Duration) -> u32 {
        self.started = self.started.split_off(&(now.as_secs() + 1).saturating_sub(MINUTE));
        self.ceiling.workers_per_minute.saturating_sub(total(&self.started))
    }

    /// Counts `count` workers that start now and run for at most `lasts`.
    pub(super) fn reserve(&mut self, now: Duration, count: u32, lasts: Option<Duration>) {
        if count == 0 {
            return;
        }
        add(&mut self.started, now.as_secs(), count);
        match lasts {
            Some(lasts) => add(&mut self.lasting, end(now, lasts), count),
            None => self.pending = self.pending.saturating_add(count),
        }
    }

    /// Of `count` workers that were reserved at the time `at`, `refunded` did not start.
    pub(super) fn settle(
        &mut self,
        at: Duration,
        count: u32,
        refunded: u32,
        lasts: Option<Duration>,
    ) {
        take(&mut self.started, at.as_secs(), refunded);
        match lasts {
            Some(lasts) => take(&mut self.lasting, end(at, lasts), refunded),
            None => self.pending = self.pending.saturating_sub(count),
        }
    }

    /// Seconds until the next worker may start for the number of starts in a minute.
    pub(super) fn next_in_minute(&self, now: Duration) -> u64 {
        let first = self.started.keys().next();
        first.map_or(1, |at| (at + MINUTE).saturating_sub(now.as_secs()).max(1))
    }
}

/// The second in which a worker is certainly gone.
fn end(at: Duration, lasts: Duration) -> u64 {
    at.saturating_add(lasts).as_secs()
}

fn total(counts: &BTreeMap<u64, u32>) -> u32 {
    counts.values().fold(0, |sum, count| sum.saturating_add(*count))
}

fn add(counts: &mut BTreeMap<u64, u32>, at: u64, count: u32) {
    let entry = counts.entry(at).or_default();
    *entry = entry.saturating_add(count);
}

fn take(counts: &mut BTreeMap<u64, u32>, at: u64, count: u32) {
    if let Some(entry) = counts.get_mut(&at) {
        *entry = entry.saturating_sub(count);
    }
}
