//! What faults do to the world. Without faults, everything is as requested.

use super::World;
use crate::{
    Micros,
    announcer::Announcer,
    event_queue::{Answer, SimulationEvent},
    faults::{LaunchFate, SignalFate, StatsFault, Strike},
    fleet::WorkerId,
    server_stats::ServerStats,
};
use wci_contract::{FailureClass, TaskType, decision::Poll, stats::QueueStats};

/// By how much a late signal may be late.
const LATE: Micros = Micros::from_ms(120_000);

impl World<'_> {
    /// When a signal arrives, from now: not at all, once or twice.
    pub(super) fn arrivals_of_signal(&mut self) -> Vec<Micros> {
        let (now, usual) = (self.now, self.scenario.queue.signal_latency);
        let Some(faults) = &mut self.faults else { return vec![usual] };
        match faults.signal(now) {
            SignalFate::Arrives => vec![usual],
            SignalFate::Lost => Vec::new(),
            SignalFate::Twice => vec![usual, usual + faults.time_up_to(LATE)],
            SignalFate::Late => vec![usual + faults.time_up_to(LATE)],
        }
    }

    /// Requests `count` workers from the provider, and starts those that it grants.
    pub(crate) fn request_workers(&mut self, count: u32) -> Answer {
        let now = self.now;
        let Some(faults) = &mut self.faults else { return self.request_from_provider(count).0 };
        // A decision that is lost takes what it knew of its launch with it.
        if !faults.loses_outcomes {
            faults.record_request(now, count);
        }
        let fate = faults.launch_fate(now);
        let is_unknown = fate == LaunchFate::Unknown || faults.loses_outcomes;
        if let LaunchFate::Refused(class) = fate {
            return refused(count, class);
        }
        let (answer, started) = self.request_from_provider(count);
        if !is_unknown {
            return answer;
        }
        if let Some(faults) = &mut self.faults {
            faults.unknown.extend(started);
        }
        refused(count, FailureClass::Unavailable)
    }

    /// The time until the provider answers its next request.
    pub(crate) fn latency(&mut self) -> Micros {
        let (now, usual) = (self.now, self.provider.latency());
        usual + self.faults.as_mut().map_or(Micros::ZERO, |faults| faults.hang(now))
    }

    /// Sets the size of the worker set.
    pub(crate) fn resize(&mut self, count: u32) -> Answer {
        let now = self.now;
        let fate = self.faults.as_mut().map(|faults| faults.launch_fate(now));
        if let Some(LaunchFate::Refused(class)) = fate {
            return refused(count.max(1), class);
        }
        self.set_size = Some(count);
        let answer = self.reconcile_set();
        let is_unknown = fate == Some(LaunchFate::Unknown);
        if is_unknown { refused(count.max(1), FailureClass::Unavailable) } else { answer }
    }

    /// Reads the stats, as far as faults let through: `None` if the server does not answer.
    pub(crate) fn try_read_stats(&mut self) -> Option<Poll> {
        let now = self.now;
        let fault = self.faults.as_mut().and_then(|faults| faults.stats(now));
        let is_frozen = self.faults.as_ref().is_some_and(|faults| now < faults.frozen_until);
        match fault {
            _ if is_frozen => None,
            None => Some(self.read_stats()),
            Some(StatsFault::Missing) => None,
            Some(StatsFault::Stale) => {
                self.stats.repeat_until(now + Micros::from_ms(30_000));
                self.lose_track_of_workers();
                Some(self.read_stats())
            }
            Some(StatsFault::Partial) => {
                let backlog = self.read_stats().stats.values().map(|it| it.backlog / 2).sum();
                let part = QueueStats { backlog, partial: true, ..QueueStats::default() };
                Some(Poll { stats: [(TaskType::Workflow, part)].into(), workers: None })
            }
            Some(StatsFault::NotANumber) => {
                let mut poll = self.read_stats();
                for stats in poll.stats.values_mut() {
                    (stats.arrival_rate, stats.dispatch_rate) = (f64::NAN, f64::NAN);
                    stats.backlog = 0;
                }
                Some(poll)
            }
        }
    }

    /// A fault strikes, and the next one is scheduled. Returns what the controller has to bear.
    pub(crate) fn strike(&mut self) -> Option<Strike> {
        let now = self.now;
        let faults = self.faults.as_mut()?;
        let strike = faults.strike(now)?;
        let wait = faults.next_strike();
        self.event_queue.add(now + wait, SimulationEvent::Fault);
        match strike {
            Strike::ServerRestarts => {
                self.stats = ServerStats::new(now);
                self.lose_track_of_workers();
                self.announcers.iter_mut().for_each(|announcer| *announcer = Announcer::default());
            }
            Strike::WorkerCrashes => {
                let alive = self.fleet.alive();
                let at = self.faults.as_mut().map_or(0, |faults| faults.below(alive.len()));
                if let Some(id) = alive.get(at) {
                    self.remove_worker(*id);
                }
            }
            Strike::ProviderDown | Strike::StatsDown | Strike::SignalsDown | Strike::WatchLost => {}
        }
        Some(strike)
    }

    /// The server has forgotten that the workers took tasks, or does not say so for longer than a
    /// worker takes to start. Where it does not list them either, the
    /// controller rightly takes them for failed if tasks go on waiting.
    fn lose_track_of_workers(&mut self) {
        if !self.scenario.controller.sees_workers
            && let Some(faults) = &mut self.faults
        {
            faults.unknown.extend(self.fleet.alive());
        }
    }

    /// A worker is gone, whether the controller knew it or not.
    pub(super) fn forget_unknown(&mut self, id: WorkerId) {
        if let Some(faults) = &mut self.faults {
            faults.unknown.remove(&id);
        }
    }
}

fn refused(count: u32, class: FailureClass) -> Answer {
    let is_throttled = class == FailureClass::Throttled;
    let (throttled, refused) = if is_throttled { (count, 0) } else { (0, count) };
    Answer { started: 0, throttled, refused, class: Some(class) }
}
